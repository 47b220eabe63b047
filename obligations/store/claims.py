"""What the daemon does: lease what is due, write down what became of it, take back what a dead daemon held.

Nothing here ever waits for a row that another claimer holds, and nobody waits for a claim.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)

from obligations.domain.delivery import ARROWS, DeliveryState, PushKind, Verdict
from obligations.ports import Claim, Result
from obligations.store import tables
from obligations.store.instants import Instant, database_now
from obligations.store.rows import address_of, to_json
from obligations.store.transaction import IllegalMove

STOPPED = "the daemon stopped before it learned the outcome"
REPLACED = "a later reminder of the same occurrence was due as well"
# How many due rows one sweep for stale reminders looks at, and how many sweeps one claim makes.
_SWEEP, _SWEEPS = 1_000, 10
_SCHEDULED, _SENDING, _RETRYING = (
    DeliveryState.SCHEDULED.value, DeliveryState.SENDING.value, DeliveryState.RETRYING.value
)
_REMINDER = PushKind.REMINDER.value


def claim(
    connection: Connection,
    tenant: str,
    *,
    business_now: datetime,
    machine_now: datetime,
    worker: str,
    limit: int,
    lease_seconds: float,
    full: Collection[str],
) -> list[Claim]:
    """Lease the oldest due deliveries and write an attempt for each."""
    if limit < 1:
        return []
    lease_until = _machine_clock(connection, machine_now, lease_seconds)
    taken = connection.execute(_take(connection, tenant, business_now, machine_now, worker, limit, lease_until, full))
    claimed = sorted(taken.all(), key=lambda row: (row.next_attempt_at or row.send_at, row.kind, row.key))
    if not claimed:
        return []
    connection.execute(
        insert(tables.attempt),
        [
            {"tenant": tenant, "key": row.key, "number": row.attempts, "fence": row.fence, "worker": worker,
             "started_at": machine_now}
            for row in claimed
        ],
    )
    reminders = [row for row in claimed if row.kind == _REMINDER]
    if reminders:
        _collapse(connection, tenant, business_now, reminders)
    return [_claim_of(row, worker, business_now) for row in claimed]


def record(connection: Connection, tenant: str, results: Iterable[Result]) -> list[UUID]:
    """Write what became of claims; returns the keys whose claim was no longer held."""
    wanted = sorted(results, key=lambda it: it.claim.key)
    for result in wanted:
        if result.state not in ARROWS[DeliveryState.SENDING] or result.state is DeliveryState.SENDING:
            raise IllegalMove(f"no arrow leads from sending to {result.state.value}")
    if not wanted:
        return []
    c = tables.delivery.c
    # Locked in the order of keys, so that what is read here still holds when it is written below.
    held = {
        row.key: (row.fence, row.worker)
        for row in connection.execute(
            select(c.key, c.fence, c.worker)
            .where(c.tenant == tenant, c.key.in_([it.claim.key for it in wanted]), c.state == _SENDING)
            .order_by(c.key)
            .with_for_update()
        )
    }
    ours = []
    stale = []
    for result in wanted:
        # Each claim is written once, also when it is reported twice.
        if held.get(result.claim.key) == (result.claim.fence, result.claim.worker):
            del held[result.claim.key]
            ours.append(result)
        else:
            stale.append(result.claim.key)
    if ours:
        connection.execute(_FINISH_DELIVERY, [_delivery_end(tenant, it) for it in ours])
        connection.execute(_FINISH_ATTEMPT, [_attempt_end(tenant, it) for it in ours])
    return stale


def rescue(connection: Connection, tenant: str, *, machine_now: datetime, everything: bool) -> int:
    """Send back what a stopped daemon held. Its outcome is unknown since the attempt began, not since it was noticed:
    a receiver forgets keys by the time that passed."""
    c = tables.delivery.c
    a = tables.attempt.c
    lost = select(c.key).where(c.tenant == tenant, c.state == _SENDING)
    if not everything:
        lost = lost.where(c.lease_until <= _machine_clock(connection, machine_now, 0.0))
    began = (
        select(func.min(a.started_at, type_=Instant))
        .where(a.tenant == c.tenant, a.key == c.key, a.number == c.attempts)
        .scalar_subquery()
    )
    sent_back = connection.execute(
        update(tables.delivery)
        .where(c.tenant == tenant, c.state == _SENDING, c.key.in_(lost.with_for_update(skip_locked=True)))
        .values(
            state=_RETRYING,
            next_attempt_at=machine_now,
            first_unknown_at=func.coalesce(c.first_unknown_at, began, literal(machine_now, Instant)),
            worker="",
            lease_until=None,
            reason=STOPPED,
        )
        .returning(c.key, c.attempts)
    ).all()
    if sent_back:
        connection.execute(
            _FINISH_ATTEMPT,
            [
                {"at_tenant": tenant, "at_key": row.key, "at_number": row.attempts, "finished_at": machine_now,
                 "verdict": Verdict.UNKNOWN.value, "status": None, "detail": STOPPED}
                for row in sent_back
            ],
        )
    return len(sent_back)


def next_wake(connection: Connection, tenant: str) -> tuple[datetime | None, datetime | None]:
    """The first scheduled instant and the first retry; each is the first entry of an index."""
    c = tables.delivery.c
    row = connection.execute(
        select(
            select(c.send_at).where(c.tenant == tenant, c.state == _SCHEDULED)
            .order_by(c.send_at).limit(1).scalar_subquery(),
            select(c.next_attempt_at).where(c.tenant == tenant, c.state == _RETRYING)
            .order_by(c.next_attempt_at).limit(1).scalar_subquery(),
        )
    ).one()
    return row[0], row[1]


# --- the claim, one conditional statement -----------------------------------------------------------------------------


def _take(
    connection: Connection,
    tenant: str,
    business_now: datetime,
    machine_now: datetime,
    worker: str,
    limit: int,
    lease_until: Any,
    full: Collection[str],
) -> Any:
    d = tables.delivery
    c = d.c
    open_lane = [c.destination.not_in(sorted(full))] if full else []
    newer = tables.delivery.alias("newer")
    stale = and_(c.kind == _REMINDER, exists(_newer_of(d, newer, tenant, business_now)))
    due = (
        select(c.key.label("key"), c.send_at.label("at"), c.kind.label("kind"))
        .where(c.tenant == tenant, c.state == _SCHEDULED, c.send_at <= business_now, ~stale, *open_lane)
        .order_by(c.send_at, c.kind)
        .limit(limit)
        .with_for_update(skip_locked=True, of=d)
        .cte("due")
    )
    again = (
        select(c.key.label("key"), c.next_attempt_at.label("at"), c.kind.label("kind"))
        .where(c.tenant == tenant, c.state == _RETRYING, c.next_attempt_at <= machine_now, *open_lane)
        .order_by(c.next_attempt_at, c.kind)
        .limit(limit)
        .with_for_update(skip_locked=True, of=d)
        .cte("again")
    )
    both = union_all(select(due), select(again)).subquery("ready")
    chosen = select(both.c.key).order_by(both.c.at, both.c.kind).limit(limit)
    return (
        update(d)
        .where(c.tenant == tenant, c.key.in_(chosen))
        .values(
            state=_SENDING,
            fence=c.fence + 1,
            attempts=c.attempts + 1,
            worker=worker,
            lease_until=lease_until,
        )
        .returning(c.key, c.contract, c.occurrence_id, c.name, c.kind, c.connector, c.destination, c.address_json,
                   c.body, c.send_at, c.attempts, c.fence, c.next_attempt_at, c.first_unknown_at)
    )


def _newer_of(d: Any, newer: Any, tenant: str, business_now: datetime) -> Select[Any]:
    """A later reminder of the same occurrence to the same destination that is due too."""
    return (
        select(literal(1))
        .select_from(newer)
        .where(
            newer.c.tenant == tenant,
            newer.c.occurrence_id == d.c.occurrence_id,
            newer.c.state == _SCHEDULED,
            newer.c.kind == _REMINDER,
            newer.c.destination == d.c.destination,
            newer.c.send_at > d.c.send_at,
            newer.c.send_at <= business_now,
        )
        .correlate(d)
    )


def _machine_clock(connection: Connection, machine_now: datetime, ahead_seconds: float) -> Any:
    """The instant so many seconds ahead: on PostgreSQL by the database's clock, which all daemons share."""
    if connection.dialect.name == "sqlite":
        return machine_now + timedelta(seconds=ahead_seconds)
    return database_now(ahead_seconds)


def _claim_of(row: Row[Any], worker: str, business_now: datetime) -> Claim:
    return Claim(
        key=row.key,
        contract=row.contract,
        occurrence_id=row.occurrence_id,
        name=row.name,
        kind=PushKind(row.kind),
        connector=row.connector,
        destination=row.destination,
        address=address_of(row.address_json),
        body=bytes(row.body),
        send_at=row.send_at,
        attempt=row.attempts,
        fence=row.fence,
        worker=worker,
        late_seconds=max(0.0, (business_now - row.send_at).total_seconds()),
        first_unknown_at=row.first_unknown_at,
    )


# --- stale reminders --------------------------------------------------------------------------------------------------


def _collapse(connection: Connection, tenant: str, business_now: datetime, claimed: Sequence[Row[Any]]) -> None:
    """Collapse what the claimed reminders replace, then sweep the front of the queue.

    A claim passes over stale reminders by itself. The sweep keeps them from piling up in front of it after a long
    downtime, where each claim would step over all of them.
    """
    connection.execute(
        _COLLAPSE_OLDER,
        [
            {"at_tenant": tenant, "of_occurrence": row.occurrence_id, "to_destination": row.destination,
             "before": row.send_at}
            for row in claimed
        ],
    )
    d = tables.delivery
    c = d.c
    newer = d.alias("newer")
    front = (
        select(c.key, c.kind, c.occurrence_id, c.destination, c.send_at)
        .where(c.tenant == tenant, c.state == _SCHEDULED, c.send_at <= business_now)
        .order_by(c.send_at, c.kind)
        .limit(_SWEEP)
        .subquery("front")
    )
    found = select(front.c.key).where(
        front.c.kind == _REMINDER, exists(_newer_of(front, newer, tenant, business_now))
    )
    locked = select(c.key).where(c.tenant == tenant, c.key.in_(found)).with_for_update(skip_locked=True, of=d)
    sweep = (
        update(d)
        .where(c.tenant == tenant, c.state == _SCHEDULED, c.key.in_(locked))
        .values(state=DeliveryState.COLLAPSED.value, reason=REPLACED)
    )
    for _ in range(_SWEEPS):
        if not connection.execute(sweep).rowcount:
            break


_C = tables.delivery.c
_COLLAPSE_OLDER = (
    update(tables.delivery)
    .where(
        _C.tenant == bindparam("at_tenant"),
        _C.key.in_(
            select(_C.key)
            .where(
                _C.tenant == bindparam("at_tenant"),
                _C.occurrence_id == bindparam("of_occurrence"),
                _C.destination == bindparam("to_destination"),
                _C.kind == _REMINDER,
                _C.state == _SCHEDULED,
                _C.send_at < bindparam("before"),
            )
            .with_for_update(skip_locked=True)
        ),
    )
    .values(state=DeliveryState.COLLAPSED.value, reason=REPLACED)
)


# --- results ----------------------------------------------------------------------------------------------------------

_FINISH_DELIVERY = (
    update(tables.delivery)
    .where(_C.tenant == bindparam("at_tenant"), _C.key == bindparam("at_key"), _C.fence == bindparam("at_fence"),
           _C.state == _SENDING)
    .values(
        state=bindparam("state"),
        next_attempt_at=bindparam("next_attempt_at"),
        first_unknown_at=func.coalesce(_C.first_unknown_at, bindparam("unknown_at", type_=Instant)),
        delivered_at=bindparam("delivered_at"),
        receipt_json=bindparam("receipt_json"),
        reason=bindparam("reason"),
        worker="",
        lease_until=null(),
    )
)
_A = tables.attempt.c
_FINISH_ATTEMPT = (
    update(tables.attempt)
    .where(_A.tenant == bindparam("at_tenant"), _A.key == bindparam("at_key"), _A.number == bindparam("at_number"),
           _A.finished_at.is_(None))
    .values(finished_at=bindparam("finished_at"), verdict=bindparam("verdict"), status=bindparam("status"),
            detail=bindparam("detail"))
)


def _delivery_end(tenant: str, result: Result) -> dict[str, Any]:
    outcome = result.outcome
    delivered = result.state is DeliveryState.DELIVERED
    retrying = result.state is DeliveryState.RETRYING
    return {
        "at_tenant": tenant,
        "at_key": result.claim.key,
        "at_fence": result.claim.fence,
        "state": result.state.value,
        # A retry without an instant would never go; it goes at once.
        "next_attempt_at": (result.next_attempt_at or result.finished_at) if retrying else None,
        "unknown_at": result.finished_at if outcome.verdict is Verdict.UNKNOWN else None,
        "delivered_at": result.finished_at if delivered else None,
        "receipt_json": to_json(dict(outcome.receipt)),
        "reason": "" if delivered else outcome.detail,
    }


def _attempt_end(tenant: str, result: Result) -> dict[str, Any]:
    return {
        "at_tenant": tenant,
        "at_key": result.claim.key,
        "at_number": result.claim.attempt,
        "finished_at": result.finished_at,
        "verdict": result.outcome.verdict.value,
        "status": result.outcome.status,
        "detail": result.outcome.detail,
    }
