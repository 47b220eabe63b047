"""Vesting: a grant split into tranches, in whole units, by exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate
from math import lcm

from schedules.derivation import Derivation, Reasoned, later
from schedules.spans import PLAIN, Counting, Span, add_months, after


@dataclass(frozen=True, slots=True)
class Tranche:
    """One tranche: its ordinal from 1, the day it vests, and its whole units."""

    index: int
    vests_on: date
    units: int


@dataclass(frozen=True, slots=True)
class Step:
    """`times` equal tranches that together are `portion` of the grant, each `every` after the one before.

    `offset` is the span from the anchor to the point the step counts from; one tranche without `every` vests there.
    """

    portion: Fraction
    times: int = 1
    every: Span | None = None
    offset: Span | None = None


def round_half_up(exact: Fraction) -> int:
    """The nearest whole number, halves up.

    >>> round_half_up(Fraction(5, 2)), round_half_up(Fraction(7, 3))
    (3, 2)
    """
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def cumulative_rounding(total: int, portions: Sequence[Fraction]) -> tuple[int, ...]:
    """Whole units for each portion, rounding the running total, so that the parts always add up to the whole.

    The portions must add up to 1. Source: the allocation type CUMULATIVE_ROUNDING of the Open Cap Format.

    >>> cumulative_rounding(250_000, [Fraction(1, 4)] + [Fraction(1, 16)] * 12)[:3]
    (62500, 15625, 15625)
    >>> cumulative_rounding(10, [Fraction(1, 3)] * 3)
    (3, 4, 3)
    """
    # Over one denominator the running total is a whole number, which adds without being reduced each time.
    whole = lcm(*(portion.denominator for portion in portions))
    shares = [portion.numerator * (whole // portion.denominator) for portion in portions]
    if sum(shares) != whole:
        raise ValueError(f"the portions of a grant add up to {sum(portions)}, not 1; correct the schedule")
    units, taken = [], 0
    for running in accumulate(shares):
        upto = (2 * total * running + whole) // (2 * whole)  # halves up
        units.append(upto - taken)
        taken = upto
    return tuple(units)


def tranches(
    total: int, anchor: Reasoned[date], steps: Sequence[Step], counting: Counting = PLAIN
) -> tuple[Reasoned[Tranche], ...]:
    """Every tranche of a grant in order, each with its day, its units and why.

    Each day is counted from the grant's own anchor, not from the tranche before, so a month end does not drift.

    >>> from schedules.spans import Unit
    >>> cliff = Step(Fraction(1, 4), offset=Span(12, Unit.MONTH))
    >>> rest = Step(Fraction(3, 4), 12, Span(3, Unit.MONTH), Span(12, Unit.MONTH))
    >>> start = Reasoned(date(2005, 4, 11), Derivation("employment started", "2005-04-11", kind="event"))
    >>> plan = tranches(250_000, start, [cliff, rest])
    >>> [str(t.value.vests_on) for t in (plan[0], plan[1], plan[-1])], sum(t.value.units for t in plan)
    (['2006-04-11', '2006-07-11', '2009-04-11'], 250000)
    """
    portions = [share for step in steps for share in [step.portion / step.times] * step.times]
    units = cumulative_rounding(total, portions)
    count = len(units)
    out: list[Reasoned[Tranche]] = []
    for step in steps:
        for ordinal in range(1, step.times + 1):
            day = _tranche_day(step, ordinal, anchor, counting)
            index = len(out) + 1
            tranche = Tranche(index, day.value, units[index - 1])
            out.append(Reasoned(tranche, later(_share, tranche, count, step, total, day)))
    return tuple(out)


def _share(tranche: Tranche, count: int, step: Step, total: int, day: Reasoned[date]) -> Derivation:
    share = step.portion / step.times
    words = f"tranche {tranche.index} of {count}: {share.numerator}/{share.denominator} of {total:,}"
    return Derivation(f"{words}, rounded on the running total", f"{tranche.units:,} on {day.value}", (day.why,))


def _tranche_day(step: Step, ordinal: int, anchor: Reasoned[date], counting: Counting) -> Reasoned[date]:
    if step.every is None:
        return after(step.offset, anchor, counting) if step.offset else anchor
    unit = step.every.unit
    start = step.offset
    if unit.months and (start is None or (start.unit.months and start.then is None)):
        months = (start.count * start.unit.months if start else 0) + ordinal * step.every.count * unit.months
        day = add_months(anchor.value, months, counting.month_end)
        return Reasoned(day, later(_months_after, months, anchor, day, counting))
    base = after(start, anchor, counting) if start else anchor
    return after(Span(step.every.count * ordinal, unit), base, counting)


def _months_after(months: int, anchor: Reasoned[date], day: date, counting: Counting) -> Derivation:
    rule = f"{months} months after {anchor.value}, counted from the original day, month end by {counting.month_end}"
    return Derivation(rule, day.isoformat(), (anchor.why,))
