"""A link of the ledger's chain names the key it was made with.

Revision: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Links made before have no key, and are checked by the rule of then.
    op.add_column("ledger_seal", sa.Column("key_id", sa.Text(), server_default=sa.text("''"), nullable=False))
