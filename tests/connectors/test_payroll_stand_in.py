"""The payroll stand-in is itself trustworthy: what it counts is what happened."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from obligations.clocks import SystemMachineClock
from obligations.testing.payroll import SECRET, Arrival, PayrollReceiver, read_log


@pytest.fixture
def payroll() -> Iterator[PayrollReceiver]:
    with PayrollReceiver() as receiver:
        yield receiver


def _post(port: int, body: bytes, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/instructions", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _signed(key: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    at = at or SystemMachineClock().now()
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(key, at, body.decode()),
        "idempotency-key": f'"{key}"',
    }


@pytest.mark.parametrize(
    "junk",
    [
        {"webhook-signature": "no comma"},
        {"webhook-signature": "v1,not base64!"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v1,,"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-id": "another"},
        {"webhook-id": ""},
    ],
)
def test_any_junk_is_answered_401(payroll: PayrollReceiver, junk: dict[str, str]) -> None:
    """The official verifier raises on junk; a receiver that passes this on would answer 500 to anyone."""
    headers = {**_signed("k1", b"{}"), **junk}
    assert _post(payroll.port, b"{}", headers) == 401
    assert payroll.received == []
    assert payroll.refused == 1


def test_a_body_that_is_no_text_is_answered_401(payroll: PayrollReceiver) -> None:
    """Bytes that are not UTF-8 would stop the receiver."""
    assert _post(payroll.port, b"\xff\xfe", _signed("k1", b"{}")) == 401


def test_the_first_takes_effect_a_repeat_does_not_and_other_content_is_refused(payroll: PayrollReceiver) -> None:
    """Tests that count effects would count wrongly."""
    answers = [_post(payroll.port, body, _signed("k1", body)) for body in (b'{"a": 1}', b'{"a": 1}', b'{"a": 2}')]
    assert answers == [200, 200, 422]
    assert [len(kept) for kept in (payroll.received, payroll.effects, payroll.duplicates, payroll.bad)] == [3, 1, 1, 1]
    assert [arrival.first for arrival in payroll.received] == [True, False, False]


def test_an_unquoted_key_is_refused(payroll: PayrollReceiver) -> None:
    """A sender that breaks the header's format would pass here and fail in the world."""
    assert _post(payroll.port, b"{}", {**_signed("k1", b"{}"), "idempotency-key": "k1"}) == 400
    assert payroll.effects == []


def test_somebody_can_watch_effects() -> None:
    """A test could not kill the daemon at the moment an instruction takes effect."""
    seen: list[Arrival] = []
    with PayrollReceiver(on_effect=seen.append) as payroll:
        for _ in range(2):
            _post(payroll.port, b"{}", _signed("k1", b"{}"))
    assert [arrival.key for arrival in seen] == ["k1"]


def test_as_a_process_it_remembers_over_its_own_death(tmp_path: Path) -> None:
    """A receiver that forgets its keys would make a test of repeats worthless."""
    log = tmp_path / "arrivals.jsonl"
    key = str(uuid4())
    for _ in range(2):
        with _process(log) as port:
            assert _post(port, b'{"a": 1}', _signed(key, b'{"a": 1}')) == 200
    assert [(arrival.key, kind) for arrival, kind in read_log(log)] == [(key, "effect"), (key, "duplicate")]
    arrival = read_log(log)[0][0]
    assert arrival.body == b'{"a": 1}'
    assert arrival.at.tzinfo is UTC


class _process:  # noqa: N801 - reads as a phrase
    def __init__(self, log: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "obligations.testing.payroll", "--log", str(log)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )

    def __enter__(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        return int(line.split(":")[2].split("/")[0])

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()


def test_the_log_skips_a_line_that_a_crash_cut(tmp_path: Path) -> None:
    """A receiver killed while it wrote could not start again."""
    log = tmp_path / "arrivals.jsonl"
    with PayrollReceiver(log=log) as payroll:
        _post(payroll.port, b"{}", _signed("k1", b"{}"))
    with log.open("ab") as file:
        file.write(b'{"at": "2006-')
    assert [kind for _, kind in read_log(log)] == ["effect"]
    with PayrollReceiver(log=log) as payroll:
        _post(payroll.port, b"{}", _signed("k1", b"{}"))
    assert [kind for _, kind in read_log(log)] == ["effect", "duplicate"]
