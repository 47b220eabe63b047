"""Duties that a state stops for a while: nothing is reminded of, sent or missed until it is over."""

from __future__ import annotations

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.engagement import HEAD, NOTICE
from tests.planning.letter import happened, only, planned, powers

CURE = """
  cure:
    cite: "1"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 14 days after notice
    remind: {hr: [1 day before]}
    suspended: {during: in_talks, clock: CLOCK}
    until: ended
    if_missed: {power: stop, holder: client, may: stop at once}
"""
# The notice of 1 March gives until the 15th; talks begin on the 10th.
BEGAN = happened("started", "2025-03-10")
OVER = happened("settled", "2025-03-19")


def terms(clock: str = "tolls", clause: str = CURE) -> Terms:
    """An engagement whose duties rest while the parties talk."""
    head = HEAD.replace("clauses:\n", "states:\n  in_talks: started to settled\nclauses:\n")
    return load(head + clause.replace("CLOCK", clock), "e.yaml", lambda _: ("", ""))


def cure(*reports: Report, as_of: str, clock: str = "tolls") -> tuple[Occurrence, Plan]:
    """The cure after the notice and these reports, and the whole plan."""
    made = planned(NOTICE, *reports, as_of=as_of, terms=terms(clock))
    return only(made, "cure"), made


@pytest.mark.parametrize("clock", ["tolls", "holds"])
def test_what_is_suspended_is_neither_missed_nor_reminded_of(clock: str) -> None:
    """A consultant would lose the engagement over a fault the parties were still talking about."""
    one, made = cure(BEGAN, as_of="2025-04-20", clock=clock)
    assert one.state is State.SUSPENDED
    assert made.pushes == ()
    assert [power.waiting_for for power in powers(made, "stop")] == [("end of in_talks",)]


@pytest.mark.parametrize(("clock", "due"), [("tolls", "2025-03-21"), ("holds", "2025-03-16")])
def test_talks_that_end_on_the_last_day_still_held_it(clock: str, due: str) -> None:
    """The day on which both were still talking would be the last day to cure."""
    one, _ = cure(BEGAN, happened("settled", "2025-03-15"), as_of="2025-03-15", clock=clock)
    assert str(one.due_on) == due


@pytest.mark.parametrize(("clock", "due"), [("tolls", "2025-03-25"), ("holds", "2025-03-20")])
def test_it_goes_on_as_its_clock_says(clock: str, due: str) -> None:
    """Ten days of talks would be lost to whoever has to cure, or given where the contract gives none."""
    one, made = cure(BEGAN, OVER, as_of="2025-03-20", clock=clock)
    assert (str(one.due_on), one.state) == (due, State.DUE if due == "2025-03-20" else State.SCHEDULED)
    assert powers(made, "stop")[0].arises_on is not None


@pytest.mark.parametrize("clock", ["tolls", "holds"])
def test_talks_that_begin_on_the_last_day_hold_it(clock: str) -> None:
    """The fault would be missed on the day on which both sat down to talk about it."""
    one, _ = cure(happened("started", "2025-03-15"), OVER, as_of="2025-03-15", clock=clock)
    assert str(one.due_on) == "2025-03-20"


def test_a_single_day_of_talks_is_a_day() -> None:
    """The day on which the talks began and failed would be lost to whoever has to cure."""
    one, _ = cure(BEGAN, happened("settled", "2025-03-10"), as_of="2025-03-11")
    assert str(one.due_on) == "2025-03-16"


def test_a_duty_of_today_is_suspended_from_today() -> None:
    """Somebody would be reminded on the first day of a duty that rests already."""
    one, _ = cure(happened("started", "2025-02-20"), as_of="2025-03-01")
    assert one.state is State.SUSPENDED


def test_a_projection_suspends_nothing_on_a_day_it_does_not_know() -> None:
    """A plan made for no day in particular would fail, or show a duty as resting for good."""
    one, _ = cure(BEGAN, as_of="")
    assert (one.state, one.waiting_for) == (State.WAITING, ("end of in_talks",))


def test_what_is_suspended_can_be_done_and_can_end() -> None:
    """A cure during the talks would not count, or the duty would outlive the engagement."""
    one, _ = cure(BEGAN, as_of="2025-03-12")
    done = happened("done", "2025-03-12", answers=str(one.id))
    assert cure(BEGAN, done, as_of="2025-03-13")[0].state is State.DONE
    ended = happened("ended", "2025-03-12", for_cause="no")
    assert cure(BEGAN, ended, as_of="2025-03-13")[0].state is State.DISCHARGED


def test_only_what_has_one_day_is_suspended() -> None:
    """A salary would be suspended in the file and paid in the world."""
    clause = CURE.replace("    by: 14 days after notice\n", "    during: in_talks\n").replace(
        "    if_missed: {power: stop, holder: client, may: stop at once}\n", ""
    )
    with pytest.raises(TermsError, match="`suspended` belongs to"):
        terms(clause=clause)
