"""The demo runs as a user runs it, once, in a pipe, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
LONGEST_SECONDS = 150


def demo(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OBLIGATIONS_")}
    environment |= {"PYTHONPATH": str(TOP), "TMPDIR": str(folder), "OBLIGATIONS_TENANT": "the user's own setting"}
    return subprocess.run(
        [sys.executable, "-m", "obligations.demo", *arguments],
        cwd=TOP, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
    )  # fmt: skip


def processes_naming(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder).encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


def test_the_letters_life_ends_with_nothing_lost_doubled_early_or_wrong(tmp_path: Path) -> None:
    """The first thing a new user runs would tell them that the product does not do what it is for."""
    ran = demo(folder=tmp_path)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert not re.search(r"[\x1b\r]", ran.stdout), "plain lines where there is no terminal"
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80

    days = [line[:10] for line in lines if re.match(r"\d{4}-\d\d-\d\d ", line)]
    assert (days[0], days[-1]) == ("2005-04-01", "2007-05-01")
    text = " ".join(ran.stdout.split())
    assert "nobody approves what they recorded; ask somebody else (exit code 4)" in text
    assert "is killed with -9, at no moment in particular" in text
    assert "died by kill -9 with the answer in its hand" in text
    # The first kill is at no moment in particular, and may have left a key of its own to be recognised.
    assert "the same key again: recognised" in text[text.index("one time earning 125,000.00 USD") :]

    counts = {line[:12].strip(): [int(one) for one in line[12:].split()]
              for line in lines if re.fullmatch(r"[a-z ]{12}(\s+\d+){8}", line)}  # fmt: skip
    assert set(counts) == {"payroll", "equity", "benefits", "hr", "leave ledger", "slack", "in all"}
    pushed, received, effects, duplicates, *_ = counts["payroll"]
    assert (pushed, effects) == (55, 55)  # 53 salaries, the tax notice, the lump sum
    assert received == effects + duplicates
    assert duplicates >= 1, "the daemon died after a send, so its repeat must have come"
    assert counts["in all"][4:] == [0, 0, 0, 0]
    assert "!" not in "".join(line[-1:] for line in lines)

    assert list(tmp_path.iterdir()) == []
    assert processes_naming(tmp_path) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    ran = demo("--keep", str(tmp_path), folder=tmp_path)
    assert ran.returncode == 1
    assert "is not empty; name a folder that is not there yet" in ran.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("words", [("--kepe",), ("now",)])
def test_words_it_does_not_know_are_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert demo(*words, folder=tmp_path).returncode == 2
