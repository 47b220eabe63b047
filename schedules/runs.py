"""How long something was so: intervals counted once where they overlap, runs in a row, totals in a rolling span."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.spans import PLAIN, Counting, Span, Unit, add_months
from schedules.windows import Window, beginning_on

DAY = timedelta(days=1)


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The days of all windows as separate windows in order: what overlaps or touches is one.

    >>> one = Window(date(2026, 1, 1), date(2026, 1, 10))
    >>> [window.words() for window in merged([Window(date(2026, 1, 11), None), one])]
    ['2026-01-01 on, without an end']
    """
    whole: list[Window] = []
    for window in sorted(windows, key=lambda one: one.first_on):
        before = whole[-1] if whole else None
        if before is None or (before.last_on is not None and window.first_on > before.last_on + DAY):
            whole.append(window)
        elif before.last_on is not None and (window.last_on is None or window.last_on > before.last_on):
            whole[-1] = Window(before.first_on, window.last_on)
    return tuple(whole)


def run_reached(interval: Reasoned[Window], span: Span, counting: Counting = PLAIN) -> Reasoned[date] | None:
    """The day on which an unbroken interval has lasted so long, its first day counted; None where it ends before.

    An interval without an end goes on: the day is then the one it will be reached on.

    >>> ill = Reasoned(Window(date(2026, 1, 15), date(2026, 7, 14)), Derivation("ill"))
    >>> reached = run_reached(ill, Span(6, Unit.MONTH))
    >>> reached.value.isoformat() if reached else "not reached"
    '2026-07-14'
    """
    first = Reasoned(interval.value.first_on, interval.why)
    window = beginning_on(span, first, counting)
    day, last = window.value.last_on, interval.value.last_on
    if day is None or (last is not None and day > last):
        return None
    words = f"{span.words()} in a row, the first day counted as day 1"
    return Reasoned(day, Derivation(words, day.isoformat(), (interval.why,)))


def total_reached(
    windows: Iterable[Window],
    wanted: int,
    within: Span | Callable[[date], date],
    through: date,
    counts: Callable[[date], bool] = lambda _: True,
) -> Iterator[date]:
    """Each day on which the days inside the windows first come to `wanted` within a span that ends on that day.

    Instead of a span, `within` may tell for each day the first one that counts with it, such as that of its year.
    Days inside two windows count once, and only those that `counts` says count; no day after `through` is looked at.
    It fires anew only after the total was below in between.

    >>> spells = [Window(date(2026, 1, 1), date(2026, 1, 3)), Window(date(2026, 1, 20), date(2026, 1, 25))]
    >>> [day.isoformat() for day in total_reached(spells, 5, Span(30, Unit.DAY), date(2026, 12, 31))]
    ['2026-01-21']
    """
    held: deque[date] = deque()
    above = False
    for window in merged(windows):
        day = window.first_on
        last = through if window.last_on is None else min(window.last_on, through)
        above = above and _kept(held, add_days(day, -1), within) >= wanted
        while day <= last:
            if counts(day):
                held.append(day)
            reached = _kept(held, day, within) >= wanted
            if reached and not above:
                yield day
            above = reached
            day += DAY


def _kept(held: deque[date], day: date, within: Span | Callable[[date], date]) -> int:
    """How many of the days lie in the span that ends on a day; earlier ones are dropped."""
    first = _first_of(within, day) if isinstance(within, Span) else within(day)
    while held and held[0] < first:
        held.popleft()
    return len(held)


def _first_of(within: Span, last: date) -> date:
    """The first day of the span that ends with a day, both in."""
    if within.unit.months:
        return add_days(add_months(last, -within.count * within.unit.months), 1)
    return add_days(last, 1 - within.count * (7 if within.unit is Unit.WEEK else 1))
