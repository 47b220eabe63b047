"""What is only expected ends nothing, and what was said twice or late is not decided by the order of arrival."""

from __future__ import annotations

from itertools import permutations

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import OPEN_STATES, State
from obligations.planning.plan import Plan
from obligations.planning.values import PlanningError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import CHANGE_OF_CONTROL, HIRED, day, happened, of, only, planned, states

CALENDAR = happened("payroll_calendar", "2005-04-11", value="14 days ending 2005-04-22")
EXPECTED = happened("terminated", "2006-09-30", good_cause="yes", expected=True)
DISMISSED = happened("terminated", "2006-10-16", good_cause="no")


def asked(plan: Plan) -> dict[str, str]:
    return {question.name: question.kind for question in plan.questions}


class TestAnExpectedExit:
    @pytest.mark.parametrize("clause", ["salary", "vacation_accrual"])
    def test_periods_go_on_and_those_that_reach_past_it_wait_for_it(self, clause: str) -> None:
        """If the exit is called off, two months of salary would never have been owed."""
        plan = planned(HIRED, CALENDAR, EXPECTED, as_of="2006-12-01")
        without = planned(HIRED, CALENDAR, as_of="2006-12-01")
        assert [one.id for one in of(plan, clause)] == [one.id for one in of(without, clause)]
        for one in of(plan, clause):
            assert one.to_on is not None
            if one.to_on > day("2006-09-30"):
                assert (one.state, one.waiting_for, one.conditional) == (State.WAITING, ("terminated",), True)
            else:
                assert one.state is State.DONE

    def test_a_change_of_control_after_it_is_owed_and_waits_for_it(self) -> None:
        lump_sum = only(planned(HIRED, EXPECTED, CHANGE_OF_CONTROL, as_of="2006-12-01"), "lump_sum")
        assert (str(lump_sum.due_on), lump_sum.state) == ("2006-10-21", State.WAITING)
        assert lump_sum.waiting_for == ("terminated",)

    def test_cover_goes_on(self) -> None:
        cover = only(planned(HIRED, EXPECTED, as_of="2006-12-01"), "benefits_participation")
        assert cover.state in OPEN_STATES
        assert cover.to_on is None

    def test_reported_it_ends_what_it_ends(self) -> None:
        plan = planned(HIRED, CALENDAR, happened("terminated", "2006-09-30", good_cause="yes"), as_of="2006-12-01")
        assert max(str(one.to_on) for one in of(plan, "salary")) == "2006-09-22"
        assert State.TERMINATED in states(plan, "options_vesting")

    def test_once_its_day_has_passed_somebody_is_asked(self) -> None:
        on_the_day = planned(HIRED, CALENDAR, EXPECTED, as_of="2006-09-30")
        assert "terminated" not in asked(on_the_day)
        assert on_the_day.replan_at is not None
        assert str(on_the_day.replan_at.date()) == "2006-09-30", "midnight of 1 October in Shanghai, told in UTC"
        the_day_after = planned(HIRED, CALENDAR, EXPECTED, as_of="2006-10-01")
        question = next(one for one in the_day_after.questions if one.name == "terminated")
        assert (question.kind, question.required) == ("event", False)
        assert "Did it happen" in question.ask

    def test_what_a_clause_expects_is_asked_too(self) -> None:
        notice = happened("resignation_notice", "2006-09-01", good_reason="yes")
        assert asked(planned(HIRED, notice, as_of="2006-10-02"))["resigned"] == "event"
        assert "resigned" not in asked(planned(HIRED, notice, happened("resigned", "2006-10-01"), as_of="2006-10-02"))

    def test_an_exit_before_the_first_day_leaves_no_service(self) -> None:
        plan = planned(HIRED, CALENDAR, happened("terminated", "2005-04-01", good_cause="no"))
        for clause in ("salary", "vacation_accrual", "benefits_participation", "exit_pay_only"):
            assert states(plan, clause) == {State.NOT_APPLICABLE}, clause


class TestSaidTwiceOnOneDay:
    def refused(self, *reports: Report) -> str:
        said = set()
        for order in permutations(reports):
            with pytest.raises(PlanningError) as error:
                planned(HIRED, *order)
            said.add(str(error.value))
        assert len(said) == 1, "the order of arrival does not even change the words"
        return said.pop()

    def test_two_salaries_are_a_contradiction(self) -> None:
        said = self.refused(
            happened("base_salary", "2005-08-01", identity="a", value="200000"),
            happened("base_salary", "2005-08-01", identity="b", value="240000"),
        )
        amounts = "200,000.00 USD and 240,000.00 USD"
        assert said == f"base salary is stated twice for 2005-08-01: {amounts}; withdraw the one that is wrong"
        same = [happened("base_salary", "2005-08-01", identity=text, value=text) for text in ("240000", "240000.00")]
        assert planned(HIRED, *same).occurrences

    def test_a_termination_with_and_without_cause_is_a_contradiction(self) -> None:
        said = self.refused(
            happened("terminated", "2006-10-16", identity="a", good_cause="no"),
            happened("terminated", "2006-10-16", identity="b", good_cause="yes"),
        )
        assert "terminated happens once but is reported on 2006-10-16 with good cause no and yes; withdraw" in said

    def test_reports_that_complete_each_other_are_one(self) -> None:
        plan = planned(HIRED, happened("terminated", "2006-10-16", identity="b"), DISMISSED)
        assert only(plan, "lump_sum").state is State.SCHEDULED


class TestAnswersGivenLater:
    def test_a_premium_stated_after_the_exit_holds_for_it(self) -> None:
        """The insurer names the premium when the cover is chosen; the exit is over by then."""
        premiums = of(
            planned(
                HIRED,
                DISMISSED,
                happened("health_carrier_allows_continuation", "2006-10-20", value="no"),
                happened("cobra_premium_amount", "2006-10-25", value="900.00"),
                happened("cobra_elected", "2006-11-01"),
            ),
            "cobra_premium",
        )
        assert [one.amount.shown() if one.amount else "" for one in premiums] == ["900.00 USD"] * 6

    def test_a_salary_raised_after_the_exit_changes_no_final_pay(self) -> None:
        raised = happened("base_salary", "2006-11-01", value="300000")
        before, after = planned(HIRED, CALENDAR, DISMISSED), planned(HIRED, CALENDAR, DISMISSED, raised)
        assert only(before, "exit_pay_only").amount == only(after, "exit_pay_only").amount


class TestThePayrollCalendarChanges:
    def test_later_paydays_change_no_payday_that_has_passed(self) -> None:
        """Two dozen instructions already sent would be sent again for other days."""
        slower = happened("payroll_calendar", "2006-01-02", value="14 days ending 2005-04-22 paid 5 days later")
        before, after = of(planned(HIRED, CALENDAR), "salary"), of(planned(HIRED, CALENDAR, slower), "salary")
        ended = [one for one in before if one.to_on is not None and one.to_on < slower.occurred_on]
        assert ended == after[: len(ended)]
        assert {(one.due_on - one.to_on).days for one in after[len(ended) :] if one.due_on and one.to_on} == {5}


SMALL = """\
terms: 1
template: {id: small, title: A small letter, currency: USD}
parties: {client: the client, consultant: the consultant}
roles: {lead: the lead}
events:
  started: {once: yes}
  breach: {with: {grave: yes_or_no, wilful: yes_or_no}}
  notice: {}
windows:
  first_year: 12 months beginning on started
  two_years: 24 months beginning on started
define:
  breach_in_time: {any of: [breach during first_year, breach during two_years]}
  trouble: {any of: [breach, notice]}
  worst: {first of: [breach with grave yes, notice]}
clauses:
  damages:
    cite: "1"
    who: client owes consultant
    pay: 100.00
    when: breach_in_time
    by: 5 days after breach_in_time
    do: {send: payables, kind: damages, approve: [lead]}
  answer:
    cite: "2"
    who: client owes consultant
    task: Answer
    when: {any of: [trouble, notice]}
    by: unstated
  penalty:
    cite: "3"
    who: client owes consultant
    pay: 500.00
    when: worst
    by: 5 days after worst
  apology:
    cite: "4"
    who: client owes consultant
    task: Apologise
    when: breach with grave yes and wilful yes
    by: 5 days after breach
  return_it:
    cite: "5"
    who: consultant owes client
    task: Return the laptop
    when: started
    by: 14 days after started
    remind: {lead: [every 7 days until done]}
"""
STARTED = happened("started", "2025-01-01")


def small() -> Terms:
    return load(SMALL, "small.yaml", find_template)


class TestSelection:
    def test_a_breach_inside_two_windows_is_paid_once(self) -> None:
        plan = planned(STARTED, happened("breach", "2025-02-01"), terms=small())
        assert only(plan, "damages").amount is not None
        assert len([push for push in plan.pushes if push.clause == "damages"]) == 1

    def test_a_notice_that_comes_through_two_names_is_answered_once(self) -> None:
        only(planned(STARTED, happened("notice", "2025-02-01"), terms=small()), "answer")

    @pytest.mark.parametrize("breach_on", ["2025-02-01", "2025-03-03"])
    def test_an_earlier_breach_nobody_judged_leaves_open_which_is_first(self, breach_on: str) -> None:
        """The five hundred would be paid by the notice's day, and again be owed from the breach's."""
        plan = planned(STARTED, happened("breach", breach_on), happened("notice", "2025-03-03"), terms=small())
        penalty = only(plan, "penalty")
        assert (penalty.state, penalty.missing) == (State.NEEDS_PERSON, ("breach.grave",))
        assert asked(plan)["breach.grave"] == "judgment"

    def test_a_later_one_does_not(self) -> None:
        plan = planned(STARTED, happened("notice", "2025-03-03"), happened("breach", "2025-03-04"), terms=small())
        assert only(plan, "penalty").state is State.SCHEDULED

    def test_a_breach_that_was_not_grave_is_no_grave_and_wilful_one_whoever_asks(self) -> None:
        plan = planned(STARTED, happened("breach", "2025-02-01", grave="no"), terms=small())
        assert of(plan, "apology") == []
        assert "breach.wilful" not in asked(plan)


def test_a_weekly_reminder_is_extended_before_the_last_one_goes() -> None:
    """A year after the last report nobody would be reminded any more of what is still owed."""
    plan = planned(STARTED, terms=small(), as_of="2025-04-01")
    assert only(plan, "return_it").state is State.MISSED
    assert plan.replan_at is not None
    assert plan.replan_at < max(push.send_at for push in plan.pushes)
