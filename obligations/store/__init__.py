"""The store: tables, the two databases they live in, and their migrations."""

from obligations.store.connect import check_url
from obligations.store.daemon_lock import daemon_lock
from obligations.store.guarded import IllegalMove
from obligations.store.hints import open_hints
from obligations.store.migrate import migrate
from obligations.store.soundness import prove_usable
from obligations.store.sql import SqlStore, open_store

__all__ = ["IllegalMove", "SqlStore", "check_url", "daemon_lock", "migrate", "open_hints", "open_store", "prove_usable"]
