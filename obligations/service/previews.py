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
        return f"{self.before.fingerprint[:16]}{self.after.fingerprint[:16]}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody asks to be recorded: the contract as it is, the lines of its log, and the line of the record."""

    kept: Kept
    entries: tuple[LogEntry, ...]
    line: LedgerEntry


class Previews(Ground):
    """Previews, and recording what was previewed."""

    def _preview(self, kept: Kept, then: Kept, deliveries: Sequence[StoredDelivery]) -> Preview:
        before = self._plan(kept)
        after = self._plan(then)
        changes = diff(before, after)
        changed = {change.subject.id for change in changes}
        touched = tuple(one for one in deliveries if one.push.occurrence_id in changed and _is_sent(one))
        agreed = [one for one in deliveries if _is_agreed(one)]
        names = {(one.push.occurrence_id, one.push.name) for one in agreed}
        # The key of a push is written when it is read: of those that were agreed to, and not of all.
        pushes = {push.key: push for push in after.pushes if (push.occurrence_id, push.name) in names}
        lapsed = tuple(one for one in agreed if _is_other(pushes.get(one.push.key), one))
        return Preview(kept.stored.id, changes, before, after, touched, lapsed)

    def _previewed(self, asked: Callable[[Transaction], Entry]) -> Preview:
        """What recording it would change. Nothing is written."""
        with self._store.read() as view:
            entry = asked(view)
            deliveries = view.deliveries(entry.kept.stored.id)
        return self._preview(entry.kept, entry.kept.with_entries(*entry.entries), deliveries)

    def _recorded(self, asked: Callable[[Transaction], Entry], confirmed: str | None) -> Preview:
        """Record it and re-plan, in one transaction."""

        def write(view: Transaction) -> Preview:
            entry = asked(view)
            kept, contract = entry.kept, entry.kept.stored.id
            then = kept.with_entries(*entry.entries)
            preview = self._preview(kept, then, view.deliveries(contract))
            confirm(preview, confirmed)
            for one in entry.entries:
                view.append(contract, one)
            view.note(entry.line)
            self._settle(view, then, entry.line.at, entry.line.actor)
            return preview

        return self._written(write)


def confirm(preview: Preview, mark: str | None) -> None:
    """Raises `PlanMoved` where a person agreed to another preview than this one."""
    if mark is not None and mark != preview.mark:
        raise PlanMoved("the plan changed since the diff was shown; look at it again and confirm anew")


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
