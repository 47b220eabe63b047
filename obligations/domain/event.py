"""Events: what was reported to have happened, and the log of reports, corrections, withdrawals and readings chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
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


@dataclass(frozen=True, slots=True)
class Correction:
    """What a report should have said. The report keeps its identity, so what rests on it is revised and not made anew.

    All of it replaces what the report said before; whether it was expected stays.
    """

    report_id: str
    occurred_on: date
    received_on: date | None
    fields: Mapping[str, str]
    answers: str
    evidence: str
    recorded_at: datetime
    recorded_by: str
    reason: str = ""

    def of(self, report: Report) -> Report:
        """The report as it should have been. When and by whom it was first recorded stays."""
        return replace(
            report,
            occurred_on=self.occurred_on,
            received_on=self.received_on,
            fields=self.fields,
            answers=self.answers,
            evidence=self.evidence,
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """A reading chosen by a person for one contract. The latest of a reading counts; earlier ones stay in the log."""

    id: str
    reading: str
    option: str
    recorded_at: datetime
    recorded_by: str
    reason: str = ""


LogEntry = Report | Withdrawal | Correction | Choice


def in_force(log: Iterable[LogEntry]) -> tuple[Report, ...]:
    """The reports nobody took back, as last corrected, in the order they were first recorded."""
    held: dict[str, Report] = {}
    gone: set[str] = set()
    for entry in log:
        match entry:
            case Report():
                held[entry.id] = entry
            case Correction() if entry.report_id in held:
                held[entry.report_id] = entry.of(held[entry.report_id])
            case Withdrawal():
                gone.add(entry.report_id)
    return tuple(report for report in held.values() if report.id not in gone)


def chosen(log: Iterable[LogEntry]) -> Mapping[str, Choice]:
    """The latest choice of each reading that anybody chose, by the reading's name."""
    return {entry.reading: entry for entry in log if isinstance(entry, Choice)}


def known_by(log: Iterable[LogEntry], instant: datetime) -> tuple[LogEntry, ...]:
    """The log as it stood before an instant; what carries no instant was there from the beginning."""
    return tuple(entry for entry in log if entry.recorded_at is None or entry.recorded_at < instant)
