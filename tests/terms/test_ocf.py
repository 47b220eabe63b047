"""Vesting terms of the Open Cap Format: in and out without loss, and words where one side cannot say it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from config.shipped import find_template
from obligations.cli import app
from obligations.terms.loader import load
from obligations.terms.ocf import DAYS_OF_MONTH, OcfError, VestingTerms, read_file
from obligations.terms.ocf_export import ocf_file
from obligations.terms.ocf_import import terms_text
from obligations.terms.terms import Terms
from schedules.allocation import Allocation
from tests.planning.letter import happened, letter, of, planned
from tests.planning.shares import shares

DAY = "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH"
YEARLY: dict[str, Any] = {
    "id": "Yearly 4",
    "object_type": "VESTING_TERMS",
    "name": "Four years: 'as agreed'",
    "description": "a quarter a year, {or} all on a sale: #1",
    "comments": ["first note", "second note"],
    "allocation_type": "BACK_LOADED",
    "vesting_conditions": [
        {
            "id": "Begin",
            "quantity": "0",
            "trigger": {"type": "VESTING_START_DATE"},
            "next_condition_ids": ["sale", "y"],
        },
        {
            "id": "y",
            "description": "each year",
            "portion": {"numerator": "1", "denominator": "4", "remainder": False},
            "trigger": {
                "type": "VESTING_SCHEDULE_RELATIVE",
                "period": {
                    "length": 12,
                    "type": "MONTHS",
                    "occurrences": 4,
                    "day_of_month": DAY,
                    "cliff_installment": 2,
                },
                "relative_to_condition_id": "Begin",
            },
            "next_condition_ids": [],
        },
        {
            "id": "sale",
            "portion": {"numerator": "1", "denominator": "1", "remainder": True},
            "trigger": {"type": "VESTING_EVENT"},
            "next_condition_ids": [],
        },
    ],
}


def terms_of(given_: VestingTerms) -> Terms:
    return load(terms_text(given_), "imported.yaml", find_template)


def there_and_back(item: dict[str, Any]) -> dict[str, Any]:
    (back,) = ocf_file(terms_of(VestingTerms.model_validate(item)))["items"]
    return dict(back)


def same(item: dict[str, Any]) -> dict[str, Any]:
    """The object with what may be written in more than one way written in one."""
    plain = json.loads(json.dumps(item))
    for condition in plain["vesting_conditions"]:
        portion = condition.get("portion")
        if portion is not None:
            share = Fraction(portion["numerator"]) / Fraction(portion["denominator"])
            condition["portion"] = [str(share), portion.get("remainder", False)]
        if not condition.get("description"):
            condition.pop("description", None)
    return dict(plain)


def test_what_came_in_goes_out_again() -> None:
    """An id, a comment, a priority or a cliff would be lost on the way through us."""
    assert same(there_and_back(YEARLY)) == same(YEARLY)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    ids = draw(st.lists(TEXT, min_size=2, max_size=6, unique=True))
    conditions: list[dict[str, Any]] = [{"id": ids[0], "quantity": "0", "trigger": {"type": "VESTING_START_DATE"}}]
    for number, name in enumerate(ids[1:], 1):
        condition: dict[str, Any] = {"id": name}
        if draw(st.booleans()):
            condition["description"] = draw(TEXT).strip()
        kind = draw(st.sampled_from(["VESTING_SCHEDULE_RELATIVE", "VESTING_SCHEDULE_ABSOLUTE", "VESTING_EVENT"]))
        times = 1
        trigger: dict[str, Any] = {"type": kind}
        if kind == "VESTING_SCHEDULE_ABSOLUTE":
            trigger["date"] = str(draw(st.dates()))
        elif kind == "VESTING_SCHEDULE_RELATIVE":
            times = draw(st.integers(1, 48))
            period: dict[str, Any] = {"length": draw(st.integers(1, 60)), "occurrences": times}
            period["type"] = draw(st.sampled_from(["DAYS", "MONTHS"]))
            if period["type"] == "MONTHS":
                period["day_of_month"] = draw(st.sampled_from(list(DAYS_OF_MONTH)))
            if times > 1 and draw(st.booleans()):
                period["cliff_installment"] = draw(st.integers(2, times))
            trigger |= {"period": period, "relative_to_condition_id": ids[draw(st.integers(0, number - 1))]}
        condition["trigger"] = trigger
        if draw(st.booleans()):
            condition["quantity"] = str(draw(st.integers(0, 10**6)))
        else:
            share = Fraction(1, draw(st.integers(1, 9)) * times * len(ids))
            condition["portion"] = {"numerator": str(share.numerator), "denominator": str(share.denominator)}
            condition["portion"]["remainder"] = draw(st.booleans())
        conditions.append(condition)
    for number, condition in enumerate(conditions):
        later = ids[number + 1 :]
        condition["next_condition_ids"] = draw(st.lists(st.sampled_from(later), unique=True)) if later else []
    return {
        "id": draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,30}", fullmatch=True)),
        "object_type": "VESTING_TERMS",
        "name": draw(TEXT),
        "description": draw(TEXT),
        "allocation_type": draw(st.sampled_from([one.name for one in Allocation])),
        "vesting_conditions": conditions,
    }


@settings(deadline=None)
@given(objects())
def test_any_graph_comes_through(item: dict[str, Any]) -> None:
    assert same(there_and_back(item)) == same(item)


def test_the_letter_s_options_are_a_cliff_and_twelve_quarters() -> None:
    (item,) = ocf_file(letter(), "options_vesting")["items"]
    assert item["allocation_type"] == "CUMULATIVE_ROUNDING"
    assert [one["id"] for one in item["vesting_conditions"]] == ["vesting-start", "step-1", "step-2"]
    cliff, quarters = item["vesting_conditions"][1:]
    assert (cliff["portion"], cliff["trigger"]["period"]["length"]) == (
        {"numerator": "1", "denominator": "4", "remainder": False},
        12,
    )
    assert quarters["trigger"] == {
        "type": "VESTING_SCHEDULE_RELATIVE",
        "period": {"length": 3, "type": "MONTHS", "occurrences": 12, "day_of_month": DAY},
        "relative_to_condition_id": "step-1",
    }
    assert quarters["portion"] == {"numerator": "1", "denominator": "16", "remainder": False}


@pytest.mark.parametrize(
    "words",
    [
        "schedule: [{portion: 25%, after: 1 year}, {portion: 75%, after: 1 year, every: 1 quarter, times: 12}]",
        "schedule: [{portion: 1/1, after: 5 months, every: 2 months, times: 7, cliff: 3}]",
        """allocation: front loaded
schedule: [{portion: 1/2, every: 2 weeks, times: 9}, {units: 7, after: 200 days},
  {portion: 100%, of: remainder, after: 300 days}]""",
        """vesting_day: last of month
schedule: [{portion: 1/3, after: 1 year, name: a}, {portion: 2/3, from: a, every: 1 month, times: 5}]""",
    ],
)
def test_a_list_of_steps_vests_alike_after_going_out_and_in(words: str) -> None:
    """The equity desk would keep another schedule than we do."""
    terms = shares(words, "no")
    (item,) = ocf_file(terms)["items"]
    back = terms_of(VestingTerms.model_validate(item))
    ours = planned(happened("granted", "2026-01-31"), terms=terms)
    theirs = planned(
        happened("granted", "2026-01-31", identity="grant"),
        happened("granted_units", "2026-01-31", answers="grant", value="1200"),
        happened("vesting_start", "2026-01-31"),
        terms=back,
    )
    assert [(one.due_on, one.units) for one in of(ours, "vesting")] == [
        (one.due_on, one.units) for one in of(theirs, "vesting")
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "suspended: {during: leave, clock: tolls}\nschedule: [{portion: 1/1, after: 1 year}]",
            "no words for what suspends",
        ),
        ("schedule: [{portion: 1/1, on: listed}]", "say what comes `then`"),
        ("schedule: [{portion: 1/2, after: 2 years}, {portion: 1/2, after: 1 year}]", "begins before the step above"),
        ("schedule: [{portion: 1/2, after: 30 days}, {portion: 1/2, after: 1 year}]", "begins before the step above"),
        ("schedule: [{portion: 1/1, after: 1 month and 3 days}]", "plain days or months"),
        ("schedule: [{portion: 1/1, then: []}]", "needs a `name`"),
        ("schedule: [{name: a, portion: 1/1, exactly: 1 year after began, then: []}]", "write a date"),
        ("schedule: [{name: a, portion: 1/1, on: listed, after: 1 year, then: []}]", "a step of its own"),
        ("schedule: [{name: a, portion: 1/1, after: 1 year, then: []}]", "needs a step: add one"),
        ("vesting_day: '15'\nschedule: [{portion: 1/1, after: 30 days}]", "days have no day of the month"),
        (
            """schedule: [{name: a, units: 0, on: listed, then: [b]},
{name: b, portion: 1/1, from: a, after: 1 month, then: []}]""",
            "the day of the event it counts from",
        ),
    ],
)
def test_what_the_format_cannot_say_is_refused_in_words(words: str, message: str) -> None:
    with pytest.raises(OcfError) as raised:
        ocf_file(shares(words, "no"))
    assert message in str(raised.value)
    assert str(raised.value).startswith("vesting")


def changed(path: list[str | int], value: Any) -> str:
    item = json.loads(json.dumps(YEARLY))
    part = item
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return json.dumps(item)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not readable as JSON"),
        ("[]", "is an object"),
        ('{"file_type": "OCF_STAKEHOLDERS_FILE", "items": []}', "neither an OCF_VESTING_TERMS_FILE"),
        (changed(["allocation_type"], "FAIR"), '"FAIR" is no allocation_type'),
        (changed(["surprise"], 1), "surprise: extra inputs"),
        (changed(["vesting_conditions", 1, "quantity"], "4"), "either a portion or a quantity"),
        (changed(["vesting_conditions", 1, "id"], "sale"), 'two conditions have the id "sale"'),
        (changed(["vesting_conditions", 2, "next_condition_ids"], ["x"]), 'names "x", which is no condition here'),
        (changed(["vesting_conditions", 1, "trigger", "period", "day_of_month"], "32"), '"32" is no day_of_month'),
        (changed(["vesting_conditions", 1, "trigger", "period", "length"], -1), "period.length: input should be"),
    ],
)
def test_what_is_not_in_the_format_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(OcfError) as raised:
        read_file(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["vesting_conditions", 1, "portion", "denominator"], "0", "is not zero"),
        (["vesting_conditions", 1, "portion", "numerator"], "2", "vests 2 of the grant"),
        (["vesting_conditions", 1, "trigger", "period", "cliff_installment"], 5, "its cliff at 5 of 4"),
        (["vesting_conditions", 1, "trigger", "period", "length"], 0, "4 times at once"),
    ],
)
def test_what_would_vest_nothing_or_too_much_is_refused(path: list[str | int], value: Any, message: str) -> None:
    (item,) = read_file(changed(path, value)).values()
    with pytest.raises(OcfError) as raised:
        terms_text(item)
    assert message in str(raised.value)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `ocf import` prints is a terms file that `ocf export` takes."""
    monkeypatch.chdir(tmp_path)
    other = {**YEARLY, "id": "other"}
    whole = {"file_type": "OCF_VESTING_TERMS_FILE", "items": [YEARLY, other]}
    Path("terms.json").write_text(json.dumps(whole), encoding="utf-8")
    run = CliRunner().invoke
    several = run(app, ["ocf", "import", "terms.json"])
    assert (several.exit_code, "name one of them: Yearly 4, other" in several.stderr) == (1, True)
    printed = run(app, ["ocf", "import", "terms.json", "Yearly 4"])
    assert printed.exit_code == 0
    Path("yearly.yaml").write_text(printed.stdout, encoding="utf-8")
    assert run(app, ["check", "yearly.yaml"]).exit_code == 0
    back = run(app, ["ocf", "export", "yearly.yaml"])
    assert [same(one) for one in json.loads(back.stdout)["items"]] == [same(YEARLY)]
    missing = run(app, ["ocf", "export", "yearly.yaml", "vested"])
    assert (missing.exit_code, '"vested" is no clause that vests' in missing.stderr) == (1, True)
