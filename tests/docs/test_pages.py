"""The pages together: links lead somewhere, lists are whole, the version is one."""

from __future__ import annotations

import re
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, TOP, text


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as they are made where pages are shown."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(TOP)) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """A reader would click and find nothing."""
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


def test_every_page_is_in_the_index() -> None:
    """A page would exist that nobody comes upon."""
    index = text("docs/README.md")
    unlisted = [page.name for page in DOCS.glob("*.md") if page.name != "README.md" and f"({page.name})" not in index]
    assert unlisted == []


def test_the_list_of_decisions_is_the_decisions() -> None:
    """A decision would be lost from view, or be listed under other words than it has."""
    listed = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \|$", text("docs/decisions/README.md"), re.MULTILINE)
    pages = sorted(page for page in (DOCS / "decisions").glob("*.md") if page.name != "README.md")
    told = [(number, name, f"# {number} {title}") for number, name, title in listed]
    assert told == [(page.name[:4], page.name, page.read_text(encoding="utf-8").splitlines()[0]) for page in pages]


def test_decisions_have_their_three_parts() -> None:
    """A reader who disagrees would not find which evidence wins."""
    for page in (DOCS / "decisions").glob("0*.md"):
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["The choice", "What was refused", "What would change our mind"], page.name


def test_the_newest_version_in_the_changelog_is_the_package_s() -> None:
    """Somebody who upgrades would read about another version than they have."""
    newest = re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version("obligations")


def test_every_connector_has_its_instructions() -> None:
    """A connector would be installed that nobody can set up."""
    for point in entry_points(group="obligations.connectors"):
        if point.value.startswith("connectors."):
            assert (TOP / "connectors" / point.name / "README.md").is_file(), point.name
            assert f"connectors/{point.name}/README.md" in text("README.md")
