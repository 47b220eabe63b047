"""What the engine counts of its own work. Numbers only: who shows them, and where, is not the engine's business."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from obligations.domain.delivery import Verdict
from obligations.ports import Claim, Result, Standing

LAG_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400)
ATTEMPT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60)


class Spread:
    """How values spread over bounds: for each bound, how many were at most that much and above the one before.

    >>> spread = Spread((1, 5))
    >>> for seconds in (0.2, 1, 3, 60):
    ...     spread.add(seconds)
    >>> (spread.counts, spread.total)
    ([2, 1, 1], 64.2)
    """

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counters:
    """One daemon's figures since it started. Used on the event loop's thread only.

    `monotonic` gives seconds that never step; the `..._at` figures are such seconds, None before the first time.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self.due_lag = Spread(LAG_SECONDS)
        self.attempt_seconds = Spread(ATTEMPT_SECONDS)
        self.deliveries: Counter[tuple[str, Verdict]] = Counter()
        self.lease_takeovers = 0
        self.clock_step_seconds = 0.0
        self.clock_doubted = False
        self.ticked_at: float | None = None
        self.ticked_on_the_wall: datetime | None = None
        self.looked_at: float | None = None
        self.passed_at: float | None = None
        self.standing: Standing | None = None
        self.unplanned = 0  # contracts that could not be planned when that was last tried
        self.draining = False
        # What is wrong with the database's file; empty where nothing was found.
        self.damage = ""

    def ticked(self, now: datetime) -> None:
        """The work loop came round; `now` is machine time."""
        self.ticked_at = self._monotonic()
        self.ticked_on_the_wall = now

    def claimed(self, claim: Claim) -> None:
        """A delivery was claimed. How long it could have gone counts once, at its first attempt: a retry is no lag."""
        if claim.attempt == 1:
            self.due_lag.add(claim.lag_seconds)

    def attempted(self, seconds: float) -> None:
        """A connector was called, and it took so long."""
        self.attempt_seconds.add(seconds)

    def recorded(self, result: Result) -> None:
        """What became of a claim is written down."""
        self.deliveries[result.claim.connector, result.outcome.verdict] += 1

    def took_over(self, many: int) -> None:
        """So many claims of a daemon that went silent were taken back."""
        self.lease_takeovers += many

    def looked(self, standing: Standing, *, clock_doubted: bool = False) -> None:
        """The store was written and read. `clock_doubted`: money is held because of the machine's clock."""
        self.looked_at = self._monotonic()
        self.standing = standing
        self.clock_doubted = clock_doubted

    def seconds_since(self, at: float | None) -> float | None:
        """How long ago one of the `..._at` was; None where it never was."""
        return None if at is None else self._monotonic() - at
