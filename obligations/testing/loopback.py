"""What the stand-ins share: a real HTTP server on this machine that can also misbehave on purpose."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self

LARGEST_BODY = 4 * 1024 * 1024
_DRIP_SECONDS = 0.02


class Handler(BaseHTTPRequestHandler):
    """One connection. Answers leave in one piece, and connections are kept open, as real receivers do."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stand_in: Any
    released: Event

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: what matters is kept by the stand-in."""

    def read_body(self) -> bytes | None:
        """The body, or None when its length is missing or out of bounds."""
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal() and int(length[:12]) <= LARGEST_BODY):
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """One whole answer."""
        self._send(self._head(status, len(body), headers) + body)

    def drip(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """The head at once, then the body byte by byte, until released or left."""
        self.close_connection = True
        self._send(self._head(status, len(body), headers))
        for byte in body:
            if self.released.wait(_DRIP_SECONDS) or not self._send(bytes((byte,))):
                return

    def raw(self, data: bytes) -> None:
        """These bytes where an answer belongs, then the end of the connection."""
        self.close_connection = True
        self._send(data)

    def reset(self) -> None:
        """Cut the connection hard: the other side sees a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Two files hold the socket open besides itself; the descriptor must go for the reset to leave.
        self.rfile.close()
        self.connection.close()

    def finish(self) -> None:
        if self.connection.fileno() != -1:
            super().finish()

    def _head(self, status: int, length: int, headers: Mapping[str, str]) -> bytes:
        lines = {"content-type": "application/json", **headers, "content-length": str(length)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {status} -\r\n{head}\r\n".encode("latin-1")

    def _send(self, data: bytes) -> bool:
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # the other side has left; that is its right
            return False
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for every thread, so that no socket outlives its test
    block_on_close = True
    request_queue_size = 512

    def __init__(self, handler: type[Handler], port: int) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._open: set[socket.socket] = set()
        self._lock = Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every open connection, so that the threads which read from them end too."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Loopback:
    """A server on 127.0.0.1 in a thread of its own, from `with` to its end. Hanging answers are let go at the end."""

    def __init__(self, handler: type[Handler], port: int = 0) -> None:
        self._released = Event()
        bound = type(handler.__name__, (handler,), {"stand_in": self, "released": self._released})
        self._server = _Server(bound, port)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def release(self) -> None:
        """Let every hanging or dripping answer go, now and from here on."""
        self._released.set()

    def hold(self) -> None:
        """Hanging answers hang again."""
        self._released.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
