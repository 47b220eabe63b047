"""The one layout of terms files loses nothing: not a value, not a comment, not the order of anything."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.shipped import find_template, template_ids
from obligations.terms.document import read
from obligations.terms.errors import TermsError
from obligations.terms.format import formatted

AWKWARD = """\
# first line
terms:   1   # the version


# about the template
template: {id: "x",   title:   'It''s "quoted": yes # not a comment'}
parties:
      one:    the one
      two: >-
          a text folded
          over lines

      three: |
          kept
            as it stands
# a comment of the outer level
clauses:
    pay:
        cite: ["1",  # the first
               "2"]
        when:
            any of:
            -   a
            -   b with c no   # why b
        remind: {legal: [90 days before the end, 61 days before the end, 31 days before the end, 7 days before the end]}
        empty: ""
        nothing:
        list:
        - name: x
          other: y
        - [a, b]
# the last word
"""


def test_an_awkward_file_is_laid_out_and_keeps_every_word() -> None:
    laid_out = formatted(AWKWARD, "x.yaml")
    assert read(laid_out, "x").tree == read(AWKWARD, "x").tree
    assert formatted(laid_out, "x.yaml") == laid_out
    for comment in (
        "# first line",
        "# the version",
        "# about the template",
        "# why b",
        "# the first",
        "# the last word",
    ):
        assert laid_out.count(comment) == 1, comment
    assert "two: a text folded over lines" in laid_out
    assert all(len(line) <= 120 for line in laid_out.splitlines())
    assert "\n\n\n" not in laid_out


def test_a_folded_text_that_needs_quotes_is_laid_out_once() -> None:
    """Each run of the formatter would change the file once more."""
    words = "the sum is two times the monthly rate, and yet in twenty-four parts: two may be meant for each month " * 2
    once = formatted(f"why: >-\n  {words.strip()}\n", "x.yaml")
    assert formatted(once, "x.yaml") == once


@pytest.mark.parametrize("name", template_ids())
def test_shipped_files_stand_in_the_layout(name: str) -> None:
    """What a person starts from is what the formatter would leave alone."""
    text, _ = find_template(name)
    assert formatted(text, name) == text


TEXT = st.text(alphabet=st.sampled_from(list("ab 1:#-?'\"{}[],&*!|>%@`\\\t\né.yn0~=")), max_size=12) | st.sampled_from(
    ["yes", "5.10", "2026-01-31", "null", "~", "- x", "a: b", "#", "word " * 40, "x" * 130, "a # b", " lead", "end "]
)
KEY = st.text(alphabet="abcd_:#' ", min_size=1, max_size=8)
TREES = st.recursive(
    TEXT, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4), max_leaves=12
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(KEY, TREES, min_size=1, max_size=5), st.booleans() | st.none(), st.sampled_from([None, '"', "'"])
)
def test_any_tree_in_any_style_comes_back_the_same(
    tree: dict[str, object], flow: bool | None, quotes: str | None
) -> None:
    """Laid out twice is laid out once, and what is read is what was read before."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.allow_unicode = flow, True
    setattr(yaml, "default_style", quotes)  # noqa: B010 -- declared as never having one
    stream = StringIO()
    yaml.dump(tree, stream)
    text = stream.getvalue().replace("!!str ", "")
    try:
        before = read(text, "x")
    except TermsError:
        return
    laid_out = formatted(text, "x")
    assert read(laid_out, "x").tree == before.tree
    assert formatted(laid_out, "x") == laid_out


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_comment_anywhere_stays(data: st.DataObject) -> None:
    """Between any two lines of a file, with any indentation, a comment is kept once."""
    lines = AWKWARD.splitlines()
    at = data.draw(st.integers(0, len(lines)))
    indent = data.draw(st.integers(0, 6))
    if any(line.endswith((">-", "|")) for line in lines[max(0, at - 4) : at]):
        return  # inside a literal text it would be text
    text = "\n".join([*lines[:at], " " * indent + "# a new one", *lines[at:]]) + "\n"
    laid_out = formatted(text, "x")
    assert laid_out.count("# a new one") == 1
    assert formatted(laid_out, "x") == laid_out


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(TermsError, match="second time"):
        formatted("a: 1\na: 2\n", "x.yaml")
