"""On SQLite a column that takes one of several words says so word by word.

For `x IN (...)` in a CHECK, SQLite builds the list anew for every row that is written, which took a quarter of what
storing a plan costs. PostgreSQL does not, and stays as it is.

Revision: 0011
Revises: 0010
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ONE_OF = re.compile(r"CHECK \((\w+) IN \(('[^']*'(?:, '[^']*')*)\)\)")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    tables = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
    changed = [{"name": name, "sql": spelled} for name, sql in tables if (spelled := _spelled_out(sql)) != sql]
    # What is written in the tables stays as it is, so their text may be changed in place: SQLite's page on ALTER TABLE
    # has this for constraints. Making them anew would copy every row.
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    try:
        for one in changed:
            connection.execute(
                sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :name"), one
            )
    except sa.exc.DatabaseError:
        # An SQLite that lets nobody do so, as the one that macOS brings along: the tables keep the rules they have,
        # which are the same, at their price.
        connection.exec_driver_sql("PRAGMA writable_schema=OFF")
        return
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    # Reads the new texts: one that is no SQL fails here, and nothing was changed.
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")


def _spelled_out(sql: str) -> str:
    def words(found: re.Match[str]) -> str:
        return f"CHECK ({' OR '.join(f'{found[1]} = {word}' for word in found[2].split(', '))})"

    return _ONE_OF.sub(words, sql)
