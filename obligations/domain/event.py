"""Events: what was reported to have happened, and the log of those reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Report:
    """The record of one happening, as a person or a system stated it.

    Args:
        id: identity of the report; stays with it through corrections.
        event: the event's name in the terms; `done` for an answer that closes an occurrence.
        occurred_on: the day it happened, or is planned to happen when `expected`.
        received_on: the day a notice arrived, where that counts.
        fields: the event's own details, as text; typed by the terms.
        expected: it has not happened yet; a person plans on it.
        answers: what an answer closes: an occurrence's id, or an instance; empty for other events.
    """

    id: str
    event: str
    occurred_on: date
    received_on: date | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    expected: bool = False
    answers: str = ""
    evidence: str = ""
    recorded_at: datetime | None = None
    recorded_by: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A report taken back: a fact of its own, so that the log only ever grows."""

    report_id: str
    recorded_at: datetime
    recorded_by: str
    reason: str = ""


LogEntry = Report | Withdrawal


def in_force(log: Iterable[LogEntry]) -> tuple[Report, ...]:
    """The reports nobody took back, in the order they were recorded."""
    entries = tuple(log)
    gone = {entry.report_id for entry in entries if isinstance(entry, Withdrawal)}
    return tuple(entry for entry in entries if isinstance(entry, Report) and entry.id not in gone)
