"""How fast, how often and how patiently the engine works."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from obligations.engine.rates import per_second

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """The engine's numbers, refused with a sentence when they cannot keep its promises.

    Args:
        total_concurrency: deliveries in flight at once.
        destination_concurrency: of these, how many to one destination, so that a slow one never takes every slot.
        destinations: another number for single destinations, by name.
        rates: for single destinations, how many may start in a while: `5/s`, `100/m`, `1000/h`. Each daemon counts for
            itself.
        timeout_seconds: the whole of one attempt, from connecting to the last byte of the answer.
        lease_seconds: how long a claim keeps other daemons away; more than twice the time-out, so that an attempt
            is over long before somebody else may repeat it.
        retry_delays_seconds: the wait after the first, second, … failed attempt. One more failure parks the delivery.
        retry_jitter: each wait is stretched or shortened by up to this share.
        throttled_seconds: the least wait after a receiver said "too many" (429) or did not answer in time.
        retry_after_most_seconds: the longest wait that a receiver may ask for.
        idempotency_window_seconds: how long receivers remember a key. An action whose outcome stayed unknown for
            longer is not repeated but parked for a person.
        action_late_most_seconds: an action that moves money or rights and is later than this is parked for a person;
            infinity lets every late one go. Four days outlast a long weekend and the retries, which end by themselves;
            whoever is owed has asked by then, and may have been paid by hand.
        clock_step_seconds: the machine's clock set by more than this, either way, holds money for a person, and so far
            from the database's it sends none.
        flush_seconds, flush_most: results are written together after this time or at this many.
        gather_seconds: while more is due than there are slots for, claims follow each other after this time, or sooner
            when many slots came free.
        tick_seconds: the safety net: the longest that something due can go unseen.
        paused_probe_seconds: how often a destination that the daemon paused is tried with one delivery.
        rescue_seconds, replan_seconds, seal_seconds: how often expired leases are taken back, contracts are planned
            again and the ledger is chained.
        probe_seconds: how often the store is written and its queue looked at.
        head_seconds: how often the end of the ledger's chain is written to the log.
        grace_seconds: how long a stopping daemon waits for answers.
        store_wait_seconds, store_wait_most_seconds: the first and the longest wait while the database is away.
    """

    total_concurrency: int = 16
    destination_concurrency: int = 4
    destinations: Mapping[str, int] = field(default_factory=dict)
    rates: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: float = 15
    lease_seconds: float = 60
    retry_delays_seconds: tuple[float, ...] = (
        5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
    )  # fmt: skip
    retry_jitter: float = 0.2
    throttled_seconds: float = 60
    retry_after_most_seconds: float = 24 * HOUR
    idempotency_window_seconds: float = 20 * HOUR
    action_late_most_seconds: float = 96 * HOUR
    clock_step_seconds: float = 5 * MINUTE
    flush_seconds: float = 0.02
    flush_most: int = 64
    gather_seconds: float = 0.005
    tick_seconds: float = 1
    paused_probe_seconds: float = HOUR
    rescue_seconds: float = 2
    replan_seconds: float = 60
    seal_seconds: float = 2
    probe_seconds: float = 2
    head_seconds: float = HOUR
    grace_seconds: float = 20
    store_wait_seconds: float = 0.1
    store_wait_most_seconds: float = 15

    def __post_init__(self) -> None:
        for name in ("total_concurrency", "destination_concurrency", "flush_most"):
            _require(getattr(self, name) >= 1, f"{name} is {getattr(self, name)}; at least 1 is needed")
        for destination, slots in self.destinations.items():
            _require(slots >= 1, f"destinations: {destination} has {slots} slots; at least 1 is needed")
        for rate in self.rates.values():
            per_second(rate)
        for name in (
            "timeout_seconds", "lease_seconds", "tick_seconds", "rescue_seconds", "replan_seconds", "seal_seconds",
            "head_seconds", "clock_step_seconds", "paused_probe_seconds",
            "probe_seconds", "store_wait_seconds", "store_wait_most_seconds", "idempotency_window_seconds",
        ):  # fmt: skip
            value = getattr(self, name)
            _require(math.isfinite(value) and value > 0, f"{name} is {value}; it must be more than 0 seconds")
        for name in (
            "flush_seconds",
            "gather_seconds",
            "grace_seconds",
            "throttled_seconds",
            "retry_after_most_seconds",
        ):
            value = getattr(self, name)
            _require(math.isfinite(value) and value >= 0, f"{name} is {value}; it cannot be less than 0 seconds")
        _require(
            self.lease_seconds > 2 * self.timeout_seconds,
            f"lease_seconds is {self.lease_seconds:g} and timeout_seconds {self.timeout_seconds:g}; the lease must be "
            "more than twice the time-out, or another daemon could repeat what is still being sent",
        )
        _require(self.tick_seconds <= 1, f"tick_seconds is {self.tick_seconds:g}; the safety net is at most 1 second")
        _require(0 <= self.retry_jitter < 1, f"retry_jitter is {self.retry_jitter}; it is a share from 0 to below 1")
        _require(
            all(math.isfinite(delay) and delay >= 0 for delay in self.retry_delays_seconds),
            "retry_delays_seconds holds a wait that is negative or not a number",
        )
        _require(
            self.action_late_most_seconds >= 0,
            f"action_late_most_seconds is {self.action_late_most_seconds}; it cannot be less than 0 seconds",
        )


def _require(kept: bool, message: str) -> None:
    if not kept:
        raise ValueError(message)
