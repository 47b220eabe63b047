"""Every command of `obligations`, put together."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from obligations.cli.answers import done, waive
from obligations.cli.backups import backup, restore
from obligations.cli.beginning import init
from obligations.cli.checkup import doctor
from obligations.cli.contracts import contract_app
from obligations.cli.deliveries import approve, deliveries, refuse, retry
from obligations.cli.due import next_, why
from obligations.cli.events import correct, event, fact, withdraw
from obligations.cli.failures import for_programs
from obligations.cli.holding import pause, resume
from obligations.cli.layout import fmt
from obligations.cli.ledger import ledger_app
from obligations.cli.ocf import ocf_app
from obligations.cli.plans import check, plan, when
from obligations.cli.readings import reading
from obligations.cli.run import run

app = typer.Typer(
    name="obligations",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Dates what an employment agreement asks for, and keeps those dates.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"obligations {version('obligations')}")
        raise typer.Exit


@app.callback()
def _every(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """What stands before every command."""
    for_programs(False)  # until a command asks for it


app.command()(init)
app.command()(check)
app.command()(fmt)
app.add_typer(ocf_app, name="ocf")
app.command()(plan)
app.command()(when)
app.add_typer(contract_app, name="contract")
app.command()(event)
app.command()(fact)
app.command()(correct)
app.command()(withdraw)
app.command()(reading)
app.command("next")(next_)
app.command()(why)
app.command()(done)
app.command()(waive)
app.command()(approve)
app.command()(refuse)
app.command()(deliveries)
app.command()(retry)
app.command()(pause)
app.command()(resume)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.add_typer(ledger_app, name="ledger")
app.command()(run)
