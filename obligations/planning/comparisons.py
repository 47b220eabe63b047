"""What a document states twice, held against each other: a term of sixty months that ends a day later than stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass

from obligations.domain.event import Report
from obligations.domain.money import NotMoney
from obligations.planning.examples import reports_of
from obligations.planning.quantities import side_by_side, step
from obligations.planning.values import NOWHERE, NotYet, PlanningError
from obligations.planning.world import World
from obligations.terms import expressions as e
from obligations.terms.errors import Finding
from obligations.terms.stories import Comparison
from obligations.terms.terms import Terms
from schedules.bounds import BeyondCalendar
from schedules.calendars import NeverOpen
from schedules.derivation import Reasoned
from schedules.spans import AmbiguousDate

Making = Callable[[tuple[Report, ...]], World]
"""The world of the terms after some reports."""


def contradictions(terms: Terms, make: Making) -> Iterator[Finding]:
    """A finding for each comparison whose sides differ and that no reading settles, with both sides and their places.

    What cannot be known from the terms alone is compared in the examples, in which it is.
    """
    stories = [make(()), *(make(tuple(reports_of(example))) for example in terms.file.examples)]
    for number, one in enumerate(terms.file.compare):
        if one.settled_by is not None:
            continue
        for world in stories:
            said = _difference(world, one)
            if said:
                way = "settle which is meant by a reading, and name it under settled_by"
                yield terms.document.finding(f"{one.says}: {said}; {way}", ("compare", number), key=True)
                break


def _difference(world: World, one: Comparison) -> str:
    """How the sides differ; empty where they agree, or cannot be told yet."""
    try:
        if one.members is not None:
            return _counted(world, one.members.of, one.members.said)
        return _unlike(_days(world, one.days) if one.days else _amounts(world, one.amounts))
    except (PlanningError, BeyondCalendar, AmbiguousDate, NeverOpen, NotMoney) as error:
        return str(error)


def _unlike(sides: Iterable[str | None]) -> str:
    known = list(sides)
    if None in known or len(set(known)) == 1:
        return ""
    return f"the document says {' and '.join(str(one) for one in known)}"


def _days(world: World, days: Iterable[object]) -> Iterator[str | None]:
    for expression in days:
        found = world.day(expression, NOWHERE)
        yield found.value.isoformat() if isinstance(found, Reasoned) else None


def _amounts(world: World, amounts: Iterable[object]) -> Iterator[str | None]:
    steps = []
    for expression in amounts:
        found = step(world, expression, NOWHERE, None)
        if isinstance(found, NotYet):
            yield None
            return
        steps.append(found)
    yield from (one.quantity.words() for one in side_by_side(steps, world))


def _counted(world: World, clause_id: str, said: int) -> str:
    clause = world.terms.clauses[clause_id]
    counts = {len(one.members) for one in _extremes(getattr(clause, clause.content))}
    if not counts:
        return f"{clause_id} takes neither the greater nor the lesser of anything"
    wrong = counts - {said}
    return f"the document announces {said}, and {clause_id} has {max(wrong)}" if wrong else ""


def _extremes(value: object) -> Iterator[e.Extreme]:
    if isinstance(value, e.Extreme):
        yield value
    if isinstance(value, tuple):
        for part in value:
            yield from _extremes(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _extremes(getattr(value, field.name))
