"""How the tests ask: a running daemon with its signs, and plain requests over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from obligations.clocks import monotonic
from obligations.engine.counters import Counters
from obligations.engine.daemon import Daemon
from obligations.engine.settings import EngineSettings
from obligations.engine.signs import Signs
from obligations.operations.figures import Figures
from obligations.operations.health import Health
from obligations.operations.listener import Listener
from obligations.ports import Connector, Standing, Store
from obligations.store import open_store
from obligations.store.migrate import HEAD
from obligations.testing.clocks import FixedMachineClock
from tests.engine.stage import Stage, middle

QUICK = EngineSettings(
    tick_seconds=0.05, store_wait_seconds=0.01, store_wait_most_seconds=0.05, rescue_seconds=0.05, seal_seconds=60,
    probe_seconds=0.05, flush_seconds=0.001,
)  # fmt: skip


class Passes(Signs):
    """Counts whole passes, says when one was made, and hands everything on."""

    def __init__(self, then: Signs | None = None) -> None:
        self.then = then or Signs()
        self.ticks = 0
        self.made = 0
        self.told = asyncio.Event()

    def ticked(self) -> None:
        self.ticks += 1
        self.then.ticked()
        self.told.set()

    def passed(self, standing: Standing) -> None:
        self.made += 1
        self.then.passed(standing)
        self.told.set()

    def failed(self) -> None:
        self.then.failed()
        self.told.set()

    def stopping(self) -> None:
        self.then.stopping()


@asynccontextmanager
async def running(
    stage: Stage, url: str, connector: Connector, signs: Signs, *, counters: Counters | None = None,
    store: Store | None = None, settings: EngineSettings = QUICK,
) -> AsyncIterator[Daemon]:  # fmt: skip
    """A daemon at work while the block runs, ended cleanly."""
    daemon = Daemon(
        store or open_store(url), {"scripted": connector},
        clock=stage.clock, machine=stage.machine, monotonic=monotonic, replan=lambda contract: None,
        settings=settings, chance=middle, counters=counters, signs=signs,
    )  # fmt: skip
    working = asyncio.create_task(daemon.run())
    try:
        yield daemon
    finally:
        daemon.stop()
        await working


@asynccontextmanager
async def listening(
    stage: Stage,
    counters: Counters,
    *,
    address: str = "127.0.0.1:0",
    machine: FixedMachineClock | None = None,
    **more: Any,
) -> AsyncIterator[Listener]:
    """The listener over these figures."""
    listener = Listener(
        address,
        Health(counters, machine or stage.machine, EngineSettings(), schema=HEAD),
        Figures(counters, stage.clock, connectors=["scripted"], version="1.2.3"),
        **more,
    )
    await listener.open()
    try:
        yield listener
    finally:
        await listener.close()


async def ask(port: int, path: str, *, method: str = "GET", headers: str = "") -> tuple[int, str]:
    """The status and the body of one answer."""
    return await exchange(port, f"{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())


async def exchange(port: int, request: bytes) -> tuple[int, str]:
    """What comes back for these bytes; status 0 where the connection was cut."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    return await _exchange(reader, writer, request)


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, str]:
    try:
        writer.write(request)
        async with asyncio.timeout(20):
            answer = await reader.read()
    except ConnectionError:
        return 0, ""
    finally:
        writer.close()
    head, _, body = answer.decode().partition("\r\n\r\n")
    return (int(head.split(" ")[1]) if head else 0), body


async def ask_unix(path: str, page: str) -> tuple[int, str]:
    """The same over a unix socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    return await _exchange(reader, writer, f"GET {page} HTTP/1.1\r\n\r\n".encode())
