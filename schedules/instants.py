"""From a local date and time to an instant, in a named zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache

from schedules.bounds import BeyondCalendar, add_days


@lru_cache(8_192)
def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The UTC instant of a local date and time.

    In a gap (clocks put forward) the time moves later by the gap; in an overlap it takes the earlier of the two.
    Raises `BeyondCalendar` where the instant lies outside years 1 to 9999.

    >>> from zoneinfo import ZoneInfo
    >>> austin = ZoneInfo("America/Chicago")
    >>> instant(date(2006, 10, 16), time(9), austin).isoformat()
    '2006-10-16T14:00:00+00:00'
    >>> instant(date(2007, 3, 11), time(2, 30), austin).astimezone(austin).isoformat()
    '2007-03-11T03:30:00-05:00'
    """
    # fold=0 reads an overlap as the earlier offset, and a gap with the offset from before it: later by the gap.
    try:
        return datetime.combine(day, at.replace(fold=0), tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise BeyondCalendar(f"{day} {at} in {zone} leaves the calendar; check the date") from None


class _Instants(dict[date, datetime]):
    """The instants of one local time in one zone, by day; see `instants`."""

    def __init__(self, at: time, zone: tzinfo) -> None:
        super().__init__()
        self._at, self._zone = at, zone

    def __missing__(self, day: date) -> datetime:
        if len(self) >= _DAYS_KEPT:
            self.clear()
        found = self[day] = instant.__wrapped__(day, self._at, self._zone)
        return found


_DAYS_KEPT = 4_096


@lru_cache(32)
def instants(at: time, zone: tzinfo) -> Mapping[date, datetime]:
    """The UTC instant of a local time on any day that is asked for, each worked out once: `instant` for whole rows.

    >>> from zoneinfo import ZoneInfo
    >>> instants(time(9), ZoneInfo("America/Chicago"))[date(2006, 10, 16)].isoformat()
    '2006-10-16T14:00:00+00:00'
    """
    return _Instants(at, zone)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant that is no longer that local day; exclusive end of the day.

    A local day may start later than midnight where clocks are put forward at midnight.

    >>> from zoneinfo import ZoneInfo
    >>> end_of_day(date(2026, 1, 31), ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-01-31T16:00:00+00:00'
    """
    return instant(add_days(day, 1), time(0), zone)


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The calendar date of an instant in a zone."""
    return moment.astimezone(zone).date()
