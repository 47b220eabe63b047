"""How far an obligation may reach under other readings is kept beside it.

Revision: 0004
Revises: 0003

Bounds of obligations kept before are worked out when their contract is next planned.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("occurrence", sa.Column("bounds_json", sa.Text(), nullable=True))
