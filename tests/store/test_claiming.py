"""Claiming where it gets crowded: after a long downtime, behind a full lane, beside another tenant."""

from __future__ import annotations

from datetime import timedelta

from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.ports import Changes, Claim, Rescued, Result
from obligations.store import SqlStore, claims, open_store, queue
from obligations.testing.builders import NOON, a_change, a_contract, a_push


def _claim(store: SqlStore, limit: int, full: frozenset[str] = frozenset()) -> list[Claim]:
    return list(store.claim(business_now=NOON, machine_now=NOON, worker="w", limit=limit, lease_seconds=60, full=full))


def _reminders(store: SqlStore, occurrences: int, each: int) -> None:
    """Reminders of many occurrences, all due, the oldest of every occurrence before the newer ones of any."""
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
        tx.apply(
            "c",
            Changes(
                deliveries=tuple(
                    a_change(
                        a_push(
                            "c",
                            name=f"reminder {n}",
                            index=index,
                            kind=PushKind.REMINDER,
                            destination="manager",
                            send_at=NOON - timedelta(days=each - n, seconds=-index % 60),
                        )
                    )
                    for n in range(each)
                    for index in range(occurrences)
                )
            ),
        )


def test_after_a_long_downtime_each_occurrence_is_reminded_of_once(store: SqlStore) -> None:
    """Nobody reads 900 reminders of 300 obligations; and few at a time must come to the same as all at once."""
    _reminders(store, occurrences=300, each=3)
    claimed = []
    while found := _claim(store, limit=7):
        claimed += found
    assert len(claimed) == 300
    assert {it.name for it in claimed} == {"reminder 2"}
    with store.read() as tx:
        assert len(tx.deliveries("c", states={DeliveryState.COLLAPSED})) == 600
        assert not tx.deliveries("c", states={DeliveryState.SCHEDULED})


def test_stale_reminders_do_not_pile_up_before_the_claim(store: SqlStore) -> None:
    """A claim that steps over everything stale gets slower with each day the daemon was away."""
    _reminders(store, occurrences=200, each=4)
    assert len(_claim(store, limit=1)) == 1
    with store.read() as tx:
        assert len(tx.deliveries("c", states={DeliveryState.COLLAPSED})) == 600


def test_the_queue_is_read_through_its_indexes(sqlite_url: str) -> None:
    """A claim that scans the table is fast with ten rows and stops everything with a million."""
    store = open_store(sqlite_url)
    with store._engine.connect() as connection:
        for statement in (
            queue.take(is_sqlite=True, some_full=False),
            queue.take(is_sqlite=True, some_full=False, in_rooms=True),
            queue.take(is_sqlite=True, some_full=False, in_rooms=True, by_lane=True),
            queue.take(is_sqlite=True, some_full=False, in_rooms=True, by_lane=True, planned=True, money_alone=True),
            queue.next_wake(money_held=False),
            queue.next_wake(money_held=False, planned=True),
            queue.sweep(is_sqlite=True),
            queue.rescue(is_sqlite=True, everything=False),
        ):
            sql = str(statement.compile(dialect=connection.dialect))
            plan = [
                row[3]
                for row in connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {sql}", tuple("1" for _ in range(sql.count("?")))
                )
            ]
            assert any("ix_delivery_" in step for step in plan), plan
            assert not [step for step in plan if step.startswith(("SCAN delivery", "SCAN newer", "SCAN attempt"))], plan
    store.close()


def test_postgres_takes_the_primary_key_without_statistics(postgres_url: str) -> None:
    """Right after a big import PostgreSQL knows nothing of the table; results must not make it read all of it."""
    store = open_store(postgres_url)
    with store.write() as tx:
        tx.put_contract(a_contract("c"))
        tx.apply("c", Changes(deliveries=tuple(a_change(a_push("c", name=f"push {n}")) for n in range(20_000))))
    results = [Result(it, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, NOON) for it in _claim(store, limit=10)]
    with store._engine.connect() as connection:
        compiled = queue.FINISH_ALL.compile(dialect=connection.dialect)
        given = compiled.params | claims.all_endings("", results)
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {compiled.string}", given))
    store.close()
    assert "on pk_delivery" in plan or "using pk_delivery" in plan, plan
    assert "Seq Scan on delivery" not in plan, plan


def test_tenants_never_meet(database_url: str) -> None:
    """One company must not see, send or block what is another's, also where both use the same contract ids."""
    ours, theirs = open_store(database_url, tenant="ours"), open_store(database_url, tenant="theirs")
    for store, tenant in ((ours, "ours"), (theirs, "theirs")):
        with store.write() as tx:
            tx.put_contract(a_contract("c", tenant=tenant))
            tx.apply("c", Changes(deliveries=(a_change(a_push("c", tenant=tenant)),)))
    (claimed,) = _claim(ours, limit=10)
    assert claimed.key == a_push("c", tenant="ours").key
    assert theirs.next_wake() == (NOON, None)
    assert theirs.rescue(machine_now=NOON, everything=True) == Rescued(0)
    with theirs.read() as tx:
        assert [it.state for it in tx.deliveries()] == [DeliveryState.SCHEDULED]
        assert not tx.attempts(claimed.key)
    for store in (ours, theirs):
        store.close()
