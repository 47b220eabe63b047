"""A small HTTP listener for monitors: three pages, GET and HEAD, nothing kept open, everything bounded.

It shares the loop with sending, so a request may cost neither time nor memory: a head of 8 KiB at most, five seconds
for all of it, so many connections at once and no more.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import structlog

from obligations.operations.figures import CONTENT_TYPE, Figures
from obligations.operations.health import Health

_log = structlog.get_logger()

HEAD_BYTES = 8 * 1024
REQUEST_SECONDS = 5.0
CONNECTIONS = 32
PLAIN = "text/plain; charset=utf-8"


class Refused(Exception):
    """The request gets this answer and nothing else."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Listener:
    """Serves `/livez`, `/readyz` and `/metrics`. Why it is not ready is for holders of the token alone."""

    def __init__(
        self, address: str, health: Health, figures: Figures, *, token: str = "", seconds: float = REQUEST_SECONDS
    ) -> None:
        self._address = address
        self._health = health
        self._figures = figures
        self._token = token.encode()
        self._seconds = seconds
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen from now on. An address that cannot be had is an alarm, and the work goes on without monitors."""
        try:
            if self._address.startswith("unix:"):
                path = self._address.removeprefix("unix:")
                _clear(Path(path))
                self._server = await asyncio.start_unix_server(self._meet, path, limit=HEAD_BYTES)
                os.chmod(path, 0o660)
            else:
                host, _, port = self._address.rpartition(":")
                self._server = await asyncio.start_server(
                    self._meet, host.strip("[]"), int(port), limit=HEAD_BYTES, backlog=CONNECTIONS
                )
        except OSError as error:
            _log.error("health and metrics cannot be served; the work goes on without", error=type(error).__name__)

    @property
    def port(self) -> int:
        """The port it listens on; 0 on a unix socket, or when it does not."""
        name = self._server.sockets[0].getsockname() if self._server and self._server.sockets else ""
        return int(name[1]) if isinstance(name, tuple) else 0

    async def close(self) -> None:
        """Stop listening and drop whoever is still talking."""
        if self._server is not None:
            self._server.close()
        for task in self._busy:
            task.cancel()
        if self._busy:
            await asyncio.wait(self._busy)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._busy) >= CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            async with asyncio.timeout(self._seconds):
                await self._converse(reader, writer)
        except (TimeoutError, OSError, asyncio.CancelledError):
            writer.transport.abort()
        except Exception as error:  # noqa: BLE001  # a monitor's mistake, or ours, is never the daemon's end
            _log.warning("a monitor's request failed", error=type(error).__name__)
            writer.transport.abort()
        finally:
            self._busy.discard(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head_only = False
        try:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:
                raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
            except asyncio.IncompleteReadError:
                writer.transport.abort()
                return
            method, path, headers = _read(head)
            head_only = method == b"HEAD"
            status, kind, body = self._answer(path, self._trusted(headers))
        except Refused as refused:
            status, kind, body = refused.status, PLAIN, f"{refused.status.phrase}\n".encode()
        writer.write(
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n".encode("ascii")
            + (b"" if head_only else body)
        )
        await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _answer(self, path: bytes, trusted: bool) -> tuple[HTTPStatus, str, bytes]:
        if path == b"/metrics":
            return HTTPStatus.OK, CONTENT_TYPE, self._figures.text()
        if path == b"/livez":
            return _told(self._health.live(), "not alive", trusted)
        if path == b"/readyz":
            return _told(self._health.ready(), "not ready", trusted)
        raise Refused(HTTPStatus.NOT_FOUND)

    def _trusted(self, headers: Mapping[bytes, bytes]) -> bool:
        given = headers.get(b"authorization", b"")
        return bool(self._token) and hmac.compare_digest(given, b"Bearer " + self._token)


def _read(head: bytes) -> tuple[bytes, bytes, Mapping[bytes, bytes]]:
    first, *rest = head[:-4].split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        raise Refused(HTTPStatus.BAD_REQUEST)
    if words[0] not in (b"GET", b"HEAD"):
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)
    headers = {}
    for line in rest:
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    return words[0], words[1].partition(b"?")[0], headers


def _told(faults: Mapping[str, str], word: str, trusted: bool) -> tuple[HTTPStatus, str, bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE if faults else HTTPStatus.OK
    if trusted:
        return status, "application/json", json.dumps({"ok": not faults, "faults": dict(faults)}).encode() + b"\n"
    return status, PLAIN, f"{word if faults else 'ok'}\n".encode()


def _clear(path: Path) -> None:
    """Take away the socket that a daemon before left behind, and nothing else."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
