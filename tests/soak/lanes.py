"""A burst for one destination beside steady work for another, and destinations that do not answer as they should.

    python -m tests.soak.lanes --due 10000

An installed daemon on an SQLite file, its HTTP connector, and the receivers of `tests/soak/takers.py` in a process of
their own, on the loopback. All of the burst is due in one instant, at a receiver that takes five milliseconds; another
destination gets twenty a second meanwhile, each at its own instant. In further rounds some destination hangs, drips, or
says "too many" as well. The exit code is 1 when the burst takes a minute, or the steady work waits for two seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import UUID

from obligations.clocks import SystemClock, monotonic
from obligations.domain.delivery import DeliveryState, Push
from obligations.ports import Changes, Store, StoredContract
from obligations.store import open_store
from tests.soak.audit import spans
from tests.soak.load import CONTRACT, change_of, instruction, occurrence_of

ROOT = Path(__file__).resolve().parents[2]
BURST_SECONDS, LAG_SECONDS = 60.0, 2.0
BURST, STEADY = "burst", "steady"
STEADY_EACH_SECOND = 20
# The steady work begins before the burst, and the daemon is up by then. A receiver that is not well has so much due.
AHEAD_SECONDS, BEFORE_SECONDS, UNWELL_DUE = 8.0, 2.0, 1000
UNWELL = ("hang", "drip", "429")
GIVE_UP_SECONDS, END_SECONDS, LOOK_SECONDS = 240.0, 40.0, 0.25
SECRET = "whsec_c3RhbmQtaW4gcGF5cm9sbCByZWNlaXZlciBrZXk="
CONFIG = """
database_url = "sqlite:///{database}"

[sending]
reminders = "console"

[engine]
grace_seconds = 1
{engine}
"""
DESTINATION = """
[connectors.http.destinations.{name}]
url = "http://127.0.0.1:{port}/{name}/{way}"
secret = "{secret}"
"""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to. Lags are seconds from an instruction's instant to its arrival: p50, p99, longest.

    Attributes:
        beside: which destinations were not well.
        seconds: from the burst's instant until its last one had arrived.
        cpu_seconds: what the daemon used, over all it sent.
        unwell: how many requests reached the destinations that are not well.
    """

    beside: Sequence[str]
    due: int
    arrived: int
    twice: int
    seconds: float
    burst_lag: tuple[float, float, float]
    steady: int
    steady_lag: tuple[float, float, float]
    cpu_seconds: float
    unwell: int
    load: float

    @property
    def kept(self) -> bool:
        """Whether the burst was through in time and held up nobody."""
        in_time = self.seconds < BURST_SECONDS and self.steady_lag[1] <= LAG_SECONDS
        return self.arrived == self.due and not self.twice and in_time

    def row(self) -> str:
        """A row of the table in docs/reliability.md."""
        three = " / ".join(f"{one:.3f}" for one in self.steady_lag)
        beside = ", ".join(self.beside) or "nobody"
        return (
            f"| {beside} | {self.due:,} in {self.seconds:.1f} s | {three} | {self.unwell:,} | {self.cpu_seconds:.1f} | "
            f"{self.load:.1f} |"
        )


HEAD = (
    "| who is not well | the burst | lag of the steady work in seconds, p50 / p99 / max | requests to those not well |"
    " the daemon's CPU seconds | load |\n|---|---:|---:|---:|---:|---:|"
)


def one_round(due: int, beside: Sequence[str] = (), *, engine: str = "", ahead: float = AHEAD_SECONDS) -> Round:
    """The burst beside steady work, and beside destinations that are not well."""
    with tempfile.TemporaryDirectory(prefix="obl-lanes-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "store" / "obligations.db"
        store = open_store(f"sqlite:///{file}")
        try:
            with _takers() as takers:
                ways = {BURST: "5ms", STEADY: "5ms", **{f"unwell-{way}": way for way in beside}}
                environment = _configured(Path(folder), file, takers.port, ways, engine)
                at = SystemClock().now() + timedelta(seconds=ahead)
                keys = _planned(store, due, at, ways)
                with _daemon(environment, Path(folder) / "log") as daemon:
                    _wait_through(file, daemon)
                    load = os.getloadavg()[0]
                    cpu_seconds = _ended(daemon, Path(folder) / "log")
                return _came_to(keys, at, takers.report(), beside, cpu_seconds, load)
        finally:
            store.close()


def _planned(store: Store, due: int, at: datetime, ways: Mapping[str, str]) -> dict[str, dict[UUID, datetime]]:
    """The keys of each destination, with their instants."""
    apart = timedelta(seconds=1 / STEADY_EACH_SECOND)
    steady_from = at - timedelta(seconds=BEFORE_SECONDS)
    # As long as the burst may take, if it is a large one; a small one is through at once.
    steady = int(min(BURST_SECONDS, BEFORE_SECONDS + 2 + due / 200) * STEADY_EACH_SECOND)
    instants: dict[str, list[datetime]] = {
        name: [at] * (due if name == BURST else min(due, UNWELL_DUE)) for name in ways if name != STEADY
    }
    instants[STEADY] = [steady_from + number * apart for number in range(steady)]
    pushes = {
        name: [instruction(f"{name} {number}", name, when) for number, when in enumerate(instants[name])]
        for name in ways
    }
    every: list[Push] = [push for some in pushes.values() for push in some]
    with store.write() as view:
        view.put_contract(StoredContract(CONTRACT, "Load", "terms: 1", "", SystemClock().now(), "hr"))
        view.apply(CONTRACT, Changes(tuple(map(occurrence_of, every)), deliveries=tuple(map(change_of, every))))
    return {name: {push.key: push.send_at for push in some} for name, some in pushes.items()}


def _wait_through(file: Path, daemon: subprocess.Popen[bytes]) -> None:
    """Until the burst and the steady work are delivered. It counts where they stand: what it reads costs time too."""
    give_up_at, pause = monotonic() + GIVE_UP_SECONDS, Event()
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as reader:
        while daemon.poll() is None and monotonic() < give_up_at:
            pause.wait(LOOK_SECONDS)
            left = reader.execute(
                "SELECT count(*) FROM delivery WHERE destination IN (?, ?) AND state <> ?",
                (BURST, STEADY, DeliveryState.DELIVERED.value),
            ).fetchone()
            if left == (0,):
                return


def _came_to(
    keys: Mapping[str, Mapping[UUID, datetime]], at: datetime, arrivals: Mapping[str, Sequence[tuple[str, float]]],
    beside: Sequence[str], cpu_seconds: float, load: float,
) -> Round:  # fmt: skip
    first: dict[str, dict[UUID, float]] = {BURST: {}, STEADY: {}}
    for name, came in first.items():
        for key, when in arrivals.get(name, ()):
            came.setdefault(UUID(key), when)
    heard = {name: len(arrivals.get(name, ())) for name in keys}
    lags = {
        name: [came[key] - due.timestamp() if key in came else float("inf") for key, due in keys[name].items()]
        for name, came in first.items()
    }
    return Round(
        beside=beside,
        due=len(keys[BURST]),
        arrived=len(first[BURST]),
        twice=sum(heard[name] - len(first[name]) for name in first),
        seconds=max(lags[BURST]),
        burst_lag=spans(lags[BURST]),
        steady=len(first[STEADY]),
        steady_lag=spans(lags[STEADY]),
        cpu_seconds=cpu_seconds,
        unwell=sum(count for name, count in heard.items() if name not in first),
        load=load,
    )


# --- processes --------------------------------------------------------------------------------------------------------


class _Takers:
    """The receivers' process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def report(self) -> Mapping[str, Sequence[tuple[str, float]]]:
        """End it, and hear what came in."""
        said, _ = self._process.communicate(b"\n", END_SECONDS)
        found: Mapping[str, Sequence[tuple[str, float]]] = json.loads(said)
        return found


@contextmanager
def _takers() -> Iterator[_Takers]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.soak.takers"], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield _Takers(process)
        finally:
            process.kill()


def _configured(folder: Path, database: Path, port: int, ways: Mapping[str, str], engine: str) -> Mapping[str, str]:
    """The environment of a daemon that is configured so."""
    tables = [DESTINATION.format(name=name, port=port, way=way, secret=SECRET) for name, way in ways.items()]
    config = folder / "obligations.toml"
    config.write_text(CONFIG.format(database=database, engine=engine) + "".join(tables), encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(ROOT), "OBLIGATIONS_CONFIG": str(config)}


@contextmanager
def _daemon(environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "obligations", "run"], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=output,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def _ended(daemon: subprocess.Popen[bytes], log: Path) -> float:
    """Ask it to end; the CPU seconds it used. Its handle is left out of it, which would take that figure away."""
    os.kill(daemon.pid, signal.SIGTERM)
    _, status, used = os.wait4(daemon.pid, 0)
    daemon.returncode = os.waitstatus_to_exitcode(status)
    if daemon.returncode:
        said = log.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"the daemon ended with {daemon.returncode}:\n{said[-2000:]}")
    return used.ru_utime + used.ru_stime


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> None:
    """One round where all are well, one beside each that is not, and one beside all of those."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--due", type=int, default=10_000, help="in one instant, to one destination")
    parser.add_argument("--beside", action="append", choices=["nobody", *UNWELL, "all"], help="only these rounds")
    parser.add_argument("--engine", default="", help="lines of [engine] in the configuration")
    given = parser.parse_args()
    rounds = {"nobody": (), **{way: (way,) for way in UNWELL}, "all": UNWELL}
    _say(HEAD)
    kept = True
    for name in given.beside or rounds:
        found = one_round(given.due, rounds[name], engine=given.engine)
        _say(found.row())
        kept &= found.kept
    raise SystemExit(0 if kept else 1)


if __name__ == "__main__":
    main()
