"""What a store must do for daemons: hand each due delivery to one of them, and record what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.ports import Changes, Claim, Decision, DeliveryChange, Halt, Rescued, Result, Store
from obligations.testing.builders import NOON, a_change, a_push
from obligations.testing.store.stage import (
    MINUTE,
    Check,
    apply_to,
    claim_from,
    claimed_in,
    conflict,
    contract_in,
    delivery_in,
    drain,
    quiet_contract_in,
    quietened,
    raises,
)

_S = DeliveryState


def claims_what_is_due(store: Store) -> None:
    """A delivery goes at its instant and never before; its claim carries everything, and its attempt is written."""
    contract = quiet_contract_in(store)
    due, later = a_push(contract, name="due"), a_push(contract, name="later", send_at=NOON + timedelta(microseconds=1))
    proposed = a_push(contract, name="proposed")
    apply_to(
        store,
        contract,
        Changes(
            deliveries=(
                a_change(due),
                a_change(later),
                a_change(proposed, _S.PROPOSED),
            )
        ),
    )
    assert claim_from(store, business_now=NOON - timedelta(microseconds=1)) == []
    with quietened(store):
        claims = claim_from(store, business_now=NOON, worker="w1")
        assert claims == [
            Claim(
                key=due.key,
                contract=contract,
                occurrence_id=due.occurrence_id,
                name="due",
                kind=due.kind,
                connector="http",
                destination="payroll",
                address=due.address,
                body=a_change(due).body,
                send_at=NOON,
                attempt=1,
                fence=1,
                worker="w1",
                late_seconds=0.0,
                content_hash=a_change(due).content_hash,
            )
        ]
        held = delivery_in(store, due.key)
        assert (held.state, held.attempts, held.fence) == (_S.SENDING, 1, 1)
        with store.read() as tx:
            (attempt,) = tx.attempts(due.key)
        assert (attempt.number, attempt.fence, attempt.worker) == (1, 1, "w1")
        assert (attempt.started_at, attempt.finished_at, attempt.verdict) == (NOON, None, "")
        assert claim_from(store, business_now=NOON) == []
        (late,) = claim_from(store, business_now=NOON + timedelta(seconds=90))
        assert (late.key, late.late_seconds) == (later.key, 89.999999)
        # Less where a hold of another check ended only after its instant.
        assert 0 <= late.lag_seconds <= late.late_seconds


def claims_oldest_first(store: Store) -> None:
    """The oldest go first whatever order they were planned in, actions before reminders at one instant, few at a
    time."""
    contract = quiet_contract_in(store)
    order = [
        a_push(contract, name="1", send_at=NOON - 9 * MINUTE, kind=PushKind.REMINDER, index=1),
        a_push(contract, name="2", send_at=NOON - MINUTE, kind=PushKind.ACTION, index=2),
        a_push(contract, name="3", send_at=NOON - MINUTE, kind=PushKind.REMINDER, index=3),
        a_push(contract, name="4", send_at=NOON, index=4),
    ]
    apply_to(store, contract, Changes(deliveries=tuple(a_change(push) for push in reversed(order))))
    with quietened(store):
        first = claim_from(store, limit=3)
        assert [it.name for it in first] == ["1", "2", "3"]
        assert [it.name for it in claim_from(store, limit=3)] == ["4"]
        assert claim_from(store, limit=0) == []


def passes_over_full_destinations(store: Store) -> None:
    """A destination that takes no more never delays another one."""
    contract = quiet_contract_in(store)
    slow = [a_push(contract, name=f"slow {n}", destination="slow", send_at=NOON - MINUTE) for n in range(3)]
    quick = a_push(contract, name="quick", destination="quick")
    apply_to(store, contract, Changes(deliveries=tuple(a_change(push) for push in (*slow, quick))))
    with quietened(store):
        assert [it.name for it in claim_from(store, limit=1, full={"slow", "elsewhere"})] == ["quick"]
        assert len(claim_from(store)) == 3


def gives_each_destination_what_it_has_room_for(store: Store) -> None:
    """One claim serves many destinations, and none gets more than it has slots, whether what is due for them is due at
    one instant or one after the other."""
    contract = quiet_contract_in(store)
    odd = 'pay"roll ü'
    pushes = [
        a_push(contract, name=f"{name} {n}", destination=name, index=n, send_at=NOON - n * apart)
        for name, apart in (("bulk", timedelta(0)), (odd, timedelta(0)), ("spread", MINUTE), ("single", MINUTE))
        for n in range(8)
    ]
    apply_to(store, contract, Changes(deliveries=tuple(a_change(push) for push in pushes)))
    with quietened(store):
        found = claim_from(store, each=3, rooms={odd: 5, "single": 1})
        assert Counter(it.destination for it in found) == {"bulk": 3, odd: 5, "spread": 3, "single": 1}
        assert sorted(it.name for it in found if it.destination == "spread") == ["spread 5", "spread 6", "spread 7"]
        assert found == sorted(found, key=lambda it: it.send_at)
        assert [it.name for it in claim_from(store, each=3, limit=1, full={odd})] == ["single 6"]
        last = claim_from(store, each=9, full={odd, "spread"})
        assert Counter(it.destination for it in last) == {"bulk": 5, "single": 6}


def finds_what_is_due_behind_many_that_have_no_room(store: Store) -> None:
    """Whatever lies before it, what is due is found once the others are passed over."""
    contract = quiet_contract_in(store)
    flood = [
        a_push(contract, name=f"f {n}", destination="flood", index=n, send_at=NOON - n * MINUTE) for n in range(300)
    ]
    quick = a_push(contract, name="quick", destination="quick")
    apply_to(store, contract, Changes(deliveries=tuple(a_change(push) for push in (*flood, quick))))
    with quietened(store):
        assert [it.name for it in claim_from(store, limit=4, each=2)] == ["f 299", "f 298"]
        assert [it.name for it in claim_from(store, limit=4, each=2, full={"flood"})] == ["quick"]
        assert claim_from(store, limit=4, each=2, full={"flood"}) == []


def passes_over_what_waits_to_be_planned(store: Store) -> None:
    """After a downtime what a contract has due may be due no more; the others' goes."""
    drain(store)
    plans = {
        "as planned": (NOON + MINUTE, "2"),
        "time changed it": (NOON - MINUTE, "2"),
        "other calendars": (None, "1"),
    }
    for name, (replan_at, edition) in plans.items():
        contract = contract_in(store)
        due = a_change(a_push(contract, name=name))
        apply_to(store, contract, Changes(deliveries=(due,), replan_at=replan_at, edition=edition))
    with quietened(store):
        assert [it.name for it in claim_from(store, planned_by=NOON, edition="2")] == ["as planned"]
        assert [it.name for it in claim_from(store, planned_by=NOON)] == ["other calendars"]
        assert [it.name for it in claim_from(store)] == ["time changed it"]


def passes_over_money_that_waits_to_be_planned(store: Store) -> None:
    """What cannot be planned pays nothing by its old plan; people are reminded by it, and the others' money goes."""
    drain(store)
    plans = {
        "as planned": (NOON + MINUTE, "2"),
        "cannot be planned": (NOON - MINUTE, "2"),
        "other calendars": (None, "1"),
    }
    for number, (name, (replan_at, edition)) in enumerate(plans.items()):
        contract = contract_in(store)
        at = NOON - (3 - number) * MINUTE
        due = a_change(a_push(contract, name=name, money=True, send_at=at))
        remind = a_change(a_push(contract, name=f"remind: {name}", kind=PushKind.REMINDER, index=2, send_at=NOON))
        apply_to(store, contract, Changes(deliveries=(due, remind), replan_at=replan_at, edition=edition))
    with quietened(store):
        assert {it.name for it in claim_from(store, planned_by=NOON, edition="2", money_alone=True)} == {
            "as planned", *(f"remind: {name}" for name in plans)
        }  # fmt: skip
        assert store.next_wake(planned_by=NOON, edition="2") == (None, None)
        assert store.next_wake(planned_by=NOON)[0] == NOON - MINUTE
        assert store.next_wake()[0] == NOON - 2 * MINUTE
        assert [it.name for it in claim_from(store, planned_by=NOON, money_alone=True)] == ["other calendars"]
        (claim,) = claim_from(store)
        store.record([Result(claim, Outcome(Verdict.RETRY), _S.RETRYING, NOON, next_attempt_at=NOON)])
        assert claim_from(store, planned_by=NOON, money_alone=True, each=2) == []
        assert store.next_wake(planned_by=NOON) == (None, None)
        assert [it.name for it in claim_from(store)] == ["cannot be planned"]


def collapses_stale_reminders(store: Store) -> None:
    """After a downtime people get one reminder of an occurrence, the latest; other occurrences, other people and
    actions keep theirs."""
    contract = quiet_contract_in(store)

    def reminder(name: str, minutes: int, destination: str = "manager", index: int = 1) -> DeliveryChange:
        return a_change(
            a_push(
                contract,
                name=name,
                kind=PushKind.REMINDER,
                destination=destination,
                index=index,
                send_at=NOON - minutes * MINUTE,
            )
        )

    action = a_change(a_push(contract, name="action", destination="manager", send_at=NOON - 30 * MINUTE))
    changes = (
        reminder("first", 30),
        reminder("second", 20),
        reminder("latest", 10),
        reminder("not due", -10),
        reminder("other person", 30, destination="payroll lead"),
        reminder("other occurrence", 30, index=2),
        action,
    )
    apply_to(store, contract, Changes(deliveries=changes))
    with quietened(store):
        claimed = {it.name for it in claim_from(store)}
        assert claimed == {"latest", "other person", "other occurrence", "action"}
        states = {change.push.name: delivery_in(store, change.push.key) for change in changes}
        assert states["first"].state is states["second"].state is _S.COLLAPSED
        assert states["first"].reason
        assert states["not due"].state is _S.SCHEDULED
        assert states["first"].attempts == 0


def records_a_delivery(store: Store) -> None:
    """A delivered push keeps when, its receipt and its attempt, and never goes again."""
    _, claim = claimed_in(store)
    with quietened(store):
        outcome = Outcome(Verdict.DELIVERED, "accepted", 201, receipt={"id": "tr_1 雅"})
        done_at = NOON + timedelta(microseconds=250)
        assert list(store.record([Result(claim, outcome, _S.DELIVERED, done_at)])) == []
        found = delivery_in(store, claim.key)
        assert (found.state, found.delivered_at, found.receipt) == (_S.DELIVERED, done_at, {"id": "tr_1 雅"})
        assert (found.first_unknown_at, found.next_attempt_at) == (None, None)
        with store.read() as tx:
            (attempt,) = tx.attempts(claim.key)
        assert (attempt.finished_at, attempt.verdict, attempt.status, attempt.detail) == (
            done_at,
            "delivered",
            201,
            "accepted",
        )
        assert claim_from(store, business_now=NOON + timedelta(days=999), machine_now=NOON + timedelta(days=999)) == []
        with raises(ValueError), store.write() as tx:
            tx.move(claim.key, {_S.DELIVERED}, _S.SCHEDULED)


def retries_at_its_instant(store: Store) -> None:
    """A failed push goes again at the instant that was recorded, by machine time, under the same key and bytes; the
    attempt that first had no known outcome is remembered through later ones."""
    _, claim = claimed_in(store)
    with quietened(store):
        again_at = NOON + 5 * MINUTE
        store.record([Result(claim, Outcome(Verdict.UNKNOWN, "time-out"), _S.RETRYING, NOON + MINUTE, again_at)])
        found = delivery_in(store, claim.key)
        assert (found.state, found.next_attempt_at, found.first_unknown_at) == (_S.RETRYING, again_at, NOON)
        assert store.next_wake()[1] == again_at
        assert claim_from(store, machine_now=again_at - timedelta(microseconds=1)) == []
        (second,) = claim_from(store, machine_now=again_at, worker="w2")
        assert (second.attempt, second.fence, second.worker) == (2, 2, "w2")
        assert (second.key, second.body) == (claim.key, claim.body)
        assert second.first_unknown_at == NOON
        later = again_at + MINUTE
        store.record([Result(second, Outcome(Verdict.UNKNOWN), _S.RETRYING, later, later + MINUTE)])
        assert delivery_in(store, claim.key).first_unknown_at == NOON
        with store.read() as tx:
            assert [it.verdict for it in tx.attempts(claim.key)] == ["unknown", "unknown"]


def keeps_the_bytes_of_an_attempted_push(store: Store) -> None:
    """Once attempted, a push keeps its bytes: under one key a receiver must never see two contents."""
    contract, claim = claimed_in(store)
    with quietened(store):
        store.record([Result(claim, Outcome(Verdict.RETRY), _S.RETRYING, NOON, NOON + MINUTE)])
        push = replace(delivery_in(store, claim.key).push, payload={"text": "other bytes"})
        with raises(ValueError), store.write() as tx:
            tx.apply(contract, Changes(deliveries=(a_change(push, _S.PARKED, seen_in=frozenset({_S.RETRYING})),)))
        assert delivery_in(store, claim.key).body == claim.body


def refuses_results_of_a_lost_claim(store: Store) -> None:
    """A daemon that was paused past its lease cannot overwrite what the one after it did; what it still holds is
    written."""
    contract = quiet_contract_in(store)
    lost, kept = a_push(contract, name="lost"), a_push(contract, name="kept", send_at=NOON - MINUTE)
    apply_to(store, contract, Changes(deliveries=(a_change(lost), a_change(kept))))
    with quietened(store):
        (holds,) = claim_from(store, limit=1, worker="paused", lease_seconds=3600)
        (loses,) = claim_from(store, worker="paused", lease_seconds=0)
        assert store.rescue(machine_now=NOON) == Rescued(1)
        (taken,) = claim_from(store, worker="next")
        assert (taken.key, taken.fence) == (lost.key, 2)
        delivered = Outcome(Verdict.DELIVERED)
        late = [Result(it, delivered, _S.DELIVERED, NOON) for it in (loses, holds)]
        assert list(store.record(late)) == [lost.key]
        assert delivery_in(store, kept.key).state is _S.DELIVERED
        assert (delivery_in(store, lost.key).state, delivery_in(store, lost.key).delivered_at) == (_S.SENDING, None)
        # The fence alone is not enough: another daemon's name with the right number is not its claim.
        forged = replace(taken, worker="paused")
        assert list(store.record([Result(forged, delivered, _S.DELIVERED, NOON)])) == [lost.key]
        both = [Result(it, delivered, _S.DELIVERED, NOON) for it in (loses, taken, taken)]
        assert list(store.record(both)) == [lost.key, lost.key]
        assert list(store.record([Result(taken, Outcome(Verdict.RETRY), _S.RETRYING, NOON, NOON)])) == [lost.key]
        assert delivery_in(store, lost.key).state is _S.DELIVERED


def keeps_a_yes_that_comes_late(store: Store) -> None:
    """A receiver that said yes acted: while nobody has sent it again that ends the doubt. Anything else that comes late
    says no more than is known already, and what was parked is with a person."""
    contract = quiet_contract_in(store)
    pushes = [a_push(contract, name=name) for name in ("yes", "no answer", "taken over", "parked")]
    apply_to(store, contract, Changes(deliveries=tuple(a_change(push) for push in pushes)))
    with quietened(store):
        claims = {it.name: it for it in claim_from(store, worker="cut off", lease_seconds=0)}
        assert store.rescue(machine_now=NOON) == Rescued(4)
        with store.write() as tx:
            tx.move(claims["parked"].key, {_S.RETRYING}, _S.PARKED, "ask there")
        yes = Outcome(Verdict.DELIVERED, "accepted", 201, receipt={"id": "tr_1"})

        def word(name: str, outcome: Outcome = yes, state: DeliveryState = _S.DELIVERED, **claimed: Any) -> Result:
            return Result(replace(claims[name], **claimed), outcome, state, NOON + MINUTE, NOON + MINUTE)

        forged = word("yes", worker="somebody else")
        assert list(store.record([forged])) == [forged.claim.key]
        silent = word("no answer", Outcome(Verdict.UNKNOWN), _S.RETRYING)
        words = [word("yes"), word("parked"), silent, word("yes")]
        assert sorted(store.record(words)) == sorted(claims[name].key for name in ("yes", "parked", "no answer"))
        found = delivery_in(store, claims["yes"].key)
        assert (found.state, found.delivered_at, found.receipt) == (_S.DELIVERED, NOON + MINUTE, {"id": "tr_1"})
        assert (found.next_attempt_at, found.first_unknown_at) == (None, NOON)
        assert "taken back" in found.reason
        assert delivery_in(store, claims["parked"].key).state is _S.PARKED
        assert delivery_in(store, silent.claim.key).state is _S.RETRYING
        (again,) = (it for it in claim_from(store, worker="next") if it.name == "taken over")
        store.record([Result(again, Outcome(Verdict.REJECTED, "account closed"), _S.PARKED, NOON)])
        assert list(store.record([word("taken over")])) == [again.key]
        assert delivery_in(store, again.key).reason == "account closed"


def leaves_a_worker_what_it_has_in_hand(store: Store) -> None:
    """A daemon that knows what became of a delivery, and could not write it for longer than its lease, does not send it
    again; what it has no word of is lost, and so is what another daemon claimed."""
    contract = quiet_contract_in(store)
    pushes = [
        a_push(contract, name=name, send_at=NOON - n * MINUTE) for n, name in enumerate(("theirs", "lost", "held"))
    ]
    apply_to(store, contract, Changes(deliveries=tuple(a_change(push) for push in pushes)))
    with quietened(store):
        held, lost = claim_from(store, limit=2, worker="w1", lease_seconds=0)
        (theirs,) = claim_from(store, worker="w2", lease_seconds=0)
        in_hand = {held.key, theirs.key}
        assert store.rescue(machine_now=NOON, worker="w1", in_hand=in_hand) == Rescued(2)
        assert delivery_in(store, held.key).state is _S.SENDING
        assert {delivery_in(store, it.key).state for it in (lost, theirs)} == {_S.RETRYING}
        assert store.rescue(machine_now=NOON, worker="w2", in_hand=in_hand) == Rescued(1)


def rescues_what_a_dead_daemon_held(store: Store) -> None:
    """A claim whose lease ran out goes again at once, its outcome unknown since the attempt began; one whose lease
    holds is left alone until its sole owner says that everything in flight is lost."""
    contract = quiet_contract_in(store)
    short, long = a_push(contract, name="short"), a_push(contract, name="long", send_at=NOON - MINUTE)
    apply_to(store, contract, Changes(deliveries=(a_change(short), a_change(long))))
    with quietened(store):
        claim_from(store, limit=1, lease_seconds=86_400)
        claim_from(store, lease_seconds=0)
        noticed_at = NOON + 10 * MINUTE
        assert store.rescue(machine_now=noticed_at) == Rescued(1)
        assert store.rescue(machine_now=noticed_at) == Rescued(0)
        found = delivery_in(store, short.key)
        assert (found.state, found.next_attempt_at, found.first_unknown_at) == (_S.RETRYING, noticed_at, NOON)
        assert delivery_in(store, long.key).state is _S.SENDING
        with store.read() as tx:
            (attempt,) = tx.attempts(short.key)
        assert (attempt.verdict, attempt.finished_at) == ("unknown", noticed_at)
        assert "stopped" in attempt.detail
        assert store.rescue(machine_now=noticed_at, everything=True) == Rescued(1)
        assert {it.attempt for it in claim_from(store, machine_now=noticed_at)} == {2}


def quarantines_what_its_daemons_die_of(store: Store) -> None:
    """What was claimed three times in a row and had no result is parked, in words, for a person; counted when it is
    claimed, so that a daemon that dies at once counts too. Twice is not enough: an operator may have killed both."""
    contract = quiet_contract_in(store)
    poison = a_push(contract, name="poison", kind=PushKind.REMINDER)
    apply_to(store, contract, Changes(deliveries=(a_change(poison),)))
    with quietened(store):
        for number in (1, 2):
            (claim,) = claim_from(store)
            assert claim.attempt == number
            assert store.rescue(machine_now=NOON, everything=True) == Rescued(1)
            assert delivery_in(store, poison.key).state is _S.RETRYING
        (claim,) = claim_from(store)
        assert store.rescue(machine_now=NOON, everything=True) == Rescued(0, (poison.key,))
        parked = delivery_in(store, poison.key)
        assert (parked.state, parked.attempts, parked.first_unknown_at) == (_S.PARKED, 3, NOON)
        assert "quarantined" in parked.reason
        assert "ask the receiver" in parked.reason
        assert (claim_from(store), store.next_wake()[1]) == ([], None)
        late = Result(claim, Outcome(Verdict.DELIVERED), _S.DELIVERED, NOON)
        assert list(store.record([late])) == [poison.key]
        with store.write() as tx:
            tx.release(poison.key, "mended")
        # A person let it go: it may be lost twice more before it is parked again.
        for _ in range(2):
            assert len(claim_from(store)) == 1
            assert store.rescue(machine_now=NOON, everything=True) == Rescued(1)


def forgives_what_had_a_result(store: Store) -> None:
    """Only claims in a row count: a delivery that was lost twice and then failed as others do is under no suspicion."""
    contract = quiet_contract_in(store)
    push = a_push(contract)
    apply_to(store, contract, Changes(deliveries=(a_change(push),)))
    with quietened(store):
        for _ in range(2):
            for _ in range(2):
                claim_from(store)
                assert store.rescue(machine_now=NOON, everything=True) == Rescued(1)
            (claim,) = claim_from(store)
            store.record([Result(claim, Outcome(Verdict.RETRY), _S.RETRYING, NOON, NOON)])
        assert delivery_in(store, push.key).state is _S.RETRYING


def tries_suspects_one_at_a_time(store: Store) -> None:
    """What was lost twice is tried alone, so that the one that kills daemons does not take the others with it; what is
    under no suspicion goes beside it."""
    contract = quiet_contract_in(store)
    lost = [a_push(contract, name=f"lost {n}") for n in range(3)]
    apply_to(store, contract, Changes(deliveries=tuple(map(a_change, lost))))
    with quietened(store):
        for _ in range(2):
            assert len(claim_from(store)) == 3
            store.rescue(machine_now=NOON, everything=True)
        fresh = [a_push(contract, name=f"fresh {n}", destination="elsewhere", index=2) for n in range(2)]
        apply_to(store, contract, Changes(deliveries=tuple(map(a_change, fresh))))
        claims = claim_from(store)
        (suspect,) = (it for it in claims if it.name.startswith("lost"))
        assert sum(it.name.startswith("fresh") for it in claims) == 2
        assert claim_from(store) == []
        assert store.rescue(machine_now=NOON, everything=True) == Rescued(2, (suspect.key,))
        # The next suspect goes where its lane has room; a full lane hides none behind it.
        assert claim_from(store, full={"payroll"}, limit=1)[0].destination == "elsewhere"
        (second,) = (it for it in claim_from(store) if it.name.startswith("lost"))
        store.record([Result(second, Outcome(Verdict.DELIVERED), _S.DELIVERED, NOON)])
        (third,) = claim_from(store)
        assert {suspect.key, second.key, third.key} == {it.key for it in lost}


def says_when_to_wake(store: Store) -> None:
    """The daemon learns the first scheduled instant and the first retry, and nothing of what needs no waking."""
    contract = quiet_contract_in(store)
    with quietened(store):
        before = store.next_wake()
        assert before[1] is None
        early = datetime(1931, 1, 1, tzinfo=UTC)
        apply_to(
            store,
            contract,
            Changes(
                deliveries=(
                    a_change(a_push(contract, name="proposed", send_at=early - MINUTE), _S.PROPOSED),
                    a_change(a_push(contract, name="scheduled", send_at=early)),
                )
            ),
        )
        assert store.next_wake() == (early, None)
        assert store.next_wake({a_push(contract).destination})[0] != early


def sends_again_what_a_person_sends_again(store: Store) -> None:
    """A parked delivery that a person sends back to retrying goes at once; it is not left without an instant."""
    _, claim = claimed_in(store)
    with quietened(store):
        store.record([Result(claim, Outcome(Verdict.REJECTED, "no such payee"), _S.PARKED, NOON)])
        assert delivery_in(store, claim.key).reason == "no such payee"
        with store.write() as tx:
            tx.move(claim.key, {_S.PARKED}, _S.RETRYING, "payee added")
        assert [it.key for it in claim_from(store)] == [claim.key]


def keeps_what_is_halted(store: Store) -> None:
    """What was halted while it was being sent goes no more and wakes nobody, whether its attempt failed or its daemon
    died, until it may go on; halting what was claimed again meanwhile is refused."""
    contract, claim = claimed_in(store)
    halt = Halt(claim.key, _S.SENDING, claim.fence, halted=True)
    with quietened(store):
        with conflict(), store.write() as tx:
            tx.apply(contract, Changes(halts=(replace(halt, fence=claim.fence - 1),)))
        assert not delivery_in(store, claim.key).halted
        apply_to(store, contract, Changes(halts=(halt,)))
        store.record([Result(claim, Outcome(Verdict.RETRY), _S.RETRYING, NOON, next_attempt_at=NOON)])
        with conflict(), store.write() as tx:
            tx.apply(contract, Changes(halts=(halt,)))
        assert (claim_from(store), store.next_wake()) == ([], (None, None))
        with store.write() as tx:
            tx.hasten(claim.key)
        assert (claim_from(store), delivery_in(store, claim.key).halted) == ([], True)
        apply_to(store, contract, Changes(halts=(Halt(claim.key, _S.RETRYING, claim.fence, halted=False),)))
        (again,) = claim_from(store)
        apply_to(store, contract, Changes(halts=(Halt(claim.key, _S.SENDING, again.fence, halted=True),)))
        store.rescue(machine_now=NOON, everything=True)
        assert (claim_from(store), delivery_in(store, claim.key).state) == ([], _S.RETRYING)
        apply_to(store, contract, Changes(halts=(Halt(claim.key, _S.RETRYING, again.fence, halted=False),)))
        assert len(claim_from(store)) == 1


def says_who_agreed_to_exactly_this(store: Store) -> None:
    """What goes is held against what people agreed to: not to other content, and not before they refused it."""
    contract = quiet_contract_in(store)
    names = ("agreed", "to other content", "refused since", "by one", "asked of nobody")
    pushes = {it: a_push(contract, name=it, approvals=("hr", "cfo") * (it != "asked of nobody")) for it in names}
    changes = {name: a_change(push) for name, push in pushes.items()}
    apply_to(store, contract, Changes(deliveries=tuple(changes.values())))
    with store.write() as tx:
        for name, role, yes in (
            ("agreed", "cfo", False),
            ("agreed", "hr", True),
            ("agreed", "cfo", True),
            ("to other content", "hr", True),
            ("refused since", "hr", True),
            ("refused since", "cfo", False),
            ("by one", "hr", True),
        ):
            content = "other" if name == "to other content" else changes[name].content_hash
            tx.decide(Decision(pushes[name].key, content, role, f"{role}@example.test", yes, NOON))
    with quietened(store):
        claims = {it.name: it for it in claim_from(store)}
    hr, cfo = {"hr": "hr@example.test"}, {"cfo": "cfo@example.test"}
    assert {name: dict(it.agreed) for name, it in claims.items()} == {
        "agreed": hr | cfo, "to other content": {}, "refused since": {}, "by one": hr, "asked of nobody": {},
    }  # fmt: skip
    assert {name: it.approvals for name, it in claims.items()} == {name: it.approvals for name, it in pushes.items()}
    assert {name: it.content_hash for name, it in claims.items()} == {
        name: it.content_hash for name, it in changes.items()
    }


CHECKS: tuple[Check, ...] = (
    says_who_agreed_to_exactly_this,
    claims_what_is_due,
    claims_oldest_first,
    passes_over_full_destinations,
    gives_each_destination_what_it_has_room_for,
    finds_what_is_due_behind_many_that_have_no_room,
    passes_over_what_waits_to_be_planned,
    passes_over_money_that_waits_to_be_planned,
    collapses_stale_reminders,
    records_a_delivery,
    retries_at_its_instant,
    keeps_the_bytes_of_an_attempted_push,
    refuses_results_of_a_lost_claim,
    keeps_a_yes_that_comes_late,
    leaves_a_worker_what_it_has_in_hand,
    rescues_what_a_dead_daemon_held,
    quarantines_what_its_daemons_die_of,
    forgives_what_had_a_result,
    tries_suspects_one_at_a_time,
    says_when_to_wake,
    sends_again_what_a_person_sends_again,
    keeps_what_is_halted,
)
