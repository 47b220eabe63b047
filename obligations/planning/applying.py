"""Whether a clause applies to an instance: what `if` asks, what `unless` rules out, and what undoes it altogether."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.planning.supposing import supposed
from obligations.planning.values import Happening, Instance, NotYet
from obligations.terms.clause import Clause
from obligations.terms.unless import EVENTS, meant
from schedules.derivation import Derivation, Reasoned
from schedules.frozen import swift

if TYPE_CHECKING:
    from obligations.planning.world import World


@swift
@dataclass(frozen=True, slots=True)
class Applying:
    """What the conditions of a clause come to for one instance.

    Args:
        refused: why it does not apply; None where it does or may.
        grounds: what came out in its favour, as steps of an explanation.
        open: what must still be stated, judged or settled.
        cancelled_by: the event that undoes it altogether; it did apply until then.
    """

    refused: Derivation | None = None
    grounds: tuple[Derivation, ...] = ()
    open: tuple[NotYet, ...] = ()
    cancelled_by: Happening | None = None


def applying(world: World, clause: Clause, instance: Instance) -> Applying:
    """Whether the clause applies to the instance, as of the day of its trigger. `unless` wins over `if`."""
    grounds: list[Derivation] = []
    questions: list[NotYet] = []
    refused: Derivation | None = None
    if clause.unless is not None:
        ruled_out = _ruled_out(world, clause.unless, instance)
        if isinstance(ruled_out, NotYet):
            ruled_out = supposed(world, clause.unless, ruled_out)
        if isinstance(ruled_out, NotYet):
            questions.append(ruled_out)
        elif ruled_out.value:
            return Applying(refused=ruled_out.why)
        else:
            grounds.append(ruled_out.why)
    if clause.if_ is not None:
        holds = world.condition(clause.if_, instance)
        if isinstance(holds, NotYet):
            questions.append(holds)
        elif holds.value:
            grounds.append(holds.why)
        else:
            refused = holds.why
    undone: Happening | None = None
    if clause.cancel_if is not None and refused is None:
        found = _cancelling(world, clause.cancel_if, instance)
        maybe = supposed(world, clause.cancel_if, found) if isinstance(found, NotYet) else None
        if isinstance(maybe, Reasoned):
            refused = maybe.why if maybe.value else None
        elif isinstance(found, NotYet):
            questions.append(found)
        elif found is not None:
            undone = found
            refused = Derivation("undone altogether", found.occurred_on.isoformat(), (found.why,))
    return Applying(refused, tuple(grounds), tuple(questions), undone)


def holds_on(world: World, clause: Clause, instance: Instance, on: date | None) -> Reasoned[bool] | NotYet | None:
    """Whether what is asked of each occurrence holds on its day; None where nothing is asked or no day is known."""
    if clause.if_each is None or on is None:
        return None
    return world.condition(clause.if_each, replace(instance, own=on), on)


def _ruled_out(world: World, expression: Any, instance: Instance) -> Reasoned[bool] | NotYet:
    """Whether the condition holds, or the event happened, by the day of the trigger; ever, where there is none."""
    picked, steps = world.pick(expression)
    read = meant(picked, world.terms.file)
    if not isinstance(read, EVENTS):
        return world.condition(read, instance)
    by = instance.trigger.occurred_on if instance.trigger else date.max
    found = world.find_from(read, instance)
    happened = [one for one in found.happenings if one.occurred_on <= by]
    settled = next((one for one in happened if one.unsettled is None), None)
    if settled is not None:
        words = "does not apply, since this happened"
        return Reasoned(True, Derivation(words, settled.occurred_on.isoformat(), (settled.why, *steps)))
    for one in happened:
        if one.unsettled is not None:
            return one.unsettled
    asked = tuple(name for one, names in found.undecided if one.occurred_on <= by for name in names)
    if asked:
        return NotYet(judgment=tuple(dict.fromkeys(asked)))
    until = f" by {by}" if instance.trigger else ""
    return Reasoned(False, Derivation(f"what would rule it out did not happen{until}", "", steps, kind="assumption"))


def _cancelling(world: World, expression: Any, instance: Instance) -> Happening | NotYet | None:
    """The first event from the trigger on that undoes the instance; why it may, where that is open."""
    began = instance.trigger.occurred_on if instance.trigger else date.min
    found = world.find(expression)
    later = [one for one in found.happenings if one.occurred_on >= began]
    settled = next((one for one in later if one.unsettled is None), None)
    if settled is not None:
        return settled
    asked = tuple(name for one, names in found.undecided if one.occurred_on >= began for name in names)
    if asked:
        return NotYet(judgment=tuple(dict.fromkeys(asked)))
    return next((one.unsettled for one in later if one.unsettled is not None), None)
