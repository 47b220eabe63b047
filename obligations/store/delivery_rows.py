"""How a delivery, the decisions about it, the attempts at it and the holds on all of them become rows and come back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.hold import Hold, Scope
from obligations.ports import Attempt, Decision, DeliveryChange, StoredDelivery
from obligations.store.columns import NO_TEXTS, Values, plain, texts, texts_by_name, to_json
from obligations.store.instants import to_micros

# The columns that a delivery begins with; the rest have defaults.
NEW_COLUMNS = (
    "tenant", "key", "occurrence_id", "contract", "clause", "ordinal", "name", "kind", "connector", "destination",
    "address_json", "send_at", "payload_json", "approvals_json", "supersession", "supersedes", "money", "body",
    "content_hash", "state", "reason",
)  # fmt: skip


def new_delivery_row(tenant: str, change: DeliveryChange) -> tuple[Any, ...]:
    """A delivery as it begins: a value for each of `NEW_COLUMNS`, as both drivers take it, since there are many at
    once."""
    push = change.push
    return (
        tenant,
        push.key.hex,
        push.occurrence_id.hex,
        push.contract,
        push.clause,
        push.index,
        push.name,
        push.kind.value,
        push.connector,
        push.destination,
        plain(push.address),
        to_micros(push.send_at),
        plain(push.payload),
        to_json(push.approvals) if push.approvals else NO_TEXTS,
        push.supersession,
        None if push.supersedes is None else push.supersedes.hex,
        push.money,
        change.body,
        change.content_hash,
        change.state.value,
        change.reason,
    )


def content_row(change: DeliveryChange) -> Values:
    """What a change writes of a delivery that is there already."""
    push = change.push
    return {
        "occurrence_id": push.occurrence_id,
        "clause": push.clause,
        "ordinal": push.index,
        "name": push.name,
        "kind": push.kind.value,
        "connector": push.connector,
        "destination": push.destination,
        "address_json": plain(push.address),
        "send_at": push.send_at,
        "payload_json": plain(push.payload),
        "approvals_json": to_json(push.approvals) if push.approvals else NO_TEXTS,
        "supersession": push.supersession,
        "supersedes": push.supersedes,
        "money": push.money,
        "body": change.body,
        "content_hash": change.content_hash,
        "state": change.state.value,
        "reason": change.reason,
    }


def delivery_of(row: Row[Any]) -> StoredDelivery:
    return StoredDelivery(
        push=Push(
            key=row.key,
            occurrence_id=row.occurrence_id,
            contract=row.contract,
            clause=row.clause,
            index=row.ordinal,
            name=row.name,
            kind=PushKind(row.kind),
            connector=row.connector,
            destination=row.destination,
            send_at=row.send_at,
            payload=json.loads(row.payload_json),
            address=texts_by_name(row.address_json),
            approvals=texts(row.approvals_json),
            supersession=row.supersession,
            supersedes=row.supersedes,
            money=row.money,
        ),
        state=DeliveryState(row.state),
        body=bytes(row.body),
        content_hash=row.content_hash,
        attempts=row.attempts,
        fence=row.fence,
        next_attempt_at=row.next_attempt_at,
        first_unknown_at=row.first_unknown_at,
        delivered_at=row.delivered_at,
        reason=row.reason,
        receipt=texts_by_name(row.receipt_json),
        halted=row.halted,
    )


def decision_row(tenant: str, decision: Decision) -> Values:
    return {
        "tenant": tenant,
        "key": decision.key,
        "content_hash": decision.content_hash,
        "role": decision.role,
        "person": decision.person,
        "approve": decision.approve,
        "decided_at": decision.decided_at,
        "reason": decision.reason,
    }


def decision_of(row: Row[Any]) -> Decision:
    return Decision(
        key=row.key,
        content_hash=row.content_hash,
        role=row.role,
        person=row.person,
        approve=row.approve,
        decided_at=row.decided_at,
        reason=row.reason,
    )


def attempt_of(row: Row[Any]) -> Attempt:
    return Attempt(
        key=row.key,
        number=row.number,
        fence=row.fence,
        worker=row.worker,
        started_at=row.started_at,
        finished_at=row.finished_at,
        verdict=row.verdict,
        status=row.status,
        detail=row.detail,
    )


def hold_of(row: Row[Any]) -> Hold:
    return Hold(row.n, Scope(row.scope), row.reason, row.held_at, row.held_by, row.destination)
