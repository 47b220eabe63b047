"""The daemon: picks up what a crash left, works until told to stop, and leaves nothing undecided behind."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

import structlog

from obligations.engine.counters import Counters
from obligations.engine.housekeeping import Housekeeping, tell_quarantined
from obligations.engine.listening import listen
from obligations.engine.planned import Planned
from obligations.engine.pump import Pump
from obligations.engine.retry import Backoff
from obligations.engine.settings import EngineSettings
from obligations.engine.signs import Signs
from obligations.engine.steps import Steps
from obligations.engine.waiting import heard
from obligations.ports import Clock, Connector, Hints, MachineClock, Store, StoreNewer, StoreUnavailable

_log = structlog.get_logger()

CONNECTOR_CLOSE_SECONDS = 5.0


class Daemon:
    """The background service, from start to clean end.

    Args:
        replan: plans one contract again, by its id; called in the store's thread.
        prepare: works out what that will take long for; called before it, in a thread beside the sending.
        exclusive: no other daemon can work on this store (a SQLite file), so everything found in flight at the start
            was left by a crash and goes again at once, without waiting for its lease to run out.
        monotonic: seconds that never step.
        counters: where its figures are kept, for others to show.
        signs: who is told that it lives.
        store_was_away: the store had to be waited for just now; daemons that share it may have much to write.
        hints: where other processes say that something is due; the daemon finds it without, a little later.
        real_time: business time is the time of this machine, and not a simulation's.
        database_clock: what the database's own clock shows, None where it has none; called in the store's thread.
        edition: names the calendars and zones that `replan` plans with; contracts planned with others are planned
            again once.

    The daemon owns the store and the connectors it is given: it closes them when it ends.
    """

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        *,
        clock: Clock,
        machine: MachineClock,
        monotonic: Callable[[], float],
        replan: Callable[[str], None],
        prepare: Callable[[str], None] = lambda contract: None,
        exclusive: bool = False,
        real_time: bool = False,
        database_clock: Callable[[], datetime | None] = lambda: None,
        edition: str = "",
        settings: EngineSettings | None = None,
        steps: Steps | None = None,
        hints: Hints | None = None,
        counters: Counters | None = None,
        signs: Signs | None = None,
        store_was_away: bool = False,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._connectors = connectors
        self._machine = machine
        self._exclusive = exclusive
        self._store_was_away = store_was_away
        self._hints = hints
        self._stopping = asyncio.Event()
        self._outgrown: StoreNewer | None = None
        self._signs = signs or Signs()
        planned = Planned(real_time=real_time, edition=edition)
        self.pump = Pump(
            store, connectors,
            clock=clock, machine=machine, monotonic=monotonic, settings=settings, steps=steps, chance=chance,
            real_time=real_time,
            counters=counters, signs=self._signs, planned=planned, database_clock=database_clock,
        )  # fmt: skip
        self._thread = self.pump.thread
        self._housekeeping = Housekeeping(
            store, self._thread, self.pump.ticker, self.pump.settings,
            watch=self.pump.watch, machine=machine, monotonic=monotonic, worker=self.pump.worker,
            in_hand=lambda: self.pump.in_hand, write=self.pump.write_results, now=clock.now, replan=replan,
            prepare=prepare, changed=self.pump.nudge, planned=planned, counters=self.pump.counters, signs=self._signs,
            probe=self.pump.probe,
        )  # fmt: skip

    def stop(self) -> None:
        """End soon and cleanly: claim nothing more, wait for answers within the grace. Asked twice: do not wait."""
        self.pump.counters.draining = True
        self._signs.stopping()
        self.pump.stop(at_once=self._stopping.is_set())
        self._stopping.set()

    async def run(self) -> None:
        """Work until SIGTERM, SIGINT or `stop`; returns once everything in hand is written and closed.

        Ends likewise, and raises `StoreNewer`, when a newer program has upgraded the store.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        _log.info("the daemon starts", worker=self.pump.worker)
        beside: set[asyncio.Task[None]] = set()
        try:
            await self._recover()
            beside.add(asyncio.create_task(self._keep_house()))
            if self._hints is not None:
                beside.add(asyncio.create_task(listen(self._hints, self.pump.nudge, self.pump.settings)))
            await self.pump.run()
        finally:
            for task in beside:
                task.cancel()
            if beside:
                await asyncio.wait(beside)
            await self._close()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)
            _log.info("the daemon has stopped", worker=self.pump.worker)
        if self._outgrown is not None:
            raise self._outgrown

    async def _keep_house(self) -> None:
        try:
            await self._housekeeping.run()
        except* StoreNewer as found:
            self._outgrow(next(one for one in found.exceptions if isinstance(one, StoreNewer)))

    def _outgrow(self, error: StoreNewer) -> None:
        self._outgrown = error
        # What is out already was sent, and its answer is still written down, which every schema has a place for.
        _log.error("a newer program has upgraded the database; this daemon ends", error=str(error))
        self.stop()

    async def _recover(self) -> None:
        """Look at the clock, and take back what was in flight when the last daemon died; waits for the store if it
        must. Where others share it, they are then left the time to write what they have in hand."""
        settings = self.pump.settings
        backoff = Backoff(settings.store_wait_seconds, settings.store_wait_most_seconds)
        waited = self._store_was_away and not self._exclusive
        while not self._stopping.is_set():
            try:
                await self.pump.watch.begin()
                if waited:
                    self._housekeeping.store_was_away()
                    return
                found = await self._thread.call(
                    self._store.rescue, machine_now=self._machine.now(), everything=self._exclusive
                )
            except StoreNewer as error:
                self._outgrow(error)
                return
            except StoreUnavailable:
                waited = not self._exclusive
                await heard(self._stopping, backoff.next())
                continue
            if found.again:
                _log.warning("deliveries were in flight when a daemon died; they go again", count=found.again)
                if not self._exclusive:  # alone, it takes over from nobody
                    self.pump.counters.took_over(found.again)
            tell_quarantined(found)
            return

    async def _close(self) -> None:
        for name, connector in self._connectors.items():
            try:
                async with asyncio.timeout(CONNECTOR_CLOSE_SECONDS):
                    await connector.close()
            except Exception as error:  # noqa: BLE001  # the others, and the store, are closed all the same
                _log.warning("a connector did not close", connector=name, error=type(error).__name__)
        with suppress(StoreUnavailable):
            await self.pump.watch.remember()
        with suppress(StoreUnavailable):
            await self._thread.call(self._store.close)
        self._thread.close()
