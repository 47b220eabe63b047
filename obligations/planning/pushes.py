"""From occurrences to pushes: which reminder goes to whom and which instruction to what, and at what instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import count
from typing import Any

from obligations.domain.delivery import Push, PushKind
from obligations.domain.identity import push_key
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.planning.values import Happening
from obligations.planning.world import World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause, Send
from obligations.terms.model import Person
from schedules.spans import PLAIN, Counting, Span, reached

MOST_REPEATS = 120
REMINDED = frozenset({State.SCHEDULED, State.DUE, State.MISSED, State.WAITING, State.NEEDS_PERSON, State.PARTLY})
ACTED = frozenset({State.SCHEDULED, State.DUE, State.MISSED, State.DONE})


@dataclass(frozen=True, slots=True)
class Sending:
    """How a house sends: by which connector it reminds, and at which local hours it reminds and acts."""

    reminders: str = "slack"
    actions: str = "http"
    remind_at: time = time(9)
    act_at: time = time(9)


def pushes(world: World, occurrences: tuple[Occurrence, ...], sending: Sending) -> Iterator[Push]:
    """Every push of the plan by occurrence. Reminders count from the earliest day any reading gives, where known."""
    for occurrence in occurrences:
        clause_id, instance = world.ruling(occurrence.clause, occurrence.instance)
        clause = world.terms.clauses[clause_id]
        if clause.remind and occurrence.state in REMINDED:
            trigger = instance.trigger if instance is not None else None
            yield from _reminders(world, occurrence, _calls(world, clause_id, clause), trigger, sending)
        if occurrence.state in ACTED and not _done_by_person(world, occurrence):
            yield from _actions(world, occurrence, clause, sending)


def _done_by_person(world: World, occurrence: Occurrence) -> bool:
    """Whether somebody reported it done, by `done` or by the event that closes its clause: what was paid by hand is not
    paid again. What closes by itself when its day comes still acts."""
    if occurrence.state is not State.DONE:
        return False
    if world.answered and str(occurrence.id) in world.answered:
        return True
    clause_id, instance = world.ruling(occurrence.clause, occurrence.instance)
    clause = world.terms.clauses[clause_id]
    named = instance.id if instance is not None else occurrence.instance
    return clause.closed_by is not None and named in world.closings(clause_id, clause).closed


# --- reminders ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """One line of a clause's reminders: who is reminded, where each of them is reached, when, and under what name."""

    role: str
    addresses: tuple[Mapping[str, str], ...]
    offset: e.Offset
    name: str


def _calls(world: World, clause_id: str, clause: Clause) -> tuple[Call, ...]:
    """The reminders of a clause: the same for all of its occurrences, in every plan of the terms."""
    kept: dict[str, tuple[Call, ...]] = world.terms.kept.setdefault("calls", {})
    if clause_id not in kept:
        kept[clause_id] = tuple(_called(world, clause))
    return kept[clause_id]


def _called(world: World, clause: Clause) -> Iterator[Call]:
    for role, moments in clause.remind.items():
        addresses = tuple(_address(person) for person in world.terms.people.get(role, ()) or (None,))
        for moment in dict.fromkeys(moments):
            offset, _ = world.pick(moment)
            yield Call(role, addresses, offset, f"remind.{role}.{_offset_name(offset)}")


def _reminders(
    world: World, occurrence: Occurrence, calls: tuple[Call, ...], trigger: Happening | None, sending: Sending
) -> Iterator[Push]:
    notice: Callable[[date], dict[str, Any]] | None = None
    for call in calls:
        for ordinal, day in _days(world, occurrence, call.offset, trigger):
            notice = notice or _notice(occurrence)
            name = f"{call.name}.{ordinal}" if ordinal else call.name
            send_at = world.instant(day, sending.remind_at)
            for number, address in enumerate(call.addresses):
                yield _push(
                    world,
                    occurrence,
                    name if number == 0 else f"{name}.{number + 1}",
                    PushKind.REMINDER,
                    sending.reminders,
                    call.role,
                    send_at,
                    notice(day),
                    address,
                )


def _days(
    world: World, occurrence: Occurrence, offset: e.Offset, trigger: Happening | None
) -> Iterable[tuple[int, date]]:
    """The days of one reminder: one, or a row of them for `every`, numbered from 1."""
    point = _point(occurrence, offset, trigger)
    if point is None:
        return ()
    if offset.span is None or offset.side == "on":
        return ((0, point),)
    if offset.side == "every":
        return _row(world, point, offset.span)
    return ((0, reached(offset.span, point, _plain(world, offset.span), back=offset.side == "before")),)


def _row(world: World, point: date, every: Span) -> Iterator[tuple[int, date]]:
    """The repeats from the last one before the day it is, up to the horizon. Numbers count from the point, so that a
    repeat keeps its number, and its key, whenever the plan is made."""
    horizon, counting = world.horizon(), _plain(world, every)
    waiting: tuple[int, date] | None = None
    made = 0
    for ordinal in count(1):
        day = reached(Span(every.count * ordinal, every.unit), point, counting)
        if made == MOST_REPEATS or (horizon is not None and day > horizon):
            break
        if world.as_of is not None and day < world.as_of:
            waiting = (ordinal, day)
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        yield ordinal, day
        made += 1
    if waiting is not None:
        yield waiting


def _point(occurrence: Occurrence, offset: e.Offset, trigger: Happening | None) -> date | None:
    """The day a reminder counts from. Warnings count from the earliest day any reading gives, alarms from the day."""
    match offset.point:
        case "due":
            earliest = occurrence.bounds.earliest_on if occurrence.bounds is not None else None
            days = (occurrence.acts_on, None if offset.side == "after" else earliest)
            return min((day for day in days if day is not None), default=None)
        case "start":
            return occurrence.from_on
        case "end":
            return occurrence.to_on
        case _:
            return trigger.occurred_on if trigger is not None else None


def _trigger_day(world: World, occurrence: Occurrence) -> date | None:
    instance = world.ruling(occurrence.clause, occurrence.instance)[1]
    return instance.trigger.occurred_on if instance is not None and instance.trigger is not None else None


def _plain(world: World, span: Span) -> Counting:
    """How the days of reminders and instructions count: our own plainly, whatever the contract's do."""
    by_calendar = world.chosen.counting_for(span)[1]
    return Counting(calendar=world.business_calendar()) if by_calendar else PLAIN


def _offset_name(offset: e.Offset) -> str:
    if offset.side == "on" or offset.span is None:
        return f"on-{offset.point}"
    unit = offset.span.unit.value.replace(" ", "-")
    where = "" if offset.point == "due" else f"-{offset.point}"
    return f"{offset.span.count}-{unit}-{offset.side}{where}"


def _notice(occurrence: Occurrence) -> Callable[[date], dict[str, Any]]:
    """What a reminder says, by its day; no amounts, since it may be read by more people than the reader meant.

    How far the due day is away stands apart in `left`: true on the reminder's own day, and left out when it goes late.
    """
    due = occurrence.adjusted_on or occurrence.soft_on
    if due is None:
        when, label = "no date stated", "When"
    else:
        label = "Due" if occurrence.due_on else "Suggested"
        when = f"{due:%a} {due.isoformat()}"
    owed = occurrence.debtor + (f" owes {occurrence.creditor}" if occurrence.creditor else "")
    facts = [[label, when], ["Clause", occurrence.cite], ["Who", owed]]
    if occurrence.of and occurrence.of > 1:
        facts.append(["Part", f"{occurrence.index} of {occurrence.of}"])
    if occurrence.waiting_for or occurrence.missing:
        facts.append(["Waits for", ", ".join((*occurrence.waiting_for, *occurrence.missing))])
    text = f"{occurrence.title} (clause {occurrence.cite}): {label.lower()} {when}"
    identity = str(occurrence.id)
    note = f"obligations why {occurrence.contract}/{occurrence.clause}/{occurrence.index}"

    def on(day: date) -> dict[str, Any]:
        return {
            "title": occurrence.title,
            "text": text,
            "left": "" if due is None else _distance((due - day).days),
            "meant_for": day.isoformat(),
            "facts": facts,
            "contract": occurrence.contract,
            "occurrence": identity,
            "note": note,
        }

    return on


def _distance(days: int) -> str:
    """How far a day lies ahead, or back: 'in 3 days', 'today', '1 day ago'."""
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'s' if abs(days) != 1 else ''}"
    return f"in {count}" if days > 0 else f"{count} ago"


def _address(person: Person | None) -> dict[str, str]:
    if person is None:
        return {}
    if person.slack:
        return {"name": person.name, "channel": person.slack}
    return {"name": person.name, "email": person.email} if person.email else {"name": person.name}


# --- actions --------------------------------------------------------------------------------------------------------


def _actions(world: World, occurrence: Occurrence, clause: Clause, sending: Sending) -> Iterator[Push]:
    for send in clause.do:
        day = _action_day(world, occurrence, send)
        if day is None:
            continue
        send_at = world.instant(day, sending.act_at)
        yield _push(
            world,
            occurrence,
            f"act.{send.send}.{send.kind}",
            PushKind.ACTION,
            sending.actions,
            send.send,
            send_at,
            _instruction(world, occurrence, send),
            {},
            tuple(send.approve),
        )


def _action_day(world: World, occurrence: Occurrence, send: Send) -> date | None:
    """The day an instruction goes: its lead before the point, but never before what set it off."""
    trigger = _trigger_day(world, occurrence)
    point = trigger if send.at == "trigger" else occurrence.from_on if send.at == "start" else occurrence.acts_on
    if point is None:
        return None
    day = reached(send.lead, point, _plain(world, send.lead), back=True) if send.lead is not None else point
    return max(day, trigger) if trigger is not None else day


def _instruction(world: World, occurrence: Occurrence, send: Send) -> dict[str, Any]:
    """The content of an action: absolute state with its basis, so that a receiver needs nothing else."""
    employee = world.terms.people.get("employee", ())
    amount = occurrence.amount
    content: dict[str, Any] = {
        "kind": send.kind,
        "mode": "add",
        "status": "instruct",
        "supersedes": None,
        "contract": occurrence.contract,
        "employee": {
            "name": employee[0].name if employee else world.terms.file.parties.get("employee", "the employee")
        },
        "amount": {"value": str(amount.value), "currency": amount.currency} if amount else None,
        "units": {"value": str(occurrence.units), "unit": occurrence.unit} if occurrence.units is not None else None,
        "timing": {
            "pay_on": _iso(occurrence.adjusted_on),
            "due_by": _iso(occurrence.due_on),
            "period": {"start": _iso(occurrence.from_on), "end": _iso(occurrence.to_on)},
        },
        "position": {"index": occurrence.index, "of": occurrence.of},
        "basis": {
            "clause": occurrence.cite,
            "obligation": occurrence.clause,
            "occurrence": str(occurrence.id),
            "says": occurrence.title,
        },
    }
    gross = world.terms.clauses[occurrence.clause].before_withholding
    return content if gross is None else {**content, "before_withholding": gross}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _push(
    world: World,
    occurrence: Occurrence,
    name: str,
    kind: PushKind,
    connector: str,
    destination: str,
    send_at: datetime,
    payload: Mapping[str, Any],
    address: Mapping[str, str],
    approvals: tuple[str, ...] = (),
) -> Push:
    tenant = world.terms.tenant
    key = push_key(tenant, occurrence.contract, occurrence.clause, occurrence.instance, occurrence.position, name)
    return Push(
        key=key,
        occurrence_id=occurrence.id,
        contract=occurrence.contract,
        clause=occurrence.clause,
        index=occurrence.index,
        name=name,
        kind=kind,
        connector=connector,
        destination=destination,
        send_at=send_at,
        payload=payload,
        address=address,
        approvals=approvals,
        money=kind is PushKind.ACTION and occurrence.kind is Kind.PAYMENT,
    )
