"""What was recorded: what holds of it, and what of it was known at an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from obligations.domain.event import Report, known_by

DAY = date(2025, 3, 1)
MIDNIGHT = datetime(2025, 3, 2, tzinfo=UTC)


def test_what_is_recorded_at_midnight_belongs_to_the_new_day() -> None:
    """What people believed on a day would be shown with what came in only after it, or without the contract's own."""
    stated, evening, after = (
        Report("stated", "notice", DAY),
        Report("evening", "notice", DAY, recorded_at=MIDNIGHT - timedelta(microseconds=1)),
        Report("after", "notice", DAY, recorded_at=MIDNIGHT),
    )
    assert known_by((stated, evening, after), MIDNIGHT) == (stated, evening)
