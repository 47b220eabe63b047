"""By how many days at least something comes after what it is worked out from, so far as the words alone can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from obligations.terms.model import TermsFile
from obligations.terms.naming import called, names_in
from obligations.terms.values import Value
from schedules.spans import Span, Unit

Steps = Iterable[tuple[str, int | None]]
"""Names with the days by which what is worked out from them comes later at least; None where nobody can say."""
Shortest = Callable[[Any], int]
"""The fewest days that a span can come to."""
_SHORTEST = {Unit.DAY: 1, Unit.BUSINESS_DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28, Unit.QUARTER: 89, Unit.YEAR: 365}


def at_least(one: int | None, other: int | None) -> int | None:
    """What holds of both."""
    return None if one is None or other is None else min(one, other)


def of_event(expression: Any, shortest: Shortest) -> Iterator[tuple[str, int | None]]:
    """What an event phrase selects comes with, or after, what it selects from."""
    match expression:
        case e.Choice(options=options):
            for _, option in options:
                yield from of_event(option, shortest)
        case e.EventNamed(name=name) | e.EventOutcome(name=name) | e.EventBound(window=name):
            yield name, 0
        case e.EventUnion(members=members) | e.EventAll(members=members):
            for member in members:
                yield from of_event(member, shortest)
        case e.EventFirst(event=event):
            yield from of_event(event, shortest)
        case e.EventDuring(event=event, window=window):
            yield from of_event(event, shortest)
            yield from of_window(window, shortest)
        case e.EventReached(day=day):
            yield from of_day(day, shortest)
        case e.EventStood(event=event, unless=unless):
            yield from of_event(event, shortest)
            yield from ((name, None) for name in names_in(unless))
        case _:
            # That a state has lasted so long may become known only when it ends.
            yield from ((name, None) for name in names_in(expression))


def of_window(expression: Any, shortest: Shortest) -> Iterator[tuple[str, int | None]]:
    """What lies in a window comes with, or after, what the window counts from, if it counts forward."""
    match expression:
        case e.Choice(options=options):
            for _, option in options:
                yield from of_window(option, shortest)
        case e.WindowNamed(name=name):
            yield name, 0
        case e.SpanWindow(span=span, day=day) if not expression.counts_back:
            yield from ((name, None) for name in _figures(span))
            yield from of_day(day, shortest)
        case e.Range(first=first, last=last):
            yield from of_day(first, shortest)
            yield from of_day(last, shortest)
        case e.Renewing(lasts=lasts, unless=unless):
            yield from of_window(lasts, shortest)
            yield from of_event(unless, shortest)
        case _:
            yield from ((name, None) for name in names_in(expression))


def of_day(expression: Any, shortest: Shortest) -> Iterator[tuple[str, int | None]]:
    """By how many days a day comes after the days and events it is counted from."""
    match expression:
        case None | e.DayLiteral() | e.Unstated():
            return
        case e.Choice(options=options):
            for _, option in options:
                yield from of_day(option, shortest)
        case e.DayOf(name=name, receipt=receipt, field=stated):
            yield name, None if receipt or stated else 0
        case e.EdgeOf(window=name):
            yield name, 0
        case e.Shifted(span=span, side="after", day=day):
            yield from ((name, None) for name in _figures(span))
            for name, days in of_day(day, shortest):
                yield name, None if days is None else days + shortest(span)
        case e.Payday(day=day, included=included):
            for name, days in of_day(day, shortest):
                yield name, None if days is None else days + (0 if included else 1)
        case e.PickedDay(members=members):
            for member in members:
                yield from of_day(member, shortest)
        case (
            e.IfAny(day=day)
            | e.OpenDay(side="after", day=day)
            | e.PeriodEdge(edge="last", which="of" | "after", day=day)
        ):
            yield from of_day(day, shortest)
        case e.Yearly(side="after", day=day):
            yield from of_day(day, shortest)
        case _:
            yield from ((name, None) for name in names_in(expression))


def of_clause(clause: Clause, how: str, shortest: Shortest) -> Iterator[tuple[str, int | None]]:
    """By how many days what a clause brings about (missed, fulfilled, or `then`) comes after what that rests on."""
    trigger = {*called(clause.when)}
    if how == "fulfilled":
        # It is fulfilled on the day of the report that says so, which is no earlier than its trigger.
        yield from of_event(clause.when, shortest)
        if clause.closed_by and clause.until is not None:
            # What had ended by its last day is no longer open to an answer.
            for day in (clause.by, clause.exactly):
                yield from ((name, None) for name in names_in(day) if name not in trigger)
    else:
        days = [clause.by, clause.exactly] if how == "missed" else [clause.then.on if clause.then is not None else None]
        counted = [step for day in days for step in of_day(day, shortest)]
        for name, step in counted:
            if name not in trigger:
                yield name, step + 1 if step is not None and clause.when is None else None
        later = _from_trigger(days, counted, trigger, how)
        for name, step in of_event(clause.when, shortest):
            yield name, None if later is None or step is None else step + later
    asked = (clause.if_, clause.unless, clause.cancel_if, clause.if_each)
    aside = (clause.then.unless,) if how == "then" and clause.then is not None else ()
    for expression in (*asked, *aside):
        yield from ((name, None) for name in names_in(expression))
    yield from ((name, None) for name in names_in(clause.not_before) if name not in trigger)
    if how != "then":
        # What closes or ends it by its last day is known on the day after, to which a miss belongs.
        known = 1 if how == "missed" else 0
        if clause.closed_by:
            yield clause.closed_by, known
        yield from ((name, None) for name in gate_names(clause))
        yield from ((name, None) for name in names_in(clause.to))
        yield from ((name, None if step is None else step + known) for name, step in of_event(clause.until, shortest))


def gate_names(clause: Clause) -> Iterator[str]:
    """What decides whether and when the clause's gate opens."""
    if clause.requires is not None:
        yield clause.requires.event
        asks = clause.requires
        for expression in (asks.since, asks.unless, asks.by, asks.opens_by):
            yield from names_in(expression)


def _from_trigger(days: list[Any], counted: list[tuple[str, int | None]], trigger: set[str], how: str) -> int | None:
    """By how many days it comes after the trigger: only what is counted from the trigger itself can tell."""
    miss = 1 if how == "missed" else 0
    if how == "then" and days == [None]:
        return 0
    steps = [step for name, step in counted if name in trigger]
    if not steps or any(step is None for step in steps):
        return None
    return min(step for step in steps if step is not None) + miss


def _figures(span: Any) -> Iterator[str]:
    return names_in(span) if isinstance(span, e.SpanOf) else iter(())


def shortest_span(file: TermsFile, parameters: Mapping[str, Value]) -> Shortest:
    """The fewest days a span of the file can come to, with its parameters as given.

    Where the file says how the day of an event counts, it may count as day 1.
    """
    governed = any(reading.governs == "event_day" for reading in file.readings.values())
    counted = 1 if governed or file.counting.event_day is not None else 0

    def shortest(span: Any) -> int:
        if isinstance(span, e.SpanNamed):
            span = parameters.get(span.name)
        return max(0, _days(span) - counted) if isinstance(span, Span) else 0

    return shortest


def _days(span: Span) -> int:
    return span.count * _SHORTEST[span.unit] + (_days(span.then) if span.then is not None else 0)
