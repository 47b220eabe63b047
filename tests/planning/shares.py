"""Share plans for tests: a terms file around the vesting words that a test is about."""

from __future__ import annotations

from functools import cache

from config.shipped import find_template
from obligations.terms.loader import load
from obligations.terms.terms import Terms

HEAD = """\
terms: 1
template: {id: plan, title: Shares for a consultant, currency: USD}
parties: {client: the client, consultant: the consultant}
roles: {lead: the lead}
parameters: {shares: {type: units, default: 1200}, some: {type: units, default: 250}}
facts: {asked: {type: units, ask: How many vest early?}}
events: {granted: {}, began: {once: yes}, listed: {}, approved: {}, sold: {}, fired: {}, ended: {once: yes},
  leave_began: {}, leave_ended: {}}
windows: {after_sale: 12 months beginning on sold}
states: {leave: {from: leave_began, to: leave_ended}}
counting: {calendar: US}
clauses:
"""


@cache
def shares(vesting: str, acceleration: str = "", when: str = "sold", until: str = "ended") -> Terms:
    """A clause `vesting` with these further words, and a clause `early` that accelerates it."""
    text = HEAD + _clause("vesting", f"vest: shares\nwhen: granted\nuntil: {until}\n{vesting}")
    if acceleration != "no":
        text += _clause("early", f"accelerate: vesting\nwhen: {when}\n{acceleration}")
    return load(text, "shares.yaml", find_template)


def _clause(name: str, words: str) -> str:
    lines = ["  " + name + ":", '    cite: "1"', "    who: client owes consultant"]
    return "\n".join([*lines, *(f"    {line}" for line in words.splitlines() if line)]) + "\n"
