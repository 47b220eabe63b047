"""Vesting schedules: what vests when, by every word a schedule may have."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from schedules.allocation import Allocation
from schedules.vesting import VESTING_DAYS
from tests.planning.letter import happened, of, planned, units
from tests.planning.shares import shares

GRANTED = happened("granted", "2026-01-31")
YEAR = "schedule: [{portion: 1/1, every: 3 months, times: 4}]"


def plan_of(vesting: str, *reports: Report, acceleration: str = "no") -> Plan:
    return planned(GRANTED, *reports, terms=shares(vesting, acceleration))


def tranches(vesting: str, *reports: Report) -> list[tuple[str, int]]:
    return [(str(one.due_on), int(one.units or 0)) for one in of(plan_of(vesting, *reports), "vesting")]


class TestAllocation:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("cumulative rounding", "171 172 171 172 171 172 171"),
            ("cumulative round down", "171 171 172 171 172 171 172"),
            ("front loaded", "172 172 172 171 171 171 171"),
            ("back loaded", "171 171 171 171 172 172 172"),
            ("front loaded to single tranche", "174 171 171 171 171 171 171"),
            ("back loaded to single tranche", "171 171 171 171 171 171 174"),
        ],
    )
    def test_equal_parts_of_a_grant_that_does_not_divide(self, kind: str, expected: str) -> None:
        plan = plan_of(f"allocation: {kind}\nschedule: [{{portion: 1/1, every: 1 month, times: 7}}]")
        assert [str(one.units) for one in of(plan, "vesting")] == expected.split()

    def test_fractional_shares_without_an_end_still_come_to_the_grant(self) -> None:
        plan = plan_of("allocation: fractional\nschedule: [{portion: 1/1, every: 1 month, times: 7}]")
        made = [one.units for one in of(plan, "vesting")]
        assert made[:2] == [Decimal("171.4285714285"), Decimal("171.4285714286")]
        assert sum(one for one in made if one is not None) == 1200

    def test_a_step_whose_share_is_whole_keeps_it(self) -> None:
        """A cliff of a quarter would take a unit from the months after it."""
        steps = "schedule: [{portion: 25%, after: 1 year}, {portion: 75%, after: 1 year, every: 1 month, times: 7}]"
        made = [one.units for one in of(plan_of(f"allocation: front loaded\n{steps}"), "vesting")]
        assert made == [300, *[129] * 4, *[128] * 3]


class TestDays:
    def test_a_vesting_day_asks_only_for_the_month(self) -> None:
        days = [day for day, _ in tranches('vesting_day: "15"\n' + YEAR.replace("3 months", "1 month"))]
        assert days == ["2026-02-15", "2026-03-15", "2026-04-15", "2026-05-15"]

    def test_a_day_that_a_month_lacks_is_its_last(self) -> None:
        days = [day for day, _ in tranches("vesting_day: 30 or last day\n" + YEAR.replace("3 months", "1 month"))]
        assert days == ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]

    def test_a_step_that_counts_from_an_event_may_vest_on_the_day_vesting_started(self) -> None:
        steps = "schedule: [{portion: 1/1, on: listed, every: 1 month, times: 2}]"
        listed = happened("listed", "2026-06-10")
        assert [day for day, _ in tranches(steps, listed)] == ["2026-07-10", "2026-08-10"]
        on_start_day = tranches("vesting_day: vesting start day\n" + steps, listed)
        assert [day for day, _ in on_start_day] == ["2026-07-31", "2026-08-31"]

    def test_what_would_vest_before_the_grant_is_held_until_it_is_made(self) -> None:
        made = tranches("starts: began\n" + YEAR, happened("began", "2025-06-15"))
        assert made == [("2026-01-31", 300), ("2026-01-31", 300), ("2026-03-15", 300), ("2026-06-15", 300)]

    def test_while_nobody_said_when_vesting_starts_the_tranches_wait(self) -> None:
        made = of(plan_of("starts: began\n" + YEAR), "vesting")
        assert {(one.state, one.waiting_for) for one in made} == {(State.WAITING, ("began",))}

    def test_while_the_start_is_only_expected_every_tranche_waits_for_it(self) -> None:
        expected = happened("began", "2025-06-15", expected=True)
        made = of(plan_of("starts: began\n" + YEAR, expected), "vesting")
        assert {(one.state, one.waiting_for, one.conditional) for one in made} == {(State.WAITING, ("began",), True)}
        assert str(made[2].due_on) == "2026-03-15"

    def test_tranche_seven_stays_tranche_seven_when_the_start_is_corrected(self) -> None:
        """Its ledger entry would be made a second time."""
        twelve = "starts: began\nschedule: [{portion: 1/1, every: 3 months, times: 12}]"
        before, after = (of(plan_of(twelve, happened("began", day)), "vesting") for day in ("2025-06-15", "2026-02-28"))
        assert [one.id for one in before] == [one.id for one in after]
        assert (before[6].index, str(before[6].due_on), str(after[6].due_on)) == (7, "2027-03-15", "2027-11-28")

    @given(st.dates().filter(lambda day: 1900 < day.year < 2200), st.sampled_from(list(VESTING_DAYS)))
    def test_every_vesting_day_lies_in_the_month_that_was_counted(self, day: object, rule: str) -> None:
        plan = planned(
            happened("granted", str(day)),
            terms=shares(f"vesting_day: '{rule}'\nschedule: [{{portion: 1/1, every: 1 month, times: 14}}]", "no"),
        )
        start = plan.occurrences[0].due_on
        assert start is not None
        months = [(one.due_on.year, one.due_on.month) for one in of(plan, "vesting") if one.due_on is not None]
        first = months[0][0] * 12 + months[0][1]
        assert [year * 12 + month for year, month in months] == list(range(first, first + 14))


class TestSteps:
    def test_a_cliff_vests_together_what_came_before_it(self) -> None:
        made = tranches("schedule: [{portion: 1/1, every: 1 month, times: 12, cliff: 10}]")
        assert made == [("2026-11-30", 1000), ("2026-12-31", 100), ("2027-01-31", 100)]

    def test_a_step_may_count_from_the_last_tranche_of_another(self) -> None:
        steps = (
            "schedule: [{name: first, portion: 1/2, every: 1 month, times: 1},"
            " {portion: 1/2, from: first, every: 1 month, times: 2}]"
        )
        # February is short, March is not: nothing creeps to the 28th.
        assert [day for day, _ in tranches(steps)] == ["2026-02-28", "2026-03-31", "2026-04-30"]

    def test_a_step_on_a_day_and_one_on_an_event(self) -> None:
        steps = (
            "schedule: [{portion: 1/4, exactly: 2026-07-01}, {units: 500, on: listed},"
            " {portion: 100%, of: remainder, after: 2 years}]"
        )
        assert tranches(steps, happened("listed", "2026-03-03")) == [
            ("2026-07-01", 300),
            ("2026-03-03", 500),
            ("2028-01-31", 400),
        ]
        waits = of(plan_of(steps), "vesting")[1]
        assert (waits.state, waits.waiting_for, int(waits.units or 0)) == (State.WAITING, ("listed",), 500)

    def test_a_step_may_count_business_days(self) -> None:
        steps = "schedule: [{portion: 1/1, after: 10 business days}]"
        assert tranches(steps) == [("2026-02-13", 1200)]

    def test_units_that_are_more_than_the_grant_are_cut(self) -> None:
        steps = "schedule: [{units: 1000, after: 1 year}, {units: 900, after: 2 years}, {portion: 100%, of: remainder}]"
        assert [amount for _, amount in tranches(steps)] == [1000, 200, 0]


PATH = """\
schedule:
  - {name: begin, units: 0, then: [too_late, approved, listed]}
  - {name: too_late, units: 0, after: 36 months, then: []}
  - {name: approved, portion: 60%, on: approved, then: [all, rest]}
  - {name: listed, portion: 10%, on: listed, then: []}
  - {name: rest, portion: 1/10, from: approved, every: 6 months, times: 2, then: []}
  - {name: all, portion: 100%, of: remainder, on: listed, then: []}
"""


class TestPaths:
    def made(self, *reports: Report) -> list[Occurrence]:
        return of(plan_of(PATH, *reports), "vesting")

    def test_without_the_event_in_time_nothing_vests(self) -> None:
        assert {one.state for one in self.made()} == {State.NOT_APPLICABLE}

    def test_the_earliest_of_what_may_come_is_taken_and_the_others_never_come_about(self) -> None:
        made = self.made(happened("listed", "2027-06-01"), happened("approved", "2027-05-01"))
        assert [(one.index, str(one.due_on), int(one.units or 0)) for one in made if one.due_on] == [
            (1, "2027-05-01", 720),
            (5, "2027-06-01", 480),
        ]

    def test_of_two_on_one_day_the_one_named_first_is_taken(self) -> None:
        made = self.made(happened("listed", "2027-06-01"), happened("approved", "2027-06-01"))
        assert [one.index for one in made if one.due_on] == [1, 5]

    def test_a_path_that_gives_less_leaves_the_rest_unvested(self) -> None:
        made = self.made(happened("approved", "2027-05-01"))
        assert [(one.index, str(one.due_on), int(one.units or 0)) for one in made if one.due_on] == [
            (1, "2027-05-01", 720),
            (3, "2027-11-01", 60),
            (4, "2028-05-01", 60),
        ]

    def test_positions_do_not_depend_on_the_path(self) -> None:
        """The ledger would be told of one tranche under the number of another."""
        stories = [(), (happened("approved", "2027-05-01"),), (happened("listed", "2027-05-01"),)]
        assert len({tuple(one.id for one in self.made(*story)) for story in stories}) == 1

    def test_what_no_tranche_has_can_still_vest_early(self) -> None:
        plan = plan_of(PATH, happened("approved", "2027-05-01"), happened("sold", "2027-12-01"), acceleration="")
        early = of(plan, "early")[0]
        assert early.units == 1200 - 720 - 60


class TestSuspension:
    LEAVE = (happened("leave_began", "2026-06-01"), happened("leave_ended", "2026-07-30"))

    def days(self, clock: str, *reports: Report) -> list[str]:
        return [day for day, _ in tranches(f"suspended: {{during: leave, clock: {clock}}}\n" + YEAR, *reports)]

    def test_a_clock_that_stands_still_moves_every_later_day(self) -> None:
        # 60 days, both ends in.
        assert self.days("tolls", *self.LEAVE) == ["2026-04-30", "2026-09-29", "2026-12-30", "2027-04-01"]

    def test_what_falls_due_while_it_is_held_is_released_on_the_day_after(self) -> None:
        leave = (happened("leave_began", "2026-06-01"), happened("leave_ended", "2026-08-10"))
        assert self.days("holds", *leave) == ["2026-04-30", "2026-08-11", "2026-10-31", "2027-01-31"]

    def test_two_leaves_move_the_days_by_both(self) -> None:
        leaves = (
            happened("leave_began", "2026-03-01"),
            happened("leave_ended", "2026-03-10"),
            happened("leave_began", "2026-05-05"),
            happened("leave_ended", "2026-05-14"),
        )
        # The first leave moves the first tranche past the beginning of the second.
        assert self.days("tolls", *leaves) == ["2026-05-20", "2026-08-20", "2026-11-20", "2027-02-20"]

    @pytest.mark.parametrize("clock", ["tolls", "holds"])
    def test_while_it_lasts_what_it_moves_waits_for_its_end(self, clock: str) -> None:
        assert self.days(clock, self.LEAVE[0]) == ["2026-04-30", "None", "None", "None"]

    def test_one_that_ended_before_vesting_started_moves_nothing(self) -> None:
        before = (happened("leave_began", "2025-06-01"), happened("leave_ended", "2025-07-30"))
        assert self.days("tolls", *before) == ["2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31"]


@given(
    st.integers(0, 10**6),
    st.sampled_from(list(map(str, Allocation))),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 30)), min_size=1, max_size=4),
)
def test_every_allocation_of_every_schedule_is_the_grant(grant: int, kind: str, weights: list[tuple[int, int]]) -> None:
    whole = sum(weight for weight, _ in weights)
    steps = ", ".join(f"{{portion: {weight}/{whole}, every: 1 month, times: {times}}}" for weight, times in weights)
    terms = shares(f"allocation: {kind}\nschedule: [{steps}]", "no")
    plan = planned(GRANTED, terms=replace(terms, parameters={**terms.parameters, "shares": Decimal(grant)}))
    assert units(of(plan, "vesting")) == grant


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("allocation: front-loaded\n" + YEAR, 'there is no allocation "front-loaded". Did you mean "front loaded"?'),
        ("vesting_day: '32'\n" + YEAR, 'there is no vesting day "32".'),
        (
            "suspended: {during: leaf, clock: tolls}\n" + YEAR,
            'there is no window or state "leaf". Did you mean "leave"?',
        ),
        ("schedule: [{portion: 1/2, after: 1 year}]", "the portions add up to 50%, not 100%"),
        ("schedule: [{units: 12, after: 1 year}]", "add a last step for what is left"),
        ("schedule: [{after: 1 year}]", "a step says how much vests"),
        ("schedule: [{portion: 1/1, exactly: 2027-01-01, on: listed}]", "a step counts from one point"),
        ("schedule: [{portion: 1/1, times: 3}]", "several parts need `every`"),
        ("schedule: [{portion: 1/1, every: 1 month, times: 3, cliff: 4}]", "a cliff at part 4 lies beyond the 3 parts"),
        ("schedule: [{portion: 1/1, from: frist}]", 'there is no step "frist"'),
        ("schedule: [{name: one, portion: 1/1, from: one}]", "a step counts from itself"),
        ("schedule: [{name: one, portion: 1/1, then: [one]}]", "a path of vesting never goes back"),
        (
            "schedule: [{name: a, portion: 2/3, then: [b]}, {name: b, portion: 2/3, after: 1 year, then: []}]",
            "a path through these steps adds up to 133.333%, more than the grant",
        ),
        ("schedule: [{name: a, portion: 1/2}, {name: a, portion: 1/2}]", 'two steps are called "a"'),
    ],
)
def test_a_schedule_that_cannot_be_planned_says_what_to_mend(words: str, message: str) -> None:
    with pytest.raises(TermsError) as raised:
        shares(words, "no")
    assert message in str(raised.value)
    assert "in clause vesting" in str(raised.value)
