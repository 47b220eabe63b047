"""Amendments: which version of a clause governs an instance, and how a running series goes on under a new one.

An instance is governed by the terms in force on the day that set it off, for life; what nothing sets off runs since the
beginning. Where an amendment says that what runs changes, positions due before its day, and those done before, keep
their number and amount, and the rest are the new clause's, numbered on. What no amendment touches keeps its identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import count
from typing import TYPE_CHECKING

from obligations.domain.identity import occurrence_id
from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.answers import PARTLY
from obligations.planning.instances import answers_to
from obligations.planning.standing import deadline, standing
from obligations.planning.values import Happening, Instance
from obligations.terms.clause import Clause
from obligations.terms.terms import Amendment
from schedules.derivation import Derivation, Reasoned
from schedules.series import Remainder, parts

if TYPE_CHECKING:
    from obligations.planning.draft import Draft
    from obligations.planning.world import World

Drafting = Callable[["World", Instance], Iterator["Draft"]]


def governing(world: World, clause_id: str, instance: Instance) -> World | None:
    """The version in force on the day that set the instance off; None where nothing sets it off any more, or yet."""
    versions = world.versions
    if instance.trigger is None:
        return next(one for one in versions if clause_id in one.terms.clauses)
    version = _in_force(versions, instance.trigger.occurred_on)
    if clause_id not in version.terms.clauses or clause_id in _ended(version):
        return None
    return version if _by_ordinal(instance.trigger) else _of_one_happening(versions, clause_id, instance, version)


def _in_force(versions: tuple[World, ...], day: date) -> World:
    return next(one for one in reversed(versions) if one.amendment is None or one.amendment.since <= day)


def _of_one_happening(versions: tuple[World, ...], clause_id: str, instance: Instance, version: World) -> World:
    """The version that has what set an instance off, where a definition that was replaced gives it another day in each:
    the first in whose own time it came; where it came in none, what had begun goes on as it was agreed."""
    assert instance.trigger is not None, "a happening set it off"
    told = [
        (one, its.trigger)
        for one in versions
        if clause_id in one.terms.clauses
        and (its := one.instance(clause_id, instance.id)) is not None
        and its.trigger is not None
        and its.trigger.reports == instance.trigger.reports
    ]
    own = next((one for one, trigger in told if _in_force(versions, trigger.occurred_on) is one), None)
    if own is not None:
        return own
    return told[0][0] if any(one is version for one, _ in told) else version


def _by_ordinal(trigger: Happening) -> bool:
    """Whether it is known by the number of a window: the second term of one version is not that of another."""
    return trigger.event.startswith(("start of ", "end of "))


def told_apart(world: World, clause_id: str, made: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """The instances of an amended clause, those with another name whose number an earlier version gave to another."""
    if world.amendment is None:
        return made
    return tuple(_renamed(world, one) if _is_taken(world, clause_id, one) else one for one in made)


def _is_taken(world: World, clause_id: str, instance: Instance) -> bool:
    trigger = instance.trigger
    if trigger is None or not _by_ordinal(trigger) or _in_force(world.versions, trigger.occurred_on) is not world:
        return False
    for one in world.versions:
        if one is world:
            return False
        its = one.instance(clause_id, instance.id) if clause_id in one.terms.clauses else None
        if its is not None and its.trigger is not None and _in_force(world.versions, its.trigger.occurred_on) is one:
            return True
    return False


def _renamed(world: World, instance: Instance) -> Instance:
    assert world.amendment is not None, "only an amendment gives a number anew"
    return replace(instance, id=f"{instance.id} from {world.amendment.since}")


def filled_before(world: World, clause_id: str, instance: Instance) -> bool:
    """Whether an instance fills a slot that an earlier version filled already, by what it took for the first.

    A window or a definition that was replaced may show another happening; what happens once is still owed once.
    """
    if instance.trigger is None or world.slot(world.terms.clauses[clause_id].when) != instance.id:
        return False
    for one in world.versions:
        if one is world:
            return False
        if clause_id not in one.terms.clauses or one.slot(one.terms.clauses[clause_id].when) != instance.id:
            continue
        other = one.instance(clause_id, instance.id)
        if other is not None and other.trigger is not None and governing(one, clause_id, other) is one:
            return True
    return False


def judging(world: World, clause_id: str, instance: Instance) -> World | None:
    """The version by which it is judged whether a duty was fulfilled or missed: the one that governs it, or a later one
    that changes it while it runs; None where it is owed no more."""
    version = governing(world, clause_id, instance)
    if version is None or filled_before(version, clause_id, instance):
        return None
    for later in _after(version):
        if later.amendment is None or clause_id not in later.amendment.changes:
            continue
        here = version.instance(clause_id, instance.id)
        if here is None or _was_over(version, clause_id, here, later.amendment):
            continue
        if clause_id in later.amendment.ended:
            return None
        version = later if later.instance(clause_id, instance.id) is not None else version
    return version


def _was_over(version: World, clause_id: str, instance: Instance, amendment: Amendment) -> bool:
    """Whether the duty had its last day before the amendment's, or was fulfilled or waived before it."""
    clause = version.terms.clauses[clause_id]
    if _answered_before(version, clause_id, clause, instance, "1", amendment):
        return True
    day = version.day(clause.by or clause.exactly, instance) if clause.by or clause.exactly else None
    if not isinstance(day, Reasoned):
        return False
    due = deadline(version, clause, instance, standing(version, clause_id, clause, instance), day).due
    return due.value < amendment.since


def _after(version: World) -> tuple[World, ...]:
    place = next(number for number, one in enumerate(version.versions) if one is version)
    return version.versions[place + 1 :]


def placeholder(world: World, clause_id: str) -> World | None:
    """The version that says what an empty slot waits for: the one in force, else the next; None where it ended."""
    versions, today = world.versions, world.as_of
    first = 0 if today is not None else len(versions) - 1
    for number, one in enumerate(versions):
        if today is not None and (one.amendment is None or one.amendment.since <= today):
            first = number
    later = versions[first:]
    return next((one for one in later if clause_id in one.terms.clauses and clause_id not in _ended(one)), None)


def version_of(world: World, one: Occurrence) -> World:
    """The version an occurrence was planned by."""
    return next((version for version in world.versions if one.id in version.planned), world)


def drafts(world: World, clause_id: str, instance: Instance, draft: Drafting) -> list[Draft]:
    """The parts of an instance: as its own version has them, and as later ones change what of it still runs."""
    made = list(draft(world, instance))
    for later in _after(world):
        if later.amendment is None or clause_id not in later.amendment.changes:
            continue
        if clause_id in later.amendment.ended:
            _end(made, later.amendment)
            continue
        there = later.instance(clause_id, instance.id)
        if there is not None:
            made = _continued(made, list(draft(later, there)), later.amendment)
    return made


def _continued(old: list[Draft], new: list[Draft], amendment: Amendment) -> list[Draft]:
    """What was due or done before the day as it was, and the rest as the amendment has it, numbered on."""
    kept = [one for one in old if _came_before(one, amendment)]
    if not any(one.clause.series for one in (*old, *new)):
        # What is owed once is owed as it was, or as it is now, never both.
        return kept or [_as_amended(one, amendment) for one in new]
    rest = [one for one in new if one.due_on is None or one.due_on >= amendment.since]
    by_period = any(one.position != str(one.index) for one in (*old, *new))
    if by_period:
        # A period of a published calendar is known by its days, whichever version pays it.
        known = {one.position for one in kept}
        return [*kept, *(one for one in rest if one.position not in known)]
    for one in kept:
        if one.due_on is not None and one.due_on >= amendment.since:
            _stands_for_one_of(rest, one.due_on)
    taken = {one.index for one in kept}
    numbers = (number for number in count(1) if number not in taken)
    _share_what_is_left(kept, rest, new, amendment)
    for one, number in zip(rest, numbers, strict=False):
        one.index, one.position = number, str(number)
        one.of = None if one.of is None else len(kept) + len(rest)
        _as_amended(one, amendment)
    return [*kept, *rest]


def _as_amended(one: Draft, amendment: Amendment) -> Draft:
    one.steps.append(Derivation(f"as amended from {amendment.since} on: {amendment.title}", kind="clause"))
    return one


def _stands_for_one_of(rest: list[Draft], due_on: date) -> None:
    """Take away what a position stands for that was done ahead of its day: the next one due by the new clause."""
    later = [one for one in rest if one.due_on is not None and one.due_on >= due_on]
    ahead = later[:1] or rest[-1:]
    for one in ahead:
        rest.remove(one)


def _share_what_is_left(kept: list[Draft], rest: list[Draft], new: list[Draft], amendment: Amendment) -> None:
    """Where the new clause splits a whole, what of it is still owed is split over the parts that are left."""
    series = rest[0].clause.series if rest else None
    if series is None or not series.splits or any(one.amount is None for one in (*new, *kept)):
        return
    whole = sum(one.amount.minor for one in new if one.amount is not None)
    # A part whose condition failed, or that ended, took nothing of the whole, unless it was done before.
    took = [one for one in kept if one.ended is None or _was_answered(one, amendment)]
    left = max(whole - sum(one.amount.minor for one in took if one.amount is not None), 0)
    for one, share in zip(rest, parts(left, len(rest), Remainder(series.remainder or "last")), strict=True):
        assert one.amount is not None, "every part has its amount"
        one.amount = Money(share, one.amount.currency)
        words = f"1/{len(rest)} of {Money(left, one.amount.currency).shown()}, what {len(took)} parts left of the whole"
        one.steps.append(Derivation(words, one.amount.shown(), kind="rule"))


def _end(made: list[Draft], amendment: Amendment) -> None:
    """End what runs: what was not due or done before the day is owed no more."""
    for one in made:
        if not _came_before(one, amendment):
            words = f"ended by {amendment.title}"
            one.end(State.TERMINATED, Derivation(words, str(amendment.since), kind="clause"), amendment.since)


def _came_before(one: Draft, amendment: Amendment) -> bool:
    """Whether it was due before the amendment's day, or was reported done or waived before it."""
    last_on = one.due_on or one.to_on
    if last_on is not None and last_on < amendment.since:
        return True
    return _was_answered(one, amendment)


def _was_answered(one: Draft, amendment: Amendment) -> bool:
    return _answered_before(one.world, one.clause_id, one.clause, one.instance, one.position, amendment)


def _answered_before(
    world: World, clause_id: str, clause: Clause, instance: Instance, position: str, amendment: Amendment
) -> bool:
    """Whether an occurrence was reported done or waived before the amendment's day."""
    terms = world.terms
    identity = occurrence_id(terms.tenant, terms.contract, *world.known_as(clause_id, instance), position)
    said = answers_to(world, clause_id, clause, instance, identity)
    return any(answer.event != PARTLY and answer.occurred_on < amendment.since for answer in said)


def _ended(version: World) -> frozenset[str]:
    return version.amendment.ended if version.amendment is not None else frozenset()
