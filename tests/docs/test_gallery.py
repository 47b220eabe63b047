"""The gallery: every template that ships, under the title it has."""

from __future__ import annotations

import re

from config.shipped import find_template, template_ids
from obligations.terms.loader import load
from tests.docs.pages import text


def test_the_gallery_shows_every_template_under_its_title() -> None:
    """A template would ship that nobody comes upon, or be shown as another than it is."""
    shown = re.findall(r"^\| \[([^\]]+)\]\(([^)]+)\) \| (.+) \|$", text("docs/gallery.md"), re.MULTILINE)
    shipped = []
    for template in template_ids():
        head = load(*find_template(template), find_template).file.template
        assert head is not None
        assert head.id == template
        shipped.append((template, f"../config/templates/{template}.yaml", head.title))
    assert shown == shipped
