"""What each answer of Slack means for a delivery, and what a person can do about it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from socket import gaierror
from typing import Any
from urllib.error import URLError

from slack_sdk.errors import SlackApiError

from obligations.domain.delivery import Outcome, Verdict

LONGEST_WAIT_SECONDS = 24 * 3600.0
_ERROR_CODE = re.compile(r"[a-z0-9_]{1,64}")

_NEW_TOKEN = "put the app's current bot token into token of [connectors.slack]"
# A credential can be mended while the reminders wait.
CREDENTIAL: Mapping[str, str] = {
    "invalid_auth": _NEW_TOKEN,
    "not_authed": _NEW_TOKEN,
    "account_inactive": f"the app or its workspace was switched off; reinstall it and {_NEW_TOKEN}",
    "token_revoked": f"reinstall the app and {_NEW_TOKEN}",
    "token_expired": f"reinstall the app and {_NEW_TOKEN}",
}
_PERMANENT: Mapping[str, str] = {
    "cant_update_message": "another app wrote the earlier message; nothing can rewrite it",
    "channel_not_found": "correct the channel of this role, or invite the app to it if it is private",
    "edit_window_closed": "the workspace no longer allows changes to the earlier message",
    "invalid_blocks": "report this with the occurrence's id; the message was badly built",
    "invalid_blocks_format": "report this with the occurrence's id; the message was badly built",
    "is_archived": "unarchive the channel, or give this role another",
    "message_not_found": "the earlier message was deleted; nothing is left to rewrite",
    "missing_scope": "give the app chat:write, users:read and users:read.email, and reinstall it",
    "msg_blocks_too_long": "shorten the reminder's note or facts",
    "msg_too_long": "shorten the reminder's note or facts",
    "no_text": "give the reminder a title or a text",
    "not_in_channel": "invite the app to the channel",
    "restricted_action": "ask an administrator of the workspace to let the app post there",
    "user_disabled": "the account is deactivated; correct the address of this role",
    "user_not_found": "correct the address of this role",
    "users_not_found": "nobody there has this e-mail address; correct the address of this role",
}
# Slack's own faults, which it documents as perhaps having done part of the work.
_FAULTS = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
_OVERLOADED = frozenset({"ratelimited", "rate_limited"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Slack, or the way to it, said instead of ok. `code` is empty when it was no answer in Slack's form."""

    code: str = ""
    status: int | None = None
    retry_after_seconds: float | None = None
    unsent: bool = False
    tls: bool = False

    @property
    def tells_nothing(self) -> bool:
        """Whether Slack may have done what was asked all the same."""
        overloaded = self.status == 429 or self.code in _OVERLOADED
        return not (self.unsent or overloaded) and (
            not self.code or self.code in _FAULTS or (self.status is not None and self.status >= 500)
        )


def refusal_of(error: Exception) -> Refusal:
    """The refusal behind whatever the SDK raised. Keeps none of Slack's body but its error code."""
    if isinstance(error, SlackApiError):
        response = error.response
        headers = {str(name).lower(): str(value) for name, value in (response.headers or {}).items()}
        return Refusal(_code(response.data), response.status_code, _seconds(headers.get("retry-after")))
    if isinstance(error, URLError):
        # The SDK's transport wraps in URLError what went wrong up to the end of sending.
        why = error.reason
        tls = isinstance(why, ssl.SSLCertVerificationError)
        return Refusal(unsent=tls or isinstance(why, (ConnectionRefusedError, gaierror)), tls=tls)
    return Refusal()


def outcome_of(refusal: Refusal, destination: str, *, changes: bool) -> Outcome:
    """The meaning of a refusal. `changes`: the request would have posted or rewritten something, so that an unclear
    answer leaves its effect unknown; a mere question has none."""
    code, status = refusal.code, refusal.status
    wait = refusal.retry_after_seconds
    if refusal.unsent:
        what = "its certificate was not accepted" if refusal.tls else "no connection; the name is unknown or refuses"
        said = f"{destination}: Slack: {what}; nothing was sent"
        return Outcome(Verdict.RETRY, said, alarm=refusal.tls, shared=refusal.tls)
    if status == 429 or code in _OVERLOADED:
        return Outcome(Verdict.RETRY, f"{destination}: Slack asks to wait", status, wait)
    if refusal.tells_nothing:
        what = f"Slack gave no clear answer ({_named(refusal)})"
        if not changes:
            return Outcome(Verdict.RETRY, f"{destination}: {what}; nothing was posted", status, wait)
        return Outcome(Verdict.UNKNOWN, f"{destination}: {what}; it may or may not have posted", status, wait)
    if code in CREDENTIAL:
        said = f"{destination}: Slack refused the token ({code}): {CREDENTIAL[code]}"
        return Outcome(Verdict.RETRY, said, status, wait, alarm=True, shared=True)
    if code in _PERMANENT:
        return Outcome(Verdict.REJECTED, f"{destination}: Slack says {code}: {_PERMANENT[code]}", status)
    # An error this table does not know: not done, perhaps for a while only, and somebody should read its name.
    return Outcome(Verdict.RETRY, f"{destination}: Slack says {code}", status, wait, alarm=True)


def _named(refusal: Refusal) -> str:
    return refusal.code or (f"status {refusal.status}" if refusal.status else "the connection broke or was too slow")


def _code(data: Any) -> str:
    code = data.get("error") if isinstance(data, dict) else None
    # The SDK puts the body of an answer that is no JSON where the code belongs; a body goes nowhere.
    return code if isinstance(code, str) and _ERROR_CODE.fullmatch(code) else ""


def _seconds(header: str | None) -> float | None:
    text = (header or "").strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(float(text[:20]), LONGEST_WAIT_SECONDS)
