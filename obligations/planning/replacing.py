"""Which clause rules an instance where one stands instead of another, and by what name the outcome is known.

A clause and all that stand in its place are one family. For each happening exactly one of them rules: the one that
replaces most closely, then the one that asks for more, while its conditions hold. Whichever rules, the obligation keeps
the identity of the clause that is replaced, so that nothing is owed or paid twice when the answer changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.applying import applying
from obligations.planning.shapes import is_alike
from obligations.planning.values import Instance, NotYet
from obligations.terms.clause import Clause
from obligations.terms.model import TermsFile
from obligations.terms.relations import chain, demands
from schedules.derivation import Derivation
from schedules.frozen import swift

if TYPE_CHECKING:
    from obligations.planning.world import World


@swift
@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance of a clause stands in its family.

    Args:
        rules: whether this clause rules the instance.
        known_as: the clause and the instance whose identity the outcome has.
        ruled_by: the clause that rules, and its instance.
        doubts: what is open that would let another clause rule.
        why: the clauses that are replaced, as a step of an explanation; None where none is.
        since: from which day an answer that does not say so is meant for the clause that rules; None where any is. A
            single act cannot have been done by one of the parts it replaces, nor a part by the whole.
    """

    rules: bool
    known_as: tuple[str, str]
    ruled_by: tuple[str, Instance]
    doubts: tuple[NotYet, ...] = ()
    why: Derivation | None = None
    since: date | None = None


def families(file: TermsFile) -> Mapping[str, tuple[str, ...]]:
    """The clauses that stand in the place of another, by the clause they all come down to; that one first."""
    found: dict[str, list[str]] = {}
    for clause_id, clause in file.clauses.items():
        if clause.instead_of is not None:
            root = chain(file, clause_id)[-1]
            found.setdefault(root, [root]).append(clause_id)
    return {root: tuple(members) for root, members in found.items()}


def places(world: World, root: str, members: tuple[str, ...]) -> Mapping[tuple[str, str], Place]:
    """The place of every instance of a family, by clause and instance."""
    found: dict[tuple[str, str], Place] = {}
    for group in _groups(world, members):
        first = next(iter(group.values()))
        winner, doubts = _ruling(world, root, group)
        for clause_id, instance in group.items():
            rules = clause_id == winner
            found[clause_id, instance.id] = Place(
                rules=rules,
                known_as=(root, first.id),
                ruled_by=(winner, group[winner]),
                doubts=doubts if rules else (),
                why=_why(world, winner) if winner != root or not rules else None,
                since=_since(world, root, winner, group[winner]) if rules else None,
            )
    return found


def _groups(world: World, members: tuple[str, ...]) -> list[dict[str, Instance]]:
    """The instances of a family, those of one happening together, the replaced clause's first."""
    groups: list[dict[str, Instance]] = []
    file = world.terms.file
    ended = world.amendment.ended if world.amendment is not None else frozenset()
    # What an amendment ended takes the place of nothing any more; what it took before is up to the versions before.
    standing = (one for one in members if one == members[0] or one not in ended)
    for clause_id in sorted(standing, key=lambda one: len(chain(file, one))):
        for instance in world.instances(clause_id, file.clauses[clause_id])[0]:
            group = _fitting(groups, clause_id, instance)
            if group is None:
                groups.append({clause_id: instance})
            else:
                group[clause_id] = instance
    return groups


def _fitting(groups: list[dict[str, Instance]], clause_id: str, instance: Instance) -> dict[str, Instance] | None:
    """The group of the very happening that made an instance, else that of one which led to it."""
    free = [one for one in groups if clause_id not in one]
    for fits in (_alike, _led_to):
        for group in free:
            if any(fits(other, instance) for other in group.values()):
                return group
    return None


def _led_to(one: Instance, other: Instance) -> bool:
    """Whether what made the one is among what brought about what made the other, as a part of `all of` is.

    What nothing set off stands since the beginning, and so before everything.
    """
    return one.trigger is None or any(_alike(one, cause) for cause in _causes(other))


def _causes(instance: Instance) -> Iterator[Instance]:
    for cause in instance.trigger.because if instance.trigger is not None else ():
        yield cause
        yield from _causes(cause)


def _alike(one: Instance, other: Instance) -> bool:
    if one.id == other.id:
        return True
    if one.trigger is None or other.trigger is None or not one.trigger.reports:
        return False
    ours, theirs = one.trigger, other.trigger
    return (ours.event, ours.occurred_on, ours.reports) == (theirs.event, theirs.occurred_on, theirs.reports)


def _ruling(world: World, root: str, group: Mapping[str, Instance]) -> tuple[str, tuple[NotYet, ...]]:
    """The clause that rules a group, and what is open about it."""
    file = world.terms.file
    doubts: list[NotYet] = []
    ranked = sorted(group, key=lambda one: _rank(file, one), reverse=True)
    for number, clause_id in enumerate(ranked):
        if clause_id == root:
            return root, tuple(doubts)
        applies = applying(world, file.clauses[clause_id], group[clause_id])
        if applies.refused is not None:
            continue
        if applies.open:
            doubts += applies.open
            continue
        rivals = [
            other
            for other in ranked[number + 1 :]
            if _rank(file, other) == _rank(file, clause_id) and _holds(world, file.clauses[other], group[other])
        ]
        if rivals:
            both = " or ".join((clause_id, *rivals))
            doubts.append(NotYet(judgment=(f"which stands instead of {root}: {both}",)))
        return clause_id, tuple(doubts)
    return ranked[-1], tuple(doubts)


def _since(world: World, root: str, winner: str, instance: Instance) -> date | None:
    """The day by which everything had happened that lets a clause of another shape rule."""
    clauses = world.terms.file.clauses
    if is_alike(clauses[winner], clauses[root]):
        return None
    because = [*applying(world, clauses[winner], instance).grounds]
    because += [instance.trigger.why] if instance.trigger is not None else []
    days = (step.result for one in because for _, step in one.walk() if step.kind == "event")
    return max((date.fromisoformat(one) for one in days if one), default=None)


def _rank(file: TermsFile, clause_id: str) -> tuple[int, int]:
    """How specific a clause is: how far it replaces, then how much it asks for."""
    return len(chain(file, clause_id)), demands(file.clauses[clause_id])


def _holds(world: World, clause: Clause, instance: Instance) -> bool:
    applies = applying(world, clause, instance)
    return applies.refused is None and not applies.open


def _why(world: World, clause_id: str) -> Derivation:
    file = world.terms.file
    first, *rest = chain(file, clause_id)
    replaced = " and ".join(_called(file, rest))
    cites = ", ".join(dict.fromkeys(file.clauses[one].cites for one in (first, *rest)))
    words = f"{first.replace('_', ' ')} (clause {file.clauses[first].cites}) stands instead of {replaced}"
    return Derivation(words, kind="clause", cite=cites, ref=first)


def _called(file: TermsFile, names: list[str]) -> Iterator[str]:
    for name in names:
        yield f"{name.replace('_', ' ')} (clause {file.clauses[name].cites})"
