"""Whether an SQLite file can be worked on at all: seen before a daemon starts, and not by its first payment; and
what a check-up asks of a database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, text

from obligations.domain.delivery import DeliveryState
from obligations.store import tables
from obligations.store.connect import PATIENCE_SECONDS, Database, in_words, make_engine, unusable
from obligations.store.instants import database_now
from obligations.store.migrate import HEAD, known_revisions, revision_of

# Reading every page of a file this large takes no part of a start that anybody notices; of larger ones `doctor` does.
_READ_WHOLE = 32 * 1024 * 1024


def prove_usable(url: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Raises `StoreUnusable` for an SQLite file that is damaged or cannot be written; one that is not there yet, and
    any PostgreSQL, passes, and so does one that another program has been writing to for `patience_seconds`."""
    database = Database.of(url)
    if not database.is_sqlite or not database.path.exists() or not (size := database.path.stat().st_size):
        return
    path = database.path
    try:
        with closing(sqlite3.connect(path, timeout=patience_seconds, isolation_level=None)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
            faults = damage(connection) if size <= _READ_WHOLE else []
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            return  # somebody writes just now; the store waits for them
        raise unusable(path, str(error)) from None
    if faults:
        raise unusable(path, faults[0])


def damage(connection: sqlite3.Connection, *, whole: bool = False) -> list[str]:
    """What is wrong inside the file, a few faults at most; `whole` looks at what indexes say as well."""
    found = connection.execute(f"PRAGMA {'integrity' if whole else 'quick'}_check(3)").fetchall()
    return [" ".join(row[0].split()) for row in found if row[0] != "ok"]


# --- what a check-up asks ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Schema:
    """Which schema a database is at (None: it is empty), which is this program's, and whether it is a newer one's."""

    found: str | None
    ours: str
    newer: bool


def schema_of(url: str) -> Schema:
    """The schema of a database, which is left as it is. Raises `StoreUnavailable`."""
    database = Database.of(url)
    if database.is_sqlite and not database.path.exists():
        return Schema(None, HEAD, False)
    engine = make_engine(database)
    try:
        with in_words(database), engine.connect() as connection:
            found = revision_of(connection)
    finally:
        engine.dispose()
    return Schema(found, HEAD, found is not None and found not in known_revisions())


def clock_of(url: str) -> datetime | None:
    """What a PostgreSQL's clock says, by which leases are measured; None of an SQLite file, which has none."""
    database = Database.of(url)
    if database.is_sqlite:
        return None
    engine = make_engine(database)
    try:
        with in_words(database), engine.connect() as connection:
            said: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return said
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Traces:
    """What daemons left: when one last wrote to the database, how much is being sent by one that is gone, and by which
    connector to which destination something is still to go."""

    written_at: datetime | None
    stranded: int
    routes: frozenset[tuple[str, str]]


def traces_of(url: str, tenant: str, now: datetime) -> Traces:
    """Look for them; `now` is machine time, by which an SQLite's leases end. A PostgreSQL has its own."""
    database = Database.of(url)
    d, p = tables.delivery.c, tables.probe.c
    ended = d.lease_until <= (now if database.is_sqlite else database_now())
    sending = select(func.count()).where(d.tenant == tenant, d.state == DeliveryState.SENDING.value, ended)
    open_ = [DeliveryState.PROPOSED.value, DeliveryState.SCHEDULED.value, DeliveryState.RETRYING.value]
    ways = select(d.connector, d.destination).where(d.tenant == tenant, d.state.in_(open_)).distinct()
    engine = make_engine(database)
    try:
        with in_words(database), engine.connect() as connection:
            return Traces(
                written_at=connection.execute(select(p.at).where(p.tenant == tenant)).scalar_one_or_none(),
                stranded=connection.execute(sending).scalar_one(),
                routes=frozenset((row.connector, row.destination) for row in connection.execute(ways)),
            )
    finally:
        engine.dispose()


def damage_of(url: str) -> list[str]:
    """What is wrong anywhere in an SQLite file; nothing of a PostgreSQL, which looks after itself."""
    path = file_of(url)
    if path is None or not path.exists():
        return []
    try:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            return damage(connection, whole=True)
    except sqlite3.DatabaseError as error:
        return [str(error)]


def damage_in_use(url: str) -> list[str]:
    """What is wrong with the pages of an SQLite file that others work on meanwhile, which costs them a processor for
    about a second a gigabyte, and the disk that long. Nothing of a PostgreSQL, and of a file that is locked just now.
    """
    path = file_of(url)
    if path is None:
        return []
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", timeout=30, isolation_level=None, uri=True)) as opened:
            return damage(opened)
    except sqlite3.DatabaseError as error:
        return [] if "locked" in str(error) else [str(error)]


def file_of(url: str) -> Path | None:
    """The file of an SQLite database; None of a PostgreSQL."""
    database = Database.of(url)
    return database.path.resolve() if database.is_sqlite else None
