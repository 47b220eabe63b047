"""Word between processes on PostgreSQL that something is due soon. It may get lost: then the daemons' tick finds it.

SQLite has no such thing. Its one daemon looks by itself, and nobody else's commit is worth looking more often for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import text

from obligations.ports import StoreUnavailable
from obligations.store.connect import Database, conninfo

if TYPE_CHECKING:
    import psycopg

_CHANNEL = "obligations"
# What is due later than this the tick of every daemon finds in time. The hint goes with the commit, and PostgreSQL
# lets those commits through one by one, so only what is due is worth it. The clock is the database's.
_SOON_MICROS = 2_000_000
HINT = text(
    f"SELECT pg_notify('{_CHANNEL}', :of_tenant)"
    f" WHERE :first_due <= extract(epoch from clock_timestamp()) * 1000000 + {_SOON_MICROS}"
)
# A quiet line is asked whether it still stands.
_QUIET_SECONDS = 30.0
_PATIENCE_SECONDS = 5.0


class PostgresHints:
    """`obligations.ports.Hints` on a connection of its own."""

    def __init__(
        self,
        database: Database,
        *,
        tenant: str = "",
        quiet_seconds: float = _QUIET_SECONDS,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        self._shown = database.shown
        self._conninfo = conninfo(database)
        self._tenant = tenant
        self._quiet_seconds = quiet_seconds
        self._patience_seconds = patience_seconds

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` at each hint, until cancelled; raises `StoreUnavailable` where nothing can be heard."""
        import psycopg  # an SQLite file does without it

        try:
            async with await self._connect() as connection:
                await connection.execute(f"LISTEN {_CHANNEL}")
                await self._prove(connection)
                heard()  # what was said before went unheard
                while True:
                    async for hint in connection.notifies(timeout=self._quiet_seconds):
                        if hint.payload == self._tenant:
                            heard()
                    async with asyncio.timeout(self._patience_seconds):
                        await connection.execute("SELECT 1")
        except (psycopg.Error, OSError, TimeoutError) as error:
            raise StoreUnavailable(f"{self._shown}: the line for hints broke ({type(error).__name__})") from None

    async def _connect(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        import psycopg

        return await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, application_name="obligations hints", prepare_threshold=None
        )

    async def _prove(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """Behind a pooler that gives each transaction another connection, nothing would ever be heard."""
        token = uuid4().hex
        async with await self._connect() as other:
            await other.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, token))
        async for hint in connection.notifies(timeout=self._patience_seconds):
            if hint.payload == token:
                return
        raise StoreUnavailable(
            f"{self._shown}: hints are sent and not heard, as behind a pooler in transaction mode; "
            "add pooler=transaction to the database URL"
        )


def open_hints(url: str, *, tenant: str = "") -> PostgresHints | None:
    """Hints for the daemon of this database; None where there are none: on SQLite, and behind a pooler."""
    database = Database.of(url)
    return None if database.is_sqlite or database.pooled else PostgresHints(database, tenant=tenant)
