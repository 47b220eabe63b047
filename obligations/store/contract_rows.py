"""How a contract, the versions of its terms, its events and its record become rows and come back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from obligations.domain.event import Choice, Correction, LogEntry, Report, Withdrawal
from obligations.ports import LedgerEntry, StoredContract, TermsVersion
from obligations.store.columns import Values, plain, texts, to_json


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
        "edition": contract.edition,
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
        amendments=texts(row.amendments_json),
        edition=row.edition,
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
        "fields_json": plain(entry.fields),
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
