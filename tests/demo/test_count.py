"""The demo's count can fail: each thing that could go wrong between the plan and a receiver is seen and named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from obligations.demo.count import Count, Heard, count
from obligations.demo.letter import FIGURES, LUMP_SUM_DUE_ON, SLACK, Figure
from obligations.demo.report import figures, table, verdict
from obligations.domain.delivery import DeliveryState, PushKind
from obligations.ports import StoredDelivery
from obligations.testing.builders import NOON, a_push

LUMP_SUM = next(one for one in FIGURES if one.kind == "one_time_earning")
BUSINESS = datetime.fromisoformat("2006-10-19T02:00:00+00:00")
AHEAD = NOON - BUSINESS


def lump_sum(
    amount: str = "125000.00", state: DeliveryState = DeliveryState.DELIVERED, number: int = 1
) -> StoredDelivery:
    payload = {
        "kind": "one_time_earning",
        "amount": {"value": amount, "currency": "USD"},
        "units": None,
        "timing": {"due_by": LUMP_SUM_DUE_ON.isoformat()},
        "basis": {"clause": "5.1(a)", "obligation": "lump_sum"},
    }
    push = a_push("letter", clause="lump_sum", index=number, send_at=BUSINESS, payload=payload, money=True)
    return StoredDelivery(push, state, json.dumps({"data": payload}).encode(), "")


def reminder(state: DeliveryState = DeliveryState.DELIVERED) -> StoredDelivery:
    push = a_push("letter", kind=PushKind.REMINDER, name="remind", destination="hr", send_at=BUSINESS,
                  payload={"text": "The lump sum: due"})  # fmt: skip
    return StoredDelivery(push, state, b"{}", "")


def heard(delivery: StoredDelivery, kind: str = "effect", *, late: float = 60) -> Heard:
    if delivery.push.kind is PushKind.ACTION:
        lane, body = delivery.push.destination, delivery.body
    else:
        lane, body = SLACK, str(delivery.push.payload["text"]).encode()
    return Heard(lane, str(delivery.push.key), NOON + timedelta(seconds=late), kind, body)


def counted(
    deliveries: Sequence[StoredDelivery], arrived: Sequence[Heard], letter: Sequence[Figure] = (LUMP_SUM,)
) -> Count:
    return count(
        ("payroll", SLACK), deliveries, arrived,
        business_at=lambda at: at - AHEAD, day_of=lambda at: at.date(),
        ended_at=BUSINESS + timedelta(days=1), figures=letter,
    )  # fmt: skip


def test_everything_once_and_right_is_no_fault() -> None:
    pay, remind = lump_sum(), reminder()
    result = counted([pay, remind], [heard(pay), heard(remind)])
    assert result.faults == []
    assert (result.total.pushed, result.total.received, result.total.effects) == (2, 2, 2)
    assert [right for _, _, right in result.figures] == [True]


def test_a_repeat_that_the_receiver_recognised_is_no_fault() -> None:
    pay = lump_sum()
    result = counted([pay], [heard(pay), heard(pay, "duplicate")])
    assert result.faults == []
    assert result.rows["payroll"].duplicates == 1
    assert "One instruction came twice under the same key" in " ".join(verdict(result))


def test_a_stale_reminder_that_collapsed_is_shown_and_not_lost() -> None:
    result = counted([reminder(DeliveryState.COLLAPSED)], [], ())
    assert result.faults == []
    assert result.total.collapsed == 1
    assert any("1 stale reminder collapsed" in line for line in table(result))


@pytest.mark.parametrize(
    "state",
    [
        DeliveryState.DELIVERED,
        DeliveryState.SCHEDULED,
        DeliveryState.SENDING,
        DeliveryState.RETRYING,
        DeliveryState.PARKED,
        DeliveryState.PROPOSED,
    ],
)
def test_what_was_due_and_had_no_effect_is_lost_whatever_the_store_says(state: DeliveryState) -> None:
    """A receiver that loses what it answered to, or an engine that forgets a payment, would pass for a success."""
    pay = lump_sum(state=state)
    result = counted([pay], [], ())
    assert result.rows["payroll"].lost == 1
    assert counted([pay], [heard(pay, "none")], ()).rows["payroll"].lost == 1


def test_what_is_not_due_yet_is_not_lost() -> None:
    pay = lump_sum(state=DeliveryState.SCHEDULED)
    later = replace(pay, push=replace(pay.push, send_at=BUSINESS + timedelta(days=2)))
    assert counted([later], [], ()).faults == []


def test_a_payment_done_twice_under_one_key_is_seen() -> None:
    """A receiver that does not honour the key pays twice."""
    pay = lump_sum()
    result = counted([pay], [heard(pay), heard(pay)])
    assert result.rows["payroll"].doubled == 1
    assert any("250,000.00 in all where 125,000.00 belong" in fault for fault in result.faults)


def test_a_payment_done_twice_under_two_keys_is_seen() -> None:
    """An identity that moved with a date would pay twice, each time under a key of its own."""
    pay = lump_sum()
    other = replace(pay, push=replace(pay.push, key=reminder().push.key))
    result = counted([pay, other], [heard(pay), heard(other)], ())
    assert result.rows["payroll"].doubled == 1


def test_a_push_before_its_instant_is_early() -> None:
    pay = lump_sum()
    assert counted([pay], [heard(pay, late=0)]).rows["payroll"].early == 0
    assert counted([pay], [heard(pay, late=-1)]).rows["payroll"].early == 1


def test_content_that_was_not_planned_is_wrong() -> None:
    pay, remind = lump_sum(), reminder()
    forged = replace(heard(pay), body=lump_sum("999999.00").body)
    assert counted([pay], [forged], ()).rows["payroll"].wrong == 1
    assert counted([remind], [replace(heard(remind), body=b"other words")], ()).rows[SLACK].wrong == 1
    assert counted([], [heard(pay)], ()).rows["payroll"].wrong == 1


def test_what_was_cancelled_and_done_all_the_same_is_wrong() -> None:
    pay = lump_sum(state=DeliveryState.CANCELLED)
    assert counted([pay], [heard(pay)], ()).rows["payroll"].wrong == 1


def test_a_plan_that_says_other_than_the_letter_is_wrong_although_it_was_sent_faithfully() -> None:
    """Planning and sending could agree on a wrong amount; the letter's own figures are the judge."""
    for amount in ("124999.99", "125000.01"):
        pay = lump_sum(amount)
        result = counted([pay], [heard(pay)])
        assert result.rows["payroll"].wrong == 1
        assert any(line.endswith("!") for line in figures(result))


def test_what_the_letter_says_and_nobody_was_told_is_wrong() -> None:
    """A row that the store never held is missed by every count that starts from the store."""
    assert counted([], []).rows["payroll"].wrong == 2  # none of one, and nothing of 125,000.00


def test_an_instruction_that_the_letter_does_not_know_is_wrong() -> None:
    pay = lump_sum()
    other = replace(LUMP_SUM, kind="tax_notice", times=0, total=Decimal(0))
    assert counted([pay], [heard(pay)], (other,)).rows["payroll"].wrong == 1


def test_a_day_later_than_the_letter_allows_is_wrong() -> None:
    pay = lump_sum()
    assert LUMP_SUM.last_on == date(2006, 10, 19)
    assert counted([pay], [heard(pay, late=86_400)]).rows["payroll"].wrong == 1


def test_faults_are_told_one_by_one() -> None:
    lost = [lump_sum(number=number, state=DeliveryState.PARKED) for number in range(1, 31)]
    said = list(verdict(counted(lost, [], ())))
    assert said[0].startswith("30 things are not as they should be")
    assert "lump_sum/1 pay is parked" in said[1]
    assert said[-1] == "  and 10 more"


def test_a_message_rewritten_with_the_words_it_has_is_seen_by_nobody() -> None:
    """An edit whose answer was lost goes again; other words under its key would be another matter."""
    edit = reminder()
    once, again = (replace(heard(edit, late=late), edits=True) for late in (60, 90))
    found = counted([edit], [once, again], letter=())
    assert (found.faults, found.rows[SLACK].effects, found.rows[SLACK].duplicates) == ([], 1, 1)
    other = counted([edit], [once, replace(again, body=b"The lump sum: due (late)")], letter=())
    assert [fault for fault in other.faults if "done 2 times" in fault]
