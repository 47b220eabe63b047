"""What was not sent follows the plan; what was sent is corrected by something new that people agree to."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.domain.occurrence import State
from obligations.engine.pump import Pump
from obligations.ports import Claim
from obligations.service import Amends, NeedsPerson, NotFound, Refused
from obligations.testing.clocks import FixedMachineClock
from tests.engine.stage import Hanging, until
from tests.service.office import DELIVERED, FAILED, LETTER, REJECTED, UNKNOWN, Office, noon

START = date(2026, 1, 5)
EXIT = date(2026, 3, 2)
PAY = ("lump_sum", "act.payroll.one_time_earning")
PREMIUM = ("cobra_premium", "act.payroll.premium_payment")
TASK = ("i9", "act.hr_system.hr_task")
REMINDER = ("lump_sum", "remind.payroll.on-due")


@pytest.fixture
def exited(office: Office) -> tuple[Office, str]:
    """The letter after a change of control, and the id of its report."""
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    return office, office.tell("change_of_control", EXIT)


@pytest.fixture
def paid(exited: tuple[Office, str]) -> tuple[Office, str]:
    """The same after the lump sum was approved and payroll took it."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    office.send()
    assert office.states(*PAY) == ["delivered"]
    return office, report


def move(office: Office, report: str, day: date) -> str:
    """The change of control was on another day."""
    office.withdraw(report)
    return office.tell("change_of_control", day)


# --- what was not sent ----------------------------------------------------------------------------------------------


def test_what_was_not_sent_follows_the_plan_under_its_key(exited: tuple[Office, str]) -> None:
    office, report = exited
    (before,) = office.chain(*PAY)
    move(office, report, EXIT - timedelta(days=1))
    (after,) = office.chain(*PAY)
    assert after.push.key == before.push.key
    assert after.push.send_at == before.push.send_at - timedelta(days=1)
    assert after.state is DeliveryState.PROPOSED


def test_changed_content_voids_approvals(exited: tuple[Office, str]) -> None:
    """Two people agreed to 125,000 on 7 March; 6 March is another payment, and both are asked again."""
    office, report = exited
    office.approve("lump_sum")
    assert office.states(*PAY) == ["scheduled"]
    move(office, report, EXIT - timedelta(days=1))
    (moved,) = office.chain(*PAY)
    assert moved.state is DeliveryState.PROPOSED
    assert office.service.needed([moved])[moved.push.key] == ("hr", "finance")


def test_a_change_and_its_undoing_do_not_bring_approvals_back(exited: tuple[Office, str]) -> None:
    """Content that returns to what was agreed to is agreed to anew; it neither goes by itself nor is stuck for good."""
    office, report = exited
    office.approve("lump_sum")
    again = move(office, move(office, report, EXIT - timedelta(days=1)), EXIT)
    assert again
    assert office.states(*PAY) == ["proposed"]
    office.today(date(2026, 3, 6))
    assert not [claim for claim in office.claim() if claim.name == PAY[1]]
    office.approve("lump_sum")
    assert office.states(*PAY) == ["scheduled"]


def test_a_withdrawn_event_cancels_what_was_not_sent(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.withdraw(report)
    assert {str(one.state) for one in office.deliveries() if one.push.clause != "i9"} == {"cancelled"}
    assert office.occurrence("lump_sum").state is State.WAITING


def test_re_entering_the_trigger_makes_no_second_payment(exited: tuple[Office, str]) -> None:
    """The slot is filled again: the same occurrence, the same key, one delivery."""
    office, report = exited
    before = {one.push.key for one in office.deliveries()}
    move(office, report, EXIT)
    assert {one.push.key for one in office.deliveries()} == before
    assert office.states(*PAY) == ["proposed"]


def test_an_approval_does_not_outlive_the_withdrawal_of_what_it_rested_on(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.approve("lump_sum", "hana@example.com")
    move(office, report, EXIT)
    (again,) = office.chain(*PAY)
    assert office.service.needed([again])[again.push.key] == ("hr", "finance")
    office.approve("lump_sum")
    assert office.states(*PAY) == ["scheduled"]


def test_a_refusal_stands_until_the_content_changes(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.service.decide("lump_sum", person="hana@example.com", approve=False, reason="wrong amount")
    office.tell("change_of_control", EXIT)  # another happening, which does not fill the slot anew
    assert office.states(*PAY) == ["refused"]
    move(office, report, EXIT - timedelta(days=1))
    assert office.states(*PAY) == ["proposed"]


# --- what was sent --------------------------------------------------------------------------------------------------


def test_withdrawing_after_the_payment_proposes_a_reversal(paid: tuple[Office, str]) -> None:
    """Payroll has paid; a new action names the one to take back, and waits for the same people."""
    office, report = paid
    office.withdraw(report)
    sent, reversal = office.chain(*PAY)
    assert sent.state is DeliveryState.DELIVERED
    assert reversal.state is DeliveryState.PROPOSED
    assert reversal.push.payload["status"] == "reverse"
    assert reversal.push.payload["supersedes"] == str(sent.push.key)
    assert reversal.push.supersedes == sent.push.key
    assert reversal.push.supersession == 1
    assert reversal.push.key != sent.push.key
    assert reversal.push.approvals == ("hr", "finance")
    assert office.states(*PREMIUM, 2) == ["cancelled"]


def test_a_trigger_withdrawn_and_re_entered_after_the_payment_pays_nothing_more(paid: tuple[Office, str]) -> None:
    office, report = paid
    office.withdraw(report)
    office.tell("change_of_control", EXIT)
    assert office.states(*PAY) == ["delivered", "cancelled"]


def test_a_sent_payment_whose_day_moves_is_amended_at_once(paid: tuple[Office, str]) -> None:
    """Payroll holds the old pay date: the amendment must not wait for the lead of the new one."""
    office, report = paid
    move(office, report, date(2026, 3, 5))
    sent, amendment = office.chain(*PAY)
    assert amendment.push.payload["status"] == "amend"
    assert amendment.push.payload["timing"]["pay_on"] == "2026-03-10"
    assert amendment.push.payload["supersedes"] == str(sent.push.key)
    assert amendment.push.send_at == office.clock.now()
    assert amendment.state is DeliveryState.PROPOSED


def test_a_later_pay_day_is_told_before_the_earlier_one_comes(paid: tuple[Office, str]) -> None:
    """Sent for 7 March, now owed on the 20th: told on the 18th it would be paid on the 7th."""
    office, _ = paid
    office.add(LETTER.replace("exactly: 5 days after", "exactly: 18 days after"), change=True)
    _, amendment = office.chain(*PAY)
    assert amendment.push.payload["timing"]["pay_on"] == "2026-03-20"
    assert amendment.push.send_at == office.clock.now()


def test_a_second_amendment_replaces_the_one_that_is_still_open(paid: tuple[Office, str]) -> None:
    office, report = paid
    report = move(office, report, date(2026, 3, 5))
    move(office, report, date(2026, 3, 4))
    chain = office.chain(*PAY)
    assert [one.push.supersession for one in chain] == [0, 1]
    assert chain[1].push.payload["timing"]["pay_on"] == "2026-03-09"


def test_going_back_to_what_was_sent_closes_the_amendment(paid: tuple[Office, str]) -> None:
    office, report = paid
    report = move(office, report, date(2026, 3, 5))
    office.approve("lump_sum")
    move(office, report, EXIT)
    assert office.states(*PAY) == ["delivered", "cancelled"]
    assert not [claim for claim in office.claim() if claim.name == PAY[1]]


def test_what_was_reversed_and_is_owed_again_is_instructed_anew(paid: tuple[Office, str]) -> None:
    office, report = paid
    office.withdraw(report)
    office.approve("lump_sum")
    office.send()
    office.tell("change_of_control", EXIT)
    chain = office.chain(*PAY)
    assert [one.push.payload["status"] for one in chain] == ["instruct", "reverse", "instruct"]
    assert [str(one.state) for one in chain] == ["delivered", "delivered", "proposed"]
    assert chain[2].push.supersedes == chain[1].push.key
    assert len({one.push.key for one in chain}) == 3
    office.approve("lump_sum")
    office.send()
    assert office.receiver.believes[(chain[0].push.occurrence_id, PAY[1])]["amount"]["value"] == "125000.00"


def test_a_payment_in_flight_counts_as_sent(exited: tuple[Office, str]) -> None:
    """The attempt was begun when the event was withdrawn: nobody knows yet, so a reversal is proposed."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    claims = [claim for claim in office.claim() if claim.name == PAY[1]]
    office.withdraw(report)
    assert office.states(*PAY) == ["sending", "proposed"]
    with pytest.raises(Refused, match="being sent at this moment"):
        office.approve("lump_sum", "hana@example.com")
    office.answer(claims, DELIVERED)
    office.approve("lump_sum")
    office.send()
    assert office.receiver.believes[(claims[0].occurrence_id, PAY[1])] is None


def test_what_was_in_flight_and_surely_failed_is_not_reversed(exited: tuple[Office, str]) -> None:
    """It did not arrive: it is stopped, and the reversal that was proposed meanwhile has nothing to take back."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    claims = [claim for claim in office.claim() if claim.name == PAY[1]]
    office.withdraw(report)
    with office.store.read() as view:
        stored = view.contract("letter")
    assert stored is not None
    assert stored.replan_at == office.clock.now() + timedelta(minutes=1)
    office.answer(claims, FAILED)
    office.service.replan("letter")
    assert office.states(*PAY) == ["cancelled", "cancelled"]
    office.today(date(2026, 3, 8))
    assert not office.claim()
    office.tell("change_of_control", EXIT)
    office.approve("lump_sum")
    office.send()
    assert office.states(*PAY) == ["delivered", "cancelled"]


def test_retrying_after_sure_failures_is_stopped_without_a_reversal(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    office.send(FAILED, only=PAY[1])
    office.withdraw(report)
    assert office.states(*PAY) == ["cancelled"]


def test_an_unknown_outcome_counts_as_sent(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    office.send(UNKNOWN, only=PAY[1])
    office.withdraw(report)
    assert office.states(*PAY) == ["cancelled", "proposed"]
    assert office.chain(*PAY)[1].push.payload["status"] == "reverse"


def test_an_unknown_outcome_that_is_owed_again_goes_again_under_its_key(exited: tuple[Office, str]) -> None:
    """It may never have arrived: counting it as paid would lose the payment, a new key might pay it twice."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    claims = office.claim()
    office.answer(claims, UNKNOWN, arrived=False)
    move(office, report, EXIT)
    assert office.states(*PAY) == ["proposed", "cancelled"]
    office.approve("lump_sum")
    office.send()
    sent, _ = office.chain(*PAY)
    assert (sent.state, sent.attempts) == (DeliveryState.DELIVERED, 2)
    assert office.receiver.believes[(sent.push.occurrence_id, PAY[1])] is not None


def test_nothing_is_paid_anew_while_nobody_knows_whether_a_reversal_arrived(paid: tuple[Office, str]) -> None:
    """The reversal was lost on its way and the money is with the employee: a new instruction would pay it twice."""
    office, report = paid
    office.withdraw(report)
    office.approve("lump_sum")
    office.answer(office.claim(), UNKNOWN, arrived=False)
    office.tell("change_of_control", EXIT)
    assert office.states(*PAY) == ["delivered", "retrying", "proposed"]
    with pytest.raises(Refused, match="nobody knows yet whether payroll took what this follows"):
        office.approve("lump_sum")
    office.clock.set(office.clock.now() + timedelta(minutes=6))
    office.send()
    assert office.states(*PAY) == ["delivered", "delivered", "proposed"]
    office.approve("lump_sum")
    office.send()
    assert office.states(*PAY) == ["delivered"] * 3
    assert [one.push.payload["status"] for one in office.chain(*PAY)] == ["instruct", "reverse", "instruct"]


def test_an_amendment_of_which_nobody_knows_gives_way_to_the_next(paid: tuple[Office, str]) -> None:
    """A day that is wrong by now would be sent again and again before the right one may go."""
    office, report = paid
    report = move(office, report, date(2026, 3, 5))
    office.approve("lump_sum")
    office.answer(office.claim(), UNKNOWN, arrived=False)
    move(office, report, date(2026, 3, 4))
    assert office.states(*PAY) == ["delivered", "cancelled", "proposed"]
    office.approve("lump_sum")
    office.send()
    sent = office.chain(*PAY)[-1].push
    assert office.receiver.believes[(sent.occurrence_id, PAY[1])]["timing"]["pay_on"] == "2026-03-09"


def test_a_reversal_that_was_stopped_half_way_goes_again_before_anything_new(paid: tuple[Office, str]) -> None:
    """It was cancelled by a report of payment that turned out wrong; nobody knows what payroll believes."""
    office, report = paid
    office.withdraw(report)
    office.approve("lump_sum")
    office.answer(office.claim(), UNKNOWN, arrived=False)
    report = office.tell("change_of_control", EXIT)
    done = office.service.done("lump_sum", evidence="a cheque", on=None, actor="c@example.com", report_id="done")
    assert done.occurrence.state is State.DONE
    assert office.states(*PAY) == ["delivered", "cancelled", "cancelled"]
    office.withdraw("done")
    assert office.states(*PAY) == ["delivered", "proposed", "proposed"]
    new = office.chain(*PAY)[-1].push
    with pytest.raises(Refused, match="nobody knows yet"):
        office.approve(str(new.key))
    office.approve("lump_sum")
    assert office.states(*PAY) == ["delivered", "scheduled", "proposed"], "what may go is agreed to, what may not waits"
    office.send()
    office.approve("lump_sum")
    office.send()
    assert office.states(*PAY) == ["delivered"] * 3


def test_a_rejection_without_a_change_is_left_to_a_person(exited: tuple[Office, str]) -> None:
    office, _ = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    office.send(REJECTED, only=PAY[1])
    office.service.replan("letter")
    assert office.states(*PAY) == ["parked"]


def test_a_rejected_payment_that_changes_is_proposed_anew(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    office.send(REJECTED, only=PAY[1])
    move(office, report, date(2026, 3, 5))
    parked, anew = office.chain(*PAY)
    assert parked.state is DeliveryState.CANCELLED
    assert anew.push.payload["status"] == "instruct"
    assert anew.push.payload["supersedes"] is None
    assert anew.state is DeliveryState.PROPOSED


def test_an_action_that_needs_no_approval_is_corrected_only_after_one(office: Office) -> None:
    """Sending by itself is one thing; taking back what a system has acted on is another."""
    office.add()
    report = office.tell("employment_started", START)
    office.send()
    assert office.states(*TASK) == ["delivered"]
    office.withdraw(report)
    _, reversal = office.chain(*TASK)
    assert reversal.state is DeliveryState.PROPOSED
    assert reversal.push.approvals == ("hr", "finance")


def test_done_by_a_person_stops_what_is_still_trying(exited: tuple[Office, str]) -> None:
    """Payroll was down and finance paid by hand: the retry must not pay a second time, and nothing is reversed."""
    office, _ = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    office.send(FAILED, only=PAY[1])
    office.service.done("lump_sum", evidence="wire 17", on=None, actor="finn@example.com", report_id="done-1")
    assert office.states(*PAY) == ["cancelled"]


FAILED_AT_ONCE = Outcome(Verdict.RETRY, detail="nothing was sent")
UNAVAILABLE = Outcome(Verdict.UNKNOWN, detail="503", status=503)


@pytest.mark.parametrize("ended", ["nothing was sent", "503", "crash"])
@pytest.mark.parametrize("said", ["done", "withdrawn", "corrected"])
def test_what_a_person_stops_on_its_way_is_not_sent_again(exited: tuple[Office, str], said: str, ended: str) -> None:
    """Payroll hangs, finance pays by hand and says so, the attempt fails, and its retry comes in seconds: the plan must
    have been looked at before that."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    claims = [claim for claim in office.claim() if claim.name == PAY[1]]
    if said == "done":
        finished = office.service.done("lump_sum", evidence="wire", on=None, actor="f@example.com", report_id="done-1")
        assert [one.push.key for one in finished.on_its_way] == [claims[0].key]
    elif said == "withdrawn":
        assert [one.push.key for one in office.withdraw(report).touched] == [claims[0].key]
    else:
        amends = Amends(occurred_on=EXIT - timedelta(days=1))
        touched = office.service.correct(report, amends, actor="hana@example.com").touched
        assert [one.push.key for one in touched] == [claims[0].key]

    if ended == "crash":
        office.store.rescue(machine_now=office.clock.now(), everything=True)
    else:
        office.answer(claims, FAILED_AT_ONCE if ended == "nothing was sent" else UNAVAILABLE, arrived=False)
    for _ in range(20):
        office.clock.set(office.clock.now() + timedelta(minutes=1))
        assert claims[0].key not in {claim.key for claim in office.claim()}
    assert office.store.to_replan(office.clock.now()) == ["letter"]
    office.service.replan("letter")
    sent = office.chain(*PAY)[0]
    assert (sent.state, sent.halted) == (DeliveryState.CANCELLED, False)
    office.today(date(2026, 3, 7))
    office.service.replan("letter")
    assert claims[0].key not in {claim.key for claim in office.claim()}


class Unreachable(Hanging):
    """Payroll cannot be connected to, which takes a while to be found out."""

    async def deliver(self, claim: Claim) -> Outcome:
        answer = await super().deliver(claim)
        return FAILED_AT_ONCE if claim.name == PAY[1] else answer


async def test_a_daemon_whose_attempt_fails_after_done_does_not_repeat_it(exited: tuple[Office, str]) -> None:
    """An attempt hangs in connecting, finance pays by hand and says so, and five seconds later comes the retry."""
    office, _ = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    receiver, machine = Unreachable("payroll"), FixedMachineClock(office.clock.now())
    pump = Pump(
        office.store,
        {one.push.connector: receiver for one in office.deliveries()},
        clock=office.clock,
        machine=machine,
        monotonic=machine.monotonic,
    )
    passing = asyncio.create_task(pump.pass_once())
    await until(lambda: PAY[1] in receiver.names, receiver.told)
    assert office.states(*PAY) == ["sending"]
    office.service.done("lump_sum", evidence="wire 17", on=None, actor="finn@example.com", report_id="done-1")
    receiver.released.set()
    await passing
    assert office.states(*PAY) == ["retrying"]
    for _ in range(3):
        machine.advance(seconds=20)
        office.clock.advance(seconds=20)
        await pump.pass_once()
    assert receiver.names.count(PAY[1]) == 1
    office.service.bring_on("letter")
    assert office.states(*PAY) == ["cancelled"]


def test_what_is_wanted_again_as_it_was_sent_goes_on(exited: tuple[Office, str]) -> None:
    """Withdrawn by mistake and recorded anew: the payment would stay behind for ever."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 6))
    claims = [claim for claim in office.claim() if claim.name == PAY[1]]
    office.withdraw(report)
    assert [one.halted for one in office.chain(*PAY)] == [True, False]
    again = office.tell("change_of_control", EXIT)
    assert [one.halted for one in office.chain(*PAY)] == [False, False]
    office.withdraw(again)
    office.answer(claims, FAILED_AT_ONCE)
    office.tell("change_of_control", EXIT)
    assert [one.halted for one in office.chain(*PAY)] == [False, False]
    office.clock.set(office.clock.now() + timedelta(minutes=10))
    assert claims[0].key in {claim.key for claim in office.claim()}


def test_done_by_a_person_after_it_was_sent_reverses_nothing(paid: tuple[Office, str]) -> None:
    office, _ = paid
    office.service.done("lump_sum", evidence="wire 17", on=None, actor="finn@example.com", report_id="done-1")
    assert office.states(*PAY) == ["delivered"]


def test_done_by_a_person_closes_a_correction_that_is_still_open(paid: tuple[Office, str]) -> None:
    """Finance corrected it by hand; the approved amendment must not correct it again."""
    office, report = paid
    move(office, report, date(2026, 3, 5))
    office.approve("lump_sum")
    assert office.states(*PAY) == ["delivered", "scheduled"]
    office.service.done("lump_sum", evidence="wire 17", on=None, actor="finn@example.com", report_id="done-1")
    assert office.states(*PAY) == ["delivered", "cancelled"]


def test_what_was_paid_reported_done_and_lost_its_basis_goes_to_a_person(paid: tuple[Office, str]) -> None:
    """The money is out, the exit never was, and the books say done: nobody would ask for it back."""
    office, report = paid
    office.service.done("lump_sum", evidence="wire 17", on=None, actor="finn@example.com", report_id="done-1")
    office.withdraw(report)
    assert office.occurrence("lump_sum").state == "needs_person"
    assert office.states(*PAY) == ["delivered", "proposed"]
    (_, reversal) = office.chain(*PAY)
    assert reversal.push.payload["status"] == "reverse"
    office.tell("change_of_control", date(2026, 3, 2))
    assert office.occurrence("lump_sum").state == "done"
    assert office.states(*PAY) == ["delivered", "cancelled"]


def test_wording_alone_amends_nothing(paid: tuple[Office, str]) -> None:
    """A clause described better owes nothing else."""
    office, _ = paid
    office.add(LETTER.replace("the lump sum, less withholding", "the lump sum, less taxes"), change=True)
    assert office.states(*PAY) == ["delivered"]


def test_another_amount_amends_what_was_sent(paid: tuple[Office, str]) -> None:
    office, _ = paid
    office.add(LETTER.replace("125000.00", "130000.00"), change=True)
    assert office.chain(*PAY)[1].push.payload["amount"] == {"value": "130000.00", "currency": "USD"}


def test_the_author_of_a_withdrawal_does_not_approve_the_reversal(paid: tuple[Office, str]) -> None:
    office, report = paid
    office.withdraw(report, actor="hana")
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        office.approve("lump_sum", "hana@example.com")


# --- reminders ------------------------------------------------------------------------------------------------------


def posted(office: Office) -> None:
    """Everything that is due was posted; Slack gave each message a time-stamp."""
    now = office.clock.now()
    claims = office.claim()
    for number, claim in enumerate(claims):
        receipt = {"channel": "D1", "ts": f"1700000000.{number}"}
        office.answer([claim], type(DELIVERED)(DELIVERED.verdict, receipt=receipt))
    assert office.clock.now() == now


def test_a_delivered_reminder_is_edited_once_when_its_duty_is_done(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.today(date(2026, 1, 7))
    posted(office)
    assert office.states("i9", "remind.hr.1-day-before") == ["delivered"]
    office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-1")
    assert office.states("i9", "remind.hr.on-due") == ["cancelled"]
    (edit,) = office.chain("i9", "remind.hr.1-day-before.edit")
    assert edit.push.kind is PushKind.EDIT
    assert edit.push.payload["title"].startswith("Done: ")
    assert edit.push.payload["edits"]["ts"].startswith("1700000000.")
    for _ in range(2):  # the same facts again change nothing
        office.service.replan("letter")
        posted(office)
    (edit,) = office.chain("i9", "remind.hr.1-day-before.edit")
    assert edit.state is DeliveryState.DELIVERED


def test_a_message_says_that_a_duty_is_open_again(office: Office) -> None:
    """Done by mistake and taken back: the message that says Done would mislead."""
    office.add()
    office.tell("employment_started", START)
    office.today(date(2026, 1, 7))
    posted(office)
    office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-1")
    posted(office)
    office.withdraw("done-1")
    done, again = office.chain("i9", "remind.hr.1-day-before.edit")
    assert done.state is DeliveryState.DELIVERED
    assert again.push.payload["title"].startswith("Open again: ")


def test_a_done_taken_back_before_the_edit_went_leaves_the_message(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.today(date(2026, 1, 7))
    posted(office)
    office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-1")
    office.withdraw("done-1")
    assert office.states("i9", "remind.hr.1-day-before.edit") == ["cancelled"]
    assert office.states("i9", "remind.hr.on-due") == ["scheduled"]
    office.service.done("i9", evidence="the right form", on=None, actor="hana", report_id="done-2")
    (edit,) = office.chain("i9", "remind.hr.1-day-before.edit")
    assert edit.state is DeliveryState.SCHEDULED, "what was done after all is said"


def test_a_reminder_of_another_day_is_followed_up(exited: tuple[Office, str]) -> None:
    """Payroll was reminded of 7 March; when the day moves to the 10th somebody has to say so on the 10th."""
    office, report = exited
    office.today(date(2026, 3, 7))
    posted(office)
    assert office.states(*REMINDER) == ["delivered"]
    report = move(office, report, date(2026, 3, 5))
    sent, follow_up = office.chain(*REMINDER)
    assert sent.state is DeliveryState.DELIVERED
    assert follow_up.state is DeliveryState.SCHEDULED
    assert follow_up.push.send_at.date() == date(2026, 3, 10)
    assert follow_up.push.supersedes == sent.push.key
    move(office, report, EXIT)
    assert office.states(*REMINDER) == ["delivered", "cancelled"]


def test_the_ledger_says_what_changed_and_not_what_follows_from_it(office: Office) -> None:
    """Who looks for a decision would have to read through a line for every reminder that was ever planned."""
    office.add()
    office.tell("employment_started", START)
    event, changed = office.ledger()[-2:]
    assert (event.action, changed.action) == ("event employment_started", "occurrence changed")
    assert (changed.before, changed.after) == ("waiting", "scheduled, 2026-01-08")
    assert not any(one.action.startswith("delivery") for one in office.ledger())


def test_a_reminder_that_is_still_retried_stops_when_the_duty_is_done(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.today(date(2026, 1, 7))
    office.send(FAILED, only="remind.hr")
    office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-1")
    assert office.states("i9", "remind.hr.1-day-before") == ["cancelled"]


def test_a_role_that_is_filled_later_gets_its_reminders(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    (parked,) = office.chain("i9", "remind.employee.1-day-before")
    assert parked.state is DeliveryState.PARKED
    assert parked.reason == "nobody plays the role employee: name someone under people: in the contract"
    office.add(LETTER.replace("people:\n", "people:\n  employee: {name: Ana, email: ana@example.com}\n"), change=True)
    (filled,) = office.chain("i9", "remind.employee.1-day-before")
    assert (filled.state, filled.push.key) == (DeliveryState.SCHEDULED, parked.push.key)
    assert filled.push.address == {"name": "Ana", "email": "ana@example.com"}


def test_an_address_that_did_not_work_is_tried_anew_once_mended(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.today(date(2026, 1, 7))
    office.send(REJECTED, only="remind.hr")
    assert office.states("i9", "remind.hr.1-day-before") == ["parked"]
    office.add(LETTER.replace("hana@example.com", "hana.li@example.com"), change=True)
    assert office.states("i9", "remind.hr.1-day-before") == ["cancelled", "scheduled"]


# --- always ---------------------------------------------------------------------------------------------------------


def test_settling_twice_writes_nothing_more(paid: tuple[Office, str]) -> None:
    """Each night's re-planning would otherwise fill the ledger and void approvals."""
    office, report = paid
    office.withdraw(report)
    office.service.replan("letter")
    before = office.everything()
    office.service.replan("letter")
    assert office.everything() == before


def test_nothing_goes_before_its_instant(exited: tuple[Office, str]) -> None:
    office, _ = exited
    office.approve("lump_sum")
    (due,) = office.chain(*PAY)
    office.clock.set(due.push.send_at - timedelta(seconds=1))
    assert due.push.key not in {claim.key for claim in office.claim()}
    office.clock.set(due.push.send_at)
    assert due.push.key in {claim.key for claim in office.claim()}


def test_nothing_is_proposed_where_nothing_waits(office: Office) -> None:
    office.add()
    with pytest.raises(NotFound, match="nothing is proposed"):
        office.approve("lump_sum")
    assert noon(START) == office.clock.now()
