"""What a clause requires first: when that opened, whether it still may, and when it no longer can."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.planning.days import day_after
from obligations.planning.values import Happening, Instance, NotYet
from obligations.terms.clause import Clause, Gate
from schedules.derivation import Derivation, Reasoned
from schedules.spans import Span, after

if TYPE_CHECKING:
    from obligations.planning.world import World


@dataclass(frozen=True, slots=True)
class Shut:
    """The gate can no longer open: why, and from which day on that is so."""

    why: Derivation
    on: date


def gate(world: World, clause: Clause, asks: Gate, instance: Instance) -> Happening | NotYet | Shut:
    """What opened the gate of an instance, on the day it opened; why it did not yet; or that it cannot any more.

    What opens it comes no earlier than what set the instance off, or the day it counts `since`: an earlier one opened
    another instance, unless nothing more of its kind can come, since what happens once opens for all.
    """
    found = world.event(asks.event)
    began = _first_day(world, asks, instance)
    if isinstance(began, NotYet):
        return began
    tried = [one for one in found.happenings if one.occurred_on >= began]
    if not tried and found.reason.never:
        tried = list(found.happenings[-1:])
    last = _last_day(world, asks, instance)
    ends = _last_opening(world, clause, asks, instance)
    for one in tried:
        if last is not None and one.occurred_on > last.value:
            break
        opened = standing_since(world, asks.event, asks.stays, asks.unless, one)
        if isinstance(opened, NotYet):
            return opened
        if opened is not None and (ends is None or opened.occurred_on <= ends.value):
            return opened
    limit = min((day for day in (last, ends) if day is not None), key=lambda day: day.value, default=None)
    if limit is not None:
        over = day_after(limit.value)
        if world.known_through is not None and world.known_through >= over:
            words = f"{asks.event} did not come, or did not stand, by the last day for it"
            inputs = (limit.why, *found.reason.grounds)
            return Shut(Derivation(words, limit.value.isoformat(), inputs, kind="assumption"), over)
        world.turns.add(over)
    reason = found.reason
    return NotYet(waiting=(asks.event,), grounds=reason.grounds) if reason.never and limit is not None else reason


def _first_day(world: World, asks: Gate, instance: Instance) -> date | NotYet:
    if asks.since is not None:
        since = world.day(asks.since, instance)
        return since if isinstance(since, NotYet) else since.value
    return instance.trigger.occurred_on if instance.trigger else date.min


def _last_day(world: World, asks: Gate, instance: Instance) -> Reasoned[date] | None:
    day = world.day(asks.by, instance) if asks.by is not None else None
    return day if isinstance(day, Reasoned) else None


def _last_opening(world: World, clause: Clause, asks: Gate, instance: Instance) -> Reasoned[date] | None:
    """The last day on which an opening still helps: the one named, or the due day where a late one forfeits."""
    named = world.day(asks.opens_by, instance) if asks.opens_by is not None else None
    due = world.day(clause.by or clause.exactly, instance) if asks.late == "forfeits" else None
    days = [day for day in (named, due) if isinstance(day, Reasoned)]
    return min(days, key=lambda day: day.value, default=None)


def standing_since(
    world: World, event: str, stays: Span | None, unless: Any, one: Happening
) -> Happening | NotYet | None:
    """The happening on the day from which it counts; None where it was taken back while it could be.

    Until its days are over it may still be taken back: nothing that moves money opens before.
    """
    if stays is None:
        return one
    end = after(stays, Reasoned(one.occurred_on, one.why), world.counting_for(stays))
    steps: tuple[Derivation, ...] = (end.why,)
    provided = one
    if unless is not None:
        taken_back = world.find(unless)
        within = [it for it in taken_back.happenings if one.occurred_on <= it.occurred_on <= end.value]
        if any(it.unsettled is None for it in within):
            return None
        if within and within[0].unsettled is not None:
            return within[0].unsettled
        asked = [name for it, names in taken_back.undecided if it.occurred_on <= end.value for name in names]
        if asked:
            return NotYet(judgment=tuple(dict.fromkeys(asked)))
        steps = (end.why, Derivation("not taken back within these days, as far as is known", kind="assumption"))
        if world.known_through is None or world.known_through <= end.value:
            world.turns.add(day_after(end.value))
            provided = one.if_only(NotYet(waiting=(f"{event} to stand",)))
    opens = day_after(end.value)
    why = Derivation(f"{event} counts from the day after {stays.words()}", opens.isoformat(), steps)
    return replace(provided, occurred_on=opens, why=why)
