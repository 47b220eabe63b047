"""Whatever stands in a file or a phrase, only our own errors come out, with a place, and quickly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.shipped import find_template
from obligations.terms.errors import PhraseError, TermsError
from obligations.terms.literals import day_literal
from obligations.terms.loader import load
from obligations.terms.phrases import (
    amount_phrase,
    condition_phrase,
    day_phrase,
    event_phrase,
    offset_phrase,
    span_phrase,
    when_phrase,
    window_phrase,
)
from obligations.terms.values import NotAValue, typed
from tests.terms.test_contract_files import CONTRACT
from tests.terms.test_errors import PLAIN

E = TypeVar("E", bound=Exception)


def refusal(kind: type[E], call: Callable[..., object], *arguments: object) -> E | None:
    """The error of ours that a call ends in, or None; any other error is a fault and comes through."""
    try:
        call(*arguments)
    except kind as error:
        return error
    return None


PARSERS: list[Callable[[str], object]] = [
    day_phrase,
    window_phrase,
    event_phrase,
    amount_phrase,
    condition_phrase,
    offset_phrase,
    span_phrase,
    when_phrase,
    day_literal,
]
WORDS = (
    "first last day days business calendar clear of after before following beginning on to from the end start trigger"
    " month receipt pay period unstated never with and during noticed not below percent every until done at once is"
    " + - * / ( ) is at least most above happened by falls whole years highest units EUR"
    " x started 0 1 30 2.5 25% 2006-02-30 2006-10-16 99999999999 -1 : # [ { é \u0663 \uff10 \0 \ud800"
).split(" ")
phrase = st.one_of(st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join), st.text(max_size=40))


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@given(text=phrase)
@settings(max_examples=150, deadline=1000)
@example(text="")
@example(text="9" * 5000 + " days after x")
@example(text="0" * 5000 + " days before")
@example(text="1 day after " * 400 + "x")
@example(text="month end of " * 9000 + "x")
def test_a_phrase_is_understood_or_refused_in_words(parse: Callable[[str], object], text: str) -> None:
    error = refusal(PhraseError, parse, text)
    assert error is None or (str(error) and 0 <= error.offset <= len(text))


KINDS = ["date", "money", "units", "hours", "span", "yes_or_no", "payroll_calendar", "text"]
value = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,12})?(e-?[0-9]{1,10})?", fullmatch=True),
    st.sampled_from(
        ["NaN", "sNaN", "Infinity", "1_000", "٣", "1e999999999", "1e-999999999", "99 days ending 2006-02-30"]
    ),
)


@given(st.sampled_from(KINDS), value)
@settings(max_examples=300, deadline=1000)
def test_a_value_is_typed_or_refused_in_words(kind: str, text: str) -> None:
    error = refusal(NotAValue, typed, text, kind, "USD")
    assert error is None or str(error)


def loads_or_says_why(text: str) -> None:
    error = refusal(TermsError, load, text, "fuzz.yaml", find_template)
    if error is not None:
        assert error.findings
        assert all(one.file and one.message and one.place.line >= 1 for one in error.findings)


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=1000)
def test_any_text_is_loaded_or_refused(text: str) -> None:
    loads_or_says_why(text)


MARKS = ["\n", "  ", "- ", ": ", "{", "}", "[", "]", "&a ", "*a", "!!int ", "|", ">", "'", '"', "\t", "---\n", "%A\n"]
SNIPPETS = st.one_of(st.sampled_from([*WORDS, *MARKS]), st.text(max_size=4))


@given(st.sampled_from([PLAIN, CONTRACT]), st.data())
@settings(max_examples=250, deadline=2000)
def test_a_file_with_a_few_slips_is_loaded_or_refused(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(SNIPPETS) + text[end:]
    loads_or_says_why(text)


KEYS = [*WORDS[:20], "reading", "any of", "first of", "plain", "clear"]
TREES = st.recursive(
    st.one_of(phrase, st.sampled_from(["yes", "none", "5", "started", "employee owes company"])),
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), children, max_size=4),
    ),
    max_leaves=6,
)
CLAUSE_WORDS = (
    "cite who task pay grant vest accelerate accrue give watch power when if if_each unless requires by exactly"
    " not_before cancel_if instead_of postpone to during series schedule"
    " vesting_day soft_by roll per unit closed_by until closes if_missed then surviving says do remind prove"
).split()


def shown(tree: object) -> str:
    """A tree as YAML in flow style, every scalar quoted."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{shown(key)}: {shown(part)}" for key, part in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(shown(part) for part in tree) + "]"
    return "'" + str(tree).replace("'", "''").replace("\n", " ") + "'"


@given(st.dictionaries(st.sampled_from(CLAUSE_WORDS), TREES, max_size=6))
@settings(max_examples=300, deadline=2000)
def test_a_clause_of_any_shape_is_loaded_or_refused(clause: dict[str, object]) -> None:
    base = {"cite": "1", "who": "employee owes company", "task": "Submit", "by": "started"}
    loads_or_says_why(PLAIN + f"  odd: {shown({**base, **clause})}\n")
