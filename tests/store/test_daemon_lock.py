"""One daemon for one SQLite file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from obligations.ports import StoreUnavailable
from obligations.store import daemon_lock, migrate
from obligations.store.connect import Database

_HOLD = """
import sys
from obligations.store import daemon_lock
with daemon_lock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_daemon_is_turned_away_in_words(sqlite_url: str) -> None:
    """Two daemons on one file would rescue each other's work and send it twice."""
    path = Database.of(sqlite_url).path
    with daemon_lock(sqlite_url), pytest.raises(StoreUnavailable) as refused, daemon_lock(sqlite_url):
        pass
    said = str(refused.value)
    assert f"process {os.getpid()}" in said
    assert f"{path}.daemon" in said
    assert "stop the other one first" in said
    with daemon_lock(sqlite_url):
        pass


def test_a_killed_daemon_leaves_no_lock(sqlite_url: str) -> None:
    """A crash must not need a person to remove a file before the deadlines go on."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, sqlite_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreUnavailable, match=f"process {other.pid}"), daemon_lock(sqlite_url):
            pass
        other.send_signal(signal.SIGKILL)
        other.wait()
        with daemon_lock(sqlite_url):
            pass


def test_postgres_takes_any_number() -> None:
    with daemon_lock("postgresql://db.example/obligations"), daemon_lock("postgresql://db.example/obligations"):
        pass


def test_one_file_under_two_names_takes_one_daemon(tmp_path: Path) -> None:
    """A second daemon through a link would send again what the first has in its hands."""
    file, link = tmp_path / "o.sqlite3", tmp_path / "link.sqlite3"
    migrate(f"sqlite:///{file}")
    link.symlink_to(file)
    with (
        daemon_lock(f"sqlite:///{file}"),
        pytest.raises(StoreUnavailable, match="another daemon"),
        daemon_lock(f"sqlite:///{link}"),
    ):
        pass
