"""Several daemons and several people at once, as threads and as processes that may die."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from obligations.clocks import monotonic
from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.domain.hold import Scope
from obligations.ports import Changes, Conflict, LedgerEntry, Rescued, Result
from obligations.store import SqlStore, claims, open_store
from obligations.testing.builders import NOON, a_change, a_contract, a_push, an_occurrence

SECONDS = 20.0
_CLAIM_ALL = """
import json, sys
from obligations.store import SqlStore
from obligations.testing.builders import NOON
store, worker = SqlStore(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
keys = []
while found := store.claim(business_now=NOON, machine_now=NOON, worker=worker, limit=7, lease_seconds=600):
    keys += [str(claim.key) for claim in found]
print(json.dumps(keys), flush=True)
"""

_WRITE_AND_WAIT = """
import sys
from obligations.ports import Changes
from obligations.store import SqlStore
from obligations.testing.builders import a_change, a_push, an_occurrence
store = SqlStore(sys.argv[1])
with store.write() as tx:
    tx.apply("c", Changes(occurrences=(an_occurrence("c"),), deliveries=(a_change(a_push("c", name="new")),)))
    print("written", flush=True)
    sys.stdin.readline()
"""


def _plan(store: SqlStore, count: int) -> None:
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
        tx.apply(
            "c",
            Changes(
                deliveries=tuple(
                    a_change(a_push("c", name=f"push {n}", send_at=NOON - timedelta(seconds=n))) for n in range(count)
                )
            ),
        )


def test_processes_never_claim_the_same_delivery(store: SqlStore, database_url: str) -> None:
    """A delivery that two daemons hold is a bonus paid twice, if the receiver forgot its key."""
    _plan(store, 200)
    daemons = [
        subprocess.Popen(
            [sys.executable, "-c", _CLAIM_ALL, database_url, f"w{n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    answers = []
    for daemon in daemons:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "ready\n"
    for daemon in daemons:
        assert daemon.stdin is not None
        daemon.stdin.write("go\n")
        daemon.stdin.flush()
    for daemon in daemons:
        out, _ = daemon.communicate()
        answers.append(json.loads(out))
        assert daemon.returncode == 0
    assert Counter(key for keys in answers for key in keys).most_common(1)[0][1] == 1
    assert sum(map(len, answers)) == 200


def test_threads_claim_and_record_everything_once(store: SqlStore) -> None:
    _plan(store, 300)

    def daemon(worker: str) -> list[str]:
        done = []
        while found := store.claim(business_now=NOON, machine_now=NOON, worker=worker, limit=9, lease_seconds=600):
            results = [Result(it, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, NOON) for it in found]
            assert list(store.record(results)) == []
            done += [it.name for it in found]
        return done

    with ThreadPoolExecutor(4) as pool:
        done = [name for names in pool.map(daemon, "abcd") for name in names]
    assert len(done) == len(set(done)) == 300
    with store.read() as tx:
        assert {it.attempts for it in tx.deliveries("c", states={DeliveryState.DELIVERED})} == {1}


def test_a_claim_does_not_wait_for_a_claim(postgres_url: str) -> None:
    """On PostgreSQL a daemon that is slow to commit keeps its rows, not the queue."""
    store = open_store(postgres_url)
    _plan(store, 4)
    with store.write() as tx:
        tx.move(a_push("c", name="push 3").key, {DeliveryState.SCHEDULED}, DeliveryState.PARKED)
        claimed = store.claim(business_now=NOON, machine_now=NOON, worker="w", limit=2, lease_seconds=60)
        assert [it.name for it in claimed] == ["push 2", "push 1"]
    store.close()


def test_no_claim_is_committed_behind_a_hold(postgres_url: str) -> None:
    """A person who is told that all is paused must not see money leave a moment later."""
    store = open_store(postgres_url)
    _plan(store, 4)
    given: dict[str, Any] = {"business_now": NOON, "machine_now": NOON, "worker": "w", "limit": 1, "lease_seconds": 60}
    paused = threading.Event()

    def pause() -> None:
        with store.write() as tx:
            tx.hold(Scope.EVERYTHING, "stop", at=NOON, by="hana")
        paused.set()

    with ThreadPoolExecutor(2) as pool:
        with store._committing() as connection:
            assert len(claims.claim(connection, "", full=(), **given)) == 1
            pausing = pool.submit(pause)
            _wait_for_a_lock_to_be_asked_for(store)
            assert not paused.is_set()
        pausing.result(SECONDS)
        assert store.claim(**given) == []

        with store.write() as tx:
            tx.lift(tx.holds()[0].number, at=NOON, by="hana")
        with store.write() as tx:
            tx.hold(Scope.EVERYTHING, "stop again", at=NOON, by="hana")
            claiming = pool.submit(lambda: store.claim(**given))
            _wait_for_a_lock_to_be_asked_for(store)
        assert claiming.result(SECONDS) == []
    store.close()


def _wait_for_a_lock_to_be_asked_for(store: SqlStore) -> None:
    asked = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
        " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    give_up_at = monotonic() + SECONDS
    while True:
        with store._reading() as connection:
            if connection.execute(asked).scalar_one():
                return
        assert monotonic() < give_up_at, "nobody waits for a lock"
        threading.Event().wait(0.01)


def test_two_plans_of_one_contract_do_not_mix(store: SqlStore) -> None:
    """Two events reported at once both re-plan; each must see what the other wrote, or be told to look again."""
    _plan(store, 1)
    key = a_push("c", name="push 0").key
    together = threading.Barrier(2)

    def plan(reason: str) -> str:
        together.wait()
        try:
            with store.write() as tx:
                tx.contract("c", lock=True)
                seen = tx.deliveries(keys=[key])[0]
                if seen.reason:
                    return "saw the other"
                change = a_change(seen.push, DeliveryState.PROPOSED, seen_in=frozenset({seen.state}), reason=reason)
                tx.apply("c", Changes(deliveries=(change,), ledger=(LedgerEntry(NOON, reason, "planned", "c", "p"),)))
                return "wrote"
        except Conflict:
            return "was told"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(plan, ["a", "b"]))
    assert said == ["saw the other", "wrote"]
    with store.read() as tx:
        assert len(tx.ledger("c")) == 1


def test_the_delivery_that_changed_is_the_one_named(store: SqlStore) -> None:
    """A person who is told the wrong one looks in the wrong place."""
    _plan(store, 2)
    quick, slow = sorted((a_push("c", name=f"push {n}") for n in range(2)), key=lambda it: it.key)
    saw = frozenset({DeliveryState.SCHEDULED})
    with store.write() as tx:
        tx.move(slow.key, saw, DeliveryState.PARKED)
    with pytest.raises(Conflict, match=f"{slow.key} is parked by now"), store.write() as tx:
        tx.apply(
            "c", Changes(deliveries=tuple(a_change(it, DeliveryState.CANCELLED, seen_in=saw) for it in (quick, slow)))
        )


def test_a_process_killed_in_a_write_leaves_nothing_of_it(store: SqlStore, database_url: str) -> None:
    """Half a plan would be a plan nobody made."""
    _plan(store, 1)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITE_AND_WAIT, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    with store.write() as tx:
        assert [it.push.name for it in tx.deliveries("c")] == ["push 0"]
        assert not tx.occurrences("c")
        tx.apply("c", Changes(occurrences=(an_occurrence("c"),)))


def test_an_empty_store_has_nothing_to_do(store: SqlStore) -> None:
    assert store.rescue(machine_now=NOON, everything=True) == Rescued(0)
    assert store.seal() == 0
    assert list(store.record([])) == []
    assert store.next_wake() == (None, None)
    assert store.verify_ledger().holds
