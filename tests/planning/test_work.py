"""How much work a plan is, counted in calls rather than seconds: what must not grow, and what may grow only in line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import FrameType
from typing import Any

from obligations.domain.event import Report
from obligations.planning.plan import Plan, plan
from obligations.planning.pushes import Sending
from schedules.derivation import Derivation, later
from tests.planning.letter import CALENDARS, CHANGE_OF_CONTROL, HIRED, ZONES, letter
from tests.planning.sized import FIRST, sized

PAY = "    pay: salary\n    during: employed\n    series: {every: 1 day}\n"
ACCRUAL = "    accrue: leave\n    unit: hours\n    during: employed\n    series: {every: 14 days}\n"
ANSWERED = """
    task: Repay what was spent
    when: spent
    by: 5 days after spent
    closed_by: filed
    remind: {hr: [1 day before]}
"""


def calls(work: Callable[[], Plan]) -> tuple[int, Plan]:
    """How many functions written in Python the work calls, once everything that is remembered is known."""
    work()
    count = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        made = work()
    finally:
        sys.setprofile(before)
    return count, made


def running(clause: str, as_of: date, *more: Report, sending: Sending | None = None) -> tuple[int, Plan]:
    """The work of a plan of the clause, begun on the first day."""
    terms, reports = sized(clause), (Report("s", "started", FIRST), *more)
    return calls(lambda: plan(terms, reports, as_of=as_of, calendars=CALENDARS, zones=ZONES, sending=sending))


def each(smaller: tuple[int, Plan], larger: tuple[int, Plan]) -> float:
    """The calls that each further occurrence costs."""
    return (larger[0] - smaller[0]) / (len(larger[1].occurrences) - len(smaller[1].occurrences))


def test_a_period_costs_the_same_in_the_tenth_year_as_in_the_first() -> None:
    """A contract that has run for long would plan ever more slowly, and hold up everybody else's."""
    year = timedelta(days=365)
    one, two, ten = (running(PAY, FIRST + year * years) for years in (0, 1, 9))
    assert each(two, ten) <= 1.1 * each(one, two)
    assert each(two, ten) < 80


def test_an_accrual_without_an_end_costs_no_more_than_its_horizon() -> None:
    """A contract without an end would cost more than the year ahead that anybody sees of it."""
    made = running(ACCRUAL, FIRST)[1]
    assert len(made.occurrences) == 26
    ended = Report("e", "ended", FIRST + timedelta(days=36_500), expected=True)
    assert len(running(ACCRUAL, FIRST, ended)[1].occurrences) <= 27


def test_an_answer_is_matched_without_looking_at_all_the_others() -> None:
    """A year of expense reports would be planned in minutes, each answer held against every expense."""

    def many(size: int) -> tuple[int, Plan]:
        spent = [Report(f"e{day}", "spent", FIRST + timedelta(days=day)) for day in range(size)]
        filed = [Report(f"f{one.id}", "filed", one.occurred_on, answers=one.id) for one in spent]
        return running(ANSWERED, FIRST + timedelta(days=size), *spent, *filed, sending=Sending())

    few, more, most = many(20), many(60), many(240)
    assert each(more, most) <= 1.1 * each(few, more)


REMINDED = """
    pay: salary
    during: employed
    series: {every: 1 day}
    do: {send: payroll, kind: recurring_earning, lead: 2 days, approve: [hr]}
    remind: {hr: [30 days before, 7 days before, 1 week before, on the day, 3 days after]}
"""
REPEATED = """
    task: Sign the handbook
    when: started
    by: 30 days after started
    remind: {hr: [every 1 day until done]}
"""


def for_pushes(clause: str, as_of: date) -> tuple[int, int]:
    """The calls that the pushes of a plan cost, and how many they are."""
    (bare, _), (sent, made) = running(clause, as_of), running(clause, as_of, sending=Sending())
    return sent - bare, len(made.pushes)


def test_a_push_is_made_in_a_few_calls() -> None:
    """What is sent would cost more than what is owed: a letter has three pushes for each occurrence."""
    year = timedelta(days=365)
    (one, few), (ten, many) = for_pushes(REMINDED, FIRST), for_pushes(REMINDED, FIRST + 9 * year)
    assert many - few > 15_000
    assert (ten - one) / (many - few) < 3
    again, repeats = for_pushes(REPEATED, FIRST)
    assert repeats == 120
    assert again / repeats < 1.5


def test_a_push_is_written_when_somebody_reads_it() -> None:
    """Every plan would write and hash hundreds of texts that nobody asked for: most of what it cost."""
    written: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name in ("write", "push_key"):
            written.append(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        made = plan(letter(), (HIRED, CHANGE_OF_CONTROL), calendars=CALENDARS, zones=ZONES, sending=Sending())
        assert written == []
        first, *_ = made.pushes
        assert (first.payload, first.key, first.payload) == (first.payload, first.key, first.payload)
    finally:
        sys.setprofile(before)
    assert sorted(written) == ["push_key", "write"]


def test_explanations_are_written_when_somebody_reads_them() -> None:
    """Every plan would write thousands of sentences that nobody asked for: most of what it cost."""
    written: list[Derivation] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code is Derivation.__init__.__code__:
            written.append(frame.f_locals["self"])

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        made = plan(letter(), (HIRED, CHANGE_OF_CONTROL), calendars=CALENDARS, zones=ZONES, sending=None)
    finally:
        sys.setprofile(before)
    assert len(written) < len(made.occurrences)
    assert all(one.derivation.sentence() for one in made.occurrences)


def test_a_step_written_later_is_the_step_written_at_once() -> None:
    """What was stored and what is planned anew would differ, and every contract would seem to have changed."""
    made: list[int] = []

    def write(days: int) -> Derivation:
        made.append(days)
        return Derivation(f"{days} days after", "2005-04-14", kind="event", cite="1")

    at_once, step = write(3), later(write, 3)
    made.clear()
    assert (step == at_once, hash(step) == hash(at_once), repr(step) == repr(at_once)) == (True, True, True)
    assert (step.as_json(), replace(later(write, 3), cite="2").cite) == (at_once.as_json(), "2")
    assert made == [3, 3]
