"""What a daemon asks of its database while nothing is due: few statements, and none that reads more where more is
kept."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, insert, literal_column, select
from sqlalchemy.pool import Pool

from obligations.clocks import monotonic
from obligations.domain.delivery import DeliveryState
from obligations.engine.daemon import Daemon
from obligations.engine.pump import Pump
from obligations.engine.settings import EngineSettings
from obligations.ports import Changes, LedgerEntry
from obligations.store import SqlStore, open_store, tables
from obligations.testing.builders import NOON, a_change, a_contract, a_push
from obligations.testing.clocks import FixedClock, FixedMachineClock
from tests.engine.stage import middle

FEW, MANY = 50, 5_000
# On PostgreSQL whatever writes looks first whether a newer program has upgraded the database.
STATEMENTS_A_SECOND = {"sqlite": 5.6, "postgresql": 6.6}
# What grows over the years; everything else holds a row for each trouble, or one at all.
LARGE = ("contract", "delivery", "attempt", "ledger", "ledger_seal")
Chores = dict[str, tuple[float, Callable[[], Awaitable[Any]]]]


def _filled(url: str, many: int) -> SqlStore:
    """A store with so many contracts, pushes due later, pushes delivered, and lines of the ledger, all chained."""
    store = open_store(url)
    contract = a_contract("first", replan_at=NOON.replace(year=2099))
    lines = tuple(LedgerEntry(NOON, "somebody", "noted", "first", str(i)) for i in range(many))
    later = a_push("first", send_at=NOON.replace(year=2098))
    with store.write() as tx:
        tx.put_contract(contract)
        tx.apply("first", Changes(deliveries=(a_change(later),), ledger=lines, edition="today's"))
        tx.saw(NOON)
    with store._engine.connect() as connection, connection.execution_options(obligations_writes=True).begin():
        is_sqlite = connection.dialect.name == "sqlite"
        key = "lower(hex(randomblob(16)))" if is_sqlite else "gen_random_uuid()"
        for table, name in ((tables.contract, "id"), (tables.delivery, "key")):
            names = [column.name for column in table.columns]
            anew = key if is_sqlite or name == "key" else f"{key}::text"
            again = select(*(literal_column(anew) if one == name else table.c[one] for one in names))
            there = 1
            while there < many:
                connection.execute(insert(table).from_select(names, again.limit(min(there, many - there))))
                there *= 2
        delivered = {"state": DeliveryState.DELIVERED.value, "attempts": 1}
        names = [column.name for column in tables.delivery.columns]
        values = {**delivered, "key": key}
        done = [
            literal_column(f"'{values[one]}'" if one == "state" else str(values[one]))
            if one in values
            else tables.delivery.c[one]
            for one in names
        ]
        connection.execute(insert(tables.delivery).from_select(names, select(*done)))
        d = tables.delivery.c
        tried = select(d.tenant, d.key, d.attempts, d.attempts, d.contract, d.send_at).where(d.attempts == 1)
        begun = ["tenant", "key", "number", "fence", "worker", "started_at"]
        connection.execute(insert(tables.attempt).from_select(begun, tried))
    while store.seal():
        pass
    with store._engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    return store


def _chores(store: SqlStore) -> Chores:
    """What the daemon does again and again, with the seconds between."""
    daemon = Daemon(
        store, {}, clock=FixedClock(NOON), machine=FixedMachineClock(NOON), monotonic=monotonic,
        replan=lambda contract: None, edition="today's", real_time=True, settings=EngineSettings(), chance=middle,
    )  # fmt: skip
    every = daemon.pump.ticker._chores
    found: Chores = {name: (every[name][0], work) for name, (_, work) in daemon._housekeeping._chores.items()}
    found["next"] = (daemon.pump.settings.tick_seconds, daemon.pump._seconds_to_next)
    found["claim"] = (daemon.pump.settings.tick_seconds, daemon.pump._claim)
    return found


@contextmanager
def _heard(store: SqlStore) -> Iterator[list[tuple[str, str]]]:
    """The statements of a block, and how PostgreSQL goes about each."""
    said: list[tuple[str, str]] = []

    @event.listens_for(store._engine, "before_cursor_execute")
    def _before(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if statement.startswith(("EXPLAIN", "BEGIN")):
            return
        plan = ""
        if connection.dialect.name == "postgresql" and not executemany:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
        said.append((statement, plan))

    try:
        yield said
    finally:
        event.remove(store._engine, "before_cursor_execute", _before)


async def test_an_idle_second_takes_few_statements(database_url: str) -> None:
    """A daemon with nothing to do would keep its database awake, and a hundred of them a server busy."""
    store = _filled(database_url, FEW)
    spent: dict[str, float] = {}
    chores = _chores(store)
    del chores["claim"]  # it comes when something is due
    for name, (seconds, work) in chores.items():
        await work()  # the first may do what the next need not
        with _heard(store) as said:
            await work()
        spent[name] = len(said) / seconds
    store.close()
    assert sum(spent.values()) <= STATEMENTS_A_SECOND[database_url.partition(":")[0]], spent


async def test_a_look_costs_the_same_over_a_hundred_times_as_many_rows(tmp_path: Any) -> None:
    """In ten years every idle second would read ten years. Counted in steps of SQLite's own machine."""
    steps: dict[int, Counter[str]] = {}
    for many in (FEW, MANY):
        store = _filled(f"sqlite:///{tmp_path}/{many}.db", many)
        steps[many] = Counter()
        doing = ""

        def step() -> int:
            steps[many][doing] += 1  # noqa: B023  # counted for the store at hand
            return 0

        @event.listens_for(Pool, "checkout")
        def _count(raw: Any, record: Any, proxy: Any, step: Any = step) -> None:
            raw.set_progress_handler(step, 10)

        try:
            for name, (_, work) in _chores(store).items():
                doing = name
                await work()
        finally:
            event.remove(Pool, "checkout", _count)
            store.close()
    grown = {
        name: (steps[FEW][name], count) for name, count in steps[MANY].items() if count > 2 * steps[FEW][name] + 20
    }
    assert grown == {}


async def test_postgres_finds_what_a_look_asks_for_by_index(postgres_url: str) -> None:
    """The same on PostgreSQL, whose planner decides by itself."""
    store = _filled(postgres_url, MANY)
    scans = []
    for name, (_, work) in _chores(store).items():
        with _heard(store) as said:
            await work()
        for statement, plan in said:
            scans += [(name, found, statement) for found in re.findall(r"Seq Scan on (\w+)", plan) if found in LARGE]
    assert scans == []
    store.close()


async def test_what_was_waited_for_is_claimed_without_another_question(sqlite_url: str) -> None:
    """Each push would go later by the time that it takes to ask whether it is due, which is known."""
    store = _filled(sqlite_url, FEW)
    with store.write() as tx:
        tx.apply("first", Changes(deliveries=(a_change(a_push("first", name="now")),)))
    pump = Pump(store, {}, clock=FixedClock(NOON), machine=FixedMachineClock(NOON), monotonic=monotonic, chance=middle)
    pump._armed_for = monotonic()
    with _heard(store) as said:
        await pump._beat()
    await asyncio.wait(pump._in_flight)
    # After the holds, the claim itself.
    assert "SET state='sending'" in said[1][0]
    store.close()
