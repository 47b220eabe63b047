"""The demo's clock: business time that runs from stop to stop, and what it showed at any machine instant."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from obligations.clocks import SystemMachineClock, TimeLapse


@dataclass(frozen=True, slots=True)
class Stretch:
    """From a machine instant on, business time ran at `rate` from `business` and stopped at `until`."""

    machine: datetime
    business: datetime
    rate: float
    until: datetime

    def at(self, machine_at: datetime) -> datetime:
        """Business time at a machine instant of this stretch."""
        return min(
            self.business + timedelta(seconds=(machine_at - self.machine).total_seconds() * self.rate), self.until
        )


class Steering:
    """Writes the control file that the daemon's clock follows, and remembers every word of it.

    Time is only ever set going again once it stands, so what it showed at a machine instant is known exactly,
    whichever process asked and however slowly it read the file.
    """

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self._machine = SystemMachineClock()
        self._stretches: list[Stretch] = []
        self._write(start, 0, start)
        self._clock = TimeLapse(path)

    @property
    def now(self) -> datetime:
        """Business time."""
        return self._clock.now()

    @property
    def standing(self) -> bool:
        """Whether business time has come to its stop."""
        return self.now >= self._stretches[-1].until

    def run(self, until: datetime, days_a_second: float) -> None:
        """Set time going, so many business days in a real second, until that instant and no further."""
        assert self.standing, "the clock is set going from a stop, or its past would be uncertain"
        self._write(self._stretches[-1].until, days_a_second * 86_400, until)

    def business_at(self, machine_at: datetime) -> datetime:
        """What business time was at a machine instant since the start."""
        number = bisect_right(self._stretches, machine_at, key=lambda one: one.machine)
        return self._stretches[max(0, number - 1)].at(machine_at)

    def _write(self, business: datetime, rate: float, until: datetime) -> None:
        TimeLapse.write(self.path, business, rate, until=until)
        written = json.loads(self.path.read_text(encoding="utf-8"))
        self._stretches.append(Stretch(datetime.fromisoformat(written["machine"]), business, rate, until))
