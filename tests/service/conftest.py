"""An office on each kind of database, on the first Monday of 2026."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from tests.service.office import Office, office_on

TODAY = date(2026, 1, 5)


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    """A service on a fresh database of each kind."""
    with office_on(database_url, TODAY) as opened:
        yield opened


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Office]:
    """A service on a fresh SQLite file, for what does not depend on the database."""
    with office_on(sqlite_url, TODAY) as opened:
        yield opened
