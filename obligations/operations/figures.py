"""The engine's figures as Prometheus reads them. Labels hold connectors and verdicts: no name, no id, no amount."""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from obligations.domain.delivery import Verdict
from obligations.engine.counters import Counters, Spread
from obligations.ports import Clock

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# A delivery may name a connector that is not set up any more; what it named is not shown.
OTHER = "other"


class Figures(Collector):
    """Everything that is exported, made afresh at each scrape from numbers that are already there."""

    def __init__(self, counters: Counters, clock: Clock, *, connectors: Collection[str], version: str) -> None:
        self._counters = counters
        self._clock = clock
        self._connectors = frozenset(connectors)
        self._version = version
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> bytes:
        """The whole exposition."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Each metric with its value now. What was not looked at yet is left out rather than called zero."""
        found = self._counters
        yield _spread(
            "obligations_due_lag_seconds", "From when a delivery could first go to its first claim.", found.due_lag
        )
        yield _spread("obligations_attempt_duration_seconds", "How long one attempt took.", found.attempt_seconds)
        yield self._deliveries()
        yield CounterMetricFamily(
            "obligations_lease_takeovers", "Claims taken back from daemons that went silent.", found.lease_takeovers
        )
        yield _gauge(
            "obligations_clock_step_seconds",
            "How far the machine's clock was set when that was last noticed; 0: never.",
            found.clock_step_seconds,
        )
        yield _gauge("obligations_unplanned", "Contracts that could not be planned again.", found.unplanned)
        if found.ticked_on_the_wall is not None:
            at = found.ticked_on_the_wall.timestamp()
            yield _gauge("obligations_last_tick_timestamp_seconds", "When the work loop last came round.", at)
        if (standing := found.standing) is not None:
            oldest = standing.oldest_overdue_at
            late = 0.0 if oldest is None else max(0.0, (self._clock.now() - oldest).total_seconds())
            yield _gauge("obligations_overdue", "Due and not delivered.", standing.overdue)
            yield _gauge("obligations_oldest_overdue_seconds", "How long the first of these is due.", late)
            yield _gauge("obligations_unknown", "Sent, and nobody knows whether it took effect.", standing.unknown)
            yield _gauge("obligations_parked", "Stopped until a person looks.", standing.parked)
            yield _gauge("obligations_awaiting_approval", "Proposed to people.", standing.awaiting_approval)
        yield InfoMetricFamily(
            "obligations_build", "What runs.", {"version": self._version, "python": platform.python_version()}
        )

    def _deliveries(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "obligations_deliveries", "Outcomes that were written down.", labels=("channel", "outcome")
        )
        # From the beginning, at zero: the first of its kind is a growth too, which an alarm would else not see.
        sums = {(connector, verdict.value): 0 for connector in self._connectors for verdict in Verdict}
        for (connector, verdict), many in self._counters.deliveries.items():
            label = (connector if connector in self._connectors else OTHER, verdict.value)
            sums[label] = sums.get(label, 0) + many
        for labels, many in sorted(sums.items()):
            family.add_metric(labels, many)
        return family


def _gauge(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, value)


def _spread(name: str, says: str, spread: Spread) -> HistogramMetricFamily:
    bounds = (*(f"{bound:g}" for bound in spread.bounds), "+Inf")
    buckets = list(zip(bounds, map(float, accumulate(spread.counts)), strict=True))
    return HistogramMetricFamily(name, says, buckets=buckets, sum_value=spread.total)
