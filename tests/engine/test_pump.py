"""The pump on the real store: nothing early, nothing lost, the same key and bytes for life."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.engine.steps import Step, Steps
from obligations.ports import Claim
from obligations.store import SqlStore, open_store
from obligations.store.connect import Database, make_engine
from tests.engine.stage import NAMESPACE, NOON, YES, Hanging, Scripted, Stage, push, until

HOUR = timedelta(hours=1)


async def test_nothing_goes_before_its_instant(stage: Stage) -> None:
    stage.plan(push("pay", at=NOON + timedelta(seconds=1)))
    receiver = Scripted()
    pump = stage.pump(receiver)
    assert await pump.pass_once() == 0
    stage.machine.advance(days=400)
    assert await pump.pass_once() == 0
    stage.clock.advance(seconds=1)
    assert await pump.pass_once() == 1
    assert stage.delivery("pay").state is DeliveryState.DELIVERED
    assert receiver.names == ["pay"]
    assert await pump.pass_once() == 0


async def test_what_came_due_while_nobody_ran_goes_late_and_is_marked_so(stage: Stage) -> None:
    stage.plan(push("pay"))
    stage.clock.advance(days=30)
    receiver = Scripted()
    await stage.pump(receiver).pass_once()
    assert receiver.seen[0].late_seconds == 30 * 86_400


async def test_a_retry_is_data_and_survives_the_process(stage: Stage, database_url: str) -> None:
    stage.plan(push("pay"))
    await stage.pump(Scripted(Outcome(Verdict.RETRY, detail="connection refused"))).pass_once()
    waiting = stage.delivery("pay")
    assert waiting.state is DeliveryState.RETRYING
    assert waiting.next_attempt_at == stage.in_seconds(5)
    assert waiting.first_unknown_at is None

    receiver = Scripted()
    after_restart = open_store(database_url)
    pump = stage.pump(receiver, store=after_restart)
    stage.machine.advance(seconds=4.999)
    assert await pump.pass_once() == 0
    stage.machine.advance(seconds=0.001)
    assert await pump.pass_once() == 1
    assert receiver.seen[0].attempt == 2
    assert stage.delivery("pay").state is DeliveryState.DELIVERED
    after_restart.close()


class Unreachable(Scripted):
    """Nobody is there, which takes a moment to find out; notes how many were finding out at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.trying = 0
        self.together: list[int] = []

    async def deliver(self, claim: Claim) -> Outcome:
        await super().deliver(claim)
        self.trying += 1
        self.together.append(self.trying)
        await asyncio.sleep(0)
        self.trying -= 1
        return Outcome(Verdict.RETRY, detail="no connection within 10 s; nothing was sent")


async def test_where_nobody_can_be_reached_one_slot_is_enough_to_find_out(stage: Stage) -> None:
    """A few systems behind a cut line would otherwise take all slots, each for as long as connecting may take."""
    stage.plan(*(push(f"pay {number}") for number in range(12)))
    nobody = Unreachable()
    assert await stage.pump(nobody, destination_concurrency=4).pass_once() == 12
    assert (nobody.together[0], max(nobody.together[4:])) == (1, 1)


async def test_a_receiver_that_asks_for_an_hour_is_given_an_hour(stage: Stage) -> None:
    stage.plan(push("pay"))
    receiver = Scripted(Outcome(Verdict.RETRY, status=429, retry_after_seconds=3600))
    await stage.pump(receiver).pass_once()
    stage.machine.advance(seconds=3599)
    assert await stage.pump(receiver).pass_once() == 0
    stage.machine.advance(seconds=1)
    assert await stage.pump(receiver).pass_once() == 1


async def test_an_unknown_outcome_goes_again_under_the_same_key_with_the_same_bytes(stage: Stage) -> None:
    """Another key, or other bytes under the same key, would pay twice."""
    stage.plan(push("pay"))
    receiver = Scripted(Outcome(Verdict.UNKNOWN, detail="cut off after the request"), ValueError("250000 USD"))
    pump = stage.pump(receiver)
    await pump.pass_once()
    assert stage.delivery("pay").first_unknown_at == stage.machine.now()
    stage.machine.advance(seconds=5)
    await pump.pass_once()
    stage.machine.advance(seconds=300)
    await pump.pass_once()
    assert {claim.key for claim in receiver.seen} == {uuid5(NAMESPACE, "pay")}
    assert len({claim.body for claim in receiver.seen}) == 1
    assert [attempt.verdict for attempt in stage.attempts("pay")] == ["unknown", "unknown", "delivered"]
    assert [claim.fence for claim in receiver.seen] == [1, 2, 3]


async def test_a_connector_that_raises_says_nothing_of_what_it_sent(stage: Stage) -> None:
    stage.plan(push("pay"))
    with capture_logs() as lines:
        await stage.pump(Scripted(ValueError("250000 USD"))).pass_once()
    assert stage.delivery("pay").state is DeliveryState.RETRYING
    assert stage.attempts("pay")[0].detail == "the connector raised ValueError"
    assert "250000" not in str(lines)


async def test_a_connector_that_forgets_to_answer_has_still_sent_something(stage: Stage) -> None:
    class Mute(Scripted):
        async def deliver(self, claim: Any) -> Any:
            return None

    stage.plan(push("pay"))
    await stage.pump(Mute()).pass_once()
    assert stage.attempts("pay")[0].verdict == "unknown"


@pytest.mark.parametrize(
    "odd",
    [
        {"detail": "zero \0 byte"},
        {"detail": "half a \ud83d pair"},
        {"detail": "long " * 100_000},
        {"status": 2**70},
        {"retry_after_seconds": "soon"},
        {"receipt": {"re\0f": "a\ud83d", "at": object()}},
        {"verdict": "delivered"},
    ],
)
async def test_whatever_a_connector_says_its_outcome_is_kept_and_the_others_go_on(
    stage: Stage, odd: dict[str, Any]
) -> None:
    """One word that the database refuses would have the delivery repeated, or stop every other one."""
    stage.plan(push("pay"), push("then", at=NOON + timedelta(seconds=1)))
    receiver = Scripted(Outcome(**{"verdict": Verdict.DELIVERED, **odd}))
    pump = stage.pump(receiver)
    await pump.pass_once()
    kept = stage.delivery("pay")
    assert kept.state is DeliveryState.DELIVERED
    assert len(stage.attempts("pay")[0].detail) <= 2_000
    stage.clock.advance(seconds=1)
    await pump.pass_once()
    assert receiver.names == ["pay", "then"]


async def test_a_surprise_while_recording_does_not_end_the_recording(stage: Stage) -> None:
    """A daemon whose recorder is gone sends everything again and again, and says nothing of it."""
    stage.plan(push("pay"))
    pump = stage.pump(Scripted(), store_wait_seconds=0.01)

    class Surprise(Steps):
        came = 0

        def reach(self, step: Step) -> None:
            if step is Step.BEFORE_RECORD:
                self.came += 1
                if self.came == 1:
                    raise RuntimeError("a mistake")
                pump.stop()

    pump._steps = pump._recorder._steps = Surprise()
    with capture_logs() as lines:
        await pump.run()
    assert stage.delivery("pay").state is DeliveryState.DELIVERED
    assert ("recording failed and is tried again", "RuntimeError") in [
        (line["event"], line.get("error")) for line in lines
    ]


async def test_nothing_is_claimed_once_it_was_told_to_stop(stage: Stage) -> None:
    """What lies behind a flood has a turn of its own, and a supervisor that waits counts the seconds."""
    early = [push(f"pay {number}", at=NOON - (100 - number) * HOUR) for number in range(80)]
    stage.plan(*early, push("file", "register"))
    receiver = Scripted()
    pump = stage.pump(receiver, destination_concurrency=1)

    class StopsAfterOne(Steps):
        def reach(self, step: Step) -> None:
            if step is Step.CLAIMED:
                pump.stop()

    pump._steps = StopsAfterOne()
    await pump.run()
    assert receiver.names == ["pay 0"]


async def test_silence_ends_at_the_time_out_and_is_an_unknown_outcome(stage: Stage) -> None:
    stage.plan(push("pay"))
    await stage.pump(Hanging("payroll"), timeout_seconds=0.05).pass_once()
    silent = stage.delivery("pay")
    assert silent.reason == "no answer within 0.05 s"
    assert silent.next_attempt_at == stage.in_seconds(60)
    assert stage.attempts("pay")[0].verdict == "unknown"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Outcome(Verdict.REJECTED, detail="no such employee"), "the receiver will not take it (no such employee)"),
        (Outcome(Verdict.GONE, status=410), "the receiver asked not to be called again"),
        (Outcome(Verdict.RETRY, detail="refused"), "gave up after 1 attempts (refused)"),
    ],
)
async def test_what_cannot_succeed_waits_for_a_person_with_a_reason(stage: Stage, answer: Outcome, reason: str) -> None:
    stage.plan(push("pay"))
    receiver = Scripted(answer)
    await stage.pump(receiver, retry_delays_seconds=()).pass_once()
    stopped = stage.delivery("pay")
    assert (stopped.state, stopped.reason) == (DeliveryState.PARKED, reason)
    stage.machine.advance(days=10)
    stage.clock.advance(days=10)
    assert await stage.pump(receiver).pass_once() == 0


async def test_a_connector_nobody_configured_parks_its_delivery_and_no_other(stage: Stage) -> None:
    stage.plan(push("fax", connector="fax"), push("pay"))
    await stage.pump(Scripted()).pass_once()
    assert stage.states() == {"fax": DeliveryState.PARKED, "pay": DeliveryState.DELIVERED}
    assert "no connector is called 'fax' (configured: scripted)" in stage.delivery("fax").reason


@pytest.mark.parametrize("damage", ["{", "null", '["mei"]', '{"email": 7}'])
async def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go(
    stage: Stage, database_url: str, damage: str
) -> None:
    """One damaged row, the oldest, would be in front of every claim, and nothing would be sent any more."""
    stage.plan(push("damaged", at=NOON - timedelta(hours=1)), push("pay"), push("also"))
    engine = make_engine(Database.of(database_url))

    def write(address: str) -> None:
        with engine.execution_options(obligations_writes=True).begin() as connection:
            row = {"address": address, "key": push("damaged").key.hex}
            condition = "key = :key" if Database.of(database_url).is_sqlite else "replace(key::text, '-', '') = :key"
            changed = connection.execute(text(f"UPDATE delivery SET address_json = :address WHERE {condition}"), row)
            assert changed.rowcount == 1

    write(damage)
    receiver = Scripted()
    await stage.pump(receiver).pass_once()
    assert sorted(receiver.names) == ["also", "pay"]
    write("{}")
    engine.dispose()
    damaged = stage.delivery("damaged")
    assert damaged.state is DeliveryState.PARKED
    assert "cannot be read" in damaged.reason


async def test_a_payment_in_doubt_for_too_long_is_not_repeated_after_a_long_downtime(stage: Stage) -> None:
    stage.plan(push("pay"), push("remind", "manager", kind=PushKind.REMINDER))
    receiver = Scripted(Outcome(Verdict.UNKNOWN), Outcome(Verdict.UNKNOWN))
    await stage.pump(receiver).pass_once()
    stage.machine.advance(days=2)
    await stage.pump(receiver).pass_once()
    assert receiver.names.count("pay") == 1
    assert receiver.names.count("remind") == 2
    assert stage.delivery("pay").state is DeliveryState.PARKED
    assert "ask the receiver" in stage.delivery("pay").reason


async def test_stale_reminders_of_one_occurrence_become_one(stage: Stage) -> None:
    """A manager back from a long outage would otherwise read five reminders of the same thing."""
    stage.plan(
        *(
            push(f"reminder {day}", "manager", at=NOON + timedelta(days=day), kind=PushKind.REMINDER, occurrence="I-9")
            for day in range(3)
        )
    )
    stage.clock.advance(days=7)
    receiver = Scripted()
    await stage.pump(receiver).pass_once()
    assert receiver.names == ["reminder 2"]
    assert list(stage.states().values()) == [DeliveryState.COLLAPSED, DeliveryState.COLLAPSED, DeliveryState.DELIVERED]


async def test_a_hanging_destination_takes_its_own_slots_and_no_others(stage: Stage) -> None:
    """The payroll system hangs on the first of the month, and Slack must go on."""
    slow = [push(f"slow {number}", "slow", at=NOON - HOUR) for number in range(9)]
    fast = [push(f"fast {number}", "fast") for number in range(9)]
    stage.plan(*slow, *fast)
    receiver = Hanging("slow")
    passing = asyncio.create_task(stage.pump(receiver, total_concurrency=8, destination_concurrency=2).pass_once())
    await until(lambda: sum(name.startswith("fast") for name in receiver.names) == 9, receiver.told)
    assert receiver.waiting == 2
    receiver.released.set()
    assert await passing == 18
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}


async def test_a_worker_that_lost_its_lease_writes_nothing(stage: Stage, database_url: str) -> None:
    """A process that was stopped for minutes must not overwrite what its successor learned."""
    stage.plan(push("pay"))
    stalled = Hanging("payroll")
    old_store = open_store(database_url)
    # With its one slot taken it claims nothing else, as if it stood still.
    old = asyncio.create_task(stage.pump(stalled, store=old_store, total_concurrency=1).pass_once())
    await until(lambda: bool(stalled.seen), stalled.told)

    stage.store.rescue(machine_now=stage.machine.now(), everything=True)
    successor = Scripted(Outcome(Verdict.REJECTED, detail="account closed"))
    await stage.pump(successor).pass_once()
    with capture_logs() as lines:
        stalled.released.set()
        await old
    assert stage.delivery("pay").state is DeliveryState.PARKED
    assert [attempt.verdict for attempt in stage.attempts("pay")] == ["unknown", "rejected"]
    assert successor.seen[0].key == stalled.seen[0].key
    assert any("too late" in line["event"] for line in lines)
    old_store.close()


async def test_two_daemons_on_one_database_share_the_work_and_repeat_none_of_it(
    stage: Stage, database_url: str
) -> None:
    stage.plan(*(push(f"pay {number}") for number in range(60)))
    other_store = open_store(database_url)
    receiver = Hanging("payroll")
    both = asyncio.gather(
        stage.pump(receiver, total_concurrency=4).pass_once(),
        stage.pump(receiver, store=other_store, total_concurrency=4).pass_once(),
    )
    await until(lambda: receiver.waiting == 8, receiver.told)
    receiver.released.set()
    await both
    assert len(receiver.seen) == 60
    assert len({claim.key for claim in receiver.seen}) == 60
    assert len({claim.worker for claim in receiver.seen}) == 2
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    other_store.close()


async def test_a_claim_that_took_most_of_its_lease_is_not_sent(stage: Stage, database_url: str) -> None:
    """A slow disk ate the lease: the answer would come when another daemon may already be sending it again."""

    class Slow(SqlStore):
        def claim(self, **asked: Any) -> Any:
            claims = super().claim(**asked)
            if claims and claims[0].attempt == 1:
                stage.machine.advance(seconds=46)
            return claims

    stage.plan(push("pay"))
    receiver = Scripted()
    store = Slow(database_url)
    assert await stage.pump(receiver, store=store).pass_once() == 2
    assert [claim.attempt for claim in receiver.seen] == [2]
    assert stage.attempts("pay")[0].detail == "not sent: too little of the lease was left"
    assert stage.delivery("pay").first_unknown_at is None
    store.close()


async def test_results_held_when_the_store_went_away_are_written_by_the_next_pass(
    stage: Stage, database_url: str
) -> None:
    from obligations.ports import StoreUnavailable

    class Away(SqlStore):
        times = 1

        def record(self, results: Any) -> Any:
            if self.times:
                self.times -= 1
                raise StoreUnavailable("the disk is full")
            return super().record(results)

    stage.plan(push("pay"))
    receiver = Scripted(YES)
    store = Away(database_url)
    pump = stage.pump(receiver, store=store)
    with pytest.raises(StoreUnavailable):
        await pump.pass_once()
    assert stage.delivery("pay").state is DeliveryState.SENDING
    await pump.pass_once()
    assert stage.delivery("pay").state is DeliveryState.DELIVERED
    assert receiver.names == ["pay"]
    store.close()


async def test_one_result_that_cannot_be_written_leaves_the_others_their_place(stage: Stage, database_url: str) -> None:
    class Choosy(SqlStore):
        def record(self, results: Any) -> Any:
            kept = list(results)
            if any(result.claim.name == "poison" for result in kept):
                raise ValueError("250000 USD cannot be kept")
            return super().record(kept)

    stage.plan(push("poison"), push("pay 1"), push("pay 2"))
    store = Choosy(database_url)
    with capture_logs() as lines:
        await stage.pump(Scripted(), store=store).pass_once()
    assert stage.states() == {
        "poison": DeliveryState.SENDING, "pay 1": DeliveryState.DELIVERED, "pay 2": DeliveryState.DELIVERED,
    }  # fmt: skip
    assert [line["error"] for line in lines if "could not be written" in line["event"]] == ["ValueError"]
    assert "250000" not in str(lines)
    store.close()
