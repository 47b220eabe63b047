"""The world a contract is planned in: its terms, what happened, the day it is, and the calendars it counts by.

`World` answers what an expression comes to. Answers are remembered, so that each name is worked out once; names cannot
circle, because `check` refuses terms in which they would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta, tzinfo
from fractions import Fraction
from typing import Any

from obligations.domain.event import Report
from obligations.domain.money import Money, digits_of
from obligations.planning.values import Found, Happening, NotYet, united
from obligations.terms import expressions as e
from obligations.terms.loader import Terms
from obligations.terms.model import Clause, EventKind, Happens
from obligations.terms.values import NotAValue, PayrollCalendar, Value, typed
from schedules.calendars import BusinessCalendar
from schedules.derivation import Derivation, Reasoned
from schedules.spans import Counting, EventDay, MonthEnd, Span, add_months, after, before
from schedules.windows import Window, beginning_on, between, following

DONE = "done"


class PlanningError(ValueError):
    """The events contradict the terms; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One time a clause was set off: its trigger, and the names by which phrases call it."""

    id: str
    trigger: Happening | None = None
    names: frozenset[str] = frozenset()


NOWHERE = Instance("contract")


@dataclass
class World:
    """One contract, its events and a day to judge by; see `plan` for the arguments."""

    terms: Terms
    reports: tuple[Report, ...]
    as_of: date | None
    calendars: Mapping[str, BusinessCalendar]
    zones: Mapping[str, tzinfo]
    _events: dict[str, Found] = field(default_factory=dict)
    _windows: dict[str, Reasoned[Window] | NotYet] = field(default_factory=dict)
    _kinds: Mapping[str, EventKind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._kinds = self.terms.event_kinds()
        days = [report.occurred_on for report in self.reports if not report.expected]
        self.last_event_on = max(days, default=None)
        self.known_through = self.as_of or self.last_event_on
        self.counting = self._counting()
        self.zone = self.zones[self._governing("zone", "UTC")]

    # --- counting policies ------------------------------------------------------------------------------------------

    def _governing(self, slot: str, default: str) -> str:
        for name, reading in self.terms.file.readings.items():
            if reading.governs == slot and isinstance(reading.options, dict):
                return reading.options[self.terms.readings[name]]
        return default

    def _counting(self) -> Counting:
        calendar = self._governing("calendar", "")
        return Counting(
            EventDay(self._governing("event_day", EventDay.NOT_COUNTED)),
            MonthEnd(self._governing("month_end", MonthEnd.CLAMP)),
            self.calendars.get(calendar),
        )

    @property
    def vesting_counting(self) -> Counting:
        """Counting for anniversaries and instalments, whose corresponding day is the anchor's own."""
        return replace(self.counting, event_day=EventDay.NOT_COUNTED)

    def pick(self, value: Any) -> tuple[Any, tuple[Derivation, ...]]:
        """The branch of a choice under the readings in use, and the readings that led to it."""
        steps: list[Derivation] = []
        while isinstance(value, e.Choice):
            steps.append(self.reading_step(value.reading))
            value = dict(value.options)[self.terms.readings[value.reading]]
        return value, tuple(steps)

    def reading_step(self, name: str) -> Derivation:
        """The reading in use, as a step of an explanation."""
        reading = self.terms.file.readings[name]
        by = self.terms.chosen_by.get(name)
        chosen = f", chosen by {by}" if by else ", the template's default"
        return Derivation(f'reading {name}: "{self.terms.readings[name]}"{chosen}', kind="reading", cite=reading.cite)

    # --- events -----------------------------------------------------------------------------------------------------

    def event(self, name: str) -> Found:
        """Every happening of a named event, fact, date parameter or definition."""
        if name not in self._events:
            self._events[name] = self._named(name)
        return self._events[name]

    def _named(self, name: str) -> Found:
        if name in self.terms.file.define:
            return self.find(self.terms.file.define[name], slot=name)
        value = self.terms.parameters.get(name)
        if isinstance(value, date):
            why = Derivation(f"{name} of the contract", value.isoformat(), kind="fact")
            return Found((Happening(name, name, value, why, origin="derived"),), NotYet(never=f"{name} is one day"))
        kind = self._kinds[name]
        reported = [self._reported(report, kind) for report in self.reports if report.event == name and not report.expected]
        planned = [self._reported(report, kind) for report in self.reports if report.event == name and report.expected]
        if kind.once:
            return self._once(name, kind, reported, planned)
        derived = list(self._derived(name))
        return Found(_by_day([*reported, *planned, *derived]), NotYet(waiting=(name,)))

    def _once(self, name: str, kind: EventKind, reported: list[Happening], planned: list[Happening]) -> Found:
        days = {happening.occurred_on for happening in reported}
        if len(days) > 1:
            said = " and ".join(sorted(str(day) for day in days))
            raise PlanningError(f"{name} happens once but is reported for {said}; withdraw the report that is wrong")
        candidates = reported or planned or list(self._derived(name))
        if candidates:
            first = _by_day(candidates)[0]
            return Found((replace(first, id=name),), NotYet(never=f"{name} happens once"))
        return Found((), NotYet(waiting=(name,), missing=(name,) if kind.required else ()))

    def _reported(self, report: Report, kind: EventKind) -> Happening:
        words = kind.says or report.event.replace("_", " ")
        state = "expected by a person" if report.expected else "reported"
        evidence = f"; evidence: {report.evidence}" if report.evidence else ""
        details = "".join(f", {key} {value}" for key, value in sorted(report.fields.items()) if key != "value")
        rule = f"{report.event}{details}: {words}, {state}{evidence}"
        return Happening(
            id=f"{report.event}:{report.id}",
            event=report.event,
            occurred_on=report.occurred_on,
            why=Derivation(rule, report.occurred_on.isoformat(), kind="event", cite=kind.cite, ref=report.id),
            received_on=report.received_on,
            fields=report.fields,
            origin="expected" if report.expected else "reported",
            reports=(report.id,),
            answers=report.answers,
        )

    def _derived(self, name: str) -> Iterator[Happening]:
        """Happenings that clauses bring about: by `then` when set off, by `if_missed` when their day passed."""
        for clause_id, clause in self.terms.clauses.items():
            if isinstance(clause.then, Happens) and clause.then.event == name:
                yield from self._follows(clause_id, clause, clause.then)
            if isinstance(clause.if_missed, Happens) and clause.if_missed.event == name:
                yield from self._missed(clause_id, clause, clause.if_missed)

    def _follows(self, clause_id: str, clause: Clause, then: Happens) -> Iterator[Happening]:
        for instance in self.instances(clause_id, clause)[0]:
            trigger = instance.trigger
            if trigger is None or (clause.if_ and self.condition(clause.if_, instance) is not True):
                continue
            at = self.day(then.on, instance) if then.on else Reasoned(trigger.occurred_on, trigger.why)
            if isinstance(at, NotYet) or self._came_before(then.unless, at.value):
                continue
            words = f"{name_words(then.event)} on the day clause {clause.cites} fixes" if then.on else name_words(then.event)
            why = Derivation(words, at.value.isoformat(), (at.why,), kind="event", cite=clause.cites)
            yield Happening(
                id=f"{then.event}:{clause_id}:{instance.id}",
                event=then.event,
                occurred_on=at.value,
                why=why,
                fields=then.fields,
                origin="expected" if then.on or trigger.origin == "expected" else "derived",
                reports=trigger.reports,
            )

    def _came_before(self, unless: Any, day: date) -> bool:
        if unless is None:
            return False
        return any(happening.occurred_on <= day for happening in self.find(unless).happenings)

    def _missed(self, clause_id: str, clause: Clause, consequence: Happens) -> Iterator[Happening]:
        for instance, due, missed in self.misses(clause_id, clause):
            if not missed:
                continue
            day = due.value + timedelta(days=1)
            rule = f"{clause_id} was not fulfilled by its last day; {name_words(consequence.event)} the day after"
            yield Happening(
                id=f"{consequence.event}:{clause_id}:{instance.id}",
                event=consequence.event,
                occurred_on=day,
                why=Derivation(rule, day.isoformat(), (due.why,), kind="event", cite=clause.cites),
                fields=consequence.fields,
                origin="derived",
                reports=instance.trigger.reports if instance.trigger else (),
            )

    def misses(self, clause_id: str, clause: Clause) -> Iterator[tuple[Instance, Reasoned[date], bool]]:
        """For each instance with a last day: that day, and whether it passed unfulfilled. Judged only by the clock, or
        by an answer that came too late; never by the mere absence of news."""
        instances, _ = self.instances(clause_id, clause)
        closings, _ = self.closings(clause, instances)
        for instance in instances:
            due = self.day(clause.by or clause.exactly, instance)
            if isinstance(due, NotYet):
                continue
            closing = closings.get(instance.id)
            if closing is not None:
                yield instance, due, closing.occurred_on > due.value
            else:
                yield instance, due, self.as_of is not None and self.as_of > due.value

    def find(self, expression: Any, *, slot: str = "") -> Found:
        """The happenings an event expression selects; `slot` names the identity of a `first`."""
        expression, steps = self.pick(expression)
        match expression:
            case e.EventNever():
                return Found((), NotYet(never="it does not apply under the reading in use"))
            case e.EventNamed(name=name, having=having):
                found = _having(self.event(name), having) if having else self.event(name)
            case e.EventUnion(members=members, first=first):
                parts = [self.find(member) for member in members]
                both = _by_day([happening for part in parts for happening in part.happenings])
                found = Found(both, united(part.more for part in parts))
                if first:
                    found = _first(found, slot)
            case e.EventFirst(event=event):
                found = _first(self.find(event), slot)
            case e.EventDuring(event=event, window=window):
                found = self._during(self.find(event), window)
            case _:
                raise TypeError(f"not an event expression: {expression!r}")
        if not steps:
            return found
        return Found(
            tuple(replace(one, why=replace(one.why, inputs=(*one.why.inputs, *steps))) for one in found.happenings), found.more
        )

    def _during(self, found: Found, name: str) -> Found:
        window = self.window(name)
        if isinstance(window, NotYet):
            return Found((), united([window, *([] if found.more.never else [found.more])]))
        inside = tuple(
            replace(one, why=Derivation(f"inside {name}", one.occurred_on.isoformat(), (one.why, window.why)))
            for one in found.happenings
            if one.occurred_on in window.value
        )
        if self.is_over(name, window.value):
            return Found(inside, NotYet(never=f"{name} ended on {window.value.last_on} without it"))
        return Found(inside, found.more)

    def is_over(self, name: str, window: Window) -> bool:
        """Whether nothing can fall into the window any more, by the clock or by a report from after its end."""
        if window.last_on is None or self.known_through is None:
            return False
        if self.known_through > window.last_on:
            return True
        expression, _ = self.pick(self._window_expressions()[name])
        ended_by_event = isinstance(expression, e.Range) and isinstance(expression.last, e.DayOf)
        return ended_by_event and self.known_through == window.last_on and self._end_is_reported(expression)

    def _end_is_reported(self, expression: e.Range) -> bool:
        name = expression.last.name if isinstance(expression.last, e.DayOf) else ""
        return any(happening.origin == "reported" for happening in self.event(name).happenings)

    # --- instances of clauses and the answers that close them -------------------------------------------------------

    def instances(self, clause_id: str, clause: Clause) -> tuple[tuple[Instance, ...], NotYet]:
        """One instance for each happening of the clause's trigger, in day order, and why there may be more."""
        if clause.when is None:
            return (NOWHERE,), NotYet(never="it needs no trigger")
        found = self.find(clause.when, slot=self.slot(clause.when) or clause_id)
        names = frozenset(_called(clause.when))
        slot = self.slot(clause.when)
        instances = []
        for number, happening in enumerate(found.happenings):
            # Where a reading turns a slot into instances, the first keeps the slot's identity.
            instance_id = slot if slot and number == 0 else happening.id
            instances.append(Instance(instance_id, happening, names | {happening.event}))
        return tuple(instances), found.more

    def slot(self, expression: Any) -> str:
        """The slot an event expression fills: something that happens once, whichever happening comes to fill it."""
        match expression:
            case e.Choice(options=options):
                return next((name for _, option in options if (name := self.slot(option))), "")
            case e.EventNamed(name=name):
                if name in self.terms.file.define:
                    return name if self._selects(self.terms.file.define[name]) else ""
                if name in self.terms.parameters:
                    return name
                return name if self._kinds[name].once else ""
            case _:
                return ""

    def _selects(self, expression: Any) -> bool:
        if isinstance(expression, e.Choice):
            return any(self._selects(option) for _, option in expression.options)
        return isinstance(expression, e.EventFirst) or (isinstance(expression, e.EventUnion) and expression.first)

    def closings(self, clause: Clause, instances: Iterable[Instance]) -> tuple[dict[str, Happening], set[str]]:
        """Which answer closed which instance, and the instances for which a person must say which answer is theirs."""
        if clause.closed_by is None:
            return {}, set()
        answers = [one for one in self.event(clause.closed_by).happenings if one.origin == "reported"]
        open_ones = list(instances)
        closed: dict[str, Happening] = {}
        unclear: set[str] = set()
        for answer in answers:
            candidates = [
                instance
                for instance in open_ones
                if instance.id not in closed
                and (instance.trigger is None or instance.trigger.occurred_on <= answer.occurred_on)
                and (not answer.answers or answer.answers in (instance.id, *(instance.trigger.reports if instance.trigger else ())))
            ]
            if len(candidates) == 1:
                closed[candidates[0].id] = answer
            elif len(candidates) > 1:
                unclear |= {instance.id for instance in candidates}
        return closed, unclear - set(closed)

    # --- windows and days -------------------------------------------------------------------------------------------

    def _window_expressions(self) -> Mapping[str, Any]:
        return {**self.terms.file.windows, **self.terms.file.states}

    def window(self, name: str) -> Reasoned[Window] | NotYet:
        """The days of a named window or state."""
        if name not in self._windows:
            self._windows[name] = self.span_of(self._window_expressions()[name], NOWHERE, name)
        return self._windows[name]

    def span_of(self, expression: Any, here: Instance, name: str = "") -> Reasoned[Window] | NotYet:
        """The days of a window expression; a range without an end yet is open, not unknown."""
        expression, steps = self.pick(expression)
        window: Reasoned[Window] | NotYet
        match expression:
            case e.WindowNamed(name=other):
                window = self.window(other)
            case e.SpanWindow(span=span, how=how, day=day):
                anchor = self.day(day, here)
                if isinstance(anchor, NotYet):
                    return anchor
                build = beginning_on if how == "beginning on" else following
                window = build(self.span(span), anchor, self.counting)
            case e.Range(first=first, last=last):
                start = self.day(first, here)
                if isinstance(start, NotYet):
                    return start
                end = self.day(last, here) if last is not None else None
                window = between(start, None if isinstance(end, NotYet) else end)
            case _:
                raise TypeError(f"not a window expression: {expression!r}")
        if isinstance(window, NotYet):
            return window
        label = f"{name}: {window.why.rule}" if name else window.why.rule
        return Reasoned(window.value, replace(window.why, rule=label, inputs=(*window.why.inputs, *steps)))

    def span(self, expression: e.SpanExpr) -> Span:
        """The span itself, taken from a parameter where the phrase names one."""
        if isinstance(expression, Span):
            return expression
        value = self.terms.parameters[expression.name]
        assert isinstance(value, Span), "check has seen that the name is a span"
        return replace(value, clear=expression.clear)

    def day(self, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
        """The day an expression comes to, seen from an instance."""
        expression, steps = self.pick(expression)
        found = self._day(expression, here)
        if isinstance(found, NotYet) or not steps:
            return found
        return Reasoned(found.value, replace(found.why, inputs=(*found.why.inputs, *steps)))

    def _day(self, expression: Any, here: Instance) -> Reasoned[date] | NotYet:
        match expression:
            case e.DayLiteral(day=day):
                return Reasoned(day, Derivation("written in the terms", day.isoformat(), kind="fact"))
            case e.DayOf(name=name, receipt=receipt):
                return self._day_of(name, receipt, here)
            case e.EdgeOf(edge=edge, window=name):
                window = self.window(name)
                if isinstance(window, NotYet):
                    return window
                day_or_none = window.value.first_on if edge == "first" else window.value.last_on
                if day_or_none is None:
                    return NotYet(waiting=(f"end of {name}",))
                return Reasoned(day_or_none, Derivation(f"{edge} day of {name}", day_or_none.isoformat(), (window.why,)))
            case e.Shifted(span=span, side=side, day=inner):
                anchor = self.day(inner, here)
                if isinstance(anchor, NotYet):
                    return anchor
                return (after if side == "after" else before)(self.span(span), anchor, self.counting)
            case e.MonthEndOf(day=inner):
                anchor = self.day(inner, here)
                if isinstance(anchor, NotYet):
                    return anchor
                last = add_months(anchor.value.replace(day=1), 1) - timedelta(days=1)
                return Reasoned(last, Derivation("last day of that month", last.isoformat(), (anchor.why,)))
            case e.Unstated():
                return NotYet(never="the document states no day")
            case _:
                raise TypeError(f"not a day expression: {expression!r}")

    def _day_of(self, name: str, receipt: bool, here: Instance) -> Reasoned[date] | NotYet:
        happening = here.trigger if here.trigger is not None and name in here.names else None
        if happening is None:
            found = self.event(name)
            if not found.happenings:
                return found.more
            happening = found.happenings[0]
        if receipt and happening.received_on is not None:
            why = Derivation(f"receipt of {name}", happening.received_on.isoformat(), (happening.why,), kind="event")
            return Reasoned(happening.received_on, why)
        return Reasoned(happening.occurred_on, happening.why)

    # --- facts, figures, conditions ---------------------------------------------------------------------------------

    def fact(self, name: str, on: date | None) -> Reasoned[Value] | NotYet:
        """The value of a parameter, or of a fact on a day (the latest known where the day is None)."""
        if name in self.terms.parameters:
            value = self.terms.parameters[name]
            return Reasoned(value, Derivation(f"{name} of the contract", shown(value), kind="fact"))
        fact = self.terms.file.facts[name]
        stated = [one for one in self.event(name).happenings if one.origin == "reported"]
        if on is not None and not fact.each and fact.type != "payroll_calendar":
            stated = [one for one in stated if one.occurred_on <= on]
        if stated:
            latest = stated[-1]
            try:
                value = typed(latest.fields.get("value", ""), fact.type, self.terms.currency)
            except NotAValue as error:
                raise PlanningError(f"{name} stated on {latest.occurred_on}: {error}; withdraw it and state it anew") from None
            rule = f"{name} as stated on {latest.occurred_on}"
            return Reasoned(value, Derivation(rule, shown(value), (latest.why,), kind="fact", cite=fact.cite))
        if fact.starts_as is not None:
            return self.figure(fact.starts_as, NOWHERE, on)
        return NotYet(missing=(name,))

    def figure(self, expression: Any, here: Instance, on: date | None) -> Reasoned[Value] | NotYet:
        """The figure an amount expression comes to on a day: money, or a plain number."""
        expression, steps = self.pick(expression)
        match expression:
            case e.AmountLiteral(value=number):
                money = Money.of(number, self.terms.currency)
                return Reasoned(money, Derivation("written in the terms", money.shown(), steps, kind="fact"))
            case e.AmountNamed(name=name):
                return self.fact(name, on)
            case e.FieldOf(field=field_name, event=event):
                trigger = here.trigger
                text = trigger.fields.get(field_name) if trigger else None
                if trigger is None or text is None:
                    return NotYet(missing=(f"{event}.{field_name}",))
                kind = self._kinds[event].fields[field_name].type
                value = typed(text, kind, self.terms.currency)
                return Reasoned(value, Derivation(f"{field_name} of {event}", shown(value), (trigger.why,), kind="fact"))
            case _:
                raise TypeError(f"not an amount expression: {expression!r}")

    def condition(self, expression: Any, here: Instance) -> bool | NotYet:
        """Whether a condition holds on the trigger's day, or why nobody can say yet."""
        expression, _ = self.pick(expression)
        on = here.trigger.occurred_on if here.trigger else None
        match expression:
            case e.IsTrue(name=name, wanted=wanted):
                value = self.fact(name, on)
                return value if isinstance(value, NotYet) else (value.value is True) == wanted
            case e.Below(left=left, right=right):
                a, b = self._number(left, here, on), self._number(right, here, on)
                if isinstance(a, NotYet):
                    return a
                return b if isinstance(b, NotYet) else a < b
            case _:
                raise TypeError(f"not a condition: {expression!r}")

    def _number(self, expression: Any, here: Instance, on: date | None) -> Fraction | NotYet:
        found = self.figure(expression, here, on)
        if isinstance(found, NotYet):
            return found
        exact = found.value.exact if isinstance(found.value, Money) else Fraction(str(found.value))
        percent = expression.percent if isinstance(expression, e.AmountNamed) else Fraction(100)
        return exact * percent / 100

    def payroll_calendar(self, name: str) -> Reasoned[PayrollCalendar] | NotYet:
        """The payroll calendar a fact names, or that it is missing."""
        found = self.fact(name, None)
        if isinstance(found, NotYet):
            return found
        assert isinstance(found.value, PayrollCalendar), "the fact is typed as a payroll calendar"
        return Reasoned(found.value, found.why)

    def horizon(self) -> date | None:
        """How far open series are unrolled: a year past the last event or the day it is, whichever is later."""
        known = [day for day in (self.as_of, self.last_event_on) if day is not None]
        return add_months(max(known), 12) if known else None


def shown(value: Value) -> str:
    """A value as an explanation shows it."""
    if isinstance(value, Money):
        return value.shown()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Span):
        return value.words()
    if isinstance(value, PayrollCalendar):
        return f"{value.days} days ending {value.ending}"
    return str(value)


def name_words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


def minor_per_unit(currency: str) -> int:
    """How many minor units make one of the currency."""
    return 10 ** digits_of(currency)


def _by_day(happenings: Iterable[Happening]) -> tuple[Happening, ...]:
    # Stable, so that ties on one day keep the order of the file, never the order of arrival or of ids.
    return tuple(sorted(happenings, key=lambda one: (one.occurred_on, one.event)))


def _having(found: Found, having: tuple[tuple[str, str], ...]) -> Found:
    matching, asked = [], []
    for happening in found.happenings:
        unknown = [field for field, _ in having if field not in happening.fields]
        if unknown:
            asked += [f"{happening.event}.{field}" for field in unknown]
        elif all(happening.fields[field] == wanted for field, wanted in having):
            matching.append(happening)
    more = found.more
    if asked:
        more = NotYet(waiting=more.waiting, missing=more.missing, judgment=tuple(dict.fromkeys(asked)))
    elif more.never and not matching and found.happenings:
        said = " and ".join(f"{field} {found.happenings[0].fields[field]}" for field, _ in having)
        more = NotYet(never=f"{found.happenings[0].event} happened with {said}")
    return Found(tuple(matching), more)


def _first(found: Found, slot: str) -> Found:
    if not found.happenings:
        return found
    first = found.happenings[0]
    return Found((replace(first, id=slot or first.id),), NotYet(never="only the first counts"))


def _called(expression: Any) -> Iterator[str]:
    """The names by which phrases of a clause may call its trigger, under any reading."""
    match expression:
        case e.Choice(options=options):
            for _, option in options:
                yield from _called(option)
        case e.EventNamed(name=name):
            yield name
        case e.EventFirst(event=event) | e.EventDuring(event=event):
            yield from _called(event)
        case e.EventUnion(members=members):
            for member in members:
                yield from _called(member)
        case _:
            return
