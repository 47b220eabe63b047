"""The first letter, clause by clause: each test quotes the number of the clause it holds to.

The worked figures start employment on 2005-04-11. What fails here is a wrong date or a wrong sum on somebody's desk.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.domain.event import Report
from obligations.domain.occurrence import PowerState, State
from obligations.planning.alternatives import alternatives
from obligations.planning.plan import Plan
from obligations.planning.world import PlanningError
from obligations.terms.terms import Terms
from tests.planning.letter import (
    CHANGE_OF_CONTROL,
    HIRED,
    day,
    happened,
    ids,
    letter,
    of,
    only,
    planned,
    powers,
    reaches,
    states,
    under,
    units,
)

NEGLECT = happened("company_neglect_notice_received", "2005-06-01")
PAYROLL = happened("payroll_calendar", "2005-04-01", value="14 days ending 2005-04-22")


def protected() -> Plan:
    """Hired, and a change of control in month eighteen."""
    return planned(HIRED, CHANGE_OF_CONTROL)


class TestChangeOfControlInsideTheWindow:
    def test_3_a_quarter_vests_on_the_anniversary_and_then_quarterly(self) -> None:
        vested = [(str(one.due_on), str(one.units)) for one in of(protected(), "options_vesting")[:3]]
        assert vested == [("2006-04-11", "62500"), ("2006-07-11", "15625"), ("2006-10-11", "15625")]

    def test_3_everything_unvested_accelerates_that_day(self) -> None:
        accelerated = only(protected(), "options_acceleration")
        assert (accelerated.due_on, accelerated.units, accelerated.state) == (
            day("2006-10-16"),
            Decimal(156_250),
            State.SCHEDULED,
        )

    def test_3_no_later_tranche_is_left_and_the_total_is_the_grant(self) -> None:
        plan = protected()
        tranches = of(plan, "options_vesting")
        assert {one.state for one in tranches[3:]} == {State.SUPERSEDED}
        kept = [one for one in tranches if one.state is not State.SUPERSEDED]
        assert units([*kept, *of(plan, "options_acceleration")]) == 250_000

    def test_5_1_a_the_lump_sum_is_due_on_the_fifth_day_following(self) -> None:
        lump_sum = only(protected(), "lump_sum")
        assert lump_sum.amount is not None
        assert (lump_sum.amount.shown(), lump_sum.due_on) == ("125,000.00 USD", day("2006-10-21"))
        assert lump_sum.adjusted_on == lump_sum.due_on, "a Saturday, and the letter has no rule that moves it"

    def test_5_1_b_cover_lasts_six_months_following(self) -> None:
        cover = only(protected(), "health_continuation")
        assert (cover.from_on, cover.to_on) == (day("2006-10-17"), day("2007-04-16"))

    def test_5_1_the_window_is_24_months_commencing_on_the_first_day(self) -> None:
        (window,) = protected().windows
        assert (window.first_on, window.last_on) == (day("2005-04-11"), day("2007-04-10"))

    def test_8_form_i9_is_due_three_days_after_employment_begins(self) -> None:
        assert only(protected(), "i9").due_on == day("2005-04-14")

    def test_5_1_and_5_4_the_last_safe_notice_is_one_watch(self) -> None:
        assert only(protected(), "last_safe_notice").due_on == day("2007-03-11")
        assert only(protected(), "last_safe_notice_with_cure").due_on == day("2007-02-09")

    def test_4_and_2_a_change_of_control_ends_no_employment(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, as_of="2010-04-11")
        assert max(one.to_on for one in of(plan, "salary") if one.to_on) > day("2010-04-11")
        for clause, whole in (("vacation_accrual", Decimal("160.00")), ("salary", Decimal("250000.00"))):
            for year in range(2005, 2010):
                first, last = day(f"{year}-04-11"), day(f"{year + 1}-04-10")
                inside = [one for one in of(plan, clause) if one.to_on and first <= one.to_on <= last]
                assert len(inside) in (26, 27)
                figures = [one.units if one.amount is None else one.amount.value for one in inside]
                assert sum(figure for figure in figures if figure is not None) == whole

    def test_5_4_e_a_change_of_control_lets_the_employee_resign_for_good_reason(self) -> None:
        (power,) = powers(protected(), "resign_for_good_reason")
        assert (power.state, power.arises_on) == (PowerState.ARISEN, day("2006-10-16"))


class TestChangeOfControlAfterTheWindow:
    """2007-04-11 is the day after the window's last day."""

    plan = staticmethod(lambda: planned(HIRED, happened("change_of_control", "2007-04-11")))

    def test_3_the_tranche_of_that_day_vests_by_schedule_and_the_rest_accelerates(self) -> None:
        plan = self.plan()
        fifth = of(plan, "options_vesting")[4]
        assert (fifth.due_on, fifth.state, fifth.units) == (day("2007-04-11"), State.SCHEDULED, Decimal(15_625))
        assert only(plan, "options_acceleration").units == 125_000

    @pytest.mark.parametrize("clause", ["lump_sum", "health_continuation", "cobra_premium"])
    def test_5_1_no_lump_sum_and_no_cover(self, clause: str) -> None:
        assert states(self.plan(), clause) == {State.NOT_APPLICABLE}
        assert all(one.due_on is None and one.amount is None for one in of(self.plan(), clause))

    def test_5_1_the_last_day_of_the_window_is_inside(self) -> None:
        plan = planned(HIRED, happened("change_of_control", "2007-04-10"))
        assert only(plan, "lump_sum").due_on == day("2007-04-15")


class TestFirstDayMissing:
    def test_5_1_the_first_day_is_asked_for_and_never_guessed(self) -> None:
        plan = planned()
        (required,) = [question for question in plan.questions if question.required]
        assert (required.name, required.cite) == ("employment_started", "5.1")

    def test_5_1_whatever_depends_on_it_waits_without_a_date(self) -> None:
        plan = planned(CHANGE_OF_CONTROL)
        dated = [one.clause for one in plan.occurrences if one.acts_on is not None]
        assert dated == []
        waiting = {one.clause for one in plan.occurrences if one.state is State.WAITING}
        assert {"i9", "salary", "options_vesting", "lump_sum", "last_safe_notice", "option_grant"} <= waiting
        assert not any(push.occurrence_id for push in plan.pushes if push.clause != "acceptance")

    def test_5_1_all_thirteen_tranches_and_six_premiums_are_shown_waiting(self) -> None:
        assert len(of(planned(), "options_vesting")) == 13
        assert len(of(planned(), "cobra_premium")) == 6


class TestNeglect:
    """5.2(b): neglect that continues for 30 days following receipt of the notice."""

    def test_5_2_b_the_last_day_to_cure_and_the_power_of_the_day_after(self) -> None:
        plan = planned(HIRED, NEGLECT)
        assert only(plan, "neglect_cure").due_on == day("2005-07-01")
        (power,) = powers(plan, "terminate_for_good_cause")
        assert (power.arises_on, power.state, power.waiting_for) == (
            day("2005-07-02"),
            PowerState.WAITING,
            ("neglect_cure missed",),
        )

    @pytest.mark.parametrize(("as_of", "state"), [("2005-07-01", "waiting"), ("2005-07-02", "arisen")])
    def test_5_2_b_only_the_clock_makes_the_power_arise(self, as_of: str, state: str) -> None:
        (power,) = powers(planned(HIRED, NEGLECT, as_of=as_of), "terminate_for_good_cause")
        assert power.state == state

    def test_5_2_b_a_cure_in_time_extinguishes_the_power(self) -> None:
        plan = planned(HIRED, NEGLECT, happened("neglect_cured", "2005-06-20"), as_of="2005-07-02")
        assert only(plan, "neglect_cure").state is State.DONE
        assert powers(plan, "terminate_for_good_cause") == []

    def test_5_2_b_a_cure_on_the_last_day_is_in_time(self) -> None:
        plan = planned(HIRED, NEGLECT, happened("neglect_cured", "2005-07-01"), as_of="2005-07-02")
        assert powers(plan, "terminate_for_good_cause") == []

    def test_5_2_b_a_late_cure_does_not(self) -> None:
        plan = planned(HIRED, NEGLECT, happened("neglect_cured", "2005-07-10"))
        assert only(plan, "neglect_cure").state is State.MISSED
        (power,) = powers(plan, "terminate_for_good_cause")
        assert (power.state, power.arises_on) == (PowerState.ARISEN, day("2005-07-02"))

    def test_5_2_b_a_cure_reported_as_done_extinguishes_it_too(self) -> None:
        cure = only(planned(HIRED, NEGLECT), "neglect_cure")
        plan = planned(HIRED, NEGLECT, happened("done", "2005-06-20", answers=str(cure.id)), as_of="2005-07-02")
        assert only(plan, "neglect_cure").state is State.DONE
        assert powers(plan, "terminate_for_good_cause") == []

    def test_5_2_b_the_days_count_from_receipt_not_from_sending(self) -> None:
        notice = happened("company_neglect_notice_received", "2005-06-01", received="2005-06-04")
        assert only(planned(HIRED, notice), "neglect_cure").due_on == day("2005-07-04")

    def test_5_2_b_using_the_power_exerts_it(self) -> None:
        fired = happened("terminated", "2005-07-15", good_cause="yes")
        (power,) = powers(planned(HIRED, NEGLECT, fired, as_of="2005-08-01"), "terminate_for_good_cause")
        assert power.state is PowerState.EXERTED

    def test_5_2_b_an_exit_before_the_last_day_leaves_no_duty_and_no_power(self) -> None:
        left = happened("resigned", "2005-06-15", good_reason="no")
        plan = planned(HIRED, NEGLECT, left, as_of="2005-08-01")
        assert only(plan, "neglect_cure").state is State.DISCHARGED
        assert powers(plan, "terminate_for_good_cause") == []

    def test_5_2_b_two_notices_make_two_cures(self) -> None:
        plan = planned(HIRED, NEGLECT, happened("company_neglect_notice_received", "2005-06-10"))
        assert [str(one.due_on) for one in of(plan, "neglect_cure")] == ["2005-07-01", "2005-07-10"]
        assert len({one.id for one in of(plan, "neglect_cure")}) == 2
        assert len(powers(plan, "terminate_for_good_cause")) == 2

    def test_5_2_b_an_unnamed_cure_of_two_needs_a_person(self) -> None:
        second = happened("company_neglect_notice_received", "2005-06-10")
        plan = planned(HIRED, NEGLECT, second, happened("neglect_cured", "2005-06-20"))
        assert states(plan, "neglect_cure") == {State.NEEDS_PERSON}
        assert any(question.kind == "judgment" for question in plan.questions)

    @pytest.mark.parametrize("named_by", ["the notice's report", "the occurrence"])
    def test_5_2_b_a_named_cure_closes_the_right_one(self, named_by: str) -> None:
        second = happened("company_neglect_notice_received", "2005-06-10")
        cures = of(planned(HIRED, NEGLECT, second), "neglect_cure")
        later = next(one for one in cures if one.due_on == day("2005-07-10"))
        name = second.id if named_by == "the notice's report" else str(later.id)
        plan = planned(HIRED, NEGLECT, second, happened("neglect_cured", "2005-06-20", answers=name))
        assert {str(one.due_on): one.state for one in of(plan, "neglect_cure")} == {
            "2005-07-01": State.SCHEDULED,
            "2005-07-10": State.DONE,
        }

    def test_5_2_b_after_a_named_cure_an_unnamed_one_has_one_notice_left(self) -> None:
        second = happened("company_neglect_notice_received", "2005-06-10")
        first_cure = happened("neglect_cured", "2005-06-20")
        second_cure = happened("neglect_cured", "2005-06-25", answers=second.id)
        assert states(planned(HIRED, NEGLECT, second, first_cure, second_cure), "neglect_cure") == {State.DONE}

    def test_an_answer_that_names_nothing_goes_to_a_person(self) -> None:
        plan = planned(HIRED, NEGLECT, happened("neglect_cured", "2005-06-20", answers="no such notice"))
        assert only(plan, "neglect_cure").state is State.SCHEDULED
        assert any("no such notice" in question.ask for question in plan.questions)


class TestCompanyBreach:
    """5.4(f): a material breach not cured within thirty days of written notice."""

    NOTICE = happened("employee_breach_notice", "2006-01-10", received="2006-01-13")

    def test_5_4_f_the_last_day_to_cure_counts_from_the_notice(self) -> None:
        assert only(planned(HIRED, self.NOTICE), "company_breach_cure").due_on == day("2006-02-09")

    def test_5_4_f_uncured_it_is_good_reason_on_the_day_after(self) -> None:
        assert powers(planned(HIRED, self.NOTICE, as_of="2006-02-09"), "resign_for_good_reason") == []
        (power,) = powers(planned(HIRED, self.NOTICE, as_of="2006-02-10"), "resign_for_good_reason")
        assert (power.arises_on, power.state) == (day("2006-02-10"), PowerState.ARISEN)

    def test_5_4_f_by_receipt_where_that_is_the_reading(self) -> None:
        terms = under(breach_notice_counts="from its receipt")
        assert only(planned(HIRED, self.NOTICE, terms=terms), "company_breach_cure").due_on == day("2006-02-12")

    def test_5_4_f_a_receipt_nobody_stated_is_asked_for(self) -> None:
        unproved = happened("employee_breach_notice", "2006-01-10")
        plan = planned(HIRED, unproved, terms=under(breach_notice_counts="from its receipt"))
        assert only(plan, "company_breach_cure").due_on is None
        assert any(question.name == "employee_breach_notice.received_on" for question in plan.questions)


class TestResignationForGoodReason:
    """5.4: on thirty days advance written notice."""

    LATE = happened("resignation_notice", "2007-03-20", good_reason="yes")
    EARLY = happened("resignation_notice", "2006-03-01", good_reason="yes")

    def test_5_4_it_takes_effect_thirty_days_later(self) -> None:
        assert only(planned(HIRED, self.LATE), "good_reason_notice").due_on == day("2007-04-19")

    def test_3_acceleration_is_dated_and_waits_for_the_exit_to_be_reported(self) -> None:
        accelerated = only(planned(HIRED, self.LATE), "options_acceleration")
        assert (accelerated.state, accelerated.due_on, accelerated.waiting_for, accelerated.units) == (
            State.WAITING,
            day("2007-04-19"),
            ("resigned",),
            Decimal(125_000),
        )
        assert accelerated.conditional

    def test_3_nothing_is_sent_for_an_exit_that_is_only_expected(self) -> None:
        plan = planned(HIRED, self.LATE)
        accelerating = [push for push in plan.pushes if push.clause == "options_acceleration"]
        assert [push.name for push in accelerating if push.kind == "action"] == []

    def test_5_1_a_an_effect_after_the_window_brings_no_lump_sum(self) -> None:
        assert only(planned(HIRED, self.LATE), "lump_sum").due_on is None
        reported = planned(HIRED, self.LATE, happened("resigned", "2007-04-19"))
        assert only(reported, "lump_sum").state is State.NOT_APPLICABLE

    def test_5_1_a_an_effect_inside_the_window_brings_it_thirty_and_five_days_after_the_notice(self) -> None:
        lump_sum = only(planned(HIRED, self.EARLY), "lump_sum")
        assert (lump_sum.due_on, lump_sum.state) == (day("2006-03-01") + timedelta(days=35), State.WAITING)

    def test_5_4_the_report_fills_the_same_happening(self) -> None:
        before = planned(HIRED, self.EARLY)
        after = planned(HIRED, self.EARLY, happened("resigned", "2006-03-31"))
        assert {one.id for one in after.occurrences} <= {one.id for one in before.occurrences}
        gone = [one for one in before.occurrences if after.occurrence(one.id) is None]
        assert {(one.clause, one.state) for one in gone} == {
            ("salary", State.WAITING),
            ("vacation_accrual", State.WAITING),
        }, "only periods that waited for the exit are gone with it"
        assert only(after, "lump_sum").state is State.SCHEDULED
        assert only(after, "options_acceleration").state is State.SCHEDULED

    def test_5_4_a_report_of_another_day_re_dates_it_and_adds_none(self) -> None:
        after = planned(HIRED, self.EARLY, happened("resigned", "2006-04-03"))
        assert only(after, "lump_sum").due_on == day("2006-04-08")
        assert only(after, "lump_sum").id == only(planned(HIRED, self.EARLY), "lump_sum").id

    def test_5_4_the_report_inherits_what_the_notice_said(self) -> None:
        """Nobody has to say twice that it was for Good Reason."""
        after = planned(HIRED, self.EARLY, happened("resigned", "2006-03-31"))
        assert not [question for question in after.questions if question.kind == "judgment"]

    def test_5_4_a_termination_before_the_effect_comes_first(self) -> None:
        fired = happened("terminated", "2006-03-15", good_cause="no")
        plan = planned(HIRED, self.EARLY, fired)
        assert only(plan, "lump_sum").due_on == day("2006-03-20")
        assert only(plan, "good_reason_notice").state is State.DISCHARGED


class TestExitsThatBringNothing:
    @pytest.fixture(params=["plain resignation", "Good Cause termination"])
    def plan(self, request: pytest.FixtureRequest) -> Plan:
        left = (
            happened("resigned", "2006-06-30", good_reason="no")
            if request.param == "plain resignation"
            else happened("terminated", "2006-06-30", good_cause="yes")
        )
        return planned(HIRED, PAYROLL, left, as_of="2006-07-01")

    @pytest.mark.parametrize("clause", ["options_acceleration", "lump_sum", "health_continuation", "cobra_premium"])
    def test_5_2_nothing_of_acceleration_lump_sum_cover_or_cobra(self, plan: Plan, clause: str) -> None:
        assert states(plan, clause) == {State.NOT_APPLICABLE}

    def test_3_vesting_stops_at_the_exit(self, plan: Plan) -> None:
        tranches = of(plan, "options_vesting")
        assert [one.state for one in tranches[:2]] == [State.DONE, State.TERMINATED]
        assert {one.state for one in tranches[1:]} == {State.TERMINATED}

    @pytest.mark.parametrize(("clause", "last"), [("salary", "2006-06-30"), ("vacation_accrual", "2006-06-18")])
    def test_2_and_4_salary_and_accrual_stop_at_the_exit(self, plan: Plan, clause: str, last: str) -> None:
        assert max(one.to_on for one in of(plan, clause) if one.to_on) == day(last)

    def test_2_the_final_pay_of_an_exit_that_ends_a_period_is_in_the_salary(self, plan: Plan) -> None:
        assert only(plan, "exit_pay_only").state is State.NOT_APPLICABLE

    def test_2_final_pay_is_pro_rata_to_the_exit(self) -> None:
        left = happened("resigned", "2006-06-23", good_reason="no")
        plan = planned(HIRED, PAYROLL, left)
        final = only(plan, "exit_pay_only")
        assert (final.from_on, final.to_on, final.due_on) == (day("2006-06-17"), day("2006-06-23"), day("2006-06-30"))
        assert final.amount is not None
        assert final.amount.shown() == "4,807.69 USD", "7 of 14 days of 1/26 of 250,000"

    def test_a_termination_without_a_stated_cause_needs_a_person(self) -> None:
        plan = planned(HIRED, happened("terminated", "2006-06-30"))
        assert states(plan, "lump_sum") == {State.NEEDS_PERSON}
        assert any(question.name == "terminated.good_cause" for question in plan.questions)


class TestHealthCover:
    """5.1(b): cover if the carrier allows it, else the premiums, if elected and while eligible."""

    YES = happened("health_carrier_allows_continuation", "2006-10-10", value="yes")
    NO = happened("health_carrier_allows_continuation", "2006-10-20", value="no")
    ELECTED = happened("cobra_elected", "2006-10-16")
    PREMIUM = happened("cobra_premium_amount", "2006-10-16", value="850.00")

    def test_5_1_b_the_carrier_allows_it(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, self.YES)
        assert only(plan, "health_continuation").state is State.SCHEDULED
        assert states(plan, "cobra_premium") == {State.NOT_APPLICABLE}

    def test_5_1_b_the_carrier_refuses(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, self.NO)
        assert only(plan, "health_continuation").state is State.NOT_APPLICABLE
        premiums = of(plan, "cobra_premium")
        assert len({one.id for one in premiums}) == 6
        assert {(one.creditor, one.state) for one in premiums} == {("carrier", State.WAITING)}

    def test_5_1_b_elected_and_known_the_premiums_are_scheduled(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, self.NO, self.ELECTED, self.PREMIUM)
        premiums = of(plan, "cobra_premium")
        assert states(plan, "cobra_premium") == {State.SCHEDULED}
        assert [str(one.due_on) for one in premiums[:2]] == ["2006-10-17", "2006-11-17"]
        assert {one.amount.shown() for one in premiums if one.amount} == {"850.00 USD"}

    def test_5_1_b_a_late_election_moves_what_was_due_before_it(self) -> None:
        elected = happened("cobra_elected", "2006-11-20")
        premiums = of(planned(HIRED, CHANGE_OF_CONTROL, self.NO, elected, self.PREMIUM), "cobra_premium")
        assert [str(one.due_on) for one in premiums[:3]] == ["2006-11-20", "2006-11-20", "2006-12-17"]

    def test_5_1_b_the_end_of_eligibility_ends_the_rest(self) -> None:
        ended = happened("cobra_ended", "2006-12-31")
        plan = planned(HIRED, CHANGE_OF_CONTROL, self.NO, self.ELECTED, self.PREMIUM, ended)
        assert [one.state for one in of(plan, "cobra_premium")] == [State.SCHEDULED] * 3 + [State.TERMINATED] * 3


class TestSalaryCut:
    """5.4(c): a base salary reduced by more than ten percent."""

    @pytest.mark.parametrize(
        ("salary", "cut"), [("220000", True), ("224999.99", True), ("225000", False), ("226000", False)]
    )
    def test_5_4_c_more_than_ten_percent(self, salary: str, cut: bool) -> None:
        plan = planned(HIRED, happened("base_salary", "2006-01-01", value=salary))
        watch = only(plan, "salary_cut_watch")
        assert (watch.state is not State.NOT_APPLICABLE) is cut
        assert bool(powers(plan, "resign_for_good_reason")) is cut

    def test_5_4_c_legal_hears_of_it_at_once(self) -> None:
        plan = planned(HIRED, happened("base_salary", "2006-01-02", value="220000"))
        (push,) = [push for push in plan.pushes if push.clause == "salary_cut_watch"]
        assert (push.destination, push.send_at.date()) == ("legal", day("2006-01-02"))


# --- readings -------------------------------------------------------------------------------------------------------

GOOD_REASON = happened("resignation_notice", "2006-03-01", good_reason="yes")


def every_reading() -> list[tuple[str, str]]:
    """Each option of each reading that is not in use."""
    terms = letter()
    return [
        (name, option)
        for name, reading in terms.file.readings.items()
        for option in reading.names
        if option != terms.readings[name]
    ]


STORIES = {
    "nothing happened": (),
    "hired": (HIRED,),
    "change of control": (HIRED, PAYROLL, CHANGE_OF_CONTROL),
    "good reason": (HIRED, GOOD_REASON),
    "dismissed": (HIRED, NEGLECT, happened("terminated", "2006-06-30", good_cause="no")),
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize(("reading", "option"), every_reading())
def test_every_option_of_every_reading_plans(reading: str, option: str, story: str) -> None:
    plan = planned(*STORIES[story], terms=under(**{reading: option}), as_of="2007-01-15")
    assert plan.occurrences


class TestReadings:
    """What each reading's words say, in a date or a sum."""

    def after_change_of_control(self, **readings: str) -> Plan:
        return planned(HIRED, CHANGE_OF_CONTROL, terms=under(**readings))

    def test_5_1_a_the_day_of_the_event_counted(self) -> None:
        plan = self.after_change_of_control(count_days="the day of the event is day 1")
        assert only(plan, "lump_sum").due_on == day("2006-10-20")
        assert only(plan, "i9").due_on == day("2005-04-13")
        cover = only(plan, "health_continuation")
        assert (cover.from_on, cover.to_on) == (day("2006-10-16"), day("2007-04-15"))

    def test_5_4_clear_days(self) -> None:
        plan = self.after_change_of_control(notice_days="clear days")
        assert only(plan, "last_safe_notice").due_on == day("2007-03-10")
        notice = planned(HIRED, GOOD_REASON, terms=under(notice_days="clear days"))
        assert only(notice, "good_reason_notice").due_on == day("2006-04-01")

    @pytest.mark.parametrize(
        ("roll", "adjusted"), [("next business day", "2006-10-23"), ("previous business day", "2006-10-20")]
    )
    def test_5_1_a_a_roll_keeps_both_days(self, roll: str, adjusted: str) -> None:
        lump_sum = only(self.after_change_of_control(lump_sum_roll=roll), "lump_sum")
        assert (lump_sum.due_on, lump_sum.adjusted_on) == (day("2006-10-21"), day(adjusted))

    def test_5_1_a_a_roll_back_never_pays_before_the_event(self) -> None:
        """Without delay, on a Saturday: the Friday before would be before the exit."""
        terms = under(lump_sum_roll="previous business day", six_month_hold="does not apply")
        saturday = happened("change_of_control", "2006-10-14")
        lump_sum = only(planned(HIRED, saturday, terms=terms), "lump_sum")
        assert lump_sum.adjusted_on is not None
        assert lump_sum.adjusted_on >= day("2006-10-14")

    def test_5_1_a_a_roll_by_both_calendars(self) -> None:
        """2006-10-01 and the days after are holidays in Shanghai, not in Austin."""
        change = happened("change_of_control", "2006-09-27")
        both = under(lump_sum_roll="next business day", business_calendar="both")
        us = under(lump_sum_roll="next business day")
        assert only(planned(HIRED, change, terms=us), "lump_sum").adjusted_on == day("2006-10-02")
        shanghai = only(planned(HIRED, change, terms=both), "lump_sum").adjusted_on
        assert shanghai is not None
        assert shanghai > day("2006-10-04")

    @pytest.mark.parametrize(
        ("first_day", "due"),
        [
            ("2005-04-11", "2005-04-14"),
            ("2005-04-14", "2005-04-19"),
            ("2005-05-27", "2005-06-02"),
        ],
        ids=["midweek", "over a weekend", "over Memorial Day"],
    )
    def test_8_i9_by_business_days(self, first_day: str, due: str) -> None:
        plan = planned(happened("employment_started", first_day), terms=under(i9_days="business days"))
        assert only(plan, "i9").due_on == day(due)

    def test_8_i9_may_not_apply_abroad(self) -> None:
        plan = planned(HIRED, terms=under(i9_applies="does not apply to work abroad"))
        assert states(plan, "i9") == {State.NOT_APPLICABLE}

    def test_3_only_an_exit_accelerates(self) -> None:
        plan = self.after_change_of_control(acceleration_trigger="only an exit accelerates")
        assert only(plan, "options_acceleration").due_on is None
        assert State.SUPERSEDED not in states(plan, "options_vesting")

    def test_3_acceleration_only_inside_the_window(self) -> None:
        late = happened("change_of_control", "2007-04-11")
        plan = planned(HIRED, late, terms=under(acceleration_after_window="only inside the window"))
        assert states(plan, "options_acceleration") == {State.NOT_APPLICABLE}
        assert State.SUPERSEDED not in states(plan, "options_vesting")

    @pytest.mark.parametrize(
        ("option", "first", "second"),
        [("first day of the month", "2006-04-01", "2006-07-01"), ("last day of the month", "2006-04-30", "2006-07-31")],
    )
    def test_3_vesting_day(self, option: str, first: str, second: str) -> None:
        tranches = of(planned(HIRED, terms=under(vesting_day=option)), "options_vesting")
        assert [str(one.due_on) for one in tranches[:2]] == [first, second]
        assert units(tranches) == 250_000

    def test_3_vesting_from_the_grant(self) -> None:
        terms = under(vesting_starts="day of the grant")
        assert states(planned(HIRED, terms=terms), "options_vesting") == {State.WAITING}
        granted = planned(HIRED, happened("options_granted", "2005-05-02"), terms=terms)
        assert of(granted, "options_vesting")[0].due_on == day("2006-05-02")

    def test_5_1_b_cover_to_the_end_of_the_month(self) -> None:
        plan = self.after_change_of_control(cover_end="at the end of that month")
        assert only(plan, "health_continuation").to_on == day("2007-04-30")

    def test_5_1_the_window_may_end_on_the_anniversary(self) -> None:
        terms = under(window_length="ends on the second anniversary")
        plan = planned(HIRED, happened("change_of_control", "2007-04-11"), terms=terms)
        assert plan.windows[0].last_on == day("2007-04-11")
        assert only(plan, "lump_sum").due_on == day("2007-04-16")
        assert only(plan, "last_safe_notice").due_on == day("2007-03-12")

    def test_5_1_the_notice_inside_is_enough_and_the_effect_still_sets_the_day(self) -> None:
        """Notice on 2007-03-20, effect on 2007-04-19: due five days after the effect, not after the notice."""
        terms = under(inside_window="the notice is given inside")
        plan = planned(HIRED, TestResignationForGoodReason.LATE, terms=terms)
        assert only(plan, "lump_sum").due_on == day("2007-04-24")
        assert only(plan, "last_safe_notice").due_on == day("2007-04-10")
        reported = planned(HIRED, TestResignationForGoodReason.LATE, happened("resigned", "2007-04-19"), terms=terms)
        assert only(reported, "lump_sum").state is State.SCHEDULED
        assert only(reported, "health_continuation").from_on == day("2007-04-20")

    def test_5_1_once_or_for_each_trigger(self) -> None:
        again = happened("change_of_control", "2007-01-16")
        assert len(of(planned(HIRED, CHANGE_OF_CONTROL, again), "lump_sum")) == 1
        each = planned(HIRED, CHANGE_OF_CONTROL, again, terms=under(lump_sum_times="once per trigger"))
        assert sorted(str(one.due_on) for one in of(each, "lump_sum")) == ["2006-10-21", "2007-01-21"]
        once = only(planned(HIRED, CHANGE_OF_CONTROL, again), "lump_sum")
        assert once.id in {one.id for one in of(each, "lump_sum")}, "the first keeps the identity of the slot"

    def test_5_1_a_the_six_month_hold(self) -> None:
        assert only(self.after_change_of_control(six_month_hold="applies"), "lump_sum").due_on == day("2007-04-16")

    def test_2_always_26_pay_dates(self) -> None:
        plan = planned(HIRED, PAYROLL, terms=under(pay_dates="always 26"))
        assert {one.amount.shown() for one in of(plan, "salary")[1:] if one.amount} == {"9,615.38 USD"}

    def test_2_final_pay_on_the_day_of_the_exit(self) -> None:
        left = happened("resigned", "2006-06-23", good_reason="no")
        plan = planned(HIRED, PAYROLL, left, terms=under(final_pay_due="on the day of the exit"))
        assert only(plan, "exit_pay_only").due_on == day("2006-06-23")

    def test_2_final_pay_by_days_of_the_year(self) -> None:
        left = happened("resigned", "2006-06-23", good_reason="no")
        final = only(planned(HIRED, PAYROLL, left, terms=under(proration="days of the year")), "exit_pay_only")
        assert final.amount is not None
        assert final.amount.shown() == "4,794.52 USD", "7 of 365 days of 250,000"

    def test_the_counting_zone_moves_the_hour_of_reminders(self) -> None:
        hours = {
            zone: next(p.send_at for p in planned(HIRED, terms=under(counting_zone=zone)).pushes if p.clause == "i9")
            for zone in ("Shanghai", "Austin")
        }
        assert hours["Austin"] - hours["Shanghai"] == timedelta(hours=13)

    def test_6_and_7_no_soft_dates(self) -> None:
        plan = planned(HIRED, terms=under(soft_dates="none"))
        assert all(one.soft_on is None for one in plan.occurrences)
        assert only(planned(HIRED), "confidentiality_agreement").soft_on == day("2005-04-11")

    @pytest.mark.parametrize(
        ("policy", "anniversary"),
        [("last day of a shorter month", "2005-02-28"), ("first day of the next month", "2005-03-01")],
    )
    def test_3_and_5_1_month_ends(self, policy: str, anniversary: str) -> None:
        plan = planned(happened("employment_started", "2004-02-29"), terms=under(month_end=policy))
        assert of(plan, "options_vesting")[0].due_on == day(anniversary)
        assert plan.windows[0].last_on == day("2006-02-28"), "24 months end with a month that has no 29th"


class TestAlternatives:
    def test_they_report_what_each_reading_would_change(self) -> None:
        chosen = protected()
        others = alternatives(letter(), chosen, lambda terms: planned(HIRED, CHANGE_OF_CONTROL, terms=terms))
        lump_sum = {
            (one.reading, one.option): one.other for one in others if one.subject.clause == "lump_sum" and one.other
        }
        found = {reading: str(other.adjusted_on) for (reading, _), other in lump_sum.items()}
        assert found["count_days"] == "2006-10-20"
        assert found["six_month_hold"] == "2007-04-16"
        rolled = {
            option: str(other.adjusted_on)
            for (reading, option), other in lump_sum.items()
            if reading == "lump_sum_roll"
        }
        assert rolled == {"next business day": "2006-10-23", "previous business day": "2006-10-20"}

    def test_the_earliest_day_over_the_readings_drives_warnings_and_not_alarms(self) -> None:
        chosen = planned(HIRED, NEGLECT)
        bounds = reaches(chosen, HIRED, NEGLECT)
        cure = only(chosen, "neglect_cure")
        assert bounds[cure.id].earliest_on == day("2005-06-30"), "where the day of receipt is day 1"
        plan = planned(HIRED, NEGLECT, bounds=bounds)
        sent = {push.name: push.send_at.date() for push in plan.pushes if push.clause == "neglect_cure"}
        assert sent["remind.manager.7-day-before"] == day("2005-06-23")
        assert sent["remind.manager.1-day-after"] == day("2005-07-02"), "the alarm stays on the day it can be missed"

    def test_an_occurrence_of_another_reading_is_listed_and_not_pushed(self) -> None:
        chosen = planned(HIRED, happened("change_of_control", "2007-04-11"))

        def planner(terms: Terms) -> Plan:
            return planned(HIRED, happened("change_of_control", "2007-04-11"), terms=terms)

        others = alternatives(letter(), chosen, planner)
        lump_sum = next(one for one in others if one.reading == "window_length" and one.subject.clause == "lump_sum")
        assert lump_sum.other is not None
        assert lump_sum.other.due_on == day("2007-04-16")
        assert not [push for push in chosen.pushes if push.clause == "lump_sum"]


# --- what the letter owes, row by row -------------------------------------------------------------------------------

# Each row: its clauses here, the reminders in days from the point it counts from, the systems told, who approves.
ROWS: dict[int, tuple[tuple[str, ...], dict[str, set[str]], set[str], set[str]]] = {
    1: (("acceptance",), {"employee": {"7-day-every-trigger"}}, set(), set()),
    2: (("i9",), {"employee": {"6-day-before", "3-day-before", "2-day-before", "1-day-before"}}, {"hr"}, set()),
    3: (
        ("confidentiality_agreement", "arbitration_agreement"),
        {"employee": {"7-day-before", "1-day-before", "on-due"}, "legal": {"7-day-before", "1-day-before", "on-due"}},
        set(),
        set(),
    ),
    4: (("salary",), {}, {"payroll"}, {"payroll"}),
    5: (("exit_pay_only",), {"payroll": {"2-day-before", "1-day-before", "on-due"}}, {"payroll"}, {"hr", "finance"}),
    6: (
        ("option_grant", "exercise_price_record"),
        {"equity": {"on-due", "on-trigger", "7-day-every-trigger"}},
        {"equity"},
        set(),
    ),
    7: (("options_vesting",), {"equity": {"30-day-before", "7-day-before", "on-due"}}, {"equity"}, set()),
    8: (("options_acceleration",), {"equity": {"on-due"}, "legal": {"on-due"}}, {"equity", "payroll"}, {"legal"}),
    9: (("vacation_accrual",), {}, {"leave_ledger"}, set()),
    10: (
        ("protection_window",),
        {"legal": {f"{days}-day-before-end" for days in (90, 61, 31, 7, 1)}},
        set(),
        set(),
    ),
    11: (
        ("lump_sum",),
        {"payroll": {"on-trigger", "3-day-before", "1-day-before", "on-due"}},
        {"payroll"},
        {"hr", "finance"},
    ),
    12: (
        ("health_continuation",),
        {
            "benefits": {"on-trigger", "30-day-before-end", "7-day-before-end"}
            | {f"{months}-month-after-start" for months in range(1, 6)}
        },
        {"benefits"},
        set(),
    ),
    13: (("cobra_premium",), {"benefits": {"7-day-before", "1-day-before"}}, {"payroll"}, {"hr", "finance"}),
    14: (
        ("neglect_cure",),
        {role: {"15-day-before", "7-day-before", "1-day-before", "1-day-after"} for role in ("manager", "hr", "legal")},
        set(),
        set(),
    ),
    15: (
        ("company_breach_cure",),
        {role: {"15-day-before", "7-day-before", "1-day-before", "1-day-after"} for role in ("manager", "legal")},
        set(),
        set(),
    ),
    16: (("good_reason_notice",), {"hr": {"on-trigger", "7-day-before", "1-day-before"}}, {"payroll"}, set()),
    17: (("salary_cut_watch",), {"legal": {"on-trigger"}}, set(), set()),
    18: (
        ("last_safe_notice", "last_safe_notice_with_cure"),
        {"legal": {"60-day-before", "14-day-before"}},
        set(),
        set(),
    ),
    19: (("expenses", "expense_reimbursement"), {"employee": {"7-day-before", "on-due"}}, {"payables"}, {"finance"}),
    20: (("indemnification", "surviving_confidentiality", "surviving_arbitration"), {}, set(), set()),
}


@pytest.fixture(scope="module")
def everything() -> list[Plan]:
    """Plans in which, together, every clause is dated and may be sent."""
    refused = happened("health_carrier_allows_continuation", "2006-10-20", value="no")
    elected, premium = TestHealthCover.ELECTED, TestHealthCover.PREMIUM
    expense = happened("expense_incurred", "2006-01-05")
    submitted = happened("expense_submitted", "2006-01-10", amount="120.50")
    cut = happened("base_salary", "2006-02-01", value="200000")
    breach = TestCompanyBreach.NOTICE
    left = happened("terminated", "2006-12-05", good_cause="no")
    return [
        planned(HIRED, PAYROLL, CHANGE_OF_CONTROL, refused, elected, premium, left),
        planned(HIRED, PAYROLL, CHANGE_OF_CONTROL, TestHealthCover.YES, NEGLECT),
        planned(HIRED, expense, cut, breach, GOOD_REASON),
        planned(HIRED, expense, submitted),
    ]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_letter_has_its_clauses(row: int) -> None:
    assert set(ROWS[row][0]) <= set(letter().clauses)


def test_no_clause_is_outside_the_rows_but_the_power_they_lead_to_and_the_plans_of_clause_4() -> None:
    rows = {clause for clauses, *_ in ROWS.values() for clause in clauses}
    assert set(letter().clauses) - rows == {"good_reason_power", "benefits_participation"}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_reminds_and_acts_as_it_should(row: int, everything: list[Plan]) -> None:
    clauses, reminders, systems, approvals = ROWS[row]
    pushes = [push for plan in everything for push in plan.pushes if push.clause in clauses]
    for role, moments in reminders.items():
        names = {push.name.removeprefix(f"remind.{role}.") for push in pushes if push.destination == role}
        assert moments <= {name.rpartition(".")[0] if "-every-" in name else name for name in names}, role
    acts = [push for push in pushes if push.kind == "action"]
    assert {push.destination for push in acts} == systems
    assert {role for push in acts for role in push.approvals} == approvals


def test_5_1_a_the_lump_sum_goes_two_days_ahead_with_two_approvals(everything: list[Plan]) -> None:
    (act,) = [push for push in everything[1].pushes if push.clause == "lump_sum" and push.kind == "action"]
    assert act.approvals == ("hr", "finance")
    assert act.money
    assert act.send_at.isoformat() == "2006-10-19T01:00:00+00:00", "nine o'clock in Shanghai on 2006-10-19"
    assert act.payload["amount"] == {"value": "125000.00", "currency": "USD"}


def test_closing_the_weekly_reminder_keeps_its_number_and_its_key() -> None:
    """A repeat that was sent is recognised as sent, whenever the plan is made again."""

    def weekly(as_of: str) -> dict[str, tuple[object, date]]:
        plan = planned(as_of=as_of)
        return {p.name: (p.key, p.send_at.date()) for p in plan.pushes if p.name.startswith("remind.employee")}

    first, later = weekly("2005-04-02"), weekly("2005-06-01")
    assert first["remind.employee.7-day-every-trigger.1"][1] == day("2005-04-08")
    common = set(first) & set(later)
    assert len(common) > 40
    assert all(first[name] == later[name] for name in common)
    assert min(sent_on for _, sent_on in later.values()) == day("2005-05-27"), "the last one that is past, and then on"


def test_closing_a_signed_letter_is_reminded_of_no_more() -> None:
    plan = planned(happened("offer_accepted", "2005-04-04"), as_of="2005-04-20")
    assert only(plan, "acceptance").state is State.DONE
    assert not [push for push in plan.pushes if push.clause == "acceptance"]


# --- identity -------------------------------------------------------------------------------------------------------


class TestIdentity:
    def test_correcting_the_first_day_keeps_every_id(self) -> None:
        corrected = happened("employment_started", "2005-04-18", identity=HIRED.id)
        before, after = planned(HIRED, CHANGE_OF_CONTROL), planned(corrected, CHANGE_OF_CONTROL)
        kept = {one.id for one in before.occurrences if one.of is not None}
        assert kept == {one.id for one in after.occurrences if one.of is not None}
        assert only(before, "i9").id == only(after, "i9").id
        assert only(before, "i9").due_on != only(after, "i9").due_on

    def test_with_a_payroll_calendar_a_period_keeps_its_id(self) -> None:
        """The pay of a period is not paid again because the first day was corrected."""
        corrected = happened("employment_started", "2005-04-18", identity=HIRED.id)
        before = {one.to_on: one.id for one in of(planned(HIRED, PAYROLL), "salary")}
        after = {one.to_on: one.id for one in of(planned(corrected, PAYROLL), "salary")}
        assert all(before[last] == identity for last, identity in after.items() if last in before)
        assert set(after) & set(before)

    def test_the_same_calendar_stated_by_another_of_its_days_is_the_same(self) -> None:
        again = happened("payroll_calendar", "2005-04-01", value="14 days ending 2005-07-01")
        assert ids(planned(HIRED, PAYROLL)) == ids(planned(HIRED, again))

    def test_a_trigger_withdrawn_and_entered_anew_pays_nothing_twice(self) -> None:
        again = happened("change_of_control", "2006-10-23", identity="entered anew")
        slots = ("lump_sum", "options_acceleration", "health_continuation", "cobra_premium")
        for clause in slots:
            before = {one.id for one in of(planned(HIRED, CHANGE_OF_CONTROL), clause)}
            assert before == {one.id for one in of(planned(HIRED), clause)}
            assert before == {one.id for one in of(planned(HIRED, again), clause)}

    def test_another_exit_that_comes_to_fill_the_slot_keeps_its_ids(self) -> None:
        fired = happened("terminated", "2006-05-02", good_cause="no")
        assert only(planned(HIRED, fired), "lump_sum").id == only(protected(), "lump_sum").id

    @given(st.randoms(use_true_random=False))
    @settings(max_examples=25, deadline=None)
    def test_any_order_of_the_same_reports_gives_the_same_plan(self, random: Random) -> None:
        reports: list[Report] = [
            HIRED,
            NEGLECT,
            happened("neglect_cured", "2005-06-20"),
            CHANGE_OF_CONTROL,
            TestHealthCover.NO,
            TestHealthCover.ELECTED,
            happened("terminated", "2006-10-16", good_cause="no"),
            happened("base_salary", "2006-01-01", value="220000"),
        ]
        shuffled = reports.copy()
        random.shuffle(shuffled)
        assert planned(*shuffled) == planned(*reports)

    def test_every_order_of_a_change_of_control_and_an_exit_on_one_day_is_one_lump_sum(self) -> None:
        fired = happened("terminated", "2006-10-16", good_cause="no")
        plans = [planned(*order) for order in permutations((HIRED, CHANGE_OF_CONTROL, fired))]
        assert all(plan == plans[0] for plan in plans)
        assert only(plans[0], "lump_sum").due_on == day("2006-10-21")
        assert units([one for one in of(plans[0], "options_vesting") if one.state is State.SCHEDULED]) == 93_750

    def test_on_one_day_what_is_reported_goes_before_what_is_expected(self) -> None:
        fired = happened("terminated", "2006-10-16", good_cause="no", expected=True)
        assert only(planned(HIRED, CHANGE_OF_CONTROL, fired), "lump_sum").state is State.SCHEDULED

    def test_the_clock_decides_only_what_the_clock_decides(self) -> None:
        by_the_clock = {State.SCHEDULED, State.DUE, State.MISSED, State.DONE}
        before = {one.id: one for one in protected().occurrences}
        after = {one.id: one for one in planned(HIRED, CHANGE_OF_CONTROL, as_of="2006-11-01").occurrences}
        assert set(before) <= set(after), "a longer horizon only adds to open series"
        for identity, one in before.items():
            other = after[identity]
            assert (one.due_on, one.adjusted_on, one.amount, one.units) == (
                other.due_on,
                other.adjusted_on,
                other.amount,
                other.units,
            )
            if one.state is not other.state:
                assert {one.state, other.state} <= by_the_clock


class TestExpectedEvents:
    def test_an_expected_first_day_dates_everything_provisionally(self) -> None:
        plan = planned(happened("employment_started", "2005-04-11", expected=True))
        assert only(plan, "i9").due_on == day("2005-04-14")
        assert only(plan, "i9").conditional
        assert only(plan, "option_grant").waiting_for == ("employment_started",)

    def test_a_report_of_a_later_day_fills_the_same_happening(self) -> None:
        expected = happened("change_of_control", "2006-10-16", expected=True)
        reported = happened("change_of_control", "2006-10-20")
        plan = planned(HIRED, expected, reported)
        assert only(plan, "lump_sum").due_on == day("2006-10-25")
        assert only(plan, "lump_sum").state is State.SCHEDULED
        assert len(powers(plan, "resign_for_good_reason")) == 1

    def test_an_expected_notice_and_its_report_are_one_cure(self) -> None:
        expected = happened("company_neglect_notice_received", "2005-06-01", expected=True)
        reported = happened("company_neglect_notice_received", "2005-06-03")
        before, after = planned(HIRED, expected), planned(HIRED, expected, reported)
        assert only(before, "neglect_cure").id == only(after, "neglect_cure").id
        assert only(after, "neglect_cure").due_on == day("2005-07-03")

    def test_an_earlier_report_is_a_happening_of_its_own(self) -> None:
        expected = happened("company_neglect_notice_received", "2006-06-01", expected=True)
        assert len(of(planned(HIRED, NEGLECT, expected), "neglect_cure")) == 2

    def test_an_exit_that_is_only_expected_discharges_nothing(self) -> None:
        left = happened("resigned", "2006-06-30", good_reason="no", expected=True)
        assert only(planned(HIRED, left), "last_safe_notice").state is State.SCHEDULED
        assert only(planned(HIRED, left, as_of="2006-07-15"), "lump_sum").state is State.WAITING


class TestContradictions:
    def test_two_first_days_are_a_conflict_in_plain_words(self) -> None:
        with pytest.raises(PlanningError, match="employment started happens once but is reported for 2005-04-11 and"):
            planned(HIRED, happened("employment_started", "2005-04-12"))

    def test_the_same_first_day_twice_is_none(self) -> None:
        assert planned(HIRED, happened("employment_started", "2005-04-11", identity="again")).occurrences

    @pytest.mark.parametrize(
        ("report", "words"),
        [
            (happened("resined", "2006-01-01"), 'no event "resined". Did you mean "resigned"'),
            (happened("terminated", "2006-01-01", cause="no"), 'has no field "cause"'),
            (happened("terminated", "2006-01-01", good_cause="maybe"), "neither yes nor no"),
            (happened("good_reason_condition", "2006-01-01", ground="rain"), "is one of relocation"),
            (happened("base_salary", "2006-01-01", value="-1"), "below zero"),
            (happened("base_salary", "2006-01-01"), "needs its value"),
            (happened("employment_started", "9999-12-31"), "leaves the calendar"),
        ],
        ids=lambda value: value.event if isinstance(value, Report) else "",
    )
    def test_what_the_terms_do_not_know_is_refused_in_words(self, report: Report, words: str) -> None:
        with pytest.raises(PlanningError) as caught:
            planned(report)
        assert words in str(caught.value)


class TestDerivation:
    def test_5_1_a_the_lump_sum_says_why(self) -> None:
        sentence = only(protected(), "lump_sum").derivation.sentence()
        assert sentence.startswith("lump sum (clause 5.1(a)): 2006-10-21; 5 calendar days after 2006-10-16")
        for part in (
            "the day itself not counted",
            "change_of_control: a change of control was consummated, reported (clause 5.3)",
            'reading lump_sum_roll: "stays on the day", by default',
            "lump_sum_amount of the contract (clause 5.1(a)): 125,000.00 USD",
        ):
            assert part in sentence

    def test_nothing_is_said_twice(self) -> None:
        for one in protected().occurrences:
            steps = one.derivation.sentence().split("; ")
            assert len(steps) == len(set(steps)), one.clause

    def test_5_1_a_a_reading_says_who_chose_it_and_a_roll_names_its_calendar(self) -> None:
        sentence = only(
            planned(HIRED, CHANGE_OF_CONTROL, terms=under(lump_sum_roll="next business day")), "lump_sum"
        ).derivation.sentence()
        assert "2006-10-21 is closed; moved by following" in sentence
        assert "business days by calendar US: version holidays" in sentence

    def test_every_dated_occurrence_names_its_clause_and_what_it_rests_on(self) -> None:
        for one in protected().occurrences:
            assert one.derivation.cite == one.cite != ""
            assert one.derivation.inputs
