"""Sending again what was parked: a way out for everything that stopped, and none that pays twice."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.delivery import DeliveryState
from obligations.domain.hold import Scope
from obligations.engine.outcomes import Policy
from obligations.engine.settings import EngineSettings
from obligations.ports import Conflict
from obligations.service import NeedsPerson, NotFound
from tests.service.office import FAILED, LETTER, REJECTED, UNKNOWN, Office

STARTED, EXIT = date(2026, 1, 5), date(2026, 3, 2)
ACTION = "act.payroll.one_time_earning"


@pytest.fixture
def due(office: Office) -> Office:
    """The lump sum is approved and due."""
    office.add()
    office.tell("employment_started", STARTED)
    office.today(EXIT)
    office.tell("change_of_control", EXIT)
    office.approve("letter/lump_sum")
    office.today(date(2026, 3, 6))
    return office


def test_what_was_rejected_goes_again_under_its_key_and_with_its_bytes(due: Office) -> None:
    """A payment that payroll could not take would stay unpaid for good once payroll is mended."""
    due.send(REJECTED, only="one_time_earning")
    (parked,) = due.chain("lump_sum", ACTION)
    assert parked.state is DeliveryState.PARKED
    due.service.retry("letter/lump_sum", actor="hana@example.com")
    due.send()
    (sent,) = due.chain("lump_sum", ACTION)
    assert sent.state is DeliveryState.DELIVERED
    assert (sent.push.key, sent.body) == (parked.push.key, parked.body)
    assert "delivery sent again" in [line.action for line in due.ledger()]


def test_an_unknown_payment_goes_again_only_once_the_receiver_was_asked(due: Office) -> None:
    """A receiver that forgot the key would pay a second time."""
    due.send(UNKNOWN, only="one_time_earning")
    (one,) = due.chain("lump_sum", ACTION)
    with due.store.write() as view:
        view.move(one.push.key, {DeliveryState.RETRYING}, DeliveryState.PARKED, "unknown outcome")
    with pytest.raises(NeedsPerson, match="nobody knows whether payroll took lump_sum/1"):
        due.service.retry("letter/lump_sum", actor="hana@example.com")
    assert due.states("lump_sum", ACTION) == ["parked"]
    due.service.retry("letter/lump_sum", actor="hana@example.com", not_received=True)
    assert due.ledger()[-1].reason == "the receiver never took it"


def test_a_payment_that_the_receiver_never_took_is_sent_days_later(due: Office) -> None:
    """The engine would stop it again for the very doubt that a person has settled, for ever."""
    due.send(UNKNOWN, only="one_time_earning")
    (one,) = due.chain("lump_sum", ACTION)
    with due.store.write() as view:
        view.move(one.push.key, {DeliveryState.RETRYING}, DeliveryState.PARKED, "unknown outcome")
    due.today(date(2026, 3, 20))
    policy = Policy(EngineSettings(), chance=lambda: 0.5)
    due.service.retry("letter/lump_sum", actor="hana@example.com", not_received=True)
    (claim,) = [it for it in due.claim() if it.name == ACTION]
    assert policy.objection(claim, due.clock.now()) is None
    assert claim.key == one.push.key
    assert claim.body == one.body


def test_what_was_never_tried_follows_the_people_of_today(office: Office) -> None:
    """A reminder parked for want of a person would go nowhere although somebody fills the role by now."""
    office.add()
    office.tell("employment_started", STARTED)
    (parked,) = office.chain("i9", "remind.employee.1-day-before")
    assert parked.state is DeliveryState.PARKED
    (still,) = office.service.retry("letter/i9", actor="hana@example.com")
    assert still.state is DeliveryState.PARKED
    office.add(LETTER.replace("people:", "people:\n  employee: {name: Ana, email: ana@example.com}"), change=True)
    assert office.states("i9", "remind.employee.1-day-before") == ["scheduled"]


def test_nothing_parked_is_said(due: Office) -> None:
    with pytest.raises(NotFound, match="nothing is parked or refused"):
        due.service.retry("letter/lump_sum", actor="hana@example.com")


def test_what_waits_for_its_next_attempt_goes_at_once_when_a_person_says_so(due: Office) -> None:
    """Payroll is mended at nine, and the salary would wait until the next day for its turn."""
    due.send(FAILED, only="one_time_earning")
    assert due.claim() == []
    (before,) = due.chain("lump_sum", ACTION)
    assert before.next_attempt_at is not None
    (again,) = due.service.retry(str(before.push.key)[:8], actor="hana@example.com")
    assert again.state is DeliveryState.RETRYING
    (claim,) = due.claim()
    assert (claim.key, claim.body, claim.attempt) == (before.push.key, before.body, 2)
    said = due.ledger()[-1]
    assert (said.actor, said.action) == ("hana@example.com", "delivery hastened")


def test_what_is_hastened_still_waits_for_a_hold(due: Office) -> None:
    """Whoever mends a receiver must not send what somebody else stopped."""
    due.send(FAILED, only="one_time_earning")
    due.service.pause(Scope.MONEY, reason="the bank details look wrong", actor="finn@example.com")
    due.service.retry("letter/lump_sum", actor="hana@example.com")
    assert due.claim() == []


def test_an_unknown_payment_that_is_hastened_stays_in_doubt(due: Office) -> None:
    """The receiver's memory of the key ends where it ended before; hastening is no word about what it took."""
    due.send(UNKNOWN, only="one_time_earning")
    due.service.retry("letter/lump_sum", actor="hana@example.com")
    (claim,) = due.claim()
    assert claim.first_unknown_at is not None
    assert not claim.released


def test_what_was_claimed_meanwhile_is_not_hastened(due: Office) -> None:
    due.send(FAILED, only="one_time_earning")
    (one,) = due.chain("lump_sum", ACTION)
    due.service.retry("letter/lump_sum", actor="hana@example.com")
    due.claim()
    with pytest.raises(Conflict, match="does not wait for its next attempt"), due.store.write() as view:
        view.hasten(one.push.key)
    assert due.states("lump_sum", ACTION) == ["sending"]
