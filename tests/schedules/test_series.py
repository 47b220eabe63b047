"""Laws of series: dates as QuantLib's Schedule has them, and parts that are the whole."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
import QuantLib
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.series import Remainder, boundaries, parts, step
from schedules.spans import Span, Unit

starts = st.dates(date(1990, 1, 1), date(2060, 12, 31))
spans = st.builds(Span, st.integers(1, 6), st.sampled_from([Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR]))
UNITS = {
    Unit.WEEK: (QuantLib.Weeks, 1),
    Unit.MONTH: (QuantLib.Months, 1),
    Unit.QUARTER: (QuantLib.Months, 3),
    Unit.YEAR: (QuantLib.Years, 1),
}


def quantlib(first: date, end: date, every: Span, *, backward: bool) -> tuple[date, ...]:
    """The dates of QuantLib's Schedule between the two days, on a calendar without holidays."""
    unit, times = UNITS[every.unit]
    rule = QuantLib.DateGeneration.Backward if backward else QuantLib.DateGeneration.Forward
    made = QuantLib.Schedule(
        QuantLib.Date(first.day, first.month, first.year),
        QuantLib.Date(end.day, end.month, end.year),
        QuantLib.Period(every.count * times, unit),
        QuantLib.NullCalendar(),
        QuantLib.Unadjusted,
        QuantLib.Unadjusted,
        rule,
        False,
    )
    return tuple(date(day.year(), day.month(), day.dayOfMonth()) for day in made)


class TestDates:
    @given(starts, st.integers(1, 4000), spans, st.booleans())
    @settings(max_examples=400, deadline=None)
    def test_they_are_those_of_quantlib(self, first: date, length: int, every: Span, backward: bool) -> None:
        """An instalment would fall due on a day that no other payroll or bank works out."""
        end = first + timedelta(days=length)
        assert boundaries(first, end, every, backward=backward) == quantlib(first, end, every, backward=backward)

    @pytest.mark.parametrize("backward", [False, True])
    @pytest.mark.parametrize("last_of", [date(2023, 12, 31), date(2024, 2, 29), date(2024, 4, 30)])
    def test_month_ends_are_those_of_quantlib(self, last_of: date, backward: bool) -> None:
        for months in (1, 3, 6):
            every, end = Span(months, Unit.MONTH), step(last_of, Span(3, Unit.YEAR), 1)
            assert boundaries(last_of, end, every, backward=backward) == quantlib(
                last_of, end, every, backward=backward
            )

    @given(starts, st.integers(1, 2000), spans, st.booleans(), st.booleans())
    def test_they_are_ordered_and_tile_the_stretch(
        self, first: date, length: int, every: Span, backward: bool, long_stub: bool
    ) -> None:
        end = first + timedelta(days=length)
        made = boundaries(first, end, every, backward=backward, long_stub=long_stub)
        assert (made[0], made[-1]) == (first, end)
        assert all(one < then for one, then in pairwise(made))

    @given(starts, st.integers(1, 2000), spans, st.booleans())
    def test_each_is_counted_from_the_anchor_alone(self, first: date, length: int, every: Span, backward: bool) -> None:
        """Instalments from 31 January on would drift to the 28th."""
        end = first + timedelta(days=length)
        made = boundaries(first, end, every, backward=backward)
        if backward:
            assert made[1:] == tuple(step(end, every, -number) for number in reversed(range(len(made) - 1)))
        else:
            assert made[:-1] == tuple(step(first, every, number) for number in range(len(made) - 1))

    @given(starts, st.integers(1, 2000), spans, st.booleans())
    def test_a_long_stub_is_a_short_one_and_its_neighbour(
        self, first: date, length: int, every: Span, backward: bool
    ) -> None:
        end = first + timedelta(days=length)
        short = boundaries(first, end, every, backward=backward)
        long = boundaries(first, end, every, backward=backward, long_stub=True)
        whole = step(end, every, 1 - len(short)) == first if backward else step(first, every, len(short) - 1) == end
        joined = short[:1] + short[2:] if backward else short[:-2] + short[-1:]
        assert long == (short if whole or len(short) == 2 else joined)

    @pytest.mark.parametrize("backward", [False, True])
    def test_where_nothing_is_left_over_no_step_is_a_long_one(self, backward: bool) -> None:
        """A quarter of three months would be paid in two parts, one of them for two months."""
        made = boundaries(date(2026, 1, 1), date(2026, 4, 1), Span(1, Unit.MONTH), backward=backward, long_stub=True)
        assert [day.month for day in made] == [1, 2, 3, 4]


class TestParts:
    @given(st.integers(0, 10**12), st.integers(1, 1200), st.sampled_from(Remainder))
    def test_the_parts_are_the_whole(self, whole: int, count: int, remainder: Remainder) -> None:
        """A severance in instalments would come to a cent more or less than was agreed."""
        made = parts(whole, count, remainder)
        assert (sum(made), len(made)) == (whole, count)
        assert min(made) >= 0

    @given(st.integers(0, 10**12), st.integers(2, 1200))
    def test_the_remainder_goes_where_it_is_said(self, whole: int, count: int) -> None:
        share, rest = divmod(whole, count)
        assert parts(whole, count, Remainder.LAST)[:-1] == (share,) * (count - 1)
        assert parts(whole, count, Remainder.FIRST) == (share + rest, *(share,) * (count - 1))
        assert set(parts(whole, count, Remainder.SPREAD)) <= {share, share + 1}
