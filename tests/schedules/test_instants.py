"""Local hours and the instants they are, over every change of every clock in the world from 2020 to 2040."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import NamedTuple

import pytest

from config.zones import Zones
from schedules.instants import _DAYS_KEPT, end_of_day, instant, instants, local_day

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


class Turn(NamedTuple):
    """One change of a zone's clock: the instant, and the offsets before and after it."""

    zone: tzinfo
    at: datetime
    before: timedelta
    after: timedelta

    @property
    def local(self) -> tuple[datetime, datetime]:
        """What the clock shows at the change, by the offset before and by the one after."""
        naive = self.at.replace(tzinfo=None)
        return naive + self.before, naive + self.after


@cache
def distinct_zones() -> dict[str, tzinfo]:
    """Every zone, of those with the same data one."""
    zones = Zones()
    by_data: dict[bytes, str] = {}
    for name in zones:
        by_data.setdefault(resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes(), name)
    return {name: zones[name] for name in by_data.values()}


def turns() -> Iterator[Turn]:
    """Every change, found day by day and then to the second."""
    for zone in distinct_zones().values():
        at, offset = FIRST, _offset(FIRST, zone)
        while at < LAST:
            then = at + DAY
            if (later := _offset(then, zone)) != offset:
                first, last = at, then
                while last - first > SECOND:
                    middle = first + (last - first) // 2
                    middle = middle.replace(microsecond=0)
                    first, last = (middle, last) if _offset(middle, zone) == offset else (first, middle)
                yield Turn(zone, last, offset, later)
            at, offset = then, later


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


@pytest.fixture(scope="module")
def all_turns() -> list[Turn]:
    found = list(turns())
    assert len(distinct_zones()) > 250
    assert len(found) > 3_000
    return found


def hours_around(turn: Turn) -> list[datetime]:
    """Local times in the gap or overlap, at its ends, and just outside it."""
    low, high = sorted(turn.local)
    minutes = (high - low) // timedelta(minutes=1)
    inside = [low + timedelta(minutes=minute) for minute in range(0, minutes, 10)]
    return [low - timedelta(minutes=1), *inside, high - SECOND, high, high + timedelta(minutes=1)]


def test_an_hour_in_a_gap_goes_later_by_the_gap_and_once(all_turns: list[Turn]) -> None:
    """A reminder at half past two on the night the clocks go forward would be skipped, or go an hour early."""
    gaps = [turn for turn in all_turns if turn.after > turn.before]
    assert len(gaps) > 1_500
    for turn in gaps:
        low, high = turn.local
        for local in hours_around(turn):
            found = instant(local.date(), local.time(), turn.zone)
            shown = found.astimezone(turn.zone).replace(tzinfo=None)
            later = turn.after - turn.before if low <= local < high else timedelta(0)
            assert shown == local + later, f"{turn.zone} {local}"
            if later:
                assert turn.at <= found, "never before its hour has come"


def test_an_hour_in_an_overlap_is_the_first_of_the_two(all_turns: list[Turn]) -> None:
    """A reminder at half past one on the night the clocks go back would go twice, or an hour late."""
    overlaps = [turn for turn in all_turns if turn.after < turn.before]
    assert len(overlaps) > 1_500
    for turn in overlaps:
        high, low = turn.local
        for local in hours_around(turn):
            found = instant(local.date(), local.time(), turn.zone)
            assert found.astimezone(turn.zone).replace(tzinfo=None) == local, f"{turn.zone} {local}"
            if low <= local < high:
                assert found < turn.at, "the first, and not the second"
                again = found + (turn.before - turn.after)
                assert again.astimezone(turn.zone).replace(tzinfo=None) == local, "there is a second one"


def test_each_day_around_a_change_has_its_hour_once_and_in_order(all_turns: list[Turn]) -> None:
    """At any hour of the day: as many instants as days, each later than the last and none more than hours off."""
    for turn in all_turns:
        day = turn.local[0].date()
        for at in {turn.local[0].time(), turn.local[1].time(), time(0), time(2, 30), time(9)}:
            found = [instant(day + number * DAY, at, turn.zone) for number in range(-2, 3)]
            gaps = [later - earlier for earlier, later in pairwise(found)]
            changed = abs(turn.after - turn.before)
            assert all(DAY - changed <= gap <= DAY + changed for gap in gaps), f"{turn.zone} {day} {at}"


def test_a_row_of_days_has_the_instants_of_each_day(all_turns: list[Turn]) -> None:
    """A reminder that repeats would go at another hour than one that does not."""
    for turn in all_turns[::7]:
        at = turn.local[0].time()
        days = [turn.local[0].date() + number * DAY for number in range(-2, 3)]
        assert [instants(at, turn.zone)[day] for day in days * 2] == [instant(day, at, turn.zone) for day in days * 2]


def test_no_more_days_are_kept_than_a_few_thousand() -> None:
    """A daemon that plans for years would keep every instant it ever came to."""
    kept = instants(time(9, 41), UTC)
    for number in range(_DAYS_KEPT + 10):
        assert kept[FIRST.date() + number * DAY] == datetime.combine(FIRST + number * DAY, time(9, 41), UTC)
    assert len(kept) <= _DAYS_KEPT


def test_a_day_ends_where_the_next_begins_whatever_the_clocks_do(all_turns: list[Turn]) -> None:
    """A report received in the last minute of a day would count for the next one."""
    for turn in all_turns:
        for local in turn.local:
            for day in (local.date() - DAY, local.date(), local.date() + DAY):
                _ends_once(day, turn.zone)


def _ends_once(day: date, zone: tzinfo) -> None:
    end = end_of_day(day, zone)
    assert local_day(end, zone) > day, f"{zone} {day}"
    assert local_day(end - SECOND, zone) == day, f"{zone} {day}"
