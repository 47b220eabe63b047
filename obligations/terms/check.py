"""What a definition must hold beyond its form: names resolve, choices cover their reading, nothing circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from obligations.terms import expressions as e
from obligations.terms.document import Path
from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.model import Clause, Happens, PowerOf, TermsFile

if TYPE_CHECKING:
    from obligations.terms.loader import Terms


def check(terms: Terms) -> list[Finding]:
    """Everything in the definition that a person should mend, in file order; empty when it can be planned."""
    return list(_Checker(terms).findings())


class _Checker:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.file: TermsFile = terms.file
        file = self.file
        self.events = {*file.events, *file.facts, *file.define}
        dates = {name for name, parameter in file.parameters.items() if parameter.type == "date"}
        self.days = {*self.events, *dates}
        self.windows = {*file.windows, *file.states}
        self.spans = {name for name, parameter in file.parameters.items() if parameter.type == "span"}
        self.amounts = {*file.parameters, *file.facts}

    def findings(self) -> Iterator[Finding]:
        for section, holder in (
            ("windows", self.file.windows),
            ("states", self.file.states),
            ("define", self.file.define),
        ):
            for name, expression in holder.items():
                yield from self._expression(expression, (section, name))
        for name, fact in self.file.facts.items():
            yield from self._expression(fact.starts_as, ("facts", name, "is"))
            if fact.each and fact.each not in self.events:
                yield self._unknown("event", fact.each, self.events, ("facts", name, "each"))
        for name, clause in self.file.clauses.items():
            yield from self._clause(clause, ("clauses", name))
        for number, example in enumerate(self.file.examples):
            for given in example.given:
                if given not in {*self.file.events, *self.file.facts}:
                    known = {*self.file.events, *self.file.facts}
                    yield self._unknown("event", given, known, ("examples", number, "given", given), key=True)
            for expected in example.expect:
                known = {*self.file.clauses, *self._powers()}
                if expected not in known:
                    yield self._unknown("clause", expected, known, ("examples", number, "expect", expected), key=True)
        yield from self._circles()

    def _powers(self) -> set[str]:
        held = [part for clause in self.file.clauses.values() for part in (clause.power, clause.if_missed)]
        return {part.power for part in held if isinstance(part, PowerOf)}

    def _clause(self, clause: Clause, path: Path) -> Iterator[Finding]:
        for name, info in Clause.model_fields.items():
            value = getattr(clause, name)
            at = (*path, info.alias or name)
            if name == "remind":
                for role in value:
                    if role not in self.file.roles:
                        yield self._unknown("role", role, self.file.roles, (*at, role), key=True)
            elif isinstance(value, Happens):
                if value.event not in self.file.events:
                    yield self._unknown("event", value.event, self.file.events, (*at, "event"))
                yield from self._expression(value.on, (*at, "on"))
                yield from self._expression(value.unless, (*at, "unless"))
            elif isinstance(value, PowerOf):
                yield from self._expression(value.until, (*at, "until"))
            elif name in ("series", "do", "schedule"):
                continue
            else:
                yield from self._expression(value, at)
        for word in ("closed_by", "requires"):
            value = getattr(clause, word)
            if value and value not in self.events:
                yield self._unknown("event", value, self.events, (*path, word))
        if clause.accelerate and clause.accelerate not in self.file.clauses:
            yield self._unknown("clause", clause.accelerate, self.file.clauses, (*path, "accelerate"))
        if clause.series:
            yield from self._expression(clause.series.first, (*path, "series", "first"))
            if clause.series.calendar and clause.series.calendar not in self.file.facts:
                yield self._unknown("fact", clause.series.calendar, self.file.facts, (*path, "series", "calendar"))
            if clause.series.times is None and clause.during is None:
                message = "a series needs an end: `times:` in it, or `during:` beside it"
                yield self.terms.document.finding(message, (*path, "series"))
        for send in clause.do:
            for role in send.approve:
                if role not in self.file.roles:
                    yield self._unknown("role", role, self.file.roles, (*path, "do", "approve"))

    def _expression(self, value: object, path: Path) -> Iterator[Finding]:
        """Every name in an expression, whatever its kind, held against what the file defines."""
        match value:
            case e.Choice():
                yield from self._choice(value, path)
            case e.DayOf(name=name):
                if name not in self.days:
                    yield self._unknown("event or day", name, self.days, path)
            case e.EventNamed(name=name, having=having):
                if name not in self.days:
                    yield self._unknown("event", name, self.days, path)
                yield from self._having(name, having, path)
            case e.EdgeOf(window=name) | e.WindowNamed(name=name) | e.EventDuring(window=name):
                if name not in self.windows:
                    yield self._unknown("window", name, self.windows, path)
                if isinstance(value, e.EventDuring):
                    yield from self._expression(value.event, path)
            case e.SpanNamed(name=name):
                if name not in self.spans:
                    yield self._unknown("span", name, self.spans, path)
            case e.AmountNamed(name=name) | e.IsTrue(name=name):
                if name not in self.amounts:
                    yield self._unknown("parameter or fact", name, self.amounts, path)
            case e.FieldOf(field=field, event=name):
                kind = self.file.events.get(name)
                if kind is None:
                    yield self._unknown("event", name, self.file.events, path)
                elif field not in kind.fields:
                    yield self._unknown(f"field of {name}", field, kind.fields, path)
            case tuple():
                for part in value:
                    yield from self._expression(part, path)
            case _ if is_dataclass(value) and type(value).__module__ == e.__name__:
                for part in fields(value):
                    yield from self._expression(getattr(value, part.name), path)
            case _:
                return

    def _having(self, name: str, having: tuple[tuple[str, str], ...], path: Path) -> Iterator[Finding]:
        kind = self.file.events.get(name)
        for field, wanted in having:
            known = kind.fields if kind else {}
            if field not in known:
                yield self._unknown(f"field of {name}", field, known, path)
            elif known[field].options and wanted not in known[field].options:
                yield self._unknown(f"value of {field}", wanted, known[field].options, path)

    def _choice(self, choice: e.Choice[object], path: Path) -> Iterator[Finding]:
        reading = self.file.readings.get(choice.reading)
        if reading is None:
            yield self._unknown("reading", choice.reading, self.file.readings, (*path, "reading"))
            return
        given = {option for option, _ in choice.options}
        for option in sorted(given - set(reading.names)):
            yield self._unknown(f"option of reading {choice.reading}", option, reading.names, (*path, option), key=True)
        for option in reading.names:
            if option not in given:
                message = f'the choice by {choice.reading} says nothing for its option "{option}"; add a line'
                yield self.terms.document.finding(message, path)
        for option, value in choice.options:
            yield from self._expression(value, (*path, option))

    def _circles(self) -> Iterator[Finding]:
        """Names that come back to themselves, so that no day could ever be computed."""
        edges = _dependencies(self.file)
        done: set[str] = set()
        for start in edges:
            trail: list[str] = []
            found = _circle(start, edges, trail, done)
            if found:
                message = f"circular: {' needs '.join(found)}; a date must follow from something that happened"
                section = next(
                    s for s in ("define", "windows", "states", "events", "clauses") if found[0] in getattr(self.file, s)
                )
                yield self.terms.document.finding(message, (section, found[0]))
                return

    def _unknown(
        self, what: str, word: str, known: Mapping[str, object] | object, path: Path, *, key: bool = False
    ) -> Finding:
        options = [str(option) for option in known] if hasattr(known, "__iter__") else []
        return self.terms.document.finding(f'there is no {what} "{word}".{did_you_mean(word, options)}', path, key=key)


def _dependencies(file: TermsFile) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for holder in (file.define, file.windows, file.states):
        for name, expression in holder.items():
            edges[name] = set(_names(expression))
    for clause in file.clauses.values():
        for part in (clause.then, clause.if_missed):
            if isinstance(part, Happens):
                causes = {*_names(clause.when), *_names(part.on), *_names(part.unless), *_names(clause.if_)}
                if part is clause.if_missed:
                    causes |= {
                        *_names(clause.by),
                        *_names(clause.exactly),
                        *([clause.closed_by] if clause.closed_by else []),
                    }
                edges.setdefault(part.event, set()).update(causes)
    return edges


def _names(value: object) -> Iterator[str]:
    match value:
        case e.DayOf(name=name) | e.EventNamed(name=name) | e.WindowNamed(name=name):
            yield name
        case e.EdgeOf(window=name):
            yield name
        case e.EventDuring(event=event, window=name):
            yield name
            yield from _names(event)
        case tuple():
            for part in value:
                yield from _names(part)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for part in fields(value):
                yield from _names(getattr(value, part.name))
        case _:
            return


def _circle(name: str, edges: Mapping[str, set[str]], trail: list[str], done: set[str]) -> list[str]:
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done:
        return []
    trail.append(name)
    for needed in sorted(edges.get(name, ())):
        found = _circle(needed, edges, trail, done)
        if found:
            return found
    trail.pop()
    done.add(name)
    return []
