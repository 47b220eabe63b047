"""How a command ends that cannot go on: one clear message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

import typer

from obligations.cli.lines import to_read


class Exit(IntEnum):
    """What a command's exit code says."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    MISSING_INPUT = 3
    NEEDS_PERSON = 4
    UNUSABLE = 78


def fail(message: str, code: Exit = Exit.USAGE) -> NoReturn:
    """End the command with one clear message on standard error."""
    for line in message.splitlines():
        complain(line)
    raise typer.Exit(code)


def complain(line: str) -> None:
    """One message on standard error: a line for programs and files, lines of 80 columns where a person reads."""
    line = f"obligations: {line}"
    typer.echo(to_read(line) if sys.stderr.isatty() else line, err=True)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn every error that is the user's or the world's into one message and an exit code."""
    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        _tell(error)
        raise


def _tell(error: Exception) -> None:
    """End the command if the error is one that people are told of."""
    # What those are is met when there is one: the daemon starts faster without.
    from config.settings import BadSettings
    from obligations.planning.world import PlanningError
    from obligations.ports import Conflict, StoreUnavailable, StoreUnusable
    from obligations.service import NeedsPerson, Refused
    from obligations.terms.errors import PhraseError, TermsError

    match error:
        case TermsError():
            for finding in error.findings:
                complain(str(finding))
            raise typer.Exit(Exit.FINDINGS) from None
        case NeedsPerson():
            fail(str(error), Exit.NEEDS_PERSON)
        case StoreUnusable():
            fail(str(error), Exit.UNUSABLE)
        case PlanningError() | Refused() | PhraseError() | BadSettings() | StoreUnavailable():
            fail(str(error))
        case Conflict():
            fail("somebody else changed this at the same moment; nothing was written, try again")
        case BrokenPipeError():
            # The reader of a pipe (`| head`) has gone; that is no error of ours.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- lives until exit
            raise typer.Exit(Exit.OK) from None
