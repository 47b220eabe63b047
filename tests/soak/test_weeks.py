"""A few of the simulated weeks of `make soak`, the same ones each time."""

from __future__ import annotations

from tests.soak.weeks import in_memory, run


def test_nothing_is_early_unapproved_doubled_or_lost_whatever_dies() -> None:
    """Crashes at any point, a store that goes away, bad answers, pauses, and people who change their minds."""
    with in_memory() as folder:
        run(folder, 30, 8)
