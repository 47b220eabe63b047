"""What of a clause is sent, as its terms settle it: the same in all contracts on one definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from obligations.planning.world import World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause, Send
from obligations.terms.model import Person
from obligations.terms.terms import Terms
from schedules.spans import Span, Unit

# The day an occurrence is acted on; `due` is the earliest that any reading gives, so that no warning comes too late.
LATE = "late"
# A span of more days than the calendar has is left to whoever counts it, and says so.
MOST_DAYS = 3_660_000
AT_ONCE = Span(0, Unit.DAY)


@dataclass(frozen=True, slots=True)
class Away:
    """How far a day lies from its point; `apart` says it again where that is a number of days."""

    span: Span
    back: bool
    apart: timedelta | None

    @classmethod
    def by(cls, span: Span | None, *, back: bool) -> Away:
        """So far before or after the point, or on it."""
        days = _days(span or AT_ONCE)
        return cls(span or AT_ONCE, back, -days if back and days is not None else days)


@dataclass(frozen=True, slots=True)
class Call:
    """One line of a clause's reminders: who is reminded, what its day counts from, how far from there that is, or one
    repeat from the next, and under what name."""

    role: str
    point: str
    away: Away
    repeats: bool
    name: str


@dataclass(frozen=True, slots=True)
class Act:
    """One instruction of a clause: to which system, for what kind of thing, when, and after whose approval."""

    destination: str
    kind: str
    at: str
    away: Away
    approvals: tuple[str, ...]
    name: str


Outgoing = tuple[tuple[Call, ...], tuple[Act, ...]]
Reached = tuple[tuple[str, Mapping[str, str]], ...]


def outgoing(world: World, clause_id: str, clause: Clause) -> Outgoing:
    """The reminders and the instructions of a clause."""
    kept: dict[str, Outgoing] = world.chosen.kept.setdefault("outgoing", {})
    if clause_id not in kept:
        kept[clause_id] = tuple(_calls(world, clause)), tuple(map(_act, clause.do))
    return kept[clause_id]


def people(terms: Terms, role: str) -> Reached:
    """Where each person of a role is reached, and what is added to the name of a push for each further one."""
    kept: dict[str, Reached] = terms.kept.setdefault("people", {})
    if role not in kept:
        addresses = [_address(person) for person in terms.people.get(role, ()) or (None,)]
        kept[role] = tuple((f".{number}" if number > 1 else "", one) for number, one in enumerate(addresses, 1))
    return kept[role]


def _calls(world: World, clause: Clause) -> Iterator[Call]:
    for role, moments in clause.remind.items():
        for moment in dict.fromkeys(moments):
            offset, _ = world.pick(moment)
            yield _call(role, offset)


def _call(role: str, offset: e.Offset) -> Call:
    span = offset.span if offset.side != "on" else None
    repeats = offset.side == "every" and span is not None
    if repeats and span is not None and span.clear:
        span = Span(span.count, span.unit)
    # Warnings count from the earliest day any reading gives, alarms from the day.
    point = LATE if offset.point == "due" and offset.side == "after" else offset.point
    return Call(role, point, Away.by(span, back=offset.side == "before"), repeats, f"remind.{role}.{_said(offset)}")


def _act(send: Send) -> Act:
    away = Away.by(send.lead, back=True)
    return Act(send.send, send.kind, send.at, away, tuple(send.approve), f"act.{send.send}.{send.kind}")


def _days(span: Span) -> timedelta | None:
    """A span as a number of days; None for one that asks how long a month is, or which days are open."""
    if span.then is not None or span.unit not in (Unit.DAY, Unit.WEEK) or span.count > MOST_DAYS:
        return None
    return timedelta(span.count * (7 if span.unit is Unit.WEEK else 1) + span.clear)


def _said(offset: e.Offset) -> str:
    if offset.side == "on" or offset.span is None:
        return f"on-{offset.point}"
    unit = offset.span.unit.value.replace(" ", "-")
    where = "" if offset.point == "due" else f"-{offset.point}"
    return f"{offset.span.count}-{unit}-{offset.side}{where}"


def _address(person: Person | None) -> dict[str, str]:
    if person is None:
        return {}
    if person.slack:
        return {"name": person.name, "channel": person.slack}
    return {"name": person.name, "email": person.email} if person.email else {"name": person.name}
