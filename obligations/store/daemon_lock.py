"""One daemon for one SQLite file. PostgreSQL takes any number."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obligations.ports import StoreUnavailable
from obligations.store.connect import Database, cannot_open, create_file

# The lock files this process holds itself. A process id would not tell: every container has a process 1.
_ours: set[Path] = set()


@contextmanager
def daemon_lock(url: str) -> Iterator[None]:
    """Holds the right to run a daemon on the database while the block runs.

    On SQLite this is a lock on `<file>.daemon`, which the system releases when the process ends, however it ends. On
    PostgreSQL leases make daemons safe beside each other and nothing is locked.

    Raises:
        StoreUnavailable: another daemon runs on the file, or the lock file cannot be made.
    """
    database = Database.of(url)
    if not database.is_sqlite:
        yield
        return
    path = _lock_file(database)
    create_file(database.path.resolve())
    create_file(path)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_open(path, error) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable(
                f"another daemon{_holder(handle)} already works on {database.path}: it holds {path}. An SQLite database"
                " takes one daemon; stop the other one first. Several work on a PostgreSQL, into which nothing is"
                " carried over: a new installation, to which the contracts are added anew"
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"{path} cannot be locked ({error.strerror or error}), as on some network file systems; put the"
                " database on a disk of this machine, or use PostgreSQL"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        _ours.add(path)
        try:
            yield
        finally:
            _ours.discard(path)
    finally:
        os.close(handle)


def refuse_under_a_daemon(database: Database, what: str) -> None:
    """Raises `StoreUnavailable` where a daemon of another process works on an SQLite file; `what` it was to be spared.

    On PostgreSQL nobody can tell, and nothing is refused.
    """
    if not database.is_sqlite or (path := _lock_file(database)) in _ours:
        return
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # no daemon ever worked here
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        raise StoreUnavailable(
            f"a daemon{_holder(handle)} works on {database.path}, and {what}. Nothing was changed: stop the daemon"
            " first, or run its own version of this program"
        ) from None
    except OSError:
        return  # what locks nothing is refused elsewhere
    finally:
        os.close(handle)


def _lock_file(database: Database) -> Path:
    # One file may be called by several names; the lock belongs to the file. Hard links are refused: its log has a name.
    real = database.path.resolve()
    return real.with_name(real.name + ".daemon")


def _holder(handle: int) -> str:
    process = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
    return f" (process {process})" if process else ""
