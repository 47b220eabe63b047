"""The commands: each one and each of its options is documented, and every command line in the pages exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from config.shipped import template_ids
from obligations.cli import app, failures
from obligations.cli.shell import Exit
from tests.docs.pages import DOCS, TOP, indented_blocks, rows, section, text

PAGE = text("docs/commands.md")


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its words, those of groups after the group's."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield before + name, command


COMMANDS: dict[str, Any] = dict(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_command_and_its_options_are_explained(name: str) -> None:
    """A person could not know what the command can do."""
    told = section(PAGE, name)
    options = [one.opts[0] for one in COMMANDS[name].params if one.param_type_name == "option"]
    missing = [option for option in options if f"`{option}" not in told and f" {option} " not in told]
    assert missing == []


def test_no_command_is_promised_that_does_not_exist() -> None:
    """A person would type what the page says and be told it is unknown."""
    assert set(re.findall(r"^## (.+)$", PAGE, re.MULTILINE)) == set(COMMANDS)


def test_every_type_of_error_is_explained_with_its_exit_code() -> None:
    """A program would meet an error that it was never told of."""
    source = (TOP / "obligations/cli/failures.py").read_text(encoding="utf-8")
    called = {*re.findall(r'called="(\w+)"', source), *failures._CALLED.values(), "terms", "aborted"} - {"findings"}
    told = {row[0].strip("`"): int(row[1]) for row in rows(section(PAGE, "Errors for programs"))}
    assert told.keys() == called
    assert {name: told[name] for name in failures._CALLED.values() if name != "findings"} == {
        name: code for code, name in failures._CALLED.items() if name != "findings"
    }


def test_the_exit_codes_are_the_program_s() -> None:
    """A script would branch on a code that means something else."""
    assert {int(row[0]) for row in rows(PAGE.partition("## ")[0])} == {*map(int, Exit)}


def _command_lines() -> Iterator[tuple[str, str]]:
    for page in [*TOP.glob("*.md"), *DOCS.rglob("*.md")]:
        content = page.read_text(encoding="utf-8")
        for block in indented_blocks(content):
            for line in block.replace("\\\n", " ").splitlines():
                if re.match(r"(\$ )?obligations ", line):
                    yield page.name, line.removeprefix("$ ")
        for line in re.findall(r"`(obligations [^`]+)`", content):
            yield page.name, line.replace("\n", " ")


@pytest.mark.parametrize(("page", "line"), sorted(set(_command_lines())))
def test_command_lines_in_the_pages_exist(page: str, line: str) -> None:
    """A person would copy a command that is refused."""
    words = shlex.split(re.sub(r"\.\.\.|…|\[[A-Z]+\]", "", line), comments=True)[1:]
    name = " ".join(words[:2]) if " ".join(words[:2]) in COMMANDS else words[0]
    assert name in COMMANDS or words == ["COMMAND", "--help"], page
    if name in COMMANDS:
        known = {option for one in COMMANDS[name].params for option in one.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, page


def test_the_templates_to_start_from_are_listed() -> None:
    """A person would not learn what `init` can start from; files that state one real document are in the gallery."""
    listed = [row[0].strip("`") for row in rows(section(PAGE, "init"))]
    assert listed == [template for template in template_ids() if not template[-1].isdigit()]
