"""Rates: how many deliveries to one destination may start in a stretch of time."""

from __future__ import annotations

import re
from collections.abc import Callable

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_RATE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)/([smh])")
# How much of a second's worth a lane that was quiet may catch up on at once.
_CATCHES_UP = 0.1


def per_second(text: str) -> float:
    """How many a second `5/s`, `100/m` or `1000/h` allows; raises `ValueError` for anything else.

    >>> per_second("90/m")
    1.5
    >>> per_second("fast")
    Traceback (most recent call last):
    ValueError: 'fast' is not a rate such as 5/s, 100/m or 1000/h
    """
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) / _SECONDS[found[2]] if found else 0.0
    if not rate:
        raise ValueError(f"{text!r} is not a rate such as 5/s, 100/m or 1000/h")
    return rate


class Bucket:
    """Tokens that come in at an even pace. A quiet time saves up a tenth of a second's worth, or one.

    >>> at = 0.0
    >>> bucket = Bucket(5, lambda: at)
    >>> bucket.take()
    >>> bucket.whole, bucket.seconds
    (0, 0.2)
    >>> at = 60.0
    >>> bucket.whole
    1
    """

    def __init__(self, per_second: float, now: Callable[[], float]) -> None:
        self._rate = per_second
        self._most = max(1.0, per_second * _CATCHES_UP)
        self._now = now
        self._tokens = self._most
        self._at = now()

    @property
    def whole(self) -> int:
        """How many may start now."""
        self._fill()
        # What a sum of floats lacks must not cost a whole turn.
        return int(self._tokens + 1e-9)

    @property
    def seconds(self) -> float:
        """Until one more may start."""
        self._fill()
        return max(0.0, (1 - self._tokens) / self._rate)

    def take(self) -> None:
        """One starts."""
        self._fill()
        self._tokens -= 1

    def _fill(self) -> None:
        now = self._now()
        self._tokens = min(self._most, self._tokens + (now - self._at) * self._rate)
        self._at = now
