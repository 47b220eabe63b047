"""The heartbeat speaks for the whole of the work, and falls silent with any part of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import count

from structlog.testing import capture_logs

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.operations.heartbeat import Heartbeat, HttpPing
from obligations.ports import Standing, StoreUnavailable
from obligations.store import SqlStore
from tests.engine.stage import NOON, Scripted, Stage, push, until
from tests.operations.asking import Passes, running

SECRET = "c0ffee-secret"


class Elsewhere:
    """Whoever is to raise the alarm: keeps the paths that were asked for, and answers as told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.told = asyncio.Event()
        self.status = 200
        self.silent = False
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{SECRET}?create=1"

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heard.append(head.split(b" ")[1].decode())
        self.told.set()
        if self.silent:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {self.status} x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK".encode())
        writer.close()


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    made = Elsewhere()
    server = await asyncio.start_server(made.meet, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@asynccontextmanager
async def beating(
    stage: Stage, there: Elsewhere, *, every_seconds: float = 1, seconds: Callable[[], float] | None = None
) -> AsyncIterator[Heartbeat]:
    """A heart whose seconds pass at each look, so that each pass is due to be told."""
    passing = count(0, 1)
    ping = HttpPing(there.url)
    heart = Heartbeat(
        ping, every_seconds=every_seconds, overdue_most_seconds=300, clock=stage.clock,
        monotonic=seconds or (lambda: float(next(passing))),
    )  # fmt: skip
    task = asyncio.create_task(heart.run())
    try:
        yield heart
    finally:
        task.cancel()
        await asyncio.wait({task})
        await ping.close()


async def test_a_whole_pass_is_told(stage: Stage, sqlite_url: str) -> None:
    async with elsewhere() as there, beating(stage, there) as heart, running(stage, sqlite_url, Scripted(), heart):
        await until(lambda: len(there.heard) >= 2, there.told)
    assert set(there.heard) == {f"/{SECRET}?create=1"}


async def test_a_dead_ticker_is_silence(stage: Stage, sqlite_url: str) -> None:
    """A heartbeat from a timer of its own would go on for years while nothing is sent."""
    async with elsewhere() as there, beating(stage, there) as heart:
        passes = Passes(heart)
        async with running(stage, sqlite_url, Scripted(), passes) as daemon:
            await until(lambda: bool(there.heard), there.told)
            daemon.pump.ticker.keep_alive = lambda: None  # type: ignore[method-assign]
            daemon.pump.ticker._scheduler.remove_all_jobs()
            # The work loop goes on by itself; what was begun ends, and then nothing is told any more.
            await until(_later(passes, 2), passes.told)
            before = (len(there.heard), passes.made)
            await until(_later(passes, 3), passes.told)
            assert (len(there.heard), passes.made) == before


def _later(passes: Passes, ticks: int) -> Callable[[], bool]:
    wanted = passes.ticks + ticks
    return lambda: passes.ticks >= wanted


async def test_a_stuck_work_loop_is_silence(stage: Stage, sqlite_url: str) -> None:
    """Housekeeping that goes on beside a loop that sends nothing must not pass for health."""
    async with elsewhere() as there, beating(stage, there) as heart:
        passes = Passes(heart)
        async with running(stage, sqlite_url, Scripted(), passes) as daemon:
            await until(lambda: bool(there.heard), there.told)
            looked = daemon.pump.counters
            stuck = asyncio.Event()

            async def hang() -> None:
                await stuck.wait()

            daemon.pump._beat = hang  # type: ignore[method-assign]
            daemon.pump.nudge()
            looks = asyncio.Event()
            real = looked.looked
            seen = 0

            def look(standing: Standing, *, clock_doubted: bool = False) -> None:
                nonlocal seen
                real(standing, clock_doubted=clock_doubted)
                seen += 1
                looks.set()

            looked.looked = look  # type: ignore[method-assign]
            await until(lambda: seen >= 3, looks)
            made = passes.made
            await until(lambda: seen >= 6, looks)
            assert passes.made == made
            stuck.set()


async def test_something_overdue_is_told_without_saying_what(stage: Stage, sqlite_url: str) -> None:
    class Away(Scripted):
        async def deliver(self, claim: object) -> Outcome:
            return Outcome(Verdict.RETRY)

    stage.plan(push("pay jane", at=NOON - timedelta(seconds=299)))
    async with elsewhere() as there, beating(stage, there) as heart, running(stage, sqlite_url, Away(), heart):
        await until(lambda: bool(there.heard), there.told)
        stage.clock.advance(seconds=2)
        await until(lambda: f"/{SECRET}/fail?create=1" in there.heard, there.told)
    assert there.heard[0] == f"/{SECRET}?create=1"
    assert set(there.heard) == {f"/{SECRET}?create=1", f"/{SECRET}/fail?create=1"}


async def test_a_database_that_cannot_be_written_is_told(stage: Stage, sqlite_url: str) -> None:
    class Full(SqlStore):
        def probe(self, at: object) -> None:
            raise StoreUnavailable("the disk is full")

    async with (
        elsewhere() as there,
        beating(stage, there) as heart,
        running(stage, sqlite_url, Scripted(), heart, store=Full(sqlite_url)),
    ):
        await until(lambda: bool(there.heard), there.told)
    assert set(there.heard) == {f"/{SECRET}/fail?create=1"}


async def test_a_hanging_listener_holds_nobody_up(stage: Stage, sqlite_url: str) -> None:
    stage.plan(push("pay"))
    async with elsewhere() as there:
        there.silent = True
        async with beating(stage, there) as heart:
            passes = Passes(heart)
            async with running(stage, sqlite_url, Scripted(), passes):
                await until(lambda: bool(there.heard), there.told)
                await until(lambda: passes.made >= 5, passes.told)
                assert stage.delivery("pay").state is DeliveryState.DELIVERED
        assert len(there.heard) == 1


async def test_a_heartbeat_that_does_not_get_through_is_said_once_and_without_its_url(
    stage: Stage, sqlite_url: str
) -> None:
    async with elsewhere() as there:
        there.status = 500
        with capture_logs() as lines:
            async with beating(stage, there) as heart, running(stage, sqlite_url, Scripted(), heart):
                await until(lambda: len(there.heard) >= 3, there.told)
                there.status = 200
                more = len(there.heard) + 2
                await until(lambda: len(there.heard) >= more, there.told)
    said = [line["event"] for line in lines if "heartbeat" in line["event"]]
    assert said == ["the heartbeat does not get through", "the heartbeat gets through again"]
    assert SECRET not in str(lines)


def _said(said: list[bool], many: int) -> bool:
    return len(said) == many


async def test_it_is_told_at_intervals_and_a_change_at_once(stage: Stage) -> None:
    """A service that is asked each second would ask not to be."""
    now = 0.0
    said: list[bool] = []
    told = asyncio.Event()

    async def ping(well: bool) -> None:
        said.append(well)
        told.set()

    heart = Heartbeat(
        ping, every_seconds=60, overdue_most_seconds=300, clock=stage.clock, monotonic=lambda: now
    )  # fmt: skip
    task = asyncio.create_task(heart.run())
    late = Standing(overdue=1, oldest_overdue_at=NOON - timedelta(seconds=301))
    for standing, at, (well, many) in (
        (Standing(), 0.0, (True, 1)),
        (Standing(), 59.0, (True, 1)),
        (late, 59.5, (False, 2)),
        (late, 100.0, (False, 2)),
        (Standing(), 101.0, (True, 3)),
        (Standing(), 161.0, (True, 4)),
    ):
        now = at
        heart.passed(standing)
        await until(partial(_said, said, many), told)
        assert said[-1] is well
    heart.failed()
    assert len(said) == 4
    now = 221.0
    heart.failed()
    await until(lambda: said[-1] is False, told)
    task.cancel()
    await asyncio.wait({task})
