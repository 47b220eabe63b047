"""An installation for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.terminal import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A fresh installation, on Monday, 2 March 2026."""
    return Terminal(tmp_path)


@pytest.fixture
def kept(terminal: Terminal) -> Terminal:
    """The same with the short letter kept and the employment started in January."""
    assert terminal.run("contract", "add", terminal.letter(), "--as", "clerk@example.com").code == 0
    said = terminal.run(
        "event", "letter", "employment_started", "2026-01-05", "--id", "ev-start", "--yes", "--as", "clerk@example.com"
    )
    assert said.code == 0, said.err
    return terminal


@pytest.fixture
def exited(kept: Terminal) -> Terminal:
    """The same after a change of control in March, which owes a lump sum."""
    said = kept.run("event", "letter", "change_of_control", "2026-03-02", "--yes", "--as", "clerk@example.com")
    assert said.code == 0, said.err
    return kept
