"""Windows that renew: one after another by ordinal, until somebody gives notice in time or the renewals are used up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning import days
from obligations.planning.values import Happening, Instance, NotYet
from obligations.terms import expressions as e
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.spans import Span, Unit, before
from schedules.windows import Window, beginning_on, following

if TYPE_CHECKING:
    from obligations.planning.openings import Opening
    from obligations.planning.world import World


def renewed(world: World, expression: e.Renewing, first: Opening, name: str) -> tuple[list[Opening], NotYet]:
    """The first term and each renewal that the clock or a later report has brought about, and what ends or delays more.

    A term renews once the last day for notice has passed without one. A notice counts for the term whose last day for
    notice it is the first to keep: one that comes too late for this term ends the next one.
    """
    made = [first]
    earlier = date.min
    while True:
        last_on = made[-1].window.value.last_on
        if last_on is None:
            return made, NotYet(waiting=(f"end of {name}",))
        if expression.times is not None and len(made) > expression.times:
            return made, NotYet(never=f"{name} renews no more often than {expression.times}")
        last_notice = last_day_for_notice(world, expression, made[-1])
        notice = _notice(world, expression, earlier, last_notice.value)
        if notice is not None and notice.unsettled is not None:
            return made, notice.unsettled
        if notice is not None:
            return made, NotYet(never=f"{name} ends on {last_on}, by the notice of {notice.occurred_on}")
        if world.known_through is None or world.known_through <= last_notice.value:
            world.turns.add(add_days(last_notice.value, 1))
            return made, NotYet(waiting=(f"renewal of {name}",))
        made.append(_next(world, expression, made, last_notice))
        earlier = last_notice.value


def last_day_for_notice(world: World, expression: e.Renewing, term: Opening) -> Reasoned[date]:
    """The last day on which a notice still ends the term: its own last day where none is stated."""
    last_on = term.window.value.last_on
    assert last_on is not None, "only a term with an end renews"
    end = Reasoned(last_on, Derivation("last day of the term", last_on.isoformat(), (term.window.why,)))
    if expression.notice is None:
        return end
    return before(expression.notice, end, world.counting_for(expression.notice))


def _notice(world: World, expression: e.Renewing, earlier: date, last: date) -> Happening | None:
    """The first notice in time for a term and too late for the one before."""
    if expression.unless is None:
        return None
    found = world.find(expression.unless).happenings
    return next((one for one in found if earlier < one.occurred_on <= last), None)


def _next(world: World, expression: e.Renewing, made: list[Opening], last_notice: Reasoned[date]) -> Opening:
    """The renewal after the terms so far. Months count from the first day of the first term, so they do not creep."""
    first, before_it = made[0], made[-1]
    assert before_it.window.value.last_on is not None, "only a term with an end renews"
    begins = add_days(before_it.window.value.last_on, 1)
    last_on = _last_day(world, expression, first.here, len(made), begins)
    words = f"renewal {len(made)}: {expression.by.words()} from the end of the term before, nobody gave notice in time"
    window = Window(begins, last_on)
    inputs = (last_notice.why, before_it.window.why)
    why = Derivation(words, window.words(), inputs, kind="assumption")
    return replace(first, id=f"{first.id} {len(made) + 1}", window=Reasoned(window, why))


def _last_day(world: World, expression: e.Renewing, here: Instance, times: int, begins: date) -> date | None:
    lasts = expression.lasts
    if isinstance(lasts, e.SpanWindow) and expression.by.unit.months and expression.by.then is None:
        length, anchor = days.measured(world, lasts.span, here), days.day(world, lasts.day, here)
        assert isinstance(length, Reasoned), "the first term has its length"
        assert isinstance(anchor, Reasoned), "the first term has its first day"
        if length.value.unit.months and length.value.then is None:
            first, more = (one.count * one.unit.months for one in (length.value, expression.by))
            months = first + times * more
            build = beginning_on if lasts.how == "beginning on" else following
            return build(Span(months, Unit.MONTH), anchor, world.chosen.counting).value.last_on
    by = expression.by
    return beginning_on(by, Reasoned(begins, Derivation("first day")), world.counting_for(by)).value.last_on
