"""A real PgBouncer in transaction mode before PostgreSQL: each transaction may go by another connection."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from obligations.clocks import monotonic
from obligations.ports import StoreUnavailable
from obligations.store import open_store
from obligations.testing.store import exercise_store

PORT, SECONDS = 6432, 10.0
# Fewer connections than the suite's writers ask for at once, so that they are handed round.
CONFIG = """
[databases]
* = host={server} user=postgres

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 3
"""


@pytest.fixture
def pooled_url(postgres_server: str, postgres_url: str) -> Iterator[str]:
    """The database of `postgres_url`, by way of the pooler."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("NOT PROVEN: the store behind a transaction-mode pooler; install pgbouncer")
    # It refuses to be root, and the server's socket is its owner's alone.
    owner = os.stat(f"{postgres_server}/.s.PGSQL.5432")
    as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="obl-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        folder.chmod(0o755)
        sockets = folder / "run"
        sockets.mkdir()
        os.chown(sockets, owner.st_uid, owner.st_gid)
        config = folder / "pooler.ini"
        config.write_text(CONFIG.format(server=postgres_server, port=PORT, folder=sockets))
        with subprocess.Popen([program, "--quiet", str(config)], **as_owner) as pooler:  # type: ignore[call-overload]
            try:
                give_up_at = monotonic() + SECONDS
                while not (sockets / f".s.PGSQL.{PORT}").exists():
                    assert pooler.poll() is None, "the pooler ended"
                    assert monotonic() < give_up_at, "the pooler does not come up"
                    Event().wait(0.02)
                name = postgres_url.partition("@/")[2].partition("?")[0]
                yield f"postgresql://postgres@/{name}?host={sockets}&port={PORT}"
            finally:
                pooler.terminate()


def test_the_store_does_what_every_store_must_behind_a_pooler(pooled_url: str) -> None:
    """A lock, a limit or a prepared statement that stayed on one connection would be missing on the next."""
    exercise_store(lambda: open_store(f"{pooled_url}&pooler=transaction"))


def test_a_pooler_that_was_not_named_is_told_in_words(pooled_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="add pooler=transaction to the database URL"):
        open_store(pooled_url)
