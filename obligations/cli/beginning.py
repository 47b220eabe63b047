"""The command that begins: a configuration file, a first contract, and a database that is ready."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.settings import config_path, first_text, read_settings
from config.shipped import template_ids
from obligations.app import open_service
from obligations.cli.shell import fail, plain_errors
from obligations.cli.starting import USUAL, first_contract
from obligations.whole_files import write_new


def init(
    folder: Annotated[Path, typer.Argument(help="Where to put a first contract file.")] = Path(),
    template: Annotated[
        str, typer.Option("--template", help=f"What the contract starts from: {', '.join(template_ids())}.")
    ] = USUAL,
) -> None:
    """Write the configuration file and a first contract on a template, and make the database."""
    if template not in template_ids():
        fail(f'there is no template "{template}"; shipped are {", ".join(template_ids())}')
    settings_file = config_path()
    made = _write_once(settings_file, first_text(), 0o600)
    contract_file = folder / "contract.yaml"
    made_contract = _write_once(contract_file, first_contract(template), 0o644)
    with plain_errors():
        settings = read_settings(settings_file)
        with open_service(settings):
            pass
    typer.echo(f"{'wrote' if made else 'kept '} {settings_file}")
    on = f", a contract on the template {template}" if made_contract else ""
    typer.echo(f"{'wrote' if made_contract else 'kept '} {contract_file}{on}")
    typer.echo("the database is ready")
    typer.echo("")
    typer.echo(f"Next: put your people into {contract_file}, then")
    typer.echo(f"  obligations check {contract_file}")
    typer.echo(f"  obligations contract add {contract_file}")
    typer.echo("  obligations run                  # the daemon: reminds, instructs, until Ctrl-C")
    if made:
        typer.echo("")
        typer.echo("Until Slack is set up there, reminders are shown where the daemon runs.")
        typer.echo("An instruction to payroll or another system is parked until its address stands")
        typer.echo("there and somebody sends it again (obligations retry).")


def _write_once(path: Path, text: str, mode: int) -> bool:
    """Write a file that is not there yet; an existing one is the user's and stays."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"{path.parent} is no folder and cannot be made one: {error.strerror}")
    try:
        return write_new(path, text, mode)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
