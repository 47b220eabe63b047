"""Instructs systems by signed HTTP POST: one request for each attempt, the same bytes and key every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.http.connector import HttpConnector
from connectors.http.settings import HttpSettings
from connectors.settings import read_settings
from obligations.ports import Connector, MachineClock

__all__ = ["HttpConnector", "connector"]


def connector(settings: Mapping[str, Any], *, machine: MachineClock) -> Connector:
    """The HTTP connector; raises `ValueError` naming each setting that is wrong and what to do."""
    return HttpConnector(read_settings(HttpSettings, settings, "connectors.http"), machine)
