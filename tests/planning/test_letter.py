"""The first letter, clause by clause: each test quotes the number of the clause it holds to.

The worked figures start employment on 2005-04-11. What fails here is a wrong date or a wrong sum on somebody's desk.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from obligations.domain.occurrence import PowerState, State
from obligations.planning.plan import Plan
from tests.planning.letter import (
    BREACH,
    CARRIER_ALLOWS,
    CARRIER_REFUSES,
    CHANGE_OF_CONTROL,
    ELECTED,
    GOOD_REASON,
    HIRED,
    LATE_GOOD_REASON,
    NEGLECT,
    PAYROLL,
    PREMIUM,
    day,
    happened,
    of,
    only,
    planned,
    powers,
    protected,
    states,
    under,
    units,
)


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

    def test_5_4_f_the_last_day_to_cure_counts_from_the_notice(self) -> None:
        assert only(planned(HIRED, BREACH), "company_breach_cure").due_on == day("2006-02-09")

    def test_5_4_f_uncured_it_is_good_reason_on_the_day_after(self) -> None:
        assert powers(planned(HIRED, BREACH, as_of="2006-02-09"), "resign_for_good_reason") == []
        (power,) = powers(planned(HIRED, BREACH, as_of="2006-02-10"), "resign_for_good_reason")
        assert (power.arises_on, power.state) == (day("2006-02-10"), PowerState.ARISEN)

    def test_5_4_f_by_receipt_where_that_is_the_reading(self) -> None:
        terms = under(breach_notice_counts="from its receipt")
        assert only(planned(HIRED, BREACH, terms=terms), "company_breach_cure").due_on == day("2006-02-12")

    def test_5_4_f_a_receipt_nobody_stated_is_asked_for(self) -> None:
        unproved = happened("employee_breach_notice", "2006-01-10")
        plan = planned(HIRED, unproved, terms=under(breach_notice_counts="from its receipt"))
        assert only(plan, "company_breach_cure").due_on is None
        assert any(question.name == "employee_breach_notice.received_on" for question in plan.questions)


class TestResignationForGoodReason:
    """5.4: on thirty days advance written notice."""

    def test_5_4_it_takes_effect_thirty_days_later(self) -> None:
        assert only(planned(HIRED, LATE_GOOD_REASON), "good_reason_notice").due_on == day("2007-04-19")

    def test_3_acceleration_is_dated_and_waits_for_the_exit_to_be_reported(self) -> None:
        accelerated = only(planned(HIRED, LATE_GOOD_REASON), "options_acceleration")
        assert (accelerated.state, accelerated.due_on, accelerated.waiting_for, accelerated.units) == (
            State.WAITING,
            day("2007-04-19"),
            ("resigned",),
            Decimal(125_000),
        )
        assert accelerated.conditional

    def test_3_nothing_is_sent_for_an_exit_that_is_only_expected(self) -> None:
        plan = planned(HIRED, LATE_GOOD_REASON)
        accelerating = [push for push in plan.pushes if push.clause == "options_acceleration"]
        assert [push.name for push in accelerating if push.kind == "action"] == []

    def test_5_1_a_an_effect_after_the_window_brings_no_lump_sum(self) -> None:
        assert only(planned(HIRED, LATE_GOOD_REASON), "lump_sum").due_on is None
        reported = planned(HIRED, LATE_GOOD_REASON, happened("resigned", "2007-04-19"))
        assert only(reported, "lump_sum").state is State.NOT_APPLICABLE

    def test_5_1_a_an_effect_inside_the_window_brings_it_thirty_and_five_days_after_the_notice(self) -> None:
        lump_sum = only(planned(HIRED, GOOD_REASON), "lump_sum")
        assert (lump_sum.due_on, lump_sum.state) == (day("2006-03-01") + timedelta(days=35), State.WAITING)

    def test_5_4_the_report_fills_the_same_happening(self) -> None:
        before = planned(HIRED, GOOD_REASON)
        after = planned(HIRED, GOOD_REASON, happened("resigned", "2006-03-31"))
        assert {one.id for one in after.occurrences} <= {one.id for one in before.occurrences}
        gone = [one for one in before.occurrences if after.occurrence(one.id) is None]
        assert {(one.clause, one.state) for one in gone} == {
            ("salary", State.WAITING),
            ("vacation_accrual", State.WAITING),
        }, "only periods that waited for the exit are gone with it"
        assert only(after, "lump_sum").state is State.SCHEDULED
        assert only(after, "options_acceleration").state is State.SCHEDULED

    def test_5_4_a_report_of_another_day_re_dates_it_and_adds_none(self) -> None:
        after = planned(HIRED, GOOD_REASON, happened("resigned", "2006-04-03"))
        assert only(after, "lump_sum").due_on == day("2006-04-08")
        assert only(after, "lump_sum").id == only(planned(HIRED, GOOD_REASON), "lump_sum").id

    def test_5_4_the_report_inherits_what_the_notice_said(self) -> None:
        """Nobody has to say twice that it was for Good Reason."""
        after = planned(HIRED, GOOD_REASON, happened("resigned", "2006-03-31"))
        assert not [question for question in after.questions if question.kind == "judgment"]

    def test_5_4_a_termination_before_the_effect_comes_first(self) -> None:
        fired = happened("terminated", "2006-03-15", good_cause="no")
        plan = planned(HIRED, GOOD_REASON, fired)
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

    def test_5_1_b_the_carrier_allows_it(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, CARRIER_ALLOWS)
        assert only(plan, "health_continuation").state is State.SCHEDULED
        assert states(plan, "cobra_premium") == {State.NOT_APPLICABLE}

    def test_5_1_b_the_carrier_refuses(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, CARRIER_REFUSES)
        assert only(plan, "health_continuation").state is State.NOT_APPLICABLE
        premiums = of(plan, "cobra_premium")
        assert len({one.id for one in premiums}) == 6
        assert {(one.creditor, one.state) for one in premiums} == {("carrier", State.WAITING)}

    def test_5_1_b_elected_and_known_the_premiums_are_scheduled(self) -> None:
        plan = planned(HIRED, CHANGE_OF_CONTROL, CARRIER_REFUSES, ELECTED, PREMIUM)
        premiums = of(plan, "cobra_premium")
        assert states(plan, "cobra_premium") == {State.SCHEDULED}
        assert [str(one.due_on) for one in premiums[:2]] == ["2006-10-17", "2006-11-17"]
        assert {one.amount.shown() for one in premiums if one.amount} == {"850.00 USD"}

    def test_5_1_b_a_late_election_moves_what_was_due_before_it(self) -> None:
        elected = happened("cobra_elected", "2006-11-20")
        premiums = of(planned(HIRED, CHANGE_OF_CONTROL, CARRIER_REFUSES, elected, PREMIUM), "cobra_premium")
        assert [str(one.due_on) for one in premiums[:3]] == ["2006-11-20", "2006-11-20", "2006-12-17"]

    def test_5_1_b_the_end_of_eligibility_ends_the_rest(self) -> None:
        ended = happened("cobra_ended", "2006-12-31")
        plan = planned(HIRED, CHANGE_OF_CONTROL, CARRIER_REFUSES, ELECTED, PREMIUM, ended)
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
