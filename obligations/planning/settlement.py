"""Settlement: what must be written so that the store holds the plan, given what was already sent.

Occurrences follow the plan. A push follows it too until it was tried; from then on `revisions` says what may be done.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan, seen
from obligations.planning.revisions import (
    Settling,
    edit_name,
    first_time,
    is_undecided,
    settle_action,
    settle_edits,
    settle_reminder,
)
from obligations.ports import Changes, DeliveryChange, Halt, LedgerEntry, StoredDelivery

_S = DeliveryState
# What is being sent while the plan changes is looked at again, to stop it where it did not arrive. It is halted until
# then: a retry comes sooner than that.
LOOK_AGAIN = timedelta(minutes=1)
_OVER = frozenset({_S.DELIVERED, _S.CANCELLED, _S.COLLAPSED})

Chain = tuple[UUID, str]
Chains = Mapping[Chain, Sequence[StoredDelivery]]


def settle(
    plan: Plan,
    stored: Iterable[Occurrence],
    deliveries: Iterable[StoredDelivery],
    *,
    tenant: str,
    now: datetime,
    actor: str,
    reason: str = "",
) -> Changes:
    """Everything to write, in one transaction, for the store to hold the plan; nothing where it holds it already.

    Args:
        plan: the plan now in force.
        stored: the contract's occurrences as they are kept.
        deliveries: the contract's deliveries as they are kept, every state.
        now: the business instant that edits and corrections go at and the ledger notes.
        actor: who caused the re-planning.
        reason: why, where the ledger's lines would not say it themselves.
    """
    kept = {one.id: one for one in stored}
    changed = tuple(_changed_occurrences(plan, kept))
    held = {**kept, **{one.id: one for one in changed}}
    in_hand = _in_hand(plan, held.values())
    chains = _chains(deliveries)
    wanted = {(push.occurrence_id, push.name): push for push in plan.pushes}
    changes: list[DeliveryChange] = []
    halts: list[Halt] = []
    undecided = False
    for chain in {**wanted, **chains}:
        push, kept_so_far = wanted.get(chain), chains.get(chain, ())
        at = Settling(held[chain[0]], tenant, now, chain[0] in in_hand)
        changes += _settled(push, kept_so_far, chains, at)
        for one in kept_so_far:
            stop = is_undecided(push, one)
            undecided |= stop
            if one.halted is not stop and one.state not in _OVER:
                halts.append(Halt(one.push.key, one.state, one.fence, stop))
    written = {change.push.key for change in changes}
    look_again = now + LOOK_AGAIN if undecided else None
    return Changes(
        occurrences=changed,
        deliveries=tuple(changes),
        halts=tuple(one for one in halts if one.key not in written),
        ledger=tuple(_ledger(plan.contract, kept, changed, changes, now, actor, reason)),
        replan_at=min((it for it in (plan.replan_at, look_again) if it is not None), default=None),
    )


def _changed_occurrences(plan: Plan, kept: Mapping[UUID, Occurrence]) -> Iterator[Occurrence]:
    planned = {one.id: one for one in plan.occurrences}
    for identity, one in planned.items():
        if kept.get(identity) != one:
            yield one
    for identity, one in kept.items():
        if identity not in planned and one.state is not State.CANCELLED:
            yield replace(one, state=State.CANCELLED, waiting_for=(), missing=())


def _in_hand(plan: Plan, held: Iterable[Occurrence]) -> frozenset[UUID]:
    """What a person says, or said, how much was done of, and what stood beside it in the shape it had before."""
    if not plan.in_hand:
        return frozenset()
    happenings = {(one.clause, one.instance) for one in plan.occurrences if one.id in plan.in_hand}
    planned = {one.id for one in plan.occurrences}
    gone = {one.id for one in held if one.id not in planned and (one.clause, one.instance) in happenings}
    return plan.in_hand | gone


def _chains(deliveries: Iterable[StoredDelivery]) -> dict[Chain, list[StoredDelivery]]:
    """Each push with its revisions, oldest first."""
    chains: dict[Chain, list[StoredDelivery]] = defaultdict(list)
    for delivery in sorted(deliveries, key=lambda one: one.push.supersession):
        chains[(delivery.push.occurrence_id, delivery.push.name)].append(delivery)
    return dict(chains)


def _settled(
    wanted: Push | None, chain: Sequence[StoredDelivery], chains: Chains, at: Settling
) -> Iterator[DeliveryChange]:
    if not chain:
        if wanted is not None:
            yield first_time(wanted)
        return
    match chain[-1].push.kind:
        case PushKind.ACTION:
            yield from settle_action(wanted, chain, at)
        case PushKind.REMINDER:
            yield from settle_reminder(wanted, chain, at)
            for sent in (one for one in chain if one.state is _S.DELIVERED):
                yield from settle_edits(sent, chains.get((at.occurrence.id, edit_name(sent.push)), ()), at)
        case PushKind.EDIT:
            pass  # settled with the reminder whose message it rewrites


# --- the ledger -----------------------------------------------------------------------------------------------------


def _ledger(
    contract: str,
    kept: Mapping[UUID, Occurrence],
    changed: Iterable[Occurrence],
    deliveries: list[DeliveryChange],
    now: datetime,
    actor: str,
    reason: str,
) -> Iterator[LedgerEntry]:
    for one in changed:
        before = kept.get(one.id)
        if before is not None and seen(before) == seen(one):
            continue
        yield LedgerEntry(
            at=now,
            actor=actor,
            action="occurrence planned" if before is None else f"occurrence {_became(before, one)}",
            contract=contract,
            object=f"{one.clause}/{one.index} {one.id}",
            before=_said(before) if before else "",
            after=_said(one),
            reason=reason,
        )
    for change in deliveries:
        if change.seen_in is None and change.state in (_S.SCHEDULED, _S.PARKED) and change.push.supersession == 0:
            continue  # a planned push follows from its occurrence; only what differs from that is worth a line
        yield LedgerEntry(
            at=now,
            actor=actor,
            action=f"delivery {change.state}",
            contract=contract,
            object=f"{change.push.clause}/{change.push.index} {change.push.name} {change.push.key}",
            before=", ".join(sorted(change.seen_in)) if change.seen_in else "",
            after=f"{change.state}, sha256 {change.content_hash}",
            reason="; ".join(filter(None, (change.reason, reason))),
        )


def _became(before: Occurrence, after: Occurrence) -> str:
    """What happened to it, in a word."""
    days = _day(before), _day(after)
    moved = before.state is after.state and None not in days and days[0] != days[1]
    return "moved" if moved else "changed"


def _day(one: Occurrence) -> date | None:
    return one.adjusted_on or one.soft_on or one.to_on


def _said(one: Occurrence) -> str:
    """State and days; never an amount."""
    day = _day(one)
    return f"{one.state}, {day}" if day else str(one.state)
