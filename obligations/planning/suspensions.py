"""What suspends vesting or a duty: a state during which its clock stands still, or during which nothing falls due."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from obligations.planning.values import NotYet
from obligations.terms.clause import Clause
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World

DAY = timedelta(days=1)


def suspended(world: World, clause: Clause, start: date, day: Reasoned[date]) -> Reasoned[date] | NotYet:
    """The day as the clause's suspension leaves it; not known while a suspension that moves it has no end yet.

    A clock that `tolls` stands still: the day moves by as many days as the state lasted before it, from the start of
    vesting on. One that `holds` runs on: what falls due during the state is released on the day after its last.
    """
    if clause.suspended is None:
        return day
    state = clause.suspended.during
    for interval in world.intervals(state):
        first = max(interval.value.first_on, start)
        last = interval.value.last_on
        if day.value < first or (last is not None and last < first):
            continue
        if last is None:
            return NotYet(waiting=(f"end of {state}",))
        if clause.suspended.clock == "tolls":
            days = (last - first).days + 1
            moved = add_days(day.value, days)
            words = f"{days} days later: the clock stood still {interval.value.words()}"
        elif day.value <= last:
            moved = last + DAY
            words = f"held during {state}, {interval.value.words()}, and released on the day after"
        else:
            continue
        day = Reasoned(moved, Derivation(words, moved.isoformat(), (day.why, interval.why)))
    return day


def is_suspended(world: World, clause: Clause, start: date | None) -> bool:
    """Whether a duty that began on a day is suspended on the day it is."""
    if clause.suspended is None or clause.vest is not None or clause.give is not None or world.as_of is None:
        return False  # what is kept up binds meanwhile; it only ends later
    if start is not None and start > world.as_of:
        return False
    return any(world.as_of in interval.value for interval in world.intervals(clause.suspended.during))
