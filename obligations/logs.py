"""What a log line may hold, and how it is written: never pay, never a name, never at the cost of the work.

Only the fields named here reach a line. A value that nobody thought of is dropped rather than shown, so that a body,
an address or an amount cannot slip in with a new log call or through a library.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

ALLOWED = frozenset({
    "event", "level", "timestamp",
    "key", "contract", "destination", "connector", "attempt", "verdict", "status", "state", "error",
    "worker", "count", "seconds", "chore", "logger", "head", "hold", "to", "seen", "here", "database", "destinations",
})  # fmt: skip


def configure(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send the log of this process to `stream` (standard error unless given): JSON lines, or words at a terminal."""
    target = _Forgiving(stream or sys.stderr)
    render = _words if target.isatty() else _line
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=target),  # type: ignore[arg-type]  # needs write and flush only
        cache_logger_on_first_use=False,
    )
    libraries = logging.getLogger()
    for handler in [held for held in libraries.handlers if isinstance(held, _Libraries)]:
        libraries.removeHandler(handler)
    libraries.addHandler(_Libraries(logging.WARNING))


def only_allowed(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The fields a line may hold, the rest dropped."""
    return {name: value for name, value in fields.items() if name in ALLOWED and value is not None}


def _line(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> str:
    return json.dumps(fields, default=str)


def _words(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> str:
    head = f"{fields.pop('timestamp', '')} {fields.pop('level', ''):<8} {fields.pop('event', '')}"
    return " ".join([head, *(f"{name}={value}" for name, value in fields.items())])


class _Forgiving:
    """A stream whose failures are nobody's problem: a full disk or a closed pipe must not stop a payment."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream  # none: standard error was closed before the process began

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text) if self._stream else 0
        except (OSError, ValueError):
            return 0

    def flush(self) -> None:
        try:
            if self._stream:
                self._stream.flush()
        except (OSError, ValueError):
            return

    def isatty(self) -> bool:
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False


class _Libraries(logging.Handler):
    """Says that a library warned, and which; its words are left out, since they may quote a body or an address."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log = structlog.get_logger()
        log.log(record.levelno, "a library reported trouble", logger=record.name, error=error)
