"""The ticker: wakes at the armed instant and at least every second, and is started again when it dies."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from obligations.engine.scheduler import Ticker
from obligations.engine.waiting import heard

WAKE_SECONDS = 5.0


@pytest.fixture
async def woken() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def ticker(woken: asyncio.Event) -> AsyncIterator[Ticker]:
    ticker = Ticker(woken.set, tick_seconds=1)
    ticker.start()
    yield ticker
    ticker.stop()


async def test_the_armed_instant_wakes_before_the_next_tick(ticker: Ticker, woken: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    ticker.arm(0.05)
    assert await heard(woken, WAKE_SECONDS)
    assert 0.05 <= loop.time() - began < 0.9


async def test_it_can_be_armed_again_after_it_fired(ticker: Ticker, woken: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(3):
        woken.clear()
        ticker.arm(0.01)
        assert await heard(woken, WAKE_SECONDS)
    assert loop.time() - began < 0.9


async def test_nothing_armed_still_ticks(ticker: Ticker, woken: asyncio.Event) -> None:
    """What another process put into the store is seen within a second, and a hint that got lost costs no more."""
    ticker.arm(0.5)
    ticker.arm(math.inf)
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await heard(woken, WAKE_SECONDS)
    assert loop.time() - began >= 0.9


async def test_a_machine_clock_set_forward_by_a_day_costs_one_tick_and_not_one_for_each_second(ticker: Ticker) -> None:
    """Set forward by a century, the list of missed ticks would fill the memory."""
    job: Any = next(job for job in ticker._scheduler.get_jobs() if job.id == "beat")
    far = job.next_run_time + timedelta(days=1)
    assert job._get_run_times(far) == [job.next_run_time]


async def test_a_ticker_that_died_is_noticed_and_started_again(woken: asyncio.Event) -> None:
    """The library says `running` for ever after an error in its timer; every deadline would be missed in silence."""
    ticker = Ticker(woken.set, tick_seconds=0.05)
    loop = asyncio.get_running_loop()
    died: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: died.append(context))
    ticker.start()
    assert await heard(woken, WAKE_SECONDS)
    scheduler = ticker._scheduler

    def no_update(job: Any) -> None:
        raise RuntimeError("a job store that fails once")

    scheduler._lookup_jobstore("default").update_job = no_update
    while not died:
        woken.clear()
        await heard(woken, ticker.patience_seconds)
    woken.clear()
    assert not await heard(woken, ticker.patience_seconds)
    assert scheduler.running

    with capture_logs() as lines:
        ticker.keep_alive()
    assert [line["log_level"] for line in lines] == ["warning"]
    assert ticker.restarts == 1
    assert await heard(woken, WAKE_SECONDS)
    ticker.stop()
