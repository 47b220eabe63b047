"""Commands that answer: what is next, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from obligations.cli import show
from obligations.cli.shell import Json, print_json, service
from obligations.domain.delivery import DeliveryState
from obligations.planning.as_json import alternative_json, occurrence_json, power_json


def next_(
    days: Annotated[int, typer.Option("--days", min=0, max=3660, help="How far to look.")] = 30,
    as_json: Json = False,
) -> None:
    """What is due next, overdue first, and what waits for people."""
    with service() as use:
        today, found = use.due(days)
        proposed = use.deliveries(states={DeliveryState.PROPOSED})
        parked = use.deliveries(states={DeliveryState.PARKED})
        refused = use.deliveries(states={DeliveryState.REFUSED})
        judged = use.needing_people()
    if as_json:
        print_json(
            {
                "schema": "obligations.next/1",
                "today": today.isoformat(),
                "occurrences": [{"contract": one.contract, **occurrence_json(one)} for one in found],
                "needs_person": [{"contract": one.contract, **occurrence_json(one)} for one in judged],
                "awaiting_approval": len(proposed),
                "parked": len(parked),
                "refused": len(refused),
            }
        )
        return
    typer.echo(f"Today is {today:%a} {today}; the next {days} days")
    if not found:
        typer.echo("  Nothing is due.")
    contract = ""
    for one in found:
        if one.contract != contract:
            contract = one.contract
            typer.echo(f"{contract}")
        for line in show.table([one]):
            typer.echo(f"  {line}"[: show.WIDTH])
    for line in show.legend(found):
        typer.echo(line)
    if judged:
        typer.echo(f"{len(judged)} wait for a person's judgment: obligations contract show CONTRACT")
    if proposed:
        typer.echo(f"{len(proposed)} wait for approval: obligations deliveries --state proposed")
    if parked:
        typer.echo(f"{len(parked)} are parked: obligations deliveries --state parked")
    if refused:
        were = "was" if len(refused) == 1 else "were"
        typer.echo(f"{len(refused)} {were} refused: obligations deliveries --state refused")


def why(
    occurrence: Annotated[
        str, typer.Argument(help="contract/clause/index, the beginning of an id, or a power's name.")
    ],
    as_json: Json = False,
) -> None:
    """Why a date is what it is: clause, events, rule, reading, and the date under the other readings."""
    with service() as use:
        found = use.why(occurrence)
    one, power = found.occurrence, found.power
    subject = one or power
    assert subject is not None, "the lookup raises where nothing is found"
    if as_json:
        body = occurrence_json(one) if one else power_json(power) if power else {}
        others = [alternative_json(other) for other in found.others]
        print_json(
            {"schema": "obligations.why/1", "contract": subject.contract, **body, "under_other_readings": others}
        )
        return
    if one is not None:
        for line in show.wrapped(f"{one.contract}/{one.clause}/{one.index}", one.title):
            typer.echo(line)
        for line in show.table([one]):
            typer.echo(line)
    elif power is not None:
        waits = f", waits for {' and '.join(power.waiting_for)}" if power.waiting_for else ""
        arises = f", arises on {power.arises_on}" if power.arises_on else ""
        for line in show.wrapped(f"{power.contract}/{power.name}:", f"{power.state}{arises}{waits}"):
            typer.echo(line)
    typer.echo("")
    typer.echo("Why")
    for line in show.derivation_text(subject.derivation):
        typer.echo(line)
    if found.others:
        typer.echo("")
        typer.echo("Under other readings")
        for line in show.alternatives_text(found.others):
            typer.echo(line)
    if found.deliveries:
        typer.echo("")
        typer.echo("Deliveries")
        for delivery in found.deliveries:
            typer.echo(f"  {delivery.push.send_at:%Y-%m-%d %H:%M}Z {delivery.state:10} {delivery.push.name}")
