"""The console: what a person sees who tries the service before it speaks to anyone."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.console import ConsoleConnector, connector
from obligations.domain.delivery import PushKind, Verdict
from obligations.ports import Claim
from obligations.testing.clocks import FixedMachineClock

MakeClaim = Callable[..., Claim]
CLOCK = FixedMachineClock(datetime(2006, 10, 16, tzinfo=UTC))


async def test_a_reminder_is_one_readable_block(capsys: pytest.CaptureFixture[str], reminder: MakeClaim) -> None:
    """A person could not see what would be sent to whom."""
    outcome = await connector({}, machine=CLOCK).deliver(reminder(content={"facts": [["Due", "2006-12-01"]]}))
    assert outcome.verdict is Verdict.DELIVERED
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "── REMINDER for hr-manager <hr@example.com> ".ljust(80, "─"),
        "  Severance instalment 3 of 12",
        "  Due                 2006-12-01",
        "  Section 7(b)",
        "  occurrence          0a4f6a52-6df3-5c0c-8b50-5a3f1f1b7d02",
        "─" * 80,
    ]


@pytest.mark.parametrize(
    ("late_seconds", "said", "unsaid"),
    [
        (0.0, "2006-12-01 (in 7 days)", "late"),
        (86_400 * 18.0, "meant for 2006-11-24, 18 days late", "in 7 days"),
        (86_400.0, "meant for 2006-11-24, 1 day late", "in 7 days"),
    ],
)
async def test_a_reminder_that_goes_late_says_so_and_not_how_far_its_day_once_was(
    capsys: pytest.CaptureFixture[str], reminder: MakeClaim, late_seconds: float, said: str, unsaid: str
) -> None:
    """After a week of downtime a duty that was missed would still be announced as days away."""
    content = {"facts": [["Due", "2006-12-01"]], "left": "in 7 days", "meant_for": "2006-11-24"}
    await connector({}, machine=CLOCK).deliver(reminder(content=content, late_seconds=late_seconds))
    shown = capsys.readouterr().out
    assert said in shown
    assert unsaid not in shown


async def test_an_action_is_shown_without_its_amount(capsys: pytest.CaptureFixture[str], action: MakeClaim) -> None:
    """A demonstration on a shared screen would show what somebody is paid."""
    await connector({}, machine=CLOCK).deliver(action())
    shown = capsys.readouterr().out
    assert "ACTION for payroll" in shown
    assert "obligations.payroll_action.due.v1" in shown
    assert "125000" not in shown
    assert "Zoë" not in shown


async def test_an_edit_is_shown_as_an_update(capsys: pytest.CaptureFixture[str], reminder: MakeClaim) -> None:
    """A moved date would look like a second obligation."""
    content = {"edits": {"channel": "C1", "ts": "1.1"}}
    await connector({}, machine=CLOCK).deliver(reminder(kind=PushKind.EDIT, content=content))
    assert "UPDATE for hr-manager" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        {"title": "t" * 500, "note": "n" * 500, "facts": [["l" * 90, "v" * 900], ["", ""], ["label", ""]] * 40},
        {"title": "words " * 100, "note": "first line\n\nsecond line\x1b[2J\x07\u202e " * 9},
        {"title": "\u200b", "text": "\u200b"},
    ],
)
async def test_no_line_is_wider_than_80_columns_or_steers_the_terminal(
    capsys: pytest.CaptureFixture[str], reminder: MakeClaim, content: dict[str, Any]
) -> None:
    """A name in a contract could clear the screen and write its own text there."""
    await connector({}, machine=CLOCK).deliver(reminder(content=content, destination="d" * 200))
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert {letter for letter in shown if unicodedata.category(letter) == "Cc"} == {"\n"}
    assert "\u202e" not in shown


async def test_a_terminal_without_unicode_still_shows_it(reminder: MakeClaim) -> None:
    """A server with an old locale would refuse every reminder."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    outcome = await ConsoleConnector(lambda: stream).deliver(reminder())
    assert outcome.verdict is Verdict.DELIVERED
    assert b"Severance instalment" in raw.getvalue()


class _Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def _closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [_Full(), _closed()], ids=["full", "closed"])
async def test_output_that_cannot_be_written_is_a_retry(reminder: MakeClaim, stream: io.StringIO) -> None:
    """A reminder nobody could read would be called delivered, or would stop the daemon."""
    outcome = await ConsoleConnector(lambda: stream).deliver(reminder())
    assert outcome.verdict is Verdict.RETRY
    assert "standard output" in outcome.detail


def test_there_is_nothing_to_set() -> None:
    """A setting meant for another connector would be ignored silently."""
    with pytest.raises(ValueError, match=r"connectors\.console\.width: there is no such setting"):
        connector({"width": 100}, machine=CLOCK)
