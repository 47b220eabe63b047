"""What is measured: storing, a burst, and a steady stream over many that wait."""

from __future__ import annotations

import json
import math
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import end, spent, start, until
from benchmarks.subjects import Subject
from benchmarks.work import DAY, Wanted

START_SECONDS, IDLE_SECONDS, RATE, STEADY_SECONDS, DRAIN_SECONDS = 4.0, 12.0, 50, 20, 10.0
GIVE_UP_SECONDS = 90.0
# What everybody gets to start, before what it is measured by falls due.
UP_SECONDS = 3.0


class Sink:
    """The receiver, and what it says of itself."""

    def __init__(self) -> None:
        self.process = start("benchmarks.receiver", log=subprocess.PIPE)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def ask(self, what: str) -> Any:
        """`count`, `all?SINCE` or `forget`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{what}", timeout=60) as answer:
            return json.load(answer)

    def wait(self, many: int, since: float) -> None:
        """Until so many came, or for as long as one may wait after that second."""
        while self.ask("count") < many and time.time() - since < GIVE_UP_SECONDS:
            time.sleep(0.1)

    def first(self, key: str, within_seconds: float) -> float:
        """When a push came; not a number where it does not within those seconds."""
        ends, seen = time.time() + within_seconds, 0
        while time.time() < ends:
            found = self.ask(f"all?{seen}")
            for arrived, at in found:
                if arrived == key:
                    return float(at)
            seen += len(found)
            time.sleep(0.01)
        return math.nan

    def close(self) -> None:
        end([self.process])


@dataclass(frozen=True)
class Lags:
    """How late pushes came, in seconds; how many not at all, and how many twice."""

    p50: float
    p99: float
    last_at: float
    missing: int
    twice: int


def lags(arrived: Sequence[tuple[str, float]], due: dict[str, float]) -> Lags:
    """Of those that were due, by the second each came first."""
    first: dict[str, float] = {}
    wanted = [(key, at) for key, at in arrived if key in due]
    for key, at in wanted:
        first.setdefault(key, at)
    late = sorted(at - due[key] for key, at in first.items()) or [math.nan]
    return Lags(
        late[len(late) // 2], late[min(len(late) - 1, len(late) * 99 // 100)], max(first.values(), default=math.nan),
        len(due) - len(first), len(wanted) - len(first),
    )  # fmt: skip


@contextmanager
def served(subject: Subject, url: str, folder: Path, sink: Sink, many: int = 1) -> Iterator[list[Any]]:
    """Daemons while the block runs, then ended. Raises when one of them has ended before."""
    with (folder / "daemons.log").open("ab") as log:
        daemons = [subject.serve(url, folder, sink.port, log) for _ in range(many)]
        try:
            yield daemons
            if any(daemon.poll() is not None for daemon in daemons):
                raise RuntimeError(f"{subject.name} on {subject.kind} ended by itself; see {folder}/daemons.log")
        finally:
            end(daemons)


def burst(subject: Subject, url: str, folder: Path, sink: Sink, count: int, daemons: int = 1) -> dict[str, float]:
    """So many due at one instant, before which everybody is up and idle."""
    sink.ask("forget")
    at = math.ceil(time.time()) + 6.0 + count / 2_500
    wanted = Wanted(f"burst-{at}", count, at)
    subject.store(url, wanted)
    with served(subject, url, folder, sink, daemons) as running:
        if time.time() > at - UP_SECONDS:
            raise RuntimeError(f"storing took so long that {subject.name} was not up when the burst fell due")
        until(at - 0.3)
        before, receiver = spent(running), spent([sink.process])
        sink.wait(count, at)
        time.sleep(0.5)  # what is recorded last belongs to it
        after, received = spent(running), spent([sink.process])
    found = lags(sink.ask("all"), wanted.due())
    return {
        "rate": (count - found.missing) / (found.last_at - at),
        "cpu_us": (after.cpu_seconds - before.cpu_seconds) / count * 1e6,
        "rss": after.rss_mib,
        "p50": found.p50,
        "p99": found.p99,
        "missing": found.missing,
        "twice": found.twice,
        "receiver_us": (received.cpu_seconds - receiver.cpu_seconds) / count * 1e6,
    }


def fill(subject: Subject, url: str, count: int) -> dict[str, float]:
    """So many that are due in a month and later, over most of a year."""
    return subject.store(url, Wanted("far", count, time.time() + 30 * DAY, 300 * DAY / count))


def steady(subject: Subject, url: str, folder: Path, sink: Sink, number: int) -> dict[str, float]:
    """From exec to the delivery of one that was due, then nothing, then so many a second."""
    sink.ask("forget")
    canary = Wanted(f"canary-{number}", 1, time.time())
    subject.store(url, canary)
    at = math.ceil(time.time()) + 4.0 + START_SECONDS + IDLE_SECONDS
    stream = Wanted(f"steady-{number}", RATE * STEADY_SECONDS, at, 1 / RATE)
    subject.store(url, stream)
    executed = time.time()
    with served(subject, url, folder, sink) as running:
        (key,) = canary.due()
        began = sink.first(key, at - 2 - executed) - executed
        started = spent(running)
        until(at - 0.5 - IDLE_SECONDS)
        idle = spent(running)
        until(at - 0.5)
        busy = spent(running)
        until(at + STEADY_SECONDS)
        done = spent(running)
        sink.wait(stream.count + 1, time.time() - GIVE_UP_SECONDS + DRAIN_SECONDS)
    found = lags(sink.ask("all"), stream.due())
    return {
        "start": began,
        "start_cpu": started.cpu_seconds,
        "rss": done.rss_mib,
        "idle": (busy.cpu_seconds - idle.cpu_seconds) / IDLE_SECONDS * 60,
        "cpu_us": (done.cpu_seconds - busy.cpu_seconds) / stream.count * 1e6,
        "p50": found.p50 * 1e3,
        "p99": found.p99 * 1e3,
        "missing": found.missing,
        "twice": found.twice,
    }
