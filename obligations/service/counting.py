"""One-off questions of counting: what a phrase comes to when only dates anchor it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date

from obligations.planning.values import NotYet
from obligations.planning.world import NOWHERE, World
from obligations.service.contracts import Planner
from obligations.service.installation import Library
from obligations.terms import expressions as e
from obligations.terms.errors import PhraseError
from obligations.terms.hints import hint
from obligations.terms.phrases import when_phrase
from schedules.blocks import CALENDAR_PERIODS
from schedules.derivation import Reasoned
from schedules.windows import Window

# Terms that say nothing but how to count: the plain rules, and the calendar of US federal holidays.
_PLAIN = """
terms: 1
template: {id: question, title: One question, currency: USD}
readings:
  calendar: {use: US, options: {US: US, CN: CN, both: US+CN}, governs: calendar}
clauses:
  nothing: {cite: none, who: nobody, task: Nothing, by: unstated}
"""


def count(phrase: str, library: Library) -> Reasoned[date] | Reasoned[Window]:
    """The day or the window a phrase such as '30 days after 2026-01-31' comes to, and why.

    Raises `PhraseError` for a phrase outside the grammar, or one that counts from a name instead of a date.
    """
    expression = when_phrase(phrase)
    for name in _names(expression):
        meant = hint(phrase) or f'nothing is known here of "{name}"; count from a date such as 2026-01-31'
        raise PhraseError(f'"{phrase}": {meant}')
    world = World(Planner(library).terms(_PLAIN, "question"), (), None, library.calendars, library.zones)
    try:
        found = (
            world.span_of(expression, NOWHERE)
            if isinstance(expression, e.SpanWindow | e.PeriodOf)
            else world.day(expression, NOWHERE)
        )
    except ValueError as error:
        raise PhraseError(f'"{phrase}": {error}') from None
    if isinstance(found, NotYet):
        raise PhraseError(f'"{phrase}" names no day; write for example `30 days after 2026-01-31`')
    return found


def _names(value: object) -> Iterator[str]:
    """Whatever in the expression is a name and not a date."""
    match value:
        case e.DayOf(name=name) | e.EdgeOf(window=name) | e.SpanNamed(name=name) | e.WindowNamed(name=name):
            yield name
        case e.AmountNamed(name=name):
            yield name
        case e.PeriodEdge(period=name) | e.PeriodOf(period=name) | e.DateInPeriod(period=name):
            yield from (one for one in (name,) if one not in CALENDAR_PERIODS)
            yield from _names(value.day)
        case e.PayPeriodEnd():
            yield "pay period"
        case _ if is_dataclass(value):
            for part in fields(value):
                yield from _names(getattr(value, part.name))
        case _:
            return
