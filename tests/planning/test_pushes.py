"""What is sent for an occurrence, and what no longer is."""

from __future__ import annotations

from datetime import date

from config.calendars import Calendars
from config.zones import Zones
from obligations.domain.delivery import PushKind
from obligations.domain.event import Report
from obligations.planning.plan import plan
from obligations.terms.loader import load

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
