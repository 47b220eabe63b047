"""The receiver of a campaign: it honours keys, answers badly now and then, and can have its sender killed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from threading import Lock

from obligations.testing.payroll import Answer, Arrival, PayrollReceiver, drop_after, drop_before, status
from tests.soak.house import SENDER

# What a receiver that is not well answers, and how often of a hundred times.
BAD_DAYS: tuple[tuple[int, Answer], ...] = (
    (3, drop_after()),
    (2, drop_before()),
    (2, status(500, effect=True)),
    (1, status(503)),
)


class RoughReceiver(PayrollReceiver):
    """Takes each instruction once. Unless it is `calm`, some of its answers are lost or bad."""

    def __init__(self, random: Random) -> None:
        super().__init__(on_effect=lambda arrival: self._see("read", arrival),
                         on_answered=lambda arrival: self._see("answered", arrival))  # fmt: skip
        self.calm = False
        self._random = random
        self._lock = Lock()
        self._moment = ""
        self._left = 0
        self._kill: Callable[[str], None] = lambda name: None

    def kill_sender(self, moment: str, after: int, kill: Callable[[str], None]) -> None:
        """Have the sender of the nth request from now killed when it was `read`, or when it was `answered`."""
        with self._lock:
            self._moment, self._left, self._kill = moment, after, kill

    def disarm(self) -> None:
        """Kill nobody any more."""
        with self._lock:
            self._moment = ""

    def next_answer(self) -> Answer:
        answer = super().next_answer()
        if self.calm:
            return answer
        with self._lock:
            drawn = self._random.randrange(100)
        for share, bad in BAD_DAYS:
            if drawn < share:
                return bad
            drawn -= share
        return answer

    def _see(self, moment: str, arrival: Arrival) -> None:
        with self._lock:
            if moment != self._moment:
                return
            self._left -= 1
            if self._left > 0:
                return
            self._moment = ""
            kill = self._kill
        kill(arrival.headers[SENDER])
