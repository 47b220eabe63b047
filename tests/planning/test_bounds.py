"""How far a date may reach is said over all combinations of readings together, and never too narrowly."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.money import Money
from obligations.domain.occurrence import Bounds, Occurrence, State
from obligations.planning.alternatives import alternatives
from obligations.planning.plan import Plan
from obligations.planning.values import PlanningError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import (
    CHANGE_OF_CONTROL,
    HIRED,
    day,
    happened,
    letter,
    of,
    only,
    planned,
    reaches,
    under,
)

CARRIER = happened("health_carrier_allows_continuation", "2006-10-20", value="no")

LOAN = """
terms: 1
contract: {id: loan, title: Loan, currency: EUR}
parties: {lender: the lender, borrower: the borrower}
events:
  drawn: {says: the loan was drawn, once: yes}
  called: {says: the loan was called, once: yes}
facts:
  secured: {type: yes_or_no, ask: Is the loan secured?}
readings:
  start: {use: drawn, options: [drawn, called]}
  length: {use: short, options: [short, long]}
  days: {use: by the calendar, options: {by the calendar: not_counted, the day itself: counted}, governs: event_day}
  unused: {use: a, options: [a, b]}
  weekend: {use: US, options: {US: US, CN: CN}, governs: calendar}
clauses:
  repay:
    cite: "1"
    who: borrower owes lender
    task: Repay
    when: {reading: start, drawn: drawn, called: called}
    by:
      reading: length
      short: 10 days after drawn
      long: 100 days after called
  secured_only:
    cite: "2"
    who: borrower owes lender
    pay: 10.00
    when: drawn
    if: secured
    exactly: 5 days after drawn
  plain:
    cite: "3"
    who: borrower owes lender
    task: Sign
    by: 2026-01-31
"""


def loan() -> Terms:
    return load(LOAN, "loan.yaml", find_template)


def reach(terms: Terms, plan: Plan, *reports: Report) -> dict[UUID, Bounds]:
    return dict(reaches(plan, *reports, terms=terms))


DRAWN, CALLED = happened("drawn", "2026-01-01"), happened("called", "2026-03-01")


def test_two_readings_turned_together_reach_further_than_either_alone() -> None:
    """Turning one at a time finds ten days either way; together they are a hundred days after the later event."""
    terms = loan()
    plan = planned(DRAWN, CALLED, terms=terms)
    repay = only(plan, "repay")
    found = reach(terms, plan, DRAWN, CALLED)[repay.id]
    one_at_a_time = {
        one.other.acts_on
        for one in alternatives(terms, plan, lambda other: planned(DRAWN, CALLED, terms=other))
        if one.other is not None and one.other.clause == "repay" and one.other.id == repay.id
    }
    assert found.latest_on == day("2026-06-09")
    assert found.earliest_on == day("2026-01-10"), "ten days with the day itself counted"
    assert found.over == ("start", "length", "days")
    assert "unused" not in found.over
    assert found.earliest_on < min(filter(None, one_at_a_time)) or found.latest_on >= max(filter(None, one_at_a_time))


def test_an_open_condition_is_followed_into_both_of_its_branches() -> None:
    terms = loan()
    plan = planned(DRAWN, terms=terms)
    payment = only(plan, "secured_only")
    found = reach(terms, plan, DRAWN)[payment.id]
    assert found.may_not_be
    assert "secured?" in found.over
    assert (found.least, found.most) == (Money.of("10.00", "EUR"), Money.of("10.00", "EUR"))
    stated = happened("secured", "2026-01-01", value="yes")
    plan = planned(DRAWN, stated, terms=terms)
    found = reach(terms, plan, DRAWN, stated)[payment.id]
    assert not found.may_not_be


def test_what_asks_no_reading_is_planned_once() -> None:
    plan = planned(DRAWN, CALLED, terms=loan())
    found = reach(loan(), plan, DRAWN, CALLED)[only(plan, "plain").id]
    assert (found.tried, found.over) == (1, ())
    assert found.earliest_on == found.latest_on == day("2026-01-31")


def test_every_combination_lies_inside_the_bounds() -> None:
    """Held against the plain way: plan the whole letter under all combinations of five readings and compare."""
    names = ("count_days", "month_end", "lump_sum_roll", "six_month_hold", "window_length")
    reports = (HIRED, CHANGE_OF_CONTROL, CARRIER)
    chosen = planned(*reports)
    found = reaches(chosen, *reports)
    options = [letter().file.readings[name].names for name in names]
    days: dict[UUID, set[object]] = {}
    for combination in product(*options):
        plan = planned(*reports, terms=under(**dict(zip(names, combination, strict=True))))
        for one in plan.occurrences:
            if one.clause in ("lump_sum", "options_vesting") and one.state is State.SCHEDULED:
                days.setdefault(one.id, set()).add(one.acts_on)
                bound = found[one.id]
                assert bound.earliest_on is not None
                assert one.acts_on is not None
                assert bound.earliest_on <= one.acts_on, one.clause
                assert bound.latest_on is None or one.acts_on <= bound.latest_on, one.clause
    lump_sum = only(chosen, "lump_sum")
    assert found[lump_sum.id].earliest_on == min(days[lump_sum.id]) == day("2006-10-20")  # type: ignore[type-var]
    assert found[lump_sum.id].latest_on == max(days[lump_sum.id]) == day("2007-04-16")  # type: ignore[type-var]


def test_amounts_have_bounds_too() -> None:
    """26 or 27 pay dates change what a pay day brings."""
    plan = planned(HIRED)
    found = reaches(plan, HIRED)
    salary: list[Occurrence] = of(plan, "salary")
    assert any(found[one.id].least != found[one.id].most for one in salary)
    assert all(found[one.id].tried <= 4 for one in salary)


def test_too_many_combinations_give_no_bound_rather_than_a_narrow_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all were tried nothing is said, and what needs fewer keeps its bounds."""
    monkeypatch.setattr("obligations.planning.bounds.MOST_COMBINATIONS", 5)
    terms = loan()
    plan = planned(DRAWN, CALLED, terms=terms)
    found = reach(terms, plan, DRAWN, CALLED)
    assert only(plan, "repay").id not in found
    assert only(plan, "plain").id in found


def test_a_sum_beyond_all_pay_is_refused_in_words() -> None:
    """A factor with too many noughts would end a plan in a traceback that quotes the code and not the contract."""
    text = LOAN.replace("    pay: 10.00\n", "    pay: 999999999999.00 * 999999999\n").replace("    if: secured\n", "")
    with pytest.raises(PlanningError, match="loan: the amount is too large to be pay"):
        planned(DRAWN, terms=load(text, "loan.yaml", find_template))
