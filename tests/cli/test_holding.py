"""Sending is paused and resumed from the command line, and `deliveries` says that it is."""

from __future__ import annotations

from datetime import UTC, datetime

from obligations.store import open_store
from tests.cli.terminal import Terminal, is_one_message


def test_a_pause_is_shown_until_it_is_lifted(exited: Terminal) -> None:
    """A payment that waits without a word would be looked for everywhere but here."""
    paused = exited.run("pause", "--money", "--reason", "the bank details look wrong", "--as", "Hana", "--json")
    assert paused.json["schema"] == "obligations.holds/1"
    (held,) = paused.json["holds"]
    assert (held["scope"], held["reason"]) == ("money", "the bank details look wrong")
    shown = exited.run("deliveries")
    assert f"hold {held['number']}: payments and grants wait\n" in shown.out
    assert "the bank details look wrong" in shown.out
    lifted = exited.run("resume", str(held["number"]), "--as", "Hana")
    assert lifted.out == f"hold {held['number']} is lifted: payments and grants go on\n"
    assert "hold" not in exited.run("deliveries").out


def test_a_receiver_that_asked_for_a_wait_is_named(exited: Terminal) -> None:
    """What is due there would stand still without a word."""
    until = datetime(2126, 3, 2, 14, tzinfo=UTC)
    store = open_store(f"sqlite:///{exited.database}")
    with store.write() as view:
        view.rest("payroll", until)
    store.close()
    assert "payroll asked to be called no more before 2126-03-02 14:00Z\n" in exited.run("deliveries").out
    told = exited.run("deliveries", "--json").json["rests"]
    assert told == [{"destination": "payroll", "until": until.isoformat()}]


def test_nothing_to_resume_is_said(exited: Terminal) -> None:
    """Who resumes what was never paused must hear that something else keeps it back."""
    nothing = exited.run("resume")
    assert is_one_message(nothing)
    assert "nothing is in force" in nothing.err


def test_one_destination_is_paused_by_its_name(exited: Terminal) -> None:
    """Payroll closes its books for a day, and managers are reminded all the same."""
    paused = exited.run("pause", "--to", "payroll", "--reason", "the books are closed", "--as", "Hana", "--json")
    (held,) = paused.json["holds"]
    assert (held["scope"], held["destination"]) == ("destination", "payroll")
    assert f"hold {held['number']}: deliveries to payroll wait\n" in exited.run("deliveries").out
    lifted = exited.run("resume", str(held["number"]))
    assert lifted.out == f"hold {held['number']} is lifted: deliveries to payroll go on\n"


def test_a_destination_and_money_are_two_pauses(exited: Terminal) -> None:
    """Somebody would believe that reminders still went there."""
    both = exited.run("pause", "--to", "payroll", "--money", "--reason", "both")
    assert is_one_message(both)
    assert "--to or --money, not both" in both.err


def test_a_destination_that_is_mistyped_is_not_paused(exited: Terminal) -> None:
    """Money would go to payroll while somebody believes that it was stopped."""
    mistyped = exited.run("pause", "--to", "payrol", "--reason", "the books are closed")
    assert is_one_message(mistyped)
    assert 'Did you mean "payroll"?' in mistyped.err
    assert "hold" not in exited.run("deliveries").out


def test_a_destination_of_the_configuration_is_paused_before_there_is_a_contract(terminal: Terminal) -> None:
    """A first payroll is set up with nothing let through yet."""
    table = '[connectors.http.destinations.wages]\nurl = "https://wages.example.com"\nsecret = "whsec_{}"\n'
    terminal.write("obligations.toml", table.format("c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgb3Igc28="))
    assert terminal.run("pause", "--to", "wages", "--reason", "not yet").code == 0


def test_several_holds_are_lifted_together_only_when_somebody_says_so(exited: Terminal) -> None:
    """Who ends their own pause would let go what somebody else stopped for a reason of their own."""
    for person, reason in (("Hana", "moving house"), ("Finn", "the bank details look wrong")):
        assert exited.run("pause", "--money", "--reason", reason, "--as", person).code == 0
    asked = exited.run("resume", "--as", "Hana")
    assert asked.code == 2
    for said in ("hold 1", "hold 2", "by finn", "the bank details look wrong"):
        assert said in asked.out
    assert "--yes" in asked.err
    assert len(exited.run("deliveries", "--json").json["holds"]) == 2
    lifted = exited.run("resume", "--yes", "--as", "Hana")
    assert lifted.out.count("is lifted") == 2
    assert exited.run("deliveries", "--json").json["holds"] == []


def test_one_hold_is_lifted_without_a_question(exited: Terminal) -> None:
    exited.run("pause", "--money", "--reason", "audit", "--as", "Hana")
    assert exited.run("resume").out == "hold 1 is lifted: payments and grants go on\n"
