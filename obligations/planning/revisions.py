"""One push and its revisions: what must be written so that receivers and people end up knowing what the plan says.

What was not sent follows the plan under its key. What was sent stays as it is, and an attempt begun counts as sent:
a reminder is followed up or its message edited, an action is amended, reversed or instructed anew by an action with
a key of its own, which people agree to first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.identity import push_key
from obligations.domain.life import ENDINGS
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.content import REVERSE, hash_again, is_content, owed, written, written_again
from obligations.ports import DeliveryChange, StoredDelivery

_S = DeliveryState
_FOLLOWS_PLAN = frozenset({_S.PROPOSED, _S.SCHEDULED, _S.PARKED, _S.REFUSED, _S.CANCELLED})
# Tried and not over: it can still be kept from going again.
_STOPPABLE = frozenset({_S.RETRYING, _S.PARKED})
# Taken in hand by a person, or held: nothing more is told, and nothing that went is taken back.
_IN_HAND = frozenset({State.DONE, State.DONE_LATE, State.PARTLY, State.SUSPENDED})
ASKED_TO_REVISE = ("hr", "finance")
OPEN_AGAIN = "Open again"


@dataclass(frozen=True, slots=True)
class Settling:
    """What every chain of one occurrence is settled with; `in_hand` where a person says how much was done."""

    occurrence: Occurrence
    tenant: str
    now: datetime
    in_hand: bool = False

    def key(self, push: Push, name: str, number: int) -> UUID:
        """The key of a revision: the occurrence's, with the number of the revision."""
        one = self.occurrence
        return push_key(self.tenant, push.contract, push.clause, one.instance, one.position, name, number)


def first_time(push: Push) -> DeliveryChange:
    """A push that was never planned before."""
    state, reason = _initial(push)
    return DeliveryChange(push, *written(push), state, None, reason)


def settle_reminder(wanted: Push | None, chain: Sequence[StoredDelivery], at: Settling) -> Iterator[DeliveryChange]:
    """A reminder and its follow-ups, oldest first, brought in step with the plan."""
    latest = chain[-1]
    if not _begun(latest):
        told = next((one for one in reversed(chain[:-1]) if one.state is not _S.CANCELLED), None)
        if wanted is not None and told is not None and told.push.send_at == wanted.send_at:
            wanted = None  # the day is again the one people were told
        yield from _follow(_like(wanted, latest) if wanted is not None else None, latest, at)
        return
    same_day = wanted is not None and wanted.send_at == latest.push.send_at
    if same_day and (latest.state in (_S.SENDING, _S.DELIVERED, _S.COLLAPSED) or _still_right(wanted, latest)):
        return
    if latest.state in _STOPPABLE:
        yield _move(latest, _S.CANCELLED, "planned otherwise before it arrived")
    if wanted is not None:
        follow_up = _revision(wanted, latest, at)
        state, reason = _initial(follow_up)
        words = reason or "follows up a reminder of another day"
        yield DeliveryChange(follow_up, *written(follow_up), state, None, words)


def settle_edits(sent: StoredDelivery, edits: Sequence[StoredDelivery], at: Settling) -> Iterator[DeliveryChange]:
    """The message of a reminder that arrived, rewritten to say how its occurrence ended, once for each ending."""
    if sent.state is not _S.DELIVERED or not sent.receipt.get("ts"):
        return
    pending = edits[-1] if edits and not _begun(edits[-1]) else None
    shown = next((one.push for one in reversed(edits) if _begun(one)), None)
    word = _ending(at.occurrence) or (OPEN_AGAIN if shown else "")
    if word == (shown.payload.get("word") if shown else ""):
        if pending is not None and pending.state is not _S.CANCELLED:
            yield _move(pending, _S.CANCELLED, "the message says so already")
        return
    if pending is None:
        if edits and edits[-1].state in _STOPPABLE:
            yield _move(edits[-1], _S.CANCELLED, "a later edit replaces it")
        number = edits[-1].push.supersession + 1 if edits else 0
        edit = _edit(sent.push, sent.receipt, word, number, at)
        yield first_time(edit)
    elif pending.push.payload.get("word") != word or pending.state is _S.CANCELLED:
        edit = _edit(sent.push, sent.receipt, word, pending.push.supersession, at)
        yield _rewritten(edit, pending, "changed before it was sent")


def edit_name(reminder: Push) -> str:
    """The name of the edits of one reminder's message."""
    return f"{reminder.name}.edit" + (f".{reminder.supersession}" if reminder.supersession else "")


def settle_action(wanted: Push | None, chain: Sequence[StoredDelivery], at: Settling) -> Iterator[DeliveryChange]:
    """An action and its revisions, oldest first, brought in step with the plan.

    Once everything here is approved and delivered, a receiver that takes each key once believes what the plan says.
    """
    pending = chain[-1] if not _begun(chain[-1]) else None
    begun = [one for one in chain if _begun(one)]
    if not begun:
        yield from _follow(wanted, chain[-1], at)
        return
    last = begun[-1]
    if wanted is None and at.occurrence.state in _IN_HAND:
        # A person did it and said so: nothing more is told, and nothing is taken back.
        yield from _stopped(pending, "it was done")
        yield from _stopped(last, "it was done before it was accepted")
        return
    if wanted is None and at.in_hand:
        # What went may well be part of what is owed: nothing goes on, and nothing is taken back by itself.
        yield from _stopped(pending, "a person says how much was done")
        yield from _stopped(last, "a person says how much was done")
        return
    if owed(last.push) == owed(wanted):
        yield from _stopped(pending, "the plan is again as it was sent")
        if last.state is _S.CANCELLED:
            # It was stopped half-way and is wanted again: the same bytes under the same key take effect once only.
            state = _S.PROPOSED if last.push.approvals else _S.SCHEDULED
            again = hash_again(last.push, last.content_hash)
            yield DeliveryChange(
                last.push, last.body, again, state, frozenset({last.state}), "planned again", last.fence
            )
        return
    if wanted is None or not _may_be_reversed(last):
        yield from _stopped(last, "the plan changed before it was accepted; it is not sent again")
    elif last.state is _S.CANCELLED:
        again = hash_again(last.push, last.content_hash)
        words = "nobody knows whether it arrived; it goes again before anything new does"
        yield DeliveryChange(last.push, last.body, again, _S.PROPOSED, frozenset({last.state}), words, last.fence)
    told = next((one for one in reversed(begun) if _may_have_effect(one)), None)
    believed = owed(told.push) if told else None
    if believed == owed(wanted):
        yield from _stopped(pending, "the plan is again as it was sent")
        return
    revision = _action_revision(wanted, told, believed is not None, last, pending, at)
    if pending is None:
        yield DeliveryChange(revision, *written(revision), _S.PROPOSED, None, "revises what was sent")
    elif pending.state is _S.CANCELLED or not is_content(revision, pending.content_hash):
        yield _rewritten(revision, pending, "revision changed", _S.PROPOSED)


def stands_in_the_way(revision: Push, chain: Sequence[StoredDelivery]) -> StoredDelivery | None:
    """The earlier delivery of the chain that is still on its way, or of which nobody knows whether it took something
    back: the revision must not overtake it."""
    moving = (_S.SENDING, _S.RETRYING)
    earlier = (it for it in chain if it.push.supersession < revision.supersession)
    return next((it for it in earlier if it.state in moving or _may_be_reversed(it)), None)


def is_undecided(wanted: Push | None, one: StoredDelivery) -> bool:
    """Whether it is something the plan no longer wants so that is being sent, and what it came to is not known yet."""
    if one.state is not _S.SENDING or one.push.kind is PushKind.EDIT:
        return False
    return wanted is None or owed(one.push) != owed(wanted)


# --- what was not sent ----------------------------------------------------------------------------------------------


def _begun(delivery: StoredDelivery) -> bool:
    return delivery.attempts > 0 or delivery.state not in _FOLLOWS_PLAN


def _initial(push: Push) -> tuple[DeliveryState, str]:
    if push.kind is PushKind.REMINDER and not push.address:
        return _S.PARKED, f"nobody plays the role {push.destination}: name someone under people: in the contract"
    if push.kind is PushKind.REMINDER and set(push.address) == {"name"} and push.connector == "slack":
        return (
            _S.PARKED,
            f"{push.destination} has neither e-mail nor Slack channel: add one under people: in the contract",
        )
    return (_S.PROPOSED, "waits for approval") if push.approvals else (_S.SCHEDULED, "")


def _follow(wanted: Push | None, stored: StoredDelivery, at: Settling) -> Iterator[DeliveryChange]:
    """What was not sent follows the plan under its key; changed content, and content taken back, void approvals."""
    if wanted is None:
        yield from _stopped(stored, f"its occurrence is {at.occurrence.state}")
        return
    same = is_content(wanted, stored.content_hash)
    if not same or stored.state is _S.CANCELLED:
        yield _rewritten(wanted, stored, "planned again" if same else "changed before it was sent")


def _rewritten(push: Push, stored: StoredDelivery, words: str, state: DeliveryState | None = None) -> DeliveryChange:
    initial, reason = _initial(push)
    again = written_again(push, stored.content_hash)
    return DeliveryChange(push, *again, state or initial, frozenset({stored.state}), reason or words, stored.fence)


def _stopped(stored: StoredDelivery | None, reason: str) -> Iterator[DeliveryChange]:
    """What can still be kept from going is cancelled."""
    if stored is None or stored.state is _S.CANCELLED:
        return
    if stored.state in _STOPPABLE or not _begun(stored):
        yield _move(stored, _S.CANCELLED, reason)


def _move(stored: StoredDelivery, state: DeliveryState, reason: str) -> DeliveryChange:
    seen_in = frozenset({stored.state})
    return DeliveryChange(stored.push, stored.body, stored.content_hash, state, seen_in, reason, stored.fence)


# --- what was sent --------------------------------------------------------------------------------------------------


def _still_right(wanted: Push | None, tried: StoredDelivery) -> bool:
    """Whether a reminder that was tried may go on as it is: nothing about it changed."""
    return wanted is not None and tried.state in _STOPPABLE and is_content(_like(wanted, tried), tried.content_hash)


def _like(wanted: Push, tried: StoredDelivery) -> Push:
    """The wanted reminder in the place of that follow-up, under its key."""
    mine, theirs = wanted, tried.push
    if (mine.key, mine.supersession, mine.supersedes) == (theirs.key, theirs.supersession, theirs.supersedes):
        return wanted
    return replace(wanted, key=tried.push.key, supersession=tried.push.supersession, supersedes=tried.push.supersedes)


def _revision(wanted: Push, latest: StoredDelivery, at: Settling) -> Push:
    number = latest.push.supersession + 1
    key = at.key(wanted, wanted.name, number)
    return replace(wanted, key=key, supersession=number, supersedes=latest.push.key)


def _may_have_effect(delivery: StoredDelivery) -> bool:
    return delivery.state in (_S.DELIVERED, _S.SENDING) or delivery.first_unknown_at is not None


def _may_be_reversed(delivery: StoredDelivery) -> bool:
    """Whether it is a reversal that may have arrived or not: an instruction after it could be the first or a second."""
    unknown = delivery.first_unknown_at is not None and delivery.state is not _S.DELIVERED
    return unknown and delivery.push.payload.get("status") == REVERSE


def _action_revision(
    wanted: Push | None,
    told: StoredDelivery | None,
    something_believed: bool,
    last: StoredDelivery,
    pending: StoredDelivery | None,
    at: Settling,
) -> Push:
    """The action that leads from what the receiver believes to what is wanted.

    A new instruction goes when the plan says; a correction of something sent cannot go too soon.
    """
    base = wanted or (told or last).push
    status = REVERSE if wanted is None else "amend" if something_believed else "instruct"
    send_at = base.send_at if status == "instruct" else at.now
    if (
        pending is not None
        and pending.state is not _S.CANCELLED
        and "instruct" not in (status, pending.push.payload["status"])
    ):
        send_at = pending.push.send_at
    number = pending.push.supersession if pending else last.push.supersession + 1
    payload: dict[str, Any] = {**base.payload, "status": status, "supersedes": str(told.push.key) if told else None}
    return replace(
        base,
        key=at.key(base, base.name, number),
        payload=payload,
        approvals=base.approvals or ASKED_TO_REVISE,
        supersession=number,
        supersedes=(told or last).push.key,
        send_at=send_at,
    )


# --- edits ----------------------------------------------------------------------------------------------------------


def _ending(occurrence: Occurrence) -> str:
    match occurrence.state:
        case State.DONE | State.DONE_LATE:
            return "Done"
        case State.WAIVED:
            return "Waived"
        case _:
            return "No longer applies" if occurrence.state in ENDINGS else ""


def _edit(push: Push, receipt: Any, word: str, number: int, at: Settling) -> Push:
    one = at.occurrence
    ended = {"facts": [["State", word], ["Clause", one.cite]], "text": f"{word}: {one.title}, clause {one.cite}"}
    payload = {
        **push.payload,
        **({} if word == OPEN_AGAIN else ended),
        "title": f"{word}: {one.title}",
        "word": word,
        "edits": {"channel": receipt.get("channel", ""), "ts": receipt["ts"]},
    }
    name = edit_name(push)
    return replace(
        push,
        key=at.key(push, name, number),
        kind=PushKind.EDIT,
        name=name,
        payload=payload,
        send_at=at.now,
        supersession=number,
        supersedes=push.key,
    )
