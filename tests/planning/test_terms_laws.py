"""Laws of planning that hold for any contract: small ones drawn from clauses that use most of the language."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obligations.domain.event import Correction, Report, in_force
from obligations.planning.plan import Plan, plan, seen
from obligations.planning.values import PlanningError
from obligations.terms.terms import Terms
from tests.planning.letter import CALENDARS, ZONES, happened
from tests.planning.told import HEAD, terms

PARTS = """\
counting: {calendar: US}
windows:
  trial: 3 months beginning on started
  around_sale: 1 month before sale to 2 months after sale
  term: {lasts: 4 months beginning on started, renews: {by: 2 months, unless: notice, notice: 10 days before the end}}
states:
  engaged: started to ended
  absent: {from: absence_began, before: returned}
define:
  late_claim: claim with late yes
  first_claim: first claim during engaged
  parted: {all of: [ended, release]}
  dear: {becomes: salary above 1500.00}
  long_absence: absent for 20 days in any 3 months
  fresh: {any of: [notice, late_claim]}
clauses:
"""
CLAUSES = {
    "cure": """task: Cure, when: fresh, by: 14 days after fresh, closed_by: cured, until: ended,
      if_missed: {power: leave, holder: employee, may: leave}""",
    "fine": "pay: sum of claim, when: claim, if: grave_claim, exactly: 5 business days after claim",
    "capped": "pay: sum of claim, when: claim, by: 20 days after claim, cap: {at: 150.00, per: year}",
    "first_pay": "pay: sum of claim, when: first_claim, exactly: 3 days after first_claim",
    "severance": """pay: 3 * salary, when: ended, exactly: 10 days after ended, unless: late_claim,
      requires: {event: release, stays: 7 days, by: 40 days after ended}""",
    "both": "pay: 100.00, when: parted, by: 5 days after parted",
    "monthly": "pay: salary, when: started, series: {every: 1 month, times: 6}, until: ended",
    "salary_paid": "pay: salary, during: engaged, series: {every: 14 days}, per: period",
    "raise": "task: Review, when: dear, by: 10 days after dear",
    "ill": "task: Talk, when: long_absence, by: 3 days after long_absence",
    "sold": "pay: 7.00, when: claim during around_sale, by: 5 days after claim",
    "after_miss": "task: Write, when: cure_plain missed, by: 5 days after notice",
    "cure_plain": "task: Cure, when: notice, by: 9 days after notice, closed_by: cured",
    "quiet": """pay: 5.00, when: notice, if: {not: claim happened by 30 days after notice},
      exactly: 40 days after notice""",
    "settle": "task: Settle, when: ended, by: {latest of: [2 days after ended, 9 days after first_claim if any]}",
    "early": "task: Hand over, when: notice, by: {earliest of: [30 days after notice, 5 days after ended]}",
    "grave_fine": "pay: 9.00, when: notice, if: grave, exactly: 5 days after notice",
    "law": "pay: 11.00, instead_of: grave_fine, if: premium below 500, exactly: 6 days after notice",
    "renewed": "task: Meet, when: start of term, by: 10 days before last day of term",
    "shares": """vest: 100 units, when: started, until: ended,
      schedule: [{portion: 25%, after: 2 months}, {portion: 75%, every: 1 month, times: 3}]""",
    "faster": "accelerate: shares, when: sale during engaged",
    "held": "postpone: [monthly], when: ended, if: agreed, to: 30 days after ended, until: release",
    "effect": "task: Leave, when: notice, exactly: 30 days after notice, then: {event: sale, on: 30 days after notice}",
}
NEEDS = {"after_miss": "cure_plain", "law": "grave_fine", "faster": "shares", "held": "monthly"}
START = date(2026, 1, 5)
DETAILS = {
    "claim": [{"sum": "100.00", "late": "yes"}, {"sum": "60.00", "late": "no"}, {"sum": "80.00"}],
    "salary": [{"value": "2000.00"}, {"value": "900.00"}],
    "premium": [{"value": "300.00"}, {"value": "700.00"}],
    "agreed": [{"value": "yes"}, {"value": "no"}],
    "grave": [{"value": "yes"}, {"value": "no"}],
    "grave_claim": [{"value": "yes"}],
}
OTHERS = ["ended", "notice", "cured", "sale", "release", "absence_began", "returned"]


@cache
def contract(chosen: tuple[str, ...]) -> Terms:
    """The contract with these clauses, in that order."""
    head = HEAD.replace("facts:\n", "facts:\n  grave_claim: {type: yes_or_no, ask: Is the claim grave?, each: claim}\n")
    lines = [
        f'  {name}: {{cite: "{1 + [*CLAUSES].index(name)}", who: company owes employee, {CLAUSES[name]}}}\n'
        for name in chosen
    ]
    return terms(PARTS + "".join(lines), head)


NAMES = st.lists(st.sampled_from([*CLAUSES]), min_size=2, max_size=5, unique=True).map(
    lambda names: tuple(dict.fromkeys([*names, *(NEEDS[name] for name in names if name in NEEDS)]))
)
ONCE = {"ended"}


@st.composite
def stories(draw: st.DrawFn) -> tuple[Report, ...]:
    """Reports of a year, in which a few things happen on the same days."""
    made = [happened("started", str(START))]
    for number in range(draw(st.integers(1, 7))):
        event = draw(st.sampled_from([*OTHERS, *DETAILS]))
        if event in ONCE and any(one.event == event for one in made):
            continue
        on = START + timedelta(days=draw(st.integers(0, 40)) * 5)
        details = draw(st.sampled_from(DETAILS.get(event, [{}])))
        expected = event in ("ended", "sale", "claim") and draw(st.integers(0, 4)) == 0
        made.append(happened(event, str(on), identity=f"r{number}", expected=expected, **details))
    return tuple(made)


def planned(terms: Terms, reports: Sequence[Report], as_of: date | None) -> Plan | str:
    """The plan, or the words with which it is refused."""
    try:
        return plan(terms, reports, as_of=as_of, calendars=CALENDARS, zones=ZONES)
    except PlanningError as error:
        return str(error)


def visible(made: Plan | str, *, order: bool = True) -> object:
    """What a person sees of a plan, whatever the reports are called."""
    if isinstance(made, str):
        return made
    rows = [
        (one.clause, one.index, one.conditional, *seen(one), one.waiting_for, one.missing) for one in made.occurrences
    ]
    held = [(one.clause, one.name, one.state, one.arises_on, one.expires_on) for one in made.powers]
    asked = [one.ask for one in made.questions if not one.name.startswith("answer:")]
    dormant = [*made.dormant]
    return tuple(sorted(map(repr, [*rows, *held, *asked, *dormant]))) if not order else (*rows, *held, *asked, *dormant)


AS_OF = st.sampled_from([None, date(2026, 3, 1), date(2026, 8, 1)])
BOUNDED = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(NAMES, stories(), AS_OF, st.randoms(use_true_random=False))
@BOUNDED
def test_the_same_facts_in_any_order_of_arrival_and_by_any_name_give_the_same_plan(
    names: tuple[str, ...], story: tuple[Report, ...], as_of: date | None, drawn: random.Random
) -> None:
    """What is owed would hang on which mail came first, or on the numbers we gave the reports."""
    made = planned(contract(names), story, as_of)
    shuffled = drawn.sample(story, len(story))
    assert planned(contract(names), shuffled, as_of) == made or isinstance(made, str)
    called = drawn.sample([one.id for one in story], len(story))
    renamed = [replace(one, id=name) for one, name in zip(story, called, strict=True)]
    assert visible(planned(contract(names), renamed, as_of), order=False) == visible(made, order=False)


@given(NAMES, stories(), AS_OF, st.randoms(use_true_random=False))
@BOUNDED
def test_the_order_of_the_clauses_changes_no_day_and_no_amount(
    names: tuple[str, ...], story: tuple[Report, ...], as_of: date | None, drawn: random.Random
) -> None:
    shuffled = tuple(drawn.sample(names, len(names)))
    one, other = planned(contract(names), story, as_of), planned(contract(shuffled), story, as_of)
    assert visible(one, order=False) == visible(other, order=False)


@given(NAMES, stories(), AS_OF, st.data())
@BOUNDED
def test_correcting_an_event_and_correcting_it_back_restores_the_plan(
    names: tuple[str, ...], story: tuple[Report, ...], as_of: date | None, data: st.DataObject
) -> None:
    """A slip of the pen, put right, would leave another identity or another day behind."""
    made = planned(contract(names), story, as_of)
    said = data.draw(st.sampled_from(story))
    moved = replace(said, occurred_on=said.occurred_on + timedelta(days=data.draw(st.integers(-30, 30))))
    at = datetime(2026, 12, 1, tzinfo=ZoneInfo("UTC"))

    def correction(to: Report) -> Correction:
        return Correction(to.id, to.occurred_on, to.received_on, to.fields, to.answers, to.evidence, at, "clerk")

    wrong = in_force([*story, correction(moved)])
    assert isinstance(planned(contract(names), wrong, as_of), Plan | str)
    assert planned(contract(names), in_force([*story, correction(moved), correction(said)]), as_of) == made


@given(NAMES, stories(), st.integers(0, 200))
@BOUNDED
def test_until_a_plan_says_it_must_be_made_anew_the_clock_changes_nothing(
    names: tuple[str, ...], story: tuple[Report, ...], after: int
) -> None:
    """A day would pass on which something is missed, becomes due or can no longer come, and nobody would look. Open
    series may go on further each day."""
    day = START + timedelta(days=after)
    made = planned(contract(names), story, day)
    if isinstance(made, str):
        return
    until = made.replan_at.date() if made.replan_at is not None else day + timedelta(days=400)
    for later in {day + timedelta(days=1), day + (until - day) // 2, until - timedelta(days=1)}:
        if day < later < until:
            then = planned(contract(names), story, later)
            assert not isinstance(then, str)
            known = {one.id: one for one in then.occurrences}
            assert [known.get(one.id) for one in made.occurrences] == [*made.occurrences]
            assert (then.powers, then.questions) == (made.powers, made.questions)
