"""An obligation may be done late, waived, partly done, suspended, or fail a condition.

Revision: 0003
Revises: 0002

PostgreSQL changes the constraint; SQLite cannot, so the table is made anew with every row. Nothing refers to it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATES = (
    "state IN ('waiting', 'scheduled', 'due', 'done', 'missed', 'cancelled', 'superseded', 'discharged', 'terminated', "
    "'not_applicable', 'needs_person', 'done_late', 'waived', 'partly', 'condition_failed', 'suspended')"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_occurrence_state"), "occurrence", type_="check")
        op.create_check_constraint(op.f("ck_occurrence_state"), "occurrence", STATES)
        return
    op.drop_index("ix_occurrence_acts_on", "occurrence")
    op.drop_index("ix_occurrence_contract", "occurrence")
    op.rename_table("occurrence", "occurrence_before")
    _occurrence()
    op.execute("INSERT INTO occurrence SELECT * FROM occurrence_before")
    op.drop_table("occurrence_before")
    op.create_index("ix_occurrence_acts_on", "occurrence", ["tenant", "acts_on"])
    op.create_index("ix_occurrence_contract", "occurrence", ["tenant", "contract", "acts_on"])


def _occurrence() -> None:
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
        sa.CheckConstraint(STATES, name=op.f("ck_occurrence_state")),
        sa.CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name=op.f("ck_occurrence_money")),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_occurrence_amount")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_occurrence_currency")),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_occurrence_contract")
        ),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_occurrence")),
    )
