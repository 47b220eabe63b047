"""What stands under `unless`: an event or a condition. A bare name means whichever the file has of that name."""

from __future__ import annotations

from typing import Any, get_args

from obligations.terms import expressions as e
from obligations.terms.model import TermsFile

EVENTS: tuple[type, ...] = get_args(e.EventExpr)


def meant(expression: Any, file: TermsFile) -> Any:
    """The expression with a bare name read as an event, wherever the name is one; facts stay conditions.

    A choice is read branch by branch.
    """
    match expression:
        case e.Choice(reading=reading, options=options):
            return e.Choice(reading, tuple((option, meant(branch, file)) for option, branch in options))
        case e.IsTrue(name=name, wanted=True) if name in file.events or name in file.define or _is_day(name, file):
            return e.EventNamed(name)
        case _:
            return expression


def _is_day(name: str, file: TermsFile) -> bool:
    return name in file.parameters and file.parameters[name].type == "date"
