"""A letter that is amended, for tests: its terms, its amendments, and what is planned of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from config.calendars import Calendars
from config.zones import Zones
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence
from obligations.planning.plan import Plan, plan
from obligations.terms.amendment import amend
from obligations.terms.loader import load
from obligations.terms.terms import Terms

BASE = """
terms: 1
contract: {id: letter, title: A letter, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources, payroll: runs pay, finance: the controller}
people:
  hr: {name: Hana, email: hana@example.com}
  payroll: {name: Pay, email: pay@example.com}
parameters:
  instalment: {type: money, default: 10000.00, cite: "5"}
facts:
  base_salary: {type: money, is: 120000.00, cite: "2"}
readings:
  prompt: {use: short, options: [short, long], cite: "7"}
events:
  hired: {says: the first day, once: yes, required: yes, cite: "1"}
  exited: {says: the employment ended, once: yes, cite: "5"}
  notice: {says: a breach was noticed, cite: "6"}
  cured: {says: the breach was cured, cite: "6"}
windows:
  protected: 24 months beginning on hired
define:
  protected_exit: first exited during protected
clauses:
  severance:
    cite: "5"
    who: company owes employee
    says: an instalment
    pay: instalment
    when: exited
    series: {every: 1 month, times: 6, first: 1 month after exited}
    do: {send: payroll, kind: severance, approve: [finance]}
  cure:
    cite: "6"
    who: employee owes company
    task: Cure the breach
    when: notice
    by: 30 days after notice
    closed_by: cured
    if_missed: {power: dismissal, holder: company, may: dismiss for cause}
  bonus:
    cite: "3"
    who: company owes employee
    pay: 10 percent of base_salary
    when: notice
    by: 5 days after notice
    do: {send: payroll, kind: bonus, approve: [finance]}
  report:
    cite: "8"
    who: employee owes company
    task: Hand in the yearly report
    by: 2027-03-31
  lump:
    cite: "9"
    who: company owes employee
    pay: 125000.00
    when: protected_exit
    exactly: 5 days after protected_exit
    do: {send: payroll, kind: lump, approve: [finance]}
"""
HIRED = Report("r-hired", "hired", date(2026, 1, 5))
EXITED = Report("r-exited", "exited", date(2026, 3, 15))


def amended(*bodies: str) -> Terms:
    """The letter under amendments, each of the first of July 2026 unless it says otherwise."""
    terms = load(BASE, "letter.yaml", lambda _: ("", ""))
    for number, body in enumerate(bodies, 1):
        since = "" if "\nfrom:" in body else "from: 2026-07-01\n"
        terms = amend(terms, f"terms: 1\namends: letter\n{since}{body}", f"amendment-{number}.yaml")
    return terms


def planned(terms: Terms, *reports: Report, as_of: date | None = date(2026, 8, 1)) -> Plan:
    return plan(terms, reports, as_of=as_of, calendars=Calendars(), zones=Zones())


def of(made: Plan, clause: str) -> list[Occurrence]:
    return sorted((one for one in made.occurrences if one.clause == clause), key=lambda one: one.index)


def amounts(found: Iterable[Occurrence]) -> list[str]:
    return [one.amount.shown() if one.amount else "" for one in found]


REPLACED = """
clauses:
  severance:
    cite: "A.1"
    who: company owes employee
    says: an instalment
    pay: 6000.00
    when: exited
    series: {every: 1 month, times: 12, first: 1 month after exited}
    do: {send: payroll, kind: severance, approve: [finance]}
"""
