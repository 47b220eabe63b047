"""A daemon killed at any step of sending loses nothing, and repeats only what was in flight, under the same key."""

from __future__ import annotations

import os
import queue
import signal
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from obligations.domain.delivery import MOST_UNANSWERED, DeliveryState
from obligations.engine.steps import Step
from tests.engine.daemon_process import DIED, POISON
from tests.engine.stage import NAMESPACE, Stage, push

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 30
DUE = 12
NTH = {
    Step.BEFORE_CLAIM: 2, Step.CLAIMED: 2, Step.BEFORE_SEND: 6, Step.SENT: 6, Step.BEFORE_RECORD: 2, Step.RECORDED: 2,
}  # fmt: skip
ANSWER_LOST = {"sent:6", "before_record:2", "record_commit"}
POINTS = [*(f"{step}:{NTH[step]}" for step in Step), "claim_commit", "record_commit"]


class Receiver(socketserver.ThreadingTCPServer):
    """Says yes to everything, and keeps what it heard."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Listener)
        self.recorded: queue.Queue[UUID] = queue.Queue()
        self.received: list[tuple[UUID, str]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Listener(socketserver.StreamRequestHandler):
    server: Receiver

    def handle(self) -> None:
        words = self.rfile.readline().decode().split()
        if words[:1] == ["received"]:
            self.server.received.append((UUID(words[1]), words[2]))
        elif words[:1] == ["recorded"]:
            self.server.recorded.put(UUID(words[1]))
        try:
            self.wfile.write(b"yes\n")
        except OSError:
            return  # killed while it waited


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def daemon(url: str, receiver: Receiver, kill_at: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engine.daemon_process", url, str(receiver.port), kill_at],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_this_step_nothing_is_lost_and_no_effect_happens_twice(
    stage: Stage, database_url: str, receiver: Receiver, point: str
) -> None:
    names = [f"pay {number}" for number in range(DUE)]
    stage.plan(*(push(name, f"system {number % 5}") for number, name in enumerate(names)))
    keys = {uuid5(NAMESPACE, name): name for name in names}

    with daemon(database_url, receiver, point) as first:
        _, said = first.communicate(timeout=DEADLINE_SECONDS)
    assert first.returncode == -signal.SIGKILL, said.decode()
    at_death = stage.states()
    in_flight = {key for key, name in keys.items() if at_death[name] is DeliveryState.SENDING}
    still_open = {name for name, state in at_death.items() if state is not DeliveryState.DELIVERED}
    assert still_open, "killed too late to prove anything"
    while not receiver.recorded.empty():
        receiver.recorded.get()

    with daemon(database_url, receiver, "never") as second:
        waiting = {key for key, name in keys.items() if name in still_open}
        while waiting:
            waiting.discard(receiver.recorded.get(timeout=DEADLINE_SECONDS))
        second.send_signal(signal.SIGTERM)
        _, said = second.communicate(timeout=DEADLINE_SECONDS)
    assert second.returncode == 0, said.decode()

    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    # The receiver honours the key: an effect is a key heard for the first time.
    times = Counter(key for key, _ in receiver.received)
    assert set(times) == set(keys)
    twice = {key for key, count in times.items() if count > 1}
    assert twice <= in_flight
    if point in ANSWER_LOST:
        assert twice, "the answer was lost with the process, so the receiver must hear the key again"
    assert max(times.values()) <= 2
    assert all(body == str(key) for key, body in receiver.received)


def test_what_kills_every_daemon_is_quarantined_and_the_rest_goes(
    stage: Stage, database_url: str, receiver: Receiver
) -> None:
    """One message that no daemon survives would otherwise stop all payments for good."""
    names = [f"pay {number}" for number in range(DUE)]
    stage.plan(push("the last straw", POISON), *(push(name, f"system {n % 5}") for n, name in enumerate(names)))

    for _ in range(MOST_UNANSWERED):
        assert stage.states()["the last straw"] is not DeliveryState.PARKED
        with daemon(database_url, receiver, "never") as dying:
            _, said = dying.communicate(timeout=DEADLINE_SECONDS)
        assert dying.returncode == DIED, said.decode()

    with daemon(database_url, receiver, "never") as living:
        waiting = {name for name, state in stage.states().items() if state is not DeliveryState.DELIVERED}
        waiting.discard("the last straw")
        keys = {uuid5(NAMESPACE, name) for name in waiting}
        while keys:
            keys.discard(receiver.recorded.get(timeout=DEADLINE_SECONDS))
        assert living.stderr is not None
        alarm = b""
        while b"quarantined" not in alarm:
            alarm = living.stderr.readline()
            assert alarm, "nobody was told"
        living.send_signal(signal.SIGTERM)
        _, said = living.communicate(timeout=DEADLINE_SECONDS)
    assert living.returncode == 0, said.decode()
    assert b'"error"' in alarm
    states = stage.states()
    assert states.pop("the last straw") is DeliveryState.PARKED
    assert "quarantined" in stage.delivery("the last straw").reason
    assert set(states.values()) == {DeliveryState.DELIVERED}
    assert [attempt.verdict for attempt in stage.attempts("the last straw")] == ["unknown"] * MOST_UNANSWERED
