"""What happened on one day: in the order of the stated local times, else in one that no arrival decides.

Where no time was stated and the order would change what follows, a person must say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import TYPE_CHECKING

from pydantic import BaseModel

from obligations.planning.values import Happening, NotYet
from obligations.terms import expressions as e

if TYPE_CHECKING:
    from obligations.planning.world import World

AT = "at"
"""The detail that any report may state: the local time of day, as HH:MM."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def is_time(text: str) -> bool:
    """Whether a text is a local time of day.

    >>> is_time("09:30"), is_time("9:30"), is_time("24:00")
    (True, False, False)
    """
    return _TIME.fullmatch(text) is not None


def order(world: World, one: Happening) -> tuple[object, ...]:
    """By what happenings are ordered: their day, reported before expected, stated time, file order, what they say.

    Two of one kind that say the same are told apart by their ids alone, and then it does not matter which comes first.
    """
    place = world.chosen.file_order.get(one.event, len(world.chosen.file_order))
    said = (sorted(one.fields.items()), one.received_on or date.min, one.id)
    return one.occurred_on, one.origin == "expected", not one.at, one.at, place, *said


def which_came_first(world: World, candidates: tuple[Happening, ...]) -> NotYet | None:
    """What a person must say before the first of several is known; None where that is stated or changes nothing."""
    first = candidates[0]
    tied = [
        one
        for one in candidates
        if one.occurred_on == first.occurred_on
        and one.origin == first.origin == "reported"
        and (not one.at or not first.at or one.at == first.at)
    ]
    if len(tied) < 2 or not _differ(world, tied):
        return None
    said = " or ".join(sorted({one.event.replace("_", " ") for one in tied}))
    asked = f"which came first on {first.occurred_on}, {said} (state the time of each, such as at=14:30)"
    return NotYet(judgment=(asked,))


def _differ(world: World, tied: list[Happening]) -> bool:
    """Whether anything that the terms read of them differs."""
    read = list(_read(world.terms.file))
    if any(isinstance(part, e.DayOf) and part.receipt for part in read) and len({one.received_on for one in tied}) > 1:
        return True
    names = {part.field for part in read}
    return any(len({one.fields.get(name) for one in tied}) > 1 for name in names)


def _read(part: object) -> Iterator[e.FieldOf | e.DayOf]:
    """Every detail and every day of receipt that the terms speak of."""
    if isinstance(part, e.FieldOf) or (isinstance(part, e.DayOf) and (part.receipt or part.field)):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _read(getattr(part, name))
    elif isinstance(part, dict):
        for inner in part.values():
            yield from _read(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _read(inner)
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from _read(getattr(part, field.name))


def too_early(answer: Happening, trigger: Happening) -> bool:
    """Whether an answer came before what it would answer, by the day or by the times stated for it."""
    if answer.occurred_on == trigger.occurred_on:
        return bool(answer.at and trigger.at and answer.at < trigger.at)
    return answer.occurred_on < trigger.occurred_on
