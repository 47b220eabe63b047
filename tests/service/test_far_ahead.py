"""A clock a century ahead: an open series is brought on a year at a time, and comes to the same in the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Bounds, Occurrence
from obligations.service.contracts import Planner
from obligations.terms.terms import Terms
from tests.service.office import LETTER, Office, library

HEAD = LETTER[: LETTER.index("windows:")].replace("events:", "events:\n  exit: {says: it ended}")
OPEN = f"""{HEAD}
states:
  employed: employment_started to exit
clauses:
  allowance:
    cite: "7"
    who: company owes employee
    says: the allowance twice a year
    pay: premium
    during: employed
    series: {{every: 6 months}}
    do: {{send: payroll, kind: premium_payment, lead: 2 days, approve: [finance]}}
    remind: {{payroll: [3 days before]}}
"""
YEARS = 40


def test_a_century_ahead_is_planned_a_year_at_a_time(desk: Office) -> None:
    """One transaction of all of it would take the memory, and the database, of the whole service with it."""
    desk.add(OPEN)
    desk.tell("employment_started", date(2026, 1, 5))
    rows = first = len(desk.deliveries())
    assert first
    desk.today(date(2026 + YEARS, 1, 5))
    passes, most = 0, 0
    while desk.store.to_replan(desk.clock.now()):
        passes += 1
        desk.service.bring_on("letter")
        now = len(desk.deliveries())
        most, rows = max(most, now - rows), now
        assert passes <= YEARS + 1, "each pass gets on by a year"
    assert passes >= YEARS * 0.9
    assert rows >= 4 * YEARS
    assert most <= 2 * first, "as much as one year, and what its ends share with the next"
    with desk.store.read() as view:
        stored = {one.id for one in view.occurrences("letter")}
    assert {one.id for one in desk.service.overview("letter").plan.occurrences} == stored


def test_what_comes_to_a_series_reaches_as_far_as_it_would_after_a_new_start(desk: Office) -> None:
    """A daemon that runs for years would remind people of it by another day than one that was started yesterday."""
    desk.add(OPEN)
    desk.tell("employment_started", date(2026, 1, 5))
    first = _bounds(desk)
    for year in range(2027, 2030):
        desk.today(date(year, 1, 5))
        while desk.store.to_replan(desk.clock.now()):
            desk.service.prepare("letter")
            desk.service.bring_on("letter")
    later = _bounds(desk)
    assert len(later) >= len(first) + 6
    assert all(later.values())
    assert {**later, **first} == later, "the clock alone moves nothing"
    anew = Planner(library())
    with desk.store.read() as view:
        stored = view.contract("letter")
        assert stored is not None
        kept = anew.kept(stored, view.log("letter"))
    assert anew.reach(kept, anew.today(kept.terms, desk.clock.now())) == later


def test_what_is_known_is_not_worked_out_again_for_what_comes_to_a_series(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can take seconds, and nothing happens on most days."""
    desk.add(OPEN)
    desk.tell("employment_started", date(2026, 1, 5))
    planner = desk.service.planner
    asked: list[int] = []
    real = planner.bounds

    def counted(terms: Terms, reports: Sequence[Report], as_of: date | None, wanted: Iterable[Occurrence]) -> Any:
        asked.append(len(some := list(wanted)))
        return real(terms, reports, as_of, some)

    monkeypatch.setattr(planner, "bounds", counted)
    for day in (6, 7, 8):
        desk.today(date(2026, 1, day))
        desk.service.prepare("letter")
        desk.service.bring_on("letter")
    assert asked == []
    rows = len(_bounds(desk))
    desk.today(date(2027, 1, 5))
    desk.service.prepare("letter")
    before = list(asked)
    desk.service.bring_on("letter")
    assert asked == before, "what prepare worked out keeps no writer waiting"
    assert sum(asked) == len(_bounds(desk)) - rows > 0


def _bounds(desk: Office) -> dict[UUID, Bounds | None]:
    with desk.store.read() as view:
        return {one.id: one.bounds for one in view.occurrences("letter")}
