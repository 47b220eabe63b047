"""Instalments over a window and on paydays, rates with their stubs, and what an end leaves of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import plan
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.letter import CALENDARS, ZONES, happened

CONTRACT = """
terms: 1
contract: {id: severance, title: A severance agreement, currency: USD}
parties: {company: the company, employee: the employee}
readings:
  holidays: {use: US, options: {US: US}, governs: calendar}
facts:
  pay_days: {type: payroll_calendar, ask: Which days end a pay period}
events:
  started: {once: yes}
  exit: {once: yes}
  release_effective: {}
  new_job: {}
states:
  employed: started to exit
clauses:
  severance:
    cite: "2"
    who: company owes employee
    pay: 100000.00
"""


def severance(words: str, *reports: Report) -> list[Occurrence]:
    text = CONTRACT + "".join(f"    {line}\n" for line in words.strip().splitlines())
    terms = load(text, "severance.yaml", lambda wanted: (wanted, wanted))
    made = plan(terms, reports, calendars=CALENDARS, zones=ZONES)
    return sorted((one for one in made.occurrences if one.clause == "severance"), key=lambda one: one.index)


def days(parts: list[Occurrence]) -> list[str]:
    return [str(one.due_on) for one in parts]


def sums(parts: list[Occurrence]) -> list[str]:
    return [one.amount.shown().removesuffix(" USD") if one.amount else "" for one in parts]


EXIT = happened("exit", "2026-01-31")
RELEASED = happened("release_effective", "2026-03-16")
FORTNIGHTS = happened("pay_days", "2025-12-01", value="biweekly paid 2026-02-06")
HALVES = happened("pay_days", "2025-12-01", value="semi-monthly paid 15 and last roll preceding")

SPLIT = "when: exit\nseries: {every: 1 month, over: 12 months following exit, splits: yes}"
PAYDAYS = "when: exit\nseries: {on: paydays, over: 6 months following exit, splits: yes}"


class TestSplittingAWhole:
    @pytest.mark.parametrize(
        ("remainder", "first", "last"),
        [("last", "8,333.33", "8,333.37"), ("first", "8,333.37", "8,333.33"), ("spread", "8,333.33", "8,333.33")],
    )
    def test_what_is_left_over_goes_where_the_contract_says(self, remainder: str, first: str, last: str) -> None:
        parts = severance(SPLIT.replace("splits: yes", f"splits: yes, remainder: {remainder}"), EXIT)
        assert (len(parts), sums(parts)[0], sums(parts)[-1]) == (12, first, last)
        assert sum(one.amount.minor for one in parts if one.amount) == 10_000_000

    def test_the_window_says_how_many_and_month_ends_do_not_creep(self) -> None:
        parts = severance(SPLIT, EXIT)
        assert days(parts)[:4] == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
        assert parts[-1].of == 12

    def test_a_first_day_moves_all_of_them_and_keeps_their_number(self) -> None:
        """A release signed late would cost an instalment."""
        words = SPLIT.replace("splits: yes", "splits: yes, first: payday on or after release_effective")
        parts = severance(words, EXIT, RELEASED, FORTNIGHTS)
        assert (len(parts), days(parts)[0], days(parts)[-1]) == (12, "2026-03-20", "2027-02-20")

    def test_until_the_release_the_instalments_wait(self) -> None:
        words = SPLIT.replace("splits: yes", "splits: yes, first: payday on or after release_effective")
        parts = severance(words, EXIT, FORTNIGHTS)
        assert {one.state for one in parts} == {State.WAITING}
        assert {one.waiting_for for one in parts} == {("release_effective",)}

    def test_an_event_that_ends_it_leaves_what_was_due(self) -> None:
        parts = severance(SPLIT + "\nuntil: new_job", EXIT, happened("new_job", "2026-04-10"))
        assert [one.state for one in parts[:4]] == [
            State.SCHEDULED,
            State.SCHEDULED,
            State.TERMINATED,
            State.TERMINATED,
        ]

    @given(
        st.dates(date(2025, 1, 1), date(2027, 12, 31)),
        st.integers(1, 400),
        st.sampled_from(["every: 1 month", "every: 2 weeks", "every: 1 quarter", "every: 10 days", "on: paydays"]),
        st.sampled_from(["", ", remainder: first", ", remainder: spread"]),
        st.sampled_from(["biweekly paid 2026-02-06", "semi-monthly paid 1 and 16", "monthly paid 25 roll following"]),
    )
    @settings(max_examples=60, deadline=None)
    def test_instalments_add_up_to_the_whole_in_order(
        self, left: date, length: int, how: str, remainder: str, calendar: str
    ) -> None:
        """A severance would be a cent short, or its instalments would come in another order than they are numbered."""
        words = f"when: exit\nseries: {{{how}, over: {length} days following exit, splits: yes{remainder}}}"
        calendar_stated = happened("pay_days", "2025-01-01", value=calendar)
        parts = severance(words, happened("exit", str(left)), calendar_stated)
        assert sum(one.amount.minor for one in parts if one.amount) == (10_000_000 if parts else 0)
        assert days(parts) == sorted(days(parts))
        assert all(one.adjusted_on and left < one.adjusted_on <= left + timedelta(days=length) for one in parts)
        assert [one.index for one in parts] == list(range(1, len(parts) + 1))


class TestPaydays:
    def test_the_paydays_in_the_window_are_the_count(self) -> None:
        parts = severance(PAYDAYS, EXIT, FORTNIGHTS)
        assert (len(parts), days(parts)[0], days(parts)[-1]) == (13, "2026-02-06", "2026-07-24")
        assert "payday 1 of the 13 paydays in 2026-02-01 to 2026-07-31" in parts[0].derivation.sentence()

    def test_each_rolls_by_the_calendar_and_keeps_its_own_day(self) -> None:
        """15 February 2026 is a Sunday."""
        second = severance(PAYDAYS, EXIT, HALVES)[0]
        assert (str(second.due_on), str(second.adjusted_on)) == ("2026-02-15", "2026-02-13")

    def test_another_payroll_calendar_half_way_changes_nothing_that_was_paid(self) -> None:
        """Five instalments of a thirteenth were paid when payroll went over to months: payroll would be told to mend
        each of them, and the employee to have been paid too little."""
        monthly = happened("pay_days", "2026-04-15", value="monthly paid 25")
        parts = severance(PAYDAYS, EXIT, FORTNIGHTS, monthly)
        assert days(parts)[4:7] == ["2026-04-03", "2026-04-25", "2026-05-25"]
        assert sums(parts) == ["7,692.30"] * 5 + ["15,384.62"] * 3 + ["15,384.64"]

    @given(
        st.lists(
            st.tuples(
                st.dates(date(2026, 1, 20), date(2026, 8, 10)),
                st.sampled_from(["weekly paid 2026-01-09", "monthly paid last", "semi-monthly paid 1 and 16"]),
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one[0],
        ),
        st.sampled_from(["", ", remainder: first", ", remainder: spread"]),
        st.sampled_from(["", ", first: payday on or after release_effective"]),
    )
    @example([(date(2026, 7, 17), "semi-monthly paid 1 and 16"), (date(2026, 7, 18), "weekly paid 2026-01-09")], "", "")
    @settings(max_examples=40, deadline=None)
    def test_whenever_payroll_calendars_change_the_whole_is_paid_and_what_was_paid_stays(
        self, changes: list[tuple[date, str]], remainder: str, first: str
    ) -> None:
        words = PAYDAYS.replace("splits: yes", f"splits: yes{remainder}{first}")
        changes.sort()
        stated = [happened("pay_days", str(day), value=value) for day, value in changes]
        parts = severance(words, EXIT, RELEASED, FORTNIGHTS, *stated)
        assert sum(one.amount.minor for one in parts if one.amount) == 10_000_000
        # The last part takes what no payday is left for, as long as it is the last.
        before = severance(words, EXIT, RELEASED, FORTNIGHTS, *stated[:-1])[:-1]
        last = changes[-1][0]
        paid = [one for one in parts[:-1] if one.adjusted_on and one.adjusted_on < last][: len(before)]
        assert [(one.adjusted_on, one.amount) for one in paid] == [
            (one.adjusted_on, one.amount) for one in before[: len(paid)]
        ]

    def test_so_many_paydays_from_the_first_after_the_release(self) -> None:
        words = "when: exit\nseries: {on: paydays, times: 3, first: payday after release_effective, splits: yes}"
        parts = severance(words, EXIT, RELEASED, FORTNIGHTS)
        assert days(parts) == ["2026-03-20", "2026-04-03", "2026-04-17"]
        assert sums(parts) == ["33,333.33", "33,333.33", "33,333.34"]

    def test_a_first_payday_after_the_release_keeps_the_number(self) -> None:
        words = PAYDAYS.replace("splits: yes", "splits: yes, first: payday after release_effective")
        parts = severance(words, EXIT, RELEASED, FORTNIGHTS)
        assert (len(parts), days(parts)[0]) == (13, "2026-03-20")

    def test_without_a_calendar_the_series_waits_for_it(self) -> None:
        (waits,) = severance(PAYDAYS, EXIT)
        assert (waits.state, waits.missing) == (State.WAITING, ("pay_days",))

    def test_a_correction_of_the_exit_keeps_the_ids(self) -> None:
        """The third instalment is the third, whenever the exit was."""
        before = severance(PAYDAYS, EXIT, FORTNIGHTS)
        after = severance(PAYDAYS, happened("exit", "2026-02-02", identity=EXIT.id), FORTNIGHTS)
        assert [one.id for one in before] == [one.id for one in after]


RATE = "when: exit\nseries: {every: 1 month, over: 2026-02-15 to 2026-05-10%s}"


class TestStubs:
    @pytest.mark.parametrize(
        ("words", "ends", "paid"),
        [
            ("", ["03-14", "04-14", "05-10"], ["100,000.00", "100,000.00", "86,666.67"]),
            (", stub: short last", ["03-14", "04-14", "05-10"], ["100,000.00", "100,000.00", "86,666.67"]),
            (", direction: backward", ["03-10", "04-10", "05-10"], ["85,714.29", "100,000.00", "100,000.00"]),
            (", stub: short first", ["03-10", "04-10", "05-10"], ["85,714.29", "100,000.00", "100,000.00"]),
            (", stub: long first", ["04-10", "05-10"], ["185,714.29", "100,000.00"]),
            (", stub: long last", ["03-14", "05-10"], ["100,000.00", "186,666.67"]),
        ],
    )
    def test_a_rate_is_paid_pro_rata_for_its_stub(self, words: str, ends: list[str], paid: list[str]) -> None:
        parts = severance(RATE % words, EXIT)
        assert days(parts) == [f"2026-{end}" for end in ends]
        assert sums(parts) == paid

    def test_a_rate_is_owed_for_the_days_before_its_end_whenever_payable(self) -> None:
        """Somebody who found work on the 24th would lose ten days' pay because they are payable on the 14th."""
        parts = severance(RATE % "" + "\nuntil: new_job", EXIT, happened("new_job", "2026-03-24"))
        assert [one.state for one in parts] == [State.SCHEDULED, State.SCHEDULED, State.TERMINATED]
        assert (str(parts[1].due_on), str(parts[1].to_on), sums(parts)[1]) == ("2026-04-14", "2026-03-24", "32,258.06")

    @pytest.mark.parametrize(
        ("found_work", "states", "second"),
        [("2026-03-14", ["scheduled", "terminated"], ""), ("2026-03-15", ["scheduled", "scheduled"], "3,225.81")],
    )
    def test_an_end_on_the_first_day_of_a_period_leaves_its_pay(
        self, found_work: str, states: list[str], second: str
    ) -> None:
        """The one day of a month on which nobody had found work yet would go unpaid."""
        parts = severance(RATE % "" + "\nuntil: new_job", EXIT, happened("new_job", found_work))
        assert [str(one.state) for one in parts[:2]] == states
        assert sums(parts[1:2]) == [second] or not second

    def test_a_part_says_which_of_how_many_it_is(self) -> None:
        """A reader of the last payment would look for another one."""
        assert "step 3 of 3" in severance(RATE % "", EXIT)[-1].derivation.sentence()


FEE = "during: employed\nper: period\nseries: {%s}"
STARTED = happened("started", "2026-01-10")


class TestRatesByPeriods:
    def test_a_monthly_rate_is_paid_for_every_month_and_pro_rata_for_the_last(self) -> None:
        parts = severance(FEE % "every: 1 month", STARTED, happened("exit", "2026-03-24"))
        assert [(str(one.from_on), str(one.to_on), str(one.due_on)) for one in parts] == [
            ("2026-01-10", "2026-02-09", "2026-02-09"),
            ("2026-02-10", "2026-03-09", "2026-03-09"),
            ("2026-03-10", "2026-03-24", "2026-03-24"),
        ]
        assert sums(parts) == ["100,000.00", "100,000.00", "48,387.10"]

    def test_by_the_payroll_calendar_both_ends_are_stubs(self) -> None:
        calendar = happened("pay_days", "2025-12-01", value="semi-monthly paid 15 and last")
        parts = severance(FEE % "on: paydays", STARTED, calendar, happened("exit", "2026-02-20"))
        assert sums(parts) == ["40,000.00", "100,000.00", "100,000.00", "38,461.54"]
        assert days(parts) == ["2026-01-15", "2026-01-31", "2026-02-15", "2026-02-28"]

    def test_an_event_ends_the_rate_in_the_middle_of_a_period(self) -> None:
        parts = severance(FEE % "every: 1 month" + "\nuntil: new_job", STARTED, happened("new_job", "2026-02-23"))
        assert [(str(one.to_on), str(one.due_on)) for one in parts] == [
            ("2026-02-09", "2026-02-09"),
            ("2026-02-23", "2026-03-09"),
        ]
        assert sums(parts) == ["100,000.00", "50,000.00"]

    def test_an_end_that_is_only_expected_takes_nothing_away_yet(self) -> None:
        expected = happened("new_job", "2026-02-23", expected=True)
        parts = severance(FEE % "every: 1 month" + "\nuntil: new_job", STARTED, expected)
        assert [one.state for one in parts[:3]] == [State.SCHEDULED, State.WAITING, State.WAITING]

    def test_without_a_calendar_paydays_wait_for_it(self) -> None:
        (waits,) = severance(FEE % "on: paydays", STARTED)
        assert (waits.state, waits.missing) == (State.WAITING, ("pay_days",))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("when: exit\nseries: {times: 3}", "write one of them"),
        ("when: exit\nseries: {every: 1 month, on: paydays, times: 3}", "write one of them"),
        ("when: exit\nseries: {every: 1 month}", "needs an end"),
        ("when: exit\nseries: {every: 1 month, times: 3, over: 3 months following exit}", "not by both"),
        ("during: employed\nseries: {every: 1 month, splits: yes}", "only a sum that is paid in so many parts"),
        ("when: exit\nseries: {every: 1 month, times: 3, remainder: first}", "add `splits: yes`"),
        ("when: exit\nseries: {every: 1 month, times: 3, stub: short first}", "add `over:`"),
        (RATE % ", direction: forward, stub: long first", "no stub comes first"),
        ("during: employed\nper: month\nseries: {every: 1 month}", "is no share of a year"),
        ("when: exit\nseries: {every: 1 month, over: 3 months after exit}", "stops too early"),
    ],
)
def test_a_series_that_means_nothing_is_refused(words: str, said: str) -> None:
    with pytest.raises(TermsError) as refused:
        severance(words, EXIT)
    assert said in str(refused.value)


def test_a_series_of_more_parts_than_anybody_pays_is_refused() -> None:
    with pytest.raises(PlanningError, match="at most 1,200 parts"):
        severance("when: exit\nseries: {every: 1 day, over: 50 years following exit}", EXIT)


def test_paydays_without_a_payroll_calendar_are_refused() -> None:
    text = CONTRACT.replace("pay_days: {type: payroll_calendar", "pay_days: {type: text")
    with pytest.raises(TermsError, match="paydays need a payroll calendar"):
        load(text + "    when: exit\n    series: {on: paydays, times: 3}\n", "a.yaml", lambda wanted: (wanted, wanted))
