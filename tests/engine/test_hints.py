"""Hints on PostgreSQL: whoever makes something due says so, and nothing rests on its being heard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import psycopg
import pytest
from structlog.testing import capture_logs

from config.shipped import service_unit
from obligations.app import DAEMON_PATIENCE_SECONDS
from obligations.clocks import monotonic
from obligations.domain.delivery import DeliveryState
from obligations.domain.hold import Scope
from obligations.engine.daemon import Daemon
from obligations.engine.listening import listen
from obligations.engine.settings import EngineSettings
from obligations.ports import StoreUnavailable
from obligations.store import SqlStore, open_hints, open_store
from obligations.store.connect import Database, conninfo
from obligations.store.hints import PostgresHints
from tests.engine.stage import DEADLINE_SECONDS, NOON, Scripted, Stage, middle, push, until

QUICK = EngineSettings(tick_seconds=0.05, store_wait_seconds=0.01, store_wait_most_seconds=0.05)
FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Ear:
    """Counts what was heard."""

    def __init__(self) -> None:
        self.count = 0
        self.event = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self.event.set()

    async def hears(self, count: int) -> None:
        await until(lambda: self.count >= count, self.event)


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Ear]:
    hints, ear = open_hints(url), Ear()
    assert hints is not None
    task = asyncio.create_task(listen(hints, ear, QUICK))
    await ear.hears(1)
    yield ear
    task.cancel()
    await asyncio.wait({task})


@pytest.fixture
def stage(postgres_url: str) -> Stage:
    return Stage(open_store(postgres_url))


async def test_all_that_makes_something_due_is_heard_and_nothing_else(stage: Stage, postgres_url: str) -> None:
    """An approved payment would wait for the tick; and a hint for each plan of next year would make writers queue."""
    key = push("pay").key

    def move(before: DeliveryState, after: DeliveryState) -> Callable[[], None]:
        def write() -> None:
            with stage.store.write() as view:
                view.move(key, {before}, after)

        return write

    def release() -> None:
        with stage.store.write() as view:
            view.release(key, "it never came")

    def hold_and_lift() -> None:
        with stage.store.write() as view:
            made = view.hold(Scope.MONEY, "the bank said so", at=NOON, by="hr")
        with stage.store.write() as view:
            view.lift(made.number, at=NOON, by="hr")

    s = DeliveryState
    steps: list[tuple[int, Callable[[], None]]] = [
        (1, lambda: stage.plan(push("pay"), push("next year", at=FAR))),
        (0, lambda: stage.plan(push("later", at=FAR))),
        (0, move(s.SCHEDULED, s.PROPOSED)),
        (1, move(s.PROPOSED, s.SCHEDULED)),
        (0, move(s.SCHEDULED, s.PARKED)),
        (1, move(s.PARKED, s.RETRYING)),
        (0, move(s.RETRYING, s.PARKED)),
        (1, release),
        (1, hold_and_lift),
    ]
    async with listening(postgres_url) as ear:
        for hints, act in steps:
            before = ear.count
            await asyncio.to_thread(act)
            # A hint of our own closes the row: what the act gave came before it.
            await asyncio.to_thread(hold_and_lift)
            await ear.hears(before + hints + 1)
            assert ear.count == before + hints + 1
    stage.store.close()


async def test_another_tenant_s_work_is_not_ours(stage: Stage, postgres_url: str) -> None:
    other = SqlStore(postgres_url, tenant="elsewhere")
    async with listening(postgres_url) as ear:
        before = ear.count
        for store in (other, stage.store):
            with store.write() as view:
                view.lift(view.hold(Scope.MONEY, "a", at=NOON, by="b").number, at=NOON, by="b")
        await ear.hears(before + 1)
        assert ear.count == before + 1
    other.close()
    stage.store.close()


async def test_a_line_that_died_is_made_anew(stage: Stage, postgres_url: str) -> None:
    with capture_logs() as said:
        async with listening(postgres_url) as ear:
            before = ear.count
            with psycopg.connect(postgres_url, autocommit=True) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'obligations hints'"
                )
            await ear.hears(before + 1)  # what was said meanwhile went unheard, so it looks
            await asyncio.to_thread(stage.plan, push("pay"))
            await ear.hears(before + 2)
    assert [line["event"] for line in said] == [
        "hints are not heard; what is due is found by the tick", "hints are heard again",
    ]  # fmt: skip
    stage.store.close()


async def test_a_quiet_line_is_asked_whether_it_stands(postgres_url: str) -> None:
    """A firewall that drops idle connections says nothing when it does."""
    hints, ear = PostgresHints(Database.of(postgres_url), quiet_seconds=0.01), Ear()
    task = asyncio.create_task(hints.listen(ear))
    await ear.hears(1)
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        asked = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'obligations hints' AND query = 'SELECT 1'"
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not (await asyncio.to_thread(admin.execute, asked)).fetchone():
                pass
    task.cancel()
    await asyncio.wait({task})


class Deaf(PostgresHints):
    """Behind a pooler: what is said on one connection is never heard on the other."""

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        made = await super()._connect()
        self._conninfo = self._conninfo.replace(self._name, "postgres")
        return made

    _name = ""


async def test_a_pooler_is_found_out_and_changes_nothing_but_the_wait(stage: Stage, postgres_url: str) -> None:
    """A daemon that believed it would hear would look at nothing any more."""
    deaf = Deaf(Database.of(postgres_url), patience_seconds=0.05)
    deaf._name = str(Database.of(postgres_url).url.database)
    with pytest.raises(StoreUnavailable, match="add pooler=transaction to the database URL"):
        await deaf.listen(lambda: None)
    receiver = Scripted()
    daemon = Daemon(
        stage.store, {"scripted": receiver}, clock=stage.clock, machine=stage.machine, monotonic=monotonic,
        replan=lambda name: None, settings=QUICK, hints=deaf, chance=middle,
    )  # fmt: skip
    running = asyncio.create_task(daemon.run())
    await asyncio.to_thread(stage.plan, push("pay"))
    await until(lambda: receiver.names == ["pay"], receiver.told)
    daemon.stop()
    await running


async def test_listening_that_fails_in_any_way_leaves_the_daemon_alone(stage: Stage) -> None:
    class Broken:
        async def listen(self, heard: Callable[[], None]) -> None:
            raise RuntimeError("a mistake")

    receiver = Scripted()
    daemon = Daemon(
        stage.store, {"scripted": receiver}, clock=stage.clock, machine=stage.machine, monotonic=monotonic,
        replan=lambda name: None, settings=QUICK, hints=Broken(), chance=middle,
    )  # fmt: skip
    running = asyncio.create_task(daemon.run())
    await asyncio.to_thread(stage.plan, push("pay"))
    await until(lambda: receiver.names == ["pay"], receiver.told)
    daemon.stop()
    await running


def test_there_is_nothing_to_hear_on_sqlite_or_behind_a_pooler(sqlite_url: str) -> None:
    assert open_hints(sqlite_url) is None
    assert open_hints("postgresql://db.example/o?pooler=transaction") is None
    assert "pooler" not in conninfo(Database.of("postgresql://db.example/o?pooler=transaction"))


def test_a_pooler_is_given_nothing_that_outlives_a_transaction(postgres_url: str) -> None:
    """A prepared statement or a setting left on a pooled connection meets the next client, or is not there for us."""
    store = open_store(f"{postgres_url}&pooler=transaction")
    stage = Stage(store)
    stage.plan(*(push(f"pay {n}") for n in range(8)))
    for _ in range(8):
        assert store.claim(business_now=NOON, machine_now=NOON, worker="w", limit=1, lease_seconds=60)
    with store._engine.connect() as connection:
        said = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        ]
        assert said == ["30s", "2min", "30s"]
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar() == 0
        connection.rollback()
        left = connection.connection.cursor().execute("SHOW lock_timeout").fetchone()
        assert left == ("0",)
    store.close()


def test_a_statement_does_not_last_for_ever(postgres_url: str) -> None:
    """A lock held by a forgotten session, or a server that hangs, would stop the daemon without a word."""
    store = open_store(postgres_url)
    with store._engine.connect() as connection:
        said = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
        ]
    assert said == ["30s", "2min", "30s"]
    store.close()


def test_a_daemon_gives_a_statement_up_before_its_watchdog_does(postgres_url: str) -> None:
    """What waits for a slow server must come round in time, or the supervisor ends it with the results in its hands."""
    store = open_store(postgres_url, patience_seconds=DAEMON_PATIENCE_SECONDS)
    with store._engine.connect() as connection:
        said = connection.exec_driver_sql(
            "SELECT setting::int / 1000 FROM pg_settings WHERE name = 'statement_timeout'"
        )
        (watchdog,) = re.findall(r"^WatchdogSec=(\d+)$", service_unit(), re.MULTILINE)
        assert said.scalar_one() < int(watchdog)
    store.close()
