"""Stores of both kinds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from obligations.store import SqlStore, open_store


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    """An empty store, on each database in turn."""
    opened = open_store(database_url)
    yield opened
    opened.close()
