"""The clocks, and the only place that reads them: business time, machine time, and time that runs faster on purpose."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from obligations.ports import MachineClock
from obligations.whole_files import write_whole

_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
# Far enough to simulate any contract, and near enough that adding days to it cannot overflow.
LAST_INSTANT = datetime(9990, 1, 1, tzinfo=UTC)


def monotonic() -> float:
    """Seconds since an arbitrary moment; never steps, whatever happens to the wall clock.

    Where the system can tell, they go on while the machine sleeps: a clock that is right after a sleep was not set.
    """
    return time.clock_gettime(_STEADY)


class SystemMachineClock:
    """The real time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemClock:
    """Business time that is the real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def seconds_until(self, instant: datetime) -> float:
        return (instant - datetime.now(UTC)).total_seconds()


class NotAClock(ValueError):
    """The control file does not say where business time stands."""


class _Reading(NamedTuple):
    """Business time at one machine instant, how fast it runs from there, and where it stops."""

    business: datetime
    machine: datetime
    rate: float
    until: datetime

    def at(self, machine_now: datetime) -> datetime:
        try:
            shown = self.business + timedelta(seconds=(machine_now - self.machine).total_seconds() * self.rate)
        except OverflowError:
            return self.until
        return min(shown, self.until)


class TimeLapse:
    """Business time steered by a small control file, for simulation: years in minutes, or standing still.

    The file holds `{"business": "2006-10-16T12:00:00+00:00", "machine": "…", "rate": 86400}`: business time stood at
    `business` when the machine stood at `machine`, and passes `rate` seconds for every real one; rate 0 is a pause.
    With an `"until"` time stands still once it has come to that instant, so that a slow machine overshoots nothing.
    A rewritten file takes effect at the next reading. Within one process the clock never runs backwards: where a
    rewrite names an earlier instant, time stands still until that instant has caught up. A file that disappears or
    cannot be read later on leaves the last good reading in force.

    Raises `NotAClock` when the file cannot be read at the start.
    """

    def __init__(self, path: Path | str, *, machine: MachineClock | None = None) -> None:
        self._path = Path(path)
        self._machine = machine or SystemMachineClock()
        self._identity = self._stat()
        self._reading = self._read()
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Business time, an aware instant in UTC, never earlier than what this object showed before."""
        self._refresh()
        self._latest = max(self._latest, self._reading.at(self._machine.now()))
        return self._latest

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until business time reaches the instant; infinite while it is paused or stops before it."""
        now = self.now()
        if instant <= now:
            return min(0.0, (instant - now).total_seconds())
        if self._reading.rate == 0 or instant > self._reading.until:
            return math.inf
        # Counted from where the file says time stands, which lies behind `now` while an earlier instant catches up.
        return (instant - self._reading.at(self._machine.now())).total_seconds() / self._reading.rate

    @staticmethod
    def write(
        path: Path | str,
        business: datetime,
        rate: float,
        *,
        until: datetime | None = None,
        machine: MachineClock | None = None,
    ) -> None:
        """Set business time to `business` from this moment on, `rate` business seconds for each real one.

        Time stands still from `until` on, where that is given. The file is replaced whole, so a reader sees the old
        words or the new ones. Raises `NotAClock` for a rate that is negative or not a number, an instant without its
        offset, or an `until` before `business`.
        """
        words: dict[str, object] = {
            "business": business.isoformat(),
            "machine": (machine or SystemMachineClock()).now().isoformat(),
            "rate": rate,
        }
        if until is not None:
            words["until"] = until.isoformat()
        target = Path(path)
        _reading_of(words, target)
        write_whole(target, json.dumps(words))

    def _refresh(self) -> None:
        identity = self._stat()
        if identity is None or identity == self._identity:
            return
        self._identity = identity
        try:
            self._reading = self._read()
        except NotAClock:
            return

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self) -> _Reading:
        try:
            words = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NotAClock(f"{self._path}: cannot be read as the control file of a clock ({error})") from None
        return _reading_of(words, self._path)


def _reading_of(words: object, path: Path) -> _Reading:
    if not isinstance(words, dict) or words.keys() - {"until"} != {"business", "machine", "rate"}:
        raise NotAClock(f'{path}: expected {{"business": instant, "machine": instant, "rate": number}}')
    rate = words["rate"]
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate) or rate < 0:
        raise NotAClock(f"{path}: rate {rate!r} is not a number of business seconds a second (0 or more)")
    business, machine = (_instant(words[word], word, path) for word in ("business", "machine"))
    until = _instant(words["until"], "until", path) if "until" in words else LAST_INSTANT
    if until < business:
        raise NotAClock(f"{path}: time stands at {business.isoformat()} and cannot stop before, at {until.isoformat()}")
    return _Reading(business, machine, rate, min(until, LAST_INSTANT))


def _instant(text: object, word: str, path: Path) -> datetime:
    try:
        instant = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise NotAClock(f"{path}: {word} {text!r} is not an instant with its offset, such as 2006-10-16T12:00:00+00:00")
    return instant.astimezone(UTC)
