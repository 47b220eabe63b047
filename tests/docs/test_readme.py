"""The README at the top: what it shows is what the program does."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from obligations.cli import app
from obligations.clocks import SystemClock
from tests.docs.pages import TOP, indented_blocks, section, text

PAGE = text("README.md")
PATIENCE_SECONDS = 60


def test_the_plan_it_shows_is_the_plan_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first thing a reader sees of the product would not be true."""
    monkeypatch.chdir(TOP)
    (shown,) = (block for block in indented_blocks(PAGE) if block.startswith("$ obligations plan"))
    command, *lines = shown.replace("\\\n", " ").splitlines()
    result = CliRunner().invoke(app, shlex.split(command)[2:])
    wanted = [line for line in lines if line.strip() != "..."]
    assert wanted
    assert [line for line in wanted if line not in result.stdout.splitlines()] == []


def test_the_first_contract_goes_as_it_says(tmp_path: Path) -> None:
    """A newcomer who types the commands one after another would be stuck at one of them.

    Reminders and instructions go to the console instead of Slack and payroll, and what happened happened yesterday.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "OBLIGATIONS_CONFIG": str(tmp_path / "obligations.toml"),
        "OBLIGATIONS_DATABASE_URL": f"sqlite:///{tmp_path}/obligations.sqlite3",
        "OBLIGATIONS_SENDING__REMINDERS": "console",
        "OBLIGATIONS_SENDING__ACTIONS": "console",
    }
    (commands,) = (block for block in indented_blocks(section(PAGE, "A first contract")) if "obligations init" in block)
    lines = [shlex.split(line, comments=True)[1:] for line in commands.splitlines()]
    assert lines[-1] == ["run"]
    for words in lines[:-1]:
        done = subprocess.run(
            _command([_yesterday(word) for word in words]), cwd=tmp_path, env=environment,
            capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    assert _run_until_it_works(tmp_path, environment) == 0


def _yesterday(word: str) -> str:
    """The word with its date, if it is one, moved to yesterday: a day that has come wherever the contract counts."""
    yesterday = SystemClock().now().date() - timedelta(days=1)
    return re.sub(r"^\d{4}-\d{2}-\d{2}$", yesterday.isoformat(), word)


def _command(words: list[str]) -> list[str]:
    # Nobody sits at a terminal here, so what would be asked is answered.
    return [sys.executable, "-m", "obligations", *words, *(["--yes"] if words[0] == "event" else [])]


def _run_until_it_works(folder: Path, environment: dict[str, str]) -> int:
    """Starts the daemon, stops it once something was delivered, and gives its exit code."""
    process = subprocess.Popen(
        _command(["run"]), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    guard = threading.Timer(PATIENCE_SECONDS, process.kill)
    guard.start()
    try:
        assert process.stdout is not None
        with process.stdout as console:
            assert console.readline(), "the daemon ended without sending anything"
            process.send_signal(signal.SIGTERM)
            console.read()
        return process.wait()
    finally:
        guard.cancel()
        process.kill()
        process.wait()
