"""What carries requests: aiohttp's connections behind httpx's transport interface. Only this module imports aiohttp.

One pool for all, of any width at the same cost, with answers parsed in C. What a receiver did wrong comes back in
httpx's words: `ConnectError` and `ConnectTimeout` are raised before a byte of the request has left, everything else
after some of it may have.
"""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any, cast

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from yarl import URL

from connectors.aside import aside

# Servers and the boxes on the way give up silent connections after a minute or so; one that was given up while we send
# would leave an outcome unknown.
IDLE_SECONDS = 15.0
# Gateways put cookies, policies and tickets into an answer's head that are longer than aiohttp takes by itself (8 KiB);
# what they belong to would never count as answered.
_HEAD_LINE = 64 * 1024
# A hundred is what most servers allow; together with the line, what one answer may take of the memory: 8 MiB.
_HEAD_LINES = 128
# aiohttp writes larger bodies piece by piece.
_IN_ONE_PIECE = 2**20
# aiohttp writes these itself, from the address and the body.
_FRAMING = frozenset((b"Host", b"Content-Length"))
_HEAD_ENDS = b"\r\n\r\n"


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends each request once. Follows nothing, retries nothing that has an effect, keeps no cookie, unpacks nothing,
    reads no variable of the environment.

    A request's `connect` time-out counts from here until the connection stands: its name, its handshakes, all. No
    other is looked at; whoever asks sets a deadline of its own.
    """

    def __init__(self, trust: ssl.SSLContext) -> None:
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[httpx.URL, URL] = {}
        self._patience: dict[float | None, aiohttp.ClientTimeout] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body unread; raises `httpx.TransportError`."""
        # A session belongs to the loop that runs when it is made.
        session = self._session = self._session or self._opened()
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        body = b"".join([part async for part in cast(httpx.AsyncByteStream, request.stream)])
        try:
            answer = await session.request(
                request.method,
                self._url(request.url),
                data=body if len(body) <= _IN_ONE_PIECE else io.BytesIO(body),
                headers=[
                    (name.decode(), value.decode()) for name, value in request.headers.raw if name not in _FRAMING
                ],
                allow_redirects=False,
                timeout=self._timeout(timeouts.get("connect")),
            )
        except aiohttp.ConnectionTimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time", request=request) from error
        except aiohttp.ClientConnectorError as error:
            raise httpx.ConnectError("no connection", request=request) from error
        except aiohttp.ClientError as error:
            raise httpx.RemoteProtocolError("no answer", request=request) from error
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=_Pool(ssl=self._trust, limit=0, keepalive_timeout=IDLE_SECONDS, resolver=_Names()),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            trust_env=False,
            max_line_size=_HEAD_LINE,
            max_field_size=_HEAD_LINE,
            max_headers=_HEAD_LINES,
        )

    def _timeout(self, seconds: float | None) -> aiohttp.ClientTimeout:
        found = self._patience.get(seconds)
        if found is None:
            found = self._patience[seconds] = aiohttp.ClientTimeout(total=None, connect=seconds)
        return found

    def _url(self, url: httpx.URL) -> URL:
        """The same address in aiohttp's words, byte for byte. An installation has few of them."""
        found = self._urls.get(url)
        if found is None:
            found = self._urls[url] = URL(str(url), encoded=True)
        return found


class _Pool(aiohttp.TCPConnector):
    """Kept connections, without those on which a receiver said something that nobody had asked for.

    aiohttp would take it for the answer to the next request, and an instruction would count as received.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = cast(partial[ResponseHandler], partial(_Listening, loop=asyncio.get_running_loop()))

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's own parameter
    ) -> Connection:
        # Over all of it: one that speaks up on each new connection would be called anew for ever.
        async with asyncio.timeout(timeout.connect):
            while True:
                connection = await super().connect(req, traces, timeout)
                protocol = connection.protocol
                if isinstance(protocol, ResponseHandler) and not protocol.should_close:
                    return connection
                connection.close()


class _Names(AbstractResolver):
    """Asks the system for the addresses of a name. It may take half a minute to say that it knows none: what is then
    left behind takes no thread from other work, and keeps no daemon from ending."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return await aside(partial(_addresses, host, port, family))

    async def close(self) -> None:
        return None


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return [
        ResolveResult(
            hostname=host,
            # An address of one network card keeps its name.
            host=socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0],
            port=port,
            family=kind,
            proto=proto,
            flags=numeric,
        )
        for kind, _, proto, _, address in found
    ]


class _Listening(ResponseHandler):
    """Takes an answer's head by itself. When a body follows where none belongs (after a 204), aiohttp would forget the
    head that came in the same piece, and what was done would count as unknown; so only the connection is lost."""

    def data_received(self, data: bytes) -> None:
        while data.startswith(b"HTTP/1.") and (end := data.find(_HEAD_ENDS)) >= 0 and len(data) > end + len(_HEAD_ENDS):
            super().data_received(data[: end + len(_HEAD_ENDS)])
            data = data[end + len(_HEAD_ENDS) :]
        super().data_received(data)


class _Body(httpx.AsyncByteStream):
    """The bytes of an answer as they come. Left before its end, its connection is closed and used no more."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except aiohttp.ClientError as error:
            raise httpx.ReadError("the answer broke off") from error

    async def aclose(self) -> None:
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()
