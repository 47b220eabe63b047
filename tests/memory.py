"""How much memory something takes while it runs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


class Held:
    """What was allocated within the block and held at one moment, at most; what was there before counts for nothing."""

    most_bytes = 0


@contextmanager
def new_memory() -> Iterator[Held]:
    """Count it while the block runs, in every thread.

    The system's figure is the most a process ever held: one that was larger before the block hides all that it does.
    """
    held = Held()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield held
        held.most_bytes = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
