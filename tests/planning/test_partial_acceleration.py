"""Accelerations that take a part of what has not vested: how much, from which end, and what is left."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from tests.planning.letter import happened, of, planned, units
from tests.planning.shares import shares

GRANTED = happened("granted", "2026-01-15")
SOLD = happened("sold", "2026-06-01")
QUARTERS = "schedule: [{portion: 1/1, every: 3 months, times: 4}]"


def plan_of(takes: str, *reports: Report, when: str = "sold", vesting: str = QUARTERS) -> Plan:
    return planned(GRANTED, *reports, terms=shares(vesting, f"takes: {takes}" if takes else "", when))


def left(plan: Plan) -> list[tuple[State, int]]:
    return [(one.state, int(one.units or 0)) for one in of(plan, "vesting")]


SCHEDULED, GONE = State.SCHEDULED, State.SUPERSEDED


class TestHowMuch:
    def test_a_share_of_what_has_not_vested(self) -> None:
        plan = plan_of("{portion: 50%}", SOLD)
        assert of(plan, "early")[0].units == 450
        assert left(plan) == [(SCHEDULED, 300), (GONE, 300), (SCHEDULED, 150), (SCHEDULED, 300)]

    def test_the_latest_first(self) -> None:
        plan = plan_of("{portion: 50%, order: latest first}", SOLD)
        assert left(plan) == [(SCHEDULED, 300), (SCHEDULED, 300), (SCHEDULED, 150), (GONE, 300)]

    @pytest.mark.parametrize(("wanted", "given_"), [("250", 250), ("some", 250), ("5000", 900)])
    def test_a_number_of_units_and_never_more_than_is_left(self, wanted: str, given_: int) -> None:
        assert of(plan_of(f"{{units: {wanted}}}", SOLD), "early")[0].units == given_

    def test_a_number_nobody_has_stated_is_asked_for_and_keeps_tranches_waiting(self) -> None:
        plan = plan_of("{units: asked}", SOLD)
        assert [one.state for one in of(plan, "vesting")] == [SCHEDULED, *[State.WAITING] * 3]
        assert of(plan, "early")[0].missing == ("asked",)

    def test_what_is_due_through_a_day(self) -> None:
        plan = plan_of("{through: 5 months after sold}", SOLD)
        assert left(plan) == [(SCHEDULED, 300), (GONE, 300), (GONE, 300), (SCHEDULED, 300)]

    def test_the_running_tranche_for_its_days(self) -> None:
        # 47 of the 91 days from 15 April to 15 July, rounded down.
        plan = plan_of("{current: pro rata}", SOLD)
        assert left(plan)[1] == (SCHEDULED, 300 - 154)
        assert of(plan, "early")[0].units == 154

    def test_on_the_day_of_a_tranche_the_next_one_has_run_no_day(self) -> None:
        plan = plan_of("{current: pro rata}", happened("sold", "2026-07-15"))
        assert of(plan, "early")[0].state is State.NOT_APPLICABLE


class TestTogether:
    def test_what_a_first_one_left_a_second_takes_from(self) -> None:
        plan = plan_of("{portion: 50%}", SOLD, happened("sold", "2026-06-10"))
        assert sorted(int(one.units or 0) for one in of(plan, "early")) == [225, 450]
        assert units([one for one in of(plan, "vesting") if one.state is SCHEDULED]) == 300 + 225

    def test_what_is_left_of_a_tranche_lapses_with_the_service(self) -> None:
        plan = plan_of("{portion: 50%}", SOLD, happened("ended", "2026-07-01"))
        assert left(plan)[1:] == [(GONE, 300), (State.TERMINATED, 150), (State.TERMINATED, 300)]

    def test_each_grant_gives_its_own_part(self) -> None:
        plan = plan_of("{units: 100}", happened("granted", "2026-02-15"), SOLD)
        assert of(plan, "early")[0].units == 200

    def test_an_expected_sale_leaves_the_rest_of_the_tranche_conditional(self) -> None:
        plan = plan_of("{units: 100}", happened("sold", "2026-06-01", expected=True))
        assert [(int(one.units or 0), one.conditional) for one in of(plan, "vesting")][:3] == [
            (300, False),
            (200, True),
            (300, False),
        ]

    def test_a_double_trigger_needs_both_in_time(self) -> None:
        fired = "fired during after_sale"
        assert not of(plan_of("", SOLD, when=fired), "early")
        late = plan_of("", SOLD, happened("fired", "2027-06-01"), when=fired)
        assert not of(late, "early")
        both = plan_of("", SOLD, happened("fired", "2026-09-01"), when=fired)
        assert of(both, "early")[0].units == 600


@pytest.mark.parametrize(
    ("takes", "message"),
    [
        ("{portion: 50%, units: 3}", "`takes` says how much by one of"),
        ("{order: latest first}", "this has none"),
        ("{units: 2.5}", "units that vest early are whole"),
        ("{units: sum}", 'there is no parameter or fact "sum"'),
        ("{through: 3 days after sole}", 'there is no event or day "sole". Did you mean "sold"?'),
        ("{portion: 50%, order: oldest first}", "'earliest first' or 'latest first'"),
    ],
)
def test_a_measure_that_cannot_be_planned_says_what_to_mend(takes: str, message: str) -> None:
    with pytest.raises(TermsError, match="in clause early") as raised:
        shares(QUARTERS, f"takes: {takes}")
    assert message in str(raised.value)


DAYS = st.dates(GRANTED.occurred_on, GRANTED.occurred_on.replace(2028)).map(str)
MEASURES = ["", "{portion: 1/3}", "{units: 77, order: latest first}", "{through: 6 months after sold}"]
SCHEDULES = [
    QUARTERS,
    "allocation: back loaded\nschedule: [{portion: 1/1, every: 1 month, times: 17, cliff: 5}]",
    "starts: began\nschedule: [{portion: 1/3, on: listed}, {portion: 2/3, every: 2 months, times: 7}]",
    """allocation: fractional
suspended: {during: leave, clock: tolls}
schedule: [{units: 100, after: 3 months}, {portion: 100%, of: remainder, every: 1 month, times: 7}]""",
]


@given(
    st.sampled_from(SCHEDULES),
    st.sampled_from([*MEASURES, "{current: pro rata}"]),
    st.lists(st.tuples(st.sampled_from(["granted", "sold", "listed"]), DAYS), max_size=5, unique=True),
    st.dictionaries(st.sampled_from(["began", "ended", "leave_began", "leave_ended"]), DAYS),
)
@settings(max_examples=200, deadline=None)
def test_whatever_is_taken_early_and_whoever_leaves_the_whole_is_the_grant(
    vesting: str, takes: str, story: list[tuple[str, str]], once: dict[str, str]
) -> None:
    """A unit would vest twice, or nowhere."""
    reports = [happened(event, on, identity=f"{event} {number}") for number, (event, on) in enumerate(story)]
    reports += [happened(event, on) for event, on in once.items()]
    plan = plan_of(takes, *reports, vesting=vesting)
    made = of(plan, "vesting")
    if any(one.units is None for one in made):
        return  # vesting has not begun
    grants = len({one.instance for one in made})
    kept = units([one for one in made if one.state is not State.SUPERSEDED])
    early = units([one for one in of(plan, "early") if one.state is not State.NOT_APPLICABLE])
    assert kept + early == 1200 * grants
    assert all(one.units is not None and one.units >= 0 for one in made)
