"""What the supervisor is told, over the socket it names: ready, alive, how it stands, stopping."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

from obligations.engine.signs import Signs
from obligations.ports import Standing

# Far below any watchdog's patience, and nothing beside the work.
FEED_SECONDS = 1.0


class Supervisor(Signs):
    """Speaks to systemd, or to whoever set NOTIFY_SOCKET; to nobody without it. Never waits and never raises."""

    def __init__(self, environment: Mapping[str, str], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._fed_at: float | None = None
        name = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name.startswith("@") else name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if name else None
        if self._socket is not None:
            self._socket.setblocking(False)

    def ticked(self) -> None:
        now = self._monotonic()
        if self._fed_at is None:
            self._tell("READY=1")
        elif now - self._fed_at < FEED_SECONDS:
            return
        self._fed_at = now
        self._tell("WATCHDOG=1")

    def passed(self, standing: Standing) -> None:
        self._tell(
            f"STATUS=overdue {standing.overdue}, unknown {standing.unknown}, parked {standing.parked},"
            f" awaiting approval {standing.awaiting_approval}"
        )

    def failed(self) -> None:
        self._tell("STATUS=the database cannot be written; nothing is sent")

    def stopping(self) -> None:
        self._tell("STOPPING=1\nSTATUS=waiting for the answers that are out")

    def close(self) -> None:
        """Give back the socket."""
        if self._socket is not None:
            self._socket.close()

    def _tell(self, words: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(words.encode(), self._address)
        except OSError:
            return
