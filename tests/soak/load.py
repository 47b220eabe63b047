"""What falls due in a campaign: instructions of every second, and letters whose payments wait for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from uuid import UUID, uuid5

from obligations.clocks import SystemClock
from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.event import Report
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.planning.content import body_of, content_hash
from obligations.planning.pushes import Sending
from obligations.ports import Changes, DeliveryChange, Store, StoredContract
from obligations.service import Service
from schedules.derivation import Derivation
from tests.service.office import CLERK, LETTER, library

NAMESPACE = UUID("4f0c2a9e-52a1-5c0b-8a67-3d9e3b1d7f10")
CONTRACT = "load"
SYSTEMS = 4
TERMS = LETTER.replace("people:\n", "people:\n  employee: {name: Ana, email: ana@example.com}\n")
HANA, FINN = "hana@example.com", "finn@example.com"


class Load:
    """Puts work into the store while the daemons live and die. Its numbers make its keys, so nothing is put twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._clock = SystemClock()
        self._service = Service(
            store, clock=self._clock, library=replace(library(), sending=Sending(reminders="console"))
        )
        self._numbers = count(1)
        self._letters = count(1)
        with store.write() as view:
            view.put_contract(StoredContract(CONTRACT, "Load", "terms: 1", "", self._clock.now(), "hr"))

    def spread(self, many: int, seconds: float, *, name: str = "now") -> set[UUID]:
        """That many instructions, due one after the other from now until then; their keys."""
        begins = self._clock.now() + timedelta(seconds=0.1)
        apart = timedelta(seconds=seconds / many)
        pushes = [
            instruction(f"{name} {next(self._numbers)}", f"system-{n % SYSTEMS}", begins + n * apart)
            for n in range(many)
        ]
        with self._store.write() as view:
            view.apply(CONTRACT, Changes(tuple(map(occurrence_of, pushes)), deliveries=tuple(map(change_of, pushes))))
        return {push.key for push in pushes}

    def letter(self) -> None:
        """One more letter: its exit was a while ago, so its payments are due as soon as they are agreed to.

        Of three letters one is agreed to by everybody asked, one by half of them, and one by nobody.
        """
        number = next(self._letters)
        identity = f"letter-{number}"
        today = self._clock.now().date()
        self._service.add_contract(TERMS.replace("id: letter", f"id: {identity}"), "letter.yaml", actor=CLERK)
        for event, days in (("employment_started", 60), ("change_of_control", 20)):
            self._tell(identity, event, today - timedelta(days=days))
        people: Sequence[str] = ((HANA, FINN), (HANA,), ())[number % 3]
        with self._store.read() as view:
            proposed = view.deliveries(identity, states={DeliveryState.PROPOSED})
        for one in proposed:
            for role, person in (("hr", HANA), ("finance", FINN)):
                if role in one.push.approvals and person in people:
                    self._service.decide(str(one.push.occurrence_id), person=person, approve=True)

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
