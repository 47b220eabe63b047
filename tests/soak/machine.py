"""What the machine did beside a campaign: seconds are promised of one that has nothing else to do."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from obligations.clocks import monotonic

# Of all the time that its cores had. Beyond it, nobody can say whose fault a late second was.
BUSY_SHARE = 0.10
_TICKS = os.sysconf("SC_CLK_TCK")


class Machine:
    """Counts from when it is made. `servers` are processes of the campaign that others started, by id."""

    def __init__(self, *servers: int) -> None:
        self._servers = servers
        self._from = monotonic()
        self._busy, self._ours = _busy_seconds(), self._our_seconds()

    def others_share(self) -> float | None:
        """The share of the machine's time that went to others; None where the system does not tell. Daemons count once
        they have ended."""
        busy = _busy_seconds()
        if busy is None or self._busy is None:
            return None
        others = busy - self._busy - (self._our_seconds() - self._ours)
        return max(0.0, others) / ((monotonic() - self._from) * (os.cpu_count() or 1))

    def _our_seconds(self) -> float:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(one.ru_utime + one.ru_stime for one in used) + sum(_seconds_of(pid) for pid in self._servers)


def resident_bytes(pid: int) -> int:
    """The memory a process holds now; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def _busy_seconds() -> float | None:
    try:
        line = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    user, nice, system, _idle, _waits, interrupts, softly = map(int, line.split()[1:8])
    return (user + nice + system + interrupts + softly) / _TICKS


def _seconds_of(pid: int) -> float:
    """Of the process, and of those it started that have ended."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, words[11:15])) / _TICKS
