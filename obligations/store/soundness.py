"""Whether an SQLite file can be worked on at all: seen before a daemon starts, and not by its first payment."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from obligations.store.connect import Database, unusable

# Reading every page of a file this large takes no part of a start that anybody notices; of larger ones `doctor` does.
_READ_WHOLE = 32 * 1024 * 1024


def prove_usable(url: str) -> None:
    """Raises `StoreUnusable` for an SQLite file that is damaged or cannot be written; one that is not there yet, and
    any PostgreSQL, passes."""
    database = Database.of(url)
    if not database.is_sqlite or not database.path.exists() or not (size := database.path.stat().st_size):
        return
    path = database.path
    try:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
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
