"""Sending is paused by a person and goes on when a person says so; nothing is lost meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from obligations.domain.hold import Scope
from obligations.service import NotFound, Refused, Service
from tests.service.office import Office, library

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


@pytest.mark.parametrize("name", ["Payroll", "payrol", "nobody at all"])
def test_a_hold_on_a_name_that_nothing_goes_to_is_refused(due: Office, name: str) -> None:
    """Somebody would believe payroll was stopped while money goes there."""
    with pytest.raises(NotFound, match=f'nothing goes to "{name}"') as refused:
        due.service.pause(Scope.EVERYTHING, reason="the books are closed", actor=HANA, destination=name)
    assert due.service.holds() == []
    assert ('Did you mean "payroll"?' in str(refused.value)) == name.lower().startswith("pay")


def test_a_destination_is_known_before_anything_is_planned_for_it(office: Office) -> None:
    """A clause that has not come about yet sends to payroll once it does."""
    office.add()
    assert not [one for one in office.deliveries() if one.push.destination == "payroll"]
    held = office.service.pause(Scope.EVERYTHING, reason="the books are closed", actor=HANA, destination="payroll")
    assert held.destination == "payroll"


def test_a_destination_that_is_set_up_is_known_without_any_contract(office: Office) -> None:
    """Who sets up payroll with everything held must be able to hold it first."""
    set_up = Service(office.store, clock=office.clock, library=replace(library(), destinations=frozenset({"payroll"})))
    assert set_up.pause(Scope.EVERYTHING, reason="not yet", actor=HANA, destination="payroll").destination == "payroll"
    with pytest.raises(NotFound):
        office.service.pause(Scope.EVERYTHING, reason="not yet", actor=HANA, destination="payroll")


def test_holds_that_were_agreed_to_are_lifted_and_no_later_one(due: Office) -> None:
    """A hold that came while somebody was asked would be lifted unseen; one that went would be said to be lifted."""
    shown = [due.service.pause(Scope.MONEY, reason=why, actor=HANA).number for why in ("one", "two")]
    later = due.service.pause(Scope.MONEY, reason="three", actor="finn@example.com")
    assert [one.number for one in due.service.resume(shown, actor=HANA)] == shown
    assert due.service.holds() == [later]
    with pytest.raises(NotFound, match=f"no hold {shown[0]} is in force"):
        due.service.resume([*shown, later.number], actor=HANA)
    assert due.service.holds() == [later]
