"""What an outcome means for the delivery: done, once more at an instant, or a person must look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from obligations.domain.content import hash_of, same_content
from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.engine.retry import wait_seconds
from obligations.engine.settings import EngineSettings
from obligations.ports import Claim, Result

# Numbers beyond are no answer of HTTP; and nobody reads more of what a connector says.
_STATUSES = 1_000
_WORDS_MOST = 2_000


class Policy:
    """Decides what becomes of a claim. `chance` gives the jitter of the retries: a number from 0 to below 1."""

    def __init__(self, settings: EngineSettings, chance: Callable[[], float]) -> None:
        self._settings = settings
        self._chance = chance

    def objection(self, claim: Claim, now: datetime) -> str | None:
        """Why the claim must not be sent before a person has looked, or None. `now` is machine time."""
        if claim.unreadable:
            return claim.unreadable
        if reason := not_as_agreed(claim):
            return reason
        if self._forgotten(claim.kind, claim.first_unknown_at, now):
            return _ask_the_receiver(claim.first_unknown_at)
        most = self._settings.action_late_most_seconds
        if claim.money and not claim.released and claim.unasked_seconds > most:
            late = timedelta(seconds=int(claim.late_seconds))
            return (
                f"late by {late}: see whether it was paid otherwise, then say that it may still go: obligations retry"
            )
        return None

    def unsent(self, claim: Claim, reason: str, now: datetime) -> Result:
        """The claim was not sent; a person must look."""
        return Result(claim, Outcome(Verdict.RETRY, detail=reason), DeliveryState.PARKED, now)

    def put_back(self, claim: Claim, reason: str, now: datetime) -> Result:
        """The claim was not sent for a reason of our own; it goes again at once."""
        return Result(claim, Outcome(Verdict.RETRY, detail=reason), DeliveryState.RETRYING, now, next_attempt_at=now)

    def result(
        self, claim: Claim, outcome: Outcome, *, sent_at: datetime, now: datetime, timed_out: bool = False
    ) -> Result:
        """What becomes of a claim that was sent at `sent_at` and had its outcome at `now`, both machine time."""
        if outcome.verdict is Verdict.DELIVERED:
            return Result(claim, outcome, DeliveryState.DELIVERED, now)
        if outcome.verdict is Verdict.REJECTED:
            return _parked(claim, outcome, now, "the receiver will not take it")
        if outcome.verdict is Verdict.GONE:
            return _parked(claim, outcome, now, "the receiver asked not to be called again")

        wait = wait_seconds(self._settings, claim.attempt, outcome, self._chance, timed_out=timed_out)
        first_unknown_at = claim.first_unknown_at
        if first_unknown_at is None and outcome.verdict is Verdict.UNKNOWN:
            first_unknown_at = sent_at
        if wait is None:
            doubt = f"; {_ask_the_receiver(first_unknown_at)}" if first_unknown_at else ""
            return _parked(claim, outcome, now, f"gave up after {claim.attempt} attempts{doubt}")
        next_attempt_at = now + timedelta(seconds=wait)
        if self._forgotten(claim.kind, first_unknown_at, next_attempt_at):
            # The next try would come when the receiver may no longer know the key: better a person hears of it now.
            return _parked(claim, outcome, now, _ask_the_receiver(first_unknown_at))
        return Result(claim, outcome, DeliveryState.RETRYING, now, next_attempt_at=next_attempt_at)

    def _forgotten(self, kind: PushKind, first_unknown_at: datetime | None, at: datetime) -> bool:
        """Whether the receiver of an action may, at that instant, no longer recognise a key it has seen."""
        if kind is not PushKind.ACTION or first_unknown_at is None:
            return False
        return (at - first_unknown_at).total_seconds() > self._settings.idempotency_window_seconds


def not_as_agreed(claim: Claim) -> str | None:
    """Why money must not go, or None where its bytes are what was planned and everybody asked agreed to exactly that.

    What people agree to is scheduled by the service. This asks once more, of the very bytes that would be sent: what
    else writes to the database, a script or a restored row, asks nobody.
    """
    if not claim.money and not claim.approvals:
        return None
    fresh = hash_of(claim.body, claim.connector, claim.destination, claim.address, claim.send_at, claim.approvals)
    if not same_content(claim.content_hash, fresh):
        return "not sent: what is stored is not what was planned, so something else changed the database; see who did"
    missing = [role for role in claim.approvals if role not in claim.agreed]
    if missing:
        return f"not sent: it was scheduled, and nobody agreed to exactly this for {' and '.join(missing)}"
    if len(set(claim.agreed.values())) < len(claim.approvals):
        return "not sent: one person agreed for two roles"
    return None


def understood(answer: object, connector: str) -> Outcome:
    """What a connector answered, in words and numbers that any database keeps.

    Connectors are written elsewhere too: one that forgets to answer has still sent something, and what it says must
    not keep what came of it, and of others beside it, from being written down.
    """
    if not isinstance(answer, Outcome) or answer.verdict not in tuple(Verdict):
        return Outcome(Verdict.UNKNOWN, detail=f"the connector {connector} gave no outcome")
    status, wait = answer.status, answer.retry_after_seconds
    return Outcome(
        Verdict(answer.verdict),
        detail=_plain(answer.detail),
        status=status if isinstance(status, int) and 0 <= status < _STATUSES else None,
        retry_after_seconds=float(wait) if isinstance(wait, int | float) else None,
        receipt={_plain(name): _plain(value) for name, value in answer.receipt.items()},
        alarm=bool(answer.alarm),
        shared=bool(answer.shared),
    )


def _plain(words: object) -> str:
    """A text without what PostgreSQL or UTF-8 refuses, and no longer than a person reads."""
    text = str(words)[:_WORDS_MOST]
    return text if text.isprintable() else text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _ask_the_receiver(since: datetime | None) -> str:
    when = f" since {since:%Y-%m-%d %H:%M} UTC" if since else ""
    return f"unknown outcome{when}: ask the receiver whether it took effect"


def _parked(claim: Claim, outcome: Outcome, now: datetime, reason: str) -> Result:
    detail = f"{reason} ({outcome.detail})" if outcome.detail else reason
    return Result(claim, replace(outcome, detail=detail), DeliveryState.PARKED, now)
