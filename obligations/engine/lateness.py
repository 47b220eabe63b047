"""Since when something waits that should have gone, as far as that is the daemon's doing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from obligations.ports import Standing


class Lateness:
    """Counts what is overdue from the look before the one that first found it, if that was after its instant: it was
    planned, approved or released in between, and nobody could have sent it before. At the first look nobody knows.
    """

    def __init__(self) -> None:
        self._looked_at: datetime | None = None
        self._since: datetime | None = None

    def ours(self, standing: Standing, now: datetime) -> Standing:
        """The same with `oldest_overdue_at` no earlier than what waits could go; `now` is business time.

        >>> from datetime import UTC
        >>> at = [datetime(2026, 3, 2, 12, minute, tzinfo=UTC) for minute in range(4)]
        >>> lateness, of_last_year = Lateness(), Standing(overdue=1, oldest_overdue_at=datetime(2025, 3, 2, tzinfo=UTC))
        >>> lateness.ours(Standing(), at[0]) == Standing()
        True
        >>> lateness.ours(of_last_year, at[1]).oldest_overdue_at == at[0]
        True
        >>> lateness.ours(of_last_year, at[3]).oldest_overdue_at == at[0]
        True
        >>> Lateness().ours(of_last_year, at[3]) == of_last_year
        True
        """
        oldest, floor = standing.oldest_overdue_at, self._since or self._looked_at
        self._looked_at = now
        if oldest is not None and floor is not None:
            oldest = min(max(oldest, floor), now)
        self._since = oldest
        return standing if oldest is standing.oldest_overdue_at else replace(standing, oldest_overdue_at=oldest)
