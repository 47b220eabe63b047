"""What is done to processes from outside: stopped for too long, asked to end in mid-work, killed at a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from threading import Event

import pytest

from obligations.clocks import monotonic
from obligations.domain.delivery import DeliveryState
from obligations.ports import StoredDelivery
from obligations.store import SqlStore, open_store
from obligations.testing.payroll import PayrollReceiver, hang
from tests.cli.terminal import ROOT, Terminal
from tests.soak.house import House
from tests.soak.load import Load

SECONDS = 60.0
NEVER = Event()


@pytest.fixture
def receiver() -> Iterator[PayrollReceiver]:
    with PayrollReceiver() as listening:
        yield listening


@contextmanager
def house(folder: Path, url: str, receiver: PayrollReceiver, *names: str) -> Iterator[tuple[House, SqlStore]]:
    store = open_store(url)
    try:
        with House(folder, url, names, receiver.url, receiver.secret) as daemons:
            yield daemons, store
    finally:
        store.close()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Until the condition holds; it is asked again and again, since what it looks at is another process."""
    give_up_at = monotonic() + SECONDS
    while not condition():
        assert monotonic() < give_up_at, what
        NEVER.wait(0.05)


def deliveries(store: SqlStore) -> list[StoredDelivery]:
    with store.read() as view:
        return list(view.deliveries())


def all_delivered(store: SqlStore) -> bool:
    return {one.state for one in deliveries(store)} == {DeliveryState.DELIVERED}


def test_a_daemon_stopped_for_longer_than_its_lease_is_taken_over_and_writes_nothing_more(
    postgres_url: str, receiver: PayrollReceiver, tmp_path: Path
) -> None:
    """A machine that froze and thawed must not overwrite what the other daemon learned meanwhile."""
    receiver.script(hang())
    with house(tmp_path, postgres_url, receiver, "frozen", "other") as (daemons, store):
        daemons.start("frozen")
        assert daemons.wait_until_up("frozen", SECONDS)
        (key,) = Load(store).spread(1, 0.1)
        assert receiver.wait_for(1, seconds=SECONDS)
        frozen = daemons.pid("frozen")
        os.kill(frozen, signal.SIGSTOP)
        try:
            daemons.start("other")
            wait_for(lambda: all_delivered(store), "nobody took over")
        finally:
            os.kill(frozen, signal.SIGCONT)
        receiver.release()
        log = daemons.log("frozen")
        wait_for(lambda: b"a result came too late" in log.read_bytes(), "the old one wrote, or never knew")
        assert daemons.stop_all() == [0, 0]
        with store.read() as view:
            attempts = view.attempts(key)
        assert all_delivered(store)
    assert [attempt.verdict for attempt in attempts] == ["unknown", "delivered"]
    assert len({attempt.worker for attempt in attempts}) == 2
    assert len(receiver.effects) == 1
    assert [arrival.key for arrival in receiver.duplicates] == [str(key)]


def test_a_daemon_asked_to_end_under_load_leaves_nothing_in_doubt(
    sqlite_url: str, receiver: PayrollReceiver, tmp_path: Path
) -> None:
    """An upgrade on a busy morning would otherwise make people ask payroll about each payment that was in flight."""
    with house(tmp_path, sqlite_url, receiver, "one") as (daemons, store):
        load = Load(store)
        keys = load.spread(150, 0.001)
        daemons.start("one")
        assert receiver.wait_for(20, seconds=SECONDS)
        assert daemons.stop_all() == [0]
        left = Counter(one.state for one in deliveries(store))
        with store.read() as view:
            tries = [attempt for key in keys for attempt in view.attempts(key)]
        assert set(left) <= {DeliveryState.DELIVERED, DeliveryState.SCHEDULED}
        assert {attempt.verdict for attempt in tries} == {"delivered"}
        assert len(receiver.received) == left[DeliveryState.DELIVERED]

        daemons.start("one")
        wait_for(lambda: all_delivered(store), "what was left did not go")
        assert daemons.stop_all() == [0]
    assert len(receiver.effects) == len(keys)
    assert receiver.duplicates == []


def test_a_command_killed_once_it_has_written_counts_once_when_it_is_repeated(tmp_path: Path) -> None:
    """Whoever lost the answer types it again, or a script does, and two exits would be two severances."""
    terminal = Terminal(tmp_path, date(2026, 3, 2))
    assert terminal.run("contract", "add", terminal.letter(), "--yes").code == 0
    words = ("event", "letter", "employment_started", "2026-01-05", "--id", "hris-4711", "--yes")

    def recorded() -> int:
        return sum("hris-4711" in map(str, row) for row in terminal.rows()["event_log"])

    def typed() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "obligations", *words],
            cwd=ROOT, env={**os.environ, **terminal.env}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    with typed() as first:
        wait_for(lambda: recorded() == 1 or first.poll() is not None, "nothing was recorded")
        first.kill()
        first.communicate(timeout=SECONDS)
    assert recorded() == 1
    with typed() as again:
        _, said = again.communicate(timeout=SECONDS)
    assert again.returncode == 2
    assert b"recorded already" in said
    assert recorded() == 1
