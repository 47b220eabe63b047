"""Names that need themselves: a date must follow from something that happened, never from itself.

A circle of names is allowed only where every round of it provably comes a day or more after the one before, counted
forward from what set it off: then the days can be worked out one after another. All other circles are refused, so that
no definition can swing to and fro.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obligations.terms.advance import (
    Shortest,
    Steps,
    at_least,
    gate_names,
    of_clause,
    of_event,
    of_window,
    shortest_span,
)
from obligations.terms.clause import Clause, Happens
from obligations.terms.document import Path
from obligations.terms.model import TermsFile
from obligations.terms.naming import names_in
from obligations.terms.relations import chain
from obligations.terms.values import Value

SECTIONS = ("define", "windows", "states", "facts", "events", "years")
Edges = dict[str, dict[str, int | None]]
"""What each name is worked out from, with the days by which it comes later at least; None where nobody can say."""


def circle(file: TermsFile, parameters: Mapping[str, Value]) -> tuple[list[str], Path] | None:
    """The first circle that does not provably move on, from a name back to itself, and where it starts; else None."""
    edges = _edges(file, shortest_span(file, parameters))
    for name, kind in file.events.items():
        if kind.once:
            # What happens once has no second round to come to.
            edges[name] = dict.fromkeys(edges.get(name, ()))
    for together in _circling(edges).values():
        inside = {name: {to: days for to, days in edges[name].items() if to in together} for name in together}
        found = _standing(inside)
        if found:
            section = next((one for one in SECTIONS if found[0] in getattr(file, one)), "clauses")
            clause = found[0].removeprefix("amount of ")
            if section == "clauses" and clause not in file.clauses:
                return found, ("clauses",)
            return found, (section, clause)
    return None


def rounds(file: TermsFile) -> Mapping[str, frozenset[str]]:
    """For each event that goes round in a permitted circle, all events in it; every other name is absent."""
    edges = _edges(file, lambda _: 0)
    kept = {*file.events, *file.define, *(name for name in edges if " " in name)}
    return {name: together & kept for name, together in _circling(edges).items() if name in kept}


def _circling(edges: Edges) -> dict[str, frozenset[str]]:
    """For each name that needs itself, the names that need each other with it, in file order."""
    reached = {name: _reached(name, edges) for name in edges}
    return {
        name: frozenset(to for to in needed if name in reached.get(to, ()))
        for name, needed in reached.items()
        if name in needed
    }


def _reached(name: str, edges: Edges) -> set[str]:
    seen: set[str] = set()
    left = [*edges[name]]
    while left:
        one = left.pop()
        if one not in seen:
            seen.add(one)
            left += edges.get(one, ())
    return seen


def _standing(inside: Edges) -> list[str]:
    """A circle that may not move on: one with a step that nobody can vouch for, or one of steps of no days at all."""
    for name in sorted(inside):
        for to, days in sorted(inside[name].items()):
            if days is None:
                return [name, *_way(to, name, inside)]
    still = {name: {to for to, days in steps.items() if days == 0} for name, steps in inside.items()}
    done: set[str] = set()
    return next((found for name in sorted(still) if (found := _search(name, still, [], done))), [])


def _way(start: str, goal: str, edges: Edges) -> list[str]:
    """The shortest way from one name to another."""
    ways = [[start]]
    seen = {start}
    while ways[0][-1] != goal:
        way = ways.pop(0)
        for to in sorted(edges[way[-1]]):
            if to not in seen:
                seen.add(to)
                ways.append([*way, to])
    return ways[0]


def _edges(file: TermsFile, shortest: Shortest) -> Edges:
    edges: dict[str, dict[str, int | None]] = {}

    def needs(name: str, steps: Steps) -> None:
        known = edges.setdefault(name, {})
        for needed, days in steps:
            known[needed] = at_least(known[needed], days) if needed in known else days

    for name, expression in file.define.items():
        needs(name, of_event(expression, shortest))
    for holder in (file.windows, file.states):
        for name, expression in holder.items():
            needs(name, of_window(expression, shortest))
    for name, kind in file.years.items():
        needs(name, ((one, None) for one in names_in(kind.begins)))
    for name, fact in file.facts.items():
        needs(name, ((one, None) for one in names_in(fact.starts_as)))
    for clause_id, clause in file.clauses.items():
        others = [one for one in family(file, clause_id) if one is not clause]
        for outcome in ("missed", "fulfilled"):
            needs(f"{clause_id} {outcome}", of_clause(clause, outcome, shortest))
            needs(f"{clause_id} {outcome}", ((name, None) for name in names_in(file.signed)))
            needs(f"{clause_id} {outcome}", ((name, None) for one in others for name in _settles(one)))
        # What an event rests on is known by its trigger; beside that, by whatever lets another clause rule.
        trigger = {*names_in(clause.when)}
        if isinstance(clause.then, Happens):
            needs(clause.then.event, of_clause(clause, "then", shortest))
            rivals = (one for other in others if not other.postpone for one in _conditions(other))
            needs(clause.then.event, ((one, None) for one in rivals if one not in trigger))
        if isinstance(clause.if_missed, Happens):
            needs(clause.if_missed.event, of_clause(clause, "missed", shortest))
            rivals = (one for other in others for one in (_settles if other.postpone else _conditions)(other))
            needs(clause.if_missed.event, ((one, None) for one in rivals if one not in trigger))
            needs(clause.if_missed.event, ((one, None) for one in _beside(clause.if_missed)))
        cap = (clause.cap.at, clause.cap.balance, clause.cap.less) if clause.cap is not None else ()
        amounts = (clause.pay, clause.accrue, cap, clause.during)
        needs(f"amount of {clause_id}", ((one, None) for one in (*_settles(clause), *names_in(amounts))))
        # What a clause comes to is what the one in its place comes to.
        for replaced in chain(file, clause_id)[1:]:
            needs(f"amount of {replaced}", ((f"amount of {clause_id}", None),))
    return edges


def family(file: TermsFile, clause_id: str) -> Iterator[Clause]:
    """A clause and every other whose conditions decide whether it rules: those of its family, and holds over it."""
    ours = set(chain(file, clause_id))
    for name, clause in file.clauses.items():
        if ours & {*chain(file, name), *(clause.postpone or ())}:
            yield clause


def _conditions(clause: Clause) -> Iterator[str]:
    """What decides whether a clause applies."""
    for expression in (clause.when, clause.if_, clause.unless, clause.cancel_if):
        yield from names_in(expression)


def _settles(clause: Clause) -> Iterator[str]:
    """What decides whether a clause is fulfilled or missed."""
    yield from _conditions(clause)
    for expression in (clause.if_each, clause.by, clause.exactly, clause.not_before, clause.to, clause.until):
        yield from names_in(expression)
    yield from gate_names(clause)
    if clause.closed_by:
        yield clause.closed_by


def _beside(part: Happens) -> Iterator[str]:
    yield from names_in(part.on)
    yield from names_in(part.unless)


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
