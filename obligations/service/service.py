"""The use cases: every face calls these, and none touches the store behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from obligations.domain.delivery import UNSENT, DeliveryState, PushKind
from obligations.domain.event import Report
from obligations.domain.occurrence import OPEN_STATES, Occurrence, Power, State
from obligations.planning.alternatives import Alternative
from obligations.planning.answers import DONE, PARTLY, WAIVED
from obligations.planning.diff import Change
from obligations.planning.plan import Plan
from obligations.planning.values import PlanningError
from obligations.ports import (
    StoredDelivery,
    Transaction,
)
from obligations.service import lookup
from obligations.service.deliveries import Deliveries
from obligations.service.errors import NotFound, Refused
from obligations.service.events import Events
from obligations.service.holding import Holding
from obligations.service.ledger import Ledgers
from obligations.service.previews import Entry, Preview
from obligations.service.readings import Readings
from obligations.service.restoring import Restoring
from obligations.service.terms_kept import Contracts, Overview
from obligations.terms.clause import PowerOf
from obligations.terms.terms import Terms

_T = TypeVar("_T")
# What was to go and had not gone.
_COMING = UNSENT | {DeliveryState.RETRYING}
# What ended well, whoever said so: what closes by itself does when its day comes, paid or not.
_FULFILLED = frozenset({State.DONE, State.DONE_LATE})


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
class Finished:
    """What reporting an occurrence done came to: how it stands now, what else changed, and what no longer goes.

    `on_its_way` are its instructions that are being sent at that moment: too late to keep them from arriving.

    An answer that came after the last day leaves it missed where its clause says what follows a miss.
    """

    occurrence: Occurrence
    done_on: date
    changes: tuple[Change, ...]
    stopped: tuple[StoredDelivery, ...]
    on_its_way: tuple[StoredDelivery, ...] = ()


class Service(Contracts, Events, Readings, Deliveries, Holding, Ledgers, Restoring):
    """All use cases over one store: contracts, events, what is due and why, and what is sent."""

    # --- what was done ------------------------------------------------------------------------------------------------

    def done(self, reference: str, *, evidence: str, on: date | None, actor: str, report_id: str) -> Finished:
        """Record that an occurrence was fulfilled; see `answered`."""
        return self.answered(reference, DONE, {}, evidence=evidence, on=on, actor=actor, report_id=report_id)

    def answered(
        self,
        reference: str,
        word: str,
        details: Mapping[str, str],
        *,
        evidence: str,
        on: date | None,
        actor: str,
        report_id: str,
    ) -> Finished:
        """Record that an occurrence was `done`, done `partly` (with `amount` or `units`), or `waived` (with `by`).

        What closed by itself, and whose instruction did not arrive, is settled likewise: it is not sent any more.

        Raises `Refused` where nothing is open to fulfil, where it waits for something that has not happened, without
        evidence, and for a waiver by somebody it is not owed to.
        """
        if not evidence.strip():
            raise Refused(f"say what proves that it was {word.replace('partly', 'partly done')}: --evidence TEXT")
        with self._store.read() as view:
            occurrence = lookup.occurrence(view, reference)
            kept = self._kept(view, occurrence.contract)
            unsent = {one.push.key for one in view.deliveries(occurrence.contract, states=_COMING)}
            closed = occurrence.state in _FULFILLED and word != PARTLY and _is_unsettled(view, occurrence)
        if not closed:
            _refuse_not_open(occurrence)
        _refuse_answer(occurrence, word, details)
        now = self._clock.now()
        day = on or self.planner.today(kept.terms, now)
        report = Report(report_id, word, day, fields=details, answers=str(occurrence.id), evidence=evidence)

        def entry(view: Transaction, lock: bool) -> Entry:
            if closed:
                _refuse_on_its_way(view, occurrence)
            return self._reporting(view, occurrence.contract, report, now, actor, lock=lock)

        changes = self._recorded(entry, None).changes
        with self._store.read() as view:
            finished = next(one for one in view.occurrences(occurrence.contract) if one.id == occurrence.id)
            stopped = view.deliveries(occurrence.contract, states={DeliveryState.CANCELLED})
            sending = tuple(one for one in _instructions(view, occurrence) if one.state is DeliveryState.SENDING)
        return Finished(finished, day, changes, tuple(one for one in stopped if one.push.key in unsent), sending)

    # --- what is due, and why ---------------------------------------------------------------------------------------

    def due(self, days: int) -> tuple[date, Sequence[Occurrence]]:
        """Today, and what is open and to be acted on within so many days, overdue first."""
        today = self._clock.now().date()
        with self._store.read() as view:
            found = view.occurrences(until=today + timedelta(days=days), states=OPEN_STATES)
        return today, [one for one in found if one.acts_on is not None]

    def asking(self) -> Sequence[Overview]:
        """Every contract that asks people for something: it is missing, something with a day waits for it, or only they
        can judge it."""
        with self._store.read() as view:
            waiting = view.occurrences(states={State.WAITING, State.NEEDS_PERSON})
            contracts = {
                it.contract for it in waiting if it.missing or it.acts_on is not None or it.state is State.NEEDS_PERSON
            }
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
            plan = self._plan(kept, view)
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


def _refuse_answer(one: Occurrence, word: str, details: Mapping[str, str]) -> None:
    """Only whom it is owed to can waive it, and a part is of the kind the whole is of."""
    name = f"{one.clause}/{one.index}"
    if word == WAIVED and one.creditor and details.get("by", "").strip() != one.creditor:
        raise Refused(f"{name} is owed to the {one.creditor}, and nobody else can waive it: --by {one.creditor}")
    if word == PARTLY and "amount" in details and one.amount is None:
        raise Refused(f"{name} is no payment; a part of it is counted with --units")
    if word == PARTLY and "units" in details and one.units is None:
        raise Refused(f"{name} is not counted in units; a part of a payment is given with --amount")
    whole = one.amount.value if one.amount is not None else one.units
    said = details.get("amount") or details.get("units")
    if word == PARTLY and said and whole is not None and _figure(said) > whole:
        raise Refused(f"{name}: the part is more than what is left of it; correct the figure, or record it done")


def _figure(text: str) -> Decimal:
    """A figure as a person writes it; whether it is one at all is judged where it is planned."""
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return Decimal(0)


def _is_unsettled(view: Transaction, one: Occurrence) -> bool:
    """Whether an instruction of it was to go, and nobody knows that it arrived."""
    return any(it.state in _COMING or it.state is DeliveryState.SENDING for it in _instructions(view, one))


def _refuse_on_its_way(view: Transaction, one: Occurrence) -> None:
    """What a daemon holds in its hands has an answer soon; a word of a person must not come in between. What is
    claimed after this was looked at is a conflict of the settling, and looked at again."""
    if any(it.state is DeliveryState.SENDING for it in _instructions(view, one)):
        raise Refused(
            f"{one.clause}/{one.index} is being sent at this moment; see in a minute what came of it:"
            f" obligations why {one.contract}/{one.clause}/{one.index}"
        )
    if not _is_unsettled(view, one):
        _refuse_not_open(one)


def _instructions(view: Transaction, one: Occurrence) -> Sequence[StoredDelivery]:
    return [
        it
        for it in view.deliveries(one.contract)
        if it.push.occurrence_id == one.id and it.push.kind is PushKind.ACTION
    ]


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


__all__ = ["Explanation", "Finished", "Overview", "PlanningError", "Preview", "Service"]
