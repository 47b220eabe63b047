"""Conditions that come true: the day on which a statement, an event or a window makes one so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.conditions import condition
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
    names are looked at, since nothing else can turn it.
    """
    found: list[Happening] = []
    open_: list[NotYet] = []
    causes = sorted(_turns(world, expression), key=lambda one: one[0])
    name = slot or f"becomes {expression.said}"
    held = _holds_before(world, expression, causes[0][0]) if causes else False
    for day in dict.fromkeys(on for on, _ in causes):
        holds = condition(world, expression.condition, NOWHERE, day)
        if isinstance(holds, NotYet):
            open_.append(holds)
            continue
        if holds.value and not held:
            found.append(_becoming(name, day, holds, [one for on, one in causes if on == day and one is not None]))
        held = holds.value
    waits = NotYet(waiting=tuple(dict.fromkeys(one for one in names_in(expression.condition) if one in world.kinds)))
    return Found(tuple(found), united([waits, *open_]))


def _turns(world: World, expression: e.EventBecomes) -> Iterator[tuple[date, Happening | None]]:
    """The days on which anything the condition names changes, each with what happens then."""
    file = world.terms.file
    for name in dict.fromkeys(names_in(expression.condition)):
        if name in file.windows or name in file.states:
            for opening in world.openings(name)[0]:
                yield opening.window.value.first_on, None
                if opening.window.value.last_on is not None:
                    yield add_days(opening.window.value.last_on, 1), None
        elif name in world.kinds or name in file.define:
            for one in world.event(name).happenings:
                yield one.occurred_on, one


def _holds_before(world: World, expression: e.EventBecomes, first: date) -> bool:
    """Whether it held on the day before anything changed; what nobody had stated by then did not."""
    facts = world.terms.file.facts
    names = [name for name in names_in(expression.condition) if name in facts]
    if any(facts[name].starts_as is None for name in names):
        return False
    holds = condition(world, expression.condition, NOWHERE, add_days(first, -1))
    return isinstance(holds, Reasoned) and holds.value


def _becoming(name: str, day: date, holds: Reasoned[bool], causes: list[Happening]) -> Happening:
    unsettled = [one.unsettled for one in causes if one.unsettled is not None]
    cause = " and ".join(sorted(one.id for one in causes)) or "a window"
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
