"""The world a contract is planned in: its terms, what happened, the day it is, and the calendars it counts by.

`World` answers what an expression comes to. Answers are remembered, so that each name is worked out once; names cannot
circle, because `check` refuses terms in which they would. Each kind of answer is a story of its own: `happenings`
(where happenings come from), `selection` (which of them a phrase means), `instances` (what a clause makes of them and
what closes it), `days` (windows and days), `paydays` (payroll calendars), `figures` (facts), `quantities` (amounts) and
`conditions`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence
from obligations.planning import (
    answers,
    conditions,
    days,
    figures,
    happenings,
    instances,
    openings,
    paydays,
    quantities,
    replacing,
    rounds,
    selection,
    versions,
)
from obligations.planning.answers import DONE
from obligations.planning.chosen import Chosen
from obligations.planning.instances import Closings
from obligations.planning.openings import Opening, Openings
from obligations.planning.paydays import Payroll
from obligations.planning.quantities import Quantity
from obligations.planning.values import NOWHERE, Found, Happening, Instance, NotYet, PlanningError
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from obligations.terms.declared import EventKind
from obligations.terms.errors import did_you_mean
from obligations.terms.terms import Amendment, Terms
from obligations.terms.values import Value
from schedules.calendars import BusinessCalendar
from schedules.derivation import Derivation, Reasoned
from schedules.periods import Period
from schedules.spans import Counting, Span, add_months
from schedules.windows import Window

if TYPE_CHECKING:
    from obligations.planning.takers import Settled


@dataclass
class World:
    """One contract, its events and a day to judge by; see `plan` for the arguments.

    `suppose` answers the yes-or-no facts that nobody has stated, where somebody asks how far a date may reach. `latest`
    is the world under the latest amendment, for one under the terms as they were before it.
    """

    terms: Terms
    reports: tuple[Report, ...]
    as_of: date | None
    calendars: Mapping[str, BusinessCalendar]
    zones: Mapping[str, tzinfo]
    suppose: Callable[[str], bool] | None = None
    latest: World | None = None
    _events: dict[str, Found] = field(default_factory=dict)
    _openings: dict[str, Openings] = field(default_factory=dict)
    _instances: dict[str, tuple[tuple[Instance, ...], NotYet]] = field(default_factory=dict)
    _by_id: dict[str, dict[str, Instance]] = field(default_factory=dict)
    _closings: dict[str, Closings] = field(default_factory=dict)
    _places: dict[str, Mapping[tuple[str, str], replacing.Place]] = field(default_factory=dict)
    _facts: dict[tuple[str, int], Reasoned[Value] | NotYet] = field(default_factory=dict)
    _figures: dict[tuple[e.AmountNamed, int], Reasoned[Value] | NotYet] = field(default_factory=dict)
    _countings: dict[Span, Counting] = field(default_factory=dict)
    _calendar: BusinessCalendar | None = None
    _payrolls: dict[str, Payroll | NotYet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stated = self.terms.amendment.stated if self.terms.amendment is not None and self.latest is None else ()
        if stated and not {one.id for one in stated} <= {one.id for one in self.reports}:
            self.reports = in_day_order((*self.reports, *stated))
        # The occurrences that were planned by this version of the terms.
        self.planned: set[UUID] = set()
        self.chosen = Chosen.of(self.terms)
        self.kinds: Mapping[str, EventKind] = self.chosen.kinds
        # The branch of a choice under the readings in use, and the readings that led to it.
        self.pick: Callable[[Any], tuple[Any, tuple[Derivation, ...]]] = self.chosen.pick
        facts = self.terms.file.facts
        # A raise agreed for next year is a fact of that day, and says nothing of what happens until then.
        happened = [one.occurred_on for one in self.reports if not one.expected and one.event not in facts]
        self.last_event_on = max(happened, default=None)
        self._news = sorted({report.occurred_on for report in self.reports})
        self.known_through = max((day for day in (self.as_of, self.last_event_on) if day is not None), default=None)
        # Later days on which the clock alone may bring something about that no due day and no window tells of.
        self.turns: set[date] = set()
        # Periods by their first day and rhythms, as far as somebody asked, and those that follow.
        self.divided: dict[tuple[date, object], tuple[list[Period], Iterator[Period]]] = {}
        # The instances that events set off, whichever the clause.
        self.set_off: dict[str, tuple[tuple[Instance, ...], NotYet]] = {}
        # The ends that openings of windows are only expected to have.
        self.expected_ends: dict[str, tuple[date, NotYet] | None] = {}
        # The grants and what became of them, by clause and instance.
        self.grants: dict[tuple[str, str], Settled] = {}
        # The occurrences of clauses about which nothing was reported, as they are in every plan of the terms.
        self.waiting: Mapping[str, tuple[Occurrence, ...]] = {}
        self.answered = frozenset(report.answers for report in self.reports if report.answers)
        self.answers = answers.by_occurrence(self.terms, self.reports)
        # What was reported while a clause of another shape ruled, by the clause that rules and its instance.
        self.in_another_shape: dict[tuple[str, str], tuple[Happening, ...]] = {}

    # --- versions of the terms ----------------------------------------------------------------------------------------

    @property
    def amendment(self) -> Amendment | None:
        """What made these terms of the ones before."""
        return self.terms.amendment

    @property
    def versions(self) -> tuple[World, ...]:
        """The same world under each version of the terms, as first agreed to as last amended."""
        if self.latest is not None:
            return self.latest.versions
        # A world that kept itself would be left to the garbage collector.
        return (self,) if self.amendment is None else self._versions

    @cached_property
    def _versions(self) -> tuple[World, ...]:
        earlier = (replace(one, people=self.terms.people) for one in self.terms.versions[:-1])
        given = (self.reports, self.as_of, self.calendars, self.zones, self.suppose)
        return (*(World(one, *given, latest=self) for one in earlier), self)

    def home(self, clause_id: str, instance: Instance) -> World:
        """The version that governs an instance of a clause; this one where none does any more."""
        if self.latest is None and self.amendment is None:
            return self
        return versions.governing(self, clause_id, instance) or self

    def governs(self, clause_id: str, instance: Instance) -> bool:
        """Whether this version of the terms governs an instance of a clause."""
        if self.latest is None and self.amendment is None:
            return True
        if versions.governing(self, clause_id, instance) is not self:
            return False
        return not versions.filled_before(self, clause_id, instance)

    def judges(self, clause_id: str, instance: Instance) -> bool:
        """Whether it is by this version of the terms that an instance of a clause is fulfilled or missed."""
        if self.latest is None and self.amendment is None:
            return True
        return versions.judging(self, clause_id, instance) is self

    # --- counting policies ------------------------------------------------------------------------------------------

    def governing(self, slot: str, default: str) -> str:
        """The policy in use for something the whole file counts by: event_day, month_end, zone, calendar."""
        return self.chosen.governing(slot, default)

    def because(self, policy: str) -> tuple[Derivation, ...]:
        """The reading that governs a policy, as a step of an explanation; nothing where none does."""
        return tuple(step for _, step in self.chosen.because(policy))

    @cached_property
    def zone(self) -> tzinfo:
        """The zone in which the contract's days end."""
        name = self.governing("zone", "UTC")
        try:
            return self.zones[name]
        except (KeyError, ValueError):
            words = f'there is no time zone "{name}".{did_you_mean(name, self.zones)}'
            raise PlanningError(words) from None

    def business_calendar(self) -> BusinessCalendar:
        """The calendar by which business days count; raises `PlanningError` where the terms' calendar is not here."""
        if self._calendar is None:
            chosen = self.because("calendar")
            self._calendar = replace(self._named_calendar(), chosen=chosen[0] if chosen else None)
        return self._calendar

    def _named_calendar(self) -> BusinessCalendar:
        name = self.governing("calendar", "")
        try:
            return self.calendars[name]
        except KeyError:
            words = f'business days need the calendar "{name}", which is not here.{did_you_mean(name, self.calendars)}'
            raise PlanningError(words) from None

    def counting_for(self, span: Span) -> Counting:
        """Counting for a span, asking only for what it needs: month ends for months, a calendar for business days."""
        counting, by_calendar = self.chosen.counting_for(span)
        if not by_calendar:
            return counting
        if span not in self._countings:
            self._countings[span] = replace(counting, calendar=self.business_calendar())
        return self._countings[span]

    def horizon(self) -> date | None:
        """How far open series are unrolled: a year past the last event or the day it is, whichever is later."""
        return add_months(self.known_through, 12) if self.known_through else None

    # --- what happened ----------------------------------------------------------------------------------------------

    @cached_property
    def _reported(self) -> Mapping[str, list[Report]]:
        found: dict[str, list[Report]] = {}
        for report in self.reports:
            found.setdefault(report.event, []).append(report)
        return found

    def reports_of(self, name: str) -> Sequence[Report]:
        """What was reported of an event or a fact, in day order."""
        return self._reported.get(name, ())

    def known(
        self,
        events: Mapping[str, Found],
        openings: Mapping[str, Openings],
        instances: Mapping[str, tuple[tuple[Instance, ...], NotYet]],
        waiting: Mapping[str, tuple[Occurrence, ...]],
    ) -> None:
        """Take over answers that were worked out before; see `quiet`."""
        self._events.update(events)
        self._openings.update(openings)
        self._instances.update(instances)
        self.waiting = waiting

    def event(self, name: str) -> Found:
        """Every happening of a named event, fact, date parameter or definition."""
        if name not in self._events:
            together = self.terms.file.rounds.get(name)
            if together is None:
                self._events[name] = happenings.named(self, name)
            else:
                for version, found in zip(self.versions, rounds.settled(self, together), strict=True):
                    version._events |= found
        return self._events[name]

    def supposing(self, known: Sequence[Mapping[str, Found]]) -> tuple[World, ...]:
        """The same world under each version of the terms, in which these events are what somebody supposes, and what
        follows is worked out anew."""
        *earlier, latest = (one._supposing(found) for one, found in zip(self.versions, known, strict=True))
        for one in earlier:
            one.latest = latest
        if earlier:
            latest.__dict__["_versions"] = (*earlier, latest)
        return (*earlier, latest)

    def _supposing(self, known: Mapping[str, Found]) -> World:
        return replace(
            self,
            _events={**self._events, **known},
            _openings=dict(self._openings),
            _instances=dict(self._instances),
            _by_id=dict(self._by_id),
            _closings=dict(self._closings),
            _places=dict(self._places),
            _facts=dict(self._facts),
            _figures=dict(self._figures),
            _payrolls=dict(self._payrolls),
        )

    def find(self, expression: Any, *, slot: str = "") -> Found:
        """The happenings an event expression selects; `slot` names the identity of a `first`."""
        return selection.find(self, expression, slot)

    def find_from(self, expression: Any, here: Instance) -> Found:
        """The same asked from an instance: in a window that it opened itself, only that opening counts."""
        return selection.find_from(self, expression, here)

    def instances(self, clause_id: str, clause: Clause) -> tuple[tuple[Instance, ...], NotYet]:
        """One instance for each happening of the clause's trigger, in day order, and why there may be more."""
        if clause_id not in self._instances:
            made, more = instances.instances(self, clause_id, clause)
            self._instances[clause_id] = versions.told_apart(self, clause_id, made), more
        return self._instances[clause_id]

    def instance(self, clause_id: str, instance_id: str) -> Instance | None:
        """The clause's instance of that id, or None while nothing has made it."""
        if clause_id not in self._by_id:
            made, _ = self.instances(clause_id, self.terms.clauses[clause_id])
            self._by_id[clause_id] = {one.id: one for one in reversed(made)}
        return self._by_id[clause_id].get(instance_id)

    def place(self, clause_id: str, instance: Instance) -> replacing.Place | None:
        """Where an instance stands among clauses that replace one another; None where there are none."""
        root = self.chosen.replaceable.get(clause_id)
        if root is None:
            return None
        if root not in self._places:
            self._places[root] = replacing.places(self, root, self.chosen.family(root))
        return self._places[root].get((clause_id, instance.id))

    def known_as(self, clause_id: str, instance: Instance) -> tuple[str, str]:
        """The clause and the instance whose identity it has: those it replaces, where it does."""
        place = self.place(clause_id, instance)
        if place is not None:
            return place.known_as
        return self.chosen.replaceable.get(clause_id, clause_id), instance.id

    def ruling(self, clause_id: str, instance_id: str) -> tuple[str, Instance | None]:
        """The clause that made an occurrence known by that clause and instance, and its own instance."""
        if self.chosen.family(clause_id):
            self.place(clause_id, NOWHERE)
            for place in self._places[clause_id].values():
                if place.known_as == (clause_id, instance_id):
                    return place.ruled_by
        return clause_id, self.instance(clause_id, instance_id)

    def slot(self, expression: Any) -> str:
        """The slot an event expression fills, or nothing where each happening makes an instance of its own."""
        return instances.slot(self, expression)

    def slot_of(self, clause_id: str, clause: Clause) -> str:
        """The slot that the trigger of a clause fills: the same in every plan of the terms."""
        slots = self.chosen.kept.setdefault("slots", {})
        if clause_id not in slots:
            slots[clause_id] = instances.slot(self, clause.when)
        slot: str = slots[clause_id]
        return slot

    def closings(self, clause_id: str, clause: Clause) -> Closings:
        """Which answer closed which instance, and where a person must say which answer belongs to which."""
        if clause.closed_by is None:
            return instances.CLOSES_NOTHING
        if clause_id not in self._closings:
            self._closings[clause_id] = instances.closings(self, clause_id, clause)
        return self._closings[clause_id]

    def ending(self, clause: Clause, instance: Instance) -> Happening | None:
        """The first happening that ends the clause's running instance."""
        return instances.ending(self, clause, instance)

    # --- windows and days -------------------------------------------------------------------------------------------

    def openings(self, name: str) -> Openings:
        """Every time a named window or state is open, in day order, and why there is none or may be another."""
        if name not in self._openings:
            self._openings[name] = openings.openings(self, self.window_expression(name), name)
        return self._openings[name]

    def opening(self, name: str, here: Instance) -> Opening | NotYet:
        """The opening of a named window or state that an instance means, else the first."""
        return openings.chosen(self, name, here)

    def maintained(self, name: str, here: Instance) -> Reasoned[Window] | NotYet:
        """The days of a named window or state that something is kept up over; a term with all its renewals."""
        return openings.maintained(self, name, here)

    def intervals(self, name: str) -> tuple[Reasoned[Window], ...]:
        """The days of a named window or state as separate intervals in order; what overlaps or touches is one."""
        return openings.whole(self.openings(name)[0])

    def window_expression(self, name: str) -> Any:
        """What the file says of a window or state."""
        file = self.terms.file
        return file.windows[name] if name in file.windows else file.states[name]

    def span_of(self, expression: Any, here: Instance) -> Reasoned[Window] | NotYet:
        """The days of a window expression; a range without an end yet is open, not unknown."""
        return days.span_of(self, expression, here)

    def expected_end(self, expression: Any, here: Instance) -> tuple[date, NotYet] | None:
        """The last day a window is only expected to have, and what that waits for; None where its end is settled."""
        return days.expected_end(self, expression, here)

    def day(self, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
        """The day an expression comes to, seen from an instance."""
        return days.day(self, expression, here)

    # --- facts, figures, conditions ---------------------------------------------------------------------------------

    def fact(self, name: str, on: date | None, here: Instance = NOWHERE) -> Reasoned[Value] | NotYet:
        """The value of a parameter, or of a fact on a day (the latest known where the day is None), or for what set
        an instance off."""
        if self._is_asked_for_each(name):
            return figures.fact(self, name, on, here)
        key = name, self.epoch(on)
        if key not in self._facts:
            self._facts[key] = figures.fact(self, name, on)
        return self._facts[key]

    def figure(self, expression: Any, here: Instance, on: date | None) -> Reasoned[Value] | NotYet:
        """The figure an amount expression comes to on a day, rounded once: money, or a plain number."""
        named, steps = self.pick(expression)
        if steps or not isinstance(named, e.AmountNamed) or self._is_asked_for_each(named.name):
            return quantities.figure(self, expression, here, on)
        key = named, self.epoch(on)
        if key not in self._figures:
            self._figures[key] = quantities.figure(self, named, here, on)
        return self._figures[key]

    def _is_asked_for_each(self, name: str) -> bool:
        stated = self.terms.file.facts.get(name)
        return stated is not None and bool(stated.each)

    def epoch(self, day: date | None) -> int:
        """On how many of the days on which something was reported the day lies or comes after; -1 without a day.

        What is stated is the same on all days of one epoch: a salary is looked up once for all paydays between two
        raises.
        """
        return bisect_right(self._news, day) if day is not None else -1

    def epoch_ends(self, day: date) -> date:
        """The first day after its epoch; the last there is where nothing was reported for later."""
        epoch = self.epoch(day)
        return self._news[epoch] if epoch < len(self._news) else date.max

    def quantity(self, expression: Any, here: Instance, on: date | None) -> Reasoned[Quantity] | NotYet:
        """The same figure as an exact fraction, for arithmetic that goes on."""
        return quantities.quantity(self, expression, here, on)

    def condition(self, expression: Any, here: Instance, on: date | None = None) -> Reasoned[bool] | NotYet:
        """Whether a condition holds on a day, the trigger's where none is given, or why nobody can say yet."""
        return conditions.condition(self, expression, here, on)

    def payroll(self, name: str) -> Payroll | NotYet:
        """The payroll calendars of a fact or parameter over time, or that none is stated."""
        if name not in self._payrolls:
            self._payrolls[name] = paydays.payroll(self, name)
        return self._payrolls[name]


def in_day_order(reports: Iterable[Report]) -> tuple[Report, ...]:
    """Reports by day, then by name: never by when they arrived."""
    return tuple(sorted(reports, key=lambda report: (report.occurred_on, report.event, report.id)))


__all__ = ["DONE", "NOWHERE", "Instance", "PlanningError", "World"]
