"""A real daemon in a process of its own, made to be killed.

    python daemon_process.py DATABASE_URL PORT KILL_AT

Its receiver listens on the loopback PORT. KILL_AT is a step and a count such as `claimed:2`, `never`, or one of the two
points inside the store, `claim_commit` and `record_commit`: the statements were executed, the commit was not.
RECEIVER_HOST in the environment is where the receiver listens, LEASE_SECONDS another lease.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

from sqlalchemy import Connection, event

from obligations import logs
from obligations.clocks import SystemMachineClock, monotonic
from obligations.domain.delivery import Outcome, Verdict
from obligations.engine.daemon import Daemon
from obligations.engine.settings import EngineSettings
from obligations.engine.steps import KillAt, Steps
from obligations.ports import Claim
from obligations.store import SqlStore, open_hints
from obligations.testing.clocks import FixedClock
from tests.engine.stage import NOON

LEASE_SECONDS = float(os.environ.get("LEASE_SECONDS", "1.2"))
SETTINGS = EngineSettings(
    total_concurrency=4, timeout_seconds=LEASE_SECONDS / 2.4, lease_seconds=LEASE_SECONDS,
    store_wait_most_seconds=1, rescue_seconds=0.1, tick_seconds=0.2,
    flush_most=2, retry_delays_seconds=(0.1,) * 20, throttled_seconds=0.1,
)  # fmt: skip

# What is to go there kills its daemon, as a body does that a parser dies of.
POISON, DIED = "poison", 86


class Announcing(SqlStore):
    """The real store; it tells the receiver what it has written, and dies before a commit when it is told to."""

    def __init__(self, url: str, port: int, kill_at: str) -> None:
        super().__init__(url)
        self._port = port
        self._now_in = ""
        self._written = 0

        @event.listens_for(self._engine, "commit")
        def _last_moment(_connection: Connection) -> None:
            if self._now_in == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def claim(self, **asked: Any) -> Any:
        # The second claim, so that there is something in flight and something written when it dies.
        self._now_in = "claim_commit" if self._written else ""
        try:
            return super().claim(**asked)
        finally:
            self._now_in = ""

    def record(self, results: Any) -> Any:
        kept = list(results)
        self._now_in = "record_commit" if self._written else ""
        try:
            stale = super().record(kept)
        finally:
            self._now_in = ""
        self._written += len(kept)
        for result in kept:
            if result.claim.key not in stale and result.outcome.verdict is Verdict.DELIVERED:
                asyncio.run(say(self._port, f"recorded {result.claim.key}"))
        return stale


class Wire:
    """Says each key to the receiver and takes its word for the outcome."""

    name = "scripted"

    def __init__(self, port: int) -> None:
        self._port = port

    async def deliver(self, claim: Claim) -> Outcome:
        if claim.destination == POISON:
            os._exit(DIED)
        try:
            answer = await say(self._port, f"received {claim.key} {claim.body.decode()}")
        except OSError:
            return Outcome(Verdict.UNKNOWN, detail="cut off")
        return Outcome(Verdict.DELIVERED if answer == b"yes\n" else Verdict.UNKNOWN)

    async def check(self) -> str | None:
        return None

    async def close(self) -> None:
        return None


async def say(port: int, words: str) -> bytes:
    reader, writer = await asyncio.open_connection(os.environ.get("RECEIVER_HOST", "127.0.0.1"), port)
    try:
        writer.write(f"{words}\n".encode())
        return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


def main(url: str, port: int, kill_at: str) -> None:
    logs.configure()
    in_store = kill_at in ("claim_commit", "record_commit", "never")
    steps = Steps() if in_store else KillAt.parse(kill_at)
    machine = SystemMachineClock()
    store = Announcing(url, port, kill_at)

    async def serve() -> None:
        await Daemon(
            store, {"scripted": Wire(port)},
            clock=FixedClock(NOON), machine=machine, monotonic=monotonic, replan=lambda contract: None,
            exclusive=url.startswith("sqlite"), settings=SETTINGS, steps=steps,
            hints=open_hints(url),
        ).run()  # fmt: skip

    asyncio.run(serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
