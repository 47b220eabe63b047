"""What the engine's tests stand on: a real store with deliveries in it, clocks that are moved by hand, and connectors
that do what the test tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from obligations.domain.content import hash_of
from obligations.domain.delivery import DeliveryState, Outcome, Push, PushKind, Verdict
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.engine.pump import Pump
from obligations.engine.settings import EngineSettings
from obligations.ports import (
    Attempt,
    Changes,
    Claim,
    Connector,
    DeliveryChange,
    Store,
    StoredContract,
    StoredDelivery,
)
from obligations.testing.clocks import FixedClock, FixedMachineClock
from schedules.derivation import Derivation

NOON = datetime(2006, 10, 16, 12, tzinfo=UTC)
REAL_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAMESPACE = UUID("0b11ca71-04e5-5c8b-9a44-7d0f5c7e4d3a")
CONTRACT = "offer-letter"
DEADLINE_SECONDS = 20.0
YES = Outcome(Verdict.DELIVERED)


def middle() -> float:
    """The chance that neither stretches nor shortens a wait."""
    return 0.5


def contract(name: str = CONTRACT, *, replan_at: datetime | None = None) -> StoredContract:
    return StoredContract(
        id=name, title="Offer letter", source="terms: 1", template="", added_at=REAL_NOON, added_by="hr",
        replan_at=replan_at,
    )  # fmt: skip


def put_deliveries(store: Store, pushes: Sequence[Push], of: str = CONTRACT) -> None:
    """Plan the pushes, so that they go at their instants."""
    occurrences = {
        push.occurrence_id: Occurrence(
            id=push.occurrence_id, contract=push.contract, clause="5.1(a)", instance="", position=str(position),
            index=position, of=None, kind=Kind.TASK, title="lump sum", debtor="company", creditor="employee",
            state=State.SCHEDULED, derivation=Derivation("stated"),
        )
        for position, push in enumerate(pushes)
    }  # fmt: skip
    with store.write() as view:
        found = view.contract(of)
        if found is None:
            view.put_contract(contract(of))
        view.apply(
            of,
            Changes(
                replan_at=found.replan_at if found is not None else None,
                occurrences=tuple(occurrences.values()),
                deliveries=tuple(
                    DeliveryChange(push, body, hash_of_push(push, body), state=DeliveryState.SCHEDULED)
                    for push in pushes
                    for body in [str(push.key).encode()]
                ),
            ),
        )


def hash_of_push(push: Push, body: bytes) -> str:
    return hash_of(body, push.connector, push.destination, push.address, push.send_at, push.approvals)


def push(
    name: str,
    destination: str = "payroll",
    *,
    at: datetime = NOON,
    kind: PushKind = PushKind.ACTION,
    connector: str = "scripted",
    occurrence: str = "",
) -> Push:
    return Push(
        key=uuid5(NAMESPACE, name), occurrence_id=uuid5(NAMESPACE, occurrence or f"of {name}"), contract=CONTRACT,
        clause="5.1(a)", index=0, name=name, kind=kind, connector=connector, destination=destination, send_at=at,
        payload={"id": name},
    )  # fmt: skip


@dataclass
class Stage:
    """A store, two clocks that stand still, and what was planned."""

    store: Store
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    machine: FixedMachineClock = field(default_factory=lambda: FixedMachineClock(REAL_NOON))

    def plan(self, *pushes: Push) -> None:
        put_deliveries(self.store, pushes)

    def pump(
        self,
        connector: Connector | None = None,
        *,
        store: Store | None = None,
        connectors: dict[str, Connector] | None = None,
        **settings: Any,
    ) -> Pump:
        """A new pump: a worker of its own on the same store."""
        return Pump(
            store or self.store,
            connectors if connectors is not None else {"scripted": connector or Scripted()},
            clock=self.clock, machine=self.machine, monotonic=self.machine.monotonic,
            settings=EngineSettings(**settings), chance=middle,
        )  # fmt: skip

    def delivery(self, name: str) -> StoredDelivery:
        with self.store.read() as view:
            (found,) = view.deliveries(keys=[uuid5(NAMESPACE, name)])
        return found

    def states(self) -> dict[str, DeliveryState]:
        with self.store.read() as view:
            return {found.push.name: found.state for found in view.deliveries()}

    def attempts(self, name: str) -> Sequence[Attempt]:
        with self.store.read() as view:
            return view.attempts(uuid5(NAMESPACE, name))

    def in_seconds(self, seconds: float) -> datetime:
        """The machine's instant so many seconds from now."""
        return self.machine.now() + timedelta(seconds=seconds)


class Scripted:
    """A receiver that gives its answers in turn, and says yes when it has none left. Exceptions are raised."""

    def __init__(self, *answers: Outcome | Exception, name: str = "scripted") -> None:
        self.name = name
        self.answers = list(answers)
        self.seen: list[Claim] = []
        self.told = asyncio.Event()

    @property
    def names(self) -> list[str]:
        return [claim.name for claim in self.seen]

    async def deliver(self, claim: Claim) -> Outcome:
        self.seen.append(claim)
        self.told.set()
        answer = self.answers.pop(0) if self.answers else YES
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def check(self) -> str | None:
        return None

    async def close(self) -> None:
        return None


class Hanging(Scripted):
    """A receiver that does not answer the destinations in `slow` until it is released."""

    def __init__(self, *slow: str) -> None:
        super().__init__()
        self.slow = slow
        self.released = asyncio.Event()
        self.waiting = 0

    async def deliver(self, claim: Claim) -> Outcome:
        answer = await super().deliver(claim)
        if claim.destination in self.slow:
            self.waiting += 1
            await self.released.wait()
            self.waiting -= 1
        return answer


async def until(condition: Callable[[], bool], heard: asyncio.Event) -> None:
    """Return once the condition holds; it is looked at each time the event is set. Fails after the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await heard.wait()
            heard.clear()
