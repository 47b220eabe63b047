"""The ledger shows tampering."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

import pytest
from sqlalchemy import Connection, text

from obligations.domain.ledger_chain import NO_KEYS, LedgerKeys
from obligations.ports import LedgerEntry
from obligations.store import SqlStore, open_store, tables
from obligations.store.connect import Database, make_engine
from obligations.store.sealing import seal
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
    assert store.verify_ledger().holds
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
    with _as_owner(database_url) as connection:
        connection.execute(text(tampering))
    found = sealed.verify_ledger().fault
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
    assert store.verify_ledger().holds
    store.close()


def test_lines_not_sealed_yet_are_no_alarm(sealed: SqlStore) -> None:
    with sealed.write() as tx:
        tx.note(_LINE)
    assert sealed.verify_ledger().holds


def test_chains_of_tenants_do_not_mix(database_url: str) -> None:
    stores = [open_store(database_url, tenant=tenant) for tenant in ("a", "b")]
    for n in range(4):
        with stores[n % 2].write() as tx:
            tx.note(replace(_LINE, reason=str(n)))
    assert [store.seal() for store in stores] == [2, 2]
    assert all(store.verify_ledger().holds for store in stores)
    for store in stores:
        store.close()


# --- a key outside the database ---------------------------------------------------------------------------------------

MINE, OTHER = LedgerKeys(b"k" * 32), LedgerKeys(b"o" * 32)


@pytest.fixture
def keyed(database_url: str) -> Iterator[SqlStore]:
    """Two lines of before there was a key, the line that says there is one, and three after it."""
    before = open_store(database_url)
    _note(before, 2)
    before.seal()
    before.close()
    store = open_store(database_url, ledger_keys=MINE)
    assert store.take_up_ledger_key(at=NOON, actor="the service") == ""
    _note(store, 3)
    store.seal()
    yield store
    store.close()


def _note(store: SqlStore, count: int) -> None:
    with store.write() as tx:
        for n in range(count):
            tx.note(replace(_LINE, reason=f"reason {n}"))


@contextmanager
def _as_owner(database_url: str) -> Iterator[Connection]:
    """The database as somebody has it who may switch the triggers off."""
    engine = make_engine(Database.of(database_url)).execution_options(obligations_writes=True)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
    engine.dispose()


def _made_anew(connection: Connection, keys: LedgerKeys) -> None:
    """The whole chain made again over what the lines now say."""
    for table in ("ledger_seal", "ledger_unsealed"):
        connection.execute(text(f"DELETE FROM {table}"))
    connection.execute(text("INSERT INTO ledger_unsealed SELECT tenant, n FROM ledger"))
    seal(connection, "", 1_000, keys)


def test_the_changeover_to_a_key_stands_in_the_chain(keyed: SqlStore) -> None:
    """Nobody could say later which lines anybody might have made up."""
    with keyed.read() as tx:
        made = [(link.key, link.line.action if link.line else None) for link in tx.chain()]
    assert made == [
        ("", "approved"),
        ("", "approved"),
        (MINE.in_force, "ledger key taken up"),
        *[(MINE.in_force, "approved")] * 3,
    ]
    found = keyed.verify_ledger()
    assert (found.holds, found.links, found.plain) == (True, 6, 2)
    assert keyed.take_up_ledger_key(at=NOON, actor="the service") == ""
    assert keyed.verify_ledger().links == 6


@pytest.mark.parametrize("forged_with", [NO_KEYS, OTHER], ids=["by the plain rule", "with a key made up"])
def test_who_has_the_database_and_not_the_key_cannot_make_the_chain(
    keyed: SqlStore, database_url: str, forged_with: LedgerKeys
) -> None:
    """A rewritten ledger would pass for the one that was kept."""
    with _as_owner(database_url) as connection:
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE n = 5"))
        _made_anew(connection, forged_with)
    assert not keyed.verify_ledger().holds


def test_lines_of_before_the_key_cannot_be_made_anew_either(keyed: SqlStore, database_url: str) -> None:
    """The plain links are anybody's to make; the first link with a key holds them as they were."""
    with _as_owner(database_url) as connection:
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE n = 1"))
        kept = connection.execute(text("SELECT * FROM ledger_seal WHERE seq > 2")).mappings().all()
        _made_anew(connection, NO_KEYS)
        connection.execute(text("DELETE FROM ledger_seal WHERE seq > 2"))
        connection.execute(tables.ledger_seal.insert(), [dict(row) for row in kept])
    found = keyed.verify_ledger().fault
    assert found is not None
    assert "link 3" in found
    assert "does not continue" in found


def test_a_link_without_the_key_after_links_with_it_is_named(keyed: SqlStore, database_url: str) -> None:
    with _as_owner(database_url) as connection:
        connection.execute(text("UPDATE ledger_seal SET key_id = '' WHERE seq = 6"))
    found = keyed.verify_ledger().fault
    assert found is not None
    assert "link 6" in found
    assert "without the key" in found


def test_a_head_kept_elsewhere_shows_what_was_cut_off(keyed: SqlStore, database_url: str) -> None:
    """The chain holds without its end; whoever cuts it off would get away with it."""
    with keyed.read() as tx:
        head = tx.head(NOON)
    assert head is not None
    with _as_owner(database_url) as connection:
        connection.execute(text("DELETE FROM ledger_seal WHERE seq >= 5"))
        connection.execute(text("DELETE FROM ledger WHERE n >= 5"))
    assert keyed.verify_ledger().holds
    found = keyed.verify_ledger([head]).fault
    assert found is not None
    assert "ends at link 4, and it had 6 links" in found


def test_a_head_kept_elsewhere_shows_a_tail_that_the_service_itself_sealed_again(
    keyed: SqlStore, database_url: str
) -> None:
    """The sealer has the key: what is cut off, changed and put back to be sealed gets links that hold."""
    with keyed.read() as tx:
        head = tx.head(NOON)
    assert head is not None
    with _as_owner(database_url) as connection:
        connection.execute(text("DELETE FROM ledger_seal WHERE seq >= 5"))
        connection.execute(text("UPDATE ledger SET actor = 'mallory' WHERE n >= 5"))
        connection.execute(text("INSERT INTO ledger_unsealed SELECT tenant, n FROM ledger WHERE n >= 5"))
    assert keyed.seal() == 2
    assert keyed.verify_ledger().holds
    found = keyed.verify_ledger([head]).fault
    assert found is not None
    assert "link 6" in found
    assert "the ledger was rewritten" in found


def test_without_its_key_a_ledger_is_neither_vouched_for_nor_chained_on(keyed: SqlStore, database_url: str) -> None:
    """A daemon on another machine, with a key of its own, would end the chain that the first can check."""
    for keys in (NO_KEYS, OTHER):
        store = open_store(database_url, ledger_keys=keys)
        assert store.take_up_ledger_key(at=NOON, actor="the service") == MINE.in_force
        _note(store, 1)
        assert store.seal() == 0
        found = store.verify_ledger()
        assert (found.holds, found.fault, found.missing_key) == (False, None, MINE.in_force)
        store.close()
    assert keyed.seal() == 2
    assert keyed.verify_ledger().holds


def test_a_new_key_follows_the_old_one(keyed: SqlStore, database_url: str) -> None:
    both = LedgerKeys(b"n" * 32, b"k" * 32)
    store = open_store(database_url, ledger_keys=both)
    assert store.take_up_ledger_key(at=NOON, actor="the service") == ""
    assert store.verify_ledger().holds
    assert store.verify_ledger().links == 7
    assert keyed.verify_ledger().missing_key == both.in_force
    store.close()


def test_a_lost_key_is_followed_only_with_a_reason_that_stands_in_the_ledger(
    keyed: SqlStore, database_url: str
) -> None:
    store = open_store(database_url, ledger_keys=OTHER)
    assert store.take_up_ledger_key(at=NOON, actor="hana", lost="the disk died") == ""
    with store.read() as tx:
        line = tx.ledger()[-1]
        assert (line.actor, line.before, line.after, line.reason) == (
            "hana", MINE.in_force, OTHER.in_force, "the disk died",
        )  # fmt: skip
    assert store.verify_ledger().missing_key == MINE.in_force
    store.close()


def test_a_large_ledger_is_walked_in_little_memory(database_url: str) -> None:
    """Ten years of lines would have to fit into memory to be checked."""
    store = open_store(database_url, ledger_keys=MINE)
    engine = make_engine(Database.of(database_url)).execution_options(obligations_writes=True)
    with engine.begin() as connection:
        lines = [{"tenant": "", **asdict(replace(_LINE, reason=f"reason {n}"))} for n in range(3_000)]
        connection.execute(tables.ledger.insert(), lines)
    engine.dispose()
    while store.seal():
        pass
    tracemalloc.start()
    assert store.verify_ledger().links == 3_000
    with store.read() as tx:
        assert sum(1 for _ in tx.chain()) == 3_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    store.close()
    assert peak < 2_200_000  # all of them at once are 2.9 MB, and ten years of them a hundred times that
