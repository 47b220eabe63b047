"""Days that come round once a year: a month and day such as 15 March, and the anniversaries of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schedules.blocks import block
from schedules.bounds import BeyondCalendar
from schedules.spans import MonthEnd, add_months

_LEAP = 2000
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of every year; raises `ValueError` for one that no year has.

    >>> MonthDay(3, 15).words()
    'march 15'
    """

    month: int
    day: int

    def __post_init__(self) -> None:
        try:
            date(_LEAP, self.month, self.day)
        except ValueError:
            raise ValueError(f"no year has a day {self.day} in month {self.month}") from None

    def words(self) -> str:
        """As a contract would write it."""
        return f"{MONTHS[self.month - 1]} {self.day}"

    def first(self) -> date:
        """A day of that name from which to count years: in a leap year, so that 29 February is one."""
        return date(_LEAP, self.month, self.day)

    def within(self, year: int, policy: MonthEnd = MonthEnd.CLAMP) -> date:
        """That day of a year: 29 February by the policy where the year has none.

        >>> str(MonthDay(2, 29).within(2027)), str(MonthDay(2, 29).within(2028))
        ('2027-02-28', '2028-02-29')
        """
        if not 1 <= year <= 9999:
            raise BeyondCalendar(f"{self.words()} of the year {year} leaves the calendar; check the number")
        return add_months(self.first(), 12 * (year - _LEAP), policy)


def next_date(of: MonthDay, day: date, *, same: bool, policy: MonthEnd = MonthEnd.CLAMP) -> date:
    """The first such day after the day; with `same`, the day itself where it is one.

    >>> ides = MonthDay(3, 15)
    >>> str(next_date(ides, date(2026, 3, 15), same=False)), str(next_date(ides, date(2026, 3, 15), same=True))
    ('2027-03-15', '2026-03-15')
    """
    found = of.within(day.year, policy)
    return found if found > day or (same and found == day) else of.within(day.year + 1, policy)


def last_date(of: MonthDay, day: date, *, same: bool, policy: MonthEnd = MonthEnd.CLAMP) -> date:
    """The last such day before the day; with `same`, the day itself where it is one.

    >>> str(last_date(MonthDay(12, 31), date(2026, 3, 15), same=True))
    '2025-12-31'
    """
    found = of.within(day.year, policy)
    return found if found < day or (same and found == day) else of.within(day.year - 1, policy)


def next_anniversary(start: date, day: date, *, same: bool, policy: MonthEnd = MonthEnd.CLAMP) -> tuple[int, date]:
    """The first anniversary of the start after the day, and which one it is; with `same`, the day itself may be it.

    The start is no anniversary of itself: the first is a year later.

    >>> number, found = next_anniversary(date(2005, 4, 11), date(2007, 4, 11), same=True)
    >>> number, str(found)
    (2, '2007-04-11')
    """
    year = block(day, 12, start, policy)
    if same and year.first_on == day and year.ordinal >= 1:
        return year.ordinal, day
    number = max(1, year.ordinal + 1)
    return number, add_months(start, 12 * number, policy)


def last_anniversary(
    start: date, day: date, *, same: bool, policy: MonthEnd = MonthEnd.CLAMP
) -> tuple[int, date] | None:
    """The last anniversary of the start before the day, and which one it is; None where there is none yet.

    >>> last_anniversary(date(2005, 4, 11), date(2006, 4, 11), same=False) is None
    True
    """
    year = block(day, 12, start, policy)
    number = year.ordinal if same or year.first_on < day else year.ordinal - 1
    return (number, add_months(start, 12 * number, policy)) if number >= 1 else None
