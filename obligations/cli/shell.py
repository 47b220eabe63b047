"""What every command shares: settings, the service, output for people or programs, errors and exit codes."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from config.settings import read_settings
from obligations.app import open_service
from obligations.cli.failures import Exit as Exit
from obligations.cli.failures import complain as complain
from obligations.cli.failures import fail as fail
from obligations.cli.failures import for_programs
from obligations.cli.failures import plain_errors as plain_errors
from obligations.service import Service
from obligations.terms.errors import PhraseError
from obligations.terms.literals import day_literal

Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document for programs.", callback=for_programs, is_eager=True),
]
As = Annotated[
    str | None, typer.Option("--as", metavar="PERSON", help="Who acts: a name or e-mail of the contract's people.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


@contextmanager
def service(beside: Path | None = None) -> Iterator[Service]:
    """The use cases over the configured store, errors told plainly."""
    with plain_errors(), open_service(read_settings(), beside) as opened:
        yield opened


def read_text(path: Path) -> str:
    """The text of a file the user named."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fail(f"{path}: there is no such file")
    except IsADirectoryError:
        fail(f"{path} is a folder; name a terms file")
    except UnicodeDecodeError:
        fail(f"{path} is not UTF-8 text; save it as UTF-8")
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")


def day(text: str) -> date:
    """The day a user wrote."""
    try:
        return day_literal(text)
    except PhraseError as error:
        fail(str(error))


def fields(items: list[str]) -> dict[str, str]:
    """The `field=value` pairs a user wrote."""
    found: dict[str, str] = {}
    for item in items:
        name, sign, value = item.partition("=")
        if not sign or not name.strip():
            fail(f'"{item}" is not of the form field=value')
        if name.strip() in found:
            fail(f'the field "{name.strip()}" is given twice')
        found[name.strip()] = value.strip()
    return found


def actor(named: str | None) -> str:
    """Who acts: as named, else the account this runs under."""
    if named:
        return named.strip().casefold()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown account"


def print_json(data: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_lines(lines: Iterable[str]) -> None:
    """Lines of text on standard output."""
    for line in lines:
        typer.echo(line)


def confirmed(question: str, yes: bool) -> bool:
    """Whether to go on: asked where a person sits at a terminal, refused elsewhere unless --yes was given."""
    if yes:
        return True
    if not sys.stdin.isatty():
        fail("nobody is here to confirm this; if it is what you want, repeat with --yes")
    return typer.confirm(question)
