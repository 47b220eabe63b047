"""An amendment recorded in error is withdrawn by a line of its own among the texts of a contract.

Revision: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KIND = "kind IN ('added', 'changed', 'amended', 'withdrawn')"
FROM_ON = "(kind IN ('amended', 'withdrawn')) = (from_on IS NOT NULL)"
COLUMNS = "tenant, contract, number, kind, title, source, template, from_on, recorded_at, recorded_by"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _made_anew()
        return
    for name, rule in (("kind", KIND), ("from_on", FROM_ON)):
        op.drop_constraint(op.f(f"ck_terms_version_{name}"), "terms_version", type_="check")
        op.create_check_constraint(op.f(f"ck_terms_version_{name}"), "terms_version", rule)


def _made_anew() -> None:
    """SQLite changes no constraint in place: the table is made anew, with its rows and what keeps them."""
    op.create_table(
        "terms_version_0005",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(KIND, name=op.f("ck_terms_version_kind")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_terms_version_number")),
        sa.CheckConstraint(FROM_ON, name=op.f("ck_terms_version_from_on")),
        sa.ForeignKeyConstraint(
            ["tenant", "contract"], ["contract.tenant", "contract.id"], name=op.f("fk_terms_version_contract")
        ),
        sa.PrimaryKeyConstraint("tenant", "contract", "number", name=op.f("pk_terms_version")),
    )
    op.execute(f"INSERT INTO terms_version_0005 ({COLUMNS}) SELECT {COLUMNS} FROM terms_version")
    op.drop_table("terms_version")
    op.rename_table("terms_version_0005", "terms_version")
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER terms_version_no_{verb.lower()} BEFORE {verb} ON terms_version"
            " BEGIN SELECT RAISE(ABORT, 'terms_version is append-only'); END"
        )
