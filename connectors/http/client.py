"""One POST and its answer, under one deadline. The only module of the project that imports httpx.

httpx 0.28 has had no release since December 2024 and is continued elsewhere under other names with the same
interface. Whoever changes the client, or puts a faster or an address-checking transport under it, changes this file.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import cast

import httpx

CONNECT_SECONDS = 5.0
KEPT_BYTES = 20_000
READ_BYTES = 64 * 1024

# One httpx pool slows down as it widens (each request walks all of its connections), so the work is spread over
# several narrow ones. How many requests run at once is the engine's decision.
_SHARDS = 16
_IDLE_CONNECTIONS = 8

# At INFO httpx logs every URL with its query, at DEBUG httpcore logs headers: both may hold a credential.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered. `body` is at most the first 20 000 bytes as they came, never decompressed."""

    status: int
    retry_after: str | None
    body: bytes


class NotSent(Exception):
    """The request never left: the receiver cannot have acted on it. `tls` when its certificate was the reason."""

    def __init__(self, why: str, *, tls: bool = False) -> None:
        super().__init__(why)
        self.tls = tls


class NoAnswer(Exception):
    """The request may have arrived and no whole answer came back: nobody knows whether the receiver acted."""

    def __init__(self, why: str, *, timed_out: bool = False) -> None:
        super().__init__(why)
        self.timed_out = timed_out


class HttpClient:
    """Sends requests over kept connections. Follows no redirect, retries nothing, keeps no cookie, reads no proxy
    variable.

    Args:
        transport: makes what carries the requests, once for each shard; None for httpx's own.
    """

    def __init__(self, *, user_agent: str, transport: Callable[[], httpx.AsyncBaseTransport] | None = None) -> None:
        trust = httpx.create_ssl_context(trust_env=False)
        self._clients = [
            httpx.AsyncClient(
                headers={"user-agent": user_agent, "accept": "application/json", "accept-encoding": "identity"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                verify=trust,
                trust_env=False,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=_IDLE_CONNECTIONS),
                transport=transport() if transport else None,
            )
            for _ in range(_SHARDS)
        ]
        self._busy = [0] * _SHARDS
        self._closed = False

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
        """The answer to one POST of exactly these bytes.

        Args:
            timeout_seconds: from now to the last byte of the answer. A connection and its TLS handshake each get at
                most 5 s, or a third of it.

        Raises:
            NotSent: surely no effect.
            NoAnswer: perhaps an effect.
        """
        return await self._ask("POST", url, body, headers, timeout_seconds)

    async def greet(self, url: str, *, timeout_seconds: float) -> None:
        """Ask the receiver for its options, which changes nothing there; any answer will do. Raises like `post`."""
        await self._ask("OPTIONS", url, b"", {}, timeout_seconds)

    async def _ask(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float
    ) -> Answer:
        if self._closed:
            raise NotSent("this connector is closed")
        answer: Answer | None = None
        # It counts for the connection and again for its TLS handshake; both end before the whole does, so that a
        # receiver which never got our bytes is not mistaken for one that keeps its answer to itself.
        patience = httpx.Timeout(timeout_seconds, connect=min(CONNECT_SECONDS, timeout_seconds / 3))
        try:
            # httpx's own time-outs count from byte to byte, so a dripping answer would never end.
            async with asyncio.timeout(timeout_seconds):
                with self._shard() as client:
                    async with client.stream(
                        method, url, content=body, headers=dict(headers), timeout=patience
                    ) as response:
                        answer = Answer(response.status_code, response.headers.get("retry-after"), b"")
                        return Answer(answer.status, answer.retry_after, await _first_bytes(response))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(_why_unconnected(error), tls=_is_tls(error)) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise NotSent("the URL cannot be used") from None
        except Exception as error:  # noqa: BLE001
            # Anything else may have happened after the request left, whatever its class: a written attempt must end
            # in an outcome, and the careful one is "unknown".
            if answer is not None and not 200 <= answer.status < 300:
                return answer
            if isinstance(error, (TimeoutError, httpx.TimeoutException)):
                raise NoAnswer(f"no whole answer within {timeout_seconds:g} s", timed_out=True) from None
            raise NoAnswer(f"the connection broke before a whole answer came ({type(error).__name__})") from None

    @contextmanager
    def _shard(self) -> Iterator[httpx.AsyncClient]:
        # The first of the least busy: with little to do the same connection is used again and again.
        number = self._busy.index(min(self._busy))
        self._busy[number] += 1
        try:
            yield self._clients[number]
        finally:
            self._busy[number] -= 1

    async def aclose(self) -> None:
        """Close every connection; what is asked afterwards is not sent."""
        self._closed = True
        for client in self._clients:
            await client.aclose()


async def _first_bytes(response: httpx.Response) -> bytes:
    """The start of the body as it came: not decompressed, since a small answer can unpack to fill the memory."""
    kept = bytearray()
    seen = 0
    # Typed as an iterator by httpx, a generator in fact; leaving it half read must close it here and now.
    async with aclosing(cast(AsyncGenerator[bytes, None], response.aiter_raw())) as chunks:
        async for chunk in chunks:
            kept += chunk[: KEPT_BYTES - len(kept)]
            seen += len(chunk)
            if seen > READ_BYTES:
                break
    return bytes(kept)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _why_unconnected(error: Exception) -> str:
    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)):
        return "no connection in time"
    if _is_tls(error):
        return "no secure connection; its certificate was not accepted"
    return "no connection; the name is unknown, or nothing listens there"
