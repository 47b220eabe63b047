"""The first letter under every reading of it: what each one changes, and what the others would have said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from obligations.domain.occurrence import State
from obligations.planning.alternatives import alternatives
from obligations.planning.plan import Plan
from obligations.terms.terms import Terms
from tests.planning.letter import (
    CHANGE_OF_CONTROL,
    GOOD_REASON,
    HIRED,
    LATE_GOOD_REASON,
    NEGLECT,
    PAYROLL,
    day,
    happened,
    letter,
    of,
    only,
    planned,
    protected,
    reaches,
    states,
    under,
    units,
)


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
        plan = planned(HIRED, LATE_GOOD_REASON, terms=terms)
        assert only(plan, "lump_sum").due_on == day("2007-04-24")
        assert only(plan, "last_safe_notice").due_on == day("2007-04-10")
        reported = planned(HIRED, LATE_GOOD_REASON, happened("resigned", "2007-04-19"), terms=terms)
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
