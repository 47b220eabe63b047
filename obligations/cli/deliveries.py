"""Commands about what is sent: list deliveries, approve, refuse, send again."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import typer

from obligations.cli.holding import held_lines, holds_json, rest_lines
from obligations.cli.lines import cut, wrapped
from obligations.cli.occurrence_text import alike, amount_of, called
from obligations.cli.shell import As, Json, Yes, actor, fail, print_json, print_lines, service
from obligations.domain.delivery import DeliveryState
from obligations.planning.as_json import push_json
from obligations.ports import StoredDelivery
from obligations.terms.errors import did_you_mean

Who = Annotated[
    str,
    typer.Option(
        "--as", metavar="PERSON", help="Who acts: a name or e-mail of the contract's people.", show_default=False
    ),
]
What = Annotated[
    str, typer.Argument(metavar="DELIVERY", help="The beginning of a delivery's key, or contract/clause/index.")
]


def deliveries(
    state: Annotated[list[str], typer.Option("--state", help="Only these states; may be repeated.")] = [],  # noqa: B006
    contract: Annotated[str | None, typer.Option("--contract", help="Only this contract's.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 200,
    as_json: Json = False,
) -> None:
    """What was sent, is to be sent, or waits for a person."""
    known = [one.value for one in DeliveryState]
    for word in state:
        if word not in known:
            fail(f'there is no state "{word}".{did_you_mean(word, known)}')
    with service() as use:
        found = use.deliveries(contract, {DeliveryState(word) for word in state} or None, limit)
        needed, held, rests = use.needed(found), use.holds(), use.rests()
    if as_json:
        print_json(
            {
                "schema": "obligations.deliveries/1",
                "holds": holds_json(held),
                "rests": [{"destination": name, "until": until.isoformat()} for name, until in rests.items()],
                "deliveries": [_json(one, needed.get(one.push.key, ())) for one in found],
            }
        )
        return
    print_lines((*held_lines(held), *rest_lines(rests)))
    if not found:
        typer.echo("No delivery is in that state." if state else "Nothing is planned to be sent yet.")
    print_lines(listed_text(found, needed))


def listed_text(
    found: Iterable[StoredDelivery], needed: Mapping[UUID, tuple[str, ...]] = MappingProxyType({})
) -> Iterator[str]:
    """Deliveries, two lines and more each: what goes when, and how it stands."""
    for one in found:
        tries = f", {one.attempts} attempt{'s' if one.attempts != 1 else ''}" if one.attempts else ""
        name = f"{one.push.clause}/{one.push.index} {one.push.name}"
        yield cut(f"{one.push.send_at:%Y-%m-%d %H:%M}Z {one.state:10} {name}")
        amount = f" {paid}" if (paid := amount_of(one.push)) else ""
        says = "; ".join(filter(None, (one.reason, _goes_again(one))))
        if one.push.key in needed:
            says = f"needs {' and '.join(needed[one.push.key])}, content {one.content_hash[:12]}"
        for line in wrapped(f"    {str(one.push.key)[:8]} {one.push.contract}{amount}{tries}", says):
            yield line.rstrip()


def _goes_again(one: StoredDelivery) -> str:
    """When what did not arrive is tried next, by the machine's clock."""
    if one.state is not DeliveryState.RETRYING or one.next_attempt_at is None:
        return ""
    if one.next_attempt_at.year < 2000:  # a person let it go
        return "goes again at its next chance"
    key = str(one.push.key)[:8]
    return f"goes again at {one.next_attempt_at:%Y-%m-%d %H:%M}Z, or at once: obligations retry {key}"


def approve(
    delivery: What,
    person: Who,
    content: Annotated[
        str, typer.Option("--content", metavar="SHA", help="Only this content, as `obligations deliveries` shows it.")
    ] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Agree to a proposed payment or instruction, over exactly what it says now; asks first at a terminal."""
    with service() as use:
        contents = [content] if content else []
        if not content and not yes and not as_json and sys.stdin.isatty():
            proposed = use.proposed(delivery)
            for name, amount, group in alike([one.push for one in proposed]):
                for line in wrapped(f"{name}: {group[0].name}", amount):
                    typer.echo(line.rstrip())
            if not typer.confirm("Approve this?" if len(proposed) == 1 else f"Approve these {len(proposed)}?"):
                typer.echo("Nothing was approved.")
                return
            contents = [one.content_hash for one in proposed]
        decided = use.decide(delivery, person=person, approve=True, contents=contents)
    _decided(decided, True, as_json)


def refuse(
    delivery: What,
    person: Who,
    reason: Annotated[str, typer.Option("--reason", help="Why.", show_default=False)],
    as_json: Json = False,
) -> None:
    """Say no to a proposed payment or instruction."""
    with service() as use:
        decided = use.decide(delivery, person=person, approve=False, reason=reason)
    _decided(decided, False, as_json)


def retry(
    delivery: What,
    not_received: Annotated[
        bool, typer.Option("--not-received", help="You asked the receiver, and it never took the instruction.")
    ] = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Send a parked delivery again, or a retrying one now, under its key and with its bytes; propose a refused one
    again."""
    with service() as use:
        again = use.retry(delivery, actor=actor(person), not_received=not_received)
        needed = use.needed(again)
    if as_json:
        listed = [_json(one, needed.get(one.push.key, ())) for one in again]
        print_json({"schema": "obligations.deliveries/1", "deliveries": listed})
        return
    for one in again:
        why = f": {one.reason}" if one.state is DeliveryState.PARKED else ""
        print_lines(
            wrapped(f"{one.push.contract}/{one.push.clause}/{one.push.index}", f"{one.push.name} {one.state}{why}")
        )


def _decided(decided: Sequence[tuple[StoredDelivery, tuple[str, ...]]], approved: bool, as_json: bool) -> None:
    if as_json:
        print_json({"schema": "obligations.decision/1", "decided": [_json(one, left) for one, left in decided]})
        return
    for one, left in decided:
        amount = amount_of(one.push)
        what = f"{'approved' if approved else 'refused'} {one.push.name}{f', {amount}' if amount else ''}"
        print_lines(wrapped(f"{called(one.push)}:", what))
        if approved and left:
            typer.echo(f"  still needs {' and '.join(left)}")
        elif approved:
            typer.echo(f"  goes at {one.push.send_at:%Y-%m-%d %H:%M}Z")


def _json(one: StoredDelivery, needed: tuple[str, ...]) -> dict[str, object]:
    units = one.push.payload.get("units") or {}
    return {
        "contract": one.push.contract,
        **push_json(one.push),
        "amount": one.push.payload.get("amount"),
        "units": units.get("value"),
        "unit": units.get("unit") or None,
        "state": str(one.state),
        "attempts": one.attempts,
        "next_attempt_at": one.next_attempt_at.isoformat() if one.next_attempt_at else None,
        "delivered_at": one.delivered_at.isoformat() if one.delivered_at else None,
        "reason": one.reason,
        "content": one.content_hash,
        "needs_approval_by": list(needed),
        "supersedes": str(one.push.supersedes) if one.push.supersedes else None,
    }
