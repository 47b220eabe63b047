"""One run from beginning to end: a folder, a house, the letter's life, the count, and nothing left behind."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from obligations import logs
from obligations.app import open_service
from obligations.clocks import monotonic
from obligations.demo import report
from obligations.demo.house import open_house
from obligations.demo.life import FIRST_ON, LAST_ON, Life, begins_at
from obligations.demo.processes import Trouble
from obligations.demo.screen import Screen
from obligations.ports import StoreUnavailable

INTERRUPTED = 130
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: Sequence[str] | None = None) -> int:
    """Live the letter and show it; returns 0 when everything came once, right and not early, else 1."""
    parser = argparse.ArgumentParser(prog="python -m obligations.demo", description="One offer letter's life.")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the database and the receivers' logs there")
    chosen = parser.parse_args(arguments)
    for number in _ENDINGS:
        signal.signal(number, _asked_to_end)
    try:
        with _folder(chosen.keep) as folder:
            return _show(folder, kept=chosen.keep is not None)
    except (Trouble, StoreUnavailable) as error:
        print(f"obligations.demo: {error}", file=sys.stderr)
        if chosen.keep:
            print(f"What there was is in {chosen.keep}.", file=sys.stderr)
        else:
            print("Run it with --keep DIR to look at what it leaves.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("obligations.demo: stopped; every process it started is gone", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our lines has gone; say nothing more, not even at the end of the interpreter.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _show(folder: Path, *, kept: bool) -> int:
    began = monotonic()
    screen = Screen(FIRST_ON, LAST_ON)
    with ExitStack() as stack:
        log = stack.enter_context((folder / "demo.log").open("a", encoding="utf-8"))
        logs.configure(log)
        stack.enter_context(screen.bar())
        house = stack.enter_context(open_house(folder, begins_at()))
        service = stack.enter_context(open_service(house.settings, folder))
        result = Life(house, service, screen).live()
    seconds = monotonic() - began
    for part in (report.figures(result), report.table(result), report.verdict(result)):
        screen.line()
        for line in part:
            screen.line(line)
    screen.line()
    screen.line(f"Two years and a month in {seconds:.0f} s.")
    for line in report.next_steps(folder if kept else None):
        screen.line(line)
    return 1 if result.faults else 0


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """A folder for this run: a new one that is removed again, or the one to keep."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="obligations-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    keep = keep.absolute()
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        full = any(keep.iterdir())
    except OSError as error:
        raise Trouble(f"{keep} cannot be used: {error.strerror}; name a folder that this user can make") from None
    if full:
        raise Trouble(f"{keep} is not empty; name a folder that is not there yet")
    yield keep


def _asked_to_end(_number: int, _frame: FrameType | None) -> None:
    # Asked once is enough: what follows ends every process that was started, and must not be cut short.
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
