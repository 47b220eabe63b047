"""Amendments of clauses that hold others back, stand in their place or go round: what was ended has no effect left."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from tests.planning.amended import HIRED, amended, amounts, of, planned

HELD = """
clauses:
  hold:
    cite: "A.16"
    who: company owes employee
    postpone: severance
    when: exited
    to: 1 day after 6 months after exited
"""


@pytest.mark.parametrize(
    ("exited", "then", "acts_on"),
    [
        # set off before the hold was ended, and not changed: it goes on
        (date(2026, 7, 15), "ends: [hold]\n", ["2027-01-16"] * 6),
        # set off after it was ended
        (date(2026, 9, 15), "ends: [hold]\n", ["2026-10-15", "2026-11-15", "2026-12-15"]),
        # ended while it ran: what was held is released that day, and is not late from its first day on
        (date(2026, 7, 15), "ends: [hold]\nrunning: changes\n", ["2026-09-01", "2026-09-15", "2026-10-15"]),
        # shortened, for what is set off from then on, or for what runs as well
        (date(2026, 7, 15), HELD.replace("6 months", "3 months"), ["2027-01-16"] * 3),
        (date(2026, 7, 15), HELD.replace("6 months", "3 months") + "running: changes\n", ["2026-10-16"] * 3),
        (date(2026, 9, 15), HELD.replace("6 months", "3 months"), ["2026-12-16", "2026-12-16", "2026-12-16"]),
    ],
)
def test_a_hold_that_an_amendment_ends_or_shortens_holds_nothing_longer(
    exited: date, then: str, acts_on: list[str]
) -> None:
    """Somebody who left after the hold was given up would wait half a year for the pay."""
    terms = amended(HELD, f"title: The second\nfrom: 2026-09-01\n{then}")
    found = of(planned(terms, HIRED, Report("r", "exited", exited)), "severance")
    assert [str(one.adjusted_on) for one in found[: len(acts_on)]] == acts_on
    assert found[0].due_on == date(2026, exited.month + 1, 15)


def test_a_rule_is_owed_again_once_what_stood_in_its_place_is_ended() -> None:
    """The exception would go on to rule out the rule, and nobody would be paid anything."""
    added = """
clauses:
  larger_lump:
    cite: "A.6"
    who: company owes employee
    pay: 200000.00
    instead_of: lump
    exactly: 5 days after protected_exit
    do: {send: payroll, kind: lump, approve: [finance]}
"""
    terms = amended(added, "title: The second\nfrom: 2026-09-01\nends: [larger_lump]\n")
    for day, paid in ((date(2026, 8, 31), "200,000.00 USD"), (date(2026, 9, 1), "125,000.00 USD")):
        (lump,) = of(planned(terms, HIRED, Report("r", "exited", day), as_of=date(2026, 9, 2)), "lump")
        assert (lump.state, amounts([lump])) == (State.SCHEDULED, [paid]), day


ROUNDS = """
events:
  again: {says: a breach that was not cured counts as noticed again, cite: "A.7"}
define:
  demand: {any of: [notice, again]}
clauses:
  mend:
    cite: "A.7"
    who: employee owes company
    task: Mend it
    when: demand
    by: 30 days after demand
    until: exited
    if_missed: {event: again}
"""


def test_rounds_go_on_through_an_amendment_each_by_the_version_of_its_day() -> None:
    """A contract in which events bring each other about could not be amended at all, by whatever amendment."""
    other = "title: The second\nfrom: 2026-09-01\nparameters: {instalment: 9000.00}\n"
    longer = f"title: The third\nfrom: 2026-10-01\n{ROUNDS[ROUNDS.index('clauses') :].replace('30 days', '60 days')}"
    reports = (HIRED, Report("r-notice", "notice", date(2026, 7, 10)))
    days = {
        (): ["2026-08-09", "2026-09-09", "2026-10-10", "2026-11-10", "2026-12-11", "2027-01-11"],
        (other,): ["2026-08-09", "2026-09-09", "2026-10-10", "2026-11-10", "2026-12-11", "2027-01-11"],
        (other, longer): ["2026-08-09", "2026-09-09", "2026-10-10", "2026-12-10", "2027-02-09"],
    }
    for more, expected in days.items():
        found = of(planned(amended(ROUNDS, *more), *reports, as_of=date(2026, 12, 15)), "mend")
        assert sorted(str(one.due_on) for one in found) == expected, more
        assert len({one.id for one in found}) == len(found)


STANDS = """
events:
  signed: {says: the release was signed, cite: "A.8"}
  revoked: {says: the release was revoked, cite: "A.8"}
define:
  binding: {stands: {event: signed, for: 7 days, unless: revoked}}
clauses:
  thanks:
    cite: "A.8"
    who: company owes employee
    pay: 1000.00
    when: binding
    exactly: binding
    do: {send: payroll, kind: thanks, approve: [finance]}
"""


@pytest.mark.parametrize(
    ("before", "after", "due"), [("7", "21", "2026-08-28"), ("21", "7", "2026-09-11"), ("7", "8", "2026-08-28")]
)
def test_what_each_version_gives_another_day_is_paid_once(before: str, after: str, due: str) -> None:
    """Signed on 20 August, with seven or twenty-one days to revoke, and on 1 September the other: by the one it would
    be paid twice under one name, by the other never."""
    first = STANDS.replace("7 days", f"{before} days")
    then = f"title: The second\nfrom: 2026-09-01\n{STANDS[STANDS.index('define') : STANDS.index('clauses')]}"
    terms = amended(first, then.replace("7 days", f"{after} days"))
    found = of(planned(terms, HIRED, Report("r", "signed", date(2026, 8, 20)), as_of=date(2026, 10, 1)), "thanks")
    assert [str(one.due_on) for one in found] == [due]


def test_a_day_that_an_amendment_moves_back_before_itself_still_comes() -> None:
    """The raise after eight months, cut to seven when these were over already, would never be paid."""
    trial = """
define:
  tried: {reached: 8 months after hired}
clauses:
  raise:
    cite: "A.9"
    who: company owes employee
    pay: 500.00
    when: tried
    exactly: tried
    do: {send: payroll, kind: raise, approve: [finance]}
"""
    cut = "title: The second\nfrom: 2026-09-01\ndefine:\n  tried: {reached: 7 months after hired}\n"
    (found,) = of(planned(amended(trial, cut), HIRED, as_of=date(2026, 9, 2)), "raise")
    assert (found.state, str(found.due_on)) == (State.SCHEDULED, "2026-09-05")


def test_a_second_term_of_other_lengths_is_not_taken_for_the_second_of_before() -> None:
    """The second term began in May by the first agreement, and in July by the other: both would have one name, and the
    payment for the one would be taken for that of the other."""
    terms_of = """
windows:
  term: {lasts: 4 months beginning on hired, renews: {by: 4 months}}
clauses:
  fee:
    cite: "A.10"
    who: company owes employee
    pay: 500.00
    when: start of term
    exactly: first day of term
    do: {send: payroll, kind: fee, approve: [finance]}
"""
    halves = terms_of[: terms_of.index("clauses")].replace("4 months", "6 months")
    terms = amended("\nfrom: 2026-01-01" + terms_of, f"title: The second\nfrom: 2026-06-01\n{halves}")
    found = of(planned(terms, HIRED, as_of=date(2027, 2, 1)), "fee")
    assert sorted(str(one.due_on) for one in found) == ["2026-01-05", "2026-05-05", "2026-07-05", "2027-01-05"]
    assert len({one.id for one in found}) == len(found)
