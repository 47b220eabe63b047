"""What a store must do for deliveries: keep them whole, and change only what the writer saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.ports import Changes, Decision, Result, Store, StoredDelivery
from obligations.testing.builders import NOON, a_change, a_push, an_occurrence
from obligations.testing.store.stage import (
    MINUTE,
    Check,
    apply_to,
    claim_from,
    claimed_in,
    conflict,
    contract_in,
    delivery_in,
    line_about,
    quiet_contract_in,
    quietened,
    raises,
)

_S = DeliveryState


def keeps_pushes_whole(store: Store) -> None:
    """A delivery comes back with its push, its exact bytes, and nothing done yet."""
    contract = contract_in(store)
    push = a_push(
        contract,
        send_at=datetime(2031, 3, 3, 12, 0, 0, 123_457, tzinfo=UTC),
        payload={"text": "pay 雅 \x00", "lines": [1, {"a": None, "b": [True, 1.5]}], "empty": {}},
        approvals=("hr", "finance"),
        supersession=2,
        supersedes=uuid4(),
        money=True,
    )
    change = replace(a_change(push, _S.PROPOSED, reason="new"), body=bytes(range(256)))
    apply_to(store, contract, Changes(deliveries=(change,)))
    assert delivery_in(store, push.key) == StoredDelivery(
        push=push, state=_S.PROPOSED, body=bytes(range(256)), content_hash=change.content_hash, reason="new"
    )


def finds_deliveries(store: Store) -> None:
    """Deliveries come by instant and then key; contract, states, keys and limit narrow them."""
    contract = contract_in(store)
    pushes = [a_push(contract, name=f"push {n}", send_at=NOON + (n % 2) * MINUTE) for n in range(6)]
    apply_to(
        store,
        contract,
        Changes(deliveries=tuple(a_change(push, _S.PARKED if n < 2 else _S.PROPOSED) for n, push in enumerate(pushes))),
    )
    ordered = [it.key for it in sorted(pushes, key=lambda it: (it.send_at, it.key))]
    with store.read() as tx:
        assert [it.push.key for it in tx.deliveries(contract)] == ordered
        assert [it.push.key for it in tx.deliveries(contract, limit=2)] == ordered[:2]
        assert [it.push.key for it in tx.deliveries(keys=[it.key for it in pushes], limit=4)] == ordered[:4]
        assert {it.push.key for it in tx.deliveries(contract, states={_S.PARKED})} == {it.key for it in pushes[:2]}
        assert list(tx.deliveries(keys=())) == []
        assert list(tx.deliveries(contract, states=())) == []


def changes_only_what_it_saw(store: Store) -> None:
    """A change whose delivery is no longer as it was seen writes nothing of the whole re-planning."""
    contract = contract_in(store)
    still, moved = a_push(contract, name="still"), a_push(contract, name="moved")
    apply_to(store, contract, Changes(deliveries=(a_change(still, _S.PROPOSED), a_change(moved, _S.PROPOSED))))
    with store.write() as tx:
        tx.move(moved.key, {_S.PROPOSED}, _S.REFUSED, "finance said no")
    saw = frozenset({_S.PROPOSED})
    with conflict(), store.write() as tx:
        tx.apply(
            contract,
            Changes(
                occurrences=(an_occurrence(contract),),
                deliveries=(a_change(still, _S.CANCELLED, seen_in=saw), a_change(moved, _S.CANCELLED, seen_in=saw)),
                ledger=(line_about(contract),),
                replan_at=datetime(2031, 1, 1, tzinfo=UTC),
            ),
        )
    assert delivery_in(store, still.key).state is _S.PROPOSED
    assert (delivery_in(store, moved.key).state, delivery_in(store, moved.key).reason) == (
        _S.REFUSED,
        "finance said no",
    )
    with store.read() as tx:
        assert not tx.occurrences(contract)
        assert not tx.ledger(contract)
    for unseen in (a_change(still, _S.SCHEDULED), a_change(a_push(contract, name="never"), _S.CANCELLED, seen_in=saw)):
        with conflict(), store.write() as tx:
            tx.apply(contract, Changes(deliveries=(unseen,)))


def refuses_a_change_that_an_attempt_overtook(store: Store) -> None:
    """A delivery that surely did nothing, and after one more attempt may have, is in the same state: what was decided
    about the first is not done to the second."""
    contract, claim = claimed_in(store)
    with quietened(store):
        store.record([Result(claim, Outcome(Verdict.RETRY), _S.RETRYING, NOON, next_attempt_at=NOON)])
        seen = delivery_in(store, claim.key)
        cancelled = a_change(seen.push, _S.CANCELLED, seen_in=frozenset({_S.RETRYING}))
        (again,) = claim_from(store)
        store.record([Result(again, Outcome(Verdict.UNKNOWN), _S.RETRYING, NOON, next_attempt_at=NOON + MINUTE)])
        with conflict(), store.write() as tx:
            tx.apply(contract, Changes(deliveries=(replace(cancelled, fence=seen.fence),)))
        now = delivery_in(store, claim.key)
        assert (now.state, now.first_unknown_at) == (_S.RETRYING, NOON)
        apply_to(store, contract, Changes(deliveries=(replace(cancelled, fence=now.fence),)))
        assert delivery_in(store, claim.key).state is _S.CANCELLED


def rewrites_what_was_not_sent(store: Store) -> None:
    """A re-planning gives an unsent delivery new content and a new instant under the same key."""
    contract = contract_in(store)
    push = a_push(contract)
    apply_to(store, contract, Changes(deliveries=(a_change(push, _S.SCHEDULED),)))
    again = replace(push, send_at=NOON + MINUTE, payload={"text": "another amount"})
    change = a_change(again, _S.PROPOSED, seen_in=frozenset({_S.SCHEDULED}), reason="the amount changed")
    apply_to(store, contract, Changes(deliveries=(change,)))
    found = delivery_in(store, push.key)
    assert (found.push, found.body, found.content_hash) == (again, change.body, change.content_hash)
    assert (found.state, found.reason) == (_S.PROPOSED, "the amount changed")


def refuses_moves_without_an_arrow(store: Store) -> None:
    """A delivery never takes a way that the table of states does not draw: a refused one cannot be scheduled."""
    contract = contract_in(store)
    push = a_push(contract)
    apply_to(store, contract, Changes(deliveries=(a_change(push, _S.PROPOSED),)))
    with store.write() as tx:
        tx.move(push.key, {_S.PROPOSED}, _S.REFUSED)
    with raises(ValueError), store.write() as tx:
        tx.move(push.key, {_S.REFUSED}, _S.SCHEDULED)
    with raises(ValueError), store.write() as tx:
        tx.apply(contract, Changes(deliveries=(a_change(push, _S.SCHEDULED, seen_in=frozenset({_S.REFUSED})),)))
    with conflict(), store.write() as tx:
        tx.move(push.key, {_S.PROPOSED}, _S.SCHEDULED)
    assert delivery_in(store, push.key).state is _S.REFUSED


def keeps_decisions(store: Store) -> None:
    """Approvals and refusals come back in order; nobody decides on a push that is not there."""
    contract = contract_in(store)
    push = a_push(contract)
    apply_to(store, contract, Changes(deliveries=(a_change(push, _S.PROPOSED),)))
    yes = Decision(push.key, "abc", "finance", "bea", True, NOON + timedelta(microseconds=7))
    no = Decision(push.key, "abc", "finance", "cyd", False, NOON, "wrong account")
    with store.write() as tx:
        tx.decide(yes)
        tx.decide(no)
    with store.read() as tx:
        assert list(tx.decisions(push.key)) == [yes, no]
    with conflict(), store.write() as tx:
        tx.decide(replace(yes, key=uuid4()))


def parks_what_may_have_gone(store: Store) -> None:
    """A delivery that somebody else may have sent is parked behind an attempt of unknown outcome, and is proposed or
    goes again only when it is released; one that was delivered cannot be doubted."""
    contract = quiet_contract_in(store)
    push = a_push(contract)
    apply_to(store, contract, Changes(deliveries=(a_change(push),)))
    with quietened(store):
        with store.write() as tx:
            tx.doubt(push.key, since=NOON - MINUTE, reason="ask there")
        assert claim_from(store) == []
        doubted = delivery_in(store, push.key)
        assert (doubted.state, doubted.attempts, doubted.first_unknown_at) == (_S.PARKED, 1, NOON - MINUTE)
        with store.read() as tx:
            (attempt,) = tx.attempts(push.key)
        assert (attempt.verdict, attempt.detail) == ("unknown", "ask there")
        with store.write() as tx:
            tx.release(push.key, "never taken", propose=True)
        proposed = delivery_in(store, push.key)
        assert (proposed.state, proposed.first_unknown_at) == (_S.PROPOSED, None)
        with store.write() as tx:
            tx.move(push.key, {_S.PROPOSED}, _S.SCHEDULED)
        (claim,) = claim_from(store)
        assert claim.attempt == 2
        store.record([Result(claim, Outcome(Verdict.DELIVERED), _S.DELIVERED, NOON)])
        with conflict(), store.write() as tx:
            tx.doubt(push.key, since=NOON, reason="too late")


CHECKS: tuple[Check, ...] = (
    keeps_pushes_whole,
    finds_deliveries,
    changes_only_what_it_saw,
    refuses_a_change_that_an_attempt_overtook,
    rewrites_what_was_not_sent,
    refuses_moves_without_an_arrow,
    keeps_decisions,
    parks_what_may_have_gone,
)
