"""Events that can be taken back for some days: each happens on the day after, unless it was taken back by then."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from obligations.planning.gates import standing_since
from obligations.planning.values import Found, Happening, Instance, NotYet, derived_id, united
from obligations.terms import expressions as e

if TYPE_CHECKING:
    from obligations.planning.world import World


def stood(world: World, expression: e.EventStood) -> Found:
    """Each happening of the event that was not taken back, on the day from which it counts.

    While its days are not over it is only provided that it stands: dates follow from it, and money waits.
    """
    found = world.find(expression.event)
    made: list[Happening] = []
    undecided = list(found.undecided)
    more: list[NotYet] = []
    for one in found.happenings:
        opened = standing_since(world, one.event.replace("_", " "), expression.stays, expression.unless, one)
        if isinstance(opened, NotYet) and opened.judgment:
            undecided.append((one, opened.judgment))
        elif isinstance(opened, NotYet):
            more.append(opened)
        elif opened is not None:
            because = (*one.because, Instance(one.id, one, frozenset({one.event})))
            identity = derived_id(f"{one.event} stands", one.id)
            made.append(replace(opened, id=identity, event=identity, origin="derived", because=because))
    return Found(tuple(made), united(more) if more else found.more, tuple(undecided))
