"""Conditions: yes, no, or why nobody can say yet. Kleene's logic: no and unknown is no, yes or unknown is yes."""

from __future__ import annotations

from datetime import date
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Any

from obligations.planning.days import day_after, settled_day
from obligations.planning.figures import shown
from obligations.planning.quantities import side_by_side, step, together
from obligations.planning.supposing import supposed
from obligations.planning.values import Happening, Instance, NotYet, united
from obligations.terms import expressions as e
from obligations.terms.kinds import is_text
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World

Answer = Reasoned[bool] | NotYet

_FIGURES = {"below": lt, "above": gt, "at least": ge, "at most": le, "is": eq}
_DAYS = {"before": lt, "after": gt, "on": eq, "on or before": le, "on or after": ge}


def condition(world: World, expression: Any, here: Instance, on: date | None = None) -> Answer:
    """Whether a condition holds on a day, the trigger's where none is given, or why nobody can say yet."""
    expression, readings = world.pick(expression)
    if on is None and here.trigger is not None:
        on = here.trigger.occurred_on
    found = _holds(world, expression, here, on)
    if isinstance(found, NotYet) and not isinstance(expression, e.Not | e.AllOf | e.AnyOf):
        found = supposed(world, expression, found)
    if isinstance(found, NotYet):
        return found.on_grounds(*readings)
    if not readings:
        return found
    return Reasoned(
        found.value, Derivation(found.why.rule, found.why.result, (*found.why.inputs, *readings), kind=found.why.kind)
    )


def _holds(world: World, expression: Any, here: Instance, on: date | None) -> Answer:
    match expression:
        case e.IsTrue(name=name, wanted=wanted):
            if name not in world.terms.parameters and name not in world.terms.file.facts:
                event = condition(world, e.Happened(e.EventNamed(name)), here, on)
                return event if wanted else _opposite(event)
            return _is_true(world, name, wanted, here, on)
        case e.Compared():
            return _compared(world, expression, here, on)
        case e.TextIs(left=left, text=text):
            return _text_is(world, left, text, here, on)
        case e.Happened(event=event, by=by, ever=ever):
            return _happened(world, event, by, here, None if ever else on, ever=ever)
        case e.DayIs(left=left, how=how, right=right):
            return _day_is(world, left, how, right, here)
        case e.Not(condition=inner):
            return _opposite(condition(world, inner, here, on))
        case e.AllOf(members=members):
            return every([condition(world, one, here, on) for one in members])
        case e.AnyOf(members=members, none=none):
            found = either([condition(world, one, here, on) for one in members])
            return _opposite(found) if none else found
        case _:
            raise TypeError(f"not a condition: {expression!r}")


def _said(holds: bool, words: str, inputs: tuple[Derivation, ...]) -> Reasoned[bool]:
    return Reasoned(holds, Derivation(f"condition: {words}", shown(holds), inputs, kind="fact"))


# --- Kleene ---------------------------------------------------------------------------------------------------------


def every(answers: list[Answer]) -> Answer:
    """Yes where all say yes, no where one says no; else every reason why not. What can never be said stays so.

    >>> yes, no, open_ = (Reasoned(True, Derivation("a")), Reasoned(False, Derivation("b")), NotYet(waiting=("c",)))
    >>> every([yes, open_]), every([no, open_]).value
    (NotYet(waiting=('c',), missing=(), judgment=(), never=''), False)
    """
    known = [one for one in answers if isinstance(one, Reasoned)]
    against = [one for one in known if not one.value]
    if against:
        return _said(False, "not all of them hold", tuple(one.why for one in against))
    reasons = [one for one in answers if isinstance(one, NotYet)]
    if reasons:
        return next((one for one in reasons if one.never), united(reasons))
    return _said(True, "all of them hold", tuple(one.why for one in known))


def either(answers: list[Answer]) -> Answer:
    """Yes where one says yes, no where all say no; else every reason why not."""
    known = [one for one in answers if isinstance(one, Reasoned)]
    for_it = [one for one in known if one.value]
    if for_it:
        return _said(True, "one of them holds", tuple(one.why for one in for_it))
    reasons = [one for one in answers if isinstance(one, NotYet)]
    if reasons:
        return united(reasons)
    return _said(False, "none of them holds", tuple(one.why for one in known))


def _opposite(found: Answer) -> Answer:
    if isinstance(found, NotYet):
        return found
    words = f"not so: {found.why.rule.removeprefix('condition: ')}"
    return _said(not found.value, words, found.why.inputs)


# --- facts and figures ----------------------------------------------------------------------------------------------


def _is_true(world: World, name: str, wanted: bool, here: Instance, on: date | None) -> Answer:
    found = world.fact(name, on, here)
    if isinstance(found, NotYet):
        return found
    return _said((found.value is True) == wanted, f"{'' if wanted else 'not '}{name}", (found.why,))


def _compared(world: World, one: e.Compared, here: Instance, on: date | None) -> Answer:
    if is_text(world.terms.file, one):
        assert isinstance(one.left, e.AmountNamed | e.FieldOf)
        assert isinstance(one.right, e.AmountNamed)
        return _text_is(world, one.left, one.right.name, here, on)
    found = together([step(world, one.left, here, on), step(world, one.right, here, on)])
    if isinstance(found, NotYet):
        return found
    left, right = side_by_side(found, world)
    holds = bool(_FIGURES[one.how](left.quantity.exact, right.quantity.exact))
    return _said(holds, f"{left.said} {one.how} {right.said}", (*left.inputs, *right.inputs))


def _text_is(world: World, left: e.AmountNamed | e.FieldOf, text: str, here: Instance, on: date | None) -> Answer:
    if isinstance(left, e.FieldOf):
        trigger = here.trigger
        stated = trigger.fields.get(left.field) if trigger is not None else None
        if trigger is None or stated is None:
            return NotYet(judgment=(f"{left.event}.{left.field}",))
        return _said(stated == text, f"{left.field} of {left.event}, {stated}, is {text}", (trigger.why,))
    found = world.fact(left.name, on, here)
    if isinstance(found, NotYet):
        return found
    return _said(shown(found.value) == text, f"{left.name}, {shown(found.value)}, is {text}", (found.why,))


# --- events and days ------------------------------------------------------------------------------------------------


def _happened(world: World, event: Any, by: Any, here: Instance, on: date | None, *, ever: bool) -> Answer:
    """Whether an event happened by the end of a day. That it did not is said once news came from after that day."""
    last: date | None = on
    inputs: tuple[Derivation, ...] = ()
    if by is not None:
        day = settled_day(world, by, here)
        if isinstance(day, NotYet):
            return day
        last, inputs = day.value, (day.why,)
    found = world.find_from(event, here)
    in_time = [one for one in found.happenings if last is None or one.occurred_on <= last]
    sure = next((one for one in in_time if one.unsettled is None), None)
    if sure is not None:
        return _said(True, f"{sure.event} happened{_until(last)}", (sure.why, *inputs))
    open_ = _open(in_time, found.undecided, last)
    if open_:
        return united(open_)
    if found.reason.never:
        return _said(False, f"it happened{_until(last)}", (found.reason.why(), *inputs))
    if not ever and last is not None and world.known_through is not None and world.known_through > last:
        absent = Derivation(f"none is reported{_until(last)}, assumed not to have happened", kind="assumption")
        return _said(False, f"it happened{_until(last)}", (absent, *inputs))
    if not ever and last is not None:
        world.turns.add(day_after(last))
    return found.reason


def _open(
    in_time: list[Happening], undecided: tuple[tuple[Happening, tuple[str, ...]], ...], last: date | None
) -> list[NotYet]:
    """What would make it so, if it is confirmed or judged to count."""
    expected = [one.unsettled for one in in_time if one.unsettled is not None]
    return expected + [NotYet(judgment=asked) for one, asked in undecided if last is None or one.occurred_on <= last]


def _until(last: date | None) -> str:
    return f" by {last}" if last is not None else ""


def _day_is(world: World, left: Any, how: str, right: Any, here: Instance) -> Answer:
    one, other = settled_day(world, left, here), settled_day(world, right, here)
    if isinstance(one, Reasoned) and isinstance(other, Reasoned):
        holds = bool(_DAYS[how](one.value, other.value))
        return _said(holds, f"{one.value} {how} {other.value}", (one.why, other.why))
    awaited = (
        isinstance(one, NotYet)
        and not one.missing
        and isinstance(left, e.DayOf)
        and not left.field
        and "after" not in how
    )
    if awaited and isinstance(other, Reasoned):
        found = world.event(left.name)
        open_ = _open([it for it in found.happenings if it.occurred_on <= other.value], found.undecided, other.value)
        if open_:
            return united(open_)
        if world.known_through is not None and world.known_through > other.value:
            # What has not come by a day that has passed did not come before it.
            absent = Derivation(f"{left.name} is not reported by {other.value}", kind="assumption")
            return _said(False, f"{left.name} {how} {other.value}", (absent, other.why))
        world.turns.add(day_after(other.value))
    return next((it for it in (one, other) if isinstance(it, NotYet) and it.never), None) or united(
        it for it in (one, other) if isinstance(it, NotYet)
    )
