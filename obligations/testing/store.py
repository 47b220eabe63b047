"""What every store must do. A store that passes may keep contracts for years.

    from obligations.testing.store import CHECKS, exercise_store

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_store(check, my_store):
        check(my_store)

or, all at once: `exercise_store(lambda: MyStore(...))`. Each check makes its own contracts under fresh ids, so they may
share a database, run in any order and run again; nothing else may be claiming from it meanwhile. What a check leaves
behind is never due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.domain.event import Choice, Correction, LogEntry, Report, Withdrawal, chosen, in_force
from obligations.domain.money import LARGEST_MINOR, Money
from obligations.domain.occurrence import State
from obligations.ports import (
    Changes,
    Claim,
    Conflict,
    Decision,
    DeliveryChange,
    LedgerEntry,
    Result,
    Store,
    StoredDelivery,
    TermsVersion,
)
from obligations.testing.builders import NOON, a_change, a_contract, a_push, an_occurrence, fresh_id

Check = Callable[[Store], None]
_S = DeliveryState
_MINUTE = timedelta(minutes=1)
_DRAINED_BY = datetime(2900, 1, 1, tzinfo=UTC)


def exercise_store(open_store: Callable[[], Store]) -> None:
    """Runs every check on a store of its own; raises one `ExceptionGroup` that holds all failures, named."""
    failures: list[Exception] = []
    for check in CHECKS:
        store = open_store()
        try:
            check(store)
        except Exception as error:  # noqa: BLE001 - all failures are collected and raised below
            error.add_note(f"in the check {check.__name__}: {check.__doc__}")
            failures.append(error)
        finally:
            store.close()
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(CHECKS)} checks of the store failed", failures)


# --- contracts, events, occurrences -----------------------------------------------------------------------------------


def keeps_contracts(store: Store) -> None:
    """A contract reads back as it was put; putting it again replaces its text and keeps when it was added."""
    first = a_contract(replan_at=datetime(2031, 5, 1, tzinfo=UTC))
    with store.write() as tx:
        tx.put_contract(first)
        assert tx.contract(first.id, lock=True) == first
    changed = replace(
        first,
        title="Ågot Ödegård 雅",
        source="a: 1\n",
        added_at=NOON + _MINUTE,
        added_by="else",
        amendments=("amends: a\n", "amends: b 雅\n"),
    )
    with store.write() as tx:
        tx.put_contract(changed)
    with store.read() as tx:
        assert tx.contract(first.id) == replace(changed, added_at=first.added_at, added_by=first.added_by)
        assert tx.contract(fresh_id()) is None
        ids = [it.id for it in tx.contracts()]
        assert first.id in ids
        assert ids == sorted(ids)


def keeps_the_event_log(store: Store) -> None:
    """Reports and withdrawals come back in the order they were recorded, whole; a report id is never taken twice."""
    contract = _contract(store)
    report = Report(
        id=fresh_id("report"),
        event="hired",
        occurred_on=date(2031, 2, 28),
        received_on=date(2031, 3, 1),
        fields={"salary": "125000", "note": "naïve \x00 \ud800"},
        expected=True,
        answers="signing-bonus",
        evidence="letter.pdf, page 3",
        recorded_at=NOON + timedelta(microseconds=1),
        recorded_by="hr@example.test",
    )
    bare = Report(id=fresh_id("report"), event="done", occurred_on=date(2031, 3, 2))
    withdrawal = Withdrawal(report.id, NOON + _MINUTE, "hr@example.test", "entered twice")
    for entry in (report, bare, withdrawal):
        with store.write() as tx:
            tx.append(contract, entry)
    with store.read() as tx:
        assert list(tx.log(contract)) == [report, bare, withdrawal]
        assert in_force(tx.log(contract)) == (bare,)
        assert tx.contract_of_report(report.id) == contract
        assert tx.contract_of_report(fresh_id("report")) is None
    other = _contract(store)
    for where in (contract, other):
        with _conflict(), store.write() as tx:
            tx.append(where, replace(report, event="other"))


def keeps_corrections_and_choices(store: Store) -> None:
    """A report is corrected as often as it takes and keeps its place; a choice comes back whole; neither is lost."""
    contract = _contract(store)
    report = Report(fresh_id("report"), "hired", date(2031, 2, 28), fields={"salary": "1"}, recorded_at=NOON)
    later = Report(fresh_id("report"), "exited", date(2031, 3, 1), recorded_at=NOON)
    first = Correction(
        report_id=report.id,
        occurred_on=date(2031, 2, 27),
        received_on=date(2031, 3, 2),
        fields={"salary": "2", "note": "naïve \x00 \ud800"},
        answers="signing-bonus",
        evidence="letter.pdf",
        recorded_at=NOON + _MINUTE,
        recorded_by="hr@example.test",
        reason="a slip",
    )
    second = replace(first, received_on=None, occurred_on=date(2031, 2, 26), reason="")
    choice = Choice(fresh_id("choice"), "roll", "following", NOON + _MINUTE, "lea@example.test", "advice of counsel")
    again = replace(choice, id=fresh_id("choice"), option="unadjusted")
    entries: list[LogEntry] = [report, later, first, choice, second, again]
    with store.write() as tx:
        for entry in entries:
            tx.append(contract, entry)
    with store.read() as tx:
        assert list(tx.log(contract)) == entries
        assert in_force(tx.log(contract)) == (second.of(report), later)
        assert chosen(tx.log(contract)) == {"roll": again}
        assert tx.contract_of_report(report.id) == contract
        assert tx.contract_of_report(choice.id) is None
    with _conflict(), store.write() as tx:
        tx.append(contract, choice)


def keeps_versions_of_terms(store: Store) -> None:
    """Every text a contract's terms came from stays readable, whatever replaced it."""
    contract = _contract(store)
    added = TermsVersion(contract, 1, "added", "Letter", "a: 雅\n", "t: 1\n", NOON, "hr@example.test")
    amended = replace(added, number=2, kind="amended", template="", from_on=date(2031, 6, 1))
    withdrawn = replace(amended, number=3, kind="withdrawn")
    with store.write() as tx:
        tx.add_version(added)
        tx.add_version(amended)
        tx.add_version(withdrawn)
    with store.read() as tx:
        assert list(tx.versions(contract)) == [added, amended, withdrawn]
        assert list(tx.versions(fresh_id())) == []
    with _conflict(), store.write() as tx:
        tx.add_version(replace(amended, source="other"))


def keeps_occurrences_whole(store: Store) -> None:
    """An occurrence comes back with its money, exact units, dates and the derivation behind them."""
    contract = _contract(store)
    paid = replace(
        an_occurrence(contract, amount=Money(LARGEST_MINOR, "JPY")),
        waiting_for=("board approval",),
        missing=("salary", "currency"),
        soft_on=date(1, 1, 1),
        to_on=date(9999, 12, 31),
        units=Decimal("90071992547409931.270"),
        unit="shares",
        conditional=True,
        of=None,
    )
    waiting = an_occurrence(contract, index=2, due_on=None, state=State.WAITING)
    _apply(store, contract, Changes(occurrences=(waiting, paid)))
    with store.read() as tx:
        assert list(tx.occurrences(contract)) == [paid, waiting]
        units = tx.occurrences(contract)[0].units
        assert str(units) == "90071992547409931.270"


def finds_occurrences(store: Store) -> None:
    """Occurrences come by the day they are acted on, the undated last; `until` holds its own day; states filter."""
    contract = _contract(store)
    days = {1: date(2031, 4, 3), 2: date(2031, 4, 1), 3: None, 4: date(2031, 4, 2)}
    _apply(
        store,
        contract,
        Changes(
            occurrences=tuple(
                an_occurrence(contract, index=index, due_on=day, state=State.DONE if index == 4 else State.SCHEDULED)
                for index, day in days.items()
            )
        ),
    )
    with store.read() as tx:
        assert [it.index for it in tx.occurrences(contract)] == [2, 4, 1, 3]
        assert [it.index for it in tx.occurrences(contract, until=date(2031, 4, 2))] == [2, 4]
        assert [it.index for it in tx.occurrences(contract, states={State.DONE})] == [4]
        assert list(tx.occurrences(contract, states=())) == []
        everywhere = [it.index for it in tx.occurrences(until=date(2031, 4, 2)) if it.contract == contract]
        assert everywhere == [2, 4]


def replaces_and_forgets_occurrences(store: Store) -> None:
    """A re-planning replaces what it names, deletes what is gone, and leaves the rest and other contracts alone."""
    contract, other = _contract(store), _contract(store)
    one, two, three = (an_occurrence(contract, index=index) for index in (1, 2, 3))
    theirs = an_occurrence(other)
    _apply(store, contract, Changes(occurrences=(one, two, three)))
    _apply(store, other, Changes(occurrences=(theirs,)))
    moved = replace(one, due_on=date(2032, 1, 1), adjusted_on=date(2032, 1, 1), state=State.DONE)
    _apply(store, contract, Changes(occurrences=(moved,), gone=(two.id, theirs.id)))
    with store.read() as tx:
        assert list(tx.occurrences(contract)) == [three, moved]
        assert list(tx.occurrences(other)) == [theirs]


def finds_contracts_to_replan(store: Store) -> None:
    """A contract whose plan changes by the clock is found on that day, not before, and not once it was planned."""
    contract = _contract(store)
    _apply(store, contract, Changes(replan_at=datetime(2031, 6, 1, 16, tzinfo=UTC)))
    assert contract not in store.to_replan(datetime(2031, 6, 1, 15, 59, tzinfo=UTC), limit=10_000)
    assert contract in store.to_replan(datetime(2031, 6, 1, 16, tzinfo=UTC), limit=10_000)
    _apply(store, contract, Changes(replan_at=None))
    assert contract not in store.to_replan(datetime(2031, 6, 1, 16, tzinfo=UTC), limit=10_000)


# --- deliveries -------------------------------------------------------------------------------------------------------


def keeps_pushes_whole(store: Store) -> None:
    """A delivery comes back with its push, its exact bytes, and nothing done yet."""
    contract = _contract(store)
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
    _apply(store, contract, Changes(deliveries=(change,)))
    assert _delivery(store, push.key) == StoredDelivery(
        push=push, state=_S.PROPOSED, body=bytes(range(256)), content_hash=change.content_hash, reason="new"
    )


def finds_deliveries(store: Store) -> None:
    """Deliveries come by instant and then key; contract, states, keys and limit narrow them."""
    contract = _contract(store)
    pushes = [a_push(contract, name=f"push {n}", send_at=NOON + (n % 2) * _MINUTE) for n in range(6)]
    _apply(
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
    contract = _contract(store)
    still, moved = a_push(contract, name="still"), a_push(contract, name="moved")
    _apply(store, contract, Changes(deliveries=(a_change(still, _S.PROPOSED), a_change(moved, _S.PROPOSED))))
    with store.write() as tx:
        tx.move(moved.key, {_S.PROPOSED}, _S.REFUSED, "finance said no")
    saw = frozenset({_S.PROPOSED})
    with _conflict(), store.write() as tx:
        tx.apply(
            contract,
            Changes(
                occurrences=(an_occurrence(contract),),
                deliveries=(a_change(still, _S.CANCELLED, seen_in=saw), a_change(moved, _S.CANCELLED, seen_in=saw)),
                ledger=(_line(contract),),
                replan_at=datetime(2031, 1, 1, tzinfo=UTC),
            ),
        )
    assert _delivery(store, still.key).state is _S.PROPOSED
    assert (_delivery(store, moved.key).state, _delivery(store, moved.key).reason) == (_S.REFUSED, "finance said no")
    with store.read() as tx:
        assert not tx.occurrences(contract)
        assert not tx.ledger(contract)
    for unseen in (a_change(still, _S.SCHEDULED), a_change(a_push(contract, name="never"), _S.CANCELLED, seen_in=saw)):
        with _conflict(), store.write() as tx:
            tx.apply(contract, Changes(deliveries=(unseen,)))


def rewrites_what_was_not_sent(store: Store) -> None:
    """A re-planning gives an unsent delivery new content and a new instant under the same key."""
    contract = _contract(store)
    push = a_push(contract)
    _apply(store, contract, Changes(deliveries=(a_change(push, _S.SCHEDULED),)))
    again = replace(push, send_at=NOON + _MINUTE, payload={"text": "another amount"})
    change = a_change(again, _S.PROPOSED, seen_in=frozenset({_S.SCHEDULED}), reason="the amount changed")
    _apply(store, contract, Changes(deliveries=(change,)))
    found = _delivery(store, push.key)
    assert (found.push, found.body, found.content_hash) == (again, change.body, change.content_hash)
    assert (found.state, found.reason) == (_S.PROPOSED, "the amount changed")


def refuses_moves_without_an_arrow(store: Store) -> None:
    """A delivery never takes a way that the table of states does not draw: a refused one cannot be scheduled."""
    contract = _contract(store)
    push = a_push(contract)
    _apply(store, contract, Changes(deliveries=(a_change(push, _S.PROPOSED),)))
    with store.write() as tx:
        tx.move(push.key, {_S.PROPOSED}, _S.REFUSED)
    with _raises(ValueError), store.write() as tx:
        tx.move(push.key, {_S.REFUSED}, _S.SCHEDULED)
    with _raises(ValueError), store.write() as tx:
        tx.apply(contract, Changes(deliveries=(a_change(push, _S.SCHEDULED, seen_in=frozenset({_S.REFUSED})),)))
    with _conflict(), store.write() as tx:
        tx.move(push.key, {_S.PROPOSED}, _S.SCHEDULED)
    assert _delivery(store, push.key).state is _S.REFUSED


def keeps_decisions(store: Store) -> None:
    """Approvals and refusals come back in order; nobody decides on a push that is not there."""
    contract = _contract(store)
    push = a_push(contract)
    _apply(store, contract, Changes(deliveries=(a_change(push, _S.PROPOSED),)))
    yes = Decision(push.key, "abc", "finance", "bea", True, NOON + timedelta(microseconds=7))
    no = Decision(push.key, "abc", "finance", "cyd", False, NOON, "wrong account")
    with store.write() as tx:
        tx.decide(yes)
        tx.decide(no)
    with store.read() as tx:
        assert list(tx.decisions(push.key)) == [yes, no]
    with _conflict(), store.write() as tx:
        tx.decide(replace(yes, key=uuid4()))


# --- claims -----------------------------------------------------------------------------------------------------------


def claims_what_is_due(store: Store) -> None:
    """A delivery goes at its instant and never before; its claim carries everything, and its attempt is written."""
    contract = _quiet_contract(store)
    due, later = a_push(contract, name="due"), a_push(contract, name="later", send_at=NOON + timedelta(microseconds=1))
    proposed = a_push(contract, name="proposed")
    _apply(
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
    assert _claim(store, business_now=NOON - timedelta(microseconds=1)) == []
    with _quietened(store):
        claims = _claim(store, business_now=NOON, worker="w1")
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
            )
        ]
        held = _delivery(store, due.key)
        assert (held.state, held.attempts, held.fence) == (_S.SENDING, 1, 1)
        with store.read() as tx:
            (attempt,) = tx.attempts(due.key)
        assert (attempt.number, attempt.fence, attempt.worker) == (1, 1, "w1")
        assert (attempt.started_at, attempt.finished_at, attempt.verdict) == (NOON, None, "")
        assert _claim(store, business_now=NOON) == []
        (late,) = _claim(store, business_now=NOON + timedelta(seconds=90))
        assert (late.key, late.late_seconds) == (later.key, 89.999999)


def claims_oldest_first(store: Store) -> None:
    """The oldest go first whatever order they were planned in, actions before reminders at one instant, few at a
    time."""
    contract = _quiet_contract(store)
    order = [
        a_push(contract, name="1", send_at=NOON - 9 * _MINUTE, kind=PushKind.REMINDER, index=1),
        a_push(contract, name="2", send_at=NOON - _MINUTE, kind=PushKind.ACTION, index=2),
        a_push(contract, name="3", send_at=NOON - _MINUTE, kind=PushKind.REMINDER, index=3),
        a_push(contract, name="4", send_at=NOON, index=4),
    ]
    _apply(store, contract, Changes(deliveries=tuple(a_change(push) for push in reversed(order))))
    with _quietened(store):
        first = _claim(store, limit=3)
        assert [it.name for it in first] == ["1", "2", "3"]
        assert [it.name for it in _claim(store, limit=3)] == ["4"]
        assert _claim(store, limit=0) == []


def passes_over_full_destinations(store: Store) -> None:
    """A destination that takes no more never delays another one."""
    contract = _quiet_contract(store)
    slow = [a_push(contract, name=f"slow {n}", destination="slow", send_at=NOON - _MINUTE) for n in range(3)]
    quick = a_push(contract, name="quick", destination="quick")
    _apply(store, contract, Changes(deliveries=tuple(a_change(push) for push in (*slow, quick))))
    with _quietened(store):
        assert [it.name for it in _claim(store, limit=1, full={"slow", "elsewhere"})] == ["quick"]
        assert len(_claim(store)) == 3


def collapses_stale_reminders(store: Store) -> None:
    """After a downtime people get one reminder of an occurrence, the latest; other occurrences, other people and
    actions keep theirs."""
    contract = _quiet_contract(store)

    def reminder(name: str, minutes: int, destination: str = "manager", index: int = 1) -> DeliveryChange:
        return a_change(
            a_push(
                contract,
                name=name,
                kind=PushKind.REMINDER,
                destination=destination,
                index=index,
                send_at=NOON - minutes * _MINUTE,
            )
        )

    action = a_change(a_push(contract, name="action", destination="manager", send_at=NOON - 30 * _MINUTE))
    changes = (
        reminder("first", 30),
        reminder("second", 20),
        reminder("latest", 10),
        reminder("not due", -10),
        reminder("other person", 30, destination="payroll lead"),
        reminder("other occurrence", 30, index=2),
        action,
    )
    _apply(store, contract, Changes(deliveries=changes))
    with _quietened(store):
        claimed = {it.name for it in _claim(store)}
        assert claimed == {"latest", "other person", "other occurrence", "action"}
        states = {change.push.name: _delivery(store, change.push.key) for change in changes}
        assert states["first"].state is states["second"].state is _S.COLLAPSED
        assert states["first"].reason
        assert states["not due"].state is _S.SCHEDULED
        assert states["first"].attempts == 0


def records_a_delivery(store: Store) -> None:
    """A delivered push keeps when, its receipt and its attempt, and never goes again."""
    _, claim = _claimed(store)
    with _quietened(store):
        outcome = Outcome(Verdict.DELIVERED, "accepted", 201, receipt={"id": "tr_1 雅"})
        done_at = NOON + timedelta(microseconds=250)
        assert list(store.record([Result(claim, outcome, _S.DELIVERED, done_at)])) == []
        found = _delivery(store, claim.key)
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
        assert _claim(store, business_now=NOON + timedelta(days=999), machine_now=NOON + timedelta(days=999)) == []
        with _raises(ValueError), store.write() as tx:
            tx.move(claim.key, {_S.DELIVERED}, _S.SCHEDULED)


def retries_at_its_instant(store: Store) -> None:
    """A failed push goes again at the instant that was recorded, by machine time, under the same key and bytes; the
    attempt that first had no known outcome is remembered through later ones."""
    _, claim = _claimed(store)
    with _quietened(store):
        again_at = NOON + 5 * _MINUTE
        store.record([Result(claim, Outcome(Verdict.UNKNOWN, "time-out"), _S.RETRYING, NOON + _MINUTE, again_at)])
        found = _delivery(store, claim.key)
        assert (found.state, found.next_attempt_at, found.first_unknown_at) == (_S.RETRYING, again_at, NOON)
        assert store.next_wake()[1] == again_at
        assert _claim(store, machine_now=again_at - timedelta(microseconds=1)) == []
        (second,) = _claim(store, machine_now=again_at, worker="w2")
        assert (second.attempt, second.fence, second.worker) == (2, 2, "w2")
        assert (second.key, second.body) == (claim.key, claim.body)
        assert second.first_unknown_at == NOON
        later = again_at + _MINUTE
        store.record([Result(second, Outcome(Verdict.UNKNOWN), _S.RETRYING, later, later + _MINUTE)])
        assert _delivery(store, claim.key).first_unknown_at == NOON
        with store.read() as tx:
            assert [it.verdict for it in tx.attempts(claim.key)] == ["unknown", "unknown"]


def keeps_the_bytes_of_an_attempted_push(store: Store) -> None:
    """Once attempted, a push keeps its bytes: under one key a receiver must never see two contents."""
    contract, claim = _claimed(store)
    with _quietened(store):
        store.record([Result(claim, Outcome(Verdict.RETRY), _S.RETRYING, NOON, NOON + _MINUTE)])
        push = replace(_delivery(store, claim.key).push, payload={"text": "other bytes"})
        with _raises(ValueError), store.write() as tx:
            tx.apply(contract, Changes(deliveries=(a_change(push, _S.PARKED, seen_in=frozenset({_S.RETRYING})),)))
        assert _delivery(store, claim.key).body == claim.body


def refuses_results_of_a_lost_claim(store: Store) -> None:
    """A daemon that was paused past its lease cannot overwrite what the one after it did; what it still holds is
    written."""
    contract = _quiet_contract(store)
    lost, kept = a_push(contract, name="lost"), a_push(contract, name="kept", send_at=NOON - _MINUTE)
    _apply(store, contract, Changes(deliveries=(a_change(lost), a_change(kept))))
    with _quietened(store):
        (holds,) = _claim(store, limit=1, worker="paused", lease_seconds=3600)
        (loses,) = _claim(store, worker="paused", lease_seconds=0)
        assert store.rescue(machine_now=NOON) == 1
        (taken,) = _claim(store, worker="next")
        assert (taken.key, taken.fence) == (lost.key, 2)
        delivered = Outcome(Verdict.DELIVERED)
        late = [Result(it, delivered, _S.DELIVERED, NOON) for it in (loses, holds)]
        assert list(store.record(late)) == [lost.key]
        assert _delivery(store, kept.key).state is _S.DELIVERED
        assert (_delivery(store, lost.key).state, _delivery(store, lost.key).delivered_at) == (_S.SENDING, None)
        # The fence alone is not enough: another daemon's name with the right number is not its claim.
        forged = replace(taken, worker="paused")
        assert list(store.record([Result(forged, delivered, _S.DELIVERED, NOON)])) == [lost.key]
        both = [Result(it, delivered, _S.DELIVERED, NOON) for it in (loses, taken, taken)]
        assert list(store.record(both)) == [lost.key, lost.key]
        assert list(store.record([Result(taken, Outcome(Verdict.RETRY), _S.RETRYING, NOON, NOON)])) == [lost.key]
        assert _delivery(store, lost.key).state is _S.DELIVERED


def rescues_what_a_dead_daemon_held(store: Store) -> None:
    """A claim whose lease ran out goes again at once, its outcome unknown since the attempt began; one whose lease
    holds is left alone until its sole owner says that everything in flight is lost."""
    contract = _quiet_contract(store)
    short, long = a_push(contract, name="short"), a_push(contract, name="long", send_at=NOON - _MINUTE)
    _apply(store, contract, Changes(deliveries=(a_change(short), a_change(long))))
    with _quietened(store):
        _claim(store, limit=1, lease_seconds=86_400)
        _claim(store, lease_seconds=0)
        noticed_at = NOON + 10 * _MINUTE
        assert store.rescue(machine_now=noticed_at) == 1
        assert store.rescue(machine_now=noticed_at) == 0
        found = _delivery(store, short.key)
        assert (found.state, found.next_attempt_at, found.first_unknown_at) == (_S.RETRYING, noticed_at, NOON)
        assert _delivery(store, long.key).state is _S.SENDING
        with store.read() as tx:
            (attempt,) = tx.attempts(short.key)
        assert (attempt.verdict, attempt.finished_at) == ("unknown", noticed_at)
        assert "stopped" in attempt.detail
        assert store.rescue(machine_now=noticed_at, everything=True) == 1
        assert {it.attempt for it in _claim(store, machine_now=noticed_at)} == {2}


def says_when_to_wake(store: Store) -> None:
    """The daemon learns the first scheduled instant and the first retry, and nothing of what needs no waking."""
    contract = _quiet_contract(store)
    with _quietened(store):
        before = store.next_wake()
        assert before[1] is None
        early = datetime(1931, 1, 1, tzinfo=UTC)
        _apply(
            store,
            contract,
            Changes(
                deliveries=(
                    a_change(a_push(contract, name="proposed", send_at=early - _MINUTE), _S.PROPOSED),
                    a_change(a_push(contract, name="scheduled", send_at=early)),
                )
            ),
        )
        assert store.next_wake() == (early, None)


def sends_again_what_a_person_sends_again(store: Store) -> None:
    """A parked delivery that a person sends back to retrying goes at once; it is not left without an instant."""
    _, claim = _claimed(store)
    with _quietened(store):
        store.record([Result(claim, Outcome(Verdict.REJECTED, "no such payee"), _S.PARKED, NOON)])
        assert _delivery(store, claim.key).reason == "no such payee"
        with store.write() as tx:
            tx.move(claim.key, {_S.PARKED}, _S.RETRYING, "payee added")
        assert [it.key for it in _claim(store)] == [claim.key]


# --- the record and transactions --------------------------------------------------------------------------------------


def keeps_the_record(store: Store) -> None:
    """Ledger lines come back in the order they were written and can be chained; chained lines are not chained again."""
    contract = _contract(store)
    lines = [replace(_line(contract), action=f"act {n}", before="ä", after='"b"', reason="r") for n in range(3)]
    with store.write() as tx:
        tx.note(lines[0])
        tx.apply(contract, Changes(ledger=(lines[1], lines[2])))
    with store.read() as tx:
        assert list(tx.ledger(contract)) == lines
        assert lines[0] in tx.ledger()
    while store.seal():
        pass
    with store.write() as tx:
        tx.note(lines[0])
        tx.note(lines[1])
    assert store.seal(1) == 1
    assert store.seal() == 1
    assert store.seal() == 0


def writes_all_or_nothing(store: Store) -> None:
    """A block that raises leaves no trace, whatever it wrote."""
    contract = _contract(store)
    other = a_contract()
    push = a_push(contract)
    with _raises(ZeroDivisionError), store.write() as tx:
        tx.put_contract(other)
        tx.append(contract, Report(id=fresh_id("report"), event="hired", occurred_on=date(2031, 3, 3)))
        tx.apply(contract, Changes(occurrences=(an_occurrence(contract),), deliveries=(a_change(push),)))
        tx.note(_line(contract))
        _break()
    with store.read() as tx:
        assert tx.contract(other.id) is None
        assert not tx.log(contract)
        assert not tx.occurrences(contract)
        assert not tx.deliveries(contract)
        assert not tx.ledger(contract)


def reads_one_moment(store: Store) -> None:
    """A view shows one moment: what is committed while it is open does not show in it."""
    contract = _contract(store)
    with store.read() as before:
        assert not before.ledger(contract)
        with store.write() as tx:
            tx.note(_line(contract))
        assert not before.ledger(contract)
    with store.read() as after:
        assert len(after.ledger(contract)) == 1


def only_reads_in_a_reading_view(store: Store) -> None:
    """A view for reading writes nothing."""
    contract = _contract(store)
    with store.read() as tx:
        with _raises(RuntimeError):
            tx.note(_line(contract))
        with _raises(RuntimeError):
            tx.put_contract(a_contract())
        with _raises(RuntimeError):
            tx.contract(contract, lock=True)


CHECKS: tuple[Check, ...] = (
    keeps_contracts,
    keeps_the_event_log,
    keeps_corrections_and_choices,
    keeps_versions_of_terms,
    keeps_occurrences_whole,
    finds_occurrences,
    replaces_and_forgets_occurrences,
    finds_contracts_to_replan,
    keeps_pushes_whole,
    finds_deliveries,
    changes_only_what_it_saw,
    rewrites_what_was_not_sent,
    refuses_moves_without_an_arrow,
    keeps_decisions,
    claims_what_is_due,
    claims_oldest_first,
    passes_over_full_destinations,
    collapses_stale_reminders,
    records_a_delivery,
    retries_at_its_instant,
    keeps_the_bytes_of_an_attempted_push,
    refuses_results_of_a_lost_claim,
    rescues_what_a_dead_daemon_held,
    says_when_to_wake,
    sends_again_what_a_person_sends_again,
    keeps_the_record,
    writes_all_or_nothing,
    reads_one_moment,
    only_reads_in_a_reading_view,
)


# --- how the checks speak ---------------------------------------------------------------------------------------------


def _contract(store: Store) -> str:
    contract = a_contract()
    with store.write() as tx:
        tx.put_contract(contract)
    return contract.id


def _quiet_contract(store: Store) -> str:
    _drain(store)
    return _contract(store)


def _claimed(store: Store) -> tuple[str, Claim]:
    """A contract with one push, and the claim on it."""
    contract = _quiet_contract(store)
    _apply(store, contract, Changes(deliveries=(a_change(a_push(contract)),)))
    (claim,) = _claim(store)
    return contract, claim


@contextmanager
def _quietened(store: Store) -> Iterator[None]:
    """Leaves nothing due behind, also when the check fails."""
    try:
        yield
    finally:
        _drain(store)


def _drain(store: Store) -> None:
    """Ends everything that is due, retrying or in flight."""
    store.rescue(machine_now=_DRAINED_BY, everything=True)
    while claims := _claim(store, business_now=_DRAINED_BY, machine_now=_DRAINED_BY, limit=1_000):
        store.record([Result(it, Outcome(Verdict.DELIVERED), _S.DELIVERED, _DRAINED_BY) for it in claims])


def _apply(store: Store, contract: str, changes: Changes) -> None:
    with store.write() as tx:
        tx.apply(contract, changes)


def _claim(
    store: Store,
    *,
    business_now: datetime = NOON,
    machine_now: datetime = NOON,
    worker: str = "w",
    limit: int = 100,
    lease_seconds: float = 60.0,
    full: Iterable[str] = (),
) -> list[Claim]:
    return list(
        store.claim(
            business_now=business_now,
            machine_now=machine_now,
            worker=worker,
            limit=limit,
            lease_seconds=lease_seconds,
            full=frozenset(full),
        )
    )


def _delivery(store: Store, key: UUID) -> StoredDelivery:
    with store.read() as tx:
        (found,) = tx.deliveries(keys=[key])
    return found


def _line(contract: str) -> LedgerEntry:
    return LedgerEntry(at=NOON, actor="hr@example.test", action="planned", contract=contract, object="plan")


def _break() -> None:
    raise ZeroDivisionError


def _conflict() -> AbstractContextManager[None]:
    return _raises(Conflict)


@contextmanager
def _raises(kind: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was expected and did not come")
