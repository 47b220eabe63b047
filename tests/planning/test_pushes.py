"""What is sent for an occurrence, and what no longer is."""

from __future__ import annotations

import copy
import gc
import pickle
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid5

import pytest

from config.calendars import Calendars
from config.zones import Zones
from obligations.domain.delivery import Push, PushKind, Wording, written_later
from obligations.domain.event import Report
from obligations.domain.identity import push_key
from obligations.domain.occurrence import Occurrence
from obligations.planning.plan import plan
from obligations.planning.world import World
from obligations.terms.loader import load
from schedules.spans import add_months
from tests.planning.letter import CHANGE_OF_CONTROL, HIRED, letter
from tests.planning.sized import FIRST, sized

CONTRACT = """
terms: 1
contract: {id: contractor, title: A bonus, currency: USD}
parties: {company: the company, contractor: the contractor}
roles: {payroll: runs pay}
events:
  delivered: {once: yes}
  bonus_paid: {once: yes}
clauses:
  bonus:
    cite: "4"
    who: company owes contractor
    pay: 1000
    when: delivered
    by: 30 days after delivered
    closed_by: bonus_paid
    do: {send: payroll, kind: one_time_earning, approve: [payroll]}
    remind: {payroll: [7 days before]}
"""


def kinds(*events: Report) -> list[PushKind]:
    terms = load(CONTRACT, "contractor.yaml", lambda wanted: (wanted, wanted))
    return [push.kind for push in plan(terms, events, calendars=Calendars(), zones=Zones()).pushes]


def test_what_was_paid_by_hand_is_not_instructed_again() -> None:
    """Finance wires the bonus and says so by the clause's own event; payroll would pay it a second time."""
    delivered = Report("d", "delivered", date(2026, 3, 2))
    assert kinds(delivered) == [PushKind.REMINDER, PushKind.ACTION]
    assert kinds(delivered, Report("p", "bonus_paid", date(2026, 3, 10))) == []


def test_a_reminder_tells_how_far_its_day_is_apart_from_what_stays_true() -> None:
    """A reminder that goes late would repeat a distance that was true on another day."""
    terms = load(CONTRACT, "contractor.yaml", lambda wanted: (wanted, wanted))
    made = plan(terms, [Report("d", "delivered", date(2026, 3, 2))], calendars=Calendars(), zones=Zones())
    (reminder,) = (push.payload for push in made.pushes if push.kind is PushKind.REMINDER)
    assert (reminder["left"], reminder["meant_for"]) == ("in 7 days", "2026-03-25")
    assert reminder["facts"][0] == ["Due", "Wed 2026-04-01"]
    assert "7 days" not in reminder["text"]


LATE = """
terms: 1
contract: {id: supplier, title: Notices of default, currency: USD}
parties: {supplier: the supplier, client: the client}
roles: {hr: human resources}
events:
  notice: {with: {ground: [pay, other]}}
clauses:
  cure:
    cite: "3(a)"
    who: supplier owes client
    task: Cure the fault
    when: notice
    by: 30 days after notice
    remind: {hr: [7 days before]}
  pay_cure:
    cite: "3(b)"
    who: supplier owes client
    task: Pay what is due
    instead_of: cure
    when: notice with ground pay
    by: 10 days after notice
    remind: {hr: [2 days before]}
"""


def test_each_instance_is_reminded_of_as_the_clause_that_rules_it_says() -> None:
    """Of two notices the second, to be cured by another clause, would be reminded of on the first one's days."""
    terms = load(LATE, "supplier.yaml", lambda wanted: (wanted, wanted))
    notices = [
        Report("a", "notice", date(2026, 3, 2), fields={"ground": "other"}),
        Report("b", "notice", date(2026, 4, 1), fields={"ground": "pay"}),
    ]
    made = plan(terms, notices, calendars=Calendars(), zones=Zones())
    assert [(push.name, str(push.send_at.date())) for push in made.pushes] == [
        ("remind.hr.7-day-before", "2026-03-25"),
        ("remind.hr.2-day-before", "2026-04-09"),
    ]


REPEATED = """
    task: Sign the handbook
    when: started
    by: 30 days after started
    remind: {hr: [every %s until done]}
"""


@pytest.mark.parametrize(("every", "days", "name"), [("3 days", 3, "3-day"), ("2 weeks", 14, "2-week")])
def test_repeats_are_those_from_the_last_one_gone_to_a_year_ahead(every: str, days: int, name: str) -> None:
    """Somebody who has not signed would be left alone for a while, or reminded of it under another key each night."""
    terms, started = sized(REPEATED % every), Report("s", "started", FIRST)
    for since in (*range(-5, 60), 400, 1_000):
        today = FIRST + timedelta(days=since)
        made = plan(terms, [started], as_of=today, calendars=Calendars(), zones=Zones()).pushes
        last = max(add_months(today, 12), add_months(FIRST, 12))
        row = [(number, FIRST + timedelta(days=number * days)) for number in range(1, 500)]
        gone = [one for one in row if one[1] < today][-1:]
        ahead = [one for one in row if today <= one[1] <= last][:120]
        wanted = [(f"remind.hr.{name}-every-trigger.{number}", day) for number, day in (*gone, *ahead)]
        assert [(push.name, push.send_at.date()) for push in made] == wanted


def unread() -> list[Push]:
    """Pushes of the letter that nobody looked at yet, some of each kind."""
    made = plan(letter(), [HIRED, CHANGE_OF_CONTROL], calendars=Calendars(), zones=Zones()).pushes
    return [*made[:5], *[push for push in made if push.kind is PushKind.ACTION][:5]]


def test_a_push_written_later_is_the_push_written_at_once() -> None:
    """What was stored and what is planned anew would differ, and every approval would lapse."""
    occurrences = {
        one.id: one
        for one in plan(letter(), [HIRED, CHANGE_OF_CONTROL], calendars=Calendars(), zones=Zones()).occurrences
    }
    for one, again, other in zip(unread(), unread(), unread(), strict=True):
        owed = occurrences[one.occurrence_id]
        assert one.key == push_key("", one.contract, one.clause, owed.instance, owed.position, one.name)
        at_once = Push(*(getattr(one, name) for name in Push.__slots__))
        assert (again == at_once, repr(other) == repr(at_once)) == (True, True)
    for copied in (copy.copy, copy.deepcopy, replace, lambda push: pickle.loads(pickle.dumps(push))):
        assert [copied(push) for push in unread()] == unread()


def test_a_push_cannot_be_changed_read_or_not() -> None:
    """Something on its way to the store would be changed after it was planned."""
    for push in (unread()[0], unread()[-1]):
        for name in ("key", "payload", "name"):
            with pytest.raises(AttributeError):
                setattr(push, name, None)
        assert not hasattr(push, "amount")


def test_a_push_that_was_read_lets_go_of_the_plan_it_was_made_in() -> None:
    """A daemon that holds a few pushes of each contract would hold everything that was ever worked out of it."""

    def worlds() -> int:
        gc.collect()
        return sum(type(one) is World for one in gc.get_objects())

    before = worlds()
    held = unread()
    assert all(push.payload for push in held)
    assert worlds() == before


def test_a_push_that_two_threads_read_at_once_is_written_the_same_for_both() -> None:
    """A look at the plan while it is stored would find a push without a key."""
    started = Barrier(2)
    one = plan(letter(), [HIRED], calendars=Calendars(), zones=Zones()).occurrences[0]

    class Slow:
        def write(self, push: Push, one: Occurrence, day: date) -> tuple[UUID, dict[str, Any]]:
            started.wait(10)
            return uuid5(one.id, push.name), {"day": day.isoformat()}

    slow: Wording = Slow()
    shared = unread()[0]
    push = written_later(
        *(slow, one, FIRST, one.id, one.contract, one.clause, one.index, "remind", shared.kind, "slack", "hr"),
        *(shared.send_at, {}, (), False),
    )
    found: list[tuple[UUID, Any]] = []
    readers = [Thread(target=lambda: found.append((push.key, push.payload))) for _ in range(2)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(10)
    assert found == [(uuid5(one.id, "remind"), {"day": FIRST.isoformat()})] * 2
