"""A test run that is killed leaves no PostgreSQL behind, which would keep memory and disk until somebody noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from obligations.clocks import monotonic

ROOT = Path(__file__).parents[1]
SECONDS = 30.0
RUN = """
import sys
from tests.conftest import running_postgres
with running_postgres() as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["killed", "ended by itself"])
def test_a_server_ends_with_the_process_that_started_it(way: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        data = Path(run.stdout.readline().decode().strip())
        server = int((data / "postmaster.pid").read_text().split()[0])
        assert _runs(server)
        if way == "killed":
            run.kill()
        run.communicate()
    give_up_at = monotonic() + SECONDS
    while _runs(server) or data.parent.exists():
        assert monotonic() < give_up_at, f"{server} still runs, or {data.parent} is still there"
        Event().wait(0.05)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
