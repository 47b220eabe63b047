"""A server that a test process starts ends with it, also where the process is killed and cleans nothing up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# It waits for a line, which says that all is well; the end of its input without one says that nobody is left. The
# server is then ended at once, by the id in its own file, and what it kept is removed.
_WATCH = """
read -r _ && exit
pid=$(head -n 1 "$2/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" && while kill -0 "$pid" 2>/dev/null; do
    sleep 0.05
done
rm -rf "$1"
"""


@contextmanager
def ends_with_us(folder: Path, data: Path) -> Iterator[None]:
    """While the block runs, a watcher is there that ends the PostgreSQL of `data` and removes `folder` when this
    process is gone."""
    with subprocess.Popen(
        ["sh", "-c", _WATCH, "sh", str(folder), str(data)], start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as watcher:  # fmt: skip
        try:
            yield
        finally:
            watcher.communicate(b"well\n")
