"""Small true-to-life values for tests: a contract, an occurrence, a push, and the change that stores it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.identity import occurrence_id, push_key
from obligations.domain.money import Money
from obligations.domain.occurrence import Bounds, Kind, Occurrence, State
from obligations.ports import DeliveryChange, StoredContract
from schedules.derivation import Derivation

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)


def fresh_id(word: str = "contract") -> str:
    """An id nobody else has, for tests that share a database."""
    return f"{word}-{uuid4().hex[:12]}"


def a_contract(
    contract_id: str | None = None, *, tenant: str = "", replan_at: datetime | None = None
) -> StoredContract:
    """A contract with short texts; a fresh id unless one is given."""
    return StoredContract(
        id=contract_id or fresh_id(),
        title="Ada Lovelace, Chief Analyst",
        source="template: executive\n",
        template="clauses: []\n",
        added_at=NOON,
        added_by="hr@example.test",
        replan_at=replan_at,
        tenant=tenant,
    )


def an_occurrence(
    contract: str,
    *,
    clause: str = "signing-bonus",
    index: int = 1,
    due_on: date | None = date(2031, 4, 1),
    state: State = State.SCHEDULED,
    amount: Money | None = None,
    tenant: str = "",
) -> Occurrence:
    """One payment, due on the day given; None for one that waits for its date."""
    return Occurrence(
        id=occurrence_id(tenant, contract, clause, "hired", str(index)),
        contract=contract,
        clause=clause,
        instance="hired",
        position=str(index),
        index=index,
        of=3,
        kind=Kind.PAYMENT,
        title="Signing bonus",
        debtor="company",
        creditor="executive",
        state=state,
        derivation=Derivation(
            "30 calendar days after", str(due_on or ""), (Derivation("employment started", kind="event"),), cite="2(b)"
        ),
        cite="2(b)",
        due_on=due_on,
        adjusted_on=due_on,
        amount=amount,
        bounds=Bounds(due_on, None, amount, amount, may_not_be=True, over=("count_days", "secured?"), tried=4),
    )


def a_push(
    contract: str,
    *,
    name: str = "pay",
    kind: PushKind = PushKind.ACTION,
    destination: str = "payroll",
    connector: str = "http",
    send_at: datetime = NOON,
    payload: Mapping[str, Any] | None = None,
    clause: str = "signing-bonus",
    index: int = 1,
    supersession: int = 0,
    supersedes: UUID | None = None,
    approvals: tuple[str, ...] = (),
    money: bool = False,
    tenant: str = "",
) -> Push:
    """A push of one occurrence; the same arguments make the same key."""
    return Push(
        key=push_key(tenant, contract, clause, "hired", str(index), name, supersession),
        occurrence_id=occurrence_id(tenant, contract, clause, "hired", str(index)),
        contract=contract,
        clause=clause,
        index=index,
        name=name,
        kind=kind,
        connector=connector,
        destination=destination,
        send_at=send_at,
        payload={"text": "Pay the signing bonus"} if payload is None else payload,
        address={"url": "https://payroll.example.test/instructions"},
        approvals=approvals,
        supersession=supersession,
        supersedes=supersedes,
        money=money,
    )


def a_change(
    push: Push,
    state: DeliveryState = DeliveryState.SCHEDULED,
    *,
    seen_in: frozenset[DeliveryState] | None = None,
    reason: str = "",
) -> DeliveryChange:
    """The change that stores the push: new, unless it says in which states it was seen."""
    body = json.dumps(dict(push.payload), sort_keys=True).encode()
    return DeliveryChange(
        push=push,
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        state=state,
        seen_in=seen_in,
        reason=reason,
    )
