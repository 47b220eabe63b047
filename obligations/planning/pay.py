"""Pay and accrual by periods: what each period of a running series brings, and what is left at the exit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from obligations.domain.money import Money
from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.values import NotYet
from obligations.planning.world import Instance, World
from obligations.terms import expressions as e
from obligations.terms.model import Clause
from obligations.terms.values import PayrollCalendar
from schedules.allocation import round_half_up
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.periods import Period, accrued, decimal_text, instalment, periods
from schedules.spans import Unit, add_months
from schedules.windows import Window

HUNDREDTH = Fraction(1, 100)


def pay_periods(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """One draft a period of the series, as far as the window or the horizon goes."""
    window = world.span_of(clause.during, instance)
    calendar = _calendar(world, clause)
    if isinstance(window, NotYet):
        draft = Draft(world, clause_id, clause, instance, of=None)
        draft.not_yet(window)
        yield draft
        return
    planned_end = world.expected_end(clause.during, instance)
    for period in _periods(world, clause, window.value, calendar):
        draft = Draft(world, clause_id, clause, instance, period.ordinal, None, _position(period, calendar))
        in_force = _calendar(world, clause, period.last_on)
        _set_days(draft, period, in_force)
        if clause.accrue is not None:
            _accrue(world, clause, draft, period)
        else:
            _pay(world, clause, draft, period, calendar)
        draft.steps.append(window.why)
        if planned_end is not None and period.last_on > planned_end[0]:
            draft.depends(planned_end[1])
        if isinstance(calendar, NotYet):
            # Without a payroll calendar the periods run from the first day of service, as a declared reading.
            draft.depends(calendar)
            words = (
                f"periods of {_days(clause)} days run from the first day of service while no payroll calendar is given"
            )
            draft.steps.append(Derivation(words, kind="assumption"))
        elif isinstance(in_force, Reasoned):
            draft.steps.append(in_force.why)
        yield draft


def _days(clause: Clause) -> int:
    assert clause.series is not None
    every = clause.series.every
    return int(every.count * (7 if every.unit is Unit.WEEK else 1))


def _calendar(world: World, clause: Clause, on: date | None = None) -> Reasoned[PayrollCalendar] | NotYet | None:
    """The payroll calendar the periods follow, as stated for a day; None where they run from the first day worked."""
    assert clause.series is not None, "a clause with periods is a series"
    name, _ = world.pick(clause.series.calendar)
    return None if name in (None, "none") else world.payroll_calendar(name, on)


def _periods(
    world: World, clause: Clause, window: Window, calendar: Reasoned[PayrollCalendar] | NotYet | None
) -> Iterator[Period]:
    # While nothing has been reported, a year from the start is as far as a plan looks.
    horizon = world.horizon() or add_months(window.first_on, 12)
    until = min(window.last_on, horizon) if window.last_on is not None else horizon
    if isinstance(calendar, Reasoned):
        return periods(window.first_on, calendar.value.days, until, first_end=calendar.value.ending)
    return periods(window.first_on, _days(clause), until)


def _position(period: Period, calendar: Reasoned[PayrollCalendar] | NotYet | None) -> str:
    """The ordinal, or the period's number in a published calendar, which stays when the start is corrected and
    whichever of the calendar's period ends was stated."""
    if isinstance(calendar, Reasoned):
        return f"period {period.last_on.toordinal() // calendar.value.days}"
    return str(period.ordinal)


def _set_days(draft: Draft, period: Period, calendar: Reasoned[PayrollCalendar] | NotYet | None) -> None:
    draft.from_on, draft.to_on = period.first_on, period.last_on
    lag = calendar.value.lag if isinstance(calendar, Reasoned) else 0
    due = add_days(period.last_on, lag)
    words = f"period {period.place} of {period.places} in service year {period.year.ordinal}"
    if lag:
        words += f", paid {lag} days after its end"
    draft.due(Reasoned(due, Derivation(words, due.isoformat())))


def _accrue(world: World, clause: Clause, draft: Draft, period: Period) -> None:
    found = world.figure(clause.accrue, draft.instance, period.last_on)
    if isinstance(found, NotYet):
        draft.not_yet(found)
        return
    assert isinstance(found.value, Decimal), "what accrues is typed in hours or units"
    share = accrued(period, Fraction(found.value), HUNDREDTH, clause.unit)
    draft.units = Decimal(decimal_text(share.value)).quantize(Decimal("0.01"))
    draft.steps += [share.why, found.why]


def _pay(
    world: World,
    clause: Clause,
    draft: Draft,
    period: Period,
    calendar: Reasoned[PayrollCalendar] | NotYet | None,
) -> None:
    yearly = _yearly(world, clause, draft, period.first_on)
    if yearly is None:
        return
    per, readings = world.pick(clause.per) if clause.per is not None else ("service year", ())
    places = period.places if per == "service year" else int(per)
    full = calendar.value.days if isinstance(calendar, Reasoned) else _days(clause)
    length = (period.last_on - period.first_on).days + 1
    if length < full:
        minor = round_half_up(yearly.exact / places * Fraction(length, full))
        words = f"{length}/{full} of a period, 1/{places} of the yearly amount"
    elif per == "service year":
        minor = instalment(period, yearly.exact)
        words = f"1/{places} of the yearly amount, rounded down; the remainder falls in the year's last period"
    else:
        minor = round_half_up(yearly.exact / places)
        words = f"1/{places} of the yearly amount, rounded to the cent"
    draft.amount = Money(minor, yearly.currency)
    draft.steps.append(Derivation(words, draft.amount.shown(), readings))


def _yearly(world: World, clause: Clause, draft: Draft, on: date) -> Money | None:
    found = world.figure(clause.pay, draft.instance, on)
    if isinstance(found, NotYet):
        draft.not_yet(found)
        return None
    draft.steps.append(found.why)
    assert isinstance(found.value, Money), "pay is typed as money"
    return found.value


def pay_final(world: World, clause: Clause, draft: Draft) -> None:
    """The pay still owed at the exit: the days of the running period, by the proration in use."""
    trigger = draft.instance.trigger
    assert trigger is not None, "check has seen what sets final pay off"
    salary = next(other for other in world.terms.clauses.values() if other.pay is not None and other.during is not None)
    window = world.span_of(salary.during, draft.instance)
    if isinstance(window, NotYet):
        draft.not_yet(window)
        return
    if trigger.occurred_on < window.value.first_on:
        draft.end(State.NOT_APPLICABLE, Derivation("the exit came before the first day of service", kind="assumption"))
        return
    calendar = _calendar(world, salary)
    period = _period_of(trigger.occurred_on, window.value.first_on, salary, calendar)
    _final_day(world, clause, draft, period)
    if isinstance(calendar, NotYet):
        draft.depends(calendar)
    yearly = _yearly(world, clause, draft, trigger.occurred_on)
    if yearly is None:
        return
    draft.from_on, draft.to_on = period.first_on, trigger.occurred_on
    if trigger.occurred_on == period.last_on:
        draft.end(State.NOT_APPLICABLE, Derivation("the exit ends a pay period, which the salary covers", kind="rule"))
        return
    per, readings = world.pick(clause.per)
    worked = (trigger.occurred_on - period.first_on).days + 1
    if per == "year days":
        year = (period.year.last_on - period.year.first_on).days + 1
        exact, words = yearly.exact * Fraction(worked, year), f"{worked}/{year} days of the service year"
    else:
        full = calendar.value.days if isinstance(calendar, Reasoned) else _days(salary)
        exact = yearly.exact / period.places * Fraction(worked, full)
        words = f"{worked}/{full} days of 1/{period.places} of the yearly amount"
    draft.amount = Money(round_half_up(exact), yearly.currency)
    span = f"{period.first_on} to {trigger.occurred_on}, both days counted"
    draft.steps.append(Derivation(f"{words}, for {span}", draft.amount.shown(), readings))


def _period_of(day: date, start: date, clause: Clause, calendar: Reasoned[PayrollCalendar] | NotYet | None) -> Period:
    """The pay period the day falls in."""
    days = calendar.value.days if isinstance(calendar, Reasoned) else _days(clause)
    first_end = calendar.value.ending if isinstance(calendar, Reasoned) else None
    running = periods(start, days, add_days(day, days), first_end=first_end)
    return next(period for period in running if period.last_on >= day)


def _final_day(world: World, clause: Clause, draft: Draft, period: Period) -> None:
    picked, readings = world.pick(clause.by or clause.exactly)
    if isinstance(picked, e.PayPeriodEnd):
        words = "last day of the pay period in which the exit falls"
        draft.due(Reasoned(period.last_on, Derivation(words, period.last_on.isoformat(), readings)))
    else:
        draft.due(world.day(clause.by or clause.exactly, draft.instance))
