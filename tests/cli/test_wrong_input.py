"""Every wrong input ends in one clear message with its place and a way out; nothing is half-written."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal, is_one_message

START = "employment_started=2026-01-05"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    cite: \"8\"", "    sight: \"8\"", r"letter\.yaml:\d+:\d+.*i9.*sight.*"),
        ("exactly: 5 days after protected_exit", "exactly: 5 dais after protected_exit",
         r"letter\.yaml:\d+.*lump_sum.*dais"),
        ("  lump_sum:\n", "  i9:\n", r"letter\.yaml:\d+.*i9"),
        ("    task: Submit Form I-9", "    task: &form Submit Form I-9", r"letter\.yaml:\d+.*anchor|alias"),
        ("default: 125000.00", "default: -125000.00", r"letter\.yaml:\d+.*-125000"),
        ("default: 800.00", "default: 800.005", r"letter\.yaml:\d+.*800\.005"),
        ("  employment_started: {says", "  employment_started: {sais", r"letter\.yaml:\d+.*sais"),
        ("when: employment_started\n", "when: employment_startd\n",
         r'letter\.yaml:\d+.*employment_startd.*Did you mean "employment_started"'),
        ("by: 3 days after employment_started", "by: 3 days after 2026-02-30", r"letter\.yaml:\d+.*2026-02-30"),
        ("terms: 1", "terms: 2", r"letter\.yaml:\d+.*"),
    ],
)  # fmt: skip
def test_a_fault_in_a_file_is_named_with_its_line(terminal: Terminal, old: str, new: str, words: str) -> None:
    """For check, plan and contract add alike; no database is touched."""
    file = terminal.letter(old, new)
    for command in (("check", file), ("plan", file), ("contract", "add", file)):
        said = terminal.run(*command)
        assert said.code == 1, (command, said)
        assert re.search(words, said.err), said.err
        assert "Traceback" not in said.err
        assert said.out == ""
    assert not any(terminal.rows().get("contract", []))


@pytest.mark.parametrize("command", [("check",), ("plan",), ("contract", "add")])
def test_a_file_that_cannot_be_read_is_named(terminal: Terminal, command: tuple[str, ...]) -> None:
    missing = terminal.run(*command, terminal.place / "none.yaml")
    assert is_one_message(missing)
    assert "none.yaml: there is no such file" in missing.err
    folder = terminal.run(*command, terminal.place)
    assert is_one_message(folder)
    assert "is a folder; name a terms file" in folder.err
    binary = terminal.run(*command, terminal.write("letter.yaml", b"\x89PNG\r\n\x1a\n\x00\xff"))
    assert is_one_message(binary)
    assert "is not UTF-8 text" in binary.err
    zeros = terminal.run(*command, terminal.write("letter.yaml", b"terms: 1\x00"))
    assert zeros.code == 1
    assert "letter.yaml" in zeros.err
    empty = terminal.run(*command, terminal.write("letter.yaml", b""))
    assert empty.code == 1
    assert "letter.yaml" in empty.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--given", "employment_started=2026-02-30"), "2026-02-30"),
        (("--given", "employment_started=05.01.2026"), "05.01.2026"),
        (("--given", "employment_started"), "write EVENT=DATE"),
        (("--given", "employment_startd=2026-01-05"), 'Did you mean "employment_started"'),
        (("--given", f"{START},amuont=1"), 'no field "amuont"'),
        (("--given", f"{START},amount"), "field=value"),
        (("--given", START, "--given", "employment_started=2026-01-06"), "happens once"),
        (("--given", START, "--given", START), "is given twice"),
        (("--given", START, "--as-of", "2026-13-01"), "2026-13-01"),
        (("--given", "employment_started=9999-12-30"), ""),
    ],
)
def test_a_wrong_word_on_the_line_of_plan_is_named(terminal: Terminal, words: tuple[str, ...], message: str) -> None:
    said = terminal.run("plan", terminal.letter(), *words)
    assert is_one_message(said), said
    assert message in said.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("letter", "change_of_contrl", "2026-03-01"), 2, 'Did you mean "change_of_control"'),
        (("leter", "change_of_control", "2026-03-01"), 2, 'Did you mean "letter"'),
        (("letter", "change_of_control", "2026-02-30"), 2, "2026-02-30"),
        (("letter", "change_of_control", "2026-03-03"), 2, "has not come yet"),
        (("letter", "change_of_control", "2026-03-01", "--received", "2026-02-31"), 2, "2026-02-31"),
        (("letter", "change_of_control", "2026-03-01", "--with", "note"), 2, "field=value"),
        (("letter", "change_of_control", "2026-03-01", "--with", "a=1", "--with", "a=2"), 2, "given twice"),
        (("letter", "change_of_control", "2026-03-01", "--with", "amount=-5"), 2, "amount"),
        (("letter", "employment_started", "2026-01-06"), 2, "obligations correct ev-start --on 2026-01-06"),
        (("letter", "change_of_control", "2026-03-01", "--id", "ev-start"), 2, "recorded already"),
    ],
)
def test_an_event_that_cannot_be_recorded_changes_nothing(
    kept: Terminal, words: tuple[str, ...], code: int, message: str
) -> None:
    before = kept.rows()
    said = kept.run("event", *words, "--yes")
    assert is_one_message(said, code=code), said
    assert message in said.err
    assert kept.rows() == before


def test_money_below_zero_is_refused_in_an_event(terminal: Terminal) -> None:
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-letter}\n")
    assert terminal.run("contract", "add", file).code == 0
    assert terminal.run("event", "ana", "employment_started", "2026-01-05", "--yes").code == 0
    before = terminal.rows()
    said = terminal.run("event", "ana", "cobra_premium_amount", "2026-01-06", "--with", "value=-800.00", "--yes")
    assert is_one_message(said), said
    assert "-800" in said.err
    assert terminal.rows() == before


def test_money_below_zero_is_refused_as_a_parameter(terminal: Terminal) -> None:
    text = "terms: 1\ncontract: {id: ana, template: offer-letter}\nparameters:\n  lump_sum_amount: -1.00\n"
    said = terminal.run("contract", "add", terminal.write("offer.yaml", text))
    assert said.code == 1
    assert "offer.yaml:4" in said.err
    assert "-1.00" in said.err


def test_a_template_that_is_not_there_is_named_with_those_that_are(terminal: Terminal) -> None:
    file = terminal.write("offer.yaml", "terms: 1\ncontract: {id: ana, template: offer-leter}\n")
    said = terminal.run("check", file)
    assert said.code == 1
    assert "offer.yaml:2" in said.err
    assert "offer-letter" in said.err


@pytest.mark.parametrize("answer", ["", "y\n"])
def test_without_a_terminal_nothing_is_recorded_without_yes(kept: Terminal, answer: str) -> None:
    before = kept.rows()
    said = kept.run("event", "letter", "change_of_control", "2026-03-01")
    assert said.code == 2
    assert "repeat with --yes" in said.err
    assert "lump_sum" in said.out
    withdrawal = kept.run("withdraw", "ev-start")
    assert withdrawal.code == 2
    assert "repeat with --yes" in withdrawal.err
    assert kept.rows() == before


def test_what_is_not_there_is_named(kept: Terminal) -> None:
    before = kept.rows()
    for words, message in [
        (("why", "letter/lumpsum"), 'Did you mean "lump_sum"'),
        (("done", "letter/none", "--evidence", "x"), "no occurrence fits"),
        (("withdraw", "ev-none", "--yes"), 'no event "ev-none"'),
        (("approve", "lump_sum", "--as", "hana@example.com"), "nothing is proposed"),
        (("contract", "show", "leter"), 'Did you mean "letter"'),
        (("deliveries", "--state", "propsed"), 'Did you mean "proposed"'),
        (("deliveries", "--contract", "leter"), 'Did you mean "letter"'),
        (("when", "30 dais after 2026-01-31"), "dais"),
        (("when", "30 days after employment_started"), "employment_started"),
    ]:
        said = kept.run(*words)
        assert is_one_message(said), (words, said)
        assert message in said.err, said.err
    assert kept.rows() == before


# --- the installation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[engine", "is not readable as TOML"),
        ('colour = "red"', "colour: there is no such setting"),
        ('[sending]\nremind_at = "25:00"', "sending.remind_at"),
        ('log = "loud"', "log"),
        (b"\xff\xfe", "cannot be read"),
        ('database_url = "mysql://x/y"', "database_url"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(terminal: Terminal, text: str | bytes, message: str) -> None:
    config = terminal.write("obligations.toml", text)
    said = terminal.run("next", OBLIGATIONS_DATABASE_URL="") if "mysql" in str(text) else terminal.run("next")
    assert is_one_message(said), said
    assert message in said.err
    assert str(config) in said.err or "mysql" in str(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[sending]\nreminders = "pigeon"\n', "pigeon"),
        ("[engine]\nlease_seconds = 20\n", "lease_seconds is 20"),
        ("[engine]\nlease_secs = 20\n", "lease_secs"),
        ('[engine]\ntimeout_seconds = "soon"\n', "timeout_seconds"),
        ('[connectors.slack]\ntoken = "hunter2"\n', "slack"),
        ('[connectors.slack]\ntokn = "xoxb-1-2"\n', "tokn"),
        ('[connectors.http.destinations.payroll]\nurl = "payroll"\nsecret = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"\n',
         "payroll"),
        ('dangerous_clock = "none.json"\n', "dangerous_clock"),
    ],
)  # fmt: skip
def test_the_daemon_does_not_start_on_a_setting_it_cannot_keep(terminal: Terminal, text: str, message: str) -> None:
    terminal.write("obligations.toml", text)
    env = {"OBLIGATIONS_DANGEROUS_CLOCK": ""} if "clock" in text else {}
    if env:
        terminal.env.pop("OBLIGATIONS_DANGEROUS_CLOCK")
    said = terminal.run("run")
    assert is_one_message(said, faults=2 if "tokn" in text else 1), said
    assert message in said.err
    assert "hunter2" not in said.err


def test_a_configuration_that_is_named_and_missing_is_said(terminal: Terminal) -> None:
    said = terminal.run("next", OBLIGATIONS_CONFIG=str(terminal.place / "none.toml"))
    assert is_one_message(said)
    assert "obligations init" in said.err


def test_a_postgres_that_does_not_answer_is_said_without_its_password(terminal: Terminal) -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://hr:hunter2@127.0.0.1:{taken.getsockname()[1]}/obligations"
        said = terminal.run("next", OBLIGATIONS_DATABASE_URL=url)
    assert is_one_message(said), said
    assert "check that the server runs" in said.err
    assert "hunter2" not in said.err


def test_a_database_file_that_is_something_else_is_said_and_left_alone(terminal: Terminal) -> None:
    garbage = terminal.write("photo.db", b"\x89PNG" * 2000)
    said = terminal.run("next", OBLIGATIONS_DATABASE_URL=f"sqlite:///{garbage}")
    assert is_one_message(said, code=78), said
    assert "photo.db" in said.err
    assert garbage.read_bytes() == b"\x89PNG" * 2000


def test_a_place_that_cannot_hold_a_database_is_said(terminal: Terminal) -> None:
    file = terminal.write("a-file", "")
    for path in (file / "o.db", Path("/proc/none/o.db")):
        said = terminal.run("next", OBLIGATIONS_DATABASE_URL=f"sqlite:///{path}")
        assert is_one_message(said, code=78), said
        assert str(path) in said.err or str(path.parent) in said.err


def test_init_into_a_place_it_cannot_write_is_said(terminal: Terminal) -> None:
    file = terminal.write("a-file", "")
    said = terminal.run("init", file)
    assert is_one_message(said), said
    assert os.fspath(file) in said.err


@pytest.mark.parametrize("in_braces", [True, False])
def test_a_colon_in_a_title_is_answered_with_quotes(terminal: Terminal, in_braces: bool) -> None:
    """Whoever does not know YAML would not know what a mapping value is, nor that one stands there."""
    flow = "{id: letter, title: A short letter, currency: USD}"
    block = "\n  id: letter\n  title: Cy Carr: Offer\n  currency: USD"
    file = terminal.letter("title: ", "title: Cy Carr: ") if in_braces else terminal.letter(flow, block)
    said = terminal.run("check", file)
    assert said.code == 1
    assert 'stands in quotes, such as title: "Jane Doe: offer letter"' in " ".join((said.out + said.err).split())


@pytest.mark.parametrize(
    ("words", "called", "code"),
    [
        (("why", "nix"), "not_found", 2),
        (("plan", "none.yaml"), "usage", 2),
        (("when", "30 dais after 2026-01-31"), "phrase", 2),
        (("contract", "add", "bad.yaml"), "terms", 1),
        (("event", "letter", "employment_started", "2027-01-05", "--yes"), "refused", 2),
        (("event", "letter", "no_such_thing", "2026-01-05", "--yes"), "planning", 2),
        (("ledger", "checkpoint"), "missing_input", 3),
        (("reading", "letter", "x", "y", "--as", "nobody@example.com", "--yes"), "refused", 2),
    ],
)
def test_an_error_is_told_to_a_program_as_json(
    kept: Terminal, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], called: str, code: int
) -> None:
    """A program that asked for JSON would have to guess at sentences, which may be worded better one day."""
    monkeypatch.chdir(kept.place)
    kept.write("bad.yaml", "terms: 2\n")
    said = kept.run(*words, "--json")
    plain = kept.run(*words)
    assert (said.code, said.out) == (code, plain.out) == (plain.code, "")
    assert said.err.endswith("}\n")
    told = json.loads(said.err)
    assert (told["schema"], told["type"], told["exit_code"]) == ("obligations.error/1", called, code)
    assert "".join(f"obligations: {line}\n" for line in told["message"].splitlines()) == plain.err
    if called == "terms":
        assert told["findings"][0]["file"] == "bad.yaml"
        assert told["findings"][0]["line"] == 1


@pytest.mark.parametrize("words", [("why",), ("nope",), ("why", "a", "b"), ("next", "--days", "x")])
def test_a_command_line_that_is_not_understood_is_told_as_json_too(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = terminal.process(*words, "--json")
    assert (said.code, said.out) == (2, "")
    assert json.loads(said.err)["type"] == "usage"
    assert "Usage:" in terminal.process(*words).err


def test_help_has_a_short_name(terminal: Terminal) -> None:
    for words in ((), ("why",), ("contract", "add")):
        assert terminal.run(*words, "-h").out == terminal.run(*words, "--help").out != ""
