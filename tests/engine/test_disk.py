"""A database that cannot be written: nothing is sent that is not written down before, and nothing is lost."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from obligations.domain.delivery import DeliveryState, Outcome
from obligations.ports import Claim
from obligations.store import SqlStore, open_store
from obligations.store.connect import Database
from tests.engine.stage import Scripted, Stage, push, until
from tests.operations.asking import Passes, running

MANY = 60
# the disk is full: no page more; the disk is read-only: no page at all
FAULTS = {
    "full": ("PRAGMA max_page_count=1", "PRAGMA max_page_count=1000000"),
    "read-only": ("PRAGMA query_only=ON", "PRAGMA query_only=OFF"),
}


class Faulty(SqlStore):
    """The real store on a disk that fails while it is told to."""

    def __init__(self, url: str, fault: str) -> None:
        super().__init__(url)
        self.broken = False
        bad, good = FAULTS[fault]

        @event.listens_for(self._engine, "checkout")
        def _set(connection: Any, _record: object, _proxy: object) -> None:
            connection.execute(bad if self.broken else good).close()


class Looking(Scripted):
    """A receiver that looks, for itself, whether the attempt that it is part of was written down."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self.unwritten = 0

    async def deliver(self, claim: Claim) -> Outcome:
        with sqlite3.connect(self._path) as connection:
            (found,) = connection.execute(
                "SELECT count(*) FROM attempt WHERE number = ? AND replace(key, '-', '') = ?",
                (claim.attempt, claim.key.hex),
            ).fetchone()
        connection.close()
        self.unwritten += found != 1
        return await super().deliver(claim)


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_sent_that_is_not_written_down_and_it_goes_on_when_there_is_room(
    sqlite_url: str, fault: str
) -> None:
    """A payment that left no trace is made again by whoever finds it missing."""
    stage = Stage(open_store(sqlite_url))
    path = Database.of(sqlite_url).path
    receiver, passes, store = Looking(path), Passes(), Faulty(sqlite_url, fault)
    with capture_logs() as lines:
        async with running(stage, sqlite_url, receiver, passes, store=store):
            await until(lambda: passes.made > 0, passes.told)
            store.broken = True
            stage.plan(*(push(f"pay {number}", f"system {number % 7}") for number in range(MANY)))
            failed = passes.ticks + 10
            await until(lambda: passes.ticks >= failed and _away(lines) >= 1, passes.told)
            sent = len(receiver.seen)
            assert sent < MANY
            store.broken = False
            await until(lambda: len(receiver.seen) >= MANY, receiver.told)
            made = passes.made + 2
            await until(lambda: passes.made >= made, passes.told)
    assert receiver.unwritten == 0
    assert sorted(receiver.names) == sorted(f"pay {number}" for number in range(MANY)), "each once"
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    assert _away(lines) in (1, 2), "once, and once more where that lasts"
    assert [line["event"] for line in lines].count("the store is back") == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    stage.store.close()


def _away(lines: Any) -> int:
    return [line["event"] for line in lines].count("the store is away; nothing is sent until it is back")
