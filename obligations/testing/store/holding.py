"""What a store must do about holds: hand out nothing they keep back, and everything once they are lifted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.domain.hold import DAEMON, Hold, Scope
from obligations.ports import Changes, Decision, Result, Store
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


def leaves_money_to_others(store: Store) -> None:
    """A daemon that does without money, since it does not trust its clock, leaves it to those that ask for it."""
    contract, claim = claimed_in(store)
    again = NOON + timedelta(minutes=1)
    retrying = Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=again)
    with quietened(store):
        store.record([retrying])
        payment = a_push(contract, name="payment", index=2, money=True)
        reminder = a_push(contract, name="reminder", index=3, kind=PushKind.REMINDER, send_at=NOON)
        apply_to(store, contract, Changes(deliveries=(a_change(payment), a_change(reminder))))
        assert [it.name for it in claim_from(store, money=False)] == ["reminder"]
        assert store.next_wake(money=False) == (None, again)
        assert [it.key for it in claim_from(store)] == [payment.key]


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


def holds_one_destination_back(store: Store) -> None:
    """While one destination is held, nothing goes there, scheduled or retrying, and the others' goes; a daemon that
    looks when to wake finds only what may go."""
    contract, claim = claimed_in(store)
    with quietened(store):
        store.record([Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=NOON)])
        there = a_push(contract, name="there", index=2, destination=claim.destination)
        elsewhere = a_push(contract, name="elsewhere", index=3, destination="elsewhere")
        apply_to(store, contract, Changes(deliveries=(a_change(there), a_change(elsewhere))))
        with _held(store, Scope.EVERYTHING, destination=claim.destination):
            assert [it.name for it in claim_from(store)] == ["elsewhere"]
            assert store.next_wake() == (None, None)
        assert {it.key for it in claim_from(store)} == {claim.key, there.key}


def tries_a_destination_that_the_daemon_holds(store: Store) -> None:
    """To find out whether it is mended, one delivery may be claimed past the daemon's own hold; past a person's, or
    one of everything, none may."""
    contract = quiet_contract_in(store)
    ours = a_push(contract, name="ours", index=2, destination="held")
    other = a_push(contract, name="other", index=3, destination="elsewhere")
    apply_to(store, contract, Changes(deliveries=(a_change(ours), a_change(other))))

    def tried() -> list[str]:
        found = store.claim(
            business_now=NOON, machine_now=NOON, worker="a check", limit=1, lease_seconds=60, only="held"
        )
        return [it.name for it in found]

    with quietened(store):
        with _held(store, Scope.EVERYTHING, destination="held", by=DAEMON):
            with _held(store, Scope.EVERYTHING, destination="held"):
                assert tried() == []
            with _held(store, Scope.EVERYTHING):
                assert tried() == []
            assert tried() == ["ours"]
            assert tried() == []
        assert [it.name for it in claim_from(store)] == ["other"]


def holds_a_destination_once_for_all_daemons(store: Store) -> None:
    """Two daemons that see the same trouble make one hold, which one person lifts; people's holds are their own."""
    with _held(store, Scope.EVERYTHING, destination="held", by=DAEMON):
        with conflict(), store.write() as tx:
            tx.hold(Scope.EVERYTHING, "again", at=NOON, by=DAEMON, destination="held")
        with (
            _held(store, Scope.EVERYTHING, destination="held"),
            _held(store, Scope.EVERYTHING, destination="held"),
            store.read() as tx,
        ):
            assert [it.destination for it in tx.holds()].count("held") == 3
    with _held(store, Scope.EVERYTHING, destination="held", by=DAEMON):
        pass


def leaves_a_destination_alone_until_an_instant(store: Store) -> None:
    """A receiver that asked for a wait is called by nobody before it is over, a probe of the daemon's own among them;
    then it is, without anybody's doing. A shorter wait asked for later does not cut a longer one short."""
    contract, claim = claimed_in(store)
    there = claim.destination
    until = NOON + timedelta(hours=2)
    again = Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=NOON)

    def tried(machine_now: datetime, only: str | None = None) -> list[str]:
        found = store.claim(
            business_now=NOON, machine_now=machine_now, worker="a check", limit=9, lease_seconds=60, only=only
        )
        return sorted(it.name for it in found)

    with quietened(store):
        store.record([again])
        more = a_push(contract, name="more", index=2, destination=there)
        elsewhere = a_push(contract, name="elsewhere", index=3, destination="elsewhere")
        apply_to(store, contract, Changes(deliveries=(a_change(more), a_change(elsewhere))))
        with store.write() as tx:
            tx.rest(there, until)
            tx.rest(there, NOON + timedelta(minutes=1))
        with store.read() as tx:
            assert tx.rests()[there] == until
        assert tried(NOON) == ["elsewhere"]
        assert store.next_wake() == (None, until)
        assert tried(NOON, only=there) == []
        assert tried(until - timedelta(seconds=1)) == []
        assert tried(until) == sorted([claim.name, "more"])
        with store.read() as tx:
            assert there not in tx.rests()
        assert store.next_wake() == (None, None)


def calls_where_a_person_lets_a_delivery_go(store: Store) -> None:
    """Who knows that the receiver is well again need not wait for what it asked for when it was not."""
    _, claim = claimed_in(store)
    there, until = claim.destination, NOON + timedelta(hours=2)
    with quietened(store):
        store.record([Result(claim, Outcome(Verdict.RETRY), DeliveryState.RETRYING, NOON, next_attempt_at=until)])
        with store.write() as tx:
            tx.rest(there, until)
        with store.write() as tx:
            tx.hasten(claim.key)
        (claim,) = claim_from(store)
        store.record([Result(claim, Outcome(Verdict.REJECTED), DeliveryState.PARKED, NOON)])
        with store.write() as tx:
            tx.rest(there, until)
        with store.write() as tx:
            tx.release(claim.key, "mended")
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
def _held(store: Store, scope: Scope, *, destination: str = "", by: str = "a check") -> Iterator[None]:
    with store.write() as tx:
        made = tx.hold(scope, "a check of the store", at=NOON, by=by, destination=destination)
    try:
        yield
    finally:
        with store.write() as tx:
            tx.lift(made.number, at=NOON, by="a check")


def tells_how_long_nobody_was_asked(store: Store) -> None:
    """A payment is late from when people last agreed to it, and not while they held it back: nobody is asked again for
    what they have just decided."""
    contract = quiet_contract_in(store)
    hour = timedelta(hours=1)
    names = ("plain", "agreed late", "agreed early")
    pushes = {name: a_push(contract, name=name, money=True, approvals=("hr",) * ("agreed" in name)) for name in names}
    apply_to(store, contract, Changes(deliveries=tuple(map(a_change, pushes.values()))))
    with quietened(store):
        with store.write() as tx:
            for name, at, yes in (
                ("agreed late", 4, True),
                ("agreed late", 8, True),
                ("agreed late", 9, False),
                ("agreed early", -5, True),
            ):
                push = pushes[name]
                tx.decide(Decision(push.key, "hash", "hr", "hana", yes, NOON + at * hour))
            # Two that overlap, one before it was due, one that has not ended when it is claimed by this clock.
            for first, last in ((-3, -1), (1, 3), (2, 6), (9, 10)):
                made = tx.hold(Scope.MONEY, "a check of the store", at=NOON + first * hour, by="a check")
                tx.lift(made.number, at=NOON + last * hour, by="a check")
            # What the daemon held and let go again was no person's word.
            to = pushes["plain"].destination
            made = tx.hold(Scope.EVERYTHING, "a check of the store", at=NOON + 6 * hour, by=DAEMON, destination=to)
            tx.lift(made.number, at=NOON + 8 * hour, by=DAEMON)
            made = tx.hold(Scope.EVERYTHING, "no business of it", at=NOON, by="a check", destination="elsewhere")
            tx.lift(made.number, at=NOON + 10 * hour, by="a check")
        claims = {it.name: it for it in claim_from(store, business_now=NOON + 10 * hour)}
        assert {name: it.late_seconds / 3600 for name, it in claims.items()} == dict.fromkeys(names, 10)
        assert all(it.money for it in claims.values())
        # Holds ended an hour ago at the latest: before, nothing could go.
        assert {name: it.lag_seconds / 3600 for name, it in claims.items()} == dict.fromkeys(names, 0)
        unasked = {name: it.unasked_seconds / 3600 for name, it in claims.items()}
        assert unasked == {"plain": 4, "agreed late": 1, "agreed early": 4}


CHECKS: tuple[Check, ...] = (
    tells_how_long_nobody_was_asked,
    holds_money_back,
    holds_money_that_retries,
    leaves_money_to_others,
    holds_everything_back,
    holds_one_destination_back,
    tries_a_destination_that_the_daemon_holds,
    holds_a_destination_once_for_all_daemons,
    leaves_a_destination_alone_until_an_instant,
    calls_where_a_person_lets_a_delivery_go,
    records_what_was_under_way,
    lifts_a_hold_once,
)
