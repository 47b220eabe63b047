"""From occurrences to pushes: which reminder goes to whom and which instruction to what, and at what instant.

What a push says, and the key it is known by, are written when somebody reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate, count, repeat
from operator import add

from obligations.domain.delivery import Push, PushKind, written_later
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.planning.outgoing import LATE, Act, Away, Call, Reached, outgoing, people
from obligations.planning.values import Instance
from obligations.planning.wording import Instructions, Notices
from obligations.planning.world import World
from obligations.terms.clause import Clause
from schedules.bounds import add_days
from schedules.instants import instants
from schedules.spans import PLAIN, Counting, Span, reached

MOST_REPEATS = 120
REMINDED = frozenset({State.SCHEDULED, State.DUE, State.MISSED, State.WAITING, State.NEEDS_PERSON, State.PARTLY})
ACTED = frozenset({State.SCHEDULED, State.DUE, State.MISSED, State.DONE})
# Looked up by an enumeration for each push, they would cost a tenth of it.
_NOBODY: Mapping[str, str] = {}
_REMINDER, _ACTION, _DONE, _PAYMENT = PushKind.REMINDER, PushKind.ACTION, State.DONE, Kind.PAYMENT


@dataclass(frozen=True, slots=True)
class Sending:
    """How a house sends: by which connector it reminds, and at which local hours it reminds and acts."""

    reminders: str = "slack"
    actions: str = "http"
    remind_at: time = time(9)
    act_at: time = time(9)


def pushes(world: World, occurrences: Iterable[Occurrence], sending: Sending) -> list[Push]:
    """Every push of the plan by occurrence. Reminders count from the earliest day any reading gives, where known."""
    sender = _Sender(world, sending)
    rulings = sender.rulings
    for one in occurrences:
        state = one.state
        reminded, acted = state in REMINDED, state in ACTED
        if reminded or acted:
            ruled = rulings.get((one.clause, one.instance)) or sender.ruling(one)
            if reminded and ruled.calls:
                sender.remind(one, ruled)
            if acted and ruled.acts and not (state is _DONE and sender.is_done_by_person(one, ruled)):
                sender.act(one, ruled)
    return sender.made


@dataclass(slots=True)
class _Ruled:
    """What is sent of the occurrences of one instance: by the clause that rules it, since the day that set it off."""

    clause_id: str
    clause: Clause
    instance: Instance | None
    trigger: date | None
    calls: list[tuple[Call, Reached]]
    acts: list[tuple[Act, Instructions]]


class _Sender:
    """The pushes of one plan under one version of its terms."""

    def __init__(self, world: World, sending: Sending) -> None:
        self._world, self._sending, self._notices = world, sending, Notices(world.terms.tenant)
        self.rulings: dict[tuple[str, str], _Ruled] = {}
        self.made: list[Push] = []

    @cached_property
    def _employee(self) -> str:
        terms = self._world.terms
        people = terms.people.get("employee", ())
        return people[0].name if people else terms.file.parties.get("employee", "the employee")

    @cached_property
    def _remind_at(self) -> Mapping[date, datetime]:
        return instants(self._sending.remind_at, self._world.zone)

    @cached_property
    def _act_at(self) -> Mapping[date, datetime]:
        return instants(self._sending.act_at, self._world.zone)

    def ruling(self, one: Occurrence) -> _Ruled:
        """What is sent of an occurrence, and of all others of its instance."""
        terms = self._world.terms
        clause_id, instance = self._world.ruling(one.clause, one.instance)
        clause = terms.clauses[clause_id]
        trigger = instance.trigger.occurred_on if instance is not None and instance.trigger is not None else None
        calls, acts = outgoing(self._world, clause_id, clause)
        gross = terms.clauses[one.clause].before_withholding
        worded = [(act, Instructions(terms.tenant, act.kind, self._employee, gross)) for act in acts]
        reached_by = [(call, people(terms, call.role)) for call in calls]
        made = self.rulings[one.clause, one.instance] = _Ruled(clause_id, clause, instance, trigger, reached_by, worded)
        return made

    def is_done_by_person(self, one: Occurrence, ruled: _Ruled) -> bool:
        """Whether somebody reported it done, by `done` or by the event that closes its clause: what was paid by hand is
        not paid again. What closes by itself when its day comes still acts."""
        if self._world.answered and str(one.id) in self._world.answered:
            return True
        named = ruled.instance.id if ruled.instance is not None else one.instance
        closed_by = ruled.clause.closed_by
        return closed_by is not None and named in self._world.closings(ruled.clause_id, ruled.clause).closed

    def remind(self, one: Occurrence, ruled: _Ruled) -> None:
        """Make the reminders of an occurrence."""
        day = first = one.acts_on
        if one.bounds is not None and (earliest := one.bounds.earliest_on) is not None:
            first = min(day, earliest) if day is not None else earliest
        points = {"due": first, LATE: day, "start": one.from_on, "end": one.to_on, "trigger": ruled.trigger}
        notices, moments, connector = self._notices, self._remind_at, self._sending.reminders
        identity, contract, clause, index, append = one.id, one.contract, one.clause, one.index, self.made.append
        for call, reached_by in ruled.calls:
            point = points[call.point]
            if point is None:
                continue
            role = call.role
            days = self._repeats(call, point) if call.repeats else ((call.name, self._from(point, call.away)),)
            for name, on in days:
                send_at = moments[on]
                for more, address in reached_by:
                    append(
                        written_later(
                            notices,
                            one,
                            on,
                            identity,
                            contract,
                            clause,
                            index,
                            name + more,
                            _REMINDER,
                            connector,
                            role,
                            send_at,
                            address,
                            (),
                            False,
                        )
                    )

    def _repeats(self, call: Call, point: date) -> Iterable[tuple[str, date]]:
        """The days of a reminder that repeats, by name, numbered from 1."""
        apart = call.away.apart
        row = self._row_of_days(point, apart) if apart else self._row(point, call.away.span)
        return [(f"{call.name}.{ordinal}", day) for ordinal, day in row]

    def _from(self, point: date, away: Away) -> date:
        """The day that lies so far from a point."""
        apart = away.apart
        if apart is None:
            return self._reached(away.span, point, back=away.back)
        try:
            return point + apart
        except OverflowError:
            return add_days(point, apart.days)  # says what leaves the calendar

    def _row_of_days(self, point: date, apart: timedelta) -> Iterable[tuple[int, date]]:
        """The same as `_row`, of repeats that are so many days apart."""
        world, step = self._world, apart.days
        gone = max((world.as_of - point).days - 1, 0) // step if world.as_of is not None else 0
        last, horizon = gone + MOST_REPEATS, self._horizon
        if horizon is not None:
            last = min(last, (horizon - point).days // step)
        first = max(gone, 1)
        if first > last:
            return ()
        add_days(point, step * last)  # says what leaves the calendar
        # One day after another is a fifth of what it costs to multiply out each of them.
        days = accumulate(repeat(apart, last - first), add, initial=point + apart * first)
        return zip(range(first, last + 1), days, strict=True)

    def _row(self, point: date, every: Span) -> Iterator[tuple[int, date]]:
        """The repeats from the last one before the day it is, up to the horizon. Numbers count from the point, so that
        a repeat keeps its number, and its key, whenever the plan is made."""
        as_of, horizon = self._world.as_of, self._horizon
        waiting: tuple[int, date] | None = None
        made = 0
        for ordinal in count(1):
            day = self._reached(Span(every.count * ordinal, every.unit), point)
            if made == MOST_REPEATS or (horizon is not None and day > horizon):
                break
            if as_of is not None and day < as_of:
                waiting = (ordinal, day)
                continue
            if waiting is not None:
                yield waiting
                waiting = None
            yield ordinal, day
            made += 1
        if waiting is not None:
            yield waiting

    @cached_property
    def _horizon(self) -> date | None:
        return self._world.horizon()

    def _reached(self, span: Span, point: date, *, back: bool = False) -> date:
        """The day a span away, counted plainly, whatever the contract's own days do."""
        return reached(span, point, self._by_calendar if span.counts_business_days() else PLAIN, back=back)

    @cached_property
    def _by_calendar(self) -> Counting:
        return Counting(calendar=self._world.business_calendar())

    def act(self, one: Occurrence, ruled: _Ruled) -> None:
        """Make the actions of an occurrence, each its lead before its point, but never before what set it off."""
        trigger = ruled.trigger
        for act, instructions in ruled.acts:
            point = trigger if act.at == "trigger" else one.from_on if act.at == "start" else one.acts_on
            if point is None:
                continue
            day = self._from(point, act.away)
            if trigger is not None and trigger > day:
                day = trigger
            self.made.append(
                written_later(
                    instructions,
                    one,
                    day,
                    one.id,
                    one.contract,
                    one.clause,
                    one.index,
                    act.name,
                    _ACTION,
                    self._sending.actions,
                    act.destination,
                    self._act_at[day],
                    _NOBODY,
                    act.approvals,
                    one.kind is _PAYMENT,
                )
            )
