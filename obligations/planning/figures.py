"""Facts, figures and conditions: what is true and how much it is, on the day that counts."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from obligations.domain.money import Money
from obligations.planning.values import NOWHERE, Instance, NotYet, PlanningError, united
from obligations.terms import expressions as e
from obligations.terms.values import NotAValue, PayrollCalendar, Value, typed
from schedules.derivation import Derivation, Reasoned
from schedules.spans import Span

if TYPE_CHECKING:
    from obligations.planning.world import World

HUNDRED = Fraction(100)


def fact(world: World, name: str, on: date | None) -> Reasoned[Value] | NotYet:
    """The value of a parameter, or of a fact on a day (the latest known where the day is None).

    An answer that is asked once per instance holds for it whenever it is given. A fact that has to be asked holds, as
    first stated, for the days before it was stated.
    """
    if name in world.terms.parameters:
        value = world.terms.parameters[name]
        cite = world.terms.file.parameters[name].cite
        return Reasoned(value, Derivation(f"{name} of the contract", shown(value), kind="fact", cite=cite))
    stated_fact = world.terms.file.facts[name]
    stated = [one for one in world.event(name).happenings if one.origin == "reported"]
    if on is not None and not stated_fact.each:
        known = [one for one in stated if one.occurred_on <= on]
        # What has to be asked and was not known yet is the answer given later, which holds for the instance.
        stated = known or (stated[:1] if stated_fact.ask and stated_fact.starts_as is None else [])
    if stated:
        latest = stated[-1]
        try:
            value = typed(latest.fields.get("value", ""), stated_fact.type, world.terms.currency)
        except NotAValue as error:
            words = f"{name} stated on {latest.occurred_on}: {error}; withdraw it and state it anew"
            raise PlanningError(words) from None
        rule = f"{name} as stated on {latest.occurred_on}"
        return Reasoned(value, Derivation(rule, shown(value), (latest.why,), kind="fact", cite=stated_fact.cite))
    if stated_fact.starts_as is not None:
        return figure(world, stated_fact.starts_as, NOWHERE, on)
    if world.suppose is not None and stated_fact.type == "yes_or_no":
        supposed = world.suppose(name)
        return Reasoned(supposed, Derivation(f"{name}, supposed", shown(supposed), kind="assumption"))
    return NotYet(missing=(name,))


def payroll_calendar(world: World, name: str, on: date | None) -> Reasoned[PayrollCalendar] | NotYet:
    """The payroll calendar stated for a day, or that it is missing.

    Raises `PlanningError` where another statement has other periods: it would number and pay those of the past anew.
    """
    found = fact(world, name, on)
    if isinstance(found, NotYet):
        return found
    calendar = _calendar_of(found)
    days = () if name in world.terms.parameters else [one.occurred_on for one in world.event(name).happenings]
    for day in days:
        other = fact(world, name, day)
        if isinstance(other, Reasoned) and _grid(_calendar_of(other)) != _grid(calendar):
            both = " and ".join(sorted(f'"{shown(one.value)}"' for one in (found, other)))
            words = f"{name.replace('_', ' ')} is stated as {both}, whose periods do not end on the same days"
            raise PlanningError(f"{words}; pay periods that have begun keep their days, so withdraw one of them")
    return Reasoned(calendar, found.why)


def _calendar_of(found: Reasoned[Value]) -> PayrollCalendar:
    assert isinstance(found.value, PayrollCalendar), "check has seen that the fact is a payroll calendar"
    return found.value


def _grid(calendar: PayrollCalendar) -> tuple[int, int]:
    """On which days periods end, whichever of them was named."""
    return calendar.days, calendar.ending.toordinal() % calendar.days


def figure(world: World, expression: Any, here: Instance, on: date | None) -> Reasoned[Value] | NotYet:
    """The figure an amount expression comes to on a day: money, or a plain number."""
    expression, steps = world.pick(expression)
    match expression:
        case e.AmountLiteral(value=number):
            money = Money.of(number, world.terms.currency)
            return Reasoned(money, Derivation("written in the terms", money.shown(), steps, kind="fact"))
        case e.AmountNamed(name=name, percent=percent):
            found = fact(world, name, on)
            if isinstance(found, NotYet) or percent == HUNDRED:
                return found
            return _share(found, percent)
        case e.FieldOf(field=field_name, event=event):
            trigger = here.trigger
            text = trigger.fields.get(field_name) if trigger else None
            if trigger is None or text is None:
                return NotYet(missing=(f"{event}.{field_name}",))
            value = typed(text, world.kinds[event].fields[field_name].type, world.terms.currency)
            words = f"{field_name} of {event}"
            return Reasoned(value, Derivation(words, shown(value), (trigger.why,), kind="fact"))
        case _:
            raise TypeError(f"not an amount expression: {expression!r}")


def _share(whole: Reasoned[Value], percent: Fraction) -> Reasoned[Value] | NotYet:
    """So many hundredths of money, rounded to the minor unit, halves up."""
    if not isinstance(whole.value, Money):
        raise PlanningError(f"{percent} percent of {shown(whole.value)}: a percentage is taken of money")
    exact = whole.value.exact * percent / 100
    part = Money((2 * exact.numerator + exact.denominator) // (2 * exact.denominator), whole.value.currency)
    return Reasoned(part, Derivation(f"{percent} percent, rounded to the minor unit", part.shown(), (whole.why,)))


def condition(world: World, expression: Any, here: Instance, on: date | None = None) -> Reasoned[bool] | NotYet:
    """Whether a condition holds on a day, the trigger's unless given, or why nobody can say yet."""
    expression, steps = world.pick(expression)
    if on is None and here.trigger is not None:
        on = here.trigger.occurred_on
    match expression:
        case e.IsTrue(name=name, wanted=wanted):
            found = fact(world, name, on)
            if isinstance(found, NotYet):
                return found
            holds = (found.value is True) == wanted
            words = f"condition: {'' if wanted else 'not '}{name}"
            return Reasoned(holds, Derivation(words, shown(holds), (found.why, *steps), kind="fact"))
        case e.Below(left=left, right=right):
            a, b = _exact(world, left, here, on), _exact(world, right, here, on)
            if isinstance(a, NotYet) or isinstance(b, NotYet):
                return united(one for one in (a, b) if isinstance(one, NotYet))
            words = f"condition: {_spoken(a)} below {_spoken(b)}"
            holds = a.value < b.value
            return Reasoned(holds, Derivation(words, shown(holds), (*a.why.inputs, *b.why.inputs, *steps), kind="fact"))
        case _:
            raise TypeError(f"not a condition: {expression!r}")


def _spoken(figure: Reasoned[Fraction]) -> str:
    return f"{figure.why.rule} {figure.why.result}".strip()


def _exact(world: World, expression: Any, here: Instance, on: date | None) -> Reasoned[Fraction] | NotYet:
    """A figure for comparing, never rounded: a percentage of it is taken exactly."""
    expression, _ = world.pick(expression)
    percent = expression.percent if isinstance(expression, e.AmountNamed) else HUNDRED
    found = fact(world, expression.name, on) if percent != HUNDRED else figure(world, expression, here, on)
    if isinstance(found, NotYet):
        return found
    value = found.value
    exact = value.exact if isinstance(value, Money) else Fraction(str(value))
    words = "" if percent == HUNDRED else f"{percent} percent of"
    return Reasoned(exact * percent / 100, Derivation(words, shown(value), (found.why,)))


def shown(value: Value) -> str:
    """A value as an explanation shows it.

    >>> shown(True), shown(Money.of("5", "USD"))
    ('yes', '5.00 USD')
    """
    if isinstance(value, Money):
        return value.shown()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Span):
        return value.words()
    if isinstance(value, PayrollCalendar):
        paid = f" paid {value.lag} days later" if value.lag else ""
        return f"{value.days} days ending {value.ending}{paid}"
    return str(value)
