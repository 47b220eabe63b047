"""What a supervisor hears over its socket, and that it hears nothing of a work loop that stands still."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from config.shipped import service_unit
from obligations.engine.settings import EngineSettings
from obligations.operations.systemd import Supervisor
from obligations.store import SqlStore
from tests.engine.stage import Scripted, Stage, until
from tests.operations.asking import Passes, running


@pytest.fixture(params=["path", "abstract"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The socket of a supervisor, and what NOTIFY_SOCKET says of it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@obligations-{tmp_path.name}-{id(request)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + name[1:] if name.startswith("@") else name)
        heard.setblocking(False)
        yield heard, name


def _words(heard: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(heard.recv(4096).decode())
        except BlockingIOError:
            return found


def _told(name: str) -> Supervisor:
    """One that feeds the watchdog at each tick: its seconds pass fast."""
    seconds = count()
    return Supervisor({"NOTIFY_SOCKET": name}, lambda: float(next(seconds)))


async def test_the_supervisor_hears_the_daemon_s_life_in_order(
    stage: Stage, sqlite_url: str, supervisor: tuple[socket.socket, str]
) -> None:
    heard, name = supervisor
    speaks = _told(name)
    passes = Passes(speaks)
    async with running(stage, sqlite_url, Scripted(), passes):
        await until(lambda: passes.made >= 2 and passes.ticks >= 3, passes.told)
    words = _words(heard)
    speaks.close()
    assert words[:2] == ["READY=1", "WATCHDOG=1"]
    assert words.count("READY=1") == 1
    assert words.count("WATCHDOG=1") >= 3
    assert "STATUS=overdue 0, unknown 0, parked 0, awaiting approval 0" in words
    stopping = words.index("STOPPING=1\nSTATUS=waiting for the answers that are out")
    assert "WATCHDOG=1" not in words[stopping + 2 :]


async def test_a_work_loop_that_hangs_feeds_no_watchdog(
    stage: Stage, sqlite_url: str, supervisor: tuple[socket.socket, str]
) -> None:
    """A timer beside the loop would keep a daemon running that sends nothing any more."""
    heard, name = supervisor
    speaks = _told(name)
    passes = Passes(speaks)
    free, hangs, beats = threading.Event(), threading.Event(), asyncio.Event()
    beaten = 0

    class Hung(SqlStore):
        def next_wake(self, full: Collection[str] = (), **asked: Any) -> Any:
            if hangs.is_set():
                free.wait(20)
            return super().next_wake(full, **asked)

    def beat() -> None:
        nonlocal beaten
        beaten += 1
        beats.set()

    async with running(stage, sqlite_url, Scripted(), passes, store=Hung(sqlite_url)) as daemon:
        await until(lambda: passes.made >= 1, passes.told)
        hangs.set()
        daemon.pump.ticker.stop()
        daemon.pump.ticker.every("test", 0.05, beat)
        daemon.pump.ticker.start()
        await until(lambda: beaten >= 2, beats)
        _words(heard)
        before = beaten
        await until(lambda: beaten >= before + 5, beats)
        silent = _words(heard)
        free.set()
        hangs.clear()
    speaks.close()
    assert silent == []


def test_nobody_listening_is_nobody_s_problem(tmp_path: Path) -> None:
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        speaks = Supervisor(environment, lambda: 0.0)
        speaks.ticked()
        speaks.stopping()
        speaks.close()


def test_the_watchdog_is_fed_once_a_second_at_most(tmp_path: Path) -> None:
    """Ten thousand due deliveries would otherwise mean as many datagrams."""
    now = 0.0
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name)
        heard.setblocking(False)
        speaks = Supervisor({"NOTIFY_SOCKET": name}, lambda: now)
        for _ in range(50):
            speaks.ticked()
        now = 1.0
        speaks.ticked()
        assert _words(heard) == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        speaks.close()


HARDENED = """
Type=notify TimeoutStartSec=infinity WatchdogSec=30 Restart=always After=time-sync.target
ProtectSystem=strict NoNewPrivileges=yes StateDirectory=obligations LoadCredential=
""".split()


def test_the_shipped_unit_is_hardened() -> None:
    """Without its time to start, an upgrade of a large database would be ended on the way, again and again."""
    unit = service_unit()
    for line in HARDENED:
        assert line in unit, line
    (stop,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(stop) > EngineSettings().grace_seconds + 5


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_the_shipped_unit(tmp_path: Path) -> None:
    unit = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", service_unit(), flags=re.MULTILINE)
    path = tmp_path / "obligations.service"
    path.write_text(unit, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert "obligations.service" not in done.stdout + done.stderr, done.stderr
