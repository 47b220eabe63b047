"""The settings: written down with their defaults, in the shipped file and on the page on operations."""

from __future__ import annotations

import json
import tomllib
from dataclasses import MISSING, fields
from typing import Any

import pytest

from config.settings import OperationsSettings, SendingSettings, Settings, default_text, read_settings
from obligations.app import engine_settings
from obligations.engine.settings import EngineSettings
from tests.docs.pages import quoted, rows, section, text

PAGE = section(text("docs/operations.md"), "Settings")
SHIPPED: dict[str, Any] = tomllib.loads(default_text())
# setting → its name in the environment, and its default, as the page tells them
TOLD = {quoted(row[0])[0]: row for row in rows(PAGE) if len(row) == 4}
ENGINE_TOLD = {quoted(row[0])[0]: row[1] for row in rows(PAGE) if len(row) == 3}
ENGINE = {field.name: field for field in fields(EngineSettings)}
SINGLE = {
    *(name for name in Settings.model_fields if name not in ("sending", "operations")),
    *(f"operations.{name}" for name in OperationsSettings.model_fields),
    *(f"sending.{name}" for name in SendingSettings.model_fields),
}


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [row[1].strip("`") for row in TOLD.values()]:
        monkeypatch.delenv(name, raising=False)


def test_the_shipped_file_says_what_the_program_does() -> None:
    """A person would leave a line out and get something else than the file told them."""
    shipped = Settings(**SHIPPED)
    assert shipped.model_copy(update={"engine": {}}) == Settings()
    assert engine_settings(shipped) == EngineSettings()


def test_the_shipped_file_names_settings_that_exist() -> None:
    """A person would change a number that nothing reads."""
    assert set(SHIPPED) <= set(Settings.model_fields)
    assert set(SHIPPED["engine"]) <= set(ENGINE)


def test_every_setting_is_explained() -> None:
    """A setting would exist that nobody could find out about, or be told of that does not exist."""
    assert set(TOLD) == SINGLE
    assert set(ENGINE_TOLD) == set(ENGINE)


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_s_defaults_are_told(name: str) -> None:
    """An operator would reckon with another time-out than the one in force."""
    field = ENGINE[name]
    default = field.default if field.default is not MISSING else None
    told = ENGINE_TOLD[name]
    if default is None:
        assert told == "none"
    elif isinstance(default, tuple):
        assert tuple(float(part) for part in told.split(",")) == default
    else:
        assert float(told) == default


OTHER_VALUES = {
    "database_url": "postgresql://somebody@db.example.com/obligations",
    "tenant": "north",
    "sending.reminders": "console",
    "sending.actions": "console",
    "sending.remind_at": "07:30",
    "sending.act_at": "07:45",
    "operations.listen": "127.0.0.1:9464",
    "operations.token": "secret",
    "operations.heartbeat_url": "https://hc.example.com/check",
    "operations.heartbeat_seconds": "30",
    "operations.overdue_most_seconds": "600",
    "slack_token": "xoxb-1",
    "ledger_key": "ab" * 32,
    "ledger_key_file": "/nowhere/ledger.key",
    "log": "warning",
    "calendars": "/nowhere/calendars",
    "engine": '{"timeout_seconds": 20}',
    "connectors": '{"console": {}}',
    "dangerous_clock": "/nowhere/clock.json",
    "dangerous_kill_at": "sent",
}


@pytest.mark.parametrize("name", sorted(TOLD))
def test_the_environment_sets_it(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """An operator would set a variable that nothing reads."""
    before = _value(read_settings(tmp_path / "none.toml"), name)
    monkeypatch.setenv(quoted(TOLD[name][1])[0], OTHER_VALUES[name])
    after = read_settings(tmp_path / "none.toml")
    assert _value(after, name) != before
    if name == "engine":
        assert engine_settings(after).timeout_seconds == json.loads(OTHER_VALUES[name])["timeout_seconds"]


def _value(settings: Settings, name: str) -> Any:
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found
