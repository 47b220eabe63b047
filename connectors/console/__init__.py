"""Shows what would be sent: one readable block for each reminder or action on standard output."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any, TextIO

from connectors.notice import NotANotice, Notice, cut, plain_line, read_notice
from connectors.settings import Table, read_settings
from obligations.domain.delivery import Outcome, PushKind, Verdict
from obligations.ports import Claim, Connector, MachineClock

WIDTH = 80
_LABEL = 22
_FACTS = 40


class ConsoleSettings(Table):
    """The connector's table, which is empty."""


def connector(settings: Mapping[str, Any], *, machine: MachineClock) -> Connector:
    """The console connector; raises `ValueError` for any setting, since it has none."""
    read_settings(ConsoleSettings, settings, "connectors.console")
    return ConsoleConnector()


class ConsoleConnector:
    """Writes a block of at most 80 columns for each claim. Amounts of actions are not shown.

    Args:
        stream: gives the stream at each write, so that a redirected standard output is followed.
    """

    name = "console"

    def __init__(self, stream: Callable[[], TextIO] = lambda: sys.stdout) -> None:
        self._stream = stream
        self._lock = Lock()

    async def deliver(self, claim: Claim) -> Outcome:
        """Write the block and say whether it could be written."""
        try:
            block = _block(claim)
        except (NotANotice, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Outcome(Verdict.REJECTED, f"{claim.destination}: the stored body is no reminder and no action")
        try:
            with self._lock:
                stream = self._stream()
                encoding = getattr(stream, "encoding", None) or "utf-8"
                stream.write(block.encode(encoding, "replace").decode(encoding))
                stream.flush()
        except (OSError, ValueError) as error:
            # ValueError: the stream is closed.
            why = f"standard output cannot be written ({type(error).__name__})"
            return Outcome(Verdict.RETRY, f"{claim.destination}: {why}")
        return Outcome(Verdict.DELIVERED, f"{claim.destination}: shown on the console")

    async def check(self) -> str | None:
        """None: whether standard output can be written shows when it is."""
        return None

    async def close(self) -> None:
        """Nothing to release; standard output is not ours."""


def _block(claim: Claim) -> str:
    if claim.kind is PushKind.ACTION:
        lines = [_heading(f"ACTION for {claim.destination}"), *_action(claim)]
    else:
        notice = read_notice(claim.body, claim.late_seconds)
        what = "UPDATE" if claim.kind is PushKind.EDIT or notice.edits else "REMINDER"
        lines = [_heading(f"{what} for {_addressee(claim)}"), *_notice(notice)]
    return "\n".join((*lines, "─" * WIDTH, ""))


def _heading(text: str) -> str:
    return cut(f"── {plain_line(text)} ", WIDTH).ljust(WIDTH, "─")


def _addressee(claim: Claim) -> str:
    address = claim.address.get("channel") or claim.address.get("email")
    return f"{claim.destination} <{address}>" if address else claim.destination


def _notice(notice: Notice) -> Iterator[str]:
    yield from _paragraph(notice.title or notice.text)
    if notice.text and not notice.text.startswith(notice.title):
        yield from _paragraph(notice.text)
    for label, value in notice.facts[:_FACTS]:
        yield from _fact(label, value or "–")
    if len(notice.facts) > _FACTS:
        yield f"  … and {len(notice.facts) - _FACTS} more"
    for paragraph in notice.note.splitlines():
        yield from _paragraph(paragraph)
    if notice.occurrence:
        yield from _fact("occurrence", notice.occurrence)


def _action(claim: Claim) -> Iterator[str]:
    """What is known to hold no amount: the event's own name and time, and where the claim comes from."""
    event = json.loads(claim.body)
    yield from _fact("type", plain_line(event["type"]))
    yield from _fact("key", plain_line(event["id"]))
    yield from _fact("time", plain_line(event["timestamp"]))
    yield from _fact("contract", plain_line(claim.contract))
    yield from _fact("push", plain_line(claim.name))
    yield from _fact("occurrence", str(claim.occurrence_id))
    yield from _fact("data", f"{len(claim.body)} bytes, amounts not shown")


def _fact(label: str, value: str) -> Iterator[str]:
    first = f"  {cut(label, _LABEL - 4)}".ljust(_LABEL)
    yield from _wrapped(value, first, " " * _LABEL)


def _paragraph(text: str) -> Iterator[str]:
    yield from _wrapped(text, "  ", "  ")


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    line = " ".join(text.split())
    return textwrap.wrap(line, WIDTH, initial_indent=first, subsequent_indent=rest) or [first.rstrip()]
