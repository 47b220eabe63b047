"""The record is checked, headed and exported from the command line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import read_settings
from obligations.app import open_daemon
from tests.cli.terminal import Terminal, is_one_message


@pytest.fixture
def chained(exited: Terminal, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Does what a daemon does at its start: takes up the key and chains what was recorded."""
    exited.env |= {"OBLIGATIONS_SENDING__REMINDERS": "console", "OBLIGATIONS_SENDING__ACTIONS": "console"}
    for name, value in exited.env.items():
        monkeypatch.setenv(name, value)

    def work() -> None:
        with open_daemon(read_settings()) as running:
            running.daemon.pump.thread.close()
            running.daemon._store.seal()
            running.daemon._store.close()

    work()
    return work


def tampered(terminal: Terminal, *statements: str) -> None:
    """What somebody does to the file who has it and not the key."""
    with sqlite3.connect(terminal.database) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.usefixtures("chained")
def test_a_ledger_that_holds_is_said_to(exited: Terminal) -> None:
    said = exited.run("ledger", "verify")
    assert (said.code, said.err) == (0, "")
    assert "links hold" in said.out
    shown = exited.run("ledger", "verify", "--json").json
    assert shown["schema"] == "obligations.ledger-verified/1"
    assert (shown["holds"], shown["fault"], shown["links_without_key"]) == (True, None, 0)
    assert shown["links"] == shown["head"]["seq"] > 3


@pytest.mark.usefixtures("chained")
def test_the_first_line_that_was_changed_is_named(exited: Terminal) -> None:
    """A person would know that something is wrong, and not where."""
    tampered(exited, "UPDATE ledger SET actor = 'mallory' WHERE n = 2")
    said = exited.run("ledger", "verify")
    assert said.code == 1
    assert "ledger line 2" in said.out
    assert exited.run("ledger", "verify", "--json").json["holds"] is False


@pytest.mark.usefixtures("chained")
def test_a_checkpoint_in_a_log_shows_what_was_cut_off(exited: Terminal) -> None:
    head = exited.run("ledger", "checkpoint").out
    assert head.startswith("obligations-ledger/1 tenant= seq=")
    assert len(head.splitlines()) == 1
    log = exited.write("daemon.log", json.dumps({"event": "the ledger ends here", "head": head.strip()}) + "\n")
    for kept in (log, head):
        assert exited.run("ledger", "verify", "--checkpoint", kept).code == 0
    seq = exited.run("ledger", "checkpoint", "--json").json["seq"]
    tampered(
        exited,
        f"DELETE FROM ledger WHERE n = (SELECT ledger_n FROM ledger_seal WHERE seq = {seq})",
        f"DELETE FROM ledger_seal WHERE seq = {seq}",
    )
    assert exited.run("ledger", "verify").code == 0
    for kept in (log, head):
        said = exited.run("ledger", "verify", "--checkpoint", kept)
        assert said.code == 1
        assert "cut off" in said.out


@pytest.mark.usefixtures("chained")
def test_an_export_is_checked_without_the_database(exited: Terminal, tmp_path: Path) -> None:
    """An auditor would need the whole installation."""
    head = exited.run("ledger", "checkpoint").out
    exported = exited.run("ledger", "export").out
    elsewhere = {"OBLIGATIONS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    file = exited.write("ledger.jsonl", exported)
    said = exited.run("ledger", "verify", "--export", file, "--checkpoint", head, **elsewhere)
    assert (said.code, said.err) == (0, "")
    lines = exported.splitlines()
    changed = [line.replace('"actor":"clerk@example.com"', '"actor":"mallory"', 1) for line in lines]
    assert changed != lines
    for wrong, code in ((changed, 1), ([lines[0], *lines[2:]], 1), ([*lines[:3], lines[3][:40]], 2), (lines[1:], 2)):
        file = exited.write("wrong.jsonl", "\n".join(wrong))
        assert exited.run("ledger", "verify", "--export", file, **elsewhere).code == code
    short = exited.write("short.jsonl", "\n".join(lines[:3]))
    assert exited.run("ledger", "verify", "--export", short, **elsewhere).code == 0
    assert exited.run("ledger", "verify", "--export", short, "--checkpoint", head, **elsewhere).code == 1
    without = exited.run("ledger", "verify", "--export", file, OBLIGATIONS_LEDGER_KEY_FILE=str(tmp_path / "none"))
    assert without.code == 2
    file = exited.write("ledger.jsonl", exported)
    without = exited.run("ledger", "verify", "--export", file, OBLIGATIONS_LEDGER_KEY_FILE=str(tmp_path / "none"))
    assert without.code == 3
    assert "which is not here" in without.out


def test_a_lost_key_is_replaced_with_a_word_why(exited: Terminal, chained: Callable[[], None]) -> None:
    (exited.place / "ledger.key").unlink()
    said = exited.run("ledger", "rekey", "--reason", "the disk died", "--yes", "--as", "Hana")
    assert said.code == 0
    chained()
    assert exited.run("ledger", "verify").code == 3
    assert "the disk died" in exited.run("ledger", "export").out


def test_what_is_no_checkpoint_is_said(kept: Terminal) -> None:
    assert is_one_message(kept.run("ledger", "checkpoint"), code=3)
    assert is_one_message(kept.run("ledger", "verify", "--checkpoint", "nowhere.log"))
    assert is_one_message(kept.run("ledger", "verify", "--checkpoint", kept.write("empty.log", "")))
    assert is_one_message(kept.run("ledger", "verify", "--export", "nowhere.jsonl"))


def test_the_roles_are_printed(kept: Terminal) -> None:
    assert "GRANT SELECT, INSERT ON ledger," in kept.run("ledger", "roles").out
