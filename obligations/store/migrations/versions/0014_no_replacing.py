"""On SQLite nothing of the past is replaced either.

`INSERT OR REPLACE` takes away the row that is in its way without a word to the triggers that refuse its removal, unless
the connection asked for that (`recursive_triggers`), which no other program does. So whatever would be in the way
is refused before. PostgreSQL replaces by an UPDATE, which is refused already.

Revision: 0014
Revises: 0013
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# By what a row is one of a kind, for each table: its number, which shows as -1 while it is still to be given out, and
# what else no two rows share.
ONE_OF_A_KIND = {
    "event_log": (
        "n",
        "tenant = NEW.tenant AND report_id = NEW.report_id AND kind = NEW.kind AND kind <> 'correction'",
    ),
    "terms_version": ("rowid", "tenant = NEW.tenant AND contract = NEW.contract AND number = NEW.number"),
    "decision": ("n",),
    "ledger": ("n",),
    "ledger_seal": ("rowid", "tenant = NEW.tenant AND seq = NEW.seq", "ledger_n = NEW.ledger_n"),
    "attempt": ("rowid", "tenant = NEW.tenant AND key = NEW.key AND number = NEW.number"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    for table, kinds in ONE_OF_A_KIND.items():
        _refuse(table, kinds, f"{table} is append-only")
    kinds = ("rowid", "tenant = NEW.tenant AND key = NEW.key")
    _refuse("delivery", kinds, "a delivery is never replaced")


def _refuse(table: str, kinds: tuple[str, ...], said: str) -> None:
    number, *others = kinds
    there = " OR ".join(
        (
            f"NEW.{number} >= 0 AND EXISTS (SELECT 1 FROM {table} WHERE {number} = NEW.{number})",
            *(f"EXISTS (SELECT 1 FROM {table} WHERE {other})" for other in others),
        )
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there}"
        f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
    )
