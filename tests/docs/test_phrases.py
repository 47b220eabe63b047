"""The list of phrases: each is understood, means something in a contract, and none is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from importlib import resources
from typing import Any

import pytest
from lark import Lark, Tree

from obligations.domain.event import Report
from obligations.service.contracts import Planner
from tests.docs.pages import library, merged, quoted, rows, section, terms_of, text, yaml_blocks

PAGE = text("docs/phrases.md")
HEADINGS = {
    "Days": "day_phrase",
    "Spans": "span",
    "Windows": "window_phrase",
    "Events": "event_phrase",
    "Amounts": "amount_phrase",
    "Conditions": "condition_phrase",
    "Moments of reminders": "offset_phrase",
}
LISTED = [
    (heading, phrase) for heading in HEADINGS for row in rows(section(PAGE, heading)) for phrase in quoted(row[0])
]
FIRST, *OTHERS = yaml_blocks(text("docs/terms.md"))
CONTRACT = merged(FIRST, *(block for block in OTHERS if not block.startswith("terms:")))


def _clause(heading: str, phrase: str) -> dict[str, Any]:
    """A clause in which such a phrase may stand."""
    about = {"cite": "99", "who": "consultant owes client"}
    match heading:
        case "Days" if phrase == "end of pay period":
            return {**about, "pay": "yearly_pay", "when": "ended", "by": phrase, "per": "period days"}
        case "Days":
            return {**about, "task": "Something", "when": "breach_notice", "by": phrase}
        case "Spans":
            return {**about, "task": "Something", "when": "breach_notice", "by": f"{phrase} after breach_notice"}
        case "Windows":
            return {**about, "give": "Something", "when": "started", "during": phrase}
        case "Events":
            return {**about, "task": "Something", "when": phrase, "by": "unstated"}
        case "Amounts":
            return {**about, "pay": phrase, "when": "invoice_sent", "by": "unstated"}
        case "Conditions" if "its day" in phrase:
            series = {"every": "1 year", "times": "3"}
            return {**about, "task": "Something", "when": "started", "series": series, "if_each": phrase}
        case "Conditions":
            return {**about, "task": "Something", "when": "started", "if": phrase, "by": "unstated"}
        case _:
            reminders = {"lead": [phrase]}
            return {**about, "give": "Something", "when": "started", "during": "first_year", "remind": reminders}


@pytest.mark.parametrize(("heading", "phrase"), LISTED, ids=[phrase for _, phrase in LISTED])
def test_the_phrase_is_understood_where_it_may_stand(heading: str, phrase: str) -> None:
    """A person would write what the page lists and be refused."""
    terms_of(merged(CONTRACT, json.dumps({"clauses": {"listed": _clause(heading, phrase)}})))


@pytest.mark.parametrize("fragment", yaml_blocks(PAGE), ids=lambda fragment: fragment.split(":")[1].strip())
def test_maps_of_phrases_are_understood(fragment: str) -> None:
    """A person would copy a list of amounts or conditions and be refused."""
    planner = Planner(library())
    terms = terms_of(merged(CONTRACT, fragment))
    for happened in ([], [Report("1", "started", date(2027, 1, 15)), Report("2", "ended", date(2027, 9, 1))]):
        planner.plan(terms, happened, date(2027, 10, 1))


def test_every_phrase_of_the_grammar_is_listed() -> None:
    """The language would hold a phrase that nobody could find out about."""
    grammar = (resources.files("obligations.terms") / "phrases.lark").read_text(encoding="utf-8")
    parser = Lark(grammar, start=[*HEADINGS.values()], parser="lalr", maybe_placeholders=False)
    # One-off questions on the command line repeat what days and windows say.
    known = {str(rule.alias or rule.origin.name) for rule in parser.rules if not str(rule.origin.name).startswith("_")}
    named = {name for name in known if name not in {*HEADINGS.values()} and not _is_passage(parser, name)}
    seen = {name for heading, phrase in LISTED for name in _names(parser.parse(phrase, start=HEADINGS[heading]))}
    assert named - seen == set()


def _is_passage(parser: Lark, name: str) -> bool:
    """Whether a rule only leads on to others and never stands in a tree itself."""
    return any(str(rule.origin.name) == name and rule.options.expand1 for rule in parser.rules)


def _names(tree: Tree[Any]) -> Iterator[str]:
    for node in tree.iter_subtrees():
        yield str(node.data)
