"""Planning: terms and events in, every occurrence, power and push out. A pure function; the clock is an argument."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from uuid import UUID

from obligations.domain.delivery import Push
from obligations.domain.event import Report
from obligations.domain.money import NotMoney
from obligations.domain.occurrence import OPEN_STATES, Bounds, Occurrence, Power, PowerState, State
from obligations.planning.answers import ANSWERS, refuse_wrong
from obligations.planning.clauses import occurrences
from obligations.planning.figures import shown
from obligations.planning.happenings import words_of
from obligations.planning.powers import powers
from obligations.planning.pushes import Sending, pushes
from obligations.planning.quiet import recall
from obligations.planning.shapes import in_another
from obligations.planning.ties import AT, is_time
from obligations.planning.values import Happening, PlanningError
from obligations.planning.versions import version_of
from obligations.planning.world import World, in_day_order
from obligations.terms.errors import did_you_mean
from obligations.terms.terms import Terms
from obligations.terms.values import NotAValue, Value, typed
from schedules.bounds import BeyondCalendar
from schedules.calendars import BusinessCalendar, NeverOpen
from schedules.frozen import swift
from schedules.instants import instant
from schedules.spans import AmbiguousDate

EXTEND_EVERY = timedelta(days=30)


@swift
@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """A window of the file with its first and last day, both in; None while they are not known. One for each time it
    is open."""

    name: str
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask a person. `required` holds up the contract; the others make only some dates conditional."""

    name: str
    ask: str
    cite: str
    required: bool
    kind: str


@swift
@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that follows from the terms and the events.

    Occurrences stand by due day, the undated last; those of one day in file order, instance by instance. `dormant`
    names clauses nothing has set off yet, with the events that would. `replan_at` is the first later instant at which
    the clock alone changes the plan, the start of a local day. `in_hand` are the occurrences of which something
    was reported while a clause of another shape ruled, so that a person says, or said, how much of them was done.
    """

    contract: str
    as_of: date | None
    windows: tuple[PlannedWindow, ...]
    occurrences: tuple[Occurrence, ...]
    powers: tuple[Power, ...]
    pushes: tuple[Push, ...]
    questions: tuple[Question, ...]
    dormant: tuple[tuple[str, tuple[str, ...]], ...]
    replan_at: datetime | None
    in_hand: frozenset[UUID] = frozenset()

    @property
    def fingerprint(self) -> str:
        """A hash of what a person would see in the plan: confirming a diff confirms exactly this."""
        occurrences_seen = [[str(one.id), one.conditional, *map(str, seen(one))] for one in self.occurrences]
        powers_seen = [[str(one.id), one.state, str(one.arises_on), str(one.expires_on)] for one in self.powers]
        return hashlib.sha256(json.dumps([occurrences_seen, powers_seen]).encode()).hexdigest()

    def occurrence(self, identity: UUID) -> Occurrence | None:
        """The occurrence of that id, or None."""
        return next((one for one in self.occurrences if one.id == identity), None)


def seen(one: Occurrence) -> tuple[object, ...]:
    """What a reader sees of an occurrence: two that show the same are the same."""
    amount = one.amount.shown() if one.amount else None
    days = (one.adjusted_on, one.due_on, one.soft_on, one.from_on, one.to_on)
    return (one.state, *days, amount, one.units)


def plan(
    terms: Terms,
    events: Iterable[Report],
    *,
    as_of: date | None = None,
    calendars: Mapping[str, BusinessCalendar],
    zones: Mapping[str, tzinfo],
    sending: Sending | None = Sending(),  # noqa: B008 -- frozen
    bounds: Mapping[UUID, Bounds | None] | None = None,
) -> Plan:
    """The plan of a contract: the same arguments always give the same plan, in whatever order events arrived.

    Args:
        terms: the contract, checked.
        events: the reports in force (withdrawn ones left out).
        as_of: the day to judge by. Left out, no day counts as missed, and a series without an end is unrolled for a
            year past what was last reported.
        calendars: business-day calendars by the names the terms use.
        zones: time zones by the names the terms use.
        sending: which connectors carry reminders and actions, and at what local hour; None plans no pushes.
        bounds: how far each occurrence reaches under other readings; reminders count from its earliest day.

    Raises:
        PlanningError: an event the terms do not know, a field of the wrong type, two days for what happens once, or a
            count that the calendar or the chosen policy cannot give.
    """
    reports = in_day_order(events)
    _check_reports(terms, reports)
    try:
        return _planned(terms, reports, as_of, calendars, zones, sending, bounds or {})
    except (BeyondCalendar, AmbiguousDate, NeverOpen, NotMoney) as error:
        raise PlanningError(f"{terms.contract}: {error}") from None


def _planned(
    terms: Terms,
    reports: tuple[Report, ...],
    as_of: date | None,
    calendars: Mapping[str, BusinessCalendar],
    zones: Mapping[str, tzinfo],
    sending: Sending | None,
    bounds: Mapping[UUID, Bounds | None],
) -> Plan:
    world = World(terms, reports, as_of, calendars, zones)
    recall(world)
    made = occurrences(world)
    if bounds:
        made = [replace(one, bounds=bounds.get(one.id)) for one in made]
    made.sort(key=_due)
    ordered = tuple(made)
    held = tuple(powers(world))
    expected = tuple(_unconfirmed(world))
    return Plan(
        contract=terms.contract,
        as_of=as_of,
        windows=tuple(_windows(world)),
        occurrences=ordered,
        powers=held,
        pushes=tuple(_pushes(world, ordered, sending)) if sending is not None else (),
        questions=tuple(_questions(world, ordered, expected)),
        dormant=tuple(_dormant(world)),
        replan_at=_replan_at(world, ordered, held, expected),
        in_hand=frozenset(one.id for one in ordered if world.answers and _of_another_shape(world, one)),
    )


def _due(one: Occurrence) -> int:
    return one.due_on.toordinal() if one.due_on is not None else date.max.toordinal()


def _pushes(world: World, made: tuple[Occurrence, ...], sending: Sending) -> Iterable[Push]:
    """What is sent for each occurrence, as the version of the terms has it that it was planned by."""
    if len(world.versions) == 1:
        return pushes(world, made, sending)
    of_each = ((version, [one for one in made if version_of(world, one) is version]) for version in world.versions)
    return [push for version, some in of_each for push in pushes(version, some, sending)]


def _windows(world: World) -> Iterable[PlannedWindow]:
    for name in world.terms.file.windows:
        made, _ = world.openings(name)
        for one in made:
            yield PlannedWindow(name, one.window.value.first_on, one.window.value.last_on)
        if not made:
            yield PlannedWindow(name, None, None)


def _questions(world: World, made: tuple[Occurrence, ...], expected: tuple[Happening, ...]) -> Iterable[Question]:
    """What to ask: required events first, then missing facts, then judgments, each once."""
    wanted = dict.fromkeys(name for one in made if one.missing and one.state in OPEN_STATES for name in one.missing)
    events, facts = world.terms.file.events, world.terms.file.facts
    for name, kind in events.items():
        if kind.required and not world.event(name).happenings:
            yield Question(name, f"On which day: {kind.says or name}?", kind.cite, True, "event")
    for name in _held_up_by(made):
        if name in events and not events[name].required and not world.event(name).happenings:
            what = events[name].says or words_of(name)
            yield Question(name, f"Did it happen, and on which day: {what}?", events[name].cite, False, "event")
    for happening in expected:
        if world.as_of is not None and world.as_of > happening.occurred_on:
            words = f"{events[happening.event].says or words_of(happening.event)}: expected on {happening.occurred_on}."
            yield Question(
                happening.event,
                f"{words} Did it happen, and on which day?",
                events[happening.event].cite,
                False,
                "event",
            )
    for name in wanted:
        if name in facts:
            yield Question(name, facts[name].ask or f"What is {name}?", facts[name].cite, False, "fact")
        elif name not in events:
            yield _judgment(world, name)
    yield from _stray_answers(world, made)


def _held_up_by(made: tuple[Occurrence, ...]) -> Iterable[str]:
    """What everything waits for that has its day already, such as a signature: unrecorded, it stops pay in silence."""
    dated = (one for one in made if one.state is State.WAITING and one.acts_on is not None)
    return dict.fromkeys(name for one in dated for name in one.waiting_for)


def _unconfirmed(world: World) -> Iterable[Happening]:
    """What a person plans or a clause fixes a day for and nobody has reported: the first of each event."""
    for name in world.terms.file.events:
        happenings = world.event(name).happenings
        if not happenings:
            continue
        expected = [one for one in happenings if one.origin == "expected" and one.event == name]
        # What follows at once from another expectation is confirmed with that one.
        first = next((one for one in expected if _has_a_day(world, one)), None)
        if first is not None:
            yield first


def _has_a_day(world: World, one: Happening) -> bool:
    return one.noticed_on is not None or any(
        report.expected and report.event == one.event and report.id in one.reports for report in world.reports
    )


def _judgment(world: World, name: str) -> Question:
    event, _, field = name.partition(".")
    kind = world.terms.file.events.get(event)
    cite = kind.cite if kind else ""
    if not field:
        return Question(name, f"A person must say: {name}", cite, False, "judgment")
    if field == "received_on":
        return Question(name, f"On which day was it received: {kind.says if kind else event}?", cite, False, "fact")
    said = kind.says if kind and kind.says else words_of(event)
    wanted = kind.fields.get(field) if kind else None
    options = " or ".join(wanted.options) if wanted is not None else ""
    if not options and (wanted is None or wanted.type == "yes_or_no"):
        options = "yes or no"
    return Question(name, f"{said}: {words_of(field)}{f', {options}' if options else ''}?", cite, False, "judgment")


def _stray_answers(world: World, made: tuple[Occurrence, ...]) -> Iterable[Question]:
    """Answers that name something the plan does not have; they lost their basis and go to a person."""
    answers = [report for report in world.reports if report.event in ANSWERS and not report.expected]
    if not answers and not world.answered:
        return
    known = {str(one.id): one for one in made} if answers else {}
    strays = [report for report in answers if not _is_taken(known.get(report.answers), report)]
    told_apart = _told_apart(world, made) if strays else frozenset()
    strays = [report for report in strays if report.id not in told_apart]
    named = {
        report_id
        for clause_id, clause in world.terms.clauses.items()
        if clause.closed_by is not None
        for answer in world.closings(clause_id, clause).stray
        if answer.answers
        for report_id in answer.reports
    }
    for report in (*strays, *(report for report in world.reports if report.id in named)):
        answered = f"{words_of(report.event)} of {report.occurred_on} answers {report.answers or 'nothing'}"
        words = f"{answered}, which is not open: what does it close?"
        yield Question(f"answer:{report.id}", words, "", False, "judgment")


def _is_taken(one: Occurrence | None, report: Report) -> bool:
    """Whether an answer counts for the occurrence it names, or at least waits there for a person."""
    if one is None:
        return False
    return one.state is State.NEEDS_PERSON or any(step.ref == report.id for _, step in one.derivation.walk())


def _told_apart(world: World, made: tuple[Occurrence, ...]) -> frozenset[str]:
    """The reports of which a person is asked already, or was, since they were meant for a clause of another shape."""
    return frozenset(report for one in made for other in _of_another_shape(world, one) for report in other.reports)


def _of_another_shape(world: World, one: Occurrence) -> tuple[Happening, ...]:
    version = version_of(world, one)
    if not version.chosen.family(one.clause):
        return ()
    clause_id, instance = version.ruling(one.clause, one.instance)
    return in_another(version, clause_id, instance) if instance is not None else ()


def _dormant(world: World) -> Iterable[tuple[str, tuple[str, ...]]]:
    for clause_id, clause in world.terms.clauses.items():
        if clause.when is None or world.slot_of(clause_id, clause):
            continue
        if world.amendment is not None and clause_id in world.amendment.ended:
            continue
        instances, more = world.instances(clause_id, clause)
        if not instances and more.waiting:
            yield clause_id, more.waiting


def _replan_at(
    world: World, made: tuple[Occurrence, ...], held: tuple[Power, ...], expected: tuple[Happening, ...]
) -> datetime | None:
    """The start of the next day that changes a state by itself: a due day, the day after it, a window's end."""
    if world.as_of is None:
        return None
    day = timedelta(days=1)
    as_of, scheduled, due = world.as_of, State.SCHEDULED, State.DUE
    # Of what is over by the day it is, neither its day nor the one after is to come.
    open_ones = (one for one in made if one.state is scheduled or one.state is due)
    coming = {on for one in open_ones if (on := one.adjusted_on) is not None and on >= as_of}
    days = [on for first in coming for on in (first, first + day)]
    days += [power.arises_on for power in held if power.state is PowerState.WAITING and power.arises_on]
    days += [power.expires_on + day for power in held if power.state is PowerState.ARISEN and power.expires_on]
    for version in world.versions:
        for name in {**version.terms.file.windows, **version.terms.file.states}:
            ends = [one.window.value.last_on for one in version.openings(name)[0]]
            days += [last_on + day for last_on in ends if last_on is not None]
    days += [one.occurred_on + day for one in expected]
    if any(one.state in OPEN_STATES and (one.of is None or _reminds_on(world, one)) for one in made):
        days.append(as_of + EXTEND_EVERY)
    for version in world.versions:
        days += [*version.turns, *([version.amendment.since] if version.amendment is not None else [])]
    later = min((one for one in days if one > as_of), default=None)
    return instant(later, time(0), world.zone) if later is not None else None


def _reminds_on(world: World, one: Occurrence) -> bool:
    """Whether it is reminded of until done, which no horizon may end."""
    reminders = world.terms.clauses[world.ruling(one.clause, one.instance)[0]].remind.values()
    return any(moment.side == "every" for moments in reminders for moment in moments)


def _check_reports(terms: Terms, reports: tuple[Report, ...]) -> None:
    kinds = terms.event_kinds()
    stated: dict[tuple[str, date, str], Value] = {}
    for report in reports:
        if report.event in ANSWERS:
            refuse_wrong(terms, report)
            continue
        kind = kinds.get(report.event)
        if kind is None:
            raise PlanningError(f'the terms know no event "{report.event}".{did_you_mean(report.event, kinds)}')
        for name, text in report.fields.items():
            field = kind.fields.get(name)
            if field is None and name == AT:
                if not is_time(text):
                    raise PlanningError(f'{report.event}.at is a local time such as 14:30; not "{text}"')
                continue
            if field is None:
                raise PlanningError(f'event {report.event} has no field "{name}".{did_you_mean(name, kind.fields)}')
            if field.options and text not in field.options:
                raise PlanningError(f'{report.event}.{name} is one of {", ".join(field.options)}; not "{text}"')
            try:
                typed(text, field.type, terms.currency)
            except NotAValue as error:
                raise PlanningError(f"{report.event}.{name}: {error}") from None
        if report.event in terms.file.facts and "value" not in report.fields:
            raise PlanningError(f"{report.event} needs its value: add value=...")
        if report.event in terms.file.facts and not report.expected:
            value = typed(report.fields["value"], terms.file.facts[report.event].type, terms.currency)
            other = stated.setdefault((report.event, report.occurred_on, report.answers), value)
            if other != value:
                both = " and ".join(sorted((shown(other), shown(value))))
                words = f"{words_of(report.event)} is stated twice for {report.occurred_on}: {both}"
                raise PlanningError(f"{words}; withdraw the one that is wrong")
