"""A program that is ended at any statement of an upgrade leaves the schema and the rows that were there."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event, text

from obligations.ports import StoreUnavailable
from obligations.store import migrate
from obligations.store.connect import Database, make_engine
from obligations.store.migrate import HEAD, MIGRATIONS, known_revisions

RELEASED = sorted(known_revisions() - {HEAD})
KEPT = (
    """INSERT INTO contract (tenant, id, title, source, template, added_at, added_by)
    VALUES ('', 'c', 'Letter', 'a: 1', 't: 1', 1000000, 'hr')""",
    """INSERT INTO ledger (tenant, at, actor, action, contract, object, before, after, reason)
    VALUES ('', 1, 'hr', 'added', 'c', '', '', '', '')""",
    """INSERT INTO event_log (tenant, contract, kind, report_id, event, occurred_on, fields_json, expected, answers,
    evidence, recorded_at, recorded_by, reason)
    VALUES ('', 'c', 'report', 'r', 'hired', '2031-03-03', '{}', false, '', '', 1, 'hr', '')""",
    *(
        f"""INSERT INTO occurrence (tenant, id, contract, clause, instance, position, ordinal, kind, title, debtor,
        creditor, state, derivation_json, cite, waiting_for_json, missing_json, unit, conditional)
        VALUES ('', '{number:032x}', 'c', 'pay', '', '', {number}, 'payment', 'Pay', 'company', 'employee', '{state}',
        '{{}}', '', '[]', '[]', '', false)"""
        for number, state in enumerate(("waiting", "scheduled", "done", "superseded", "needs_person"), 1)
    ),
    *(
        f"""INSERT INTO delivery (tenant, key, occurrence_id, contract, clause, ordinal, name, kind, connector,
        destination, address_json, send_at, payload_json, approvals_json, supersession, money, body, content_hash,
        state, attempts, fence, worker, lease_until, next_attempt_at)
        VALUES ('', '{number:032x}', '{number:032x}', 'c', 'pay', {number}, 'pay', 'action', 'http', 'payroll', '{{}}',
        1, '{{}}', '[]', 0, true, 'one', 'hash', '{state}', 1, 1, '{"w" if state == "sending" else ""}', 1, 1)"""
        for number, state in enumerate(("scheduled", "sending", "retrying", "delivered", "parked", "refused"), 1)
    ),
    *(
        f"""INSERT INTO attempt (tenant, key, number, fence, worker, started_at, finished_at, verdict)
        VALUES ('', '{number:032x}', 1, 1, 'w', 1, {1 if verdict else "NULL"}, '{verdict}')"""
        for number, verdict in enumerate(("", "delivered", "retry", "unknown"), 2)
    ),
)
COUNTED = ("contract", "ledger", "event_log", "ledger_unsealed", "occurrence", "delivery", "attempt")
_numbers = count(1)


def at_revision(url: str, revision: str) -> None:
    """A database as that release left it, with a contract, an event and a line of the ledger."""
    database = Database.of(url)
    if database.is_sqlite:
        database.path.parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(database)
    with engine.execution_options(obligations_writes=True).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in KEPT:
            connection.execute(text(statement))
    engine.dispose()


def as_it_was(url: str) -> tuple[str, dict[str, int]]:
    engine = make_engine(Database.of(url))
    with engine.connect() as connection:
        kept = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in COUNTED}
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    engine.dispose()
    return revision, kept


@contextmanager
def at_each_statement(do: Callable[[int, Any], None]) -> Iterator[None]:
    """Calls before every statement, with its number and the driver's connection."""
    number = count(1)

    def seen(connection: Connection, *_: object) -> None:
        do(next(number), connection.connection.driver_connection)

    event.listen(Engine, "before_cursor_execute", seen)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", seen)


@pytest.mark.parametrize("released", RELEASED)
def test_an_sqlite_file_is_what_it_was_at_every_statement(released: str, tmp_path: Path) -> None:
    """What lies on the disk at each statement is what a killed program leaves behind."""
    path = tmp_path / "store" / "o.db"
    at_revision(f"sqlite:///{path}", released)
    before = as_it_was(f"sqlite:///{path}")
    left = []

    def keep(number: int, _: object) -> None:
        folder = tmp_path / f"{number}"
        folder.mkdir()
        for suffix in ("", "-wal"):
            if Path(f"{path}{suffix}").exists():
                shutil.copyfile(f"{path}{suffix}", folder / f"o.db{suffix}")
        left.append(folder / "o.db")

    with at_each_statement(keep):
        migrate(f"sqlite:///{path}", keep_copy=False)
    after = as_it_was(f"sqlite:///{path}")
    assert after == (HEAD, before[1])
    assert len(left) > 10
    with sqlite3.connect(path) as upgraded:
        # Every row still keeps every rule, as the texts of the tables now have them.
        assert upgraded.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    upgraded.close()
    for copy in left:
        with sqlite3.connect(copy) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (released,), copy
            assert connection.execute("SELECT count(*) FROM contract").fetchone() == (1,)
            assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        connection.close()
    # And the next start goes through.
    for copy in (left[len(left) // 2], left[-1]):
        migrate(f"sqlite:///{copy}", keep_copy=False)
        assert as_it_was(f"sqlite:///{copy}") == after


@pytest.mark.parametrize("released", RELEASED)
def test_a_postgresql_is_what_it_was_whatever_statement_was_the_last(released: str, postgres_url: str) -> None:
    """The server ends the connection at each statement in turn, as it does when the program is killed."""
    name = f"upgrade_{next(_numbers)}"
    head, _, tail = postgres_url.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}?{tail}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        at_revision(url, released)
        before = as_it_was(url)
        total = _statements(admin, url, None)
        # Statement by statement from the first release, which goes through every migration; of later ones a few.
        chosen = range(1, total + 1) if released == RELEASED[0] else sorted({total // 3, total // 2, total - 1, total})
        for last in chosen:
            _statements(admin, url, last)
            assert as_it_was(url) == before, last
        migrate(url)
        assert as_it_was(url) == (HEAD, before[1])
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _statements(admin: psycopg.Connection[Any], url: str, last: int | None) -> int:
    """How many statements an upgrade came to, which the server ended at the last; where none is named, in the end."""
    seen = 0

    def end(number: int, driver: Any) -> None:
        nonlocal seen
        seen = number
        if number == last:
            admin.execute("SELECT pg_terminate_backend(%s)", (driver.info.backend_pid,))

    with at_each_statement(end):
        if last is not None:
            with pytest.raises(StoreUnavailable):
                migrate(url)
            return seen
        database = Database.of(url)
        engine = make_engine(database)
        with engine.connect() as connection, connection.begin() as transaction:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            transaction.rollback()
        engine.dispose()
    return seen


def test_an_sqlite_file_is_copied_before_it_is_changed_and_the_person_is_told(tmp_path: Path) -> None:
    """An upgrade that turns out to be wrong a week later could not be taken back."""
    path = tmp_path / "store" / "o.db"
    at_revision(f"sqlite:///{path}", RELEASED[0])
    told: list[str] = []
    migrate(f"sqlite:///{path}", tell=told.append)
    copy = path.with_name(f"o.db.before-{HEAD}")
    assert len(told) == 1
    assert str(copy) in told[0]
    assert as_it_was(f"sqlite:///{copy}")[0] == RELEASED[0]
    migrate(f"sqlite:///{path}", tell=told.append)
    assert len(told) == 1
