"""The times a window is open: once, once for each happening it hangs on, or again each time it renews.

A window that hangs on something that can happen several times opens for each happening; being inside any of them is
being inside. States that begin and end with events are such windows: each end belongs to the beginning before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.planning import days
from obligations.planning.renewals import last_day_for_notice, renewed
from obligations.planning.values import NOWHERE, Happening, Instance, NotYet, derived_id, united
from obligations.terms import expressions as e
from schedules.derivation import Derivation, Reasoned
from schedules.frozen import swift
from schedules.runs import merged
from schedules.windows import Window

if TYPE_CHECKING:
    from obligations.planning.world import World


@swift
@dataclass(frozen=True, slots=True)
class Opening:
    """One time a window is open.

    Args:
        id: the window's name, with what it hangs on where that can happen again.
        window: its days.
        expression: what says so.
        here: from where its days are told: the happening it hangs on.
    """

    id: str
    window: Reasoned[Window]
    expression: Any
    here: Instance = NOWHERE

    @property
    def unsettled(self) -> NotYet | None:
        """Why it may yet not open: what it hangs on is not settled."""
        return self.here.trigger.unsettled if self.here.trigger is not None else None


Openings = tuple[tuple[Opening, ...], NotYet]


def openings(world: World, expression: Any, name: str) -> Openings:
    """Every time the window is open, in day order, and why there is none or may be another."""
    picked, _ = world.pick(expression)
    if isinstance(picked, e.WindowNamed):
        return world.openings(picked.name)
    if isinstance(picked, e.Renewing):
        return _renewals(world, picked, name)
    source = next(_sources(world, _begins(picked)), None)
    if source is None:
        window = days.span_of(world, expression, NOWHERE, name)
        if isinstance(window, NotYet):
            return (), window
        return (Opening(name, window, picked),), NotYet(never=f"{name} opens once")
    scopes, more = _scopes(world, source)
    made, reasons = [], [more]
    for here in scopes:
        window = days.span_of(world, expression, here, name)
        if isinstance(window, NotYet):
            reasons.append(window)
        else:
            assert here.trigger is not None, "each scope hangs on a happening"
            made.append(Opening(derived_id(name, here.trigger.id), window, picked, here))
    return tuple(sorted(made, key=lambda one: one.window.value.first_on)), united(reasons)


def _renewals(world: World, expression: e.Renewing, name: str) -> Openings:
    terms, more = openings(world, expression.lasts, name)
    chains = [renewed(world, expression, one, name) for one in terms]
    made = (opening for chain, _ in chains for opening in chain)
    return tuple(sorted(made, key=lambda one: one.window.value.first_on)), united(
        [more, *(why for _, why in chains)] if chains else [more]
    )


def _begins(expression: Any) -> Any:
    """The day a window counts from."""
    if isinstance(expression, e.Renewing):
        return _begins(expression.lasts)
    return expression.first if isinstance(expression, e.Range) else expression.day


def _sources(world: World, expression: Any) -> Iterator[e.DayOf | e.EdgeOf]:
    """What a day counts from that can come about more than once."""
    expression, _ = world.pick(expression)
    match expression:
        case e.DayOf(name=name):
            if not world.slot(e.EventNamed(name)):
                yield expression
        case e.EdgeOf(window=name):
            if next(_sources(world, _begins(world.pick(world.window_expression(name))[0])), None) is not None:
                yield expression
        case e.Shifted() | e.MonthEndOf() | e.PeriodEdge() | e.Yearly() | e.DateInPeriod() | e.OpenDay() | e.IfAny():
            yield from _sources(world, expression.day)
        case e.Payday(day=inner):
            yield from _sources(world, inner)
        case e.Anniversary(of=start, day=inner):
            yield from _sources(world, start)
            yield from _sources(world, inner)
        case e.PickedDay(members=members):
            for member in members:
                yield from _sources(world, member)
        case _:
            return


def _scopes(world: World, source: e.DayOf | e.EdgeOf) -> tuple[list[Instance], NotYet]:
    """Each happening a window hangs on, as the instance from which its days are told."""
    if isinstance(source, e.EdgeOf):
        made, more = world.openings(source.window)
        return [one.here for one in made], more
    found = world.event(source.name)
    return [Instance(one.id, one, frozenset({source.name, one.event})) for one in found.happenings], found.reason


def chosen(world: World, name: str, here: Instance) -> Opening | NotYet:
    """The opening that an instance means: the one that set it off, else one its trigger lies in, else the first.

    Of a term that renews it is the term its trigger lies in, or that its trigger ends as a notice; without a trigger
    the latest there is.
    """
    made, why = world.openings(name)
    if not made:
        return why
    if len(made) == 1:
        return made[0]
    trigger = here.trigger
    expression = world.pick(world.window_expression(name))[0]
    if isinstance(expression, e.Renewing):
        begun = [one for one in made if trigger is None or one.window.value.first_on <= trigger.occurred_on]
        meant = begun[-1] if begun else made[0]
        return _ended_by(world, expression, made[made.index(meant) :], trigger) or meant
    if trigger is None:
        return made[0]
    around = next((one for one in made if trigger.occurred_on in one.window.value), None)
    return opened_by(made, here) or around or made[0]


def opened_by(made: tuple[Opening, ...], here: Instance) -> Opening | None:
    """The opening that what set the instance off has opened, or led to."""
    trigger = here.trigger
    if trigger is None:
        return None
    return next((one for one in made if one.here.trigger is not None and _led_to(one.here.trigger, trigger)), None)


def _ended_by(
    world: World, expression: e.Renewing, made: tuple[Opening, ...], trigger: Happening | None
) -> Opening | None:
    """The term that a notice ends: a notice too late for the one it lies in ends the next."""
    if trigger is None or expression.unless is None:
        return None
    notice = next((one for one in world.find(expression.unless).happenings if _led_to(one, trigger)), None)
    if notice is None:
        return None
    return next((one for one in made if notice.occurred_on <= last_day_for_notice(world, expression, one).value), None)


def renews(world: World, name: str) -> bool:
    """Whether the window is a term that renews."""
    return isinstance(world.pick(world.window_expression(name))[0], e.Renewing)


def maintained(world: World, name: str, here: Instance) -> Reasoned[Window] | NotYet:
    """The days of a named window that something is kept up over.

    A term that renews is meant as a whole, from its first day to the end of the latest renewal, unless the beginning or
    the end of one term set the instance off.
    """
    opening = chosen(world, name, here)
    begun_or_ended = here.trigger is not None and here.trigger.event in (f"start of {name}", f"end of {name}")
    if isinstance(opening, NotYet) or begun_or_ended or not renews(world, name):
        return opening if isinstance(opening, NotYet) else opening.window
    made, _ = world.openings(name)
    if len(made) == 1:
        return opening.window
    window = Window(made[0].window.value.first_on, made[-1].window.value.last_on)
    return Reasoned(window, Derivation(f"{name} with its renewals", window.words(), (made[-1].window.why,)))


def _led_to(cause: Happening, happening: Happening) -> bool:
    if (cause.event, cause.occurred_on, cause.reports) == (happening.event, happening.occurred_on, happening.reports):
        return True
    return any(one.trigger is not None and _led_to(cause, one.trigger) for one in happening.because)


def whole(made: tuple[Opening, ...]) -> tuple[Reasoned[Window], ...]:
    """The days of all openings as separate intervals: what overlaps or touches is one, and rests on all of it."""
    return tuple(
        Reasoned(days_of, Derivation("days counted once", days_of.words(), tuple(one.window.why for one in inside)))
        if len(inside := [one for one in made if one.window.value.first_on in days_of]) > 1
        else Reasoned(days_of, inside[0].window.why)
        for days_of in merged(one.window.value for one in made)
    )


def containing(made: tuple[Opening, ...], day: date) -> list[Opening]:
    """The openings a day lies in."""
    return [one for one in made if day in one.window.value]


def in_hindsight(world: World, opening: Opening, day: date) -> Happening | None:
    """What only later showed that a day lies in the window: the happening its beginning counts back from."""
    causes = days.causes(world, _begins(opening.expression), opening.here)
    return next((one for one in causes if one.occurred_on > day), None)
