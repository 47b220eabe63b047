"""Events that the plan itself brings about: a clause fulfilled or missed, the ends of a window, a day reached, a state
that has lasted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from obligations.planning import days
from obligations.planning.calendar_days import period_of
from obligations.planning.days import causes, day_after, edge_causes, edge_day
from obligations.planning.openings import Opening, whole
from obligations.planning.standing import answered, standing, verdicts
from obligations.planning.values import NOWHERE, Found, Happening, Instance, NotYet, derived_id, united
from obligations.terms import expressions as e
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned
from schedules.runs import run_reached, total_reached
from schedules.spans import Span, Unit

if TYPE_CHECKING:
    from obligations.planning.world import World


def outcome(world: World, expression: e.EventOutcome) -> Found:
    """The times a clause was missed, or was fulfilled, each instance by itself.

    A miss belongs to the day after the last day. What is fulfilled too late was missed, and is fulfilled that day.
    """
    clause = world.terms.clauses[expression.clause]
    made, more = world.instances(expression.clause, clause)
    happened = _missed if expression.outcome == "missed" else _fulfilled
    holding = (version for version in world.versions if expression.clause in version.terms.clauses)
    found = tuple(sorted((one for it in holding for one in happened(it, expression)), key=lambda one: one.occurred_on))
    if more.never and len(found) == len(made):
        return Found(found, NotYet(never=f"nothing more of {_words(expression.clause)} can be {expression.outcome}"))
    if more.never and expression.outcome == "missed" and _all_in_time(world, expression.clause):
        return Found(found, NotYet(never=f"{_words(expression.clause)} was fulfilled in time"))
    return Found(found, NotYet(waiting=(expression.name,)))


def _missed(world: World, expression: e.EventOutcome) -> Iterator[Happening]:
    clause = world.terms.clauses[expression.clause]
    for verdict in verdicts(world, expression.clause, clause):
        if verdict.missed and world.judges(expression.clause, verdict.instance):
            day, trigger = day_after(verdict.last.value), verdict.instance.trigger
            words = f"{_words(expression.clause)} was not fulfilled by its last day"
            yield Happening(
                id=_identity(world, expression, verdict.instance),
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
        if not world.judges(expression.clause, instance):
            continue
        done, waived = answered(world, expression.clause, clause, instance)
        if done is not None and waived is not None and waived.occurred_on < done.occurred_on:
            continue
        stands = standing(world, expression.clause, clause, instance) if done is not None else None
        if done is None or stands is None or stands.refused is not None:
            continue
        words = f"{_words(expression.clause)} was fulfilled"
        happening = Happening(
            id=_identity(world, expression, instance),
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


def _identity(world: World, expression: e.EventOutcome, instance: Instance) -> str:
    """The outcome by the clause it is known as: whichever rule stands in its place, it is the same happening."""
    clause_id, instance_id = world.known_as(expression.clause, instance)
    return derived_id(f"{clause_id} {expression.outcome}", instance_id)


def _all_in_time(world: World, clause_id: str) -> bool:
    clause = world.terms.clauses[clause_id]
    judged = tuple(verdicts(world, clause_id, clause))
    return all(one.missed is False for one in judged) and len(judged) == len(world.instances(clause_id, clause)[0])


def bound(world: World, expression: e.EventBound) -> Found:
    """The first or the last day of a window as a happening, each time it is open; why not where it has no such day."""
    name = f"{expression.bound} of {expression.window}"
    edge = "first" if expression.bound == "start" else "last"
    made, more = world.openings(expression.window)
    found, reasons = [], [more]
    for opening in made:
        day = edge_day(world, edge, expression.window, opening)
        if isinstance(day, NotYet):
            reasons.append(day)
        else:
            rests_on = edge_causes(world, edge, opening.expression, opening.here)
            found.append(_coming(f"{expression.bound} of {opening.id}", name, day, rests_on, opening.here))
    return Found(tuple(sorted(found, key=lambda one: one.occurred_on)), united(reasons))


def lasted(world: World, expression: e.EventLasted) -> Found:
    """Each day on which a state had lasted so long, in a row or in all; days that overlap count once.

    While it still goes on, nothing is reached until the clock, or a later report, says that it went on so long.
    """
    made, _ = world.openings(expression.window)
    span = days.measured(world, expression.span, NOWHERE)
    within = days.measured(world, expression.within, NOWHERE) if expression.within is not None else None
    if isinstance(span, NotYet) or isinstance(within, NotYet):
        return Found((), united(one for one in (span, within) if isinstance(one, NotYet)))
    how = f"in any {within.value.words()}" if within is not None else "in a row"
    how = f"in one {expression.period}" if expression.period else how
    name = f"{expression.window} for {span.value.words()} {how}"
    if expression.period:
        reached_on = list(_totals(world, made, span.value, _first_of(world, expression.period), how))
    elif within is not None:
        words = f"within the {within.value.words()} that end on this day"
        reached_on = list(_totals(world, made, span.value, within.value, words))
    else:
        reached_on = list(_runs(world, made, span.value))
    found = []
    for day in reached_on:
        inside = [one for one in made if day.value in one.window.value]
        if not _has_come(world, day.value, inside):
            world.turns.add(day.value)
            continue
        opening = inside[0]
        because = tuple(one.here.trigger for one in inside if one.here.trigger is not None)
        found.append(_coming(f"{name}:{opening.id}", name, day, because, opening.here))
    return Found(tuple(found), NotYet(waiting=(name,)))


def _has_come(world: World, day: date, inside: list[Opening]) -> bool:
    """Whether the state is known to have lasted to the day: it ended on it or later, or the clock has come so far."""
    if any(one.window.value.last_on is not None for one in inside):
        return True
    return world.known_through is not None and world.known_through >= day


def _runs(world: World, made: tuple[Opening, ...], span: Span) -> Iterator[Reasoned[date]]:
    for interval in whole(made):
        day = run_reached(interval, span, world.counting_for(span))
        if day is not None:
            yield day


def _first_of(world: World, period: str) -> Callable[[date], date]:
    """What tells the first day of the month, quarter or year, or of the named year, that a day lies in.

    Days before the first year of the contract count in none.
    """
    known: list[tuple[date, date]] = [(date.max, date.min)]

    def first_of(day: date) -> date:
        first, last = known[-1]
        if first <= day <= last:
            return first
        found = period_of(world, period, Reasoned(day, Derivation("that day", day.isoformat())))
        if isinstance(found, NotYet):
            return add_days(day, 1)
        known.append((found.value.first_on, found.value.last_on))
        return found.value.first_on

    return first_of


def _totals(
    world: World, made: tuple[Opening, ...], span: Span, within: Span | Callable[[date], date], where: str
) -> Iterator[Reasoned[date]]:
    """Totals, looked for as far as the state is known; one that still goes on is followed so far that a plan knows when
    to look again."""
    windows = [one.window.value for one in made]
    ends = [day for day in (world.horizon(), *(one.last_on for one in windows)) if day is not None]
    if not windows or not ends:
        return  # nothing has begun, or nobody knows yet how far to look
    through = max(ends)
    counts = world.business_calendar().is_open if span.unit is Unit.BUSINESS_DAY else lambda _: True
    wanted = span.count * (7 if span.unit is Unit.WEEK else 1)
    for day in total_reached(windows, wanted, within, through, counts):
        inputs = tuple(one.window.why for one in made if one.window.value.first_on <= day)
        words = f"{span.words()} in all {where}, each day counted once"
        yield Reasoned(day, Derivation(words, day.isoformat(), inputs))


def reached(world: World, expression: e.EventReached, slot: str) -> Found:
    """The coming of a day: it happens once, on that day."""
    name = f"reached {expression.said}"
    day = world.day(expression.day, NOWHERE)
    if isinstance(day, NotYet):
        return Found((), day)
    happening = _coming(slot or name, name, day, causes(world, expression.day, NOWHERE), NOWHERE)
    return Found((happening,), NotYet(never=f"{name} is one day"))


def _coming(
    identity: str, name: str, day: Reasoned[date], rests_on: tuple[Happening, ...], here: Instance
) -> Happening:
    """A day as a happening: it stands as far as what it is counted from does, which keeps its names."""
    scopes = {one.id: Instance(one.id, one, frozenset({one.event})) for one in rests_on}
    if here.trigger is not None:
        scopes[here.trigger.id] = here
    happening = Happening(
        id=identity,
        event=name,
        occurred_on=day.value,
        why=Derivation(name, day.value.isoformat(), (day.why,), kind="event"),
        origin="derived",
        reports=_reports(one.trigger for one in scopes.values() if one.trigger is not None),
        because=tuple(scopes.values()),
    )
    unsettled = [one.trigger.unsettled for one in scopes.values() if one.trigger is not None]
    reasons = [reason for reason in unsettled if reason is not None]
    return happening.if_only(united(reasons)) if reasons else happening


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
