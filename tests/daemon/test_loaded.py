"""What the daemon loads: it stands there for years, and a house may run one for each of a hundred tenants."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

# The daemon's own program, up to its first step.
LOADED = """
import sys
from obligations import cli
cli._do_without_colour()
import obligations.cli.run, obligations.engine.daemon, connectors.http.connector
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_the_daemon_loads_nothing_that_only_colours_a_terminal() -> None:
    """Two libraries bring rich along where they find it: four MiB, and a part of the start."""
    assert importlib.util.find_spec("rich"), "they would find it here"
    ended = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(ended.stdout.split())
    assert loaded >= {"structlog", "httpx"}
    assert not loaded & {"rich", "pygments"}
