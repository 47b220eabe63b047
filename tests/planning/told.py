"""A contract in which much can happen, for tests of what the words of the language mean: the head, and a file of it."""

from __future__ import annotations

from config.shipped import find_template
from obligations.planning.plan import Plan
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import of

HEAD = """\
terms: 1
contract: {id: told, title: What happened, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources, boss: the manager}
parameters:
  base: {type: money, default: 1000.00}
facts:
  salary: {type: money, is: base}
  premium: {type: money, ask: What is the premium?}
  agreed: {type: yes_or_no, ask: Is it agreed?}
  grave: {type: yes_or_no, ask: Is the breach grave?, each: notice}
events:
  started: {says: the work began, once: yes}
  ended: {says: the work ended, once: yes, with: {cause: yes_or_no}}
  notice: {says: notice of a breach, with: {ground: [delay, defect]}}
  cured: {says: the breach was cured}
  claim: {says: a claim was made, with: {sum: money, late: yes_or_no}}
  sale: {says: the company was sold}
  release: {says: the release was signed}
  absence_began: {says: the employee could not work}
  returned: {says: the employee worked again}
"""


def terms(text: str, head: str = HEAD) -> Terms:
    """The contract with these further parts, loaded, and so checked."""
    return load(head + text, "told.yaml", find_template)


def due(plan: Plan, clause: str) -> list[str]:
    """The days on which a clause's occurrences are due, by their index; "None" where there is none yet."""
    return [str(one.due_on) for one in of(plan, clause)]
