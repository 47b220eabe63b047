"""The recorder: results are written together, a few milliseconds' worth in one commit, and never forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from uuid import UUID

import structlog

from obligations.domain.delivery import DeliveryState
from obligations.engine.counters import Counters
from obligations.engine.retry import Backoff
from obligations.engine.settings import EngineSettings
from obligations.engine.steps import Step, Steps
from obligations.engine.store_thread import StoreThread
from obligations.engine.waiting import heard
from obligations.ports import Result, Store, StoreUnavailable

_log = structlog.get_logger()

MOST_AT_ONCE = 500
TRIES_APART = 2


class Recorder:
    """Holds results until they are written. While it cannot write, `failing` is true and nothing new may be sent.

    `recovered` is called when writing works again.
    """

    def __init__(
        self,
        store: Store,
        thread: StoreThread,
        settings: EngineSettings,
        steps: Steps,
        *,
        counters: Counters,
        recovered: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._thread = thread
        self._settings = settings
        self._steps = steps
        self._counters = counters
        self._recovered = recovered
        self._held: list[Result] = []
        self._some = asyncio.Event()
        self._many = asyncio.Event()
        self._closing = asyncio.Event()
        self._writing = asyncio.Lock()
        self.failing = False

    @property
    def holding(self) -> int:
        """How many results are not written yet."""
        return len(self._held)

    def keys(self) -> Iterator[UUID]:
        """What the results are of that are not written yet."""
        return (result.claim.key for result in self._held)

    def put(self, result: Result) -> None:
        """Take a result; it is written soon."""
        self._held.append(result)
        self._some.set()
        if len(self._held) >= self._settings.flush_most:
            self._many.set()

    async def flush(self) -> None:
        """Write everything held, after which writing works again. Raises `StoreUnavailable`, and then holds on to what
        is not written."""
        async with self._writing:
            while self._held:
                batch = self._held[:MOST_AT_ONCE]
                self._steps.reach(Step.BEFORE_RECORD)
                await self._write(batch)
                del self._held[: len(batch)]
                self._steps.reach(Step.RECORDED)
                for result in batch:
                    _tell(result)
            self._some.clear()
            self._many.clear()
            if self.failing:
                self.failing = False
                self._recovered()

    async def run(self) -> None:
        """Write in groups until closed, and once more then."""
        backoff = Backoff(self._settings.store_wait_seconds, self._settings.store_wait_most_seconds)
        while not (self._closing.is_set() and not self._held):
            await self._some.wait()
            if not self._closing.is_set():
                await heard(self._many, self._settings.flush_seconds)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001  # a recorder that ends on a surprise leaves a daemon that only sends
                if not isinstance(error, StoreUnavailable):
                    _log.error("recording failed and is tried again", error=type(error).__name__)
                self.failing = True
                await asyncio.sleep(backoff.next())
                continue
            backoff.reset()

    def close(self) -> None:
        """Let `run` end as soon as everything held is written."""
        self._closing.set()
        self._some.set()
        self._many.set()

    async def _write(self, batch: Sequence[Result]) -> None:
        try:
            stale = await self._thread.call(self._store.record, batch)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the other results must be written
            await self._write_apart(batch, error)
            return
        self._count(batch, stale)
        for key in stale:
            _log.warning("a result came too late: this delivery was taken back meanwhile", key=str(key))

    async def _write_apart(self, batch: Sequence[Result], error: Exception) -> None:
        """One result that cannot be written must not take the others with it; and two writers may just have crossed."""
        if len(batch) > 1:
            for result in batch:
                await self._write([result])
            return
        claim = batch[0].claim
        for _ in range(TRIES_APART):
            try:
                self._count(batch, await self._thread.call(self._store.record, batch))
            except StoreUnavailable:
                raise
            except Exception as again:  # noqa: BLE001  # it is given up below, in words
                error = again
            else:
                return
        _log.error(
            "a result could not be written; its lease will run out and it goes again under the same key",
            key=str(claim.key), error=type(error).__name__,
        )  # fmt: skip

    def _count(self, batch: Sequence[Result], stale: Collection[UUID]) -> None:
        for result in batch:
            if result.claim.key not in stale:
                self._counters.recorded(result)


def _tell(result: Result) -> None:
    claim, outcome = result.claim, result.outcome
    if result.state is DeliveryState.DELIVERED:
        tell = _log.debug
    elif result.state is DeliveryState.PARKED or outcome.alarm:
        tell = _log.error
    else:
        tell = _log.warning
    tell(
        "delivery",
        key=str(claim.key), destination=claim.destination, connector=claim.connector, attempt=claim.attempt,
        verdict=outcome.verdict.value, status=outcome.status, state=result.state.value,
    )  # fmt: skip
