"""A clock that was set holds money until a person has looked; everything else goes on, in small steps and once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from obligations.clocks import SystemClock, monotonic
from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.hold import Hold, Scope
from obligations.engine.daemon import Daemon
from obligations.engine.pump import Pump
from obligations.engine.settings import EngineSettings
from obligations.ports import Claim, Connector, Store, StoreUnavailable
from obligations.store import SqlStore, open_store
from tests.engine.stage import NOON, Hanging, Scripted, Stage, middle, push, until

S = DeliveryState
HOUR, DAY, YEAR = 3600.0, 86_400.0, 365.25 * 86_400


def money(name: str, **how: Any) -> Push:
    return replace(push(name, **how), money=True)


def reminder(name: str, **how: Any) -> Push:
    return push(name, "manager", kind=PushKind.REMINDER, **how)


def set_clock(stage: Stage, seconds: float) -> None:
    """Somebody sets the machine's clock; business time is the machine's."""
    stage.machine.step(seconds=seconds)
    stage.clock.step(seconds=seconds)


def pass_time(stage: Stage, seconds: float) -> None:
    stage.machine.advance(seconds=seconds)
    stage.clock.advance(seconds=seconds)


def holds(stage: Stage) -> Sequence[Hold]:
    with stage.store.read() as view:
        return view.holds()


def resume(stage: Stage) -> None:
    with stage.store.write() as view:
        for one in view.holds():
            view.lift(one.number, at=stage.clock.now(), by="hr@example.test")


@pytest.mark.parametrize("seconds", [HOUR, -2 * HOUR, 100 * YEAR, 301, -301])
async def test_a_clock_that_was_set_holds_money_and_reminds(stage: Stage, seconds: float) -> None:
    """A payment would go days early, or twenty years of them at once, because somebody mistyped the date."""
    due = stage.clock.now() + timedelta(seconds=seconds)
    pump = stage.pump(receiver := Scripted())
    await pump.pass_once()
    set_clock(stage, seconds)
    stage.plan(money("pay", at=due), reminder("remind", at=due))
    with capture_logs() as lines:
        await pump.pass_once()
    assert receiver.names == ["remind"]
    (hold,) = holds(stage)
    way = "forward" if seconds > 0 else "back"
    assert (hold.scope, hold.held_by) == (Scope.MONEY, "the daemon")
    assert hold.reason.startswith(f"the clock of the machine was set {way} by {timedelta(seconds=abs(seconds))}")
    assert "obligations resume" in hold.reason
    (alarm,) = (line for line in lines if line["log_level"] == "error")
    assert (alarm["event"], alarm["seconds"]) == ("the clock was set; money is held until a person resumes it", seconds)
    with stage.store.read() as view:
        (line,) = view.ledger()
    assert (line.actor, line.action, line.object) == ("the daemon", "sending paused", f"hold {hold.number}")
    assert (line.after, line.reason) == ("money", hold.reason)
    resume(stage)
    await pump.pass_once()
    assert receiver.names == ["remind", "pay"]


async def test_a_clock_set_back_sends_nothing_twice(stage: Stage) -> None:
    stage.plan(money("paid"), reminder("reminded"), money("tomorrow", at=NOON + timedelta(days=1)))
    pump = stage.pump(receiver := Scripted())
    await pump.pass_once()
    set_clock(stage, -2 * HOUR)
    await pump.pass_once()
    pass_time(stage, 2 * HOUR)
    resume(stage)
    await pump.pass_once()
    assert sorted(receiver.names) == ["paid", "reminded"]
    assert stage.states() == {"paid": S.DELIVERED, "reminded": S.DELIVERED, "tomorrow": S.SCHEDULED}


async def test_one_hold_stands_for_all_steps_until_it_is_lifted(stage: Stage) -> None:
    """A clock that hops about must not leave a hundred holds to lift."""
    pump = stage.pump()
    for hop in (HOUR, -HOUR, 3 * HOUR):
        set_clock(stage, hop)
        await pump.pass_once()
    await pump.pass_once()
    assert len(holds(stage)) == 1
    with stage.store.read() as view:
        assert [line.action for line in view.ledger()] == ["sending paused", *["sending stays paused"] * 2]
    resume(stage)
    await pump.pass_once()
    assert not holds(stage)
    set_clock(stage, HOUR)
    await pump.pass_once()
    assert len(holds(stage)) == 1


async def test_what_is_no_step_holds_nothing(stage: Stage) -> None:
    """A false alarm each winter teaches people to resume without looking."""
    pump = stage.pump()
    set_clock(stage, 300)
    await pump.pass_once()
    pass_time(stage, 40 * DAY)  # long asleep; or nothing to do
    await pump.pass_once()
    for _ in range(50):  # a clock that was slow, and is slewed by an hour within three months
        set_clock(stage, 0.0005 * 2 * DAY)
        pass_time(stage, 2 * DAY)
        await pump.pass_once()
    stage.clock.advance(days=3650)  # a simulation jumps
    stage.clock.advance(days=-3650)
    await pump.pass_once()
    assert not holds(stage)


async def test_small_steps_add_up(stage: Stage) -> None:
    """Whoever cannot set the clock by an hour must not be able to by twenty times three minutes."""
    pump = stage.pump()
    for _ in range(2):
        set_clock(stage, 180)
        pass_time(stage, 60)
        await pump.pass_once()
    assert len(holds(stage)) == 1


async def test_the_limit_can_be_set(stage: Stage) -> None:
    pump = stage.pump(clock_step_seconds=4000)
    set_clock(stage, HOUR)
    await pump.pass_once()
    assert not holds(stage)


async def test_nothing_is_claimed_before_the_hold_is_written(stage: Stage, database_url: str) -> None:
    """A database that is away at that moment must not let the payments through."""

    class Away(SqlStore):
        away = True

        def write(self) -> Any:
            if self.away:
                raise StoreUnavailable("the disk is full")
            return super().write()

    store = Away(database_url)
    stage.plan(money("pay"), reminder("remind"))
    pump = stage.pump(receiver := Scripted(), store=store)
    set_clock(stage, HOUR)
    with pytest.raises(StoreUnavailable):
        await pump.pass_once()
    assert receiver.names == []
    store.away = False
    await pump.pass_once()
    assert receiver.names == ["remind"]
    assert len(holds(stage)) == 1
    store.close()


async def test_a_clock_set_between_reading_it_and_claiming_lets_no_payment_through(
    stage: Stage, database_url: str
) -> None:
    """The step is found before the claim or the claim goes by the time before the step, whenever it comes."""
    stage.plan(money("next year", at=NOON + timedelta(days=365)))

    class Setting(SqlStore):
        def claim(self, **asked: Any) -> Sequence[Claim]:
            if asked["business_now"] < NOON + timedelta(days=1):
                set_clock(stage, 366 * DAY)
            return super().claim(**asked)

    store = Setting(database_url)
    pump = stage.pump(receiver := Scripted(), store=store)
    await pump.pass_once()
    await pump.pass_once()
    assert receiver.names == []
    assert len(holds(stage)) == 1
    store.close()


async def test_a_century_of_reminders_goes_a_few_at_a_time(stage: Stage, database_url: str) -> None:
    """Everything due at once, claimed at once, is all of it in memory."""

    class Counting(SqlStore):
        most = 0

        def claim(self, *, full: Collection[str] = (), **asked: Any) -> Sequence[Claim]:
            claims = super().claim(full=full, **asked)
            self.most = max(self.most, len(claims))
            return claims

    store = Counting(database_url)
    days = [NOON + timedelta(days=365 * year) for year in range(1, 101)]
    stage.plan(
        *(reminder(f"early {n}", at=day - timedelta(days=1), occurrence=f"of {n}") for n, day in enumerate(days)),
        *(reminder(f"remind {n}", at=day, occurrence=f"of {n}") for n, day in enumerate(days)),
        *(money(f"pay {n}", at=day, occurrence=f"of {n}") for n, day in enumerate(days)),
    )
    pump = stage.pump(receiver := Scripted(), store=store, total_concurrency=8, destination_concurrency=4)
    set_clock(stage, 101 * YEAR)
    await pump.pass_once()
    assert len(receiver.seen) == 100, "one reminder of each obligation, and no payment"
    assert store.most <= 8
    assert {claim.kind for claim in receiver.seen} == {PushKind.REMINDER}
    store.close()


# --- the daemon -------------------------------------------------------------------------------------------------------


def daemon(stage: Stage, store: Store, connector: Connector, **settings: Any) -> Daemon:
    return Daemon(
        store, {"scripted": connector},
        clock=stage.clock, machine=stage.machine, monotonic=stage.machine.monotonic, replan=lambda name: None,
        real_time=True, chance=middle,
        settings=EngineSettings(tick_seconds=0.05, rescue_seconds=0.05, store_wait_seconds=0.01, **settings),
    )  # fmt: skip


async def run_briefly(stage: Stage, url: str) -> None:
    """Start a daemon, let it send one reminder, stop it."""
    name = f"sign of life at {stage.clock.now()} {len(stage.states())}"
    stage.plan(reminder(name, at=stage.clock.now()))
    receiver = Scripted()
    service = daemon(stage, open_store(url), receiver)
    running = asyncio.create_task(service.run())
    await until(lambda: name in receiver.names, receiver.told)
    service.stop()
    await running


async def test_a_start_behind_what_was_seen_holds_money_once(stage: Stage, database_url: str) -> None:
    """A machine restored from a snapshot believes it is last week, and would pay last week's salaries again late."""
    await run_briefly(stage, database_url)
    assert seen(stage) == NOON
    stage.clock.advance(seconds=-299)
    await run_briefly(stage, database_url)
    assert not holds(stage)
    stage.clock.advance(seconds=-301)
    with capture_logs() as lines:
        await run_briefly(stage, database_url)
    (hold,) = holds(stage)
    assert hold.reason.startswith("the clock stood at 2006-10-16 11:50 UTC when the daemon started, and it had seen")
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "the clock is behind what was seen before; money is held until a person resumes it"
    ]
    resume(stage)
    await run_briefly(stage, database_url)
    assert not holds(stage), "a person has looked; the same start is not asked about again"


async def test_a_simulation_remembers_no_time_of_the_machine(stage: Stage, database_url: str) -> None:
    service = Daemon(
        open_store(database_url), {},
        clock=stage.clock, machine=stage.machine, monotonic=stage.machine.monotonic, replan=lambda name: None,
    )  # fmt: skip
    service.stop()
    await service.run()
    assert seen(stage) is None


async def test_the_time_that_was_seen_does_not_stay_in_another_century(stage: Stage, database_url: str) -> None:
    """A date that was mistyped and mended within the minute must not hold money at every start from then on."""
    receiver = Scripted()
    service = daemon(stage, open_store(database_url), receiver)
    running = asyncio.create_task(service.run())
    for number, step in enumerate((100 * YEAR, -100 * YEAR)):
        set_clock(stage, step)
        stage.plan(reminder(f"remind {number}", at=stage.clock.now()))
        await until(lambda: len(receiver.seen) == number + 1, receiver.told)  # noqa: B023
    service.stop()
    await running
    assert seen(stage) == NOON
    resume(stage)
    await run_briefly(stage, database_url)
    assert not holds(stage)


@pytest.mark.parametrize("seconds", [HOUR, 299])
async def test_a_clock_set_ahead_takes_back_nothing_that_is_being_sent(
    stage: Stage, sqlite_url: str, seconds: float
) -> None:
    """By the new time every lease is over, after a step that holds no money too; what is on its way would go a second
    time."""
    store = open_store(sqlite_url)
    own = Stage(store, stage.clock, stage.machine)
    own.plan(push("pay"))
    receiver = Hanging("payroll")
    service = daemon(own, open_store(sqlite_url), receiver)
    running = asyncio.create_task(service.run())
    await until(lambda: receiver.waiting == 1, receiver.told)
    set_clock(own, seconds)
    own.plan(reminder("afterwards", at=own.clock.now()))
    await until(lambda: "afterwards" in receiver.names, receiver.told)
    await service._housekeeping.rescue()
    assert own.delivery("pay").state is S.SENDING
    receiver.released.set()
    service.stop()
    await running
    assert receiver.names.count("pay") == 1
    assert own.delivery("pay").state is S.DELIVERED
    store.close()


async def test_leases_are_judged_again_once_all_that_were_given_before_are_over(stage: Stage) -> None:
    pump = stage.pump(lease_seconds=60)
    judged = [pump.watch.judges_leases]
    set_clock(stage, HOUR)
    for wait in (0, 59.9, 0.2):
        pass_time(stage, wait)
        await pump.watch.look()
        judged.append(pump.watch.judges_leases)
    assert judged == [True, False, False, True]


async def test_a_lease_that_is_over_is_over_some_minutes_after_a_small_step_too(stage: Stage) -> None:
    """What a daemon left in flight must not wait for the next start."""
    pump = stage.pump()
    set_clock(stage, 299)
    assert pump.watch.lease_now() == stage.machine.now() - timedelta(seconds=299)
    set_clock(stage, -400)
    assert pump.watch.lease_now() == stage.machine.now()


# --- a second clock -----------------------------------------------------------------------------------------------


class Off(SystemClock):
    """The clock of a machine that runs, and is off."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.off = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self.off

    def seconds_until(self, instant: datetime) -> float:
        return super().seconds_until(instant - self.off)


def on_a_machine(clock: Off, store: SqlStore, connector: Connector) -> Daemon:
    """A daemon as it is put together for work, on a machine with that clock."""
    return Daemon(
        store, {"scripted": connector},
        clock=clock, machine=clock, monotonic=monotonic, replan=lambda name: None, real_time=True,
        database_clock=store.clock, chance=middle, settings=EngineSettings(tick_seconds=0.05, store_wait_seconds=0.01),
    )  # fmt: skip


async def test_of_two_machines_an_hour_apart_the_one_whose_clock_is_ahead_pays_nothing_early(postgres_url: str) -> None:
    """It would pay an hour before the day, and what it believes to have seen would stop every machine that is right."""
    stage, true = Stage(open_store(postgres_url)), SystemClock()
    fast, right = Off(HOUR), Off()
    early, other = Scripted(), Scripted()
    stage.plan(
        money("not yet due", at=true.now() + timedelta(minutes=30)),
        reminder("nor is this", at=true.now() + timedelta(minutes=30)),
        money("due", at=true.now() - timedelta(seconds=1)),
    )
    ahead = on_a_machine(fast, open_store(postgres_url), early)
    with capture_logs() as lines:
        runs_ahead = asyncio.create_task(ahead.run())
        await until(lambda: "nor is this" in early.names, early.told)
    assert early.names == ["nor is this"]
    (alarm,) = (line for line in lines if line["log_level"] == "error")
    assert alarm["event"] == "the clock and the database's are apart; no money goes from here until they agree"
    assert HOUR - 10 < alarm["seconds"] <= HOUR
    assert ahead.pump.watch.holding(), "it must show that it does not do all its work"
    service = on_a_machine(right, open_store(postgres_url), other)
    running = asyncio.create_task(service.run())
    await until(lambda: "due" in other.names, other.told)
    service.stop()
    await running
    assert not holds(stage), "the others pay, and nobody has to lift anything"
    fast.off = timedelta(0)
    stage.plan(money("once it is right", at=true.now()))
    await until(lambda: "once it is right" in early.names, early.told)
    ahead.stop()
    await runs_ahead
    assert "not yet due" not in early.names + other.names
    assert not holds(stage), "a clock that is set right is no reason to hold anything"
    stage.store.close()


async def test_a_machine_that_starts_behind_pays_nothing_and_sets_back_nobody_s_time(postgres_url: str) -> None:
    stage, true = Stage(open_store(postgres_url)), SystemClock()
    with stage.store.write() as view:
        view.saw(noted := true.now())
    stage.plan(money("pay", at=true.now() - timedelta(hours=2)), reminder("remind", at=true.now() - timedelta(hours=2)))
    service = on_a_machine(Off(-HOUR), open_store(postgres_url), receiver := Scripted())
    running = asyncio.create_task(service.run())
    await until(lambda: bool(receiver.names), receiver.told)
    service.stop()
    await running
    assert receiver.names == ["remind"]
    assert seen(stage) == noted
    assert not holds(stage)
    stage.store.close()


class Database:
    """A database's clock that shows what it is told to, and takes its time to answer."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.behind = self.takes = 0.0

    def __call__(self) -> datetime:
        pass_time(self.stage, self.takes)
        shown = self.stage.machine.now() - timedelta(seconds=self.behind)
        pass_time(self.stage, self.takes)
        return shown


def beside(stage: Stage, database: Database, connector: Connector) -> Pump:
    return Pump(
        stage.store, {"scripted": connector},
        clock=stage.clock, machine=stage.machine, monotonic=stage.machine.monotonic, chance=middle, real_time=True,
        database_clock=database,
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [301, -301, 100 * YEAR])
async def test_money_waits_while_the_clocks_are_apart_and_no_longer(stage: Stage, seconds: float) -> None:
    """Also where it is the database's that went wrong, long after the start."""
    database = Database(stage)
    pump = beside(stage, database, receiver := Scripted())
    await pump.watch.begin()
    assert seen(stage) == NOON
    stage.plan(money("pay"), reminder("remind"))
    database.behind = seconds
    pass_time(stage, 60)
    await pump.watch.remember()
    await pump.pass_once()
    assert receiver.names == ["remind"]
    assert seen(stage) == NOON, "nobody knows which of the two is right"
    database.behind = 0
    await pump.watch.remember()
    await pump.pass_once()
    assert receiver.names == ["remind", "pay"]
    assert seen(stage) == stage.clock.now()
    assert not holds(stage)


@pytest.mark.parametrize(("seconds", "takes"), [(299, 0), (-299, 0), (0, 600), (200, 600)])
async def test_a_small_difference_and_an_answer_that_takes_long_hold_nothing(
    stage: Stage, seconds: float, takes: float
) -> None:
    database = Database(stage)
    database.behind, database.takes = seconds, takes
    pump = beside(stage, database, receiver := Scripted())
    await pump.watch.begin()
    stage.plan(money("pay"))
    await pump.pass_once()
    assert receiver.names == ["pay"]


async def test_what_was_read_from_the_wrong_clock_pays_nothing_when_it_is_set_right_just_then(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim would go by the hour that the clock showed before, and by the word that it is right now."""
    database = Database(stage)
    set_clock(stage, HOUR)
    database.behind = HOUR
    pump = beside(stage, database, receiver := Scripted())
    await pump.watch.begin()
    stage.plan(money("pay", at=NOON + timedelta(minutes=30)))
    look, looks = pump.watch.look, 0

    async def set_right_and_look() -> None:
        nonlocal looks
        if looks == 0:
            set_clock(stage, -HOUR)
            database.behind = 0
        looks += 1
        await look()

    monkeypatch.setattr(pump.watch, "look", set_right_and_look)  # between two lines of a claim
    await pump.pass_once()
    await pump.pass_once()
    assert looks
    assert receiver.names == []
    assert pump.watch.agrees
    assert not holds(stage)


def test_only_postgresql_has_a_clock_of_its_own(database_url: str) -> None:
    store, true = open_store(database_url), SystemClock()
    before, shown, after = true.now(), store.clock(), true.now()
    if database_url.startswith("sqlite"):
        assert shown is None
    else:
        assert shown is not None
        assert before <= shown <= after
    store.close()


def seen(stage: Stage) -> datetime | None:
    with stage.store.read() as view:
        return view.seen_at()
