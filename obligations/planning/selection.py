"""Which happenings an event phrase means: all of one kind, those of a union, the first, those inside a window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.planning import days
from obligations.planning.becoming import becomes
from obligations.planning.openings import containing, in_hindsight, opened_by, openings
from obligations.planning.outcomes import all_of, bound, lasted, reached
from obligations.planning.stood import stood
from obligations.planning.supposing import APART
from obligations.planning.ties import order, which_came_first
from obligations.planning.values import Found, Happening, NotYet, united
from obligations.terms import expressions as e
from obligations.terms.naming import called
from schedules.derivation import Derivation

if TYPE_CHECKING:
    from obligations.planning.openings import Opening
    from obligations.planning.values import Instance
    from obligations.planning.world import World


def find(world: World, expression: Any, slot: str) -> Found:
    """The happenings an event expression selects, in day order; `slot` is the id a `first` takes."""
    expression, steps = world.pick(expression)
    match expression:
        case e.EventNever():
            found = Found((), NotYet(never="it does not apply under the reading in use"))
        case e.EventNamed(name=name, having=having):
            found = _having(world, world.event(name), having) if having else world.event(name)
        case e.EventUnion(members=members, first=first):
            parts = [find(world, member, "") for member in members]
            found = _union(world, parts)
            if first:
                found = _first(world, found, slot)
        case e.EventAll(members=members):
            each = [(frozenset(called(member)), find(world, member, "")) for member in members]
            found = all_of(each, slot)
        case e.EventOutcome(name=name):
            found = world.event(name)
        case e.EventBound():
            found = bound(world, expression)
        case e.EventLasted():
            found = lasted(world, expression)
        case e.EventBecomes():
            found = becomes(world, expression, slot)
        case e.EventStood():
            found = stood(world, expression)
        case e.EventReached():
            found = reached(world, expression, slot)
        case e.EventFirst(event=event):
            found = _first(world, find(world, event, ""), slot)
        case e.EventDuring(event=event, window=window, noticed=noticed):
            found = _during(world, find(world, event, ""), window, noticed)
        case _:
            raise TypeError(f"not an event expression: {expression!r}")
    if not steps:
        return found
    happened = tuple(_resting_on(one, steps) for one in found.happenings)
    return Found(happened, found.more.on_grounds(*steps), found.undecided)


def in_order(world: World, happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    """Happenings by day; on one day as `ties` has them, never in the order of arrival."""
    return tuple(sorted(happenings, key=lambda one: order(world, one)))


def _resting_on(happening: Happening, steps: tuple[Derivation, ...]) -> Happening:
    return replace(happening, why=happening.why.resting_on(*steps))


def find_from(world: World, expression: Any, here: Instance) -> Found:
    """The happenings an event expression selects, asked from an instance.

    Of a window that what set the instance off has opened, only that opening counts: whether the second signature was
    taken back in its days has nothing to do with the first.
    """
    expression, _ = world.pick(expression)
    if isinstance(expression, e.EventDuring):
        made, _ = openings(world, expression.window, _called(expression.window))
        own = opened_by(made, here)
        if own is not None and len(made) > 1:
            only = (own,), NotYet(never="it opened once for what set this off")
            return _during(world, find(world, expression.event, ""), expression.window, expression.noticed, only)
    return find(world, expression, "")


def _called(window: Any) -> str:
    return window.name if isinstance(window, e.WindowNamed) else "the window"


def _during(
    world: World, found: Found, expression: Any, noticed: bool, only: tuple[tuple[Opening, ...], NotYet] | None = None
) -> Found:
    """What lies in any opening of the window, once; in hindsight too, where the window counts back from something."""
    name = _called(expression)
    made, why = only or openings(world, expression, name)
    if not made:
        return Found((), why if why.never else united([why, *([] if found.more.never else [found.more])]))

    def day_of(one: Happening) -> date:
        return one.noticed_on if noticed and one.noticed_on is not None else one.occurred_on

    undecided = tuple((one, asked) for one, asked in found.undecided if containing(made, day_of(one)))
    inside = [
        _inside(world, one, containing(made, day_of(one)), name, day_of(one))
        for one in found.happenings
        if containing(made, day_of(one))
    ]
    if all(days.is_over(world, one.window.value) for one in made) and why.never:
        last = max(one.window.value.last_on for one in made if one.window.value.last_on is not None)
        ended = NotYet(never=f"{name} ended on {last} without it", grounds=tuple(one.window.why for one in made))
        return Found(tuple(inside), ended, undecided)
    world.turns |= {days.day_after(end) for one in made if (end := one.window.value.last_on) is not None}
    if found.more.never and not why.never:
        return Found(tuple(inside), why, undecided)
    return Found(tuple(inside), found.more, undecided)


def _inside(world: World, one: Happening, around: list[Opening], name: str, counts_on: date) -> Happening:
    """A happening as it lies in a window: in the opening that leaves least in doubt, where it lies in several."""
    doubts = [_doubt(world, opening, counts_on) for opening in around]
    opening, doubt = next(((o, d) for o, d in zip(around, doubts, strict=True) if d is None), (around[0], doubts[0]))
    words = f"inside {name}" if counts_on == one.occurred_on else f"its notice of {counts_on} inside {name}"
    later = in_hindsight(world, opening, counts_on)
    if later is not None:
        words += f", in hindsight: {later.event} came on {later.occurred_on}"
    counted = replace(one, why=Derivation(words, one.occurred_on.isoformat(), (one.why, opening.window.why)))
    return counted if doubt is None else counted.if_only(doubt)


def _doubt(world: World, opening: Opening, day: date) -> NotYet | None:
    """Why a day may yet not lie in the opening: what opens it is not settled, or only later than its planned end."""
    planned_end = world.expected_end(opening.expression, opening.here)
    reasons = [opening.unsettled] if opening.unsettled is not None else []
    reasons += [planned_end[1]] if planned_end is not None and day > planned_end[0] else []
    return united(reasons) if reasons else None


def _having(world: World, found: Found, having: tuple[tuple[str, str], ...]) -> Found:
    """The happenings whose fields have these values; a field nobody stated asks a person."""
    matching: list[Happening] = []
    undecided = list(found.undecided)
    for happening in found.happenings:
        unknown = [field for field, _ in having if field not in happening.fields]
        if any(happening.fields.get(field, wanted) != wanted for field, wanted in having):
            continue
        if unknown and world.suppose is not None:
            asked = " and ".join(f"{happening.event}.{field}" for field in unknown)
            if world.suppose(f"{asked}{APART}{happening.id}"):
                matching.append(happening)
        elif unknown:
            undecided.append((happening, tuple(f"{happening.event}.{field}" for field in unknown)))
        else:
            matching.append(happening)
    more = found.more
    if more.never and not matching and not undecided and found.happenings:
        only = found.happenings[0]
        said = " and ".join(f"{field} {only.fields[field]}" for field, _ in having if field in only.fields)
        more = NotYet(never=f"{only.event} happened with {said}")
    return Found(tuple(matching), more, tuple(undecided))


def _union(world: World, parts: list[Found]) -> Found:
    """What any of the parts has, each happening once: it is the same one, however many parts it comes through."""
    together: list[Happening] = []
    known: dict[tuple[object, ...], int] = {}
    for one in in_order(world, (happening for part in parts for happening in part.happenings)):
        place = next((known[key] for key in _same(one) if key in known), None)
        if place is None:
            place = len(together)
            together.append(one)
        elif one.provided is None and together[place].provided is not None:
            together[place] = replace(one, id=together[place].id)
        known |= dict.fromkeys(_same(one), place)
    undecided = {}
    for part in parts:
        for one, asked in part.undecided:
            if not any(key in known for key in _same(one)):
                undecided[one.id, asked] = one, asked
    return Found(tuple(together), united(part.more for part in parts), tuple(undecided.values()))


def _same(one: Happening) -> tuple[tuple[object, ...], ...]:
    """By what two happenings are the same: their id, or one report seen through a slot."""
    by_report = (one.event, one.occurred_on, one.reports, *sorted(one.fields.items()))
    return ((one.id,), by_report) if one.reports else ((one.id,),)


def _first(world: World, found: Found, slot: str) -> Found:
    """The first by day. One that nobody has judged yet, on that day or before it, leaves open which is the first."""
    if not found.happenings:
        return found
    first = found.happenings[0]
    asked = [name for one, names in found.undecided if one.occurred_on <= first.occurred_on for name in names]
    if asked:
        first = first.if_only(NotYet(judgment=tuple(dict.fromkeys(asked))))
    tied = which_came_first(world, found.happenings)
    if tied is not None:
        first = first.if_only(tied)
    return Found((replace(first, id=slot or first.id),), NotYet(never="only the first counts"))
