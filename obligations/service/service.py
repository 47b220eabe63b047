"""The use cases: every face calls these, and none touches the store behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar

from obligations.domain.delivery import UNSENT, DeliveryState, PushKind
from obligations.domain.event import Report, Withdrawal
from obligations.domain.occurrence import OPEN_STATES, Occurrence, Power, State
from obligations.planning.alternatives import Alternative
from obligations.planning.diff import Change, diff
from obligations.planning.plan import Plan
from obligations.planning.world import DONE, PlanningError
from obligations.ports import (
    LedgerEntry,
    StoredContract,
    StoredDelivery,
    Transaction,
)
from obligations.service import lookup
from obligations.service.contracts import Kept, Planner
from obligations.service.deliveries import Deliveries
from obligations.service.errors import NotFound, PlanMoved, Refused
from obligations.terms.model import PowerOf
from obligations.terms.terms import Terms

_T = TypeVar("_T")
_EARLIEST = date(1950, 1, 1)
# What was to go and had not gone.
_COMING = UNSENT | {DeliveryState.RETRYING}


@dataclass(frozen=True, slots=True)
class Preview:
    """What recording something would change, and the mark by which a person confirms exactly that."""

    contract: str
    changes: tuple[Change, ...]
    before: Plan
    after: Plan
    touched: tuple[StoredDelivery, ...]

    @property
    def mark(self) -> str:
        """A fingerprint of both plans."""
        return f"{self.before.fingerprint[:16]}{self.after.fingerprint[:16]}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an occurrence is what it is, what it would be under the other readings, and what was sent for it.

    `same` names the readings none of whose other options changes it.
    """

    occurrence: Occurrence | None
    power: Power | None
    others: tuple[Alternative, ...]
    same: tuple[str, ...]
    deliveries: tuple[StoredDelivery, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """One contract with its plan as of today."""

    stored: StoredContract
    plan: Plan
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What reporting an occurrence done came to: how it stands now, what else changed, and what no longer goes.

    An answer that came after the last day leaves it missed where its clause says what follows a miss.
    """

    occurrence: Occurrence
    done_on: date
    changes: tuple[Change, ...]
    stopped: tuple[StoredDelivery, ...]


class Service(Deliveries):
    """All use cases over one store: contracts, events, what is due and why, and what is sent."""

    # --- contracts --------------------------------------------------------------------------------------------------

    def preview_change(self, source: str, name: str) -> Preview:
        """What replacing the terms of a kept contract would change. Nothing is written.

        Raises `TermsError` for terms that are not right, `NotFound` where the contract is not kept.
        """
        terms = self.planner.terms(source, name)
        template = self._template_text(source, name)
        with self._store.read() as view:
            held = self._kept(view, terms.contract)
            deliveries = view.deliveries(terms.contract)
        return self._preview(held, self._changed(held, source, template), deliveries)

    def add_contract(
        self, source: str, name: str, *, actor: str, change: bool = False, confirmed: str | None = None
    ) -> Overview:
        """Keep a contract and plan it; with `change`, replace the text of one that is kept already.

        `confirmed` is the mark of the preview of a change that a person agreed to; raises `PlanMoved` when the plan is
        no longer that, `TermsError` for terms that are not right, `Refused` where the contract is there already (or not
        yet).
        """
        terms = self.planner.terms(source, name)
        template = self._template_text(source, name)
        now = self._clock.now()

        def keep(view: Transaction) -> Overview:
            if change:
                held = self._kept(view, terms.contract, lock=True)
                kept = self._changed(held, source, template)
                if confirmed is not None:
                    _confirm(self._preview(held, kept, ()), confirmed)
            elif view.contract(terms.contract, lock=True) is not None:
                raise Refused(
                    f"contract {terms.contract} is kept already; `obligations contract add --change FILE` replaces"
                    " its terms"
                )
            else:
                kept = self.planner.kept(
                    StoredContract(
                        terms.contract, terms.title, source, template, now, actor, None, self._library.tenant
                    ),
                    view.log(terms.contract),
                )
            view.put_contract(kept.stored)
            verb = "terms changed" if change else "contract added"
            view.note(LedgerEntry(now, actor, verb, terms.contract, terms.contract, after=terms.title))
            return Overview(kept.stored, self._settle(view, kept, now, actor), kept.reports)

        return self._written(keep)

    def _changed(self, held: Kept, source: str, template: str) -> Kept:
        """The contract as kept, on other terms."""
        terms = self.planner.terms(source, held.stored.id, template)
        stored = replace(held.stored, title=terms.title, source=source, template=template, replan_at=None)
        return self.planner.kept(stored, held.log)

    def _template_text(self, source: str, name: str) -> str:
        """The text of the template a contract stands on; nothing for one with clauses of its own."""
        used: list[str] = []

        def seen(wanted: str) -> tuple[str, str]:
            text, label = self._library.templates(wanted)
            used.append(text)
            return text, label

        Planner(replace(self._library, templates=seen)).terms(source, name)
        return used[0] if used else ""

    def contracts(self) -> Sequence[StoredContract]:
        """Every contract, by id."""
        with self._store.read() as view:
            return view.contracts()

    def overview(self, contract: str) -> Overview:
        """One contract with its plan as of today."""
        with self._store.read() as view:
            kept = self._kept(view, contract)
        return Overview(kept.stored, self._plan(kept), kept.reports)

    # --- events -----------------------------------------------------------------------------------------------------

    def preview(self, contract: str, report: Report) -> Preview:
        """What recording the report would change. Nothing is written.

        Raises `PlanningError` for a report the terms cannot take, `Refused` for one that contradicts the log.
        """
        with self._store.read() as view:
            kept = self._kept(view, contract)
            self._refuse_known(view, report.id)
            touched = view.deliveries(kept.stored.id)
        return self._preview(kept, kept.with_entries(*self._admitted(kept, report)), touched)

    def record(self, contract: str, report: Report, *, actor: str, confirmed: str | None = None) -> Preview:
        """Record the report and re-plan, in one transaction.

        `confirmed` is the mark of the preview a person agreed to; raises `PlanMoved` when the plan is no longer that.
        """
        now = self._clock.now()

        def write(view: Transaction) -> Preview:
            kept = self._kept(view, contract, lock=True)
            self._refuse_known(view, report.id)
            entries = self._admitted(kept, replace(report, recorded_at=now, recorded_by=actor))
            preview = self._preview(kept, kept.with_entries(*entries), view.deliveries(kept.stored.id))
            _confirm(preview, confirmed)
            for entry in entries:
                view.append(kept.stored.id, entry)
            said = f"on {report.occurred_on}" + (" (expected)" if report.expected else "")
            view.note(LedgerEntry(now, actor, f"event {report.event}", kept.stored.id, report.id, after=said))
            self._settle(view, kept.with_entries(*entries), now, actor)
            return preview

        return self._written(write)

    def _refuse_known(self, view: Transaction, report_id: str) -> None:
        contract = view.contract_of_report(report_id)
        if contract is not None:
            raise Refused(
                f"event {report_id} is recorded already, in contract {contract}; nothing is counted twice."
                f" To correct it, take it back first: obligations withdraw {report_id}"
            )

    def _admitted(self, kept: Kept, report: Report) -> tuple[Report | Withdrawal, ...]:
        """What goes into the log for a report: itself, and the older expectation of what happens once taken back.

        Every other expectation stays: planning puts the report in its place, so that ids and keys stay too.
        """
        kinds = kept.terms.event_kinds()
        today = self.planner.today(kept.terms, self._clock.now())
        for day in (report.occurred_on, report.received_on):
            if day is not None and day > today and not report.expected:
                raise Refused(
                    f"{day} has not come yet (today is {today}); record what happened when it has,"
                    " or plan on it with --expected"
                )
        if report.received_on is not None and report.received_on < report.occurred_on:
            raise Refused(f"it cannot be received on {report.received_on}, before its day {report.occurred_on}")
        if report.occurred_on < _EARLIEST:
            raise Refused(f"{report.occurred_on} is before {_EARLIEST.year}: is the year mistyped?")
        kind = kinds.get(report.event)
        same = [one for one in kept.reports if one.event == report.event]
        if kind is not None and kind.once:
            standing = next((one for one in same if not one.expected), None)
            if standing is not None:
                raise Refused(
                    f"{report.event} happens once and is recorded for {standing.occurred_on} (event {standing.id});"
                    f" take that back first: obligations withdraw {standing.id}"
                )
        expected = [one for one in same if one.expected]
        if kind is not None and kind.once:
            by, at = report.recorded_by, report.recorded_at or self._clock.now()
            return (*(Withdrawal(one.id, at, by, "it happened, or is expected anew") for one in expected), report)
        return (_naming_what_it_fulfils(kept, report, expected),)

    def _preview(self, kept: Kept, then: Kept, deliveries: Sequence[StoredDelivery]) -> Preview:
        before = self._plan(kept)
        after = self._plan(then)
        changes = diff(before, after)
        changed = {change.subject.id for change in changes}
        touched = tuple(one for one in deliveries if one.push.occurrence_id in changed and _is_sent(one))
        return Preview(kept.stored.id, changes, before, after, touched)

    def preview_withdrawal(self, report_id: str) -> Preview:
        """What taking a report back would change. Nothing is written."""
        with self._store.read() as view:
            kept, report = self._reported(view, report_id)
            deliveries = view.deliveries(kept.stored.id)
        taken_back = Withdrawal(report.id, self._clock.now(), "preview")
        return self._preview(kept, kept.with_entries(taken_back), deliveries)

    def withdraw(self, report_id: str, *, actor: str, reason: str = "", confirmed: str | None = None) -> Preview:
        """Take a report back: what was not sent is undone, what was sent goes to a person to reverse."""
        now = self._clock.now()

        def write(view: Transaction) -> Preview:
            kept, report = self._reported(view, report_id, lock=True)
            entry = Withdrawal(report.id, now, actor, reason)
            preview = self._preview(kept, kept.with_entries(entry), view.deliveries(kept.stored.id))
            _confirm(preview, confirmed)
            view.append(kept.stored.id, entry)
            view.note(
                LedgerEntry(now, actor, f"event {report.event} withdrawn", kept.stored.id, report.id, reason=reason)
            )
            self._settle(view, kept.with_entries(entry), now, actor)
            return preview

        return self._written(write)

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

    def done(self, reference: str, *, evidence: str, on: date | None, actor: str, report_id: str) -> Finished:
        """Record that an occurrence was fulfilled; raises `Refused` where nothing is open to fulfil, where it waits
        for something that has not happened, and without evidence."""
        if not evidence.strip():
            raise Refused("say what proves that it was done: --evidence TEXT")
        with self._store.read() as view:
            occurrence = lookup.occurrence(view, reference)
            kept = self._kept(view, occurrence.contract)
            unsent = {one.push.key for one in view.deliveries(occurrence.contract, states=_COMING)}
        _refuse_not_open(occurrence)
        day = on or self.planner.today(kept.terms, self._clock.now())
        report = Report(report_id, DONE, day, answers=str(occurrence.id), evidence=evidence)
        changes = self.record(occurrence.contract, report, actor=actor).changes
        with self._store.read() as view:
            finished = next(one for one in view.occurrences(occurrence.contract) if one.id == occurrence.id)
            stopped = view.deliveries(occurrence.contract, states={DeliveryState.CANCELLED})
        return Finished(finished, day, changes, tuple(one for one in stopped if one.push.key in unsent))

    # --- what is due, and why ---------------------------------------------------------------------------------------

    def due(self, days: int) -> tuple[date, Sequence[Occurrence]]:
        """Today, and what is open and to be acted on within so many days, overdue first."""
        today = self._clock.now().date()
        with self._store.read() as view:
            found = view.occurrences(until=today + timedelta(days=days), states=OPEN_STATES)
        return today, [one for one in found if one.acts_on is not None]

    def asking(self) -> Sequence[Overview]:
        """Every contract that asks people for something that is missing or that only they can judge."""
        with self._store.read() as view:
            waiting = view.occurrences(states={State.WAITING, State.NEEDS_PERSON})
            contracts = {it.contract for it in waiting if it.missing or it.state is State.NEEDS_PERSON}
            kept = [self._kept(view, name) for name in sorted(contracts)]
        return [Overview(one.stored, self._plan(one), one.reports) for one in kept]

    def needing_people(self) -> Sequence[Occurrence]:
        """What waits for a person's judgment."""
        with self._store.read() as view:
            return view.occurrences(states={State.NEEDS_PERSON})

    def why(self, reference: str) -> Explanation:
        """The explanation of one occurrence or power."""
        with self._store.read() as view:
            try:
                occurrence: Occurrence | None = lookup.occurrence(view, reference)
            except NotFound:
                power = self._of_plans(view, reference, lambda _, plan, name: lookup.power(plan.powers, name))
                if power is not None:
                    return Explanation(None, power, (), (), ())
                waiting = self._of_plans(view, reference, _not_set_off)
                if waiting is None:
                    raise
                raise NotFound(waiting) from None
            assert occurrence is not None
            kept = self._kept(view, occurrence.contract)
            sent = [one for one in view.deliveries(occurrence.contract) if one.push.occurrence_id == occurrence.id]
        plan = self._plan(kept)
        others = [one for one in self.planner.others(kept.terms, kept.reports, plan) if one.subject.id == occurrence.id]
        differing = {one.reading for one in others}
        readings = kept.terms.file.readings.items()
        same = tuple(name for name, reading in readings if len(reading.names) > 1 and name not in differing)
        return Explanation(plan.occurrence(occurrence.id) or occurrence, None, tuple(others), same, tuple(sent))

    def _of_plans(
        self, view: Transaction, reference: str, found_in: Callable[[Terms, Plan, str], Sequence[_T]]
    ) -> _T | None:
        """The first thing that the plans of the contracts a reference may mean have under its name."""
        scope, slash, name = reference.partition("/")
        for stored in view.contracts():
            if not slash or scope == stored.id:
                kept = self._kept(view, stored.id)
                found = found_in(kept.terms, self._plan(kept), name or scope)
                if found:
                    return found[0]
        return None


def _not_set_off(terms: Terms, plan: Plan, name: str) -> Sequence[str]:
    """Why a clause or power by that name has nothing to show yet."""
    wanted = name.partition("/")[0]
    return [
        f"{plan.contract}/{wanted} has not come about: it waits for {' and '.join(waiting)}"
        for clause, waiting in plan.dormant
        if wanted == clause
        or any(
            isinstance(it, PowerOf) and it.power == wanted
            for it in (terms.clauses[clause].power, terms.clauses[clause].if_missed)
        )
    ]


def _is_sent(one: StoredDelivery) -> bool:
    """Whether it is an instruction that its receiver has, or may have."""
    gone = one.state in (DeliveryState.DELIVERED, DeliveryState.SENDING) or one.first_unknown_at is not None
    return one.push.kind is PushKind.ACTION and gone


def _naming_what_it_fulfils(kept: Kept, report: Report, expected: Sequence[Report]) -> Report:
    """The report, naming the first expectation where it came before all of them: planning fills by day otherwise."""
    early = expected and all(report.occurred_on < one.occurred_on for one in expected)
    closes = any(clause.closed_by == report.event for clause in kept.terms.clauses.values())
    if report.expected or report.answers or closes or not early:
        return report
    return replace(report, answers=min(expected, key=lambda one: one.occurred_on).id)


def _refuse_not_open(one: Occurrence) -> None:
    """Only what has come about can be done."""
    name = f"{one.clause}/{one.index}"
    if one.state is State.NOT_APPLICABLE:
        raise Refused(
            f"{name} does not apply; nothing is owed that could be done: obligations why {one.contract}/{name}"
        )
    if one.state not in OPEN_STATES:
        raise Refused(f"{name} is {one.state}; nothing is left to be done")
    if one.state is State.WAITING and one.acts_on is None:
        waits = " and ".join(dict.fromkeys((*one.waiting_for, *one.missing))) or "something to happen"
        raise Refused(f"{name} has not come about: it waits for {waits}; record that first")


def _confirm(preview: Preview, mark: str | None) -> None:
    if mark is not None and mark != preview.mark:
        raise PlanMoved("the plan changed since the diff was shown; look at it again and confirm anew")


__all__ = ["Explanation", "Finished", "Overview", "PlanningError", "Preview", "Service"]
