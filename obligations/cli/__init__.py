"""The command line: `obligations`."""

from __future__ import annotations

import signal
import sys

import typer

from obligations.cli.contracts import contract_app, init
from obligations.cli.deliveries import approve, deliveries, refuse, retry
from obligations.cli.due import next_, why
from obligations.cli.events import done, event, withdraw
from obligations.cli.plans import check, plan, when
from obligations.cli.run import run

app = typer.Typer(
    name="obligations",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Dates what an employment agreement asks for, and keeps those dates.",
)
app.command()(init)
app.command()(check)
app.command()(plan)
app.command()(when)
app.add_typer(contract_app, name="contract")
app.command()(event)
app.command()(withdraw)
app.command("next")(next_)
app.command()(why)
app.command()(done)
app.command()(approve)
app.command()(refuse)
app.command()(deliveries)
app.command()(retry)
app.command()(run)


def main() -> None:
    """The `obligations` command."""
    if sys.argv[1:2] != ["run"] and hasattr(signal, "SIGPIPE"):
        # Who reads a pipe may leave early (`| head`); the daemon instead outlives whoever watches it.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    app()
