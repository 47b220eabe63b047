"""Amounts: what a formula comes to, as an exact fraction that is rounded once, at the end, by a named rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from obligations.domain.money import Money, digits_of
from obligations.planning.days import settled_day, settled_window
from obligations.planning.figures import shown, statement
from obligations.planning.of_clauses import balance_of, of_clause
from obligations.planning.proportions import share_of
from obligations.planning.values import NOWHERE, Instance, NotYet, PlanningError, united
from obligations.terms import expressions as e
from obligations.terms.tables import value_at
from obligations.terms.values import Value, typed
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.elapsed import elapsed
from schedules.frozen import swift
from schedules.periods import decimal_text
from schedules.rounding import Rounding, rounded

if TYPE_CHECKING:
    from obligations.planning.world import World

# How small the parts of what is no money may be.
SMALLEST = {"units": Fraction(1), "hours": Fraction(1, 100)}


@swift
@dataclass(frozen=True, slots=True)
class Quantity:
    """An exact figure. `unit` is a currency, `units`, `hours`, empty for a plain number, or None for a figure that is
    written without one and becomes what it stands beside."""

    exact: Fraction
    unit: str | None = ""

    @property
    def is_money(self) -> bool:
        """Whether it counts in a currency."""
        return bool(self.unit) and self.unit not in SMALLEST

    @property
    def smallest(self) -> Fraction:
        """The smallest part that is paid or given: a minor unit, a whole share, a hundredth of an hour."""
        if self.is_money:
            return Fraction(1, 10 ** digits_of(str(self.unit)))
        return SMALLEST.get(str(self.unit), Fraction(1, 10**8))

    def value(self) -> Value:
        """The figure as the language types it; it is a whole number of its smallest part."""
        if self.is_money:
            unit = str(self.unit)
            if self.exact < 0:
                raise PlanningError(f"an amount comes to {self.words()}, and what is owed is not negative")
            return Money(int(self.exact * 10 ** digits_of(unit)), unit)
        return Decimal(decimal_text(self.exact))

    def words(self) -> str:
        """The figure for a reader; one that has no end as a decimal is shown as the fraction it is."""
        if (self.exact / self.smallest).denominator != 1:
            return f"{self.exact} {self.unit}" if self.is_money else str(self.exact)
        return shown(self.value())


@swift
@dataclass(frozen=True, slots=True)
class Step:
    """A quantity with its explanation. `said` is how a sentence about it calls it; a `leaf` was reckoned from
    nothing, and a `bare` figure explains itself."""

    quantity: Quantity
    why: Derivation
    said: str
    leaf: bool = True
    bare: bool = False

    @property
    def inputs(self) -> tuple[Derivation, ...]:
        """What a sentence that calls it by `said` rests on."""
        return (self.why,) if self.leaf else self.why.inputs


def figure(world: World, expression: Any, here: Instance, on: date | None) -> Reasoned[Value] | NotYet:
    """The figure an amount comes to on a day, rounded to its smallest part, halves up."""
    stated = _as_stated(world, expression, here, on)
    if stated is not None:
        return stated
    found = quantity(world, expression, here, on)
    if isinstance(found, NotYet):
        return found
    exact = rounded(found.value.exact, found.value.smallest)
    if exact == found.value.exact:
        return Reasoned(found.value.value(), found.why)
    value = replace(found.value, exact=exact).value()
    part = "the minor unit" if found.value.is_money else decimal_text(found.value.smallest)
    return Reasoned(value, Derivation(f"rounded to {part}, halves up", shown(value), (found.why,)))


def _as_stated(world: World, expression: Any, here: Instance, on: date | None) -> Reasoned[Value] | NotYet | None:
    """A parameter or a fact that is owed as it was stated; None where something has to be reckoned or rounded."""
    if not isinstance(expression, e.AmountNamed):
        return None
    fact = world.terms.file.facts.get(expression.name)
    if fact is not None and fact.starts_as is not None and statement(world, expression.name, on, here) is None:
        return _as_stated(world, fact.starts_as, NOWHERE, on)
    found = world.fact(expression.name, on, here)
    if isinstance(found, NotYet):
        return found
    value = found.value
    whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
    return found if whole or (isinstance(value, Money) and value.minor >= 0) else None


def quantity(world: World, expression: Any, here: Instance, on: date | None) -> Reasoned[Quantity] | NotYet:
    """The exact figure an amount comes to on a day; a bare figure that stands alone is money of the file."""
    found = step(world, expression, here, on)
    if isinstance(found, NotYet):
        return found
    found = _as(found, world.terms.currency) if found.quantity.unit is None else found
    return Reasoned(found.quantity, found.why)


def step(world: World, expression: Any, here: Instance, on: date | None) -> Step | NotYet:
    """What one amount expression comes to, before anything is rounded."""
    expression, readings = world.pick(expression)
    found = _step(world, expression, here, on)
    if isinstance(found, NotYet):
        return found.on_grounds(*readings)
    if not readings:
        return found
    return replace(found, why=found.why.resting_on(*readings))


def side_by_side(steps: list[Step], world: World) -> list[Step]:
    """Figures that are added or compared, in one unit; bare figures become like the others.

    Raises `PlanningError` for two currencies: no rate is assumed between them.
    """
    units = list(dict.fromkeys(one.quantity.unit for one in steps if one.quantity.unit is not None))
    if len(units) > 1:
        said = " and ".join(one.quantity.words() for one in steps)
        raise PlanningError(f"{said} are in {' and '.join(map(str, units))}; state both in one currency")
    unit = units[0] if units else None
    return [one if one.quantity.unit is not None or unit is None else _as(one, unit) for one in steps]


def _as(bare: Step, unit: str) -> Step:
    """A bare figure in the unit that its place gives it."""
    figure = Quantity(bare.quantity.exact, unit)
    words = figure.words()
    said = words if bare.leaf else bare.said
    return replace(bare, quantity=figure, why=replace(bare.why, result=words), said=said, bare=False)


def _step(world: World, expression: Any, here: Instance, on: date | None) -> Step | NotYet:
    match expression:
        case e.AmountLiteral(value=number, unit=unit):
            figure = Quantity(Fraction(number), unit or None)
            said = figure.words() if unit else str(number)
            return Step(figure, Derivation("written in the terms", said, kind="fact"), said, bare=not unit)
        case e.AmountNamed(name=name):
            return _named(world, name, on, here)
        case e.FieldOf(field=field, event=event):
            if event not in world.kinds and field == "balance":
                balance = balance_of(world, event, on)
                return balance if isinstance(balance, NotYet) else typed_step(balance, "")
            if event not in world.kinds:
                paid = of_clause(world, field, event, here, on)
                return paid if isinstance(paid, NotYet) else typed_step(paid, world.terms.currency)
            return _field(world, field, event, here)
        case e.FactAt(name=name, how=how, day=day):
            return _fact_at(world, name, how, settled_day(world, day, here), here)
        case e.FactPeak(name=name, window=window, least=least):
            return _fact_peak(world, name, window, here, least)
        case e.FactMean(name=name, window=window):
            return _fact_mean(world, name, window, here)
        case e.Elapsed(unit=unit, first=first, last=last, whole=whole):
            return _elapsed(unit, settled_day(world, first, here), settled_day(world, last, here), whole=whole)
        case e.TableAt(table=table, at=at):
            return _looked_up(world, table, step(world, at, here, on))
        case e.Sum(added=added, taken=taken):
            return _sum(
                world, [step(world, one, here, on) for one in added], [step(world, one, here, on) for one in taken]
            )
        case e.Product(left=left, right=right):
            return _product(step(world, left, here, on), step(world, right, here, on))
        case e.Quotient(whole=whole, by=by):
            return _quotient(step(world, whole, here, on), step(world, by, here, on))
        case e.Percent(percent=percent, whole=whole):
            return _percent(percent, step(world, whole, here, on))
        case e.ProRata(amount=amount):
            return _pro_rata(step(world, amount, here, on), share_of(world, expression, here))
        case e.Extreme(members=members, least=least):
            return _extreme(world, [step(world, one, here, on) for one in members], least)
        case e.Rounded(amount=amount, rule=rule, to=to):
            return _rounded(world, step(world, amount, here, on), rule, to)
        case _:
            raise TypeError(f"not an amount expression: {expression!r}")


# --- what is known without reckoning --------------------------------------------------------------------------------


def _named(world: World, name: str, on: date | None, here: Instance) -> Step | NotYet:
    """A parameter or a fact; what a fact starts as stays exact."""
    facts = world.terms.file.facts
    if name in facts and facts[name].starts_as is not None and statement(world, name, on, here) is None:
        found = step(world, facts[name].starts_as, NOWHERE, on)
        return found if isinstance(found, NotYet) or found.quantity.unit is not None else _as(found, _unit(world, name))
    value = world.fact(name, on, here)
    return value if isinstance(value, NotYet) else typed_step(value, _unit(world, name))


def _unit(world: World, name: str) -> str:
    """The unit of a figure that is stated without one."""
    file = world.terms.file
    return _unit_of((file.parameters.get(name) or file.facts[name]).type, world.terms.currency)


def _unit_of(kind: str, currency: str) -> str:
    return {"money": currency, "number": ""}.get(kind, kind)


def typed_step(found: Reasoned[Value], unit: str) -> Step:
    """A typed value as a quantity."""
    value = found.value
    if isinstance(value, Money):
        figure = Quantity(value.exact / 10 ** digits_of(value.currency), value.currency)
    else:
        assert isinstance(value, Decimal), "check has seen that it is a figure"
        figure = Quantity(Fraction(value), unit)
    return Step(figure, found.why, shown(value))


def _field(world: World, field: str, event: str, here: Instance) -> Step | NotYet:
    trigger = here.trigger
    text = trigger.fields.get(field) if trigger else None
    if trigger is None or text is None:
        return NotYet(missing=(f"{event}.{field}",))
    kind = world.kinds[event].fields[field].type
    value = typed(text, kind, world.terms.currency)
    why = Derivation(f"{field} of {event}", shown(value), (trigger.why,), kind="fact")
    return typed_step(Reasoned(value, why), _unit_of(kind, world.terms.currency))


def _fact_at(world: World, name: str, how: str, day: Reasoned[date] | NotYet, here: Instance) -> Step | NotYet:
    if isinstance(day, NotYet):
        return day
    found = _named(world, name, day.value if how == "on" else add_days(day.value, -1), here)
    if isinstance(found, NotYet):
        return found
    words = f"{name} {how} {day.value}"
    why = Derivation(words, found.quantity.words(), (found.why, day.why), kind="fact")
    return replace(found, why=why, leaf=True, said=found.quantity.words())


def _fact_peak(world: World, name: str, window: Any, here: Instance, least: bool) -> Step | NotYet:
    """The highest figure a fact had in a window: as the window began, and as stated on any day in it."""
    found = _over_time(world, name, window, here)
    if isinstance(found, NotYet):
        return found
    days, parts = found
    chosen = (min if least else max)((one for _, one in parts), key=lambda one: one.quantity.exact)
    words = f"the {'lowest' if least else 'highest'} {name} {_both_in(*days.value)}"
    why = Derivation(words, chosen.quantity.words(), (*(one.why for _, one in parts), days.why), kind="fact")
    return Step(chosen.quantity, why, chosen.quantity.words())


def _fact_mean(world: World, name: str, window: Any, here: Instance) -> Step | NotYet:
    """The average of a fact over a window: each figure weighs as many days as it held."""
    found = _over_time(world, name, window, here)
    if isinstance(found, NotYet):
        return found
    days, parts = found
    until = [*(day for day, _ in parts[1:]), add_days(days.value[1], 1)]
    held = [((end - day).days, one) for (day, one), end in zip(parts, until, strict=True)]
    total = sum((one.quantity.exact * length for length, one in held), Fraction(0))
    figure = Quantity(total / sum(length for length, _ in held), parts[0][1].quantity.unit)
    said = ", ".join(f"{_called(one)} for {length} days" for length, one in held)
    words = f"the average {name} {_both_in(*days.value)}: {said}"
    why = Derivation(words, figure.words(), (*(one.why for _, one in parts), days.why), kind="fact")
    return Step(figure, why, figure.words())


def _over_time(
    world: World, name: str, window: Any, here: Instance
) -> tuple[Reasoned[tuple[date, date]], list[tuple[date, Step]]] | NotYet:
    """The days of a window, and what a fact was from the first of them on and from each on which it was stated anew."""
    days = settled_window(world, window, here)
    if isinstance(days, NotYet):
        return days
    first, last = days.value
    stated = (one.occurred_on for one in world.event(name).happenings if one.origin == "reported")
    since = list(dict.fromkeys([first, *(day for day in stated if first < day <= last)]))
    found = together([_named(world, name, day, here) for day in since])
    return found if isinstance(found, NotYet) else (days, list(zip(since, side_by_side(found, world), strict=True)))


def _both_in(first: date, last: date) -> str:
    return f"from {first} to {last}, both days counted"


def _elapsed(unit: str, first: Reasoned[date] | NotYet, last: Reasoned[date] | NotYet, *, whole: bool) -> Step | NotYet:
    if isinstance(first, NotYet) or isinstance(last, NotYet):
        reasons = [one for one in (first, last) if isinstance(one, NotYet)]
        return next((one for one in reasons if one.never), united(reasons))
    if last.value < first.value:
        return NotYet(never=f"{last.value} comes before {first.value}, from which it would be counted")
    found = elapsed(unit, first.value, last.value, whole=whole)
    why = replace(found.why, inputs=(first.why, last.why))
    figure = Quantity(found.value)
    return Step(figure, why, f"{figure.words()} {'whole ' if whole else ''}{unit}")


def _looked_up(world: World, name: str, at: Step | NotYet) -> Step | NotYet:
    """What a table says at a figure; where it says nothing, a person must."""
    if isinstance(at, NotYet):
        return at
    table = world.terms.file.tables[name]
    found = value_at(name, table, at.quantity.exact)
    if found is None:
        return NotYet(judgment=(f"what {name} comes to at {at.quantity.words()}, which the table does not say",))
    exact, rule = found
    unit = at.quantity.unit if table.tiers else _unit_of(table.of, world.terms.currency)
    figure = Quantity(exact, unit)
    why = Derivation(f"{name} at {at.said}: {rule}", figure.words(), at.inputs, kind="fact", cite=table.cite)
    return Step(figure, why, figure.words())


# --- what is reckoned -----------------------------------------------------------------------------------------------


def together(parts: list[Step | NotYet]) -> list[Step] | NotYet:
    """All the parts, or every reason why not; a part that never comes to be leaves nothing to reckon with."""
    open_parts = [one for one in parts if isinstance(one, NotYet)]
    if open_parts:
        return next((one for one in open_parts if one.never), united(open_parts))
    return [one for one in parts if isinstance(one, Step)]


def _reckoned(exact: Fraction, unit: str | None, rule: str, parts: list[Step]) -> Step:
    """The result of a formula, resting on its parts."""
    figure = Quantity(exact, unit)
    inputs = tuple(one.why for one in parts if not one.bare)
    return Step(figure, Derivation(rule, figure.words(), inputs), rule, leaf=False)


def _called(one: Step) -> str:
    return one.said if one.leaf else one.quantity.words()


def _sum(world: World, added: list[Step | NotYet], taken: list[Step | NotYet]) -> Step | NotYet:
    found = together([*added, *taken])
    if isinstance(found, NotYet):
        return found
    parts = side_by_side(found, world)
    signs = [1] * len(added) + [-1] * len(taken)
    exact = sum((one.quantity.exact * sign for one, sign in zip(parts, signs, strict=True)), Fraction(0))
    words = "".join(f" {'+' if sign > 0 else '−'} {_called(one)}" for one, sign in zip(parts, signs, strict=True))
    rule = words.removeprefix(" + ")
    if exact < 0:
        exact, rule = Fraction(0), f"{rule}, and not below zero"
    return _reckoned(exact, parts[0].quantity.unit, rule, parts)


def _product(left: Step | NotYet, right: Step | NotYet) -> Step | NotYet:
    found = together([left, right])
    if isinstance(found, NotYet):
        return found
    one, other = found
    unit = next((part.quantity.unit for part in found if part.quantity.unit), None)
    if unit is None and one.quantity.unit == other.quantity.unit == "":
        unit = ""
    rule = f"{_called(one)} × {_called(other)}"
    return _reckoned(one.quantity.exact * other.quantity.exact, unit, rule, found)


def _quotient(whole: Step | NotYet, by: Step | NotYet) -> Step | NotYet:
    found = together([whole, by])
    if isinstance(found, NotYet):
        return found
    one, other = found
    rule = f"{_called(one)} ÷ {_called(other)}"
    if not other.quantity.exact:
        return NotYet(judgment=(f"what {rule} comes to, since nothing can be divided by 0",))
    unit = one.quantity.unit
    if other.quantity.unit:
        if unit and unit != other.quantity.unit:
            raise PlanningError(f"{rule} are in {unit} and {other.quantity.unit}; state both in one currency")
        unit = ""
    return _reckoned(one.quantity.exact / other.quantity.exact, unit, rule, found)


def _percent(percent: Fraction, whole: Step | NotYet) -> Step | NotYet:
    if isinstance(whole, NotYet):
        return whole
    rule = f"{decimal_text(percent)} percent of {_called(whole)}"
    return _reckoned(whole.quantity.exact * percent / 100, whole.quantity.unit, rule, [whole])


def _pro_rata(whole: Step | NotYet, share: Reasoned[Fraction] | NotYet) -> Step | NotYet:
    if isinstance(whole, NotYet) or isinstance(share, NotYet):
        reasons = [one for one in (whole, share) if isinstance(one, NotYet)]
        return next((one for one in reasons if one.never), united(reasons))
    figure = Quantity(whole.quantity.exact * share.value, whole.quantity.unit)
    rule = f"{share.why.rule} of {_called(whole)}"
    why = Derivation(rule, figure.words(), (*(() if whole.bare else (whole.why,)), *share.why.inputs))
    return Step(figure, why, rule, leaf=False)


def _extreme(world: World, members: list[Step | NotYet], least: bool) -> Step | NotYet:
    found = together(members)
    if isinstance(found, NotYet):
        return found
    parts = side_by_side(found, world)
    chosen = (min if least else max)(parts, key=lambda one: one.quantity.exact)
    rule = f"the {'lesser' if least else 'greater'} of {' and '.join(_called(one) for one in parts)}"
    return _reckoned(chosen.quantity.exact, chosen.quantity.unit, rule, parts)


def _rounded(world: World, found: Step | NotYet, rule: Rounding, to: Decimal | None) -> Step | NotYet:
    if isinstance(found, NotYet):
        return found
    found = _as(found, world.terms.currency) if found.quantity.unit is None and to is None else found
    smallest = Fraction(to) if to is not None else found.quantity.smallest
    exact = rounded(found.quantity.exact, smallest, rule)
    words = f"{_called(found)} rounded to {decimal_text(smallest)}, {rule}"
    return _reckoned(exact, found.quantity.unit, words, [found])
