"""Series over a window and on paydays: how many parts there are, which days they fall on, what each is of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import islice, pairwise, takewhile

from obligations.domain.money import Money
from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.paydays import payroll_of
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
    """One part of a series: the day it is due, or its payday; the days it is for, and what share of a step they are."""

    due: Reasoned[date]
    payday: Payday | None = None
    days: Window | None = None
    share: Fraction = Fraction(1)


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
        last = window.value.last_on or date.max
        inside = takewhile(lambda payday: payday.paid_on <= last, payroll.paydays(window.value.first_on))
        count = len(list(islice(inside, MOST + 1)))
        if count > MOST:
            raise PlanningError(TOO_MANY)
        words, grounds = f"{count} paydays in {window.value.words()}", (window.why,)
    first = _first(world, series, instance, window)
    if isinstance(first, NotYet):
        return first
    made = []
    for number, payday in enumerate(islice(payroll.paydays(first.value), count), 1):
        inputs = (first.why, *grounds, payroll.on(payday.nominal_on).why)
        why = Derivation(f"payday {number} of the {words}", payday.nominal_on.isoformat(), inputs)
        made.append(Part(Reasoned(payday.nominal_on, why), payday))
    return tuple(made)


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
        draft.amount = Money(parts(whole.minor, draft.of, how)[draft.index - 1], whole.currency)
        placed = "rounded on the running total" if how is Remainder.SPREAD else f"what is left over goes to the {how}"
        draft.shares(f"1/{draft.of} of {whole.shown()}, {placed}", draft.amount.shown())
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
