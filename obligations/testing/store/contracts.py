"""What a store must do for contracts: keep them, their events, their terms and what is owed under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from obligations.domain.event import Choice, Correction, LogEntry, Report, Withdrawal, chosen, in_force
from obligations.domain.money import LARGEST_MINOR, Money
from obligations.domain.occurrence import State
from obligations.ports import Changes, Store, TermsVersion
from obligations.testing.builders import NOON, a_contract, an_occurrence, fresh_id
from obligations.testing.store.stage import MINUTE, Check, apply_to, conflict, contract_in


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
        added_at=NOON + MINUTE,
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
    contract = contract_in(store)
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
    withdrawal = Withdrawal(report.id, NOON + MINUTE, "hr@example.test", "entered twice")
    for entry in (report, bare, withdrawal):
        with store.write() as tx:
            tx.append(contract, entry)
    with store.read() as tx:
        assert list(tx.log(contract)) == [report, bare, withdrawal]
        assert in_force(tx.log(contract)) == (bare,)
        assert tx.contract_of_report(report.id) == contract
        assert tx.contract_of_report(fresh_id("report")) is None
    other = contract_in(store)
    for where in (contract, other):
        with conflict(), store.write() as tx:
            tx.append(where, replace(report, event="other"))


def keeps_corrections_and_choices(store: Store) -> None:
    """A report is corrected as often as it takes and keeps its place; a choice comes back whole; neither is lost."""
    contract = contract_in(store)
    report = Report(fresh_id("report"), "hired", date(2031, 2, 28), fields={"salary": "1"}, recorded_at=NOON)
    later = Report(fresh_id("report"), "exited", date(2031, 3, 1), recorded_at=NOON)
    first = Correction(
        report_id=report.id,
        occurred_on=date(2031, 2, 27),
        received_on=date(2031, 3, 2),
        fields={"salary": "2", "note": "naïve \x00 \ud800"},
        answers="signing-bonus",
        evidence="letter.pdf",
        recorded_at=NOON + MINUTE,
        recorded_by="hr@example.test",
        reason="a slip",
    )
    second = replace(first, received_on=None, occurred_on=date(2031, 2, 26), reason="")
    choice = Choice(fresh_id("choice"), "roll", "following", NOON + MINUTE, "lea@example.test", "advice of counsel")
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
    with conflict(), store.write() as tx:
        tx.append(contract, choice)


def keeps_versions_of_terms(store: Store) -> None:
    """Every text a contract's terms came from stays readable, whatever replaced it."""
    contract = contract_in(store)
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
    with conflict(), store.write() as tx:
        tx.add_version(replace(amended, source="other"))


def keeps_occurrences_whole(store: Store) -> None:
    """An occurrence comes back with its money, exact units, dates and the derivation behind them."""
    contract = contract_in(store)
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
    apply_to(store, contract, Changes(occurrences=(waiting, paid)))
    with store.read() as tx:
        assert list(tx.occurrences(contract)) == [paid, waiting]
        units = tx.occurrences(contract)[0].units
        assert str(units) == "90071992547409931.270"


def finds_occurrences(store: Store) -> None:
    """Occurrences come by the day they are acted on, the undated last; `until` holds its own day; states filter."""
    contract = contract_in(store)
    days = {1: date(2031, 4, 3), 2: date(2031, 4, 1), 3: None, 4: date(2031, 4, 2)}
    apply_to(
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
    contract, other = contract_in(store), contract_in(store)
    one, two, three = (an_occurrence(contract, index=index) for index in (1, 2, 3))
    theirs = an_occurrence(other)
    apply_to(store, contract, Changes(occurrences=(one, two, three)))
    apply_to(store, other, Changes(occurrences=(theirs,)))
    moved = replace(one, due_on=date(2032, 1, 1), adjusted_on=date(2032, 1, 1), state=State.DONE)
    apply_to(store, contract, Changes(occurrences=(moved,), gone=(two.id, theirs.id)))
    with store.read() as tx:
        assert list(tx.occurrences(contract)) == [three, moved]
        assert list(tx.occurrences(other)) == [theirs]


def finds_contracts_to_replan(store: Store) -> None:
    """A contract whose plan changes by the clock is found on that day, not before, and not once it was planned."""
    contract = contract_in(store)
    apply_to(store, contract, Changes(replan_at=datetime(2031, 6, 1, 16, tzinfo=UTC)))
    assert contract not in store.to_replan(datetime(2031, 6, 1, 15, 59, tzinfo=UTC), limit=10_000)
    assert contract in store.to_replan(datetime(2031, 6, 1, 16, tzinfo=UTC), limit=10_000)
    apply_to(store, contract, Changes(replan_at=None))
    assert contract not in store.to_replan(datetime(2031, 6, 1, 16, tzinfo=UTC), limit=10_000)


CHECKS: tuple[Check, ...] = (
    keeps_contracts,
    keeps_the_event_log,
    keeps_corrections_and_choices,
    keeps_versions_of_terms,
    keeps_occurrences_whole,
    finds_occurrences,
    replaces_and_forgets_occurrences,
    finds_contracts_to_replan,
)
