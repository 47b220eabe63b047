"""Waiting for an event, but not for ever."""

from __future__ import annotations

import asyncio


async def heard(event: asyncio.Event, within_seconds: float) -> bool:
    """Whether the event was set before so many seconds were over; returns as soon as it is."""
    try:
        async with asyncio.timeout(within_seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
