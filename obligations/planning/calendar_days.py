"""Days that the calendar gives: ends of months, quarters and years, dates of every year, anniversaries, open days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from obligations.planning.values import NOWHERE, Instance, NotYet
from obligations.terms import expressions as e
from schedules.blocks import CALENDAR_PERIODS, Block, block
from schedules.bounds import add_days
from schedules.calendars import next_open
from schedules.derivation import Derivation, Reasoned
from schedules.spans import MonthEnd
from schedules.yearly import MonthDay, last_anniversary, last_date, next_anniversary, next_date

if TYPE_CHECKING:
    from obligations.planning.world import World

CalendarDay = e.PeriodEdge | e.Yearly | e.DateInPeriod | e.Anniversary | e.OpenDay


def calendar_day(
    world: World, expression: CalendarDay, anchor: Reasoned[date], here: Instance
) -> Reasoned[date] | NotYet:
    """The day the calendar gives for the expression, seen from the anchor's day."""
    match expression:
        case e.PeriodEdge(edge=edge, period=period, which=which):
            return _edge(world, edge, period, which, anchor)
        case e.Yearly(of=of, side=side, same=same):
            find = next_date if side == "after" else last_date
            found = find(of, anchor.value, same=same, policy=_policy(world, of.first()))
            return _found(found, f"{of.words()} {_seen(side, same)} {anchor.value}", anchor)
        case e.DateInPeriod(of=of, period=period, which=which):
            return _date_in(world, of, period, which, anchor)
        case e.Anniversary():
            return _anniversary(world, expression, anchor, here)
        case e.OpenDay(side=side):
            calendar = world.business_calendar()
            found = next_open(anchor.value, 1 if side == "after" else -1, calendar)
            why = Derivation(
                f"business day on or {side} {anchor.value}",
                found.isoformat(),
                (anchor.why, calendar.why(anchor.value, found)),
            )
            return Reasoned(found, why)


def period_of(
    world: World, period: str, anchor: Reasoned[date], which: Literal["of", "after", "before"] = "of"
) -> Reasoned[Block] | NotYet:
    """The month, quarter, year or named year a day lies in, or the one after or before that."""
    begins, months = date(2000, 1, 1), CALENDAR_PERIODS.get(period, 0)
    inputs: tuple[Derivation, ...] = (anchor.why,)
    starts_once = False
    if not months:
        kind = world.terms.file.years[period]
        months = kind.lasts.count * kind.lasts.unit.months
        first, steps = world.pick(kind.begins)
        if isinstance(first, MonthDay):
            begins, words = first.first(), f"each {period} begins on {first.words()}"
            inputs = (anchor.why, Derivation(words, "", steps, cite=kind.cite))
        else:
            start = world.day(first, NOWHERE)
            if isinstance(start, NotYet):
                return start
            if anchor.value < start.value:
                return NotYet(never=f"{anchor.value} lies before the first {period}, which begins on {start.value}")
            begins, inputs, starts_once = start.value, (anchor.why, start.why, *steps), True
    policy = _policy(world, begins)
    found = block(anchor.value, months, begins, policy)
    if which != "of":
        beside = add_days(found.last_on, 1) if which == "after" else add_days(found.first_on, -1)
        found = block(beside, months, begins, policy)
        if starts_once and found.ordinal < 0:
            return NotYet(never=f"no {period} lies before the first, which begins on {begins}")
    words = f"the {period} {which} {anchor.value}"
    return Reasoned(found, Derivation(words, f"{found.first_on} to {found.last_on}", inputs))


def _edge(
    world: World,
    edge: Literal["first", "last"],
    period: str,
    which: Literal["of", "after", "before"],
    anchor: Reasoned[date],
) -> Reasoned[date] | NotYet:
    found = period_of(world, period, anchor, which)
    if isinstance(found, NotYet):
        return found
    day = found.value.first_on if edge == "first" else found.value.last_on
    said = f"that {period}" if which == "of" else f"the {period} {which} that"
    return Reasoned(day, Derivation(f"{edge} day of {said}", day.isoformat(), found.why.inputs))


def _date_in(
    world: World, of: MonthDay, period: str, which: Literal["of", "after", "before"], anchor: Reasoned[date]
) -> Reasoned[date] | NotYet:
    year = period_of(world, period, anchor, which)
    if isinstance(year, NotYet):
        return year
    found = next_date(of, year.value.first_on, same=True, policy=_policy(world, of.first()))
    return Reasoned(found, Derivation(f"{of.words()} in {year.why.rule}", found.isoformat(), (year.why,)))


def _anniversary(
    world: World, expression: e.Anniversary, anchor: Reasoned[date], here: Instance
) -> Reasoned[date] | NotYet:
    start = world.day(expression.of, here)
    if isinstance(start, NotYet):
        return start
    find = next_anniversary if expression.side == "after" else last_anniversary
    found = find(start.value, anchor.value, same=expression.same, policy=_policy(world, start.value))
    seen = f"{_seen(expression.side, expression.same)} {anchor.value}"
    if found is None:
        return NotYet(never=f"{start.value} has no anniversary {seen}")
    number, day = found
    words = f"anniversary {number} of {start.value}, the {'first' if expression.side == 'after' else 'last'} {seen}"
    asked = world.because("month_end") if start.value.day > 28 else ()
    return Reasoned(day, Derivation(words, day.isoformat(), (start.why, anchor.why, *asked)))


def _policy(world: World, begins: date) -> MonthEnd:
    """What a month without such a day does; asked only where there may be one."""
    return world.chosen.vesting_counting.month_end if begins.day > 28 else MonthEnd.CLAMP


def _seen(side: str, same: bool) -> str:
    return f"on or {side}" if same else side


def _found(day: date, words: str, anchor: Reasoned[date]) -> Reasoned[date]:
    return Reasoned(day, Derivation(words, day.isoformat(), (anchor.why,)))
