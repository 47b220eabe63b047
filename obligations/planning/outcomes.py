"""Events that the plan itself brings about: a clause fulfilled or missed, the ends of a window, a day reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.days import causes, day_after
from obligations.planning.instances import fulfilment
from obligations.planning.standing import standing, verdicts
from obligations.planning.values import NOWHERE, Found, Happening, Instance, NotYet, united
from obligations.terms import expressions as e
from schedules.derivation import Derivation

if TYPE_CHECKING:
    from obligations.planning.world import World


def outcome(world: World, expression: e.EventOutcome) -> Found:
    """The times a clause was missed, or was fulfilled, each instance by itself.

    A miss belongs to the day after the last day. What is fulfilled too late was missed, and is fulfilled that day.
    """
    clause = world.terms.clauses[expression.clause]
    made, more = world.instances(expression.clause, clause)
    found = tuple(_missed(world, expression) if expression.outcome == "missed" else _fulfilled(world, expression))
    if more.never and len(found) == len(made):
        return Found(found, NotYet(never=f"nothing more of {_words(expression.clause)} can be {expression.outcome}"))
    if more.never and expression.outcome == "missed" and _all_in_time(world, expression.clause):
        return Found(found, NotYet(never=f"{_words(expression.clause)} was fulfilled in time"))
    return Found(found, NotYet(waiting=(expression.name,)))


def _missed(world: World, expression: e.EventOutcome) -> Iterator[Happening]:
    clause = world.terms.clauses[expression.clause]
    for verdict in verdicts(world, expression.clause, clause):
        if verdict.missed:
            day, trigger = day_after(verdict.last.value), verdict.instance.trigger
            words = f"{_words(expression.clause)} was not fulfilled by its last day"
            yield Happening(
                id=f"{expression.name}:{verdict.instance.id}",
                event=expression.name,
                occurred_on=day,
                why=Derivation(words, day.isoformat(), (verdict.last.why,), kind="event", cite=clause.cites),
                origin="derived",
                reports=trigger.reports if trigger else (),
                because=(verdict.instance,),
            )


def _fulfilled(world: World, expression: e.EventOutcome) -> Iterator[Happening]:
    clause = world.terms.clauses[expression.clause]
    for instance in world.instances(expression.clause, clause)[0]:
        done = fulfilment(world, expression.clause, clause, instance)
        stands = standing(world, expression.clause, clause, instance) if done is not None else None
        if done is None or stands is None or stands.refused is not None:
            continue
        words = f"{_words(expression.clause)} was fulfilled"
        happening = Happening(
            id=f"{expression.name}:{instance.id}",
            event=expression.name,
            occurred_on=done.occurred_on,
            why=Derivation(words, done.occurred_on.isoformat(), (done.why,), kind="event", cite=clause.cites),
            received_on=done.received_on,
            fields=done.fields,
            origin="derived",
            reports=done.reports,
            because=(instance,),
        )
        still_open = [*stands.open, *([stands.cause] if stands.cause is not None else [])]
        yield happening.if_only(united(still_open)) if still_open else happening


def _all_in_time(world: World, clause_id: str) -> bool:
    clause = world.terms.clauses[clause_id]
    judged = tuple(verdicts(world, clause_id, clause))
    return all(one.missed is False for one in judged) and len(judged) == len(world.instances(clause_id, clause)[0])


def bound(world: World, expression: e.EventBound) -> Found:
    """The first or the last day of a window as a happening; the window's own reasons where it has no such day."""
    name = f"{expression.bound} of {expression.window}"
    edge = e.EdgeOf("first" if expression.bound == "start" else "last", expression.window)
    return _one_day(world, edge, name, name)


def reached(world: World, expression: e.EventReached, slot: str) -> Found:
    """The coming of a day: it happens once, on that day."""
    return _one_day(world, expression.day, f"reached {expression.said}", slot or f"reached {expression.said}")


def _one_day(world: World, expression: object, name: str, identity: str) -> Found:
    day = world.day(expression, NOWHERE)
    if isinstance(day, NotYet):
        return Found((), day)
    rests_on = tuple(causes(world, expression, NOWHERE))
    why = Derivation(name, day.value.isoformat(), (day.why,), kind="event")
    happening = Happening(
        id=identity,
        event=name,
        occurred_on=day.value,
        why=why,
        origin="derived",
        reports=_reports(rests_on),
        because=tuple(Instance(one.id, one, frozenset({one.event})) for one in rests_on),
    )
    unsettled = [one.unsettled for one in rests_on if one.unsettled is not None]
    happening = happening.if_only(united(unsettled)) if unsettled else happening
    return Found((happening,), NotYet(never=f"{name} is one day"))


def all_of(parts: Iterable[tuple[frozenset[str], Found]], slot: str) -> Found:
    """The one time all parts have happened: the day of the last of them, each counted by its first happening.

    `parts` are what each member found, with the names by which phrases call it.
    """
    members = tuple(parts)
    lacking = [found.reason for _, found in members if not found.happenings]
    if lacking:
        never = next((reason for reason in lacking if reason.never), None)
        return Found((), never or united(lacking))
    firsts = [(names, _first(found)) for names, found in members]
    last = max((one for _, one in firsts), key=lambda one: one.occurred_on)
    day: date = last.occurred_on
    happening = replace(
        last,
        id=slot or " and ".join(one.id for _, one in firsts),
        event=slot or " and ".join(one.event for _, one in firsts),
        why=Derivation("the last of all", day.isoformat(), tuple(one.why for _, one in firsts), kind="event"),
        origin="derived",
        reports=_reports(one for _, one in firsts),
        because=tuple(Instance(one.id, one, names | {one.event}) for names, one in firsts),
        provided=None,
    )
    unsettled = [one.unsettled for _, one in firsts if one.unsettled is not None]
    happening = happening.if_only(united(unsettled)) if unsettled else happening
    return Found((happening,), NotYet(never="all of it happens once"))


def _first(found: Found) -> Happening:
    """A member's first happening; one that nobody has judged yet, on that day or before, leaves open which it is."""
    first = found.happenings[0]
    asked = [name for one, names in found.undecided if one.occurred_on <= first.occurred_on for name in names]
    return first.if_only(NotYet(judgment=tuple(dict.fromkeys(asked)))) if asked else first


def _reports(happenings: Iterable[Happening]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(report for one in happenings for report in one.reports))


def _words(clause_id: str) -> str:
    return clause_id.replace("_", " ")
