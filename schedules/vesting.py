"""Vesting: the days on which the tranches of a grant vest, each counted from the schedule's own anchor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from schedules.allocation import Allocation, allocate
from schedules.derivation import Derivation, Reasoned, later
from schedules.spans import PLAIN, Counting, MonthEnd, Span, Unit, add_months, after

SAME_DAY = "same day"
START_DAY = "vesting start day"
_LAST = 31
VESTING_DAYS = {
    SAME_DAY: 0,
    START_DAY: 0,
    "first of month": 1,
    "last of month": _LAST,
    **{f"{number:02}": number for number in range(1, 29)},
    **{f"{number} or last day": number for number in (29, 30, 31)},
}
"""The days of a month on which tranches vest, each with the day of the month it asks for; 0 keeps the counted day."""


@dataclass(frozen=True, slots=True)
class Step:
    """`times` equal tranches that together are `portion` of the grant, each `every` after the one before.

    `offset` is the span from the anchor to the point the step counts from; one tranche without `every` vests there.
    The first `cliff` tranches vest together, with the last of them.
    """

    portion: Fraction
    times: int = 1
    every: Span | None = None
    offset: Span | None = None
    cliff: int = 1

    @property
    def count(self) -> int:
        """How many tranches the step comes to, those before its cliff counted as one."""
        return self.times - self.cliff + 1


@dataclass(frozen=True, slots=True)
class Point:
    """A point that days are counted from: so many months after an original day, which month ends go back to."""

    day: Reasoned[date]
    months: int = 0


def units_of(allocation: Allocation, parts: Sequence[tuple[Step, Fraction]]) -> tuple[Decimal, ...]:
    """The units of every tranche of the steps, each step with the exact units it comes to; a cliff's are added up.

    >>> units_of(Allocation.FRONT_LOADED, [(Step(Fraction(1), 4, cliff=3), Fraction(18))])
    (Decimal('14'), Decimal('4'))
    """
    each = iter(allocate(allocation, [(exact, step.times) for step, exact in parts]))
    made: list[Decimal] = []
    for step, _ in parts:
        made.append(sum((next(each) for _ in range(step.cliff)), Decimal(0)))
        made += [next(each) for _ in range(step.times - step.cliff)]
    return tuple(made)


def shares_of(step: Step) -> tuple[Fraction, ...]:
    """The portion of every tranche of a step."""
    one = step.portion / step.times
    return (one * step.cliff, *(one,) * (step.times - step.cliff))


def step_days(step: Step, point: Point, counting: Counting = PLAIN) -> tuple[Reasoned[date], ...]:
    """The day of every tranche of a step, counted from a point.

    Each is counted from the original day, not from the tranche before, so a month end does not drift.

    >>> start = Reasoned(date(2026, 1, 31), Derivation("started", "2026-01-31", kind="event"))
    >>> monthly = Step(Fraction(1), 3, Span(1, Unit.MONTH))
    >>> [str(day.value) for day in step_days(monthly, Point(start))]
    ['2026-02-28', '2026-03-31', '2026-04-30']
    """
    return tuple(tranche_day(step, place, point, counting) for place in range(step.count))


def bare_days(step: Step, point: Point, counting: Counting = PLAIN) -> tuple[date, ...]:
    """The same days without their explanations."""
    months = _months(step, point)
    if months is None:
        return tuple(day.value for day in step_days(step, point, counting))
    before, every = months
    return _by_months(point.day.value, before, every, step.cliff, step.times, counting.month_end)


# Every plan of a grant has the same days, and so has one of another grant of that day. A schedule has twenty, not often
# the most there may be: together a few megabytes.
@lru_cache(512)
def _by_months(anchor: date, before: int, every: int, cliff: int, times: int, month_end: MonthEnd) -> tuple[date, ...]:
    return tuple(add_months(anchor, before + ordinal * every, month_end) for ordinal in range(cliff, times + 1))


def _months(step: Step, point: Point) -> tuple[int, int] | None:
    """So many months after the original day a step begins, and so many lie between its tranches; None for a step that
    does not count in months alone."""
    every, start = step.every, step.offset
    if every is None or not every.unit.months:
        return None
    if start is None:
        return point.months, every.count * every.unit.months
    if not start.unit.months or start.then is not None:
        return None
    return point.months + start.count * start.unit.months, every.count * every.unit.months


def last_point(step: Step, point: Point, counting: Counting = PLAIN) -> Point:
    """The point of the step's last tranche, from which another step may count."""
    moved = _moved(point, step.offset, counting) if step.offset is not None else point
    if step.every is None:
        return moved
    return _moved(moved, replace(step.every, count=step.every.count * step.times), counting)


def _moved(point: Point, span: Span, counting: Counting) -> Point:
    if span.unit.months:
        moved = Point(point.day, point.months + span.count * span.unit.months)
        return moved if span.then is None else _moved(moved, span.then, counting)
    return Point(after(span, _resolved(point, counting), counting))


def _resolved(point: Point, counting: Counting) -> Reasoned[date]:
    return after(Span(point.months, Unit.MONTH), point.day, counting) if point.months else point.day


def tranche_day(step: Step, place: int, point: Point, counting: Counting = PLAIN) -> Reasoned[date]:
    """The day of one tranche of a step, by its place among them from 0."""
    anchor, ordinal = point.day, step.cliff + place
    if step.every is None:
        if step.offset is None:
            return _resolved(point, counting)
        if not point.months:
            return after(step.offset, anchor, counting)
        return _resolved(_moved(point, step.offset, counting), counting)
    counted = _months(step, point)
    if counted is not None:
        months = counted[0] + ordinal * counted[1]
        day = add_months(anchor.value, months, counting.month_end)
        return Reasoned(day, later(_months_after, months, anchor, day, counting))
    base = _moved(point, step.offset, counting) if step.offset is not None else point
    return after(Span(step.every.count * ordinal, step.every.unit), _resolved(base, counting), counting)


def _months_after(months: int, anchor: Reasoned[date], day: date, counting: Counting) -> Derivation:
    rule = f"{months} months after {anchor.value}, counted from the original day, month end by {counting.month_end}"
    asked = counting.because("month_end") if anchor.value.day > 28 else ()
    return Derivation(rule, day.isoformat(), (anchor.why, *asked))


def on_vesting_day(day: date, rule: str, start: date) -> date:
    """The day of the same month that a vesting day asks for; a month that lacks it vests on its last day.

    >>> on_vesting_day(date(2026, 2, 10), "31 or last day", date(2025, 1, 10)).isoformat()
    '2026-02-28'
    >>> on_vesting_day(date(2026, 2, 10), "vesting start day", date(2025, 1, 5)).isoformat()
    '2026-02-05'
    """
    number = start.day if rule == START_DAY else VESTING_DAYS[rule]
    return add_months(date(2000, 1, number), _month(day) - _month(date(2000, 1, 1))) if number else day


def _month(day: date) -> int:
    return day.year * 12 + day.month


def counting_for(rule: str, counting: Counting) -> Counting:
    """The counting of a schedule: a vesting day of its own asks only which month it is, so months never overflow."""
    return counting if rule == SAME_DAY else replace(counting, month_end=MonthEnd.CLAMP)
