"""The command for readings: which there are, and choosing one where the document leaves two."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated

import typer

from obligations.cli.events import agreed, show_preview
from obligations.cli.lines import wrapped
from obligations.cli.shell import Json, Yes, fail, print_json, print_lines, service
from obligations.planning.as_json import change_json
from obligations.service import InUse


def reading(
    contract: Annotated[str, typer.Argument(help="A contract's id.")],
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A reading; all are listed unless given.")] = None,
    option: Annotated[str | None, typer.Argument(metavar="OPTION", help="The option to go by.")] = None,
    person: Annotated[
        str | None, typer.Option("--as", metavar="PERSON", help="Who chooses: one of the contract's people.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why this one.")] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Choose a reading where the document leaves two: shows what changes first, then asks."""
    with service() as use:
        if name is None:
            _list(use.readings(contract), as_json)
            return
        if option is None:
            _list([one for one in use.readings(contract) if one.name == name], as_json)
            return
        if person is None:
            fail("say who chooses: --as PERSON, a name or e-mail of the contract's people")
        mark = None
        if not yes:
            shown = use.preview_reading(contract, name, option, person=person)
            if not agreed(shown, f'Read {name} as "{option}"?', as_json):
                typer.echo("Nothing was chosen.")
                return
            mark = shown.mark
        choice_id = f"ch-{secrets.token_hex(5)}"
        preview = use.choose(contract, name, option, person=person, choice_id=choice_id, reason=reason, confirmed=mark)
    if as_json:
        changes = [change_json(change) for change in preview.changes]
        print_json({"schema": "obligations.reading/1", "id": choice_id, "contract": contract, "changes": changes})
        return
    if yes:
        show_preview(preview)
    typer.echo(f'{contract}: {name} is read as "{option}".')


def _list(readings: Sequence[InUse], as_json: bool) -> None:
    if as_json:
        listed = [
            {
                "name": one.name,
                "use": one.use,
                "options": list(one.options),
                "chosen_by": one.chosen_by or None,
                "chosen_on": one.chosen_on.isoformat() if one.chosen_on else None,
                "cite": one.cite,
                "why": one.why,
            }
            for one in readings
        ]
        print_json({"schema": "obligations.readings/1", "readings": listed})
        return
    if not readings:
        typer.echo("The terms leave no such reading open.")
    for one in readings:
        when = f" on {one.chosen_on}" if one.chosen_on else ""
        who = f"chosen by {one.chosen_by}{when}" if one.chosen_by else "by default"
        print_lines(wrapped(f'{one.name}: "{one.use}"', f"{who}; of {', '.join(one.options)}"))
