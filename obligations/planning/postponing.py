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
from obligations.planning.values import NotYet
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
    """Every hold over a clause that applies or may apply."""
    for holder_id in world.chosen.postponers(clause_id):
        holder = world.terms.clauses[holder_id]
        for instance in world.instances(holder_id, holder)[0]:
            applies = applying(world, holder, instance)
            if applies.refused is not None:
                continue
            began = instance.trigger.occurred_on if instance.trigger is not None else date.min
            doubts = list(applies.open)
            if instance.trigger is not None and instance.trigger.unsettled is not None:
                doubts.append(instance.trigger.unsettled)
            to = world.day(holder.to, instance)
            if isinstance(to, NotYet):
                yield Hold(began, None, (*doubts, *([] if to.never else [to])))
                continue
            words = f"held back by {holder_id.replace('_', ' ')}"
            why = Derivation(words, to.value.isoformat(), (to.why, *applies.grounds), kind="clause", cite=holder.cites)
            released = ending(world, holder, instance)
            if released is not None and released.unsettled is None and released.occurred_on < to.value:
                day = released.occurred_on
                early = Derivation("released early", day.isoformat(), (released.why, why), cite=holder.cites)
                yield Hold(began, Reasoned(day, early), tuple(doubts))
            else:
                yield Hold(began, Reasoned(to.value, why), tuple(doubts))


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
