"""The installed daemons of a campaign: each a process of its own, with settings that name it to the receiver."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from obligations.clocks import SystemMachineClock, monotonic

END_SECONDS = 40.0
LEASE_SECONDS = 2.5
SENDER = "x-daemon"
DESTINATIONS = ("hr_system", "payroll", "system-0", "system-1", "system-2", "system-3")

CONFIG = """
database_url = "{database}"

[sending]
reminders = "console"

[engine]
total_concurrency = 8
timeout_seconds = 1
lease_seconds = {lease}
rescue_seconds = 0.2
flush_most = 4
throttled_seconds = 0.2
retry_delays_seconds = [{delays}]
action_late_most_seconds = 1e9
"""

DESTINATION = """
[connectors.http.destinations.{name}]
url = "{url}"
secret = "{secret}"
headers = {{ {sender} = "{daemon}" }}
"""


@dataclass(slots=True)
class Life:
    """One daemon from its start to its end. It has a worker's name and works once it is up."""

    process: subprocess.Popen[bytes]
    log_from: int
    started_at: datetime
    worker: str = ""
    up_at: datetime | None = None
    died_at: datetime | None = None


class House:
    """Daemons by name. Whatever happens, each is ended by its own id when the block ends."""

    def __init__(self, folder: Path, database: str, names: Sequence[str], url: str, secret: str) -> None:
        self._folder = folder
        self._machine = SystemMachineClock()
        self._running: dict[str, Life] = {}
        self._pause = Event()
        self.names = tuple(names)
        self.lives: list[Life] = []
        head = CONFIG.format(database=database, lease=LEASE_SECONDS, delays=", ".join(["0.2"] * 60))
        for name in names:
            tables = [
                DESTINATION.format(name=destination, url=url, secret=secret, sender=SENDER, daemon=name)
                for destination in DESTINATIONS
            ]
            (folder / f"{name}.toml").write_text(head + "".join(tables), encoding="utf-8")

    def __enter__(self) -> House:
        return self

    def __exit__(self, *error: object) -> None:
        for life in self._running.values():
            if life.process.poll() is None:
                life.process.kill()
            life.process.wait(END_SECONDS)

    def start(self, name: str, kill_at: str = "") -> None:
        """Start the daemon of that name, which may be made to die at a step."""
        environment: Mapping[str, str] = {
            **os.environ,
            "OBLIGATIONS_CONFIG": str(self._folder / f"{name}.toml"),
            "OBLIGATIONS_DANGEROUS_KILL_AT": kill_at,
        }
        with self.log(name).open("ab") as output:
            begins = output.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "obligations", "run"],
                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output,
            )  # fmt: skip
        self._running[name] = Life(process, begins, self._machine.now())
        self.lives.append(self._running[name])

    def wait_until_up(self, name: str, seconds: float) -> bool:
        """Whether the daemon works, and has not died of something, within the time."""
        life, give_up_at = self._running[name], monotonic() + seconds
        while life.process.poll() is None and monotonic() < give_up_at:
            if self._look(name, life):
                return True
            self._pause.wait(0.02)
        return self._look(name, life) and life.process.poll() is None

    def pid(self, name: str) -> int:
        """The process id of the daemon of that name."""
        return self._running[name].process.pid

    def kill(self, name: str) -> None:
        """End it as a power cut would, now."""
        self._running[name].process.send_signal(signal.SIGKILL)

    def died_within(self, name: str, seconds: float) -> bool:
        """Whether the daemon is gone, killed, by the end of that time; a death of another kind is a fault."""
        life = self._running[name]
        try:
            code = life.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        if code != -signal.SIGKILL:
            raise RuntimeError(f"the daemon {name} ended with {code}; see {self.log(name)}")
        life.died_at = self._machine.now()
        self._look(name, life)
        return True

    def stop_all(self) -> list[int]:
        """Ask every daemon to end; how each ended."""
        for name in self._running:
            self.wait_until_up(name, END_SECONDS)
        for life in self._running.values():
            life.process.send_signal(signal.SIGTERM)
        codes = [life.process.wait(END_SECONDS) for life in self._running.values()]
        for name, life in self._running.items():
            self._look(name, life)
        return codes

    def tracebacks(self) -> int:
        """How many daemons' logs hold one."""
        return sum("Traceback" in self.log(name).read_text(encoding="utf-8", errors="replace") for name in self.names)

    def _look(self, name: str, life: Life) -> bool:
        """Whether the log says that this life has begun its work."""
        if life.up_at is None:
            with self.log(name).open("rb") as said:
                said.seek(life.log_from)
                for line in said:
                    if b"the daemon starts" in line and line.endswith(b"\n"):
                        words = json.loads(line)
                        life.worker, life.up_at = words["worker"], datetime.fromisoformat(words["timestamp"])
                        break
        return life.up_at is not None

    def log(self, name: str) -> Path:
        """What the daemon of that name wrote, in all its lives."""
        return self._folder / f"{name}.log"
