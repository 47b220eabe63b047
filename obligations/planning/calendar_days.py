"""Days that the calendar gives: the ends of months, quarters and years."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from obligations.planning.values import NotYet
from schedules.blocks import CALENDAR_PERIODS, Block, block
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


def edge_of_period(
    world: World, edge: Literal["first", "last"], period: str, anchor: Reasoned[date]
) -> Reasoned[date] | NotYet:
    """The first or the last day of the month, quarter or year a day lies in."""
    found = period_of(world, period, anchor)
    if isinstance(found, NotYet):
        return found
    day = found.value.first_on if edge == "first" else found.value.last_on
    return Reasoned(day, Derivation(f"{edge} day of that {period}", day.isoformat(), found.why.inputs))


def period_of(world: World, period: str, anchor: Reasoned[date]) -> Reasoned[Block] | NotYet:
    """The month, quarter or year a day lies in."""
    found = block(anchor.value, CALENDAR_PERIODS[period])
    words = f"the {period} of {anchor.value}"
    return Reasoned(found, Derivation(words, f"{found.first_on} to {found.last_on}", (anchor.why,)))
