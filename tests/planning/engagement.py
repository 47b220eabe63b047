"""An engagement with few events, into which tests put the clauses they are about."""

from __future__ import annotations

from config.shipped import find_template
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import happened

HEAD = """
terms: 1
contract: {id: engagement, title: An engagement, currency: USD}
parties: {client: the client, consultant: the consultant}
roles: {hr: human resources}
parameters:
  open_from: {type: date, default: 2025-03-20}
  monthly_fee: {type: money, default: 1000.00}
  grant_size: {type: units, default: 1200}
readings:
  holidays: {use: US, options: {US: US}, governs: calendar}
events:
  started: {says: the work started, once: yes, cite: "1"}
  notice: {says: a notice arrived, with: {ground: [pay, other]}, cite: "1"}
  cured: {says: the fault was cured, cite: "1"}
  settled: {says: the parties settled, cite: "1"}
  released: {says: the release was signed, cite: "1"}
  revoked: {says: the release was revoked, cite: "1"}
  died: {says: the consultant died, once: yes, cite: "1"}
  signed: {says: the contract was signed, once: yes, cite: "1"}
  ended: {says: the engagement ended, once: yes, with: {for_cause: yes_or_no}, cite: "1"}
facts:
  curable: {type: yes_or_no, ask: Can it be cured?, each: notice, cite: "1"}
  on_call: {type: yes_or_no, ask: Is the consultant on call?, cite: "1"}
  specified: {type: yes_or_no, ask: Is the consultant a specified employee?, cite: "1"}
  local_law: {type: yes_or_no, ask: Does the local statute apply?, each: notice, cite: "1"}
clauses:
"""
STARTED = happened("started", "2025-01-31")
NOTICE = happened("notice", "2025-03-01", ground="other")
ENDED = happened("ended", "2025-06-02", for_cause="no")
PAID = """
  paid:
    cite: "2"
    who: client owes consultant
    pay: 900
    when: ended
    exactly: 30 days after ended
    do: {send: payroll, kind: pay, approve: [hr]}
"""


def terms(clauses: str) -> Terms:
    """An engagement with these clauses, loaded, and so checked."""
    return load(HEAD + clauses, "engagement.yaml", find_template)
