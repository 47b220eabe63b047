"""Counted series: so many dates, each its own position, all counted from the original day and none from the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from obligations.domain.occurrence import State
from obligations.planning.days import measured
from obligations.planning.draft import Draft
from obligations.planning.values import NotYet
from obligations.planning.world import Instance, World
from obligations.terms import expressions as e
from obligations.terms.model import Clause
from schedules.derivation import Derivation, Reasoned
from schedules.spans import Span, Unit, after


def counted_series(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """One draft a position, dated; what is due after the series ended is terminated, or waits where the end is only
    expected."""
    series = clause.series
    assert series is not None
    assert series.times is not None, "check has seen the number"
    end = world.ending(clause, instance)
    for index in range(1, series.times + 1):
        draft = Draft(world, clause_id, clause, instance, index, series.times)
        draft.due(_day(world, clause, instance, index))
        if end is not None and draft.due_on is not None and draft.due_on > end.occurred_on:
            if end.unsettled is not None:
                draft.depends(end.unsettled)
            else:
                why = Derivation("due after the series ended", end.occurred_on.isoformat(), (end.why,))
                draft.end(State.TERMINATED, why, end.occurred_on)
        yield draft


def _day(world: World, clause: Clause, instance: Instance, index: int) -> Reasoned[date] | NotYet:
    series = clause.series
    assert series is not None
    first, _ = world.pick(series.first) if series.first is not None else (None, ())
    anchor, months = _original(world, first, instance)
    every: Span = series.every
    if months is not None and every.unit.months and not isinstance(anchor, NotYet):
        # Months add up before they are counted, so that a short month in between shifts nothing after it.
        total = months + every.count * every.unit.months * (index - 1)
        return after(Span(total, Unit.MONTH), anchor, world.vesting_counting) if total else anchor
    start = world.day(series.first, instance) if series.first is not None else _trigger_day(instance)
    if index == 1 or isinstance(start, NotYet):
        return start
    return after(replace(every, count=every.count * (index - 1)), start, world.vesting_counting)


def _original(world: World, first: object, instance: Instance) -> tuple[Reasoned[date] | NotYet, int | None]:
    """The day the first date is counted from, and how many months it lies after that; None where it is not months."""
    if first is None:
        return _trigger_day(instance), 0
    if isinstance(first, e.Shifted) and first.side == "after":
        shift = measured(world, first.span, instance)
        if isinstance(shift, Reasoned) and shift.value.unit.months and shift.value.then is None:
            return world.day(first.day, instance), shift.value.count * shift.value.unit.months
    return NotYet(), None


def _trigger_day(instance: Instance) -> Reasoned[date] | NotYet:
    if instance.trigger is None:
        return NotYet(never="nothing set it off")
    return Reasoned(instance.trigger.occurred_on, instance.trigger.why)
