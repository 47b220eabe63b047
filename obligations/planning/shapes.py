"""Answers across clauses of different shapes: one of three instalments that was paid is no lump sum that was paid.

Where a clause stands instead of another, both are known by one name. An answer counts in the shape that what it answers
had when it was given, which the answer says. One that was meant for another shape is neither all of what is owed now
nor nothing of it: a person says how much it is, and money waits until then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import Occurrence
from obligations.planning.answers import CLAUSE, PART
from obligations.planning.values import Happening, Instance
from obligations.terms.clause import Clause

if TYPE_CHECKING:
    from obligations.planning.replacing import Place
    from obligations.planning.world import World


def is_alike(one: Clause, other: Clause) -> bool:
    """Whether both are a single act, or both made of the same parts, whatever each of these comes to."""
    return _shape(one) == _shape(other)


def _shape(clause: Clause) -> tuple[Any, ...]:
    series = clause.series
    pace = (series.every, series.on, series.times, series.over) if series is not None else None
    return pace, clause.schedule


def is_for_another(world: World, clause_id: str, place: Place, answer: Happening) -> bool:
    """Whether an answer was meant for a clause of another shape than the one that rules now.

    One that does not say for which it was is taken for that clause, unless it came before that could rule at all.
    """
    meant = _meant(world, answer)
    if meant is not None:
        return not is_alike(meant, world.terms.clauses[clause_id])
    return place.since is not None and answer.occurred_on < place.since


def in_another(world: World, clause_id: str, instance: Instance) -> tuple[Happening, ...]:
    """What was reported of an obligation, in day order, while it had another shape than under the clause that rules."""
    place = world.place(clause_id, instance) if world.answers else None
    if place is None or not place.rules:
        return ()
    key = clause_id, instance.id
    if key not in world.in_another_shape:
        found = [
            one
            for answered, said in world.answers.items()
            for one in said
            if _meant(world, one) is not None
            and is_for_another(world, clause_id, place, one)
            and answered == _identity(world, place, one.fields.get(PART, "1"))
        ]
        world.in_another_shape[key] = tuple(sorted(found, key=lambda one: (one.occurred_on, one.id)))
    return world.in_another_shape[key]


def asked(world: World, clause_id: str, instance: Instance, said: tuple[Happening, ...]) -> str:
    """What a person is asked of an occurrence of which that was said; nothing where all its answers were meant for it,
    or one was that is no older than those that were not."""
    others = in_another(world, clause_id, instance)
    if not others or any(one.occurred_on >= others[-1].occurred_on for one in said):
        return ""
    names = dict.fromkeys(_words(one.fields[CLAUSE]) for one in others)
    reports = [(_said(one), report) for one in others for report in one.reports]
    clause = world.terms.clauses[clause_id]
    figure = "--amount" if clause.pay is not None else "--units" if clause.content in ("grant", "vest") else ""
    part = f"say how much with done {figure}, or " if figure else ""
    return (
        f"how much of {_words(clause_id)} is done by what was reported of {' and '.join(names)}:"
        f" {' and '.join(f'{words} (event {report})' for words, report in reports)};"
        f" {part}withdraw {' and '.join(report for _, report in reports)} and report what holds"
    )


def ruling_clause(world: World, one: Occurrence) -> str:
    """The clause that makes an occurrence: the one it is known by, or one that stands instead of that."""
    # Clauses are planned by what was answered, and only what is being answered asks which clause planned it.
    from obligations.planning.clauses import occurrences
    from obligations.planning.versions import version_of

    if len(world.versions) > 1:
        for _ in occurrences(world):
            pass
    return version_of(world, one).ruling(one.clause, one.instance)[0]


def _meant(world: World, answer: Happening) -> Clause | None:
    """The clause an answer says it was meant for, as long as the terms have it."""
    name = answer.fields.get(CLAUSE, "")
    if not name or name in world.terms.clauses:
        return world.terms.clauses.get(name)
    return next((one.terms.clauses[name] for one in world.versions if name in one.terms.clauses), None)


def _identity(world: World, place: Place, position: str) -> str:
    return str(occurrence_id(world.terms.tenant, world.terms.contract, *place.known_as, position))


def _said(one: Happening) -> str:
    word = {"partly": "done in part"}.get(one.event, one.event)
    return f"{word} on {one.occurred_on}"


def _words(clause_id: str) -> str:
    return clause_id.replace("_", " ")
