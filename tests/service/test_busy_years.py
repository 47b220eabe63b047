"""A contract in busy hands: money in parts, held back, gated and replaced, while facts and amendments come and go.

Whatever is entered, corrected, amended, taken back, approved and answered, in whatever order: payroll ends up believing
the plan, no second instruction goes without a reversal between, and everything comes to rest.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest

from obligations.domain.delivery import DeliveryState, Outcome, PushKind
from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.content import owed
from obligations.planning.values import PlanningError
from obligations.planning.world import DONE
from obligations.service import Amends, Refused
from obligations.terms.errors import TermsError
from tests.service.office import CLERK, DELIVERED, FAILED, REJECTED, UNKNOWN, Office

STARTED, TODAY = date(2026, 1, 5), date(2026, 4, 20)
FINANCE, MANAGER = "finn@example.com", "mei@example.com"
CONTRACT = """
terms: 1
contract: {id: letter, title: A wide letter, currency: USD}
counting: {zone: UTC}
parties: {company: the company, employee: the employee}
roles: {finance: the controller, manager: whom the employee reports to}
people: {finance: {name: Finn, email: finn@example.com}, manager: {name: Mei, email: mei@example.com}}
parameters:
  lump: {type: money, default: 125000.00, cite: "5"}
facts:
  base_salary: {type: money, is: 120000.00, cite: "2"}
  pay_days: {type: payroll_calendar, ask: Which days end a pay period?, cite: "8"}
  specified: {type: yes_or_no, ask: Is the employee a specified one?, each: exit, cite: "16"}
readings:
  how_often: {use: once, options: [once, each], cite: "5"}
events:
  hired: {says: the first day, once: yes, required: yes, cite: "1"}
  exit: {says: the employment ended, once: yes, cite: "3"}
  deal: {says: a change of control, with: {worth: money}, cite: "5"}
  signed: {says: the release was signed, cite: "6"}
  revoked: {says: the release was revoked, cite: "6"}
  review: {says: a review was held, cite: "9"}
windows:
  protected: 24 months beginning on hired
define:
  binding: {stands: {event: signed, for: 7 days, unless: revoked}}
clauses:
  lump_sum:
    cite: "5"
    who: company owes employee
    pay: lump
    when: {reading: how_often, once: first deal during protected, each: deal during protected}
    exactly: 5 days after deal
    do: {send: payroll, kind: lump, approve: [finance]}
  share:
    cite: "5"
    who: company owes employee
    pay: 10 percent of worth of deal
    when: deal
    by: 10 days after deal
    do: {send: payroll, kind: share, approve: [finance]}
  thanks:
    cite: "6"
    who: company owes employee
    pay: 1000.00
    when: binding
    by: 10 days after binding
    do: {send: payroll, kind: thanks, approve: [finance]}
  severance:
    cite: "7"
    who: company owes employee
    pay: 12000.00
    when: exit
    series: {on: paydays, over: 3 months following exit, splits: yes, first: payday after exit}
    requires: {event: binding, by: 60 days after exit}
    do: {send: payroll, kind: severance, approve: [finance]}
  notice_pay:
    cite: "7"
    who: company owes employee
    pay: base_salary / 12
    when: exit
    series: {every: 1 month, times: 3, first: 1 month after exit}
    do: {send: payroll, kind: notice_pay, approve: [finance]}
  hold:
    cite: "16"
    who: company owes employee
    postpone: [notice_pay]
    when: exit
    if: specified
    to: 1 day after 2 months after exit
  bonus:
    cite: "9"
    who: company owes employee
    pay: 20 percent of base_salary
    when: review
    by: 20 days after review
    do: {send: payroll, kind: bonus, approve: [finance]}
  bonus_by_law:
    cite: "9"
    who: company owes employee
    pay: 30 percent of base_salary
    instead_of: bonus
    if: signed happened
    by: 10 days after review
    do: {send: payroll, kind: bonus, approve: [finance]}
"""
AMENDMENTS = (
    "from: 2026-02-15\ntitle: A\nparameters: {lump: 150000.00}\n",
    "from: 2026-03-10\ntitle: B\nends: [hold, bonus_by_law]\n",
    "from: 2026-03-10\ntitle: C\nends: [hold, share]\nrunning: changes\n",
    "from: 2026-02-20\ntitle: D\nfacts: {base_salary: 144000.00}\n",
    "from: 2026-03-01\ntitle: E\nwindows: {protected: 1 month beginning on hired}\n",
    "from: 2026-02-25\ntitle: F\ndefine:\n  binding: {stands: {event: signed, for: 21 days, unless: revoked}}\n",
    """from: 2026-03-05
title: G
clauses:
  severance:
    cite: "7"
    who: company owes employee
    pay: 9000.00
    when: exit
    series: {every: 1 month, times: 4, splits: yes, first: 1 month after exit}
    do: {send: payroll, kind: severance, approve: [finance]}
running: changes
""",
)
DETAILS = {
    "deal": ({"worth": "1000.00"}, {"worth": "2000.00"}),
    "pay_days": ({"value": "14 days ending 2026-01-09"}, {"value": "monthly paid last"}),
    "base_salary": ({"value": "100000.00"}, {"value": "132000.00"}),
    "specified": ({"value": "yes"}, {"value": "no"}),
}
EVENTS = ("deal", "deal", "exit", "signed", "revoked", "review", "pay_days", "base_salary", "specified")
ANSWERS = ((DELIVERED, True),) * 6 + ((FAILED, False), (UNKNOWN, True), (UNKNOWN, False), (REJECTED, False))
OPEN = set(DeliveryState) - {DeliveryState.DELIVERED, DeliveryState.CANCELLED}
BY_HAND = (State.DONE, State.DONE_LATE)


class Years:
    """One contract, and what people and the network do to it, drawn by a seed."""

    def __init__(self, office: Office, seed: int) -> None:
        self.office, self.drawn = office, random.Random(seed)
        self.reports: list[str] = []
        self.amended: set[str] = set()
        office.add(CONTRACT)
        office.tell("hired", STARTED)
        office.today(TODAY)

    def live(self, steps: int) -> None:
        doings: list[Callable[[], None]] = [
            *[self.tell] * 5, *[self.correct] * 3, *[self.withdraw] * 2, *[self.amend] * 3, self.read, self.pay_by_hand,
            *[self.approve] * 4, *[self.send] * 4,
        ]  # fmt: skip
        for _ in range(steps):
            with suppress(Refused, PlanningError, TermsError):
                self.drawn.choice(doings)()

    def _day(self) -> date:
        return TODAY - timedelta(days=self.drawn.randrange(1, 90))

    def tell(self) -> None:
        event = self.drawn.choice(EVENTS)
        expected = event in ("deal", "review", "exit") and self.drawn.random() < 0.2
        fields = self.drawn.choice(DETAILS.get(event, ({},)))
        self.reports.append(self.office.tell(event, self._day(), expected=expected, **fields))

    def correct(self) -> None:
        if self.reports:
            report = self.drawn.choice(self.reports)
            self.office.service.correct(report, Amends(occurred_on=self._day()), actor=CLERK)

    def withdraw(self) -> None:
        if self.reports:
            report = self.drawn.choice(self.reports)
            self.office.withdraw(report)
            self.reports.remove(report)

    def amend(self) -> None:
        text = "terms: 1\namends: letter\n" + self.drawn.choice(AMENDMENTS)
        use = self.office.service.withdraw_amendment if text in self.amended else self.office.service.amend
        use(text, "a.yaml", actor=CLERK)
        self.amended ^= {text}

    def read(self) -> None:
        option = self.drawn.choice(["once", "each"])
        number = f"choice-{self.drawn.random()}"
        self.office.service.choose("letter", "how_often", option, person=MANAGER, choice_id=number)

    def pay_by_hand(self) -> None:
        with self.office.store.read() as view:
            due = [one for one in view.occurrences("letter") if one.state in (State.MISSED, State.SCHEDULED)]
        if due:
            one = self.drawn.choice(due)
            report = Report(f"done-{self.drawn.random()}", DONE, self._day(), answers=str(one.id), evidence="a cheque")
            self.office.service.record("letter", report, actor=CLERK)
            self.reports.append(report.id)

    def approve(self, chance: float = 0.7) -> None:
        for one in sorted(self.office.deliveries(states={DeliveryState.PROPOSED}), key=lambda it: it.push.key):
            if self.drawn.random() < chance:
                with suppress(Refused):
                    self.office.service.decide(str(one.push.key), person=FINANCE, approve=True)

    def send(self, answers: tuple[tuple[Outcome, bool], ...] = ANSWERS) -> None:
        for claim in self.office.claim():
            outcome, arrived = self.drawn.choice(answers)
            self.office.answer([claim], outcome, arrived=arrived)
        self.office.clock.set(self.office.clock.now() + timedelta(minutes=6))

    # --- in the end

    def come_to_rest(self) -> None:
        self.office.clock.advance(days=400)
        for _ in range(12):
            self.office.service.replan("letter")
            for one in self.office.deliveries(states={DeliveryState.PARKED}):
                with suppress(Refused):
                    self.office.service.retry(str(one.push.key), actor=CLERK, not_received=True)
            self.approve(chance=1)
            self.send(answers=((DELIVERED, True),))
            if not self.office.deliveries(states=OPEN):
                break
        left = self.office.deliveries(states=OPEN)
        assert not left, "something never comes to rest"

    def believed_is_planned(self) -> None:
        plan = self.office.service.overview("letter").plan
        assert len({one.id for one in plan.occurrences}) == len(plan.occurrences), "two obligations have one name"
        wanted = {(it.occurrence_id, it.name): owed(it) for it in plan.pushes if it.kind is PushKind.ACTION}
        by_hand = {one.id for one in plan.occurrences if one.state in BY_HAND}
        for about in {**wanted, **self.office.receiver.believes}:
            if about[0] not in by_hand:
                assert self.office.receiver.believes.get(about) == wanted.get(about), "payroll believes another thing"


@pytest.mark.parametrize("seed", range(5))
def test_payroll_ends_up_believing_the_plan_of_a_wide_contract(desk: Office, seed: int) -> None:
    years = Years(desk, seed)
    years.live(30)
    years.come_to_rest()
    years.believed_is_planned()
