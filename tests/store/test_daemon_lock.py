"""One daemon for one SQLite file."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from obligations.ports import StoreUnavailable
from obligations.store import daemon_lock, file_system, migrate
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


def test_a_linked_folder_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with (
        daemon_lock(f"sqlite:///{tmp_path}/data/o.sqlite3"),
        pytest.raises(StoreUnavailable, match="another daemon"),
        daemon_lock(f"sqlite:///{tmp_path}/link/../link/o.sqlite3"),
    ):
        pass


def test_a_second_name_of_the_file_itself_is_refused(tmp_path: Path) -> None:
    """By a hard link two daemons would each have a lock and a log of their own, and the file would not outlive it."""
    file = tmp_path / "o.sqlite3"
    migrate(f"sqlite:///{file}")
    (tmp_path / "again.sqlite3").hardlink_to(file)
    for url in (f"sqlite:///{file}", f"sqlite:///{tmp_path}/again.sqlite3"):
        with pytest.raises(StoreUnavailable, match="has 2 names"), daemon_lock(url):
            pass
        with pytest.raises(StoreUnavailable, match="Remove the other names"):
            migrate(url)


@pytest.mark.parametrize("umask", [0o000, 0o027, 0o377])
def test_whatever_the_umask_the_owner_can_start_again_and_nobody_else_reads(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with daemon_lock(f"sqlite:///{tmp_path}/o.sqlite3"):
            pass
    finally:
        os.umask(before)
    assert {stat.S_IMODE(it.stat().st_mode) for it in tmp_path.iterdir()} == {0o600}


def test_a_lock_of_another_user_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "o.sqlite3.daemon").mkdir()
    with (
        pytest.raises(StoreUnavailable, match=r"o\.sqlite3\.daemon cannot be opened or made: .*; check the path"),
        daemon_lock(f"sqlite:///{tmp_path}/o.sqlite3"),
    ):
        pass


def test_a_file_system_that_locks_nothing_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with (
        pytest.raises(StoreUnavailable, match="cannot be locked"),
        daemon_lock(f"sqlite:///{tmp_path}/o.sqlite3"),
    ):
        pass


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "fuse.rclone"])
def test_a_disk_of_another_machine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Two machines would both be let in, and the log, which rests on shared memory, would be torn."""
    device = os.stat(tmp_path).st_dev
    mounts = tmp_path / "mounts"
    line = f"36 25 {os.major(device)}:{os.minor(device)} / /mnt rw - {kind} server:/export rw\n"
    mounts.write_text(f"25 1 0:1 / / rw - overlay overlay rw\n{line}")
    monkeypatch.setattr(file_system, "MOUNTS", mounts)
    url = f"sqlite:///{tmp_path}/o.sqlite3"
    with pytest.raises(StoreUnavailable, match=rf"network file system \({kind}\)"), daemon_lock(url):
        pass
    with pytest.raises(StoreUnavailable, match="use PostgreSQL"):
        migrate(url)
    mounts.write_text(line.replace(kind, "ext4"))
    migrate(url)


def test_this_machine_s_own_list_of_mounts_can_be_read(tmp_path: Path) -> None:
    if not file_system.MOUNTS.exists():
        pytest.skip("no /proc here")
    mounts = file_system.MOUNTS.read_text()
    assert any(file_system.kind_of(os.stat(it).st_dev, mounts) for it in ("/", "/proc"))
