"""Watches the clock: one that was set, or that stands behind what was seen before, keeps money back until a person has
looked, and one that is apart from the database's as long as it is. Reminders go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from obligations.domain.hold import DAEMON, Hold, Scope
from obligations.engine.store_thread import StoreThread
from obligations.ports import Clock, LedgerEntry, MachineClock, Store, Transaction

_log = structlog.get_logger()

# Every hold of this kind begins so, by which it is found again.
THE_CLOCK = "the clock "
WHAT_TO_DO = "check the time of the machine, and what is due; then let money go on: obligations resume"
# Clocks are slewed by up to one part in two thousand; beyond that, one was set.
SLEWED = 0.001
# The two readings of one look lie at most this far apart, or they are taken again: the process may have been stopped
# between them.
AT_ONCE_SECONDS = 1.0


class ClockWatch:
    """Compares the machine's wall clock with seconds that never step.

    Args:
        clock: business time. It may be virtual and jump: only the machine's clock is judged.
        monotonic: seconds that never step.
        most_seconds: the longest step, either way, that is let pass. Small steps add up.
        real_time: business time is the time of this machine, so the store remembers how far it came, and a start
            behind that is noticed too.
        lease_seconds: how long after a step leases cannot be judged by the wall clock.
        database_clock: what the database's own clock shows, None where it has none; asked in the store's thread.
    """

    def __init__(
        self,
        store: Store,
        thread: StoreThread,
        *,
        clock: Clock,
        machine: MachineClock,
        monotonic: Callable[[], float],
        most_seconds: float,
        real_time: bool,
        lease_seconds: float,
        database_clock: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._store = store
        self._thread = thread
        self._clock = clock
        self._machine = machine
        self._monotonic = monotonic
        self._most_seconds = most_seconds
        self._real_time = real_time
        self._lease_seconds = lease_seconds
        self._database_clock = database_clock
        self._ahead_seconds = 0.0
        self._compared = False
        self._steady, self._apart = self._read()
        self._stepped_at: float | None = None
        self.stepped_seconds = 0.0  # how far it was set when that was last noticed
        self._looking = asyncio.Lock()

    async def look(self) -> None:
        """Hold money when the clock was set since the last look. Raises `StoreUnavailable`, and then looks again.

        What is sent by instants that were read before a look is sent by instants of a clock that can be trusted, or
        with money held.
        """
        async with self._looking:
            step = self._step()
            if abs(step) > self._most_seconds:
                await self._hold_for(step)

    async def begin(self) -> None:
        """Hold money when business time stands behind what was seen before, and look whether it is the database's.
        Raises `StoreUnavailable`."""
        await self.remember()

    async def remember(self) -> None:
        """Look whether the clock agrees with the database's, and if so note how far business time has come. Raises
        `StoreUnavailable`."""
        if self._real_time:
            await self._thread.call(self._remember)

    @property
    def agrees(self) -> bool:
        """Whether the clock stood where the database's does when that was last asked. Other daemons go by theirs, so
        it is this one alone that leaves money to them meanwhile, and nobody has to resume it."""
        return abs(self._ahead_seconds) <= self._most_seconds

    @property
    def judges_leases(self) -> bool:
        """Whether a lease that the wall clock calls over is over: not so soon after the clock was set."""
        return self._stepped_at is None or self._monotonic() - self._stepped_at > self._lease_seconds

    def lease_now(self) -> datetime:
        """Machine time to judge leases by. A step too small to be noticed calls none over: by as much as the wall clock
        was set ahead, they are judged later."""
        _, apart = self._read()
        return self._machine.now() - timedelta(seconds=max(0.0, apart - self._apart))

    async def _hold_for(self, step: float) -> None:
        self._stepped_at = self._steady
        self.stepped_seconds = step
        if not self.agrees and await self._thread.call(self._agrees_now):
            self._apart += step  # which set it right
            return
        way = "forward" if step > 0 else "back"
        now = self._machine.now()
        to = f"{now:%Y-%m-%dT%H:%M:%SZ}"
        _log.error("the clock was set; money is held until a person resumes it", seconds=round(step), to=to)
        length = timedelta(seconds=round(abs(step)))
        said = f"{THE_CLOCK}of the machine was set {way} by {length}, to {now:%Y-%m-%d %H:%M} UTC; {WHAT_TO_DO}"
        await self._thread.call(self._hold, said)
        self._apart += step

    def _step(self) -> float:
        """Seconds the wall clock was set ahead since the last look, beyond what a clock is slewed by."""
        steady, apart = self._read()
        slewed = (steady - self._steady) * SLEWED
        self._apart += max(-slewed, min(slewed, apart - self._apart))
        self._steady = steady
        return apart - self._apart

    def _read(self) -> tuple[float, float]:
        """The steady seconds, and how far the wall clock is from them."""
        while True:
            before = self._monotonic()
            wall = self._machine.now().timestamp()
            steady = self._monotonic()
            if steady - before <= AT_ONCE_SECONDS:
                return steady, wall - steady

    # --- in the store's thread ----------------------------------------------------------------------------------------

    def holding(self) -> bool:
        """Whether money waits because of the clock: until it agrees with the database's, or a person resumes it."""
        if not self.agrees:
            return True
        with self._store.read() as view:
            return _hold_of_mine(view) is not None

    def _hold(self, said: str) -> None:
        now = self._clock.now()
        with self._store.write() as view:
            if self._real_time:
                view.saw(now)
            _hold_once(view, said, now)

    def _remember(self) -> None:
        if not self._agrees_now():
            return  # seen by all daemons, a time that is wrong would call every right one behind
        if self._compared:
            self._advance()
        else:
            self._compare()
            self._compared = True

    def _agrees_now(self) -> bool:
        """Ask the database; of one without a clock, it always does."""
        before = self._machine.now()
        theirs = self._database_clock()
        after = self._machine.now()
        if theirs is None:
            return True
        # However long the answer took, what counts is by how much they are apart at least.
        ahead = max(before - theirs, min(after - theirs, timedelta(0)))
        agreed = self.agrees
        self._ahead_seconds = ahead.total_seconds()
        if agreed and not self.agrees:
            _log.error(
                "the clock and the database's are apart; no money goes from here until they agree",
                seconds=round(self._ahead_seconds),
                here=f"{after:%Y-%m-%dT%H:%M:%SZ}", database=f"{theirs:%Y-%m-%dT%H:%M:%SZ}",
            )  # fmt: skip
        elif self.agrees and not agreed:
            _log.info("the clock and the database's agree again")
        return self.agrees

    def _compare(self) -> None:
        now = self._clock.now()
        with self._store.write() as view:
            seen = view.seen_at()
            # From here on a hold says what was seen; once a person has lifted it, nothing is left to ask. Written
            # first, so that of daemons that start together one makes the hold.
            view.saw(now)
            if seen is not None and (seen - now).total_seconds() > self._most_seconds:
                _log.error(
                    "the clock is behind what was seen before; money is held until a person resumes it",
                    seconds=round((seen - now).total_seconds()), seen=f"{seen:%Y-%m-%dT%H:%M:%SZ}",
                )  # fmt: skip
                _hold_once(
                    view,
                    f"{THE_CLOCK}stood at {now:%Y-%m-%d %H:%M} UTC when the daemon started, and it had seen"
                    f" {seen:%Y-%m-%d %H:%M} UTC before; {WHAT_TO_DO}",
                    now,
                )

    def _advance(self) -> None:
        now = self._clock.now()
        with self._store.write() as view:
            seen = view.seen_at()
            if seen is None or seen < now:
                view.saw(now)


def _hold_of_mine(view: Transaction) -> Hold | None:
    return next((one for one in view.holds() if one.held_by == DAEMON and one.reason.startswith(THE_CLOCK)), None)


def _hold_once(view: Transaction, said: str, now: datetime) -> None:
    """Hold money, unless it is held for the clock's sake already; the record tells of each step."""
    there = _hold_of_mine(view)
    made = there or view.hold(Scope.MONEY, said, at=now, by=DAEMON)
    action = "sending stays paused" if there else "sending paused"
    view.note(LedgerEntry(now, DAEMON, action, "", f"hold {made.number}", after=made.scope.value, reason=said))
