"""A receiver in a process of its own that does nothing but note what arrived when: so little that it is never what is
measured. It answers 200 to every request, and counts itself as `make bench` shows."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import ClassVar

KEY = b"webhook-id: "
LENGTH = b"content-length: "
FOUND = b"HTTP/1.1 200 -\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}"


class Receiver(asyncio.Protocol):
    """One connection. `arrived` holds the key of each push and the second it came, for all of them."""

    arrived: ClassVar[list[tuple[str, float]]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        unread = self._unread + data
        while (end := unread.find(b"\r\n\r\n")) >= 0:
            head = unread[: end + 2]
            lower = head.lower()
            whole = end + 4 + int(_value(lower, LENGTH) or 0)
            if len(unread) < whole:
                break
            unread = unread[whole:]
            self._answer(head, lower)
        self._unread = unread

    def _answer(self, head: bytes, lower: bytes) -> None:
        if head.startswith(b"POST"):
            self.arrived.append((_value(lower, KEY).decode(), time.time()))
            self._wire.write(FOUND)
            return
        asked, _, since = head.split(b" ", 2)[1].decode().partition("?")
        if asked == "/forget":
            self.arrived.clear()
        body = json.dumps(len(self.arrived) if asked == "/count" else self.arrived[int(since or 0) :]).encode()
        self._wire.write(b"HTTP/1.1 200 -\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


def _value(head: bytes, name: bytes) -> bytes:
    begins = head.find(b"\n" + name)
    if begins < 0:
        return b""
    begins += len(name) + 1
    return head[begins : head.find(b"\r", begins)]


async def main() -> None:
    """Listens on a free port and says which."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Receiver, "127.0.0.1", 0, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
