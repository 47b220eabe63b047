"""What a reminder says: read from the stored bytes, and made harmless to show.

Names and clauses come from documents other people wrote. A terminal obeys escape sequences and a reader believes text
whose direction was turned round, so both are taken out before anything is shown.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Marks that turn the direction of the text around them; they can make 1 000 read as 000 1.
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
HALF_A_DAY = 43_200.0
_NOT_SHOWN = frozenset(("Cc", "Cs", "Zl", "Zp"))


class NotANotice(ValueError):
    """The stored body is not a reminder's."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One reminder. `edits` says which earlier message it rewrites; empty for a new one."""

    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    note: str
    occurrence: str
    edits: Mapping[str, str]


def read_notice(body: bytes, late_seconds: float = 0.0) -> Notice:
    """The reminder in the bytes, every string made harmless; raises `NotANotice` when they hold none.

    The bytes were written for the reminder's own day. One that goes half a day late or more says so, instead of how far
    away its due day was then.
    """
    try:
        content = json.loads(body)
        edits = content.get("edits") or {}
        _tell_the_time(content, late_seconds)
        notice = Notice(
            title=plain_line(content["title"]),
            text=plain_line(content.get("text", "")),
            facts=tuple((plain_line(label), plain(value)) for label, value in content.get("facts") or ()),
            note=plain(content.get("note") or ""),
            occurrence=plain_line(str(content.get("occurrence") or "")),
            edits={str(key): str(value) for key, value in edits.items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotANotice("the stored body is not a reminder (title, text, facts, note)") from None
    if not (notice.title or notice.text):
        raise NotANotice("the stored reminder says nothing: its title and text are empty")
    return notice


def _tell_the_time(content: dict[str, Any], late_seconds: float) -> None:
    facts = content.get("facts") or []
    left = content.get("left")
    if late_seconds < HALF_A_DAY:
        if left:
            content["text"] = f"{content.get('text', '')} ({left})"
            content["facts"] = [
                [label, f"{value} ({left})" if not number else value] for number, (label, value) in enumerate(facts)
            ]
        return
    days = max(1, round(late_seconds / (2 * HALF_A_DAY)))
    late = f"meant for {content.get('meant_for', 'earlier')}, {days} day{'s' if days != 1 else ''} late"
    content["text"] = f"{content.get('text', '')} ({late})"
    content["facts"] = [*facts, ["Late", late]]


def plain(text: str) -> str:
    """The text without characters that steer a terminal or turn the reading direction; line breaks stay.

    >>> plain("Acme\\x1b[2J Inc.\\u202e")
    'Acme [2J Inc.'
    """
    return "".join(
        letter if letter == "\n" else " " if unicodedata.category(letter) in _NOT_SHOWN else letter
        for letter in text
        if letter not in _TURNS
    ).strip()


def plain_line(text: str) -> str:
    """The same on one line, runs of blanks made one."""
    return " ".join(plain(text).split())


def cut(text: str, limit: int) -> str:
    """The text in at most `limit` characters, ending in an ellipsis where something was left out.

    >>> cut("severance", 5)
    'seve…'
    """
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"
