"""The calendar's own bounds: dates go from year 1 to year 9999, and a count that leaves them is refused in words."""

from __future__ import annotations

from datetime import date


class BeyondCalendar(ValueError):
    """The count leaves the years 1 to 9999: check the number and the anchor."""


def add_days(day: date, days: int) -> date:
    """The day so many days later; negative counts go back. Raises `BeyondCalendar` outside years 1 to 9999.

    >>> add_days(date(2006, 10, 16), 5).isoformat()
    '2006-10-21'
    >>> add_days(date(9999, 12, 31), 1)
    Traceback (most recent call last):
    schedules.bounds.BeyondCalendar: 1 days from 9999-12-31 leaves the calendar; check the number
    """
    try:
        # Quicker than to make a timedelta, and years are divided into periods day by day.
        return date.fromordinal(day.toordinal() + days)
    except (OverflowError, ValueError):
        raise BeyondCalendar(f"{days} days from {day} leaves the calendar; check the number") from None
