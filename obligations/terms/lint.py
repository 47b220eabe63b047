"""What deserves a second look in a file that can be planned: parts that do nothing, counting that is left open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from obligations.terms import expressions as e
from obligations.terms.amendment_fit import REPLACED
from obligations.terms.clause import Clause
from obligations.terms.coverage import uncovered
from obligations.terms.document import Path
from obligations.terms.errors import Finding
from obligations.terms.model import TermsFile
from obligations.terms.parts import branches, parts
from obligations.terms.payroll import payroll_names
from obligations.terms.sense import PRORATIONS
from schedules.conventions import Convention
from schedules.spans import Span

if TYPE_CHECKING:
    from obligations.terms.terms import Terms

_BACKWARD = (Convention.UNADJUSTED, Convention.PRECEDING, Convention.MODIFIED_PRECEDING)
_PROSE = frozenset(
    {"says", "cite", "why", "title", "task", "give", "watch", "may", "ask", "prove", "unit", "name", "type"}
)
# How a series, and a share of a window, say that they go by the payroll calendar.
_PAYDAYS = "paydays"


def lint(terms: Terms) -> tuple[Finding, ...]:
    """Everything that is in order as the language goes, and yet hardly meant; each with its place and a way out.

    Only the definition is looked at, not the contract that stands on a template; of an amendment only its own part.
    """
    looked_at = terms.own
    return (
        *_unused(terms, looked_at),
        *_idle(terms, looked_at),
        *_open_counting(terms),
        *_rolls(terms, looked_at),
        *_paid_so_far(looked_at, terms),
        *_days_unpaid(looked_at, terms),
        *_not_followed(terms),
        *uncovered(terms),
    )


# --- parts that do nothing ------------------------------------------------------------------------------------------


def _unused(terms: Terms, looked_at: TermsFile) -> Iterator[Finding]:
    used = _used(terms.file, terms.file)
    kinds = {
        "parameters": "no clause uses the parameter {}; remove it, or use it where its figure stands",
        "facts": "nothing asks for the fact {}; remove it, or use it where it decides",
        "tables": "no amount looks anything up in the table {}; remove it, or use it with `at`",
        "define": "nothing uses the definition {}; remove it",
        "states": "nothing uses the state {}; remove it",
        "years": "nothing counts by the year {}; remove it, or use it in a day or a window",
    }
    for section, words in kinds.items():
        for name in getattr(looked_at, section):
            if name not in used:
                yield terms.document.finding(words.format(name), (section, name), key=True)
    for name, reading in looked_at.readings.items():
        if reading.governs is None and name not in used:
            words = f"the reading {name} changes nothing: no phrase chooses by it; remove it, or let a phrase choose"
            yield terms.document.finding(words, ("readings", name), key=True)


def _used(value: object, file: TermsFile) -> set[str]:
    """Every name that a part of a file goes by: as it is written, and the one payroll calendar that paydays mean."""
    words = set(_words(value))
    return words | set(payroll_names(file)[:1]) if _PAYDAYS in words else words


def _words(value: object, *, prose: bool = False) -> Iterator[str]:
    """Every word that may be a name, wherever it stands, but for names being given and for prose."""
    match value:
        case str():
            if not prose:
                yield value
        case TermsFile():
            for name in type(value).model_fields:
                part = getattr(value, name)
                if name not in ("coverage", "examples", "people", "parties", "roles"):
                    yield from _words(tuple(part.values()) if isinstance(part, Mapping) else part)
        case BaseModel():
            for name in type(value).model_fields:
                yield from _words(getattr(value, name), prose=name in _PROSE)
        case Mapping():
            for key, part in value.items():
                yield from _words(key, prose=prose)
                yield from _words(part, prose=prose)
        case list() | tuple() | frozenset():
            for part in value:
                yield from _words(part, prose=prose)
        case _ if is_dataclass(value) and not isinstance(value, type):
            if isinstance(value, e.Payday) and not value.calendar:
                yield _PAYDAYS
            for field in fields(value):
                yield from _words(getattr(value, field.name))


def _idle(terms: Terms, looked_at: TermsFile) -> Iterator[Finding]:
    """Clauses that nothing can set off, and choices whose options all say the same."""
    for name, clause in looked_at.clauses.items():
        at: Path = ("clauses", name)
        if clause.when is not None and all(isinstance(one, e.EventNever) for one in branches(clause.when)):
            yield terms.document.finding("nothing can set this clause off: it says never under every reading", at)
        if clause.until is not None and clause.until == clause.when:
            words = "what sets this clause off also ends it, so that it never runs; name another event under until"
            yield terms.document.finding(words, (*at, "until"))
        for word, info in Clause.model_fields.items():
            for choice in _choices(getattr(clause, word)):
                options = [option for _, option in choice.options]
                if all(option == options[0] for option in options):
                    words = (
                        f"every option of the reading {choice.reading} says the same here; write it without a choice"
                    )
                    yield terms.document.finding(words, (*at, info.alias or word))


def _choices(value: object) -> Iterator[e.Choice[Any]]:
    if isinstance(value, e.Choice):
        yield value
        for _, option in value.options:
            yield from _choices(option)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _choices(getattr(value, name))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _choices(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _choices(part)


def _not_followed(terms: Terms) -> Iterator[Finding]:
    """What an amendment replaces, where a clause that nothing sets off goes by it and so keeps what it had."""
    amendment = terms.amendment
    if amendment is None:
        return
    before = amendment.before
    for section in ("parameters", *REPLACED):
        for name in getattr(amendment.own, section):
            if name not in getattr(before.file, section):
                continue
            for clause_id, clause in before.clauses.items():
                said = clause_id in amendment.changes or clause_id in amendment.running
                if clause.when is None and not said and name in _used(clause, before.file):
                    words = f"nothing sets {clause_id} off, so it goes on by {name} as it was; say under `running`"
                    yield terms.source.finding(
                        f"{words} whether it changes: `running: {{{clause_id}: changes}}`", (section, name), key=True
                    )


# --- counting the text leaves open ----------------------------------------------------------------------------------


def _open_counting(terms: Terms) -> Iterator[Finding]:
    """Policies that decide days in this file and that it neither states nor offers as a reading."""
    known = {one.message for one in _open_counting(terms.amendment.before)} if terms.amendment is not None else set()
    yield from (one for one in _uncounted(terms) if one.message not in known)


def _uncounted(terms: Terms) -> Iterator[Finding]:
    stated = {*_stated(terms.file), *(reading.governs for reading in terms.file.readings.values())}
    clauses = ("clauses",)
    if "zone" not in stated:
        words = "nothing says in whose time zone a day ends; state it under `counting: {zone: ...}` or by a reading"
        yield terms.document.finding(f"{words} that governs zone", clauses, key=True)
    spans = tuple(_spans(terms.file)) + tuple(one for one in terms.parameters.values() if isinstance(one, Span))
    if "month_end" not in stated and any(span.unit.months for span in spans):
        words = "months are counted, and nothing says where they end in a month without the day (31 January)"
        way = "state `counting: {month_end: clamp}`, or a reading that governs month_end"
        yield terms.document.finding(f"{words}; {way}", clauses, key=True)
    if "event_day" not in stated and any(not span.unit.months and not span.clear for span in spans):
        words = "days are counted, and nothing says whether the day of the event is one of them"
        way = "state `counting: {event_day: not_counted}`, or a reading that governs event_day"
        yield terms.document.finding(f"{words}; {way}", clauses, key=True)


def _rolls(terms: Terms, looked_at: TermsFile) -> Iterator[Finding]:
    """Days counted backwards that a roll may move forwards, into the time the other side was meant to have."""
    for name, clause in looked_at.clauses.items():
        backward = any(
            isinstance(day, e.Shifted) and day.side == "before"
            for expression in (clause.by, clause.exactly)
            for day in branches(expression)
        )
        forward = clause.roll is not None and any(str(roll) not in _BACKWARD for roll in branches(clause.roll))
        if backward and forward:
            words = "counted backwards, but a closed day rolls forwards and shortens the time after it"
            yield terms.document.finding(f"{words}; write `roll: preceding`", ("clauses", name, "roll"))


def _paid_so_far(looked_at: TermsFile, terms: Terms) -> Iterator[Finding]:
    """Series whose every part would need what was paid by then, and gets what was paid when the series began."""
    for name, clause in looked_at.clauses.items():
        if clause.series is None or clause.series.splits:
            continue
        for part in parts(clause.pay):
            if isinstance(part, e.FieldOf) and part.field in ("paid", "balance"):
                words = (
                    f"`{part.field} of {part.event}` is counted on the day that sets the series off, for all its parts"
                )
                way = "pay it by a clause that is set off each time, or split a whole"
                yield terms.document.finding(f"{words}; {way}", ("clauses", name, "pay"))


def _days_unpaid(looked_at: TermsFile, terms: Terms) -> Iterator[Finding]:
    """Yearly pay in whole periods only, so that who leaves within one is owed nothing for the days worked of it."""
    lasts = {per for clause in terms.file.clauses.values() for per in branches(clause.per)}
    if not lasts.isdisjoint(PRORATIONS):
        return
    for name, clause in looked_at.clauses.items():
        periods = clause.pay is not None and clause.series is not None and clause.during is not None
        if periods and clause.until is None and "period" not in branches(clause.per):
            words = "pays whole periods, and nothing pays the days worked of one that ends early"
            way = "add `until:` with the event that ends it, or a clause of the last pay with `per: period days`"
            yield terms.document.finding(f"{words}; {way}", ("clauses", name), key=True)


def _stated(file: TermsFile) -> Iterator[str]:
    counting = getattr(file, "counting", None)
    if counting is not None:
        yield from (name for name in type(counting).model_fields if getattr(counting, name) is not None)


def _spans(value: object) -> Iterator[Span]:
    """Every span written in a phrase, but for reminders, which decide no day that is owed."""
    match value:
        case Span():
            yield value
        case BaseModel():
            for name in type(value).model_fields:
                if name not in ("remind", "examples", "soft_by", "do"):
                    yield from _spans(getattr(value, name))
        case Mapping():
            for part in value.values():
                yield from _spans(part)
        case list() | tuple():
            for part in value:
                yield from _spans(part)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                yield from _spans(getattr(value, field.name))
