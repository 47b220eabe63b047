"""What the connector tests share: a claim to deliver, and no proxy from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID, uuid5

import pytest

from obligations.domain.delivery import PushKind
from obligations.ports import Claim

KEY = UUID("5f0c1c1e-8a53-5d0e-9a4c-0f3e6f0f2a11")
OCCURRENCE = UUID("0a4f6a52-6df3-5c0c-8b50-5a3f1f1b7d02")


class MakeClaim(Protocol):
    def __call__(self, **changed: Any) -> Claim: ...


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def action() -> MakeClaim:
    """Makes a claim on an instruction to payroll; its body holds an amount, 125000.00."""

    def make(*, name: str = "pay-tranche", key: UUID = KEY, **changed: Any) -> Claim:
        event = {
            "data": {"amount": {"currency": "USD", "value": "125000.00"}, "employee": "Zoë"},
            "id": str(key),
            "timestamp": "2006-10-16T09:00:00Z",
            "type": "obligations.payroll_action.due.v1",
        }
        body = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return _claim(name, PushKind.ACTION, "http", "payroll", {}, body, key, changed)

    return make


@pytest.fixture
def reminder() -> MakeClaim:
    """Makes a claim on a reminder; `content` changes what it says."""

    def make(
        *,
        name: str = "a week before",
        key: UUID = KEY,
        content: Mapping[str, Any] | None = None,
        address: Mapping[str, str] | None = None,
        **changed: Any,
    ) -> Claim:
        said = {
            "title": "Severance instalment 3 of 12",
            "text": "Severance instalment 3 of 12 is due on 1 December 2006",
            "facts": [["Due", "2006-12-01"], ["Employee", "Ada Example"], ["Amount", "125000.00 USD"]],
            "note": "Section 7(b)",
            "occurrence": str(OCCURRENCE),
            **(content or {}),
        }
        body = json.dumps(said, ensure_ascii=False).encode()
        where = {"email": "hr@example.com"} if address is None else address
        return _claim(name, PushKind.REMINDER, "slack", "hr-manager", where, body, key, changed)

    return make


def _claim(
    name: str,
    kind: PushKind,
    connector: str,
    destination: str,
    address: Mapping[str, str],
    body: bytes,
    key: UUID,
    changed: Mapping[str, Any],
) -> Claim:
    words: dict[str, Any] = {
        "key": key,
        "contract": "exec-2006",
        "occurrence_id": OCCURRENCE,
        "name": name,
        "kind": kind,
        "connector": connector,
        "destination": destination,
        "address": address,
        "body": body,
        "send_at": datetime(2006, 10, 16, 9, tzinfo=UTC),
        "attempt": 1,
        "fence": 1,
        "worker": "worker-1",
        **changed,
    }
    return Claim(**words)


@pytest.fixture
def other_key() -> Callable[[str], UUID]:
    """A key of another push, the same for the same name."""
    return lambda name: uuid5(KEY, name)
