"""The file is looked through while a daemon works on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from obligations.engine.counters import Counters
from obligations.engine.settings import EngineSettings
from obligations.operations.health import Health
from obligations.operations.inspection import Inspection
from obligations.ports import Changes, LedgerEntry, Standing
from obligations.store import open_store
from obligations.store.connect import Database
from obligations.store.migrate import HEAD
from obligations.store.soundness import damage_in_use
from obligations.testing.builders import NOON, a_contract
from tests.engine.stage import Stage
from tests.operations.asking import ask, listening


@pytest.fixture
def counters(stage: Stage) -> Counters:
    """Those of a daemon that is well."""
    made = Counters(stage.machine.monotonic)
    made.ticked(stage.machine.now())
    made.looked(Standing(schema=HEAD))
    return made


def _filled(url: str) -> Path:
    """A file of some hundred pages, all of them in the file itself."""
    store = open_store(url)
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
        lines = tuple(LedgerEntry(NOON, "hr", "planned", "c", f"{number} " * 40) for number in range(2_000))
        tx.apply("c", Changes(ledger=lines))
    store.close()
    return Database.of(url).path


async def test_damage_is_an_alarm_and_the_daemon_is_not_ready(
    stage: Stage, counters: Counters, sqlite_url: str
) -> None:
    """A file too large to be read at the start would be found damaged by the payment that needs the page."""
    path = _filled(sqlite_url)
    stage.store.close()
    with path.open("r+b") as file:
        for page in range(20, 60):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    inspection = Inspection(lambda: damage_in_use(sqlite_url), counters)
    async with listening(stage, counters) as listener:
        assert (await ask(listener.port, "/readyz"))[0] == 200
        with capture_logs() as said:
            await inspection.look()
        assert [(one["log_level"], one["event"]) for one in said] == [("error", "the database file is damaged")]
        assert (await ask(listener.port, "/readyz"))[0] == 503
        assert (await ask(listener.port, "/livez"))[0] == 200
    assert "file" in Health(counters, stage.machine, EngineSettings(), schema="").ready()


async def test_a_sound_file_is_no_alarm_while_it_is_written(stage: Stage, counters: Counters, sqlite_url: str) -> None:
    """Neither may the look keep the daemon from writing, nor the writing be taken for damage."""
    _filled(sqlite_url)
    counters.damage = "found the last time"
    with capture_logs() as said, stage.store.write() as view:
        view.note(LedgerEntry(NOON, "hr", "noted", "c", "c"))
        await Inspection(lambda: damage_in_use(sqlite_url), counters).look()
    assert said == []
    assert counters.damage == ""


async def test_it_is_looked_at_some_time_after_the_start_and_again(counters: Counters) -> None:
    looked = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()

    def damage() -> list[str]:
        loop.call_soon_threadsafe(looked.release)
        return []

    task = asyncio.create_task(Inspection(damage, counters, first_seconds=0, every_seconds=0).run())
    for _ in range(3):
        await looked.acquire()
    task.cancel()
    await asyncio.wait({task})


def test_a_postgresql_looks_after_itself(postgres_url: str) -> None:
    assert damage_in_use(postgres_url) == []
