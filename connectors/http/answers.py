"""What each answer of a receiver means for a delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from connectors.http.client import Answer, NoAnswer, NotSent
from connectors.notice import cut, plain_line
from obligations.domain.delivery import Outcome, Verdict

OVERLOAD_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 24 * 3600.0
_REFERENCE_LENGTH = 200

_REJECTED = {
    400: "it calls the instruction malformed",
    405: "it takes no POST there; check the URL",
    413: "it calls the instruction too large",
    415: "it does not take JSON there; check the URL",
    422: "it will not carry the instruction out, or knows its key with other content",
}
_MENDABLE = {
    401: "it does not accept the signature or credential; check the secret and the headers",
    403: "it forbids the request; check the credential and its rights",
    404: "nothing answers at that path; check the URL, and that the receiving flow is active",
}


def outcome_of(answer: Answer, destination: str, now: datetime) -> Outcome:
    """The meaning of an answer. `now` is machine time, for a Retry-After that is a date."""
    status = answer.status
    waits = retry_after_seconds(answer.retry_after, now)

    def said(verdict: Verdict, what: str, *, alarm: bool = False, wait: float | None = None) -> Outcome:
        return Outcome(verdict, f"{_answered(destination, status)}: {what}", status, wait, alarm=alarm)

    if 200 <= status < 300:
        return Outcome(Verdict.DELIVERED, _answered(destination, status), status, receipt=_receipt(answer.body))
    if status in _REJECTED:
        return said(Verdict.REJECTED, f"{_REJECTED[status]}; it is not sent again until a person looks")
    if status == 410:
        return said(Verdict.GONE, "it asks to be sent nothing more")
    if status == 429:
        return said(Verdict.RETRY, "it is overloaded", wait=max(OVERLOAD_SECONDS, waits or 0.0))
    if status in _MENDABLE:
        return said(Verdict.RETRY, _MENDABLE[status], alarm=True, wait=waits)
    if 300 <= status < 400:
        return said(Verdict.RETRY, "it redirects, which is never followed; set its new URL", alarm=True, wait=waits)
    if status == 408 or not 400 <= status < 500:
        return said(Verdict.UNKNOWN, "it may or may not have acted; the same key goes again", wait=waits)
    return said(Verdict.RETRY, "not now", wait=waits)  # 409, 425 and the rest of the 4xx


def outcome_unsent(reason: NotSent, destination: str) -> Outcome:
    """Surely no effect. A certificate that is not accepted needs a person; an absent receiver needs time."""
    return Outcome(Verdict.RETRY, f"{destination}: {reason}; nothing was sent", alarm=reason.tls)


def outcome_unanswered(reason: NoAnswer, destination: str) -> Outcome:
    """Perhaps an effect. A receiver that is too slow is given time, as an overloaded one is."""
    return Outcome(
        Verdict.UNKNOWN,
        f"{destination}: {reason}; it may or may not have acted, the same key goes again",
        retry_after_seconds=OVERLOAD_SECONDS if reason.timed_out else None,
    )


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds a Retry-After asks for, zero to a day; None when it is absent or cannot be read.

    >>> now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    >>> retry_after_seconds("120", now), retry_after_seconds("Tue, 01 Dec 2026 12:02:00 GMT", now)
    (120.0, 120.0)
    >>> retry_after_seconds("soon", now) is None
    True
    """
    text = (header or "").strip()
    if text.isascii() and text.isdecimal():
        # Read no more digits than matter: Python refuses to read thousands of them.
        return min(float(text[:20]), LONGEST_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def _answered(destination: str, status: int) -> str:
    try:
        phrase = " " + HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"{destination} answered {status}{phrase}"


def _receipt(body: bytes) -> Mapping[str, str]:
    """The receiver's own name for what it took, if its answer is JSON with a text `reference` or `id`."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    for name in ("reference", "id"):
        value = content.get(name)
        if isinstance(value, str) and plain_line(value):
            return {"reference": cut(plain_line(value), _REFERENCE_LENGTH)}
    return {}
