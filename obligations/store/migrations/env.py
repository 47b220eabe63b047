"""Runs migrations on the connection that `obligations.store.migrate` opened, in its transaction.

Batch mode is off: on SQLite it rebuilds tables, and with foreign keys on that takes their children along. A migration
that must rebuild a table says so itself; foreign keys are off by then and checked before the commit.
"""

from __future__ import annotations

from alembic import context

from obligations.store import tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=tables.metadata,
    render_as_batch=False,
    compare_type=True,
    compare_server_default=True,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
