"""A contract of any size: a head to put clauses under."""

from __future__ import annotations

from datetime import date

from config.shipped import find_template
from obligations.terms.loader import load
from obligations.terms.terms import Terms

FIRST = date(2005, 1, 3)
HEAD = """
terms: 1
template: {id: any, title: A contract of any size, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  salary: {type: money, default: 120000.00}
  leave: {type: hours, default: 80}
  options: {type: units, default: 100000}
events:
  started: {once: yes, required: yes}
  ended: {once: yes}
  spent: {}
  filed: {}
states:
  employed: started to ended
clauses:
  sized:
    cite: "1"
    who: company owes employee
"""


def sized(clause: str) -> Terms:
    """A contract of this clause, and of those that follow it in the text."""
    return load(HEAD + clause, "sized.yaml", find_template)
