"""The command that lays terms files out anew."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated

import typer

from obligations.cli.shell import Exit, fail, plain_errors, print_lines, read_text
from obligations.terms.format import formatted
from obligations.whole_files import write_whole

Files = Annotated[list[Path], typer.Argument(help="Terms files to lay out anew.", show_default=False)]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; show what would change and exit with 1.")]


def fmt(files: Files, check: Check = False) -> None:
    """Lay out terms files the one way; what they say, their comments and their order stay."""
    changed = [path for path in files if _laid_out(path, check)]
    if check and changed:
        raise typer.Exit(Exit.FINDINGS)


def _laid_out(path: Path, check: bool) -> bool:
    before = read_text(path)
    with plain_errors():
        after = formatted(before, str(path))
    if after == before:
        return False
    if check:
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), str(path), f"{path}, laid out", lineterm=""
        )
        print_lines(lines)
        return True
    try:
        write_whole(path, after)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}; it stays as it was")
    typer.echo(f"{path}: laid out anew")
    return True
