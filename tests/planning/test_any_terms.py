"""Terms nobody here has seen: whatever `check` lets pass can be planned, explained and sent, or says why not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.shipped import find_template
from obligations.planning.as_json import plan_json
from obligations.planning.plan import plan
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.letter import CALENDARS, ZONES, day, happened

BASE = """\
terms: 1
template: {id: any, title: Any letter, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources, boss: the manager}
parameters:
  signed_on: {type: date, default: 2006-01-02}
  salary: {type: money, default: 120000.00}
  options: {type: units, default: 1000}
  leave: {type: hours, default: 80}
  wait: {type: span, default: 30 days}
facts:
  allowed: {type: yes_or_no, ask: Is it allowed}
  premium: {type: money, ask: How much}
  pay_days: {type: payroll_calendar, ask: Which days}
readings:
  counting: {use: plain, options: [plain, other]}
  calendar: {use: us, options: {us: US, cn: CN}, governs: calendar}
years:
  fiscal_year: {begins: february 29}
  contract_year: {begins: signed_on}
tables:
  steps: {steps: {1: 10, 3: 20}, interpolate: yes}
events:
  started: {once: yes, required: yes}
  ended: {once: yes, with: {cause: [good, bad]}}
  notice: {with: {sum: money, kind: yes_or_no}}
  answered: {}
  followed: {with: {kind: yes_or_no}}
windows:
  trial: 3 months beginning on started
  renewing:
    lasts: 3 months beginning on started
    renews: {by: 1 month, times: 4, unless: answered, notice: 5 days before the end}
  around: 2 weeks before notice to 1 month after notice
states:
  employed: started to ended
  away: {from: notice, before: answered}
define:
  bad_end: ended with cause bad
  chosen: {first of: [bad_end, notice during employed]}
clauses:
  salary_by_days:
    cite: "1"
    who: company owes employee
    task: Pay in cash
    when: notice
    by: 9 days after notice
    closed_by: answered
  salary_by_periods:
    cite: "1"
    who: company owes employee
    pay: salary
    during: employed
    series: {every: 2 weeks}
"""

DAY = st.sampled_from(
    [
        "started",
        "signed_on",
        "2006-02-28",
        "unstated",
        "ended",
        "notice",
        "receipt of notice",
        "5 days after notice",
        "wait after started",
        "clear wait before last day of trial",
        "3 business days after started",
        "first day of employed",
        "last day of employed",
        "month end of started",
        "1 month after 2 weeks before signed_on",
        "end of pay period",
        "payday on or after notice",
        "2nd payday after ended",
        "100000 days after started",
        "50 years before started",
        "chosen",
        "bad_end",
        "1 month and 3 business days after notice",
        "options days after started",
        "last day of the quarter of ended",
        "last day of the contract_year of ended",
        "february 29 on or before ended",
        "july 4 of the fiscal_year after notice",
        "anniversary of started on or after notice",
        "business day on or before ended",
        {"earliest of": ["ended", "5 days after receipt of notice", "1 year after started if any"]},
        {"latest of": ["chosen if any", {"earliest of": ["bad_end", "notice"]}]},
    ]
)
EVENT = st.sampled_from(
    [
        "started",
        "signed_on",
        "ended",
        "ended with cause bad",
        "notice",
        "notice with kind yes",
        "first notice",
        "notice during trial",
        "first notice noticed during trial during employed",
        "never",
        "chosen",
        "bad_end",
        "followed",
        "allowed",
        "premium",
        "salary_by_days missed",
        "salary_by_days fulfilled",
        "first start of renewing",
        "end of away",
        "answered during around",
        "answered during 1 week before notice to notice",
        "away for 2 weeks in a row",
        "away for 10 days in any 2 months",
    ]
)
AMOUNT = st.sampled_from(
    [
        "5",
        "0.01",
        "salary",
        "options",
        "leave",
        "premium",
        "50 percent of salary",
        "sum of notice",
        "salary / 26 + premium - 7.5",
        "premium before notice",
        "highest premium during trial",
        "premium on last day of employed",
        "100 * whole months from started to ended",
        "salary * (sum of notice / premium)",
        "steps at whole years from signed_on to started * 5",
    ]
)
WINDOW = st.sampled_from(
    [
        "trial",
        "employed",
        "started on",
        "the contract_year before ended",
        "wait following notice",
        "1 year beginning on signed_on",
    ]
)
MOMENT = st.sampled_from(
    [
        "at once",
        "on the day",
        "7 days before",
        "1 day after",
        "every 7 days until done",
        "1 month after the start",
        "on the last day",
    ]
)


def either(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A phrase, or a choice between two of them."""
    return st.one_of(values, st.fixed_dictionaries({"reading": st.just("counting"), "plain": values, "other": values}))


CONTENT = st.one_of(
    st.fixed_dictionaries({"task": st.just("Do it")}),
    st.fixed_dictionaries({"give": st.just("Cover")}),
    st.fixed_dictionaries({"watch": st.just("Look")}),
    st.fixed_dictionaries({"pay": either(AMOUNT)}),
    st.fixed_dictionaries({"grant": AMOUNT}),
    st.fixed_dictionaries({"accrue": AMOUNT, "unit": st.just("hours")}),
    st.fixed_dictionaries(
        {
            "vest": AMOUNT,
            "schedule": st.just(
                [{"portion": "25%", "after": "1 year"}, {"portion": "3/4", "every": "1 month", "times": "5"}]
            ),
        }
    ),
    st.fixed_dictionaries(
        {"power": st.just({"power": "may", "holder": "company", "may": "act", "until": "5 days after notice"})}
    ),
)
PERIODS: list[dict[str, Any]] = [
    {"every": "14 days"},
    {"every": "1 week"},
    {"every": "1 month"},
    {"on": "paydays"},
    {"every": "14 days", "calendar": "pay_days"},
]
COUNTED: list[dict[str, Any]] = [
    {"every": "1 month", "over": "trial", "splits": "yes"},
    {"every": "10 days", "over": "trial", "stub": "long first"},
    {"every": "1 week", "over": "employed", "direction": "backward"},
    {"on": "paydays", "over": "6 months following notice", "splits": "yes", "remainder": "spread"},
    {"on": "paydays", "times": "3", "first": "payday after started"},
    {"on": "paydays", "times": "2"},
]
TIME = st.one_of(
    st.fixed_dictionaries({"by": either(DAY)}),
    st.fixed_dictionaries({"exactly": either(DAY)}),
    st.fixed_dictionaries({"during": either(WINDOW)}),
    st.fixed_dictionaries({"during": WINDOW, "series": st.sampled_from(PERIODS)}),
    st.fixed_dictionaries({"series": st.sampled_from(COUNTED)}),
    st.fixed_dictionaries(
        {
            "series": st.fixed_dictionaries(
                {"every": st.sampled_from(["1 month", "10 days"]), "times": st.just("3"), "first": DAY}
            )
        }
    ),
    st.just({}),
)
REST = st.fixed_dictionaries(
    {},
    optional={
        "when": either(EVENT),
        "if": st.sampled_from(
            [
                "allowed",
                "not allowed",
                "salary below 130000",
                "premium below 50 percent of salary",
                "notice happened by ended",
                "ended before notice",
                "not answered happened",
                "ended during trial",
                "receipt of notice falls on or after started",
                "2 * premium at least salary / 12",
            ]
        ),
        "if_each": st.sampled_from(["allowed", "premium below 5"]),
        "unless": st.sampled_from(["allowed", "answered", "ended with cause bad", "salary below 1", "chosen"]),
        "cancel_if": either(EVENT),
        "not_before": DAY,
        "requires": st.sampled_from(
            [
                "answered",
                "ended",
                "allowed",
                {"event": "answered", "stays": "7 days", "unless": "ended", "by": "30 days after notice"},
                {"event": "answered", "late": "forfeits", "opens_by": "last day of trial"},
            ]
        ),
        "until": either(EVENT),
        "closed_by": st.sampled_from(["answered", "ended", "premium"]),
        "soft_by": DAY,
        "roll": st.sampled_from(["following", "modified preceding", "unadjusted"]),
        "per": st.sampled_from(["26", "period", "service year", "period days", "year days"]),
        "if_missed": st.sampled_from(
            [{"event": "followed", "with": {"kind": "yes"}}, {"power": "late", "holder": "company", "may": "act"}]
        ),
        "then": st.sampled_from(
            [{"event": "followed"}, {"event": "followed", "on": "5 days after notice", "unless": "ended"}]
        ),
        "surviving": st.just("yes"),
        "do": st.sampled_from(
            [
                {"send": "payroll", "kind": "pay", "lead": "2 days", "approve": ["hr"]},
                {"send": "x", "kind": "y", "at": "trigger"},
            ]
        ),
        "remind": st.fixed_dictionaries({"hr": st.lists(MOMENT, min_size=1, max_size=3)}),
    },
)
CLAUSE = st.builds(lambda *parts: {k: v for part in parts for k, v in part.items()}, CONTENT, TIME, REST)

REPORTS = st.lists(
    st.builds(
        lambda event, on, fields, expected, number: happened(
            event, on, identity=f"report {number}", expected=expected, **fields
        ),
        st.sampled_from(["started", "ended", "notice", "answered", "followed"]),
        st.dates(day("2005-12-01"), day("2006-12-31")).map(str),
        st.just({}),
        st.booleans(),
        st.integers(0, 10_000),
    ),
    max_size=4,
    unique_by=lambda report: report.id,
)


@given(
    st.lists(CLAUSE, min_size=1, max_size=2),
    REPORTS,
    st.none() | st.just("2006-08-01"),
    st.sampled_from(["plain", "other"]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_check_lets_pass_can_be_planned(
    clauses: list[dict[str, Any]], reports: list[Any], as_of: str | None, option: str
) -> None:
    named = {f"odd_{n}": {"cite": "2", "who": "company owes employee", **clause} for n, clause in enumerate(clauses)}
    text = BASE + "".join(f"  {name}: {json.dumps(clause)}\n" for name, clause in named.items())
    try:
        terms = load(text, "any.yaml", find_template).under("counting", option)
    except TermsError:
        return
    paid = happened("pay_days", "2006-01-02", value="monthly paid 25")
    began = [happened("started", "2006-01-09"), paid, happened("notice", "2006-02-01", sum="10.50", kind="yes")]
    for story in (reports, [*began, *(one for one in reports if one.event != "started")]):
        try:
            made = plan(terms, story, as_of=day(as_of) if as_of else None, calendars=CALENDARS, zones=ZONES)
        except PlanningError:
            continue
        assert len({one.id for one in made.occurrences}) == len(made.occurrences), "no two occurrences share an id"
        assert len({one.key for one in made.pushes}) == len(made.pushes), "no two pushes share a key"
        other_way = [*reversed(story)]
        again = plan(terms, other_way, as_of=day(as_of) if as_of else None, calendars=CALENDARS, zones=ZONES)
        assert json.dumps(plan_json(made)) == json.dumps(plan_json(again)), "the order of arrival changes nothing"
        assert all(one.derivation.sentence() for one in made.occurrences)
