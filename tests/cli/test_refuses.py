"""A daemon does not start on a database that it could not keep its promises with, and says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from obligations.store import open_store
from obligations.testing.builders import a_contract
from tests.cli.terminal import Terminal, is_one_message


@pytest.fixture
def installed(terminal: Terminal) -> Terminal:
    """An installation with two hundred contracts."""
    terminal.env |= {"OBLIGATIONS_SENDING__REMINDERS": "console", "OBLIGATIONS_SENDING__ACTIONS": "console"}
    store = open_store(f"sqlite:///{terminal.database}")
    with store.write() as tx:
        for n in range(200):
            tx.put_contract(a_contract(f"c{n}"))
    store.close()
    with sqlite3.connect(terminal.database) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
    raw.close()
    return terminal


def _flipped(at: Callable[[Path], int], length: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        begin = at(path)
        content[begin : begin + length] = bytes(byte ^ 0xFF for byte in content[begin : begin + length])
        path.write_bytes(content)

    return damage


def _contracts(path: Path) -> int:
    with sqlite3.connect(path) as raw:
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'contract'").fetchone()
    raw.close()
    return int(page - 1) * 4096


def _read_only(path: Path) -> None:
    """A file whose format only newer libraries may write; a superuser, too, is then refused by SQLite itself."""
    content = bytearray(path.read_bytes())
    content[18] = 3
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flipped(lambda _: 0, 16), "is damaged"),
        (_flipped(lambda _: 100, 200), "is damaged"),
        (_flipped(_contracts, 300), "is damaged"),
        (_read_only, "cannot be written"),
    ],
    ids=["the header", "the schema", "a table", "read-only"],
)
def test_a_damaged_or_read_only_file_is_refused_with_78(
    installed: Terminal, damage: Callable[[Path], None], said: str
) -> None:
    """It would send, and could not write down that it did."""
    damage(installed.database)
    before = installed.database.read_bytes()
    refused = installed.run("run")
    assert is_one_message(refused, code=78), refused
    assert said in refused.err
    assert str(installed.database) in refused.err
    assert installed.database.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="a superuser may write any file")
def test_a_file_that_this_user_may_not_write_is_refused_with_78(installed: Terminal) -> None:
    installed.database.chmod(0o400)
    assert is_one_message(installed.run("run"), code=78)


def test_a_newer_program_s_database_is_refused_with_78(installed: Terminal) -> None:
    with sqlite3.connect(installed.database) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    refused = installed.run("run")
    assert is_one_message(refused, code=78)
    assert "install the newer version" in refused.err
