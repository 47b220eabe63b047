"""Reminds people in Slack: a direct message by e-mail address, or a message to a channel, rewritten when it changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.settings import read_settings
from connectors.slack.connector import SlackConnector
from connectors.slack.settings import SlackSettings
from obligations.ports import Connector, MachineClock

__all__ = ["SlackConnector", "connector"]


def connector(settings: Mapping[str, Any], *, machine: MachineClock) -> Connector:
    """The Slack connector; raises `ValueError` naming each setting that is wrong and what to do."""
    return SlackConnector(read_settings(SlackSettings, settings, "connectors.slack"), machine)
