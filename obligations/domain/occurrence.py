"""Occurrences and powers: what follows from the terms, each dated or waiting for its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from obligations.domain.money import Money
from schedules.derivation import Derivation
from schedules.frozen import swift


class State(StrEnum):
    """Where an occurrence stands. `due` and `missed` are what the clock says of a scheduled one."""

    WAITING = "waiting"
    SCHEDULED = "scheduled"
    DUE = "due"
    DONE = "done"
    MISSED = "missed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    DISCHARGED = "discharged"
    TERMINATED = "terminated"
    NOT_APPLICABLE = "not_applicable"
    NEEDS_PERSON = "needs_person"
    DONE_LATE = "done_late"
    WAIVED = "waived"
    PARTLY = "partly"
    CONDITION_FAILED = "condition_failed"
    SUSPENDED = "suspended"


OPEN_STATES = frozenset(
    {
        State.WAITING,
        State.SCHEDULED,
        State.DUE,
        State.MISSED,
        State.NEEDS_PERSON,
        State.PARTLY,
        State.SUSPENDED,
    }
)


class Kind(StrEnum):
    """What sort of thing is owed."""

    TASK = "task"
    PAYMENT = "payment"
    GRANT = "grant"
    VESTING = "vesting"
    ACCRUAL = "accrual"
    COVER = "cover"
    DUTY = "duty"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far one occurrence may reach under other answers to what the text leaves open; equal ends where none differ.

    Args:
        earliest_on: the earliest day to act on, in; None where no combination of answers dates it.
        latest_on: the latest such day, in; None where a combination leaves it undated.
        least: the smallest amount owed, or the fewest units; None where it has no figure.
        most: the largest; None where a combination leaves it without a figure.
        may_not_be: whether under some combination nothing is owed here.
        over: the readings and open facts that were turned, in the order they were asked; a fact ends with `?`.
        tried: how many combinations were planned.
    """

    earliest_on: date | None
    latest_on: date | None
    least: Money | Decimal | None
    most: Money | Decimal | None
    may_not_be: bool
    over: tuple[str, ...]
    tried: int


@swift
@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing owed once: the seventh tranche, the third premium.

    `due_on` is the contract's day and `adjusted_on` the day after a business-day roll (the same where none
    applies). `from_on` and `to_on` bound a period, both in. `soft_on` is a day policy suggests where the
    contract names none. `of` is empty for an open series. `conditional` marks dates that hold only once a
    missing fact or an expected event is confirmed. `bounds` is None where nobody worked them out.
    """

    id: UUID
    contract: str
    clause: str
    instance: str
    position: str
    index: int
    of: int | None
    kind: Kind
    title: str
    debtor: str
    creditor: str
    state: State
    derivation: Derivation
    cite: str = ""
    waiting_for: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    due_on: date | None = None
    adjusted_on: date | None = None
    soft_on: date | None = None
    from_on: date | None = None
    to_on: date | None = None
    amount: Money | None = None
    units: Decimal | None = None
    unit: str = ""
    conditional: bool = False
    bounds: Bounds | None = None

    @property
    def acts_on(self) -> date | None:
        """The day people and systems act on: adjusted, else due, else the soft date, else the period's end."""
        return self.adjusted_on or self.due_on or self.soft_on or self.to_on


class PowerState(StrEnum):
    """Where a power stands: not yet arisen, arisen, used, or past its last day."""

    WAITING = "waiting"
    ARISEN = "arisen"
    EXERTED = "exerted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Power:
    """Something a party may do from `arises_on` on, such as terminating for Good Cause after an uncured notice."""

    id: UUID
    contract: str
    clause: str
    instance: str
    name: str
    holder: str
    may: str
    state: PowerState
    derivation: Derivation
    cite: str = ""
    arises_on: date | None = None
    expires_on: date | None = None
    waiting_for: tuple[str, ...] = ()
