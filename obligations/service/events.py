"""The use cases about events: recording one, correcting it, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from obligations.domain.event import Correction, LogEntry, Report, Withdrawal
from obligations.planning.answers import ANSWERS, CLAUSE, PART, meant_for
from obligations.ports import LedgerEntry, Transaction
from obligations.service.contracts import Kept
from obligations.service.errors import NotFound, Refused
from obligations.service.previews import Entry, Preview, Previews
from obligations.terms.errors import did_you_mean

_EARLIEST = date(1950, 1, 1)


@dataclass(frozen=True, slots=True)
class Amends:
    """What a correction changes of a report; what is None stays as it is.

    A detail with an empty value is taken out of `fields`; `never_received` takes out the day of receipt.
    """

    occurred_on: date | None = None
    received_on: date | None = None
    never_received: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    answers: str | None = None
    evidence: str | None = None

    def of(self, report: Report) -> Report:
        """The report as it should have been."""
        merged = {**report.fields, **dict(self.fields)}
        received_on = None if self.never_received else self.received_on or report.received_on
        return replace(
            report,
            occurred_on=self.occurred_on or report.occurred_on,
            received_on=received_on,
            fields={name: value for name, value in merged.items() if value},
            answers=report.answers if self.answers is None else self.answers,
            evidence=report.evidence if self.evidence is None else self.evidence,
        )


class Events(Previews):
    """What happened: recorded, corrected, taken back."""

    # --- recording --------------------------------------------------------------------------------------------------

    def preview(self, contract: str, report: Report) -> Preview:
        """What recording the report would change. Nothing is written.

        Raises `PlanningError` for a report the terms cannot take, `Refused` for one that contradicts the log.
        """
        now = self._clock.now()
        return self._previewed(lambda view, lock: self._reporting(view, contract, report, now, "", lock=lock))

    def record(self, contract: str, report: Report, *, actor: str, confirmed: str | None = None) -> Preview:
        """Record the report and re-plan, in one transaction.

        `confirmed` is the mark of the preview a person agreed to; raises `PlanMoved` when the plan is no longer that.
        """
        now = self._clock.now()
        return self._recorded(
            lambda view, lock: self._reporting(view, contract, report, now, actor, lock=lock), confirmed
        )

    def stated(self, contract: str, report: Report) -> Report:
        """The report, if it states a fact of the contract's terms; raises `Refused` with the facts there are."""
        with self._store.read() as view:
            facts = self._kept(view, contract).terms.file.facts
        if report.event not in facts:
            if not facts:
                raise Refused(f"the terms of {contract} know no facts; record what happened with `obligations event`")
            raise Refused(f'the terms of {contract} know no fact "{report.event}".{did_you_mean(report.event, facts)}')
        return report

    def _reporting(
        self, view: Transaction, contract: str, report: Report, now: datetime, actor: str, *, lock: bool
    ) -> Entry:
        kept = self._kept(view, contract, lock=lock)
        self._refuse_known(view, report.id)
        report = self._saying_what_it_is_for(view, kept, report, now)
        entries = self._admitted(kept, replace(report, recorded_at=now, recorded_by=actor))
        # The record says by which proof something counts as done; other reports keep theirs in the log.
        proof = f"evidence: {report.evidence}" if report.event in ANSWERS and report.evidence else ""
        line = LedgerEntry(
            now, actor, f"event {report.event}", kept.stored.id, report.id, after=_said(report), reason=proof
        )
        return Entry(kept, entries, line)

    def _saying_what_it_is_for(self, view: Transaction, kept: Kept, report: Report, now: datetime) -> Report:
        """An answer, naming the clause that rules what it answers as it is recorded: where another one comes to rule
        later, what was said of three instalments is not taken for a word about a lump sum."""
        if report.event not in ANSWERS or CLAUSE in report.fields:
            return report
        answered = next((it for it in view.occurrences(kept.stored.id) if str(it.id) == report.answers), None)
        if answered is None:
            return report
        today = self.planner.today(kept.terms, now)
        return meant_for(report, self.planner.clause_of(kept.terms, kept.reports, answered, today), answered.position)

    def _refuse_known(self, view: Transaction, report_id: str) -> None:
        contract = view.contract_of_report(report_id)
        if contract is not None:
            raise Refused(
                f"event {report_id} is recorded already, in contract {contract}; nothing is counted twice."
                f" To mend it: obligations correct {report_id}"
            )

    def _admitted(self, kept: Kept, report: Report) -> tuple[LogEntry, ...]:
        """What goes into the log for a report: itself, and the older expectation of what happens once taken back.

        Every other expectation stays: planning puts the report in its place, so that ids and keys stay too.
        """
        self._refuse_days(kept, report)
        kind = kept.terms.event_kinds().get(report.event)
        same = [one for one in kept.reports if one.event == report.event]
        if kind is not None and kind.once:
            standing = next((one for one in same if not one.expected), None)
            if standing is not None:
                raise Refused(
                    f"{report.event} happens once and is recorded for {standing.occurred_on} (event {standing.id});"
                    f" correct it: obligations correct {standing.id} --on {report.occurred_on}, or take it back first:"
                    f" obligations withdraw {standing.id}"
                )
        expected = [one for one in same if one.expected]
        if kind is not None and kind.once:
            by, at = report.recorded_by, report.recorded_at or self._clock.now()
            return (*(Withdrawal(one.id, at, by, "it happened, or is expected anew") for one in expected), report)
        return (self._naming_what_it_fulfils(kept, report, expected),)

    def _naming_what_it_fulfils(self, kept: Kept, report: Report, expected: Sequence[Report]) -> Report:
        """The report, naming the expectation it fills, so that it still does when the day of either is corrected: the
        first one where it came before all of them, else as planning fills by day."""
        closes = any(clause.closed_by == report.event for clause in kept.terms.clauses.values())
        if not expected or report.expected or report.answers or closes:
            return report
        if all(report.occurred_on < one.occurred_on for one in expected):
            return replace(report, answers=min(expected, key=lambda one: one.occurred_on).id)
        happening = self.planner.happening(kept.terms, (*kept.reports, report), report)
        filled = next((one.id for one in expected if happening == f"{one.event}:{one.id}"), "")
        return replace(report, answers=filled)

    def _refuse_days(self, kept: Kept, report: Report) -> None:
        """Raises `Refused` for days that cannot be: not yet come, received before sent, or long before any contract."""
        today = self.planner.today(kept.terms, self._clock.now())
        # A fact may be known before the day it holds from: a raise agreed for next year.
        ahead = report.expected or report.event in kept.terms.file.facts
        for day in (report.occurred_on, report.received_on):
            if day is not None and day > today and not ahead:
                raise Refused(
                    f"{day} has not come yet (today is {today}); record what happened when it has,"
                    " or plan on it with --expected"
                )
        if report.received_on is not None and report.received_on < report.occurred_on:
            raise Refused(f"it cannot be received on {report.received_on}, before its day {report.occurred_on}")
        if report.occurred_on < _EARLIEST:
            raise Refused(f"{report.occurred_on} is before {_EARLIEST.year}: is the year mistyped?")

    # --- correcting -------------------------------------------------------------------------------------------------

    def preview_correction(self, report_id: str, amends: Amends) -> Preview:
        """What correcting a report would change. Nothing is written.

        Raises `NotFound` for a report that is not there, `Refused` for one that was withdrawn or would stay as it is,
        and `PlanningError` where the terms cannot take it so.
        """
        now = self._clock.now()
        return self._previewed(lambda view, lock: self._correcting(view, report_id, amends, now, "", "", lock=lock))

    def correct(
        self, report_id: str, amends: Amends, *, actor: str, reason: str = "", confirmed: str | None = None
    ) -> Preview:
        """Correct a report and re-plan, in one transaction. It keeps its id and its place, and what was sent and is no
        longer right goes to a person."""
        now = self._clock.now()
        return self._recorded(
            lambda view, lock: self._correcting(view, report_id, amends, now, actor, reason, lock=lock), confirmed
        )

    def _correcting(
        self, view: Transaction, report_id: str, amends: Amends, now: datetime, actor: str, reason: str, *, lock: bool
    ) -> Entry:
        kept, report = self._reported(view, report_id, lock=lock)
        then = amends.of(report)
        if then.answers != report.answers and then.event in ANSWERS:
            said = dict(amends.fields)
            fields = {name: it for name, it in then.fields.items() if name not in (CLAUSE, PART) or name in said}
            then = self._saying_what_it_is_for(view, kept, replace(then, fields=fields), now)
        if then == report:
            raise Refused(f"event {report_id} says exactly that already; nothing is to be corrected")
        self._refuse_days(kept, then)
        entry = Correction(
            report_id=report_id,
            occurred_on=then.occurred_on,
            received_on=then.received_on,
            fields=then.fields,
            answers=then.answers,
            evidence=then.evidence,
            recorded_at=now,
            recorded_by=actor,
            reason=reason,
        )
        changed = _changed(report, then)
        before = f"{_said(report)}{changed}"
        line = LedgerEntry(
            now,
            actor,
            f"event {report.event} corrected",
            kept.stored.id,
            report_id,
            before=before,
            after=_said(then),
            reason=reason,
        )
        return Entry(kept, (entry,), line)

    # --- taking back ------------------------------------------------------------------------------------------------

    def preview_withdrawal(self, report_id: str) -> Preview:
        """What taking a report back would change. Nothing is written."""
        now = self._clock.now()
        return self._previewed(lambda view, lock: self._withdrawing(view, report_id, now, "preview", "", lock=lock))

    def withdraw(self, report_id: str, *, actor: str, reason: str = "", confirmed: str | None = None) -> Preview:
        """Take a report back: what was not sent is undone, what was sent goes to a person to reverse."""
        now = self._clock.now()
        return self._recorded(
            lambda view, lock: self._withdrawing(view, report_id, now, actor, reason, lock=lock), confirmed
        )

    def _withdrawing(
        self, view: Transaction, report_id: str, now: datetime, actor: str, reason: str, *, lock: bool
    ) -> Entry:
        kept, report = self._reported(view, report_id, lock=lock)
        filled = next((one for one in kept.reports if report.expected and one.answers == report.id), None)
        if filled is not None:
            raise Refused(
                f"{report.event} was expected and happened on {filled.occurred_on} (event {filled.id}); what follows is"
                f" known by the expectation, so take that back first: obligations withdraw {filled.id}"
            )
        line = LedgerEntry(now, actor, f"event {report.event} withdrawn", kept.stored.id, report.id, reason=reason)
        return Entry(kept, (Withdrawal(report.id, now, actor, reason),), line)

    def _reported(self, view: Transaction, report_id: str, *, lock: bool = False) -> tuple[Kept, Report]:
        contract = view.contract_of_report(report_id)
        if contract is None:
            raise NotFound(
                f'there is no event "{report_id}"; `obligations contract show CONTRACT` lists them with their ids'
            )
        kept = self._kept(view, contract, lock=lock)
        report = next((one for one in kept.reports if one.id == report_id), None)
        if report is None:
            raise Refused(f"event {report_id} was withdrawn already")
        return kept, report


def _said(report: Report) -> str:
    """The day of a report for the record; never what its details hold, which may be pay."""
    return f"on {report.occurred_on}" + (" (expected)" if report.expected else "")


def _changed(report: Report, then: Report) -> str:
    """Beside the day, the names of what a correction changes."""
    names = {name for name in {*report.fields, *then.fields} if report.fields.get(name) != then.fields.get(name)}
    words = [name for name in ("received_on", "answers", "evidence") if getattr(report, name) != getattr(then, name)]
    changed = [*sorted(names), *words]
    return f", with another {' and '.join(changed)}" if changed else ""
