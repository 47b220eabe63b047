"""Pauses: a destination that refuses every call is left alone until a person or a probe finds it mended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from obligations.domain.delivery import DeliveryState, Outcome, Push, Verdict
from obligations.domain.hold import DAEMON, RECEIVER, Hold, Scope
from obligations.ports import Claim
from tests.engine.stage import NOON, YES, Scripted, Stage, push

REFUSED = Outcome(Verdict.RETRY, "payroll answered 401 Unauthorized", 401, alarm=True)
OVERLOADED = Outcome(Verdict.RETRY, "payroll answered 409 Conflict", 409)
NOT_THERE = Outcome(Verdict.RETRY, "payroll: no connection; nothing was sent")
TOKEN = Outcome(Verdict.RETRY, "role: the token is refused (invalid_auth)", 200, alarm=True, shared=True)
GONE = Outcome(Verdict.GONE, "payroll answered 410 Gone", 410)
WRONG = Outcome(Verdict.REJECTED, "payroll answered 422", 422)
SLOW: dict[str, Any] = {"retry_delays_seconds": (3600.0,) * 9, "destination_concurrency": 1}


def holds(stage: Stage) -> list[Hold]:
    with stage.store.read() as view:
        return list(view.holds())


def tried(stage: Stage) -> int:
    with stage.store.read() as view:
        return sum(found.attempts for found in view.deliveries())


class Refusing(Scripted):
    """A payroll that turns every call away, beside people who are reached."""

    def __init__(self, answer: Outcome = REFUSED) -> None:
        super().__init__()
        self.answer = answer

    async def deliver(self, claim: Claim) -> Outcome:
        answer = await super().deliver(claim)
        return self.answer if claim.destination == "payroll" else answer


async def paused(stage: Stage) -> Scripted:
    stage.plan(*(push(f"pay {n}") for n in range(6)), push("remind", "manager"))
    receiver = Refusing()
    await stage.pump(receiver, **SLOW).pass_once()
    return receiver


async def test_three_refusals_in_a_row_pause_the_destination_and_no_other(stage: Stage) -> None:
    """A revoked key would use up every attempt of every payment before anybody could mend it."""
    with capture_logs() as said:
        receiver = await paused(stage)
    assert sorted(claim.destination for claim in receiver.seen) == ["manager", *["payroll"] * 3]
    (hold,) = holds(stage)
    assert (hold.destination, hold.scope, hold.held_by) == ("payroll", Scope.EVERYTHING, DAEMON)
    assert "401 Unauthorized" in hold.reason
    (alarm,) = [line for line in said if line["event"].startswith("a destination is paused")]
    assert (alarm["log_level"], alarm["destination"], alarm["hold"]) == ("error", "payroll", hold.number)
    with stage.store.read() as view:
        assert view.ledger()[-1].after == "everything to payroll"


async def test_every_daemon_and_the_next_start_leave_it_alone(stage: Stage) -> None:
    await paused(stage)
    stage.machine.advance(seconds=4000)
    other = Scripted()
    assert await stage.pump(other, **SLOW).pass_once() == 0
    assert stage.store.next_wake() == (None, None)
    (hold,) = holds(stage)
    with stage.store.write() as view:
        view.lift(hold.number, at=NOON, by="hr")
    assert await stage.pump(other, **SLOW).pass_once() == 6
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}


async def test_only_refusals_in_a_row_count(stage: Stage) -> None:
    """A destination that takes most of what it gets is not broken, and one that is away says nothing of itself."""
    stage.plan(*(push(f"pay {n}") for n in range(8)))
    answers = [REFUSED, REFUSED, YES, REFUSED, NOT_THERE, REFUSED, OVERLOADED, REFUSED]
    await stage.pump(Scripted(*answers), **SLOW).pass_once()
    assert holds(stage) == []
    stage.machine.advance(seconds=4000)
    await stage.pump(Scripted(REFUSED, NOT_THERE, REFUSED, REFUSED), **SLOW).pass_once()
    assert [one.destination for one in holds(stage)] == ["payroll"]


async def test_a_probe_that_is_refused_costs_one_attempt_and_changes_nothing(stage: Stage) -> None:
    await paused(stage)
    before = tried(stage)
    pump = stage.pump(Scripted(REFUSED), **SLOW)
    await pump.probe()
    assert await pump.pass_once() == 0
    assert tried(stage) == before + 1
    assert len(holds(stage)) == 1


@pytest.mark.parametrize("answer", [YES, WRONG])
async def test_a_probe_that_is_answered_lets_everything_go(stage: Stage, answer: Outcome) -> None:
    """A key mended on Friday night should not wait for somebody on Monday."""
    await paused(stage)
    pump = stage.pump(receiver := Scripted(answer), **SLOW)
    await pump.probe()
    await pump.pass_once()
    assert holds(stage) == []
    stage.machine.advance(seconds=4000)
    await pump.pass_once()
    assert len(receiver.names) == 6
    with stage.store.read() as view:
        assert [line.action for line in view.ledger()] == ["sending paused", "sending resumed"]


async def test_a_probe_is_not_used_up_by_what_may_not_go_anyway(stage: Stage) -> None:
    """After five days of a revoked key the oldest payments wait for a person; the mended key would not be found."""
    stage.plan(*(replace(push(f"pay {n}"), money=True) for n in range(6)))
    await stage.pump(Refusing(), **SLOW).pass_once()
    stage.clock.advance(days=5)
    stage.machine.advance(days=5)
    stage.plan(push("hr task"))
    pump = stage.pump(receiver := Scripted(), **SLOW)
    await pump.probe()
    await pump.pass_once()
    assert receiver.names == ["hr task"]
    assert holds(stage) == []
    assert sorted(stage.states().values()) == [DeliveryState.DELIVERED, *[DeliveryState.PARKED] * 6]


async def test_a_persons_pause_is_never_probed(stage: Stage) -> None:
    """Somebody had a reason that no answer can know of."""
    await paused(stage)
    with stage.store.write() as view:
        view.hold(Scope.EVERYTHING, "an audit", at=NOON, by="hr", destination="payroll")
    pump = stage.pump(receiver := Scripted(), **SLOW)
    await pump.probe()
    await pump.pass_once()
    assert receiver.names == []


async def test_one_that_asked_to_be_left_alone_is_not_called_again_before_a_person_says_so(stage: Stage) -> None:
    """Each payment that became due would knock once more, and be set aside for it."""
    stage.plan(*(push(f"pay {n}") for n in range(6)), push("remind", "manager"))
    answers = Refusing(GONE)
    with capture_logs() as said:
        await stage.pump(answers, **SLOW).pass_once()
    assert sorted(claim.destination for claim in answers.seen) == ["manager", "payroll"]
    (hold,) = holds(stage)
    assert (hold.destination, hold.held_by) == ("payroll", RECEIVER)
    assert "asked not to be called again (payroll answered 410 Gone)" in hold.reason
    (alarm,) = [line for line in said if line["event"].startswith("a destination is paused")]
    assert (alarm["log_level"], alarm["destination"], alarm["hold"]) == ("error", "payroll", hold.number)

    for _ in range(3):
        stage.machine.advance(days=1)
        other = stage.pump(later := Scripted(), **SLOW)
        await other.probe()
        assert await other.pass_once() == 0
    assert later.seen == []
    assert sorted(stage.states().values()).count(DeliveryState.SCHEDULED) == 5

    with stage.store.write() as view:
        view.lift(hold.number, at=NOON, by="hr")
    assert await other.pass_once() == 5


async def test_a_probe_that_finds_it_gone_is_the_last(stage: Stage) -> None:
    await paused(stage)
    pump = stage.pump(receiver := Scripted(GONE), **SLOW)
    for _ in range(3):
        await pump.probe()
        await pump.pass_once()
        stage.machine.advance(seconds=4000)
    assert len(receiver.seen) == 1
    assert sorted(one.held_by for one in holds(stage)) == [DAEMON, RECEIVER]


class Locked(Scripted):
    """A workspace that refuses the token of all that is sent there until it is given another, beside a payroll."""

    def __init__(self) -> None:
        super().__init__(name="chat")
        self.refuses = True

    async def deliver(self, claim: Claim) -> Outcome:
        await super().deliver(claim)
        return TOKEN if self.refuses else YES


def roles(number: int) -> list[Push]:
    return [push(f"remind {n}", f"role {n}", connector="chat") for n in range(number)]


async def test_a_token_that_is_refused_is_refused_for_everybody(stage: Stage) -> None:
    """Each role would use up the attempts of its reminders by itself, for a token that they share."""
    later = push("remind later", "role later", connector="chat", at=NOON + timedelta(hours=2))
    stage.plan(*roles(6), later, push("pay"))
    chat, payroll = Locked(), Scripted()
    pump = stage.pump(connectors={"chat": chat, "scripted": payroll}, total_concurrency=1, **SLOW)
    with capture_logs() as said:
        await pump.pass_once()
    assert (len(chat.seen), len(payroll.seen)) == (3, 1)
    assert {one.destination for one in holds(stage)} == {*(f"role {n}" for n in range(6)), "role later"}
    (alarm,) = [line for line in said if line["event"].startswith("a connector is paused")]
    assert (alarm["log_level"], alarm["connector"], len(alarm["destinations"])) == ("error", "chat", 7)

    chat.refuses = False
    stage.machine.advance(seconds=4000)
    await pump.probe()
    await pump.pass_once()
    assert holds(stage) == []
    assert [name for name, state in stage.states().items() if state is not DeliveryState.DELIVERED] == ["remind later"]


async def test_a_role_that_comes_up_while_the_token_is_refused_costs_one_attempt(stage: Stage) -> None:
    stage.plan(*roles(3))
    chat = Locked()
    pump = stage.pump(connectors={"chat": chat}, total_concurrency=1, **SLOW)
    await pump.pass_once()
    stage.plan(*(push(f"new {n}", "new role", connector="chat") for n in range(3)))
    await pump.pass_once()
    assert len(chat.seen) == 4
    assert "new role" in {one.destination for one in holds(stage)}


@pytest.mark.parametrize(
    "asked",
    [
        Outcome(Verdict.RETRY, "too many", 429, retry_after_seconds=7200),
        Outcome(Verdict.UNKNOWN, "being repaired", 503, retry_after_seconds=7200),
    ],
    ids=["429", "503"],
)
async def test_a_wait_that_one_delivery_is_told_is_kept_by_all_deliveries_and_daemons(
    stage: Stage, asked: Outcome
) -> None:
    """Each of the others would knock, within the two hours, and use up an attempt for it."""
    stage.plan(*(push(f"pay {n}") for n in range(6)), push("remind", "manager"))
    first = stage.pump(receiver := Scripted(asked), destination_concurrency=1)
    await first.pass_once()
    assert sorted(claim.destination for claim in receiver.seen) == ["manager", "payroll"]
    with stage.store.read() as view:
        assert view.rests() == {"payroll": stage.in_seconds(7200)}
    assert stage.store.next_wake() == (None, stage.in_seconds(7200))
    restarted = stage.pump(receiver, destination_concurrency=1)
    for seconds in (61, 3600, 3538):
        stage.machine.advance(seconds=seconds)
        assert [await pump.pass_once() for pump in (first, restarted)] == [0, 0]
    assert tried(stage) == 2
    stage.machine.advance(seconds=1)
    assert await restarted.pass_once() == 6
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    assert holds(stage) == []


async def test_a_wait_is_no_longer_than_a_day(stage: Stage) -> None:
    """A wild number must not hold what a destination gets for ever."""
    stage.plan(push("pay"), push("pay more"))
    asked = Outcome(Verdict.RETRY, "too many", 429, retry_after_seconds=1e9)
    await stage.pump(Scripted(asked), destination_concurrency=1).pass_once()
    stage.machine.advance(days=1)
    assert await stage.pump().pass_once() == 2


async def test_a_wait_for_one_delivery_alone_holds_up_no_other(stage: Stage) -> None:
    """Slow to answer, or busy with that one obligation: the receiver said nothing of the others."""
    stage.plan(*(push(f"pay {n}") for n in range(3)))
    receiver = Scripted(
        Outcome(Verdict.RETRY, "in conflict", 409, retry_after_seconds=7200),
        Outcome(Verdict.UNKNOWN, "no whole answer in time", retry_after_seconds=60),
    )
    await stage.pump(receiver, destination_concurrency=1).pass_once()
    assert len(receiver.seen) == 3


async def test_daemons_that_see_the_same_trouble_make_one_hold(stage: Stage) -> None:
    stage.plan(*(push(f"pay {n}") for n in range(12)))
    pumps = [stage.pump(Refusing(), **SLOW) for _ in range(2)]
    await asyncio.gather(*(pump.pass_once() for pump in pumps))
    assert len(holds(stage)) == 1
