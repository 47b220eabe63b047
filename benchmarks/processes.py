"""Processes of the benchmark: started, looked at, and ended; what they cost is read from the system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple

TOP = Path(__file__).resolve().parent.parent
_TICK = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """CPU seconds since the start, and mebibytes of memory now."""

    cpu_seconds: float
    rss_mib: float


def environment(**more: str) -> dict[str, str]:
    """What a child needs to find this project, and nothing that steers another installation."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("OBLIGATIONS_")}
    return {**ours, "PYTHONPATH": str(TOP), **more}


def start(
    module: str, *arguments: str, log: IO[bytes] | int | None = None, extra: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A module of ours in a process of its own."""
    said = log if log is not None else subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], cwd=TOP, env=environment(**(extra or {})), stdout=said, stderr=said
    )


def run(module: str, *arguments: str) -> str:
    """What a module prints; raises when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=TOP, env=environment(), stdout=subprocess.PIPE, check=True
    )
    return done.stdout.decode().strip()


def spent(processes: Sequence[subprocess.Popen[bytes]]) -> Spent:
    """What they cost so far, together; the memory is of the largest."""
    cpu, rss = 0.0, 0.0
    for process in processes:
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        cpu += (int(fields[11]) + int(fields[12])) / _TICK
        rss = max(rss, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)
    return Spent(cpu, rss)


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ended at once, as a power cut would."""
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


def load() -> str:
    """How busy the machine was over the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def until(arrived: float) -> None:
    """Waits for an instant of the wall clock."""
    time.sleep(max(0.0, arrived - time.time()))
