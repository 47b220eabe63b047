"""What a clause makes of its trigger: one instance a happening, and the answers that close or end them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import TYPE_CHECKING, Any
from uuid import UUID

from obligations.domain.identity import occurrence_id
from obligations.planning.answers import DONE, WAIVED
from obligations.planning.applying import applying
from obligations.planning.shapes import is_for_another
from obligations.planning.ties import too_early
from obligations.planning.values import NOWHERE, Happening, Instance, NotYet
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from schedules.derivation import Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


@dataclass(frozen=True, slots=True)
class Closings:
    """Answers and what they close.

    Args:
        closed: the answer that closed an instance, by the instance's id.
        unclear: instances that an unnamed answer may or may not close, with the day of the first such answer: a person
            must say.
        stray: answers that close nothing.
    """

    closed: dict[str, Happening] = field(default_factory=dict)
    unclear: dict[str, date] = field(default_factory=dict)
    stray: tuple[Happening, ...] = ()


CLOSES_NOTHING = Closings()


def instances(world: World, clause_id: str, clause: Clause) -> tuple[tuple[Instance, ...], NotYet]:
    """One instance for each happening of the clause's trigger, in day order, and why there may be more."""
    when = clause.when
    if when is None:
        return (NOWHERE,), NotYet(never="it needs no trigger")
    if isinstance(when, e.EventNamed) and not when.having:
        # Whatever an event sets off, it sets off as one.
        set_off = world.set_off.get(when.name)
        if set_off is None:
            set_off = world.set_off[when.name] = _of_trigger(world, clause_id, clause)
        return set_off
    return _of_trigger(world, clause_id, clause)


def _of_trigger(world: World, clause_id: str, clause: Clause) -> tuple[tuple[Instance, ...], NotYet]:
    # What one reading selects once and another takes each time keeps the slot's identity for the first under both.
    either = clause_id if isinstance(clause.when, e.Choice) and _selects(clause.when) else ""
    taken = world.slot_of(clause_id, clause) or either
    found = world.find(clause.when, slot=taken or clause_id)
    names = clause.names_of_trigger
    made = []
    for number, happening in enumerate(found.happenings):
        # A reading may let a slot happen many times; its identity then stays with the first of them.
        instance_id = taken if taken and number == 0 else happening.id
        made.append(Instance(instance_id, happening, names if happening.event in names else names | {happening.event}))
    return tuple(made), found.reason


def slot(world: World, expression: Any) -> str:
    """The slot an event expression fills: something that happens once, whichever happening comes to fill it."""
    match expression:
        case e.Choice(options=options):
            return next((name for _, option in options if (name := slot(world, option))), "")
        case e.EventNamed(name=name):
            if name in world.terms.file.define:
                return name if _selects(world.terms.file.define[name]) else ""
            if name in world.terms.parameters:
                return name
            return name if world.kinds[name].once else ""
        case _:
            return ""


def _selects(expression: Any) -> bool:
    if isinstance(expression, e.Choice):
        return any(_selects(option) for _, option in expression.options)
    once = isinstance(expression, e.EventFirst | e.EventAll | e.EventReached)
    return once or (isinstance(expression, e.EventUnion) and expression.first)


def closings(world: World, clause_id: str, clause: Clause) -> Closings:
    """Which answer closed which instance: a named one what it names, an unnamed one the only open instance."""
    if clause.closed_by is None:
        return CLOSES_NOTHING
    made, _ = world.instances(clause_id, clause)
    closed: dict[str, Happening] = {}
    unclear: dict[str, date] = {}
    stray: list[Happening] = []
    answers = [one for one in world.event(clause.closed_by).happenings if one.origin == "reported"]
    named = _by_name(world, clause_id, made) if any(one.answers for one in answers) else {}
    still_open = {one.id: one for one in made}
    # Named answers first: what they close is no longer open to the unnamed ones, whichever came earlier.
    for answer in sorted(answers, key=lambda one: not one.answers):
        meant = named.get(answer.answers, ()) if answer.answers else still_open.values()
        candidates = [
            one
            for one in _before(meant, answer)
            if one.id in still_open and (answer.answers or _is_open(world, clause_id, clause, one, answer.occurred_on))
        ]
        if len(candidates) == 1:
            closed[candidates[0].id] = answer
            del still_open[candidates[0].id]
        elif candidates:
            unclear = {**{instance.id: answer.occurred_on for instance in candidates}, **unclear}
        else:
            stray.append(answer)
    return Closings(closed, {name: day for name, day in unclear.items() if name not in closed}, tuple(stray))


def _before(made: Iterable[Instance], answer: Happening) -> Iterator[Instance]:
    """Those of the instances, in day order, that an answer does not come too early for."""
    day = answer.occurred_on
    by_then = takewhile(lambda one: one.trigger is None or one.trigger.occurred_on <= day, made)
    return (one for one in by_then if one.trigger is None or not too_early(answer, one.trigger))


def _by_name(world: World, clause_id: str, made: Iterable[Instance]) -> dict[str, list[Instance]]:
    """The instances, in day order, by each name under which an answer may mean one: its own id, its occurrence's, or
    that of a report that set it off."""
    terms = world.terms
    named: dict[str, list[Instance]] = {}
    for one in made:
        occurrence = occurrence_id(terms.tenant, terms.contract, *world.known_as(clause_id, one), "1")
        for name in {one.id, str(occurrence), *(one.trigger.reports if one.trigger else ())}:
            named.setdefault(name, []).append(one)
    return named


def _is_open(world: World, clause_id: str, clause: Clause, instance: Instance, day: date) -> bool:
    """Whether an unnamed answer of that day may be meant for the instance: it applies, and was not done by then."""
    place = world.place(clause_id, instance)
    if place is not None and not place.rules:
        return False
    applies = applying(world, clause, instance)
    if applies.refused is not None and (applies.cancelled_by is None or applies.cancelled_by.occurred_on <= day):
        return False
    if _was_discharged(world, clause, instance, day):
        return False
    if clause.series is not None or clause.vest is not None:
        return True  # one part that was done closes no more than itself
    terms = world.terms
    answered = world.answers.get(
        str(occurrence_id(terms.tenant, terms.contract, *world.known_as(clause_id, instance), "1")), ()
    )
    return not any(one.event in (DONE, WAIVED) and one.occurred_on <= day for one in answered)


def _was_discharged(world: World, clause: Clause, instance: Instance, day: date) -> bool:
    """Whether a task had ended before that day while it was still open."""
    end = ending(world, clause, instance) if clause.task is not None and clause.series is None else None
    if end is None or end.unsettled is not None or end.occurred_on >= day or clause.roll is not None:
        return False
    due = world.day(clause.by or clause.exactly, instance) if clause.by or clause.exactly else None
    return not isinstance(due, Reasoned) or end.occurred_on <= due.value


def ending(world: World, clause: Clause, instance: Instance) -> Happening | None:
    """The first happening that ends the clause's running instance."""
    if clause.until is None:
        return None
    began = instance.trigger.occurred_on if instance.trigger else date.min
    return next((one for one in world.find(clause.until).happenings if one.occurred_on >= began), None)


def answers_to(
    world: World, clause_id: str, clause: Clause, instance: Instance, identity: UUID | None = None
) -> tuple[Happening, ...]:
    """What was said of an occurrence: the event that closed its instance, then the reports that name it.

    `identity` is the occurrence's id; left out, the only one of the instance is meant.
    """
    closing = world.closings(clause_id, clause).closed.get(instance.id) if clause.closed_by is not None else None
    named: tuple[Happening, ...] = ()
    if world.answers:
        terms = world.terms
        identity = identity or occurrence_id(terms.tenant, terms.contract, *world.known_as(clause_id, instance), "1")
        named = world.answers.get(str(identity), ())
        place = world.place(clause_id, instance) if named else None
        if place is not None and place.rules:
            named = tuple(one for one in named if not is_for_another(world, clause_id, place, one))
    return (closing, *named) if closing is not None else named
