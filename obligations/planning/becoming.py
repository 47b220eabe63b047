"""Conditions that come true: the day on which a statement, an event or a window makes one so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.planning.conditions import condition
from obligations.planning.days import day_after, settled_day
from obligations.planning.values import NOWHERE, Found, Happening, Instance, NotYet, derived_id, united
from obligations.terms import expressions as e
from obligations.terms.naming import names_in
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


def becomes(world: World, expression: e.EventBecomes, slot: str) -> Found:
    """Each day on which the condition begins to hold, having not held before.

    What held from the beginning, as a fact that starts so, has not become true. Only the days of what the condition
    names are looked at, and the days after those it names, since nothing else can turn it; each with what had happened
    by then.
    """
    found: list[Happening] = []
    open_: list[NotYet] = []
    causes = sorted(_turns(world, expression), key=lambda one: (one[0], one[2]))
    name = slot or f"becomes {expression.said}"
    held = _holds_before(world, expression, causes[0][0]) if causes else False
    for day in dict.fromkeys(on for on, _, _ in causes):
        holds = condition(_as_it_stood(world, day), expression.condition, NOWHERE, day)
        # What was missing and is stated by now leaves nothing open; what nobody judged then is open still.
        open_ = [one for one in open_ if one.judgment]
        if isinstance(holds, NotYet):
            open_.append(holds)
            continue
        if holds.value and not held:
            of_the_day = [(one, words) for on, one, words in causes if on == day]
            happened = [one for one, _ in of_the_day if one is not None]
            found.append(_becoming(name, day, holds, happened, " and ".join(words for _, words in of_the_day)))
        held = holds.value
    waits = NotYet(waiting=tuple(dict.fromkeys(one for one in names_in(expression.condition) if one in world.kinds)))
    return Found(tuple(found), united([waits, *open_]))


def _turns(world: World, expression: e.EventBecomes) -> Iterator[tuple[date, Happening | None, str]]:
    """The days on which anything the condition names changes, each with what happens then and what it is called."""
    file = world.terms.file
    for name in dict.fromkeys(names_in(expression.condition)):
        if name in file.windows or name in file.states:
            for opening in world.openings(name)[0]:
                yield opening.window.value.first_on, None, f"start of {opening.id}"
                if opening.window.value.last_on is not None:
                    yield add_days(opening.window.value.last_on, 1), None, f"end of {opening.id}"
        elif name in world.kinds or name in file.define:
            for one in world.event(name).happenings:
                yield one.occurred_on, one, one.id
    for number, named in enumerate(_days_named(expression.condition)):
        last = settled_day(world, named, NOWHERE)
        if isinstance(last, Reasoned):
            world.turns.add(day_after(last.value))
            yield day_after(last.value), None, f"day {number + 1} passed"


def _days_named(part: object) -> Iterator[Any]:
    """The days by which something is to have happened, or before which another day is to lie."""
    if isinstance(part, e.Happened) and part.by is not None:
        yield part.by
    elif isinstance(part, e.DayIs):
        yield from (part.left, part.right)
    elif isinstance(part, e.Not):
        yield from _days_named(part.condition)
    elif isinstance(part, e.AllOf | e.AnyOf):
        for member in part.members:
            yield from _days_named(member)
    elif isinstance(part, e.Choice):
        for _, option in part.options:
            yield from _days_named(option)


def _as_it_stood(world: World, day: date) -> World:
    """The world with what had happened by the end of a day, and nothing known of any later one."""
    if world.latest is not None:
        number = next(at for at, one in enumerate(world.latest.versions) if one is world)
        return _as_it_stood(world.latest, day).versions[number]
    # What an amendment states comes with its terms.
    stated = {one.id for one in world.terms.amendment.stated} if world.terms.amendment is not None else set()
    reports = tuple(one for one in world.reports if one.occurred_on <= day and one.id not in stated)
    as_of = min(world.as_of, day) if world.as_of is not None else None
    then = type(world)(world.terms, reports, as_of, world.calendars, world.zones, world.suppose)
    then.known_through = min(world.known_through, day) if world.known_through is not None else None
    return then


def _holds_before(world: World, expression: e.EventBecomes, first: date) -> bool:
    """Whether it held on the day before anything changed; what nobody had stated by then did not."""
    facts = world.terms.file.facts
    names = [name for name in names_in(expression.condition) if name in facts]
    if any(facts[name].starts_as is None for name in names):
        return False
    day = add_days(first, -1)
    holds = condition(_as_it_stood(world, day), expression.condition, NOWHERE, day)
    return isinstance(holds, Reasoned) and holds.value


def _becoming(name: str, day: date, holds: Reasoned[bool], causes: list[Happening], words: str) -> Happening:
    unsettled = [one.unsettled for one in causes if one.unsettled is not None]
    cause = " and ".join(sorted(one.id for one in causes)) or words
    happening = Happening(
        id=derived_id(name, cause),
        event=name,
        occurred_on=day,
        why=Derivation("this condition comes true", day.isoformat(), (holds.why,), kind="event"),
        origin="derived",
        reports=tuple(dict.fromkeys(report for one in causes for report in one.reports)),
        because=tuple(Instance(one.id, one, frozenset({one.event})) for one in causes),
    )
    return happening.if_only(united(unsettled)) if unsettled else happening
