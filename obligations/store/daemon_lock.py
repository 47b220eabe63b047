"""One daemon for one SQLite file. PostgreSQL takes any number."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from obligations.ports import StoreUnavailable
from obligations.store.connect import Database, cannot_open, create_file


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
    # One file may be called by several names; the lock belongs to the file. Hard links are refused: its log has a name.
    real = database.path.resolve()
    path = real.with_name(real.name + ".daemon")
    create_file(real)
    create_file(path)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_open(path, error) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            who = f" (process {holder})" if holder else ""
            raise StoreUnavailable(
                f"another daemon{who} already works on {database.path}: it holds {path}. An SQLite database takes one"
                " daemon; stop the other one first, or move to PostgreSQL to run several"
            ) from None
        except OSError as error:
            raise StoreUnavailable(
                f"{path} cannot be locked ({error.strerror or error}), as on some network file systems; put the"
                " database on a disk of this machine, or use PostgreSQL"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(handle)
