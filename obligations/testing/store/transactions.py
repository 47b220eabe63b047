"""What a store must do for whoever reads and writes: the record, and views that hold together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from obligations.domain.event import Report
from obligations.ports import Changes, Store
from obligations.testing.builders import NOON, a_change, a_contract, a_push, an_occurrence, fresh_id
from obligations.testing.store.stage import Check, contract_in, fail_midway, line_about, raises


def keeps_the_record(store: Store) -> None:
    """Ledger lines come back in the order they were written and can be chained; chained lines are not chained again."""
    contract = contract_in(store)
    lines = [replace(line_about(contract), action=f"act {n}", before="ä", after='"b"', reason="r") for n in range(3)]
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


def chains_the_record(store: Store) -> None:
    """What waits to be chained can be seen; once chained it stands at the end of a chain that holds, and where the
    chain ended before shows that nothing was cut off."""
    contract = contract_in(store)
    while store.seal():
        pass
    with store.write() as tx:
        tx.note(line_about(contract))
    with store.read() as tx:
        before = tx.head(NOON)
        (waiting,) = tx.open_lines()
        assert waiting.contract == contract
    assert store.seal() == 1
    with store.read() as tx:
        assert list(tx.open_lines()) == []
        *_, last = tx.chain()
        head = tx.head(NOON)
    assert last.line == waiting
    assert head is not None
    assert (head.seq, head.hash) == (last.seq, last.hash)
    found = store.verify_ledger([one for one in (before, head) if one])
    assert found.holds
    assert found.head == last
    assert not store.verify_ledger([replace(head, seq=head.seq + 1)]).holds


def writes_all_or_nothing(store: Store) -> None:
    """A block that raises leaves no trace, whatever it wrote."""
    contract = contract_in(store)
    other = a_contract()
    push = a_push(contract)
    with raises(ZeroDivisionError), store.write() as tx:
        tx.put_contract(other)
        tx.append(contract, Report(id=fresh_id("report"), event="hired", occurred_on=date(2031, 3, 3)))
        tx.apply(contract, Changes(occurrences=(an_occurrence(contract),), deliveries=(a_change(push),)))
        tx.note(line_about(contract))
        fail_midway()
    with store.read() as tx:
        assert tx.contract(other.id) is None
        assert not tx.log(contract)
        assert not tx.occurrences(contract)
        assert not tx.deliveries(contract)
        assert not tx.ledger(contract)


def reads_one_moment(store: Store) -> None:
    """A view shows one moment: what is committed while it is open does not show in it."""
    contract = contract_in(store)
    with store.read() as before:
        assert not before.ledger(contract)
        with store.write() as tx:
            tx.note(line_about(contract))
        assert not before.ledger(contract)
    with store.read() as after:
        assert len(after.ledger(contract)) == 1


def only_reads_in_a_reading_view(store: Store) -> None:
    """A view for reading writes nothing."""
    contract = contract_in(store)
    with store.read() as tx:
        with raises(RuntimeError):
            tx.note(line_about(contract))
        with raises(RuntimeError):
            tx.put_contract(a_contract())
        with raises(RuntimeError):
            tx.contract(contract, lock=True)


def remembers_how_far_time_came(store: Store) -> None:
    """The latest business time that was noted is kept, and is noted anew where a person set the clock back."""
    with store.write() as tx:
        tx.saw(NOON)
    with store.write() as tx:
        assert tx.seen_at() == NOON
        tx.saw(NOON - timedelta(days=1))
    with store.read() as tx:
        assert tx.seen_at() == NOON - timedelta(days=1)


def finds_what_was_planned_with_other_calendars(store: Store) -> None:
    """A contract planned with last year's holidays is found, once: planned anew it is found no more."""
    contract, other = contract_in(store), contract_in(store)
    for name in (contract, other):
        with store.write() as tx:
            tx.apply(name, Changes(edition="holidays 1"))
    early = datetime(1930, 1, 1, tzinfo=UTC)
    assert not {contract, other} & set(store.to_replan(early, 10_000))
    assert not {contract, other} & set(store.to_replan(early, 10_000, edition="holidays 1"))
    for edition in ("holidays 0", "holidays 2"):
        assert {contract, other} <= set(store.to_replan(early, 10_000, edition=edition))
    with store.write() as tx:
        tx.apply(contract, Changes(edition="holidays 2"))
        tx.apply(other, Changes())
    assert {contract, other} & set(store.to_replan(early, 10_000, edition="holidays 2")) == {other}
    with store.read() as tx:
        kept = tx.contract(contract)
    assert kept is not None
    assert kept.edition == "holidays 2"


CHECKS: tuple[Check, ...] = (
    keeps_the_record,
    chains_the_record,
    remembers_how_far_time_came,
    finds_what_was_planned_with_other_calendars,
    writes_all_or_nothing,
    reads_one_moment,
    only_reads_in_a_reading_view,
)
