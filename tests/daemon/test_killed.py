"""The product as installed, killed with -9 at every step of sending: the letter's instructions reach a receiver that
de-duplicates, each exactly once in effect."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.settings import read_settings
from obligations.app import open_service
from obligations.clocks import TimeLapse, monotonic
from obligations.domain.delivery import DeliveryState, PushKind
from obligations.domain.event import Report
from obligations.engine.steps import Step
from obligations.testing.payroll import PayrollReceiver

HIRED = datetime(2025, 3, 3, tzinfo=UTC).date()
TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
IN_FLIGHT = 4
SECONDS = 60.0

CONTRACT = """
terms: 1
contract: {id: first-offer, template: offer-letter}
"""

CONFIG = """
database_url = "{database}"
dangerous_clock = "{clock}"

[sending]
reminders = "console"

[engine]
total_concurrency = {in_flight}
timeout_seconds = 1
lease_seconds = 2.5
rescue_seconds = 0.2
flush_most = 2
"""

DESTINATION = """
[connectors.http.destinations.{name}]
url = "{url}"
secret = "{secret}"
"""


@pytest.fixture
def receiver() -> Iterator[PayrollReceiver]:
    with PayrollReceiver() as listening:
        yield listening


@pytest.fixture
def configured(tmp_path: Path, database_url: str, receiver: PayrollReceiver, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with one contract, hired long enough ago that much is due at once."""
    clock = tmp_path / "clock.json"
    TimeLapse.write(clock, TODAY, 0)
    tables = [
        DESTINATION.format(name=name, url=receiver.url, secret=receiver.secret)
        for name in ("hr", "equity", "leave_ledger")
    ]
    head = CONFIG.format(database=database_url, clock=clock, in_flight=IN_FLIGHT)
    path = tmp_path / "obligations.toml"
    path.write_text(head + "".join(tables), encoding="utf-8")
    monkeypatch.setenv("OBLIGATIONS_CONFIG", str(path))
    with open_service(read_settings()) as service:
        service.add_contract(CONTRACT, "contract.yaml", actor="hr")
        service.record("first-offer", Report("hired", "employment_started", HIRED), actor="hr")
    return path


@contextmanager
def daemon(log: Path, kill_at: str | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The installed daemon; ended by its own process id if it still runs at the end."""
    environment = dict(os.environ)
    if kill_at:
        environment["OBLIGATIONS_DANGEROUS_KILL_AT"] = kill_at
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "obligations", "run"], env=environment, stdout=output, stderr=output
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(SECONDS)


def due_actions() -> set[str]:
    """The keys of everything that is to reach a system by now."""
    with open_service(read_settings()) as service:
        return {
            str(one.push.key)
            for one in service.deliveries("first-offer")
            if one.push.kind is PushKind.ACTION
            and one.push.send_at <= TODAY
            and one.state not in (DeliveryState.PROPOSED, DeliveryState.CANCELLED)
        }


def all_delivered(expected: set[str], receiver: PayrollReceiver) -> bool:
    """Whether the store says within the time that every one was delivered; looks again at each arrival."""
    give_up_at = monotonic() + SECONDS
    with open_service(read_settings()) as service:
        while monotonic() < give_up_at:
            delivered = service.deliveries("first-offer", {DeliveryState.DELIVERED})
            if expected <= {str(one.push.key) for one in delivered}:
                return True
            receiver.wait_for(len(receiver.received) + 1, seconds=0.2)
    return False


@pytest.mark.parametrize("step", list(Step))
def test_a_daemon_killed_at_any_step_loses_nothing_and_doubles_no_effect(
    step: Step, configured: Path, receiver: PayrollReceiver, tmp_path: Path
) -> None:
    """Hours that never reach the leave ledger, or reach it twice, are somebody's days off."""
    expected = due_actions()
    assert len(expected) > 3 * IN_FLIGHT, "the kill must fall into the middle of the work"
    log = tmp_path / "daemon.log"

    with daemon(log, f"{step}:3") as first:
        assert first.wait(SECONDS) == -signal.SIGKILL, log.read_text(encoding="utf-8")
    before = len(receiver.effects)
    assert before < len(expected), "the daemon died before it was done"

    with daemon(log) as second:
        assert all_delivered(expected, receiver), log.read_text(encoding="utf-8")
        second.send_signal(signal.SIGTERM)
        assert second.wait(SECONDS) == 0, log.read_text(encoding="utf-8")

    assert {arrival.key for arrival in receiver.effects} == expected
    assert len(receiver.effects) == len(expected), "an effect happened twice"
    assert len(receiver.duplicates) <= IN_FLIGHT + 2, "more than what was in flight was sent again"
    assert receiver.bad == []
