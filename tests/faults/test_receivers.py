"""What receivers do wrong, from the wire to the store: each ends in one effect, or in front of a person."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from uuid import UUID, uuid5

import pytest

from connectors.http import connector
from obligations.clocks import SystemMachineClock
from obligations.domain.delivery import DeliveryState, Push
from obligations.planning.content import body_of, content_hash
from obligations.ports import Changes, Connector, DeliveryChange, Store
from obligations.store import open_store
from obligations.testing import payroll as receiving
from obligations.testing.payroll import Answer, PayrollReceiver
from tests.engine.stage import CONTRACT, NAMESPACE, Stage, contract, push
from tests.memory import new_memory

KEY = uuid5(NAMESPACE, "pay")
TRUNCATED = b'HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{"reference"'
# What leaves the sender in doubt, and whether the receiver had acted.
DOUBTS = {
    "it hangs": receiving.hang(),
    "it drips": receiving.drip(),
    "it resets before it reads": receiving.drop_before(),
    "it resets after it acted": receiving.drop_after(),
    "it answers garbage": receiving.raw(b"\x00\xffnot HTTP at all\r\n\r\n"),
    "it hangs up without a word": receiving.raw(b""),
    "it stops half-way through its answer's head": receiving.raw(TRUNCATED[:20]),
    "it fails after it acted": receiving.status(500, effect=True),
    "it fails before it acts": receiving.status(500),
}


@pytest.fixture
def receiver() -> Iterator[PayrollReceiver]:
    with PayrollReceiver() as listening:
        yield listening


@pytest.fixture
def stage(sqlite_url: str) -> Iterator[Stage]:
    store = open_store(sqlite_url)
    planned = Stage(store)
    plan(store, push("pay", connector="http"))
    yield planned
    store.close()


def plan(store: Store, *pushes: Push) -> None:
    """Instructions as the service stores them."""
    with store.write() as view:
        if view.contract(CONTRACT) is None:
            view.put_contract(contract())
        changes = tuple(DeliveryChange(one, body_of(one), content_hash(one), DeliveryState.SCHEDULED) for one in pushes)
        view.apply(CONTRACT, Changes(deliveries=changes))


def http(stage: Stage, receiver: PayrollReceiver, *names: str, seconds: float = 20) -> dict[str, Connector]:
    # The stand-in holds signatures against the real time, and so does the connector sign.
    settings = {"url": receiver.url, "secret": receiver.secret, "timeout_seconds": seconds}
    made = connector({"destinations": dict.fromkeys(names or ("payroll",), settings)}, machine=SystemMachineClock())
    return {"http": made}


@pytest.mark.parametrize("doubt", DOUBTS)
async def test_a_doubt_is_settled_by_the_same_key(stage: Stage, receiver: PayrollReceiver, doubt: str) -> None:
    """Another key would pay twice, and giving up would pay never."""
    receiver.script(DOUBTS[doubt])
    impatient = http(stage, receiver, seconds=0.3)
    assert await stage.pump(connectors=impatient).pass_once() == 1
    await impatient["http"].close()
    connectors = http(stage, receiver)
    if stage.delivery("pay").state is not DeliveryState.DELIVERED:
        assert stage.delivery("pay").state is DeliveryState.RETRYING
        receiver.release()
        stage.machine.advance(seconds=61)
        assert await stage.pump(connectors=connectors).pass_once() == 1
    await connectors["http"].close()
    assert stage.delivery("pay").state is DeliveryState.DELIVERED
    assert [UUID(arrival.key) for arrival in receiver.effects] == [KEY]
    assert receiver.bad == []


@pytest.mark.parametrize("asked", ["7200", "a date"])
async def test_a_wait_that_was_asked_for_outlives_the_process(
    stage: Stage, receiver: PayrollReceiver, sqlite_url: str, asked: str
) -> None:
    """A receiver that is flooded asks for two hours, and a restart must not be taken for them."""
    answer = "7200"
    if asked == "a date":
        answer = format_datetime(SystemMachineClock().now() + timedelta(seconds=7201), usegmt=True)
    receiver.script(receiving.status(429, {"retry-after": answer}))
    first = http(stage, receiver)
    assert await stage.pump(connectors=first).pass_once() == 1
    await first["http"].close()

    restarted, again = open_store(sqlite_url), http(stage, receiver)
    pump = stage.pump(store=restarted, connectors=again)
    stage.machine.advance(seconds=7190)
    assert await pump.pass_once() == 0
    assert len(receiver.received) == 1
    stage.machine.advance(seconds=20)
    assert await pump.pass_once() == 1
    assert stage.delivery("pay").state is DeliveryState.DELIVERED
    await again["http"].close()
    restarted.close()


async def test_a_receiver_that_is_gone_is_not_called_again(stage: Stage, receiver: PayrollReceiver) -> None:
    """It said to stop; a person must hear of it, and it must hear nothing, of what becomes due later either."""
    receiver.script(receiving.status(410))
    connectors = http(stage, receiver)
    pump = stage.pump(connectors=connectors)
    await pump.pass_once()
    plan(stage.store, *(push(f"pay {n}", connector="http") for n in range(3)))
    for _ in range(5):
        stage.machine.advance(days=1)
        await pump.probe()
        assert await pump.pass_once() == 0
    await connectors["http"].close()
    assert receiver.requests == 1
    assert stage.delivery("pay").state is DeliveryState.PARKED
    assert "asked not to be called again" in stage.delivery("pay").reason


def _bomb() -> Answer:
    body = gzip.compress(b"0" * 60_000_000, compresslevel=9)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"
    return receiving.raw(head.encode() + body)


@pytest.mark.parametrize("answer", ["huge", "bomb"])
async def test_no_answer_fills_the_memory(stage: Stage, receiver: PayrollReceiver, answer: str) -> None:
    """One receiver's answer would otherwise end the daemon, and with it everybody else's payments."""
    if answer == "huge":
        receiver.script(receiving.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 60000000\r\n\r\n" + b"x" * 60_000_000))
    else:
        receiver.script(_bomb())
    connectors = http(stage, receiver, seconds=10)
    with new_memory() as held:
        await stage.pump(connectors=connectors).pass_once()
    await connectors["http"].close()
    assert held.most_bytes < 20_000_000
    assert stage.delivery("pay").state is DeliveryState.DELIVERED


async def test_what_is_no_text_after_success_is_success(stage: Stage, receiver: PayrollReceiver) -> None:
    """The instruction was taken; that its receipt cannot be read changes nothing, and reaches no log."""
    receiver.script(receiving.ok(b'{"reference": "\xff\xfe\xc3\x28"}'))
    connectors = http(stage, receiver)
    assert await stage.pump(connectors=connectors).pass_once() == 1
    await connectors["http"].close()
    found = stage.delivery("pay")
    assert found.state is DeliveryState.DELIVERED
    json.dumps(dict(found.receipt)).encode()


async def test_a_herd_is_let_through_a_few_at_a_time_and_each_gets_its_turn(
    stage: Stage, receiver: PayrollReceiver
) -> None:
    """At midnight of the first everything is due; one system must not get all of it at once, nor go last."""
    systems = [f"system {number}" for number in range(4)]
    plan(
        stage.store,
        *(push(f"{system} {n}", system, connector="http") for n in range(60) for system in systems),
    )
    connectors = http(stage, receiver, "payroll", *systems)
    assert await stage.pump(connectors=connectors, total_concurrency=16, destination_concurrency=4).pass_once() == 241
    await connectors["http"].close()
    assert set(stage.states().values()) == {DeliveryState.DELIVERED}
    assert len(receiver.effects) == 241
    assert receiver.duplicates == []
    where = {str(uuid5(NAMESPACE, f"{system} {n}")): system for n in range(60) for system in systems}
    half = [where.get(arrival.key, "") for arrival in receiver.effects[:120]]
    assert min(half.count(system) for system in systems) >= 10, "one of them waited until the others were through"
