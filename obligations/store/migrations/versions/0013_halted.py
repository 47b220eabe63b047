"""A delivery whose plan changed while it was being sent goes no more before its contract was settled again.

Revision: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("halted", sa.Boolean(), server_default=sa.text("false"), nullable=False))
