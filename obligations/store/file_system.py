"""Where an SQLite file may lie: on a disk of this machine, under one name."""

from __future__ import annotations

import os
from pathlib import Path

from obligations.ports import StoreUnusable

MOUNTS = Path("/proc/self/mountinfo")
# Between machines neither locks nor the shared memory of the write-ahead log hold.
_NETWORK = frozenset(
    "nfs nfs4 cifs smb3 smbfs ncpfs afs ceph glusterfs lustre gpfs beegfs pvfs2 orangefs coda davfs".split()
)
_NETWORK_FUSE = (
    "sshfs", "glusterfs", "ceph", "s3fs", "rclone", "gcsfuse", "davfs", "smbnetfs", "curlftpfs", "juicefs",
)  # fmt: skip


def refuse_elsewhere(file: Path) -> None:
    """Raises `StoreUnusable` where the file lies on another machine's disk, or has a second name.

    What cannot be found out is let pass.
    """
    try:
        names = os.stat(file).st_nlink
    except OSError:
        return
    if names > 1:
        raise StoreUnusable(
            f"{file} has {names} names (hard links), and SQLite keeps a log beside each name: two programs"
            " that come by different names destroy it. Remove the other names; a symbolic link does no harm"
        )
    refuse_network(file, file)


def refuse_network(place: Path, file: Path) -> None:
    """Raises `StoreUnusable` for the file where the place, itself or its folder, is on another machine's disk."""
    if kind := network_kind(place):
        raise StoreUnusable(
            f"{file} lies on a network file system ({kind}), where SQLite loses data when two programs meet; put it on"
            " a disk of this machine, or use PostgreSQL"
        )


def network_kind(place: Path) -> str | None:
    """The kind of network file system that a place lies on; empty on a disk of this machine, None where that cannot be
    found out."""
    try:
        device = os.stat(place).st_dev
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    kind = kind_of(device, mounts)
    is_network = kind in _NETWORK or kind.startswith(tuple(f"fuse.{name}" for name in _NETWORK_FUSE))
    return kind if is_network else ""


def kind_of(device: int, mounts: str) -> str:
    """The kind of file system that a device number stands for, by the system's list of mounts; empty when it is none
    of them.

    >>> kind_of(os.makedev(0, 52), "36 25 0:52 / /srv rw,relatime shared:1 - nfs4 server:/export rw,vers=4.2")
    'nfs4'
    """
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        mount, _, rest = line.partition(" - ")
        if mount.split(" ")[2:3] == [wanted]:
            return rest.partition(" ")[0]
    return ""
