"""Corrections: an event that was recorded wrongly is put right under its own identity, and nothing is paid twice."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from obligations.domain.event import Correction
from obligations.domain.occurrence import State
from obligations.planning.world import PlanningError
from obligations.service import Amends, NeedsPerson, NotFound, PlanMoved, Refused
from tests.service.office import LETTER, Office

START = date(2026, 1, 5)
EXIT = date(2026, 3, 2)
EARLIER = date(2026, 2, 26)
ACTION = "act.payroll.one_time_earning"


@pytest.fixture
def exited(office: Office) -> tuple[Office, str]:
    """Employed since January, a change of control reported for 2 March, on that day."""
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    return office, office.tell("change_of_control", EXIT)


def test_a_corrected_day_moves_what_rests_on_it_and_makes_nothing_new(exited: tuple[Office, str]) -> None:
    """A lump sum under a new identity would be paid beside the one that was proposed."""
    office, report = exited
    before, keys = office.occurrence("lump_sum"), {one.push.key for one in office.deliveries()}
    office.service.correct(report, Amends(occurred_on=EARLIER), actor="clerk")
    after = office.occurrence("lump_sum")
    assert (after.id, after.due_on) == (before.id, EARLIER + timedelta(days=5))
    assert {one.push.key for one in office.deliveries()} == keys
    assert [one.id for one in office.service.overview("letter").reports][-1] == report


def test_the_log_keeps_what_was_recorded_and_who_corrected_it(exited: tuple[Office, str]) -> None:
    office, report = exited
    with office.store.read() as view:
        before = list(view.log("letter"))
    office.service.correct(report, Amends(occurred_on=EARLIER), actor="bea", reason="a slip")
    with office.store.read() as view:
        *earlier, last = view.log("letter")
    assert earlier == before
    assert isinstance(last, Correction)
    assert (last.report_id, last.occurred_on, last.recorded_by, last.reason) == (report, EARLIER, "bea", "a slip")
    line = next(one for one in office.ledger() if one.action == "event change_of_control corrected")
    assert (line.before, line.after, line.actor) == (f"on {EXIT}", f"on {EARLIER}", "bea")


def test_correcting_and_correcting_back_restores_the_plan(exited: tuple[Office, str]) -> None:
    office, report = exited
    plan = office.service.overview("letter").plan
    proposed = office.deliveries()
    office.service.correct(report, Amends(occurred_on=EARLIER), actor="clerk")
    office.service.correct(report, Amends(occurred_on=EXIT), actor="clerk")
    assert office.service.overview("letter").plan == plan
    assert [(one.push, one.state, one.body) for one in office.deliveries()] == [
        (one.push, one.state, one.body) for one in proposed
    ]


def test_a_preview_of_a_correction_is_what_correcting_does(exited: tuple[Office, str]) -> None:
    office, report = exited
    before = office.everything()
    shown = office.service.preview_correction(report, Amends(occurred_on=EARLIER))
    assert office.everything() == before
    done = office.service.correct(report, Amends(occurred_on=EARLIER), actor="clerk", confirmed=shown.mark)
    assert (done.changes, done.mark) == (shown.changes, shown.mark)
    back = office.service.preview_correction(report, Amends(occurred_on=EXIT))
    office.service.correct(report, Amends(occurred_on=EARLIER - timedelta(days=1)), actor="clerk")
    with pytest.raises(PlanMoved, match="look at it again"):
        office.service.correct(report, Amends(occurred_on=EXIT), actor="clerk", confirmed=back.mark)


def test_a_payment_that_went_for_the_wrong_day_goes_to_a_person(exited: tuple[Office, str]) -> None:
    """Money that left is corrected by a new instruction which names the old one, once two people agreed."""
    office, report = exited
    office.approve("lump_sum")
    office.today(date(2026, 3, 5))
    office.send()
    assert office.states("lump_sum", ACTION) == ["delivered"]
    shown = office.service.preview_correction(report, Amends(occurred_on=EARLIER))
    assert [one.push.clause for one in shown.touched] == ["lump_sum"]
    office.service.correct(report, Amends(occurred_on=EARLIER), actor="clerk")
    assert office.states("lump_sum", ACTION) == ["delivered", "proposed"]
    sent, revised = office.chain("lump_sum", ACTION)
    assert revised.push.supersedes == sent.push.key
    office.service.correct(report, Amends(occurred_on=EXIT), actor="clerk")
    assert office.states("lump_sum", ACTION) == ["delivered", "cancelled"]


def test_who_corrects_an_event_does_not_approve_what_follows(exited: tuple[Office, str]) -> None:
    """One person could otherwise move a payment into the protected time and approve it alone."""
    office, report = exited
    office.service.correct(report, Amends(occurred_on=EARLIER), actor="hana@example.com")
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        office.approve("lump_sum", "hana@example.com")


def test_who_corrects_a_paid_event_away_does_not_approve_its_reversal(office: Office) -> None:
    """The reversal no longer rests on the event that was moved; it is the corrector's doing all the same."""
    office.add()
    office.tell("employment_started", date(2024, 1, 10))
    office.today(date(2026, 1, 9))
    report = office.tell("change_of_control", date(2026, 1, 9))
    office.approve("lump_sum")
    office.today(date(2026, 1, 20))
    office.send()
    office.service.correct(report, Amends(occurred_on=date(2026, 1, 12)), actor="hana@example.com")
    assert office.occurrence("lump_sum").state is not State.SCHEDULED
    assert office.states("lump_sum", ACTION) == ["delivered", "proposed"]
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        office.approve("lump_sum", "hana@example.com")


def test_what_happens_once_is_corrected_and_not_recorded_again(office: Office) -> None:
    office.add()
    started = office.tell("employment_started", START)
    with pytest.raises(Refused, match=f"correct it: obligations correct {started} --on 2026-01-04"):
        office.tell("employment_started", date(2026, 1, 4))
    office.service.correct(started, Amends(occurred_on=date(2026, 1, 4)), actor="clerk")
    assert office.occurrence("i9").due_on == date(2026, 1, 7)


def test_details_are_mended_added_and_taken_out(desk: Office) -> None:
    desk.add(LETTER.replace('cite: "5.3"}', 'cite: "5.3", with: {note: text, price: money}}'))
    desk.tell("employment_started", START)
    report = desk.tell("change_of_control", START, note="wrong")
    desk.service.correct(report, Amends(fields=(("note", ""), ("price", "5.00"))), actor="clerk")
    (last,) = (one for one in desk.service.overview("letter").reports if one.id == report)
    assert (last.fields, last.evidence, last.recorded_by) == ({"price": "5.00"}, "", "clerk@example.com")
    desk.service.correct(report, Amends(received_on=START, evidence="filing"), actor="clerk")
    desk.service.correct(report, Amends(never_received=True), actor="clerk")
    (last,) = (one for one in desk.service.overview("letter").reports if one.id == report)
    assert (last.received_on, last.evidence) == (None, "filing")


@pytest.mark.parametrize(
    ("amends", "words"),
    [
        (Amends(), "says exactly that already"),
        (Amends(occurred_on=EXIT), "says exactly that already"),
        (Amends(occurred_on=EXIT + timedelta(days=1)), "has not come yet"),
        (Amends(received_on=EXIT - timedelta(days=1)), "cannot be received"),
        (Amends(occurred_on=date(1026, 3, 2)), "is the year mistyped"),
    ],
)
def test_a_correction_that_cannot_be_changes_nothing(exited: tuple[Office, str], amends: Amends, words: str) -> None:
    office, report = exited
    before = office.everything()
    with pytest.raises(Refused, match=words):
        office.service.correct(report, amends, actor="clerk")
    assert office.everything() == before


def test_only_what_stands_is_corrected(exited: tuple[Office, str]) -> None:
    office, report = exited
    with pytest.raises(NotFound, match='no event "ev-99"'):
        office.service.correct("ev-99", Amends(occurred_on=EARLIER), actor="clerk")
    with pytest.raises(PlanningError, match="has no field"):
        office.service.correct(report, Amends(fields=(("nothing", "1"),)), actor="clerk")
    office.withdraw(report)
    with pytest.raises(Refused, match="was withdrawn already"):
        office.service.correct(report, Amends(occurred_on=EARLIER), actor="clerk")


def test_an_expectation_is_planned_for_another_day_and_then_fulfilled(office: Office) -> None:
    """The day a person plans on moves; what was planned for it keeps its identity until it happens."""
    office.add()
    office.tell("employment_started", START)
    report = office.tell("change_of_control", date(2026, 6, 1), expected=True)
    planned = office.occurrence("lump_sum").id
    office.service.correct(report, Amends(occurred_on=date(2026, 7, 1)), actor="clerk")
    assert office.occurrence("lump_sum").id == planned
    assert office.occurrence("lump_sum").due_on == date(2026, 7, 6)
    office.today(date(2026, 7, 2))
    office.tell("change_of_control", date(2026, 7, 2))
    assert office.occurrence("lump_sum").id == planned
    assert office.occurrence("lump_sum").due_on == date(2026, 7, 7)


def test_a_correction_says_whose_approval_it_undoes(exited: tuple[Office, str]) -> None:
    """Whoever corrects a day would learn only from a payment that never came that it had to be approved anew."""
    office, report = exited
    office.approve("letter/lump_sum")
    (agreed,) = office.chain("lump_sum", ACTION)
    shown = office.service.preview_correction(report, Amends(occurred_on=EARLIER))
    assert [one.push.key for one in shown.lapsed] == [agreed.push.key]
    done = office.service.correct(report, Amends(occurred_on=EARLIER), actor="clerk")
    assert [one.push.key for one in done.lapsed] == [agreed.push.key]
    assert office.states("lump_sum", ACTION) == ["proposed"]


def test_what_changes_nothing_of_it_leaves_an_approval_as_it_is(exited: tuple[Office, str]) -> None:
    office, report = exited
    office.approve("letter/lump_sum")
    shown = office.service.preview_correction(report, Amends(evidence="board minutes"))
    assert not shown.lapsed
    office.service.correct(report, Amends(evidence="board minutes"), actor="clerk")
    assert office.states("lump_sum", ACTION) == ["scheduled"]
