"""What the language means by values, rule by rule, the unpleasant case first.

Held elsewhere already: exact money (tests/domain, test_amounts.py); facts on another day, before an event, at their
highest in a window (test_dated_facts.py); Kleene's three values (test_kleene.py); members of `latest of` that drop out
and lists inside lists (test_days.py, TestEarliestAndLatest); readings turned together (test_bounds.py); an answer asked
for each happening (test_terms_events.py, TestAnswers); what is expected (test_expectations.py, test_terms_events.py).
"""

from __future__ import annotations

from obligations.domain.money import Money
from obligations.domain.occurrence import State
from tests.planning.letter import day, happened, only, planned, reaches
from tests.planning.told import due, terms


class TestConditionsFollowKleene:
    BAD = terms("""\
define: {bad: claim with late yes}
clauses:
  fine: {cite: "1", who: company owes employee, pay: 1.00, when: notice, if: bad before 2026-03-01, exactly: notice}
  gift: {cite: "2", who: company owes employee, pay: 10.00, when: notice, if: claim before 2026-03-01, exactly: notice}
""")
    NOTICE = happened("notice", "2026-01-05")

    def test_what_nobody_has_judged_is_not_no(self) -> None:
        """Once the day had passed, money would be lost because nobody had said whether the claim was late."""
        plan = planned(self.NOTICE, happened("claim", "2026-01-10"), as_of="2026-04-01", terms=self.BAD)
        assert only(plan, "fine").state is State.NEEDS_PERSON
        assert "claim.late" in [one.name for one in plan.questions]

    def test_what_is_expected_and_not_confirmed_is_not_no(self) -> None:
        claim = happened("claim", "2026-01-10", expected=True)
        plan = planned(self.NOTICE, claim, as_of="2026-04-01", terms=self.BAD)
        assert only(plan, "gift").state is State.WAITING

    def test_what_is_not_recorded_by_a_day_that_passed_is_no(self) -> None:
        plan = planned(self.NOTICE, as_of="2026-03-02", terms=self.BAD)
        assert only(plan, "gift").state is State.NOT_APPLICABLE
        assert only(planned(self.NOTICE, as_of="2026-03-01", terms=self.BAD), "gift").state is State.WAITING


class TestBounds:
    """Every mix of readings that matter is followed, and an open condition both ways; never too narrow."""

    OPEN = terms("""\
readings:
  notice_days: {use: short, options: [short, long]}
clauses:
  fee:
    cite: "1"
    who: company owes employee
    pay: 10.00
    when: notice
    by: {reading: notice_days, short: 5 days after notice, long: 9 days after notice}
  fee_by_law:
    cite: "2"
    who: company owes employee
    pay: 20.00
    instead_of: fee
    if: premium below 500
    by: 50 days after notice
  fine: {cite: "3", who: company owes employee, pay: 1, when: notice, exactly: notice, if: claim with late yes happened}
  bonus: {cite: "4", who: company owes employee, pay: 1.00, when: notice, requires: release, exactly: notice}
  gift: {cite: "5", who: company owes employee, pay: 1, when: notice, exactly: notice, cancel_if: claim with late yes}
""")
    NOTICE = happened("notice", "2026-01-05")

    def test_a_figure_nobody_stated_is_followed_both_ways_with_the_readings(self) -> None:
        """A reminder would go by the later rule, and the money would be late under the other."""
        plan = planned(self.NOTICE, terms=self.OPEN)
        found = reaches(plan, self.NOTICE, terms=self.OPEN)[only(plan, "fee").id]
        assert (found.earliest_on, found.latest_on) == (day("2026-01-10"), day("2026-02-24"))
        assert (found.least, found.most) == (Money.of("10.00", "USD"), Money.of("20.00", "USD"))
        assert set(found.over) == {"notice_days", "premium?"}

    def test_what_nobody_judged_may_come_out_either_way(self) -> None:
        claim = happened("claim", "2026-01-03")
        plan = planned(self.NOTICE, claim, terms=self.OPEN)
        found = reaches(plan, self.NOTICE, claim, terms=self.OPEN)
        assert found[only(plan, "fine").id].may_not_be
        later = happened("claim", "2026-01-07")
        plan = planned(self.NOTICE, later, terms=self.OPEN)
        assert reaches(plan, self.NOTICE, later, terms=self.OPEN)[only(plan, "gift").id].may_not_be

    def test_a_gate_that_is_not_open_may_move_the_day_without_end(self) -> None:
        plan = planned(self.NOTICE, terms=self.OPEN)
        found = reaches(plan, self.NOTICE, terms=self.OPEN)[only(plan, "bonus").id]
        assert (found.earliest_on, found.latest_on, found.may_not_be) == (day("2026-01-05"), None, True)


class TestAbsence:
    """Silence is taken for no; it turns into an event of its own the day after the window has closed, not before."""

    SETTLE = terms("""\
states: {engaged: started to ended}
define: {service_claim: first claim during engaged}
clauses:
  settle:
    cite: "1"
    who: company owes employee
    pay: 10.00
    when: ended
    exactly: {latest of: [ended, 14 days after service_claim if any]}
  reward:
    cite: "2"
    who: company owes employee
    pay: 10.00
    when: notice
    if: {not: claim happened by 30 days after notice}
    exactly: 40 days after notice
  hurry:
    cite: "3"
    who: employee owes company
    task: Answer
    when: notice
    by: {earliest of: [20 days after notice, 5 days after ended]}
""")
    STARTED = happened("started", "2026-01-05")
    ENDED = happened("ended", "2026-05-01")

    def test_on_the_last_day_of_the_window_it_may_still_come(self) -> None:
        """Money would go on the day of the exit, and a claim of that very day would have put it off."""
        on_the_day = planned(self.STARTED, self.ENDED, as_of="2026-05-01", terms=self.SETTLE)
        assert due(on_the_day, "settle") == ["None"]
        assert on_the_day.replan_at is not None
        assert str(on_the_day.replan_at.date()) == "2026-05-02"
        the_day_after = planned(self.STARTED, self.ENDED, as_of="2026-05-02", terms=self.SETTLE)
        assert due(the_day_after, "settle") == ["2026-05-01"]

    def test_the_latest_waits_for_all_and_takes_what_came(self) -> None:
        claim = happened("claim", "2026-05-01")
        plan = planned(self.STARTED, claim, self.ENDED, as_of="2026-05-02", terms=self.SETTLE)
        assert due(plan, "settle") == ["2026-05-15"]

    def test_the_plan_is_looked_at_again_on_the_day_after(self) -> None:
        """What waits only for a day to pass would wait for ever."""
        notice = happened("notice", "2026-01-05")
        plan = planned(notice, as_of="2026-02-04", terms=self.SETTLE)
        assert only(plan, "reward").state is State.WAITING
        assert plan.replan_at is not None
        assert str(plan.replan_at.date()) == "2026-02-05"
        plan = planned(notice, as_of="2026-02-05", terms=self.SETTLE)
        assert only(plan, "reward").state is State.SCHEDULED

    def test_the_earliest_prevails_at_its_known_member_and_says_what_it_assumed(self) -> None:
        plan = planned(happened("notice", "2026-01-05"), as_of="2026-01-06", terms=self.SETTLE)
        hurry = only(plan, "hurry")
        assert str(hurry.due_on) == "2026-01-25"
        assert any("ended" in step.rule and step.kind == "assumption" for _, step in hurry.derivation.walk())
        plan = planned(happened("notice", "2026-01-05"), happened("ended", "2026-01-10"), terms=self.SETTLE)
        assert due(plan, "hurry") == ["2026-01-15"]
