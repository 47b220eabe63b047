"""Connections to the database: which one it is, how each kind is set up, and what its failures mean in words."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from obligations.ports import Conflict, StoreRefuses, StoreUnavailable, StoreUnusable
from obligations.store.file_system import refuse_elsewhere, refuse_network

# What a writer waits for another one before it gives up, in seconds.
PATIENCE_SECONDS = 30.0
# How long PostgreSQL works on one statement of ours, and waits for the next one of a transaction, in milliseconds. A
# daemon that stops in the middle of a claim keeps its rows from the others for as long as the second.
_STATEMENT_MOST, _IDLE_MOST = 120_000, 30_000
# Whoever is less patient with locks, as a daemon that must say in time that it lives, gives a statement up sooner too:
# after ten times as long as it waits for a lock, and no sooner than that.
_STATEMENT_LEAST, _TIMES_A_LOCK = 10_000, 10
# Without these, a server that vanished from the network is waited for until the system gives up, which takes hours.
_NOTICE_A_DEAD_LINE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# What two PostgreSQL writers that crossed each other get; both mean "read again and repeat".
_SERIALIZATION_FAILURE, _DEADLOCK, _LOCK_TIMEOUT = "40001", "40P01", "55P03"
_STATEMENT_TIMEOUT = "57014"
_CHECK, _NOT_NULL = "23514", "23502"
# How a server says no, by the class of its code; or, before there is a connection, by its words only.
_NO = ("28", "3D", "42")
_NO_IN_WORDS = (
    "authentication failed",
    "no password supplied",
    "does not exist",
    "no pg_hba.conf entry",
    "is bad: invalid",
)


@dataclass(frozen=True, slots=True)
class Database:
    """Which database: a parsed URL, and the name people know it by, which holds no password.

    `pooled`: between us and PostgreSQL stands a pooler that gives each transaction another connection, so that nothing
    set on a connection lasts and nobody can listen on one.
    """

    url: URL
    shown: str
    pooled: bool = False

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """The file of an SQLite database."""
        return Path(self.url.database or "")

    @classmethod
    def of(cls, url: str) -> Database:
        """The database that `sqlite:///path` or `postgresql://...` names.

        Raises:
            ValueError: it names neither; the message says what is accepted and never repeats the URL, which may hold
                a password.

        >>> Database.of("postgresql://hr:hunter2@db.example/obligations").shown
        'PostgreSQL obligations at db.example'
        """
        accepted = "write sqlite:///path/to/obligations.db or postgresql://user@host/database"
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise ValueError(f"the database URL cannot be read; {accepted}") from None
        if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            if parsed.query:
                raise ValueError(f"an SQLite database URL takes no options after '?'; {accepted}")
            if not parsed.database or parsed.database == ":memory:":
                raise ValueError(f"an SQLite database needs a file, or nothing would outlive the process; {accepted}")
            return cls(parsed, f"SQLite {parsed.database}")
        if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            host = parsed.host or parsed.query.get("host") or "the local socket"
            port = f":{parsed.port}" if parsed.port else ""
            name = parsed.database or parsed.username or "postgres"
            pooler = parsed.query.get("pooler")
            if pooler not in (None, "transaction"):
                raise ValueError("the database URL ends in pooler=...; the one value it takes is pooler=transaction")
            parsed = parsed.set(drivername="postgresql+psycopg").difference_update_query(["pooler"])
            return cls(parsed, f"PostgreSQL {name} at {host}{port}", pooler is not None)
        raise ValueError(f"{parsed.get_backend_name()!r} is not a database Obligations can use; {accepted}")


def check_url(url: str) -> None:
    """Raises `ValueError` where the URL names no database of ours."""
    Database.of(url)


def make_engine(database: Database, *, patience_seconds: float = PATIENCE_SECONDS) -> Engine:
    """An engine set up for this kind of database. It connects at first use."""
    if database.is_sqlite:
        return _sqlite_engine(database, patience_seconds)
    return _postgres_engine(database, patience_seconds)


def _sqlite_engine(database: Database, patience_seconds: float) -> Engine:
    # isolation_level=None: the driver begins nothing on its own, so that `_begin` decides how.
    engine = create_engine(
        database.url,
        connect_args={"timeout": patience_seconds, "isolation_level": None, "check_same_thread": False},
        pool_size=8,
        max_overflow=24,
        pool_timeout=patience_seconds,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        # FULL: in WAL mode NORMAL may lose the last commits with the power.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-16384")
        connection.execute("PRAGMA trusted_schema=OFF")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the lock at once: one that reads first and then upgrades is refused without waiting.
        writes = connection.get_execution_options().get("obligations_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres_engine(database: Database, patience_seconds: float) -> Engine:
    limits = {
        "lock_timeout": int(patience_seconds * 1000),
        "statement_timeout": min(_STATEMENT_MOST, max(_STATEMENT_LEAST, int(patience_seconds * 1000) * _TIMES_A_LOCK)),
        "idle_in_transaction_session_timeout": _IDLE_MOST,
    }
    arguments: dict[str, Any] = {**_NOTICE_A_DEAD_LINE, "application_name": "obligations"}
    if database.pooled:
        # A statement prepared on one connection is not there on the next.
        arguments["prepare_threshold"] = None
    else:
        arguments["options"] = " ".join(f"-c {name}={value}" for name, value in limits.items())
    for given in database.url.query:
        arguments.pop(given, None)
    engine = create_engine(
        database.url,
        connect_args=arguments,
        # Whatever the server's default is: a stricter one would end most of the claims that daemons make side by side.
        isolation_level="READ COMMITTED",
        pool_size=8,
        max_overflow=24,
        pool_timeout=patience_seconds,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    if database.pooled:

        @event.listens_for(engine, "begin")
        def _limit(connection: Connection) -> None:
            connection.exec_driver_sql(";".join(f"SET LOCAL {name} = {value}" for name, value in limits.items()))

    return engine


def conninfo(database: Database) -> str:
    """How libpq is told of a PostgreSQL database, for a connection beside the engine's."""
    options = {name: str(value) for name, value in _NOTICE_A_DEAD_LINE.items() if name not in database.url.query}
    url = database.url.set(drivername="postgresql").update_query_dict(options)
    return url.render_as_string(hide_password=False)


def create_file(path: Path) -> None:
    """Make the folder (0700) and the file (0600) of an SQLite database, where they are missing.

    The write-ahead log takes its permissions from the file, so nobody else can read pay from any of the three.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_network(path.parent, path)  # before anything of ours is there
        try:
            made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            os.close(os.open(path, os.O_RDWR))
        else:
            # A strict umask would leave a file that its owner cannot open a second time.
            os.fchmod(made, 0o600)
            os.close(made)
    except OSError as error:
        raise cannot_open(path, error) from None
    refuse_elsewhere(path)


def cannot_open(path: Path, error: OSError) -> StoreUnusable:
    """What to say where the system does not let us have the file."""
    return StoreUnusable(
        f"{path} cannot be opened or made: {error.strerror or error}; check the path, and that this user may write"
        " the file and its folder"
    )


@contextmanager
def in_words(database: Database) -> Iterator[None]:
    """Turns what the drivers raise into `StoreUnavailable` or `Conflict`, each one sentence a person can act on.

    Drivers quote values in their messages, so only the first line is passed on, and nothing of a refused row.
    """
    try:
        yield
    except DBAPIError as error:
        raise _meaning(database, error) from None
    except PoolTimeout:
        raise StoreUnavailable(
            f"{database.shown} was not reached: all connections of this process are in use; try again, and run fewer"
            " things at once if it happens again"
        ) from None


def _meaning(database: Database, error: DBAPIError) -> Exception:
    state = getattr(error.orig, "sqlstate", None)
    if state in (_SERIALIZATION_FAILURE, _DEADLOCK):
        return Conflict(f"{database.shown}: another writer changed the same rows at the same moment; repeat")
    said = _first_line(error)
    if isinstance(error, IntegrityError):
        # A value that a CHECK refuses is wrong for good; a duplicate or a missing parent is another writer's doing.
        if state in (_CHECK, _NOT_NULL) or said.startswith(("CHECK ", "NOT NULL ")):
            return ValueError(f"{database.shown} cannot keep a value: {said}")
        return Conflict(f"{database.shown} refused a row: {said}")
    if state == _LOCK_TIMEOUT or "database is locked" in said:
        return StoreUnavailable(
            f"{database.shown} is busy: another writer kept its lock longer than this one waits; find the program that"
            " holds a transaction open, or try again"
        )
    if state == _STATEMENT_TIMEOUT:
        return StoreUnavailable(
            f"{database.shown} took too long for one statement, which was given up; look at the server's load and its"
            " locks, and try again"
        )
    # An invalid value is the caller's mistake, not the database's state. Some, such as a text with a zero byte, never
    # leave the driver, and have no code.
    if isinstance(error, DataError) or (state is not None and state.startswith("22")):
        return ValueError(f"{database.shown} cannot keep a value: {said}")
    if database.is_sqlite:
        if any(word in said for word in ("malformed", "not a database", "readonly", "unable to open")):
            return unusable(database.path, said)
        return StoreUnavailable(
            f"{database.shown} cannot be used: {said}; check that the file is an Obligations database, that this user"
            " may write it and its folder, and that the disk has room"
        )
    if "unsupported startup parameter" in said:
        return StoreRefuses(f"{database.shown} is behind a pooler ({said}); add pooler=transaction to the database URL")
    return (StoreRefuses if _is_a_no(error, state or "", said) else StoreUnavailable)(
        f"{database.shown} cannot be used: {said}; check that the server runs, that the URL names it and that the user"
        " may connect"
    )


def _is_a_no(error: DBAPIError, state: str, said: str) -> bool:
    # What libpq makes nothing of, such as an option of no meaning, comes as a mistake in programming.
    return state.startswith(_NO) or any(word in said for word in _NO_IN_WORDS) or isinstance(error, ProgrammingError)


def unusable(path: object, said: str) -> StoreUnusable:
    """What is said of an SQLite file that is damaged or cannot be written."""
    if "malformed" not in said and ("readonly" in said or "unable to open" in said):
        return StoreUnusable(
            f"SQLite {path} cannot be written: {said}; check that the disk is mounted for writing, and that this user"
            " may write the file and its folder"
        )
    return StoreUnusable(
        f"SQLite {path} is damaged, or no database: {said}. Nothing was sent or changed; check the path, or keep the"
        " file and put the last back-up in its place: obligations restore FILE"
    )


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0].rstrip(".;: ") if lines else type(error.orig).__name__
