"""A daemon does not start on a database that it could not keep its promises with, and says what to do."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from obligations.store import file_system, open_store
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


@pytest.mark.parametrize("there", [True, False], ids=["a database", "none yet"])
def test_a_database_on_a_disk_of_another_machine_is_refused_with_78(
    installed: Terminal, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """Two daemons on two machines would both believe that they are alone, and pay twice."""
    if not there:
        installed.database.unlink()
    device = os.stat(installed.database.parent).st_dev
    mounts = installed.write(
        "mounts", f"36 25 {os.major(device)}:{os.minor(device)} / /srv rw - nfs4 server:/export rw,vers=4.2\n"
    )
    monkeypatch.setattr(file_system, "MOUNTS", mounts)
    before = sorted(it.name for it in installed.database.parent.iterdir())
    refused = installed.run("run")
    assert is_one_message(refused, code=78), refused
    assert f"{installed.database} lies on a network file system (nfs4)" in refused.err
    assert "use PostgreSQL" in refused.err
    assert sorted(it.name for it in installed.database.parent.iterdir()) == before
