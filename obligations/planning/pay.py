"""Pay and accrual by periods: what each period of a running series brings, and what is left at the exit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import count, takewhile

from obligations.domain.money import Money
from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.instalments import month_end
from obligations.planning.paydays import Payroll, payroll_of
from obligations.planning.values import Happening, NotYet
from obligations.planning.world import Instance, World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from schedules.allocation import round_half_up
from schedules.derivation import Derivation, Reasoned, later
from schedules.frozen import swift
from schedules.payroll import EveryDays, MonthDays, Rhythm, Steps
from schedules.periods import Period, accrued, instalment, pay_periods
from schedules.spans import Unit, add_months
from schedules.windows import Window

HUNDREDTH = Fraction(1, 100)


@swift
@dataclass(frozen=True, slots=True)
class Run:
    """What all the periods of one instance of a series have in common.

    Args:
        window: the days the series runs.
        payroll: the payroll calendars the periods follow; None where they run from the first day worked.
        end: the happening that ends it.
        planned_end: the last day it is only expected to have, and what that waits for.
        ends_on: the day within a period up to which that period is still paid.
    """

    world: World
    clause_id: str
    clause: Clause
    instance: Instance
    window: Reasoned[Window]
    payroll: Payroll | NotYet | None
    end: Happening | None
    planned_end: tuple[date, NotYet] | None
    ends_on: date | None

    def placed(self) -> Iterator[tuple[Period, str]]:
        """Each period with its position, as far as the window or the horizon goes."""
        divided = _periods(self.world, self.clause, self.window.value, self.payroll, self.end)
        if not isinstance(self.payroll, Payroll):
            for period in divided:
                yield period, str(period.ordinal)
            return
        taken: set[str] = set()
        for period in divided:
            yield period, _position(period, taken)

    def draft(self, period: Period, position: str) -> Draft:
        """What one period brings."""
        draft = Draft(self.world, self.clause_id, self.clause, self.instance, period.ordinal, None, position)
        grounds = self.grounds
        _set_days(draft, period, self.payroll, grounds)
        if self.clause.accrue is not None:
            _accrue(self.world, self.clause, draft, period)
        else:
            _pay(self.world, self.clause, draft, period)
        if self.ends_on is not None and period.last_on > self.ends_on:
            last = self.payroll is None and (self.end is None or self.end.occurred_on > self.ends_on)
            _only_until(draft, period, self.ends_on, grounds, last=last)
        if self.end is not None and self.end.occurred_on <= period.last_on:
            draft.steps.append(self.end.why)
        if self.planned_end is not None and period.last_on > self.planned_end[0]:
            draft.depends(self.planned_end[1])
        if isinstance(self.payroll, NotYet):
            # Without a payroll calendar the periods run from the first day of service, as a declared reading.
            draft.depends(self.payroll)
            draft.steps.append(later(_assumed, self.clause))
        return draft

    @property
    def grounds(self) -> Derivation:
        """What every period rests on: the window, and the readings that name its payroll calendar."""
        assert self.clause.series is not None, "a clause with periods is a series"
        _, readings = self.world.pick(self.clause.series.calendar)
        why = self.window.why
        return why.resting_on(*readings) if readings else why


def run_of(world: World, clause_id: str, clause: Clause, instance: Instance) -> Run | NotYet:
    """The run of a series by periods, or why it is not known yet."""
    window = world.span_of(clause.during, instance)
    payroll = _payroll(world, clause)
    if isinstance(window, NotYet):
        return window
    if isinstance(payroll, NotYet) and clause.series is not None and clause.series.every is None:
        return payroll
    planned_end = world.expected_end(clause.during, instance)
    end = world.ending(clause, instance)
    if end is not None and end.unsettled is not None and (planned_end is None or end.occurred_on < planned_end[0]):
        planned_end, end = (end.occurred_on, end.unsettled), None
    ends_on = _ends_on(world, clause, window.value, end)
    return Run(world, clause_id, clause, instance, window, payroll, end, planned_end, ends_on)


def periods_of(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """One draft a period of the series, as far as the window or the horizon goes."""
    run = run_of(world, clause_id, clause, instance)
    if isinstance(run, NotYet):
        draft = Draft(world, clause_id, clause, instance, of=None)
        draft.not_yet(run)
        yield draft
        return
    for period, position in run.placed():
        yield run.draft(period, position)


def _assumed(clause: Clause) -> Derivation:
    words = f"periods of {_days(clause)} run from the first day of service while no payroll calendar is given"
    return Derivation(words, kind="assumption")


def _ends_on(world: World, clause: Clause, window: Window, end: Happening | None) -> date | None:
    """The day within a period up to which that period is still paid, pro rata; None where only whole periods are.

    A rate, `per: period`, is owed to the last day of its window; a yearly amount has its last pay in another clause.
    Whatever is paid by the period is owed for the days before the event that ends it.
    """
    per, _ = world.pick(clause.per)
    days = [window.last_on] if per == "period" and window.last_on is not None else []
    if end is not None and clause.pay is not None and (window.last_on is None or end.occurred_on <= window.last_on):
        days.append(end.occurred_on)
    return min(days, default=None)


def _only_until(draft: Draft, period: Period, ends_on: date, window: Derivation, *, last: bool) -> None:
    """Pay a period for its days to the end only. It is due when all of it would be, unless it is the last agreed."""
    days = (ends_on - period.first_on).days + 1
    draft.to_on = ends_on
    words = f"{days} of the {period.days} days of the period, to {ends_on}"
    if draft.amount is not None:
        minor = round_half_up(draft.amount.exact * Fraction(days, period.days))
        draft.amount = Money(minor, draft.amount.currency)
        draft.shares(f"{words}, pro rata", draft.amount.shown())
    if last:
        draft.due(Reasoned(ends_on, Derivation(words, ends_on.isoformat(), (window,))))


def _days(clause: Clause) -> str:
    assert clause.series is not None
    every = clause.series.every
    assert every is not None
    if every.unit in (Unit.DAY, Unit.WEEK):
        return f"{every.count * (7 if every.unit is Unit.WEEK else 1)} days"
    return str(every.words())


def _payroll(world: World, clause: Clause) -> Payroll | NotYet | None:
    """The payroll calendars that the periods follow; None where they run from the first day worked."""
    assert clause.series is not None, "a clause with periods is a series"
    if clause.series.on is not None:
        return payroll_of(world, clause.series)
    name, _ = world.pick(clause.series.calendar)
    return None if name in (None, "none") else world.payroll(name)


def _running(
    world: World, clause: Clause, start: date, payroll: Payroll | NotYet | None, until: date = date.max
) -> Iterator[Period]:
    """The periods from the first day on that end by a day; what was divided once, as for salary and leave, is kept."""
    if isinstance(payroll, Payroll):
        rhythms = payroll.rhythms
    else:
        assert clause.series is not None, "a clause with periods is a series"
        assert clause.series.every is not None, "periods without a payroll calendar have a step"
        rhythms = ((start, Steps(start, clause.series.every, month_end(world, clause.series.every))),)
    if len(rhythms) == 1:
        return pay_periods(start, rhythms, until)
    made, more = world.divided.setdefault((start, rhythms), ([], pay_periods(start, rhythms)))
    return takewhile(lambda period: period.last_on <= until, _continued(made, more))


def _continued(made: list[Period], more: Iterator[Period]) -> Iterator[Period]:
    """Those that somebody asked for before, then more of them."""
    for number in count():
        if number == len(made):
            made.append(next(more))
        yield made[number]


def _periods(
    world: World, clause: Clause, window: Window, payroll: Payroll | NotYet | None, end: Happening | None
) -> Iterator[Period]:
    # While nothing has been reported, a year from the start is as far as a plan looks.
    horizon = world.horizon() or add_months(window.first_on, 12)
    stops = [window.last_on, end.occurred_on if end is not None else None]
    until = min([horizon, *(day for day in stops if day is not None)])
    if _ends_on(world, clause, window, end) != until:
        return _running(world, clause, window.first_on, payroll, until)
    # The period in which the end falls is paid for its days up to then.
    return takewhile(lambda period: period.first_on <= until, _running(world, clause, window.first_on, payroll))


def _position(period: Period, taken: set[str]) -> str:
    """The period's name in a published calendar, which stays when the start is corrected and whichever of the
    calendar's period ends was stated. Where the calendar changed, two may have one name; the later is `new`."""
    name = period.rhythm.name(period.number)
    while name in taken:
        name = f"{name} new"
    taken.add(name)
    return name


def _set_days(draft: Draft, period: Period, payroll: Payroll | NotYet | None, window: Derivation) -> None:
    draft.from_on, draft.to_on = period.first_on, period.last_on
    if not isinstance(payroll, Payroll):
        draft.due(Reasoned(period.last_on, later(_place, period, window)))
        return
    words = _place(period, window).rule
    payday = payroll.pays(period)
    cut = period.last_on < period.rhythm.end(period.number)
    lag = payroll.on(period.last_on).value.lag
    if cut:
        words += ", ended by another payroll calendar and paid on its first payday"
    elif lag:
        words += f", paid {lag} days after its end"
    elif payday.nominal_on != period.last_on:
        words += f", paid on {payday.nominal_on}"
    inputs = (window, payroll.on(period.last_on).why)
    draft.pays_on(payday, Derivation(words, payday.nominal_on.isoformat(), inputs))


def _place(period: Period, window: Derivation) -> Derivation:
    words = f"period {period.place} of {period.places} in service year {period.year.ordinal}, from {period.first_on} on"
    return Derivation(words, period.last_on.isoformat(), (window,))


def _accrue(world: World, clause: Clause, draft: Draft, period: Period) -> None:
    found = world.figure(clause.accrue, draft.instance, period.last_on)
    if isinstance(found, NotYet):
        draft.not_yet(found)
        return
    assert isinstance(found.value, Decimal), "what accrues is typed in hours or units"
    share = accrued(period, exact_of(found.value), HUNDREDTH, clause.unit)
    draft.units = Decimal(share.value.numerator * (100 // share.value.denominator)).scaleb(-2)
    draft.steps.append(later(_of_a_year, share.why, found.why))


def _of_a_year(share: Derivation, yearly: Derivation) -> Derivation:
    return replace(share, inputs=(*share.inputs, yearly))


def _pay(world: World, clause: Clause, draft: Draft, period: Period) -> None:
    found = _yearly(world, clause, draft, period.first_on)
    if found is None:
        return
    per, readings = pays_per(world, clause)
    minor, words = worth(per, period, found.value)
    draft.amount = Money(minor, found.value.currency)
    draft.steps.append(later(_worth, words, draft.amount, (found.why, *readings)))


def pays_per(world: World, clause: Clause) -> tuple[str, tuple[Derivation, ...]]:
    """For what a pay clause states its amount, and the readings that say so."""
    return world.pick(clause.per) if clause.per is not None else ("service year", ())


def worth(per: str, period: Period, yearly: Money) -> tuple[int, str]:
    """The minor units that a period pays of an amount, and how they come about in words."""
    if per == "period":
        minor, words = yearly.minor, "the amount of a period"
        if period.days < period.full:
            minor = round_half_up(yearly.exact * Fraction(period.days, period.full))
            words = f"{period.days}/{period.full} of the amount of a period"
    elif per != "service year":
        places = _in_a_year(period.rhythm, int(per))
        minor, words = round_half_up(yearly.exact / places), f"1/{places} of the yearly amount, rounded to the cent"
        if period.days < period.full:
            minor = round_half_up(yearly.exact / places * Fraction(period.days, period.full))
            words = f"{period.days}/{period.full} of a period, 1/{places} of the yearly amount"
    elif period.spread is not None:
        minor = instalment(period, yearly.exact)
        words = (
            f"{period.days}/{period.spread.days} days of what is left of the yearly amount, after the payroll calendar"
            f" changed; {period.spread.kept}/{period.spread.of} of it stood before"
        )
    elif period.days < period.full:
        minor = round_half_up(yearly.exact / period.places * Fraction(period.days, period.full))
        words = f"{period.days}/{period.full} of a period, 1/{period.places} of the yearly amount"
    else:
        minor = instalment(period, yearly.exact)
        words = f"1/{period.places} of the yearly amount, rounded down; the remainder falls in the year's last period"
    return minor, words


def _worth(words: str, amount: Money, inputs: tuple[Derivation, ...]) -> Derivation:
    return Derivation(words, amount.shown(), inputs)


@lru_cache(256)
def exact_of(figure: Decimal) -> Fraction:
    """What a year is worth as a fraction: the same for all its periods."""
    return Fraction(figure)


def _in_a_year(rhythm: Rhythm, stated: int) -> int:
    """How many periods a year has for pay by a fixed share: as stated, while the calendar has about as many."""
    match rhythm:
        case MonthDays(ends=ends):
            return 12 * len(ends)
        case EveryDays(days=days) if abs(stated * days - 365) > days:
            return 365 // days
        case _:
            return stated


def _yearly(world: World, clause: Clause, draft: Draft, on: date) -> Reasoned[Money] | None:
    found = world.figure(clause.pay, draft.instance, on)
    if isinstance(found, NotYet):
        draft.not_yet(found)
        return None
    assert isinstance(found.value, Money), "pay is typed as money"
    return Reasoned(found.value, found.why)


def pay_final(world: World, clause: Clause, draft: Draft) -> None:
    """The pay still owed at the exit: the days of the running period, by the proration in use."""
    trigger = draft.instance.trigger
    assert trigger is not None, "check has seen what sets final pay off"
    salary = next(other for other in world.terms.clauses.values() if other.is_salary)
    window = world.span_of(salary.during, draft.instance)
    if isinstance(window, NotYet):
        draft.not_yet(window)
        return
    if trigger.occurred_on < window.value.first_on:
        draft.end(State.NOT_APPLICABLE, Derivation("the exit came before the first day of service", kind="assumption"))
        return
    payroll = _payroll(world, salary)
    running = _running(world, salary, window.value.first_on, payroll)
    period = next(period for period in running if period.last_on >= trigger.occurred_on)
    _final_day(world, clause, draft, period, window.why)
    if isinstance(payroll, NotYet):
        draft.depends(payroll)
    found = _yearly(world, clause, draft, trigger.occurred_on)
    if found is None:
        return
    yearly = found.value
    draft.from_on, draft.to_on = period.first_on, trigger.occurred_on
    if trigger.occurred_on == period.last_on:
        words = "the exit ends a pay period, which the salary covers"
        draft.end(State.NOT_APPLICABLE, Derivation(words, trigger.occurred_on.isoformat(), (trigger.why,)))
        return
    per, readings = world.pick(clause.per)
    worked = (trigger.occurred_on - period.first_on).days + 1
    if per == "year days":
        year = (period.year.last_on - period.year.first_on).days + 1
        exact, words = yearly.exact * Fraction(worked, year), f"{worked}/{year} days of the service year"
    else:
        full = period.full if period.spread is None else period.days
        exact = yearly.exact * period.share * Fraction(worked, full)
        words = f"{worked}/{full} days of {period.share} of the yearly amount"
    draft.amount = Money(round_half_up(exact), yearly.currency)
    span = f"{period.first_on} to {trigger.occurred_on}, both days counted"
    inputs = (trigger.why, found.why, *readings)
    draft.steps.append(Derivation(f"{words}, for {span}", draft.amount.shown(), inputs))


def _final_day(world: World, clause: Clause, draft: Draft, period: Period, window: Derivation) -> None:
    picked, readings = world.pick(clause.by or clause.exactly)
    if isinstance(picked, e.PayPeriodEnd):
        words = "last day of the pay period in which the exit falls"
        trigger = draft.instance.trigger
        exit_ = (trigger.why,) if trigger is not None else ()
        inputs = (*exit_, _place(period, window), *readings)
        draft.due(Reasoned(period.last_on, Derivation(words, period.last_on.isoformat(), inputs)))
    else:
        draft.due(world.day(clause.by or clause.exactly, draft.instance))
