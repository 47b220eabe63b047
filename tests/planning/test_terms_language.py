"""What the language promises of every file: explanations without a gap, and laws of counting and splitting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.shipped import find_template, template_ids
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, Power
from obligations.planning.alternatives import alternatives
from obligations.planning.examples import reports_of
from obligations.planning.plan import Plan, plan
from obligations.terms.loader import load
from obligations.terms.stories import Example
from obligations.terms.terms import Terms
from schedules.derivation import Derivation
from tests.planning.elsewhere import missing
from tests.planning.letter import CALENDARS, ZONES, day, happened, of, only, planned
from tests.planning.small import HEAD, STARTED, small

# What tests of other files hold.
ELSEWHERE = {
    "terms/test_format": {"formatted back without loss": "test_any_tree_in_any_style_comes_back_the_same"},
    "terms/test_errors": {"unknown words are errors with a suggestion": "test_what_is_wrong_is_said_with_its_place"},
    "terms/test_fuzz": {"a closed grammar": "test_a_phrase_is_understood_or_refused_in_words"},
    "terms/test_lint": {
        "coverage accounts for every clause": "test_each_clause_of_the_document_is_accounted_for",
        "counting left open is a finding": "test_what_deserves_a_second_look",
    },
    "terms/test_contract_files": {
        "one template serves many contracts": "test_figures_people_and_readings_come_from_the_contract"
    },
    "service/test_any_order": {"the same facts in any order": "test_facts_in_any_order_end_in_the_same_plan"},
    "service/test_corrections": {"correcting and back": "test_correcting_and_correcting_back_restores_the_plan"},
    "planning/test_acceleration": {
        "the total is always the grant": "test_vested_and_accelerated_and_lapsed_are_together_the_grant"
    },
    "planning/test_bounds": {"bounds are never too narrow": "test_every_combination_lies_inside_the_bounds"},
}
# What an explanation may end with: what somebody reported, stated or chose, or what is assumed; never arithmetic.
GROUNDS = {"event", "fact", "reading", "assumption", "calendar", "text", "clause"}
STORIES = [
    pytest.param(template, number, id=f"{template}-{number}")
    for template in template_ids()
    for number, _ in enumerate(load(*find_template(template), find_template).file.examples)
]


def test_the_rules_held_elsewhere_are_held() -> None:
    assert missing(ELSEWHERE) == []


# --- explanations -----------------------------------------------------------------------------------------------------


@cache
def _template(name: str) -> Terms:
    return load(*find_template(name), find_template)


def _story(terms: Terms, example: Example) -> Plan:
    as_of = date.fromisoformat(example.as_of) if example.as_of else None
    return plan(terms, tuple(reports_of(example)), as_of=as_of, calendars=CALENDARS, zones=ZONES)


@pytest.mark.parametrize(("template", "number"), STORIES)
def test_every_date_and_amount_of_a_shipped_template_is_derived_without_a_gap(template: str, number: int) -> None:
    """A number on a screen that nobody can explain is a defect: each is the result of a step, and every branch below it
    ends in an event, a fact, a calendar, a reading or what is assumed."""
    terms = _template(template)
    made = _story(terms, terms.file.examples[number])
    gaps = [gap for one in made.occurrences for gap in _gaps(one)]
    gaps += [gap for one in made.powers for gap in _ungrounded(one)]
    assert gaps == []


def _gaps(one: Occurrence) -> Iterator[str]:
    root = one.derivation
    results = [step.result for _, step in root.walk()][1:]
    said = [f"{step.rule} {step.result}" for _, step in root.walk()][1:]
    name = f"{one.clause} {one.index}"
    if root.kind != "clause" or root.cite != one.cite:
        yield f"{name}: the explanation names another clause: {root.cite}"
    if one.acts_on is not None and root.result != one.acts_on.isoformat():
        yield f"{name}: explained as {root.result}, shown as {one.acts_on}"
    for shown in (one.due_on, one.adjusted_on, one.soft_on):
        if shown is not None and not any(shown.isoformat() in result for result in results):
            yield f"{name}: nothing comes to {shown}"
    for shown in (one.from_on, one.to_on):
        if shown is not None and not any(shown.isoformat() in words for words in said):
            yield f"{name}: nothing says {shown}"
    if one.amount is not None and one.amount.shown() not in results:
        yield f"{name}: nothing comes to {one.amount.shown()}"
    units = f"{one.units.normalize():f}" if one.units is not None else ""
    if not any(units in result.replace(",", "") for result in results):
        yield f"{name}: nothing comes to {one.units}"
    yield from _ungrounded(one)


def _ungrounded(one: Occurrence | Power) -> Iterator[str]:
    for _, step in one.derivation.walk():
        if not step.inputs and step.kind not in GROUNDS:
            yield f"{one.clause}: rests on nothing: {step.rule}: {step.result}"
        if step.kind == "calendar" and step.rule.startswith("business days") and "version" not in step.result:
            yield f"{one.clause}: a calendar without its version: {step.rule}"


# The templates that state a whole document; the smaller ones leave some readings of accelerations and stubs unnamed.
DOCUMENTS = ("executive-agreement-2011", "offer-letter", "officer-agreement-2002", "severance-letter-2005")


@pytest.mark.parametrize(("template", "number"), [one for one in STORIES if one.values[0] in DOCUMENTS])
def test_whatever_another_reading_would_change_names_that_reading(template: str, number: int) -> None:
    """Somebody who reads why a day is as it is sees that the text may be read otherwise, also where nothing is owed."""
    terms = _template(template)
    example = terms.file.examples[number]
    unnamed = [
        f"{one.chosen.clause} {one.chosen.index}: {one.reading}"
        for one in alternatives(terms, _story(terms, example), lambda other: _story(other, example))
        if one.chosen is not None and one.other is not None and not _names(one.chosen.derivation, one.reading)
    ]
    assert unnamed == []


def _names(derivation: Derivation, reading: str) -> bool:
    return any(step.kind == "reading" and step.rule.startswith(f"reading {reading}:") for _, step in derivation.walk())


COUNTED = HEAD.replace(
    "windows:",
    """readings:
  counts:   {use: plain, options: {plain: not_counted, inclusive: counted}, governs: event_day, cite: "7"}
  shorter:  {use: last, options: {last: clamp, next: roll_up}, governs: month_end, cite: "8"}
  holidays: {use: US, options: {US: US, both: US+CN}, governs: calendar, cite: "9"}
windows:""",
)


@pytest.mark.parametrize(
    ("when", "named", "unnamed"),
    [
        ("5 days after exit", {"counts"}, {"shorter", "holidays"}),
        ("5 business days after exit", {"counts", "holidays"}, {"shorter"}),
        ("1 month after exit", {"counts", "shorter"}, {"holidays"}),
        ("5 clear days after exit", set(), {"counts", "shorter", "holidays"}),
        ("business day on or after exit", {"holidays"}, {"counts", "shorter"}),
    ],
)
def test_an_explanation_names_the_reading_that_governs_a_count_and_no_other(
    when: str, named: set[str], unnamed: set[str]
) -> None:
    clause = f"""
  owed:
    cite: "9"
    who: company owes employee
    pay: bonus
    when: exit
    exactly: {when}
"""
    terms = small(clause, COUNTED)
    one = only(planned(happened("exit", "2026-01-31"), terms=terms), "owed")
    assert {name for name in named | unnamed if _names(one.derivation, name)} == named


def test_an_explanation_names_the_calendar_of_a_window() -> None:
    """A window of business days is as good as its calendar, which is named with its version."""
    clause = """
  owed:
    cite: "9"
    who: company owes employee
    give: Cover
    when: exit
    during: 5 business days following exit
"""
    one = only(planned(happened("exit", "2026-07-01"), terms=small(clause, COUNTED)), "owed")
    assert any(step.kind == "calendar" and step.result.startswith("version ") for _, step in one.derivation.walk())


# --- laws -------------------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2020, 1, 1), date(2039, 12, 31))
LAW = settings(max_examples=40, deadline=None)


@cache
def _series(series: str, pay: str) -> Terms:
    clause = f"""
  owed:
    cite: "9"
    who: company owes employee
    pay: {pay}
    when: exit
    series: {series}
"""
    return small(clause)


@LAW
@given(st.integers(1, 36), st.integers(1, 10**7), st.sampled_from(["last", "first", "spread"]), DAYS)
def test_instalments_add_up_to_the_whole(times: int, cents: int, remainder: str, start: date) -> None:
    """No cent is lost or made by splitting, wherever the remainder goes."""
    pay = f"{cents // 100}.{cents % 100:02d}"
    series = f"{{every: 1 month, times: {times}, first: exit, splits: yes, remainder: {remainder}}}"
    made = of(planned(happened("exit", str(start)), terms=_series(series, pay)), "owed")
    assert sum(one.amount.minor for one in made if one.amount is not None) == cents
    assert len(made) == times


@LAW
@given(st.sampled_from(["1 month", "1 quarter", "2 weeks", "10 days", "1 year"]), st.integers(1, 14), DAYS)
def test_the_days_of_a_series_are_in_order(every: str, times: int, start: date) -> None:
    """No position is due before the one that comes before it, and none on the same day."""
    series = f"{{every: {every}, times: {times}, first: 1 month after exit}}"
    due = [one.due_on for one in of(planned(happened("exit", str(start)), terms=_series(series, "5.00")), "owed")]
    days = [one for one in due if one is not None]
    assert len(days) == times
    assert all(one < other for one, other in pairwise(days))


@LAW
@given(st.integers(1, 30), DAYS)
def test_each_day_counts_from_the_anchor_and_not_from_the_day_before(number: int, start: date) -> None:
    """The number-th of a series is due on the day that many months after the exit, whatever lies between: the last of
    January does not become the 28th for ever."""
    series = f"{{every: 1 month, times: {number}, first: 1 month after exit}}"
    anchored = of(planned(happened("exit", str(start)), terms=_series(series, "5.00")), "owed")[-1]
    alone = f"{{every: 1 month, times: 1, first: {number} months after exit}}"
    assert anchored.due_on == only(planned(happened("exit", str(start)), terms=_series(alone, "5.00")), "owed").due_on


CONVENTIONS = (
    "following",
    "modified following",
    "half-month modified following",
    "preceding",
    "modified preceding",
    "nearest",
)


@LAW
@given(st.sampled_from(CONVENTIONS), st.integers(0, 4), DAYS)
def test_a_convention_never_crosses_the_cause(convention: str, span: int, exit_on: date) -> None:
    """Money that follows from an exit on a closed day is never due before the exit, and goes on an open day."""
    one = only(planned(happened("exit", str(exit_on)), terms=_rolled(convention, span)), "owed")
    assert one.adjusted_on is not None
    assert one.adjusted_on >= exit_on
    assert one.due_on == exit_on + timedelta(days=span)
    assert CALENDARS["US"].is_open(one.adjusted_on)


@cache
def _rolled(convention: str, span: int) -> Terms:
    clause = f"""
  owed:
    cite: "9"
    who: company owes employee
    pay: bonus
    when: exit
    exactly: {span} days after exit
    roll: {convention}
"""
    return small(clause, HEAD.replace("windows:", "counting: {calendar: US}\nwindows:"))


@LAW
@given(DAYS, DAYS, st.permutations(range(3)))
def test_correcting_and_correcting_back_gives_the_same_plan(right: date, wrong: date, order: list[int]) -> None:
    """A plan is what the facts say now: what was believed in between, and the order of arrival, leave no trace."""
    terms = _rolled("following", 3)

    def told(on: date) -> Plan:
        reports: list[Report] = [STARTED, happened("released", "2026-05-01"), happened("exit", str(on), identity="x")]
        return planned(*(reports[number] for number in order), as_of="2030-01-01", terms=terms)

    first, between, back = told(right), told(wrong), told(right)
    assert back == first
    assert [one.id for one in between.occurrences] == [one.id for one in first.occurrences]
    assert {push.key for push in between.pushes} == {push.key for push in first.pushes}


def test_a_plan_without_a_day_to_judge_by_misses_nothing() -> None:
    """Only the clock, never the absence of news, makes anything late."""
    plan_without = planned(happened("exit", "2026-05-01"), terms=_rolled("following", 3))
    assert only(plan_without, "owed").state == "scheduled"
    assert only(plan_without, "owed").due_on == day("2026-05-04")
