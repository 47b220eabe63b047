"""What the service's tests stand on: a real store, a clock moved by hand, a short letter, and an engine that claims and
records without a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

from config.calendars import Calendars
from config.shipped import find_template
from config.zones import Zones
from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence
from obligations.planning.content import owed
from obligations.ports import Claim, Decision, LedgerEntry, Result, Store, StoredDelivery
from obligations.service import Library, Preview, Service
from obligations.store import open_store
from obligations.testing.clocks import FixedClock

CLERK = "clerk@example.com"
LETTER = """
terms: 1
contract: {id: letter, title: A short letter, currency: USD}
counting: {zone: UTC, event_day: not_counted, month_end: clamp}
parties: {company: the company, employee: the employee}
roles:
  employee: the person hired
  manager: whom the employee reports to
  hr: human resources
  legal: counsel
  finance: the controller
  payroll: runs pay
people:
  manager: {name: Mei, email: mei@example.com}
  hr: {name: Hana, email: hana@example.com}
  legal: {name: Lea, email: lea@example.com}
  finance: {name: Finn, email: finn@example.com}
  payroll: {name: Pay, email: pay@example.com}
parameters:
  lump_sum_amount: {type: money, default: 125000.00, cite: "5.1(a)"}
  premium: {type: money, default: 800.00, cite: "5.1(b)"}
events:
  employment_started: {says: the first day of employment, once: yes, required: yes, cite: "5.1"}
  change_of_control: {says: a change of control was consummated, cite: "5.3"}
windows:
  protected: 24 months beginning on employment_started
define:
  protected_exit: first change_of_control during protected
clauses:
  i9:
    cite: "8"
    who: employee owes company
    task: Submit Form I-9
    when: employment_started
    by: 3 days after employment_started
    do: {send: hr_system, kind: hr_task, at: trigger}
    remind: {hr: [1 day before, on the day], employee: [1 day before]}
  lump_sum:
    cite: "5.1(a)"
    who: company owes employee
    says: the lump sum, less withholding
    pay: lump_sum_amount
    when: protected_exit
    exactly: 5 days after protected_exit
    do: {send: payroll, kind: one_time_earning, lead: 2 days, approve: [hr, finance]}
    remind: {payroll: [3 days before, on the day]}
  cobra_premium:
    cite: "5.1(b)"
    who: company owes employee
    says: the monthly premium
    pay: premium
    when: protected_exit
    series: {every: 1 month, times: 3, first: 1 day after protected_exit}
    do: {send: payroll, kind: premium_payment, lead: 2 days, approve: [finance]}
"""
OFFER_LETTER = """
terms: 1
contract: {{id: {name}, title: Offer letter, template: offer-letter}}
people:
  employee: {{name: Ana, email: ana@example.com}}
  manager: {{name: Mei, email: mei@example.com}}
  hr: {{name: Hana, email: hana@example.com}}
  legal: {{name: Lea, email: lea@example.com}}
  payroll: {{name: Pay, email: pay@example.com}}
  finance: {{name: Finn, email: finn@example.com}}
  benefits: {{name: Ben, email: ben@example.com}}
  equity: {{name: Eve, email: eve@example.com}}
"""
DELIVERED = Outcome(Verdict.DELIVERED)
FAILED = Outcome(Verdict.RETRY, detail="refused before anything was done")
UNKNOWN = Outcome(Verdict.UNKNOWN, detail="cut off")
REJECTED = Outcome(Verdict.REJECTED, detail="no such employee")
_STATES = {
    Verdict.DELIVERED: DeliveryState.DELIVERED,
    Verdict.RETRY: DeliveryState.RETRYING,
    Verdict.UNKNOWN: DeliveryState.RETRYING,
    Verdict.REJECTED: DeliveryState.PARKED,
    Verdict.GONE: DeliveryState.PARKED,
}


@cache
def library() -> Library:
    """Shipped templates, calendars and zones."""
    return Library(templates=lambda wanted: find_template(wanted), calendars=Calendars(), zones=Zones())


def noon(day: date) -> datetime:
    """Noon in UTC of the day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@dataclass
class Receiver:
    """Takes each key once, as payroll does, and knows what it owes for each action of each occurrence."""

    keys: set[UUID] = field(default_factory=set)
    bodies: dict[UUID, bytes] = field(default_factory=dict)
    believes: dict[tuple[UUID, str], Any] = field(default_factory=dict)

    def take(self, one: StoredDelivery) -> None:
        """Act on a delivery, unless its key was seen."""
        key = one.push.key
        assert self.bodies.setdefault(key, one.body) == one.body, "one key, one content, for life"
        if key in self.keys:
            return
        self.keys.add(key)
        about = (one.push.occurrence_id, one.push.name)
        owes = owed(one.push)
        status = one.push.payload["status"]
        if status == "instruct":
            assert self.believes.get(about) is None, "a second instruction without a reversal between pays twice"
        elif status == "reverse":
            assert owes is None
        self.believes[about] = owes


@dataclass
class Office:
    """A service on a real store, with everything a test wants to do to it or know of it."""

    store: Store
    clock: FixedClock
    service: Service
    receiver: Receiver = field(default_factory=Receiver)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # --- what people do

    def add(self, text: str = LETTER, *, actor: str = CLERK, change: bool = False) -> None:
        self.service.add_contract(text, "letter.yaml", actor=actor, change=change)

    def tell(
        self,
        event: str,
        day: date,
        *,
        contract: str = "letter",
        actor: str = CLERK,
        expected: bool = False,
        **fields: str,
    ) -> str:
        """Record an event; returns its id."""
        report = Report(f"ev-{next(self._numbers)}", event, day, fields=fields, expected=expected)
        self.service.record(contract, report, actor=actor)
        return report.id

    def withdraw(self, report: str, *, actor: str = CLERK) -> Preview:
        return self.service.withdraw(report, actor=actor, reason="entered by mistake")

    def approve(self, reference: str, *people: str) -> None:
        for person in people or ("hana@example.com", "finn@example.com"):
            self.service.decide(reference, person=person, approve=True)

    def today(self, day: date) -> None:
        """The day it is, at noon in UTC."""
        self.clock.set(noon(day))

    # --- what the engine does

    def claim(self, limit: int = 1000) -> list[Claim]:
        return list(
            self.store.claim(
                business_now=self.clock.now(),
                machine_now=self.clock.now(),
                worker="w",
                limit=limit,
                lease_seconds=3600,
            )
        )

    def answer(self, claims: list[Claim], outcome: Outcome, *, arrived: bool | None = None) -> None:
        """Record one outcome for the claims; an action that arrived is taken by the receiver."""
        took = outcome.verdict in (Verdict.DELIVERED, Verdict.UNKNOWN) if arrived is None else arrived
        by_key = {one.push.key: one for one in self.deliveries()}
        for claim in claims:
            if took and claim.kind is PushKind.ACTION:
                self.receiver.take(by_key[claim.key])
        now = self.clock.now()
        stale = self.store.record(
            [
                Result(claim, outcome, _STATES[outcome.verdict], now, now + timedelta(minutes=5) if retry else None)
                for claim in claims
                for retry in [_STATES[outcome.verdict] is DeliveryState.RETRYING]
            ]
        )
        assert not stale

    def send(self, outcome: Outcome = DELIVERED, *, only: str = "") -> list[Claim]:
        """Claim everything that is due and record one outcome for it, or for those whose name holds `only`."""
        claims = self.claim()
        chosen = [claim for claim in claims if only in claim.name]
        self.answer(chosen, outcome)
        self.answer([claim for claim in claims if only not in claim.name], DELIVERED)
        return claims

    # --- what one can know

    def deliveries(self, **wanted: Any) -> list[StoredDelivery]:
        with self.store.read() as view:
            return list(view.deliveries(**wanted))

    def chain(self, clause: str, name: str, index: int = 1) -> list[StoredDelivery]:
        """One push with its revisions, oldest first."""
        found = [
            one
            for one in self.deliveries()
            if (one.push.clause, one.push.name, one.push.index) == (clause, name, index)
        ]
        return sorted(found, key=lambda one: one.push.supersession)

    def states(self, clause: str, name: str, index: int = 1) -> list[str]:
        return [str(one.state) for one in self.chain(clause, name, index)]

    def occurrence(self, clause: str, index: int = 1, contract: str = "letter") -> Occurrence:
        with self.store.read() as view:
            (found,) = (one for one in view.occurrences(contract) if (one.clause, one.index) == (clause, index))
        return found

    def decisions(self, key: UUID) -> list[Decision]:
        with self.store.read() as view:
            return list(view.decisions(key))

    def ledger(self) -> list[LedgerEntry]:
        with self.store.read() as view:
            return list(view.ledger())

    def everything(self) -> Mapping[str, object]:
        """All that is stored, to compare before and after."""
        with self.store.read() as view:
            contracts = view.contracts()
            return {
                "contracts": contracts,
                "logs": {one.id: view.log(one.id) for one in contracts},
                "occurrences": view.occurrences(),
                "deliveries": view.deliveries(),
                "decisions": {one.push.key: view.decisions(one.push.key) for one in view.deliveries()},
                "ledger": view.ledger(),
            }


@contextmanager
def office_on(url: str, today: date) -> Iterator[Office]:
    """An office over a database, on a day."""
    store = open_store(url)
    try:
        clock = FixedClock(noon(today))
        yield Office(store, clock, Service(store, clock=clock, library=library()))
    finally:
        store.close()
