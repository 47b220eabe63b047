"""Four eyes against one person who may write anything: into the terms, the people, the names of clauses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from obligations.service import NeedsPerson, Refused
from tests.service.office import FAILED, LETTER, Office

STARTED, EXIT = date(2026, 1, 5), date(2026, 3, 2)
PAY = ("lump_sum", "act.payroll.one_time_earning")


@pytest.fixture
def proposed(desk: Office) -> Office:
    """The lump sum is proposed; a clerk recorded everything."""
    desk.add()
    desk.tell("employment_started", STARTED)
    desk.today(EXIT)
    desk.tell("change_of_control", EXIT)
    return desk


def test_who_changed_the_terms_does_not_approve_what_follows_from_them(proposed: Office) -> None:
    """Finance could write any figure into the contract and agree to it."""
    proposed.add(LETTER.replace("125000.00", "999000.00"), actor="finn@example.com", change=True)
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        proposed.approve("lump_sum", "finn@example.com")


def test_an_approval_counts_only_while_its_giver_plays_the_role(proposed: Office) -> None:
    """Whoever writes the people could agree under one name, take another, and agree again."""
    proposed.approve("lump_sum", "hana@example.com")
    swapped = LETTER.replace("hr: {name: Hana, email: hana@example.com}", "hr: {name: Ira, email: ira@example.com}")
    swapped = swapped.replace(
        "finance: {name: Finn, email: finn@example.com}", "finance: {name: Hana, email: hana@example.com}"
    )
    proposed.add(swapped, change=True)
    proposed.approve("lump_sum", "hana@example.com")
    assert proposed.states(*PAY) == ["proposed"], "one person agreed twice"
    proposed.approve("lump_sum", "ira@example.com")
    assert proposed.states(*PAY) == ["scheduled"]


def test_a_clause_by_another_name_is_paid_only_once_the_old_payment_is_decided_on(proposed: Office) -> None:
    """Approving the new payment and forgetting the reversal of the old one would pay twice."""
    proposed.approve("lump_sum")
    proposed.today(date(2026, 3, 6))
    proposed.send()
    proposed.add(LETTER.replace("\n  lump_sum:", "\n  severance:"), change=True)
    assert proposed.states(*PAY) == ["delivered", "proposed"]
    with pytest.raises(Refused, match="a reversal of lump_sum/1 is still open"):
        proposed.approve("severance")
    proposed.approve("lump_sum")
    proposed.send(FAILED, only=PAY[1])
    assert proposed.states(*PAY) == ["delivered", "retrying"]
    with pytest.raises(Refused, match="a reversal of lump_sum/1 is still on its way"):
        proposed.approve("severance")
    proposed.clock.set(proposed.clock.now() + timedelta(minutes=6))
    proposed.send()
    proposed.approve("severance")
    assert proposed.states("severance", PAY[1]) == ["scheduled"]


BREACH = """
  letter_signed: {says: the letter was signed, once: yes}
  breach: {says: a covenant was broken}
windows:"""
HELD = (
    LETTER.replace("counting:", "signed: letter_signed\ncounting:")
    .replace("\nwindows:", BREACH)
    .replace("    exactly: 5 days after protected_exit", "    unless: breach\n    exactly: 5 days after protected_exit")
)


def test_who_reported_the_signature_that_money_waited_for_does_not_approve_it(desk: Office) -> None:
    """Finance could let all money go by one report, since a signature in time moves no date and explains none."""
    desk.add(HELD)
    desk.today(EXIT)
    desk.tell("employment_started", STARTED)
    desk.tell("change_of_control", EXIT)
    assert desk.states(*PAY) == []
    desk.tell("letter_signed", STARTED, actor="finn@example.com")
    assert desk.states(*PAY) == ["proposed"]
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        desk.approve("lump_sum", "finn@example.com")
    desk.approve("lump_sum", "hana@example.com")


def test_who_took_back_what_ruled_money_out_does_not_approve_it(desk: Office) -> None:
    """Finance could withdraw the breach for which nothing was owed, and agree to what is owed without it."""
    desk.add(HELD)
    desk.today(EXIT)
    for event, on in (("employment_started", STARTED), ("letter_signed", STARTED), ("change_of_control", EXIT)):
        desk.tell(event, on)
    breach = desk.tell("breach", STARTED)
    desk.withdraw(breach, actor="finn@example.com")
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        desk.approve("lump_sum", "finn@example.com")
    desk.approve("lump_sum", "hana@example.com")


def test_who_recorded_what_changes_nothing_of_it_may_approve(desk: Office) -> None:
    """Finance could approve nothing any more once it had recorded anything at all."""
    desk.add(HELD)
    desk.today(EXIT)
    for event, on in (("employment_started", STARTED), ("letter_signed", STARTED), ("change_of_control", EXIT)):
        desk.tell(event, on)
    desk.tell("breach", EXIT, actor="finn@example.com")
    desk.approve("cobra_premium/1", "finn@example.com")
    assert desk.states("cobra_premium", "act.payroll.premium_payment") == ["scheduled"]
