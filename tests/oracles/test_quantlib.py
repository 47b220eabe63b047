"""Business days against QuantLib: the seven conventions, counts of business days, and joined calendars."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

import pytest
import QuantLib as ql  # noqa: N813 -- its own documentation calls it so
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.calendars import BusinessCalendar, joined, shift_business_days
from schedules.conventions import Convention, adjust
from schedules.derivation import Derivation, Reasoned
from schedules.spans import add_months

THEIRS = {
    Convention.UNADJUSTED: ql.Unadjusted,
    Convention.FOLLOWING: ql.Following,
    Convention.MODIFIED_FOLLOWING: ql.ModifiedFollowing,
    Convention.HALF_MONTH_MODIFIED_FOLLOWING: ql.HalfMonthModifiedFollowing,
    Convention.PRECEDING: ql.Preceding,
    Convention.MODIFIED_PRECEDING: ql.ModifiedPreceding,
    Convention.NEAREST: ql.Nearest,
}
FIRST = date(2026, 1, 1)
# Few days and many holidays, so that rows of closed days cross the middle and the ends of months.
days = st.integers(0, 150).map(lambda number: FIRST + timedelta(days=number))
calendars = st.builds(
    lambda holidays, weekend: BusinessCalendar("given", "1", holidays, weekend),
    st.frozensets(days, max_size=60),
    st.frozensets(st.integers(0, 6), max_size=3),
)
_numbers = count()


def theirs(calendar: BusinessCalendar) -> ql.Calendar:
    """The same calendar as QuantLib has it. Calendars of one name share their holidays there, so each has its own."""
    made = ql.BespokeCalendar(f"given {next(_numbers)}")
    for weekday in calendar.weekend:
        # Sunday is its first day of the week.
        made.addWeekend((weekday + 1) % 7 + 1)
    for day in calendar.holidays:
        made.addHoliday(there(day))
    return made


def there(day: date) -> ql.Date:
    """A date as QuantLib has it."""
    return ql.Date(day.day, day.month, day.year)


def back(day: ql.Date) -> date:
    """A date of QuantLib's."""
    return date(day.year(), day.month(), day.dayOfMonth())


def test_every_convention_has_a_counterpart() -> None:
    assert set(THEIRS) == set(Convention)


@pytest.mark.parametrize("convention", THEIRS, ids=str)
@given(days, calendars)
@settings(max_examples=150, deadline=None)
def test_a_closed_day_moves_as_in_quantlib(convention: Convention, day: date, calendar: BusinessCalendar) -> None:
    """A payment would fall on another day than the convention it is agreed by gives."""
    found = adjust(Reasoned(day, Derivation("due", str(day))), convention, calendar).value
    assert found == back(theirs(calendar).adjust(there(day), THEIRS[convention]))


@given(days, calendars, st.integers(-40, 40).filter(bool))
@settings(max_examples=300, deadline=None)
def test_business_days_are_counted_as_in_quantlib(day: date, calendar: BusinessCalendar, number: int) -> None:
    assert shift_business_days(day, number, calendar) == back(theirs(calendar).advance(there(day), number, ql.Days))


@given(days, calendars, calendars)
@settings(max_examples=150, deadline=None)
def test_joined_calendars_are_open_as_in_quantlib(day: date, one: BusinessCalendar, other: BusinessCalendar) -> None:
    both = ql.JointCalendar(theirs(one), theirs(other), ql.JoinHolidays)
    assert joined([one, other]).is_open(day) == both.isBusinessDay(there(day))


@given(st.dates(date(1951, 1, 1), date(2149, 12, 31)), st.integers(-600, 600))
def test_months_are_counted_as_in_quantlib(day: date, months: int) -> None:
    moved = ql.NullCalendar().advance(there(day), months, ql.Months, ql.Unadjusted)
    assert add_months(day, months) == back(moved)
