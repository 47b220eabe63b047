"""Pushes and their deliveries: what is to be sent, and where its sending stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from obligations.domain.occurrence import Occurrence
from schedules.frozen import swift, swift_from


class PushKind(StrEnum):
    """A reminder goes to people, an action instructs a system, an edit rewrites a reminder already sent."""

    REMINDER = "reminder"
    ACTION = "action"
    EDIT = "edit"


class Wording(Protocol):
    """What a push that is written later is written by: pure, so that it comes to the same whenever that is."""

    def write(self, push: Push, one: Occurrence, day: date) -> tuple[UUID, Mapping[str, Any]]:
        """The key of the push and its payload; `one` is what it is sent for, and `day` the local day it goes on."""


class _WrittenLater:
    """What `written_later` gives: a push without key and payload, filled in when either of them is first looked at."""

    __slots__ = ("_day", "_one", "_wording")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Asked only where a slot is empty, so a push that was written costs nothing more.
            if name not in ("key", "payload"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            one, wording = self._one, self._wording
            if one is not None and wording is not None:
                key, payload = wording.write(self, one, self._day)
                object.__setattr__(self, "key", key)
                object.__setattr__(self, "payload", payload)
                # What it was written from is let go only now: another thread that came here too writes the same.
                object.__setattr__(self, "_one", None)
                object.__setattr__(self, "_wording", None)
            return object.__getattribute__(self, name)


@swift
@dataclass(frozen=True, slots=True)
class Push(_WrittenLater):
    """Something to send at an instant.

    `destination` names a role (reminders) or a system (actions); `address` is what its connector needs to reach
    it, empty while nobody fills the role. `payload` is the content, plain data; it is serialised once, when stored.
    `approvals` are the roles that must agree before it may go. `supersedes` is the key of the push this one revises.
    """

    key: UUID
    occurrence_id: UUID
    contract: str
    clause: str
    index: int
    name: str
    kind: PushKind
    connector: str
    destination: str
    send_at: datetime
    payload: Mapping[str, Any]
    address: Mapping[str, str] = field(default_factory=dict)
    approvals: tuple[str, ...] = ()
    supersession: int = 0
    supersedes: UUID | None = None
    money: bool = False


# The push of these fields, whose wording gives its key and payload when somebody first looks: most plans are made to
# see what changed, and few of their pushes are read. Nobody can tell it from one that was written at once.
written_later = swift_from(
    Push,
    *("_wording", "_one", "_day", "occurrence_id", "contract", "clause", "index", "name", "kind"),
    *("connector", "destination", "send_at", "address", "approvals", "money"),
)


class DeliveryState(StrEnum):
    """Where the sending of a push stands."""

    PROPOSED = "proposed"  # waits for people to agree
    SCHEDULED = "scheduled"  # goes at its instant
    SENDING = "sending"  # claimed by a daemon; the attempt is written
    RETRYING = "retrying"  # failed or unknown; goes again at `next_attempt_at`
    DELIVERED = "delivered"  # the receiver said yes
    PARKED = "parked"  # stopped; a person must look
    REFUSED = "refused"  # an approver said no
    COLLAPSED = "collapsed"  # a stale reminder that a later one of the same occurrence replaced
    CANCELLED = "cancelled"  # the plan no longer asks for it


_S = DeliveryState

# Every arrow there is; the store refuses the rest. docs/delivery-states.md draws the same table.
ARROWS: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _S.PROPOSED: frozenset({_S.SCHEDULED, _S.REFUSED, _S.CANCELLED, _S.PARKED}),
    _S.SCHEDULED: frozenset({_S.SENDING, _S.PROPOSED, _S.CANCELLED, _S.COLLAPSED, _S.PARKED}),
    _S.SENDING: frozenset({_S.DELIVERED, _S.RETRYING, _S.PARKED, _S.SENDING}),
    _S.RETRYING: frozenset({_S.SENDING, _S.DELIVERED, _S.PARKED, _S.CANCELLED}),
    _S.PARKED: frozenset({_S.SCHEDULED, _S.PROPOSED, _S.RETRYING, _S.CANCELLED}),
    _S.REFUSED: frozenset({_S.PROPOSED, _S.CANCELLED}),
    _S.CANCELLED: frozenset({_S.PROPOSED, _S.SCHEDULED, _S.PARKED}),
    _S.COLLAPSED: frozenset({_S.CANCELLED}),
    _S.DELIVERED: frozenset(),
}
# A delivery claimed so often in a row without a result, because its daemon died, is parked: it may be what killed it.
MOST_UNANSWERED = 3
UNSENT = frozenset({_S.PROPOSED, _S.SCHEDULED, _S.PARKED, _S.REFUSED})


class Verdict(StrEnum):
    """What one attempt came to."""

    DELIVERED = "delivered"  # accepted: 2xx, or ok
    RETRY = "retry"  # surely had no effect; try again later
    UNKNOWN = "unknown"  # may have had its effect; try again with the same key
    REJECTED = "rejected"  # the receiver will never take it; a person must look
    GONE = "gone"  # the receiver asked to be left alone (410)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one attempt, as a connector reports it.

    `receipt` is what the receiver gave back to find the thing again (a Slack channel and ts, a payroll reference).
    `retry_after_seconds` is a floor the receiver asked for. `detail` is for people and holds no pay and no secret.
    `alarm` says that a person should look although retries go on (a refused credential), and `shared` that what was
    refused is common to all that goes by this connector (its only token).
    """

    verdict: Verdict
    detail: str = ""
    status: int | None = None
    retry_after_seconds: float | None = None
    receipt: Mapping[str, str] = field(default_factory=dict)
    alarm: bool = False
    shared: bool = False
