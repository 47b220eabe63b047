"""Paydays: which payroll calendar is in force when, and which days it pays on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from obligations.planning.figures import fact
from obligations.planning.values import NotYet, PlanningError
from obligations.terms import expressions as e
from obligations.terms.payroll import payroll_names
from schedules.bounds import add_days
from schedules.calendars import BusinessCalendar
from schedules.conventions import Convention
from schedules.derivation import Derivation, Reasoned
from schedules.frozen import swift
from schedules.payroll import PayCalendar, Payday, Rhythm
from schedules.periods import Period

if TYPE_CHECKING:
    from obligations.planning.world import World
    from obligations.terms.clause import Series


@swift
@dataclass(frozen=True, slots=True)
class Payroll:
    """The payroll calendars of a contract over time.

    Args:
        stated: each with the day it holds from, in day order; the first holds before its day as well.
        business: which days are closed, where a calendar rolls its paydays.
    """

    stated: tuple[tuple[date, Reasoned[PayCalendar]], ...]
    business: BusinessCalendar | None = None

    def on(self, day: date) -> Reasoned[PayCalendar]:
        """The calendar in force on a day."""
        return next((one for since, one in reversed(self.stated) if since <= day), self.stated[0][1])

    @property
    def rhythms(self) -> tuple[tuple[date, Rhythm], ...]:
        """Which rhythm holds from which day on."""
        return tuple((since, one.value.rhythm) for since, one in self.stated)

    def paydays(self, first: date) -> Iterator[Payday]:
        """Every payday from a day on, that day included, each by the calendar in force on it."""
        ends = [since for since, _ in self.stated[1:]]
        for place, (since, calendar) in enumerate(self.stated):
            end = ends[place] if place < len(ends) else None
            begin = first if place == 0 else max(first, since)
            for payday in calendar.value.paydays(begin, self.business):
                if end is not None and payday.paid_on >= end:
                    break
                yield payday

    def pays(self, period: Period) -> Payday:
        """The payday of a period. One that a change of calendar cut short is paid on the first payday from its end
        on, which is one of the new calendar's."""
        if len(self.stated) == 1:
            return self.stated[0][1].value.payday(period.number, self.business)
        if period.last_on < period.rhythm.end(period.number):
            return next(self.paydays(period.last_on))
        return self.on(period.last_on).value.payday(period.number, self.business)


def payroll(world: World, name: str) -> Payroll | NotYet:
    """The payroll calendars that a fact or a parameter states, or that none is stated yet."""
    stated: list[tuple[date, Reasoned[PayCalendar]]] = []
    days = [date.min]
    if name in world.terms.file.facts and not world.terms.file.facts[name].each:
        days += sorted({one.occurred_on for one in world.event(name).happenings if one.origin == "reported"})
    for day in days:
        found = fact(world, name, day)
        if isinstance(found, NotYet):
            if day == days[-1]:
                return found
            continue
        assert isinstance(found.value, PayCalendar), "check has seen that it is a payroll calendar"
        calendar = Reasoned(found.value, found.why)
        if not stated or stated[-1][1].value != calendar.value:
            stated.append((day, calendar))
    rolls = any(one.value.roll is not Convention.UNADJUSTED for _, one in stated)
    if rolls and not world.governing("calendar", ""):
        raise PlanningError(
            f"{name} rolls its paydays, but the terms do not say whose business days count: state a calendar without"
            " `roll`, or let a reading govern `calendar`"
        )
    return Payroll(tuple(stated), world.business_calendar() if rolls else None)


def payroll_of(world: World, series: Series) -> Payroll | NotYet:
    """The payroll calendars that a series on paydays names, or the only ones of the file."""
    name, _ = world.pick(series.calendar)
    return world.payroll(name or payroll_names(world.terms.file)[0])


def payday(world: World, expression: e.Payday, anchor: Reasoned[date]) -> Reasoned[date] | NotYet:
    """The day of a payday phrase, counted from a day that is known."""
    name = expression.calendar or payroll_names(world.terms.file)[0]
    found = world.payroll(name)
    if isinstance(found, NotYet):
        return found
    first = anchor.value if expression.included else add_days(anchor.value, 1)
    paid = next(islice(found.paydays(first), expression.ordinal - 1, None)).paid
    which = "first" if expression.ordinal == 1 else f"{expression.ordinal}."
    words = f"{which} payday {'on or after' if expression.included else 'after'} {anchor.value}"
    return Reasoned(
        paid.value, Derivation(words, paid.value.isoformat(), (anchor.why, paid.why, found.on(paid.value).why))
    )
