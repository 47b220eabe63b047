"""The commands as people and programs use them: a first round, exit codes, stable JSON, and output for a terminal."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from config.shipped import template_ids
from obligations.cli.lines import to_read
from obligations.domain.occurrence import State
from obligations.testing.slack import SlackStandIn, error
from tests.cli.terminal import ROOT, Terminal, is_one_message
from tests.service.office import LETTER

START = "employment_started=2026-01-05"
EXIT = "change_of_control=2026-03-02"
COMMANDS = (
    ["init"], ["check"], ["fmt"], ["ocf"], ["ocf", "import"], ["ocf", "export"],
    ["plan"], ["when"], ["contract"], ["contract", "add"], ["contract", "list"],
    ["contract", "show"], ["event"], ["fact"], ["correct"], ["reading"], ["withdraw"],
    ["next"], ["why"], ["done"], ["waive"], ["approve"],
    ["refuse"], ["deliveries"], ["retry"], ["run"], ["contract", "replan"],
    ["contract", "amend"], ["contract", "versions"], ["pause"], ["resume"], ["backup"], ["restore"], ["doctor"],
    ["ledger"], ["ledger", "verify"], ["ledger", "checkpoint"], ["ledger", "export"], ["ledger", "roles"],
    ["ledger", "rekey"],
)  # fmt: skip
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
DECIMAL = re.compile(r"-?\d+(\.\d+)?")


# --- a first round --------------------------------------------------------------------------------------------------


def test_a_first_round_leads_from_nothing_to_an_approved_payment(terminal: Terminal) -> None:
    """What the README shows, in a fresh folder."""
    terminal.env["OBLIGATIONS_CONFIG"] = str(terminal.place / "new" / "obligations.toml")
    begun = terminal.run("init", terminal.place / "new")
    assert begun.code == 0, begun.err
    assert (terminal.place / "new" / "obligations.toml").stat().st_mode & 0o777 == 0o600
    file = terminal.place / "new" / "contract.yaml"
    assert terminal.run("check", file).code == 0
    added = terminal.run("contract", "add", file, "--as", "clerk@example.com")
    assert "Next: obligations event first-offer employment_started YYYY-MM-DD" in added.out
    for event, day in [("employment_started", "2026-01-05"), ("change_of_control", "2026-03-02")]:
        said = terminal.run("event", "first-offer", event, day, "--yes", "--as", "clerk@example.com")
        assert said.code == 0, said.err
        assert "Recorded as ev-" in said.out
    assert "lump_sum" in terminal.run("next").out
    assert "5 calendar days after 2026-03-02" in terminal.run("why", "first-offer/lump_sum").out
    done = terminal.run("done", "first-offer/i9", "--evidence", "form seen")
    assert done.code == 0
    assert done.out.startswith("first-offer/i9/1: done late: the last day was 2026-01-08")
    waiting = terminal.run("deliveries", "--state", "proposed")
    assert "needs hr and finance" in waiting.out
    first = terminal.run("approve", "first-offer/lump_sum", "--as", "hr@example.com")
    assert "still needs finance" in first.out
    second = terminal.run("approve", "first-offer/lump_sum", "--as", "finance@example.com")
    assert "goes at 2026-03-05 01:00Z" in second.out
    assert "scheduled" in terminal.run("deliveries", "--state", "scheduled", "--contract", "first-offer").out
    assert "first-offer" in terminal.run("contract", "list").out
    assert "change_of_control" in terminal.run("contract", "show", "first-offer").out


def test_init_keeps_what_is_there(terminal: Terminal) -> None:
    """A second init must not overwrite secrets or terms."""
    config = terminal.write("obligations.toml", 'tenant = "mine"\n')
    contract = terminal.write("contract.yaml", "mine")
    said = terminal.run("init", terminal.place)
    assert said.code == 0
    assert (config.read_text(), contract.read_text()) == ('tenant = "mine"\n', "mine")
    assert said.out.count("kept ") == 2


@pytest.mark.parametrize("template", template_ids())
def test_every_template_gives_a_first_contract_that_is_in_order(template: str, terminal: Terminal) -> None:
    """A user would start from a file that is refused, or laid out otherwise than `fmt` does."""
    said = terminal.run("init", terminal.place, "--template", template)
    assert said.code == 0, said.err
    file = terminal.place / "contract.yaml"
    assert terminal.run("check", file).code == 0
    assert terminal.run("fmt", "--check", file).code == 0


@pytest.mark.parametrize("template", template_ids())
def test_what_a_first_contract_shows_as_a_comment_can_be_taken_in_as_it_says(template: str, terminal: Terminal) -> None:
    """The first thing a user does by the word of the file would break it."""
    assert terminal.run("init", terminal.place, "--template", template).code == 0
    file = terminal.place / "contract.yaml"
    text = file.read_text()
    assert "take the # and the blank after it away" in " ".join(text.replace("\n#", "").split())
    shown = re.compile(r"^# ((?:parameters|readings):|  \w+: .*)$", re.MULTILINE)
    assert shown.search(text)
    file.write_text(shown.sub(r"\1", text))
    said = terminal.run("check", file)
    assert said.code == 0, said.err


def test_an_unknown_template_writes_nothing_and_is_answered_with_those_there_are(terminal: Terminal) -> None:
    said = terminal.run("init", terminal.place / "new", "--template", "severence")
    assert said.code == 2
    assert all(template in said.err for template in template_ids())
    assert not (terminal.place / "new").exists()


# --- exit codes -----------------------------------------------------------------------------------------------------


def test_a_plan_that_lacks_a_required_event_ends_in_3_and_prints_its_json_all_the_same(terminal: Terminal) -> None:
    said = terminal.run("plan", terminal.letter(), "--json")
    assert said.code == 3
    assert said.json["missing"][0]["name"] == "employment_started"
    assert "--given employment_started=2026-01-31" in said.err
    assert terminal.run("plan", terminal.letter()).code == 3


def test_gaps_that_hold_up_nothing_end_in_0(terminal: Terminal) -> None:
    """An unstated fact, and roles nobody plays yet, make some dates conditional; the plan is good."""
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    said = terminal.run("plan", file, "--given", START, "--json")
    assert said.code == 0, said.err
    assert any(not question["required"] for question in said.json["missing"])
    assert {push["reaches"] for push in said.json["pushes"]} == {None}
    assert terminal.run("check", file).code == 0


def test_what_was_done_without_a_date_is_no_longer_in_force(terminal: Terminal) -> None:
    """Somebody would go on asking for a letter that was signed long ago."""
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    said = terminal.run("plan", file, "--given", START, "--given", "offer_accepted=2026-01-05")
    in_force, over = said.out.split("Over, without a date\n")
    assert "acceptance" not in in_force
    assert "  acceptance  done; clause closing: Sign, date and return the letter" in over


def test_a_long_series_is_shown_from_its_next_part_on(terminal: Terminal) -> None:
    """Whoever looks in the second year would see the salaries of the first."""
    file = terminal.write("agreement.yaml", "terms: 1\ncontract: {id: ana, template: executive-agreement-2011}\n")
    said = terminal.run("plan", file, "--as-of", "2012-06-20").out
    assert "2012-06-30  scheduled     salary 14                         18,750.00 EUR" in said
    assert "salary 13 " not in said
    assert "... and 13 of salary before, 2011-05-31 to 2012-05-31" in said


def test_what_has_no_last_day_says_from_when_it_may_be_done(terminal: Terminal) -> None:
    """Fifteen days to cure before anybody may terminate would be in the plan without the day they end."""
    head = (
        "terms: 1\ncontract: {id: ana, title: A}\nparties: {company: c, employee: e}\nevents: {intent: {}}\nclauses:\n"
    )
    wait = (
        "  wait: {cite: '5', who: company owes employee, task: Wait, when: intent, not_before: 15 days after intent}\n"
    )
    said = terminal.run("plan", terminal.write("wait.yaml", head + wait), "--given", "intent=1999-01-10")
    assert "wait  from 1999-01-25; clause 5: Wait" in said.out


def test_a_judgment_only_a_person_can_make_ends_in_4(terminal: Terminal) -> None:
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    said = terminal.run("plan", file, "--given", START, "--given", "terminated=2026-03-02")
    assert said.code == 4, said
    assert "good_cause" in said.out or "good cause" in said.out


def test_who_may_not_decide_ends_in_4(kept: Terminal) -> None:
    assert (
        kept.run("event", "letter", "change_of_control", "2026-03-02", "--yes", "--as", "clerk@example.com").code == 0
    )
    before = kept.rows()
    for person, words in [("mei@example.com", "Mei is manager"), ("nobody@example.com", "names nobody")]:
        said = kept.run("approve", "letter/lump_sum", "--as", person)
        assert is_one_message(said, code=4)
        assert words in said.err
    assert kept.rows() == before


def test_an_example_that_fails_is_a_finding_with_its_line(terminal: Terminal) -> None:
    example = """
examples:
  - name: five days
    given: {employment_started: 2026-01-05, change_of_control: 2026-03-02}
    expect: {lump_sum: {due_on: 2026-03-08}}
"""
    said = terminal.run("check", terminal.write("letter.yaml", LETTER + example), "--json")
    assert said.code == 1
    (finding,) = said.json["findings"]
    assert finding["line"] > LETTER.count("\n")
    assert "2026-03-07" in finding["message"]


# --- JSON -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(terminal: Terminal) -> Any:
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    said = terminal.run(
        "plan",
        file,
        "--given",
        "employment_started=2005-04-11",
        "--given",
        "change_of_control=2006-10-16",
        "--as-of",
        "2006-10-17",
        "--json",
    )
    assert said.code == 0, said.err
    return said.json


def test_the_plan_has_exactly_its_keys(planned: Any) -> None:
    assert planned["schema"] == "obligations.plan/1"
    assert list(planned) == [
        "schema", "contract", "as_of", "windows", "occurrences", "powers", "pushes", "under_other_readings", "missing",
        "dormant", "hash",
    ]  # fmt: skip
    assert {tuple(window) for window in planned["windows"]} == {("name", "first_on", "last_on")}
    for one in planned["occurrences"]:
        assert set(one) >= {
            "clause", "index", "of", "id", "instance", "state", "waiting_for", "missing", "due_on", "adjusted_on",
            "from_on", "to_on", "amount", "units", "derivation",
        }  # fmt: skip
    for one in planned["pushes"]:
        assert set(one) >= {"clause", "index", "kind", "connector", "send_at"}


def test_every_value_of_the_plan_has_its_form(planned: Any) -> None:
    states = {state.value for state in State}
    for one in planned["occurrences"]:
        assert one["state"] in states
        for name in ("due_on", "adjusted_on", "soft_on", "from_on", "to_on"):
            assert one[name] is None or DAY.fullmatch(one[name])
        if one["amount"] is not None:
            assert set(one["amount"]) == {"value", "currency"}
            assert DECIMAL.fullmatch(one["amount"]["value"])
        assert one["units"] is None or DECIMAL.fullmatch(one["units"])
        assert isinstance(one["index"], int)
        assert set(one["derivation"]) >= {"rule"}
    for push in planned["pushes"]:
        assert push["kind"] in ("reminder", "action")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", push["send_at"])


def test_occurrences_stand_by_due_day_the_undated_last(planned: Any) -> None:
    days = [one["due_on"] or "9999" for one in planned["occurrences"]]
    assert days == sorted(days)
    assert days[-1] == "9999"


def test_the_plan_runs_on_the_chosen_readings_alone(planned: Any) -> None:
    ids = [one["id"] for one in planned["occurrences"]]
    assert len(ids) == len(set(ids))
    (lump_sum,) = [one for one in planned["occurrences"] if one["clause"] == "lump_sum"]
    assert lump_sum["due_on"] == "2006-10-21"
    rolled = [one for one in planned["under_other_readings"] if one["clause"] == "lump_sum"]
    assert {one["adjusted_on"] for one in rolled} >= {"2006-10-20", "2006-10-23"}


def test_windows_are_those_of_the_file(planned: Any, terminal: Terminal) -> None:
    assert planned["windows"] == [{"name": "protected", "first_on": "2005-04-11", "last_on": "2007-04-10"}]
    bare = terminal.run("plan", terminal.letter(), "--json").json
    assert bare["windows"] == [{"name": "protected", "first_on": None, "last_on": None}]


def test_the_order_of_what_is_given_changes_no_byte(terminal: Terminal) -> None:
    given = (START, EXIT, "change_of_control=2026-03-01")
    outputs = {
        terminal.run("plan", terminal.letter(), *(word for one in order for word in ("--given", one)), "--json").out
        for order in itertools.permutations(given)
    }
    assert len(outputs) == 1


def test_every_command_has_json_with_its_schema(exited: Terminal) -> None:
    """Programs read these; a key that goes is a break of theirs."""
    file = exited.letter()
    keys = {
        ("check", file): ("obligations.check/1", {"document", "file", "findings"}),
        ("plan", file, "--given", START): ("obligations.plan/1", {"contract", "windows", "occurrences"}),
        ("when", "30 days after 2026-01-31"): ("obligations.when/1", {"phrase", "on", "weekday", "derivation"}),
        ("when", "2 months beginning on 2026-01-31"): ("obligations.when/1", {"first_on", "last_on"}),
        ("contract", "replan"): ("obligations.replan/1", {"contracts"}),
        ("contract", "list"): ("obligations.contracts/1", {"contracts"}),
        ("contract", "show", "letter"): ("obligations.contract/1", {"id", "title", "events", "plan"}),
        ("next",): (
            "obligations.next/1",
            {"today", "occurrences", "needs_person", "awaiting_approval", "parked", "refused", "questions", "holds"},
        ),
        ("why", "letter/lump_sum"): ("obligations.why/1", {"contract", "derivation", "under_other_readings"}),
        ("deliveries",): ("obligations.deliveries/1", {"deliveries", "holds", "rests"}),
        ("pause", "--money", "--reason", "x"): ("obligations.holds/1", {"holds"}),
        ("resume",): ("obligations.holds/1", {"holds"}),
        ("approve", "letter/lump_sum", "--as", "hana"): ("obligations.decision/1", {"decided"}),
        ("refuse", "letter/lump_sum", "--as", "finn", "--reason", "x"): ("obligations.decision/1", {"decided"}),
        ("done", "letter/i9", "--evidence", "x"): ("obligations.done/1", {"occurrence", "changes", "no_longer_go"}),
        ("event", "letter", "change_of_control", "2026-03-01", "--yes"): ("obligations.event/1", {"id", "changes"}),
        ("withdraw", "ev-start", "--yes"): ("obligations.event/1", {"id", "contract", "changes"}),
        ("contract", "add", file, "--change", "--yes"): ("obligations.plan/1", {"contract", "occurrences"}),
    }  # fmt: skip
    for words, (schema, wanted) in keys.items():
        said = exited.run(*words, "--json")
        assert said.code == 0, (words, said.err)
        assert said.json["schema"] == schema, words
        assert set(said.json) >= wanted, words
        assert said.err == "", words


def test_a_proposed_delivery_says_whose_approval_it_needs(exited: Terminal) -> None:
    (one,) = [
        it
        for it in exited.run("deliveries", "--state", "proposed", "--json").json["deliveries"]
        if it["clause"] == "lump_sum"
    ]
    assert one["needs_approval_by"] == ["hr", "finance"]
    assert (one["state"], one["attempts"], one["supersedes"]) == ("proposed", 0, None)


def test_a_refusal_stays_in_sight(exited: Terminal) -> None:
    """A payment that was refused would be owed and forgotten."""
    said = exited.run("refuse", "letter/lump_sum", "--as", "finn")
    assert said.code == 2
    assert "--reason" in said.err
    assert exited.run("refuse", "letter/lump_sum", "--as", "finn", "--reason", "which account?").code == 0
    assert "1 was refused: obligations deliveries --state refused" in exited.run("next").out
    said = exited.run("approve", "letter/lump_sum", "--as", "hana")
    assert is_one_message(said)
    assert "which account?" in said.err
    assert "proposed" in exited.run("retry", "letter/lump_sum").out


def test_next_names_what_waits_for_approval(exited: Terminal) -> None:
    """Who reads a bare count opens nothing."""
    said = exited.run("next").out
    assert said.startswith("Mon 2026-03-02 UTC; each contract counts its days in its own zone\n")
    assert (
        "lump_sum/1 act.payroll.one_time_earning, 125,000.00 USD, needs hr and finance, to go 2026-03-05 "
        in " ".join(said.split())
    )
    exited.on(date(2026, 3, 7))
    assert exited.run("contract", "replan").code == 0
    lines = exited.run("next").out.splitlines()
    (row,) = [number for number, line in enumerate(lines) if "due" in line and "lump_sum" in line]
    assert lines[row + 1].strip() == "instruction not sent"


def test_next_gives_the_command_for_what_is_missing(terminal: Terminal) -> None:
    assert terminal.run("contract", "add", terminal.letter()).code == 0
    said = " ".join(terminal.run("next").out.split())
    assert "letter: employment_started is missing: obligations event letter employment_started YYYY-MM-DD" in said


def test_a_judgment_comes_with_the_commands_that_give_it(terminal: Terminal) -> None:
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: offer, template: offer-letter}\n")
    assert terminal.run("contract", "add", file).code == 0
    assert terminal.run("event", "offer", "employment_started", "2026-01-05", "--yes").code == 0
    assert terminal.run("event", "offer", "terminated", "2026-03-02", "--id", "ev-end", "--yes").code == 0
    for words in (("next",), ("contract", "show", "offer")):
        said = " ".join(terminal.run(*words).out.split())
        assert "obligations correct ev-end --with good_cause=..." in said
    answered = terminal.run("correct", "ev-end", "--with", "good_cause=yes", "--yes")
    assert answered.out.endswith("Corrected ev-end.\n"), answered.err
    assert "good_cause=..." not in terminal.run("next").out


def test_a_preview_ends_with_one_line_that_sums_it_up(kept: Terminal) -> None:
    said = kept.run("event", "letter", "change_of_control", "2026-03-02", "--yes").out
    assert "In short: 4 become scheduled, 4 payments are proposed" in said


def test_why_begins_with_one_sentence(exited: Terminal) -> None:
    said = " ".join(exited.run("why", "letter/lump_sum").out.split())
    assert "The company owes the employee: the lump sum, less withholding, 125,000.00 USD, on 2026-03-07, by" in said


def test_deliveries_show_amount_and_content_and_approve_takes_only_that(exited: Terminal) -> None:
    said = exited.run("deliveries", "--state", "proposed").out
    assert "125,000.00 USD" in said
    (content,) = re.findall(r"needs hr and finance, content ([0-9a-f]{12})", " ".join(said.split()))
    other = exited.run("approve", "letter/lump_sum", "--as", "hana", "--content", "0" * 12)
    assert is_one_message(other)
    assert exited.run("approve", "letter/lump_sum", "--as", "hana", "--content", content).code == 0


@pytest.mark.parametrize(("answer", "left"), [("n", "hr and finance"), ("y", "finance")])
def test_a_terminal_shows_the_amount_and_asks_before_it_approves(exited: Terminal, answer: str, left: str) -> None:
    """A person who names the wrong row must see what they are about to pay."""
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    said = subprocess.run(
        [sys.executable, "-m", "obligations", "approve", "letter/lump_sum", "--as", "hana"],
        cwd=ROOT, env={**os.environ, **exited.env}, stdin=theirs, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert said.returncode == 0, said.stderr
    assert said.stdout.index("125,000.00 USD") < said.stdout.index("Approve this?")
    assert f"needs {left}, content" in exited.run("deliveries", "--state", "proposed").out


def test_done_says_what_it_changed(exited: Terminal) -> None:
    said = exited.run("done", "letter/lump_sum", "--evidence", "wire 17")
    assert said.out.startswith("letter/lump_sum/1: done\n")
    assert re.search(r"act\.payroll\.one_time_earning of lump_sum/1 +no longer goes", said.out)


def test_a_change_of_terms_is_shown_and_asked_for(kept: Terminal) -> None:
    file = kept.letter("by: 3 days after", "by: 4 days after")
    before = kept.rows()
    said = kept.run("contract", "add", file, "--change")
    assert said.code == 2
    assert "missed 2026-01-08 -> missed 2026-01-09" in said.out
    assert "repeat with --yes" in said.err
    assert kept.rows() == before
    assert kept.run("contract", "add", file, "--change", "--yes").code == 0


def test_done_too_late_says_so(kept: Terminal) -> None:
    """The report was taken and the duty is missed all the same: that would look like a fault."""
    by = "    by: 3 days after employment_started"
    file = kept.letter(by, f"{by}\n    if_missed: {{event: change_of_control}}")
    assert kept.run("contract", "add", file, "--change", "--as", "clerk@example.com", "--yes").code == 0
    said = kept.run("done", "letter/i9", "--evidence", "form")
    assert "letter/i9/1: missed: the last day was 2026-01-08, and it was done on 2026-03-02," in said.out


# --- for people -----------------------------------------------------------------------------------------------------


def test_output_fits_eighty_columns_and_has_no_colour(exited: Terminal) -> None:
    offer = exited.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    for words in (
        ("plan", offer, "--given", START, "--given", EXIT),
        ("next", "--days", "400"),
        ("why", "letter/lump_sum"),
        ("deliveries",),
        ("contract", "show", "letter"),
        ("contract", "list"),
        ("event", "letter", "change_of_control", "2026-03-01", "--yes"),
    ):
        said = exited.run(*words)
        assert said.code == 0, said
        for line in said.out.splitlines():
            assert len(line) <= 80, (words, line)
        assert "\x1b" not in said.out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(terminal: Terminal, command: list[str]) -> None:
    said = terminal.run(*command, "--help")
    assert said.code == 0
    assert "Usage:" in said.out
    assert len(said.out.splitlines()) > 4
    assert "\x1b" not in said.out


def test_what_holds_pay_up_is_asked_for_in_next(terminal: Terminal) -> None:
    """Pay waits for the payroll calendar; who only looks at what is due would never learn why. Many alike are one."""
    offer = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    assert terminal.run("contract", "add", offer).code == 0
    assert terminal.run("event", "ana", "employment_started", "2026-03-02", "--yes").code == 0
    said = terminal.run("next")
    assert "ana: payroll_calendar is missing:" in said.out
    (asked,) = terminal.run("next", "--json").json["questions"]
    (command,) = asked["answer_with"]
    assert command in said.out
    words = command.replace("VALUE", "14-days").replace("YYYY-MM-DD", "2026-03-02").split()[1:]
    words[words.index("14-days")] = "14 days ending 2026-03-15"
    assert terminal.run(*words, "--yes").code == 0
    after = terminal.run("next")
    assert "is missing" not in after.out
    assert re.search(r"ana/salary/1-\d+ \(2\d\)\n .*in all, needs payroll, the\n +first to go", after.out)


def test_a_hold_stands_above_what_is_next(kept: Terminal) -> None:
    """Who forgot that money is paused waits for payments that do not go."""
    assert kept.run("pause", "--money", "--reason", "audit").code == 0
    assert kept.run("next").out.startswith("hold 1: payments and grants wait")
    assert [one["number"] for one in kept.run("next", "--json").json["holds"]] == [1]


def test_an_error_at_a_terminal_breaks_between_words_and_keeps_commands_whole() -> None:
    """A command broken over two lines runs as half of it when it is copied."""
    message = "there is no event; `obligations contract show CONTRACT` lists " + "them all " * 8
    lines = to_read(f"obligations: {message}").splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any("`obligations contract show CONTRACT`" in line for line in lines)
    assert " ".join(line.strip() for line in lines) == f"obligations: {message}".strip()


def test_the_version_is_told(terminal: Terminal) -> None:
    assert re.fullmatch(r"obligations \d+\.\d+\.\d+\n", terminal.run("--version").out)


def test_every_command_is_among_those_tried(terminal: Terminal) -> None:
    """A new command without a test of its help and exit codes would go unnoticed."""
    said = "".join(terminal.run(*group, "--help").out for group in ([], ["contract"], ["ocf"], ["ledger"]))
    listed = set(re.findall(r"^  ([a-z]+)  ", said, re.M))
    assert listed == {command[-1] for command in COMMANDS}


def test_a_reader_that_leaves_early_sees_no_traceback(kept: Terminal) -> None:
    """`obligations contract show letter | head -1`."""
    first = subprocess.run(
        f"{sys.executable} -m obligations contract show letter --json | head -1",
        shell=True, cwd=ROOT, env={**os.environ, **kept.env}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert first.stdout == "{\n"
    assert first.stderr == ""


def test_a_reader_that_is_gone_at_once_is_no_fault(exited: Terminal) -> None:
    """A list is printed line by line: whichever line finds nobody ends it, silently."""
    for words in ("deliveries", "contract show letter --json"):
        said = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m obligations {words} | true; exit ${{PIPESTATUS[0]}}"],
            cwd=ROOT, env={**os.environ, **exited.env}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (said.returncode, said.stderr) == (128 + signal.SIGPIPE, ""), words


def test_the_schema_of_terms_needs_no_file(terminal: Terminal) -> None:
    assert "$defs" in terminal.run("check", "--schema").json
    assert is_one_message(terminal.run("check"))


def test_the_installed_command_says_one_sentence_and_its_code(terminal: Terminal) -> None:
    """As a process of its own: no traceback, nothing on standard output."""
    said = terminal.process("why", "letter/lump_sum")
    assert said.code == 2
    assert re.fullmatch(r"obligations: .*\n", said.err)
    assert said.out == ""


# --- the daemon -----------------------------------------------------------------------------------------------------


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(users={"hana@example.com": "U1"}) as workspace:
        yield workspace


def daemon(terminal: Terminal, **env: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "obligations", "run"],
        cwd=ROOT, env={**os.environ, **terminal.env, **env}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the daemon says on standard error, up to the line that holds the words."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return said
    raise AssertionError(f"the daemon ended without saying {words!r}: {said}")


def test_a_revoked_slack_token_is_said_in_one_sentence_and_the_daemon_goes_on(
    terminal: Terminal, slack: SlackStandIn
) -> None:
    slack.script("auth.test", error("token_revoked"))
    terminal.write(
        "obligations.toml",
        '[sending]\nactions = "console"\n[connectors.slack]\ntoken = "xoxb-1-revoked"\n'
        f'base_url = "{slack.base_url}"\n',
    )
    process = daemon(terminal)
    try:
        said = read_until(process, "obligations: ")
        sentence = said.splitlines()[-1]
        assert "Slack" in sentence or "slack" in sentence
        assert "xoxb" not in said
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def test_a_second_daemon_on_one_file_is_refused(terminal: Terminal) -> None:
    terminal.write("obligations.toml", '[sending]\nreminders = "console"\nactions = "console"\n')
    process = daemon(terminal)
    try:
        read_until(process, "the daemon starts")
        second = terminal.process("run")
        assert second.code == 2
        assert f"another daemon (process {process.pid}) already works on" in second.err
        assert "Traceback" not in second.err
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_daemon_reminds_of_what_was_added_while_it_runs(terminal: Terminal) -> None:
    terminal.write("obligations.toml", '[sending]\nreminders = "console"\nactions = "console"\n')
    process = daemon(terminal)
    try:
        read_until(process, "the daemon starts")
        assert terminal.run("contract", "add", terminal.letter()).code == 0
        assert terminal.run("event", "letter", "employment_started", "2026-02-27", "--yes").code == 0
        assert process.stdout is not None
        assert next(line for line in process.stdout if "I-9" in line)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()
    states = {it["state"] for it in terminal.run("deliveries", "--json").json["deliveries"]}
    assert "delivered" in states


def test_an_event_agreed_to_beforehand_is_recorded_whoever_stops_reading(kept: Terminal) -> None:
    """`obligations event … --yes | head -1` would end well and have recorded nothing."""
    command = [sys.executable, "-m", "obligations", "event", "letter", "change_of_control", "2026-03-02", "--yes"]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **kept.env})
    assert reader.stdout is not None
    reader.stdout.readline()
    reader.stdout.close()
    reader.wait(60)
    assert "change_of_control" in kept.run("contract", "show", "letter").out


def test_an_argument_that_is_no_text_is_said_in_words(kept: Terminal) -> None:
    """A file name in an old encoding, pasted as an id, would end in a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "obligations", "contract", "show", b"\xff"],
        cwd=ROOT, env={**os.environ, **kept.env}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not UTF-8 text" in done.stderr
    assert "Traceback" not in done.stderr


def test_next_asks_for_the_signature_that_stops_all_pay(terminal: Terminal) -> None:
    """Nobody would record that the letter was signed, and no salary would go, without a word about why."""
    said = terminal.run("init", terminal.place / "new", "--template", "simple-offer")
    assert said.code == 0, said.err
    file = terminal.place / "new" / "contract.yaml"
    assert terminal.run("contract", "add", file, "--as", "clerk").code == 0
    started = ("event", "first-simple-offer", "employment_started", "2026-02-02", "--as", "clerk")
    assert "first-simple-offer accepted YYYY-MM-DD" in terminal.run(*started, "--yes").out
    shown = terminal.run("next")
    assert "waiting       salary 1" in shown.out
    assert "first-simple-offer: accepted is missing:\n" in shown.out
    command = "obligations event first-simple-offer accepted YYYY-MM-DD"
    assert command in shown.out
    (asked,) = (it for it in terminal.run("next", "--json").json["questions"] if it["name"] == "accepted")
    assert asked["answer_with"] == [command]

    signed = ("event", "first-simple-offer", "accepted", "2026-02-01", "--yes", "--as", "clerk")
    assert terminal.run(*signed).code == 0
    assert "accepted" not in terminal.run("next").out
    assert "salary/1" in terminal.run("deliveries", "--state", "proposed").out
