"""Lanes: each destination has its own slots and its own pace, so that a slow one never takes what another needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from obligations.engine.rates import Bucket

# Lanes beside which nothing is due or in flight have so many rounds before others are asked for again.
ROUNDS_AMONG_THEMSELVES = 3


class Opening(NamedTuple):
    """How much may be claimed now: up to `limit` deliveries, none of them for a destination in `full`, and of one
    destination no more than `rooms` says, or else `each`."""

    limit: int
    full: frozenset[str]
    each: int
    rooms: Mapping[str, int]


class Lanes:
    """Counts what is in flight, in all and by destination, and says whose turn it is.

    A lane that was served waits until every other lane with something due had its turn. One whose receiver kept silent
    has a single slot until it answers, and one whose receiver had too much rests.

    Args:
        rates: for single lanes, how many may start in a second.
        now: seconds that never step.
    """

    def __init__(
        self,
        total: int,
        each: int,
        single: Mapping[str, int],
        rates: Mapping[str, float] | None = None,
        now: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._total = total
        self._each = each
        self._single = dict(single)
        self._buckets = {lane: Bucket(rate, now) for lane, rate in (rates or {}).items()}
        self._now = now
        self._busy: Counter[str] = Counter()
        self._served: set[str] = set()
        self._taken = 0
        self._filled = False
        self._known: set[str] = set()
        self._rounds = 0
        self._silent: set[str] = set()
        self._resting: dict[str, float] = {}
        self.free = total

    def take(self, destination: str) -> None:
        """A delivery to the destination starts."""
        self._busy[destination] += 1
        self._served.add(destination)
        self._taken += 1
        self.free -= 1
        if bucket := self._buckets.get(destination):
            bucket.take()
        self._filled |= not self._room(destination)

    def give(self, destination: str) -> None:
        """A delivery to the destination is over."""
        self._busy[destination] -= 1
        self.free += 1
        if not self._busy[destination]:
            del self._busy[destination]

    def kept_silent(self, destination: str) -> None:
        """The receiver did not answer: until it does, it takes up one slot."""
        self._silent.add(destination)

    def answered(self, destination: str) -> None:
        """The receiver answered."""
        self._silent.discard(destination)

    def rest(self, destination: str, seconds: float) -> None:
        """The receiver has too much to do: nothing starts for so long."""
        self._resting[destination] = self._now() + seconds

    def begin_round(self) -> None:
        """Nobody has had a turn yet."""
        self._served.clear()

    @property
    def full(self) -> frozenset[str]:
        """The destinations with no slot left, whatever is free beside them."""
        return frozenset(lane for lane, room in self._rooms().items() if not room)

    @property
    def hindered(self) -> bool:
        """Whether some destination has no slot left, so that something due for it may be waiting."""
        return not self.free or bool(self.full)

    @property
    def opens_in(self) -> float:
        """Seconds until time alone opens a lane; infinite where it opens none."""
        now = self._now()
        return min(
            (
                *(until - now for until in self._resting.values()),
                *(bucket.seconds for bucket in self._buckets.values() if not bucket.whole),
            ),
            default=math.inf,
        )

    def openings(self) -> Iterator[Opening]:
        """What to claim, one opening after the other; each is worked out when it is asked for, after what was claimed
        for the one before was taken.

        Lanes that were served are passed over. Only when nothing is due beside them does a new round begin. The lanes
        that were found to be the only ones with something due are not held up by asking for others before each of
        their next rounds.
        """
        while self.free:
            if self._rounds and self._all_known_had_theirs():
                self._rounds -= 1
                self.begin_round()
            before = self._taken
            opening = self._opening()
            yield opening
            if self._taken == before:
                if not self._served:
                    return
                self._known = self._served.union(self._busy)
                self._rounds = ROUNDS_AMONG_THEMSELVES
                self.begin_round()
                if (anew := self._opening()).full != opening.full:
                    yield anew
                return
            # Where it filled no lane, it found all that is due. Where it did, that may have kept others out of sight.
            if not self._filled or (self._rounds and self._all_known_had_theirs()):
                return

    def _all_known_had_theirs(self) -> bool:
        return all(lane in self._served or not self._room(lane) for lane in self._known)

    def _opening(self) -> Opening:
        rooms = self._rooms()
        self._filled = False
        return Opening(
            self.free,
            frozenset(lane for lane, room in rooms.items() if not room) | self._served,
            self._each,
            {lane: room for lane, room in rooms.items() if room and room != self._each},
        )

    def _rooms(self) -> dict[str, int]:
        now = self._now()
        self._resting = {lane: until for lane, until in self._resting.items() if until > now}
        lanes = {*self._busy, *self._single, *self._buckets, *self._silent, *self._resting}
        return {lane: self._room(lane) for lane in lanes}

    def _room(self, lane: str) -> int:
        if lane in self._resting:
            return 0
        width = 1 if lane in self._silent else self._single.get(lane, self._each)
        room = max(0, width - self._busy[lane])
        bucket = self._buckets.get(lane)
        return room if bucket is None else min(room, bucket.whole)
