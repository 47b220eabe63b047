"""Retries: the schedule, its jitter, and what a receiver may ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.domain.delivery import Outcome, Verdict
from obligations.engine.retry import wait_seconds
from obligations.engine.settings import EngineSettings

SETTINGS = EngineSettings()
CHANCES = st.floats(0, 1, exclude_max=True)


def middle() -> float:
    return 0.5


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 300), (6, 36_000), (9, 86_400), (10, None)])
def test_the_wait_follows_the_schedule_and_then_ends(attempt: int, seconds: float | None) -> None:
    assert wait_seconds(SETTINGS, attempt, Outcome(Verdict.RETRY), middle) == seconds


@given(attempt=st.integers(1, 9), chance=CHANCES)
def test_chance_moves_a_wait_by_a_fifth_at_most(attempt: int, chance: float) -> None:
    plain = SETTINGS.retry_delays_seconds[attempt - 1]
    wait = wait_seconds(SETTINGS, attempt, Outcome(Verdict.RETRY), lambda: chance)
    assert wait is not None
    assert 0.8 * plain <= wait <= 1.2 * plain


@given(asked=st.floats(), attempt=st.integers(1, 9), chance=CHANCES)
def test_what_a_receiver_asks_for_is_a_floor_up_to_a_day(asked: float, attempt: int, chance: float) -> None:
    """Coming back early would get the account blocked; a wild number must not postpone a payment for ever."""
    plain = wait_seconds(SETTINGS, attempt, Outcome(Verdict.RETRY), lambda: chance)
    wait = wait_seconds(SETTINGS, attempt, Outcome(Verdict.RETRY, retry_after_seconds=asked), lambda: chance)
    assert plain is not None
    assert wait is not None
    assert wait >= plain
    assert wait <= max(plain, 86_400)
    if 0 < asked <= 86_400:
        assert wait >= asked


def test_a_throttled_or_silent_receiver_is_left_alone_for_a_minute() -> None:
    assert wait_seconds(SETTINGS, 1, Outcome(Verdict.RETRY, status=429), middle) == 60
    assert wait_seconds(SETTINGS, 1, Outcome(Verdict.UNKNOWN), middle, timed_out=True) == 60
    assert wait_seconds(SETTINGS, 2, Outcome(Verdict.RETRY, status=429), middle) == 300
