"""Counting a span of time from an anchor: days, business days, weeks, months, quarters, years.

The words decide, not the number: `after` does not count the anchor's own day, `beginning on` counts it as day 1, and
`clear` days exclude both ends. Month steps count from the original anchor and never overflow into a later month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from schedules.bounds import BeyondCalendar, add_days
from schedules.calendars import BusinessCalendar, shift_business_days
from schedules.derivation import Derivation, Reasoned, later
from schedules.frozen import swift


class AmbiguousDate(ValueError):
    """The month has no corresponding day and the contract's policy is to refuse: name a month-end policy."""


class Unit(StrEnum):
    """A unit of counting."""

    DAY = "day"
    BUSINESS_DAY = "business day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months one of it is; 0 for units counted in days."""
        return _MONTHS.get(self._value_, 0)


_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class MonthEnd(StrEnum):
    """What a month step does where the target month has no such day (31 January and one month)."""

    CLAMP = "clamp"
    ROLL_UP = "roll_up"
    ABORT = "abort"


class EventDay(StrEnum):
    """Whether the day of the event is day 0 (not counted) or day 1 (counted)."""

    NOT_COUNTED = "not_counted"
    COUNTED = "counted"


@swift
@dataclass(frozen=True, slots=True)
class Span:
    """So many of a unit, zero or more; `clear` excludes both ends and applies to units counted in days.

    `then` is a smaller span counted on from the last day of this one: a month and ten days.

    >>> Span(30, Unit.DAY, clear=True).words(), Span(1, Unit.MONTH).words()
    ('30 clear days', '1 month')
    >>> Span(1, Unit.MONTH, then=Span(10, Unit.DAY)).words()
    '1 month and 10 calendar days'
    """

    count: int
    unit: Unit
    clear: bool = False
    then: Span | None = None

    def __post_init__(self) -> None:
        if self.then is not None and (self.clear or self.then.clear or not _larger(self.unit, self.then.unit)):
            raise ValueError(f"{self.unit}s and {self.then.unit}s: larger units come first, and none of them is clear")
        if self.count < 0:
            raise ValueError(f"{self.count} {self.unit}s: a span is zero or more; count before instead of after")
        if self.clear and self.unit.months:
            raise ValueError(f"clear {self.unit}s: clear excludes both ends of a count of days; write days")

    def words(self) -> str:
        """The span as a contract would write it: '30 clear days', '5 calendar days', '1 month'."""
        name = {Unit.DAY: "clear day" if self.clear else "calendar day"}.get(self.unit, str(self.unit))
        if self.clear and self.unit is not Unit.DAY:
            name = f"clear {name}"
        own = f"{self.count} {name}" if self.count == 1 else f"{self.count} {name}s"
        return own if self.then is None else f"{own} and {self.then.words()}"

    def counts_business_days(self) -> bool:
        """Whether any part of it needs to know which days are open."""
        return self.unit is Unit.BUSINESS_DAY or (self.then is not None and self.then.counts_business_days())


def summed(parts: Sequence[Span]) -> Span:
    """The one span that parts, larger units first, come to: months add up, so do days, and only then follows the rest.

    Raises `ValueError` where a smaller unit stands before a larger one, or a unit twice.

    >>> summed([Span(1, Unit.YEAR), Span(6, Unit.MONTH)]).words()
    '18 months'
    >>> summed([Span(1, Unit.MONTH), Span(1, Unit.WEEK), Span(3, Unit.DAY)]).words()
    '1 month and 10 calendar days'
    """
    if any(not _larger(one.unit, other.unit) for one, other in pairwise(parts)):
        raise ValueError(f"{' '.join(part.words() for part in parts)}: larger units come first, each once")
    if len(parts) == 1:
        return parts[0]
    months = [part.count * part.unit.months for part in parts if part.unit.months]
    days = [part.count * (7 if part.unit is Unit.WEEK else 1) for part in parts if part.unit in (Unit.WEEK, Unit.DAY)]
    rest = [part for part in parts if part.unit is Unit.BUSINESS_DAY]
    whole: Span | None = rest[0] if rest else None
    if days:
        whole = Span(sum(days), Unit.DAY, then=whole)
    if months:
        whole = Span(sum(months), Unit.MONTH, then=whole)
    assert whole is not None, "two parts at least"
    return whole


def _larger(one: Unit, other: Unit) -> bool:
    """Whether a unit may stand before another in a compound span."""
    order = (Unit.YEAR, Unit.QUARTER, Unit.MONTH, Unit.WEEK, Unit.DAY, Unit.BUSINESS_DAY)
    return order.index(one) < order.index(other)


@swift
@dataclass(frozen=True, slots=True)
class Counting:
    """How a contract counts: the policies that a span needs besides its number.

    Args:
        event_day: whether the event's day counts as day 1.
        month_end: what month steps do at the end of a month.
        calendar: which days are business days; needed for business-day spans and for short periods only.
        short_days: a span of so many days or fewer leaves closed days out of the count; 0 where none does.
        chosen: why a policy is as it is, by its name here, where somebody chose between two ways to read the text.
    """

    event_day: EventDay = EventDay.NOT_COUNTED
    month_end: MonthEnd = MonthEnd.CLAMP
    calendar: BusinessCalendar | None = None
    short_days: int = 0
    chosen: tuple[tuple[str, Derivation], ...] = ()

    def because(self, *policies: str) -> tuple[Derivation, ...]:
        """Why these policies are as they are, as steps of an explanation."""
        return tuple(step for policy, step in self.chosen if policy in policies)

    def settling(self, event_day: EventDay) -> Counting:
        """The same counting where the words themselves settle whether the event's day counts, of the whole period."""
        short_days = 0 if event_day is EventDay.NOT_COUNTED else self.short_days
        chosen = tuple(one for one in self.chosen if one[0] != "event_day")
        return replace(self, event_day=event_day, short_days=short_days, chosen=chosen)

    def counts_open_days(self, span: Span) -> bool:
        """Whether only business days of the span count: it says so, or it is a short period of days."""
        return span.unit is Unit.BUSINESS_DAY or (span.unit is Unit.DAY and 0 < span.count <= self.short_days)


PLAIN = Counting()


def add_months(anchor: date, months: int, policy: MonthEnd = MonthEnd.CLAMP) -> date:
    """The corresponding day so many months from the anchor; negative counts go back.

    Raises `AmbiguousDate` under `abort` where the month has no such day, `BeyondCalendar` outside years 1 to 9999.

    >>> add_months(date(2005, 4, 11), 12).isoformat()
    '2006-04-11'
    >>> add_months(date(2026, 1, 31), 1).isoformat(), add_months(date(2026, 1, 31), 1, MonthEnd.ROLL_UP).isoformat()
    ('2026-02-28', '2026-03-01')
    """
    ordinal = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(ordinal, 12)
    if not 1 <= year <= 9999:
        raise BeyondCalendar(f"{months} months from {anchor} leaves the calendar; check the number")
    last = _last_of_month(year, month + 1)
    if anchor.day <= last:
        return date(year, month + 1, anchor.day)
    if policy is MonthEnd.ABORT:
        raise AmbiguousDate(
            f"{months} months from {anchor}: {year}-{month + 1:02d} has no day {anchor.day};"
            " choose the month-end policy clamp or roll_up"
        )
    clamped = date(year, month + 1, last)
    return clamped if policy is MonthEnd.CLAMP else add_days(clamped, 1)


def after(span: Span, anchor: Reasoned[date], counting: Counting = PLAIN) -> Reasoned[date]:
    """The last day of the span that follows the anchor's day.

    Source: the event is day 0 and the last day is event + N (BGB 187(1); FRCP 6(a)(1)(A)). Clear days add one.

    >>> hired = Reasoned(date(2006, 10, 16), Derivation("change of control", "2006-10-16", kind="event"))
    >>> after(Span(5, Unit.DAY), hired).value.isoformat()
    '2006-10-21'
    >>> after(Span(1, Unit.MONTH), Reasoned(date(2026, 1, 31), hired.why)).value.isoformat()
    '2026-02-28'
    """
    return _count(span, anchor, counting, 1)


def before(span: Span, anchor: Reasoned[date], counting: Counting = PLAIN) -> Reasoned[date]:
    """The day the span lies before the anchor's day, counted backward by the same rules.

    >>> end = Reasoned(date(2007, 4, 10), Derivation("last day of protected", "2007-04-10"))
    >>> before(Span(30, Unit.DAY), end).value.isoformat(), before(Span(30, Unit.DAY, clear=True), end).value.isoformat()
    ('2007-03-11', '2007-03-10')
    """
    return _count(span, anchor, counting, -1)


def reached(span: Span, anchor: date, counting: Counting = PLAIN, *, back: bool = False) -> date:
    """The day alone to which `after`, or going back `before`, comes; for counts that nobody asks the reasons of.

    >>> reached(Span(30, Unit.DAY), date(2007, 4, 10), back=True).isoformat()
    '2007-03-11'
    >>> reached(Span(1, Unit.MONTH, then=Span(1, Unit.DAY)), date(2026, 1, 31)).isoformat()
    '2026-03-01'
    """
    direction = -1 if back else 1
    if span.then is None:
        return _day(span, anchor, counting, direction)
    first = _day(replace(span, then=None), anchor, counting, direction)
    return reached(span.then, first, _after_first(span, counting), back=back)


def _count(span: Span, anchor: Reasoned[date], counting: Counting, direction: int) -> Reasoned[date]:
    if span.then is not None:
        first = _count(replace(span, then=None), anchor, counting, direction)
        return _count(span.then, first, _after_first(span, counting), direction)
    day = _day(span, anchor.value, counting, direction)
    return Reasoned(day, later(_counted, span, anchor, counting, direction, day))


def _after_first(span: Span, counting: Counting) -> Counting:
    """Whether the event's own day counts is settled by the first part, unless that is nothing."""
    return counting.settling(EventDay.NOT_COUNTED) if span.count else counting


def _counts_its_day(span: Span, counting: Counting) -> bool:
    """Whether the anchor is day 1. Clear days leave both ends out whatever the contract counts otherwise."""
    return counting.event_day is EventDay.COUNTED and not span.clear and span.count > 0


def _day(span: Span, anchor: date, counting: Counting, direction: int) -> date:
    counted = _counts_its_day(span, counting)
    extra = (1 if span.clear else 0) - (1 if counted else 0)
    if months := span.unit.months:
        day = add_months(anchor, span.count * months * direction, counting.month_end)
        return _inclusive_end(day, anchor, direction) if counted else day
    if counting.counts_open_days(span):
        if counting.calendar is None:
            raise ValueError(f"{span.words()}: name the business-day calendar to count by")
        return shift_business_days(anchor, (span.count + extra) * direction, counting.calendar)
    days = span.count * (7 if span.unit is Unit.WEEK else 1) + extra
    return add_days(anchor, days * direction)


def _counted(span: Span, anchor: Reasoned[date], counting: Counting, direction: int, day: date) -> Derivation:
    counted = _counts_its_day(span, counting)
    side = "after" if direction > 0 else "before"
    day_words = "the day itself counted as day 1" if counted else "the day itself not counted"
    inputs: tuple[Derivation, ...] = (anchor.why,)
    if span.unit.months and not counted:
        day_words = f"to the corresponding day, month end by {counting.month_end}"
    elif counting.calendar is not None and counting.counts_open_days(span):
        inputs = (anchor.why, counting.calendar.why(anchor.value, day))
        if span.unit is Unit.DAY:
            day_words += f", closed days left out of a period of {counting.short_days} days or fewer"
    inputs = (*inputs, *asked_of(span, anchor.value, counting))
    return Derivation(f"{span.words()} {side} {anchor.value}, {day_words}", day.isoformat(), inputs)


def asked_of(span: Span, anchor: date, counting: Counting) -> tuple[Derivation, ...]:
    """Why the policies that the count asked are as they are; what could change nothing is not said."""
    if not counting.chosen:
        return ()
    asked = []
    if not span.clear:
        asked.append("event_day")
    if span.unit.months and anchor.day > 28:
        asked.append("month_end")
    if span.unit is Unit.DAY and counting.counts_open_days(span):
        asked.append("short_periods")
    return counting.because(*asked)


def _inclusive_end(corresponding: date, anchor: date, direction: int) -> date:
    """The other end of months of which the anchor's day is itself one end, and in.

    It is one day short of the corresponding day; where there is none, the clamped day (going forward) and the rolled
    up day (going back) are already that end.
    """
    if corresponding.day != anchor.day:
        rolled_up = corresponding.day == 1
        if rolled_up == (direction < 0):
            return corresponding
    return add_days(corresponding, -direction)


def _last_of_month(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31
