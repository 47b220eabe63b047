"""A few deaths of the campaign that `make soak` runs by the hundred."""

from __future__ import annotations

from tests.soak.kills import campaign


def test_a_short_campaign_keeps_every_promise() -> None:
    """The campaign itself must be able to run whenever somebody wants to know."""
    found = campaign("sqlite", kills=3, seed=7, minutes=1, calm_seconds=0)
    assert found.kills == 3
    assert found.due > 50
    assert not found.broken, found.rows()
