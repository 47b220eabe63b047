"""Clocks that stand still until a test moves them."""

from __future__ import annotations

import math
from datetime import datetime, timedelta


class FixedMachineClock:
    """Machine time that moves only when told to; `monotonic` moves with it, and only forward.

    >>> from datetime import UTC
    >>> clock = FixedMachineClock(datetime(2006, 10, 16, tzinfo=UTC))
    >>> clock.advance(seconds=90)
    >>> clock.now().isoformat()
    '2006-10-16T00:01:30+00:00'
    """

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError(f"{at} has no offset; a clock shows aware instants")
        self._at = at
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The instant it was set to."""
        return self._at

    def monotonic(self) -> float:
        """Seconds it was moved forward since it was made."""
        return self._elapsed

    def advance(self, *, seconds: float = 0, days: float = 0) -> None:
        """Move by that much; a negative step moves the wall clock back and leaves `monotonic` where it is."""
        step = timedelta(seconds=seconds, days=days)
        self._at += step
        self._elapsed += max(0.0, step.total_seconds())

    def step(self, *, seconds: float = 0, days: float = 0) -> None:
        """Set the wall clock ahead, or back by a negative step, while `monotonic` stands still."""
        self._at += timedelta(seconds=seconds, days=days)

    def set(self, at: datetime) -> None:
        """Move to the instant."""
        self.advance(seconds=(at - self._at).total_seconds())


class FixedClock(FixedMachineClock):
    """Business time that moves only when told to.

    >>> from datetime import UTC
    >>> clock = FixedClock(datetime(2006, 10, 16, tzinfo=UTC))
    >>> clock.seconds_until(datetime(2006, 10, 17, tzinfo=UTC))
    inf
    """

    def seconds_until(self, instant: datetime) -> float:
        """Zero or less when the instant is reached; infinite before, since nothing but a test brings it nearer."""
        return (instant - self._at).total_seconds() if instant <= self._at else math.inf
