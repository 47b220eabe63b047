"""Who is measured: this project, a bare loop, and APScheduler with a job for each push."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks import ours
from benchmarks.processes import run, start
from benchmarks.work import AT_ONCE, Wanted


@dataclass(frozen=True)
class Subject:
    """One of them on one kind of database."""

    name: str
    kind: str

    def store(self, url: str, wanted: Wanted, at_once: int = AT_ONCE) -> dict[str, float]:
        """Stores pushes in a process of its own; returns the seconds and the CPU seconds that took."""
        match self.name:
            case "Obligations":
                said = run("benchmarks.ours", url, str(at_once), *wanted.arguments())
            case "bare loop":
                said = run("benchmarks.bare", "store", url, str(at_once), *wanted.arguments())
            case _:
                said = run("benchmarks.jobs", "store", url, str(at_once), *wanted.arguments())
        found: dict[str, float] = json.loads(said)
        return found

    def serve(self, url: str, folder: Path, port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """A daemon of theirs, which sends what is due to that port."""
        match self.name:
            case "Obligations":
                extra = ours.settings(folder, url, port)
                return start("obligations", "run", log=log, extra=extra)
            case "bare loop":
                return start("benchmarks.bare", "serve", url, str(port), log=log)
            case _:
                return start("benchmarks.jobs", "serve", url, str(port), log=log)


OURS, BARE, JOBS = "Obligations", "bare loop", "APScheduler"
SQLITE = (Subject(BARE, "SQLite"), Subject(JOBS, "SQLite"), Subject(OURS, "SQLite"))
POSTGRES = (Subject(BARE, "PostgreSQL"), Subject(OURS, "PostgreSQL"))
