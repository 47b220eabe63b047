"""Commands about the record as a whole: is it as it was written, and where does it end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from config.settings import read_settings
from obligations.app import ledger_keys, ledger_roles, open_service, renew_ledger_key
from obligations.cli.lines import wrapped
from obligations.cli.shell import As, Exit, Json, Yes, actor, confirmed, fail, plain_errors, print_json, print_lines
from obligations.clocks import SystemMachineClock
from obligations.domain.ledger_chain import Head, Walked, heads_in
from obligations.service.ledger import verify_export

ledger_app = typer.Typer(no_args_is_help=True, help="Check the record of everything, and write down where it ends.")


@ledger_app.command("verify")
def verify(
    checkpoint: Annotated[
        list[str],
        typer.Option(
            "--checkpoint", metavar="FILE|TEXT", help="Heads kept elsewhere: a file that holds some, or one itself."
        ),
    ] = [],  # noqa: B006
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Check an export instead of the database.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Walk the chain over the record and say what is not as it was sealed."""
    heads = [head for said in checkpoint for head in _heads(said)]
    with plain_errors():
        settings = read_settings()
        keys = ledger_keys(settings)
        if export is not None:
            try:
                with export.open(encoding="utf-8") as lines:
                    tenant, found = verify_export(lines, keys, heads)
            except (OSError, UnicodeDecodeError) as error:
                fail(f"{export} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}")
        else:
            tenant = settings.tenant
            with open_service(settings, keys=keys) as use:
                found = use.verify_ledger(heads)
    mine = [head for head in heads if head.tenant == tenant]
    if checkpoint and not mine:
        fail(f"the checkpoints are of another ledger than this one (tenant {tenant!r})")
    _show(found, mine, as_json)
    if found.fault is not None:
        raise typer.Exit(Exit.FINDINGS)
    if found.missing_key is not None:
        raise typer.Exit(Exit.MISSING_INPUT)


@ledger_app.command("checkpoint")
def checkpoint(as_json: Json = False) -> None:
    """Print where the chain ends, on one line, to be kept where nobody who keeps the database can change it."""
    with plain_errors(), open_service(read_settings()) as use:
        head = use.ledger_head(SystemMachineClock().now())
    if head is None:
        fail("nothing is chained yet; a daemon chains what was recorded", Exit.MISSING_INPUT)
    if as_json:
        print_json({"schema": "obligations.ledger-head/1", "seq": head.seq, "key": head.key, "hash": head.hash,
                    "tenant": head.tenant, "at": head.at.isoformat(), "checkpoint": str(head)})  # fmt: skip
        return
    typer.echo(str(head))


@ledger_app.command("export")
def export() -> None:
    """Print the whole record with its chain as JSON lines; `verify --export` checks them without the database."""
    with plain_errors(), open_service(read_settings()) as use:
        print_lines(use.export_ledger())


@ledger_app.command("roles")
def roles() -> None:
    """Print the SQL that gives the daemons' account on PostgreSQL no right to change the record."""
    typer.echo(ledger_roles(), nl=False)


@ledger_app.command("rekey")
def rekey(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.", show_default=False)],
    yes: Yes = False,
    person: As = None,
) -> None:
    """Chain with a new key from now on, because the one before is lost or became known."""
    if not reason.strip():
        fail("say why a new key is needed, for whoever checks the ledger: --reason TEXT")
    if not confirmed("Make a new key for the ledger?", yes):
        typer.echo("Nothing was changed.")
        return
    with plain_errors():
        name = renew_ledger_key(read_settings(), reason.strip(), actor(person))
    print_lines(
        wrapped(f"the ledger is chained with key {name} from now on", "start the daemon anew, so that it knows")
    )


def _heads(said: str) -> Sequence[Head]:
    """The heads of a file, or of the text itself."""
    found = list(heads_in(said))
    if not found:
        try:
            found = list(heads_in(Path(said).read_text(encoding="utf-8", errors="replace")))
        except (OSError, ValueError):
            fail(f'"{said}" is no checkpoint and no file that can be read; `obligations ledger checkpoint` prints one')
    if not found:
        fail(f"{said} holds no checkpoint; `obligations ledger checkpoint` prints one")
    return found


def _show(found: Walked, heads: Sequence[Head], as_json: bool) -> None:
    if as_json:
        print_json({
            "schema": "obligations.ledger-verified/1",
            "holds": found.holds,
            "fault": found.fault,
            "missing_key": found.missing_key,
            "links": found.links,
            "links_without_key": found.plain,
            "checkpoints": len(heads),
            "head": None if found.head is None else {"seq": found.head.seq, "hash": found.head.hash},
        })  # fmt: skip
        return
    if found.fault is not None:
        print_lines(wrapped("the ledger is not as it was sealed:", found.fault))
        return
    if found.missing_key is not None:
        print_lines(
            wrapped(
                "the ledger cannot be checked:",
                f"links were made with key {found.missing_key}, which is not here; put it into the key file",
            )
        )
        return
    held = f", also against {len(heads)} checkpoint{'s' * (len(heads) != 1)}" if heads else ""
    typer.echo(f"{found.links} links hold{held}")
    if found.plain:
        print_lines(
            wrapped(
                f"{found.plain} of them were made without a key;",
                "what was made before there was one stands as the first link with a key found it"
                if found.plain < found.links
                else "whoever writes the database could make them anew: start the daemon once, which makes a key",
            )
        )
