"""Work that may hang, in a thread that nobody waits for: neither a deadline nor the end of the program."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """The work's result; raises what it raises. Whoever stops waiting leaves it to itself.

    A pool's threads are waited for when the program ends, and what asks for the address of a name can hang for longer
    than anybody wants to wait: it knows no deadline.
    """
    loop = asyncio.get_running_loop()
    result: asyncio.Future[T] = loop.create_future()

    def tell(answer: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(lambda: None if result.done() else answer())

    def run() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001  # it is raised where the result is waited for
            tell(partial(result.set_exception, error))
        else:
            tell(partial(result.set_result, found))

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await result
