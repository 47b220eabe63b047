"""Events that go round: each round follows from the one before and comes a day or more later, as `check` has seen.

They are worked out in rounds from what was reported: what a round brings rests only on earlier days, so that the days
of earlier rounds stand, until nothing new comes within the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from obligations.planning import happenings
from obligations.planning.values import Found, Happening, Instance, NotYet, PlanningError
from schedules.derivation import Derivation
from schedules.spans import add_months

if TYPE_CHECKING:
    from datetime import date

    from obligations.planning.world import World

MOST_ROUNDS = 400
TOLD = 20
EARLIER = Derivation("the rounds before are told where they happened", kind="text")
LOOK_AGAIN = timedelta(days=30)


def settled(world: World, names: frozenset[str]) -> tuple[dict[str, Found], ...]:
    """Every happening, as far as the horizon goes, of events that need each other: under each version of the terms.

    Raises `PlanningError` where the rounds go on for longer than anybody could follow.
    """
    known = [_unknown(version, names) for version in world.versions]
    through = world.horizon()
    deep: dict[str, int] = {}
    for _ in range(MOST_ROUNDS):
        changed = False
        for number, supposed in enumerate(known):
            for name, before in supposed.items():
                trials = world.supposing(known)
                found = happenings.named(trials[number], name)
                if through is None and found.happenings:
                    through = add_months(found.happenings[0].occurred_on, 12)
                supposed[name] = _within(world, found, through, deep)
                changed = changed or _seen(supposed[name]) != _seen(before)
                world.turns |= {day for trial in trials for day in trial.turns}
        if not changed:
            return tuple(known)
    words = " and ".join(sorted(names))
    raise PlanningError(f"{words} bring each other about more than {MOST_ROUNDS} times by {through}; end the rounds")


def _unknown(version: World, names: frozenset[str]) -> dict[str, Found]:
    """The events that go round in a version together with any of these, none of which has come yet."""
    together = frozenset(other for name in names for other in version.terms.file.rounds.get(name, ()))
    return {name: Found((), NotYet(waiting=(name,))) for name in sorted(together)}


def _within(world: World, found: Found, through: date | None, deep: dict[str, int]) -> Found:
    """What comes within the horizon; what comes later is looked at again in time."""
    kept = tuple(_told(one, deep) for one in found.happenings if through is None or one.occurred_on <= through)
    if len(kept) < len(found.happenings) and world.as_of is not None:
        world.turns.add(world.as_of + LOOK_AGAIN)
    return replace(found, happenings=kept)


def _told(one: Happening, deep: dict[str, int]) -> Happening:
    """The happening with what brought it about: the nearest of each name, and an explanation of some rounds' length."""
    nearest: dict[frozenset[str], Instance] = {}
    depth = 0
    for instance in _chain(one):
        assert instance.trigger is not None, "only happenings bring something about"
        depth = max(depth, deep.get(instance.trigger.id, 0) + 1)
        if instance.names not in nearest:
            nearest[instance.names] = replace(instance, trigger=replace(instance.trigger, because=()))
    deep[one.id] = depth
    why = replace(one.why, inputs=(EARLIER,)) if depth and depth % TOLD == 0 else one.why
    return replace(one, because=tuple(nearest.values()), why=why)


def _chain(one: Happening) -> Iterator[Instance]:
    """What brought a happening about, nearest first."""
    level = [instance for instance in one.because if instance.trigger is not None]
    while level:
        yield from level
        level = [
            further
            for instance in level
            if instance.trigger is not None
            for further in instance.trigger.because
            if further.trigger is not None
        ]


def _seen(found: Found) -> tuple[object, ...]:
    """What tells one round's answer from another's."""
    happened = [(one.id, one.occurred_on, one.origin, one.provided, one.reports) for one in found.happenings]
    return happened, found.more, [(one.id, asked) for one, asked in found.undecided]
