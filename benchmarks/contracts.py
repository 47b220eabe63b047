"""The contracts that are planned against the clock: the shipped templates, and contracts of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from config.calendars import Calendars
from config.shipped import find_template, template_ids
from config.zones import Zones
from obligations.domain.event import Report
from obligations.planning.examples import reports_of
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.sized import FIRST, sized

CALENDARS = Calendars()
ZONES = Zones()
# A template, with the event that begins the service and one that sets a lot off.
TEMPLATES = {"offer-letter": ("employment_started", "change_of_control")}


@dataclass(frozen=True, slots=True)
class Case:
    """A contract, what happened to it, and the day it is judged by."""

    name: str
    terms: Terms
    reports: tuple[Report, ...]
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A contract that can be as large as one likes."""

    name: str
    case: Callable[[int], Case]


def happened(event: str, on: date, identity: str = "", answers: str = "") -> Report:
    """A report of an event."""
    return Report(identity or event, event, on, answers=answers)


def templates() -> Iterator[Case]:
    """Each template as it is signed, after the first day of service, and after the event that sets most off."""
    for name, (begins, sets_off) in TEMPLATES.items():
        terms = load(*find_template(name), find_template)
        hired = happened(begins, date(2005, 4, 11))
        yield Case(f"{name}, signed", terms, ())
        yield Case(f"{name}, begun", terms, (hired,))
        yield Case(f"{name}, {sets_off.replace('_', ' ')}", terms, (hired, happened(sets_off, date(2006, 10, 16))))


def stories() -> Iterator[tuple[str, list[Case]]]:
    """Every template that ships, with the stories of its examples."""
    for name in template_ids():
        terms = load(*find_template(name), find_template)
        yield (
            name,
            [
                Case(one.name, terms, tuple(reports_of(one)), date.fromisoformat(one.as_of) if one.as_of else None)
                for one in terms.file.examples
            ],
        )


def letters(count: int) -> list[Case]:
    """So many letters of different people: other days, other pay, other grants."""
    terms = load(*find_template("offer-letter"), find_template)
    cases = []
    for number in range(count):
        own = {
            "annual_salary": replace(terms.parameters["annual_salary"], minor=20_000_000 + 13_711 * number),
            "option_count": terms.parameters["option_count"] + number,
        }
        changed = replace(terms, contract=f"letter-{number}", parameters={**terms.parameters, **own})
        reports = (happened("employment_started", FIRST + timedelta(days=7 * number)),)
        cases.append(Case(changed.contract, changed, reports))
    return cases


RUNNING = "    during: employed\n    series: {every: %s}\n"
ANSWERED = "    task: Repay\n    when: spent\n    by: 5 days after spent\n"


def synthetic() -> tuple[Kind, ...]:
    """Contracts of one clause each, by what makes them large."""
    return (
        Kind("pay every day", lambda size: _running("    pay: salary\n" + RUNNING % "1 day", size, 1)),
        Kind("accrual every 14 days", lambda size: _running(ACCRUAL, size, 14)),
        Kind("dates in a row", _in_a_row),
        Kind("vesting by the month", _vesting),
        Kind("one for each event", lambda size: _answered(ANSWERED, size, filed=False)),
        Kind("one for each event, each answered", lambda size: _answered(ANSWERED + CLOSED, size, filed=True)),
    )


ACCRUAL = "    accrue: leave\n    unit: hours\n" + RUNNING % "14 days"
CLOSED = "    closed_by: filed\n    until: ended\n"


def _running(clause: str, size: int, days: int) -> Case:
    # A plan looks a year ahead of the day it is.
    as_of = FIRST + timedelta(days=max(size * days - 365, 0))
    reports = (happened("started", FIRST), *([happened("ended", FIRST + timedelta(days=size * days))] * (size < 365)))
    return Case("running", sized(clause), reports, as_of)


def _in_a_row(size: int) -> Case:
    """Dates of clauses of at most a thousand each."""
    each = min(size, 1_000)
    row = f"    task: Report\n    when: started\n    series: {{every: 1 day, times: {each}}}\n"
    return Case("dates", _repeated(row, size // each), (happened("started", FIRST),))


def _vesting(size: int) -> Case:
    """Grants of at most five hundred tranches each."""
    each = min(size, 500)
    row = f"    vest: options\n    when: started\n    schedule: [{{portion: 1/1, every: 1 day, times: {each}}}]\n"
    return Case("vesting", _repeated(row, size // each), (happened("started", FIRST),))


def _repeated(clause: str, times: int) -> Terms:
    """A contract of so many such clauses."""
    more = (f'  more_{number}:\n    cite: "1"\n    who: company owes employee\n{clause}' for number in range(1, times))
    return sized(clause + "".join(more))


def _answered(clause: str, size: int, *, filed: bool) -> Case:
    spent = [happened("spent", FIRST + timedelta(days=number), f"e{number}") for number in range(size)]
    answers = [
        happened("filed", FIRST + timedelta(days=number + 1), f"f{number}", f"e{number}") for number in range(size)
    ]
    return Case("events", sized(clause), (happened("started", FIRST), *spent, *(answers if filed else ())))
