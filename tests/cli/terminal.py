"""The command line as a test uses it: an installation of its own, and what one command said and left."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from obligations.cli import app
from obligations.clocks import TimeLapse
from tests.service.office import LETTER, noon

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Terminal:
    """One installation in a folder: settings, database and a clock that stands still."""

    place: Path
    today: date = date(2026, 3, 2)
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.on(self.today)
        self.env = {
            "OBLIGATIONS_CONFIG": str(self.write("obligations.toml", "")),
            "OBLIGATIONS_DATABASE_URL": f"sqlite:///{self.database}",
            "OBLIGATIONS_DANGEROUS_CLOCK": str(self.place / "clock.json"),
            **self.env,
        }

    @property
    def database(self) -> Path:
        return self.place / "store" / "o.db"

    def on(self, day: date) -> None:
        """The day it is."""
        TimeLapse.write(self.place / "clock.json", noon(day), 0)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.place / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def letter(self, old: str = "", new: str = "") -> Path:
        """The short letter's file, one thing changed."""
        assert old in LETTER
        return self.write("letter.yaml", LETTER.replace(old, new) if old else LETTER)

    def run(self, *words: str | Path, **env: str) -> Said:
        """What the command said, here in this process. A traceback fails the test."""
        result = CliRunner().invoke(app, [str(word) for word in words], env={**self.env, **env})
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise AssertionError(f"{words} ended in {result.exception!r}") from result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def process(self, *words: str | Path, timeout: float = 60, **env: str) -> Said:
        """What the command said as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "obligations", *map(str, words)],
            cwd=ROOT, env={**os.environ, **self.env, **env}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        return Said(done.returncode, done.stdout, done.stderr)

    def rows(self) -> dict[str, list[Any]]:
        """Everything in the database, table by table; nothing where there is none."""
        if not self.database.exists():
            return {}
        connection = sqlite3.connect(self.database)
        try:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in sorted(tables)}
        finally:
            connection.close()


def is_one_message(said: Said, *, code: int = 2, faults: int = 1) -> bool:
    """Whether the command ended with exactly one message of ours (or one for each fault) and nothing else."""
    lines = said.err.strip().splitlines()
    return (
        said.code == code
        and said.out == ""
        and len(lines) == faults
        and all(line.startswith("obligations: ") for line in lines)
        and "Traceback" not in said.err
    )
