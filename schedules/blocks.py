"""Blocks of months that follow one another without a gap: calendar months, quarters and years, and years of one's own.

A block runs from the day its turn begins to the day before the next one begins. Every beginning is counted from the
same first day, so that a year that begins on 29 February begins there again in the next leap year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schedules.bounds import add_days
from schedules.spans import MonthEnd, add_months

# The calendar's own blocks, in months.
CALENDAR_PERIODS = {"month": 1, "quarter": 3, "year": 12}
_FIRST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its ordinal (0 begins on the first day) and its first and last day, both in."""

    ordinal: int
    first_on: date
    last_on: date


def block(day: date, months: int, begins: date = _FIRST, policy: MonthEnd = MonthEnd.CLAMP) -> Block:
    """The block of so many months a day lies in, where one of them begins on the day `begins`.

    Days before `begins` lie in blocks of negative ordinals. Raises `BeyondCalendar` outside years 1 to 9999,
    `AmbiguousDate` under `abort` where a block would begin on a day that its month does not have.

    >>> found = block(date(2026, 5, 20), CALENDAR_PERIODS["quarter"])
    >>> str(found.first_on), str(found.last_on)
    ('2026-04-01', '2026-06-30')
    >>> fiscal = block(date(2026, 6, 30), 12, date(2000, 7, 1))
    >>> str(fiscal.first_on), str(fiscal.last_on)
    ('2025-07-01', '2026-06-30')
    """
    if months < 1:
        raise ValueError(f"a block of {months} months never moves on; write 1 or more")
    ordinal = ((day.year - begins.year) * 12 + day.month - begins.month) // months
    if add_months(begins, ordinal * months, policy) > day:
        ordinal -= 1
    first = add_months(begins, ordinal * months, policy)
    return Block(ordinal, first, add_days(add_months(begins, (ordinal + 1) * months, policy), -1))
