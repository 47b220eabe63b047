"""Lanes: each destination has its own slots, so that a slow one never takes those of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Opening(NamedTuple):
    """How much may be claimed now: up to `limit` deliveries, none of them for a destination in `full`.

    Whatever mix of destinations the store returns, every one of them finds a slot in its own lane.
    """

    limit: int
    full: frozenset[str]


class Lanes:
    """Counts what is in flight, in all and by destination."""

    def __init__(self, total: int, each: int, single: Mapping[str, int]) -> None:
        self._total = total
        self._each = each
        self._single = dict(single)
        self._busy: Counter[str] = Counter()
        self.free = total

    def take(self, destination: str) -> None:
        """A delivery to the destination starts."""
        self._busy[destination] += 1
        self.free -= 1

    def give(self, destination: str) -> None:
        """A delivery to the destination is over."""
        self._busy[destination] -= 1
        self.free += 1
        if not self._busy[destination]:
            del self._busy[destination]

    @property
    def hindered(self) -> bool:
        """Whether some destination has no slot left, so that something due for it may be waiting."""
        return not self.free or any(not room for room in self._rooms().values())

    def openings(self) -> Iterator[Opening]:
        """What to claim, one opening after the other; each is worked out when it is asked for.

        The first passes over every lane with less room than a fresh one has, so its limit is a fresh lane's width.
        The second serves those lanes, a few at a time, and exists only when there are any.
        """
        rooms = self._rooms()
        full = frozenset(lane for lane, room in rooms.items() if not room)
        narrow = frozenset(lane for lane, room in rooms.items() if 0 < room < self._each)
        if self.free:
            yield Opening(min(self.free, self._each), full | narrow)
        if narrow and self.free:
            rooms = self._rooms()
            full = frozenset(lane for lane, room in rooms.items() if not room)
            yield Opening(min(self.free, self._each, *(room for room in rooms.values() if room)), full)

    def _rooms(self) -> dict[str, int]:
        lanes = self._busy.keys() | self._single.keys()
        return {lane: max(0, self._single.get(lane, self._each) - self._busy[lane]) for lane in lanes}
