"""What a push sends, and the hash of it that people approve."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

# Made once: `json.dumps` makes one for each text.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(data: Any) -> bytes:
    """Plain data as JSON; the same data gives the same bytes."""
    return _encode(data).encode()


def hash_of(
    body: bytes,
    connector: str,
    destination: str,
    address: Mapping[str, str],
    send_at: datetime,
    approvals: Sequence[str],
) -> str:
    """The hash over these bytes, where they go, when, and after whose approval."""
    where = [connector, destination, dict(address), send_at.isoformat(), list(approvals)]
    return hashlib.sha256(body + b"\x00" + canonical(where)).hexdigest()


def counted(fresh: str, before: str) -> str:
    """The hash of content that stands anew where `before` stood: rewritings are counted, so that it is another."""
    _, _, times = before.partition(".")
    return f"{fresh}.{int(times or 0) + 1}"


def same_content(stored: str, fresh: str) -> bool:
    """Whether a stored hash is this one, however often its content was rewritten."""
    return stored.partition(".")[0] == fresh
