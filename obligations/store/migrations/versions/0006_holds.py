"""Holds keep sending back until a person lets it go on.

Revision: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("scope IN ('money', 'everything')", name=op.f("ck_hold_scope")),
        sa.CheckConstraint("reason <> '' AND held_by <> ''", name=op.f("ck_hold_said")),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by = '')", name=op.f("ck_hold_lifted")),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_hold")),
    )
    in_force = sa.text("lifted_at IS NULL")
    op.create_index("ix_hold_in_force", "hold", ["tenant"], sqlite_where=in_force, postgresql_where=in_force)
