"""A small contract for tests of one construct at a time: a head with figures and events, and clauses of their own."""

from __future__ import annotations

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import happened, only, planned

HEAD = """
terms: 1
contract: {id: small, title: A small contract, currency: USD}
parties: {company: the company, employee: the employee}
parameters:
  monthly_base: {type: money, default: 10000.00, cite: "1"}
  bonus: {type: money, default: 100.01, cite: "1"}
  retainer: {type: money, default: 900.00 EUR, cite: "1"}
  options: {type: units, default: 1000, cite: "1"}
  multiple: {type: number, default: 1.5, cite: "1"}
  place: {type: text, default: Utrecht}
  signed_on: {type: date, default: 2026-01-10}
  wait: {type: span, default: 10 days}
facts:
  base_salary: {type: money, is: 12 * monthly_base, cite: "1"}
  third: {type: money, is: bonus / 3, cite: "1"}
  premium: {type: money, ask: What is the premium?}
  agreed: {type: yes_or_no, ask: Is it agreed?}
  allowed: {type: yes_or_no, ask: Is it allowed?}
events:
  started: {says: the work began, once: yes, cite: "2"}
  exit: {says: the work ended, once: yes, with: {cause: [good, bad], gain: money}, cite: "3"}
  released: {says: the release was signed, cite: "4"}
windows:
  trial: 3 months beginning on started
clauses:
"""
STARTED = happened("started", "2026-01-15")
EXIT = happened("exit", "2026-11-02", cause="good", gain="50.00")


def small(clauses: str, head: str = HEAD) -> Terms:
    """The contract with these clauses, loaded, and so checked."""
    return load(head + clauses, "small.yaml", find_template)


def paid(pay: str, *reports: Report, as_of: str = "", more: str = "", head: str = HEAD) -> Occurrence:
    """The one payment of such an amount, due at the exit."""
    clause = f"""
  owed:
    cite: "9"
    who: company owes employee
    pay: {pay}
    when: exit
    exactly: exit
"""
    terms = small(clause + more, head)
    return only(planned(*(reports or (STARTED, EXIT)), as_of=as_of, terms=terms), "owed")


def amount(pay: str, *reports: Report, more: str = "", head: str = HEAD) -> str:
    """What such an amount comes to at the exit, as a reader sees it; empty where it is not known."""
    found = paid(pay, *reports, more=more, head=head).amount
    return found.shown() if found is not None else ""
