"""One reminder, one message, one outcome."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from connectors.aside import aside
from connectors.notice import NotANotice, Notice, read_notice
from connectors.slack.answers import CREDENTIAL, Refusal, outcome_of, refusal_of
from connectors.slack.message import blocks_of, text_of
from connectors.slack.settings import SlackSettings
from obligations.domain.delivery import Outcome, Verdict
from obligations.ports import Claim, MachineClock

SCOPES = ("chat:write", "users:read", "users:read.email")
_ID_KEPT = timedelta(hours=24)
_HISTORY_MESSAGES = 200

# The SDK logs requests, and parts of answers that it cannot read. Those hold what people are owed.
_SILENT = logging.getLogger("connectors.slack.sdk")
_SILENT.setLevel(logging.CRITICAL + 1)

_T = TypeVar("_T")


class _Refused(Exception):
    """A call did not come back with ok."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class SlackConnector:
    """Posts each reminder once and rewrites it when an edit says so. Never retries, never raises for what Slack did.

    The SDK's client waits for its answers, so each call has a thread of its own; its retry handlers are off, because
    they post a second time when a connection is lost after the first.
    """

    name = "slack"

    def __init__(self, settings: SlackSettings, machine: MachineClock) -> None:
        self._machine = machine
        # The SDK's time-out counts from byte to byte; the deadline of a call is kept here, over it.
        self._seconds = settings.timeout_seconds
        self._client = WebClient(
            token=settings.token.get_secret_value(),
            base_url=settings.base_url,
            timeout=math.ceil(settings.timeout_seconds),
            proxy=settings.proxy.get_secret_value() if settings.proxy else None,
            retry_handlers=[],
            logger=_SILENT,
        )
        self._closed = False
        self._ids: dict[str, tuple[str, datetime]] = {}

    async def deliver(self, claim: Claim) -> Outcome:
        """Post the reminder, or rewrite the earlier message that an edit names, and say what came of it."""
        try:
            notice = read_notice(claim.body, claim.late_seconds)
        except NotANotice as reason:
            return Outcome(Verdict.REJECTED, f"{claim.destination}: {reason}, and slack carries nothing else")
        if self._closed:
            return Outcome(Verdict.RETRY, f"{claim.destination}: this connector is closed; nothing was sent")
        if notice.edits:
            return await self._rewrite(claim, notice)
        return await self._post(claim, notice)

    async def _post(self, claim: Claim, notice: Notice) -> Outcome:
        try:
            channel = await self._channel(claim)
            earlier = await self._earlier(claim, channel)
        except _Refused as refused:
            return outcome_of(refused.refusal, claim.destination, changes=False)
        if channel is None:
            return Outcome(
                Verdict.REJECTED,
                f"{claim.destination} has no Slack address: give this role an email or a channel",
            )
        if earlier is not None:
            return earlier
        try:
            posted = await self._call(
                lambda: self._client.chat_postMessage(
                    channel=channel,
                    text=text_of(notice),
                    blocks=blocks_of(notice),
                    unfurl_links=False,
                    unfurl_media=False,
                    # Slack drops a repeat of an id it knows, though it does not promise to.
                    client_msg_id=str(claim.key),
                    metadata=_metadata(claim),
                )
            )
        except _Refused as refused:
            outcome = outcome_of(refused.refusal, claim.destination, changes=True)
            if outcome.verdict is Verdict.REJECTED:
                self._ids.pop(claim.address.get("email", ""), None)  # the next one asks for the person again
            return outcome
        return _delivered(claim, posted)

    async def _rewrite(self, claim: Claim, notice: Notice) -> Outcome:
        channel, ts = notice.edits.get("channel"), notice.edits.get("ts")
        if not (channel and ts):
            return Outcome(Verdict.REJECTED, f"{claim.destination}: the edit names no earlier message (channel and ts)")
        try:
            updated = await self._call(
                lambda: self._client.chat_update(
                    channel=channel, ts=ts, text=text_of(notice), blocks=blocks_of(notice), metadata=_metadata(claim)
                )
            )
        except _Refused as refused:
            return outcome_of(refused.refusal, claim.destination, changes=True)
        return _delivered(claim, updated)

    async def _channel(self, claim: Claim) -> str | None:
        """Where to post: the role's channel, else its person's id, which opens a direct message."""
        if channel := claim.address.get("channel"):
            return channel
        email = claim.address.get("email")
        if not email:
            return None
        now = self._machine.now()
        known = self._ids.get(email)
        if known is not None and now - known[1] < _ID_KEPT:
            return known[0]
        found = await self._call(lambda: self._client.users_lookupByEmail(email=email))
        user = found.get("user")
        user_id = user.get("id") if isinstance(user, dict) else None
        if not isinstance(user_id, str):
            raise _Refused(Refusal(status=found.status_code))
        self._ids[email] = (user_id, now)
        return user_id

    async def _earlier(self, claim: Claim, channel: str | None) -> Outcome | None:
        """The message of an earlier attempt whose answer was lost, found by the key in its metadata.

        Only a channel given by its id can be read, and only with the scope for it; otherwise None, and the reminder
        goes again: one too many is harmless, one too few is not.
        """
        if claim.first_unknown_at is None or channel is None or channel[:1] not in ("C", "G", "D"):
            return None
        try:
            history = await self._call(
                lambda: self._client.conversations_history(
                    channel=channel, limit=_HISTORY_MESSAGES, include_all_metadata=True
                )
            )
        except _Refused:
            return None
        messages = history.get("messages")
        for message in messages if isinstance(messages, list) else ():
            if _delivery_id(message) == str(claim.key):
                return Outcome(
                    Verdict.DELIVERED,
                    f"{claim.destination}: an earlier attempt had posted it",
                    receipt={"channel": channel, "ts": str(message.get("ts", ""))},
                )
        return None

    async def check(self) -> str | None:
        """Why Slack would not take our messages, or None. Asks Slack whose token this is and what it may do."""
        if self._closed:
            return "the Slack connector is closed"
        try:
            answer = await self._call(self._client.auth_test)
        except _Refused as refused:
            if refused.refusal.code in CREDENTIAL:
                code = refused.refusal.code
                return (
                    f"Slack refused the token ({code}): put a bot token with {', '.join(SCOPES)} "
                    "in token of [connectors.slack]"
                )
            return outcome_of(refused.refusal, "check", changes=False).detail
        granted = {str(name).lower(): str(value) for name, value in answer.headers.items()}.get("x-oauth-scopes")
        missing = [scope for scope in SCOPES if scope not in granted.replace(",", " ").split()] if granted else []
        if missing:
            return f"the Slack token lacks {', '.join(missing)}: add the scope to the app and reinstall it"
        return None

    async def _call(self, ask: Callable[[], SlackResponse]) -> SlackResponse:
        """Ask Slack in a thread; raises `_Refused` unless it answered ok within the deadline."""
        try:
            async with asyncio.timeout(self._seconds):
                answer = await aside(ask)
        except Exception as error:  # noqa: BLE001 - an unreadable answer raises anything; each means "unknown"
            raise _Refused(refusal_of(error)) from None
        if not isinstance(answer.data, dict):
            raise _Refused(Refusal(status=answer.status_code))  # the SDK lets compressed bytes pass for ok
        return answer

    async def close(self) -> None:
        """Ask nothing more. A thread that still waits for Slack ends with its time-out, and nobody waits for it."""
        self._closed = True


def _metadata(claim: Claim) -> dict[str, Any]:
    # Every member and app of the workspace can read metadata: an id, never a name or an amount.
    return {"event_type": "obligation_notice", "event_payload": {"delivery_id": str(claim.key)}}


def _delivery_id(message: Any) -> str | None:
    try:
        found = message["metadata"]["event_payload"]["delivery_id"]
    except (KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _delivered(claim: Claim, answer: SlackResponse) -> Outcome:
    channel, ts = answer.get("channel"), answer.get("ts")
    receipt = {"channel": channel, "ts": ts} if isinstance(channel, str) and isinstance(ts, str) else {}
    return Outcome(Verdict.DELIVERED, f"{claim.destination}: Slack took it", answer.status_code, receipt=receipt)
