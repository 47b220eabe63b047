"""Vesting and acceleration: every unit ends in exactly one place, and together they are the grant."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import CHANGE_OF_CONTROL, HIRED, day, happened, of, only, planned, states, units

GRANT = 1_600
TEXT = """\
terms: 1
template: {{id: shares, title: Shares for a consultant, currency: USD}}
parties: {{client: the client, consultant: the consultant}}
roles: {{lead: the lead}}
parameters: {{shares: {{type: units, default: 1600}}}}
facts: {{agreed: {{type: yes_or_no, ask: Was it agreed?}}}}
events:
  started: {{}}
  breach: {{}}
  sold: {{}}
  left: {{}}
  ended: {{once: yes}}
  released: {{}}
clauses:
  vesting:
    cite: "1"
    who: client owes consultant
    vest: shares
    unit: shares
    when: started
    schedule: [{{portion: 1/1, after: 3 months, every: 3 months, times: 4}}]
    until: {until}
  acceleration:
    cite: "2"
    who: client owes consultant
    accelerate: vesting
    unit: shares
    when: breach
    {condition}
  sale:
    cite: "3"
    who: client owes consultant
    accelerate: vesting
    unit: shares
    when: sold
"""
START = happened("started", "2025-01-15")
BREACH = happened("breach", "2025-05-01")


@cache
def shares(condition: str = "", until: str = "ended") -> Terms:
    return load(TEXT.format(condition=condition, until=until), "shares.yaml", find_template)


def plan_of(*reports: Report, condition: str = "", until: str = "ended", as_of: str = "") -> Plan:
    return planned(*reports, terms=shares(condition, until), as_of=as_of)


def lapsed_and_vested(plan: Plan) -> Decimal:
    return units([one for one in of(plan, "vesting") if one.state is not State.SUPERSEDED])


def accelerations(plan: Plan) -> list[Occurrence]:
    return [one for one in plan.occurrences if one.clause in ("acceleration", "sale")]


class TestEachTrancheEndsOnce:
    def test_the_second_acceleration_finds_nothing_left(self) -> None:
        plan = plan_of(START, BREACH, happened("breach", "2025-06-01"))
        assert [(one.state, one.units) for one in accelerations(plan)] == [
            (State.SCHEDULED, Decimal(GRANT)),
            (State.NOT_APPLICABLE, None),
        ]

    def test_what_lapsed_with_the_service_cannot_vest_by_a_later_acceleration(self) -> None:
        plan = plan_of(START, happened("ended", "2025-04-20"), BREACH)
        assert states(plan, "vesting") == {State.TERMINATED}
        assert states(plan, "acceleration") == {State.NOT_APPLICABLE}

    def test_an_acceleration_on_the_day_service_ends_takes_what_would_lapse(self) -> None:
        plan = plan_of(START, happened("ended", "2025-05-01"), BREACH)
        assert states(plan, "vesting") == {State.SUPERSEDED}
        assert only(plan, "acceleration").units == GRANT

    def test_a_tranche_due_on_the_day_itself_vests_by_schedule(self) -> None:
        plan = plan_of(START, happened("breach", "2025-07-15"))
        assert [one.state for one in of(plan, "vesting")] == [State.SCHEDULED] + [State.SUPERSEDED] * 3
        assert only(plan, "acceleration").units == GRANT - 400

    def test_every_grant_made_by_then_accelerates_and_none_made_later(self) -> None:
        plan = plan_of(START, happened("started", "2025-03-15"), happened("started", "2025-08-01"), BREACH)
        assert only(plan, "acceleration").units == 2 * GRANT
        assert units([one for one in of(plan, "vesting") if one.state is State.SCHEDULED]) == GRANT

    def test_an_end_of_earlier_service_ends_no_later_grant(self) -> None:
        plan = plan_of(happened("left", "2024-05-01"), START, happened("left", "2025-09-01"), until="left")
        assert [one.state for one in of(plan, "vesting")] == [State.SCHEDULED] + [State.TERMINATED] * 3


class TestUndecided:
    def test_an_acceleration_that_does_not_apply_takes_nothing(self) -> None:
        no = happened("agreed", "2025-04-30", value="no")
        plan = plan_of(START, BREACH, no, condition="if: agreed")
        assert states(plan, "vesting") == {State.SCHEDULED}
        assert states(plan, "acceleration") == {State.NOT_APPLICABLE}

    @pytest.mark.parametrize(
        ("condition", "open_point"), [("if: agreed", "agreed"), ("requires: released", "released")]
    )
    def test_while_it_is_open_whether_it_applies_the_tranches_wait_for_that(
        self, condition: str, open_point: str
    ) -> None:
        plan = plan_of(START, BREACH, condition=condition, as_of="2026-06-01")
        assert states(plan, "vesting") == states(plan, "acceleration") == {State.WAITING}
        for one in plan.occurrences:
            assert one.conditional
            assert open_point in (*one.waiting_for, *one.missing)

    def test_an_open_acceleration_keeps_from_lapsing_what_it_may_yet_take(self) -> None:
        ended = happened("ended", "2025-05-01")
        waiting = plan_of(START, BREACH, ended, condition="requires: released")
        assert states(waiting, "vesting") == {State.WAITING}
        released = plan_of(START, BREACH, ended, happened("released", "2025-08-01"), condition="requires: released")
        assert states(released, "vesting") == {State.SUPERSEDED}
        assert only(released, "acceleration").units == GRANT

    def test_an_exit_nobody_has_judged_yet_may_still_accelerate(self) -> None:
        """If the termination turns out to be without Good Cause, everything vests; nothing may have lapsed before."""
        plan = planned(HIRED, happened("terminated", "2006-06-30"))
        later = of(plan, "options_vesting")[1:]
        assert {(one.state, one.missing) for one in later} == {(State.NEEDS_PERSON, ("terminated.good_cause",))}

    def test_a_second_acceleration_waits_for_an_expected_first(self) -> None:
        plan = plan_of(START, happened("sold", "2025-05-01", expected=True), happened("breach", "2025-06-01"))
        assert only(plan, "sale").units == GRANT
        assert (only(plan, "acceleration").state, only(plan, "acceleration").waiting_for) == (State.WAITING, ("sold",))


class TestExpectedExits:
    EXIT = happened("terminated", "2006-09-30", good_cause="yes", expected=True)

    def test_tranches_after_a_merely_expected_exit_wait_for_it(self) -> None:
        plan = planned(HIRED, self.EXIT)
        after = of(plan, "options_vesting")[2:]
        assert {(one.state, one.waiting_for, one.conditional) for one in after} == {
            (State.WAITING, ("terminated",), True)
        }

    def test_tranches_after_an_expected_acceleration_are_shown_as_taken_by_it(self) -> None:
        plan = planned(HIRED, happened("resignation_notice", "2007-03-20", good_reason="yes"))
        assert only(plan, "options_acceleration").units == 125_000
        after = of(plan, "options_vesting")[5:]
        assert {(one.state, one.conditional) for one in after} == {(State.SUPERSEDED, True)}

    def test_a_change_of_control_after_it_still_accelerates_and_waits_for_it(self) -> None:
        plan = planned(HIRED, self.EXIT, CHANGE_OF_CONTROL, as_of="2006-10-17")
        taken = only(plan, "options_acceleration")
        assert (str(taken.due_on), taken.units, taken.state) == ("2006-10-16", Decimal(156_250), State.WAITING)
        assert taken.waiting_for == ("terminated",)


DAYS = st.dates(HIRED.occurred_on.replace(2024, 11, 1), HIRED.occurred_on.replace(2026, 8, 1)).map(str)
STORIES = st.lists(
    st.tuples(st.sampled_from(["started", "breach", "sold", "left", "released"]), DAYS, st.booleans()), max_size=6
)


@given(
    STORIES,
    st.sampled_from(["", "if: agreed", "requires: released"]),
    st.sampled_from(["left", "ended"]),
    st.none() | st.tuples(DAYS, st.booleans()),
    st.sampled_from(["", "yes", "no"]),
)
@settings(max_examples=200, deadline=None)
def test_vested_and_accelerated_and_lapsed_are_together_the_grant(
    story: list[tuple[str, str, bool]],
    condition: str,
    until: str,
    ended: tuple[str, bool] | None,
    agreed: str,
) -> None:
    """A unit that vests twice is paid twice; one that vests nowhere is stolen."""
    reports = [
        happened(event, on, identity=f"report {number}", expected=expected and event != "released")
        for number, (event, on, expected) in enumerate(story)
    ]
    reports += [happened("ended", ended[0], expected=ended[1])] if ended else []
    reports += [happened("agreed", "2024-10-01", value=agreed)] if agreed else []
    plan = plan_of(START, *reports, condition=condition, until=until)
    grants = {one.instance for one in of(plan, "vesting")}
    released = [day(on) for event, on, _ in story if event == "released"]

    def still_open(one: Occurrence) -> bool:
        """It shows what it would take, but nothing counts as taken by it yet."""
        if one.clause == "sale" or one.due_on is None:
            return False
        if condition == "requires: released":
            return not any(on >= one.due_on for on in released)
        return condition == "if: agreed" and not agreed

    taken = units([one for one in accelerations(plan) if not still_open(one)])
    assert lapsed_and_vested(plan) + taken == GRANT * len(grants)
    assert all(one.units is None or one.units <= GRANT * len(grants) for one in accelerations(plan))


def test_a_tranche_reported_before_its_day_and_then_accelerated_vests_once() -> None:
    """Somebody entered the third tranche as vested in March; in May everything vested early. Four hundred shares would
    be given twice."""
    third = of(plan_of(START), "vesting")[2]
    said = happened("done", "2025-03-01", answers=str(third.id))
    plan = plan_of(START, BREACH, said, as_of="2025-06-01")
    assert of(plan, "vesting")[2].state is State.SUPERSEDED
    lasting = [one for one in plan.occurrences if one.state is not State.SUPERSEDED and one.units]
    assert sum((one.units for one in lasting if one.units), Decimal(0)) == GRANT
    assert any("which is not open: what does it close?" in one.ask for one in plan.questions)
