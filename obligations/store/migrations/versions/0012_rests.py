"""Until when receivers asked to be left alone, for all daemons; and what such a one holds, it holds once.

Revision: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rest",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "destination", name=op.f("pk_rest")),
    )
    once = sa.text("lifted_at IS NULL AND destination <> '' AND held_by = 'the receiver'")
    op.create_index(
        "ix_hold_of_receiver",
        "hold",
        ["tenant", "destination"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )
