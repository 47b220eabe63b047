"""A back-up is whole or not there, whatever happens while it is made."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from obligations.domain.ledger_chain import LedgerKeys, heads_in
from obligations.ports import LedgerEntry
from obligations.store import open_store
from obligations.store.backup import NotDone, back_up, manifest_of, put_back
from obligations.store.connect import Database
from obligations.testing.builders import NOON, a_contract

_LINE = LedgerEntry(NOON, "bea", "approved", "c", "push")


def test_it_is_made_beside_a_writer_and_holds_what_was_committed(sqlite_url: str, tmp_path: Path) -> None:
    """A daemon would have to be stopped for a back-up, so nobody would make any."""
    store = open_store(sqlite_url)
    with store.write() as tx:
        tx.put_contract(a_contract("committed"))
    with store.write() as tx:
        tx.put_contract(a_contract("not-yet"))
        made = back_up(sqlite_url, tmp_path / "copy.db", at=NOON)
    assert made.rows["contract"] == 1
    store.close()
    copy = open_store(f"sqlite:///{tmp_path}/copy.db")
    with copy.read() as tx:
        assert [one.id for one in tx.contracts()] == ["committed"]
    copy.close()


def test_its_manifest_is_a_checkpoint_of_the_ledger(sqlite_url: str, tmp_path: Path) -> None:
    keys = LedgerKeys(b"k" * 32)
    store = open_store(sqlite_url, ledger_keys=keys)
    with store.write() as tx:
        for n in range(3):
            tx.note(replace(_LINE, reason=str(n)))
    store.seal()
    back_up(sqlite_url, tmp_path / "copy.db", at=NOON)
    heads = list(heads_in(manifest_of(tmp_path / "copy.db").read_text(encoding="utf-8")))
    assert [head.seq for head in heads] == [3]
    assert store.verify_ledger(heads).holds
    store.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """What a full disk does to whoever writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_leaves_nothing_behind(sqlite_url: str, tmp_path: Path) -> None:
    """Half a back-up would be found on the day it is needed."""
    store = open_store(sqlite_url)
    with store.write() as tx:
        tx.put_contract(replace(a_contract(), source="# long\n" * 40_000))
    store.close()
    folder = tmp_path / "copies"
    folder.mkdir()
    with files_no_larger_than(100_000), pytest.raises(NotDone, match=r"was not backed up to .*room"):
        back_up(sqlite_url, folder / "copy.db", at=NOON)
    assert list(folder.iterdir()) == []
    back_up(sqlite_url, folder / "copy.db", at=NOON)


def test_a_damaged_database_is_not_passed_off_as_a_back_up(sqlite_url: str, tmp_path: Path) -> None:
    store = open_store(sqlite_url)
    with store.write() as tx:
        for n in range(200):
            tx.put_contract(a_contract(f"c{n}"))
    store.close()
    path = Database.of(sqlite_url).path
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'contract'").fetchone()
    raw.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 + 8 : (page - 1) * 4096 + 200] = bytes(192)
    path.write_bytes(content)
    with pytest.raises(NotDone):
        back_up(sqlite_url, tmp_path / "copy.db", at=NOON)
    assert not (tmp_path / "copy.db").exists()


def test_a_restoring_that_fails_half_way_leaves_the_database(sqlite_url: str, tmp_path: Path) -> None:
    """The database would be gone, and the back-up not there yet."""
    store = open_store(sqlite_url)
    back_up(sqlite_url, tmp_path / "copy.db", at=NOON)
    with store.write() as tx:
        tx.put_contract(a_contract("later"))
    store.close()
    with suppress(ZeroDivisionError), put_back(sqlite_url, tmp_path / "copy.db", at=NOON) as (draft, _, before):
        open_store(draft, keep_copy=False).close()
        assert before is not None
        raise ZeroDivisionError
    again = open_store(sqlite_url)
    with again.read() as tx:
        assert [one.id for one in tx.contracts()] == ["later"]
    again.close()
    path = Database.of(sqlite_url).path
    assert {one.name.partition("-")[0] for one in path.parent.iterdir()} == {path.name, f"{path.name}.daemon"}
