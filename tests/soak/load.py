"""What falls due in a campaign: instructions of every second, and letters whose payments wait for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID, uuid5

from obligations.clocks import SystemClock
from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.event import Report
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.planning.content import body_of, content_hash
from obligations.planning.pushes import Sending
from obligations.ports import Changes, Conflict, DeliveryChange, Store, StoredContract
from obligations.service import Service
from schedules.derivation import Derivation
from tests.service.office import CLERK, LETTER, library

NAMESPACE = UUID("4f0c2a9e-52a1-5c0b-8a67-3d9e3b1d7f10")
CONTRACT = "load"
SYSTEMS = 4
TERMS = LETTER.replace("people:\n", "people:\n  employee: {name: Ana, email: ana@example.com}\n")
HANA, FINN = "hana@example.com", "finn@example.com"
# Which of six letters is a mistake; nobody has agreed to it.
MISTAKEN = 2
# What a letter has to pay once its exit is known, by clause.
PAYMENTS = {"lump_sum": 1, "cobra_premium": 3}


@dataclass(frozen=True, slots=True)
class Yes:
    """A person agreed, to content of this hash, from that instant on."""

    role: str
    person: str
    content_hash: str
    at: datetime


@dataclass(slots=True)
class Accepted:
    """One push as the store accepted it, and what people said of it. Kept here, not in the database under test."""

    push: Push
    agreed: list[Yes] = field(default_factory=list)
    called_off: bool = False

    @property
    def may_go(self) -> bool:
        """Whether everybody asked has agreed."""
        return {one.role for one in self.agreed} >= set(self.push.approvals)


class Load:
    """Puts work into the store while the daemons live and die. Its numbers make its keys, so nothing is put twice.

    `accepted` is all that the store took, by key: noted once it was committed, and never read back from the database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clock = SystemClock()
        self._service = Service(
            store, clock=self._clock, library=replace(library(), sending=Sending(reminders="console"))
        )
        self._numbers = count(1)
        self._letters = count(1)
        self.accepted: dict[str, Accepted] = {}
        with store.write() as view:
            view.put_contract(StoredContract(CONTRACT, "Load", "terms: 1", "", self._clock.now(), "hr"))

    def spread(
        self, many: int, seconds: float, *, name: str = "now", first_in: timedelta = timedelta(seconds=0.1)
    ) -> set[UUID]:
        """That many instructions, due one after the other from now until then; their keys."""
        begins = self._clock.now() + first_in
        apart = timedelta(seconds=seconds / many)
        pushes = [
            instruction(f"{name} {next(self._numbers)}", f"system-{n % SYSTEMS}", begins + n * apart)
            for n in range(many)
        ]
        with self._store.write() as view:
            view.apply(CONTRACT, Changes(tuple(map(occurrence_of, pushes)), deliveries=tuple(map(change_of, pushes))))
        self._keep(pushes)
        return {push.key for push in pushes}

    def call_off(self, many: int, seconds: float) -> None:
        """Plan so many instructions as `spread` does, and call them off again; one that is being sent already stays."""
        for key in self.spread(many, seconds, name="called off"):
            with suppress(Conflict):
                with self._store.write() as view:
                    view.move(key, {DeliveryState.SCHEDULED}, DeliveryState.CANCELLED, "called off")
                self.accepted[str(key)].called_off = True

    def letter(self) -> None:
        """One more letter: its exit was a while ago, so its payments are due as soon as they are agreed to.

        Of six letters two are agreed to by everybody asked, two by half of them, and two by nobody; the exit of one of
        these turns out to be a mistake.
        """
        number = next(self._letters)
        identity = f"letter-{number}"
        today = self._clock.now().date()
        self._service.add_contract(TERMS.replace("id: letter", f"id: {identity}"), "letter.yaml", actor=CLERK)
        for event, days in (("employment_started", 60), ("change_of_control", 20)):
            self._tell(identity, event, today - timedelta(days=days))
        pushes = self._service.overview(identity).plan.pushes
        if Counter(push.clause for push in pushes if push.money) != PAYMENTS:
            raise RuntimeError(f"the plan of {identity} has not the payments that the letter asks for")
        self._keep(pushes)
        people: Sequence[str] = ((HANA, FINN), (HANA,), ())[number % 3]
        for push in pushes:
            for role, person in (("hr", HANA), ("finance", FINN)):
                if role in push.approvals and person in people:
                    self._agree(push, role, person)
        if number % 6 == MISTAKEN:
            self._service.withdraw(f"{identity}-change_of_control", actor=CLERK, reason="entered by mistake")
            for push in pushes:
                self.accepted[str(push.key)].called_off = push.clause in PAYMENTS

    def _agree(self, push: Push, role: str, person: str) -> None:
        at = self._clock.now()
        seen = content_hash(push)
        self._service.decide(str(push.occurrence_id), person=person, approve=True, contents=(seen,))
        self.accepted[str(push.key)].agreed.append(Yes(role, person, seen, at))

    def _keep(self, pushes: Iterable[Push]) -> None:
        self.accepted |= {str(push.key): Accepted(push) for push in pushes}

    def retry_parked(self) -> int:
        """As a person does who looks at what was stopped: everything parked goes again; how many."""
        with self._store.read() as view:
            parked = view.deliveries(states={DeliveryState.PARKED})
        with self._store.write() as view:
            for one in parked:
                view.release(one.push.key, "a person looked")
        return len(parked)

    def _tell(self, contract: str, event: str, day: date) -> None:
        self._service.record(contract, Report(f"{contract}-{event}", event, day), actor=CLERK)


def instruction(name: str, destination: str, at: datetime) -> Push:
    """A task for a system; the same name has the same key."""
    return Push(
        key=uuid5(NAMESPACE, name), occurrence_id=uuid5(NAMESPACE, f"of {name}"), contract=CONTRACT, clause="1",
        index=1, name=name, kind=PushKind.ACTION, connector="http", destination=destination, send_at=at,
        payload={"name": name},
    )  # fmt: skip


def occurrence_of(push: Push) -> Occurrence:
    """What the instruction is about."""
    return Occurrence(
        id=push.occurrence_id, contract=CONTRACT, clause="1", instance="", position=push.name, index=1, of=None,
        kind=Kind.TASK, title="a task", debtor="company", creditor="employee", state=State.SCHEDULED,
        derivation=Derivation("stated"),
    )  # fmt: skip


def change_of(push: Push) -> DeliveryChange:
    """The instruction as it is planned."""
    return DeliveryChange(push, body_of(push), content_hash(push), DeliveryState.SCHEDULED)
