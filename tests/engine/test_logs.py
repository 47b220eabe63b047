"""The log shows which delivery did what, never what it said, and never costs the work anything."""

from __future__ import annotations

import ast
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

import connectors
import obligations
from obligations import logs

SAYS = ("debug", "info", "warning", "error", "tell", "log")


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


def test_a_field_nobody_allowed_never_reaches_a_line() -> None:
    """A salary in a log is read by everyone who may read logs."""
    stream = io.StringIO()
    logs.configure(stream)
    structlog.get_logger().warning("delivery", key="k", body=b"125000", amount="125000", address="jane@example.com")
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp")
    assert line == {"event": "delivery", "level": "warning", "key": "k"}


def test_what_the_program_says_of_itself_reaches_the_line() -> None:
    """An alarm that names the hold to lift is of no use where the number is dropped on the way."""
    said: set[str] = set()
    for source in (Path(str(package.__file__)).parent for package in (obligations, connectors)):
        for path in source.rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in SAYS:
                    said |= {word.arg for word in call.keywords if word.arg}
    assert {"key", "destination", "error", "hold"} <= said
    assert said - logs.ALLOWED == set()


def test_a_library_may_warn_but_not_quote() -> None:
    stream = io.StringIO()
    logs.configure(stream)
    logging.getLogger("somebody.else").warning("could not post 125000 to https://hooks.example.com/secret")
    line = json.loads(stream.getvalue())
    assert line["logger"] == "somebody.else"
    assert "125000" not in stream.getvalue()
    assert "secret" not in stream.getvalue()


class Broken(io.StringIO):
    """Standard error after the terminal was closed, or on a full disk."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise ValueError("I/O operation on closed file")


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    logs.configure(Broken())
    structlog.get_logger().error("delivery", key="k")


def test_a_person_at_a_terminal_reads_words() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    logs.configure(stream)
    structlog.get_logger().info("delivery", key="k", status=200)
    assert stream.getvalue().endswith("info     delivery key=k status=200\n")


def test_a_process_without_standard_error_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor may close it before the start; Python then has none at all."""
    monkeypatch.setattr(sys, "stderr", None)
    logs.configure()
    structlog.get_logger().error("delivery", key="k")
