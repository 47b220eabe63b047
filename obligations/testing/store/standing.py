"""What a store must tell of its queue: what is late, unknown, stopped or waiting, and that it can be written."""

from __future__ import annotations

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.ports import Changes, Result, Standing, Store
from obligations.testing.builders import NOON, a_change, a_push
from obligations.testing.store.stage import (
    MINUTE,
    Check,
    apply_to,
    claim_from,
    delivery_in,
    quiet_contract_in,
    quietened,
)


def counts_what_is_late_through_every_state(store: Store) -> None:
    """What is due counts as overdue while it waits, is sent, and is tried again, by its first instant, and no longer
    once it is delivered; what comes later does not count."""
    contract = quiet_contract_in(store)
    before = store.standing(NOON)
    late = a_push(contract, send_at=NOON - 5 * MINUTE)
    later = a_push(contract, index=2, send_at=NOON + MINUTE)
    with quietened(store):
        apply_to(store, contract, Changes(deliveries=(a_change(late), a_change(later))))
        _is_late(store, before)
        (claim,) = claim_from(store)
        _is_late(store, before)
        store.record([Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=NOON)])
        _is_late(store, before)
        (claim,) = claim_from(store)
        store.record([Result(claim, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, NOON)])
        assert store.standing(NOON) == before
        assert store.standing(NOON + MINUTE).overdue == before.overdue + 1


def _is_late(store: Store, before: Standing) -> None:
    found = store.standing(NOON)
    assert (found.overdue, found.oldest_overdue_at) == (before.overdue + 1, NOON - 5 * MINUTE)


def counts_unknown_outcomes_until_they_are_settled(store: Store) -> None:
    """A payment that may have been made stays unknown while it is tried again and when it is parked."""
    contract = quiet_contract_in(store)
    before = store.standing(NOON)
    apply_to(store, contract, Changes(deliveries=(a_change(a_push(contract)),)))
    with quietened(store):
        (claim,) = claim_from(store)
        unknown = Outcome(Verdict.UNKNOWN)
        store.record([Result(claim, unknown, DeliveryState.RETRYING, NOON, next_attempt_at=NOON)])
        assert store.standing(NOON).unknown == before.unknown + 1
        (claim,) = claim_from(store)
        assert store.standing(NOON).unknown == before.unknown + 1
        store.record([Result(claim, unknown, DeliveryState.PARKED, NOON)])
        found = store.standing(NOON)
        assert (found.unknown, found.parked) == (before.unknown + 1, before.parked + 1)
        assert found.overdue == before.overdue


def counts_what_waits_for_people(store: Store) -> None:
    """Proposals count until they are decided, and what was parked untried is of no unknown outcome."""
    contract = quiet_contract_in(store)
    before = store.standing(NOON)
    proposal, stopped = a_push(contract, money=True, approvals=("cfo",)), a_push(contract, index=2)
    apply_to(
        store,
        contract,
        Changes(deliveries=(a_change(proposal, DeliveryState.PROPOSED), a_change(stopped, DeliveryState.PARKED))),
    )
    found = store.standing(NOON)
    assert found.awaiting_approval == before.awaiting_approval + 1
    assert (found.parked, found.unknown, found.overdue) == (before.parked + 1, before.unknown, before.overdue)
    with store.write() as tx:
        tx.move(proposal.key, {DeliveryState.PROPOSED}, DeliveryState.REFUSED)
        tx.move(stopped.key, {DeliveryState.PARKED}, DeliveryState.CANCELLED)
    assert store.standing(NOON) == before


def probes_without_a_trace(store: Store) -> None:
    """A probe can be repeated, at earlier instants too, and is nobody's work."""
    contract = quiet_contract_in(store)
    push = a_push(contract, send_at=NOON + MINUTE)
    with quietened(store):
        apply_to(store, contract, Changes(deliveries=(a_change(push),)))
        before = delivery_in(store, push.key)
        for at in (NOON, NOON + MINUTE, NOON - MINUTE):
            store.probe(at)
        assert (claim_from(store), delivery_in(store, push.key)) == ([], before)


CHECKS: tuple[Check, ...] = (
    counts_what_is_late_through_every_state,
    counts_unknown_outcomes_until_they_are_settled,
    counts_what_waits_for_people,
    probes_without_a_trace,
)
