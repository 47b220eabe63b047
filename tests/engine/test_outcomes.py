"""What an answer means: done, once more, or a person must look."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from obligations.domain.content import hash_of
from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.engine.outcomes import Policy
from obligations.engine.settings import EngineSettings
from obligations.ports import Claim

NOW = datetime(2006, 10, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LUMP_SUM = Claim(
    key=UUID(int=1), contract="offer", occurrence_id=UUID(int=2), name="pay", kind=PushKind.ACTION, connector="http",
    destination="payroll", address={}, body=b"{}", send_at=NOW, attempt=1, fence=1, worker="w",
    content_hash=hash_of(b"{}", "http", "payroll", {}, NOW, ()),
)  # fmt: skip


def middle() -> float:
    return 0.5


def policy(**numbers: float) -> Policy:
    return Policy(replace(EngineSettings(), **numbers), middle)  # type: ignore[arg-type]  # numbers only, by name


def becomes(claim: Claim, outcome: Outcome) -> tuple[DeliveryState, str, datetime | None]:
    result = policy().result(claim, outcome, sent_at=NOW, now=NOW)
    return result.state, result.outcome.detail, result.next_attempt_at


def test_a_yes_is_the_end() -> None:
    assert becomes(LUMP_SUM, Outcome(Verdict.DELIVERED)) == (DeliveryState.DELIVERED, "", None)


@pytest.mark.parametrize("verdict", [Verdict.REJECTED, Verdict.GONE])
def test_a_final_no_waits_for_a_person_with_the_receivers_words(verdict: Verdict) -> None:
    state, detail, again = becomes(LUMP_SUM, Outcome(verdict, detail="unknown payee"))
    assert (state, again) == (DeliveryState.PARKED, None)
    assert "(unknown payee)" in detail


@pytest.mark.parametrize("verdict", [Verdict.RETRY, Verdict.UNKNOWN])
def test_a_failure_goes_again_by_the_schedule(verdict: Verdict) -> None:
    assert becomes(LUMP_SUM, Outcome(verdict)) == (DeliveryState.RETRYING, "", NOW + timedelta(seconds=5))


def test_the_tenth_failure_is_given_up_and_says_so() -> None:
    state, detail, again = becomes(replace(LUMP_SUM, attempt=10), Outcome(Verdict.RETRY, detail="503"))
    assert (state, detail, again) == (DeliveryState.PARKED, "gave up after 10 attempts (503)", None)


def test_giving_up_with_a_doubt_left_says_whom_to_ask() -> None:
    _, detail, _ = becomes(
        replace(LUMP_SUM, attempt=10, kind=PushKind.REMINDER, first_unknown_at=NOW - 5 * HOUR), Outcome(Verdict.RETRY)
    )
    assert "ask the receiver" in detail


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.RETRY])
def test_a_payment_in_doubt_is_not_repeated_when_the_receiver_may_have_forgotten_its_key(verdict: Verdict) -> None:
    """The sixth wait is ten hours: after twelve hours of doubt the next try would come after twenty, and pay twice."""
    doubtful = replace(LUMP_SUM, attempt=6, first_unknown_at=NOW - 12 * HOUR)
    state, detail, again = becomes(doubtful, Outcome(verdict))
    assert (state, again) == (DeliveryState.PARKED, None)
    assert detail.startswith("unknown outcome since 2006-10-16 00:00 UTC: ask the receiver")
    younger = replace(doubtful, first_unknown_at=NOW - 9 * HOUR)
    assert becomes(younger, Outcome(verdict))[0] is DeliveryState.RETRYING


def test_a_first_doubt_starts_the_window_itself() -> None:
    """The seventh wait, fourteen hours, still fits; the eighth, twenty hours and more, would not."""
    assert becomes(replace(LUMP_SUM, attempt=7), Outcome(Verdict.UNKNOWN))[0] is DeliveryState.RETRYING
    assert becomes(replace(LUMP_SUM, attempt=9), Outcome(Verdict.UNKNOWN))[0] is DeliveryState.PARKED
    assert becomes(replace(LUMP_SUM, attempt=9), Outcome(Verdict.RETRY))[0] is DeliveryState.RETRYING


def test_a_doubled_reminder_is_harmless_so_a_reminder_goes_on() -> None:
    reminder = replace(LUMP_SUM, kind=PushKind.REMINDER, attempt=6, first_unknown_at=NOW - 30 * HOUR)
    assert becomes(reminder, Outcome(Verdict.UNKNOWN))[0] is DeliveryState.RETRYING
    assert policy().objection(reminder, NOW) is None


def test_a_payment_whose_doubt_grew_old_while_the_daemon_was_down_is_not_sent() -> None:
    objects: Callable[[Claim, datetime], str | None] = policy().objection
    doubtful = replace(LUMP_SUM, attempt=2, first_unknown_at=NOW - 20 * HOUR)
    assert objects(doubtful, NOW) is None
    assert "ask the receiver" in (objects(doubtful, NOW + timedelta(seconds=1)) or "")


def test_a_payment_later_than_its_limit_waits_for_a_person_once() -> None:
    late = replace(LUMP_SUM, money=True, late_seconds=8 * 86_400.0, unasked_seconds=8 * 86_400.0)
    strict = policy(action_late_most_seconds=7 * 86_400.0)
    assert (strict.objection(late, NOW) or "").startswith("late by 8 days")
    assert strict.objection(replace(late, attempt=2), NOW) is not None, "a failed try is nobody's consent"
    assert strict.objection(replace(late, attempt=2, released=True), NOW) is None
    assert strict.objection(replace(late, money=False), NOW) is None, "a task that is late harms nobody twice"
    assert strict.objection(replace(late, unasked_seconds=6 * 86_400.0), NOW) is None, "people agreed since"
    assert "obligations retry" in (policy().objection(late, NOW) or "")
    assert policy(action_late_most_seconds=math.inf).objection(late, NOW) is None


def test_retries_end_before_a_payment_counts_as_late() -> None:
    """The last tries of a receiver that is down for three days would be stopped, for another reason than they say."""
    usual = EngineSettings()
    assert sum(usual.retry_delays_seconds) * (1 + usual.retry_jitter) < usual.action_late_most_seconds
