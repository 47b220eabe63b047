"""What people read when the database is not there, and that it never shows a password."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from obligations.ports import Changes, StoreUnavailable
from obligations.store import SqlStore, open_store
from obligations.store.connect import Database
from obligations.testing.builders import a_change, a_contract, a_push


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///x.db?mode=secret",
        "secret",
        "",
        "oracle+x://secret@h",
        "postgresql+asyncpg://u:secret@h/d",
    ],
)
def test_a_url_that_is_none_of_ours_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"write sqlite:///path/to/obligations.db or postgresql://") as refused:
        open_store(url)
    assert "secret" not in str(refused.value)


def test_an_absent_server_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable) as away:
        open_store("postgresql://hr:hunter2@127.0.0.1:1/obligations?password=hunter2")
    said = str(away.value)
    assert said.startswith("PostgreSQL obligations at 127.0.0.1:1 cannot be used: ")
    assert "check that the server runs" in said
    assert "hunter2" not in said
    assert "\n" not in said


def test_an_absent_database_says_what_the_server_said(postgres_url: str) -> None:
    with pytest.raises(StoreUnavailable, match=r'database "nowhere" does not exist; check that the server runs'):
        open_store(postgres_url.replace("/test_", "/nowhere?ignored=").split("?")[0] + "?" + postgres_url.split("?")[1])


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Writing into somebody's document would destroy it."""
    path = tmp_path / "letter.db"
    path.write_text("Dear Ada, " * 200)
    with pytest.raises(
        StoreUnavailable,
        match=r"SQLite .*letter\.db is damaged, or no database: file is not a database\. .*check the path",
    ):
        open_store(f"sqlite:///{path}")
    assert path.read_text() == "Dear Ada, " * 200


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match=r"file/x\.db cannot be opened or made: .*; check the path"):
        open_store(f"sqlite:///{tmp_path}/file/x.db")


def test_a_lock_that_another_program_keeps_is_waited_for_and_then_named(sqlite_url: str) -> None:
    open_store(sqlite_url).close()
    other = sqlite3.connect(Database.of(sqlite_url).path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store = SqlStore(sqlite_url, patience_seconds=0.05)
    with pytest.raises(StoreUnavailable, match="is busy: another writer kept its lock"), store.write():
        pass
    with store.read() as tx:
        assert not tx.contracts()
    other.execute("COMMIT")
    with store.write() as tx:
        tx.put_contract(a_contract())
    other.close()
    store.close()


def test_a_write_inside_a_write_is_told_so_on_sqlite(sqlite_url: str) -> None:
    """It would wait for itself for ever."""
    open_store(sqlite_url).close()
    store = SqlStore(sqlite_url, patience_seconds=0.05)
    with store.write(), pytest.raises(StoreUnavailable, match="must not open another"), store.write():
        pass
    store.close()


def test_a_server_that_went_away_is_found_again(postgres_url: str) -> None:
    """A restart of PostgreSQL must not need one of the daemon."""
    import psycopg

    store = open_store(postgres_url)
    contract = a_contract()
    with ExitStack() as block:
        tx = block.enter_context(store.write())
        tx.put_contract(contract)
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(StoreUnavailable, match="cannot be used"):
            block.close()
    with store.write() as tx:
        assert tx.contract(contract.id) is None
        tx.put_contract(contract)
    store.close()


def test_a_server_that_is_stricter_by_default_changes_nothing(postgres_url: str) -> None:
    """Where everything is SERIALIZABLE unless said otherwise, daemons that claim side by side would end each other's
    claims."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(postgres_url, autocommit=True) as admin:
        name = admin.info.dbname
        admin.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'").format(sql.Identifier(name))
        )
    store = open_store(postgres_url)
    level = text("SELECT current_setting('transaction_isolation')")
    with store._reading() as connection:
        assert connection.execute(level).scalar_one() == "repeatable read"
    with store._committing() as connection:
        assert connection.execute(level).scalar_one() == "read committed"
    store.close()


def test_an_error_in_the_block_is_not_taken_for_the_stores(store: SqlStore) -> None:
    """A missing file of the caller's is not an absent database."""
    with pytest.raises(FileNotFoundError), store.read():
        os.stat("/nowhere/at/all")


def test_settings_that_keep_commits_through_a_power_cut(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with store._engine.connect() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]
    store.close()


def test_a_text_that_cannot_be_kept_is_no_trouble_with_the_server(postgres_url: str) -> None:
    """One such line, taken for a server that is away, would be waited for until somebody looks, and nothing sent."""
    store = open_store(postgres_url)
    broken = replace(a_contract("c"), title="a\0b")
    with pytest.raises(ValueError, match=r"PostgreSQL .* cannot keep a value: .*NUL"), store.write() as tx:
        tx.put_contract(broken)
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
    with pytest.raises(ValueError, match=r"PostgreSQL .* cannot keep a value: .*NUL"), store.write() as tx:
        tx.apply("c", Changes(deliveries=(a_change(a_push("c", name="a\0b")),)))
    store.close()
