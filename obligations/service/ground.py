"""What every use case stands on: one store, one clock, one library; and planning a kept contract anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from obligations.planning.plan import Plan
from obligations.planning.settlement import settle
from obligations.ports import THE_CALENDARS, THE_CLOCK, Clock, Conflict, Store, Transaction
from obligations.service import lookup
from obligations.service.contracts import Kept, Planner
from obligations.service.installation import Library

_TRIES = 5
A_YEAR = timedelta(days=366)
_T = TypeVar("_T")
_Asked = TypeVar("_Asked")
_Planned = TypeVar("_Planned")


class Ground:
    """The ground of the use cases.

    Args:
        store: where everything is kept.
        clock: business time; decides what is due today, and stamps what is recorded.
        library: templates, calendars, zones and sending habits of this installation.
    """

    def __init__(self, store: Store, *, clock: Clock, library: Library) -> None:
        self._store = store
        self._clock = clock
        self._library = library
        self.planner = Planner(library)

    def replan(self, contract: str) -> None:
        """Bring one contract in step with the day it is, and with the calendars there are."""
        self.prepare(contract)
        self._bring_on(contract, None)

    def bring_on(self, contract: str) -> None:
        """The same, for the daemon, by a year at most; what has waited longer is then due to be planned again.

        A clock that is a century ahead must not make a century of rows in one transaction.
        """
        self._bring_on(contract, A_YEAR)

    def prepare(self, contract: str) -> None:
        """Work out how far the contract's dates may reach, unless that is known, so that the planning that follows
        keeps nobody waiting: it can take seconds. Writes nothing, and may run beside whatever else uses the store."""
        with self._store.read() as view:
            kept = self._kept(view, contract)
        self.planner.reach(kept, self._as_of(kept, self._clock.now(), A_YEAR))

    def _bring_on(self, contract: str, at_most: timedelta | None) -> None:
        def write(view: Transaction) -> None:
            now = self._clock.now()
            kept = self._kept(view, contract, lock=True)
            before, after = kept.stored.edition, self._library.edition
            as_of = self._as_of(kept, now, at_most)
            if before and after and before != after:
                reason = f"planned again with {_unlike(after, before)} instead of {_unlike(before, after)}"
                self._settle(view, kept, now, THE_CALENDARS, as_of=as_of, reason=reason)
            else:
                self._settle(view, kept, now, THE_CLOCK, as_of=as_of)

        self._written(write)

    def _as_of(self, kept: Kept, now: datetime, at_most: timedelta | None) -> date:
        """The day to plan for: today, or one that is so far from the day it was to be planned again."""
        today = self.planner.today(kept.terms, now)
        if at_most is None or kept.stored.replan_at is None:
            return today
        return min(today, self.planner.today(kept.terms, kept.stored.replan_at) + at_most)

    def _written(self, work: Callable[[Transaction], _T]) -> _T:
        """What the work comes to, in one transaction; from the start again when another writer came first."""
        for _ in range(_TRIES - 1):
            try:
                with self._store.write() as view:
                    return work(view)
            except Conflict:
                continue
        with self._store.write() as view:
            return work(view)

    def _worked_out(
        self,
        asked: Callable[[Transaction, bool], _Asked],
        plan: Callable[[_Asked], _Planned],
        work: Callable[[Transaction, _Asked, _Planned], _T],
    ) -> _T:
        """What the work comes to, in one transaction that is short: the planning, which can take seconds, comes before
        it, so that nobody waits for their turn to write meanwhile. Where what was asked has changed by then, it is
        planned again; and in the end inside, so that a busy contract is not planned for ever.

        `asked` reads what is to be planned, and is told whether it may lock it; what it gives is compared.
        """
        for _ in range(_TRIES - 1):
            with self._store.read() as view:
                seen = asked(view, False)
            planned = plan(seen)
            try:
                with self._store.write() as view:
                    if asked(view, True) == seen:
                        return work(view, seen, planned)
            except Conflict:
                continue
        with self._store.write() as view:
            seen = asked(view, True)
            return work(view, seen, plan(seen))

    def _kept(self, view: Transaction, contract: str, *, lock: bool = False) -> Kept:
        stored = lookup.contract(view, contract, lock=lock)
        return self.planner.kept(stored, view.log(stored.id))

    def _plan(self, kept: Kept, view: Transaction | None = None) -> Plan:
        """The plan as of today; with the bounds as they are kept where a view of the store is given."""
        reach = {one.id: one.bounds for one in view.occurrences(kept.stored.id) if one.bounds} if view else None
        return self.planner.plan(kept.terms, kept.reports, self.planner.today(kept.terms, self._clock.now()), reach)

    def _settle(
        self,
        view: Transaction,
        kept: Kept,
        now: datetime,
        actor: str,
        *,
        as_of: date | None = None,
        reason: str = "",
    ) -> Plan:
        plan = self.planner.with_bounds(kept, as_of or self.planner.today(kept.terms, now))
        self._keep_plan(view, plan, now, actor, reason)
        return plan

    def _keep_plan(self, view: Transaction, plan: Plan, now: datetime, actor: str, reason: str = "") -> None:
        contract = plan.contract
        changes = settle(
            plan,
            view.occurrences(contract),
            view.deliveries(contract),
            tenant=self._library.tenant,
            now=now,
            actor=actor,
            reason=reason,
        )
        view.apply(contract, replace(changes, edition=self._library.edition or None))


def _unlike(edition: str, other: str) -> str:
    """The parts of an edition that another does not have."""
    rest = other.split("; ")
    return ", ".join(part for part in edition.split("; ") if part not in rest) or "nothing"
