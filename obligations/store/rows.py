"""How the domain's values become rows and come back. Plain dictionaries one way, dataclasses the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Row

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.event import Choice, Correction, LogEntry, Report, Withdrawal
from obligations.domain.hold import Hold, Scope
from obligations.domain.money import Money
from obligations.domain.occurrence import Bounds, Kind, Occurrence, State
from obligations.ports import (
    Attempt,
    Decision,
    DeliveryChange,
    LedgerEntry,
    StoredContract,
    StoredDelivery,
    TermsVersion,
)
from schedules.derivation import Derivation

Values = dict[str, Any]
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def to_json(value: object) -> str:
    """The value as ASCII text: escapes keep any string exact, on both databases and in any encoding."""
    return _encode(value)


def _plain(mapping: Mapping[str, Any]) -> str:
    return to_json(dict(mapping)) if mapping else "{}"


def _texts(value: str) -> tuple[str, ...]:
    return tuple(json.loads(value)) if value != "[]" else ()


def contract_row(contract: StoredContract) -> Values:
    return {
        "tenant": contract.tenant,
        "id": contract.id,
        "title": contract.title,
        "source": contract.source,
        "template": contract.template,
        "added_at": contract.added_at,
        "added_by": contract.added_by,
        "replan_at": contract.replan_at,
        "amendments_json": to_json(contract.amendments) if contract.amendments else "[]",
    }


def contract_of(row: Row[Any]) -> StoredContract:
    return StoredContract(
        id=row.id,
        title=row.title,
        source=row.source,
        template=row.template,
        added_at=row.added_at,
        added_by=row.added_by,
        replan_at=row.replan_at,
        tenant=row.tenant,
        amendments=_texts(row.amendments_json),
    )


def version_row(tenant: str, version: TermsVersion) -> Values:
    return {
        "tenant": tenant,
        "contract": version.contract,
        "number": version.number,
        "kind": version.kind,
        "title": version.title,
        "source": version.source,
        "template": version.template,
        "from_on": version.from_on,
        "recorded_at": version.recorded_at,
        "recorded_by": version.recorded_by,
    }


def version_of(row: Row[Any]) -> TermsVersion:
    return TermsVersion(
        contract=row.contract,
        number=row.number,
        kind=row.kind,
        title=row.title,
        source=row.source,
        template=row.template,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        from_on=row.from_on,
    )


def event_row(tenant: str, contract: str, entry: LogEntry) -> Values:
    row: Values = {
        "tenant": tenant,
        "contract": contract,
        "kind": "",
        "report_id": "",
        "event": "",
        "occurred_on": None,
        "received_on": None,
        "fields_json": "{}",
        "expected": False,
        "answers": "",
        "evidence": "",
        "recorded_at": entry.recorded_at,
        "recorded_by": entry.recorded_by,
        "reason": "",
    }
    match entry:
        case Withdrawal():
            return {**row, "kind": "withdrawal", "report_id": entry.report_id, "reason": entry.reason}
        case Choice():
            use = to_json({"use": entry.option})
            named: Values = {"report_id": entry.id, "event": entry.reading, "reason": entry.reason}
            return {**row, "kind": "choice", **named, "fields_json": use}
        case Correction():
            return {
                **row,
                **_stated(entry),
                "kind": "correction",
                "report_id": entry.report_id,
                "reason": entry.reason,
            }
        case Report():
            named = {"report_id": entry.id, "event": entry.event, "expected": entry.expected}
            return {**row, **_stated(entry), "kind": "report", **named}


def _stated(entry: Report | Correction) -> Values:
    return {
        "occurred_on": entry.occurred_on,
        "received_on": entry.received_on,
        "fields_json": _plain(entry.fields),
        "answers": entry.answers,
        "evidence": entry.evidence,
    }


def event_of(row: Row[Any]) -> LogEntry:
    match row.kind:
        case "withdrawal":
            return Withdrawal(row.report_id, row.recorded_at, row.recorded_by, row.reason)
        case "choice":
            option = json.loads(row.fields_json)["use"]
            return Choice(row.report_id, row.event, option, row.recorded_at, row.recorded_by, row.reason)
        case "correction":
            return Correction(
                report_id=row.report_id,
                occurred_on=row.occurred_on,
                received_on=row.received_on,
                fields=json.loads(row.fields_json),
                answers=row.answers,
                evidence=row.evidence,
                recorded_at=row.recorded_at,
                recorded_by=row.recorded_by,
                reason=row.reason,
            )
        case _:
            return Report(
                id=row.report_id,
                event=row.event,
                occurred_on=row.occurred_on,
                received_on=row.received_on,
                fields=json.loads(row.fields_json),
                expected=row.expected,
                answers=row.answers,
                evidence=row.evidence,
                recorded_at=row.recorded_at,
                recorded_by=row.recorded_by,
            )


def occurrence_row(tenant: str, it: Occurrence) -> Values:
    return {
        "tenant": tenant,
        "id": it.id,
        "contract": it.contract,
        "clause": it.clause,
        "instance": it.instance,
        "position": it.position,
        "ordinal": it.index,
        "ordinal_of": it.of,
        "kind": it.kind.value,
        "title": it.title,
        "debtor": it.debtor,
        "creditor": it.creditor,
        "state": it.state.value,
        "derivation_json": to_json(it.derivation.as_json()),
        "cite": it.cite,
        "waiting_for_json": to_json(it.waiting_for),
        "missing_json": to_json(it.missing),
        "due_on": it.due_on,
        "adjusted_on": it.adjusted_on,
        "soft_on": it.soft_on,
        "from_on": it.from_on,
        "to_on": it.to_on,
        "acts_on": it.acts_on,
        "amount_minor": None if it.amount is None else it.amount.minor,
        "currency": None if it.amount is None else it.amount.currency,
        "units": None if it.units is None else str(it.units),
        "unit": it.unit,
        "conditional": it.conditional,
        "bounds_json": _bounds_text(it.bounds),
    }


def occurrence_of(row: Row[Any]) -> Occurrence:
    return Occurrence(
        id=row.id,
        contract=row.contract,
        clause=row.clause,
        instance=row.instance,
        position=row.position,
        index=row.ordinal,
        of=row.ordinal_of,
        kind=Kind(row.kind),
        title=row.title,
        debtor=row.debtor,
        creditor=row.creditor,
        state=State(row.state),
        derivation=Derivation.from_json(json.loads(row.derivation_json)),
        cite=row.cite,
        waiting_for=_texts(row.waiting_for_json),
        missing=_texts(row.missing_json),
        due_on=row.due_on,
        adjusted_on=row.adjusted_on,
        soft_on=row.soft_on,
        from_on=row.from_on,
        to_on=row.to_on,
        amount=None if row.amount_minor is None else Money(row.amount_minor, row.currency),
        units=None if row.units is None else Decimal(row.units),
        unit=row.unit,
        conditional=row.conditional,
        bounds=None if row.bounds_json is None else _bounds(json.loads(row.bounds_json)),
    )


def _bounds_text(it: Bounds | None) -> str | None:
    if it is None:
        return None
    return to_json(
        {
            "earliest_on": str(it.earliest_on) if it.earliest_on is not None else None,
            "latest_on": str(it.latest_on) if it.latest_on is not None else None,
            "least": _figure(it.least),
            "most": _figure(it.most),
            "may_not_be": it.may_not_be,
            "over": it.over,
            "tried": it.tried,
        }
    )


def _figure(it: Money | Decimal | None) -> Values | None:
    if it is None:
        return None
    return {"minor": it.minor, "currency": it.currency} if isinstance(it, Money) else {"units": str(it)}


def _bounds(kept: Values) -> Bounds:
    return Bounds(
        earliest_on=date.fromisoformat(kept["earliest_on"]) if kept["earliest_on"] else None,
        latest_on=date.fromisoformat(kept["latest_on"]) if kept["latest_on"] else None,
        least=_figure_of(kept["least"]),
        most=_figure_of(kept["most"]),
        may_not_be=kept["may_not_be"],
        over=tuple(kept["over"]),
        tried=kept["tried"],
    )


def _figure_of(kept: Values | None) -> Money | Decimal | None:
    if kept is None:
        return None
    return Money(kept["minor"], kept["currency"]) if "minor" in kept else Decimal(kept["units"])


def new_delivery_row(tenant: str, change: DeliveryChange) -> Values:
    """A delivery as it begins. Its columns stand in the order of the table."""
    content = content_row(change)
    return {
        "tenant": tenant,
        "key": change.push.key,
        "occurrence_id": content.pop("occurrence_id"),
        "contract": change.push.contract,
        **content,
    }


def content_row(change: DeliveryChange) -> Values:
    """What a change writes of a delivery, whether it is new or not."""
    push = change.push
    return {
        "occurrence_id": push.occurrence_id,
        "clause": push.clause,
        "ordinal": push.index,
        "name": push.name,
        "kind": push.kind.value,
        "connector": push.connector,
        "destination": push.destination,
        "address_json": _plain(push.address),
        "send_at": push.send_at,
        "payload_json": _plain(push.payload),
        "approvals_json": to_json(push.approvals) if push.approvals else "[]",
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
            approvals=_texts(row.approvals_json),
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
    )


def texts_by_name(value: str) -> Mapping[str, str]:
    return cast(Mapping[str, str], json.loads(value)) if value != "{}" else {}


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
    return Hold(row.n, Scope(row.scope), row.reason, row.held_at, row.held_by)


def ledger_row(tenant: str, entry: LedgerEntry) -> Values:
    return {
        "tenant": tenant,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "contract": entry.contract,
        "object": entry.object,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
    }


def ledger_of(row: Row[Any]) -> LedgerEntry:
    return LedgerEntry(
        at=row.at,
        actor=row.actor,
        action=row.action,
        contract=row.contract,
        object=row.object,
        before=row.before,
        after=row.after,
        reason=row.reason,
    )
