"""Settlement: what must be written so that the store holds the plan, given what was already sent.

The plan is what the facts owe; what was sent is what was done, and an attempt begun counts as sent. What was not sent
follows the plan under the same key. What was sent is never rewritten: a reminder's message is edited, an action is
amended or reversed by a new action that names the one it supersedes, after people agreed.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.identity import push_key
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.alternatives import visible
from obligations.planning.plan import Plan
from obligations.ports import Changes, DeliveryChange, LedgerEntry, StoredDelivery

_S = DeliveryState
FOLLOWS_PLAN = frozenset({_S.PROPOSED, _S.SCHEDULED, _S.PARKED, _S.REFUSED, _S.CANCELLED})
CLOSED = frozenset({State.DONE, State.CANCELLED, State.NOT_APPLICABLE, State.TERMINATED, State.DISCHARGED})
ASKED_TO_REVERSE = ("hr", "finance")

Chain = tuple[UUID, str]


def settle(
    plan: Plan,
    stored: Iterable[Occurrence],
    deliveries: Iterable[StoredDelivery],
    *,
    tenant: str,
    now: datetime,
    actor: str,
) -> Changes:
    """Everything to write, in one transaction, for the store to hold the plan.

    Args:
        plan: the plan now in force.
        stored: the contract's occurrences as they are kept.
        deliveries: the contract's deliveries as they are kept, every state.
        now: the business instant that edits go at and the ledger notes.
        actor: who caused the re-planning.
    """
    kept = {one.id: one for one in stored}
    changed = tuple(_changed_occurrences(plan, kept))
    chains = _chains(deliveries)
    wanted = {(push.occurrence_id, push.name): push for push in plan.pushes}
    now_held = {**kept, **{one.id: one for one in changed}}
    changes: list[DeliveryChange] = []
    for chain in {**wanted, **chains}:
        changes += _settle_chain(wanted.get(chain), chains.get(chain, []), now_held.get(chain[0]), tenant, now)
    return Changes(
        occurrences=changed,
        deliveries=tuple(changes),
        ledger=tuple(_ledger(plan.contract, kept, changed, changes, now, actor)),
        replan_at=plan.replan_at,
    )


def body_of(push: Push) -> bytes:
    """The bytes every attempt sends: canonical JSON, in the Standard Webhooks shape for actions."""
    if push.kind is not PushKind.ACTION:
        return _canonical(push.payload)
    kind = "payroll_action" if push.money else "instruction"
    return _canonical(
        {
            "id": str(push.key),
            "type": f"obligations.{kind}.due.v1",
            "timestamp": push.send_at.isoformat().replace("+00:00", "Z"),
            "data": push.payload,
        }
    )


def content_hash(push: Push) -> str:
    """A hash over what would be sent, to whom, when and after whose approval: any change of it voids approvals."""
    where = [push.connector, push.destination, dict(push.address), push.send_at.isoformat(), list(push.approvals)]
    return hashlib.sha256(body_of(push) + b"\x00" + _canonical(where)).hexdigest()


def _canonical(data: Any) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- occurrences ----------------------------------------------------------------------------------------------------


def _changed_occurrences(plan: Plan, kept: Mapping[UUID, Occurrence]) -> Iterator[Occurrence]:
    planned = {one.id: one for one in plan.occurrences}
    for identity, one in planned.items():
        if kept.get(identity) != one:
            yield one
    for identity, one in kept.items():
        if identity not in planned and one.state is not State.CANCELLED:
            yield replace(one, state=State.CANCELLED, waiting_for=(), missing=())


# --- deliveries -----------------------------------------------------------------------------------------------------


def _chains(deliveries: Iterable[StoredDelivery]) -> dict[Chain, list[StoredDelivery]]:
    """Each push with its revisions, oldest first."""
    chains: dict[Chain, list[StoredDelivery]] = defaultdict(list)
    for delivery in sorted(deliveries, key=lambda one: one.push.supersession):
        chains[(delivery.push.occurrence_id, delivery.push.name)].append(delivery)
    return dict(chains)


def _settle_chain(
    wanted: Push | None, chain: list[StoredDelivery], occurrence: Occurrence | None, tenant: str, now: datetime
) -> Iterator[DeliveryChange]:
    if not chain:
        if wanted is not None:
            yield _new(wanted)
        return
    latest = chain[-1]
    if latest.push.kind is PushKind.EDIT:
        return
    if not _begun(latest) and len(chain) == 1:
        yield from _follow(wanted, latest, occurrence)
    elif latest.push.kind is PushKind.REMINDER:
        if wanted is None and occurrence is not None and occurrence.state in CLOSED:
            yield from _edit(latest, occurrence, tenant, now)
    elif occurrence is None or occurrence.state is not State.DONE or wanted is not None:
        yield from _revise(wanted, chain, occurrence, tenant, now)


def _begun(delivery: StoredDelivery) -> bool:
    return delivery.attempts > 0 or delivery.state not in FOLLOWS_PLAN


def _initial(push: Push) -> tuple[DeliveryState, str]:
    if push.kind is PushKind.REMINDER and not push.address:
        return _S.PARKED, f"nobody plays the role {push.destination}: name someone under people: in the contract"
    if push.kind is PushKind.REMINDER and set(push.address) == {"name"} and push.connector == "slack":
        return (
            _S.PARKED,
            f"{push.destination} has neither e-mail nor Slack channel: add one under people: in the contract",
        )
    return (_S.PROPOSED, "waits for approval") if push.approvals else (_S.SCHEDULED, "")


def _new(push: Push) -> DeliveryChange:
    state, reason = _initial(push)
    return DeliveryChange(push, body_of(push), content_hash(push), state, None, reason)


def _follow(wanted: Push | None, stored: StoredDelivery, occurrence: Occurrence | None) -> Iterator[DeliveryChange]:
    """What was not sent follows the plan under its key; changed content voids approvals."""
    if wanted is None:
        if stored.state is not _S.CANCELLED:
            standing = occurrence.state if occurrence else State.CANCELLED
            yield _move(stored, _S.CANCELLED, f"its occurrence is {standing}")
        return
    same = content_hash(wanted) == stored.content_hash
    if same and stored.state is not _S.CANCELLED:
        return
    state, reason = _initial(wanted)
    words = reason or ("planned again" if same else "changed before it was sent")
    yield DeliveryChange(wanted, body_of(wanted), content_hash(wanted), state, frozenset({stored.state}), words)


def _edit(sent: StoredDelivery, occurrence: Occurrence, tenant: str, now: datetime) -> Iterator[DeliveryChange]:
    """The message of a reminder that was sent, rewritten to say how its occurrence ended. Its key makes it happen once."""
    if not sent.receipt.get("ts"):
        return
    word = {State.DONE: "Done"}.get(occurrence.state, "No longer applies")
    push = sent.push
    payload = {
        **push.payload,
        "title": f"{word}: {occurrence.title}",
        "text": f"{word}: {occurrence.title}, clause {occurrence.cite}",
        "facts": [["State", word], ["Clause", occurrence.cite]],
        "edits": {"channel": sent.receipt.get("channel", ""), "ts": sent.receipt["ts"]},
    }
    edit = replace(
        push,
        key=_key(push, f"{push.name}.{occurrence.state}", 0, tenant, occurrence),
        kind=PushKind.EDIT,
        name=f"{push.name}.{occurrence.state}",
        payload=payload,
        send_at=now,
        supersedes=push.key,
    )
    yield _new(edit)


def _revise(
    wanted: Push | None, chain: list[StoredDelivery], occurrence: Occurrence | None, tenant: str, now: datetime
) -> Iterator[DeliveryChange]:
    """A sent action differs from the plan: bring a revision in step with the plan, or propose a new one."""
    pending = chain[-1] if not _begun(chain[-1]) else None
    begun = [one for one in chain if _begun(one) and (one.state is not _S.CANCELLED or _may_have_effect(one))]
    if begun and _same_owed(_believed(begun[-1]), wanted):
        if pending is not None and pending.state is not _S.CANCELLED:
            yield _move(pending, _S.CANCELLED, "the plan is again as it was sent")
        return
    if begun and begun[-1].state in (_S.RETRYING, _S.PARKED):
        yield _move(begun[-1], _S.CANCELLED, "the plan changed before it was accepted; it is not sent again")
    told = next((one for one in reversed(begun) if _may_have_effect(one)), None)
    believed = _believed(told)
    if _same_owed(believed, wanted):
        return
    revision = _revision(believed, wanted, told or chain[-1], chain, pending, occurrence, tenant, now)
    if pending is None:
        yield DeliveryChange(
            revision, body_of(revision), content_hash(revision), _S.PROPOSED, None, "revises what was sent"
        )
    elif content_hash(revision) != pending.content_hash or pending.state is _S.CANCELLED:
        seen = frozenset({pending.state})
        yield DeliveryChange(revision, body_of(revision), content_hash(revision), _S.PROPOSED, seen, "revision changed")


def _may_have_effect(delivery: StoredDelivery) -> bool:
    return delivery.state in (_S.DELIVERED, _S.SENDING) or delivery.first_unknown_at is not None


def _believed(told: StoredDelivery | None) -> Push | None:
    """What the receiver takes to be owed: the last action it may have accepted, nothing after a reversal."""
    return None if told is None or told.push.payload.get("status") == "reverse" else told.push


def _revision(
    believed: Push | None,
    wanted: Push | None,
    told: StoredDelivery,
    chain: list[StoredDelivery],
    pending: StoredDelivery | None,
    occurrence: Occurrence | None,
    tenant: str,
    now: datetime,
) -> Push:
    base = wanted or told.push
    status = "reverse" if wanted is None else "instruct" if believed is None else "amend"
    number = pending.push.supersession if pending else chain[-1].push.supersession + 1
    send_at = max(base.send_at, now) if pending is None else pending.push.send_at
    return replace(
        base,
        key=_key(base, base.name, number, tenant, occurrence),
        payload={**base.payload, "status": status, "supersedes": str(told.push.key)},
        approvals=base.approvals or ASKED_TO_REVERSE,
        supersession=number,
        supersedes=told.push.key,
        send_at=send_at,
    )


def _same_owed(believed: Push | None, wanted: Push | None) -> bool:
    if believed is None or wanted is None:
        return believed is wanted
    return _owed(believed) == _owed(wanted)


def _owed(push: Push) -> dict[str, Any]:
    """The content without what only a revision carries."""
    return {key: value for key, value in push.payload.items() if key not in ("status", "supersedes")}


def _key(push: Push, name: str, number: int, tenant: str, occurrence: Occurrence | None) -> UUID:
    instance = occurrence.instance if occurrence else str(push.occurrence_id)
    position = occurrence.position if occurrence else str(push.index)
    return push_key(tenant, push.contract, push.clause, instance, position, name, number)


def _move(stored: StoredDelivery, state: DeliveryState, reason: str) -> DeliveryChange:
    return DeliveryChange(stored.push, stored.body, stored.content_hash, state, frozenset({stored.state}), reason)


# --- the ledger -----------------------------------------------------------------------------------------------------


def _ledger(
    contract: str,
    kept: Mapping[UUID, Occurrence],
    changed: Iterable[Occurrence],
    deliveries: list[DeliveryChange],
    now: datetime,
    actor: str,
) -> Iterator[LedgerEntry]:
    for one in changed:
        before = kept.get(one.id)
        if before is not None and visible(before) == visible(one):
            continue
        yield LedgerEntry(
            at=now,
            actor=actor,
            action="occurrence planned" if before is None else "occurrence changed",
            contract=contract,
            object=f"{one.clause}/{one.index} {one.id}",
            before=_said(before) if before else "",
            after=_said(one),
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
            reason=change.reason,
        )


def _said(one: Occurrence) -> str:
    """State and days; never an amount."""
    day = one.adjusted_on or one.soft_on or one.to_on
    return f"{one.state}, {day}" if day else str(one.state)
