"""Both databases pass the suite that every store must pass."""

from __future__ import annotations

import pytest

from obligations.store import SqlStore, open_store
from obligations.testing.store import CHECKS, exercise_store
from obligations.testing.store.stage import Check


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_store_does_what_every_store_must(check: Check, store: SqlStore) -> None:
    check(store)


def test_the_checks_share_a_database_and_run_again(database_url: str) -> None:
    """A suite that needs an empty database would be of no use against a plugin author's own."""
    for _ in range(2):
        exercise_store(lambda: open_store(database_url))
