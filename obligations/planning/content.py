"""What a push sends: its bytes, what in them is owed, and the hash that people approve."""

from __future__ import annotations

from typing import Any

from obligations.domain.content import canonical, counted, hash_of, same_content
from obligations.domain.delivery import Push, PushKind

# What tells of an instruction without being owed by it: how it revises another, and why it is given.
_NOT_OWED = frozenset({"status", "supersedes", "basis"})
REVERSE = "reverse"


def body_of(push: Push) -> bytes:
    """The bytes every attempt sends: canonical JSON, in the Standard Webhooks shape for actions."""
    if push.kind is not PushKind.ACTION:
        return canonical(push.payload)
    kind = "payroll_action" if push.money else "instruction"
    return canonical(
        {
            "id": str(push.key),
            "type": f"obligations.{kind}.due.v1",
            "timestamp": push.send_at.isoformat().replace("+00:00", "Z"),
            "data": push.payload,
        }
    )


def content_hash(push: Push) -> str:
    """A hash over what would be sent, to whom, when and after whose approval: any change of it voids approvals."""
    return _hash(push, body_of(push))


def written(push: Push) -> tuple[bytes, str]:
    """The bytes of a push and the hash of its content, for which the bytes are written once."""
    body = body_of(push)
    return body, _hash(push, body)


def written_again(push: Push, before: str) -> tuple[bytes, str]:
    """The same of content that stands anew where `before` stood; see `hash_again`."""
    body, fresh = written(push)
    return body, counted(fresh, before)


def _hash(push: Push, body: bytes) -> str:
    return hash_of(body, push.connector, push.destination, push.address, push.send_at, push.approvals)


def hash_again(push: Push, before: str) -> str:
    """The hash of content that stands anew where `before` stood: never one that somebody agreed to earlier.

    A change and its undoing lead back to the same bytes, but not back to the approvals, so rewritings are counted.
    """
    return counted(content_hash(push), before)


def is_content(push: Push, stored_hash: str) -> bool:
    """Whether the stored hash is this push's, however often it was rewritten."""
    return same_content(stored_hash, content_hash(push))


def owed(push: Push | None) -> dict[str, Any] | None:
    """What a receiver owes after this instruction; None for a reversal, and for none at all.

    A series that ends early, or a clause that is worded anew, changes nothing that was owed before.
    """
    if push is None or push.payload.get("status") == REVERSE:
        return None
    kept = {key: value for key, value in push.payload.items() if key not in _NOT_OWED}
    if isinstance(position := kept.get("position"), dict):
        kept["position"] = position.get("index")
    return kept
