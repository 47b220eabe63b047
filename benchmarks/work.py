"""The work all are given: so many pushes, each with its key, its instant and its body. The same for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID, uuid5

DAY = 86_400
AT_ONCE = 5_000
SECRET = "whsec_" + "b2JsaWdhdGlvbnMtYmVuY2htYXJrLWtleS0zMmJ5dGU="
LANES = 8
_ALL = UUID("6f2c9f3e-52f5-4c0c-9f0e-6a0f2d1d3c55")
T = TypeVar("T")


class Due(NamedTuple):
    """One push: its key, when it is due in seconds since 1970, which of the destinations, and its bytes."""

    key: UUID
    at: float
    lane: int
    body: bytes


class Wanted(NamedTuple):
    """So many pushes, the first at an instant and the others in even steps."""

    name: str
    count: int
    first_at: float
    step_seconds: float = 0.0

    def all(self) -> Iterator[Due]:
        """Each of them in turn."""
        for i in range(self.count):
            key = uuid5(_ALL, f"{self.name}-{i}")
            at = self.first_at + i * self.step_seconds
            yield Due(key, at, i % LANES, body(key, at, i))

    def due(self) -> dict[str, float]:
        """The instant of each key."""
        return {str(uuid5(_ALL, f"{self.name}-{i}")): self.first_at + i * self.step_seconds for i in range(self.count)}

    def arguments(self) -> tuple[str, ...]:
        """As the command line of a child has it."""
        return self.name, str(self.count), repr(self.first_at), repr(self.step_seconds)

    @classmethod
    def of(cls, name: str, count: str, first_at: str, step_seconds: str) -> Wanted:
        """The other way."""
        return cls(name, int(count), float(first_at), float(step_seconds))


def body(key: UUID, at: float, i: int) -> bytes:
    """An instruction as payroll gets one."""
    said = {
        "id": str(key), "type": "com.example.payroll.pay", "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "data": {
            "title": f"Salary of month {i % 240 + 1}", "employee": f"employee-{i % 997}",
            "amount": {"minor": 1_250_000, "currency": "EUR"}, "pay_on": "2031-04-25",
        },
    }  # fmt: skip
    return json.dumps(said, separators=(",", ":")).encode()


def in_parts(many: Iterator[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """A batch at a time."""
    while part := list(islice(many, size)):
        yield part
