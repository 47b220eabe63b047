"""The background service from the command line."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress

import typer

from config.settings import read_settings
from obligations.app import Running, open_daemon, trouble_with
from obligations.cli.failures import Exit, plain_errors
from obligations.ports import Connector, StoreNewer

# New objects between two looks for garbage that reference counting leaves; Python's own number is 700 or 2,000.
GARBAGE_AFTER = 10_000
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


def run() -> None:
    """Keep the deadlines: remind, instruct, retry, until told to stop (Ctrl-C or SIGTERM)."""
    # What only a daemon needs is met here, so that every other command starts faster.
    import asyncio
    import gc

    from obligations.logs import configure

    with plain_errors():
        settings = read_settings()
        configure(level=LEVELS[settings.log])
        with open_daemon(settings) as running:
            # What is here now stays to the end. To look through all of it for rubbish, every few hundred deliveries,
            # would take a twentieth of the time of sending them.
            gc.freeze()
            gc.set_threshold(GARBAGE_AFTER)
            gc.enable()
            try:
                asyncio.run(_work(running))
            except StoreNewer:  # which the log has said
                raise typer.Exit(Exit.UNUSABLE) from None


def alone() -> None:
    """`obligations run` as a program of its own, which brings along what a daemon needs and no other command."""
    program = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    program.command()(run)
    program(args=[], prog_name="obligations run")


async def _work(running: Running) -> None:
    import asyncio

    # A connector that cannot work now may be mended while the others go on: say so, and start.
    checking = asyncio.create_task(_tell_troubles(running.connectors))
    try:
        async with running.watch.open():
            await running.daemon.run()
    finally:
        checking.cancel()
        await asyncio.wait({checking})


async def _tell_troubles(connectors: Mapping[str, Connector]) -> None:
    for connector in connectors.values():
        trouble = await trouble_with(connector)
        if trouble:
            # Where nobody can be told, the others are still asked.
            with suppress(OSError, ValueError):
                typer.echo(f"obligations: {trouble}", err=True)
