"""Pro rata: shares by time, both ends counted, the denominator said."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.domain.occurrence import State
from obligations.planning.values import NOWHERE
from obligations.planning.world import World
from obligations.terms.formulas import amount as parsed
from schedules.derivation import Reasoned
from tests.planning.letter import CALENDARS, ZONES, happened
from tests.planning.small import EXIT, HEAD, STARTED, amount, paid, small

RETENTION = HEAD.replace(
    "windows:\n", "windows:\n  retention: 24 months beginning on started\n  plan_year: 2026-01-01 to 2026-12-31\n"
)
LATE = happened("exit", "2028-06-01", cause="good")
CLAUSE = '  any: {cite: "1", who: company owes employee, task: Something, by: unstated}\n'
TERMS = small(CLAUSE)


def test_nothing_is_repaid_once_the_retention_is_over() -> None:
    """A bonus that was earned in full would be claimed back, or the planning fall over the window turned around."""
    pay = "{pro rata: 24000, for: 1 day after exit to last day of retention, of: retention, by: begun months}"
    assert paid(pay, STARTED, LATE, head=RETENTION).state is State.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("share", "comes_to"),
    [
        # 15 January 2026 to 14 January 2028; the exit is on 2 November 2026, after nine months and nineteen days.
        ("for: 1 day after exit to last day of retention, of: retention, by: begun months", "15,000.00 USD"),
        ("for: 1 day after exit to last day of retention, of: retention, by: whole months", "14,000.00 USD"),
        ("for: started to exit, of: retention, by: whole months", "9,000.00 USD"),
        ("for: started to exit, of: retention", "9,600.00 USD"),
        ("for: started to exit, of: plan_year", "19,200.00 USD"),
        ("for: 2025-06-01 to exit, of: plan_year", "20,120.55 USD"),
        ("for: exit to exit, of: plan_year", "65.75 USD"),
        ("for: started to exit, of: year, by: actual/365", "19,200.00 USD"),
        ("for: started to exit, of: year, by: actual/actual", "19,200.00 USD"),
        ("for: started to exit, of: year, by: actual/360", "19,466.67 USD"),
        ("for: started to exit, of: year, by: 30/360", "19,200.00 USD"),
        ("for: started to exit, of: year, by: whole months", "18,000.00 USD"),
        ("for: 2026-10-17 to exit, of: month, by: days", "13,212.90 USD"),
        ("for: 2026-10-17 to exit, of: month, by: 30/360", "12,800.00 USD"),
        ("for: started to exit, of: year, by: actual/360, round: down", "19,466.66 USD"),
    ],
)
def test_shares_come_to(share: str, comes_to: str) -> None:
    """Somebody would be paid for a day too few, or by another denominator than the document names."""
    assert amount(f"{{pro rata: 24000, {share}}}", head=RETENTION) == comes_to


def test_paydays_are_counted_by_the_payroll_calendar() -> None:
    """A benefit by pay periods would be counted in days."""
    head = RETENTION.replace("facts:\n", "facts:\n  payroll: {type: payroll_calendar, ask: Which?}\n")
    pay = "{pro rata: 26000, for: started to exit, of: plan_year, by: paydays}"
    assert paid(pay, head=head).missing == ("payroll",)
    stated = happened("payroll", "2026-01-01", value="biweekly paid 2026-01-09")
    assert amount(pay, STARTED, EXIT, stated, head=head) == "21,000.00 USD"
    on_a_payday = happened("exit", "2026-10-30", cause="good")
    assert amount(pay, STARTED, on_a_payday, stated, head=head) == "21,000.00 USD"


def test_a_share_says_its_ends_and_its_denominator() -> None:
    """Nobody could check the figure, since it does not say which days it counted and over what."""
    pay = "{pro rata: 24000, for: started to exit, of: retention}"
    said = str(paid(pay, head=RETENTION).derivation.as_json())
    assert "292 of 730 days from 2026-01-15 to 2026-11-02, both days counted, of those from 2026-01-15" in said
    one_day = paid("{pro rata: 24000, for: exit to exit, of: plan_year}", head=RETENTION).derivation.as_json()
    assert "1 of 365 days from 2026-11-02 to 2026-11-02, both days counted" in str(one_day)


def test_a_choice_may_decide_how_days_are_counted() -> None:
    """A clause that leaves the day count open could not be written down."""
    readings = "readings:\n  count: {use: bank, options: [bank, calendar]}\nclauses:\n"
    head = RETENTION.replace("clauses:\n", readings)
    by = "{reading: count, bank: 30/360, calendar: actual/actual}"
    owed = paid(f"{{pro rata: 24000, for: started to exit, of: year, by: {by}}}", head=head)
    assert owed.amount is not None
    assert 'reading count: "bank"' in str(owed.derivation.as_json())


def exact(first: date, last: date, of: str, by: str) -> Fraction:
    """The exact share of 1000 for such days."""
    pay = parsed({"pro rata": "1000", "for": f"{first} to {last}", "of": of, "by": by})
    found = World(TERMS, (), None, CALENDARS, ZONES).quantity(pay, NOWHERE, None)
    assert isinstance(found, Reasoned)
    return found.value.exact


DAYS = st.dates(date(2000, 1, 1), date(2050, 1, 1))
COUNTS = st.sampled_from(
    [
        ("year", "actual/365"),
        ("year", "actual/actual"),
        ("year", "actual/360"),
        ("month", "days"),
        ("2001-01-01 to 2049-12-31", "days"),
    ]
)


@given(DAYS, st.integers(0, 900), st.integers(0, 900), COUNTS)
@settings(max_examples=60, deadline=None)
def test_windows_that_adjoin_add_up(first: date, one: int, other: int, count: tuple[str, str]) -> None:
    """Two halves of a bonus would come to more or less than the bonus."""
    middle = first + timedelta(days=one)
    next_, last = middle + timedelta(days=1), middle + timedelta(days=1 + other)
    assert exact(first, middle, *count) + exact(next_, last, *count) == exact(first, last, *count)
