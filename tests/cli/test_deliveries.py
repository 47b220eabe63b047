"""What is sent is listed and approved by its size, and what waits to go again says when."""

from __future__ import annotations

from datetime import timedelta

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.ports import Result
from obligations.store import open_store
from tests.cli.terminal import Terminal
from tests.service.office import LETTER, noon

OPTIONS = """
  options:
    cite: "4"
    who: company owes employee
    says: the options vest at once
    grant: 250000 units
    unit: options
    when: protected_exit
    exactly: 5 days after protected_exit
    do: {send: payroll, kind: acceleration, approve: [hr, finance]}
"""


def granted(terminal: Terminal) -> None:
    """An acceleration of options is proposed."""
    assert terminal.run("contract", "add", terminal.write("letter.yaml", LETTER + OPTIONS), "--as", "clerk").code == 0
    for event, day in (("employment_started", "2026-01-05"), ("change_of_control", "2026-03-02")):
        assert terminal.run("event", "letter", event, day, "--yes", "--as", "clerk").code == 0


def test_units_are_shown_wherever_they_are_agreed_to(terminal: Terminal) -> None:
    """A quarter of a million options would be approved without their size."""
    granted(terminal)
    assert "250,000 options" in terminal.run("deliveries", "--state", "proposed").out
    assert "250,000 options" in terminal.run("next").out
    (listed,) = (
        one
        for one in terminal.run("deliveries", "--state", "proposed", "--json").json["deliveries"]
        if one["clause"] == "options"
    )
    assert (listed["amount"], listed["units"], listed["unit"]) == (None, "250000", "options")
    said = terminal.run("approve", "letter/options", "--as", "Hana", "--yes")
    assert "250,000 options" in said.out


def test_what_goes_again_says_when_and_can_go_now(exited: Terminal) -> None:
    """Payroll is mended, and nobody could tell that its payment waits for hours, or let it go."""
    exited.run("approve", "letter/lump_sum", "--as", "Hana", "--yes")
    exited.run("approve", "letter/lump_sum", "--as", "Finn", "--yes")
    store = open_store(f"sqlite:///{exited.database}")
    now = noon(exited.today) + timedelta(days=4)
    for claim in store.claim(business_now=now, machine_now=now, worker="w", limit=100, lease_seconds=60):
        outcome = Outcome(Verdict.RETRY, detail="payroll is down")
        store.record([Result(claim, outcome, DeliveryState.RETRYING, now, now + timedelta(hours=20))])
    store.close()
    shown = " ".join(exited.run("deliveries", "--state", "retrying").out.split())
    assert "goes again at 2026-03-07 08:00Z, or at once: obligations retry" in shown
    again = exited.run("retry", "letter/lump_sum", "--as", "Hana")
    assert again.code == 0, again.err
    assert "goes again at its next chance" in exited.run("deliveries", "--state", "retrying").out
