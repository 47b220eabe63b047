"""Lanes: whatever the store returns, no destination gets more than its slots, and none is left out."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from obligations.engine.lanes import Lanes

NAMES = st.sampled_from(["payroll", "manager", "benefits", "equity", "leave"])


def claim_everything(lanes: Lanes, waiting: list[str]) -> None:
    """A store that hands out the oldest first, as the openings allow, until they yield nothing more."""
    while True:
        claimed = 0
        for limit, full in lanes.openings():
            found = [name for name in waiting if name not in full][:limit]
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
    assert list(lanes.openings()) == [(4, frozenset({"hanging"}))]
    assert lanes.hindered
    lanes.give("hanging")
    assert not lanes.hindered
