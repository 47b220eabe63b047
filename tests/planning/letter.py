"""The first letter for tests: its template, short ways to report what happened, and to read what is planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from uuid import UUID

from config.calendars import Calendars
from config.shipped import find_template
from config.zones import Zones
from obligations.domain.event import Report
from obligations.domain.occurrence import Bounds, Occurrence, Power, State
from obligations.planning.bounds import bounds
from obligations.planning.plan import Plan, plan
from obligations.planning.world import World
from obligations.terms.loader import load
from obligations.terms.terms import Terms

CALENDARS = Calendars()
ZONES = Zones()


def day(text: str) -> date:
    """The date of an ISO text."""
    return date.fromisoformat(text)


@cache
def letter() -> Terms:
    """The shipped template of the letter."""
    text, name = find_template("offer-letter")
    return load(text, name, find_template)


def under(**readings: str) -> Terms:
    """The letter with readings chosen otherwise."""
    terms = letter()
    for reading, option in readings.items():
        assert option in terms.file.readings[reading].names, f"{reading} has no option {option!r}"
        terms = terms.under(reading, option)
    return terms


def happened(
    event: str,
    on: str,
    *,
    identity: str = "",
    received: str = "",
    expected: bool = False,
    answers: str = "",
    **fields: str,
) -> Report:
    """A report that an event happened on a day."""
    return Report(
        id=identity or f"{event} {on}",
        event=event,
        occurred_on=day(on),
        received_on=day(received) if received else None,
        fields=fields,
        expected=expected,
        answers=answers,
    )


HIRED = happened("employment_started", "2005-04-11")
CHANGE_OF_CONTROL = happened("change_of_control", "2006-10-16")
BREACH = happened("employee_breach_notice", "2006-01-10", received="2006-01-13")
NEGLECT = happened("company_neglect_notice_received", "2005-06-01")
PAYROLL = happened("payroll_calendar", "2005-04-01", value="14 days ending 2005-04-22")
# Notices of a resignation that takes effect inside the 24 months, and of one that does not.
GOOD_REASON = happened("resignation_notice", "2006-03-01", good_reason="yes")
LATE_GOOD_REASON = happened("resignation_notice", "2007-03-20", good_reason="yes")
CARRIER_ALLOWS = happened("health_carrier_allows_continuation", "2006-10-10", value="yes")
CARRIER_REFUSES = happened("health_carrier_allows_continuation", "2006-10-20", value="no")
ELECTED = happened("cobra_elected", "2006-10-16")
PREMIUM = happened("cobra_premium_amount", "2006-10-16", value="850.00")


def planned(
    *reports: Report,
    as_of: str = "",
    terms: Terms | None = None,
    bounds: Mapping[UUID, Bounds] | None = None,
) -> Plan:
    """The plan of the letter after these reports."""
    return plan(
        terms or letter(),
        reports,
        as_of=day(as_of) if as_of else None,
        calendars=CALENDARS,
        zones=ZONES,
        bounds=bounds,
    )


def protected() -> Plan:
    """Hired, and a change of control in month eighteen."""
    return planned(HIRED, CHANGE_OF_CONTROL)


def reaches(plan: Plan, *reports: Report, terms: Terms | None = None) -> Mapping[UUID, Bounds]:
    """How far each occurrence of the plan reaches, by its id."""
    return bounds(
        terms or letter(),
        plan.occurrences,
        lambda other, suppose: World(other, reports, plan.as_of, CALENDARS, ZONES, suppose),
    )


def of(plan: Plan, clause: str) -> list[Occurrence]:
    """The clause's occurrences by their index."""
    return sorted((one for one in plan.occurrences if one.clause == clause), key=lambda one: one.index)


def only(plan: Plan, clause: str) -> Occurrence:
    """The clause's one occurrence."""
    found = of(plan, clause)
    assert len(found) == 1, f"{clause}: {len(found)} occurrences"
    return found[0]


def states(plan: Plan, clause: str) -> set[State]:
    """The states the clause's occurrences are in."""
    return {one.state for one in of(plan, clause)}


def powers(plan: Plan, name: str) -> list[Power]:
    """The powers of a name."""
    return [one for one in plan.powers if one.name == name]


def units(occurrences: list[Occurrence]) -> Decimal:
    """The units of occurrences together."""
    return sum((one.units for one in occurrences if one.units is not None), Decimal(0))


def ids(plan: Plan) -> set[UUID]:
    """Every id in a plan."""
    return {one.id for one in plan.occurrences} | {one.id for one in plan.powers}
