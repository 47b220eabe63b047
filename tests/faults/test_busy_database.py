"""A database that another program keeps locked: the daemon waits, drops nothing, and goes on by itself."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from obligations.domain.delivery import DeliveryState, Outcome
from obligations.ports import Claim, StoreUnavailable
from obligations.store import SqlStore, open_store
from obligations.store.connect import Database
from tests.engine.stage import Scripted, Stage, push, until


class Impatient(SqlStore):
    """The real store with little patience, so that a lock outlasts it many times; it says when it was refused."""

    def __init__(self, url: str) -> None:
        super().__init__(url, patience_seconds=0.02)
        self.loop = asyncio.get_running_loop()
        self.refused = asyncio.Event()

    def claim(self, **asked: Any) -> Any:
        return self._saying(lambda: super(Impatient, self).claim(**asked))

    def record(self, results: Any) -> Any:
        return self._saying(lambda: super(Impatient, self).record(results))

    def _saying(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except StoreUnavailable:
            # Said once the engine has heard of it.
            self.loop.call_soon_threadsafe(self.loop.call_later, 0.01, self.refused.set)
            raise


@pytest.mark.parametrize("when", ["before anything is sent", "while an answer is out"])
async def test_a_locked_database_is_waited_for_and_nothing_is_dropped(sqlite_url: str, when: str) -> None:
    """A person's long query in another program would otherwise cost payments, or make some of them go twice."""
    opened = open_store(sqlite_url)
    stage = Stage(opened)
    stage.plan(*(push(f"pay {number}") for number in range(12)))
    other = sqlite3.connect(Database.of(sqlite_url).path, isolation_level=None)
    store = Impatient(sqlite_url)

    class Locking(Scripted):
        async def deliver(self, claim: Claim) -> Outcome:
            if when == "while an answer is out" and not self.seen:
                other.execute("BEGIN IMMEDIATE")
            return await super().deliver(claim)

    receiver = Locking()
    if when == "before anything is sent":
        other.execute("BEGIN IMMEDIATE")
    pump = stage.pump(receiver, store=store, tick_seconds=0.05, store_wait_seconds=0.01, store_wait_most_seconds=0.02)
    with capture_logs() as lines:
        running = asyncio.create_task(pump.run())
        await until(lambda: any("the store is away" in line["event"] for line in lines), store.refused)
        in_doubt = len(receiver.seen)
        other.execute("ROLLBACK")
        await until(lambda: len({claim.key for claim in receiver.seen}) == 12, receiver.told)
        pump.stop()
        await running
    assert in_doubt <= 4, "it went on sending what it could not record"
    assert len(receiver.seen) == 12
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    for one in (opened, store):
        one.close()
    other.close()
