"""The page the figures stand on: tables between markers, of which a run replaces the rows that it measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
Row = tuple[str, ...]


def markdown(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; the columns of words stand to the left, those of figures to the right."""
    kept = [tuple(str(cell) for cell in row) for row in rows]
    words = {i for i in range(len(heads)) if i == 0 or any(re.search("[A-Za-z]{3}", row[i]) for row in kept)}
    lines = ["---" if i in words else "---:" for i in range(len(heads))]
    return "\n".join([f"| {' | '.join(heads)} |", f"|{'|'.join(lines)}|", *(f"| {' | '.join(row)} |" for row in kept)])


def rows_of(table: str) -> list[Row]:
    """The rows of a table, without its head."""
    lines = [line for line in table.strip().splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


def merged(old: Iterable[Row], new: Iterable[Row], keys: int) -> list[Row]:
    """New rows in the place of old ones that begin with the same cells; others stay. By number, else as they came.

    >>> merged([("1,000", "a", "5"), ("10", "a", "7")], [("1,000", "a", "6")], 2)
    [('10', 'a', '7'), ('1,000', 'a', '6')]
    """
    found = {row[:keys]: row for row in old} | {row[:keys]: row for row in new}
    return sorted(found.values(), key=lambda row: _number(row[0]))


def _number(cell: str) -> int:
    digits = cell.replace(",", "")
    return int(digits) if digits.isdecimal() else 0


class Page:
    """The page, read once and written by `put`."""

    def __init__(self, path: Path = PAGE) -> None:
        self._path = path

    def section(self, name: str) -> str:
        """What stands between the markers of that name; raises `LookupError` where there are none."""
        return self._find(name)[1]

    def put(self, name: str, text: str) -> None:
        """Writes text between the markers."""
        before, _, after = self._find(name)
        self._path.write_text(f"{before}\n{text.strip()}\n\n{after}", encoding="utf-8")

    def table(self, name: str, heads: Sequence[str], rows: Iterable[Row], *, keys: int, anew: bool = False) -> None:
        """Writes a table, in which rows that were not measured now stay unless it is made `anew`."""
        old = [] if anew else [row for row in rows_of(self.section(name)) if len(row) == len(heads)]
        self.put(name, markdown(heads, merged(old, rows, keys)))

    def _find(self, name: str) -> tuple[str, str, str]:
        page = self._path.read_text(encoding="utf-8")
        begin, end = f"<!-- measured: {name} -->\n", f"<!-- end: {name} -->"
        before, found, rest = page.partition(begin)
        inside, ended, after = rest.partition(end)
        if not (found and ended):
            raise LookupError(f"{self._path.name} has no section {name!r}")
        return before + begin, inside, ended + after
