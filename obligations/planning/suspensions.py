"""What suspends vesting: a state during which its clock stands still, or during which nothing is released."""

from __future__ import annotations

from datetime import date, timedelta

from obligations.planning.values import NotYet
from obligations.planning.world import World
from obligations.terms.model import Clause
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned

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
