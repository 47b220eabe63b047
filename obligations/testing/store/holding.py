"""What a store must do about holds: hand out nothing they keep back, and everything once they are lifted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.domain.hold import Hold, Scope
from obligations.ports import Changes, Result, Store
from obligations.testing.builders import NOON, a_change, a_push
from obligations.testing.store.stage import (
    Check,
    apply_to,
    claim_from,
    claimed_in,
    conflict,
    quiet_contract_in,
    quietened,
)


def holds_money_back(store: Store) -> None:
    """While money is held, people are reminded and no payment goes, scheduled or retrying; a daemon that looks when to
    wake finds only what may go. Once lifted, the payments go."""
    contract, claim = claimed_in(store)
    again = NOON + timedelta(minutes=1)
    retrying = Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=again)
    with quietened(store):
        store.record([retrying])
        payment = a_push(contract, name="payment", index=2, money=True)
        reminder = a_push(contract, name="reminder", index=3, kind=PushKind.REMINDER, send_at=NOON)
        apply_to(store, contract, Changes(deliveries=(a_change(payment), a_change(reminder))))
        with _held(store, Scope.MONEY):
            assert [it.name for it in claim_from(store)] == ["reminder"]
            assert store.next_wake() == (None, again)
        assert [it.key for it in claim_from(store)] == [payment.key]


def holds_money_that_retries(store: Store) -> None:
    """A payment that failed once must not slip through a hold that came after."""
    contract = quiet_contract_in(store)
    apply_to(store, contract, Changes(deliveries=(a_change(a_push(contract, money=True)),)))
    with quietened(store):
        (claim,) = claim_from(store)
        store.record([Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=NOON)])
        with _held(store, Scope.MONEY):
            assert claim_from(store) == []
            assert store.next_wake() == (None, None)
        assert len(claim_from(store)) == 1


def holds_everything_back(store: Store) -> None:
    """While everything is held nothing is handed out and nothing wakes a daemon; two holds need two liftings."""
    contract = quiet_contract_in(store)
    apply_to(store, contract, Changes(deliveries=(a_change(a_push(contract)),)))
    with quietened(store):
        with _held(store, Scope.EVERYTHING):
            with _held(store, Scope.MONEY):
                assert claim_from(store) == []
            assert (claim_from(store), store.next_wake()) == ([], (None, None))
        assert len(claim_from(store)) == 1


def records_what_was_under_way(store: Store) -> None:
    """A hold stops nothing that is on its way: its answer is written down."""
    _, claim = claimed_in(store)
    with quietened(store), _held(store, Scope.EVERYTHING):
        assert store.record([Result(claim, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, NOON)]) == []


def lifts_a_hold_once(store: Store) -> None:
    """A hold is lifted once, by number; whoever lifts another's by mistake hears that there is none."""
    with store.write() as tx:
        made = tx.hold(Scope.MONEY, "the bank said so", at=NOON, by="hr@example.test")
    with store.read() as tx:
        assert made in tx.holds()
    assert made == Hold(made.number, Scope.MONEY, "the bank said so", NOON, "hr@example.test")
    with store.write() as tx:
        tx.lift(made.number, at=NOON, by="cfo@example.test")
    with conflict(), store.write() as tx:
        tx.lift(made.number, at=NOON, by="cfo@example.test")
    with store.read() as tx:
        assert made not in tx.holds()


@contextmanager
def _held(store: Store, scope: Scope) -> Iterator[None]:
    with store.write() as tx:
        made = tx.hold(scope, "a check of the store", at=NOON, by="a check")
    try:
        yield
    finally:
        with store.write() as tx:
            tx.lift(made.number, at=NOON, by="a check")


CHECKS: tuple[Check, ...] = (
    holds_money_back,
    holds_money_that_retries,
    holds_everything_back,
    records_what_was_under_way,
    lifts_a_hold_once,
)
