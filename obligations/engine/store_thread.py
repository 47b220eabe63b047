"""The one thread that talks to the store, so that a slow disk never stops the sending loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import structlog

from obligations.ports import StoreNewer, StoreUnavailable

_log = structlog.get_logger()
P = ParamSpec("P")
T = TypeVar("T")
PROBE = "probe"
SENDING = frozenset({"claim", "record"})


class StoreThread:
    """Runs store calls one after the other, in the order they were asked for, and notices when the store is away."""

    def __init__(self, *, lasts_seconds: float = 0.0, monotonic: Callable[[], float] = lambda: 0.0) -> None:
        """`lasts_seconds`: a database that is only busy or not reached is no alarm before it was so for that long."""
        self._lasts_seconds = lasts_seconds
        self._monotonic = monotonic
        self._away_since: float | None = None
        self._alarmed = False
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._failed: set[str] = set()

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work(*args, **kwargs)`, run in the store's thread. Raises what it raises.

        Losing the store and finding it again are each logged once, not at every try; that it lasts, once more.
        """
        loop = asyncio.get_running_loop()
        name = getattr(work, "__name__", "")
        try:
            answer = await loop.run_in_executor(self._pool, lambda: work(*args, **kwargs))
        except StoreNewer:
            raise  # it is there, and not ours any more: the daemon ends and says so
        except StoreUnavailable as error:
            self._tell_away(error)
            self._failed.add(name)
            raise
        # A full or read-only disk can still be read, and a full one may take what needs no room: it is back when what
        # failed succeeds. A probe speaks for the rest, but not for what sending rests on.
        if self._failed:
            self._failed = self._failed & SENDING - {name} if name == PROBE else self._failed - {name}
            if not self._failed:
                self._away_since, self._alarmed = None, False
                _log.info("the store is back")
        return answer

    def _tell_away(self, error: StoreUnavailable) -> None:
        first, now = self._away_since is None, self._monotonic()
        if self._away_since is None:
            self._away_since = now
        # A full disk, or a file that cannot be used, is no passing thing.
        lasts = type(error) is not StoreUnavailable or now - self._away_since >= self._lasts_seconds
        if self._alarmed or not (first or lasts):
            return
        self._alarmed = lasts
        tell = _log.error if lasts else _log.warning
        tell("the store is away; nothing is sent until it is back", error=type(error).__name__)

    def close(self) -> None:
        """Let go of the thread once what it is doing is done."""
        self._pool.shutdown(wait=False)
