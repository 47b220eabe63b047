"""Payroll calendars in a contract: paydays that clauses name, salaries by any calendar, and a calendar that changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan, plan
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import CALENDARS, HIRED, ZONES, day, happened, of, only, planned, under

CONTRACT = """
terms: 1
contract: {id: severance, title: A severance agreement, currency: USD}
parties: {company: the company, employee: the employee}
facts:
  pay_days: {type: payroll_calendar, ask: Which days end a pay period}
  yearly: {type: money, is: yearly_pay}
parameters:
  yearly_pay: {type: money, default: 260000.00}
events:
  started: {once: yes}
  release_effective: {}
  exit: {once: yes}
states:
  employed: started to exit
clauses:
  salary:
    {cite: "1", who: company owes employee, pay: yearly, during: employed, series: {every: 14 days, calendar: pay_days}}
  final_pay:
    {cite: "1", who: company owes employee, pay: yearly, when: exit, by: payday on or after exit, per: period days}
  lump_sum:
    {cite: "2", who: company owes employee, pay: 1000, when: release_effective,
     exactly: PHRASE}
"""
STARTED = happened("started", "2026-01-01")
RELEASED = happened("release_effective", "2026-03-16")


def terms(phrase: str = "payday on or after release_effective", extra: str = "") -> Terms:
    return load(CONTRACT.replace("PHRASE", phrase) + extra, "severance.yaml", lambda wanted: (wanted, wanted))


def paid_by(calendar: str, on: str = "2025-12-01") -> Report:
    return happened("pay_days", on, value=calendar)


def made(*reports: Report, phrase: str = "payday on or after release_effective", extra: str = "") -> Plan:
    return plan(terms(phrase, extra), reports, calendars=CALENDARS, zones=ZONES)


ROLLED = """
readings:
  holidays: {use: US, options: {US: US}, governs: calendar}
"""


class TestPaydayPhrases:
    @pytest.mark.parametrize(
        ("calendar", "phrase", "due"),
        [
            ("biweekly paid 2026-03-16", "payday on or after release_effective", "2026-03-16"),
            ("biweekly paid 2026-03-16", "payday after release_effective", "2026-03-30"),
            ("biweekly paid 2026-03-16", "3rd payday after release_effective", "2026-04-27"),
            ("biweekly paid 2026-03-16", "2nd payday of pay_days on or after release_effective", "2026-03-30"),
            ("semi-monthly paid 15 and last", "payday on or after release_effective", "2026-03-31"),
            ("semi-monthly paid 1 and 16", "payday on or after release_effective", "2026-03-16"),
            ("semi-monthly paid 1 and 16", "payday after 60 days after release_effective", "2026-05-16"),
            ("monthly paid 25 of the next month", "payday after release_effective", "2026-03-25"),
            ("weekly ending 2026-03-15 paid 5 days later", "payday after release_effective", "2026-03-20"),
        ],
    )
    def test_a_payday_is_the_calendar_s(self, calendar: str, phrase: str, due: str) -> None:
        """A release signed today would be paid on a day on which nobody is paid."""
        assert str(only(made(paid_by(calendar), RELEASED, phrase=phrase), "lump_sum").due_on) == due

    def test_a_payday_that_moved_back_before_the_day_is_past(self) -> None:
        """15 March 2026 is a Sunday: who was paid on the 13th is not paid again for a release of the 15th."""
        sunday = happened("release_effective", "2026-03-15")
        calendar = paid_by("semi-monthly paid 15 and last roll preceding")
        paid = only(made(calendar, sunday, extra=ROLLED), "lump_sum")
        assert str(paid.due_on) == "2026-03-31"
        sentence = only(made(calendar, happened("release_effective", "2026-03-02"), extra=ROLLED), "lump_sum")
        assert str(sentence.due_on) == "2026-03-13"
        assert "2026-03-15 is closed; moved by preceding" in sentence.derivation.sentence()

    def test_a_window_from_a_payday_opens_for_each_release(self) -> None:
        """A second release would open no second month in which its sum is paid."""
        month = """  kept:
    {cite: "3", who: company owes employee, pay: 5, when: release_effective during paid_month, by: unstated}
windows:
  paid_month: payday after release_effective to 1 month after payday after release_effective
"""
        days = ["2026-03-02", "2026-03-20", "2026-06-01", "2026-06-20"]
        releases = [happened("release_effective", on) for on in days]
        kept = of(made(paid_by("semi-monthly paid 15 and last"), *releases, extra=month), "kept")
        assert len(kept) == 2

    def test_without_a_calendar_it_is_asked_for(self) -> None:
        waits = only(made(RELEASED), "lump_sum")
        assert (waits.state, waits.missing, waits.due_on) == (State.WAITING, ("pay_days",), None)

    def test_a_calendar_that_rolls_by_nobody_s_days_is_refused(self) -> None:
        with pytest.raises(PlanningError, match="do not say whose business days count"):
            made(paid_by("monthly paid 25 roll preceding"), RELEASED)

    @pytest.mark.parametrize(
        ("phrase", "extra", "said"),
        [
            ("payday of pay_day after exit", "", 'no payroll calendar "pay_day". Did you mean "pay_days"'),
            (
                "payday after exit",
                "  other: {type: payroll_calendar, ask: Which}\n",
                "there are several payroll calendars, other and pay_days; write `payday of other after ...`",
            ),
            ("0th payday after exit", "", "there is no 0th; count from 1st"),
        ],
    )
    def test_a_payday_of_no_calendar_is_refused(self, phrase: str, extra: str, said: str) -> None:
        text = CONTRACT.replace("PHRASE", phrase).replace("facts:\n", f"facts:\n{extra}")
        with pytest.raises(TermsError) as refused:
            load(text, "severance.yaml", lambda wanted: (wanted, wanted))
        assert said in str(refused.value)


class TestSalaries:
    def test_half_months_are_paid_a_24th(self) -> None:
        parts = of(made(STARTED, paid_by("semi-monthly paid 15 and last"), happened("exit", "2026-12-31")), "salary")
        assert len(parts) == 24
        assert sum(one.amount.minor for one in parts if one.amount) == 26_000_000
        assert [str(one.due_on) for one in parts[:4]] == ["2026-01-15", "2026-01-31", "2026-02-15", "2026-02-28"]

    def test_a_month_is_paid_on_its_25th_rolled_back(self) -> None:
        """The 25th of January 2026 is a Sunday: the bank would be closed."""
        calendar = paid_by("monthly paid 25 roll preceding")
        first = of(made(STARTED, calendar, extra=ROLLED), "salary")[0]
        assert (str(first.from_on), str(first.to_on)) == ("2026-01-01", "2026-01-31")
        assert (str(first.due_on), str(first.adjusted_on)) == ("2026-01-25", "2026-01-23")

    def test_the_last_days_are_paid_with_the_payday_of_the_exit(self) -> None:
        left = happened("exit", "2026-02-20")
        last = only(made(STARTED, paid_by("semi-monthly paid 15 and last"), left), "final_pay")
        assert (str(last.due_on), str(last.from_on), str(last.to_on)) == ("2026-02-28", "2026-02-16", "2026-02-20")
        assert last.amount
        assert last.amount.shown() == "4,166.67 USD", "5 of the 13 days of a 24th"


FORTNIGHTS = paid_by("biweekly paid 2026-01-09")
HALVES = paid_by("semi-monthly paid 15 and last", on="2026-03-01")


class TestTheCalendarChanges:
    def test_the_fortnight_that_has_begun_ends_the_day_before(self) -> None:
        parts = of(made(STARTED, FORTNIGHTS, HALVES), "salary")
        days = [(str(one.from_on), str(one.to_on), str(one.due_on)) for one in parts[3:8]]
        assert days == [
            ("2026-02-07", "2026-02-20", "2026-02-20"),
            ("2026-02-21", "2026-02-28", "2026-03-15"),
            ("2026-03-01", "2026-03-15", "2026-03-15"),
            ("2026-03-16", "2026-03-31", "2026-03-31"),
            ("2026-04-01", "2026-04-15", "2026-04-15"),
        ]

    def test_what_ended_before_keeps_its_id_its_day_and_its_amount(self) -> None:
        """Instructions already sent would be sent again."""
        before, after = of(made(STARTED, FORTNIGHTS), "salary"), of(made(STARTED, FORTNIGHTS, HALVES), "salary")
        ended = [one for one in before if one.to_on is not None and one.to_on < day("2026-02-21")]
        assert len(ended) == 4
        assert ended == after[:4]
        assert before[4].id == after[4].id, "the fortnight cut short is the same fortnight"

    def test_a_change_of_phase_gives_no_two_periods_one_name(self) -> None:
        again = paid_by("biweekly paid 2026-03-13", on="2026-03-01")
        parts = of(made(STARTED, FORTNIGHTS, again), "salary")
        assert len({one.id for one in parts}) == len(parts)
        assert str(parts[5].from_on) == "2026-03-01"

    def test_the_letter_s_salary_for_a_year_is_the_salary(self) -> None:
        calendar = happened("payroll_calendar", "2005-04-01", value="14 days ending 2005-04-22")
        halves = happened("payroll_calendar", "2006-08-09", value="semi-monthly paid 15 and last")
        second = [
            one.amount.minor
            for one in of(planned(HIRED, calendar, halves, as_of="2007-04-01"), "salary")
            if one.amount and one.to_on and day("2006-04-11") <= one.to_on <= day("2007-04-10")
        ]
        assert sum(second) == 25_000_000

    def test_pay_by_a_fixed_share_follows_the_calendar(self) -> None:
        """A half month would be paid as a 26th."""
        calendar = happened("payroll_calendar", "2005-04-01", value="semi-monthly paid 15 and last")
        parts = of(planned(HIRED, calendar, terms=under(pay_dates="always 26")), "salary")
        assert {one.amount.shown() for one in parts[1:5] if one.amount} == {"10,416.67 USD"}

    @given(
        st.lists(
            st.sampled_from(
                [
                    "biweekly paid 2026-01-09",
                    "biweekly paid 2026-01-16",
                    "weekly paid 2026-01-08",
                    "semi-monthly paid 15 and last",
                    "monthly paid 25",
                    "monthly ending 20",
                ]
            ),
            min_size=1,
            max_size=3,
        ),
        st.sets(st.integers(0, 400), min_size=3, max_size=3),
    )
    @settings(max_examples=40, deadline=None)
    def test_periods_never_overlap_and_none_is_left_out(self, stated: list[str], offsets: set[int]) -> None:
        """A day's salary would be paid twice, or never, because payroll changed its calendar."""
        since = [str(date(2026, 1, 1) + timedelta(days=days)) for days in sorted(offsets)]
        calendars = [paid_by(value, on=on) for value, on in zip(stated, since, strict=False)]
        parts = of(made(STARTED, *calendars, happened("exit", "2027-06-30")), "salary")
        assert len({one.id for one in parts}) == len(parts)
        assert list(_gaps(parts)) == []
        assert str(parts[0].from_on) == "2026-01-01"
        assert all(one.due_on and one.to_on and one.due_on >= one.to_on - timedelta(days=6) for one in parts)


def _gaps(parts: list[Occurrence]) -> Iterator[tuple[date | None, date | None]]:
    for one, then in pairwise(parts):
        if one.to_on is None or then.from_on != one.to_on + timedelta(days=1):
            yield one.to_on, then.from_on
