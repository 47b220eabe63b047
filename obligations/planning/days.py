"""Windows and days: what a phrase about time comes to, seen from the instance that asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from obligations.planning.values import Instance, NotYet
from obligations.terms import expressions as e
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.spans import Span, add_months, after, before
from schedules.windows import Window, beginning_on, between, following

if TYPE_CHECKING:
    from obligations.planning.world import World


def span_of(world: World, expression: Any, here: Instance, name: str = "") -> Reasoned[Window] | NotYet:
    """The days of a window expression; a range without an end yet is open, not unknown."""
    expression, steps = world.pick(expression)
    window = _span_of(world, expression, here)
    if isinstance(window, NotYet):
        return window
    label = f"{name}: {window.why.rule}" if name else window.why.rule
    return Reasoned(window.value, replace(window.why, rule=label, inputs=(*window.why.inputs, *steps)))


def _span_of(world: World, expression: Any, here: Instance) -> Reasoned[Window] | NotYet:
    match expression:
        case e.WindowNamed(name=other):
            return world.window(other)
        case e.SpanWindow(span=length, how=how, day=anchor_expression):
            anchor = day(world, anchor_expression, here)
            if isinstance(anchor, NotYet):
                return anchor
            build = beginning_on if how == "beginning on" else following
            exact = span(world, length)
            return build(exact, anchor, world.counting_for(exact))
        case e.Range(first=first, last=last):
            start = day(world, first, here)
            if isinstance(start, NotYet):
                return start
            end = day(world, last, here) if last is not None else None
            return between(start, None if isinstance(end, NotYet) else end)
        case _:
            raise TypeError(f"not a window expression: {expression!r}")


def is_over(world: World, name: str, window: Window) -> bool:
    """Whether nothing can fall into the window any more, by the clock or by a report from after its end.

    A window that ends with an event is over on that event's own day, once it is reported; while the event is only
    expected, the window may still turn out longer.
    """
    if window.last_on is None or world.known_through is None or world.known_through < window.last_on:
        return False
    expression, _ = world.pick(world.window_expression(name))
    if isinstance(expression, e.Range) and isinstance(expression.last, e.DayOf):
        return any(one.origin != "expected" for one in world.event(expression.last.name).happenings)
    return world.known_through > window.last_on


def span(world: World, expression: e.SpanExpr) -> Span:
    """The span itself, taken from a parameter where the phrase names one."""
    if isinstance(expression, Span):
        return expression
    value = world.terms.parameters[expression.name]
    assert isinstance(value, Span), "check has seen that the name is a span"
    return replace(value, clear=expression.clear)


def day(world: World, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
    """The day an expression comes to, seen from an instance."""
    expression, steps = world.pick(expression)
    found = _day(world, expression, here)
    if isinstance(found, NotYet) or not steps:
        return found
    return Reasoned(found.value, replace(found.why, inputs=(*found.why.inputs, *steps)))


def _day(world: World, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
    match expression:
        case e.DayLiteral(day=written):
            return Reasoned(written, Derivation("written in the terms", written.isoformat(), kind="fact"))
        case e.DayOf(name=name, receipt=receipt):
            return _day_of(world, name, receipt, here)
        case e.EdgeOf(edge=edge, window=name):
            return _edge_of(world, edge, name)
        case e.Shifted(span=length, side=side, day=inner):
            anchor = day(world, inner, here)
            if isinstance(anchor, NotYet):
                return anchor
            exact = span(world, length)
            return (after if side == "after" else before)(exact, anchor, world.counting_for(exact))
        case e.MonthEndOf(day=inner):
            anchor = day(world, inner, here)
            if isinstance(anchor, NotYet):
                return anchor
            last = add_days(add_months(anchor.value.replace(day=1), 1), -1)
            return Reasoned(last, Derivation("last day of that month", last.isoformat(), (anchor.why,)))
        case e.Unstated():
            return NotYet(never="the document states no day")
        case _:
            raise TypeError(f"not a day expression: {expression!r}")


def _edge_of(world: World, edge: str, name: str) -> Reasoned[date] | NotYet:
    window = world.window(name)
    if isinstance(window, NotYet):
        return window
    found = window.value.first_on if edge == "first" else window.value.last_on
    if found is None:
        return NotYet(waiting=(f"end of {name}",))
    return Reasoned(found, Derivation(f"{edge} day of {name}", found.isoformat(), (window.why,)))


def _day_of(world: World, name: str, receipt: bool, here: Instance) -> Reasoned[date] | NotYet:
    happening = here.trigger if here.trigger is not None and name in here.names else None
    if happening is None:
        found = world.event(name)
        if not found.happenings:
            return found.reason
        happening = found.happenings[0]
    if not receipt:
        return Reasoned(happening.occurred_on, happening.why)
    if happening.received_on is None:
        return NotYet(missing=(f"{happening.event}.received_on",))
    words = f"receipt of {name}" if happening.received_on != happening.occurred_on else f"{name}, received that day"
    why = Derivation(words, happening.received_on.isoformat(), (happening.why,), kind="event")
    return Reasoned(happening.received_on, why)


def day_after(day: date) -> date:
    """The day a miss belongs to: the one after the last day."""
    return day + timedelta(days=1)
