"""The ticker: APScheduler wakes the engine and does nothing else.

Our tables are the truth, so a job carries no data, lives in memory only, and sets an event. The jobs run on the event
loop's own thread (the executor calls them in place): a hand-over to another thread would only add lag.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

_log = structlog.get_logger()

LONGEST_ARM_SECONDS = 86_400.0
DEAD_AFTER_TICKS = 3


class _Once(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires once, that many real seconds after it was armed, whatever business time does meanwhile."""

    def __init__(self, seconds: float) -> None:
        self._wait = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return now + self._wait if previous_fire_time is None else None


class _Every(_Once):
    """Fires again and again, counting from now each time.

    The interval trigger of the library makes up for every interval that passed, one by one: a machine clock that steps
    a century ahead would have it count three thousand million seconds.
    """

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        return now + self._wait


class Ticker:
    """Calls `wake` at least every `tick_seconds`, and at the armed instant; other callbacks at their own intervals.

    The library's timer can die while it says it runs (an exception inside it; a wall clock set back by hours), so
    whoever waits for the ticker calls `keep_alive` when it was silent, judged by a clock that never steps.
    """

    def __init__(self, wake: Callable[[], None], tick_seconds: float) -> None:
        self._wake = wake
        self._tick_seconds = tick_seconds
        self._chores: dict[str, tuple[float, Callable[[], None]]] = {}
        self._scheduler: Any = None
        self._last_beat = 0.0
        self.restarts = 0

    @property
    def patience_seconds(self) -> float:
        """How long the ticker may be silent before it counts as dead."""
        return self._tick_seconds * DEAD_AFTER_TICKS

    def every(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        """Have `call` called at that interval from the next start on. It must not block."""
        self._chores[name] = (seconds, call)

    def start(self) -> None:
        """Begin ticking on the running event loop."""
        self._last_beat = asyncio.get_running_loop().time()
        scheduler = AsyncIOScheduler(
            executors={"default": DebugExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )
        scheduler.start()
        scheduler.add_job(self._beat, _Every(self._tick_seconds), id="beat")
        for name, (seconds, call) in self._chores.items():
            scheduler.add_job(call, _Every(seconds), id=name)
        self._scheduler = scheduler

    def arm(self, seconds: float) -> None:
        """Call `wake` in so many seconds too, instead of at the instant armed before; infinity means not at all.

        To be called by the one who was woken, never from inside a callback: a job that sets itself again while it
        runs is thrown away by the library afterwards.
        """
        if seconds >= LONGEST_ARM_SECONDS:
            with suppress(JobLookupError):
                self._scheduler.remove_job("due")
            return
        self._scheduler.add_job(self._wake, _Once(max(0.0, seconds)), id="due", replace_existing=True)

    def keep_alive(self) -> None:
        """Start the ticker afresh if it was silent for too long."""
        silent_seconds = asyncio.get_running_loop().time() - self._last_beat
        if self._scheduler is None or silent_seconds <= self.patience_seconds:
            return
        _log.warning("the ticker was silent and is started again", seconds=round(silent_seconds, 3))
        self.restarts += 1
        self.stop()
        self.start()

    def stop(self) -> None:
        """End all ticking; harmless when there is none."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            # A dead one may fail to stop; it is dropped either way.
            with suppress(Exception):
                scheduler.shutdown(wait=False)

    def _beat(self) -> None:
        self._last_beat = asyncio.get_running_loop().time()
        self._wake()
