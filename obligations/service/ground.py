"""What every use case stands on: one store, one clock, one library; and planning a kept contract anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from obligations.planning.plan import Plan
from obligations.planning.settlement import settle
from obligations.ports import Clock, Conflict, Store, Transaction
from obligations.service import lookup
from obligations.service.contracts import Kept, Planner
from obligations.service.installation import Library

_TRIES = 5
_T = TypeVar("_T")


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
        """Bring one contract in step with the day it is; the daemon calls this when the clock changes a plan."""

        def write(view: Transaction) -> None:
            self._settle(view, self._kept(view, contract, lock=True), self._clock.now(), "the clock")

        self._written(write)

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

    def _kept(self, view: Transaction, contract: str, *, lock: bool = False) -> Kept:
        stored = lookup.contract(view, contract, lock=lock)
        return self.planner.kept(stored, view.log(stored.id))

    def _plan(self, kept: Kept, view: Transaction | None = None) -> Plan:
        """The plan as of today; with the bounds as they are kept where a view of the store is given."""
        reach = {one.id: one.bounds for one in view.occurrences(kept.stored.id) if one.bounds} if view else None
        return self.planner.plan(kept.terms, kept.reports, self.planner.today(kept.terms, self._clock.now()), reach)

    def _settle(self, view: Transaction, kept: Kept, now: datetime, actor: str) -> Plan:
        plan = self.planner.with_bounds(kept, self.planner.today(kept.terms, now))
        contract = kept.stored.id
        changes = settle(
            plan,
            view.occurrences(contract),
            view.deliveries(contract),
            tenant=self._library.tenant,
            now=now,
            actor=actor,
        )
        view.apply(contract, changes)
        return plan
