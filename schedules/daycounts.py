"""How much of a year, a month or another window a stretch of days is, by the day counts that contracts name.

Source: ISDA 2006 Definitions, section 4.16: actual/365 (fixed), actual/actual (ISDA), actual/360, 30/360 (bond basis)
and 30E/360. A stretch is given by its first and last day, both in, so it ends where the next day begins.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from fractions import Fraction

from schedules.bounds import add_days
from schedules.elapsed import elapsed


class DayCount(StrEnum):
    """A convention for the share of a year that lies between two days."""

    ACTUAL_365 = "actual/365"
    ACTUAL_ACTUAL = "actual/actual"
    ACTUAL_360 = "actual/360"
    THIRTY_360 = "30/360"
    THIRTY_E_360 = "30E/360"


class Months(StrEnum):
    """How months count: with the days left over as a share, only whole ones, or each that has begun."""

    EXACT = "months"
    WHOLE = "whole months"
    BEGUN = "begun months"


def of_years(first: date, last: date, by: DayCount) -> Fraction:
    """How many years the days from the first to the last are, both in.

    >>> of_years(date(2026, 1, 1), date(2026, 12, 31), DayCount.ACTUAL_365)
    Fraction(1, 1)
    >>> of_years(date(2024, 1, 1), date(2024, 12, 31), DayCount.ACTUAL_365)
    Fraction(366, 365)
    """
    until = add_days(last, 1)
    match by:
        case DayCount.ACTUAL_365:
            return Fraction((until - first).days, 365)
        case DayCount.ACTUAL_360:
            return Fraction((until - first).days, 360)
        case DayCount.ACTUAL_ACTUAL:
            return _by_year(first, until)
        case _:
            return Fraction(days_of_thirty(first, last, by), 360)


def days_of_thirty(first: date, last: date, by: DayCount) -> int:
    """The days from the first to the last, both in, where every month has thirty."""
    until = add_days(last, 1)
    begin, end = min(first.day, 30), until.day
    if end == 31 and (by is DayCount.THIRTY_E_360 or begin == 30):
        end = 30
    return 360 * (until.year - first.year) + 30 * (until.month - first.month) + end - begin


def _by_year(first: date, until: date) -> Fraction:
    """The days of each calendar year over the days that year has."""
    total = Fraction(0)
    for year in range(first.year, until.year + 1):
        begin, end = max(first, date(year, 1, 1)), min(until, date(year + 1, 1, 1)) if year < 9999 else until
        total += Fraction(max(0, (end - begin).days), 366 if isleap(year) else 365)
    return total


def of_calendar_months(first: date, last: date) -> Fraction:
    """How many months the days are, each month's days over the days that month has.

    >>> str(of_calendar_months(date(2026, 4, 16), date(2026, 5, 31)))
    '3/2'
    """
    total, begin = Fraction(0), first
    while begin <= last:
        size = monthrange(begin.year, begin.month)[1]
        end = min(last, begin.replace(day=size))
        total += Fraction((end - begin).days + 1, size)
        begin = add_days(end, 1)
    return total


def of_months(first: date, last: date, by: Months) -> Fraction:
    """How many months the days from the first to the last are, both in; 1 to 31 January is one.

    >>> [str(of_months(date(2026, 1, 1), date(2026, 2, 14), by)) for by in Months]
    ['3/2', '1', '2']
    """
    exact = elapsed("months", first, add_days(last, 1)).value
    rounding: dict[Months, Callable[[Fraction], Fraction]] = {
        Months.EXACT: lambda months: months,
        Months.WHOLE: lambda months: Fraction(months.numerator // months.denominator),
        Months.BEGUN: lambda months: Fraction(-(-months.numerator // months.denominator)),
    }
    return rounding[by](exact)
