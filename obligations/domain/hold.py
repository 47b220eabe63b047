"""Holds: what stops sending until a person lets it go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# In whose name the background service holds something back.
DAEMON = "the daemon"
# In whose name it holds back what goes to one that asked to be called no more: only a person ends that.
RECEIVER = "the receiver"


class Scope(StrEnum):
    """What a hold keeps back. What is on its way already gets its answer."""

    MONEY = "money"  # instructions that move money or rights; people are still reminded
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing of the scope is sent from `held_at` until it is lifted; it then goes, late and marked so.

    `number` is the store's, counted from 1 in the order of coming. `held_by` is a person, or the part of the service
    that saw a reason to stop. With a `destination`, of the scope everything, only what goes there waits.
    """

    number: int
    scope: Scope
    reason: str
    held_at: datetime
    held_by: str
    destination: str = ""


def called(one: Hold) -> str:
    """What the record calls it."""
    return f"hold {one.number}"


def kept_back(one: Hold) -> str:
    """What it keeps back, as the record says it."""
    return f"{one.scope.value} to {one.destination}" if one.destination else one.scope.value
