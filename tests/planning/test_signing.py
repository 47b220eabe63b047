"""What fell due before the contract was signed."""

from __future__ import annotations

import pytest

from obligations.domain.occurrence import State
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.engagement import HEAD, NOTICE, STARTED
from tests.planning.letter import happened, of, only, planned, powers

CLAUSES = """
  sign:
    cite: "1"
    who: consultant owes client
    task: Sign and return the contract
    by: 2025-02-10
    closed_by: signed
  fee:
    cite: "2"
    who: client owes consultant
    pay: 900
    when: started
    series: {every: 1 month, times: 3, first: started}
    do: {send: payroll, kind: fee, approve: [hr]}
  cure:
    cite: "3"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 14 days after notice
    closed_by: cured
    if_missed: {power: stop, holder: client, may: stop at once}
"""


def terms(signed: str = "signed") -> Terms:
    """An engagement that begins before it is signed."""
    return load(HEAD.replace("clauses:\n", f"signed: {signed}\nclauses:\n") + CLAUSES, "e.yaml", lambda _: ("", ""))


def test_what_fell_due_before_signature_is_due_then() -> None:
    """A fee would be overdue on the day the contract comes into being, or stay out of it for good."""
    made = planned(STARTED, happened("signed", "2025-03-05"), as_of="2025-03-05", terms=terms())
    assert [(str(one.due_on), one.state) for one in of(made, "fee")] == [
        ("2025-03-05", State.DUE),
        ("2025-03-05", State.DUE),
        ("2025-03-31", State.SCHEDULED),
    ]
    assert "due at signature" in str(of(made, "fee")[0].derivation.as_json())


def test_nothing_but_the_signature_is_missed_while_nobody_has_signed() -> None:
    """A client would stop the work over a duty that binds nobody yet, or money would go without a contract."""
    made = planned(STARTED, NOTICE, as_of="2025-04-20", terms=terms())
    cure = only(made, "cure")
    assert (cure.state, cure.waiting_for) == (State.WAITING, ("signed",))
    assert [power.waiting_for for power in powers(made, "stop")] == [("signed",)]
    assert {one.state for one in of(made, "fee")} == {State.WAITING}
    assert [push for push in made.pushes if push.money] == []
    assert only(made, "sign").state is State.MISSED


def test_money_waits_for_the_signature_and_work_does_until_its_day() -> None:
    """A fee would be put down for a day although nobody signed; a duty would look held up before it is due."""
    for as_of, state in (("2025-03-10", State.SCHEDULED), ("2025-03-15", State.DUE), ("2025-03-16", State.WAITING)):
        made = planned(STARTED, NOTICE, as_of=as_of, terms=terms())
        assert only(made, "cure").state is state, as_of
        assert {(one.state, one.waiting_for) for one in of(made, "fee")} == {(State.WAITING, ("signed",))}


def test_what_falls_due_on_the_day_of_signature_is_due_by_itself() -> None:
    """A reader would be told that the signature moved a day that it did not move."""
    made = planned(STARTED, happened("signed", "2025-01-31"), terms=terms())
    assert "due at signature" not in str(of(made, "fee")[0].derivation.as_json())


def test_a_miss_counts_from_the_signature() -> None:
    """A power would arise for a day on which nobody owed anything."""
    made = planned(NOTICE, happened("signed", "2025-03-20"), as_of="2025-03-21", terms=terms())
    assert [str(power.arises_on) for power in powers(made, "stop")] == ["2025-03-21"]


def test_the_signature_may_be_a_date() -> None:
    """A contract that carries its date would have to have it reported once more."""
    made = planned(STARTED, terms=terms("2025-02-14"))
    assert str(of(made, "fee")[0].due_on) == "2025-02-14"


def test_a_signature_that_means_nothing_is_refused() -> None:
    """A slip would keep a contract unsigned for ever."""
    with pytest.raises(TermsError, match='Did you mean "signed"'):
        terms("sigend")
