"""The chores beside sending: take back expired leases, plan again what the clock changes, chain the ledger,
write down where it ends, remember how far time came."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from obligations.domain.ledger_chain import Head
from obligations.engine.clockwatch import ClockWatch
from obligations.engine.counters import Counters
from obligations.engine.lateness import Lateness
from obligations.engine.planned import Planned
from obligations.engine.scheduler import Ticker
from obligations.engine.settings import EngineSettings
from obligations.engine.signs import Signs
from obligations.engine.store_thread import StoreThread
from obligations.ports import MachineClock, Rescued, Store, StoreNewer, StoreUnavailable

_log = structlog.get_logger()

AT_ONCE = 100
LINES_AT_ONCE = 1_000
REMEMBER_SECONDS = 60.0


class Housekeeping:
    """Does each chore when the ticker says so, in the store's thread, in pieces so small that sending gets between.

    `replan` plans one contract again, once `prepare` has worked out beside the sending what takes long; `now` reads
    business time; `changed` is called when there may be new work; `probe` tries the destinations that are paused;
    `planned` is told how far plans were brought; `in_hand` says what this worker still has, and `write` writes down
    what became of it, where it can.
    A new quarter of a business hour starts the planning at once, so that a fast clock does not outrun it.
    """

    def __init__(
        self,
        store: Store,
        thread: StoreThread,
        ticker: Ticker,
        settings: EngineSettings,
        *,
        watch: ClockWatch,
        machine: MachineClock,
        monotonic: Callable[[], float],
        worker: str,
        in_hand: Callable[[], Collection[UUID]],
        write: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        replan: Callable[[str], None],
        prepare: Callable[[str], None],
        changed: Callable[[], None],
        planned: Planned,
        counters: Counters,
        signs: Signs,
        probe: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._thread = thread
        self._watch = watch
        self._machine = machine
        self._monotonic = monotonic
        self._worker = worker
        self._in_hand = in_hand
        self._write = write
        # Every daemon that could not write tries again within this time, or has died.
        self._others_need_seconds = settings.store_wait_most_seconds
        self._away_at = -math.inf
        self._now = now
        self._replan = replan
        self._prepare = prepare
        self._changed = changed
        self._counters = counters
        self._signs = signs
        self._planned = planned
        self._lateness = Lateness()
        self._stood_at: dict[str, datetime] = {}
        self._waiting_to_be_chained: int | None = None
        self._chores: dict[str, tuple[asyncio.Event, Callable[[], Awaitable[None]]]] = {
            "rescue": (asyncio.Event(), self.rescue),
            "replan": (asyncio.Event(), self.replan),
            "seal": (asyncio.Event(), self.seal),
            "head": (asyncio.Event(), self.head),
            "clock": (asyncio.Event(), watch.remember),
            "look": (asyncio.Event(), self.look),
            "probe": (asyncio.Event(), probe),
        }
        ticker.every("rescue", settings.rescue_seconds, self._chores["rescue"][0].set)
        ticker.every("replan", settings.replan_seconds, self._chores["replan"][0].set)
        ticker.every("seal", settings.seal_seconds, self._chores["seal"][0].set)
        ticker.every("head", settings.head_seconds, self._chores["head"][0].set)
        ticker.every("clock", REMEMBER_SECONDS, self._chores["clock"][0].set)
        ticker.every("look", settings.probe_seconds, self._chores["look"][0].set)
        ticker.every("probe", settings.paused_probe_seconds, self._chores["probe"][0].set)
        ticker.every("midnights", settings.tick_seconds, self._notice_midnights)

    async def run(self) -> None:
        """Do the chores as they come up, until cancelled. Raises a group of `StoreNewer` once a newer program has
        upgraded the store: no chore is done any more."""
        self._chores["head"][0].set()
        self._chores["look"][0].set()
        self._notice_midnights()
        async with asyncio.TaskGroup() as group:
            for name, (event, work) in self._chores.items():
                group.create_task(_repeat(name, event, work))

    def store_was_away(self) -> None:
        """Other daemons may have answers in hand that they could not write: leave them the time to."""
        self._away_at = self._monotonic()

    async def rescue(self) -> None:
        """Write down what this worker has answers for; send back what a daemon claimed, has no word of, and did not
        finish within its lease.

        While the store is away leases end, of daemons that live and know more than "unknown". So it is not judged by
        them before each could write.
        """
        await self._watch.look()
        if not self._watch.judges_leases:
            return  # a clock set ahead would take back what is being sent at this moment
        try:
            await self._write()
            if self._monotonic() - self._away_at < self._others_need_seconds:
                return
            found = await self._thread.call(
                self._store.rescue,
                machine_now=self._watch.lease_now(),
                worker=self._worker,
                in_hand=self._in_hand(),
            )
        except StoreUnavailable:
            self.store_was_away()
            raise
        tell_quarantined(found)
        if found.again:
            _log.warning("deliveries were taken back from a daemon that went silent", count=found.again)
            self._counters.took_over(found.again)
            self._changed()

    async def look(self) -> None:
        """Write to the store and read how its queue stands. Where the work loop came round since the last look that
        succeeded, that was a whole pass."""
        before = self._counters.passed_at
        try:
            await self._thread.call(self._store.probe, self._machine.now())
            standing = self._lateness.ours(await self._thread.call(self._store.standing, now := self._now()), now)
            doubted = await self._thread.call(self._watch.holding)
        except StoreUnavailable:
            self._signs.failed()
            raise
        self._counters.looked(standing, clock_doubted=doubted)
        self._counters.clock_step_seconds = self._watch.stepped_seconds
        ticked = self._counters.ticked_at
        if ticked is not None and (before is None or ticked > before):
            self._counters.passed_at = self._counters.looked_at
            self._signs.passed(standing)

    async def replan(self) -> None:
        """Plan again every contract whose plan the clock alone changes, and after the start those that were planned
        with other calendars; each is tried once. From the first that fails on, the money of such contracts waits."""
        now = self._now()
        failed: set[str] = set()
        tried: set[str] = set()
        while True:
            # Asking for as many more as were tried keeps contracts that cannot be planned from hiding the others.
            listed = await self._thread.call(
                self._store.to_replan, now, AT_ONCE + len(tried), edition=self._planned.edition
            )
            fresh = [contract for contract in listed if contract not in tried]
            if not fresh:
                break
            for contract in fresh:
                tried.add(contract)
                try:
                    await asyncio.to_thread(self._prepare, contract)
                    await self._thread.call(self._replan, contract)
                except StoreUnavailable:
                    raise
                except Exception as error:  # noqa: BLE001  # one contract's trouble is not the others'
                    failed.add(contract)
                    self._planned.behind_since = now
                    _log.error(
                        "a contract could not be planned again; it is tried again later",
                        contract=contract, error=type(error).__name__,
                    )  # fmt: skip
        on_their_way = await self._on_their_way(now, tried, failed)
        self._planned.behind_since = now if failed or (on_their_way and self._planned.real_time) else None
        self._counters.unplanned = len(failed)
        if not failed:
            # Once: a daemon with other calendars beside this one would else be answered for ever.
            self._planned.edition = None
        waited_for = self._planned.far_behind(now)
        if not (waited_for and self._planned.real_time and on_their_way):
            self._planned.through = _quarter(now)
        if tried or waited_for:
            self._changed()

    async def _on_their_way(self, now: datetime, tried: set[str], failed: set[str]) -> bool:
        """Whether a contract that waited for years was brought on by one of them, and is to be planned again.

        One that stands where it stood at the look before never comes to an end, and has failed as well.
        """
        listed = await self._thread.call(self._store.to_replan, now, len(tried) + 1) if tried else ()
        planned = [contract for contract in listed if contract not in failed]
        before, self._stood_at = self._stood_at, {}
        for start in range(0, len(planned), AT_ONCE):
            self._stood_at |= await self._thread.call(self._stand_at, planned[start : start + AT_ONCE])
        stuck = {
            contract for contract in tried & self._stood_at.keys() if before.get(contract) == self._stood_at[contract]
        }
        for contract in sorted(stuck):
            _log.error("a contract that was planned again stands where it stood", contract=contract)
        failed |= stuck
        return not stuck.issuperset(planned)

    def _stand_at(self, contracts: Sequence[str]) -> dict[str, datetime]:
        """When each of them is to be planned again."""
        with self._store.read() as view:
            found = {contract: view.contract(contract) for contract in contracts}
        return {name: one.replan_at for name, one in found.items() if one is not None and one.replan_at is not None}

    async def seal(self) -> None:
        """Chain the ledger up to its newest committed line."""
        while await self._thread.call(self._store.seal, LINES_AT_ONCE) >= LINES_AT_ONCE:
            pass

    async def head(self) -> None:
        """Write the end of the ledger's chain to the log, which is kept elsewhere: it shows what is cut off later."""
        head, waiting = await self._thread.call(self._head)
        if head is not None:
            _log.info("the ledger ends here", head=str(head))
        if waiting is not None and waiting == self._waiting_to_be_chained:
            _log.error("lines of the ledger wait to be chained since the last look")
        self._waiting_to_be_chained = waiting

    def _head(self) -> tuple[Head | None, int | None]:
        """Where the chain ends, and the first line that waits, by its number."""
        with self._store.read() as view:
            first = next(view.open_lines(), None)
            return view.head(self._machine.now()), first.number if first else None

    def _notice_midnights(self) -> None:
        # Somewhere a day begins at every quarter of an hour, and plans change with the days of their own zones.
        if self._planned.through != _quarter(self._now()):
            self._chores["replan"][0].set()


def tell_quarantined(found: Rescued) -> None:
    """Call somebody for what was parked because each daemon that sent it died."""
    for key in found.parked:
        _log.error("a delivery is quarantined: the daemon died each time while it was being sent", key=str(key))


def _quarter(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)


async def _repeat(name: str, event: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await event.wait()
        event.clear()
        try:
            await work()
        except StoreNewer:
            raise
        except StoreUnavailable:
            continue
        except Exception as error:  # noqa: BLE001  # a chore that fails today is tried again tomorrow
            _log.error("a chore failed and is tried again later", chore=name, error=type(error).__name__)
