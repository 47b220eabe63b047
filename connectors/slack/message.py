"""A reminder as a Slack message: blocks for readers, one line of text for notifications and screen readers.

Slack obeys markup: `<!channel>` in a name would wake a whole company. So what comes from a contract stands in
plain_text elements only, where nothing is markup, and the one line that Slack does read for markup is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from connectors.notice import Notice, cut

# Slack's documented limits: header 150, section 3000, ten fields of 2000, 50 blocks. The sum of a message has an
# undocumented limit near 13 000, so the shares below stay under 10 000 together.
_TITLE = 150
_NOTE = 2_500
_FACTS_TOTAL = 5_000
_FACT = 1_000
_FACTS = 400
_FIELDS_PER_BLOCK = 10
_TEXT = 1_900
_OCCURRENCE = 150


def blocks_of(notice: Notice) -> list[dict[str, Any]]:
    """The message's blocks, each within Slack's limits and all of it plain text."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(cut(notice.title or notice.text, _TITLE))}]
    fields = iter(_fields(notice.facts))
    while several := list(islice(fields, _FIELDS_PER_BLOCK)):
        blocks.append({"type": "section", "fields": [_plain(text) for text in several]})
    if notice.note:
        blocks.append({"type": "section", "text": _plain(cut(notice.note, _NOTE))})
    if notice.occurrence:
        blocks.append({"type": "context", "elements": [_plain(cut(notice.occurrence, _OCCURRENCE))]})
    return blocks


def text_of(notice: Notice) -> str:
    """The one line, with the three characters that begin markup escaped and never cut in the middle of an escape."""
    said: list[str] = []
    room = _TEXT
    for letter in notice.text or notice.title:
        escaped = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(letter, letter)
        room -= len(escaped)
        if room < 1:
            return "".join(said) + "…"
        said.append(escaped)
    return "".join(said)


def _fields(facts: Sequence[tuple[str, str]]) -> Iterable[str]:
    room = _FACTS_TOTAL
    for number, (label, value) in enumerate(facts):
        text = cut(f"{label}\n{value or '–'}" if label else value or "–", _FACT)
        room -= len(text)
        if room < 0 or number == _FACTS:
            yield f"… and {len(facts) - number} more"
            return
        yield text


def _plain(text: str) -> dict[str, Any]:
    # emoji off: a name such as :boom: is a name.
    return {"type": "plain_text", "text": text, "emoji": False}
