"""Commands that take vesting terms from the Open Cap Format, and give them in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import read_settings
from obligations.app import make_library
from obligations.cli.shell import Exit, fail, plain_errors, print_json, read_text
from obligations.service.contracts import Planner
from obligations.terms.ocf import OcfError, read_file
from obligations.terms.ocf_export import ocf_file
from obligations.terms.ocf_import import terms_text

ocf_app = typer.Typer(no_args_is_help=True, help="Vesting terms of the Open Cap Format, in and out.")


@ocf_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A vesting terms file of the Open Cap Format.", show_default=False)],
    identifier: Annotated[str | None, typer.Argument(metavar="[ID]", help="Which of the file's vesting terms.")] = None,
) -> None:
    """Print a terms file that says what the vesting terms say."""
    text = read_text(file)
    try:
        found = read_file(text)
        if identifier is None and len(found) > 1:
            raise OcfError(f"several vesting terms stand here; name one of them: {', '.join(found)}")
        if identifier is not None and identifier not in found:
            raise OcfError(f'no vesting terms "{identifier}" stand here; there are: {", ".join(found)}')
        typer.echo(terms_text(found[identifier] if identifier is not None else next(iter(found.values()))), nl=False)
    except OcfError as error:
        fail(f"{file}: {error}", Exit.FINDINGS)


@ocf_app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="A terms file.", show_default=False)],
    clause: Annotated[
        str | None, typer.Argument(metavar="[CLAUSE]", help="Which vesting clause; all unless given.")
    ] = None,
) -> None:
    """Print the vesting terms of a terms file as a file of the Open Cap Format."""
    text = read_text(file)
    with plain_errors():
        terms = Planner(make_library(read_settings(), file.parent)).terms(text, str(file))
    try:
        print_json(ocf_file(terms, clause))
    except OcfError as error:
        fail(f"{file}: {error}", Exit.FINDINGS)
