"""What the databases refuse by themselves, also to someone with a console and a good reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text, update
from sqlalchemy.exc import IntegrityError

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.domain.event import Report
from obligations.domain.money import Money
from obligations.ports import Changes, Decision, LedgerEntry, Result, TermsVersion
from obligations.store import SqlStore, tables
from obligations.store.connect import Database, make_engine
from obligations.store.delivery_rows import content_row
from obligations.testing.builders import NOON, a_change, a_contract, a_push, an_occurrence


@pytest.fixture
def engine(database_url: str, store: SqlStore) -> Iterator[Engine]:
    """The same database, past the store. It holds one row of everything."""
    contract = a_contract("c")
    push = a_push("c")
    with store.write() as tx:
        tx.put_contract(contract)
        tx.add_version(TermsVersion("c", 1, "added", "t", "s", "", NOON, "hr"))
        tx.append("c", Report(id="r", event="hired", occurred_on=date(2031, 3, 3)))
        tx.apply(
            "c",
            Changes(
                occurrences=(an_occurrence("c", amount=Money(1, "USD")),),
                deliveries=(a_change(push),),
                ledger=(LedgerEntry(NOON, "hr", "planned", "c", "plan"),),
            ),
        )
        tx.decide(Decision(push.key, "hash", "finance", "bea", True, NOON))
    store.seal()
    (claim,) = store.claim(business_now=NOON, machine_now=NOON, worker="w", limit=1, lease_seconds=60)
    store.record([Result(claim, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, NOON)])
    made = make_engine(Database.of(database_url)).execution_options(obligations_writes=True)
    yield made
    made.dispose()


@pytest.mark.parametrize("table", ["event_log", "terms_version", "decision", "ledger", "ledger_seal", "attempt"])
def test_the_past_cannot_be_removed(engine: Engine, table: str) -> None:
    """Whoever could delete a line could say that a payment never was."""
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), engine.begin() as connection:
        connection.execute(text(f"DELETE FROM {table}"))


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("event_log", "evidence = 'x'"),
        ("terms_version", "source = 'x'"),
        ("decision", "approve = NOT approve"),
        ("ledger", "actor = 'x'"),
        ("ledger_seal", "hash = prev_hash"),
    ],
)
def test_the_past_cannot_be_rewritten(engine: Engine, table: str, change: str) -> None:
    with pytest.raises(IntegrityError, match=f"{table} is append-only"), engine.begin() as connection:
        connection.execute(text(f"UPDATE {table} SET {change}"))


@pytest.mark.parametrize("change", ["detail = 'x'", "started_at = 1", "verdict = 'retry'", "finished_at = NULL"])
def test_an_attempt_is_completed_once(engine: Engine, change: str) -> None:
    with pytest.raises(IntegrityError, match="completed once"), engine.begin() as connection:
        connection.execute(text(f"UPDATE attempt SET {change}"))


def test_the_bytes_of_an_attempted_push_stay(engine: Engine) -> None:
    """The receiver knows the key; other bytes under it would be a second instruction that looks like the first."""
    with pytest.raises(IntegrityError, match="bytes of an attempted push"), engine.begin() as connection:
        connection.execute(update(tables.delivery).values(body=b"other"))


@pytest.mark.parametrize(
    ("table", "in_the_way_by", "other"),
    [
        ("event_log", "n", {"report_id": "'another'"}),
        ("event_log", "report_id", {"n": "NULL"}),
        ("terms_version", "number", {"source": "'x'"}),
        ("terms_version", "rowid", {"number": "number + 1"}),
        ("decision", "n", {"person": "'x'"}),
        ("ledger", "n", {"actor": "'x'"}),
        ("ledger_seal", "seq", {"hash": "prev_hash", "ledger_n": "ledger_n + 1"}),
        ("ledger_seal", "ledger_n", {"seq": "seq + 1"}),
        ("ledger_seal", "rowid", {"seq": "seq + 1", "ledger_n": "ledger_n + 1"}),
        ("attempt", "number", {"detail": "'x'"}),
        ("attempt", "rowid", {"number": "number + 1"}),
        ("delivery", "key", {"body": "X'00'"}),
        ("delivery", "rowid", {"key": "'00000000000000000000000000000000'"}),
    ],
)
def test_nothing_is_replaced_by_another_program(
    store: SqlStore, engine: Engine, table: str, in_the_way_by: str, other: dict[str, str]
) -> None:
    """SQLite takes the row in the way of a REPLACE away without asking the triggers that refuse its removal, unless the
    connection wanted them asked: a line of the record could become another one."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL replaces by an UPDATE")
    path = engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path)) as program:
        names = [str(row[1]) for row in program.execute(f"PRAGMA table_info({table})")]
        first = ["rowid"] if in_the_way_by == "rowid" else []
        new = ", ".join(first + [other.get(name, name) for name in names])
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never replaced"):
            program.execute(f"REPLACE INTO {table} ({', '.join(first + names)}) SELECT {new} FROM {table} LIMIT 1")


def test_a_contract_with_a_history_cannot_be_deleted(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("DELETE FROM contract"))


def test_postgres_tables_of_the_past_cannot_be_truncated(postgres_url: str) -> None:
    engine = make_engine(Database.of(postgres_url))
    with pytest.raises(IntegrityError, match="append-only"), engine.begin() as connection:
        connection.execute(text("TRUNCATE ledger"))
    engine.dispose()


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("occurrence", {"amount_minor": -1}),
        ("occurrence", {"currency": "DOLLAR"}),
        ("occurrence", {"currency": None}),
        ("occurrence", {"amount_minor": None}),
        ("occurrence", {"state": "paid"}),
        ("occurrence", {"kind": "gift"}),
        ("delivery", {"state": "lost"}),
        ("delivery", {"kind": "shout"}),
        ("delivery", {"fence": -1}),
        ("delivery", {"attempts": -1}),
        ("delivery", {"supersession": -1}),
        ("delivery", {"state": "retrying", "next_attempt_at": None}),
        ("delivery", {"state": "sending", "worker": "w", "lease_until": None}),
        ("delivery", {"state": "sending", "worker": "", "lease_until": NOON}),
        ("delivery", {"state": "scheduled", "worker": "w"}),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(engine: Engine, table: str, wrong: dict[str, Any]) -> None:
    """A program's mistake must stop at the table; a negative amount in it would be sent to payroll one day."""
    named = tables.metadata.tables[table]
    with engine.begin() as connection:
        row = dict(connection.execute(named.select()).mappings().one())
    row |= {"id" if table == "occurrence" else "key": a_push("another").key} | wrong
    with pytest.raises(IntegrityError, match=r"(?i)check"), engine.begin() as connection:
        connection.execute(insert(named), [row])


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "guess"},
        {"kind": "correction", "occurred_on": None},
        {"kind": "correction", "recorded_at": None},
        {"kind": "choice", "event": ""},
        {"kind": "report", "event": ""},
        {"kind": "withdrawal", "recorded_at": None},
    ],
)
def test_a_line_of_the_log_that_makes_no_sense_is_refused(engine: Engine, wrong: dict[str, Any]) -> None:
    """Every plan is made from these lines; one that says no day or no time would be believed for years."""
    with engine.begin() as connection:
        row = dict(connection.execute(tables.event_log.select()).mappings().one())
    row |= {"n": None, "report_id": "another", "recorded_at": NOON} | wrong
    del row["n"]
    with pytest.raises(IntegrityError, match=r"(?i)check"), engine.begin() as connection:
        connection.execute(insert(tables.event_log), [row])


def test_a_row_without_its_parent_is_refused(engine: Engine) -> None:
    row = {"tenant": "", "key": a_push("nowhere").key, "contract": "nowhere", **content_row(a_change(a_push("c")))}
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), engine.begin() as connection:
        connection.execute(insert(tables.delivery), [row])
