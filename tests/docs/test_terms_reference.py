"""The reference of the terms language: everything in it is accepted, planned, and complete."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from obligations.cli import app
from obligations.domain.event import Report
from obligations.domain.occurrence import PowerState, State
from obligations.planning.examples import run_examples
from obligations.service.contracts import Planner
from obligations.terms import caps, clause, declared, fields, model, stories, tables
from obligations.terms.amendment import amend
from obligations.terms.check import RESERVED
from obligations.terms.errors import TermsError
from tests.docs.pages import indented_blocks, library, merged, quoted, rows, section, terms_of, text, yaml_blocks

PAGE = text("docs/terms.md")
BLOCKS = yaml_blocks(PAGE)
FIRST = BLOCKS[0]
WHOLE = [block for block in BLOCKS if block.startswith("terms:") and "\namends:" not in block]
(AMENDMENT,) = (block for block in BLOCKS if "\namends:" in block)
FRAGMENTS = [block for block in BLOCKS if not block.startswith("terms:")]


@pytest.mark.parametrize("source", WHOLE, ids=lambda source: source.splitlines()[1])
def test_whole_files_hold(source: str) -> None:
    """The first file a person copies would be refused, or come to other dates than it says."""
    terms = terms_of(source)
    planner = Planner(library())
    assert terms.file.examples
    assert run_examples(terms, planner.plan) == ()


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda fragment: fragment[:20])
def test_fragments_fit_into_the_first_contract(fragment: str) -> None:
    """A fragment that a person copies would be refused, or bring the planning down."""
    terms = terms_of(merged(FIRST, fragment))
    planner = Planner(library())
    assert run_examples(terms, planner.plan) == ()
    happened = [
        Report("1", "started", date(2027, 1, 15)),
        Report("2", "breach_notice", date(2027, 3, 1)),
        Report("3", "notice", date(2027, 4, 1)),
        Report("4", "ended", date(2027, 5, 3)),
    ]
    for count in range(len(happened) + 1):
        planner.plan(terms, happened[:count], date(2027, 5, 10))


def test_the_amendment_fits_the_first_contract() -> None:
    """The amendment a person copies would be refused, or change what the page says it leaves alone."""
    terms = amend(terms_of(FIRST), AMENDMENT, "amendment.yaml")
    happened = [
        Report("1", "started", date(2027, 1, 15)),
        Report("2", "breach_notice", date(2027, 3, 1), date(2027, 3, 2)),
        Report("3", "breach_notice", date(2027, 4, 1), date(2027, 4, 2)),
    ]
    made = Planner(library()).plan(terms, happened, date(2027, 4, 3)).occurrences
    assert [str(one.due_on) for one in made if one.clause == "cure"] == ["2027-03-16", "2027-04-23"]
    fees = sorted((one for one in made if one.clause == "fee"), key=lambda one: one.index)
    assert [one.amount.shown() for one in fees if one.amount] == ["8,000.00 EUR"] * 2 + ["9,000.00 EUR"] * 4


def test_every_kind_of_clause_is_shown() -> None:
    """Somebody with, say, a grant in hand would find no clause to copy."""
    terms = terms_of(merged(FIRST, *FRAGMENTS))
    assert {one.content for one in terms.clauses.values()} == set(clause.CONTENT)


def test_the_first_contract_comes_to_the_plan_that_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page would promise dates, amounts or a layout that the command does not give."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "consultant.yaml").write_text(FIRST, encoding="utf-8")
    (shown,) = (block for block in indented_blocks(PAGE) if block.startswith("$ "))
    command, _, output = shown.partition("\n")
    result = CliRunner().invoke(app, shlex.split(command)[2:])
    assert result.exit_code == 0
    assert _trimmed(result.stdout) == _trimmed(output)


def _trimmed(output: str) -> str:
    return "\n".join(line.rstrip() for line in output.strip().splitlines())


# --- completeness ---------------------------------------------------------------------------------------------------

PARTS = [
    (model.TermsFile, "The parts of a file"),
    (model.TemplateHead, "The parts of a file"),
    (model.ContractHead, "The parts of a file"),
    (model.Person, "The parts of a file"),
    (declared.Parameter, "Parameters"),
    (declared.Fact, "Facts"),
    (tables.Table, "Tables"),
    (caps.Cap, "Caps"),
    (declared.Reading, "Readings"),
    (declared.CountingRules, "Counting"),
    (declared.YearKind, "Years"),
    (declared.EventKind, "Events"),
    (clause.Clause, "Clauses"),
    (clause.Series, "Clauses"),
    (clause.VestingStep, "Clauses"),
    (clause.Suspended, "Clauses"),
    (clause.Takes, "Clauses"),
    (clause.Send, "Clauses"),
    (clause.Happens, "Clauses"),
    (clause.PowerOf, "Clauses"),
    (clause.Gate, "Clauses"),
    (model.Chosen, "Contracts on a template"),
    (model.AmendmentFile, "Amendments"),
    (stories.Example, "Examples"),
    (stories.GivenEvent, "Examples"),
    (stories.Expected, "Examples"),
    (stories.Comparison, "What the document states twice"),
    (stories.Members, "What the document states twice"),
    (stories.Coverage, "Coverage"),
]


@pytest.mark.parametrize(("part", "heading"), PARTS, ids=[part.__name__ for part, _ in PARTS])
def test_every_word_is_explained(part: type[fields.Strict], heading: str) -> None:
    """A word of the language would exist that nobody could find out about."""
    # What recurs is explained once, for all parts.
    told = section(PAGE, heading) + section(PAGE, "The parts of a file").partition("### ")[0]
    words = {info.alias or name for name, info in part.model_fields.items()}
    unexplained = {word for word in words if f"`{word}`" not in told}
    assert unexplained == set()


def test_every_part_of_a_file_is_modelled_here() -> None:
    """A new part of the language could come without a word about it."""
    names = [one for module in (clause, declared, model, stories) for one in vars(module).values()]
    strict = {one for one in names if isinstance(one, type) and issubclass(one, fields.Strict)} - {
        fields.Strict,
        model.Definitions,
        model.ContractFile,
        declared.FieldOfEvent,
    }
    assert {part for part, _ in PARTS} == strict


def test_the_table_of_what_is_owed_is_the_language_s() -> None:
    """A kind of obligation would be missing, or one would be promised that does not exist."""
    told = {quoted(row[0])[0] for row in rows(section(PAGE, "What is owed: exactly one of these"))}
    assert told == set(clause.CONTENT)


def test_the_types_are_the_language_s() -> None:
    """A type would be missing from the table, or refused when used."""
    told = {quoted(row[0])[0] for row in rows(section(PAGE, "Parameters"))}
    assert told == set(get_args(declared.ValueType))


def test_reserved_names_are_told() -> None:
    """A person's own name for an event would be refused without a warning on the page."""
    told = section(PAGE, "The parts of a file")
    assert all(f"`{name}`" in told for name in RESERVED)


# --- plans ----------------------------------------------------------------------------------------------------------


def test_every_state_is_explained() -> None:
    """A state would stand in a plan that the page on plans does not know."""
    page = text("docs/plans.md")
    assert {quoted(row[0])[0] for row in rows(section(page, "Where an obligation stands"))} == {*map(str, State)}
    (powers,) = (line for line in page.splitlines() if line.startswith("A power is "))
    assert {*quoted(powers)} == {*map(str, PowerState)}


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("phrase", "answer"), [(quoted(row[0])[0], row[1]) for row in rows(section(PAGE, "Errors"))])
def test_errors_say_what_the_page_says(phrase: str, answer: str) -> None:
    """A person who looks an error up would not find it."""
    clause = merged(FIRST, f"clauses: {{cure: {{by: {phrase}}}}}")
    with pytest.raises(TermsError) as raised:
        terms_of(clause)
    assert answer in str(raised.value)
    assert "in clause cure" in str(raised.value)
    assert re.match(r"page\.yaml:\d+:\d+: ", str(raised.value))
