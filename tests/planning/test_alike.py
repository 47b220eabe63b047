"""Positions made from what they share: each is, to the last word of its explanation, what a draft of its own gives."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.planning import clauses
from obligations.planning.as_json import plan_json
from obligations.planning.draft import Draft
from obligations.planning.plan import Plan, plan
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.letter import CALENDARS, ZONES, day, happened

TERMS = """
terms: 1
template: {id: any, title: A contract that runs, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  leave: {type: hours, default: 133.37}
  options: {type: units, default: 100003}
  until_day: {type: date, default: 2006-03-08}
facts:
  salary: {type: money, ask: How much}
  pay_days: {type: payroll_calendar, ask: Which days}
  allowed: {type: yes_or_no, ask: Is it allowed}
readings:
  counting: {use: plain, options: [plain, other]}
  calendar: {use: us, options: {us: US, cn: CN}, governs: calendar}
events:
  started: {once: yes, required: yes}
  ended: {once: yes}
  left: {}
  back: {}
  signed: {once: yes}
states:
  employed: started to ended
  agreed: started to until_day
  away: {from: left, before: back}
clauses:
  running:
    cite: ["1", "2"]
    who: company owes employee
"""
WHAT = [
    {"pay": "salary"},
    {"pay": "salary", "per": "period"},
    {"pay": "salary", "per": "26", "closes": "by itself"},
    {"pay": "salary", "per": {"reading": "counting", "plain": "26", "other": "service year"}},
    {"pay": "2 percent of salary", "per": "period"},
    {"pay": "salary / 12 + 100.00", "per": "period", "before_withholding": "yes"},
    {"pay": "highest salary during employed", "per": "period"},
    {"accrue": "leave", "unit": "hours"},
    {"accrue": {"reading": "counting", "plain": "leave", "other": "leave"}, "unit": "hours"},
]
STEPS = ["14 days", "1 week", "1 month", "1 quarter"]
EVERY = [
    *({"every": step} for step in STEPS),
    {"every": "14 days", "calendar": "pay_days"},
    {"every": "14 days", "calendar": {"reading": "counting", "plain": "pay_days", "other": "none"}},
    {"on": "paydays"},
]
VEST = {"vest": "options", "unit": "options", "when": "started"}
SCHEDULES = [
    [
        {"portion": "25%", "after": "12 months"},
        {"portion": "75%", "after": "12 months", "every": "3 months", "times": 6},
    ],
    [{"portion": "6/7", "every": "10 days", "times": 7}, {"portion": "1/7", "on": "left"}],
]
BASE = st.one_of(
    st.builds(
        lambda what, every, during: {**what, "series": every, "during": during},
        st.sampled_from(WHAT),
        st.sampled_from(EVERY),
        st.sampled_from(["employed", "agreed"]),
    ),
    st.sampled_from([{**VEST, "schedule": schedule} for schedule in SCHEDULES]),
)
# What takes the tranches of a grant before their day.
FASTER = [
    "",
    *(
        f"  faster:\n    cite: '3'\n    who: company owes employee\n    accelerate: running\n    when: {when}\n{takes}"
        for when in ("left", "back", "first back")
        for takes in (
            "",
            "    takes: {portion: 50%}\n",
            "    takes: {units: 7 units, order: latest first}\n",
            "    takes: {current: pro rata}\n",
            "    takes: {through: 6 months after left}\n",
            "    if: allowed\n",
        )
    ),
]
# What may be of one position alone, beside what is the same for all.
OWN = st.lists(
    st.sampled_from(
        [
            ("until", "ended"),
            ("until", "left"),
            ("if", "allowed"),
            ("if", "started before left"),
            ("if_each", "allowed"),
            ("unless", "left"),
            ("requires", "signed"),
            ("roll", "following"),
            ("cap", {"at": "50", "per": "year"}),
            ("before_withholding", "no"),
            ("closed_by", "back"),
            ("suspended", {"during": "away", "clock": "tolls"}),
            ("suspended", {"during": "away", "clock": "holds"}),
        ]
    ),
    max_size=2,
).map(dict)
SERVICE = day("2005-01-31")
STORY = st.tuples(
    st.booleans(),
    st.lists(
        st.builds(
            lambda what, on, expected: happened(what[0], on, expected=expected, **what[1]),
            st.sampled_from(
                [
                    ("ended", {}),
                    ("left", {}),
                    ("back", {}),
                    ("signed", {}),
                    ("salary", {"value": "99999.99"}),
                    ("salary", {"value": "123456.78"}),
                    ("pay_days", {"value": "14 days ending 2005-02-11 paid 3 days later"}),
                    ("pay_days", {"value": "semi-monthly paid 15 and last roll preceding"}),
                    ("allowed", {"value": "yes"}),
                ]
            ),
            st.dates(SERVICE, day("2006-06-30")).map(str),
            st.booleans(),
        ),
        max_size=4,
        unique_by=lambda one: one.event,
    ),
)


def read(made: Plan) -> str:
    """Everything a plan says."""
    return json.dumps([plan_json(made), str(made.replan_at), [repr(one) for one in made.occurrences]])


def drafted_one_by_one(work: Any) -> Plan:
    """The plan with a draft for each position, as where each might be a case of its own."""
    with patch.object(clauses, "row", lambda *_: None):
        made: Plan = work()
        read(made)
    return made


@given(
    BASE,
    OWN,
    st.sampled_from(FASTER),
    st.booleans(),
    STORY,
    st.none() | st.dates(SERVICE, day("2007-01-31")),
    st.lists(st.integers(0, 40), max_size=3),
)
@example({"pay": "salary", "series": {"every": "14 days"}, "during": "employed"}, {}, "", False, (True, []), None, [3])
@example({**VEST, "schedule": SCHEDULES[0]}, {}, FASTER[1], False, (True, [happened("left", "2006-03-01")]), None, [3])
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_made_from_what_is_shared_is_what_a_draft_gives(
    clause: dict[str, Any],
    own: dict[str, Any],
    faster: str,
    signs: bool,
    story: Any,
    as_of: Any,
    answered: list[int],
) -> None:
    """A pay day would be for another sum, or stand otherwise, than the same pay day looked at by itself."""
    paid, more = story
    signed = "signed: signed\n" if signs else ""
    said = "".join(f"    {k}: {json.dumps(v)}\n" for k, v in {**clause, **own}.items())
    try:
        terms = load(
            TERMS.replace("clauses:", f"{signed}clauses:") + said + faster * ("vest" in clause), "a.yaml", find_template
        )
    except TermsError:
        return
    begun = [happened("started", str(SERVICE)), happened("salary", str(SERVICE), identity="s", value="100000.00")]
    reports = [*begun[: 1 + paid], *more]

    def work(*also: Report) -> Plan:
        return plan(terms, [*reports, *also], as_of=as_of, calendars=CALENDARS, zones=ZONES)

    try:
        first = drafted_one_by_one(work)
    except PlanningError:
        return
    ids = [str(one.id) for one in first.occurrences]
    done = [
        Report(f"d{number}", "done", day("2005-03-01"), answers=ids[number % len(ids)]) for number in answered if ids
    ]
    assert read(work()) == read(first)
    assert read(work(*done)) == read(drafted_one_by_one(lambda: work(*done)))


def test_most_of_a_row_is_made_without_drafts() -> None:
    """The quick way would be there and nobody would take it."""
    text = TERMS + "    accrue: leave\n    unit: hours\n    during: employed\n    series: {every: 14 days}\n"
    terms, drafted = load(text, "a.yaml", find_template), []
    made = Draft.finish

    def finish(draft: Draft) -> Any:
        drafted.append(draft)
        return made(draft)

    with patch.object(Draft, "finish", finish):
        planned = plan(terms, [happened("started", str(SERVICE))], calendars=CALENDARS, zones=ZONES)
        assert len(planned.occurrences) == 26
        assert len(drafted) == 1
        assert planned.occurrences[7].derivation.inputs
    assert len(drafted) == 2
