"""A hold can be for one destination, and the daemon makes at most one of each.

Revision: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hold", sa.Column("destination", sa.Text(), server_default=sa.text("''"), nullable=False))
    ours = sa.text("lifted_at IS NULL AND destination <> '' AND held_by = 'the daemon'")
    op.create_index(
        "ix_hold_of_daemon",
        "hold",
        ["tenant", "destination"],
        unique=True,
        sqlite_where=ours,
        postgresql_where=ours,
    )
