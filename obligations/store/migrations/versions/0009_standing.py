"""How the queue stands is told without looking at what was delivered, and a probe has a row of its own to write.

Revision: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, state, then in (("parked", "parked", "first_unknown_at"), ("proposed", "proposed", "send_at")):
        only = sa.text(f"state = '{state}'")
        op.create_index(f"ix_delivery_{name}", "delivery", ["tenant", then], sqlite_where=only, postgresql_where=only)
    op.create_table(
        "probe",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_probe")),
    )
