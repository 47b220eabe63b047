"""A contract on a template: its figures, its people and its readings, each finding in the contract's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.shipped import find_template
from obligations.domain.money import Money
from obligations.planning.examples import run_examples
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import letter, planned

CONTRACT = """\
terms: 1
contract: {id: doe-2026, title: Offer to J. Doe, template: offer-letter}
people:
  employee: {name: J. Doe, email: doe@example.com}
  manager: {name: M. Boss, slack: U0123ABCD}
  hr:
    - {name: H. One, slack: "#hr"}
    - {name: H. Two, email: two@example.com}
parameters:
  annual_salary: 300000.00
  option_count: 1000
readings:
  notice_days: {use: clear days, chosen_by: counsel}
  lump_sum_roll: next business day
examples:
  - name: hired
    given: {employment_started: 2026-01-05}
    expect: {i9: {due_on: 2026-01-08}}
"""


def contract(text: str = CONTRACT) -> Terms:
    return load(text, "doe.yaml", find_template)


def test_figures_people_and_readings_come_from_the_contract() -> None:
    terms = contract()
    assert (terms.contract, terms.title) == ("doe-2026", "Offer to J. Doe")
    assert terms.parameters["annual_salary"] == Money.of("300000.00", "USD")
    assert terms.parameters["lump_sum_amount"] == Money.of("125000.00", "USD"), "the template's, where nothing is said"
    assert [person.name for person in terms.people["hr"]] == ["H. One", "H. Two"]
    assert (terms.readings["notice_days"], terms.chosen_by["notice_days"]) == ("clear days", "counsel")
    assert "lump_sum_roll" not in terms.chosen_by
    assert terms.clauses.keys() == letter().clauses.keys()


WRONG = {
    "an unknown template": (
        CONTRACT.replace("template: offer-letter", "template: offer"),
        "2:60",
        'there is no template "offer"',
    ),
    "an unknown parameter": (
        CONTRACT.replace("annual_salary", "anual_salary"),
        "10:3",
        'no parameter "anual_salary". Did you mean "annual_salary"',
    ),
    "a parameter of the wrong type": (CONTRACT.replace("300000.00", "plenty"), "10:18", '"plenty" is no figure'),
    "an unknown reading": (CONTRACT.replace("notice_days", "notice_day"), "13:3", 'no reading "notice_day"'),
    "an unknown option": (
        CONTRACT.replace("next business day", "next busy day"),
        "14:18",
        'no option "next busy day". Did you mean "next business day"',
    ),
    "an unknown role": (
        CONTRACT.replace("  manager: {", "  manger: {"),
        "5:3",
        'no role "manger". Did you mean "manager"',
    ),
    "a malformed e-mail": (CONTRACT.replace("doe@example.com", "doe at example"), "4:35", "is no e-mail address"),
    "a malformed Slack name": (CONTRACT.replace("U0123ABCD", "M Boss"), "5:35", "is no Slack member or channel"),
    "a person without a name": (CONTRACT.replace("{name: J. Doe, email", "{email"), "4:13", '"name" is missing'),
    "an unknown word": (CONTRACT.replace("people:", "peopel:"), "3:1", 'Did you mean "people"'),
    "an unknown clause of an example": (
        CONTRACT.replace("expect: {i9", "expect: {i8"),
        "18:14",
        'no clause or power "i8"',
    ),
    "an unknown event of an example": (
        CONTRACT.replace("{employment_started:", "{employment_start:"),
        "17:13",
        'no event "employment_start"',
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_findings_are_placed_in_the_contract_s_file(wrong: str) -> None:
    text, place, words = WRONG[wrong]
    with pytest.raises(TermsError) as caught:
        contract(text)
    finding = caught.value.findings[0]
    assert words in finding.message
    assert (finding.file, f"{finding.place.line}:{finding.place.column}") == ("doe.yaml", place)


def test_a_fault_of_the_template_is_placed_in_the_template(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("terms: 1\ntemplate: {id: own, title: Own, currency: USD}\nclauses: 5\n")
    text = CONTRACT.replace("template: offer-letter", "template: own.yaml")
    with pytest.raises(TermsError) as caught:
        load(text, "doe.yaml", lambda wanted: find_template(wanted, tmp_path))
    assert (caught.value.findings[0].file, caught.value.findings[0].place.line) == (str(tmp_path / "own.yaml"), 3)


class TestExamples:
    def run(self, terms: Terms) -> list[str]:
        found = run_examples(
            terms, lambda its, reports, as_of: planned(*reports, terms=its, as_of=as_of.isoformat() if as_of else "")
        )
        return [str(finding) for finding in found]

    def test_the_shipped_template_holds_its_examples(self) -> None:
        assert letter().file.examples
        assert self.run(letter()) == []

    def test_a_contract_runs_its_own(self) -> None:
        assert self.run(contract()) == []

    @pytest.mark.parametrize(
        ("expect", "said"),
        [
            ("i9: {due_on: 2026-01-09}", "i9: expected due_on 2026-01-09, found 2026-01-08"),
            ("option_grant: {units: 999}", "option_grant: expected units 999, found 1,000"),
            ("i9: none", "i9: expected none, found it scheduled on 2026-01-08"),
            ("i9: {index: 2, due_on: 2026-01-09}", "i9: expected number 2, found none"),
            ("i9: {arises_on: 2026-01-09}", "i9: arises_on cannot be expected of it"),
            ("terminate_for_good_cause: {state: arisen}", "terminate_for_good_cause: expected one, found none"),
        ],
    )
    def test_what_does_not_hold_is_said_in_words_at_its_place(self, expect: str, said: str) -> None:
        text = CONTRACT.replace("i9: {due_on: 2026-01-08}", expect)
        (finding,) = self.run(contract(text))
        assert finding.startswith(f'doe.yaml:18:14: example "hired": {said}')

    def test_figures_compare_however_they_are_written(self) -> None:
        text = CONTRACT.replace("i9: {due_on: 2026-01-08}", 'option_grant: {units: "1,000"}')
        assert self.run(contract(text)) == []

    def test_a_story_that_cannot_be_planned_is_a_finding(self) -> None:
        text = CONTRACT.replace("{employment_started: 2026-01-05}", "{employment_started: [2026-01-05, 2026-01-06]}")
        (finding,) = self.run(contract(text))
        assert finding.startswith('doe.yaml:17:5: example "hired": employment started happens once but is reported for')
