"""Facts as of other days, time that has passed, and tables: figures that are looked up."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.domain.occurrence import State
from obligations.terms.tables import Table, value_at
from schedules.elapsed import elapsed
from tests.planning.letter import day, happened
from tests.planning.small import EXIT, HEAD, STARTED, amount, paid

RAISED = happened("base_salary", "2026-06-01", value="150000.00")
CUT = happened("base_salary", "2026-11-02", value="90000.00")
TABLES = HEAD.replace(
    "events:\n",
    """tables:
  weeks: {steps: {1: 8, 2: 16}, cite: "8"}
  payout: {steps: {80: 0.5, 100: 1, 120: 2}, interpolate: yes, below: 0, above: refuse}
  rates: {tiers: {0: 5%, 1000: 2%}}
events:
""",
)


# --- facts as of another day ----------------------------------------------------------------------------------------


def test_a_cut_on_the_day_of_the_exit_does_not_lower_what_counts_before_it() -> None:
    """Severance would be computed on a salary that was cut on the way out."""
    reports = (STARTED, RAISED, CUT, EXIT)
    assert amount("base_salary before exit", *reports) == "150,000.00 USD"
    assert amount("base_salary on exit", *reports) == "90,000.00 USD"
    assert amount("base_salary on started", *reports) == "120,000.00 USD"
    assert amount("base_salary on 2026-05-31", *reports) == "120,000.00 USD"


def test_the_highest_salary_counts_the_first_day_and_every_change() -> None:
    """A salary that was highest as the window began, or for a week in its midst, would be overlooked."""
    peak = happened("base_salary", "2026-06-08", value="149999.99")
    reports = (STARTED, RAISED, peak, CUT, EXIT)
    assert amount("highest base_salary during started to exit", *reports) == "150,000.00 USD"
    assert amount("lowest base_salary during started to exit", *reports) == "90,000.00 USD"
    assert amount("highest base_salary during 2026-06-08 to exit", *reports) == "149,999.99 USD"
    assert amount("lowest base_salary during started to 2026-10-31", *reports) == "120,000.00 USD"


def test_an_average_weighs_each_figure_by_the_days_it_held() -> None:
    """Two times the average salary would be taken as if every rise had come half-way."""
    # From 2025-11-02 to 2026-05-31 are 211 days, and 154 to 2026-11-01: the cut comes a day too late to count.
    year = "average base_salary during 12 months preceding exit"
    exact = Fraction(120_000 * 211 + 150_000 * 154, 365)
    assert amount(year, STARTED, RAISED, CUT, EXIT) == f"{round(float(exact), 2):,.2f} USD"
    assert amount(year, STARTED, CUT, EXIT) == "120,000.00 USD"
    months = "average base_salary during 12 months ending on last day of the month of 1 month before exit"
    exact = Fraction(120_000 * 212 + 150_000 * 153, 365)
    assert amount(months, STARTED, RAISED, CUT, EXIT) == f"{round(float(exact), 2):,.2f} USD"
    why = paid(year, STARTED, RAISED, CUT, EXIT).derivation.sentence()
    assert "120,000.00 USD for 211 days, 150,000.00 USD for 154 days" in why


def test_a_salary_before_an_exit_that_is_only_expected_waits() -> None:
    """Money would be computed on a day that is no more than a plan."""
    waiting = paid("base_salary before released", STARTED, EXIT, happened("released", "2026-12-01", expected=True))
    assert (waiting.state, waiting.waiting_for) == (State.WAITING, ("released",))


def test_an_open_window_has_no_highest_figure_yet() -> None:
    """The highest salary of a time that goes on would be fixed too early."""
    assert paid("highest base_salary during exit on").waiting_for == ("end of the window",)


# --- time that has passed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "first", "last", "whole", "comes_to"),
    [
        ("years", "2005-04-11", "2007-04-10", True, "1"),
        ("years", "2005-04-11", "2007-04-11", True, "2"),
        ("months", "2026-01-31", "2026-02-28", True, "1"),
        ("months", "2026-01-31", "2026-03-30", True, "1"),
        ("months", "2026-01-31", "2026-03-31", True, "2"),
        ("years", "2024-02-29", "2025-02-28", True, "1"),
        ("months", "2026-01-15", "2026-03-01", False, "3/2"),
        ("years", "2026-01-01", "2026-01-31", False, "6/73"),
        ("days", "2026-01-01", "2026-01-31", False, "30"),
        ("weeks", "2026-01-01", "2026-01-31", True, "4"),
        ("weeks", "2026-01-01", "2026-01-31", False, "30/7"),
    ],
)
def test_time_passes(unit: str, first: str, last: str, whole: bool, comes_to: str) -> None:
    """Somebody would lose a year of service by a day, or gain one."""
    assert str(elapsed(unit, day(first), day(last), whole=whole).value) == comes_to


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 9000), st.sampled_from(["months", "years"]))
def test_time_never_runs_back(first: date, days: int, unit: str) -> None:
    """A day later there would be less service than a day before, or whole years beyond the exact ones."""
    one, next_ = (elapsed(unit, first, first + timedelta(days=n)).value for n in (days, days + 1))
    assert one < next_
    whole = elapsed(unit, first, first + timedelta(days=days), whole=True).value
    assert whole == one.numerator // one.denominator


def test_time_that_would_run_backwards_is_never() -> None:
    """An exit before the first day would count as years of service, or bring the planning down."""
    assert paid("bonus * whole years from exit to started").state is State.NOT_APPLICABLE


# --- tables ---------------------------------------------------------------------------------------------------------


def test_a_table_that_does_not_say_asks_a_person() -> None:
    """Less than a year of service would be paid like a year, although the document is silent."""
    owed = paid("bonus * weeks at whole years from started to exit", head=TABLES)
    assert owed.state is State.NEEDS_PERSON
    assert "what weeks comes to at 0" in owed.missing[0]
    assert paid("bonus * payout at 121", head=TABLES).state is State.NEEDS_PERSON


@pytest.mark.parametrize(
    ("pay", "comes_to"),
    [
        ("monthly_base * weeks at 1", "80,000.00 USD"),
        ("weeks at 1.99 * monthly_base", "80,000.00 USD"),
        ("weeks at 2 * monthly_base", "160,000.00 USD"),
        ("weeks at 40 * monthly_base", "160,000.00 USD"),
        ("payout at 79 * monthly_base", "0.00 USD"),
        ("payout at 80 * monthly_base", "5,000.00 USD"),
        ("payout at 90 * monthly_base", "7,500.00 USD"),
        ("payout at 110 * monthly_base", "15,000.00 USD"),
        ("payout at 120 * monthly_base", "20,000.00 USD"),
        ("rates at 1000", "50.00 USD"),
        ("rates at 1500", "60.00 USD"),
        ("rates at (monthly_base + 1000)", "250.00 USD"),
    ],
)
def test_tables_come_to(pay: str, comes_to: str) -> None:
    """A step would be taken too early or too late, or a rate of the whole instead of its tier."""
    assert amount(pay, head=TABLES) == comes_to


@given(st.fractions(0, 5000), st.fractions(0, 5000))
def test_tiers_of_two_parts_are_the_tiers_of_the_whole(one: Fraction, other: Fraction) -> None:
    """What is paid by tiers would fall as sales rise, or jump where a tier begins."""
    table = Table(tiers={"0": "5%", "1000": "2%", "2500": "7.5%"})
    low, high = sorted((one, other))
    found = [value_at("rates", table, figure) for figure in (low, high)]
    assert found[0] is not None
    assert found[1] is not None
    assert (high - low) * Fraction(2, 100) <= found[1][0] - found[0][0] <= (high - low) * Fraction(75, 1000)


def test_a_table_explains_itself() -> None:
    """A multiple would stand in a letter without the line of the table it comes from."""
    said = paid("rates at 1500 * payout at 90", head=TABLES.replace("rates: {", "rates: {cite: '8', "))
    assert said.state is State.SCHEDULED
    text = str(said.derivation.as_json())
    assert "rates at 1500: 5% of 1000 and 2% of 500" in text
    assert "payout at 90: evenly between 0.5 and 1" in text
