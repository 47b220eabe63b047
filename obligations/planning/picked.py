"""The earliest or the latest of several days, and what is assumed of those nobody knows yet.

The earliest prevails at its known members: what is not recorded is assumed not to happen, and the explanation says so.
The latest waits for every member but those marked `if any`, which drop out once they can no longer come.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from obligations.planning.values import Instance, NotYet, united
from obligations.terms import expressions as e
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


def picked(
    world: World, which: Literal["earliest", "latest"], members: tuple[Any, ...], here: Instance
) -> Reasoned[date] | NotYet:
    """The day that prevails among the members, or why none does yet."""
    found = [_member(world, member, here) for member in members]
    known = [day for day, _ in found if isinstance(day, Reasoned)]
    unknown = [(day, optional) for day, optional in found if isinstance(day, NotYet)]
    if which == "latest":
        holding = [reason for reason, optional in unknown if not (optional and reason.never)]
        if holding:
            never = next((reason for reason in holding if reason.never), None)
            return never or united(holding)
    if not known:
        return united(reason for reason, _ in unknown)
    prevails = (min if which == "earliest" else max)(known, key=lambda day: day.value)
    others = tuple(day.why for day in known if day is not prevails)
    left_out = tuple(reason.why() for reason, _ in unknown)
    words = f"the {which} of {len(found)} days"
    return Reasoned(prevails.value, Derivation(words, prevails.value.isoformat(), (prevails.why, *others, *left_out)))


def open_members(world: World, expression: Any, here: Instance) -> tuple[NotYet, ...]:
    """What somebody could say that might still make the earliest of several days an earlier one.

    An event that has not happened is assumed not to; but a fact of one that has, such as the day a notice arrived, is
    asked for.
    """
    expression, _ = world.pick(expression)
    if not isinstance(expression, e.PickedDay):
        return ()
    found = [(member, _member(world, member, here)[0]) for member in expression.members]
    if expression.which == "latest" or not any(isinstance(day, Reasoned) for _, day in found):
        return tuple(reason for member, _ in found for reason in open_members(world, member, here))
    asked = [day for _, day in found if isinstance(day, NotYet) and not day.never and (day.missing or day.judgment)]
    return (*asked, *(reason for member, _ in found for reason in open_members(world, member, here)))


def deciding(world: World, expression: e.PickedDay, here: Instance) -> tuple[Any, ...]:
    """The members on which the day rests: those that are the earliest, or all of them for the latest."""
    days = [(member, _member(world, member, here)[0]) for member in expression.members]
    first = min((day.value for _, day in days if isinstance(day, Reasoned)), default=None)
    if expression.which == "latest" or first is None:
        return expression.members
    return tuple(member for member, day in days if isinstance(day, Reasoned) and day.value == first)


def _member(world: World, member: Any, here: Instance) -> tuple[Reasoned[date] | NotYet, bool]:
    """The member's day, and whether it is marked `if any`."""
    member, steps = world.pick(member)
    optional = isinstance(member, e.IfAny)
    day = world.day(member.day if isinstance(member, e.IfAny) else member, here)
    if isinstance(day, Reasoned) and steps:
        day = Reasoned(day.value, Derivation(day.why.rule, day.why.result, (*day.why.inputs, *steps), day.why.kind))
    return day, optional
