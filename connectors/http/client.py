"""One POST and its answer, under one deadline: the only module that knows what a request has gone through.

It speaks httpx's words to a transport, and not to httpx's client: what the client would add (redirects, cookies,
credentials, proxies) is just what must not happen, and it takes as long as the sending. httpx 0.28 has had no release
since December 2024 and is continued elsewhere under other names with the same interface.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import httpx

from connectors.http.transport import AiohttpTransport

CONNECT_SECONDS = 10.0
KEPT_BYTES = 20_000
READ_BYTES = 64 * 1024

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
    variable: it speaks to httpx's transport, below the client that would do all that.

    Args:
        transport: what carries the requests; None for ours.
    """

    def __init__(self, *, user_agent: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport or AiohttpTransport(httpx.create_ssl_context(trust_env=False))
        self._said = {"user-agent": user_agent, "accept": "application/json", "accept-encoding": "identity"}
        self._urls: dict[str, httpx.URL] = {}
        self._closed = False

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> Answer:
        """The answer to one POST of exactly these bytes.

        Args:
            timeout_seconds: from now to the last byte of the answer. A connection, with the name and the TLS handshake
                it needs, gets at most 10 s, or two thirds of it.

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
        # It ends before the whole does, so that a receiver which never got our bytes is not mistaken for one that keeps
        # its answer to itself.
        patience = {"connect": min(CONNECT_SECONDS, timeout_seconds * 2 / 3)}
        try:
            request = self._request(method, url, body, headers, patience)
            # The transport knows no deadline; and one from byte to byte would let a dripping answer go on for ever.
            async with asyncio.timeout(timeout_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    answer = Answer(response.status_code, response.headers.get("retry-after"), b"")
                    return Answer(answer.status, answer.retry_after, await _first_bytes(response))
                finally:
                    await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
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

    def _request(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], patience: Mapping[str, float]
    ) -> httpx.Request:
        """The request, framed here: a body given as a stream spares the headers httpx's second and third reading."""
        at = self._url(url)
        lines = {"Host": at.netloc.decode("ascii"), **self._said, **headers, "Content-Length": str(len(body))}
        return httpx.Request(method, at, headers=lines, stream=httpx.ByteStream(body), extensions={"timeout": patience})

    def _url(self, url: str) -> httpx.URL:
        """The URL, read once: an installation has few of them."""
        found = self._urls.get(url)
        if found is None:
            found = self._urls[url] = httpx.URL(url)
        return found

    async def aclose(self) -> None:
        """Close every connection; what is asked afterwards is not sent."""
        self._closed = True
        await self._transport.aclose()


async def _first_bytes(response: httpx.Response) -> bytes:
    """The start of the body as it came: not decompressed, since a small answer can unpack to fill the memory."""
    kept = bytearray()
    seen = 0
    # Typed as an iterator by httpx, a generator in fact; leaving it half read must close it here and now.
    stream = cast(httpx.AsyncByteStream, response.stream)
    async with aclosing(cast(AsyncGenerator[bytes, None], stream.__aiter__())) as chunks:
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
