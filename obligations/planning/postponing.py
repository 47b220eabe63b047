"""What holds payments back for a time, such as the six months of a statute, and what releases them early.

What is held keeps its identity and the day it was due on; only the day people and systems act on moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.applying import applying
from obligations.planning.instances import ending
from obligations.planning.values import Instance, NotYet
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


@dataclass(frozen=True, slots=True)
class Hold:
    """A stretch of days in which nothing is acted on: from `began`, both in, up to the day before `to`.

    `open` says what is still unknown about it; then it holds nothing yet, and what it would hold waits.
    """

    began: date
    to: Reasoned[date] | None
    open: tuple[NotYet, ...] = ()


def holds(world: World, clause_id: str) -> Iterator[Hold]:
    """Every hold over a clause that applies or may apply, each by the version of the terms that governs it."""
    for holder_id in world.chosen.postponers(clause_id):
        for instance in world.instances(holder_id, world.terms.clauses[holder_id])[0]:
            version = world.home(holder_id, instance)
            if version.governs(holder_id, instance):
                version = _changed(version, holder_id, instance)
                yield from _hold(version, holder_id, version.instance(holder_id, instance.id) or instance)


def _changed(world: World, holder_id: str, instance: Instance) -> World:
    """The version that governs a hold, or the last one that changes it while it runs."""
    began = instance.trigger.occurred_on if instance.trigger is not None else date.min
    for version in reversed(world.versions):
        amendment = version.amendment
        if amendment is None or amendment.since <= began:
            break
        if holder_id in amendment.changes - amendment.ended and version.instance(holder_id, instance.id) is not None:
            return version
    return world


def _hold(world: World, holder_id: str, instance: Instance) -> Iterator[Hold]:
    holder = world.terms.clauses[holder_id]
    applies = applying(world, holder, instance)
    if applies.refused is not None:
        return
    began = instance.trigger.occurred_on if instance.trigger is not None else date.min
    doubts = list(applies.open)
    if instance.trigger is not None and instance.trigger.unsettled is not None:
        doubts.append(instance.trigger.unsettled)
    to = world.day(holder.to, instance)
    if isinstance(to, NotYet):
        yield Hold(began, None, (*doubts, *([] if to.never else [to])))
        return
    words = f"held back by {holder_id.replace('_', ' ')}"
    why = Derivation(words, to.value.isoformat(), (to.why, *applies.grounds), kind="clause", cite=holder.cites)
    released = _released(world, holder_id, instance)
    if released is not None and released.value < to.value:
        early = Derivation("released early", released.value.isoformat(), (released.why, why), cite=holder.cites)
        yield Hold(began, Reasoned(released.value, early), tuple(doubts))
    else:
        yield Hold(began, Reasoned(to.value, why), tuple(doubts))


def _released(world: World, holder_id: str, instance: Instance) -> Reasoned[date] | None:
    """The day of the event that releases early, or of the amendment that ends the hold while it runs."""
    days = []
    event = ending(world, world.terms.clauses[holder_id], instance)
    if event is not None and event.unsettled is None:
        days.append(Reasoned(event.occurred_on, event.why))
    for version in world.versions:
        amendment = version.amendment
        if amendment is not None and holder_id in amendment.ended & amendment.changes:
            why = Derivation(f"ended by {amendment.title}", amendment.since.isoformat(), kind="clause")
            days.append(Reasoned(amendment.since, why))
    began = instance.trigger.occurred_on if instance.trigger is not None else date.min
    return min((one for one in days if one.value >= began), key=lambda one: one.value, default=None)


def held(over: Iterable[Hold], due: date) -> tuple[Reasoned[date] | None, tuple[NotYet, ...]]:
    """The day until which something due on a day is held, None where it is not; and what is open about that."""
    last: Reasoned[date] | None = None
    doubts: list[NotYet] = []
    for one in over:
        if due < one.began or (one.to is not None and due >= one.to.value):
            continue
        if one.open:
            doubts += one.open
        elif one.to is not None and (last is None or one.to.value > last.value):
            last = one.to
    return last, tuple(doubts)
