"""A stage on one real database: what watches a daemon does not depend on which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from obligations.store import open_store
from tests.engine.stage import Stage


@pytest.fixture
def stage(sqlite_url: str) -> Iterator[Stage]:
    store = open_store(sqlite_url)
    yield Stage(store)
    store.close()
