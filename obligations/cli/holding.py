"""Commands that stop sending and let it go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import typer

from obligations.cli.lines import wrapped
from obligations.cli.shell import As, Json, Yes, actor, confirmed, print_json, print_lines, service
from obligations.domain.hold import Hold, Scope


def pause(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)],
    money: Annotated[
        bool, typer.Option("--money", help="Only what moves money or rights; people are still reminded.")
    ] = False,
    to: Annotated[str, typer.Option("--to", metavar="DESTINATION", help="Only what goes to this role or system.")] = "",
    person: As = None,
    as_json: Json = False,
) -> None:
    """Send nothing more until somebody resumes; what is on its way already gets its answer."""
    with service() as use:
        scope = Scope.MONEY if money else Scope.EVERYTHING
        made = use.pause(scope, reason=reason, actor=actor(person), destination=to)
    _show([made], as_json)
    if not as_json:
        typer.echo(f"Let it go on: obligations resume {made.number}")


def resume(
    number: Annotated[
        int | None, typer.Argument(metavar="[HOLD]", help="The hold's number; all of them where left out.")
    ] = None,
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Let sending go on: what was kept back goes now, late and marked so. Asks before it lifts several holds."""
    with service() as use:
        # Exactly what was shown is lifted: not what somebody else stops while the question stands.
        held = use.holds()
        meant = [one.number for one in held] if number is None else [number]
        if len(meant) > 1 and not yes:
            if not as_json:
                print_lines(held_lines(held))
            if not confirmed(f"Lift all {len(meant)} holds, whoever made them?", yes=False):
                typer.echo("Nothing was lifted.")
                return
        lifted = use.resume(meant or None, actor=actor(person))
    if as_json:
        _show(lifted, as_json)
        return
    for one in lifted:
        typer.echo(f"hold {one.number} is lifted: {told(one)} go on")


def held_lines(held: Sequence[Hold]) -> list[str]:
    """What keeps sending back, for people."""
    return [
        line
        for one in held
        for line in wrapped(
            f"hold {one.number}: {told(one)} wait",
            f"since {one.held_at:%Y-%m-%d %H:%M}Z, by {one.held_by}: {one.reason}",
        )
    ]


def rest_lines(rests: Mapping[str, datetime]) -> list[str]:
    """Who asked to be left alone, for people."""
    return [f"{name} asked to be called no more before {until:%Y-%m-%d %H:%M}Z" for name, until in rests.items()]


def told(one: Hold) -> str:
    """What a hold keeps back, as the subject of a sentence."""
    if one.destination:
        return f"deliveries to {one.destination}"
    return "payments and grants" if one.scope is Scope.MONEY else "reminders, payments and all else"


def _show(held: Sequence[Hold], as_json: bool) -> None:
    if not as_json:
        print_lines(held_lines(held))
        return
    print_json({"schema": "obligations.holds/1", "holds": holds_json(held)})


def holds_json(held: Sequence[Hold]) -> list[dict[str, object]]:
    """Holds for programs."""
    return [
        {
            "number": one.number,
            "scope": "destination" if one.destination else one.scope.value,
            "destination": one.destination,
            "reason": one.reason,
            "held_at": one.held_at.isoformat(),
            "held_by": one.held_by,
        }
        for one in held
    ]
