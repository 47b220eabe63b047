"""What a real agreement states twice and differently is found, whichever kind of thing it is."""

from __future__ import annotations

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.planning.comparisons import contradictions
from obligations.planning.world import World
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.letter import CALENDARS, ZONES

AGREEMENT = """
terms: 1
contract: {id: officer, title: Officer's agreement, currency: USD}
parties: {company: the company, officer: the officer}
roles: {hr: pays}
parameters:
  effective_on: {type: date, default: 2012-01-01}
  salary: {type: money, default: 240000.00}
  days_a_year: {type: hours, default: 17}
events:
  left: {says: the officer left, once: yes}
windows:
  term: 60 months beginning on effective_on
clauses:
  severance:
    cite: "6"
    who: company owes officer
    pay: {greater of: [salary, 100000.00, 2 * salary]}
    when: left
    exactly: 30 days after left
    do: {send: bank, kind: payment, approve: [hr]}
compare:
  - {says: the term is sixty months, cite: "2", days: [last day of term, 2016-12-31]}
  - {says: seventeen days a year at 1.4 a month, cite: "5", amounts: [days_a_year, 12 * 1.4 hours]}
  - {says: the greater of (i) or (ii), cite: "6", members: {of: severance, said: 3}}
  - {says: notice of thirty days, days: [30 days after left, 2013-03-31]}
examples:
  - name: the officer leaves
    given: {left: 2013-03-01}
    expect: {severance: {due_on: 2013-03-31}}
"""


def found(text: str) -> list[str]:
    terms = load(text, "officer.yaml", find_template)

    def make(reports: tuple[Report, ...]) -> World:
        return World(terms, reports, None, CALENDARS, ZONES)

    return [str(finding) for finding in contradictions(terms, make)]


def test_what_agrees_is_left_alone_and_what_differs_is_shown_with_both_sides() -> None:
    """17 days a year accrued at 1.4 a month are 16.8."""
    said = "officer.yaml:24:5: seventeen days a year at 1.4 a month: the document says 17 and 16.8; settle"
    assert [one.partition(" which")[0] for one in found(AGREEMENT)] == [said]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2016-12-31", "2017-01-01", "the document says 2016-12-31 and 2017-01-01"),
        ("said: 3", "said: 2", "the document announces 2, and severance has 3"),
        ("2013-03-31]}\n", "2013-04-01]}\n", "the document says 2013-03-31 and 2013-04-01"),
        ("12 * 1.4 hours", "2 * salary", "are in hours and USD"),
    ],
)
def test_each_kind_of_contradiction(old: str, new: str, said: str) -> None:
    """A term that ends a day later than stated, two members that are three, a notice known only in an example."""
    assert any(said in one for one in found(AGREEMENT.replace(old, new, 1))), found(AGREEMENT.replace(old, new, 1))


def test_a_reading_settles_which_is_meant() -> None:
    readings = "readings:\n  leave: {use: yearly, options: [yearly, monthly]}\nevents:"
    text = AGREEMENT.replace("events:", readings, 1).replace("12 * 1.4 hours]", "12 * 1.4 hours], settled_by: leave")
    assert found(text) == []
    with pytest.raises(TermsError, match='no reading "leaf"'):
        found(text.replace("settled_by: leave", "settled_by: leaf"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("days: [last day of term, 2016-12-31]", "days: [2016-12-31]", "two or more days"),
        ("members: {of: severance", "members: {of: severence", 'Did you mean "severance"'),
        ("days: [last day of term,", "amounts: [salary, salary], days: [last day of term,", "one of days, amounts"),
        ("last day of term,", "last day of turm,", 'Did you mean "term"'),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_place(old: str, new: str, words: str) -> None:
    with pytest.raises(TermsError, match=words):
        found(AGREEMENT.replace(old, new, 1))
