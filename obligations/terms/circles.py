"""Names that need themselves: a date must follow from something that happened, never from itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from obligations.terms import expressions as e
from obligations.terms.document import Path
from obligations.terms.model import Clause, Happens, TermsFile
from obligations.terms.relations import chain

SECTIONS = ("define", "windows", "states", "facts", "events", "years")


def circle(file: TermsFile) -> tuple[list[str], Path] | None:
    """The first circle of names in the file, from a name back to itself, and where it starts; None where none is."""
    edges = _edges(file)
    done: set[str] = set()
    for start in edges:
        found = _search(start, edges, [], done)
        if found:
            section = next((one for one in SECTIONS if found[0] in getattr(file, one)), "clauses")
            return found, (section, found[0]) if section != "clauses" else ("clauses",)
    return None


def names_in(value: object) -> Iterator[str]:
    """Every event, day, window, fact and parameter an expression names, over all its branches."""
    match value:
        case e.DayOf(name=name) | e.EventNamed(name=name) | e.WindowNamed(name=name) | e.IsTrue(name=name):
            yield name
        case e.AmountNamed(name=name) | e.EventOutcome(name=name):
            yield name
        case e.EdgeOf(window=name) | e.EventBound(window=name):
            yield name
        case e.Payday(day=day, calendar=name):
            yield from filter(None, (name,))
            yield from names_in(day)
        case e.EventLasted(window=name, span=span, within=within):
            yield name
            yield from names_in((span, within))
        case e.PeriodEdge(period=name) | e.PeriodOf(period=name) | e.DateInPeriod(period=name):
            yield name
            yield from names_in(value.day)
        case e.FactAt(name=name, day=day):
            yield name
            yield from names_in(day)
        case e.FactPeak(name=name, window=window):
            yield name
            yield from names_in(window)
        case tuple():
            for part in value:
                yield from names_in(part)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for field in fields(value):
                yield from names_in(getattr(value, field.name))
        case _:
            return


def _edges(file: TermsFile) -> dict[str, set[str]]:
    """What each name is worked out from."""
    edges: dict[str, set[str]] = {}
    for holder in (file.define, file.windows, file.states):
        for name, expression in holder.items():
            edges[name] = set(names_in(expression))
    for name, kind in file.years.items():
        edges[name] = set(names_in(kind.begins))
    for name, fact in file.facts.items():
        edges[name] = set(names_in(fact.starts_as))
    for clause_id, clause in file.clauses.items():
        for outcome in ("missed", "fulfilled"):
            edges[f"{clause_id} {outcome}"] = {
                *names_in(file.signed),
                *(name for one in family(file, clause_id) for name in _settles(one)),
            }
        for part in (clause.then, clause.if_missed):
            if isinstance(part, Happens):
                edges.setdefault(part.event, set()).update(_causes(clause, part))
    return edges


def family(file: TermsFile, clause_id: str) -> Iterator[Clause]:
    """A clause and every other whose conditions decide whether it rules: those of its family, and holds over it."""
    ours = set(chain(file, clause_id))
    for name, clause in file.clauses.items():
        if name in ours or ours & set(chain(file, name)) or ours & set(clause.postpone or ()):
            yield clause


def _causes(clause: Clause, part: Happens) -> Iterator[str]:
    asked = (clause.when, clause.if_, clause.unless, clause.cancel_if)
    for expression in (*asked, part.on, part.unless):
        yield from names_in(expression)
    if part is clause.if_missed:
        yield from _settles(clause)


def _settles(clause: Clause) -> Iterator[str]:
    """What decides whether a clause is fulfilled or missed."""
    for expression in (clause.when, clause.if_, clause.unless, clause.cancel_if, clause.if_each):
        yield from names_in(expression)
    for expression in (clause.by, clause.exactly, clause.not_before, clause.to, clause.until):
        yield from names_in(expression)
    if clause.closed_by:
        yield clause.closed_by
    if clause.requires is not None:
        yield clause.requires.event
        for expression in (clause.requires.unless, clause.requires.by, clause.requires.opens_by):
            yield from names_in(expression)


def _search(name: str, edges: Mapping[str, set[str]], trail: list[str], done: set[str]) -> list[str]:
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done:
        return []
    trail.append(name)
    for needed in sorted(edges.get(name, ())):
        found = _search(needed, edges, trail, done)
        if found:
            return found
    trail.pop()
    done.add(name)
    return []
