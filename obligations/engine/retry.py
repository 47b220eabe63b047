"""When a delivery that did not succeed goes again."""

from __future__ import annotations

from collections.abc import Callable

from obligations.domain.delivery import Outcome
from obligations.engine.settings import EngineSettings

THROTTLED = 429
# With these a receiver speaks of itself and not of the one call: how long it has too much to do, or is not there.
_OF_ITSELF = frozenset({THROTTLED, 503})


def wait_seconds(
    settings: EngineSettings,
    attempt: int,
    outcome: Outcome,
    chance: Callable[[], float],
    *,
    timed_out: bool = False,
) -> float | None:
    """Seconds from now until the next attempt, or None when `attempt` (counted from 1) was the last.

    The schedule's wait, stretched or shortened by chance, and never less than what the receiver asked for (up to the
    longest it may ask for) or than a throttled receiver needs. `chance` gives a number from 0 to below 1.
    """
    if attempt > len(settings.retry_delays_seconds):
        return None
    jitter = 1 + settings.retry_jitter * (2 * chance() - 1)
    wait = settings.retry_delays_seconds[max(attempt, 1) - 1] * jitter
    if timed_out or outcome.status == THROTTLED:
        wait = max(wait, settings.throttled_seconds)
    asked = outcome.retry_after_seconds
    # A receiver may say anything; only a positive number is a wish (NaN compares false and is none).
    if asked is not None and asked > 0:
        wait = max(wait, min(asked, settings.retry_after_most_seconds))
    return wait


def rest_seconds(settings: EngineSettings, outcome: Outcome) -> float:
    """Seconds for which the receiver asked to be called by nobody, up to the longest it may ask for; 0 where it asked
    for none."""
    asked = outcome.retry_after_seconds
    if outcome.status not in _OF_ITSELF or asked is None or not asked > 0:
        return 0.0
    return min(asked, settings.retry_after_most_seconds)


class Backoff:
    """Waits that double while trouble lasts, up to a bound.

    >>> backoff = Backoff(1, 5)
    >>> [backoff.next() for _ in range(4)]
    [1, 2, 4, 5]
    """

    def __init__(self, first_seconds: float, most_seconds: float) -> None:
        self._first = first_seconds
        self._most = most_seconds
        self._wait = first_seconds

    def next(self) -> float:
        """The wait before trying again, in seconds."""
        wait = min(self._wait, self._most)
        self._wait = min(self._wait * 2, self._most)
        return wait

    def reset(self) -> None:
        """The trouble is over: start small the next time."""
        self._wait = self._first
