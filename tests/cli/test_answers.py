"""What is owed is answered from the command line: a part of it was paid, or whoever it is owed to gave it up."""

from __future__ import annotations

from datetime import UTC, date, datetime

from obligations.store import open_store
from tests.cli.terminal import Terminal, is_one_message


def test_a_part_leaves_the_rest_owed(exited: Terminal) -> None:
    """A first transfer of a lump sum must not count as all of it, nor be paid again in full."""
    part = exited.run("done", "letter/lump_sum", "--amount", "25000.00", "--evidence", "wire 1", "--json")
    assert part.code == 0, part
    assert part.json["occurrence"]["state"] == "partly"
    rest = exited.run("done", "letter/lump_sum", "--amount", "100000.00", "--evidence", "wire 2", "--json")
    assert rest.json["occurrence"]["state"] in ("done", "done_late")


def _being_sent(terminal: Terminal) -> None:
    """The lump sum was approved, and a daemon has it in hand."""
    for person in ("hana", "finn"):
        assert terminal.run("approve", "letter/lump_sum", "--as", person).code == 0
    terminal.on(date(2026, 3, 6))
    store = open_store(f"sqlite:///{terminal.database}")
    now = datetime(2026, 3, 6, 12, tzinfo=UTC)
    claims = store.claim(business_now=now, machine_now=now, worker="w", limit=50, lease_seconds=3600)
    assert "act.payroll.one_time_earning" in {claim.name for claim in claims}
    store.close()


def test_whoever_stops_what_is_being_sent_is_told_that_it_may_arrive(exited: Terminal) -> None:
    """Finance wires the money, and hears that the instruction went nevertheless when the bank statement comes."""
    _being_sent(exited)
    done = exited.run("done", "letter/lump_sum", "--evidence", "wire 17")
    assert done.code == 0, done
    assert "too late to keep it from arriving" in " ".join(done.out.split())
    assert "see in a minute what came of it: obligations why letter/lump_sum/1" in " ".join(done.out.split())


def test_a_withdrawal_says_what_is_being_sent(exited: Terminal) -> None:
    _being_sent(exited)
    said = exited.run("withdraw", "ev-start", "--yes")
    assert said.code == 0, said
    assert "too late to keep it from arriving" in " ".join(said.out.split())


def test_only_whom_it_is_owed_to_waives_it(exited: Terminal) -> None:
    """A company cannot waive what it owes itself to pay."""
    wrong = exited.run("waive", "letter/lump_sum", "--by", "company", "--evidence", "letter")
    assert is_one_message(wrong)
    assert wrong.code == 2
    assert "owed to the employee" in wrong.err
    right = exited.run("waive", "letter/lump_sum", "--by", "employee", "--evidence", "signed letter", "--json")
    assert right.json["occurrence"]["state"] == "waived"
    assert right.json["schema"] == "obligations.waive/1"
    again = exited.run("done", "letter/lump_sum", "--evidence", "wire")
    assert again.code == 2
    assert "waived" in again.err


def test_a_part_is_of_the_kind_of_the_whole(exited: Terminal) -> None:
    units = exited.run("done", "letter/lump_sum", "--units", "3", "--evidence", "x")
    assert is_one_message(units)
    assert "--amount" in units.err
    both = exited.run("done", "letter/lump_sum", "--units", "3", "--amount", "4", "--evidence", "x")
    assert is_one_message(both)
    assert "not both" in both.err


def test_a_part_is_more_than_nothing_and_no_more_than_what_is_left(exited: Terminal) -> None:
    """Nothing paid would take the instruction back; more than is owed would pass for all of it, with no question."""
    nothing = exited.run("done", "letter/lump_sum", "--amount", "0", "--evidence", "x")
    assert is_one_message(nothing)
    assert "nothing" in nothing.err
    more = exited.run("done", "letter/lump_sum", "--amount", "125,000.01", "--evidence", "x")
    assert is_one_message(more)
    assert "more than what is left" in more.err
