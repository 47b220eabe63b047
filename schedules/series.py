"""Series of dates over a stretch of days, and the splitting of a whole into their parts.

The dates are those of QuantLib's Schedule: counted forward from the first day or backward from the end, with a stub
where the stretch is no whole number of steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from schedules.bounds import add_days
from schedules.spans import MonthEnd, Span, Unit, add_months


class Remainder(StrEnum):
    """Where what cannot be split evenly goes: to the last part, to the first, or over all of them."""

    LAST = "last"
    FIRST = "first"
    SPREAD = "spread"


def boundaries(
    first: date,
    end: date,
    every: Span,
    *,
    backward: bool = False,
    long_stub: bool = False,
    month_end: MonthEnd = MonthEnd.CLAMP,
) -> tuple[date, ...]:
    """The first day, the day each further step begins on, and the end, which is no longer part of the stretch.

    Args:
        first: the first day.
        end: the day after the last.
        every: the length of a step, in days or longer; counted from `first`, or backward from `end`.
        backward: count from the end, so that a stub comes first rather than last.
        long_stub: join the stub with the step beside it.
        month_end: what month steps do where a month has no such day.

    >>> month = Span(1, Unit.MONTH)
    >>> [f"{day:%m-%d}" for day in boundaries(date(2026, 1, 15), date(2026, 4, 1), month)]
    ['01-15', '02-15', '03-15', '04-01']
    >>> [f"{day:%m-%d}" for day in boundaries(date(2026, 1, 15), date(2026, 4, 1), month, backward=True)]
    ['01-15', '02-01', '03-01', '04-01']
    """
    anchor, sign = (end, -1) if backward else (first, 1)
    inner: list[date] = []
    number = 1
    while first < (day := step(anchor, every, sign * number, month_end)) < end:
        inner.append(day)
        number += 1
    stub = day not in (first, end)
    if stub and long_stub and inner:
        inner.pop()
    return (first, *(reversed(inner) if backward else inner), end)


def shares(
    days: Sequence[date], every: Span, *, backward: bool = False, month_end: MonthEnd = MonthEnd.CLAMP
) -> tuple[Fraction, ...]:
    """What share of a step lies between each of the boundaries and the next: 1, less for a short stub, more for a long.

    >>> month = Span(1, Unit.MONTH)
    >>> [str(share) for share in shares([date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 15)], month)]
    ['1', '1/2']
    """
    anchor, sign = (days[-1], -1) if backward else (days[0], 1)
    found: list[Fraction] = []
    number = 0
    for near, far in pairwise(reversed(days) if backward else days):
        share, at = Fraction(0), near
        while at != far:
            number += 1
            then = step(anchor, every, sign * number, month_end)
            reaches = (then - far).days * sign >= 0
            share += Fraction((far - at).days, (then - at).days) if reaches else 1
            at = far if reaches else then
        found.append(share)
    return tuple(reversed(found) if backward else found)


def step(anchor: date, every: Span, times: int, month_end: MonthEnd = MonthEnd.CLAMP) -> date:
    """The day so many steps from the anchor, counted from it alone; negative counts go back."""
    if every.unit.months:
        return add_months(anchor, every.count * every.unit.months * times, month_end)
    return add_days(anchor, every.count * (7 if every.unit is Unit.WEEK else 1) * times)


def parts(whole: int, count: int, remainder: Remainder = Remainder.LAST) -> tuple[int, ...]:
    """A whole number split into so many parts that add up to it and differ by what does not go round alone.

    >>> parts(100, 3), parts(100, 3, Remainder.FIRST), parts(101, 3, Remainder.SPREAD)
    ((33, 33, 34), (34, 33, 33), (34, 33, 34))
    """
    if remainder is Remainder.SPREAD:
        upto = [(2 * whole * number + count) // (2 * count) for number in range(count + 1)]
        return tuple(then - one for one, then in pairwise(upto))
    share, rest = divmod(whole, count)
    at = 0 if remainder is Remainder.FIRST else count - 1
    return tuple(share + (rest if number == at else 0) for number in range(count))
