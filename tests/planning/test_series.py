"""Counted series: monthly fees, premiums and reports of a stated number."""

from __future__ import annotations

from datetime import date

import pytest

from config.calendars import Calendars
from config.zones import Zones
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import plan
from obligations.terms.loader import load

CONTRACT = """
terms: 1
contract: {id: consultant, title: A monthly fee, currency: USD}
parties: {company: the company, consultant: the consultant}
readings:
  roll: {use: following, options: {following: US, unadjusted: US}, governs: calendar}
events:
  started: {once: yes}
  ended: {once: yes}
clauses:
  fee:
    cite: "2"
    who: company owes consultant
    pay: 1000
    when: started
    series: {every: 1 month, times: 4, first: 1 month after started}
    roll: following
    until: ended
"""


def fees(*events: Report) -> list[Occurrence]:
    terms = load(CONTRACT, "consultant.yaml", lambda wanted: (wanted, wanted))
    return list(plan(terms, events, calendars=Calendars(), zones=Zones()).occurrences)


def started(day: str) -> Report:
    return Report("s", "started", date.fromisoformat(day))


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-16", ["2026-04-16", "2026-05-16", "2026-06-16", "2026-07-16"]),
        ("2026-01-31", ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
    ],
)
def test_months_add_up_before_they_are_counted(start: str, due: list[str]) -> None:
    """A fee due on month ends would creep to the 28th after its first February, and stay there for good."""
    assert [str(one.due_on) for one in fees(started(start))] == due


def test_each_part_of_a_series_rolls_by_itself_and_keeps_its_day() -> None:
    """A payment on a Saturday would miss the bank, or the next one would be counted from the rolled day."""
    second = fees(started("2026-03-16"))[1]
    assert (str(second.due_on), str(second.adjusted_on)) == ("2026-05-16", "2026-05-18")


def test_what_is_due_after_the_end_lapses() -> None:
    """A consultant who left would go on being paid."""
    parts = fees(started("2026-03-16"), Report("e", "ended", date(2026, 5, 20)))
    assert [one.state for one in parts] == [State.SCHEDULED, State.SCHEDULED, State.TERMINATED, State.TERMINATED]


def test_an_end_that_is_only_expected_takes_nothing_away_yet() -> None:
    """A fee would be dropped on somebody's plan to leave."""
    parts = fees(started("2026-03-16"), Report("e", "ended", date(2026, 5, 20), expected=True))
    assert [one.state for one in parts] == [State.SCHEDULED, State.SCHEDULED, State.WAITING, State.WAITING]
    assert parts[2].waiting_for == ("ended",)
    assert parts[2].conditional
