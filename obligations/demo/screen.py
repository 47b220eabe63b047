"""What the demo shows: a line for each thing that happened, and a bar at a terminal while time passes."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

WIDTH = 80
_WHO = 16
_INDENT = " " * (12 + _WHO)
_COMMAND = " " * 12


class Screen:
    """Lines of at most 80 columns, in order. Where nobody watches (a pipe, a file) they are plain text."""

    def __init__(self, first: date, last: date) -> None:
        self._first = first
        self._days = (last - first).days
        self._live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._progress: Progress | None = None

    @contextmanager
    def bar(self) -> Iterator[None]:
        """While the block runs, a terminal shows how far time has come."""
        if not self._live:
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(None), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True, refresh_per_second=8) as progress:
            self._progress = progress
            progress.add_task(f"{self._first}", total=self._days)
            try:
                yield
            finally:
                self._progress = None

    def day(self, today: date) -> None:
        """Move the bar to this business day."""
        if self._progress is not None:
            task = self._progress.task_ids[0]
            self._progress.update(task, completed=(today - self._first).days, description=f"{today}")

    def happened(self, on: date, who: str, what: str, *, trouble: bool = False) -> None:
        """One thing that happened: the business day, who, and what."""
        head = f"{on}  {who:{_WHO}}"
        for line in textwrap.wrap(head + what, WIDTH, subsequent_indent=_INDENT, break_on_hyphens=False):
            self.line(line, style="red" if trouble else "")

    def command(self, words: str) -> None:
        """The command that did it."""
        for line in textwrap.wrap(
            f"$ {words}", WIDTH, initial_indent=_COMMAND, subsequent_indent=f"{_COMMAND}    ",
            break_on_hyphens=False, break_long_words=False,
        ):  # fmt: skip
            self.line(line, style="dim")

    def said(self, words: str) -> None:
        """What a command answered."""
        for line in textwrap.wrap(words, WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT):
            self.line(line)

    def line(self, text: str = "", *, style: str = "") -> None:
        """One line as it is."""
        if self._live:
            self._console.print(text, style=style or None)
        else:
            print(text, flush=True)
