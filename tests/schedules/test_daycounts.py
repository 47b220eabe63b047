"""Shares of a year: as banks count them, and adding up over windows that adjoin."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.daycounts import DayCount, Months, of_calendar_months, of_months, of_years

ql = pytest.importorskip("QuantLib")
DAYS = st.dates(date(1992, 1, 1), date(2060, 12, 31))
LENGTHS = st.integers(0, 1500)
THEIRS = {
    DayCount.ACTUAL_365: ql.Actual365Fixed(),
    DayCount.ACTUAL_360: ql.Actual360(),
    DayCount.ACTUAL_ACTUAL: ql.ActualActual(ql.ActualActual.ISDA),
    DayCount.THIRTY_360: ql.Thirty360(ql.Thirty360.BondBasis),
    DayCount.THIRTY_E_360: ql.Thirty360(ql.Thirty360.European),
}
ADDING_UP = [by for by in DayCount if by is not DayCount.THIRTY_360]


@pytest.mark.parametrize("by", DayCount)
@given(first=DAYS, length=LENGTHS)
@settings(max_examples=300, deadline=None)
def test_day_counts_are_those_of_quantlib(by: DayCount, first: date, length: int) -> None:
    """A bank that checks the figure by the day count the contract names would come to another one."""
    last = first + timedelta(days=length)
    until = last + timedelta(days=1)
    theirs = THEIRS[by].yearFraction(_day(first), _day(until))
    assert abs(float(of_years(first, last, by)) - theirs) < 1e-12


def _day(day: date) -> object:
    return ql.Date(day.day, day.month, day.year)


@pytest.mark.parametrize("by", ADDING_UP)
@given(first=DAYS, one=LENGTHS, other=LENGTHS)
def test_windows_that_adjoin_add_up(by: DayCount, first: date, one: int, other: int) -> None:
    """Two payments for two parts of a year would not come to the payment for both."""
    middle = first + timedelta(days=one)
    last = middle + timedelta(days=1 + other)
    parts = of_years(first, middle, by) + of_years(middle + timedelta(days=1), last, by)
    assert parts == of_years(first, last, by)


@given(first=DAYS, one=LENGTHS, other=LENGTHS)
def test_months_by_their_days_add_up(first: date, one: int, other: int) -> None:
    """A month paid in two parts would not come to the month."""
    middle = first + timedelta(days=one)
    last = middle + timedelta(days=1 + other)
    parts = of_calendar_months(first, middle) + of_calendar_months(middle + timedelta(days=1), last)
    assert parts == of_calendar_months(first, last)


@given(first=DAYS, length=LENGTHS)
def test_whole_and_begun_months_enclose_the_exact_ones(first: date, length: int) -> None:
    """A month that has begun would count as none, or one that is not over as a whole one."""
    exact, whole, begun = (of_months(first, first + timedelta(days=length), by) for by in Months)
    assert whole <= exact <= begun <= whole + 1


def test_a_month_counts_both_its_ends() -> None:
    """The last day of a month would be left out of it."""
    assert of_months(date(2026, 1, 1), date(2026, 1, 31), Months.WHOLE) == 1
    assert of_months(date(2024, 2, 1), date(2025, 1, 31), Months.WHOLE) == 12
    assert of_years(date(2026, 2, 1), date(2026, 2, 28), DayCount.THIRTY_360) == Fraction(30, 360)
