"""Settings that could not keep the engine's promises are refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from obligations.engine.settings import EngineSettings


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lease_seconds": 30}, "more than twice the time-out"),
        ({"timeout_seconds": 0}, "timeout_seconds is 0"),
        ({"total_concurrency": 0}, "at least 1"),
        ({"destinations": {"payroll": 0}}, "payroll has 0 slots"),
        ({"tick_seconds": 5}, "at most 1 second"),
        ({"retry_jitter": 1.0}, "share from 0 to below 1"),
        ({"retry_delays_seconds": (5, -1)}, "negative"),
        ({"grace_seconds": -1}, "grace_seconds is -1"),
        ({"idempotency_window_seconds": float("nan")}, "idempotency_window_seconds is nan"),
        ({"action_late_most_seconds": -1}, "action_late_most_seconds"),
    ],
)
def test_a_number_that_breaks_a_promise_is_refused_with_a_sentence(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        EngineSettings(**wrong)


def test_the_defaults_try_ten_times_over_three_days() -> None:
    delays = EngineSettings().retry_delays_seconds
    assert len(delays) + 1 == 10
    assert sum(delays) == 75 * 3600 + 35 * 60 + 5
