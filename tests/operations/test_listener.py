"""The listener answers monitors, tells strangers nothing, and costs the daemon neither time nor memory."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from obligations.clocks import monotonic
from obligations.engine.counters import Counters
from obligations.operations.listener import CONNECTIONS, HEAD_BYTES
from obligations.ports import Standing
from obligations.store.migrate import HEAD
from tests.engine.stage import Stage
from tests.operations.asking import ask, ask_unix, exchange, listening


@pytest.fixture
def counters(stage: Stage) -> Counters:
    """Those of a daemon that is well."""
    made = Counters(stage.machine.monotonic)
    made.ticked(stage.machine.now())
    made.looked(Standing(schema=HEAD))
    return made


async def test_a_daemon_that_is_well_says_so(stage: Stage, counters: Counters) -> None:
    async with listening(stage, counters) as listener:
        assert await ask(listener.port, "/livez") == (200, "ok\n")
        assert await ask(listener.port, "/readyz?verbose") == (200, "ok\n")
        assert await ask(listener.port, "/readyz", method="HEAD") == (200, "")
        status, page = await ask(listener.port, "/metrics")
        assert (status, "obligations_last_tick_timestamp_seconds" in page) == (200, True)


async def test_a_loop_that_stands_still_is_neither_alive_nor_ready(stage: Stage, counters: Counters) -> None:
    async with listening(stage, counters) as listener:
        stage.machine.advance(seconds=10)
        assert await ask(listener.port, "/livez") == (503, "not alive\n")
        assert (await ask(listener.port, "/readyz"))[0] == 503


async def test_a_daemon_that_never_came_round_is_not_alive(stage: Stage) -> None:
    async with listening(stage, Counters(stage.machine.monotonic)) as listener:
        assert (await ask(listener.port, "/livez"))[0] == 503


async def test_why_it_is_not_ready_is_for_the_holder_of_the_token(stage: Stage, counters: Counters) -> None:
    """Which machine has a full disk and an old schema is nobody's business."""
    counters.looked(Standing(schema="0003"), clock_doubted=True)
    counters.draining = True
    stage.machine.advance(seconds=5)
    async with listening(stage, counters, token="s3cret") as listener:
        assert await ask(listener.port, "/readyz") == (503, "not ready\n")
        for wrong in ("s3cre", "", "s3crett", "é"):
            assert await ask(listener.port, "/readyz", headers=f"Authorization: Bearer {wrong}\r\n") == (
                503,
                "not ready\n",
            )
        status, page = await ask(listener.port, "/readyz", headers="authorization:  Bearer s3cret\r\n")
    assert status == 503
    assert json.loads(page) == {
        "ok": False,
        "faults": {
            "store": "not for 5.0 s",
            "schema": "the database is at 0003",
            "clock": "money is held because of it",
            "draining": "it was told to stop",
        },
    }


async def test_no_token_is_not_an_empty_one(stage: Stage, counters: Counters) -> None:
    async with listening(stage, counters) as listener:
        assert await ask(listener.port, "/readyz", headers="Authorization: Bearer \r\n") == (200, "ok\n")


async def test_a_clock_that_lost_the_time_is_not_sane(stage: Stage, counters: Counters) -> None:
    stage.machine.set(stage.machine.now().replace(year=1970))
    async with listening(stage, counters) as listener:
        assert (await ask(listener.port, "/readyz"))[0] == 503
        assert (await ask(listener.port, "/livez"))[0] == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /livez HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"GET /../etc/passwd HTTP/1.1\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"\x16\x03\x01 hello\r\n\r\n", 400),
        (b"GET /livez\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nno colon \xff\r\n\r\n", 200),
    ],
)
async def test_what_is_no_question_gets_a_short_answer(
    stage: Stage, counters: Counters, request_: bytes, status: int
) -> None:
    async with listening(stage, counters) as listener:
        assert (await exchange(listener.port, request_))[0] == status


async def test_a_huge_head_is_refused_unread(stage: Stage, counters: Counters) -> None:
    """A request that never ends must not fill the memory that payments need."""
    async with listening(stage, counters) as listener:
        flood = b"GET /livez HTTP/1.1\r\n" + b"x" * (64 * HEAD_BYTES)
        assert (await exchange(listener.port, flood))[0] in (431, 0)
        assert (await ask(listener.port, "/livez"))[0] == 200


async def test_whoever_dawdles_is_dropped(stage: Stage, counters: Counters) -> None:
    async with listening(stage, counters, seconds=0.1) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        writer.write(b"GET /livez HTTP/1.1\r\n")
        began = monotonic()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        assert monotonic() - began < 5
        writer.close()


async def test_a_crowd_that_says_nothing_keeps_no_monitor_out_for_long(stage: Stage, counters: Counters) -> None:
    """Connections are few, and none outlasts its time."""
    async with listening(stage, counters, seconds=0.5) as listener:
        crowd = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(CONNECTIONS + 5)]
        turned_away = 0
        for reader, _ in crowd:
            with suppress(ConnectionError):
                await reader.read()
            turned_away += 1
        assert turned_away == len(crowd)
        assert (await ask(listener.port, "/livez"))[0] == 200
        for _, writer in crowd:
            writer.close()


async def test_a_unix_socket_serves_the_same_and_takes_the_place_of_a_stale_one(
    stage: Stage, counters: Counters, tmp_path: Path
) -> None:
    path = tmp_path / "s"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    async with listening(stage, counters, address=f"unix:{path}"):
        assert await ask_unix(str(path), "/readyz") == (200, "ok\n")
        assert path.stat().st_mode & 0o777 == 0o660


async def test_an_address_that_is_taken_is_an_alarm_and_not_the_end(stage: Stage, counters: Counters) -> None:
    async with listening(stage, counters) as first:
        with capture_logs() as lines:
            async with listening(stage, counters, address=f"127.0.0.1:{first.port}") as second:
                assert second.port == 0
    assert [line["log_level"] for line in lines] == ["error"]
