"""Amendments of kept contracts: shown before they count, kept with every version, and never re-paying what was paid."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.service import NeedsPerson, NotFound, PlanMoved, Refused
from obligations.terms.errors import TermsError
from tests.service.office import LETTER, Office

START = date(2026, 1, 5)
EXIT = date(2026, 1, 6)
PREMIUM = "act.payroll.premium_payment"
AMENDMENT = """terms: 1
amends: letter
from: 2026-03-01
title: First amendment
clauses:
  cobra_premium:
    cite: "A1"
    who: company owes employee
    says: the monthly premium
    pay: 900.00
    when: protected_exit
    series: {every: 1 month, times: 5, first: 1 day after protected_exit}
    do: {send: payroll, kind: premium_payment, lead: 2 days, approve: [finance]}
"""
CHANGING = f"{AMENDMENT}running: changes\n"


@pytest.fixture
def exited(office: Office) -> Office:
    """Exited on 6 January; the premiums of January and February are paid, and it is 20 February."""
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    office.tell("change_of_control", EXIT)
    office.approve("cobra_premium", "finn@example.com")
    office.today(date(2026, 2, 20))
    office.send()
    assert [office.states("cobra_premium", PREMIUM, n) for n in (1, 2, 3)] == [["delivered"]] * 2 + [["scheduled"]]
    return office


def premiums(office: Office) -> list[tuple[int, str, str]]:
    found = [one for one in office.service.overview("letter").plan.occurrences if one.clause == "cobra_premium"]
    return [(one.index, str(one.due_on), one.amount.shown() if one.amount else "") for one in found]


def test_an_amendment_is_shown_before_it_counts_and_is_then_kept(exited: Office) -> None:
    before = exited.everything()
    shown = exited.service.preview_amendment(CHANGING, "a.yaml")
    assert exited.everything() == before
    assert [(one.verb, one.subject.clause) for one in shown.changes] == [
        ("changed", "cobra_premium"),
        ("new", "cobra_premium"),
        ("new", "cobra_premium"),
    ]
    exited.service.amend(CHANGING, "a.yaml", actor="lea", confirmed=shown.mark)
    assert premiums(exited) == [
        (1, "2026-01-07", "800.00 USD"),
        (2, "2026-02-07", "800.00 USD"),
        (3, "2026-03-07", "900.00 USD"),
        (4, "2026-04-07", "900.00 USD"),
        (5, "2026-05-07", "900.00 USD"),
    ]


def test_what_was_paid_is_not_touched_and_what_was_approved_is_asked_again(exited: Office) -> None:
    """An approval of 800 is no approval of 900; and what was paid for January is right as it was."""
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    assert [exited.states("cobra_premium", PREMIUM, n) for n in range(1, 6)] == [["delivered"]] * 2 + [["proposed"]] * 3
    exited.today(date(2026, 5, 20))
    exited.approve("cobra_premium", "finn@example.com")
    exited.send()
    assert [exited.states("cobra_premium", PREMIUM, n) for n in range(1, 6)] == [["delivered"]] * 5


def test_what_was_sent_ahead_of_the_day_goes_to_a_person(exited: Office) -> None:
    """The premium of March left on the fifth for the seventh; an amendment from the first is told to payroll, or not,
    by a person."""
    exited.today(date(2026, 3, 6))
    exited.send()
    shown = exited.service.preview_amendment(CHANGING, "a.yaml")
    assert [(one.push.clause, one.push.index) for one in shown.touched] == [("cobra_premium", 3)]
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    assert exited.states("cobra_premium", PREMIUM, 3) == ["delivered", "proposed"]


def test_what_runs_continues_unless_the_amendment_says_so(exited: Office) -> None:
    before = exited.deliveries()
    assert exited.service.preview_amendment(AMENDMENT, "a.yaml").changes == ()
    exited.service.amend(AMENDMENT, "a.yaml", actor="lea")
    assert exited.deliveries() == before


def test_who_amended_a_contract_approves_none_of_its_money(exited: Office) -> None:
    exited.service.amend(CHANGING, "a.yaml", actor="finn@example.com")
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        exited.approve("cobra_premium", "finn@example.com")


def test_who_withdrew_an_amendment_approves_none_of_its_money(exited: Office) -> None:
    """Taking a cut back is a raise: two people must have a hand in it."""
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    exited.service.withdraw_amendment(CHANGING, "a.yaml", actor="finn@example.com")
    with pytest.raises(NeedsPerson, match="nobody approves what they recorded"):
        exited.approve("cobra_premium", "finn@example.com")


def test_every_version_is_kept_and_the_past_is_planned_by_its_own(exited: Office) -> None:
    """Years later somebody asks which text was in force when a payment was approved."""
    before = exited.service.overview("letter").plan.fingerprint
    exited.clock.advance(days=1)
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    exited.clock.advance(days=1)
    exited.service.amend(CHANGING.replace("900.00", "950.00"), "a.yaml", actor="bea")
    assert [
        (one.number, one.kind, one.title, str(one.from_on), one.recorded_by)
        for one in exited.service.versions("letter")
    ] == [
        (1, "added", "A short letter", "None", "clerk@example.com"),
        (2, "amended", "First amendment", "2026-03-01", "lea"),
        (3, "amended", "First amendment", "2026-03-01", "bea"),
    ]
    assert premiums(exited)[-1] == (5, "2026-05-07", "950.00 USD")
    assert exited.service.known_on("letter", date(2026, 2, 20)).plan.fingerprint == before
    then = exited.service.known_on("letter", date(2026, 2, 21)).plan.occurrences
    assert {one.amount.shown() for one in then if one.amount and one.index > 2} == {"900.00 USD"}


def test_amendments_stand_by_their_days_in_whatever_order_they_are_told(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    later = "terms: 1\namends: letter\nfrom: 2026-06-01\nparameters: {lump_sum_amount: 300.00}\n"
    earlier = "terms: 1\namends: letter\nfrom: 2026-02-01\nparameters: {lump_sum_amount: 200.00}\n"
    office.service.amend(later, "b.yaml", actor="lea")
    office.service.amend(earlier, "a.yaml", actor="lea")
    for day, amount in ((date(2026, 1, 6), "125,000.00"), (date(2026, 2, 1), "200.00"), (date(2026, 6, 1), "300.00")):
        office.today(day)
        report = office.tell("change_of_control", day)
        paid = office.occurrence("lump_sum").amount
        assert paid is not None
        assert paid.shown() == f"{amount} USD"
        office.withdraw(report)


def test_changed_terms_keep_their_amendments(exited: Office) -> None:
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    exited.add(LETTER.replace("by: 3 days after", "by: 4 days after"), change=True)
    assert premiums(exited)[-1] == (5, "2026-05-07", "900.00 USD")
    before = exited.everything()
    with pytest.raises(TermsError, match="amendment 1"):
        exited.add(LETTER.replace("define:\n  protected_exit: first change_of_control during protected\n", "")
                   .replace("protected_exit", "change_of_control"), change=True)  # fmt: skip
    assert exited.everything() == before


def test_an_amendment_that_cannot_be_kept_changes_nothing(exited: Office) -> None:
    exited.service.amend(AMENDMENT, "a.yaml", actor="lea")
    before = exited.everything()
    with pytest.raises(Refused, match="First amendment of letter is kept already, word for word"):
        exited.service.amend(AMENDMENT, "a.yaml", actor="lea")
    with pytest.raises(NotFound, match='no contract "leter".*Did you mean "letter"'):  # noqa: RUF043
        exited.service.amend(AMENDMENT.replace("amends: letter", "amends: leter"), "a.yaml", actor="lea")
    with pytest.raises(TermsError, match=r"a\.yaml:1:1: this amends nothing"):
        exited.service.amend(LETTER.strip(), "a.yaml", actor="lea")
    with pytest.raises(TermsError, match=r"a\.yaml:11.*no event"):
        exited.service.amend(AMENDMENT.replace("when: protected_exit", "when: nobody_knows"), "a.yaml", actor="lea")
    with pytest.raises(TermsError, match="this amends a contract"):
        exited.service.add_contract(AMENDMENT, "a.yaml", actor="lea")
    shown = exited.service.preview_amendment(CHANGING, "a.yaml")
    assert exited.everything() == before
    exited.tell("change_of_control", date(2026, 1, 5))
    with pytest.raises(PlanMoved, match="look at it again"):
        exited.service.amend(CHANGING, "a.yaml", actor="lea", confirmed=shown.mark)


def test_an_ended_clause_cancels_what_waited_and_a_later_amendment_brings_it_back(office: Office) -> None:
    office.add()
    office.tell("employment_started", START)
    office.service.amend("terms: 1\namends: letter\nfrom: 2026-01-05\nends: [lump_sum]\n", "a.yaml", actor="lea")
    assert office.occurrence("lump_sum").state is State.CANCELLED
    again = AMENDMENT.replace("cobra_premium", "lump_sum").replace("First", "Second")
    office.service.amend(again, "b.yaml", actor="lea")
    office.today(date(2026, 3, 2))
    office.tell("change_of_control", date(2026, 3, 2))
    assert office.occurrence("lump_sum", 5).state is State.SCHEDULED


def test_an_amendment_from_before_what_was_paid_asks_about_what_was_sent_otherwise(exited: Office) -> None:
    """The premiums of February and March left at 800; recorded in March and backdated to February, 900 is owed.

    Both are shown. What a person reported as done is in that person's hands; what was only sent is proposed anew.
    """
    exited.today(date(2026, 3, 10))
    exited.send()
    february = exited.occurrence("cobra_premium", 2)
    done = Report("d-2", "done", date(2026, 2, 7), answers=str(february.id), evidence="wire 7")
    exited.service.record("letter", done, actor="clerk@example.com")
    backdated = CHANGING.replace("2026-03-01", "2026-02-01")
    shown = exited.service.preview_amendment(backdated, "a.yaml")
    assert [(one.push.clause, one.push.index) for one in shown.touched] == [("cobra_premium", 2), ("cobra_premium", 3)]
    exited.service.amend(backdated, "a.yaml", actor="lea")
    assert [exited.states("cobra_premium", PREMIUM, n) for n in (1, 2, 3)] == [
        ["delivered"],
        ["delivered"],
        ["delivered", "proposed"],
    ]
    assert exited.occurrence("cobra_premium", 2).id == february.id
    assert premiums(exited)[:2] == [(1, "2026-01-07", "800.00 USD"), (2, "2026-02-07", "900.00 USD")]


def test_an_amendment_recorded_in_error_is_withdrawn_and_stays_in_the_history(exited: Office) -> None:
    """What it changed is as it was agreed before; what somebody believed in between can still be seen."""
    before = exited.service.overview("letter").plan
    deliveries = exited.deliveries()
    exited.clock.advance(days=1)
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    with_it = exited.service.overview("letter").plan
    exited.clock.advance(days=1)
    kept = exited.everything()
    shown = exited.service.preview_amendment_withdrawn(CHANGING, "a.yaml")
    assert [(one.verb, one.subject.clause) for one in shown.changes] == [
        ("changed", "cobra_premium"),
        ("gone", "cobra_premium"),
        ("gone", "cobra_premium"),
    ]
    assert exited.everything() == kept, "looking changes nothing"
    exited.service.withdraw_amendment(CHANGING, "a.yaml", actor="bea", confirmed=shown.mark)
    assert exited.service.overview("letter").plan.fingerprint == before.fingerprint
    assert {one.push.key: one.body for one in deliveries}.items() <= {
        one.push.key: one.body for one in exited.deliveries()
    }.items()
    assert [exited.states("cobra_premium", PREMIUM, n) for n in range(1, 6)] == [
        ["delivered"],
        ["delivered"],
        ["proposed"],
        ["cancelled"],
        ["cancelled"],
    ]
    assert [(one.number, one.kind, one.recorded_by) for one in exited.service.versions("letter")] == [
        (1, "added", "clerk@example.com"),
        (2, "amended", "lea"),
        (3, "withdrawn", "bea"),
    ]
    assert exited.service.known_on("letter", date(2026, 2, 20)).plan.fingerprint == before.fingerprint
    then = exited.service.known_on("letter", date(2026, 2, 21)).plan
    assert [(one.id, one.amount) for one in then.occurrences] == [(one.id, one.amount) for one in with_it.occurrences]
    assert exited.service.known_on("letter", date(2026, 2, 22)).plan.fingerprint == before.fingerprint
    exited.service.amend(CHANGING, "a.yaml", actor="lea")
    assert premiums(exited)[-1] == (5, "2026-05-07", "900.00 USD")


def test_a_withdrawal_names_an_amendment_in_force_and_leaves_nothing_without_its_basis(exited: Office) -> None:
    relocating = AMENDMENT.replace("clauses:\n", "events: {relocated: {says: the office moved}}\nclauses:\n").replace(
        "when: protected_exit", "when: relocated"
    ).replace("first: 1 day after protected_exit", "first: 1 day after relocated")  # fmt: skip
    with pytest.raises(NotFound, match="letter has no amendment First amendment, from 2026-03-01, in force"):
        exited.service.withdraw_amendment(relocating, "a.yaml", actor="lea")
    exited.service.amend(relocating, "a.yaml", actor="lea")
    building = "terms: 1\namends: letter\nfrom: 2026-04-01\ndefine: {moved: first relocated}\nclauses:\n"
    building += "  move: {cite: A2, who: company owes employee, task: Move, when: moved, by: 5 days after moved}\n"
    exited.service.amend(building, "b.yaml", actor="lea")
    before = exited.everything()
    with pytest.raises(TermsError, match='no event "relocated"'):
        exited.service.withdraw_amendment(relocating, "a.yaml", actor="lea")
    assert exited.everything() == before
    exited.service.withdraw_amendment(building, "b.yaml", actor="lea")
    exited.today(date(2026, 3, 3))
    moved = exited.tell("relocated", date(2026, 3, 2))
    before = exited.everything()
    with pytest.raises(Refused, match=r"relocated was reported for 2026-03-02.*withdraw that first"):
        exited.service.withdraw_amendment(relocating, "a.yaml", actor="lea")
    assert exited.everything() == before
    exited.withdraw(moved)
    exited.service.withdraw_amendment(relocating, "a.yaml", actor="lea")
    with pytest.raises(NotFound, match="it has: none"):
        exited.service.withdraw_amendment(relocating, "a.yaml", actor="lea")


def test_a_longer_protection_window_pays_for_an_exit_it_covers(office: Office) -> None:
    """The office keeps the extension, and the daemon's plan, its bounds and what was known follow it."""
    office.add()
    office.tell("employment_started", START)
    office.today(date(2027, 12, 1))
    longer = "terms: 1\namends: letter\nfrom: 2027-12-01\nwindows:\n"
    longer += "  protected: 36 months beginning on employment_started\n"
    office.service.amend(longer, "a.yaml", actor="lea")
    office.today(date(2028, 3, 1))
    office.tell("change_of_control", date(2028, 3, 1))
    paid = office.occurrence("lump_sum")
    assert (paid.state, str(paid.due_on)) == (State.SCHEDULED, "2028-03-06")
    assert paid.bounds is not None
    assert (paid.bounds.earliest_on, paid.bounds.least) == (paid.due_on, paid.amount)
    assert office.states("lump_sum", "act.payroll.one_time_earning") == ["proposed"]
    preview = office.service.preview_amendment_withdrawn(longer, "a.yaml")
    assert "lump_sum" in {one.subject.clause for one in preview.changes}
    then = office.service.known_on("letter", date(2027, 12, 2)).plan
    assert [str(one.last_on) for one in then.windows] == ["2029-01-04"]
    earlier = office.service.known_on("letter", date(2027, 11, 30)).plan
    assert [str(one.last_on) for one in earlier.windows] == ["2028-01-04"]
