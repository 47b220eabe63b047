"""The page of what the language covers: each construct is explained, run in the reference, and used where it says."""

from __future__ import annotations

import re

import pytest

from config.shipped import find_template, template_ids
from tests.docs.pages import rows, text, yaml_blocks

ROWS = rows(text("docs/coverage.md"))
# Run by the tests of their pages: every YAML block, and every phrase of a table.
REFERENCE = {
    "terms.md": "\n".join(yaml_blocks(text("docs/terms.md"))),
    "phrases.md": text("docs/phrases.md"),
}


def _is_used(words: str, where: str) -> bool:
    """Whether a text uses a word or phrase; what it says to readers alone does not count."""
    stated = [re.sub(r"#.*|\b(says|why|ask|cite|title|name): *[^,}]*", "", line) for line in where.splitlines()]
    return any(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", line) for line in stated)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_construct_is_run_in_the_reference(row: tuple[str, ...]) -> None:
    """A person looks for what an agreement says and finds no example that holds."""
    assert _is_used(row[2].strip("`"), REFERENCE[row[3]])


@pytest.mark.parametrize("row", [row for row in ROWS if row[4] != "—"], ids=lambda row: row[0])
def test_a_template_that_is_named_uses_it(row: tuple[str, ...]) -> None:
    assert _is_used(row[2].strip("`"), find_template(row[4])[0])


@pytest.mark.parametrize("row", [row for row in ROWS if row[4] == "—"], ids=lambda row: row[0])
def test_what_no_template_is_named_for_none_uses(row: tuple[str, ...]) -> None:
    """A template that begins to use it is named here."""
    users = [name for name in template_ids() if _is_used(row[2].strip("`"), find_template(name)[0])]
    assert users == []


def test_the_constructs_are_all_there() -> None:
    assert len({row[0] for row in ROWS}) == 35
