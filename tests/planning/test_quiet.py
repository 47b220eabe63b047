"""What is remembered with a definition: that it is what would be worked out anew, whatever was reported of whichever
contract."""

from __future__ import annotations

import json
from copy import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.planning.as_json import plan_json
from obligations.planning.plan import plan
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from obligations.terms.values import typed
from tests.planning.letter import CALENDARS, CHANGE_OF_CONTROL, HIRED, ZONES, day, happened, letter
from tests.planning.test_any_terms import BASE, CLAUSE, REPORTS

AFTERWARDS = [
    happened("resignation_notice", "2006-12-01", good_reason="yes"),
    happened("terminated", "2006-12-15", good_cause="no"),
    happened("base_salary", "2006-05-01", value="210000.00"),
    happened("company_neglect_notice_received", "2006-06-01"),
    happened("expense_incurred", "2006-06-03"),
    happened("exercise_price", "2005-04-12", value="3.50"),
]


def said(terms: Terms, reports: list[Report], as_of: str | None) -> str:
    """Everything a plan says, or why there is none."""
    on = day(as_of) if as_of else None
    try:
        made = plan(terms, reports, as_of=on, calendars=CALENDARS, zones=ZONES)
    except PlanningError as error:
        return str(error)
    return json.dumps([plan_json(made), str(made.replan_at)])


def never_planned(terms: Terms) -> Terms:
    """The same terms on a definition of which nothing was remembered."""
    return replace(terms, file=copy(terms.file))


def same_however_often(terms: Terms, stories: list[tuple[list[Report], str | None]]) -> None:
    """Planned over and over with these terms, every story comes out as with terms that were never planned before."""
    for reports, as_of in (*stories, *stories, *stories):
        assert said(terms, reports, as_of) == said(never_planned(terms), reports, as_of)


STORIES = st.lists(
    st.tuples(
        st.lists(st.sampled_from([HIRED, CHANGE_OF_CONTROL, *AFTERWARDS]), unique_by=lambda one: one.event),
        st.none() | st.sampled_from(["2005-05-01", "2006-11-01", "2008-01-01"]),
    ),
    min_size=2,
    max_size=3,
)


@given(STORIES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_letter_comes_out_the_same_however_often_it_was_planned(stories: list[Any]) -> None:
    """What nobody reported last time would be taken for not reported now."""
    same_however_often(never_planned(letter()), stories)


def test_a_copy_of_a_definition_remembers_nothing() -> None:
    """What is held against a plan made anew here would have been remembered too."""
    terms = letter()
    plan(terms, [], calendars=CALENDARS, zones=ZONES)
    assert terms.file.common
    assert not never_planned(terms).file.common


@given(STORIES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_contracts_on_one_template_keep_their_own_names_and_figures(stories: list[Any]) -> None:
    """One employee would get the salary, the grant or the ids of another who signed the same letter."""
    contracts = []
    for number, salary in enumerate(["180000.00", "90000.00", "240000.00"]):
        own = {
            "annual_salary": typed(salary, "money", "USD"),
            "option_count": Decimal(1000 * (number + 1)),
            "offered_on": day(f"2005-03-0{number + 1}"),
            "i9_days_allowed": typed(f"{number + 1} days", "span", "USD"),
        }
        assert own.keys() <= letter().parameters.keys()
        terms = replace(letter(), contract=f"letter-{number}", parameters={**letter().parameters, **own})
        contracts.append(terms.under("lump_sum_times", terms.file.readings["lump_sum_times"].names[number % 2]))
    for _ in range(3):
        for terms in contracts:
            for reports, as_of in stories:
                assert said(terms, reports, as_of) == said(never_planned(terms), reports, as_of)


def test_what_was_answered_is_not_taken_for_waiting() -> None:
    """Somebody's answer to what still waits would be lost, and nobody asked what it closes."""
    terms = never_planned(letter())
    waits = [one for one in plan(terms, [HIRED], calendars=CALENDARS, zones=ZONES).occurrences if not one.due_on]
    answers = [Report(f"a{one.id}", "done", day("2006-01-02"), answers=str(one.id)) for one in waits]
    same_however_often(terms, [([HIRED], None), ([HIRED, *answers], None), (answers, "2006-01-03")])


@given(
    st.lists(CLAUSE, min_size=1, max_size=2), REPORTS, st.none() | st.just("2006-08-01"), st.sampled_from([0, 1, 2, 3])
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_terms_come_out_the_same_however_often_they_were_planned(
    clauses: list[dict[str, Any]], reports: list[Report], as_of: str | None, kept: int
) -> None:
    """A clause of a kind nobody thought of would rest on something that was not noted."""
    named = {f"odd_{n}": {"cite": "2", "who": "company owes employee", **clause} for n, clause in enumerate(clauses)}
    text = BASE + "".join(f"  {name}: {json.dumps(clause)}\n" for name, clause in named.items())
    try:
        terms = load(text, "any.yaml", find_template)
    except TermsError:
        return
    same_however_often(terms, [(reports, as_of), (reports[:kept], None), ([], as_of)])
