"""The first letter told otherwise: corrected, expected, contradicted, in any order; and how each day is explained."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.world import PlanningError
from tests.planning.letter import (
    CARRIER_REFUSES,
    CHANGE_OF_CONTROL,
    ELECTED,
    HIRED,
    NEGLECT,
    PAYROLL,
    day,
    happened,
    ids,
    of,
    only,
    planned,
    powers,
    protected,
    under,
    units,
)


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
            CARRIER_REFUSES,
            ELECTED,
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
