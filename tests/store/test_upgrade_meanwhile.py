"""PostgreSQL is upgraded while daemons of the program before work on it: no claim is made on tables that mean something
else by then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import event, text

from obligations.domain.delivery import DeliveryState
from obligations.ports import Changes, Claim, StoreNewer
from obligations.store import SqlStore, migrate, open_store
from obligations.store.migrate import HEAD, known_revisions
from obligations.testing.builders import a_change, a_push
from obligations.testing.store.stage import apply_to, claim_from, contract_in
from tests.engine.stage import Stage, push
from tests.soak.many import house

BEFORE = max(known_revisions() - {HEAD})
NEWER = "9999"
SECONDS = 30.0


@pytest.fixture
def store(postgres_url: str) -> Iterator[SqlStore]:
    """A database that this program calls its own, and that is not the newest."""
    made = open_store(postgres_url)
    contract = contract_in(made)
    apply_to(made, contract, Changes(deliveries=tuple(a_change(a_push(contract, name=name)) for name in "ab")))
    with psycopg.connect(postgres_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [BEFORE])
    yield made
    made.close()


@contextmanager
def newer_program(monkeypatch: pytest.MonkeyPatch, first: Callable[[], object] = lambda: None) -> Iterator[None]:
    """`migrate` is a newer program's, whose upgrade is one statement after `first`."""

    def upgrade(config: Any, _revision: str) -> None:
        first()
        config.attributes["connection"].execute(text(f"UPDATE alembic_version SET version_num = '{NEWER}'"))

    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", upgrade)
        yield


def wait_until_somebody_waits(url: str) -> None:
    """For the table that names the schema."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(int(SECONDS / 0.02)):
            waiting = connection.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'alembic_version'::regclass"
            ).fetchone()
            if waiting != (0,):
                return
            threading.Event().wait(0.02)
    raise AssertionError("nobody waits")


def attempts(url: str) -> int:
    with psycopg.connect(url) as connection:
        (found,) = connection.execute("SELECT count(*) FROM attempt").fetchone() or (0,)
    return int(found)


def test_a_claim_that_begins_during_an_upgrade_finds_the_new_schema(
    store: SqlStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had looked in time, and then sent by what the rows meant before."""
    assert len(claim_from(store, limit=1)) == 1
    claims: list[Future[list[Claim]]] = []
    with ThreadPoolExecutor() as pool:

        def meanwhile() -> None:
            claims.append(pool.submit(claim_from, store))
            wait_until_somebody_waits(postgres_url)

        with newer_program(monkeypatch, meanwhile):
            migrate(postgres_url)
        with pytest.raises(StoreNewer, match="9999"):
            claims[0].result(SECONDS)
    assert attempts(postgres_url) == 1
    with pytest.raises(StoreNewer), store.write() as tx:
        tx.contracts()
    with pytest.raises(StoreNewer):
        store.seal()


def test_an_upgrade_waits_for_the_claim_that_is_under_way(
    store: SqlStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrades: list[Future[None]] = []
    seen: list[bool] = []
    with ThreadPoolExecutor() as pool, newer_program(monkeypatch):

        @event.listens_for(store._engine, "commit")
        def _last_moment(_connection: object) -> None:
            if not upgrades:
                upgrades.append(pool.submit(migrate, postgres_url))
                wait_until_somebody_waits(postgres_url)
                seen.append(upgrades[0].done())

        assert len(claim_from(store, limit=1)) == 1
        upgrades[0].result(SECONDS)
    assert seen == [False]
    with pytest.raises(StoreNewer):
        claim_from(store)
    assert attempts(postgres_url) == 1


def test_a_daemon_sends_nothing_more_once_its_database_was_upgraded(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with house(postgres_url, lease_seconds=60) as (made, stage):
        with psycopg.connect(postgres_url) as connection:
            connection.execute("UPDATE alembic_version SET version_num = %s", [BEFORE])
        Stage.plan(stage, *(push(f"pay {number}", f"system {number % 5}") for number in range(3_000)))
        made.start()
        made.receiver.wait_for(20)
        with newer_program(monkeypatch):
            migrate(postgres_url)
        claimed = attempts(postgres_url)
        made.wait_said(0, "a newer program has upgraded the database; this daemon ends")
        made.daemons[0].wait(SECONDS)
        assert attempts(postgres_url) == claimed
        states = list(stage.states().values())
        assert {DeliveryState.SCHEDULED, DeliveryState.DELIVERED} == set(states)
        assert states.count(DeliveryState.DELIVERED) == claimed == sum(made.receiver.times.values())
