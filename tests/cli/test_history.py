"""The commands of a contract's history: correcting, stating a fact, choosing a reading, and what was known on a day."""

from __future__ import annotations

from datetime import date

import pytest

from tests.cli.terminal import Terminal, is_one_message
from tests.service.test_readings import OPEN

SALARY = OPEN.replace(
    "events:",
    """facts:
  base_salary: {type: money, is: 100000.00, cite: "2"}
events:""",
)


@pytest.fixture
def hired(terminal: Terminal) -> Terminal:
    """A letter with a reading left open and a fact, employment started in January; it is 2 March."""
    assert terminal.run("contract", "add", terminal.write("open.yaml", SALARY), "--as", "clerk").code == 0
    said = terminal.run("event", "letter", "employment_started", "2026-01-05", "--id", "ev-start", "--yes")
    assert said.code == 0, said.err
    return terminal


def test_an_event_is_corrected_under_its_id(hired: Terminal) -> None:
    said = hired.run("correct", "ev-start", "--on", "2026-01-04", "--reason", "a slip", "--yes", "--as", "Bea")
    assert said.code == 0, said.err
    assert "moved    i9" in said.out
    assert said.out.endswith("Corrected ev-start.\n")
    shown = hired.run("contract", "show", "letter", "--json").json
    assert [(one["id"], one["occurred_on"]) for one in shown["events"]] == [("ev-start", "2026-01-04")]
    again = hired.run("correct", "ev-start", "--received", "2026-01-06", "--json", "--yes").json
    assert (again["schema"], again["id"], again["changes"]) == ("obligations.event/1", "ev-start", [])
    assert hired.run("correct", "ev-start", "--received", "never", "--yes").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("correct", "ev-start", "--on", "2026-01-04"),
        ("fact", "letter", "base_salary", "90000.00", "--on", "2026-02-01"),
        ("reading", "letter", "grace", "generous", "--as", "Lea"),
    ],
)
def test_nothing_is_recorded_where_nobody_can_confirm_it(hired: Terminal, words: tuple[str, ...]) -> None:
    before = hired.rows()
    said = hired.run(*words)
    assert said.code == 2
    assert "letter: what changes" in said.out
    assert "repeat with --yes" in said.err
    assert hired.rows() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("correct", "ev-start"), "says exactly that already"),
        (("correct", "ev-begin", "--on", "2026-01-04"), 'no event "ev-begin"'),
        (("correct", "ev-start", "--on", "2026-13-04"), "2026-13-04"),
        (("correct", "ev-start", "--with", "note"), "field=value"),
        (("fact", "letter", "base_salry", "1.00", "--on", "2026-02-01"), 'Did you mean "base_salary"'),
        (("fact", "letter", "employment_started", "1.00", "--on", "2026-02-01"), "know no fact"),
        (("fact", "letter", "base_salary", "much", "--on", "2026-02-01"), "base_salary.value"),
        (("reading", "letter", "grace", "generous"), "say who chooses: --as PERSON"),
        (("reading", "letter", "grace", "wide", "--as", "Lea"), "no option"),
        (("plan", "leter"), 'Did you mean "letter"'),
        (("plan", "letter", "--known-on", "2025-01-01"), "nothing was known of letter"),
        (("plan", "letter", "--given", "change_of_control=2026-03-01"), "--given is for a terms file"),
        (("plan", "nowhere.yaml"), "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_one_message_and_changes_nothing(
    hired: Terminal, words: tuple[str, ...], message: str
) -> None:
    before = hired.rows()
    said = hired.run(*words, *(("--yes",) if words[0] != "plan" else ()))
    assert is_one_message(said), said
    assert message in said.err
    assert hired.rows() == before


def test_a_fact_is_stated_from_a_day_on(hired: Terminal) -> None:
    words = ("fact", "letter", "base_salary", "90000.00", "--on", "2026-02-01", "--evidence", "board minutes")
    assert hired.run(*words, "--id", "ev-cut", "--yes").out.endswith("Recorded as ev-cut.\n")
    (_, cut) = hired.run("contract", "show", "letter", "--json").json["events"]
    assert (cut["event"], cut["with"], cut["evidence"]) == ("base_salary", {"value": "90000.00"}, "board minutes")


def test_readings_are_listed_with_who_chose_them(hired: Terminal) -> None:
    assert hired.run("reading", "letter").out == 'grace: "plain"  by default; of plain, generous\n'
    chosen = hired.run("reading", "letter", "grace", "generous", "--as", "Lea", "--yes")
    assert chosen.code == 0, chosen.err
    assert 'letter: grace is read as "generous".' in chosen.out
    assert "chosen by lea@example.com on 2026-03-02" in " ".join(hired.run("reading", "letter").out.split())
    (listed,) = hired.run("reading", "letter", "--json").json["readings"]
    assert (listed["use"], listed["chosen_by"], listed["chosen_on"]) == ("generous", "lea@example.com", "2026-03-02")
    assert "chosen by lea@example.com" in " ".join(hired.run("why", "letter/i9").out.split())


def test_a_plan_as_it_was_believed_on_a_day(hired: Terminal) -> None:
    hired.on(date(2026, 3, 5))
    assert hired.run("correct", "ev-start", "--on", "2026-01-04", "--yes").code == 0
    now, then = (hired.run("plan", "letter", *more).out for more in ((), ("--known-on", "2026-03-04")))
    assert "2026-01-07" in now
    assert "2026-01-08" in then
    assert "2026-01-07" not in then
    believed = hired.run("plan", "letter", "--known-on", "2026-03-04", "--as-of", "2026-01-06", "--json").json
    assert believed["as_of"] == "2026-01-06"


AMENDMENT = """terms: 1
amends: letter
from: 2026-03-01
title: First amendment
parameters: {lump_sum_amount: 90000.00}
"""


def test_a_contract_is_amended_and_its_versions_are_listed(hired: Terminal) -> None:
    file = hired.write("amendment.yaml", AMENDMENT)
    before = hired.rows()
    asked = hired.run("contract", "amend", file)
    assert asked.code == 2
    assert "letter: what changes" in asked.out
    assert hired.rows() == before
    said = hired.run("contract", "amend", file, "--yes", "--as", "Lea")
    assert said.code == 0, said.err
    assert said.out.endswith("letter: amended.\n")
    listed = " ".join(hired.run("contract", "versions", "letter").out.split())
    assert "version 1, added:" in listed
    assert "version 2, amended: First amendment, from 2026-03-01 on; recorded on 2026-03-02 by lea" in listed
    assert "First amendment, from 2026-03-01 on" in " ".join(hired.run("contract", "show", "letter").out.split())
    assert hired.run("contract", "versions", "letter", "--text", "2").out == AMENDMENT
    (_, amended) = hired.run("contract", "versions", "letter", "--json").json["versions"]
    assert (amended["kind"], amended["from"], amended["text"]) == ("amended", "2026-03-01", AMENDMENT)
    assert is_one_message(hired.run("contract", "versions", "letter", "--text", "3"))


def test_an_amendment_with_a_slip_is_a_finding_with_its_line(hired: Terminal) -> None:
    file = hired.write("amendment.yaml", AMENDMENT.replace("lump_sum_amount", "lump_sum_amont"))
    before = hired.rows()
    said = hired.run("contract", "amend", file, "--yes")
    assert is_one_message(said, code=1)
    assert 'amendment.yaml:5:14: the terms have no parameter "lump_sum_amont"' in said.err
    assert hired.rows() == before
    assert "obligations contract amend FILE" in hired.run("contract", "add", hired.write("a.yaml", AMENDMENT)).err


def test_an_amendment_is_checked_against_the_contract_beside_it(hired: Terminal) -> None:
    """Its slips would show only when somebody records it, and its examples would never be run."""
    example = """examples:
  - name: the smaller sum
    given: {employment_started: 2026-01-05, change_of_control: 2026-03-02}
    expect: {lump_sum: {due_on: 2026-03-07, amount: 90000.00}}
"""
    file = hired.write("amendment.yaml", AMENDMENT + example)
    said = hired.run("check", file)
    assert (said.code, said.err) == (0, "")
    assert "amendment.yaml: in order (0 clauses, 0 readings, 1 examples hold)" in said.out
    wrong = hired.write("wrong.yaml", (AMENDMENT + example).replace(", amount: 90000.00", ", amount: 125000.00"))
    assert "expected amount 125000.00, found 90,000.00 USD" in hired.run("check", wrong).err
    assert hired.run("check", wrong, "--json").json["findings"][0]["line"] == 9
    planned = hired.run(
        "plan", file, "--given", "employment_started=2026-01-05", "--given", "change_of_control=2026-03-02"
    )
    assert "90,000.00 USD" in planned.out


def test_the_contract_that_an_amendment_amends_can_be_named(hired: Terminal) -> None:
    base = str(hired.place / "open.yaml")
    (hired.place / "elsewhere").mkdir()
    second = AMENDMENT.replace("2026-03-01", "2026-06-01").replace("First", "Second").replace("90000.00", "80000.00")
    first, later = hired.write("elsewhere/one.yaml", AMENDMENT), hired.write("elsewhere/two.yaml", second)
    alone = hired.run("check", later)
    assert is_one_message(alone)
    assert "no file here is letter; name the contract" in alone.err
    assert hired.run("check", later, "--on", base, "--on", first).code == 0
    unfit = hired.run("check", first, "--on", base, "--on", later)
    assert "an amendment from 2026-06-01 stands before this one" in unfit.err
    assert is_one_message(hired.run("check", base, "--on", first))
    hired.write("second-copy.yaml", SALARY)
    both = hired.run("check", hired.write("amendment.yaml", AMENDMENT))
    assert "several files are letter" in both.err


def test_earlier_amendments_beside_it_stand_before_an_amendment(hired: Terminal) -> None:
    """The second builds on what only the first defines."""
    first = f"{AMENDMENT}define: {{gone: first change_of_control}}\n"
    second = """terms: 1
amends: letter
from: 2026-06-01
clauses:
  thanks:
    cite: "A2"
    who: company owes employee
    task: Say thank you
    when: gone
    by: 3 days after gone
"""
    hired.write("amendment-1.yaml", first)
    file = hired.write("amendment-2.yaml", second)
    assert hired.run("check", file).code == 0
    (hired.place / "amendment-1.yaml").unlink()
    assert 'no event "gone"' in hired.run("check", file).err


def test_an_amendment_recorded_in_error_is_withdrawn(hired: Terminal) -> None:
    file = hired.write("amendment.yaml", AMENDMENT)
    assert is_one_message(hired.run("contract", "amend", file, "--withdraw", "--yes"))
    assert hired.run("contract", "amend", file, "--yes").code == 0
    before = hired.rows()
    asked = hired.run("contract", "amend", file, "--withdraw")
    assert asked.code == 2
    assert "letter: what changes" in asked.out
    assert hired.rows() == before
    said = hired.run("contract", "amend", file, "--withdraw", "--yes", "--as", "Bea")
    assert said.out.endswith("letter: amendment withdrawn.\n"), said.err
    listed = " ".join(hired.run("contract", "versions", "letter").out.split())
    assert "version 2, amended: First amendment" in listed
    assert "version 3, withdrawn: First amendment, from 2026-03-01 on; recorded on 2026-03-02 by bea" in listed
    assert hired.run("contract", "versions", "letter", "--text", "3").out == AMENDMENT
