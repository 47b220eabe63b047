"""On PostgreSQL the daemons' account can do the daemons' work and cannot change what is on record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from obligations.app import ledger_roles
from obligations.ports import LedgerEntry
from obligations.store import SqlStore, open_store, tables
from obligations.testing.builders import NOON, fresh_id
from obligations.testing.store import exercise_store

RECORD = ("ledger", "ledger_seal", "event_log", "decision", "terms_version")
_LINE = LedgerEntry(NOON, "bea", "approved", "c", "push")


@pytest.fixture
def app_url(postgres_url: str) -> Iterator[str]:
    """The same database for an account with no more rights than the script gives."""
    role = fresh_id("app").replace("-", "_")
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER".encode())
        owner.execute(ledger_roles().replace(':"app"', role).encode())
        yield postgres_url.replace("postgres@", f"{role}@")
        owner.execute(f"DROP OWNED BY {role}".encode())
        owner.execute(f"DROP ROLE {role}".encode())


def test_every_table_is_in_the_script() -> None:
    """A daemon would stop after an upgrade, at the first row of a table that nobody thought of."""
    granted = " ".join(line for line in ledger_roles().splitlines() if line.startswith("GRANT"))
    named = {word.strip(",;") for word in granted.split()}
    assert {table.name for table in tables.metadata.sorted_tables} | {"alembic_version"} <= named


def test_the_account_does_all_that_a_store_must(app_url: str) -> None:
    """Rights that are too narrow would be found out by a payment that does not go."""
    exercise_store(lambda: open_store(app_url))


@pytest.mark.parametrize("table", RECORD)
@pytest.mark.parametrize(
    "wrong",
    ["DELETE FROM {}", "UPDATE {} SET tenant = 'x'", "TRUNCATE {} CASCADE", "ALTER TABLE {} DISABLE TRIGGER ALL"],
)
def test_the_account_cannot_change_the_record(app_url: str, table: str, wrong: str) -> None:
    """Triggers stop mistakes; whoever takes over the daemon must not be able to switch them off."""
    with psycopg.connect(app_url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(wrong.format(table).encode())


def test_what_the_account_adds_is_chained(app_url: str) -> None:
    store: SqlStore = open_store(app_url)
    with store.write() as tx:
        tx.note(replace(_LINE, reason="one"))
    assert store.seal() == 1
    assert store.verify_ledger().holds
    store.close()
