"""The pump: claims what is due for slots that are free, has it sent, and hands the results to the recorder."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import UUID, uuid4

import structlog

from obligations.domain.delivery import Verdict
from obligations.engine.attempt import Sender
from obligations.engine.clockwatch import ClockWatch
from obligations.engine.counters import Counters
from obligations.engine.lanes import Lanes, Opening
from obligations.engine.outcomes import Policy
from obligations.engine.pauses import Pauses
from obligations.engine.planned import Planned
from obligations.engine.rates import per_second
from obligations.engine.recorder import Recorder
from obligations.engine.retry import THROTTLED, Backoff, rest_seconds
from obligations.engine.scheduler import Ticker
from obligations.engine.settings import EngineSettings
from obligations.engine.signs import Signs
from obligations.engine.steps import Step, Steps
from obligations.engine.store_thread import StoreThread
from obligations.engine.waiting import heard
from obligations.ports import Claim, Clock, Connector, MachineClock, Result, Store, StoreUnavailable

_log = structlog.get_logger()

# Something is due that cannot be claimed: another daemon is just taking it, or it waits for another suspect. Look again
# soon, because what is due behind it stays hidden meanwhile.
LOOK_AGAIN_SECONDS = 0.05
# Or its contract is yet to be planned, which takes the longer the more often somebody looks.
WHILE_PLANNING_SECONDS = 0.5
# Slots are claimed for together once those that came free since the last claim are a third of those still taken.
WORTH_A_CLAIM = 3
# How many deliveries that wait for a person a probe puts aside before it leaves the rest to the next one.
MOST_PASSED_OVER = 100


class _PlannedOnly(TypedDict, total=False):
    planned_by: datetime
    edition: str | None
    money_alone: bool


class _MoneyPlannedOnly(TypedDict, total=False):
    planned_by: datetime
    edition: str | None


class Pump:
    """One daemon's heart. `run` beats until stopped; `pass_once` does everything that is due now and returns.

    `monotonic` gives seconds that never step; `chance` the jitter, from 0 to below 1; `real_time` says that business
    time is this machine's; `planned` how far plans were brought, which claims wait for; `database_clock` what the
    database's own clock shows. Every pump is a worker of its own: its id is random, so that nobody mistakes a restarted
    process for the one before.
    """

    def __init__(
        self,
        store: Store,
        connectors: Mapping[str, Connector],
        *,
        clock: Clock,
        machine: MachineClock,
        monotonic: Callable[[], float],
        settings: EngineSettings | None = None,
        steps: Steps | None = None,
        chance: Callable[[], float] = random.random,
        thread: StoreThread | None = None,
        real_time: bool = False,
        counters: Counters | None = None,
        signs: Signs | None = None,
        planned: Planned | None = None,
        database_clock: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self.settings = settings or EngineSettings()
        self.worker = uuid4().hex[:12]
        self._store = store
        self._clock = clock
        self._machine = machine
        self._monotonic = monotonic
        self._steps = steps or Steps()
        self.thread = thread or StoreThread(lasts_seconds=self.settings.store_wait_most_seconds, monotonic=monotonic)
        self.watch = ClockWatch(
            store, self.thread,
            clock=clock, machine=machine, monotonic=monotonic, most_seconds=self.settings.clock_step_seconds,
            real_time=real_time, lease_seconds=self.settings.lease_seconds, database_clock=database_clock,
        )  # fmt: skip
        self.counters = counters or Counters(monotonic)
        self._signs = signs or Signs()
        self._planned = planned
        self._lanes = Lanes(
            self.settings.total_concurrency,
            self.settings.destination_concurrency,
            self.settings.destinations,
            {lane: per_second(rate) for lane, rate in self.settings.rates.items()},
            monotonic,
        )
        self._pauses = Pauses(store, self.thread, clock.now)
        self._policy = Policy(self.settings, chance)
        self._sender = Sender(connectors, self._policy, self.settings, machine, monotonic, self._steps, self.counters)
        self._recorder = Recorder(
            store, self.thread, self.settings, self._steps, counters=self.counters, recovered=self.nudge
        )
        self._wake = asyncio.Event()
        self._in_flight: dict[asyncio.Task[None], UUID] = {}
        self._backlog = False
        self._many_free = asyncio.Event()
        self._over = 0
        self._claimed_at = -math.inf
        self._armed_for = math.inf
        self._stopping = self._at_once = False
        self._claiming = asyncio.Lock()
        self.ticker = Ticker(self.nudge, self.settings.tick_seconds)

    @property
    def in_hand(self) -> frozenset[UUID]:
        """What was claimed and is on its way, or has a result that is not written yet."""
        return frozenset((*self._in_flight.values(), *self._recorder.keys()))

    async def write_results(self) -> None:
        """Write what is held, without waiting for its turn. Raises `StoreUnavailable`."""
        await self._recorder.flush()

    def nudge(self) -> None:
        """Look for work now: something may have become due, or may be sent again."""
        self._wake.set()
        self._many_free.set()

    def stop(self, *, at_once: bool = False) -> None:
        """Claim nothing more; `run` ends when what is in flight has its answer or the grace is over.

        `at_once` waits for no answer: what is out is recorded as an unknown outcome, and what is claimed just now is
        not sent.
        """
        self._stopping = True
        self.nudge()
        if at_once:
            self._at_once = True
            # Soon: attempts that have not begun take their turn first, and see that they need not.
            asyncio.get_running_loop().call_soon(self._break_off)

    def _break_off(self) -> None:
        for attempt in self._in_flight:
            attempt.cancel()

    async def pass_once(self) -> int:
        """Deliver and record everything that is due now; returns how many attempts that took.

        Raises `StoreUnavailable`; results in hand are kept and written by the next pass.
        """
        made = 0
        while True:
            self._wake.clear()
            claimed = await self._claim()
            made += claimed
            if claimed or self._wake.is_set():
                # A slot that was freed while the store was asked may fit what the store was told to leave.
                continue
            if self._in_flight:
                await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
            elif self._recorder.holding:
                await self._recorder.flush()
            else:
                return made

    async def run(self) -> None:
        """Deliver what becomes due until `stop`, then wait for the answers that are still out and record them.

        Answers that do not come within the grace are recorded as unknown outcomes.
        """
        self.ticker.start()
        recording = asyncio.create_task(self._recorder.run())
        backoff = Backoff(self.settings.store_wait_seconds, self.settings.store_wait_most_seconds)
        try:
            while not self._stopping:
                try:
                    await self._beat()
                except Exception as error:  # noqa: BLE001  # a pump that stops on a surprise loses deadlines
                    if not isinstance(error, StoreUnavailable):
                        _log.error("looking for work failed and is tried again", error=type(error).__name__)
                    await self._pause(backoff.next())
                else:
                    backoff.reset()
        finally:
            await self._drain(recording)
            self.ticker.stop()

    async def _beat(self) -> None:
        """One look at what is due, and a wait until the next look is worth it."""
        self._come_round()
        self._wake.clear()
        await self.watch.look()
        if self._recorder.failing or not self._lanes.free:
            await self._woken()
            return
        more = self._backlog
        if more:
            await self._gather()
        elif self._monotonic() >= self._armed_for:
            # What was waited for is due now: nothing needs to be asked before it is claimed.
            self._armed_for = math.inf
            if await self._claim():
                return
        # Told first: what opens while the store is asked is then full no more, or is waited for no longer than that.
        opens_in = self._lanes.opens_in
        seconds = 0.0 if more else await self._seconds_to_next()
        if seconds > 0:
            self._armed_for = self._monotonic() + seconds
            self.ticker.arm(min(seconds, opens_in))
            await self._woken()
            return
        if not await self._claim() and not more:
            look_again = WHILE_PLANNING_SECONDS if self._far_behind(self._clock.now()) else LOOK_AGAIN_SECONDS
            self.ticker.arm(min(look_again, self._lanes.opens_in))
            await self._woken()

    async def _gather(self) -> None:
        """Let slots come free, so that they are claimed for together: a claim of one costs nearly what one of ten does.

        A good part of what is in flight is enough, and so is word of something new.
        """
        left = self._claimed_at + self.settings.gather_seconds - self._monotonic()
        if left > 0 and self._in_flight and not self._many_free.is_set():
            await heard(self._many_free, left)

    async def _claim(self) -> int:
        """Claim for the free slots and start the attempts; returns how many."""
        claimed = self._over = 0
        self._many_free.clear()
        self._backlog = False
        for opening in self._lanes.openings():
            if self._recorder.failing or self._stopping:
                break
            try:
                some = len(await self._claim_some(opening))
            except StoreUnavailable:
                # To pass over whoever had a turn could find nothing, which a full disk allows: it would seem back.
                self._lanes.begin_round()
                raise
            claimed += some
            self._backlog |= some >= opening.limit
        self._backlog |= claimed > 0 and self._lanes.hindered
        self._claimed_at = self._monotonic()
        return claimed

    async def probe(self) -> None:
        """Try each destination that the daemons paused with one delivery; one that is answered ends the pause.

        What may not go before a person has looked says nothing about the destination: then the next one is tried.
        """
        for destination in await self._pauses.paused():
            for _ in range(MOST_PASSED_OVER):
                if self._stopping or self._recorder.failing or not self._lanes.free:
                    return
                claims = await self._claim_some(Opening(1, frozenset(), 1, {}), only=destination)
                if all(self._policy.objection(claim, self._machine.now()) is None for claim in claims):
                    break

    def _far_behind(self, now: datetime) -> bool:
        """Whether only what was planned anew may be claimed."""
        return self._planned is not None and self._planned.far_behind(now)

    def _planned_only(self, now: datetime) -> _PlannedOnly:
        """What a claim is told of plans; nothing while they are as they should be."""
        if self._planned is not None and self._far_behind(now):
            return {"planned_by": now, "edition": self._planned.edition}
        money = self._money_planned_only()
        return {**money, "money_alone": True} if money else {}

    def _money_planned_only(self) -> _MoneyPlannedOnly:
        """The same of money, which waits where a contract could not be planned."""
        if self._planned is None or self._planned.behind_since is None:
            return {}
        return {"planned_by": self._planned.behind_since, "edition": self._planned.edition}

    async def _claim_some(self, opening: Opening, only: str | None = None) -> Sequence[Claim]:
        """Claim what fits and start the attempts; returns the claims."""
        async with self._claiming:
            return () if self._stopping else await self._claimed(opening, only)

    async def _claimed(self, opening: Opening, only: str | None) -> Sequence[Claim]:
        self._come_round()
        self._steps.reach(Step.BEFORE_CLAIM)
        # The lease is counted from before the claim, so it is never longer here than it is in the store.
        lease_ends = self._monotonic() + self.settings.lease_seconds
        agreed = self.watch.agrees  # these instants are from before the look, and may be a wrong clock's
        business_now, machine_now = self._clock.now(), self._machine.now()
        await self.watch.look()
        claims = await self.thread.call(
            self._store.claim,
            business_now=business_now,
            machine_now=machine_now,
            worker=self.worker,
            limit=opening.limit,
            lease_seconds=self.settings.lease_seconds,
            full=opening.full,
            each=opening.each,
            rooms=opening.rooms,
            only=only,
            **self._planned_only(business_now),
            money=agreed and self.watch.agrees,
        )
        if claims:
            self._steps.reach(Step.CLAIMED)
        for claim in claims:
            self.counters.claimed(claim)
            self._start(claim, lease_ends, probe=only is not None)
        return claims

    def _start(self, claim: Claim, lease_ends: float, *, probe: bool) -> None:
        self._lanes.take(claim.destination)
        attempt = asyncio.create_task(self._attempt(claim, lease_ends, probe=probe))
        self._in_flight[attempt] = claim.key
        attempt.add_done_callback(self._in_flight.pop)

    async def _attempt(self, claim: Claim, lease_ends: float, *, probe: bool) -> None:
        try:
            if self._at_once:
                self._recorder.put(self._sender.left(claim))
                return
            result = await self._sender.attempt(claim, lease_ends)
            self._recorder.put(result)
            self._learn(claim.destination, result)
            if seconds := rest_seconds(self.settings, result.outcome):
                await self._pauses.rest(claim.destination, self._machine.now() + timedelta(seconds=seconds))
            if await self._pauses.heard(claim, result.outcome, probe=probe):
                self._wake.set()
        finally:
            if self._backlog or self._lanes.hindered:
                self._wake.set()
            self._lanes.give(claim.destination)
            self._over += 1
            if self._over * WORTH_A_CLAIM >= len(self._in_flight):
                self._many_free.set()

    def _learn(self, destination: str, result: Result) -> None:
        """What an answer says about the lane it came by."""
        outcome = result.outcome
        if outcome.status is not None or outcome.verdict is Verdict.DELIVERED:
            self._lanes.answered(destination)
        elif outcome.verdict is Verdict.UNKNOWN or (result.next_attempt_at or result.finished_at) > result.finished_at:
            # Where nobody could be reached it takes as long to find out; what goes again at once was not tried.
            self._lanes.kept_silent(destination)
        if outcome.status == THROTTLED:
            most = self.settings.throttled_seconds
            self._lanes.rest(destination, min(outcome.retry_after_seconds or most, most))

    async def _seconds_to_next(self) -> float:
        """Real seconds until the store holds something that is due, and whose lane has room now; zero or less when it
        does. A slot that is given back wakes the pump, and so does a lane that time opens."""
        business, machine = await self.thread.call(
            self._store.next_wake, self._lanes.full, money=self.watch.agrees, **self._money_planned_only()
        )
        return min(
            self._clock.seconds_until(business) if business else math.inf,
            (machine - self._machine.now()).total_seconds() if machine else math.inf,
        )

    async def _woken(self) -> None:
        """Wait to be woken by the ticker, a freed slot or a nudge, and see to it that the ticker lives."""
        await heard(self._wake, self.ticker.patience_seconds)
        self.ticker.keep_alive()

    async def _pause(self, seconds: float) -> None:
        """Wait that long, or until the pump is told to stop."""
        ends = asyncio.get_running_loop().time() + seconds
        while not self._stopping and (left := ends - asyncio.get_running_loop().time()) > 0:
            self._come_round()
            self._wake.clear()
            await heard(self._wake, left)

    def _come_round(self) -> None:
        """The work loop lives: it says so itself, each time, since a timer beside it would say so of a dead one."""
        self.counters.ticked(self._machine.now())
        self._signs.ticked()

    async def _drain(self, recording: asyncio.Task[None]) -> None:
        """Wait for answers within the grace, call the rest unknown, and write everything down."""
        ends = asyncio.get_running_loop().time() + self.settings.grace_seconds
        with suppress(TimeoutError):
            # What a probe is claiming just now would be in nobody's hands.
            async with asyncio.timeout(self.settings.grace_seconds), self._claiming:
                pass
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=self.settings.grace_seconds)
        late = set(self._in_flight)
        for attempt in late:
            attempt.cancel()
        if late:
            await asyncio.wait(late, timeout=1)
        self._recorder.close()
        left = max(1.0, ends - asyncio.get_running_loop().time())
        await asyncio.wait({recording}, timeout=left)
        if not recording.done():
            _log.error(
                "stopped with results that could not be written; they go again under the same keys",
                count=self._recorder.holding,
            )
            recording.cancel()
            await asyncio.wait({recording}, timeout=1)
