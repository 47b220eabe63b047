"""What stands under `unless`: an event or a condition. A bare name means whichever the file has of that name."""

from __future__ import annotations

from typing import Any, get_args

from obligations.terms import expressions as e
from obligations.terms.model import TermsFile

EVENTS: tuple[type, ...] = get_args(e.EventExpr)


def meant(expression: Any, file: TermsFile) -> Any:
    """The expression with a bare name read as an event, wherever the name is one; facts stay conditions.

    A choice is read branch by branch. A list in which a fact stands is one of conditions.
    """
    match expression:
        case e.Choice(reading=reading, options=options):
            return e.Choice(reading, tuple((option, meant(branch, file)) for option, branch in options))
        case e.IsTrue(name=name, wanted=True) if name in file.events or name in file.define or _is_day(name, file):
            return e.EventNamed(name)
        case e.EventUnion(members=members, first=False) if any(_is_fact(one, file) for one in members):
            return e.AnyOf(tuple(_condition(one, file) for one in members))
        case e.EventAll(members=members) if any(_is_fact(one, file) for one in members):
            return e.AllOf(tuple(_condition(one, file) for one in members))
        case _:
            return expression


def _is_fact(event: object, file: TermsFile) -> bool:
    return isinstance(event, e.EventNamed) and not event.having and event.name in file.facts


def _condition(event: e.EventExpr, file: TermsFile) -> e.Condition:
    """A member of a list as the condition it is."""
    return e.IsTrue(event.name) if isinstance(event, e.EventNamed) and _is_fact(event, file) else e.Happened(event)


def _is_day(name: str, file: TermsFile) -> bool:
    return name in file.parameters and file.parameters[name].type == "date"
