"""Facts that are asked anew for each happening of an event: which statement answers for which of them.

An answer holds for what it names, whenever it is given. Unnamed, it holds if exactly one happening was open that day;
else a person is asked, and nothing is carried over from one happening to another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.values import Happening, Instance, NotYet

if TYPE_CHECKING:
    from obligations.planning.world import World

Answers = Mapping[str, Happening | NotYet]


def statement_for(world: World, name: str, here: Instance, on: date | None) -> Happening | NotYet | None:
    """The statement of a fact that holds for the happening an instance means; None where nobody stated it."""
    meant = happening_meant(world, name, here, on)
    found = answers(world, name)
    return found.get(meant.id) if meant is not None else found.get("")


def happening_meant(world: World, name: str, here: Instance, on: date | None) -> Happening | None:
    """The happening that a fact is asked for: what set the instance off, or else the last one by that day."""
    event = str(world.terms.file.facts[name].each)
    happened = world.event(event).happenings
    named = here.calls(event)
    if named is not None:
        same = (one for one in happened if one.id == named.id or (one.reports and one.reports == named.reports))
        return next(same, named)
    by_then = [one for one in happened if on is None or one.occurred_on <= on]
    return by_then[-1] if by_then else next(iter(happened), None)


def answers(world: World, name: str) -> Answers:
    """What was stated last for each happening by its id, or that a person must say which one a statement is for.

    Before anything happened, the latest statement stands under no id at all.
    """
    event = str(world.terms.file.facts[name].each)
    happened = world.event(event).happenings
    said: dict[str, Happening | NotYet] = {}
    for statement in (one for one in world.event(name).happenings if one.origin == "reported"):
        if statement.answers:
            said |= {one.id: statement for one in happened if statement.answers in (one.id, *one.reports)}
            continue
        if not happened:
            said[""] = statement
            continue
        meant = _open(happened, said, statement)
        asked = f"which {event.replace('_', ' ')} {name.replace('_', ' ')} of {statement.occurred_on} is for"
        said |= {one.id: statement if len(meant) == 1 else NotYet(judgment=(asked,)) for one in meant}
    return said


def _open(
    happened: tuple[Happening, ...], said: Mapping[str, Happening | NotYet], statement: Happening
) -> list[Happening]:
    """Which happenings an unnamed statement may be for: those not answered yet that came by its day, then later ones,
    then those it may state anew."""
    by_then = [one for one in happened if one.occurred_on <= statement.occurred_on]
    unanswered = [one for one in by_then if not isinstance(said.get(one.id), Happening)]
    later = [one for one in happened if one not in by_then and not isinstance(said.get(one.id), Happening)]
    return unanswered or by_then or later or list(happened)
