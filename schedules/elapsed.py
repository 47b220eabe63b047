"""How much time lies between two days: whole months and years, and the exact share of the one that is running.

A month of service completes on the corresponding day, so from 11 April to 10 April is short of a year by a day. Months
count from the first day, never from the one before: 31 January, 28 February, 31 March.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from schedules.derivation import Derivation, Reasoned
from schedules.spans import MonthEnd, add_months

UNITS = {"days": 1, "weeks": 7, "months": 1, "years": 12}


def elapsed(unit: str, first: date, last: date, *, whole: bool = False) -> Reasoned[Fraction]:
    """How many days, weeks, months or years have passed on the last day, the first day itself not counted.

    With `whole` only those that are complete; else months and years take the days left over as a share of the month or
    year they belong to. Raises `ValueError` where the last day comes before the first.

    >>> start = date(2005, 4, 11)
    >>> [int(elapsed("years", start, day, whole=True).value) for day in (date(2007, 4, 10), date(2007, 4, 11))]
    [1, 2]
    >>> str(elapsed("months", date(2026, 1, 15), date(2026, 3, 1)).value)
    '3/2'
    """
    if last < first:
        raise ValueError(f"{last} comes before {first}")
    days = (last - first).days
    size = UNITS[unit]
    if unit in ("days", "weeks"):
        exact = Fraction(days, size)
    else:
        complete = _complete(first, last, size)
        began, ends = add_months(first, complete * size), add_months(first, (complete + 1) * size)
        exact = complete + Fraction((last - began).days, (ends - began).days)
    if whole:
        exact = Fraction(exact.numerator // exact.denominator)
    words = f"{'whole ' if whole else ''}{unit} from {first}, that day not counted, to {last}"
    return Reasoned(exact, Derivation(words, str(exact)))


def _complete(first: date, last: date, months: int) -> int:
    """How often so many months have come to their corresponding day."""
    count = ((last.year - first.year) * 12 + last.month - first.month) // months
    return count if add_months(first, count * months, MonthEnd.CLAMP) <= last else count - 1
