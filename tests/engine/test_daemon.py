"""The daemon: sees what becomes due, outlives store and ticker troubles, and leaves nothing undecided when it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from obligations.clocks import SystemMachineClock, TimeLapse, monotonic
from obligations.domain.delivery import DeliveryState, Outcome, Push, PushKind
from obligations.domain.hold import DAEMON, Scope
from obligations.domain.ledger_chain import heads_in
from obligations.engine.daemon import Daemon
from obligations.engine.pump import Pump
from obligations.engine.settings import EngineSettings
from obligations.engine.store_thread import StoreThread
from obligations.engine.waiting import heard
from obligations.ports import (
    Changes,
    Claim,
    Clock,
    Connector,
    LedgerEntry,
    MachineClock,
    Store,
    StoreNewer,
    StoreUnavailable,
)
from obligations.store import SqlStore, open_store
from obligations.store.room import NoRoom
from tests.engine.stage import (
    CONTRACT,
    DEADLINE_SECONDS,
    NOON,
    Hanging,
    Scripted,
    Stage,
    contract,
    middle,
    push,
    put_deliveries,
    until,
)

QUICK = {"tick_seconds": 0.05, "store_wait_seconds": 0.01, "store_wait_most_seconds": 0.05, "rescue_seconds": 0.05,
         "replan_seconds": 0.05, "seal_seconds": 0.05}  # fmt: skip


class Watched(SqlStore):
    """The real store, which says when results were written, and fails when it is told to."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.loop = asyncio.get_running_loop()
        self.heard = asyncio.Event()
        self.recorded = 0
        self.commits = 0
        self.before_record: Callable[[], None] = lambda: None
        self.before_look: Callable[[], None] = lambda: None

    def next_wake(self, full: Collection[str] = (), **asked: Any) -> Any:
        self.before_look()
        return super().next_wake(full, **asked)

    def record(self, results: Any) -> Any:
        self.before_record()
        kept = list(results)
        stale = super().record(kept)
        self.recorded += len(kept) - len(stale)
        self.commits += 1
        self.loop.call_soon_threadsafe(self.heard.set)
        return stale


@pytest.fixture
async def watched(stage: Stage, database_url: str) -> AsyncIterator[Watched]:
    store = Watched(database_url)
    yield store
    store.close()


def daemon(
    stage: Stage,
    store: Store,
    connector: Connector,
    *,
    replan: Callable[[str], None] = lambda name: None,
    prepare: Callable[[str], None] = lambda name: None,
    exclusive: bool = False,
    edition: str = "",
    real_time: bool = False,
    clock: Clock | None = None,
    machine: MachineClock | None = None,
    **settings: Any,
) -> Daemon:
    return Daemon(
        store, {"scripted": connector},
        clock=clock or stage.clock, machine=machine or stage.machine, monotonic=monotonic, replan=replan,
        prepare=prepare, exclusive=exclusive, edition=edition, real_time=real_time,
        settings=EngineSettings(**{**QUICK, **settings}), chance=middle,
    )  # fmt: skip


def running_pump(stage: Stage, store: Store, connector: Connector, **settings: Any) -> tuple[Pump, asyncio.Task[None]]:
    pump = stage.pump(connector, store=store, **{**QUICK, **settings})
    return pump, asyncio.create_task(pump.run())


async def test_what_another_process_plans_is_seen_by_the_next_tick(stage: Stage, watched: Watched) -> None:
    receiver = Scripted()
    pump, running = running_pump(stage, watched, receiver)
    stage.plan(push("pay"))
    await until(lambda: watched.recorded == 1, watched.heard)
    pump.stop()
    await running
    assert stage.delivery("pay").state is DeliveryState.DELIVERED


async def test_simulated_time_wakes_the_daemon_at_the_instant_and_not_before(
    stage: Stage, watched: Watched, tmp_path: Path
) -> None:
    control = tmp_path / "clock.json"
    stage.plan(push("first"), push("a day later", at=NOON + timedelta(days=1)))
    TimeLapse.write(control, NOON - timedelta(hours=1), 86_400 / 0.2)
    clock = TimeLapse(control)

    class Punctual(Scripted):
        async def deliver(self, claim: Claim) -> Outcome:
            assert clock.now() >= claim.send_at
            return await super().deliver(claim)

    receiver = Punctual()
    service = daemon(stage, watched, receiver, clock=clock, machine=SystemMachineClock(), tick_seconds=1)
    running = asyncio.create_task(service.run())
    began = asyncio.get_running_loop().time()
    await until(lambda: watched.recorded == 2, watched.heard)
    assert asyncio.get_running_loop().time() - began < 0.9
    service.stop()
    await running
    assert receiver.names == ["first", "a day later"]


async def test_results_that_come_one_by_one_are_written_together(stage: Stage, watched: Watched) -> None:
    """A commit for each result would make the disk, and not the receiver, the limit of a burst."""
    stage.plan(push("a", "quick"), push("b", "quick"), push("c", "slow"))
    receiver = Hanging("slow")
    pump, running = running_pump(stage, watched, receiver, flush_seconds=5, flush_most=3)
    await until(lambda: receiver.waiting == 1 and len(receiver.seen) == 3, receiver.told)
    receiver.released.set()
    await until(lambda: watched.recorded == 3, watched.heard)
    assert watched.commits == 1
    pump.stop()
    await running


async def test_a_few_results_do_not_wait_for_more(stage: Stage, watched: Watched) -> None:
    stage.plan(push("a"))
    pump, running = running_pump(stage, watched, Scripted(), flush_seconds=0.01, flush_most=1000)
    await until(lambda: watched.recorded == 1, watched.heard)
    pump.stop()
    await running


async def test_a_store_that_is_away_is_waited_for_and_said_once(stage: Stage, watched: Watched) -> None:
    stage.plan(push("pay"))
    failures = iter(range(5))

    def away() -> None:
        if next(failures, None) is not None:
            raise StoreUnavailable("the server is restarting")

    watched.before_look = away
    with capture_logs() as lines:
        pump, running = running_pump(stage, watched, Scripted())
        await until(lambda: watched.recorded == 1, watched.heard)
        pump.stop()
        await running
    said = [line["event"] for line in lines if "the store is" in line["event"]]
    assert said == ["the store is away; nothing is sent until it is back", "the store is back"]
    assert stage.delivery("pay").state is DeliveryState.DELIVERED


async def test_what_is_out_when_a_newer_program_upgrades_is_still_recorded_and_nothing_more_is_sent(
    stage: Stage, database_url: str
) -> None:
    """A daemon of yesterday's program would go on, with tables that mean something else."""

    class Upgraded(Watched):
        upgraded = False

        def probe(self, at: datetime) -> None:
            if self.upgraded:
                raise StoreNewer("install the newer version")
            super().probe(at)

    store, receiver = Upgraded(database_url), Hanging("payroll")
    stage.plan(push("first"))
    served = daemon(stage, store, receiver, probe_seconds=0.01)
    with capture_logs() as lines:
        working = asyncio.create_task(served.run())
        await until(lambda: receiver.waiting == 1, receiver.told)
        store.upgraded = True
        assert await heard(served._stopping, DEADLINE_SECONDS)
        stage.plan(push("second"))
        receiver.released.set()
        with pytest.raises(StoreNewer, match="install the newer version"):
            await working
    assert receiver.names == ["first"]
    assert stage.states() == {"first": DeliveryState.DELIVERED, "second": DeliveryState.SCHEDULED}
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "a newer program has upgraded the database; this daemon ends"
    ]


async def test_a_busy_moment_is_no_alarm_and_one_that_lasts_is(stage: Stage) -> None:
    """Somebody is called at night because a back-up held the database for half a second."""
    times = iter((0.0, 0.5, 20, 34, 35, 90, 92, 93))
    thread = StoreThread(lasts_seconds=15, monotonic=lambda: next(times))

    def claim(trouble: Exception | None) -> None:
        if trouble:
            raise trouble

    busy = StoreUnavailable("busy")
    with capture_logs() as lines:
        for trouble in (busy, busy, None, busy, busy, busy, busy, None, NoRoom("full"), busy):
            with suppress(StoreUnavailable):
                await thread.call(claim, trouble)
    thread.close()
    levels = [line["log_level"] for line in lines]
    assert levels == ["warning", "info", "warning", "error", "info", "error"]


async def test_nothing_more_is_sent_while_results_cannot_be_written(stage: Stage, watched: Watched) -> None:
    """On a full disk each further payment would be one that nobody can account for."""
    stage.plan(*(push(f"pay {number}") for number in range(40)))
    receiver = Scripted()
    sent_by_then: list[int] = []

    def full() -> None:
        sent_by_then.append(len(receiver.seen))
        if len(sent_by_then) <= 5:
            raise StoreUnavailable("the disk is full")

    watched.before_record = full
    pump, running = running_pump(stage, watched, receiver, destination_concurrency=2, flush_most=2)
    await until(lambda: watched.recorded == 40, watched.heard)
    pump.stop()
    await running
    # What was being claimed at the first failure may still go; nothing after that.
    assert sent_by_then[2] < 40
    assert sent_by_then[2:5] == [sent_by_then[2]] * 3
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    assert len(receiver.seen) == 40


async def test_a_dead_ticker_does_not_end_the_watch(stage: Stage, watched: Watched) -> None:
    receiver = Scripted()
    pump, running = running_pump(stage, watched, receiver)
    stage.plan(push("before"))
    await until(lambda: watched.recorded == 1, watched.heard)
    pump.ticker._scheduler.remove_all_jobs()
    with capture_logs() as lines:
        stage.plan(push("after"))
        await until(lambda: watched.recorded == 2, watched.heard)
    pump.stop()
    await running
    assert pump.ticker.restarts >= 1
    assert any("ticker was silent" in line["event"] for line in lines)


async def test_stopping_waits_for_the_answers_that_are_out_and_starts_nothing(stage: Stage, database_url: str) -> None:
    stage.plan(push("in flight"), push("not begun", at=NOON + timedelta(seconds=1)))
    receiver = Hanging("payroll")
    service = daemon(stage, open_store(database_url), receiver, total_concurrency=1)
    running = asyncio.create_task(service.run())
    await until(lambda: receiver.waiting == 1, receiver.told)
    stage.clock.advance(seconds=1)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await heard(service._stopping, DEADLINE_SECONDS)
    assert not running.done()
    receiver.released.set()
    await running
    assert stage.states() == {"in flight": DeliveryState.DELIVERED, "not begun": DeliveryState.SCHEDULED}


@pytest.mark.parametrize("impatience", ["grace", "asked twice"])
async def test_an_answer_that_does_not_come_in_time_is_an_unknown_outcome(
    stage: Stage, database_url: str, impatience: str
) -> None:
    stage.plan(push("pay"))
    receiver = Hanging("payroll")
    grace = 0 if impatience == "grace" else 30
    service = daemon(stage, open_store(database_url), receiver, grace_seconds=grace)
    running = asyncio.create_task(service.run())
    await until(lambda: receiver.waiting == 1, receiver.told)
    service.stop()
    if impatience == "asked twice":
        service.stop()
    await running
    left = stage.delivery("pay")
    assert (left.state, left.reason) == (DeliveryState.RETRYING, "the daemon stopped before the answer came")
    assert left.first_unknown_at == stage.machine.now()


class SlowToSay(SqlStore):
    """The real store, which says what was claimed only once it is let go."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.loop = asyncio.get_running_loop()
        self.claimed = asyncio.Event()
        self.let_go = threading.Event()

    def claim(self, **asked: Any) -> Any:
        found = super().claim(**asked)
        if found:
            self.loop.call_soon_threadsafe(self.claimed.set)
            assert self.let_go.wait(DEADLINE_SECONDS)
        return found


@pytest.mark.parametrize("told", ["twice", "once, while it probes"])
async def test_what_is_being_claimed_when_it_is_told_to_end_is_in_somebodys_hands(
    stage: Stage, database_url: str, told: str
) -> None:
    """It would count as sent, perhaps, by a daemon that went silent, and a payment would wait for its lease."""
    stage.plan(push("pay"))
    probes = told != "twice"
    if probes:
        with stage.store.write() as view:
            view.hold(Scope.EVERYTHING, "refused", at=NOON, by=DAEMON, destination="payroll")
    store, receiver = SlowToSay(database_url), Hanging(*([] if probes else ["payroll"]))
    pump = stage.pump(receiver, store=store, grace_seconds=DEADLINE_SECONDS)
    running = asyncio.create_task(pump.run())
    probing = asyncio.create_task(pump.probe()) if probes else None
    async with asyncio.timeout(DEADLINE_SECONDS / 2):
        await store.claimed.wait()
        pump.stop()
        if not probes:
            pump.stop(at_once=True)
        for _ in range(100):
            await asyncio.sleep(0)  # all the time it needs to end without
        store.let_go.set()
        await running
    if probing is not None:
        probing.cancel()
        await asyncio.wait({probing})
    pump.thread.close()
    pay = stage.delivery("pay")
    if probes:
        assert pay.state is DeliveryState.DELIVERED
    else:
        assert (pay.state, receiver.seen, pay.first_unknown_at) == (DeliveryState.RETRYING, [], None)
        assert "not sent" in pay.reason
    store.close()


async def test_what_a_crash_left_in_flight_goes_again_at_once_where_one_daemon_owns_the_store(
    stage: Stage, watched: Watched
) -> None:
    stage.plan(push("pay"))
    stage.store.claim(
        business_now=stage.clock.now(), machine_now=stage.machine.now(), worker="dead", limit=1, lease_seconds=3600
    )
    receiver = Scripted()
    service = daemon(stage, watched, receiver, exclusive=True)
    running = asyncio.create_task(service.run())
    await until(lambda: watched.recorded == 1, watched.heard)
    service.stop()
    await running
    assert [attempt.verdict for attempt in stage.attempts("pay")] == ["unknown", "delivered"]
    assert stage.delivery("pay").first_unknown_at is not None


async def test_each_contract_is_planned_again_when_its_day_comes_and_one_that_fails_stops_no_other(
    stage: Stage, database_url: str
) -> None:
    with stage.store.write() as view:
        view.put_contract(contract("broken", replan_at=datetime(2006, 10, 16, tzinfo=UTC)))
        view.put_contract(contract("sound", replan_at=datetime(2006, 10, 16, tzinfo=UTC)))
        view.put_contract(contract("tomorrow", replan_at=datetime(2006, 10, 17, tzinfo=UTC)))
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    planned: list[str] = []

    def replan(name: str) -> None:
        planned.append(name)
        loop.call_soon_threadsafe(told.set)
        if name == "broken":
            raise ValueError("the terms of Jane Doe make no sense")
        with stage.store.write() as view:
            view.put_contract(contract(name))
            put = push(f"reminder of {name}")
        put_deliveries(stage.store, [put])

    receiver = Scripted()
    service = daemon(stage, open_store(database_url), receiver, replan=replan)
    with capture_logs() as lines:
        running = asyncio.create_task(service.run())
        await until(lambda: receiver.names == ["reminder of sound"], receiver.told)
        await until(lambda: planned.count("broken") >= 3, told)
        assert "tomorrow" not in planned
        stage.clock.advance(days=1)
        await until(lambda: "tomorrow" in planned, told)
        await until(lambda: len(receiver.names) == 2, receiver.told)
        service.stop()
        await running
    assert planned.count("sound") == 1
    assert "Jane" not in str(lines)
    assert {line["contract"] for line in lines if "planned again" in line["event"]} == {"broken"}


@pytest.mark.parametrize("stuck", [False, True], ids=["it fails", "it stands where it stood"])
@pytest.mark.parametrize("down", [False, True], ids=["it runs on", "it was down"])
async def test_no_money_goes_by_a_plan_that_could_not_be_renewed_and_it_goes_on_by_itself(
    stage: Stage, database_url: str, *, stuck: bool, down: bool
) -> None:
    """Time has called a payment off, and the plan that would say so cannot be made: it would be paid."""
    due = NOON + timedelta(days=1, hours=9)
    mended = False
    tries, tried = 0, asyncio.Event()
    loop = asyncio.get_running_loop()
    with stage.store.write() as view:
        view.put_contract(contract(replan_at=NOON + timedelta(days=1)))
        view.put_contract(contract("sound"))

    def planned(name: str, **how: Any) -> Push:
        return replace(push(name, at=due, **how), money=True)

    stage.plan(planned("called off"), planned("still due"), push("remind", kind=PushKind.REMINDER, at=due))
    put_deliveries(stage.store, [replace(planned("another's"), contract="sound")], of="sound")
    called_off = stage.delivery("called off").push.key

    def replan(name: str) -> None:
        nonlocal tries
        tries += 1
        loop.call_soon_threadsafe(tried.set)
        if not mended:
            if stuck:
                return
            raise ValueError("the terms of Jane Doe make no sense")
        with stage.store.write() as view:
            view.move(called_off, {DeliveryState.SCHEDULED}, DeliveryState.CANCELLED, "its time is over")
            view.put_contract(contract(name))

    receiver = Scripted()
    service = daemon(stage, open_store(database_url), receiver, replan=replan, real_time=True)
    with capture_logs() as lines:
        if down:
            stage.clock.advance(days=1, seconds=9 * 3600)
        running = asyncio.create_task(service.run())
        if not down:
            stage.plan(push("sign of life", at=NOON))
            await until(lambda: receiver.names == ["sign of life"], receiver.told)
            stage.clock.advance(days=1)
            await until(lambda: tries >= 3, tried)
            stage.clock.advance(seconds=9 * 3600)
        await until(lambda: {"remind", "another's"} <= set(receiver.names), receiver.told)
        before = tries
        await until(lambda: tries > before + 1, tried)
        assert not {"called off", "still due"} & set(receiver.names)
        assert service.pump.counters.unplanned == 1
        mended = True
        await until(lambda: "still due" in receiver.names, receiver.told)
        service.stop()
        await running
    assert "called off" not in receiver.names
    assert service.pump.counters.unplanned == 0
    alarms = {line["event"] for line in lines if line["log_level"] == "error" and line.get("contract") == CONTRACT}
    assert alarms == {
        "a contract that was planned again stands where it stood"
        if stuck
        else "a contract could not be planned again; it is tried again later"
    }
    assert "Jane" not in str(lines)


async def test_contracts_planned_with_other_calendars_are_planned_again_once_after_the_start(
    stage: Stage, database_url: str
) -> None:
    """After an upgrade of the holidays half of the contracts would follow the old ones until something happened."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    planned: list[str] = []
    for name, edition in (("old", "holidays 1"), ("new", "holidays 2"), ("unknown", "")):
        with stage.store.write() as view:
            view.put_contract(contract(name))
            view.apply(name, Changes(edition=edition))

    def replan(name: str) -> None:
        with stage.store.write() as view:
            view.apply(name, Changes(edition="holidays 2"))
        planned.append(name)
        loop.call_soon_threadsafe(told.set)

    for expected in (["unknown", "old"], ["due"]):
        planned.clear()
        service = daemon(stage, open_store(database_url), Scripted(), replan=replan, edition="holidays 2")
        running = asyncio.create_task(service.run())
        await until(lambda: len(planned) == len(expected), told)  # noqa: B023
        service.stop()
        await running
        assert planned == expected
        with stage.store.write() as view:
            view.put_contract(contract("due", replan_at=stage.clock.now()))


@pytest.mark.parametrize("slept", [False, True], ids=["it was down", "the machine slept"])
async def test_what_time_alone_has_called_off_meanwhile_does_not_go_first(
    stage: Stage, database_url: str, slept: bool
) -> None:
    """Three days later a reminder or a payment may be due no more, and only the plan of today knows."""
    many = [*(f"contract {number}" for number in range(11)), CONTRACT]
    stage.plan(
        push("first"), push("called off", at=NOON + timedelta(days=2)), push("still due", at=NOON + timedelta(days=1))
    )
    called_off = stage.delivery("called off").push.key

    def replan(name: str) -> None:
        with stage.store.write() as view:
            view.put_contract(contract(name))
            if name == many[-1]:
                view.move(called_off, {DeliveryState.SCHEDULED}, DeliveryState.CANCELLED, "its time is over")

    with stage.store.write() as view:
        for number, name in enumerate(many):
            view.put_contract(contract(name, replan_at=NOON + timedelta(days=1, seconds=number)))
    if not slept:
        stage.clock.advance(days=3)
    service = daemon(stage, open_store(database_url), receiver := Scripted(), replan=replan, real_time=True)
    running = asyncio.create_task(service.run())
    if slept:
        await until(lambda: receiver.names == ["first"], receiver.told)
        stage.machine.advance(days=3)
        stage.clock.advance(days=3)
    await until(lambda: "still due" in receiver.names, receiver.told)
    service.stop()
    await running
    assert "called off" not in receiver.names
    assert stage.delivery("called off").state is DeliveryState.CANCELLED


async def test_a_contract_that_is_brought_on_year_by_year_is_waited_for_to_the_end(
    stage: Stage, database_url: str
) -> None:
    """After three years its plan of the year before last would be followed, as if time had called nothing off since."""
    due = NOON + timedelta(days=1_000)
    stage.plan(push("called off", at=due), push("still due", at=due))
    called_off = stage.delivery("called off").push.key
    with stage.store.write() as view:
        view.put_contract(contract(replan_at=NOON))
    to_come = [NOON + timedelta(days=365), NOON + timedelta(days=730), None]

    def replan(name: str) -> None:
        with stage.store.write() as view:
            view.put_contract(contract(name, replan_at=to_come.pop(0)))
            if not to_come:
                view.move(called_off, {DeliveryState.SCHEDULED}, DeliveryState.CANCELLED, "its time is over")

    stage.clock.advance(days=1_001)
    service = daemon(stage, open_store(database_url), receiver := Scripted(), replan=replan, real_time=True)
    running = asyncio.create_task(service.run())
    await until(lambda: "still due" in receiver.names, receiver.told)
    service.stop()
    await running
    assert receiver.names == ["still due"]


async def test_what_takes_long_to_plan_holds_up_nothing_that_is_due(stage: Stage, database_url: str) -> None:
    """One contract with many readings would hold up every reminder and every result for seconds, and look like a
    daemon that hangs."""
    sent, told = threading.Event(), asyncio.Event()
    begun: list[str] = []
    planned: list[str] = []
    loop = asyncio.get_running_loop()
    with stage.store.write() as view:
        view.put_contract(contract("with many readings", replan_at=NOON))

    def prepare(name: str) -> None:
        begun.append(name)
        loop.call_soon_threadsafe(told.set)
        assert sent.wait(DEADLINE_SECONDS), "what was due waited for the planning"

    def replan(name: str) -> None:
        with stage.store.write() as view:
            view.put_contract(contract(name))
        planned.append(name)
        loop.call_soon_threadsafe(told.set)

    service = daemon(stage, open_store(database_url), receiver := Scripted(), replan=replan, prepare=prepare)
    running = asyncio.create_task(service.run())
    await until(lambda: bool(begun), told)
    stage.plan(push("another's"))
    await until(lambda: receiver.names == ["another's"], receiver.told)
    assert not planned
    sent.set()
    await until(lambda: bool(planned), told)
    service.stop()
    await running


async def test_the_ledger_is_chained_behind_the_work(stage: Stage, watched: Watched) -> None:
    from obligations.ports import LedgerEntry

    with stage.store.write() as view:
        view.put_contract(contract())
        for number in range(3):
            view.note(LedgerEntry(stage.machine.now(), "hr", "added", "offer-letter", f"line {number}"))
    sealed: list[int] = []
    loop = asyncio.get_running_loop()
    real_seal = watched.seal

    def seal(limit: int = 10_000) -> int:
        sealed.append(real_seal(limit))
        loop.call_soon_threadsafe(watched.heard.set)
        return sealed[-1]

    watched.seal = seal  # type: ignore[method-assign]  # the real one, listened to
    service = daemon(stage, watched, Scripted())
    running = asyncio.create_task(service.run())
    await until(lambda: sum(sealed) == 3, watched.heard)
    service.stop()
    await running
    assert stage.store.seal() == 0


async def test_where_the_ledger_ends_is_in_the_log(stage: Stage, watched: Watched) -> None:
    """Whoever cuts off the end of the ledger could not be found out: the log is kept elsewhere."""
    with watched.write() as view:
        view.note(LedgerEntry(NOON, "bea", "approved", "c", "push"))
    watched.seal()
    service = daemon(stage, watched, Scripted())
    with capture_logs() as log:
        await service._housekeeping.head()
    (line,) = [line for line in log if line["event"] == "the ledger ends here"]
    (head,) = heads_in(line["head"])
    assert watched.verify_ledger([head]).holds
    assert head.seq == 1
    # A line that waits from one look to the next has nobody who chains it.
    with watched.write() as view:
        view.note(LedgerEntry(NOON, "bea", "refused", "c", "push"))
    for alarms in (0, 1):
        with capture_logs() as log:
            await service._housekeeping.head()
        assert [line["log_level"] for line in log].count("error") == alarms
    await service._close()
