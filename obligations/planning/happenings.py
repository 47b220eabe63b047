"""Where happenings come from: reports, plans of a person, and clauses that bring an event about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from obligations.domain.event import Report
from obligations.planning.applying import applying
from obligations.planning.days import causes, day_after
from obligations.planning.outcomes import outcome
from obligations.planning.selection import in_order
from obligations.planning.standing import verdicts
from obligations.planning.ties import AT
from obligations.planning.values import Found, Happening, NotYet, PlanningError, derived_id
from obligations.terms import expressions as e
from obligations.terms.clause import Clause, Happens
from obligations.terms.declared import EventKind
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


def named(world: World, name: str) -> Found:
    """Every happening of a named event, fact, date parameter, definition or outcome of a clause, in day order."""
    clause, _, how = name.partition(" ")
    if how:
        return outcome(world, e.EventOutcome(clause, "missed" if how == "missed" else "fulfilled"))
    if name in world.terms.file.define:
        return world.find(world.terms.file.define[name], slot=name)
    value = world.terms.parameters.get(name)
    if isinstance(value, date):
        why = Derivation(f"{name} of the contract", value.isoformat(), kind="fact")
        return Found((Happening(name, name, value, why, origin="derived"),), NotYet(never=f"{name} is one day"))
    kind = world.kinds[name]
    reports = world.reports_of(name)
    reported = [_reported(report, kind) for report in reports if not report.expected]
    planned = [_reported(report, kind) for report in reports if report.expected]
    derived = list(_derived(world, name))
    if kind.once:
        return _once(name, kind, reported, planned, derived)
    foreseen = in_order(world, [*planned, *derived])
    return Found(in_order(world, _filled(reported, foreseen)), NotYet(waiting=(name,)))


def words_of(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


def _once(
    name: str, kind: EventKind, reported: list[Happening], planned: list[Happening], derived: list[Happening]
) -> Found:
    """The one happening there is: the report's day, else the day a person plans on, else the day a clause fixes."""
    if len({happening.occurred_on for happening in reported}) > 1:
        said = " and ".join(sorted({str(happening.occurred_on) for happening in reported}))
        raise PlanningError(
            f"{words_of(name)} happens once but is reported for {said}; withdraw the report that is wrong"
        )
    if len(reported) > 1:
        reported = [_one_report(name, reported)]
    foreseen = min([*planned, *derived], key=lambda one: one.occurred_on, default=None)
    candidates = reported or planned or derived
    if not candidates:
        return Found((), NotYet(waiting=(name,), missing=(name,) if kind.required else ()))
    first = min(candidates, key=lambda one: one.occurred_on)
    if reported and foreseen is not None:
        first = _fill(foreseen, first)
    return Found((replace(first, id=name),), NotYet(never=f"{words_of(name)} happens once"))


def _one_report(name: str, reported: list[Happening]) -> Happening:
    """Reports of one day as the one happening they are; where they say different things, a person must choose."""
    fields: dict[str, str] = {}
    for one in reported:
        for field, value in one.fields.items():
            if fields.setdefault(field, value) != value:
                said = " and ".join(sorted((fields[field], value)))
                raise PlanningError(
                    f"{words_of(name)} happens once but is reported on {one.occurred_on} with {words_of(field)} "
                    f"{said}; withdraw the report that is wrong"
                )
    received = sorted({one.received_on for one in reported if one.received_on is not None})
    if len(received) > 1:
        said = " and ".join(map(str, received))
        raise PlanningError(
            f"{words_of(name)} happens once but is reported as received on {said}; withdraw the report that is wrong"
        )
    first = reported[0]
    return replace(
        first,
        fields=fields,
        received_on=received[0] if received else None,
        reports=tuple(report for one in reported for report in one.reports),
        why=first.why.resting_on(*(one.why for one in reported[1:])),
    )


def _filled(reported: list[Happening], foreseen: tuple[Happening, ...]) -> list[Happening]:
    """Reports and what was foreseen, each foreseen happening replaced by the report that fills it.

    A report fills what it names. Unnamed, it fills the latest open expectation that it does not precede, or what a
    clause derived for that very day, or the only one that was noticed by then and is still to come: what comes late or
    early is the same happening, never a second one.
    """
    left = list(foreseen)
    happened: list[Happening] = []
    # What a report names is taken by it, whichever other might come to fill it.
    for report in sorted(reported, key=lambda one: not one.answers):
        named_ones = [one for one in left if report.answers and report.answers in (one.id, *one.reports)]
        unnamed = [one for one in left if one.answers == report.answers and _may_fill(report, one)]
        match = named_ones[:1] or unnamed[-1:] or _ahead(report, left)
        for one in match:
            left.remove(one)
        happened.append(_fill(match[0], report) if match else report)
    return [*happened, *left]


def _may_fill(report: Happening, foreseen: Happening) -> bool:
    if any(foreseen.fields.get(field, value) != value for field, value in report.fields.items()):
        return False
    if foreseen.origin == "expected":
        return foreseen.occurred_on <= report.occurred_on
    return foreseen.occurred_on == report.occurred_on


def _ahead(report: Happening, left: list[Happening]) -> list[Happening]:
    """The one happening that a notice has announced for later; none where several are, or the report says otherwise."""
    announced = [
        one
        for one in left
        if one.noticed_on is not None
        and one.noticed_on <= report.occurred_on < one.occurred_on
        and all(one.fields.get(field, value) == value for field, value in report.fields.items())
    ]
    return announced if len(announced) == 1 and not report.answers else []


def _fill(foreseen: Happening, report: Happening) -> Happening:
    """The report in the place of what was foreseen: its day and evidence, the other's identity and known details."""
    return replace(
        report,
        id=foreseen.id,
        fields={**foreseen.fields, **report.fields},
        noticed_on=foreseen.noticed_on,
        because=foreseen.because,
        why=replace(report.why, inputs=(*report.why.inputs, replace(foreseen.why, result=str(foreseen.occurred_on)))),
    )


def _reported(report: Report, kind: EventKind) -> Happening:
    words = kind.says or words_of(report.event)
    timed = report.fields.get(AT) if AT not in kind.fields else None
    state = "expected by a person" if report.expected else "reported"
    evidence = f"; evidence: {report.evidence}" if report.evidence else ""
    details = "".join(f", {words_of(key)} {value}" for key, value in sorted(report.fields.items()) if key != "value")
    rule = f"{report.event}{details}: {words}, {state}{evidence}"
    received_on = report.received_on or (report.occurred_on if kind.is_receipt else None)
    return Happening(
        id=f"{report.event}:{report.id}",
        event=report.event,
        occurred_on=report.occurred_on,
        why=Derivation(rule, report.occurred_on.isoformat(), kind="event", cite=kind.cite, ref=report.id),
        received_on=received_on,
        fields=report.fields if timed is None else {key: text for key, text in report.fields.items() if key != AT},
        origin="expected" if report.expected else "reported",
        reports=(report.id,),
        answers=report.answers,
        at=timed or "",
    )


def _derived(world: World, name: str) -> Iterator[Happening]:
    """Happenings that clauses bring about: by `then` when set off, by `if_missed` when their day passed."""
    for version in world.versions:
        for clause_id in version.terms.file.brings.get(name, ()):
            clause = version.terms.clauses[clause_id]
            if isinstance(clause.then, Happens) and clause.then.event == name:
                yield from _follows(version, clause_id, clause, clause.then)
            if isinstance(clause.if_missed, Happens) and clause.if_missed.event == name:
                yield from _missed(version, clause_id, clause, clause.if_missed)


def _follows(world: World, clause_id: str, clause: Clause, then: Happens) -> Iterator[Happening]:
    for instance in world.instances(clause_id, clause)[0]:
        trigger = instance.trigger
        if trigger is None or not world.governs(clause_id, instance):
            continue
        applies, place = applying(world, clause, instance), world.place(clause_id, instance)
        if applies.refused is not None or applies.open or (place is not None and not place.rules):
            continue
        at = world.day(then.on, instance) if then.on else Reasoned(trigger.occurred_on, trigger.why)
        if isinstance(at, NotYet) or _came_before(world, then.unless, at.value):
            continue
        words = f"{words_of(then.event)}, by clause {clause.cites}"
        inputs = (at.why, *applies.grounds)
        if then.on and trigger not in causes(world, then.on, instance):
            inputs = (*inputs, trigger.why)
        if then.unless is not None:
            spared = f"what would prevent it did not happen by {at.value}"
            inputs = (*inputs, Derivation(spared, kind="assumption"))
        known_clause, known_instance = world.known_as(clause_id, instance)
        yield Happening(
            id=derived_id(f"{then.event}:{known_clause}", known_instance),
            event=then.event,
            occurred_on=at.value,
            why=Derivation(words, at.value.isoformat(), inputs, kind="event"),
            fields=then.fields,
            origin="expected" if then.on or trigger.origin == "expected" else "derived",
            reports=trigger.reports,
            noticed_on=trigger.occurred_on if then.on else None,
            provided=trigger.provided,
            because=(instance,),
        )


def _came_before(world: World, unless: Any, day: date) -> bool:
    if unless is None:
        return False
    return any(one.occurred_on <= day for one in world.find(unless).happenings if one.unsettled is None)


def _missed(world: World, clause_id: str, clause: Clause, consequence: Happens) -> Iterator[Happening]:
    for verdict in verdicts(world, clause_id, clause):
        if not verdict.missed or not world.judges(clause_id, verdict.instance):
            continue
        day, trigger = day_after(verdict.last.value), verdict.instance.trigger
        words = f"{words_of(consequence.event)}: {words_of(clause_id)} was not fulfilled by its last day"
        known_clause, known_instance = world.known_as(clause_id, verdict.instance)
        yield Happening(
            id=derived_id(f"{consequence.event}:{known_clause}", known_instance),
            event=consequence.event,
            occurred_on=day,
            why=Derivation(words, day.isoformat(), (verdict.last.why,), kind="event", cite=clause.cites),
            fields=consequence.fields,
            origin="derived",
            reports=trigger.reports if trigger else (),
            because=(verdict.instance,),
        )
