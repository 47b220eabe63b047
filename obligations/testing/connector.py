"""What every connector owes the engine, as checks that run against yours.

Describe the world behind your connector and let the suite drive it, all at once or one test for each check:

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    async def test_my_connector_keeps_the_contract(check, world):
        await check(world)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from obligations.domain.delivery import Outcome, Verdict
from obligations.ports import Claim, Connector


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that reached the receiver: what it would know a repeat by, and the content it read."""

    identity: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong on the way: how to arrange it for the next request, and what may be said of it.

    `arrivals` is the most that may reach the receiver while it lasts; one more means the connector repeated itself.
    """

    name: str
    arrange: Callable[[], None]
    verdicts: Collection[Verdict]
    arrivals: int = 1


@dataclass(frozen=True, slots=True)
class World:
    """A connector and what is behind it.

    Args:
        build: makes a fresh connector for a receiver that works.
        claim: a delivery it should make; its body holds every word of `private`.
        arrivals: what reached the receiver so far, oldest first.
        troubles: what can go wrong; each is tried with a fresh connector.
        private: words that no outcome and no repr may hold: the secret, the token, an amount in the body.
        remembers: whether the receiver can tell a repeat from a new thing.
    """

    build: Callable[[], Connector]
    claim: Claim
    arrivals: Callable[[], Sequence[Arrival]]
    troubles: Sequence[Trouble] = ()
    private: Collection[str] = field(default=(), repr=False)
    remembers: bool = True


Check = Callable[[World], Awaitable[None]]


async def delivers_once(world: World) -> None:
    """One claim reaches a working receiver as one arrival, and the outcome says so."""
    before = len(world.arrivals())
    outcome = await _deliver(world, world.claim)
    _expect(outcome.verdict is Verdict.DELIVERED, f"a working receiver came to {outcome.verdict}: {outcome.detail}")
    came = len(world.arrivals()) - before
    _expect(came == 1, f"one claim arrived {came} times")


async def a_repeat_is_known_as_one(world: World) -> None:
    """A second attempt carries the same identity and the same content, so that the receiver can tell."""
    before = len(world.arrivals())
    connector = world.build()
    try:
        for attempt in (1, 2):
            await connector.deliver(replace(world.claim, attempt=attempt, fence=attempt))
    finally:
        await connector.close()
    first, second = world.arrivals()[before:]
    _expect(first.content == second.content, "the second attempt carried other content")
    if world.remembers:
        _expect(first.identity == second.identity, "the second attempt carried another identity")
        _expect(str(world.claim.key) in first.identity, "the identity does not come from the claim's key")


async def trouble_becomes_an_outcome(world: World) -> None:
    """Whatever the receiver does, the connector raises nothing, tries once and says what it means."""
    for trouble in world.troubles:
        before = len(world.arrivals())
        trouble.arrange()
        outcome = await _deliver(world, world.claim)
        allowed = ", ".join(sorted(trouble.verdicts))
        _expect(outcome.verdict in trouble.verdicts, f"{trouble.name} came to {outcome.verdict}, expected {allowed}")
        _expect(bool(outcome.detail), f"{trouble.name}: nobody is told what happened")
        came = len(world.arrivals()) - before
        _expect(came <= trouble.arrivals, f"{trouble.name}: one claim arrived {came} times")
        _keeps_quiet(world, trouble.name, outcome)


async def a_strange_body_is_no_accident(world: World) -> None:
    """Bytes that are no content of ours end in an outcome other than success."""
    for body in (b"", b"\xff\xfe", b"[]", b"null", b'{"title": 7}', b'{"facts": 3}', b"[" * 100_000):
        outcome = await _deliver(world, replace(world.claim, body=body))
        _expect(outcome.verdict is not Verdict.DELIVERED, f"the body {body[:20]!r} was called delivered")
        _keeps_quiet(world, f"the body {body[:20]!r}", outcome)


async def nobody_to_send_to_is_an_outcome(world: World) -> None:
    """A destination nobody configured, with no address, ends in an outcome and not in an exception."""
    outcome = await _deliver(world, replace(world.claim, destination="nobody-knows", address={}))
    _keeps_quiet(world, "an unknown destination", outcome)


async def keeps_secrets(world: World) -> None:
    """Neither the outcome of a success nor the connector's own repr holds a secret or an amount."""
    connector = world.build()
    try:
        _keeps_quiet(world, "a success", await connector.deliver(world.claim))
        for word in world.private:
            shown = repr(connector) + repr(getattr(connector, "__dict__", ""))
            _expect(word not in shown, "the connector's repr holds a private word")
    finally:
        await connector.close()


async def check_answers(world: World) -> None:
    """`check` finds nothing wrong with a working receiver, and holds no secret."""
    connector = world.build()
    try:
        said = await connector.check()
    finally:
        await connector.close()
    _expect(said is None, f"a working receiver was found faulty: {said}")


async def closes_twice(world: World) -> None:
    """Closing again is harmless, and a delivery after it is an outcome."""
    connector = world.build()
    await connector.close()
    await connector.close()
    outcome = await connector.deliver(world.claim)
    _expect(isinstance(outcome, Outcome), "a delivery after closing came to no outcome")


CHECKS: tuple[Check, ...] = (
    delivers_once,
    a_repeat_is_known_as_one,
    trouble_becomes_an_outcome,
    a_strange_body_is_no_accident,
    nobody_to_send_to_is_an_outcome,
    keeps_secrets,
    check_answers,
    closes_twice,
)


async def exercise_connector(world: World) -> None:
    """Run every check; raises one `AssertionError` that names all that failed and why."""
    failed: Mapping[str, str] = {
        check.__name__: said for check in CHECKS if (said := await _said_by(check, world)) is not None
    }
    if failed:
        lines = (f"{name}: {said}" for name, said in failed.items())
        raise AssertionError("the connector does not keep its contract\n" + "\n".join(lines))


async def _said_by(check: Check, world: World) -> str | None:
    try:
        await check(world)
    except Exception as error:  # noqa: BLE001 - whatever a connector raises is what the suite is here to report
        return f"{type(error).__name__}: {error}"
    return None


async def _deliver(world: World, claim: Claim) -> Outcome:
    connector = world.build()
    try:
        return await connector.deliver(claim)
    finally:
        await connector.close()


def _keeps_quiet(world: World, when: str, outcome: Outcome) -> None:
    told = " ".join((outcome.detail, *outcome.receipt.values(), repr(outcome)))
    for word in world.private:
        _expect(word not in told, f"{when}: the outcome holds a private word")


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
