"""The first schema.

Revision: 0001
Revises: nothing

Types are spelled out here and not imported: what this revision did must not change when the program does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# An INTEGER PRIMARY KEY is SQLite's 64-bit row id; PostgreSQL needs to be told. Instants are microseconds.
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ATTEMPT_STARTED = ("tenant", "key", "number", "fence", "worker", "started_at")
APPEND_ONLY = ("event_log", "decision", "ledger", "ledger_seal")


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgres_triggers()


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _tables() -> None:
    op.create_table(
        "contract",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("replan_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id <> ''", name=op.f("ck_contract_id")),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_contract")),
    )
    op.create_index("ix_contract_replan", "contract", ["tenant", "replan_at"], **_where("replan_at IS NOT NULL"))
    op.create_table(
        "ledger",
        sa.Column("n", SERIAL, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("action <> ''", name=op.f("ck_ledger_action")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_contract", "ledger", ["tenant", "contract", "n"])
    op.create_table(
        "ledger_seal",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("ledger_n", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("length(hash) = 64 AND length(prev_hash) = 64", name=op.f("ck_ledger_seal_hash")),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_ledger_seal_seq")),
        sa.PrimaryKeyConstraint("tenant", "seq", name=op.f("pk_ledger_seal")),
        sa.UniqueConstraint("ledger_n", name=op.f("uq_ledger_seal_ledger_n")),
    )
    op.create_table(
        "ledger_unsealed",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("ledger_n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "ledger_n", name=op.f("pk_ledger_unsealed")),
    )
    op.create_table(
        "delivery",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("occurrence_id", sa.Uuid(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("address_json", sa.Text(), nullable=False),
        sa.Column("send_at", sa.BigInteger(), nullable=False),
        sa.Column("payload_json", sa.Text(), nullable=False),
        sa.Column("approvals_json", sa.Text(), nullable=False),
        sa.Column("supersession", sa.Integer(), nullable=False),
        sa.Column("supersedes", sa.Uuid(), nullable=True),
        sa.Column("money", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("next_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("first_unknown_at", sa.BigInteger(), nullable=True),
        sa.Column("releases", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("receipt_json", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint("kind IN ('reminder', 'action', 'edit')", name=op.f("ck_delivery_kind")),
        sa.CheckConstraint("state <> 'retrying' OR next_attempt_at IS NOT NULL", name=op.f("ck_delivery_retrying")),
        sa.CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name=op.f("ck_delivery_sending")),
        sa.CheckConstraint("(state = 'sending') = (worker <> '')", name=op.f("ck_delivery_worker")),
        sa.CheckConstraint(
            "state IN ('proposed', 'scheduled', 'sending', 'retrying', 'delivered', 'parked', "
            "'refused', 'collapsed', 'cancelled')",
            name=op.f("ck_delivery_state"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_delivery_attempts")),
        sa.CheckConstraint("fence >= 0", name=op.f("ck_delivery_fence")),
        sa.CheckConstraint("supersession >= 0", name=op.f("ck_delivery_supersession")),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_delivery_contract")
        ),
        sa.PrimaryKeyConstraint("tenant", "key", name=op.f("pk_delivery")),
        postgresql_with={"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.01},
    )
    op.create_index("ix_delivery_contract", "delivery", ["tenant", "contract"])
    op.create_index(
        "ix_delivery_reminders",
        "delivery",
        ["tenant", "occurrence_id", "send_at"],
        **_where("state = 'scheduled' AND kind = 'reminder'"),
    )
    op.create_index(
        "ix_delivery_retrying",
        "delivery",
        ["tenant", "next_attempt_at", "kind", "destination"],
        **_where("state = 'retrying'"),
    )
    op.create_index(
        "ix_delivery_scheduled",
        "delivery",
        ["tenant", "send_at", "kind", "destination"],
        **_where("state = 'scheduled'"),
    )
    op.create_index("ix_delivery_sending", "delivery", ["tenant", "lease_until"], **_where("state = 'sending'"))
    op.create_table(
        "event_log",
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
        sa.CheckConstraint(
            "kind <> 'report' OR (event <> '' AND occurred_on IS NOT NULL)", name=op.f("ck_event_log_report")
        ),
        sa.CheckConstraint("kind <> 'withdrawal' OR recorded_at IS NOT NULL", name=op.f("ck_event_log_withdrawal")),
        sa.CheckConstraint("kind IN ('report', 'withdrawal')", name=op.f("ck_event_log_kind")),
        sa.CheckConstraint("report_id <> ''", name=op.f("ck_event_log_report_id")),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_event_log_contract")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_event_log")),
        sa.UniqueConstraint("tenant", "report_id", "kind", name=op.f("uq_event_log_report")),
    )
    op.create_index("ix_event_log_contract", "event_log", ["tenant", "contract", "n"])
    op.create_table(
        "occurrence",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("ordinal_of", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("debtor", sa.Text(), nullable=False),
        sa.Column("creditor", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("derivation_json", sa.Text(), nullable=False),
        sa.Column("cite", sa.Text(), nullable=False),
        sa.Column("waiting_for_json", sa.Text(), nullable=False),
        sa.Column("missing_json", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("adjusted_on", sa.Date(), nullable=True),
        sa.Column("soft_on", sa.Date(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("acts_on", sa.Date(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("units", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("conditional", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('task', 'payment', 'grant', 'vesting', 'accrual', 'cover', 'duty', 'watch')",
            name=op.f("ck_occurrence_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'scheduled', 'due', 'done', 'missed', 'cancelled', 'superseded', "
            "'discharged', 'terminated', 'not_applicable', 'needs_person')",
            name=op.f("ck_occurrence_state"),
        ),
        sa.CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name=op.f("ck_occurrence_money")),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_occurrence_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_occurrence_currency")),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_occurrence_contract")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_occurrence")),
    )
    op.create_index("ix_occurrence_acts_on", "occurrence", ["tenant", "acts_on"])
    op.create_index("ix_occurrence_contract", "occurrence", ["tenant", "contract", "acts_on"])
    op.create_table(
        "attempt",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("(finished_at IS NULL) = (verdict = '')", name=op.f("ck_attempt_finished")),
        sa.CheckConstraint(
            "verdict IN ('', 'delivered', 'retry', 'unknown', 'rejected', 'gone')", name=op.f("ck_attempt_verdict")
        ),
        sa.CheckConstraint("worker <> ''", name=op.f("ck_attempt_worker")),
        sa.CheckConstraint("fence >= 1", name=op.f("ck_attempt_fence")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempt_number")),
        sa.ForeignKeyConstraint(
            ["tenant", "key"], ["delivery.tenant", "delivery.key"], name=op.f("fk_attempt_delivery")
        ),
        sa.PrimaryKeyConstraint("tenant", "key", "number", name=op.f("pk_attempt")),
    )
    op.create_table(
        "decision",
        sa.Column("n", SERIAL, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("content_hash <> ''", name=op.f("ck_decision_content_hash")),
        sa.CheckConstraint("person <> ''", name=op.f("ck_decision_person")),
        sa.ForeignKeyConstraint(
            ["tenant", "key"], ["delivery.tenant", "delivery.key"], name=op.f("fk_decision_delivery")
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_key", "decision", ["tenant", "key", "n"])


def _sqlite_triggers() -> None:
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    op.execute(
        "CREATE TRIGGER attempt_no_delete BEFORE DELETE ON attempt"
        " BEGIN SELECT RAISE(ABORT, 'attempt is append-only'); END"
    )
    started = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in ATTEMPT_STARTED)
    op.execute(
        f"CREATE TRIGGER attempt_completed_once BEFORE UPDATE ON attempt WHEN OLD.finished_at IS NOT NULL OR {started}"
        " BEGIN SELECT RAISE(ABORT, 'an attempt is completed once, and how it began stays'); END"
    )
    op.execute(
        "CREATE TRIGGER delivery_same_bytes BEFORE UPDATE OF body ON delivery"
        " WHEN OLD.attempts > 0 AND NEW.body IS NOT OLD.body"
        " BEGIN SELECT RAISE(ABORT, 'the bytes of an attempted push never change'); END"
    )
    op.execute(
        "CREATE TRIGGER ledger_to_be_sealed AFTER INSERT ON ledger"
        " BEGIN INSERT INTO ledger_unsealed (tenant, ledger_n) VALUES (NEW.tenant, NEW.n); END"
    )


def _postgres_triggers() -> None:
    op.execute(
        "CREATE FUNCTION obligations_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in (*APPEND_ONLY, "attempt"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION obligations_refuse('{table} is append-only')"
        )
        for verb in ("UPDATE", "DELETE") if table != "attempt" else ("DELETE",):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION obligations_refuse('{table} is append-only')"
            )
    started = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in ATTEMPT_STARTED)
    op.execute(
        "CREATE TRIGGER attempt_completed_once BEFORE UPDATE ON attempt FOR EACH ROW"
        f" WHEN (OLD.finished_at IS NOT NULL OR {started})"
        " EXECUTE FUNCTION obligations_refuse('an attempt is completed once, and how it began stays')"
    )
    op.execute(
        "CREATE TRIGGER delivery_same_bytes BEFORE UPDATE OF body ON delivery FOR EACH ROW"
        " WHEN (OLD.attempts > 0 AND NEW.body IS DISTINCT FROM OLD.body)"
        " EXECUTE FUNCTION obligations_refuse('the bytes of an attempted push never change')"
    )
    op.execute(
        "CREATE FUNCTION obligations_to_be_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO ledger_unsealed (tenant, ledger_n) SELECT tenant, n FROM added; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER ledger_to_be_sealed AFTER INSERT ON ledger REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION obligations_to_be_sealed()"
    )
