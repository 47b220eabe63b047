"""What is asked of each occurrence of a series may speak of its day: employed on it, or long enough before it."""

from __future__ import annotations

import pytest

from obligations.domain.occurrence import State
from obligations.terms.errors import TermsError
from tests.planning.letter import happened, of, planned
from tests.planning.small import STARTED, small

LOAN = """
  forgiven:
    cite: "1"
    who: company owes employee
    says: a third of the loan, for whoever works on the anniversary or worked six months of the year before it
    pay: 90000.00
    when: started
    series: {every: 1 year, times: 3, splits: yes, first: 1 year after started}
    if_each:
      any of: [not exit happened, exit on or after 6 months after 1 year before its day]
"""
RISING = """
  fee:
    cite: "2"
    who: company owes employee
    pay: base_salary on its day / 12
    when: started
    series: {every: 1 month, times: 3, first: 1 month after started}
"""


@pytest.mark.parametrize(("left", "forgiven"), [("2027-07-15", 2), ("2027-07-14", 1), ("2027-01-15", 1)])
def test_a_year_counts_when_half_of_it_was_worked(left: str, forgiven: int) -> None:
    """A third of a loan would be called back although enough of the year was worked."""
    plan = planned(STARTED, happened("exit", left, cause="bad"), as_of="2029-06-01", terms=small(LOAN))
    states = [one.state for one in of(plan, "forgiven")]
    assert states.count(State.NOT_APPLICABLE) == 3 - forgiven
    assert State.NOT_APPLICABLE not in states[:forgiven]


def test_each_payment_goes_by_the_salary_of_its_own_day() -> None:
    """A raise between two payments would never reach them."""
    raised = happened("base_salary", "2026-03-15", value="150000.00")
    fees = of(planned(STARTED, raised, as_of="2026-02-01", terms=small(RISING)), "fee")
    assert [one.amount.shown() for one in fees if one.amount] == ["10,000.00 USD", "12,500.00 USD", "12,500.00 USD"]


@pytest.mark.parametrize("clause", [LOAN.replace("if_each", "if"), RISING.replace("    series:", "    by: exit #")])
def test_a_day_of_its_own_is_refused_where_no_occurrence_asks(clause: str) -> None:
    with pytest.raises(TermsError, match="`its day` is that of each occurrence"):
        small(clause)
