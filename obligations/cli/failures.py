"""How a command ends that cannot go on: one clear message and an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import typer

from obligations.cli.lines import to_read

if TYPE_CHECKING:
    from obligations.terms.errors import Finding

# Whether the command was asked for `--json`.
_for_programs = ContextVar("_for_programs", default=False)


class Exit(IntEnum):
    """What a command's exit code says."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    MISSING_INPUT = 3
    NEEDS_PERSON = 4
    UNUSABLE = 78


# What a failure is called to programs, where it has no name of its own.
_CALLED = {
    Exit.FINDINGS: "findings",
    Exit.USAGE: "usage",
    Exit.MISSING_INPUT: "missing_input",
    Exit.NEEDS_PERSON: "needs_person",
    Exit.UNUSABLE: "unusable",
}


def for_programs(wanted: bool) -> bool:
    """Whether errors are told to a program, as one JSON object, from here on."""
    _for_programs.set(wanted)
    return wanted


def fail(message: str, code: Exit = Exit.USAGE, called: str = "") -> NoReturn:
    """End the command with one clear message on standard error; `called` is its name to programs."""
    if _for_programs.get():
        tell_program(called or _CALLED[code], message, code)
    else:
        for line in message.splitlines():
            complain(line)
    raise typer.Exit(code)


def tell_program(called: str, message: str, code: int, **more: object) -> None:
    """One JSON object on a line of standard error."""
    told = {"schema": "obligations.error/1", "type": called, "message": message, "exit_code": int(code), **more}
    typer.echo(json.dumps(told, ensure_ascii=False), err=True)


def place_json(one: Finding) -> dict[str, object]:
    """A finding as programs read it."""
    return {
        "file": one.file,
        "line": one.place.line,
        "column": one.place.column,
        "clause": one.clause or None,
        "message": one.message,
    }


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
    from obligations.service import NeedsPerson, NotFound, PlanMoved, Refused
    from obligations.terms.errors import PhraseError, TermsError

    match error:
        case TermsError():
            if _for_programs.get():
                listed = [place_json(one) for one in error.findings]
                message = "\n".join(str(one) for one in error.findings)
                tell_program("terms", message, Exit.FINDINGS, findings=listed)
            else:
                for finding in error.findings:
                    complain(str(finding))
            raise typer.Exit(Exit.FINDINGS) from None
        case NeedsPerson():
            fail(str(error), Exit.NEEDS_PERSON)
        case StoreUnusable():
            fail(str(error), Exit.UNUSABLE)
        case NotFound():
            fail(str(error), called="not_found")
        case PlanMoved():
            fail(str(error), called="plan_moved")
        case Refused():
            fail(str(error), called="refused")
        case PlanningError():
            fail(str(error), called="planning")
        case PhraseError():
            fail(str(error), called="phrase")
        case BadSettings():
            fail(str(error), called="settings")
        case StoreUnavailable():
            fail(str(error), called="unavailable")
        case Conflict():
            fail("somebody else changed this at the same moment; nothing was written, try again", called="conflict")
        case BrokenPipeError():
            # The reader of a pipe (`| head`) has gone; that is no error of ours.
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 -- lives until exit
            raise typer.Exit(Exit.OK) from None
