"""A database that is away, or locked, when the daemon starts: it is waited for; what only a person can mend is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from config.settings import SendingSettings, Settings
from obligations import app
from obligations.app import open_daemon
from obligations.ports import StoreRefuses
from obligations.store import open_store

AWAY = "the store is away; nothing is sent until it is back"


class Waiting:
    """Waits by doing, each time, the next thing of a list; it is a fault to wait once they are done."""

    def __init__(self, *things: Callable[[], object]) -> None:
        self.things = list(things)
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.things.pop(0)()


def nothing() -> None:
    return None


def settings(url: str, folder: Path) -> Settings:
    said = SendingSettings(reminders="console", actions="console")
    return Settings(database_url=SecretStr(url), ledger_key_file=str(folder / "ledger.key"), sending=said)


async def test_a_server_that_comes_up_after_the_daemon_is_waited_for(postgres_url: str, tmp_path: Path) -> None:
    """After a power cut the machine of the database may be the last to be back; nobody is there to start a daemon
    again that gave up."""
    at, folder = postgres_url.split("host=")
    later = tmp_path / "later"
    wait = Waiting(*[nothing] * 12, lambda: later.symlink_to(folder))
    with capture_logs() as lines, open_daemon(settings(f"{at}host={later}", tmp_path), wait=wait) as running:
        await running.daemon._recover()
        await running.daemon._close()
    assert wait.things == []
    assert wait.seconds[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(wait.seconds) == 15
    said = [(line["log_level"], line["event"]) for line in lines if "the store is" in line["event"]]
    assert said == [("warning", AWAY), ("error", AWAY), ("info", "the store is back")]
    assert "No such file" in next(line["error"] for line in lines if line["event"] == AWAY)
    # Others may have waited too, with answers in hand.
    assert running.daemon._housekeeping._away_at > 0


def test_a_file_that_another_program_keeps_locked_is_waited_for(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "DAEMON_PATIENCE_SECONDS", 0.05)
    open_store(sqlite_url).close()
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    wait = Waiting(nothing, nothing, lambda: other.execute("ROLLBACK"))
    with capture_logs() as lines, open_daemon(settings(sqlite_url, tmp_path), wait=wait) as running:
        assert wait.things == []
        running.daemon.pump.thread.close()
    other.close()
    assert [line["event"] for line in lines if "the store is" in line["event"]] == [AWAY, "the store is back"]
    assert "busy" in next(line["error"] for line in lines if line["event"] == AWAY)


@pytest.mark.parametrize("wrong", ["database", "user", "rights", "option", "value"])
def test_what_only_a_person_can_mend_is_said_at_once(postgres_url: str, tmp_path: Path, wrong: str) -> None:
    """Waiting for a password to become right looks like a daemon that works."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS weak")
        connection.execute("CREATE ROLE weak LOGIN")
    url = {
        "database": postgres_url.replace("/test_", "/no_such_"),
        "user": postgres_url.replace("postgres@", "nobody@"),
        "rights": postgres_url.replace("postgres@", "weak@"),
        "option": f"{postgres_url}&slmode=require",
        "value": f"{postgres_url}&sslmode=perhaps",
    }[wrong]
    with pytest.raises(StoreRefuses, match="check that"), open_daemon(settings(url, tmp_path), wait=Waiting()):
        pass
