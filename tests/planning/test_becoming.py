"""A condition that comes true is an event, on the day of the statement that makes it so."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.planning.as_json import plan_json
from obligations.terms.amendment import amend
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.letter import happened, of, planned

TEXT = """\
terms: 1
contract: {id: becoming, title: What comes true, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  first_salary: {type: money, default: 200000.00}
facts:
  salary: {type: money, is: first_salary}
  listed: {type: yes_or_no, ask: Is the company listed?}
events:
  started: {once: yes}
define:
  pay_cut: {becomes: salary below 90 percent of first_salary}
clauses:
  notice: {cite: "1", who: employee owes company, task: Object, when: pay_cut, by: 90 days after pay_cut}
  filing: {cite: "2", who: company owes employee, task: File, when: {becomes: listed}, by: 10 days after listed}
"""
TERMS = load(TEXT, "becoming.yaml", find_template)


def due(clause: str, *stated: tuple[str, str, str]) -> list[str]:
    reports = [happened(fact, on, value=value) for fact, on, value in stated]
    return [str(one.due_on) for one in of(planned(*reports, terms=TERMS), clause)]


def test_it_happens_each_time_it_comes_true_and_not_while_it_stays_so() -> None:
    """A second cut would count anew, or a cut after a rise would not."""
    cut = ("salary", "2026-01-01", "170000")
    deeper = ("salary", "2026-02-01", "160000")
    rise = ("salary", "2026-03-01", "210000")
    again = ("salary", "2026-04-01", "150000")
    assert due("notice", cut) == ["2026-04-01"]
    assert due("notice", cut, deeper) == ["2026-04-01"]
    assert due("notice", cut, deeper, rise, again) == ["2026-04-01", "2026-06-30"]


def test_what_an_amendment_states_comes_true_on_its_day() -> None:
    """A cut that both sides agreed to would give no right to object, or give it twice."""
    for title, body in (
        ("a cut", "facts: {salary: 150000.00}"),
        ("a text", "parameters: {spare: {type: number, default: 1}}"),
    ):
        terms = amend(TERMS, f"terms: 1\namends: becoming\ntitle: {title}\nfrom: 2026-07-01\n{body}\n", "a.yaml")
        made = planned(happened("salary", "2026-01-01", value="200000"), as_of="2026-08-01", terms=terms)
        found = [str(one.due_on) for one in of(made, "notice") if one.due_on]
        assert found == (["2026-09-29"] if title == "a cut" else []), title


def test_exactly_nine_tenths_is_no_cut() -> None:
    assert due("notice", ("salary", "2026-01-01", "180000.00")) == []


def test_what_nobody_had_stated_comes_true_when_it_is_stated() -> None:
    assert due("filing", ("listed", "2026-05-01", "yes")) == ["2026-05-11"]
    assert due("filing", ("listed", "2026-05-01", "no"), ("listed", "2026-06-01", "yes")) != []


def test_the_order_of_arrival_changes_nothing() -> None:
    reports = [happened("salary", f"2026-0{month}-01", value=f"{190 - 15 * month}000") for month in (1, 2, 3)]
    plans = {str(plan_json(planned(*one, terms=TERMS))) for one in permutations(reports)}
    assert len(plans) == 1


@pytest.mark.parametrize(
    ("condition", "words"),
    [("{becomes: salry below 5}", "salry"), ("{becomes: salary under 5}", '"under" is not understood')],
)
def test_a_condition_that_means_nothing_is_refused_in_words(condition: str, words: str) -> None:
    with pytest.raises(TermsError, match=words):
        load(TEXT.replace("{becomes: salary below 90 percent of first_salary}", condition), "x.yaml", find_template)
