"""Writes to a delivery that hold only where it is still as the writer saw it, along the arrows of its life."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Update, bindparam, false, func, insert, literal, or_, select, update
from sqlalchemy.exc import IntegrityError

from obligations.domain.delivery import ARROWS, UNSENT, DeliveryState, Verdict
from obligations.ports import Conflict, DeliveryChange, Halt
from obligations.store import tables
from obligations.store.bulk import insert_many
from obligations.store.delivery_rows import NEW_COLUMNS, content_row, new_delivery_row
from obligations.store.instants import Instant

# A delivery sent back to `retrying` by a person goes at once; no clock is asked, every clock is past this.
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
# Where a delivery stands that may have gone without this store knowing, and who made that attempt.
_DOUBTFUL = (DeliveryState.PROPOSED, DeliveryState.SCHEDULED, DeliveryState.RETRYING, DeliveryState.PARKED)
_SOMEBODY = "unknown"
# States in which a delivery may be rewritten without leaving them, and in which a new one may begin.
_MAY_STAY = UNSENT | {DeliveryState.CANCELLED, DeliveryState.COLLAPSED}


class IllegalMove(ValueError):
    """The table of delivery states has no such arrow, or the bytes of an attempted push would change; nothing was
    written. This is a mistake of the caller: repeating it will not help."""


def begin(connection: Connection, tenant: str, changes: Sequence[DeliveryChange]) -> None:
    """Begin deliveries; raises `Conflict` where one is there already."""
    for change in changes:
        if change.state not in _MAY_STAY:
            raise IllegalMove(
                f"a new delivery cannot start as {change.state.value} ({change.push.name}, {change.push.key})"
            )
    try:
        insert_many(connection, tables.delivery, NEW_COLUMNS, [new_delivery_row(tenant, it) for it in changes])
    except IntegrityError as error:
        if "CHECK" in str(error.orig).upper():
            raise
        raise Conflict("a delivery that was to be new is there already") from None


def rewrite(connection: Connection, mine: ColumnElement[bool], changes: Sequence[DeliveryChange]) -> None:
    """Rewrite deliveries; raises `Conflict` or `IllegalMove` for the first that is not as the writer saw it."""
    # In the order of keys, like results, so that two writers seldom wait for each other in a ring; where they do,
    # PostgreSQL ends one of them and it sees a `Conflict`.
    by_arrow: dict[tuple[DeliveryState, frozenset[DeliveryState], bool], list[DeliveryChange]] = {}
    for change in sorted(changes, key=lambda it: it.push.key):
        assert change.seen_in is not None
        by_arrow.setdefault((change.state, change.seen_in, change.fence is not None), []).append(change)
    for (state, seen_in, fenced), some in by_arrow.items():
        written = [
            {
                "at_key": it.push.key,
                "same_body": it.body,
                **({"at_fence": it.fence} if fenced else {}),
                **content_row(it),
            }
            for it in some
        ]
        statement = _rewriting(mine, _may_become(state, seen_in), state, content_row(some[0]), fenced=fenced)
        if connection.execute(statement, written).rowcount != len(some):
            _explain(connection, mine, some)


def halt(connection: Connection, mine: ColumnElement[bool], halts: Sequence[Halt]) -> None:
    """Write which deliveries go no more by themselves; raises `Conflict` for one that is not as the writer saw it.

    What is being sent cannot end before this is committed, so no claim comes in between.
    """
    c = tables.delivery.c
    for one in sorted(halts, key=lambda it: it.key):
        written = connection.execute(
            update(tables.delivery)
            .where(mine, c.key == one.key, c.state == one.seen_in.value, c.fence == one.fence)
            .values(halted=one.halted)
        )
        if written.rowcount != 1:
            raise Conflict(f"delivery {one.key} was changed by another writer; read again and repeat")


def move(
    connection: Connection,
    mine: ColumnElement[bool],
    key: UUID,
    seen_in: Collection[DeliveryState],
    state: DeliveryState,
    reason: str,
) -> None:
    """Lead a delivery along an arrow from a state it was seen in; raises as `rewrite` does."""
    c = tables.delivery.c
    written = connection.execute(
        update(tables.delivery)
        .where(mine, c.key == key, _in_state(_may_become(state, frozenset(seen_in))))
        .values(state=state.value, reason=reason, **_released(state))
    )
    if written.rowcount != 1:
        row = connection.execute(select(c.state, c.attempts, c.body).where(mine, c.key == key)).one_or_none()
        _raise_for(key, row, seen_in, state, None)
        raise Conflict(f"delivery {key} was changed by another writer; read again and repeat")


def hasten(connection: Connection, mine: ColumnElement[bool], key: UUID) -> None:
    """Let a retrying delivery go at once; it stays as it is else. Raises `Conflict` where it is not retrying."""
    c = tables.delivery.c
    retrying = c.state == DeliveryState.RETRYING.value
    hastened = connection.execute(update(tables.delivery).where(mine, c.key == key, retrying).values(
        next_attempt_at=literal(AT_ONCE, Instant)
    ))  # fmt: skip
    if hastened.rowcount != 1:
        raise Conflict(f"delivery {key} does not wait for its next attempt; read again and repeat")


def doubt(connection: Connection, tenant: str, key: UUID, since: datetime, reason: str) -> None:
    """Park a delivery behind an attempt that somebody else may have made; raises `Conflict` where that cannot be."""
    c = tables.delivery.c
    parked = connection.execute(
        update(tables.delivery)
        .where(c.tenant == tenant, c.key == key, _in_state(_DOUBTFUL))
        .values(
            state=DeliveryState.PARKED.value,
            reason=reason,
            attempts=c.attempts + 1,
            fence=c.fence + 1,
            first_unknown_at=func.coalesce(c.first_unknown_at, literal(since, Instant)),
            **_released(DeliveryState.PARKED),
        )
        .returning(c.attempts, c.fence)
    ).one_or_none()
    if parked is None:
        raise Conflict(f"delivery {key} was delivered, or goes no more; read again and repeat")
    connection.execute(
        insert(tables.attempt).values(
            tenant=tenant,
            key=key,
            number=parked.attempts,
            fence=parked.fence,
            worker=_SOMEBODY,
            started_at=since,
            finished_at=since,
            verdict=Verdict.UNKNOWN.value,
            detail=reason,
        )
    )


def _explain(connection: Connection, mine: ColumnElement[bool], changes: Sequence[DeliveryChange]) -> None:
    """Raise for the first change that found its delivery otherwise."""
    c = tables.delivery.c
    for change in changes:
        row = connection.execute(
            select(c.state, c.attempts, c.body, c.content_hash).where(mine, c.key == change.push.key)
        ).one_or_none()
        assert change.seen_in is not None
        # What is in the new state by now may be so by this very write.
        if row is None or row.state != change.state.value or change.state in change.seen_in:
            _raise_for(change.push.key, row, change.seen_in, change.state, change.body)
    raise Conflict("a delivery was changed by another writer; read again and repeat")


def _raise_for(
    key: UUID,
    row: Any,
    seen_in: Collection[DeliveryState],
    state: DeliveryState,
    body: bytes | None,
) -> None:
    if row is None:
        raise Conflict(f"there is no delivery {key}")
    now_in = DeliveryState(row.state)
    if now_in not in seen_in:
        raise Conflict(f"delivery {key} is {now_in.value} by now; read again and repeat")
    if not _is_arrow(now_in, state):
        raise IllegalMove(f"delivery {key} is {now_in.value}; no arrow leads from there to {state.value}")
    if body is not None and row.attempts > 0 and bytes(row.body) != body:
        raise IllegalMove(
            f"delivery {key} has been attempted, so its bytes stay what they are; plan a push that supersedes it"
        )


def _may_become(state: DeliveryState, seen_in: frozenset[DeliveryState]) -> tuple[DeliveryState, ...]:
    """Those states a delivery was seen in from which it may go to `state`, or stay in it."""
    return tuple(sorted(it for it in seen_in if _is_arrow(it, state)))


def _is_arrow(before: DeliveryState, after: DeliveryState) -> bool:
    return before in _MAY_STAY if before is after else after in ARROWS[before]


def _in_state(states: Collection[DeliveryState]) -> ColumnElement[bool]:
    # Spelled out: a list that expands cannot be part of a statement that runs for many rows.
    return or_(false(), *(tables.delivery.c.state == it.value for it in states))


def _released(state: DeliveryState) -> dict[str, Any]:
    """What else a move to the state sets: nobody holds it any more, it starts afresh, and a retry has its instant."""
    c = tables.delivery.c
    if state is DeliveryState.SENDING:
        raise IllegalMove("only a claim may send a delivery")
    again = func.coalesce(c.next_attempt_at, literal(AT_ONCE, Instant)) if state is DeliveryState.RETRYING else None
    return {"worker": "", "lease_until": None, "next_attempt_at": again, "unanswered": 0}


def _rewriting(
    mine: ColumnElement[bool],
    seen_in: tuple[DeliveryState, ...],
    state: DeliveryState,
    content: Iterable[str],
    *,
    fenced: bool,
) -> Update:
    c = tables.delivery.c
    # An attempt between the look and the write may lead back to the same state, and it may have had its effect.
    unattempted = [c.fence == bindparam("at_fence")] if fenced else []
    return (
        update(tables.delivery)
        .where(
            mine,
            c.key == bindparam("at_key"),
            _in_state(seen_in),
            or_(c.attempts == 0, c.body == bindparam("same_body")),
            *unattempted,
        )
        .values(**{name: bindparam(name) for name in content}, **_released(state), halted=false())
    )
