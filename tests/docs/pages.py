"""The project's pages as the tests read them: their code blocks, their tables, the contracts in them."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.settings import Settings
from obligations.app import make_library
from obligations.service import Library
from obligations.service.contracts import Planner
from obligations.terms.document import read
from obligations.terms.terms import Terms

TOP = Path(__file__).resolve().parents[2]
DOCS = TOP / "docs"
PAGES = tuple(sorted([*TOP.glob("*.md"), *DOCS.rglob("*.md"), *(TOP / "connectors").rglob("*.md")]))


def text(name: str) -> str:
    """The text of a page, by its path from the top folder."""
    return (TOP / name).read_text(encoding="utf-8")


def yaml_blocks(page: str) -> tuple[str, ...]:
    """Every block marked as YAML, in page order."""
    return tuple(re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL))


def indented_blocks(page: str) -> Iterator[str]:
    """Every block of indented lines, such as commands with their output, without the indent."""
    for block in re.findall(r"(?:^(?: {4}.*)?\n)+", page, re.MULTILINE):
        if block.strip():
            yield textwrap.dedent(block).strip("\n")


def section(page: str, heading: str) -> str:
    """What stands under a heading, up to the next heading of its level or above."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n", page, re.MULTILINE)
    assert found, f"there is no heading {heading!r}"
    rest = page[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(part: str) -> tuple[tuple[str, ...], ...]:
    """The rows of every table in a part of a page, without the heads; each a tuple of its cells."""
    found = []
    head = True
    for line in part.splitlines():
        if not line.startswith("|"):
            head = True
        elif set(line) <= set("|- "):
            head = False
        elif not head:
            found.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return tuple(found)


def quoted(cell: str) -> tuple[str, ...]:
    """Whatever stands between backticks."""
    return tuple(re.findall(r"`([^`]+)`", cell))


# --- contracts ------------------------------------------------------------------------------------------------------


def library() -> Library:
    """Templates, calendars and zones as they ship."""
    return make_library(Settings())


def terms_of(source: str, name: str = "page.yaml") -> Terms:
    """A whole terms file, loaded and checked."""
    return Planner(library()).terms(source, name)


def merged(*sources: str) -> str:
    """Several pieces of terms as one file, later ones added to earlier ones."""
    whole: dict[str, Any] = {}
    for source in sources:
        _add(whole, read(source, "fragment").tree)
    # What is JSON is YAML.
    return json.dumps(whole)


def _add(whole: dict[str, Any], part: Any) -> None:
    for key, value in part.items():
        if isinstance(value, dict) and isinstance(whole.get(key), dict):
            _add(whole[key], value)
        else:
            whole[key] = value
