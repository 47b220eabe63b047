"""Receivers of every temper behind one port, in a process of their own, and the instant that each request came in.

    python -m tests.soak.takers

The first line on standard output is the port. A request's path is its destination and the way it is answered:
`/payroll/5ms`, `/office/hang`, `/office/drip`, `/office/429`. A line on standard input ends the process; it then prints
one line of JSON: each destination's arrivals, as pairs of a key and seconds since 1970.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict

from obligations.clocks import SystemMachineClock

_MACHINE = SystemMachineClock()
_DRIP_SECONDS = 0.25
_YES = b"HTTP/1.1 200 -\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_FULL = b"HTTP/1.1 429 -\r\nretry-after: 1\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
_LONG = b"HTTP/1.1 200 -\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n"


class Taker(asyncio.Protocol):
    """One connection, kept open as real receivers do."""

    def __init__(self, arrivals: dict[str, list[tuple[str, float]]]) -> None:
        self._arrivals = arrivals
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(fields.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        _, destination, way = lines[0].split(" ")[1].split("/")
        if "webhook-id" not in fields:
            self._say(_YES)  # somebody asks whether we are there
            return
        self._arrivals[destination].append((fields["webhook-id"], _MACHINE.now().timestamp()))
        self._answer(way)

    def _answer(self, way: str) -> None:
        if way == "429":
            self._say(_FULL)
        elif way == "drip":
            self._say(_LONG)
            self._drip()
        elif way != "hang":
            asyncio.get_running_loop().call_later(int(way.removesuffix("ms")) / 1000, self._say, _YES)

    def _drip(self) -> None:
        if self._transport is not None:
            self._say(b"x")
            asyncio.get_running_loop().call_later(_DRIP_SECONDS, self._drip)

    def _say(self, words: bytes) -> None:
        if self._transport is not None:
            self._transport.write(words)


async def _serve() -> None:
    arrivals: dict[str, list[tuple[str, float]]] = defaultdict(list)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Taker(arrivals), "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.readline)
    server.close()
    sys.stdout.write(f"{json.dumps(arrivals)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
