"""The dead man's switch: somebody elsewhere hears at intervals that all is well, and raises the alarm when it is
silent.

A ping follows a whole pass, in which the work loop came round and the database was written and read. No timer sends
one, since a timer outlives what it is to speak for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import httpx
import structlog

from obligations.engine.signs import Signs
from obligations.ports import Clock, Standing

_log = structlog.get_logger()

PING_SECONDS = 10.0
# At INFO httpx logs every URL, and this one is a secret.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class Heartbeat(Signs):
    """Pings when all is well, and says so when it is not: at most once in `every_seconds` unless that changes.

    Args:
        ping: sends one sign, well or not.
        overdue_most_seconds: something that was due for longer is not well.
        monotonic: seconds that never step.
    """

    def __init__(
        self,
        ping: Callable[[bool], Awaitable[None]],
        *,
        every_seconds: float,
        overdue_most_seconds: float,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._ping = ping
        self._every_seconds = every_seconds
        self._overdue_most_seconds = overdue_most_seconds
        self._clock = clock
        self._monotonic = monotonic
        self._passed_at = monotonic()
        self._said: tuple[bool, float] | None = None
        self._well = True
        self._due = asyncio.Event()
        self._failing = False

    def passed(self, standing: Standing) -> None:
        oldest = standing.oldest_overdue_at
        late = 0.0 if oldest is None else (self._clock.now() - oldest).total_seconds()
        self._passed_at = self._monotonic()
        self._say(late <= self._overdue_most_seconds)

    def failed(self) -> None:
        # One look that found the database busy is not yet an alarm.
        if self._monotonic() - self._passed_at >= self._every_seconds:
            self._say(False)

    def _say(self, well: bool) -> None:
        now = self._monotonic()
        if self._said is not None and self._said[0] is well and now - self._said[1] < self._every_seconds:
            return
        self._said = (well, now)
        self._well = well
        self._due.set()

    async def run(self) -> None:
        """Send what is to be said, until cancelled. Trouble with it is said once, and again when it is over."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                async with asyncio.timeout(PING_SECONDS):
                    await self._ping(self._well)
            except Exception as error:  # noqa: BLE001  # whoever listens raises the alarm; the work goes on
                if not self._failing:
                    _log.warning("the heartbeat does not get through", error=type(error).__name__)
                self._failing = True
            else:
                if self._failing:
                    _log.info("the heartbeat gets through again")
                self._failing = False


class HttpPing:
    """GETs the URL when all is well, and the URL with `/fail` when it is not. Nothing is said about what is late."""

    def __init__(self, url: str) -> None:
        self._well = httpx.URL(url)
        self._unwell = self._well.copy_with(path=self._well.path.rstrip("/") + "/fail")
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, headers={"user-agent": "obligations"})

    async def __call__(self, well: bool) -> None:
        """Raises where the other side does not say yes. Its words are not read."""
        async with self._client.stream("GET", self._well if well else self._unwell) as answer:
            if not answer.is_success:
                raise NotHeard

    async def close(self) -> None:
        """Give back the connection."""
        await self._client.aclose()


class NotHeard(RuntimeError):
    """The other side answered, and not with a yes."""
