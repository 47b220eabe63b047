"""The command that checks an installation."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from config.settings import read_settings
from obligations.cli.lines import wrapped
from obligations.cli.shell import Exit, Json, plain_errors, print_json, print_lines


def doctor(
    quick: Annotated[
        bool, typer.Option("--quick", help="Without reading the whole file and the whole ledger.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the installation, and say what to do about what is not well."""
    from obligations.doctor import check_up

    with plain_errors():
        found = []
        for one in check_up(read_settings(), quick=quick):
            found.append(one)
            if not as_json:
                print_lines(wrapped(f"{one.level:4}  {one.name}:", one.says))
                if one.do and one.level != "ok":
                    print_lines(wrapped("      to do:", one.do))
    well = all(one.level != "fail" for one in found)
    if as_json:
        print_json({"schema": "obligations.doctor/1", "well": well, "checks": [asdict(one) for one in found]})
    if not well:
        raise typer.Exit(Exit.FINDINGS)
