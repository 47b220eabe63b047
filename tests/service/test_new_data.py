"""Other holidays, other zone data, a calendar that was changed: every contract is planned again, once, under the same
keys, and the record says why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest

from config.calendars import Calendars
from config.zones import Zones
from obligations.domain.delivery import DeliveryState
from obligations.domain.event import Report
from obligations.service import Service
from obligations.service.installation import Library
from schedules.calendars import BusinessCalendar
from tests.service.office import CLERK, LETTER, Office, library

COUNTED = LETTER.replace("zone: UTC,", "zone: America/Chicago, calendar: HQ,").replace(
    "exactly: 5 days after", "exactly: 5 business days after"
)
ACTION = "act.payroll.one_time_earning"
FIRST, SECOND = "tzdata 1; HQ 2026-01", "tzdata 1; HQ 2026-02"


def hq(version: str, *closed: date) -> BusinessCalendar:
    return BusinessCalendar(name="HQ", version=version, holidays=frozenset(closed), years=(2026, 2027))


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def with_data(
    office: Office, edition: str, calendar: BusinessCalendar, zones: Mapping[str, tzinfo] | None = None
) -> Service:
    """The program with this data, on the office's store; it plans all day long like the daemon's."""
    data: Library = replace(library(), calendars=Calendars({"HQ": calendar}), zones=zones or Zones(), edition=edition)
    return Service(office.store, clock=office.clock, library=data)


def start(office: Office, service: Service, edition: str) -> list[str]:
    """What a daemon does when it starts: returns what it planned again."""
    again = list(office.store.to_replan(office.clock.now(), edition=edition))
    for contract in again:
        service.bring_on(contract)
    return again


@pytest.fixture
def dated(office: Office) -> Office:
    """A lump sum due five business days after Monday, 2 March 2026: on the 9th, and approved."""
    service = with_data(office, FIRST, hq("2026-01"))
    service.add_contract(COUNTED, "letter.yaml", actor=CLERK)
    office.today(date(2026, 3, 2))
    for event, day in (("employment_started", date(2026, 1, 5)), ("change_of_control", date(2026, 3, 2))):
        service.record("letter", Report(event, event, day), actor=CLERK)
    office.approve("letter/lump_sum")
    assert office.occurrence("lump_sum").adjusted_on == date(2026, 3, 9)
    return office


def test_a_holiday_that_was_added_moves_what_was_not_sent_and_says_why(dated: Office) -> None:
    """A payment would go on a day the house is closed, or a second one beside it under a new key."""
    (before,) = dated.chain("lump_sum", ACTION)
    lines = len(dated.ledger())
    service = with_data(dated, SECOND, hq("2026-02", date(2026, 3, 4)))
    assert start(dated, service, SECOND) == ["letter"]
    (after,) = dated.chain("lump_sum", ACTION)
    assert dated.occurrence("lump_sum").adjusted_on == date(2026, 3, 10)
    assert after.push.key == before.push.key
    # Nine o'clock there, two days ahead; the clocks are put forward on the 8th.
    assert (before.push.send_at, after.push.send_at) == (at(7, 15), at(8, 14))
    assert after.state is DeliveryState.PROPOSED, "another day is another content: people agree again"
    (moved,) = (it for it in dated.ledger()[lines:] if it.action == "occurrence moved")
    assert moved.object.startswith("lump_sum/1 ")
    assert (moved.before, moved.after) == ("scheduled, 2026-03-09", "scheduled, 2026-03-10")
    assert (moved.actor, moved.reason) == ("the calendars", "planned again with HQ 2026-02 instead of HQ 2026-01")
    assert start(dated, service, SECOND) == []


def test_the_same_data_plans_nothing_again(dated: Office) -> None:
    before = dated.everything()
    service = with_data(dated, FIRST, hq("2026-01"))
    assert start(dated, service, FIRST) == []
    assert dated.everything() == before


def test_a_zone_that_changed_its_hours_moves_the_instants(dated: Office) -> None:
    """A country gives up its summer time: nine o'clock there is another instant from then on."""

    class Changed(Zones):
        def __getitem__(self, name: str) -> tzinfo:
            return timezone(timedelta(hours=-5)) if name == "America/Chicago" else super().__getitem__(name)

    (before,) = dated.chain("lump_sum", ACTION)
    edition = "tzdata 2; HQ 2026-01"
    assert start(dated, with_data(dated, edition, hq("2026-01"), Changed()), edition) == ["letter"]
    (after,) = dated.chain("lump_sum", ACTION)
    assert (before.push.send_at, after.push.send_at) == (at(7, 15), at(7, 14))
    assert after.push.key == before.push.key
    assert any("tzdata 2 instead of tzdata 1" in it.reason for it in dated.ledger())


def test_what_was_sent_stays_and_its_correction_waits_for_people(dated: Office) -> None:
    dated.today(date(2026, 3, 8))
    dated.send()
    assert dated.states("lump_sum", ACTION) == ["delivered"]
    start(dated, with_data(dated, SECOND, hq("2026-02", date(2026, 3, 4))), SECOND)
    assert dated.states("lump_sum", ACTION)[0] == "delivered"
    assert set(dated.states("lump_sum", ACTION)[1:]) <= {"proposed"}


def test_an_edition_tells_a_list_that_changed_under_its_old_version() -> None:
    """Somebody adds a holiday and forgets the version: the dates would stay wrong until the next event."""
    one, other = (Calendars({"HQ": hq("2026-01", day)}).edition for day in (date(2026, 3, 4), date(2026, 3, 5)))
    assert one != other
    assert all("HQ 2026-01" in it and it.startswith("holidays ") for it in (one, other))
    assert Calendars().edition == Calendars().edition
    assert Zones().edition.startswith("tzdata 2")
