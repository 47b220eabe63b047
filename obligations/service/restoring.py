"""The use cases after a database was restored: hold everything back, and let no payment go twice by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from obligations.domain.delivery import DeliveryState
from obligations.domain.hold import Hold, Scope
from obligations.planning.values import PlanningError
from obligations.ports import LedgerEntry, StoredDelivery, Transaction
from obligations.service.ground import Ground
from obligations.terms.errors import TermsError

RESTORE = "restore"
DOUBT = "may have been sent after the back-up was made: ask the receiver"
_MAY_HAVE_GONE = frozenset(
    {DeliveryState.PROPOSED, DeliveryState.SCHEDULED, DeliveryState.RETRYING, DeliveryState.PARKED}
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database starts with: the hold on everything, the payments that a person must ask about, and the
    contracts that could not be planned anew."""

    hold: Hold
    doubted: tuple[StoredDelivery, ...]
    unplanned: tuple[str, ...]


class Restoring(Ground):
    """What was done between the making of a back-up and its restoring is known to nobody here."""

    def after_restore(self, made_at: datetime, *, machine_now: datetime, actor: str) -> Restored:
        """Hold everything back, and park every payment whose time has come and that was not delivered when the back-up
        was made. To be called before any daemon works on the database."""
        unplanned = []
        with self._store.read() as view:
            contracts = [one.id for one in view.contracts()]
        for contract in contracts:
            # What would have been planned meanwhile may have been sent as well.
            try:
                self.replan(contract)
            except (PlanningError, TermsError):
                unplanned.append(contract)
        # What was in flight when the back-up was made has an unknown outcome of its own.
        self._store.rescue(machine_now=machine_now, everything=True)
        now = self._clock.now()
        reason = (
            f"restored from a back-up of {made_at:%Y-%m-%d %H:%M}Z: record again what happened since, ask the receivers"
            " about what is parked, then resume"
        )

        def write(view: Transaction) -> Restored:
            hold = view.hold(Scope.EVERYTHING, reason, at=now, by=RESTORE)
            view.note(LedgerEntry(now, actor, "restored from a back-up", "", f"back-up of {made_at:%Y-%m-%d %H:%M}Z"))
            doubted = doubt_payments(view, now, made_at)
            return Restored(hold, tuple(doubted), tuple(unplanned))

        return self._written(write)


def doubt_payments(view: Transaction, until: datetime, made_at: datetime) -> Sequence[StoredDelivery]:
    """Park what moves money or rights and was to go by then; returns it as it now stands."""
    found = [
        one.push.key
        for one in view.deliveries(states=_MAY_HAVE_GONE)
        if one.push.money and one.push.send_at <= until and not _asked_about(one)
    ]
    for key in found:
        view.doubt(key, since=made_at, reason=DOUBT)
    return view.deliveries(keys=found)


def doubt_what_came_since(view: Transaction, hold: Hold) -> None:
    """Park payments that were planned after the restoring for a time before it, unless people agreed to them since:
    what they rest on was recorded again, and they may have gone when it was recorded first."""
    for one in view.deliveries(states=_MAY_HAVE_GONE):
        overdue = one.push.money and one.push.send_at <= hold.held_at and not one.attempts
        if overdue and not any(it.approve and it.decided_at >= hold.held_at for it in view.decisions(one.push.key)):
            view.doubt(one.push.key, since=hold.held_at, reason=DOUBT)


def _asked_about(one: StoredDelivery) -> bool:
    """Whether a person must ask already before it goes again."""
    return one.state is DeliveryState.PARKED and one.first_unknown_at is not None
