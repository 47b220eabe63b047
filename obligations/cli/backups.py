"""Commands that copy the database and put a copy back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from config.settings import read_settings
from obligations import app
from obligations.cli.deliveries import listed_text
from obligations.cli.holding import held_lines
from obligations.cli.lines import wrapped
from obligations.cli.shell import As, Json, Yes, actor, confirmed, fail, plain_errors, print_json, print_lines


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    as_json: Json = False,
) -> None:
    """Copy an SQLite database into a new file, whole, also while a daemon runs."""
    with plain_errors():
        made = app.back_up(read_settings(), file)
    if as_json:
        print_json({
            "schema": "obligations.backed-up/1",
            "file": str(file),
            "made_at": made.made_at.isoformat(),
            "revision": made.revision,
            "rows": dict(made.rows),
            "heads": list(made.heads),
            "sha256": made.sha256,
        })  # fmt: skip
        return
    print_lines(wrapped(f"backed up to {file}", f"{_counted(made.rows)}; its manifest stands beside it"))


def _counted(rows: Mapping[str, int]) -> str:
    called = {"contract": "contracts", "delivery": "deliveries", "ledger": "lines of the ledger"}
    return ", ".join(f"{rows[name]} {words}" for name, words in called.items())


def _what_it_has(file: Path) -> Iterator[str]:
    """What a person should know before the database is replaced by a back-up."""
    manifest, last = app.seen_back_up(file)
    yield from wrapped(f"{file}: made {manifest.made_at:%Y-%m-%d %H:%M}Z,", _counted(manifest.rows))
    if last is not None:
        at, action, contract = last
        about = f" ({contract})" if contract else ""
        yield from wrapped("  The last line of its ledger:", f"{at:%Y-%m-%d %H:%M}Z {action}{about}")


def restore(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A back-up with its manifest.")] = None,
    made_at: Annotated[
        str | None,
        typer.Option("--made-at", metavar="INSTANT", help="When the back-up was made that other tools restored."),
    ] = None,
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Put a back-up in the database's place; everything is held back until a person resumes."""
    if (file is None) == (made_at is None):
        fail("name the back-up's file, or with --made-at when the back-up was made that other tools restored")
    if file is not None and not as_json and not yes:
        with plain_errors():
            print_lines(_what_it_has(file))
    what = f"Put {file} in the database's place?" if file else "Hold everything, and park every payment past its time?"
    if not confirmed(what, yes):
        typer.echo("Nothing was changed.")
        return
    before = None
    with plain_errors():
        settings = read_settings()
        if file is not None:
            manifest, before, restored = app.restore(settings, file, actor(person))
            since = manifest.made_at
        else:
            since = _instant(made_at or "")
            restored = app.restored_otherwise(settings, since, actor(person))
    if as_json:
        print_json({
            "schema": "obligations.restored/1",
            "made_at": since.isoformat(),
            "replaced": str(before) if before else None,
            "hold": restored.hold.number,
            "parked": [str(one.push.key) for one in restored.doubted],
            "not_planned": list(restored.unplanned),
        })  # fmt: skip
        return
    if before is not None:
        print_lines(wrapped("the database that was there is kept as", str(before)))
    print_lines(held_lines([restored.hold]))
    for contract in restored.unplanned:
        print_lines(wrapped(f"{contract} could not be planned anew:", f"obligations contract show {contract}"))
    if restored.doubted:
        print_lines(
            wrapped(
                f"{len(restored.doubted)} payments may have been sent since and are parked:",
                "ask their receivers, then `obligations retry --not-received` or `obligations done`",
            )
        )
        print_lines(listed_text(restored.doubted))
    typer.echo(f"Let the rest go on: obligations resume {restored.hold.number}")


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        fail(f'"{text}" is no instant with its offset, such as 2026-11-22T02:00:00+00:00')
    return instant
