"""What happens on one day goes by its stated times; where the order matters and nobody stated it, a person is asked."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.as_json import plan_json
from obligations.planning.values import PlanningError
from obligations.terms.loader import load
from tests.planning.letter import day, happened, of, only, planned

TERMS = load(
    """\
terms: 1
contract: {id: ties, title: All on one day, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
events:
  offer: {with: {sum: money, place: text}}
  notice: {}
  cured: {}
define:
  first_offer: first offer
clauses:
  bonus: {cite: "1", who: company owes employee, pay: sum of offer, when: first_offer, by: 5 days after first_offer}
  cure: {cite: "2", who: company owes employee, task: Cure, when: notice, by: 30 days after notice, closed_by: cured}
""",
    "ties.yaml",
    find_template,
)
DAY = "2026-05-01"


def offer(name: str, amount: str, **details: str) -> Report:
    return Report(name, "offer", day(DAY), fields={"sum": amount, **details})


def test_the_stated_times_decide() -> None:
    morning, evening = offer("z", "100", at="09:00"), offer("a", "900", at="17:30")
    for order in permutations([morning, evening]):
        bonus = only(planned(*order, terms=TERMS), "bonus")
        assert bonus.amount is not None
        assert bonus.amount.shown() == "100.00 USD"


def test_without_times_a_person_is_asked_which_came_first() -> None:
    """A report's id would decide who is paid what."""
    plan = planned(offer("z", "100"), offer("a", "900"), terms=TERMS)
    assert only(plan, "bonus").state is State.NEEDS_PERSON
    (question,) = [one for one in plan.questions if "which came first on 2026-05-01" in one.ask]
    assert "at=14:30" in question.ask


def test_where_the_order_changes_nothing_nobody_is_asked() -> None:
    plan = planned(offer("z", "100", place="here"), offer("a", "100", place="there"), terms=TERMS)
    assert only(plan, "bonus").state is State.SCHEDULED


def test_a_cure_earlier_that_day_does_not_answer_a_later_notice() -> None:
    cured, notice = happened("cured", DAY, at="09:00"), happened("notice", DAY, at="11:00")
    assert [one.state for one in of(planned(cured, notice, terms=TERMS), "cure")] == [State.SCHEDULED]
    later = happened("cured", DAY, at="15:00")
    assert [one.state for one in of(planned(later, notice, terms=TERMS), "cure")] == [State.DONE]


def test_the_order_of_arrival_changes_nothing() -> None:
    reports = [offer("z", "100"), offer("a", "900"), offer("m", "300", at="10:00"), happened("notice", DAY)]
    plans = {str(plan_json(planned(*one, terms=TERMS))) for one in permutations(reports)}
    assert len(plans) == 1


def test_a_time_that_no_clock_shows_is_refused() -> None:
    with pytest.raises(PlanningError, match=r"offer\.at is a local time such as 14:30"):
        planned(offer("a", "100", at="25:00"), terms=TERMS)
