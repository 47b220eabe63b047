"""Migrations: the database comes to this program's schema, whole, once, and never loses a row on the way."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, event, inspect, select, text
from sqlalchemy.pool import Pool

from obligations.domain.occurrence import State
from obligations.ports import Changes, Rescued, StoredContract, StoreNewer, StoreUnavailable
from obligations.store import daemon_lock, migrate, open_store, tables
from obligations.store.connect import Database, make_engine
from obligations.store.contract_rows import contract_row
from obligations.store.delivery_rows import content_row
from obligations.store.migrate import HEAD, known_revisions
from obligations.store.occurrence_rows import occurrence_row
from obligations.store.soundness import schema_of
from obligations.testing.builders import NOON, a_change, a_contract, a_push, an_occurrence


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The migrated database, past the store."""
    migrate(database_url)
    made = make_engine(Database.of(database_url))
    yield made
    made.dispose()


def test_models_and_migrations_agree(engine: Engine) -> None:
    """A model changed without a migration would work in tests and fail on every database there is."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_migrated_constraints_are_those_of_the_models(engine: Engine, tmp_path: Path) -> None:
    """Alembic does not compare CHECKs and partial indexes; a database that lacks one would accept a negative amount."""
    if engine.dialect.name == "sqlite":
        other = make_engine(Database.of(f"sqlite:///{tmp_path}/models.db"))
        schema = None
    else:
        other = engine
        schema = "models"
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA models"))
    try:
        with other.begin() as connection:
            if schema:
                connection.execute(text("SET LOCAL search_path TO models"))
            tables.metadata.create_all(connection, checkfirst=False)
        migrated, modelled = inspect(engine), inspect(other)
        for table in tables.metadata.sorted_tables:
            for read in ("get_check_constraints", "get_foreign_keys", "get_unique_constraints", "get_indexes"):
                ours = sorted(map(_comparable, getattr(migrated, read)(table.name)))
                theirs = sorted(map(_comparable, getattr(modelled, read)(table.name, schema=schema)))
                assert ours == theirs, table.name
    finally:
        if other is not engine:
            other.dispose()


def _comparable(found: dict[str, object]) -> str:
    shown = {name: value for name, value in found.items() if name != "referred_schema"}
    where = {str(name): str(value) for name, value in dict(found.get("dialect_options") or {}).items()}  # type: ignore[call-overload]
    return repr(sorted({**shown, "dialect_options": where}.items(), key=lambda it: it[0]))


def test_the_newest_revision_is_the_one_the_program_asks_for() -> None:
    """Otherwise every start would migrate, or none would."""
    from obligations.store.migrate import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_nothing_cascades(engine: Engine) -> None:
    """ON DELETE CASCADE turned a table rebuild into the silent loss of every deadline."""
    found = inspect(engine)
    keys = [key for table in found.get_table_names() for key in found.get_foreign_keys(table)]
    assert len(keys) == 6
    assert all(not key["options"].get("ondelete") for key in keys)


def test_a_file_is_made_for_its_owner_alone(sqlite_url: str) -> None:
    """A database that others on the machine can read shows them everyone's pay."""
    with open_store(sqlite_url).write() as tx:
        tx.put_contract(a_contract())
    path = Database.of(sqlite_url).path
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_migrating_again_changes_nothing(database_url: str) -> None:
    store = open_store(database_url)
    contract = a_contract()
    with store.write() as tx:
        tx.put_contract(contract)
    store.close()
    migrate(database_url)
    again = open_store(database_url)
    with again.read() as tx:
        assert tx.contract(contract.id) == contract
    again.close()


def test_daemons_that_start_together_migrate_once(sqlite_url: str) -> None:
    """Two processes started by one script both find an empty file; neither may fail."""
    failures: list[BaseException] = []
    together = threading.Barrier(4)

    def start() -> None:
        try:
            together.wait()
            migrate(sqlite_url)
        except BaseException as error:  # noqa: BLE001 - reported by the assertion
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_newer_schema_is_refused_in_words(engine: Engine, database_url: str) -> None:
    """An old program on a new schema would write rows that the new one cannot trust."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreUnavailable, match=r"newer version of Obligations.*9999.*install the newer version"):
        open_store(database_url)


def test_nothing_is_upgraded_under_another_process_s_daemon(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer `obligations next`, which only reads, would take the tables from under the daemon that pays."""
    _migrate_to("0009", sqlite_url, tmp_path, monkeypatch)
    hold = "import sys; from obligations.store import daemon_lock\nwith daemon_lock(sys.argv[1]): print(1, flush=True);"
    with subprocess.Popen(
        [sys.executable, "-c", f"{hold} sys.stdin.read()", sqlite_url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == "1\n"
        with pytest.raises(StoreUnavailable, match=rf"daemon \(process {other.pid}\).*0009.*stop the daemon first"):
            open_store(sqlite_url)
        assert schema_of(sqlite_url).found == "0009"
        assert not list(Database.of(sqlite_url).path.parent.glob("*.before-*"))
        other.communicate()
    with daemon_lock(sqlite_url):  # a daemon upgrades what it is to work on itself
        open_store(sqlite_url).close()
    assert schema_of(sqlite_url).found == HEAD


def test_a_daemon_s_look_finds_that_a_newer_program_was_there(database_url: str) -> None:
    """On PostgreSQL nobody can refuse the upgrade; the daemon must see it, and write nothing."""
    store = open_store(database_url)
    store.probe(NOON)
    engine = make_engine(Database.of(database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreNewer, match="9999"):
        store.probe(NOON + timedelta(1))
    store.close()
    with engine.connect() as connection:
        assert connection.execute(select(tables.probe.c.at)).scalar_one() == NOON
    engine.dispose()


def test_an_upgrade_that_would_lose_rows_changes_nothing(
    engine: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade once took all deadlines with the table they hung on, without an error."""
    contract = a_contract()
    store = open_store(database_url)
    with store.write() as tx:
        tx.put_contract(contract)
    store.close()
    _pretend_newer(
        tmp_path,
        monkeypatch,
        "op.add_column('contract', sa.Column('x', sa.Text()))",
        "op.execute('DELETE FROM contract')",
    )
    with pytest.raises(StoreUnavailable, match=r"would have lost rows of contract \(1 rows, then 0\)"):
        migrate(database_url)
    monkeypatch.undo()
    again = open_store(database_url)
    with again.read() as tx:
        assert tx.contract(contract.id) == contract
    again.close()
    assert "x" not in {column["name"] for column in inspect(engine).get_columns("contract")}


def test_a_table_with_children_can_be_rebuilt(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite alters a table by making it anew; what refers to it stays, and stays right."""
    from obligations.store.transaction import SqlTransaction

    contract = a_contract()
    store = open_store(sqlite_url)
    with store.write() as tx:
        tx.put_contract(contract)
        assert isinstance(tx, SqlTransaction)
    engine = make_engine(Database.of(sqlite_url))
    with engine.execution_options(obligations_writes=True).begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO event_log (tenant, contract, kind, report_id, event, occurred_on, fields_json, expected,"
            " answers, evidence, recorded_by, reason) VALUES ('', ?, 'report', 'r', 'hired', '2031-03-03', '{}', 0, '',"
            " '', '', '')",
            (contract.id,),
        )
    _pretend_newer(
        tmp_path,
        monkeypatch,
        "op.execute('CREATE TABLE made_anew AS SELECT * FROM contract')",
        "op.execute('DROP TABLE contract')",
        "op.execute('CREATE TABLE contract (tenant TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL,"
        " source TEXT NOT NULL, template TEXT NOT NULL, added_at BIGINT NOT NULL, added_by TEXT NOT NULL,"
        " replan_at BIGINT, amendments_json TEXT, edition TEXT, extra TEXT, PRIMARY KEY (tenant, id))')",
        "op.execute('INSERT INTO contract SELECT *, NULL FROM made_anew')",
        "op.execute('DROP TABLE made_anew')",
    )
    migrate(sqlite_url)
    with store.read() as tx:
        assert tx.contract(contract.id) == contract
        assert len(tx.log(contract.id)) == 1
    store.close()
    engine.dispose()


def test_a_contract_kept_before_has_its_log_and_a_first_version(sqlite_url: str) -> None:
    """The upgrade makes the event log anew; a report that lost its number or its text would re-date everything."""
    from alembic import command

    from obligations.domain.event import Report, Withdrawal
    from obligations.store.migrate import MIGRATIONS

    database = Database.of(sqlite_url)
    database.path.parent.mkdir(parents=True)
    engine = make_engine(database)
    with engine.execution_options(obligations_writes=True).begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO contract VALUES ('', 'c', 'Letter', 'a: 1', 't: 1', 1000000, 'hr', NULL)"
        )
        columns = "n, tenant, contract, kind, report_id, event, occurred_on, fields_json, expected, answers, evidence"
        for values in (
            "3, '', 'c', 'report', 'r', 'hired', '2031-03-03', '{\"a\":\"b\"}', 0, '', 'letter', 1, 'hr', ''",
            "7, '', 'c', 'withdrawal', 'r', '', NULL, '{}', 0, '', '', 2, 'hr', 'twice'",
        ):
            connection.exec_driver_sql(
                f"INSERT INTO event_log ({columns}, recorded_at, recorded_by, reason) VALUES ({values})"
            )
    engine.dispose()
    store = open_store(sqlite_url)
    with store.read() as tx:
        report, withdrawal = tx.log("c")
        assert isinstance(report, Report)
        assert (report.id, report.fields, report.evidence) == ("r", {"a": "b"}, "letter")
        assert isinstance(withdrawal, Withdrawal)
        assert (withdrawal.report_id, withdrawal.reason) == ("r", "twice")
        (version,) = tx.versions("c")
        assert (version.number, version.kind, version.source, version.template) == (1, "added", "a: 1", "t: 1")
    store.close()


def test_deadlines_kept_before_there_were_more_states_come_along(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade that makes the table anew would lose a deadline, or refuse the states it was made for."""
    _migrate_to("0002", sqlite_url, tmp_path, monkeypatch)
    contract = a_contract()
    kept = replace(an_occurrence(contract.id), bounds=None)
    row = {name: value for name, value in occurrence_row("", kept).items() if name != "bounds_json"}
    engine = make_engine(Database.of(sqlite_url))
    with engine.begin() as connection:
        connection.execute(tables.contract.insert().values(_before_editions(contract)))
        connection.execute(tables.occurrence.insert().values(row))
    engine.dispose()
    again = open_store(sqlite_url)
    with again.write() as tx:
        assert list(tx.occurrences(contract.id)) == [kept]
        later = [replace(an_occurrence(contract.id, index=n), state=state) for n, state in enumerate(State, 2)]
        tx.apply(contract.id, Changes(occurrences=tuple(later)))
        assert {one.state for one in tx.occurrences(contract.id)} == set(State)
    again.close()


@pytest.mark.parametrize("revision", sorted(known_revisions() - {HEAD}))
def test_a_database_of_any_earlier_program_is_brought_up(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    """An installation that skipped a few versions would not start, or would start without its contracts."""
    _migrate_to(revision, database_url, tmp_path, monkeypatch)
    contract = a_contract("c")
    engine = make_engine(Database.of(database_url))
    with engine.begin() as connection:
        there = {column["name"] for column in inspect(connection).get_columns("contract")}
        kept = {name: value for name, value in contract_row(contract).items() if name in there}
        connection.execute(tables.contract.insert().values(kept))
    store = open_store(database_url)
    with store.read() as tx:
        assert tx.contract("c") == contract
    store.close()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    engine.dispose()


def test_what_was_in_flight_before_claims_were_counted_is_under_no_suspicion(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade while a payment is in flight must neither lose nor quarantine it, and the contract, whose calendars
    nobody noted, is planned again once."""
    _migrate_to("0006", database_url, tmp_path, monkeypatch)
    push = a_push("c")
    delivery = {"tenant": "", "key": push.key, "contract": "c", **content_row(a_change(push))}
    delivery |= {"state": "sending", "worker": "w", "attempts": 5, "fence": 5}
    engine = make_engine(Database.of(database_url))
    with engine.begin() as connection:
        connection.execute(tables.contract.insert().values(_before_editions(a_contract("c"))))
        connection.execute(tables.delivery.insert().values(delivery | {"lease_until": NOON}))
    engine.dispose()
    store = open_store(database_url)
    assert store.rescue(machine_now=NOON, everything=True) == Rescued(1)
    assert store.to_replan(NOON, edition="any") == ["c"]
    with store.read() as tx:
        assert tx.seen_at() is None
    store.close()


def test_an_sqlite_that_guards_its_schema_keeps_the_rules_it_has(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On macOS SQLite lets nobody write into its own table: the program would not start there at all."""
    _migrate_to("0010", sqlite_url, tmp_path, monkeypatch)

    def guards(connection: sqlite3.Connection, _record: object) -> None:
        by_hand = False

        def allowed(action: int, what: str | None, how: str | None, *_: object) -> int:
            nonlocal by_hand
            if (action, what) == (sqlite3.SQLITE_PRAGMA, "writable_schema"):
                by_hand = how == "ON"
            # A table that is made is written there too, by SQLite itself.
            refused = by_hand and (action, what) == (sqlite3.SQLITE_UPDATE, "sqlite_master")
            return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK

        connection.set_authorizer(allowed)

    event.listen(Pool, "connect", guards)
    try:
        store = open_store(sqlite_url)
        contract = a_contract("c")
        with store.write() as tx:
            tx.put_contract(contract)
            tx.apply("c", Changes(deliveries=(a_change(a_push("c")),)))
        with store.read() as tx:
            assert tx.contract("c") == contract
        with pytest.raises(ValueError, match="ck_delivery_kind"), store._committing() as connection:
            connection.execute(text("UPDATE delivery SET kind = 'gossip'"))
        with store._reading() as connection:
            spelled = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'delivery'")).scalar_one()
        assert "kind IN (" in spelled
        store.close()
    finally:
        event.remove(Pool, "connect", guards)


def _before_editions(contract: StoredContract) -> dict[str, object]:
    return {name: value for name, value in contract_row(contract).items() if name != "edition"}


def _migrate_to(revision: str, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the database as the program of that revision did."""
    database = Database.of(url)
    if not database.is_sqlite:
        engine = make_engine(database)
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        engine.dispose()

    module = sys.modules["obligations.store.migrate"]
    before = folder / "before"
    shutil.copytree(module.MIGRATIONS, before, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (before / "versions").glob("0*.py"):
        if script.name[:4] > revision:
            script.unlink()
    with monkeypatch.context() as earlier:
        earlier.setattr(module, "MIGRATIONS", before)
        earlier.setattr(module, "HEAD", revision)
        migrate(url)


def _pretend_newer(folder: Path, monkeypatch: pytest.MonkeyPatch, *operations: str) -> None:
    """Let this program be the next version, with one more migration."""
    module = sys.modules["obligations.store.migrate"]
    migrations = folder / "migrations"
    shutil.copytree(module.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    lines = "\n".join(f"    {operation}" for operation in operations)
    (migrations / "versions" / "9001_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '9001'\n"
        f"down_revision = {module.HEAD!r}\n"
        f"def upgrade() -> None:\n{lines}\n"
    )
    monkeypatch.setattr(module, "MIGRATIONS", migrations)
    monkeypatch.setattr(module, "HEAD", "9001")
