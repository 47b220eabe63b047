"""Whether a daemon lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from obligations.engine.counters import Counters
from obligations.engine.settings import EngineSettings
from obligations.ports import MachineClock

ALIVE_SECONDS = 10.0
# No machine that runs this program lives in an earlier year: its clock has lost the time.
BUILT = datetime(2026, 1, 1, tzinfo=UTC)


class Health:
    """Answers from figures that are already there: asking costs no query, and cannot hang.

    `schema` is the schema that this program knows; empty leaves it unasked.
    """

    def __init__(self, counters: Counters, machine: MachineClock, settings: EngineSettings, *, schema: str) -> None:
        self._counters = counters
        self._machine = machine
        self._schema = schema
        # Two probes and a second: at the default, a store that cannot be written shows after five seconds.
        self._fresh_seconds = 2 * settings.probe_seconds + 1

    def live(self) -> Mapping[str, str]:
        """What keeps it from being alive, by name; empty when nothing does."""
        return _faults({"loop": self._fresh(self._counters.ticked_at, ALIVE_SECONDS)})

    def ready(self) -> Mapping[str, str]:
        """What keeps it from working, by name; empty when nothing does."""
        found = self._counters
        standing = found.standing
        schema = "" if standing is None else standing.schema
        return _faults(
            {
                "loop": self._fresh(found.ticked_at, ALIVE_SECONDS),
                "store": self._fresh(found.looked_at, self._fresh_seconds),
                "schema": f"the database is at {schema}" if self._schema and schema not in ("", self._schema) else "",
                "file": found.damage,
                "clock": self._clock(),
                "draining": "it was told to stop" if found.draining else "",
            }
        )

    def _fresh(self, at: float | None, most_seconds: float) -> str:
        since = self._counters.seconds_since(at)
        if since is None:
            return "not yet"
        return "" if since < most_seconds else f"not for {since:.1f} s"

    def _clock(self) -> str:
        if self._machine.now() < BUILT:
            return f"it shows {self._machine.now():%Y}"
        return "money is held because of it" if self._counters.clock_doubted else ""


def _faults(found: Mapping[str, str]) -> Mapping[str, str]:
    return {name: fault for name, fault in found.items() if fault}
