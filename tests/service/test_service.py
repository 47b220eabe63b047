"""The use cases: what is shown is what is recorded, money waits for two people, and every date can be explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from obligations.domain.delivery import DeliveryState
from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.world import PlanningError
from obligations.service import Amends, NeedsPerson, NotFound, PlanMoved, Refused
from obligations.terms.errors import TermsError
from tests.service.office import CLERK, FAILED, LETTER, OFFER_LETTER, Office

START = date(2026, 1, 5)
EXIT = date(2026, 3, 2)
OFTEN = (
    LETTER.replace("windows:", "  review_held: {says: a review was held}\nwindows:")
    + """\
  minutes:
    cite: "9"
    who: company owes employee
    task: Send the minutes
    when: review_held
    by: 2 days after review_held
    remind: {hr: [1 day before, on the day]}
"""
)


def a_report(event: str = "employment_started", day: date = START, identifier: str = "ev-mine") -> Report:
    return Report(identifier, event, day)


# --- contracts ------------------------------------------------------------------------------------------------------


def test_a_contract_is_kept_with_its_template_and_planned(office: Office) -> None:
    """A later release of the template must not change a contract that was signed on this one."""
    office.add(OFFER_LETTER.format(name="ana"))
    (stored,) = office.service.contracts()
    assert (stored.id, stored.title, stored.added_by) == ("ana", "Offer letter", "clerk@example.com")
    assert "id: offer-letter" in stored.template
    assert office.occurrence("lump_sum", contract="ana").state is State.WAITING


def test_a_contract_is_not_replaced_by_adding_it_again(office: Office) -> None:
    office.add()
    before = office.everything()
    with pytest.raises(Refused, match="is kept already; `obligations contract add --change FILE`"):
        office.add(LETTER.replace("125000.00", "1.00"))
    assert office.everything() == before


def test_terms_that_are_wrong_leave_nothing_behind(desk: Office) -> None:
    with pytest.raises(TermsError):
        desk.add(LETTER.replace("exactly: 5 days after", "exactly: 5 dais after"))
    assert desk.service.contracts() == []


def test_a_change_of_terms_keeps_who_added_it_and_when(office: Office) -> None:
    office.add()
    (before,) = office.service.contracts()
    office.clock.advance(days=3)
    office.add(LETTER.replace("A short letter", "A letter"), actor="somebody@example.com", change=True)
    (after,) = office.service.contracts()
    assert (after.added_at, after.added_by, after.title) == (before.added_at, before.added_by, "A letter")


def test_a_change_of_terms_is_shown_before_it_counts(office: Office) -> None:
    """One wrong word in a file would move every date of a contract that is kept, unseen."""
    office.add()
    office.tell("employment_started", START)
    changed = LETTER.replace("by: 3 days after", "by: 4 days after")
    before = office.everything()
    shown = office.service.preview_change(changed, "letter.yaml")
    assert office.everything() == before
    assert [(one.verb, one.subject.clause) for one in shown.changes] == [("moved", "i9")]
    office.tell("change_of_control", START)
    with pytest.raises(PlanMoved, match="look at it again"):
        office.service.add_contract(changed, "letter.yaml", actor="clerk", change=True, confirmed=shown.mark)
    assert office.occurrence("i9").due_on == START + timedelta(days=3)
    again = office.service.preview_change(changed, "letter.yaml")
    office.service.add_contract(changed, "letter.yaml", actor="clerk", change=True, confirmed=again.mark)
    assert office.occurrence("i9").due_on == START + timedelta(days=4)


def test_what_is_not_kept_cannot_be_changed(desk: Office) -> None:
    with pytest.raises(NotFound, match='no contract "letter"'):
        desk.service.preview_change(LETTER, "letter.yaml")
    with pytest.raises(NotFound, match='no contract "letter"'):
        desk.add(change=True)


def test_only_an_instruction_that_went_or_may_have_gone_is_sent_already(office: Office) -> None:
    """A reminder needs nobody's reversal, and a payment that never left needs none either."""
    office.add()
    office.tell("employment_started", START)
    office.send()
    report = office.tell("change_of_control", START)
    office.approve("lump_sum", "hana@example.com", "finn@example.com")
    office.today(START + timedelta(days=4))
    assert not office.service.preview_withdrawal(report).touched
    office.send(FAILED, only="one_time_earning")
    assert not office.service.preview_withdrawal(report).touched
    office.clock.advance(days=1)
    office.send(only="one_time_earning")
    assert [one.push.name for one in office.service.preview_withdrawal(report).touched] == [
        "act.payroll.one_time_earning"
    ]


def test_a_contract_that_is_not_there_is_named_with_those_that_are(desk: Office) -> None:
    with pytest.raises(NotFound, match="nor any other yet"):
        desk.service.overview("leter")
    desk.add()
    with pytest.raises(NotFound, match='Did you mean "letter"'):
        desk.service.overview("leter")


# --- events ---------------------------------------------------------------------------------------------------------


def test_a_preview_is_what_recording_does(office: Office) -> None:
    """People confirm what they were shown."""
    office.add()
    shown = office.service.preview("letter", a_report())
    before = office.everything()
    assert office.everything() == before
    recorded = office.service.record("letter", a_report(), actor="clerk", confirmed=shown.mark)
    assert recorded.changes == shown.changes
    planned = {one.id: one for one in shown.after.occurrences}
    with office.store.read() as view:
        stored = {one.id: one for one in view.occurrences("letter")}
    assert {key: one.due_on for key, one in stored.items()} == {key: one.due_on for key, one in planned.items()}


def test_a_preview_of_a_withdrawal_is_what_withdrawing_does(office: Office) -> None:
    office.add()
    report = office.tell("employment_started", START)
    shown = office.service.preview_withdrawal(report)
    done = office.service.withdraw(report, actor="clerk", confirmed=shown.mark)
    assert done.changes == shown.changes


def test_a_plan_that_moved_since_it_was_shown_is_shown_again(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    shown = office.service.preview("letter", a_report("change_of_control", EXIT))
    office.tell("change_of_control", EXIT - timedelta(days=3))
    before = office.everything()
    with pytest.raises(PlanMoved, match="look at it again"):
        office.service.record("letter", a_report("change_of_control", EXIT), actor="clerk", confirmed=shown.mark)
    assert office.everything() == before


def test_what_happens_once_is_not_recorded_twice(office: Office) -> None:
    office.add()
    report = office.tell("employment_started", START)
    before = office.everything()
    for expected in (False, True):
        with pytest.raises(
            Refused, match=f"happens once and is recorded for 2026-01-05.*obligations withdraw {report}"
        ):
            office.tell("employment_started", START - timedelta(days=1), expected=expected)
    assert office.everything() == before


def test_a_day_that_has_not_come_is_refused_unless_it_is_expected(office: Office) -> None:
    office.add()
    tomorrow = START + timedelta(days=1)
    with pytest.raises(Refused, match=r"has not come yet.*--expected"):
        office.tell("employment_started", tomorrow)
    with pytest.raises(Refused, match="has not come yet"):
        office.service.record("letter", replace(a_report(), received_on=tomorrow), actor="clerk")
    office.tell("employment_started", tomorrow, expected=True)
    assert office.occurrence("i9").due_on == START + timedelta(days=4)


def test_what_was_expected_keeps_its_ids_when_it_is_reported(office: Office) -> None:
    """The report fills the happening; it adds none, so nothing is reminded of or paid twice."""
    office.add()
    office.tell("employment_started", START + timedelta(days=2), expected=True)
    before = {(one.push.key, one.push.occurrence_id) for one in office.deliveries()}
    office.today(START + timedelta(days=3))
    office.tell("employment_started", START + timedelta(days=3))
    assert {(one.push.key, one.push.occurrence_id) for one in office.deliveries()} == before
    assert office.occurrence("i9").due_on == START + timedelta(days=6)


@pytest.mark.parametrize("late", [-2, 0, 3])
def test_what_may_happen_often_keeps_its_ids_when_an_expected_one_is_reported(office: Office, late: int) -> None:
    """On the day, late or early: people would be reminded, and payroll instructed, of the same thing a second time."""
    office.add(OFTEN)
    office.tell("review_held", START + timedelta(days=3), expected=True)
    expected = office.occurrence("minutes")
    office.today(START + timedelta(days=3))
    office.send()  # "1 day before" and "on the day" of the expected review's minutes
    office.today(START + timedelta(days=6))
    office.tell("review_held", START + timedelta(days=3 + late))
    (filled,) = [one for one in office.service.overview("letter").plan.occurrences if one.clause == "minutes"]
    assert (filled.id, filled.due_on, filled.conditional) == (
        expected.id, START + timedelta(days=5 + late), False,
    )  # fmt: skip
    office.send()
    told = [one for one in office.deliveries() if one.push.clause == "minutes" and one.push.name.startswith("remind")]
    assert {one.push.occurrence_id for one in told} == {expected.id}
    assert late or len(told) == 2


def test_what_was_expected_and_happened_stays_one_thing_whatever_day_is_corrected(office: Office) -> None:
    """The payment for a review would be taken back and made anew, since its report no longer fitted the plan for it."""
    office.add(OFTEN)
    expected = office.tell("review_held", START + timedelta(days=3), expected=True)
    office.today(START + timedelta(days=9))
    report = office.tell("review_held", START + timedelta(days=5))

    def rows() -> list[tuple[object, object, bool]]:
        plan = office.service.overview("letter").plan
        return [(one.id, one.due_on, one.conditional) for one in plan.occurrences if one.clause == "minutes"]

    ((identity, _, _),) = rows()
    for corrected, day, due in ((expected, 8, 7), (report, 1, 3), (expected, 2, 3), (report, 6, 8)):
        office.service.correct(corrected, Amends(occurred_on=START + timedelta(days=day)), actor=CLERK)
        assert rows() == [(identity, START + timedelta(days=due), False)]
    # Another review that comes to light is another one, even on a day between the two.
    office.tell("review_held", START + timedelta(days=4))
    assert {one[:2] for one in rows()} > {(identity, START + timedelta(days=8))}
    with pytest.raises(Refused, match=f"take that back first: obligations withdraw {report}"):
        office.withdraw(expected)
    office.withdraw(report)
    assert office.withdraw(expected).changes


def test_expecting_a_second_one_leaves_the_first(office: Office) -> None:
    office.add(OFTEN)
    office.tell("review_held", START + timedelta(days=3), expected=True)
    office.tell("review_held", START + timedelta(days=30), expected=True)
    rows = [one for one in office.service.overview("letter").plan.occurrences if one.clause == "minutes"]
    assert [one.due_on for one in rows] == [START + timedelta(days=5), START + timedelta(days=32)]
    office.today(START + timedelta(days=4))
    office.tell("review_held", START + timedelta(days=4))
    after = [one for one in office.service.overview("letter").plan.occurrences if one.clause == "minutes"]
    assert {one.id for one in after} == {one.id for one in rows}
    assert [one.conditional for one in after] == [False, True]


def test_a_mistyped_day_is_refused(desk: Office) -> None:
    desk.add()
    desk.tell("employment_started", START)
    with pytest.raises(Refused, match="is the year mistyped"):
        desk.tell("change_of_control", date(1926, 1, 5))
    early = replace(a_report("change_of_control"), received_on=START - timedelta(days=1))
    with pytest.raises(Refused, match="cannot be received on 2026-01-04, before its day 2026-01-05"):
        desk.service.record("letter", early, actor="clerk")


def test_money_does_not_move_on_what_is_only_expected(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.tell("change_of_control", START + timedelta(days=10), expected=True)
    assert not [one for one in office.deliveries() if one.push.money and one.state is not DeliveryState.CANCELLED]


def test_an_event_with_an_id_counts_once(office: Office) -> None:
    """An HR system that repeats itself records nothing new, on any contract."""
    office.add()
    office.service.record("letter", a_report(), actor="clerk")
    before = office.everything()
    with pytest.raises(Refused, match="event ev-mine is recorded already, in contract letter"):
        office.service.record("letter", a_report("change_of_control"), actor="clerk")
    assert office.everything() == before


@pytest.mark.parametrize(
    ("event", "fields", "words"),
    [
        ("change_of_contrl", {}, 'Did you mean "change_of_control"'),
        ("change_of_control", {"amuont": "1"}, 'has no field "amuont"'),
    ],
)
def test_an_event_the_terms_do_not_know_is_refused(
    desk: Office, event: str, fields: dict[str, str], words: str
) -> None:
    desk.add()
    desk.tell("employment_started", START)
    before = desk.everything()
    with pytest.raises(PlanningError, match=words):
        desk.service.record("letter", Report("ev-odd", event, START, fields=fields), actor="clerk")
    assert desk.everything() == before


def test_a_withdrawn_event_cannot_be_withdrawn_again(desk: Office) -> None:
    desk.add()
    report = desk.tell("employment_started", START)
    desk.withdraw(report)
    with pytest.raises(Refused, match="withdrawn already"):
        desk.withdraw(report)
    with pytest.raises(NotFound, match='there is no event "ev-none"'):
        desk.withdraw("ev-none")


def test_done_closes_a_duty_once(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    finished = office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-1")
    assert finished.occurrence.state is State.DONE
    assert "remind.hr.1-day-before" in {one.push.name for one in finished.stopped}
    with pytest.raises(Refused, match="nothing is left to be done"):
        office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-2")
    assert not [
        one
        for one in office.deliveries()
        if one.push.clause == "i9" and one.push.kind == "reminder" and one.state == "scheduled"
    ]


def test_done_says_which_payment_no_longer_goes(proposed: Office) -> None:
    """Who reports a payment made by hand must see that the instruction is off."""
    finished = proposed.service.done("lump_sum", evidence="wire 17", on=None, actor="finn", report_id="done-1")
    assert "act.payroll.one_time_earning" in [one.push.name for one in finished.stopped]
    assert lump_sum(proposed) == "cancelled"


def test_what_has_not_come_about_cannot_be_done(office: Office) -> None:
    office.add()
    before = office.everything()
    with pytest.raises(Refused, match="i9/1 has not come about: it waits for employment_started"):
        office.service.done("i9", evidence="form", on=None, actor="hana", report_id="done-1")
    with pytest.raises(Refused, match="say what proves"):
        office.service.done("i9", evidence=" ", on=None, actor="hana", report_id="done-1")
    assert office.everything() == before
    office.tell("employment_started", START)
    office.today(START.replace(year=START.year + 3))
    office.service.replan("letter")
    with pytest.raises(Refused, match="lump_sum/1 does not apply"):
        office.service.done("lump_sum", evidence="x", on=None, actor="hana", report_id="done-1")


def test_done_names_the_candidates_when_more_than_one_fits(desk: Office) -> None:
    desk.add()
    desk.tell("employment_started", START)
    desk.today(EXIT)
    desk.tell("change_of_control", EXIT)
    with pytest.raises(NotFound, match=r"fits 3 occurrences: letter/cobra_premium/1 \(2026-03-03, scheduled, "):
        desk.service.done("cobra_premium", evidence="x", on=None, actor="hana", report_id="done-1")


def test_what_was_cancelled_stands_in_the_way_of_nothing(desk: Office) -> None:
    """A clause set off anew has the same number as its cancelled forerunner; nobody could name it."""
    desk.add(OFTEN)
    report = desk.tell("review_held", START)
    desk.withdraw(report)
    assert desk.service.why("letter/minutes/1").occurrence is not None
    desk.tell("review_held", START)
    desk.service.done("letter/minutes/1", evidence="sent", on=None, actor="hana", report_id="done-1")


def test_a_contract_that_is_not_there_is_no_occurrence_that_does_not_fit(desk: Office) -> None:
    desk.add()
    with pytest.raises(NotFound, match='there is no contract "nocontract"'):
        desk.approve("nocontract/lump_sum")


def test_nobody_is_offered_another_name_to_act_in(proposed: Office) -> None:
    with pytest.raises(NeedsPerson, match=r'letter names nobody "hanna@example\.com"') as refused:
        proposed.approve("lump_sum", "hanna@example.com")
    assert "hana@" not in str(refused.value)


def test_why_nothing_has_come_about_says_what_it_waits_for(desk: Office) -> None:
    desk.add(OFTEN)
    with pytest.raises(NotFound, match="letter/minutes has not come about: it waits for review_held"):
        desk.service.why("letter/minutes")


# --- why ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def first_letter(desk: Office) -> Office:
    """The offer letter of 2005, with the change of control of Monday, 16 October 2006."""
    desk.today(date(2006, 10, 17))
    desk.add(OFFER_LETTER.format(name="ana"))
    desk.tell("employment_started", date(2005, 4, 11), contract="ana")
    desk.tell("change_of_control", date(2006, 10, 16), contract="ana")
    return desk


def test_why_names_clause_event_rule_and_reading(first_letter: Office) -> None:
    """\"5.1(a) ... within five (5) days\": who asks why it is 21 October gets all four."""
    found = first_letter.service.why("ana/lump_sum")
    assert found.occurrence is not None
    assert (found.occurrence.cite, found.occurrence.due_on) == ("5.1(a)", date(2006, 10, 21))
    steps = [step for _, step in found.occurrence.derivation.walk()]
    said = "\n".join(f"{step.kind} {step.rule} {step.result}" for step in steps)
    assert "5 calendar days after 2006-10-16, the day itself not counted" in said
    assert any(step.kind == "event" and "change_of_control" in step.rule for step in steps)
    assert any(step.kind == "reading" and "inside_window" in step.rule for step in steps)
    assert {one.push.clause for one in found.deliveries} == {"lump_sum"}


def test_why_shows_the_day_under_the_other_readings(first_letter: Office) -> None:
    others = {
        (one.reading, one.option): one.other.adjusted_on
        for one in first_letter.service.why("ana/lump_sum").others
        if one.other is not None
    }
    assert others["count_days", "the day of the event is day 1"] == date(2006, 10, 20)
    assert others["lump_sum_roll", "next business day"] == date(2006, 10, 23)
    assert others["lump_sum_roll", "previous business day"] == date(2006, 10, 20)


def test_why_names_the_readings_that_change_nothing(first_letter: Office) -> None:
    found = first_letter.service.why("ana/lump_sum")
    assert found.same
    assert not set(found.same) & {one.reading for one in found.others}


def test_why_of_a_power_that_has_not_come_about_says_what_it_waits_for(desk: Office) -> None:
    desk.add(OFFER_LETTER.format(name="ana"))
    with pytest.raises(NotFound, match="terminate_for_good_cause has not come about: it waits for"):
        desk.service.why("ana/terminate_for_good_cause")


def test_why_explains_a_power(first_letter: Office) -> None:
    found = first_letter.service.why("ana/resign_for_good_reason")
    assert found.power is not None
    assert found.power.arises_on == date(2006, 10, 16)


def test_why_of_nothing_says_what_there_is(first_letter: Office) -> None:
    with pytest.raises(NotFound, match='Did you mean "lump_sum"'):
        first_letter.service.why("ana/lumpsum")


# --- approvals ------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposed(office: Office) -> Office:
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    office.tell("change_of_control", EXIT, actor="lea@example.com")
    return office


def lump_sum(office: Office) -> str:
    return office.states("lump_sum", "act.payroll.one_time_earning")[0]


def test_a_payment_goes_after_both_roles_agreed(proposed: Office) -> None:
    ((_, left),) = proposed.service.decide("lump_sum", person="hana@example.com", approve=True)
    assert (left, lump_sum(proposed)) == (("finance",), "proposed")
    ((_, left),) = proposed.service.decide("lump_sum", person="finn", approve=True)
    assert (left, lump_sum(proposed)) == ((), "scheduled")


def test_only_what_was_shown_is_approved(proposed: Office) -> None:
    """An amount that changed after somebody looked would go on their yes."""
    (shown,) = proposed.service.proposed("lump_sum")
    proposed.add(LETTER.replace("125000.00", "999999.00"), change=True)
    with pytest.raises(PlanMoved, match="is not what was shown"):
        proposed.service.decide("lump_sum", person="hana", approve=True, contents=[shown.content_hash])
    with pytest.raises(Refused, match="at least 6 characters"):
        proposed.service.decide("lump_sum", person="hana", approve=True, contents=["a"])
    (now,) = proposed.service.proposed("lump_sum")
    proposed.service.decide("lump_sum", person="hana", approve=True, contents=[now.content_hash[:8]])


def test_somebody_without_the_role_cannot_agree(proposed: Office) -> None:
    with pytest.raises(NeedsPerson, match=r"needs approval by hr and finance; Mei is manager"):
        proposed.approve("lump_sum", "mei@example.com")
    with pytest.raises(NeedsPerson, match=r'letter names nobody "stranger@example\.com"'):
        proposed.approve("lump_sum", "stranger@example.com")
    assert lump_sum(proposed) == "proposed"


def test_one_person_with_both_roles_counts_once(proposed: Office) -> None:
    both = LETTER.replace("name: Finn, email: finn@example.com", "name: Hana, email: hana@example.com")
    proposed.add(both, change=True)
    proposed.approve("lump_sum", "hana@example.com")
    with pytest.raises(NeedsPerson, match="has agreed to this already"):
        proposed.approve("lump_sum", "hana@example.com")
    assert lump_sum(proposed) == "proposed"


@pytest.mark.parametrize("author", ["hana@example.com", "hana"])
def test_nobody_agrees_to_what_they_recorded(proposed: Office, author: str) -> None:
    """By e-mail or by name, it is the same person."""
    (report,) = [one for one in proposed.service.overview("letter").reports if one.event == "change_of_control"]
    proposed.withdraw(report.id)
    proposed.tell("change_of_control", EXIT, actor=author)
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        proposed.approve("lump_sum", "hana@example.com")


def test_the_author_of_the_contract_does_not_agree(office: Office) -> None:
    office.add(actor="finn@example.com")
    office.tell("employment_started", START)
    office.tell("change_of_control", START)
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        office.approve("lump_sum", "finn@example.com")


def test_two_people_of_one_name_have_to_be_told_apart(proposed: Office) -> None:
    proposed.add(LETTER.replace("name: Finn", "name: Hana"), change=True)
    with pytest.raises(NeedsPerson, match=r'"Hana" is 2 people in letter: finn@example\.com, hana@'):
        proposed.approve("lump_sum", "Hana")


def test_a_refusal_stops_the_payment_and_is_kept(proposed: Office) -> None:
    proposed.service.decide("lump_sum", person="hana", approve=False, reason="not a change of control")
    assert lump_sum(proposed) == "refused"
    (entry,) = [one for one in proposed.ledger() if one.action == "delivery refused" and one.actor != "clerk"][-1:]
    assert (entry.actor, entry.reason) == ("hana@example.com", "not a change of control")
    assert "125000" not in f"{entry.before}{entry.after}{entry.object}"


def test_a_refusal_says_why(proposed: Office) -> None:
    with pytest.raises(Refused, match="say why"):
        proposed.service.decide("lump_sum", person="hana", approve=False, reason=" ")
    assert lump_sum(proposed) == "proposed"


def test_whoever_is_asked_can_always_refuse(proposed: Office) -> None:
    """Who has agreed, or recorded the event, may learn better before it goes."""
    proposed.approve("lump_sum", "hana@example.com")
    proposed.service.decide("lump_sum", person="hana", approve=False, reason="the amount is wrong")
    assert lump_sum(proposed) == "refused"
    proposed.service.retry("letter/lump_sum", actor="lea@example.com")
    (report,) = [one for one in proposed.service.overview("letter").reports if one.event == "change_of_control"]
    proposed.withdraw(report.id)
    proposed.tell("change_of_control", EXIT, actor="finn@example.com")
    proposed.service.decide("lump_sum", person="finn", approve=False, reason="entered too early")
    assert lump_sum(proposed) == "refused"
    proposed.service.retry("letter/lump_sum", actor="lea@example.com")
    with pytest.raises(NeedsPerson, match="Mei is manager"):
        proposed.service.decide("lump_sum", person="mei", approve=False, reason="no")


def test_what_was_refused_is_proposed_again_and_approved_from_the_start(proposed: Office) -> None:
    """A payment refused by mistake would be gone for good, or would go on a yes given before the no."""
    proposed.approve("lump_sum", "hana@example.com")
    proposed.service.decide("lump_sum", person="finn", approve=False, reason="which account?")
    with pytest.raises(
        Refused, match=r"finn@example\.com refused this on 2026-03-02: which account\?.*obligations retry"
    ):
        proposed.approve("lump_sum", "hana@example.com")
    proposed.service.retry("letter/lump_sum", actor="lea@example.com")
    assert lump_sum(proposed) == "proposed"
    proposed.approve("lump_sum", "finn@example.com")
    assert lump_sum(proposed) == "proposed"
    proposed.approve("lump_sum", "hana@example.com")
    assert lump_sum(proposed) == "scheduled"
    assert "delivery proposed again" in [line.action for line in proposed.ledger()]


def test_no_pay_is_in_the_ledger(proposed: Office) -> None:
    proposed.approve("lump_sum")
    assert not [
        one
        for one in proposed.ledger()
        if "125" in f"{one.before}{one.after}{one.reason}".replace(",", "").split("sha256")[0]
    ]


# --- the clock ------------------------------------------------------------------------------------------------------


def test_what_the_clock_passes_is_missed(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    assert office.occurrence("i9").state is State.SCHEDULED
    office.today(START + timedelta(days=4))
    assert office.store.to_replan(office.clock.now()) == ["letter"]
    office.service.replan("letter")
    assert office.occurrence("i9").state is State.MISSED
    assert office.store.to_replan(office.clock.now()) == []


def test_a_contract_added_late_catches_up(office: Office) -> None:
    """What should have happened happens now, under its true day; money still waits for people."""
    office.today(EXIT + timedelta(days=30))
    office.add()
    office.tell("employment_started", START)
    office.tell("change_of_control", EXIT)
    claims = office.send()
    names = {claim.name for claim in claims}
    assert "act.hr_system.hr_task" in names
    assert "act.payroll.one_time_earning" not in names
    assert min(claim.send_at for claim in claims).date() == START
    office.approve("lump_sum")
    (late,) = [claim for claim in office.send() if claim.name == "act.payroll.one_time_earning"]
    assert late.late_seconds > 25 * 86400
    # What was added and approved after its day could not go before, and calls nobody.
    assert {claim.lag_seconds for claim in (*claims, late)} == {0}


def test_what_the_clock_alone_brings_about_excuses_no_lateness(office: Office) -> None:
    """After days without a daemon the plan is made again first; what goes then is days late all the same."""
    office.add()
    office.tell("employment_started", START)
    office.send()
    office.today(START + timedelta(days=17))
    office.service.replan("letter")
    assert [line.actor for line in office.ledger()][-1] == "the clock"
    lags = [claim.lag_seconds for claim in office.send() if claim.attempt == 1 and claim.late_seconds > 3 * 86_400]
    assert lags
    assert min(lags) > 3 * 86_400


def test_due_lists_what_is_open_overdue_first(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    office.service.replan("letter")
    office.tell("change_of_control", EXIT)
    today, found = office.service.due(10)
    assert today == EXIT
    assert [one.clause for one in found] == ["i9", "cobra_premium", "lump_sum"]


def test_a_raise_agreed_for_july_is_known_in_january(office: Office) -> None:
    """Whoever waits until the day to state it instructs the first pay days after it at the old pay.

    It is no news of what happens until then: nothing counts as over because of it.
    """
    office.add(OFFER_LETTER.format(name="ana"))
    office.tell("employment_started", date(2026, 1, 5), contract="ana")
    office.tell("base_salary", date(2026, 7, 1), contract="ana", value="260000.00")
    plan = office.service.overview("ana").plan
    salary = {one.from_on: one.amount for one in plan.occurrences if one.clause == "salary" and one.from_on}
    assert {amount.shown() for day, amount in salary.items() if amount and day < date(2026, 6, 15)} == {"9,615.38 USD"}
    later = {amount.shown() for day, amount in salary.items() if amount and day >= date(2026, 7, 1)}
    assert later == {"10,000.00 USD"}
    with pytest.raises(Refused, match="has not come yet"):
        office.tell("change_of_control", date(2027, 1, 1), contract="ana")
