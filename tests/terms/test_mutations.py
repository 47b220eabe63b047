"""Files with slips in them are planned or refused in words: no traceback, quickly, and in little memory."""

from __future__ import annotations

import re

import pytest

from config.shipped import find_template, template_ids
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.terms.mutations import campaign

# Ten thousand of them run with `make soak`; here a share of them that takes some twenty seconds of one processor.
FILES = 200


def test_mutated_files_are_planned_or_refused_in_words() -> None:
    ran, grown = campaign(range(FILES))
    assert {one.outcome for one in ran} >= {"planned", "refused"}, "the slips reach every stage"
    slow = [one for one in ran if one.seconds >= 1]
    assert not slow
    assert grown < 50_000_000


@pytest.mark.parametrize("name", template_ids())
def test_a_misspelled_reading_is_found_wherever_it_stands(name: str) -> None:
    """A choice that no part of `check` looks at would end a plan in a traceback, on the day it is asked."""
    text, called = find_template(name)
    for match in re.finditer(r"reading: ([a-z0-9_]+)", text):
        with pytest.raises(TermsError, match="zzz"):
            load(f"{text[: match.start(1)]}zzz{text[match.end(1) :]}", called, find_template)
