"""Counted series: so many dates, each its own position, all counted from the original day and none from the last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from obligations.planning.days import measured
from obligations.planning.draft import Draft
from obligations.planning.instalments import Part, ended, stated
from obligations.planning.values import Happening, NotYet
from obligations.planning.world import Instance, World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause, Series
from obligations.terms.parts import parts
from obligations.terms.values import Value
from schedules.derivation import Reasoned
from schedules.spans import Span, Unit, after


def counted_series(
    world: World, clause_id: str, clause: Clause, instance: Instance
) -> Iterator[tuple[Draft, Part | None]]:
    """One draft a position, dated, with the part of a window it is for; what is due after the series ended is
    terminated, or waits where the end is only expected."""
    series = clause.series
    assert series is not None
    end = world.ending(clause, instance)
    if series.on is not None or (series.over is not None and series.first is None):
        yield from _instalments(world, clause_id, clause, instance, end)
        return
    times = series.times
    if times is None:
        # The window says how many there are; the stated first day, which they are.
        found = stated(world, clause, instance)
        if isinstance(found, NotYet):
            yield _unknown(world, clause_id, clause, instance, found), None
            return
        times = len(found)
    for index, day in enumerate(_days(world, series, instance, times), 1):
        draft = Draft(world, clause_id, clause, instance, index, times)
        draft.due(day)
        if end is not None:
            ended(draft, None, end, rate=False)
        yield draft, None


class Figures:
    """What the occurrences of a series come to: reckoned once, unless it may be another on the day of each."""

    def __init__(self, world: World, clause_id: str, clause: Clause, instance: Instance) -> None:
        self.world, self.instance = world, instance
        self.expression = clause.pay if clause.pay is not None else clause.grant
        self.is_one = instance.trigger is not None and not _asks_its_day(world, clause_id, self.expression)
        self.found: Reasoned[Value] | NotYet | None = None

    def give(self, draft: Draft) -> None:
        """Set what an occurrence comes to, or say why that is not known."""
        if self.expression is None:
            return
        if self.found is None or not self.is_one:
            on = self.instance.trigger.occurred_on if self.instance.trigger is not None else draft.due_on
            self.found = self.world.figure(self.expression, replace(self.instance, own=draft.due_on), on)
        if isinstance(self.found, NotYet):
            draft.not_yet(self.found)
        else:
            draft.figures(self.found)


def _asks_its_day(world: World, clause_id: str, expression: object) -> bool:
    """Whether a figure names the day of the occurrence that asks, under any reading: the same in every plan."""
    kept: dict[str, bool] = world.chosen.kept.setdefault("asks its day", {})
    if clause_id not in kept:
        kept[clause_id] = any(isinstance(part, e.OwnDay) for part in parts(expression))
    return kept[clause_id]


def _instalments(
    world: World, clause_id: str, clause: Clause, instance: Instance, end: Happening | None
) -> Iterator[tuple[Draft, Part | None]]:
    """One draft a part of a window or of a run of paydays."""
    found = stated(world, clause, instance)
    if isinstance(found, NotYet):
        yield _unknown(world, clause_id, clause, instance, found), None
        return
    assert clause.series is not None
    rate = clause.pay is not None and not clause.series.splits
    for index, part in enumerate(found, 1):
        draft = Draft(world, clause_id, clause, instance, index, len(found))
        if part.payday is not None:
            draft.pays_on(part.payday, part.due.why)
        else:
            draft.due(part.due)
        if part.days is not None:
            draft.from_on, draft.to_on = part.days.first_on, part.days.last_on
        if end is not None:
            ended(draft, part, end, rate=rate)
        yield draft, part


def _unknown(world: World, clause_id: str, clause: Clause, instance: Instance, why: NotYet) -> Draft:
    draft = Draft(world, clause_id, clause, instance, of=None)
    draft.not_yet(why)
    return draft


def _days(world: World, series: Series, instance: Instance, times: int) -> Iterator[Reasoned[date] | NotYet]:
    """The days of so many dates, each counted from the original day."""
    first, _ = world.pick(series.first) if series.first is not None else (None, ())
    anchor, months = _original(world, first, instance)
    every: Span | None = series.every
    assert every is not None, "a series of dates has a step"
    counting = world.chosen.vesting_counting
    if months is not None and every.unit.months and not isinstance(anchor, NotYet):
        # Months add up before they are counted, so that a short month in between shifts nothing after it.
        for number in range(times):
            total = months + every.count * every.unit.months * number
            yield after(Span(total, Unit.MONTH), anchor, counting) if total else anchor
        return
    start = world.day(series.first, instance) if series.first is not None else _trigger_day(instance)
    for number in range(times):
        if number == 0 or isinstance(start, NotYet):
            yield start
        else:
            yield after(replace(every, count=every.count * number), start, counting)


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
