"""Sending is paused by a person and goes on when a person says so; nothing is lost meanwhile."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.hold import Scope
from obligations.service import NotFound, Refused
from tests.service.office import Office

HANA = "hana@example.com"
ACTION = "act.payroll.one_time_earning"


@pytest.fixture
def due(office: Office) -> Office:
    """The lump sum is approved and due."""
    office.add()
    office.tell("employment_started", date(2026, 1, 5))
    office.today(date(2026, 3, 2))
    office.tell("change_of_control", date(2026, 3, 2))
    office.approve("letter/lump_sum")
    office.today(date(2026, 3, 6))
    return office


def test_money_that_is_held_goes_once_it_is_let_go_on(due: Office) -> None:
    """Somebody who suspects a wrong account could not stop a payment, or would lose it for good by stopping it."""
    held = due.service.pause(Scope.MONEY, reason="the bank details look wrong", actor=HANA)
    due.send()
    assert due.states("lump_sum", ACTION) == ["scheduled"]
    assert due.service.resume(held.number, actor=HANA) == [held]
    due.send()
    assert due.states("lump_sum", ACTION) == ["delivered"]


def test_who_paused_and_who_resumed_is_on_record(due: Office) -> None:
    """A payment that came late could not be explained."""
    held = due.service.pause(Scope.EVERYTHING, reason="moving house", actor=HANA)
    due.service.resume(None, actor="finn@example.com")
    with due.store.read() as view:
        lines = [line for line in view.ledger() if line.object == f"hold {held.number}"]
    assert [(line.actor, line.action, line.reason) for line in lines] == [
        (HANA, "sending paused", "moving house"),
        ("finn@example.com", "sending resumed", ""),
    ]


def test_two_holds_need_both_lifted(due: Office) -> None:
    """Whoever lifts their own hold must not lift another's."""
    mine = due.service.pause(Scope.MONEY, reason="mine", actor=HANA)
    theirs = due.service.pause(Scope.MONEY, reason="theirs", actor="finn@example.com")
    due.service.resume(mine.number, actor=HANA)
    due.send()
    assert due.states("lump_sum", ACTION) == ["scheduled"]
    assert due.service.holds() == [theirs]


def test_a_pause_says_why_and_a_resume_needs_a_hold(due: Office) -> None:
    """Nobody would know whether sending may go on."""
    with pytest.raises(Refused, match="say why"):
        due.service.pause(Scope.MONEY, reason="  ", actor=HANA)
    with pytest.raises(NotFound, match="nothing is in force"):
        due.service.resume(None, actor=HANA)
    held = due.service.pause(Scope.MONEY, reason="audit", actor=HANA)
    with pytest.raises(NotFound, match=rf"no hold {held.number + 1} is in force; in force: {held.number}"):
        due.service.resume(held.number + 1, actor=HANA)
