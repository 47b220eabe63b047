"""Lanes: whatever the store returns, no destination gets more than its slots, and none is left out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.engine.lanes import Lanes, Opening
from obligations.engine.settings import EngineSettings
from obligations.testing.clocks import FixedMachineClock
from tests.engine.stage import REAL_NOON

NAMES = st.sampled_from(["payroll", "manager", "benefits", "equity", "leave"])


def fitting(opening: Opening, waiting: list[str]) -> list[str]:
    """What a store hands out for an opening: the oldest, of each destination as many as it has room for."""
    found: list[str] = []
    for name in waiting:
        if len(found) == opening.limit:
            break
        if name not in opening.full and found.count(name) < opening.rooms.get(name, opening.each):
            found.append(name)
    return found


def claim_everything(lanes: Lanes, waiting: list[str]) -> None:
    """A store that hands out the oldest first, as the openings allow, until they yield nothing more."""
    while True:
        claimed = 0
        for opening in lanes.openings():
            found = fitting(opening, waiting)
            for name in found:
                waiting.remove(name)
                lanes.take(name)
            claimed += len(found)
        if not claimed:
            return


@given(
    due=st.lists(NAMES, max_size=60),
    busy=st.lists(NAMES, max_size=6),
    total=st.integers(6, 20),
    each=st.integers(2, 6),
    single=st.dictionaries(NAMES, st.integers(1, 9)),
)
def test_no_mix_of_claims_overfills_a_lane_and_no_slot_stays_empty_beside_work(
    due: list[str], busy: list[str], total: int, each: int, single: dict[str, int]
) -> None:
    lanes = Lanes(total, each, single)
    in_flight: Counter[str] = Counter()
    for name in busy:
        if in_flight[name] < single.get(name, each):
            lanes.take(name)
            in_flight[name] += 1
    waiting = list(due)
    claim_everything(lanes, waiting)
    in_flight += Counter(due) - Counter(waiting)
    assert all(count <= single.get(name, each) for name, count in in_flight.items())
    assert in_flight.total() <= total
    if in_flight.total() < total:
        assert all(in_flight[name] == single.get(name, each) for name in waiting)


def test_a_full_lane_is_passed_over_and_says_that_it_hinders() -> None:
    lanes = Lanes(16, 4, {})
    for _ in range(4):
        lanes.take("hanging")
    assert list(lanes.openings()) == [(12, frozenset({"hanging"}), 4, {})]
    assert lanes.hindered
    lanes.give("hanging")
    assert not lanes.hindered


def claimed(lanes: Lanes, waiting: list[str]) -> list[str]:
    """What one look of a daemon at the store claims, the oldest first."""
    found: list[str] = []
    for opening in lanes.openings():
        some = fitting(opening, waiting)
        for name in some:
            waiting.remove(name)
            lanes.take(name)
        found += some
    return found


@pytest.mark.parametrize("total", [4, 16])
@pytest.mark.parametrize("single", [{}, {"payroll": 1, "manager": 1}, {"flood": 16}])
@settings(max_examples=10, deadline=None)
@given(answered=st.lists(st.integers(1, 16), min_size=1, max_size=20))
def test_ten_thousand_for_one_destination_hold_up_the_next_by_a_few(
    answered: list[int], total: int, single: dict[str, int]
) -> None:
    """Wages would wait for ten thousand reminders to go out. Between two deliveries of a waiting destination the others
    get one turn each, and what was in flight already; however fast or slow the answers come."""
    lanes = Lanes(total, 4, single)
    waiting = ["flood"] * 10_000 + ["payroll", "manager"] * 20
    in_flight: list[str] = []
    order: list[str] = []
    turn = 0
    while any(name != "flood" for name in waiting):
        found = claimed(lanes, waiting)
        order += found
        in_flight += found
        for _ in range(min(len(in_flight), answered[turn % len(answered)])):
            lanes.give(in_flight.pop(0))
        turn += 1
    for name in ("payroll", "manager"):
        places = [place for place, sent in enumerate(order) if sent == name]
        # Two lanes a turn of at most `total` each, and the slots that were taken.
        assert max(after - before for before, after in zip([-1, *places], places, strict=False)) <= 2 * total + 8


def test_a_lane_that_is_alone_asks_for_others_at_every_fourth_turn_and_not_at_each() -> None:
    """To ask for what is not there, once more for each claim, would cost a burst for one destination a fifth of its
    pace; never to ask would let it hold up whatever comes to be due beside it."""
    lanes = Lanes(16, 16, {})
    waiting = ["flood"] * 1_000
    asked = 0
    for _ in range(40):
        looks = 0
        for opening in lanes.openings():
            looks += 1
            some = fitting(opening, waiting)
            del waiting[: len(some)]
            for name in some:
                lanes.take(name)
        asked += looks
        for _ in range(8):
            if lanes.free < 16:
                lanes.give("flood")
    assert asked <= 40 * 5 / 4 + 4
    waiting = ["flood"] * 200 + ["payroll"]
    turns = 0
    while "payroll" in waiting:
        claimed(lanes, waiting)
        lanes.give("flood")
        turns += 1
    assert turns <= 5


def test_a_lane_keeps_its_pace_and_leaves_the_others_theirs() -> None:
    """A receiver that takes five a second answers the sixth with an error, and the error costs an attempt."""
    clock = FixedMachineClock(REAL_NOON)
    lanes = Lanes(16, 4, {}, {"payroll": 5.0}, clock.monotonic)
    waiting = ["payroll"] * 100 + ["manager"] * 100
    starts: list[float] = []
    others = 0
    for _ in range(400):
        for name in claimed(lanes, waiting):
            lanes.give(name)
            if name == "payroll":
                starts.append(clock.monotonic())
            else:
                others += 1
        assert not lanes.hindered or lanes.opens_in < 0.21
        clock.advance(seconds=0.01)
    assert 20 <= len(starts) <= 21
    assert all(sum(at <= it < at + 1 for it in starts) <= 6 for at in starts)
    assert others == 100


def test_what_was_saved_up_in_a_quiet_time_is_little() -> None:
    clock = FixedMachineClock(REAL_NOON)
    lanes = Lanes(16, 16, {}, {"payroll": 50.0}, clock.monotonic)
    clock.advance(days=1)
    assert len(claimed(lanes, ["payroll"] * 100)) == 5


def test_a_receiver_that_keeps_silent_takes_up_one_slot_until_it_answers() -> None:
    """Four receivers that hang would fill every slot for as long as their backlog lasts."""
    lanes = Lanes(16, 4, {})
    waiting = ["hanging"] * 50
    for name in claimed(lanes, waiting):
        lanes.kept_silent(name)
        lanes.give(name)
    assert claimed(lanes, waiting) == ["hanging"]
    assert claimed(lanes, waiting) == []
    lanes.answered("hanging")
    lanes.give("hanging")
    assert claimed(lanes, waiting) == ["hanging"] * 4


def test_a_receiver_that_had_too_much_rests_and_the_others_go_on() -> None:
    clock = FixedMachineClock(REAL_NOON)
    lanes = Lanes(16, 4, {}, {}, clock.monotonic)
    lanes.rest("busy", 60)
    waiting = ["busy"] * 9 + ["manager"]
    assert claimed(lanes, waiting) == ["manager"]
    assert lanes.opens_in == 60
    clock.advance(seconds=60)
    assert claimed(lanes, waiting)[:4] == ["busy"] * 4


@pytest.mark.parametrize("rate", ["5", "five/s", "0/s", "-1/s", "5/d", "1e9/s", ""])
def test_a_rate_that_says_nothing_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match=r"is not a rate such as 5/s, 100/m or 1000/h"):
        EngineSettings(rates={"payroll": rate})
