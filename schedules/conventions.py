"""Business-day conventions: the separate last step that moves an act or a payment off a closed day.

Names and meanings are those of ISDA and QuantLib. The convention is applied to the act, never to the period.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from schedules.calendars import BusinessCalendar, next_open
from schedules.derivation import Derivation, Reasoned


class Convention(StrEnum):
    """How a date on a closed day moves."""

    UNADJUSTED = "unadjusted"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified following"
    HALF_MONTH_MODIFIED_FOLLOWING = "half-month modified following"
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modified preceding"
    NEAREST = "nearest"


def adjust(
    day: Reasoned[date], convention: Convention, calendar: BusinessCalendar, *, not_before: date | None = None
) -> Reasoned[date]:
    """The business day the convention moves the day to; the day itself where it is open or left unadjusted.

    `not_before` is the event that caused a payment: where a backward move would land before it, the payment goes to
    the first business day from that event on instead.

    >>> saturday = Reasoned(date(2006, 10, 21), Derivation("due", "2006-10-21"))
    >>> us = BusinessCalendar("US", "1")
    >>> [adjust(saturday, c, us).value.day for c in (Convention.UNADJUSTED, Convention.FOLLOWING, Convention.PRECEDING)]
    [21, 23, 20]
    >>> adjust(saturday, Convention.PRECEDING, us, not_before=date(2006, 10, 21)).value.day
    23
    """
    start = day.value
    if convention is Convention.UNADJUSTED or calendar.is_open(start):
        return day
    moved = _move(start, convention, calendar)
    words = f"{start} is closed; moved by {convention}"
    if not_before is not None and moved < not_before:
        moved = next_open(not_before, 1, calendar)
        words += f", but never before the event of {not_before}"
    return Reasoned(moved, Derivation(words, moved.isoformat(), (day.why, calendar.why(start, moved))))


def _move(day: date, convention: Convention, calendar: BusinessCalendar) -> date:
    if convention is Convention.FOLLOWING:
        return next_open(day, 1, calendar)
    if convention is Convention.PRECEDING:
        return next_open(day, -1, calendar)
    later, earlier = next_open(day, 1, calendar), next_open(day, -1, calendar)
    match convention:
        case Convention.MODIFIED_FOLLOWING:
            return later if later.month == day.month else earlier
        case Convention.HALF_MONTH_MODIFIED_FOLLOWING:
            crossed = later.month != day.month or (day.day <= 15 < later.day)
            return earlier if crossed else later
        case Convention.MODIFIED_PRECEDING:
            return earlier if earlier.month == day.month else later
        case _:
            return later if later - day <= day - earlier else earlier
