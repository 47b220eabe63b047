"""Each connector's instructions are complete, and their example works."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import connectors
from connectors.console import ConsoleSettings
from connectors.http.settings import Destination, HttpSettings
from connectors.settings import Table
from connectors.slack.answers import CREDENTIAL
from connectors.slack.settings import SlackSettings
from obligations.clocks import SystemMachineClock

FOLDER = Path(connectors.__path__[0])
TABLES: dict[str, list[type[Table]]] = {
    "console": [ConsoleSettings],
    "http": [HttpSettings, Destination],
    "slack": [SlackSettings],
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_setting_is_explained(name: str) -> None:
    """A person could not know that a setting exists."""
    text = (FOLDER / name / "README.md").read_text()
    for table in TABLES[name]:
        for setting in table.model_fields:
            assert f"`{setting}`" in text or f"[connectors.{name}.{setting}" in text, setting


@pytest.mark.parametrize("name", sorted(TABLES))
async def test_the_example_works(name: str) -> None:
    """The first thing a person copies would be refused."""
    text = (FOLDER / name / "README.md").read_text()
    example = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert example is not None
    settings = tomllib.loads(example[1])["connectors"][name]
    (entry,) = entry_points(group="obligations.connectors", name=name)
    await entry.load()(settings, machine=SystemMachineClock()).close()


def test_slacks_credential_errors_are_explained() -> None:
    """A person who reads an error in the alarm would not find it in the instructions."""
    text = (FOLDER / "slack" / "README.md").read_text()
    assert [code for code in CREDENTIAL if f"`{code}`" not in text] == []
