"""The settings of an installation: from the environment, else from the configuration file, else the defaults."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import time
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

APP = "obligations"
FILE_NAME = "obligations.toml"


class BadSettings(ValueError):
    """A setting cannot be used; the message names it, where it stands, and what to write instead."""


class SendingSettings(BaseModel):
    """Which connectors carry what, and at which local hours."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reminders: str = "slack"
    actions: str = "http"
    remind_at: time = time(9)
    act_at: time = time(9)

    @field_validator("remind_at", "act_at")
    @classmethod
    def _local(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError("is a local hour in each contract's own zone; write it without an offset, such as 09:00")
        return at


class OperationsSettings(BaseModel):
    """How the daemon is watched."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    listen: str = ""
    token: SecretStr = SecretStr("")
    heartbeat_url: SecretStr = SecretStr("")
    heartbeat_seconds: float = Field(default=60, ge=1, le=86_400)
    overdue_most_seconds: float = Field(default=300, ge=0, allow_inf_nan=False)

    @field_validator("listen")
    @classmethod
    def _address(cls, listen: str) -> str:
        host, _, port = listen.rpartition(":")
        if listen and not (listen.startswith("unix:/") or (host and port.isdecimal() and int(port) < 65_536)):
            raise ValueError("is an address and a port such as 127.0.0.1:9464, or unix:/path/to/socket")
        return listen

    @field_validator("heartbeat_url")
    @classmethod
    def _url(cls, url: SecretStr) -> SecretStr:
        said = url.get_secret_value()
        if said and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s#]*)?", said):
            raise ValueError("is a URL such as https://hc-ping.com/your-check")
        return url


class Settings(BaseSettings):
    """Everything an installation can be told; `config/defaults.toml` explains each line."""

    model_config = SettingsConfigDict(
        env_prefix="OBLIGATIONS_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr = SecretStr("")
    tenant: str = Field(default="", max_length=80)
    calendars: str = ""
    sending: SendingSettings = SendingSettings()
    operations: OperationsSettings = OperationsSettings()
    engine: dict[str, Any] = Field(default_factory=dict)
    connectors: dict[str, dict[str, Any]] = Field(default_factory=dict)
    slack_token: SecretStr | None = None
    ledger_key: SecretStr | None = None
    ledger_key_file: str = ""
    dangerous_clock: Path | None = None
    dangerous_kill_at: str | None = None
    log: Literal["debug", "info", "warning"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the configuration file handed in; no .env file is read."""
        return env_settings, init_settings

    def database(self) -> str:
        """The database's URL: as set, else one SQLite file in the platform's data folder."""
        return self.database_url.get_secret_value() or f"sqlite:///{user_data_path(APP) / 'obligations.sqlite3'}"

    def connector_settings(self, name: str) -> dict[str, Any]:
        """The table of one connector, with the Slack token from the environment put in its place."""
        table = dict(self.connectors.get(name, {}))
        if name == "slack" and self.slack_token is not None:
            table["token"] = self.slack_token.get_secret_value()
        return table


def config_path() -> Path:
    """The configuration file: where OBLIGATIONS_CONFIG says, else in the platform's configuration folder."""
    named = os.environ.get("OBLIGATIONS_CONFIG")
    return Path(named) if named else user_config_path(APP) / FILE_NAME


def default_text() -> str:
    """The shipped configuration file, every default with its comment."""
    return (resources.files("config") / "defaults.toml").read_text(encoding="utf-8")


def first_text() -> str:
    """The configuration to begin with: the shipped one, with reminders on the console until Slack is set up.

    Instructions keep going by HTTP: shown on a console they would count as delivered, and nobody would be paid.
    """
    usual, first = 'reminders = "slack"', 'reminders = "console"   # to begin with; "slack" once it is set up below'
    return default_text().replace(usual, first)


def read_settings(path: Path | None = None) -> Settings:
    """The settings in force; raises `BadSettings` naming each one that is wrong and where it stands."""
    path = path or config_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if os.environ.get("OBLIGATIONS_CONFIG"):
            raise BadSettings(
                f"OBLIGATIONS_CONFIG names {path}, which does not exist; write it with `obligations init`"
            ) from None
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} cannot be read ({type(error).__name__}); check who may read it") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path} is not readable as TOML: {error}") from None
    try:
        return Settings(**table)
    except SettingsError as error:
        raise BadSettings(f"the environment (OBLIGATIONS_...) cannot be read: {error}") from None
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc']))}: {_said(fault['type'], fault['msg'])}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        where = f"{path} or the environment (OBLIGATIONS_...)"
        raise BadSettings("\n".join(f"{fault} (in {where})" for fault in faults)) from None


def _said(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such setting; config/defaults.toml lists them all"
    return message.removeprefix("Value error, ")
