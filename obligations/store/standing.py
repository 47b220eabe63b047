"""How the queue stands: counted along the partial indexes of what is not over, so that years of delivered pushes cost
nothing, and never further than `COUNTED_MOST`, so that a backlog costs little."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Text, bindparam, column, func, literal_column, null, select, table, union_all

from obligations.domain.delivery import DeliveryState
from obligations.ports import COUNTED_MOST, Standing
from obligations.store import tables
from obligations.store.instants import Instant, from_micros

_d = tables.delivery.c
_MINE: Any = bindparam("mine")
_NOW = bindparam("now", type_=Instant)


def _count(state: DeliveryState, order: Any, unknown: Any, *and_: Any) -> Any:
    """How many are in the state, the earliest instant among them, and of how many the outcome is unknown."""
    # The state is written into the text: a planner takes a partial index only for a constant that it can see.
    same = _d.state == literal_column(f"'{state.value}'")
    first = (
        select(_d.send_at.label("send_at"), unknown.label("unknown"))
        .where(_d.tenant == _MINE, same, *and_)
        .order_by(order)
        .limit(literal_column(str(COUNTED_MOST)))
        .subquery()
    )
    return select(
        literal_column(f"'{state.value}'").label("state"),
        func.count().label("many"),
        func.min(first.c.send_at).label("oldest"),
        func.count(first.c.unknown).label("unknown"),
    ).select_from(first)


_KNOWN: Any = null()
STANDING = union_all(
    _count(DeliveryState.SCHEDULED, _d.send_at, _KNOWN, _d.send_at <= _NOW),
    _count(DeliveryState.RETRYING, _d.next_attempt_at, _d.first_unknown_at),
    _count(DeliveryState.SENDING, _d.lease_until, _d.first_unknown_at),
    _count(DeliveryState.PARKED, _d.first_unknown_at, _d.first_unknown_at),
    _count(DeliveryState.PROPOSED, _d.send_at, _KNOWN),
)
REVISION = select(column("version_num", Text)).select_from(table("alembic_version"))
_ON_THE_WAY = (DeliveryState.SCHEDULED, DeliveryState.RETRYING, DeliveryState.SENDING)


def standing(connection: Connection, tenant: str, business_now: datetime) -> Standing:
    """What is due and not delivered, unknown, parked, and waits for people."""
    # First: an upgrade that has begun is waited for here, while nothing is held that it may want.
    schema = connection.execute(REVISION).scalar_one()
    rows = {row.state: row for row in connection.execute(STANDING, {"mine": tenant, "now": business_now})}
    due = [rows[state] for state in _ON_THE_WAY]
    oldest = [_instant(row.oldest) for row in due if row.oldest is not None]
    return Standing(
        overdue=min(COUNTED_MOST, sum(row.many for row in due)),
        oldest_overdue_at=min(oldest, default=None),
        unknown=min(COUNTED_MOST, sum(row.unknown for row in rows.values())),
        parked=rows[DeliveryState.PARKED].many,
        awaiting_approval=rows[DeliveryState.PROPOSED].many,
        schema=schema,
    )


def _instant(found: datetime | int) -> datetime:
    return from_micros(found) if isinstance(found, int) else found
