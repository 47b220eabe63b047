"""Laws of payroll: every day is in one pay period, and a year comes to a year's pay."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.allocation import round_half_up
from schedules.calendars import BusinessCalendar
from schedules.conventions import Convention
from schedules.payroll import LAST, EveryDays, MonthDays, PayCalendar, Rhythm, Steps, monthly, semi_monthly
from schedules.periods import Period, accrued, decimal_text, instalment, pay_periods
from schedules.spans import Span, Unit, add_months

starts = st.dates(date(1990, 1, 1), date(2060, 12, 31))
WEEKENDS = BusinessCalendar("weekends", "1")


@st.composite
def two_days(draw: st.DrawFn) -> tuple[int, ...]:
    first = draw(st.integers(1, 27))
    return (first, draw(st.integers(first + 1, LAST)))


rhythms: st.SearchStrategy[EveryDays | MonthDays] = st.one_of(
    st.builds(EveryDays, st.sampled_from([7, 14, 14, 28]), starts),
    st.builds(MonthDays, st.one_of(st.just((15, LAST)), two_days(), st.tuples(st.integers(1, LAST)))),
)
rolls = st.sampled_from([Convention.UNADJUSTED, Convention.PRECEDING, Convention.FOLLOWING])
calendars = st.one_of(
    st.builds(PayCalendar, rhythms, st.integers(0, 12), roll=rolls),
    st.builds(lambda days, roll: semi_monthly(*days, roll=roll), two_days(), rolls),
    st.builds(
        lambda day, late, roll: monthly(day, next_month=late, roll=roll), st.integers(1, LAST), st.booleans(), rolls
    ),
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[date, list[tuple[date, Rhythm]]]:
    """A first day and the rhythms in force from it on: one to four, each from a day in the first three years."""
    start = draw(starts)
    later = sorted(draw(st.sets(st.integers(1, 1100), max_size=3)))
    days = [start, *(start + timedelta(days=days) for days in later)]
    return start, [(day, draw(rhythms)) for day in days]


def until(start: date, years: int, made: list[tuple[date, Rhythm]]) -> list[Period]:
    end = add_months(start, 12 * years)
    return list(takewhile(lambda period: period.last_on < end, pay_periods(start, made)))


paces = st.sampled_from([Span(1, Unit.MONTH), Span(2, Unit.QUARTER), Span(10, Unit.DAY)])


class TestRhythms:
    @given(rhythms, starts)
    def test_a_day_lies_in_the_period_of_its_number(self, rhythm: Rhythm, day: date) -> None:
        number = rhythm.number(day)
        assert rhythm.end(number - 1) < day <= rhythm.end(number)

    @given(
        starts, st.sampled_from([Span(1, Unit.MONTH), Span(2, Unit.QUARTER), Span(10, Unit.DAY)]), st.integers(0, 2000)
    )
    def test_a_step_is_counted_from_the_first_day_alone(self, start: date, every: Span, later: int) -> None:
        """Rents paid from 31 January on would drift to the 28th."""
        steps, day = Steps(start, every), start + timedelta(days=later)
        assert steps.end(steps.number(day) - 1) < day <= steps.end(steps.number(day))
        assert steps.number(start) == 1

    def test_half_months_that_meet_in_february_are_refused(self) -> None:
        with pytest.raises(ValueError, match="27th"):
            MonthDays((28, LAST))

    def test_one_day_cannot_end_two_periods(self) -> None:
        """A slip in the paydays would pay half a month for no days at all."""
        with pytest.raises(ValueError, match="rise"):
            MonthDays((15, 15))

    def test_half_a_month_is_called_by_its_month(self) -> None:
        """What was paid for a period would be known by another name, and be paid again."""
        halves, months = MonthDays((15, LAST)), MonthDays((LAST,))
        named = [halves.name(halves.number(date(2026, 12, day))) for day in (15, 16)]
        assert named == ["part 1 of month 2026-12", "part 2 of month 2026-12"]
        assert months.name(months.number(date(2026, 1, 31))) == "month 2026-01"

    def test_a_named_end_is_any_of_its_ends(self) -> None:
        assert EveryDays(14, date(2005, 4, 22)) == EveryDays(14, date(2005, 7, 1))
        assert EveryDays(14, date(2005, 4, 22)) != EveryDays(14, date(2005, 4, 29))


class TestPaydays:
    @given(calendars, starts)
    @settings(deadline=None)
    def test_paydays_are_ordered_and_none_is_left_out(self, calendar: PayCalendar, day: date) -> None:
        """A payday that rolled back to a Friday would be taken for one that is past."""
        found = list(islice(calendar.paydays(day, WEEKENDS), 12))
        assert all(one.paid_on <= then.paid_on and one.number + 1 == then.number for one, then in pairwise(found))
        assert found[0].paid_on >= day > calendar.payday(found[0].number - 1, WEEKENDS).paid_on
        assert all(one.paid_on.weekday() < 5 for one in found) or calendar.roll is Convention.UNADJUSTED

    @given(starts, st.sampled_from([7, 14]))
    def test_a_year_has_26_or_27_paydays_every_fortnight(self, day: date, days: int) -> None:
        calendar = PayCalendar(EveryDays(days, day))
        first, last = date(day.year, 1, 1), date(day.year, 12, 31)
        count = len(list(takewhile(lambda payday: payday.paid_on <= last, calendar.paydays(first))))
        assert count in {7: (52, 53), 14: (26, 27)}[days]

    @given(st.integers(1, LAST), starts)
    def test_a_month_is_paid_once(self, on: int, day: date) -> None:
        found = [payday.nominal_on for payday in islice(monthly(on).paydays(day), 24)]
        assert len({(one.year, one.month) for one in found}) == 24

    def test_27_paydays_in_2027(self) -> None:
        calendar = PayCalendar(EveryDays(14, date(2027, 1, 1)))
        paid = list(takewhile(lambda one: one.paid_on.year == 2027, calendar.paydays(date(2027, 1, 1))))
        assert (len(paid), str(paid[-1].paid_on)) == (27, "2027-12-31")


class TestChanges:
    @given(changes())
    @settings(deadline=None)
    def test_periods_cover_every_day_once(self, made: tuple[date, list[tuple[date, Rhythm]]]) -> None:
        """A day's pay would be paid twice, or never."""
        start, rhythms_since = made
        found = until(start, 4, rhythms_since)
        assert found[0].first_on == start
        assert all(then.first_on == one.last_on + timedelta(days=1) for one, then in pairwise(found))
        assert [one.ordinal for one in found] == list(range(1, len(found) + 1))
        for since, _ in rhythms_since[1:]:
            assert all(
                one.last_on < since or one.first_on >= since or one.rhythm == then_in_force(rhythms_since, since)
                for one in found
            )

    @given(changes(), st.integers(1, 10**9))
    @settings(deadline=None)
    def test_a_year_comes_to_its_whole(self, made: tuple[date, list[tuple[date, Rhythm]]], yearly: int) -> None:
        """Somebody paid a fortnight's pay too little because payroll moved to half months."""
        start, rhythms_since = made
        paid: dict[int, int] = {}
        hours: dict[int, Fraction] = {}
        found = until(start, 6, rhythms_since)
        for period in found:
            amount = instalment(period, Fraction(yearly))
            assert amount >= 0
            paid[period.year.ordinal] = paid.get(period.year.ordinal, 0) + amount
            share = accrued(period, Fraction(160), Fraction(1, 100), "hours").value
            hours[period.year.ordinal] = hours.get(period.year.ordinal, Fraction(0)) + share
        # A first period that begins late in its calendar's is paid for its days only.
        first = found[0].spread
        short = round_half_up(yearly * first.short) if first is not None else 0
        # A year may end on a change, with nobody left to take its rest: the next one does.
        takers = {one.year.ordinal for one in found if one.spread is not None and one.spread.years == 2}
        for year in range(1, 6):
            if not {year, year + 1} & takers:
                assert paid[year] == yearly - (short if year == 1 else 0)
                assert hours[year] == 160
        assert sum(paid[year] for year in range(1, 6)) == 5 * yearly - short
        assert sum(hours[year] for year in range(1, 6)) == 5 * 160

    @given(changes(), st.integers(1, 10**9))
    @settings(deadline=None)
    def test_a_change_moves_nothing_that_ended_before_it(
        self, made: tuple[date, list[tuple[date, Rhythm]]], yearly: int
    ) -> None:
        """Two dozen payments already made would be called wrong."""
        start, rhythms_since = made
        changed_on = rhythms_since[-1][0]

        def ended(since: list[tuple[date, Rhythm]]) -> list[tuple[date, date, int]]:
            found = takewhile(lambda period: period.last_on < changed_on, pay_periods(start, since))
            whole = (one for one in found if one.last_on == one.rhythm.end(one.number))
            return [(one.first_on, one.last_on, instalment(one, Fraction(yearly))) for one in whole]

        before = ended(rhythms_since[:-1] or rhythms_since)
        assert ended(rhythms_since) == before

    def test_a_fortnight_that_has_begun_ends_the_day_before(self) -> None:
        fortnights, halves = EveryDays(14, date(2026, 1, 9)), MonthDays((15, LAST))
        start = date(2025, 12, 27)
        found = list(islice(pay_periods(start, [(start, fortnights), (date(2026, 3, 1), halves)]), 7))
        assert [(str(one.first_on), str(one.last_on)) for one in found[3:]] == [
            ("2026-02-07", "2026-02-20"),
            ("2026-02-21", "2026-02-28"),
            ("2026-03-01", "2026-03-15"),
            ("2026-03-16", "2026-03-31"),
        ]


def then_in_force(rhythms_since: list[tuple[date, Rhythm]], day: date) -> Rhythm:
    """The rhythm in force the day before."""
    return next(rhythm for since, rhythm in reversed(rhythms_since) if since < day)


@pytest.mark.parametrize(("number", "text"), [("1/20", "0.05"), ("-1/20", "-0.05"), ("0", "0"), ("123/20", "6.15")])
def test_hours_are_written_with_every_digit(number: str, text: str) -> None:
    """A twentieth of an hour would be written down as half of one."""
    assert decimal_text(Fraction(number)) == text
