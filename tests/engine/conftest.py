"""The stage: the engine's tests run on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from obligations.store import open_store
from tests.engine.stage import Stage


@pytest.fixture
def stage(database_url: str) -> Iterator[Stage]:
    store = open_store(database_url)
    yield Stage(store)
    store.close()
