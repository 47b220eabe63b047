"""Windows and days: what a phrase about time comes to, seen from the instance that asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from obligations.planning.calendar_days import calendar_day, period_of
from obligations.planning.notices import received
from obligations.planning.paydays import payday
from obligations.planning.picked import deciding, picked
from obligations.planning.values import Happening, Instance, NotYet, PlanningError, united
from obligations.terms import expressions as e
from obligations.terms.literals import LONGEST_COUNT
from obligations.terms.values import Value, typed
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned, later
from schedules.spans import Span, Unit, after, before
from schedules.windows import Window, beginning_on, between, ending_on, following, preceding

if TYPE_CHECKING:
    from obligations.planning.openings import Opening
    from obligations.planning.world import World

T = TypeVar("T")
NO_STEP = Derivation("")
_WINDOWS = {"beginning on": beginning_on, "following": following, "ending on": ending_on, "preceding": preceding}


def span_of(world: World, expression: Any, here: Instance, name: str = "") -> Reasoned[Window] | NotYet:
    """The days of a window expression; a range without an end yet, or with one only expected, is open, not unknown."""
    expression, steps = world.pick(expression)
    window = _span_of(world, expression, here)
    if isinstance(window, NotYet):
        return window.on_grounds(*steps)
    return Reasoned(window.value, later(_named, name, window.why, steps)) if name or steps else window


def _named(name: str, why: Derivation, steps: tuple[Derivation, ...]) -> Derivation:
    return replace(why, rule=f"{name}: {why.rule}" if name else why.rule, inputs=(*why.inputs, *steps))


def _span_of(world: World, expression: Any, here: Instance) -> Reasoned[Window] | NotYet:
    match expression:
        case e.WindowNamed(name=other):
            return world.maintained(other, here)
        case e.SpanWindow(span=length, how=how, day=anchor_expression):
            anchor = day(world, anchor_expression, here)
            if isinstance(anchor, NotYet):
                return anchor
            exact = measured(world, length, here)
            if isinstance(exact, NotYet):
                return exact
            return _measured_by(exact, _WINDOWS[how](exact.value, anchor, world.counting_for(exact.value)))
        case e.Range(first=first, last=last):
            start = day(world, first, here)
            if isinstance(start, NotYet):
                return start
            end = day(world, last, here.since_day(start.value)) if last is not None else None
            if end is None or isinstance(end, NotYet):
                return between(start, None)
            doubt = _doubt(world, expression, here)
            if doubt is not None:
                # Who plans an end has not ended anything: the range stays open until the end is reported.
                why = replace(end.why, rule=f"{end.why.rule}; the range stays open until then")
                return Reasoned(Window(start.value, None), between(start, Reasoned(end.value, why)).why)
            if end.value < start.value:
                return NotYet(never=f"it would end on {end.value}, before it begins on {start.value}")
            return between(start, end)
        case e.PeriodOf(period=period, which=which, day=inner):
            anchor = day(world, inner, here)
            found = anchor if isinstance(anchor, NotYet) else period_of(world, period, anchor, which)
            if isinstance(found, NotYet):
                return found
            return Reasoned(Window(found.value.first_on, found.value.last_on), found.why)
        case _:
            raise TypeError(f"not a window expression: {expression!r}")


def expected_end(world: World, expression: Any, here: Instance) -> tuple[date, NotYet] | None:
    """The last day a range is only expected to have, and what that waits for; None where its end is settled."""
    expression, _ = world.pick(expression)
    if isinstance(expression, e.WindowNamed):
        opening = world.opening(expression.name, here)
        if isinstance(opening, NotYet):
            return None
        if opening.id not in world.expected_ends:
            world.expected_ends[opening.id] = expected_end(world, opening.expression, opening.here)
        return world.expected_ends[opening.id]
    if not isinstance(expression, e.Range) or expression.last is None:
        return None
    doubt = _doubt(world, expression, here)
    end = day(world, expression.last, _at_its_end(world, expression, here)) if doubt is not None else None
    return (end.value, doubt) if doubt is not None and isinstance(end, Reasoned) else None


def _doubt(world: World, span: e.Range, here: Instance) -> NotYet | None:
    """What the end of a range waits for that its beginning does not; None where nothing is open."""
    first = {name for one in causes(world, span.first, here) if one.unsettled for name in one.unsettled.waiting}
    ends = causes(world, span.last, _at_its_end(world, span, here))
    reasons = [one.unsettled for one in ends if one.unsettled is not None]
    found = [reason for reason in reasons if not first.issuperset(reason.waiting) or reason.missing or reason.judgment]
    return united(found) if found else None


def _at_its_end(world: World, span: e.Range, here: Instance) -> Instance:
    """From where the last day of a range is told: an event that can happen again ends it once it has begun."""
    start = day(world, span.first, here)
    return here if isinstance(start, NotYet) else here.since_day(start.value)


def causes(world: World, expression: Any, here: Instance) -> tuple[Happening, ...]:
    """The happenings a day is counted from."""
    expression, _ = world.pick(expression)
    match expression:
        case e.DayOf(name=name):
            happening = _happening(world, name, here)
            return (happening,) if isinstance(happening, Happening) else ()
        case e.Shifted() | e.MonthEndOf() | e.PeriodEdge() | e.Yearly() | e.DateInPeriod() | e.OpenDay() | e.IfAny():
            return causes(world, expression.day, here)
        case e.Payday(day=inner):
            return causes(world, inner, here)
        case e.Anniversary(of=start, day=inner):
            return (*causes(world, start, here), *causes(world, inner, here))
        case e.PickedDay():
            members = deciding(world, expression, here)
            return tuple(one for member in members for one in causes(world, member, here))
        case e.EdgeOf(edge=edge, window=name):
            opening = world.opening(name, here)
            return () if isinstance(opening, NotYet) else edge_causes(world, edge, opening.expression, opening.here)
        case _:
            return ()


def edge_causes(world: World, edge: str, window: Any, here: Instance) -> tuple[Happening, ...]:
    """The happenings from which the first or the last day of a window is counted."""
    if isinstance(window, e.SpanWindow | e.PeriodOf):
        return causes(world, window.day, here)
    if not isinstance(window, e.Range):
        return ()
    if edge == "first":
        return causes(world, window.first, here)
    return causes(world, window.last, _at_its_end(world, window, here))


def is_over(world: World, window: Window) -> bool:
    """Whether nothing can fall into the window any more, by the clock or by a report from after its last day; while the
    event that ends it is only expected, the window may still turn out longer."""
    return window.last_on is not None and world.known_through is not None and world.known_through > window.last_on


def measured(world: World, expression: e.SpanExpr, here: Instance) -> Reasoned[Span] | NotYet:
    """The span itself: as written, taken from a parameter, or as many of a unit as a figure says.

    A span that is written or a parameter explains itself in the step that counts it, so its own step says nothing.
    """
    match expression:
        case Span():
            return Reasoned(expression, NO_STEP)
        case e.SpanNamed(name=name, clear=clear):
            value = world.terms.parameters[name]
            assert isinstance(value, Span), "check has seen that the name is a span"
            return Reasoned(replace(value, clear=True) if clear and not value.clear else value, NO_STEP)
        case e.SpanOf(amount=amount, unit=unit):
            found = world.figure(amount, here, here.trigger.occurred_on if here.trigger else None)
            if isinstance(found, NotYet):
                return found
            return Reasoned(Span(_whole(found, unit), unit), found.why)


def _whole(found: Reasoned[Value], unit: Unit) -> int:
    number = found.value
    if not isinstance(number, Decimal) or number != number.to_integral_value() or number > LONGEST_COUNT:
        words = f"{found.why.rule}: {found.why.result} is no whole number of {unit}s up to {LONGEST_COUNT:,}"
        raise PlanningError(f"{words}; state one")
    return int(number)


def _measured_by(exact: Reasoned[Span], counted: Reasoned[T]) -> Reasoned[T]:
    """What was counted, resting also on the figure that said how far to count."""
    if exact.why is NO_STEP:
        return counted
    return Reasoned(counted.value, counted.why.resting_on(exact.why))


def day(world: World, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
    """The day an expression comes to, seen from an instance."""
    expression, steps = world.pick(expression)
    found = _day(world, expression, here)
    if isinstance(found, NotYet):
        return found.on_grounds(*steps)
    if not steps:
        return found
    return Reasoned(found.value, later(_named, "", found.why, steps))


def _day(world: World, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
    match expression:
        case e.DayLiteral(day=written):
            return Reasoned(written, Derivation("written in the terms", written.isoformat(), kind="fact"))
        case e.DayOf():
            return _day_of(world, expression, here)
        case e.OwnDay():
            if here.own is None:
                return NotYet(never="the occurrence has no day")
            return Reasoned(here.own, Derivation("its day", here.own.isoformat()))
        case e.EdgeOf(edge=edge, window=name):
            return _edge_of(world, edge, name, here)
        case e.Shifted(span=length, side=side, day=inner):
            anchor = day(world, inner, here)
            if isinstance(anchor, NotYet):
                return anchor
            exact = measured(world, length, here)
            if isinstance(exact, NotYet):
                return exact
            step = after if side == "after" else before
            return _measured_by(exact, step(exact.value, anchor, world.counting_for(exact.value)))
        case e.MonthEndOf(day=inner):
            return day(world, e.PeriodEdge("last", "month", inner), here)
        case e.PeriodEdge() | e.Yearly() | e.DateInPeriod() | e.Anniversary() | e.OpenDay():
            anchor = day(world, expression.day, here)
            return anchor if isinstance(anchor, NotYet) else calendar_day(world, expression, anchor, here)
        case e.PickedDay(which=which, members=members):
            return picked(world, which, members, here)
        case e.Payday(day=inner):
            anchor = day(world, inner, here)
            return anchor if isinstance(anchor, NotYet) else payday(world, expression, anchor)
        case e.Unstated():
            return NotYet(never="the document states no day")
        case _:
            raise TypeError(f"not a day expression: {expression!r}")


def _edge_of(world: World, edge: str, name: str, here: Instance) -> Reasoned[date] | NotYet:
    opening = world.opening(name, here)
    if isinstance(opening, NotYet):
        return opening
    return edge_day(world, edge, name, opening)


def edge_day(world: World, edge: str, name: str, opening: Opening) -> Reasoned[date] | NotYet:
    """The first or the last day of one opening of a window."""
    window = opening.window
    found = window.value.first_on if edge == "first" else window.value.last_on
    if found is None and edge == "last":
        planned = expected_end(world, opening.expression, opening.here)
        found = planned[0] if planned is not None else None
    if found is None:
        return NotYet(waiting=(f"end of {name}",))
    return Reasoned(found, Derivation(f"{edge} day of {name}", found.isoformat(), (window.why,)))


def _day_of(world: World, expression: e.DayOf, here: Instance) -> Reasoned[date] | NotYet:
    happening = _happening(world, expression.name, here)
    if isinstance(happening, NotYet):
        return happening
    if expression.field:
        return _stated(world, expression.field, happening)
    if not expression.receipt:
        return Reasoned(happening.occurred_on, happening.why)
    return received(world, expression.name, happening)


def _stated(world: World, field: str, happening: Happening) -> Reasoned[date] | NotYet:
    """The day that a detail of a happening states, such as the one a notice names for the end."""
    text = happening.fields.get(field)
    if text is None:
        return NotYet(missing=(f"{happening.event}.{field}",))
    value = typed(text, "date", world.terms.currency)
    assert isinstance(value, date), "check has seen that the detail is a day"
    why = Derivation(f"{field} of {happening.event}", value.isoformat(), (happening.why,), kind="fact")
    return Reasoned(value, why)


def _happening(world: World, name: str, here: Instance) -> Happening | NotYet:
    """The happening a name means: the instance's own trigger where it is called so, what brought that about, or else
    the first there is."""
    named = here.calls(name)
    if named is not None:
        return named
    found = world.event(name)
    since = here.since if here.since is not None and not world.slot(e.EventNamed(name)) else date.min
    return next((one for one in found.happenings if one.occurred_on >= since), found.reason)


def day_after(day: date) -> date:
    """The day a miss belongs to: the one after the last day."""
    return add_days(day, 1)


def unsettled(world: World, expression: Any, here: Instance) -> NotYet | None:
    """What a day waits for beyond what its clause's own trigger does: it is counted from something only expected."""
    trigger = here.trigger
    found = [one.unsettled for one in causes(world, expression, here) if one is not trigger and one.unsettled]
    return united(found) if found else None


def unsettled_beginning(world: World, expression: Any, here: Instance) -> NotYet | None:
    """What the first day of a window waits for beyond what its clause's own trigger does."""
    expression, _ = world.pick(expression)
    trigger, scope = here.trigger, here
    if isinstance(expression, e.WindowNamed):
        opening = world.opening(expression.name, here)
        if isinstance(opening, NotYet):
            return None
        expression, scope = opening.expression, opening.here
    begins = [*([scope.trigger] if scope.trigger else []), *edge_causes(world, "first", expression, scope)]
    found = [one.unsettled for one in begins if one is not trigger and one.unsettled]
    return united(found) if found else None


def settled_day(world: World, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
    """A day that stands: one that rests on what is only expected is not known yet, unless that set the clause off."""
    reason = unsettled(world, expression, here)
    return day(world, expression, here) if reason is None else reason


def settled_window(world: World, expression: Any, here: Instance) -> Reasoned[tuple[date, date]] | NotYet:
    """The first and the last day of a window that has both, both in; what its end waits for otherwise."""
    found = span_of(world, expression, here)
    if isinstance(found, NotYet):
        return found
    planned = expected_end(world, expression, here)
    if found.value.last_on is None:
        name = expression.name if isinstance(expression, e.WindowNamed) else ""
        return planned[1] if planned is not None else NotYet(waiting=(f"end of {name or 'the window'}",))
    return Reasoned((found.value.first_on, found.value.last_on), found.why)
