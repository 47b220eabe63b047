"""How the queue stands is read from the indexes of what is not over, whatever was delivered before."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, literal_column, select

from obligations.domain.delivery import DeliveryState
from obligations.ports import COUNTED_MOST, Changes, StoreUnavailable
from obligations.store import SqlStore, migrate, open_store, tables
from obligations.store import standing as counting
from obligations.store.connect import Database, make_engine
from obligations.store.delivery_rows import content_row
from obligations.store.room import RESERVE_BYTES, NoRoom
from obligations.testing.builders import NOON, a_change, a_contract, a_push

DELIVERED = 100_000


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    migrate(database_url)
    made = make_engine(Database.of(database_url))
    yield made
    made.dispose()


def _fill(engine: Engine, url: str, state: DeliveryState, many: int) -> None:
    store = open_store(url)
    contract = a_contract()
    with store.write() as tx:
        tx.put_contract(contract)
    store.close()
    push = a_push(contract.id)
    row = {"tenant": "", "key": push.key, "contract": contract.id, **content_row(a_change(push, state))}
    names = [column.name for column in tables.delivery.columns if column.name in row]
    key = "lower(hex(randomblob(16)))" if engine.dialect.name == "sqlite" else "gen_random_uuid()"
    again = select(*(literal_column(key) if name == "key" else tables.delivery.c[name] for name in names))
    with engine.begin() as connection:
        connection.execute(insert(tables.delivery), [row])
        there = 1
        while there < many:
            copied = min(there, many - there)
            connection.execute(insert(tables.delivery).from_select(names, again.limit(copied)))
            there += copied


def test_the_plan_passes_over_what_was_delivered(engine: Engine, database_url: str) -> None:
    """A look every few seconds would read years of payroll each time."""
    _fill(engine, database_url, DeliveryState.DELIVERED, DELIVERED)
    with engine.connect() as connection:
        statement = counting.STANDING.compile(dialect=connection.dialect)
        sql = str(statement)
        if engine.dialect.name == "sqlite":
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple("1" for _ in range(sql.count("?"))))
        else:
            connection.exec_driver_sql("ANALYZE delivery")
            found = connection.exec_driver_sql(f"EXPLAIN {sql}", {"mine": "", "now": 2**60})
        plan = "\n".join(str(row[-1]) for row in found)
    for name in ("scheduled", "retrying", "sending", "parked", "proposed"):
        assert f"ix_delivery_{name}" in plan, plan
    assert "Seq Scan" not in plan
    assert "SCAN delivery" not in plan


def test_what_waits_or_was_stopped_is_listed_by_its_index(engine: Engine, database_url: str) -> None:
    """Whoever is called because something is parked would wait while all that was ever delivered is read."""
    _fill(engine, database_url, DeliveryState.DELIVERED, DELIVERED // 5)
    store = open_store(database_url)
    is_sqlite = engine.dialect.name == "sqlite"
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    plans: list[str] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def _explain(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.startswith("SELECT") and "FROM delivery" in statement:
            explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
            plans.append(
                "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
            )

    kept = ("parked", "proposed", "retrying", "scheduled", "sending")
    with store.read() as tx:
        assert not tx.deliveries(states={DeliveryState(state) for state in kept})
    assert len(plans) == len(kept)
    for state, plan in zip(kept, plans, strict=True):
        assert f"ix_delivery_{state}" in plan, plan
    store.close()


def test_a_backlog_is_counted_so_far_and_no_further(engine: Engine, database_url: str) -> None:
    """Three months of downtime would make each look as dear as the backlog is long."""
    _fill(engine, database_url, DeliveryState.SCHEDULED, COUNTED_MOST + 1)
    store = open_store(database_url)
    assert store.standing(NOON + timedelta(days=1)).overdue == COUNTED_MOST
    store.close()


class Disk:
    """Says how much room the disk has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = RESERVE_BYTES
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=self.free, f_frsize=1))


def _due(store: SqlStore) -> None:
    contract = a_contract()
    with store.write() as tx:
        tx.put_contract(contract)
    with store.write() as tx:
        tx.apply(contract.id, Changes(deliveries=(a_change(a_push(contract.id)),)))


def _claim(store: SqlStore) -> int:
    return len(store.claim(business_now=NOON, machine_now=NOON, worker="w", limit=9, lease_seconds=60))


def test_nothing_is_claimed_while_the_disk_is_nearly_full(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment that fills the disk would be one that nobody can account for."""
    store = open_store(sqlite_url)
    _due(store)
    disk = Disk(monkeypatch)
    disk.free = RESERVE_BYTES - 1
    with pytest.raises(NoRoom, match="its disk has 15 MiB left; make room"):
        _claim(store)
    with pytest.raises(StoreUnavailable):
        store.probe(NOON)
    disk.free = RESERVE_BYTES
    store.probe(NOON)
    assert _claim(store) == 1
    store.close()


def test_a_limit_on_file_sizes_counts_as_a_full_disk(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(sqlite_url)
    _due(store)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (RESERVE_BYTES, RESERVE_BYTES))
    with pytest.raises(NoRoom, match="LimitFSIZE"):
        _claim(store)
    monkeypatch.setattr(resource, "getrlimit", lambda what: (2 * RESERVE_BYTES, -1))
    assert _claim(store) == 1
    store.close()
