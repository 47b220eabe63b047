"""Destinations beside each other: a flooded, overloaded or slow one leaves the others their turn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.ports import Claim
from obligations.store import SqlStore
from tests.engine.stage import NOON, YES, Hanging, Scripted, Stage, push, until

HOUR = timedelta(hours=1)


class Overloaded(Scripted):
    """A payroll that answers 429 to everything."""

    async def deliver(self, claim: Claim) -> Outcome:
        await super().deliver(claim)
        return Outcome(Verdict.RETRY, "too many", 429) if claim.destination == "payroll" else YES


class TakingItsTime(Scripted):
    """Receivers by whose answers the clock goes on: the flood's takes five milliseconds for the four it is given, the
    office's none. One hangs until everything else is through, and one has too much to do."""

    def __init__(self, stage: Stage, ends_after: int) -> None:
        super().__init__()
        self._stage = stage
        self._left = ends_after
        self._through = asyncio.Event()
        self._open = 0
        self.most_open = 0
        self.lags: dict[str, list[float]] = defaultdict(list)

    async def deliver(self, claim: Claim) -> Outcome:
        await super().deliver(claim)
        if not self._through.is_set():
            self.lags[claim.destination].append((self._stage.clock.now() - claim.send_at).total_seconds())
        if claim.destination == "busy":
            return Outcome(Verdict.RETRY, "too many", 429)
        if claim.destination == "hanging":
            await self._through.wait()
            return Outcome(Verdict.UNKNOWN, "no answer")
        if claim.destination == "flood":
            self._open += 1
            self.most_open = max(self.most_open, self._open)
            await asyncio.sleep(0)  # the others of its turn are on the way as well
            self._open -= 1
            self._stage.clock.advance(seconds=0.005 / 4)
            self._stage.machine.advance(seconds=0.005 / 4)
        self._left -= 1
        if not self._left:
            self._through.set()
        return YES


async def test_a_burst_beside_receivers_that_are_not_well_holds_up_steady_work_by_a_few_turns(stage: Stage) -> None:
    """What falls due in the middle of ten thousand would be as late as all of them together."""
    due, steady = 1200, 25
    stage.plan(
        *(push(f"flood {number}", "flood") for number in range(due)),
        *(push(f"hanging {number}", "hanging") for number in range(40)),
        *(push(f"busy {number}", "busy") for number in range(40)),
        *(push(f"steady {number}", "office", at=NOON + number * timedelta(seconds=0.05)) for number in range(steady)),
    )
    receiver = TakingItsTime(stage, due + steady)
    await stage.pump(receiver, timeout_seconds=25).pass_once()
    lags = {name: sorted(some) for name, some in receiver.lags.items()}
    assert len(lags["flood"]) == due
    assert len(lags["office"]) == steady
    # Three turns of the flood: the one in flight, the one claimed before it was due, and its own.
    assert lags["office"][-1] <= 3 * 0.005
    assert receiver.most_open == 4
    assert len(lags["hanging"]) <= 5
    assert len(lags["busy"]) <= 4


@pytest.mark.parametrize("total", [4, 16])
async def test_a_flood_that_was_due_before_holds_up_nobody(stage: Stage, total: int) -> None:
    """Its receiver answers at once, so that all its slots are free again when the next claim is made."""
    stage.plan(
        *(push(f"flood {number}", "flood", at=NOON - HOUR) for number in range(400)),
        *(push(f"wage {number}", "payroll") for number in range(12)),
    )
    receiver = Scripted()
    await stage.pump(receiver, total_concurrency=total, destinations={"payroll": 1}).pass_once()
    sent = [claim.destination for claim in receiver.seen]
    places = [place for place, destination in enumerate(sent) if destination == "payroll"]
    # A turn of the flood is four; those in flight when the turn came are four more.
    assert max(after - before for before, after in zip([-1, *places], places, strict=False)) <= 9
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}


async def test_a_burst_over_many_destinations_is_claimed_many_at_a_time(stage: Stage, database_url: str) -> None:
    """A claim and a commit for each destination would cost more than the sending."""

    class Counting(SqlStore):
        claimed: ClassVar[list[int]] = []

        def claim(self, **asked: Any) -> Sequence[Claim]:
            claims = super().claim(**asked)
            self.claimed.append(len(claims))
            return claims

    store = Counting(database_url)
    stage.plan(*(push(f"{lane} {number}", f"lane {lane}", at=NOON - HOUR) for lane in range(8) for number in range(12)))
    pump = stage.pump(Scripted(), store=store, total_concurrency=32, gather_seconds=0)
    assert await pump.pass_once() == 96
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    if database_url.startswith("sqlite"):
        assert store.claimed[0] == 32
    store.close()


async def test_slots_are_gathered_only_while_answers_are_awaited_and_news_end_it(stage: Stage) -> None:
    """A daemon that waited for more slots to come free would hold up what has just become due."""
    stage.plan(*(push(f"slow {number}", "slow") for number in range(8)))
    receiver = Hanging("slow")
    pump = stage.pump(receiver, gather_seconds=3_600)
    running = asyncio.create_task(pump.run())
    await until(lambda: receiver.waiting == 4, receiver.told)
    stage.plan(push("pay"))
    pump.nudge()
    await until(lambda: "pay" in receiver.names, receiver.told)
    receiver.released.set()
    await until(lambda: len(receiver.names) == 9, receiver.told)
    pump.stop()
    await running
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}


async def test_an_overloaded_receiver_is_let_rest_and_the_others_go(stage: Stage) -> None:
    """Calling it for each of ten thousand would keep it overloaded, and use up an attempt of every one."""
    stage.plan(*(push(f"pay {number}") for number in range(50)), push("remind", "manager"))
    receiver = Overloaded()
    pump = stage.pump(receiver)
    await pump.pass_once()
    assert sorted(receiver.names)[-1] == "remind"
    assert len(receiver.names) <= 1 + 4
    stage.machine.advance(seconds=59)
    await pump.pass_once()
    assert len(receiver.names) <= 1 + 4
    stage.machine.advance(seconds=2)
    await pump.pass_once()
    assert 1 + 4 < len(receiver.names) <= 1 + 8


async def test_what_waits_for_its_lane_is_not_looked_for_all_the_time(stage: Stage) -> None:
    """A thousand pushes for a destination with a pace would keep a core busy for as long as they take."""
    stage.plan(*(push(f"pay {number}") for number in range(3)), push("remind", "manager", at=NOON + HOUR))
    pump = stage.pump(Scripted(), rates={"payroll": "6/m"})
    await pump.pass_once()
    assert await pump._seconds_to_next() > 0
    assert pump._lanes.opens_in == 10
    stage.machine.advance(seconds=10)
    assert await pump._seconds_to_next() <= 0


async def test_a_destination_with_a_pace_keeps_it(stage: Stage) -> None:
    stage.plan(*(push(f"pay {number}") for number in range(11)), *(push(f"r {n}", "manager") for n in range(9)))
    receiver = Scripted()
    pump = stage.pump(receiver, rates={"payroll": "5/s"})
    paid = []
    for _ in range(11):
        await pump.pass_once()
        paid.append(sum(claim.destination == "payroll" for claim in receiver.seen))
        stage.machine.advance(seconds=0.2)
    assert paid == list(range(1, 12))
    assert len(receiver.seen) == 20
