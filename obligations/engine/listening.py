"""Listening for hints that something is due, as long as they come; the tick finds it without them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from obligations.engine.retry import Backoff
from obligations.engine.settings import EngineSettings
from obligations.ports import Hints, StoreUnavailable

_log = structlog.get_logger()


async def listen(hints: Hints, heard: Callable[[], None], settings: EngineSettings) -> None:
    """Call `heard` at each hint, until cancelled. A line that breaks is made anew, sooner at first and then later.

    Losing the line and having it again are each logged once.
    """
    backoff = Backoff(settings.store_wait_seconds, settings.store_wait_most_seconds)
    lost = False

    def well() -> None:
        nonlocal lost
        if lost:
            _log.info("hints are heard again")
        lost = False
        backoff.reset()
        heard()

    while True:
        try:
            await hints.listen(well)
        except StoreUnavailable as error:
            if not lost:
                _log.warning("hints are not heard; what is due is found by the tick", error=str(error))
            lost = True
        except Exception as error:  # noqa: BLE001  # hints are a convenience: their trouble is never the daemon's
            _log.warning("listening for hints failed and is tried again", error=type(error).__name__)
        await asyncio.sleep(backoff.next())
