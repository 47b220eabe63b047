"""How far plans were brought on. What a contract has due is not claimed while its plan is far behind: it may be due no
more. Where a contract cannot be planned, its money is not, and people are reminded by the plan there is."""

from __future__ import annotations

from datetime import datetime, timedelta

# Work goes on while a new quarter of an hour is planned, which takes less than this.
_FAR = timedelta(hours=1)


class Planned:
    """Through which business instant every contract was planned, none at first.

    Simulated time outruns any planning and may do so; `real_time` is waited for. `edition` names the calendars to plan
    with, until that is done. `behind_since` is the instant of a look by which some should have been planned, and could
    not be; None where all were.

    >>> from datetime import datetime, UTC
    >>> planned, noon = Planned(real_time=True), datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> planned.far_behind(noon)
    True
    >>> planned.through = noon
    >>> planned.far_behind(noon + timedelta(minutes=20)), planned.far_behind(noon + timedelta(days=3))
    (False, True)
    """

    def __init__(self, *, real_time: bool, edition: str = "") -> None:
        self.real_time = real_time
        self.edition = edition or None
        self.through: datetime | None = None
        self.behind_since: datetime | None = None

    def far_behind(self, now: datetime) -> bool:
        """Whether the daemon was down, or the machine slept, so long that plans come before sending."""
        return self.through is None or (self.real_time and now - self.through > _FAR)
