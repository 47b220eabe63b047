"""What pushes say: the notice of a reminder and the content of an instruction, each written when somebody reads it.

A wording holds nothing of the workings of a plan, and a push that is written lets go of it and of its occurrence.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from obligations.domain.delivery import Push
from obligations.domain.identity import push_key
from obligations.domain.occurrence import Occurrence


class Notices:
    """What the reminders of a contract say."""

    __slots__ = ("_latest", "_tenant")

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant
        # What the reminders of one occurrence share, for that whose reminders are being read.
        self._latest: tuple[Occurrence, Callable[[date], dict[str, Any]]] | None = None

    def write(self, push: Push, one: Occurrence, day: date) -> tuple[UUID, dict[str, Any]]:
        """The key and the payload of the reminder of that day."""
        latest = self._latest
        if latest is None or latest[0] is not one:
            latest = self._latest = one, _notice(one)
        return _key(self._tenant, one, push), latest[1](day)


class Instructions:
    """What one instruction of a clause says: what kind of thing to do for whom, and whether before withholding where
    that is stated."""

    __slots__ = ("_employee", "_gross", "_kind", "_tenant")

    def __init__(self, tenant: str, kind: str, employee: str, gross: bool | None) -> None:
        self._tenant, self._kind, self._employee, self._gross = tenant, kind, employee, gross

    def write(self, push: Push, one: Occurrence, _: date) -> tuple[UUID, dict[str, Any]]:
        """The key and the payload of the action."""
        content = _instruction(one, self._kind, self._employee)
        if self._gross is not None:
            content["before_withholding"] = self._gross
        return _key(self._tenant, one, push), content


def _key(tenant: str, one: Occurrence, push: Push) -> UUID:
    return push_key(tenant, one.contract, one.clause, one.instance, one.position, push.name)


def _notice(occurrence: Occurrence) -> Callable[[date], dict[str, Any]]:
    """What a reminder says, by its day; no amounts, since it may be read by more people than the reader meant.

    How far the due day is away stands apart in `left`: true on the reminder's own day, and left out when it goes late.
    """
    due = occurrence.adjusted_on or occurrence.soft_on
    if due is None:
        when, label = "no date stated", "When"
    else:
        label = "Due" if occurrence.due_on else "Suggested"
        when = f"{due:%a} {due.isoformat()}"
    owed = occurrence.debtor + (f" owes {occurrence.creditor}" if occurrence.creditor else "")
    facts = [[label, when], ["Clause", occurrence.cite], ["Who", owed]]
    if occurrence.of and occurrence.of > 1:
        facts.append(["Part", f"{occurrence.index} of {occurrence.of}"])
    if occurrence.waiting_for or occurrence.missing:
        facts.append(["Waits for", ", ".join((*occurrence.waiting_for, *occurrence.missing))])
    text = f"{occurrence.title} (clause {occurrence.cite}): {label.lower()} {when}"
    identity = str(occurrence.id)
    note = f"obligations why {occurrence.contract}/{occurrence.clause}/{occurrence.index}"

    def on(day: date) -> dict[str, Any]:
        return {
            "title": occurrence.title,
            "text": text,
            "left": "" if due is None else _distance((due - day).days),
            "meant_for": day.isoformat(),
            "facts": facts,
            "contract": occurrence.contract,
            "occurrence": identity,
            "note": note,
        }

    return on


def _distance(days: int) -> str:
    """How far a day lies ahead, or back: 'in 3 days', 'today', '1 day ago'."""
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'s' if abs(days) != 1 else ''}"
    return f"in {count}" if days > 0 else f"{count} ago"


def _instruction(occurrence: Occurrence, kind: str, employee: str) -> dict[str, Any]:
    """The content of an action: absolute state with its basis, so that a receiver needs nothing else."""
    amount = occurrence.amount
    return {
        "kind": kind,
        "mode": "add",
        "status": "instruct",
        "supersedes": None,
        "contract": occurrence.contract,
        "employee": {"name": employee},
        "amount": {"value": str(amount.value), "currency": amount.currency} if amount else None,
        "units": {"value": str(occurrence.units), "unit": occurrence.unit} if occurrence.units is not None else None,
        "timing": {
            "pay_on": _iso(occurrence.adjusted_on),
            "due_by": _iso(occurrence.due_on),
            "period": {"start": _iso(occurrence.from_on), "end": _iso(occurrence.to_on)},
        },
        "position": {"index": occurrence.index, "of": occurrence.of},
        "basis": {
            "clause": occurrence.cite,
            "obligation": occurrence.clause,
            "occurrence": str(occurrence.id),
            "says": occurrence.title,
        },
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
