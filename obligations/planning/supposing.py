"""What is supposed where it is open, when somebody asks how far a date or an amount may reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from obligations.planning.values import NotYet
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World

APART = "#"
"""What stands between the names of what is open and the phrase that asks for it, in the name of a supposition."""


def supposed(world: World, expression: Any, why: NotYet) -> Reasoned[bool] | NotYet:
    """The answer supposed to what is open, or else why it is open.

    What one phrase asks is supposed alike wherever it is asked, and apart from what any other phrase asks.
    """
    if world.suppose is None or why.never:
        return why
    names = " and ".join((*why.missing, *why.judgment, *why.waiting))
    holds = world.suppose(f"{names}{APART}{expression!r}")
    return Reasoned(holds, Derivation(f"{names}, supposed", "yes" if holds else "no", kind="assumption"))


def words_of(question: str) -> str:
    """A supposition as people read it: what is open, without the phrase that asks for it.

    >>> words_of("premium#Compared(...)?"), words_of("secured?"), words_of("start")
    ('premium?', 'secured?', 'start')
    """
    names, apart, _ = question.partition(APART)
    return f"{names}?" if apart else question
