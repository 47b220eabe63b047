"""Series over a window and on paydays: how many parts there are, which days they fall on, what each is of the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import islice, pairwise, takewhile

from obligations.domain.money import Money
from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.paydays import Payroll, payroll_of
from obligations.planning.values import Happening, NotYet, PlanningError
from obligations.planning.world import Instance, World
from obligations.terms.clause import Clause, Series
from schedules.allocation import round_half_up
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.payroll import Payday
from schedules.series import Remainder, boundaries, parts, shares, step
from schedules.spans import MonthEnd, Span
from schedules.windows import Window

MOST = 1200
TOO_MANY = f"a series has at most {MOST:,} parts; shorten the window of `over:`, or widen `every:`"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a series: the day it is due, or its payday; the days it is for, and what share of a step they are.

    `splits` says how a whole is split over all the parts: how many came before, and into how many the rest is split;
    one pair for each payroll calendar that foresaw another number.
    """

    due: Reasoned[date]
    payday: Payday | None = None
    days: Window | None = None
    share: Fraction = Fraction(1)
    splits: tuple[tuple[int, int], ...] = ()


def stated(world: World, clause: Clause, instance: Instance) -> tuple[Part, ...] | NotYet:
    """The parts of a series over a window or on paydays, or why they are not known yet."""
    series = clause.series
    assert series is not None, "a clause with instalments is a series"
    window = world.span_of(series.over, instance) if series.over is not None else None
    if isinstance(window, NotYet):
        return window
    if window is not None and window.value.last_on is None:
        return NotYet(waiting=(f"the last day of the window from {window.value.first_on} on",))
    return _on_paydays(world, series, instance, window) if series.on else _by_steps(world, series, window)


def _on_paydays(
    world: World, series: Series, instance: Instance, window: Reasoned[Window] | None
) -> tuple[Part, ...] | NotYet:
    payroll = payroll_of(world, series)
    if isinstance(payroll, NotYet):
        return payroll
    count = series.times or 0
    words = f"{count} paydays"
    grounds: tuple[Derivation, ...] = ()
    if window is not None:
        count = _paydays_in(payroll, window.value)
        if count > MOST:
            raise PlanningError(TOO_MANY)
        words, grounds = f"{count} paydays in {window.value.words()}", (window.why,)
    first = _first(world, series, instance, window)
    if isinstance(first, NotYet):
        return first
    paydays = tuple(islice(payroll.paydays(first.value), count))
    splits = _splits(payroll, paydays, window.value) if window is not None else ()
    made = []
    for number, payday in enumerate(paydays, 1):
        inputs = (first.why, *grounds, payroll.on(payday.nominal_on).why)
        why = Derivation(f"payday {number} of the {words}", payday.nominal_on.isoformat(), inputs)
        made.append(Part(Reasoned(payday.nominal_on, why), payday, splits=splits))
    return tuple(made)


def _paydays_in(payroll: Payroll, window: Window) -> int:
    last = window.last_on or date.max
    inside = takewhile(lambda payday: payday.paid_on <= last, payroll.paydays(window.first_on))
    return len(list(islice(inside, MOST + 1)))


def _splits(payroll: Payroll, paydays: tuple[Payday, ...], window: Window) -> tuple[tuple[int, int], ...]:
    """How a whole is split where the payroll calendar changes: what was paid by then stays as it was, and the paydays
    that are left under the new calendar share the rest."""
    found = [(0, _paydays_in(replace(payroll, stated=payroll.stated[:1]), window))]
    for number, (since, _) in enumerate(payroll.stated[1:], 2):
        before = sum(payday.paid_on < since for payday in paydays)
        left = _paydays_in(replace(payroll, stated=payroll.stated[:number]), window) - before
        if left > 0 and before == found[-1][0]:
            found[-1] = before, left  # nothing was paid by the calendar before
        elif left > 0:
            found.append((before, left))
    return tuple(found)


def _first(
    world: World, series: Series, instance: Instance, window: Reasoned[Window] | None
) -> Reasoned[date] | NotYet:
    """The day from which paydays count: the stated one, else the window's first, else the trigger's."""
    if series.first is not None:
        return world.day(series.first, instance)
    if window is not None:
        return Reasoned(window.value.first_on, window.why)
    if instance.trigger is None:
        return NotYet(never="nothing set it off")
    return Reasoned(instance.trigger.occurred_on, instance.trigger.why)


def _by_steps(world: World, series: Series, window: Reasoned[Window] | None) -> tuple[Part, ...]:
    """The steps of a window, each due on its last day; a stub is the share of a step that its days are."""
    assert window is not None, "a series by steps has a window"
    assert window.value.last_on is not None, "a window with a last day"
    assert series.every is not None, "a series by steps has a step"
    every, end = series.every, add_days(window.value.last_on, 1)
    backward = series.direction == "backward" or (series.stub or "").endswith("first")
    policy = month_end(world, every)
    long_stub = (series.stub or "").startswith("long")
    first = window.value.first_on
    if step(first, every, MOST, policy) < end:
        raise PlanningError(TOO_MANY)
    found = boundaries(first, end, every, backward=backward, long_stub=long_stub, month_end=policy)
    of_a_step = shares(found, every, backward=backward, month_end=policy)
    count = len(found) - 1
    made = []
    which = "backward" if backward else "forward"
    for number, (begins, ends) in enumerate(pairwise(found), 1):
        last = add_days(ends, -1)
        share = of_a_step[number - 1]
        words = f"step {number} of {count} in {window.value.words()}, counted {which}, from {begins} on"
        if share != 1:
            words += f": a stub, {share} of a step"
        due = Reasoned(last, Derivation(words, last.isoformat(), (window.why,)))
        made.append(Part(due, None, Window(begins, last), share))
    return tuple(made)


def month_end(world: World, every: Span) -> MonthEnd:
    """What steps of months do in a shorter month; steps of days never ask."""
    return MonthEnd(world.governing("month_end", MonthEnd.CLAMP)) if every.unit.months else MonthEnd.CLAMP


def take(draft: Draft, part: Part | None, end: Happening | None) -> None:
    """Make the amount of a draft the part's: a share of the whole, or the rate for its days up to the end."""
    series = draft.clause.series
    assert series is not None, "a clause with instalments is a series"
    if draft.amount is None:
        return
    whole = draft.amount
    if series.splits:
        if draft.of is None:
            draft.amount = None  # into how many parts it is split is not known yet
            return
        how = Remainder(series.remainder or "last")
        placed = "rounded on the running total" if how is Remainder.SPREAD else f"what is left over goes to the {how}"
        splits = (part.splits if part is not None else ()) or ((0, draft.of),)
        minor, words = _split(whole, splits, draft.index, draft.of, how)
        draft.amount = Money(minor, whole.currency)
        draft.shares(f"{words}, {placed}", draft.amount.shown())
        return
    if part is None or part.days is None:
        return
    share, words = part.share, ""
    if end is not None and end.unsettled is None and end.occurred_on in part.days:
        assert part.days.last_on is not None, "a part has a last day"
        days = (part.days.last_on - part.days.first_on).days + 1
        kept = (end.occurred_on - part.days.first_on).days + 1
        share *= Fraction(kept, days)
        draft.to_on = end.occurred_on
        words = f", {kept} of its {days} days before it ended"
    if share != 1:
        draft.amount = Money(round_half_up(whole.exact * share), whole.currency)
        draft.shares(f"{share} of {whole.shown()}{words}", draft.amount.shown())


def _split(whole: Money, splits: tuple[tuple[int, int], ...], index: int, of: int, how: Remainder) -> tuple[int, str]:
    """The minor units of one part of a whole, and how they come about in words."""
    left, words = whole.minor, ""
    ends = [before for before, _ in splits[1:]] + [of]
    for (before, count), end in zip(splits, ends, strict=True):
        # Paydays beyond those that were foreseen come after all of it was split.
        shares = (*(parts(left, count, how) if count else ()), *[0] * (end - before - count))
        words = f"1/{count} of {Money(left, whole.currency).shown()}"
        if before:
            words += f", what {before} parts left of {whole.shown()} when the payroll calendar changed"
        if index <= end:
            # Where no payday is left for what a calendar before foresaw, the last one pays it.
            return left - sum(shares[: of - before - 1]) if index == of else shares[index - before - 1], words
        left -= sum(shares[: end - before])
    raise ValueError(f"there is no part {index} of {of}")


def ended(draft: Draft, part: Part | None, end: Happening, *, rate: bool) -> None:
    """What of the series lapses with its end: whatever is due later, but for the days that came before it."""
    begun = rate and part is not None and part.days is not None and part.days.first_on <= end.occurred_on
    if draft.due_on is None or draft.due_on <= end.occurred_on:
        return
    if end.unsettled is not None:
        draft.depends(end.unsettled)
    elif not begun:
        why = Derivation("due after the series ended", end.occurred_on.isoformat(), (end.why,))
        draft.end(State.TERMINATED, why, end.occurred_on)
