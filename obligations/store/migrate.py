"""Brings a database to this program's schema, and refuses one that a newer program wrote."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from obligations.clocks import SystemMachineClock
from obligations.ports import StoreNewer, StoreUnusable
from obligations.store.connect import Database, create_file, in_words, make_engine
from obligations.store.daemon_lock import refuse_under_a_daemon

# The newest revision under migrations/versions; a test holds the two together. Kept here so that opening a database
# that is up to date, which is nearly every time, loads no Alembic.
HEAD = "0014"
MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str, *, keep_copy: bool = True, tell: Callable[[str], None] = lambda _: None) -> None:
    """Bring the database at the URL to this program's schema; a missing SQLite file and its folder are made.

    An SQLite file is copied first, as a back-up beside it, unless `keep_copy` is off; `tell` hears where to.

    Everything happens in one transaction: a database is at one schema or the other, never between. Several processes
    may call this at once; one works and the others wait for it.

    Raises:
        ValueError: the URL is none of ours.
        StoreUnavailable: the database cannot be reached or written, a newer program wrote it, or it is an SQLite file
            of an older schema on which a daemon works.
    """
    database = Database.of(url)
    engine = make_engine(database)
    try:
        with alone(database), in_words(database):
            with engine.connect() as connection:
                if not database.is_sqlite:
                    for limit in ("lock_timeout", "statement_timeout"):  # whoever upgrades it just now takes its time
                        connection.execute(text(f"SET LOCAL {limit} = 0"))
                if revision_of(connection) == HEAD:
                    return
            with engine.connect() as connection:
                _upgrade(database, connection, tell if keep_copy else None)
    finally:
        engine.dispose()


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """On SQLite, one process at a time makes or opens the file: its first switch to the write-ahead log does not wait
    for another connection but fails. The lock is on the folder and goes with the process."""
    if not database.is_sqlite:
        yield
        return
    create_file(database.path)
    folder = os.open(database.path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def known_revisions() -> frozenset[str]:
    """The schemas this program knows, the newest among them."""
    return frozenset(file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision_of(connection: Connection) -> str | None:
    """The revision the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def refuse_newer(database: Database, revision: str | None) -> None:
    """Raises `StoreNewer` where a newer program has brought the database to its schema."""
    if revision in (None, HEAD) or revision in known_revisions():
        return
    raise StoreNewer(
        f"{database.shown} was written by a newer version of Obligations: its schema is {revision}, and this"
        f" program knows schemas up to {HEAD}. Nothing was changed; install the newer version, or restore a"
        " backup from before the upgrade"
    )


def _upgrade(database: Database, connection: Connection, tell: Callable[[str], None] | None) -> None:
    from alembic import command
    from alembic.config import Config

    if database.is_sqlite:
        # With foreign keys on, rebuilding a table deletes or refuses what refers to it; inside a transaction the
        # pragma does nothing, so it comes first, past SQLAlchemy's own BEGIN.
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
    with connection.execution_options(obligations_writes=True).begin():
        if not database.is_sqlite:
            # A large table takes its time.
            for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(7034617)"))
            if inspect(connection).has_table("alembic_version"):
                # Waits for claims that daemons of another version have read this for, and lets none begin before the
                # commit: then they read that the database is no longer theirs, and send nothing more.
                connection.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        revision = revision_of(connection)
        if revision == HEAD:
            return
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        refuse_newer(database, revision)
        if revision is not None:
            refuse_under_a_daemon(database, f"this program would bring it from schema {revision} to {HEAD}")
        if database.is_sqlite and revision is not None and tell is not None:
            # This connection holds the right to write, so that nothing is written between the copy and the upgrade.
            tell(f"{database.path} is at schema {revision} and becomes {HEAD}; a back-up is {_copy(database)}")
        before = _counts(connection)
        command.upgrade(config, "head")
        _check(database, connection, before)


def _copy(database: Database) -> Path:
    from obligations.store.backup import copied, free_name

    file = free_name(database.path.with_name(f"{database.path.name}.before-{HEAD}"))
    copied(database.path, file, at=SystemMachineClock().now())
    return file


def _counts(connection: Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()
        for name in inspect(connection).get_table_names()
        if name != "alembic_version"
    }


def _check(database: Database, connection: Connection, before: dict[str, int]) -> None:
    """Refuses, before the commit, an upgrade that lost rows or left one pointing nowhere."""
    after = _counts(connection)
    lost = [
        f"{name} ({count} rows, then {after.get(name, 0)})"
        for name, count in before.items()
        if after.get(name, 0) < count
    ]
    if database.is_sqlite:
        orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
        lost += [f"{row[0]} (row {row[1]} refers to nothing)" for row in orphans[:5]]
    if lost:
        raise StoreUnusable(
            f"the upgrade of {database.shown} would have lost rows of {', '.join(lost)}; nothing was changed. Keep the"
            " version you have and report this"
        )
