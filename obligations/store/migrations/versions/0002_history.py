"""Corrections and chosen readings in the event log; every text a contract's terms came from; amendments.

Revision: 0002
Revises: 0001

Of a contract kept before, the text it has is taken for the one it was added with: no earlier one was written down.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# An INTEGER PRIMARY KEY is SQLite's 64-bit row id; PostgreSQL needs to be told. Instants are microseconds.
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RULES = {
    "kind": "kind IN ('report', 'withdrawal', 'correction', 'choice')",
    "report_id": "report_id <> ''",
    "event": "kind NOT IN ('report', 'choice') OR event <> ''",
    "occurred_on": "kind NOT IN ('report', 'correction') OR occurred_on IS NOT NULL",
    "recorded_at": "kind = 'report' OR recorded_at IS NOT NULL",
}
COLUMNS = (
    "n, tenant, contract, kind, report_id, event, occurred_on, received_on, fields_json, expected, answers, evidence,"
    " recorded_at, recorded_by, reason"
)


def upgrade() -> None:
    op.add_column("contract", sa.Column("amendments_json", sa.Text(), server_default=sa.text("'[]'"), nullable=False))
    _versions()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_log()
        _sqlite_triggers("terms_version")
        _sqlite_triggers("event_log")
    else:
        _postgres_log()
        _postgres_triggers("terms_version")
    only_once = "kind <> 'correction'"
    op.create_index(
        "ix_event_log_once",
        "event_log",
        ["tenant", "report_id", "kind"],
        unique=True,
        sqlite_where=sa.text(only_once),
        postgresql_where=sa.text(only_once),
    )


def _versions() -> None:
    op.create_table(
        "terms_version",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('added', 'changed', 'amended')", name=op.f("ck_terms_version_kind")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_terms_version_number")),
        sa.CheckConstraint("(kind = 'amended') = (from_on IS NOT NULL)", name=op.f("ck_terms_version_from_on")),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_terms_version_contract")
        ),
        sa.PrimaryKeyConstraint("tenant", "contract", "number", name=op.f("pk_terms_version")),
    )
    op.execute(
        "INSERT INTO terms_version (tenant, contract, number, kind, title, source, template, recorded_at, recorded_by)"
        " SELECT tenant, id, 1, 'added', title, source, template, added_at, added_by FROM contract"
    )


def _sqlite_log() -> None:
    """SQLite changes no constraint in place: the table is made anew, with its rows and their numbers."""
    op.create_table(
        "event_log_0002",
        sa.Column("n", SERIAL, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("report_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("fields_json", sa.Text(), nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        *_checks(),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_event_log_contract")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_event_log")),
    )
    op.execute(f"INSERT INTO event_log_0002 ({COLUMNS}) SELECT {COLUMNS} FROM event_log")
    op.drop_table("event_log")
    op.rename_table("event_log_0002", "event_log")
    op.create_index("ix_event_log_contract", "event_log", ["tenant", "contract", "n"])


def _checks() -> list[Any]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_event_log_{name}")) for name, rule in RULES.items()]


def _postgres_log() -> None:
    for name in ("report", "withdrawal", "kind", "report_id"):
        op.drop_constraint(op.f(f"ck_event_log_{name}"), "event_log", type_="check")
    op.drop_constraint(op.f("uq_event_log_report"), "event_log", type_="unique")
    for name, rule in RULES.items():
        op.create_check_constraint(op.f(f"ck_event_log_{name}"), "event_log", rule)


def _sqlite_triggers(table: str) -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def _postgres_triggers(table: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION obligations_refuse('{table} is append-only')"
    )
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION obligations_refuse('{table} is append-only')"
        )
