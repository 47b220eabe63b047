"""How the checks speak: a contract to work on, a claim on it, and nothing due left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.ports import NO_ROOMS, Changes, Claim, Conflict, LedgerEntry, Result, Store, StoredDelivery
from obligations.testing.builders import NOON, a_change, a_contract, a_push

Check = Callable[[Store], None]
MINUTE = timedelta(minutes=1)
DRAINED_BY = datetime(2900, 1, 1, tzinfo=UTC)


def contract_in(store: Store) -> str:
    """The id of a contract of its own."""
    contract = a_contract()
    with store.write() as tx:
        tx.put_contract(contract)
    return contract.id


def quiet_contract_in(store: Store) -> str:
    """The same, where nothing else is due."""
    drain(store)
    return contract_in(store)


def claimed_in(store: Store) -> tuple[str, Claim]:
    """A contract with one push, and the claim on it."""
    contract = quiet_contract_in(store)
    apply_to(store, contract, Changes(deliveries=(a_change(a_push(contract)),)))
    (claim,) = claim_from(store)
    return contract, claim


@contextmanager
def quietened(store: Store) -> Iterator[None]:
    """Leaves nothing due behind, also when the check fails."""
    try:
        yield
    finally:
        drain(store)


def drain(store: Store) -> None:
    """Ends everything that is due, retrying or in flight."""
    store.rescue(machine_now=DRAINED_BY, everything=True)
    while claims := claim_from(store, business_now=DRAINED_BY, machine_now=DRAINED_BY, limit=1_000):
        store.record([Result(it, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, DRAINED_BY) for it in claims])


def apply_to(store: Store, contract: str, changes: Changes) -> None:
    """Write changes of a contract in one transaction."""
    with store.write() as tx:
        tx.apply(contract, changes)


def claim_from(
    store: Store,
    *,
    business_now: datetime = NOON,
    machine_now: datetime = NOON,
    worker: str = "w",
    limit: int = 100,
    lease_seconds: float = 60.0,
    full: Iterable[str] = (),
    planned_by: datetime | None = None,
    edition: str | None = None,
    each: int | None = None,
    rooms: Mapping[str, int] = NO_ROOMS,
    money: bool = True,
    money_alone: bool = False,
) -> list[Claim]:
    """What the store hands out; without limits unless told."""
    return list(
        store.claim(
            business_now=business_now,
            machine_now=machine_now,
            worker=worker,
            limit=limit,
            lease_seconds=lease_seconds,
            full=frozenset(full),
            planned_by=planned_by,
            edition=edition,
            each=each,
            rooms=rooms,
            money=money,
            money_alone=money_alone,
        )
    )


def delivery_in(store: Store, key: UUID) -> StoredDelivery:
    """The one delivery of a key."""
    with store.read() as tx:
        (found,) = tx.deliveries(keys=[key])
    return found


def line_about(contract: str) -> LedgerEntry:
    """A line of the record."""
    return LedgerEntry(at=NOON, actor="hr@example.test", action="planned", contract=contract, object="plan")


def fail_midway() -> None:
    """Ends a transaction as a mistake in the caller would."""
    raise ZeroDivisionError


def conflict() -> AbstractContextManager[None]:
    """What is inside must end as a `Conflict`."""
    return raises(Conflict)


@contextmanager
def raises(kind: type[Exception]) -> Iterator[None]:
    """What is inside must end so; the suite is for users without a test framework, too."""
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was expected and did not come")
