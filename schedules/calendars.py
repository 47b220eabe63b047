"""Business-day calendars as values: which days are closed, under a name and a version that go into every derivation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from schedules.bounds import add_days
from schedules.derivation import Derivation

SATURDAY_SUNDAY = frozenset({5, 6})


class NeverOpen(ValueError):
    """The calendar has no business day near the date; check its weekend and its holidays."""


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The closed days of a place: its weekend (Monday is 0) and its holidays.

    `version` names the edition of the holiday data, so that a date can be explained after the data changed. Days in
    `opened` are business days although they fall on a weekend. `years` are the first and the last year whose holidays
    are known, None where all are: beyond them only weekends are closed, and `why` says so. `chosen` says why it is this
    one, where somebody chose between two ways to read the text.

    >>> us = BusinessCalendar("US", "2006", frozenset({date(2006, 7, 4)}))
    >>> us.is_open(date(2006, 7, 4)), us.is_open(date(2006, 7, 5)), us.is_open(date(2006, 7, 8))
    (False, True, False)
    """

    name: str
    version: str
    holidays: frozenset[date] = frozenset()
    weekend: frozenset[int] = SATURDAY_SUNDAY
    opened: frozenset[date] = frozenset()
    years: tuple[int, int] | None = None
    chosen: Derivation | None = None

    def is_open(self, day: date) -> bool:
        """Whether the day is a business day."""
        if day.weekday() in self.weekend:
            return day in self.opened
        return day not in self.holidays

    def why(self, *days: date) -> Derivation:
        """The calendar as a step of an explanation of these days."""
        words = f"business days by calendar {self.name}"
        if self.years is not None and any(not self.years[0] <= day.year <= self.years[1] for day in days):
            words += f", which knows the holidays of {self.years[0]} to {self.years[1]} only, and weekends beyond"
        inputs = (self.chosen,) if self.chosen is not None else ()
        return Derivation(words, f"version {self.version}", inputs, kind="calendar")


def joined(calendars: Iterable[BusinessCalendar]) -> BusinessCalendar:
    """One calendar that is open only where all of them are (QuantLib's JoinHolidays).

    >>> day = date(2006, 10, 2)
    >>> both = joined([BusinessCalendar("US", "1"), BusinessCalendar("CN", "1", frozenset({day}))])
    >>> both.name, both.is_open(day)
    ('US+CN', False)
    """
    parts = tuple(calendars)
    known = [part.years for part in parts if part.years is not None]
    opened = frozenset().union(*(part.opened for part in parts))
    return BusinessCalendar(
        name="+".join(part.name for part in parts),
        version="+".join(dict.fromkeys(part.version for part in parts)),
        holidays=frozenset().union(*(part.holidays for part in parts)),
        weekend=frozenset().union(*(part.weekend for part in parts)),
        opened=frozenset(day for day in opened if all(part.is_open(day) for part in parts)),
        years=(max(first for first, _ in known), min(last for _, last in known)) if known else None,
    )


def shift_business_days(anchor: date, count: int, calendar: BusinessCalendar) -> date:
    """The business day so many business days from the anchor; counting starts on the next day.

    A count of 0 leaves the anchor as it is, open or closed. Raises `NeverOpen` where the calendar never opens,
    `BeyondCalendar` outside years 1 to 9999.

    >>> friday = date(2006, 10, 13)
    >>> shift_business_days(friday, 1, BusinessCalendar("US", "1")).isoformat()
    '2006-10-16'
    >>> shift_business_days(date(2006, 10, 14), -1, BusinessCalendar("US", "1")).isoformat()
    '2006-10-13'
    """
    step = 1 if count > 0 else -1
    day = anchor
    for _ in range(abs(count)):
        day = next_open(add_days(day, step), step, calendar)
    return day


def next_open(day: date, step: int, calendar: BusinessCalendar) -> date:
    """The first business day from `day` on, itself included, `step` days (1 or -1) at a time; `NeverOpen` after 60."""
    for _ in range(60):
        if calendar.is_open(day):
            return day
        day = add_days(day, step)
    raise NeverOpen(f"calendar {calendar.name} has no business day within 60 days of {day}; check its closed days")
