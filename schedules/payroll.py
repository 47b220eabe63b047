"""Payroll calendars: which days end a pay period, and which day pays it.

A rhythm numbers its periods without a beginning and without an end, so that a period keeps its number whatever day the
calendar was stated by. Paydays follow from periods: so many days after one ends, or a day of the month.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Protocol

from schedules.bounds import add_days
from schedules.calendars import BusinessCalendar
from schedules.conventions import Convention, adjust
from schedules.derivation import Derivation, Reasoned, later
from schedules.spans import MonthEnd, Span, Unit, add_months

LAST = 31


class Rhythm(Protocol):
    """Periods back to back, numbered in order: what every way of dividing time has."""

    def __hash__(self) -> int: ...

    def end(self, number: int) -> date:
        """The last day of the period of that number."""
        ...

    def number(self, day: date) -> int:
        """The number of the period a day lies in."""
        ...

    def name(self, number: int) -> str:
        """What the period is called, whatever day its calendar was stated by."""
        ...

    def words(self) -> str:
        """The rhythm as a payroll calendar says it."""
        ...


@dataclass(frozen=True, slots=True)
class EveryDays:
    """Periods of so many days, one of which ends on `ending`.

    >>> two_weeks = EveryDays(14, date(2005, 4, 22))
    >>> two_weeks.end(two_weeks.number(date(2005, 4, 23))).isoformat()
    '2005-05-06'
    """

    days: int
    ending: date

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"periods of {self.days} days never end; write a day or more")

    @property
    def _phase(self) -> int:
        return self.ending.toordinal() % self.days

    def end(self, number: int) -> date:
        return add_days(date.min, number * self.days + self._phase - 1)

    def number(self, day: date) -> int:
        return -((self._phase - day.toordinal()) // self.days)

    def name(self, number: int) -> str:
        return f"period {number}"

    def words(self) -> str:
        return f"{self.days} days ending {self.ending}"

    def __eq__(self, other: object) -> bool:
        # Whichever of its ends was named, the calendar is the same.
        return isinstance(other, EveryDays) and (self.days, self._phase) == (other.days, other._phase)

    def __hash__(self) -> int:
        return hash((self.days, self._phase))


@dataclass(frozen=True, slots=True)
class MonthDays:
    """Periods that end on these days of every month, in order; 29, 30 and 31 mean the last day of a shorter month.

    >>> halves = MonthDays((15, LAST))
    >>> [halves.end(halves.number(date(2026, 2, day))).day for day in (1, 15, 16, 28)]
    [15, 15, 28, 28]
    """

    ends: tuple[int, ...]

    def __post_init__(self) -> None:
        rising = all(one < then for one, then in pairwise((0, *self.ends)))
        if not self.ends or not rising or self.ends[-1] > LAST or any(day > 27 for day in self.ends[:-1]):
            raise ValueError("the days of a month rise, and only the last of them lies after the 27th")

    def end(self, number: int) -> date:
        months, slot = divmod(number, len(self.ends))
        return _day_of_month(months, self.ends[slot])

    def number(self, day: date) -> int:
        months = day.year * 12 + day.month - 1
        slot = next((slot for slot, end in enumerate(self.ends) if day <= _day_of_month(months, end)), len(self.ends))
        return months * len(self.ends) + slot

    def name(self, number: int) -> str:
        months, slot = divmod(number, len(self.ends))
        month = f"{months // 12}-{months % 12 + 1:02d}"
        return f"month {month}" if len(self.ends) == 1 else f"part {slot + 1} of month {month}"

    def words(self) -> str:
        return f"{_how_often(len(self.ends))} ending {_listed(self.ends)}"


@dataclass(frozen=True, slots=True)
class Steps:
    """Periods of one span each, counted from the day the first of them begins, never from one another.

    >>> months = Steps(date(2026, 1, 31), Span(1, Unit.MONTH))
    >>> [months.end(number).isoformat() for number in (1, 2, 3)]
    ['2026-02-27', '2026-03-30', '2026-04-29']
    """

    start: date
    every: Span
    month_end: MonthEnd = MonthEnd.CLAMP

    def __post_init__(self) -> None:
        if not self.every.count or self.every.unit is Unit.BUSINESS_DAY:
            raise ValueError(f"periods of {self.every.words()}: periods are a calendar day or longer")

    def end(self, number: int) -> date:
        unit, count = self.every.unit, self.every.count
        if months := unit.months:
            return add_days(add_months(self.start, number * count * months, self.month_end), -1)
        return add_days(self.start, number * count * (7 if unit is Unit.WEEK else 1) - 1)

    def number(self, day: date) -> int:
        unit = self.every.unit
        if unit.months:
            months = (day.year - self.start.year) * 12 + day.month - self.start.month
            number = months // (self.every.count * unit.months)
        else:
            number = (day - self.start).days // (self.every.count * (7 if unit is Unit.WEEK else 1))
        while self.end(number) < day:
            number += 1
        return number

    def name(self, number: int) -> str:
        return str(number)

    def words(self) -> str:
        return f"every {self.every.words()} from {self.start}"


@dataclass(frozen=True, slots=True)
class Payday:
    """A day on which a period is paid: the calendar's own day, and the day it moves to where that is closed."""

    number: int
    nominal_on: date
    paid: Reasoned[date]

    @property
    def paid_on(self) -> date:
        """The day the money moves."""
        return self.paid.value


@dataclass(frozen=True, slots=True)
class PayCalendar:
    """Pay periods and their paydays.

    Args:
        rhythm: which days end a period.
        lag: how many days after its end a period is paid; used where `paid` is empty.
        paid: days of the month on which periods are paid, as many as the rhythm has in a month.
        later: how many paydays after its own place among `paid` a period is paid.
        roll: how a payday on a closed day moves.
    """

    rhythm: EveryDays | MonthDays
    lag: int = 0
    paid: tuple[int, ...] = ()
    later: int = 0
    roll: Convention = Convention.UNADJUSTED

    def nominal(self, number: int) -> date:
        """The day that pays a period, before it moves off a closed day."""
        if not self.paid:
            return add_days(self.rhythm.end(number), self.lag)
        months, slot = divmod(number + self.later, len(self.paid))
        return _day_of_month(months, self.paid[slot])

    def payday(self, number: int, business: BusinessCalendar | None = None) -> Payday:
        """The payday of a period; `business` says which days are closed, and is needed where the calendar rolls."""
        nominal = self.nominal(number)
        why = later(_payday_by, self, nominal)
        paid = Reasoned(nominal, why)
        if self.roll is not Convention.UNADJUSTED:
            if business is None:
                raise ValueError(f"{self.words()}: name the business-day calendar that paydays roll by")
            paid = adjust(paid, self.roll, business)
        return Payday(number, nominal, paid)

    def paydays(self, first: date, business: BusinessCalendar | None = None) -> Iterator[Payday]:
        """Every payday from a day on, that day included, in order and without an end.

        >>> halves = PayCalendar(MonthDays((15, LAST)), paid=(15, LAST))
        >>> paid = halves.paydays(date(2026, 1, 16))
        >>> [next(paid).paid_on.isoformat() for _ in range(3)]
        ['2026-01-31', '2026-02-15', '2026-02-28']
        """
        # A payday may have been moved here from days before.
        margin = 0 if self.roll is Convention.UNADJUSTED else LAST
        number = self.rhythm.number(first)
        while self.nominal(number) >= add_days(first, -margin):
            number -= 1
        while True:
            number += 1
            payday = self.payday(number, business)
            if payday.paid_on >= first:
                yield payday

    def words(self) -> str:
        """The calendar as a person states it; the same text means the same calendar."""
        rolls = "" if self.roll is Convention.UNADJUSTED else f" roll {self.roll}"
        if self.paid:
            next_month = " of the next month" if len(self.paid) == 1 and self.later else ""
            return f"{_how_often(len(self.paid))} paid {_listed(self.paid)}{next_month}{rolls}"
        lag = f" paid {self.lag} days later" if self.lag else ""
        return f"{self.rhythm.words()}{lag}{rolls}"


def _payday_by(calendar: PayCalendar, nominal: date) -> Derivation:
    return Derivation(f"payday by {calendar.words()}", nominal.isoformat(), kind="calendar")


def monthly(day: int, *, next_month: bool = False, roll: Convention = Convention.UNADJUSTED) -> PayCalendar:
    """Calendar months, each paid on a day of that month or of the next.

    >>> monthly(25).nominal(monthly(25).rhythm.number(date(2026, 2, 3))).isoformat()
    '2026-02-25'
    """
    return PayCalendar(MonthDays((LAST,)), paid=(day,), later=1 if next_month else 0, roll=roll)


def semi_monthly(one: int, then: int, *, roll: Convention = Convention.UNADJUSTED) -> PayCalendar:
    """Half months, 1 to 15 and 16 to the last: the first half is paid on the first of the two paydays from the 15th
    on, the second half on the payday after that.

    >>> plain, late = semi_monthly(15, LAST), semi_monthly(1, 16)
    >>> number = plain.rhythm.number(date(2026, 1, 20))
    >>> plain.nominal(number).isoformat(), late.nominal(number).isoformat()
    ('2026-01-31', '2026-02-01')
    """
    days = tuple(sorted((one, then)))
    MonthDays(days)  # refuses two days that would meet in February
    later = next((place for place, day in enumerate(days) if day >= 15), 2)
    return PayCalendar(MonthDays((15, LAST)), paid=days, later=later, roll=roll)


def _day_of_month(months: int, day: int) -> date:
    """A day of a month, counted in months from year 0; the last day where the month is shorter."""
    return add_months(date(1, 1, day), months - 12)


def _how_often(times: int) -> str:
    return {1: "monthly", 2: "semi-monthly"}[times]


def _listed(days: tuple[int, ...]) -> str:
    return " and ".join("last" if day == LAST else str(day) for day in days)
