"""The counting of dates against java.time, by a table that a small Java program wrote (both stand beside this file)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from config.zones import Zones
from schedules.blocks import CALENDAR_PERIODS, block
from schedules.derivation import Derivation, Reasoned
from schedules.instants import end_of_day, instant
from schedules.spans import Span, Unit, add_months, after, before, summed

HERE = Path(__file__).parent
PROGRAM, TABLE = HERE / "Calendar.java", HERE / "calendar.tsv"
ROWS = [tuple(line.split("\t")) for line in TABLE.read_text(encoding="utf-8").splitlines()]


def rows(*kinds: str) -> Iterator[tuple[str, str, str, str]]:
    """The table's rows of these kinds: the kind, from where, by what, and to where java.time comes."""
    found = [(kind, start, by, end) for kind, start, by, end in ROWS if kind in kinds]
    assert found, kinds
    yield from found


def test_months_and_years_from_a_day() -> None:
    """Every anniversary and instalment at the end of a month would be in doubt."""
    for kind, start, by, end in rows("months", "years"):
        count = int(by) * (12 if kind == "years" else 1)
        assert str(add_months(date.fromisoformat(start), count)) == end, (kind, start, by)


def test_spans_of_years_months_and_days() -> None:
    for kind, start, by, end in rows("after", "before"):
        day = date.fromisoformat(start)
        step = after if kind == "after" else before
        found = step(_span(by), Reasoned(day, Derivation("given", start))).value
        assert str(found) == end, (kind, start, by)


def _span(period: str) -> Span:
    units = {"Y": Unit.YEAR, "M": Unit.MONTH, "D": Unit.DAY}
    return summed([Span(int(count), units[unit]) for count, unit in re.findall(r"(\d+)([YMD])", period)])


def test_ends_of_months_quarters_and_years() -> None:
    for kind, start, by, end in rows("first", "last"):
        found = block(date.fromisoformat(start), CALENDAR_PERIODS[by])
        assert str(found.first_on if kind == "first" else found.last_on) == end, (kind, start, by)


def test_local_times_where_clocks_are_put_forward_or_back() -> None:
    """A reminder or a deadline would be an hour off, twice a year."""
    for _, local, zone, end in rows("instant"):
        at = datetime.fromisoformat(local)
        assert instant(at.date(), at.time(), Zones()[zone]) == _utc(end), (local, zone)


def test_a_day_ends_when_the_next_begins_even_if_that_is_not_at_midnight() -> None:
    """A period would expire an hour early in the night in which there is no midnight."""
    for _, day, zone, end in rows("end of day"):
        assert end_of_day(date.fromisoformat(day), Zones()[zone]) == _utc(end), (day, zone)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


@pytest.mark.skipif(shutil.which("javac") is None, reason="no Java development kit here; the committed table stands")
def test_the_table_is_what_the_program_writes() -> None:
    """The table could have been mended by hand, and agree with nothing but us."""
    written = subprocess.run(["java", str(PROGRAM)], capture_output=True, text=True, check=True, timeout=60)
    assert written.stdout == TABLE.read_text(encoding="utf-8")
