"""A lump sum that comes to stand instead of instalments, or makes way for them, after some of it was paid."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.delivery import DeliveryState
from obligations.domain.event import in_force
from obligations.domain.occurrence import State
from obligations.planning.answers import CLAUSE, PART
from obligations.service import Refused
from obligations.service.events import Amends
from tests.service.office import CLERK, LETTER, Office

HEAD = LETTER[: LETTER.index("clauses:")].replace(
    "  change_of_control:",
    "  ended: {says: the employment ended, once: yes, cite: '5'}\n"
    "  breach_notice: {says: the employee gave notice of a breach, once: yes, cite: '6'}\n"
    "  change_of_control:",
)
CLAUSES = """clauses:
  sev:
    cite: "5"
    who: company owes employee
    pay: 3000
    when: ended
    series: {every: 1 month, times: 3, first: 1 month after ended}
    do: {send: payroll, kind: severance, lead: 2 days, approve: [finance]}
  sev_lump:
    cite: "6"
    who: company owes employee
    pay: 9000
    when: ended
    instead_of: sev
    if: breach_notice happened
    exactly: 1 month after ended
    do: {send: payroll, kind: KIND, lead: 2 days, approve: [finance]}
"""
ENDED = date(2026, 2, 1)
NOTICE = date(2026, 1, 20)
FINN = "finn@example.com"


@pytest.fixture(params=["severance", "severance_lump"])
def exited(office: Office, request: pytest.FixtureRequest) -> Office:
    """The employment ended, and payroll is told of a lump sum by the same kind of instruction or by another."""
    office.add(HEAD + CLAUSES.replace("KIND", request.param))
    office.today(ENDED)
    office.tell("ended", ENDED)
    office.today(date(2026, 2, 3))
    office.service.replan("letter")
    return office


def by_hand(office: Office, report: str, index: int, on: date, amount: str = "") -> None:
    """Somebody paid an instalment, or the lump sum, or so much of it, and says so."""
    word, details = ("partly", {"amount": amount}) if amount else ("done", {})
    reference = f"letter/sev/{index}"
    office.service.answered(reference, word, details, evidence="slip", on=on, actor=CLERK, report_id=report)


def sev(office: Office) -> list[tuple[State, str]]:
    """Where what is owed stands, and what it comes to."""
    with office.store.read() as view:
        found = sorted((one for one in view.occurrences("letter")), key=lambda one: one.index)
    found = [one for one in found if one.clause == "sev" and one.state is not State.CANCELLED]
    return [(one.state, one.amount.shown() if one.amount else "") for one in found]


def going(office: Office) -> list[tuple[int, str, str]]:
    """What payroll has, or would be told once people agree: for which part, what, and where that stands."""
    found = [
        (one.push.index, f"{one.push.payload['status']} {one.push.payload['amount']['value']}", str(one.state))
        for one in office.deliveries()
        if one.push.clause == "sev" and one.state is not DeliveryState.CANCELLED
    ]
    return sorted(found)


def pay_instalments(office: Office) -> None:
    """Payroll takes the first two."""
    office.approve("letter/sev/1", FINN)
    office.approve("letter/sev/2", FINN)
    for day in (date(2026, 2, 27), date(2026, 3, 30)):
        office.today(day)
        office.send()


# --- paid by hand ---------------------------------------------------------------------------------------------------


def test_an_instalment_paid_by_hand_is_no_lump_sum_that_was_paid(exited: Office) -> None:
    """A notice that comes in late would turn 3,000 into 9,000, and 6,000 would never be paid."""
    exited.today(date(2026, 3, 1))
    by_hand(exited, "d1", 1, date(2026, 3, 1))
    exited.today(date(2026, 3, 10))
    exited.tell("breach_notice", NOTICE)
    assert sev(exited) == [(State.NEEDS_PERSON, "9,000.00 USD")]
    (asked,) = exited.occurrence("sev").missing
    assert asked == (
        "how much of sev lump is done by what was reported of sev: done on 2026-03-01 (event d1); say how much with"
        " done --amount, or withdraw d1 and report what holds"
    )
    assert going(exited) == [], "money waits while a person is asked"
    by_hand(exited, "d2", 1, date(2026, 3, 10), "3000.00")
    assert sev(exited) == [(State.PARTLY, "6,000.00 USD")]
    assert (going(exited), exited.service.asking()) == ([], [])


def test_what_was_reported_can_be_taken_back_and_the_lump_sum_goes(exited: Office) -> None:
    """Nobody could get out of the question."""
    by_hand(exited, "d1", 1, date(2026, 2, 3))
    exited.tell("breach_notice", NOTICE)
    assert going(exited) == []
    exited.withdraw("d1")
    assert (sev(exited), going(exited)) == (
        [(State.SCHEDULED, "9,000.00 USD")],
        [(1, "instruct 9000.00", "proposed")],
    )
    by_hand(exited, "d2", 1, date(2026, 2, 3))
    assert sev(exited) == [(State.DONE, "9,000.00 USD")]


def test_a_later_instalment_that_was_paid_is_not_lost(exited: Office) -> None:
    """The second instalment, which a lump sum has no place for, would be paid again within it."""
    by_hand(exited, "d2", 2, date(2026, 2, 3))
    exited.tell("breach_notice", NOTICE)
    assert sev(exited) == [(State.NEEDS_PERSON, "9,000.00 USD")]
    assert "event d2" in exited.occurrence("sev").missing[0]
    by_hand(exited, "d3", 1, date(2026, 2, 3), "3000.00")
    assert sev(exited) == [(State.PARTLY, "6,000.00 USD")]
    assert exited.service.asking() == []


def test_a_lump_sum_paid_by_hand_leaves_no_instalments_to_be_paid(exited: Office) -> None:
    """A notice that is taken back would have 6,000 paid on top of 9,000."""
    notice = exited.tell("breach_notice", NOTICE)
    by_hand(exited, "d1", 1, date(2026, 2, 3))
    assert sev(exited) == [(State.DONE, "9,000.00 USD")]
    exited.withdraw(notice)
    assert sev(exited) == [(State.NEEDS_PERSON, "3,000.00 USD")] * 3
    assert going(exited) == []
    by_hand(exited, "d2", 1, date(2026, 2, 3), "3000.00")
    assert [state for state, _ in sev(exited)] == [State.DONE, State.NEEDS_PERSON, State.NEEDS_PERSON]
    assert going(exited) == [], "what was said of one instalment says nothing of the others"
    exited.tell("breach_notice", NOTICE)
    assert sev(exited) == [(State.DONE, "9,000.00 USD")], "what holds again was answered in this shape"


def test_an_answer_says_what_it_is_for_and_moves_with_a_correction(exited: Office) -> None:
    """A report that named the wrong instalment would go on saying that it was for that one."""
    by_hand(exited, "d1", 1, date(2026, 2, 3))
    second = str(exited.occurrence("sev", 2).id)
    exited.service.correct("d1", Amends(answers=second), actor=CLERK)
    with exited.store.read() as view:
        told = next(one for one in in_force(view.log("letter")) if one.id == "d1")
    assert told.fields == {CLAUSE: "sev", PART: "2"}
    exited.tell("breach_notice", NOTICE)
    assert sev(exited) == [(State.NEEDS_PERSON, "9,000.00 USD")]


# --- paid by payroll ------------------------------------------------------------------------------------------------


def test_what_payroll_paid_and_somebody_reported_is_not_taken_back_while_a_person_is_asked(exited: Office) -> None:
    """Two instalments that are part of the lump sum would be proposed to be reversed before anybody looked."""
    pay_instalments(exited)
    by_hand(exited, "d1", 1, date(2026, 3, 1))
    by_hand(exited, "d2", 2, date(2026, 3, 30))
    paid = [(1, "instruct 3000.00", "delivered"), (2, "instruct 3000.00", "delivered")]
    exited.tell("breach_notice", NOTICE)
    assert (sev(exited), going(exited)) == ([(State.NEEDS_PERSON, "9,000.00 USD")], paid)
    by_hand(exited, "d3", 1, date(2026, 3, 30), "6000.00")
    assert (sev(exited), going(exited)) == ([(State.PARTLY, "3,000.00 USD")], paid)


def test_a_lump_sum_does_not_go_beside_the_instalments_that_payroll_paid(exited: Office) -> None:
    """3,000 and 3,000 and 9,000 would be paid, since each was agreed to by itself."""
    pay_instalments(exited)
    exited.tell("breach_notice", NOTICE)
    lump = next(one for one in exited.deliveries() if one.push.payload["amount"]["value"] == "9000.00")
    with pytest.raises(Refused, match="still open"):
        exited.approve(str(lump.push.key), FINN)
    taken_back = [one for one in exited.deliveries() if one.push.payload["status"] == "reverse"]
    for one in taken_back:
        exited.service.decide(str(one.push.key), person=FINN, approve=False, reason="they keep it")
    with pytest.raises(Refused, match="was refused"):
        exited.approve(str(lump.push.key), FINN)
    exited.service.retry(str(taken_back[0].push.key), actor=CLERK)
    for one in taken_back[1:]:
        exited.service.retry(str(one.push.key), actor=CLERK)
    for one in taken_back:
        exited.approve(str(one.push.key), FINN, *(["hana@example.com"] if "hr" in one.push.approvals else []))
    exited.send()
    exited.approve(str(lump.push.key), FINN)
    exited.send()
    believed = [owes["amount"]["value"] for owes in exited.receiver.believes.values() if owes is not None]
    assert believed == ["9000.00"]


def test_an_instalment_does_not_go_beside_the_lump_sum_that_payroll_paid(exited: Office) -> None:
    """The second instalment would go while payroll still believes that 9,000 is owed at once."""
    notice = exited.tell("breach_notice", NOTICE)
    exited.approve("letter/sev/1", FINN)
    exited.today(date(2026, 2, 27))
    exited.send()
    exited.withdraw(notice)
    with pytest.raises(Refused, match="was paid at once"):
        exited.approve("letter/sev/2", FINN)
