"""Commands that answer what is owed: it was done, in whole or in part, or it was waived."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from obligations.cli.change_text import finished_text
from obligations.cli.shell import As, Json, actor, day, fail, print_json, print_lines, service
from obligations.planning.answers import DONE, PARTLY, WAIVED
from obligations.planning.as_json import change_json, occurrence_json

Answered = Annotated[str, typer.Argument(help="contract/clause/index, or the beginning of an id.")]
Evidence = Annotated[str, typer.Option("--evidence", help="What proves it.", show_default=False)]


def done(
    occurrence: Answered,
    evidence: Evidence,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day it was done; today unless given.")
    ] = None,
    amount: Annotated[str | None, typer.Option("--amount", help="Only so much of the money was paid.")] = None,
    units: Annotated[str | None, typer.Option("--units", help="Only so many units or hours were given.")] = None,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Record that an occurrence was fulfilled, in whole or in part, with its evidence."""
    if amount is not None and units is not None:
        fail("a part is money or units, not both; leave --amount or --units out")
    part = {"amount": amount} if amount is not None else {"units": units} if units is not None else {}
    _answer(occurrence, PARTLY if part else DONE, {key: str(value) for key, value in part.items()}, evidence, on,
            person, as_json)  # fmt: skip


def waive(
    occurrence: Answered,
    by: Annotated[str, typer.Option("--by", metavar="PARTY", help="Who waives it: whom it is owed to.")],
    evidence: Evidence,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day it was waived; today unless given.")
    ] = None,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Record that whoever an occurrence is owed to gave it up, with the evidence."""
    _answer(occurrence, WAIVED, {"by": by}, evidence, on, person, as_json)


def _answer(
    occurrence: str,
    word: str,
    details: dict[str, str],
    evidence: str,
    on: str | None,
    person: str | None,
    as_json: bool,
) -> None:
    with service() as use:
        finished = use.answered(
            occurrence,
            word,
            details,
            evidence=evidence,
            on=day(on) if on else None,
            actor=actor(person),
            report_id=f"ev-{secrets.token_hex(5)}",
        )
    if as_json:
        print_json(
            {
                "schema": f"obligations.{'waive' if word == WAIVED else 'done'}/1",
                "occurrence": occurrence_json(finished.occurrence),
                "changes": [change_json(change) for change in finished.changes],
                "no_longer_go": [str(one.push.key) for one in finished.stopped],
                "on_their_way": [str(one.push.key) for one in finished.on_its_way],
            }
        )
        return
    print_lines(finished_text(finished))
