"""Showing what something would change before it is recorded, and recording exactly what was shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.event import LogEntry
from obligations.planning.content import is_content
from obligations.planning.diff import Change, diff
from obligations.planning.plan import Plan
from obligations.ports import LedgerEntry, StoredDelivery, Transaction
from obligations.service.contracts import Kept
from obligations.service.errors import PlanMoved
from obligations.service.ground import Ground


@dataclass(frozen=True, slots=True)
class Preview:
    """What recording something would change, and the mark by which a person confirms exactly that.

    `touched` are instructions already sent for what changes; `lapsed` are those approved and not yet sent whose content
    changes, so that they are to be approved anew.
    """

    contract: str
    changes: tuple[Change, ...]
    before: Plan
    after: Plan
    touched: tuple[StoredDelivery, ...]
    lapsed: tuple[StoredDelivery, ...] = ()

    @property
    def mark(self) -> str:
        """A fingerprint of both plans."""
        return _mark(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody asks to be recorded: the contract as it is, the lines of its log, and the line of the record."""

    kept: Kept
    entries: tuple[LogEntry, ...]
    line: LedgerEntry

    @property
    def then(self) -> Kept:
        """The contract as it will be."""
        return self.kept.with_entries(*self.entries)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What planning makes of a change, before anything of it is written: the plans that a person is shown and what
    differs between them, and the plan to keep."""

    before: Plan
    after: Plan
    changes: tuple[Change, ...]
    keep: Plan


class Previews(Ground):
    """Previews, and recording what was previewed."""

    def _preview(self, kept: Kept, then: Kept, deliveries: Sequence[StoredDelivery]) -> Preview:
        before, after = self._plan(kept), self._plan(then)
        return self._shown(kept.stored.id, before, after, diff(before, after), deliveries)

    def _drawn(self, kept: Kept, then: Kept, confirmed: str | None) -> Drawn:
        """Raises `PlanMoved` where a person agreed to another preview."""
        before, after = self._plan(kept), self._plan(then)
        confirm(before, after, confirmed)
        today = self.planner.today(then.terms, self._clock.now())
        return Drawn(before, after, diff(before, after), self.planner.with_bounds(then, today))

    def _shown(
        self,
        contract: str,
        before: Plan,
        after: Plan,
        changes: tuple[Change, ...],
        deliveries: Sequence[StoredDelivery],
    ) -> Preview:
        changed = {change.subject.id for change in changes}
        touched = tuple(one for one in deliveries if one.push.occurrence_id in changed and _is_sent(one))
        agreed = [one for one in deliveries if _is_agreed(one)]
        names = {(one.push.occurrence_id, one.push.name) for one in agreed}
        # The key of a push is written when it is read: of those that were agreed to, and not of all.
        pushes = {push.key: push for push in after.pushes if (push.occurrence_id, push.name) in names}
        lapsed = tuple(one for one in agreed if _is_other(pushes.get(one.push.key), one))
        return Preview(contract, changes, before, after, touched, lapsed)

    def _previewed(self, asked: Callable[[Transaction, bool], Entry]) -> Preview:
        """What recording it would change. Nothing is written."""
        with self._store.read() as view:
            entry = asked(view, False)
            deliveries = view.deliveries(entry.kept.stored.id)
        return self._preview(entry.kept, entry.then, deliveries)

    def _recorded(self, asked: Callable[[Transaction, bool], Entry], confirmed: str | None) -> Preview:
        """Record it and re-plan, in one transaction."""

        def write(view: Transaction, entry: Entry, drawn: Drawn) -> Preview:
            contract = entry.kept.stored.id
            preview = self._shown(contract, drawn.before, drawn.after, drawn.changes, view.deliveries(contract))
            for one in entry.entries:
                view.append(contract, one)
            view.note(entry.line)
            self._keep_plan(view, drawn.keep, entry.line.at, entry.line.actor)
            return preview

        return self._worked_out(asked, lambda entry: self._drawn(entry.kept, entry.then, confirmed), write)


def confirm(before: Plan, after: Plan, mark: str | None) -> None:
    """Raises `PlanMoved` where a person agreed to a preview of other plans than these."""
    if mark is not None and mark != _mark(before, after):
        raise PlanMoved("the plan changed since the diff was shown; look at it again and confirm anew")


def _mark(before: Plan, after: Plan) -> str:
    return f"{before.fingerprint[:16]}{after.fingerprint[:16]}"


def _is_agreed(one: StoredDelivery) -> bool:
    """Whether people approved it and it has not gone."""
    return one.state is DeliveryState.SCHEDULED and bool(one.push.approvals)


def _is_other(push: Push | None, one: StoredDelivery) -> bool:
    """Whether the plan would send something else under its key than what was approved."""
    return push is not None and not is_content(push, one.content_hash)


def _is_sent(one: StoredDelivery) -> bool:
    """Whether it is an instruction that its receiver has, or may have."""
    gone = one.state in (DeliveryState.DELIVERED, DeliveryState.SENDING) or one.first_unknown_at is not None
    return one.push.kind is PushKind.ACTION and gone
