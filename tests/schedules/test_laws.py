"""Laws of counting: what must hold for every date, not only for the ones somebody thought of."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schedules.allocation import Allocation, allocate
from schedules.blocks import block
from schedules.bounds import BeyondCalendar
from schedules.calendars import BusinessCalendar, NeverOpen, joined, shift_business_days
from schedules.conventions import Convention, adjust
from schedules.derivation import Derivation, Reasoned
from schedules.instants import end_of_day, instant, local_day
from schedules.periods import accrued, instalment, periods, service_year
from schedules.runs import total_reached
from schedules.spans import AmbiguousDate, Counting, EventDay, MonthEnd, Span, Unit, add_months, after, before, summed
from schedules.vesting import Point, Step, step_days
from schedules.windows import Window, beginning_on, following
from schedules.yearly import MonthDay, last_anniversary, last_date, next_anniversary, next_date

days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
counts = st.integers(0, 2000)
months = st.integers(0, 600)
policies = st.sampled_from([MonthEnd.CLAMP, MonthEnd.ROLL_UP])
COUNTED = Counting(EventDay.COUNTED)


def reasoned(day: date) -> Reasoned[date]:
    return Reasoned(day, Derivation("given", day.isoformat(), kind="fact"))


class TestMonths:
    @given(days, st.integers(-600, 600), policies)
    def test_a_month_step_never_overflows_into_a_later_month(self, day: date, count: int, policy: MonthEnd) -> None:
        """31 January and one month is never 3 March."""
        moved = add_months(day, count, policy)
        steps = (moved.year - day.year) * 12 + moved.month - day.month
        if moved.day == day.day:
            assert steps == count
        elif policy is MonthEnd.CLAMP:
            assert steps == count
            assert (moved + timedelta(days=1)).day == 1
        else:
            assert (steps, moved.day) == (count + 1, 1)

    @given(days, st.integers(0, 60), st.integers(0, 60))
    def test_steps_count_from_the_original_anchor_and_do_not_drift(self, day: date, first: int, second: int) -> None:
        direct = add_months(day, first + second)
        assert direct.day == day.day or (direct + timedelta(days=1)).day == 1
        assert add_months(add_months(day, first), second) <= direct

    @given(days, months, policies)
    def test_later_counts_give_later_days(self, day: date, count: int, policy: MonthEnd) -> None:
        assert add_months(day, count, policy) < add_months(day, count + 1, policy) or day.day > 28
        assert add_months(day, count, policy) <= add_months(day, count + 1, policy)

    def test_january_31_steps_to_each_month_s_own_end(self) -> None:
        ends = [add_months(date(2026, 1, 31), count).day for count in range(1, 6)]
        assert ends == [28, 31, 30, 31, 30]

    @given(days, st.integers(-600, 600))
    def test_abort_refuses_exactly_where_the_policies_differ(self, day: date, count: int) -> None:
        clamped, rolled = (add_months(day, count, policy) for policy in (MonthEnd.CLAMP, MonthEnd.ROLL_UP))
        if clamped == rolled:
            assert add_months(day, count, MonthEnd.ABORT) == clamped
        else:
            with pytest.raises(AmbiguousDate, match="choose the month-end policy"):
                add_months(day, count, MonthEnd.ABORT)

    def test_a_month_that_is_too_short_is_named(self) -> None:
        """A person would look for the missing day in the wrong month."""
        with pytest.raises(AmbiguousDate, match="2026-02 has no day 31"):
            add_months(date(2026, 1, 31), 1, MonthEnd.ABORT)

    def test_the_first_and_the_last_year_are_of_the_calendar(self) -> None:
        """What never ends would be refused in its last year, as if the number were a slip."""
        assert add_months(date(9998, 12, 31), 12) == MonthDay(12, 31).within(9999) == date.max
        assert add_months(date(2, 1, 1), -12) == MonthDay(1, 1).within(1) == date.min


class TestSpans:
    @given(days, counts, st.sampled_from([Unit.DAY, Unit.WEEK]), st.booleans(), st.sampled_from(EventDay))
    def test_after_and_before_undo_each_other(
        self, day: date, count: int, unit: Unit, clear: bool, event_day: EventDay
    ) -> None:
        span, counting = Span(count, unit, clear), Counting(event_day)
        assert before(span, after(span, reasoned(day), counting), counting).value == day

    @given(days, counts)
    def test_the_event_s_day_is_day_nought(self, day: date, count: int) -> None:
        assert after(Span(count, Unit.DAY), reasoned(day)).value == day + timedelta(days=count)

    @given(days, st.integers(1, 2000))
    def test_counted_it_is_day_one(self, day: date, count: int) -> None:
        assert after(Span(count, Unit.DAY), reasoned(day), COUNTED).value == day + timedelta(days=count - 1)

    @pytest.mark.parametrize(("count", "ends"), [(5, 9), (6, 8)])
    def test_only_a_period_as_short_as_said_leaves_closed_days_out(self, count: int, ends: int) -> None:
        """A period of just so many days would run over the weekend, or a longer one stand still on it."""
        counting = Counting(short_days=5, calendar=BusinessCalendar("weekends", "1"))
        assert after(Span(count, Unit.DAY), reasoned(date(2026, 10, 2)), counting).value == date(2026, 10, ends)

    @given(days, counts, st.sampled_from(EventDay))
    def test_clear_days_leave_out_both_ends_however_the_rest_counts(
        self, day: date, count: int, event_day: EventDay
    ) -> None:
        ends = after(Span(count, Unit.DAY, clear=True), reasoned(day), Counting(event_day)).value
        assert (ends - day).days - 1 == count, "so many whole days lie between the two"

    @given(days, st.integers(0, 400), st.sampled_from(Unit))
    def test_a_longer_span_never_ends_earlier(self, day: date, count: int, unit: Unit) -> None:
        counting = Counting(calendar=BusinessCalendar("none", "1"))
        shorter, longer = (after(Span(n, unit), reasoned(day), counting).value for n in (count, count + 1))
        assert shorter < longer or (unit.months and day.day > 28)

    def test_a_span_is_not_negative_and_months_are_not_clear(self) -> None:
        with pytest.raises(ValueError, match="zero or more"):
            Span(-1, Unit.DAY)
        with pytest.raises(ValueError, match="write days"):
            Span(1, Unit.MONTH, clear=True)

    @pytest.mark.parametrize("unit", [Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR, Unit.BUSINESS_DAY])
    def test_leaving_the_calendar_is_said_in_words(self, unit: Unit) -> None:
        counting = Counting(calendar=BusinessCalendar("none", "1"))
        with pytest.raises(BeyondCalendar, match="leaves the calendar"):
            after(Span(200_000, unit), reasoned(date(9990, 1, 1)), counting)
        with pytest.raises(BeyondCalendar, match="leaves the calendar"):
            before(Span(200_000, unit), reasoned(date(5, 1, 1)), counting)

    def test_so_are_the_other_ways_to_leave_it(self) -> None:
        last = date.max
        closed = BusinessCalendar("closed", "1", frozenset({last}), frozenset())
        for leave in (
            lambda: following(Span(0, Unit.DAY), reasoned(last)),
            lambda: end_of_day(last, ZoneInfo("UTC")),
            lambda: instant(date.min, time(0), ZoneInfo("Asia/Shanghai")),
            lambda: adjust(reasoned(last), Convention.FOLLOWING, closed),
            lambda: shift_business_days(last, 1, closed),
            lambda: service_year(date(9999, 6, 1), date(9999, 7, 1)),
        ):
            with pytest.raises(BeyondCalendar):
                leave()


class TestWindows:
    @given(st.dates(date(1900, 1, 1), date(2200, 12, 31)), st.integers(1, 60), st.integers(1, 12), policies)
    def test_windows_one_after_another_leave_no_gap_and_do_not_overlap(
        self, day: date, length: int, times: int, policy: MonthEnd
    ) -> None:
        counting = Counting(month_end=policy)
        ends = [
            beginning_on(Span(length * n, Unit.MONTH), reasoned(day), counting).value.last_on
            for n in range(1, times + 1)
        ]
        assert ends == sorted({end for end in ends if end is not None})
        for n, end in enumerate(ends, 1):
            corresponding = add_months(day, length * n)
            # The next window begins on the corresponding day, or with the next month where there is none.
            gap = timedelta(days=1)
            assert end is not None
            assert end + gap == (corresponding if corresponding.day == day.day else corresponding + gap)

    def test_24_months_commencing_end_the_day_before_the_second_anniversary(self) -> None:
        window = beginning_on(Span(24, Unit.MONTH), reasoned(date(2005, 4, 11))).value
        assert (window.first_on, window.last_on) == (date(2005, 4, 11), date(2007, 4, 10))
        assert date(2007, 4, 10) in window
        assert date(2007, 4, 11) not in window

    @pytest.mark.parametrize("policy", [MonthEnd.CLAMP, MonthEnd.ROLL_UP])
    def test_a_month_beginning_on_31_january_ends_with_february(self, policy: MonthEnd) -> None:
        window = beginning_on(Span(1, Unit.MONTH), reasoned(date(2026, 1, 31)), Counting(month_end=policy)).value
        assert window.last_on == date(2026, 2, 28)

    @given(days, st.integers(1, 400))
    def test_a_window_following_has_as_many_days_as_it_says(self, day: date, count: int) -> None:
        window = following(Span(count, Unit.DAY), reasoned(day)).value
        assert day not in window
        assert window.last_on is not None
        assert (window.last_on - window.first_on).days + 1 == count


# --- business days: a tiny oracle that looks at one day after another -----------------------------------------------

holidays = st.frozensets(st.dates(date(2006, 1, 1), date(2006, 12, 31)), max_size=40)
workdays = st.dates(date(2006, 3, 1), date(2006, 10, 31))


def calendar_of(closed: frozenset[date]) -> BusinessCalendar:
    return BusinessCalendar("test", "1", closed)


def is_open(day: date, closed: frozenset[date]) -> bool:
    return day.weekday() < 5 and day not in closed


class TestBusinessDays:
    @given(workdays, st.integers(1, 25), holidays, st.sampled_from([1, -1]))
    def test_a_shift_passes_exactly_so_many_open_days(
        self, day: date, count: int, closed: frozenset[date], side: int
    ) -> None:
        moved = shift_business_days(day, side * count, calendar_of(closed))
        assert is_open(moved, closed)
        low, high = sorted((day, moved))
        between = [low + timedelta(days=n) for n in range((high - low).days + 1)]
        assert sum(is_open(one, closed) for one in between if one != day) == count

    @given(workdays, holidays)
    def test_a_shift_of_nought_stays(self, day: date, closed: frozenset[date]) -> None:
        assert shift_business_days(day, 0, calendar_of(closed)) == day

    @given(workdays, holidays, st.sampled_from(Convention))
    def test_conventions_do_what_their_names_say(
        self, day: date, closed: frozenset[date], convention: Convention
    ) -> None:
        assert adjust(reasoned(day), convention, calendar_of(closed)).value == oracle(day, closed, convention)

    @given(workdays, holidays, st.sampled_from(Convention))
    def test_a_day_once_adjusted_stays(self, day: date, closed: frozenset[date], convention: Convention) -> None:
        once = adjust(reasoned(day), convention, calendar_of(closed))
        assert adjust(once, convention, calendar_of(closed)).value == once.value

    @pytest.mark.parametrize(
        ("due", "paid"), [("2026-11-14", 13), ("2026-11-15", 13), ("2026-11-21", 23), ("2026-06-13", 15)]
    )
    def test_the_middle_of_a_month_is_not_crossed(self, due: str, paid: int) -> None:
        """A fee for the first half of a month would be paid in the second."""
        moved = adjust(
            reasoned(date.fromisoformat(due)), Convention.HALF_MONTH_MODIFIED_FOLLOWING, calendar_of(frozenset())
        )
        assert moved.value.day == paid

    def test_what_caused_a_payment_long_before_it_moves_nothing(self) -> None:
        """A payment due on a Saturday in October would go in April, right after the hiring that it counts from."""
        for convention, paid in ((Convention.FOLLOWING, 23), (Convention.PRECEDING, 20)):
            moved = adjust(
                reasoned(date(2006, 10, 21)), convention, calendar_of(frozenset()), not_before=date(2006, 4, 11)
            )
            assert moved.value == date(2006, 10, paid)

    def test_an_open_day_is_explained_by_itself(self) -> None:
        """A reader would be told that a working Monday is closed."""
        monday = reasoned(date(2006, 10, 23))
        assert adjust(monday, Convention.FOLLOWING, calendar_of(frozenset())) is monday

    @given(workdays, holidays, st.sampled_from([c for c in Convention if c is not Convention.UNADJUSTED]))
    def test_a_payment_never_goes_before_what_caused_it(
        self, day: date, closed: frozenset[date], convention: Convention
    ) -> None:
        moved = adjust(reasoned(day), convention, calendar_of(closed), not_before=day).value
        assert moved >= day
        assert is_open(moved, closed)

    @given(workdays, holidays, holidays)
    def test_joined_calendars_are_open_where_both_are(
        self, day: date, here: frozenset[date], there: frozenset[date]
    ) -> None:
        both = joined([calendar_of(here), calendar_of(there)])
        assert both.is_open(day) is (is_open(day, here) and is_open(day, there))

    def test_a_calendar_that_never_opens_says_so(self) -> None:
        never = BusinessCalendar("never", "1", weekend=frozenset(range(7)))
        with pytest.raises(NeverOpen, match="check its closed days"):
            shift_business_days(date(2006, 1, 1), 1, never)


def oracle(day: date, closed: frozenset[date], convention: Convention) -> date:
    """The convention by looking at every day near, the way a person with a calendar on the wall would."""
    if is_open(day, closed) or convention is Convention.UNADJUSTED:
        return day
    near = [day + timedelta(days=n) for n in range(-90, 91)]
    later = next(one for one in near if one > day and is_open(one, closed))
    earlier = next(one for one in reversed(near) if one < day and is_open(one, closed))
    half_month = later.month != day.month or (day.day <= 15 and later.day > 15)
    return {
        Convention.FOLLOWING: later,
        Convention.PRECEDING: earlier,
        Convention.MODIFIED_FOLLOWING: later if later.month == day.month else earlier,
        Convention.MODIFIED_PRECEDING: earlier if earlier.month == day.month else later,
        Convention.HALF_MONTH_MODIFIED_FOLLOWING: earlier if half_month else later,
        Convention.NEAREST: earlier if day - earlier < later - day else later,
    }[convention]


# --- instants -------------------------------------------------------------------------------------------------------

ZONES = ["America/Chicago", "Asia/Shanghai", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]
zones = st.sampled_from(ZONES).map(ZoneInfo)
times = st.times().map(lambda at: at.replace(microsecond=0))


class TestInstants:
    @given(st.dates(date(1970, 1, 2), date(2037, 12, 30)), times, zones)
    def test_a_local_time_comes_back_unless_the_clocks_skipped_it(self, day: date, at: time, zone: ZoneInfo) -> None:
        moment = instant(day, at, zone)
        assert moment.tzinfo is UTC
        local = moment.astimezone(zone).replace(tzinfo=None)
        wanted = datetime.combine(day, at)
        assert local >= wanted, "a time in a gap moves later"
        assert local - wanted <= timedelta(hours=2)
        if local != wanted:
            offsets = {instant(day, time(0), zone).astimezone(zone).utcoffset(), moment.astimezone(zone).utcoffset()}
            assert len(offsets) == 2, "only where the clocks were put forward"

    @given(st.dates(date(1970, 1, 2), date(2037, 12, 30)), zones)
    def test_a_day_ends_where_the_next_begins(self, day: date, zone: ZoneInfo) -> None:
        end = end_of_day(day, zone)
        assert local_day(end, zone) > day
        assert local_day(end - timedelta(microseconds=1), zone) <= day

    def test_a_gap_moves_later_by_the_gap(self) -> None:
        chicago = ZoneInfo("America/Chicago")
        moved = instant(date(2007, 3, 11), time(2, 30), chicago).astimezone(chicago)
        assert moved.time() == time(3, 30)

    def test_an_overlap_takes_the_earlier(self) -> None:
        chicago = ZoneInfo("America/Chicago")
        assert instant(date(2007, 11, 4), time(1, 30), chicago) == datetime(2007, 11, 4, 6, 30, tzinfo=UTC)

    def test_a_day_may_start_after_midnight(self) -> None:
        """Clocks in São Paulo were put forward at midnight: 2017-10-15 began at one o'clock."""
        zone = ZoneInfo("America/Sao_Paulo")
        assert end_of_day(date(2017, 10, 14), zone).astimezone(zone).time() == time(1)


# --- sums -----------------------------------------------------------------------------------------------------------


@st.composite
def portions(draw: st.DrawFn) -> list[Fraction]:
    weights = draw(st.lists(st.integers(1, 1000), min_size=1, max_size=48))
    return [Fraction(weight, sum(weights)) for weight in weights]


class TestVesting:
    @given(st.integers(0, 10**9), st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 48)), min_size=1, max_size=6))
    def test_the_tranches_are_the_grant(self, total: int, weights: list[tuple[int, int]]) -> None:
        whole = sum(weight for weight, _ in weights)
        parts = [(Fraction(total * weight, whole), times) for weight, times in weights]
        exact = [share / times for share, times in parts for _ in range(times)]
        for kind in Allocation:
            units = allocate(kind, parts)
            assert sum(units) == total
            assert all(unit >= 0 for unit in units)
            if "single" not in kind:
                assert all(abs(Fraction(unit) - share) <= 2 for unit, share in zip(units, exact, strict=True))

    @given(days, st.integers(1, 48), st.integers(1, 6), policies)
    def test_tranches_vest_in_order_from_the_original_day(
        self, day: date, times: int, every: int, policy: MonthEnd
    ) -> None:
        step = Step(Fraction(3, 4), times, Span(every, Unit.MONTH), Span(12, Unit.MONTH))
        made = [one.value for one in step_days(step, Point(reasoned(day)), Counting(month_end=policy))]
        assert made == [add_months(day, 12 + every * n, policy) for n in range(1, times + 1)]


starts = st.dates(date(1990, 1, 1), date(2060, 12, 31))


class TestPeriods:
    @given(starts, st.one_of(st.none(), st.integers(0, 400)))
    def test_four_weeks_accrue_in_every_year_of_service(self, start: date, ahead: int | None) -> None:
        first_end = start + timedelta(days=ahead) if ahead is not None else None
        until = add_months(start, 48)
        whole: dict[int, Fraction] = {}
        for period in periods(start, 14, until, first_end=first_end):
            assert period.places in (26, 27)
            share = accrued(period, Fraction(160), Fraction(1, 100), "hours").value
            assert share >= 0
            whole[period.year.ordinal] = whole.get(period.year.ordinal, Fraction(0)) + share
        assert [whole[year] for year in (1, 2, 3)] == [160, 160, 160]

    @given(starts, st.integers(1, 10**9))
    def test_a_year_of_instalments_is_the_salary(self, start: date, yearly: int) -> None:
        paid: dict[int, int] = {}
        for period in periods(start, 14, add_months(start, 36)):
            paid[period.year.ordinal] = paid.get(period.year.ordinal, 0) + instalment(period, Fraction(yearly))
        assert (paid[1], paid[2]) == (yearly, yearly)

    @given(starts, st.integers(1, 62), st.one_of(st.none(), st.integers(0, 400)))
    def test_periods_cover_every_day_once(self, start: date, length: int, ahead: int | None) -> None:
        first_end = start + timedelta(days=ahead) if ahead is not None else None
        made = list(periods(start, length, start + timedelta(days=800), first_end=first_end))
        assert made[0].first_on == start
        for one, then in pairwise(made):
            assert then.first_on == one.last_on + timedelta(days=1)
        assert all(1 <= one.place <= one.places for one in made)
        if first_end is not None:
            assert all((one.last_on - first_end).days % length == 0 for one in made)

    @given(starts, st.integers(0, 4000))
    def test_a_day_lies_in_its_year_of_service(self, start: date, later: int) -> None:
        day = start + timedelta(days=later)
        year = service_year(start, day)
        assert year.first_on <= day <= year.last_on
        assert year.ordinal == 1 or service_year(start, year.first_on - timedelta(days=1)).ordinal == year.ordinal - 1

    def test_a_period_lasts_a_day_or_more(self) -> None:
        with pytest.raises(ValueError, match="never end"):
            list(periods(date(2006, 1, 1), 0, date(2006, 2, 1)))


@given(days, st.integers(1, 40), st.sampled_from(Unit))
def test_a_derivation_survives_being_kept(day: date, count: int, unit: Unit) -> None:
    assume(unit is not Unit.BUSINESS_DAY)
    why = after(Span(count, unit), reasoned(day)).why
    assert Derivation.from_json(why.as_json()) == why


class TestCompoundSpans:
    @given(days, st.integers(0, 40), st.integers(0, 11), policies)
    def test_years_and_months_add_up_before_they_are_counted(
        self, day: date, years: int, more: int, policy: MonthEnd
    ) -> None:
        """A short month on the way would shift the end."""
        span, counting = summed([Span(years, Unit.YEAR), Span(more, Unit.MONTH)]), Counting(month_end=policy)
        assert after(span, reasoned(day), counting).value == add_months(day, 12 * years + more, policy)

    @given(days, months, st.integers(1, 400), st.sampled_from(EventDay))
    def test_the_event_s_day_counts_at_most_once(self, day: date, some: int, more: int, event_day: EventDay) -> None:
        """Each part of the span would take the first day for itself."""
        counting = Counting(event_day)
        whole = after(Span(some, Unit.MONTH, then=Span(more, Unit.DAY)), reasoned(day), counting).value
        if some:
            assert whole == after(Span(some, Unit.MONTH), reasoned(day), counting).value + timedelta(days=more)
        else:
            assert whole == after(Span(more, Unit.DAY), reasoned(day), counting).value

    def test_smaller_units_first_are_refused(self) -> None:
        for parts in ([Span(1, Unit.DAY), Span(1, Unit.MONTH)], [Span(1, Unit.DAY), Span(2, Unit.DAY)]):
            with pytest.raises(ValueError, match="larger units come first"):
                summed(parts)
        with pytest.raises(ValueError, match="none of them is clear"):
            Span(1, Unit.MONTH, then=Span(1, Unit.DAY, clear=True))


class TestTotals:
    """Days of illness within any thirty days."""

    @staticmethod
    def reached(wanted: int, *spells: tuple[date, date]) -> list[date]:
        windows = [Window(first, last) for first, last in spells]
        return list(total_reached(windows, wanted, Span(30, Unit.DAY), date(2026, 12, 31)))

    def test_what_stays_at_its_limit_is_not_reached_again(self) -> None:
        """A power over absences would arise anew although the total had never fallen."""
        assert self.reached(3, (date(2026, 1, 1), date(2026, 1, 3)), (date(2026, 1, 31), date(2026, 1, 31))) == [
            date(2026, 1, 3)
        ]

    @pytest.mark.parametrize(("last", "found"), [(30, [date(2026, 1, 30)]), (31, [])])
    def test_the_first_of_the_thirty_days_is_one_of_them(self, last: int, found: list[date]) -> None:
        """The day of illness that made it too many would be left out, or one from before counted."""
        assert (
            self.reached(4, (date(2026, 1, 1), date(2026, 1, 3)), (date(2026, 1, last), date(2026, 1, last))) == found
        )


class TestBlocks:
    @given(days, st.sampled_from([1, 3, 4, 6, 12]), days, policies)
    def test_every_day_lies_in_exactly_one_block(self, day: date, length: int, begins: date, policy: MonthEnd) -> None:
        """A bonus year would leave a day out, or count it in two years."""
        found = block(day, length, begins, policy)
        assert found.first_on <= day <= found.last_on
        following_one = block(found.last_on + timedelta(days=1), length, begins, policy)
        assert (following_one.ordinal, following_one.first_on) == (
            found.ordinal + 1,
            found.last_on + timedelta(days=1),
        )

    @given(days)
    def test_the_block_of_the_first_day_is_the_first(self, day: date) -> None:
        assert (block(day, 12, day).ordinal, block(day, 12, day).first_on) == (0, day)

    def test_calendar_quarters_begin_in_january_april_july_and_october(self) -> None:
        starts = {block(date(2026, month, 1), 3).first_on.month for month in range(1, 13)}
        assert starts == {1, 4, 7, 10}


month_days = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: MonthDay(day.month, day.day))


class TestYearly:
    @given(month_days, days, st.booleans(), policies)
    def test_the_next_and_the_last_such_day_lie_a_year_apart_around_the_day(
        self, of: MonthDay, day: date, same: bool, policy: MonthEnd
    ) -> None:
        """A date such as 15 March would be skipped for a year, or found on the wrong side."""
        later, earlier = (find(of, day, same=same, policy=policy) for find in (next_date, last_date))
        assert (earlier <= day <= later) if same else (earlier < day < later)
        assert {of.within(one.year, policy) for one in (earlier, later)} == {earlier, later}
        is_one = of.within(day.year, policy) == day
        assert later.year - earlier.year == (1 if not is_one else 0 if same else 2)

    @given(days, st.integers(1, 60), policies)
    def test_every_anniversary_is_found_from_the_day_before_it_and_from_itself(
        self, start: date, number: int, policy: MonthEnd
    ) -> None:
        day = add_months(start, 12 * number, policy)
        before_it, after_it = day - timedelta(days=1), day + timedelta(days=1)
        assert next_anniversary(start, before_it, same=False, policy=policy) == (number, day)
        assert next_anniversary(start, day, same=True, policy=policy) == (number, day)
        assert next_anniversary(start, day, same=False, policy=policy)[0] == number + 1
        assert last_anniversary(start, after_it, same=False, policy=policy) == (number, day)
        assert last_anniversary(start, day, same=True, policy=policy) == (number, day)

    @given(days, st.dates(date(1900, 1, 1), date(2200, 1, 1)))
    def test_the_start_is_no_anniversary_of_itself(self, start: date, day: date) -> None:
        assert next_anniversary(start, min(start, day), same=True) == (1, add_months(start, 12))
        assert last_anniversary(start, start, same=True) is None
