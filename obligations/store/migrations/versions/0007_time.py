"""The store remembers when it was last used and with which calendars each contract was planned, and counts claims that
nobody answered for.

Revision: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_installation")),
    )
    op.add_column("contract", sa.Column("edition", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_index("ix_contract_edition", "contract", ["tenant", "edition"])
    op.add_column("delivery", sa.Column("unanswered", sa.Integer(), server_default=sa.text("0"), nullable=False))
    suspect = sa.text("state = 'retrying' AND unanswered >= 2")
    op.create_index(
        "ix_delivery_suspect",
        "delivery",
        ["tenant", "next_attempt_at"],
        sqlite_where=suspect,
        postgresql_where=suspect,
    )
