"""The page on counting: its examples are worked out, and its tables are whole."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.service.contracts import Planner
from obligations.service.counting import count
from obligations.terms.payroll import pay_calendar
from schedules.calendars import BusinessCalendar
from schedules.conventions import Convention
from schedules.windows import Window
from tests.docs.pages import library, quoted, rows, section, terms_of, text

PAGE = text("docs/counting.md")
COUNTED = [
    (quoted(row[0])[0], row[1]) for heading in ("Days", "Months and years") for row in rows(section(PAGE, heading))
]


@pytest.mark.parametrize(("phrase", "day"), COUNTED, ids=[phrase for phrase, _ in COUNTED])
def test_the_phrase_comes_to_what_the_page_says(phrase: str, day: str) -> None:
    """Somebody who checks a date by this page would be a day off."""
    found = count(phrase, library()).value
    assert (found.words() if isinstance(found, Window) else str(found)) == day


def test_every_convention_is_explained() -> None:
    """A way to move a closed day would be missing, or be refused when written."""
    told = [quoted(row[0])[0] for row in rows(section(PAGE, "Days on which nobody works"))]
    assert sorted(told) == sorted(Convention)


CALENDARS = [(quoted(row[0])[0], row[2]) for row in rows(section(PAGE, "Payroll calendars"))]


@pytest.mark.parametrize(("stated", "days"), CALENDARS, ids=[stated for stated, _ in CALENDARS])
def test_a_payroll_calendar_ends_and_pays_a_period_as_the_page_says(stated: str, days: str) -> None:
    """A payroll officer who states the calendar by this page would pay on other days."""
    calendar = pay_calendar(stated)
    number = calendar.rhythm.number(date(2027, 1, 20))
    payday = calendar.payday(number, BusinessCalendar("US", "weekends"))
    assert f"{calendar.rhythm.end(number)}, {payday.paid_on}" == days


CONTRACT = """
terms: 1
contract: {id: counting, title: How days are counted}
readings:
  event_day:
    use: USE
    options: {day after: not_counted, day itself: counted}
    governs: event_day
events:
  started: {once: yes}
clauses:
  month_by_month: {cite: "1", who: nobody, task: Report, series: {every: 1 month, times: 3, first: started}}
  from_the_next:
    {cite: "2", who: nobody, task: Report, series: {every: 1 month, times: 3, first: 1 month after started}}
  five_days: {cite: "3", who: nobody, task: Act, by: 5 days after started}
  five_clear: {cite: "4", who: nobody, task: Act, by: 5 clear days after started}
  watched: {cite: "5", who: nobody, watch: A month, during: 1 month beginning on started}
"""


def _days(started: date, use: str = "day after") -> dict[str, list[str]]:
    plan = Planner(library()).plan(terms_of(CONTRACT.replace("USE", use)), [Report("1", "started", started)], None)
    found: dict[str, list[str]] = {}
    for one in plan.occurrences:
        found.setdefault(one.clause, []).append(str(one.due_on))
    return found


def test_month_ends_do_not_creep() -> None:
    """A payment due on the last of the month would drift to the 28th."""
    days = _days(date(2026, 1, 31))
    assert days["month_by_month"] == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert days["from_the_next"] == ["2026-02-28", "2026-03-31", "2026-04-30"]


def test_the_day_of_the_event_may_be_day_1() -> None:
    """The reading would count other days than the page says."""
    plain, counted = _days(date(2006, 10, 16)), _days(date(2006, 10, 16), "day itself")
    assert (plain["five_days"], counted["five_days"]) == (["2006-10-21"], ["2006-10-20"])
    assert plain["five_clear"] == counted["five_clear"] == ["2006-10-22"]
    assert plain["watched"] == counted["watched"] == ["2006-11-15"]
