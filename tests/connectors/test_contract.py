"""Every connector keeps the contract shipped for connector authors, and comes in by the door offered to them."""

from __future__ import annotations

import base64
import importlib.metadata
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

import connectors.console
import connectors.http
import connectors.slack
from connectors.console import ConsoleConnector
from obligations.clocks import SystemMachineClock
from obligations.domain.delivery import Outcome, Verdict
from obligations.ports import Claim, Connector
from obligations.testing import payroll as receiving
from obligations.testing import slack as talking
from obligations.testing.clocks import FixedMachineClock
from obligations.testing.connector import CHECKS, Arrival, Check, Trouble, World, exercise_connector
from obligations.testing.payroll import PayrollReceiver
from obligations.testing.slack import SlackStandIn

V = Verdict
MakeClaim = Callable[..., Claim]
MakeWorld = Callable[[], World]
ENTRY_POINTS = {
    "console": connectors.console.connector,
    "http": connectors.http.connector,
    "slack": connectors.slack.connector,
}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def worlds(stack: ExitStack, action: MakeClaim, reminder: MakeClaim) -> Mapping[str, MakeWorld]:
    return {
        "http": lambda: _http(stack.enter_context(PayrollReceiver()), action()),
        "slack": lambda: _slack(stack.enter_context(SlackStandIn(users={"hr@example.com": "U1"})), reminder()),
        "console": lambda: _console(reminder()),
    }


def _http(payroll: PayrollReceiver, claim: Claim) -> World:
    settings = {"destinations": {"payroll": {"url": payroll.url, "secret": payroll.secret, "timeout_seconds": 2}}}

    def trouble(name: str, answer: receiving.Answer, *verdicts: Verdict) -> Trouble:
        return Trouble(name, lambda: payroll.script(answer), verdicts)

    return World(
        build=lambda: connectors.http.connector(settings, machine=SystemMachineClock()),
        claim=claim,
        arrivals=lambda: [Arrival(arrival.headers["webhook-id"], arrival.body) for arrival in payroll.received],
        troubles=[
            trouble("a refusal", receiving.status(422), V.REJECTED),
            trouble("an overload", receiving.status(429), V.RETRY),
            trouble("a fault", receiving.status(500), V.UNKNOWN),
            trouble("a farewell", receiving.status(410), V.GONE),
            trouble("a reset before", receiving.drop_before(), V.UNKNOWN),
            trouble("a reset after", receiving.drop_after(), V.UNKNOWN),
            trouble("garbage", receiving.raw(b"\x00\xff\x00\xff"), V.UNKNOWN),
            trouble("a receiver that hangs", receiving.hang(), V.UNKNOWN),
        ],
        private=[payroll.secret, payroll.secret.removeprefix("whsec_"), "125000"],
    )


def _slack(slack: SlackStandIn, claim: Claim) -> World:
    settings = {"token": slack.token, "base_url": slack.base_url, "timeout_seconds": 2}

    def trouble(name: str, answer: talking.Answer, *verdicts: Verdict) -> Trouble:
        return Trouble(name, lambda: slack.script("chat.postMessage", answer), verdicts)

    return World(
        build=lambda: connectors.slack.connector(settings, machine=FixedMachineClock(datetime(2006, 1, 1, tzinfo=UTC))),
        claim=claim,
        arrivals=lambda: [Arrival(one.client_msg_id, str((one.text, one.blocks)).encode()) for one in slack.messages],
        troubles=[
            trouble("a refusal", talking.error("channel_not_found"), V.REJECTED),
            trouble("an overload", talking.ratelimited(5), V.RETRY),
            trouble("a fault", talking.status(500), V.UNKNOWN),
            trouble("a refused token", talking.error("invalid_auth"), V.RETRY),
            trouble("a reset before", talking.drop_before(), V.UNKNOWN),
            trouble("a reset after", talking.drop_after(), V.UNKNOWN),
            trouble("garbage", talking.status(200), V.UNKNOWN),
            trouble("a Slack that hangs", talking.slow(), V.UNKNOWN),
        ],
        private=[slack.token, "125000"],
    )


class _Paper(io.StringIO):
    """Standard output as a person reads it: each flush is one block. Full when told to be."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[bytes] = []
        self.full = False

    def flush(self) -> None:
        if self.full:
            self.full = False
            raise OSError(28, "No space left on device")
        if text := self.getvalue():
            self.blocks.append(text.encode())
            self.seek(0)
            self.truncate()


def _console(claim: Claim) -> World:
    paper = _Paper()
    return World(
        build=lambda: ConsoleConnector(lambda: paper),
        claim=claim,
        arrivals=lambda: [Arrival("", block) for block in paper.blocks],
        troubles=[Trouble("a full disk", lambda: setattr(paper, "full", True), [V.RETRY])],
        private=["125000"],
        remembers=False,
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ["http", "slack", "console"])
async def test_every_connector_keeps_the_contract(worlds: Mapping[str, MakeWorld], name: str, check: Check) -> None:
    """The engine would meet a connector that repeats, raises, or tells what it must not."""
    await check(worlds[name]())


async def test_the_whole_suite_in_one_call(worlds: Mapping[str, MakeWorld]) -> None:
    """A connector's author would have to know the checks one by one."""
    await exercise_connector(worlds["http"]())


class Faulty:
    """A connector around a good one, with one fault."""

    name = "faulty"

    def __init__(self, good: Connector) -> None:
        self.good = good

    async def deliver(self, claim: Claim) -> Outcome:
        return await self.good.deliver(claim)

    async def check(self) -> str | None:
        return await self.good.check()

    async def close(self) -> None:
        await self.good.close()


class SendsTwice(Faulty):
    async def deliver(self, claim: Claim) -> Outcome:
        await self.good.deliver(claim)
        return await self.good.deliver(claim)


class ChangesKeys(Faulty):
    async def deliver(self, claim: Claim) -> Outcome:
        key = claim.key if claim.attempt == 1 else claim.occurrence_id
        return await self.good.deliver(
            replace(claim, key=key, body=claim.body.replace(str(claim.key).encode(), str(key).encode()))
        )


class Raises(Faulty):
    async def deliver(self, claim: Claim) -> Outcome:
        outcome = await self.good.deliver(claim)
        if outcome.verdict is not V.DELIVERED:
            raise ConnectionError(outcome.detail)
        return outcome


class Tells(Faulty):
    async def deliver(self, claim: Claim) -> Outcome:
        return replace(await self.good.deliver(claim), detail=claim.body.decode("utf-8", "replace"))


class SaysYes(Faulty):
    async def deliver(self, claim: Claim) -> Outcome:
        return replace(await self.good.deliver(claim), verdict=V.DELIVERED)


class Complains(Faulty):
    async def check(self) -> str | None:
        return "something is always wrong"


class ClosesOnce(Faulty):
    closed = False

    async def close(self) -> None:
        if self.closed:
            raise RuntimeError("closed twice")
        self.closed = True
        await self.good.close()


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (SendsTwice, {"delivers_once", "a_repeat_is_known_as_one"}),
        (ChangesKeys, {"a_repeat_is_known_as_one"}),
        (Raises, {"trouble_becomes_an_outcome", "a_strange_body_is_no_accident", "closes_twice"}),
        (Tells, {"keeps_secrets", "trouble_becomes_an_outcome"}),
        (SaysYes, {"trouble_becomes_an_outcome", "a_strange_body_is_no_accident"}),
        (Complains, {"check_answers"}),
        (ClosesOnce, {"closes_twice"}),
    ],
)
async def test_the_suite_finds_the_fault(worlds: Mapping[str, MakeWorld], fault: type[Faulty], found: set[str]) -> None:
    """The suite would pass any connector, and prove nothing about ours."""
    world = worlds["http"]()
    with pytest.raises(AssertionError, match="does not keep its contract") as failed:
        await exercise_connector(replace(world, build=lambda: fault(world.build())))
    named = {line.split(":")[0] for line in str(failed.value).splitlines()[1:]}
    assert found <= named


@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
def test_the_entry_point_names_the_factory(name: str) -> None:
    """The service would not find the connector that its configuration names."""
    (entry,) = importlib.metadata.entry_points(group="obligations.connectors", name=name)
    assert entry.load() is ENTRY_POINTS[name]


@pytest.mark.parametrize("name", sorted(ENTRY_POINTS))
async def test_the_factory_builds_a_connector_of_that_name(name: str) -> None:
    """Claims would be handed to a connector that answers to another name."""
    secret = "whsec_" + base64.b64encode(b"k" * 32).decode()
    settings: dict[str, dict[str, Any]] = {
        "console": {},
        "http": {"destinations": {"payroll": {"url": "https://payroll.example.com/", "secret": secret}}},
        "slack": {"token": "xoxb-1"},
    }
    made = ENTRY_POINTS[name](settings[name], machine=SystemMachineClock())
    assert made.name == name
    await made.close()
