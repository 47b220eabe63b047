"""The ledger shows tampering."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from obligations.ports import LedgerEntry
from obligations.store import SqlStore, open_store
from obligations.store.connect import Database, make_engine
from obligations.testing.builders import NOON

_LINE = LedgerEntry(NOON, "bea", "approved", "c", "push", before="proposed", after="scheduled")


@pytest.fixture
def sealed(store: SqlStore) -> SqlStore:
    """Five lines, sealed."""
    with store.write() as tx:
        for n in range(5):
            tx.note(replace(_LINE, reason=f"reason {n}"))
    assert store.seal(3) == 3
    assert store.seal() == 2
    assert store.verify_ledger() is None
    return store


@pytest.mark.parametrize(
    ("tampering", "shown"),
    [
        ("UPDATE ledger SET actor = 'cyd' WHERE n = 2", "ledger line 2 .* changed"),
        ("UPDATE ledger SET at = at + 1 WHERE n = 4", "ledger line 4 .* changed"),
        ("DELETE FROM ledger WHERE n = 3", "ledger line 3 .* removed"),
        ("DELETE FROM ledger_seal WHERE seq = 2", "link 2 before it was removed"),
        ("UPDATE ledger_seal SET hash = prev_hash WHERE seq = 5", "ledger line 5 .* changed"),
        ("UPDATE ledger_seal SET prev_hash = hash WHERE seq = 1", "does not continue"),
        ("DELETE FROM ledger_seal WHERE seq = 5", "ledger line 5: it is neither sealed nor waiting"),
    ],
)
def test_what_someone_did_to_the_ledger_is_named(
    sealed: SqlStore, database_url: str, tampering: str, shown: str
) -> None:
    """Whoever owns the database can switch the triggers off; the chain still tells."""
    engine = make_engine(Database.of(database_url)).execution_options(obligations_writes=True)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(tampering))
    engine.dispose()
    found = sealed.verify_ledger()
    assert found is not None
    assert re.search(shown, found)


def test_a_line_that_commits_late_is_sealed_too(postgres_url: str) -> None:
    """Two daemons write at once; the one that took its number first commits last. Its line must not be left out."""
    store = open_store(postgres_url)
    with store.write() as slow:
        slow.note(replace(_LINE, reason="took its number first"))
        with store.write() as quick:
            quick.note(replace(_LINE, reason="commits first"))
        assert store.seal() == 1
    assert store.seal() == 1
    assert store.verify_ledger() is None
    store.close()


def test_lines_not_sealed_yet_are_no_alarm(sealed: SqlStore) -> None:
    with sealed.write() as tx:
        tx.note(_LINE)
    assert sealed.verify_ledger() is None


def test_chains_of_tenants_do_not_mix(database_url: str) -> None:
    stores = [open_store(database_url, tenant=tenant) for tenant in ("a", "b")]
    for n in range(4):
        with stores[n % 2].write() as tx:
            tx.note(replace(_LINE, reason=str(n)))
    assert [store.seal() for store in stores] == [2, 2]
    assert [store.verify_ledger() for store in stores] == [None, None]
    for store in stores:
        store.close()
