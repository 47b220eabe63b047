"""Parameters and facts: what is true on the day that counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.domain.money import Money
from obligations.planning.asked import statement_for
from obligations.planning.values import NOWHERE, Happening, Instance, NotYet, PlanningError
from obligations.terms import expressions as e
from obligations.terms.kinds import KINDS
from obligations.terms.values import NotAValue, Value, typed
from schedules.derivation import Derivation, Reasoned, later
from schedules.payroll import PayCalendar
from schedules.spans import Span

if TYPE_CHECKING:
    from obligations.planning.world import World


def fact(world: World, name: str, on: date | None, here: Instance = NOWHERE) -> Reasoned[Value] | NotYet:
    """The value of a parameter, or of a fact on a day (the latest known where the day is None).

    An answer that is asked once per instance holds for it whenever it is given. A fact that has to be asked holds, as
    first stated, for the days before it was stated.
    """
    if name in world.terms.parameters:
        value = world.terms.parameters[name]
        cite = world.terms.file.parameters[name].cite
        return Reasoned(value, later(_of_contract, name, value, cite))
    stated_fact = world.terms.file.facts[name]
    latest = statement(world, name, on, here)
    if isinstance(latest, NotYet):
        return latest
    if latest is not None:
        try:
            value = typed(latest.fields.get("value", ""), stated_fact.type, world.terms.currency)
        except NotAValue as error:
            words = f"{name} stated on {latest.occurred_on}: {error}; withdraw it and state it anew"
            raise PlanningError(words) from None
        return Reasoned(value, later(_as_stated, name, value, latest, stated_fact.cite))
    if stated_fact.starts_as is not None:
        return _at_first(world, name, stated_fact.starts_as, on)
    if world.suppose is not None and stated_fact.type == "yes_or_no":
        supposed = world.suppose(name)
        return Reasoned(supposed, Derivation(f"{name}, supposed", shown(supposed), kind="assumption"))
    return NotYet(missing=(name,))


def _at_first(world: World, name: str, starts_as: Any, on: date | None) -> Reasoned[Value] | NotYet:
    """What a fact is before anybody states it: a formula, or another fact or parameter that is no figure."""
    picked, _ = world.pick(starts_as)
    other = picked.name if isinstance(picked, e.AmountNamed) else ""
    if world.terms.file.facts[name].type in KINDS or not other:
        return world.figure(e.AmountNamed(name), NOWHERE, on)
    return world.fact(other, on)


def _of_contract(name: str, value: Value, cite: str) -> Derivation:
    return Derivation(f"{name} of the contract", shown(value), kind="fact", cite=cite)


def _as_stated(name: str, value: Value, latest: Happening, cite: str) -> Derivation:
    return Derivation(f"{name} as stated on {latest.occurred_on}", shown(value), (latest.why,), kind="fact", cite=cite)


def statement(world: World, name: str, on: date | None, here: Instance = NOWHERE) -> Happening | NotYet | None:
    """The statement of a fact that holds on a day, or for what set an instance off where the fact is asked for each;
    None where nobody stated it, and what a person must say where it may be for several."""
    stated_fact = world.terms.file.facts[name]
    if stated_fact.each:
        return statement_for(world, name, here, on)
    stated = [one for one in world.event(name).happenings if one.origin == "reported"]
    if on is not None:
        known = [one for one in stated if one.occurred_on <= on]
        # What has to be asked and was not known yet is the answer given later, which holds for the instance.
        stated = known or (stated[:1] if stated_fact.ask and stated_fact.starts_as is None else [])
    return stated[-1] if stated else None


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
    if isinstance(value, PayCalendar):
        return value.words()
    return str(value)
