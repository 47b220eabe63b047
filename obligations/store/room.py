"""Whether an SQLite file has room to grow, asked before anything is sent: what is sent must be recorded."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from obligations.ports import StoreUnavailable

# Far more than the results of everything that can be in flight, and the write-ahead log they go through.
RESERVE_BYTES = 16 * 1024 * 1024
_MEBI = 1024 * 1024


class NoRoom(StoreUnavailable):
    """The disk, or what this process may write, is nearly used up. Nothing is lost; make room and it goes on."""


def must_have_room(path: Path) -> None:
    """Raises `NoRoom` when the file could soon not be written. Costs four system calls."""
    most, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if most != resource.RLIM_INFINITY:
        widest = max(_size(path), _size(path.with_name(path.name + "-wal")))
        if widest + RESERVE_BYTES > most:
            raise NoRoom(
                f"SQLite {path} has no room to grow: this process may write files of up to {most // _MEBI} MiB, and the"
                " database or its log comes near that; raise the limit (ulimit -f, LimitFSIZE=)"
            )
    disk = os.statvfs(path.parent)
    free = disk.f_bavail * disk.f_frsize
    if free < RESERVE_BYTES:
        raise NoRoom(
            f"SQLite {path} has no room to grow: its disk has {free // _MEBI} MiB left; make room,"
            f" {RESERVE_BYTES // _MEBI} MiB at least"
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
