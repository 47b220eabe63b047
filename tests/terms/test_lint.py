"""What a file says and hardly means is pointed out, each with its place and a way out."""

from __future__ import annotations

import pytest

from config.shipped import find_template, template_ids
from obligations.terms.coverage import coverage
from obligations.terms.lint import lint
from obligations.terms.loader import load

SOUND = """\
terms: 1
contract: {id: loan, title: Loan, currency: EUR}
parties: {lender: the lender, borrower: the borrower}
parameters:
  lent: {type: money, default: 100.00, cite: "1"}
events:
  drawn: {says: the loan was drawn, once: yes, cite: "1"}
  called: {says: the loan was called, cite: "2(a)"}
readings:
  zone: {use: here, options: {here: Europe/Paris, there: UTC}, governs: zone}
  days: {use: after, options: {after: not_counted, on: counted}, governs: event_day}
  months: {use: last, options: {last: clamp, next: roll_up}, governs: month_end}
  when_called: {use: early, options: [early, late], cite: "2"}
clauses:
  repay:
    cite: "1"
    who: borrower owes lender
    task: Repay what was lent
    when: drawn
    by: 1 month after drawn
  called_back:
    cite: "2(a)-(b)"
    who: borrower owes lender
    pay: lent
    when: called
    exactly: {reading: when_called, early: 5 days after called, late: 10 days after called}
    do: {send: bank, kind: payment, approve: [clerk]}
roles: {clerk: pays}
coverage:
  document: ["1", "2", "2(b)", "3", "4"]
  no_obligation: ["3 (definitions (see 2))"]
  form_only: ["4 (signatures)"]
"""


def said(text: str) -> list[str]:
    return [str(finding) for finding in lint(load(text, "loan.yaml", find_template))]


def test_a_sound_file_is_left_in_peace() -> None:
    assert said(SOUND) == []


@pytest.mark.parametrize("name", template_ids())
def test_shipped_templates_deserve_no_second_look(name: str) -> None:
    text, called = find_template(name)
    assert [str(finding) for finding in lint(load(text, called, find_template))] == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    pay: lent", "    pay: 100.00", r"loan.yaml:5:3: no clause uses the parameter lent"),
        ("{reading: when_called, early: 5 days after called, late: 10 days after called}", "5 days after called",
         "loan.yaml:13:3: the reading when_called changes nothing"),
        ("late: 10 days", "late: 5 days", "every option of the reading when_called says the same here"),
        (", governs: zone", "", "in whose time zone a day ends"),
        (", governs: event_day", "", "nothing says whether the day of the event is one of them"),
        (", governs: month_end", "", "where they end in a month without the day"),
        ("    when: drawn\n", "    when: {reading: when_called, early: never, late: never}\n",
         "nothing can set this clause off"),
        ("    when: called\n", "    when: called\n    until: called\n", "also ends it"),
        ('"3", "4"]', '"3", "4", "5"]', "loan.yaml:30:43: clause 5 of the document has no term"),
        ('cite: "1"\n    who', 'cite: "7"\n    who', 'the document has no clause "7"'),
    ],
)  # fmt: skip
def test_what_deserves_a_second_look(old: str, new: str, words: str) -> None:
    assert SOUND.count(old) == 1, old
    found = said(SOUND.replace(old, new))
    assert any(words in one for one in found), found


def test_each_clause_of_the_document_is_accounted_for() -> None:
    """A part accounts for its whole, remarks in brackets are no numbers, and a range names each of its parts."""
    found = {one.number: (one.terms, one.listed) for one in coverage(load(SOUND, "x.yaml", find_template).file)}
    assert found == {
        "1": (("repay", "drawn", "lent"), ""),
        "2": (("called_back", "called", "when_called"), ""),
        "2(b)": (("called_back",), ""),
        "3": ((), "no_obligation"),
        "4": ((), "form_only"),
    }


def test_a_series_that_would_need_what_was_paid_by_then_is_pointed_out() -> None:
    """A yearly share of what is left unpaid would be reckoned from the first day's figure for ever."""
    yearly = """\
  yearly:
    cite: "2(b)"
    who: borrower owes lender
    pay: 10 percent of (lent - paid of called_back)
    when: drawn
    series: {every: 12 months, times: 3}
    do: {send: bank, kind: payment, approve: [clerk]}
roles:"""
    found = said(SOUND.replace("roles:", yearly, 1))
    assert any("`paid of called_back` is counted on the day that sets the series off" in one for one in found), found
    whole = yearly.replace("10 percent of (lent - paid of called_back)", "lent - paid of called_back")
    split = whole.replace(
        "{every: 12 months, times: 3}", "{every: 12 months, over: 36 months following drawn, splits: yes}"
    )
    assert said(SOUND.replace("roles:", split, 1)) == [], "one whole is reckoned on one day"


def test_months_alone_leave_no_question_about_days() -> None:
    """Whoever counts in months only would be asked how to count days."""
    months = SOUND.replace("5 days", "5 months").replace("10 days", "10 months").replace(", governs: event_day", "")
    assert not any("the day of the event" in one for one in said(months))


SALARIED = """\
terms: 1
contract: {id: ana, title: Ana}
parties: {firm: the firm, ana: Ana}
counting: {zone: UTC}
roles: {payroll: runs pay}
parameters:
  yearly: {type: money, default: 240000.00, cite: "1"}
  pay_days: {type: payroll_calendar, default: semi-monthly paid 15 and last, cite: "1"}
events:
  began: {says: the first day, once: yes, required: yes, cite: "1"}
  ended: {says: the last day, once: yes, cite: "1"}
states:
  employed: began to ended
clauses:
  salary:
    cite: "1"
    who: firm owes ana
    pay: yearly
    during: employed
    series: {on: paydays}
    until: ended
"""


def test_the_one_payroll_calendar_is_used_by_every_payday() -> None:
    """Who follows the advice to remove it is left with a file that cannot be planned."""
    assert said(SALARIED) == []
    monthly = said(SALARIED.replace("{on: paydays}", "{every: 1 month}"))
    assert any("no clause uses the parameter pay_days" in one for one in monthly)


def test_salary_by_whole_periods_must_say_who_pays_the_last_days() -> None:
    """Who leaves on the third day of a period has worked three days that no clause would pay."""
    open_ended = SALARIED.replace("    until: ended\n", "")
    (one,) = said(open_ended)
    assert "nothing pays the days worked of one that ends early" in one
    last = """\
  last_pay:
    cite: "1"
    who: firm owes ana
    pay: yearly
    when: ended
    by: end of pay period
    per: period days
"""
    assert said(open_ended + last) == []
    assert said(f"{open_ended}    per: period\n") == []
