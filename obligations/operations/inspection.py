"""Looks through the file under a running daemon, so that damage is known before a payment meets it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import structlog

from obligations.engine.counters import Counters

# A start reads small files whole, and has better things to do than to read a large one.
FIRST_SECONDS = 600.0
EVERY_SECONDS = 86_400.0
_log = structlog.get_logger()


class Inspection:
    """Asks some time after the start, and then daily, what is wrong with the file; `damage` says so, and may take as
    long as the file is large. What it finds is an alarm, and the daemon is not ready until it finds nothing."""

    def __init__(
        self,
        damage: Callable[[], Sequence[str]],
        counters: Counters,
        *,
        first_seconds: float = FIRST_SECONDS,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._damage = damage
        self._counters = counters
        self._first_seconds = first_seconds
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        await asyncio.sleep(self._first_seconds)
        while True:
            await self.look()
            await asyncio.sleep(self._every_seconds)

    async def look(self) -> None:
        """Look once, beside everything else."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Sequence[str]] = loop.create_future()

        def tell(faults: Sequence[str]) -> None:
            if not found.done():
                found.set_result(faults)

        def read() -> None:
            try:
                faults = self._damage()
            except Exception as error:  # noqa: BLE001  # whatever keeps it from being read is trouble with the file
                faults = [str(error)]
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, faults)

        # A thread of its own, which a daemon that is told to end does not wait for.
        threading.Thread(target=read, name="inspection", daemon=True).start()
        faults = await found
        if faults:
            _log.error("the database file is damaged", error=faults[0])
        self._counters.damage = faults[0] if faults else ""
