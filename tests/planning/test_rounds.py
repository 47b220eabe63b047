"""Events that bring each other about again and again: allowed where every round moves on, refused where one may not."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.domain.occurrence import State
from obligations.planning import rounds
from obligations.planning.as_json import plan_json
from obligations.planning.values import PlanningError
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import happened, of, planned
from tests.planning.told import due

HEAD = """\
terms: 1
contract: {id: rounds, title: What comes round again, currency: USD}
parties: {company: the company, employee: the employee}
roles: {hr: human resources}
parameters:
  cure_period: {type: span, default: 30 days}
events:
  notice: {}
  again: {}
  cured: {}
  ended: {once: yes}
"""


def terms(text: str) -> Terms:
    """Terms with these further parts."""
    return load(HEAD + text, "rounds.yaml", find_template)


class TestACureThatFailsIsAskedForAgain:
    TERMS = terms("""\
define:
  demand:
    any of: [notice, again]
clauses:
  cure:
    cite: "1"
    who: company owes employee
    task: Cure
    when: demand
    by: cure_period after demand
    closed_by: cured
    until: ended
    if_missed: {event: again}
  letter:
    {cite: "2", who: hr watches, watch: The first notice, when: again, exactly: 90 days after notice}
""")
    NOTICE = happened("notice", "2026-01-01")

    def test_each_round_counts_from_the_miss_before(self) -> None:
        """The third demand would never come, or come on the day of the second."""
        plan = planned(self.NOTICE, as_of="2026-03-10", terms=self.TERMS)
        assert due(plan, "cure") == ["2026-01-31", "2026-03-03", "2026-04-03"]
        assert [one.state for one in of(plan, "cure")] == [State.MISSED, State.MISSED, State.SCHEDULED]

    def test_a_cure_ends_the_rounds(self) -> None:
        second = of(planned(self.NOTICE, as_of="2026-02-10", terms=self.TERMS), "cure")[1]
        cured = happened("cured", "2026-02-15", answers=str(second.id))
        plan = planned(self.NOTICE, cured, as_of="2027-01-01", terms=self.TERMS)
        assert due(plan, "cure") == ["2026-01-31", "2026-03-03"]

    @pytest.mark.parametrize("as_of", ["", "2026-02-20"])
    def test_an_answer_that_may_be_for_either_asks_and_leaves_the_miss(self, as_of: str) -> None:
        """The first miss would come and go with what the answer is taken for."""
        plan = planned(self.NOTICE, happened("cured", "2026-02-15"), as_of=as_of, terms=self.TERMS)
        assert due(plan, "cure") == ["2026-01-31", "2026-03-03"]
        assert of(plan, "cure")[1].state is State.NEEDS_PERSON

    def test_the_end_of_it_all_ends_the_rounds(self) -> None:
        plan = planned(self.NOTICE, happened("ended", "2026-03-01"), as_of="2027-01-01", terms=self.TERMS)
        assert due(plan, "cure") == ["2026-01-31", "2026-03-03"]

    def test_what_began_it_keeps_its_name(self) -> None:
        plan = planned(self.NOTICE, as_of="2026-03-10", terms=self.TERMS)
        assert due(plan, "letter") == ["2026-04-01", "2026-04-01"]

    def test_years_of_rounds_are_followed(self) -> None:
        """After some hundred rounds the plan would fail, years after anybody looked at the terms."""
        plan = planned(self.NOTICE, as_of="2036-01-01", terms=self.TERMS)
        cures = of(plan, "cure")
        assert len(cures) == 118
        assert len({one.id for one in cures}) == len(cures)
        assert all(one.derivation.sentence() and len(one.instance) < 250 for one in cures)

    def test_ids_stay_as_the_rounds_go_on(self) -> None:
        early = planned(self.NOTICE, as_of="2026-03-10", terms=self.TERMS)
        late = planned(self.NOTICE, as_of="2028-03-10", terms=self.TERMS)
        assert {one.id for one in of(early, "cure")} < {one.id for one in of(late, "cure")}

    def test_the_order_of_arrival_changes_nothing(self) -> None:
        reports = [
            self.NOTICE,
            happened("notice", "2026-01-20"),
            happened("cured", "2026-04-15"),
            happened("ended", "2026-07-01"),
        ]
        plans = {str(plan_json(planned(*one, as_of="2027-01-01", terms=self.TERMS))) for one in permutations(reports)}
        assert len(plans) == 1


class TestAYearlyRound:
    TERMS = terms("""\
define:
  review_day:
    any of: [notice, again]
clauses:
  review:
    cite: "1"
    who: hr watches
    watch: Review
    when: review_day
    exactly: review_day
    then: {event: again, on: 1 year after review_day}
""")

    def test_is_planned_a_year_ahead_and_no_further(self) -> None:
        plan = planned(happened("notice", "2024-05-01"), as_of="2026-06-01", terms=self.TERMS)
        assert due(plan, "review") == ["2024-05-01", "2025-05-01", "2026-05-01", "2027-05-01"]
        assert plan.replan_at is not None


def test_an_exception_to_what_comes_round_is_no_circle() -> None:
    """A contract could not say that an urgent fault is to be cured sooner, each time it is asked for again."""
    made = planned(
        happened("notice", "2026-01-01"),
        happened("urgent", "2026-01-01", value="yes"),
        as_of="2026-01-25",
        terms=terms("""\
facts: {urgent: {type: yes_or_no, ask: Is it urgent?}}
define:
  demand:
    any of: [notice, again]
clauses:
  cure: {cite: "1", who: company owes employee, task: Cure, when: demand, by: 30 days after demand,
    if_missed: {event: again}}
  sooner: {cite: "1", who: company owes employee, task: Cure soon, instead_of: cure, when: demand, if: urgent,
    by: 10 days after demand, if_missed: {event: again}}
"""),
    )
    assert due(made, "cure")[:3] == ["2026-01-11", "2026-01-22", "2026-02-02"]


@pytest.mark.parametrize(
    "part",
    [
        # the same day again
        "when: again, by: 3 days after notice, then: {event: again}",
        # not counted from what set it off
        "when: again, by: 2030-01-01, if_missed: {event: again}",
        # backward
        "when: again, by: 3 days before again, if_missed: {event: again}",
        # it would prevent itself, and then not
        "when: notice, by: 3 days after notice, then: {event: again, on: 9 days after notice, unless: again}",
        # a condition that the next round could turn
        "when: again, unless: again, by: 9 days after again, if_missed: {event: again}",
    ],
)
def test_what_may_stand_still_or_swing_is_refused(part: str) -> None:
    with pytest.raises(TermsError) as raised:
        terms(f'clauses:\n  odd: {{cite: "1", who: company owes employee, task: Odd, {part}}}\n')
    assert "circular: again needs again" in str(raised.value)
    assert "a day or more after the one before" in str(raised.value)


def test_a_span_of_no_days_given_by_a_contract_is_refused() -> None:
    text = 'clauses: {odd: {cite: "1", who: company owes employee, task: Odd, when: again, by: unstated,'
    text += " then: {event: again, on: cure_period after again}}}\n"
    assert terms(text)
    with pytest.raises(TermsError, match="circular"):
        load((HEAD + text).replace("default: 30 days", "default: 0 days"), "rounds.yaml", find_template)


def test_rounds_of_a_day_are_given_up_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'clauses: {odd: {cite: "1", who: company owes employee, task: Odd, when: any_time, by: unstated,'
    text += " then: {event: again, on: 1 day after any_time}}}\ndefine: {any_time: {any of: [notice, again]}}\n"
    daily = terms(text)
    monkeypatch.setattr(rounds, "MOST_ROUNDS", 20)
    with pytest.raises(PlanningError, match="bring each other about more than 20 times"):
        planned(happened("notice", "2026-01-01"), as_of="2026-01-10", terms=daily)
