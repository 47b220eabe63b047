"""Where a duty stands: conditions, gates, rolls, ends and answers, and the powers that follow from missing it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, Power, PowerState, State
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning.letter import HIRED, happened, of, only, planned, powers

HEAD = """
terms: 1
contract: {id: engagement, title: An engagement, currency: USD}
parties: {client: the client, consultant: the consultant}
readings:
  holidays: {use: US, options: {US: US}, governs: calendar}
events:
  started: {says: the work started, once: yes, cite: "1"}
  notice: {says: a notice arrived, cite: "1"}
  cured: {says: the fault was cured, cite: "1"}
  papers: {says: the papers arrived, cite: "1"}
  signed: {says: the contract was signed, once: yes, cite: "1"}
  breach: {says: the contract was breached, cite: "1"}
  stopped: {says: the client may stop no more, cite: "1"}
  ended: {says: the engagement ended, once: yes, cite: "1"}
  left: {says: the consultant left, with: {for_good: yes_or_no}, cite: "1"}
define:
  gone:
    first of: [left with for_good yes, ended]
facts:
  curable: {type: yes_or_no, ask: Can it be cured?, each: notice, cite: "1"}
  need: {type: yes_or_no, ask: Do faults need a cure from now on?, cite: "1"}
clauses:
"""
CURE = """
  cure:
    cite: "1"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 14 days after notice
"""
NOTICE = happened("notice", "2025-03-01")  # the fourteenth day after it is Saturday 15 March


def terms(clauses: str) -> Terms:
    """An engagement with these clauses, loaded, and so checked."""
    return load(HEAD + clauses, "engagement.yaml", find_template)


def cure(line: str, *reports: Report, as_of: str = "") -> tuple[Sequence[Occurrence], Sequence[Power], Plan]:
    """The cure with one more line, its occurrences, and the powers that missing it gave."""
    clause = f"{CURE}    {line}\n    if_missed: {{power: stop, holder: client, may: stop at once}}\n"
    made = planned(NOTICE, *reports, as_of=as_of, terms=terms(clause))
    return of(made, "cure"), powers(made, "stop"), made


def done(line: str, on: str, index: int = 0) -> Report:
    """A report that the cure was done, naming it."""
    duties, _, _ = cure(line)
    return happened("done", on, answers=str(duties[index].id))


# --- what a miss asks before it gives a power -----------------------------------------------------------------------


def test_a_condition_that_fails_leaves_nothing_to_miss() -> None:
    """The client would stop a consultant over a fault that the contract does not ask him to cure."""
    duties, held, _ = cure("if: curable", happened("curable", "2025-03-02", value="no"), as_of="2025-03-20")
    assert [one.state for one in duties] == [State.NOT_APPLICABLE]
    assert held == []


def test_an_open_condition_keeps_the_power_waiting_for_it() -> None:
    """The client would stop the work before anybody said whether the fault could be cured."""
    _, held, _ = cure("if: curable", as_of="2025-03-20")
    assert [(one.state, one.waiting_for) for one in held] == [(PowerState.WAITING, ("curable",))]
    _, held, _ = cure("if: curable", happened("curable", "2025-03-18", value="yes"), as_of="2025-03-20")
    assert [(one.state, str(one.arises_on)) for one in held] == [(PowerState.ARISEN, "2025-03-16")]


def test_a_gate_that_never_opened_keeps_the_power_waiting() -> None:
    """A consultant who never got the papers he needs would lose the engagement."""
    duties, held, _ = cure("requires: papers", as_of="2025-04-20")
    assert [one.state for one in duties] == [State.WAITING]
    assert [(one.state, one.waiting_for) for one in held] == [(PowerState.WAITING, ("papers",))]


def test_a_gate_that_opens_late_moves_the_miss_with_the_day() -> None:
    """What was done on the very day it became possible would count as missed a fortnight before."""
    papers = happened("papers", "2025-03-30")
    line = "requires: papers"
    duties, held, _ = cure(line, papers, done(line, "2025-03-30"), as_of="2025-04-20")
    assert [one.state for one in duties] == [State.DONE]
    assert held == []
    _, held, _ = cure(line, papers, as_of="2025-03-31")
    assert [(one.state, str(one.arises_on)) for one in held] == [(PowerState.ARISEN, "2025-03-31")]


@pytest.mark.parametrize(
    ("as_of", "state", "power"),
    [
        ("2025-03-16", State.SCHEDULED, PowerState.WAITING),
        ("2025-03-17", State.DUE, PowerState.WAITING),
        ("2025-03-18", State.MISSED, PowerState.ARISEN),
    ],
)
def test_a_rolled_day_is_missed_only_after_the_day_it_rolled_to(as_of: str, state: State, power: PowerState) -> None:
    """A power would arise on a Sunday although Monday is still in time."""
    duties, held, _ = cure("roll: following", as_of=as_of)
    assert [one.state for one in duties] == [state]
    assert [(one.state, str(one.arises_on)) for one in held] == [(power, "2025-03-18")]


def test_what_is_done_on_the_rolled_day_is_done_in_time() -> None:
    """Who cures on the Monday that counts would be told that he missed the Saturday before."""
    line = "roll: following"
    duties, held, _ = cure(line, done(line, "2025-03-17"), as_of="2025-03-20")
    assert [one.state for one in duties] == [State.DONE]
    assert held == []
    duties, held, _ = cure(line, done(line, "2025-03-18"), as_of="2025-03-20")
    assert [one.state for one in duties] == [State.MISSED]
    assert [one.state for one in held] == [PowerState.ARISEN]


def test_powers_wait_while_a_person_must_say_what_an_answer_cured() -> None:
    """One of two faults was cured; the client would get a power over both."""
    reports = (happened("notice", "2025-03-05"), happened("cured", "2025-03-10"))
    duties, held, _ = cure("closed_by: cured", *reports, as_of="2025-04-20")
    assert {one.state for one in duties} == {State.NEEDS_PERSON}
    assert [one.state for one in held] == [PowerState.WAITING, PowerState.WAITING]
    assert {one.waiting_for for one in held} == {("which cure the report cured answers",)}


@pytest.mark.parametrize(("cured", "held"), [("2025-03-15", "waiting"), ("2025-03-16", "arisen")])
def test_an_answer_on_the_last_day_may_be_for_this_one(cured: str, held: str) -> None:
    """The power over the first fault would arise although it may have been cured on its last day."""
    reports = (happened("notice", "2025-03-05"), happened("cured", cured))
    _, (first, _), _ = cure("closed_by: cured", *reports, as_of="2025-03-17")
    assert str(first.state) == held


def test_an_event_that_a_miss_brings_about_waits_as_well() -> None:
    """A breach would be on record, with all that hangs on it, for a duty nobody owed yet."""
    clauses = f"""{CURE}    requires: papers
    if_missed: {{event: breach}}
  leave:
    cite: "2"
    who: client holds
    power: {{power: leave, holder: client, may: leave}}
    when: breach
"""
    engagement = terms(clauses)
    assert powers(planned(NOTICE, as_of="2025-04-20", terms=engagement), "leave") == []
    papers = happened("papers", "2025-03-30")
    assert powers(planned(NOTICE, papers, as_of="2025-03-30", terms=engagement), "leave") == []
    late = powers(planned(NOTICE, papers, as_of="2025-03-31", terms=engagement), "leave")
    assert [str(one.arises_on) for one in late] == ["2025-03-31"]


def test_a_gate_that_needs_the_miss_itself_is_refused() -> None:
    """Planning would run in a circle without end."""
    circle = f"{CURE}    requires: breach\n    if_missed: {{event: breach}}\n"
    with pytest.raises(TermsError, match="breach"):
        terms(circle)


# --- ends -----------------------------------------------------------------------------------------------------------


def test_an_end_on_the_last_day_discharges_what_is_still_open() -> None:
    """A duty would be missed by somebody who was free of it before the day was over."""
    duties, held, _ = cure("until: ended", happened("ended", "2025-03-15"), as_of="2025-04-20")
    assert [one.state for one in duties] == [State.DISCHARGED]
    assert held == []
    duties, held, _ = cure("until: ended", happened("ended", "2025-03-16"), as_of="2025-04-20")
    assert [one.state for one in duties] == [State.MISSED]
    assert held == [], "the power would have arisen on the day of the end"
    _, held, _ = cure("until: ended", happened("ended", "2025-03-17"), as_of="2025-04-20")
    assert [(one.state, str(one.expires_on)) for one in held] == [(PowerState.EXPIRED, "2025-03-17")]


@pytest.mark.parametrize("as_of", ["2005-07-01", "2005-07-02", "2005-08-01"])
def test_an_exit_on_the_last_day_of_a_cure_leaves_no_power(as_of: str) -> None:
    """The company could terminate for Good Cause somebody it had let go without it."""
    neglect = happened("company_neglect_notice_received", "2005-06-01")
    exit_ = happened("terminated", "2005-07-01", good_cause="no")
    made = planned(HIRED, neglect, exit_, as_of=as_of)
    assert only(made, "neglect_cure").state is State.DISCHARGED
    assert powers(made, "terminate_for_good_cause") == []


def test_a_power_used_on_the_day_it_arises_is_used_although_its_use_is_the_end() -> None:
    """A termination for Good Cause would take away the very power it used."""
    neglect = happened("company_neglect_notice_received", "2005-06-01")
    exit_ = happened("terminated", "2005-07-02", good_cause="yes")
    made = planned(HIRED, neglect, exit_, as_of="2005-08-01")
    assert [one.state for one in powers(made, "terminate_for_good_cause")] == [PowerState.EXERTED]


def test_money_due_on_the_day_of_the_end_stays_owed() -> None:
    """An invoice due on the last day of an engagement would never be paid, by itself or as the last of a series."""
    clauses = """
  fee:
    cite: "1"
    who: client owes consultant
    pay: 100
    when: notice
    exactly: 14 days after notice
    until: ended
  fees:
    cite: "2"
    who: client owes consultant
    pay: 100
    when: notice
    series: {every: 7 days, times: 3, first: 7 days after notice}
    until: ended
"""
    made = planned(NOTICE, happened("ended", "2025-03-15"), terms=terms(clauses))
    assert only(made, "fee").state is State.SCHEDULED
    assert [one.state for one in of(made, "fees")] == [State.SCHEDULED, State.SCHEDULED, State.TERMINATED]


def test_an_end_that_rests_on_an_open_question_discharges_nothing() -> None:
    """A duty would be dropped for an end that nobody has settled yet, and the power over it with it."""
    reports = (happened("left", "2025-03-05"), happened("ended", "2025-03-10"))
    duties, held, _ = cure("until: gone", *reports, as_of="2025-04-20")
    assert [one.state for one in duties] == [State.MISSED]
    assert [one.state for one in held] == [PowerState.ARISEN]


# --- powers by themselves -------------------------------------------------------------------------------------------

WALK = """
  walk:
    cite: "1"
    who: consultant holds
    power: {power: walk, holder: consultant, may: walk}
    when: notice
"""


def test_a_power_beside_a_condition_that_fails_does_not_arise() -> None:
    """A consultant would walk off on a ground that the contract rules out."""
    engagement = terms(f"{WALK}    if: curable\n")
    assert powers(planned(NOTICE, happened("curable", "2025-03-02", value="no"), terms=engagement), "walk") == []
    asked = powers(planned(NOTICE, terms=engagement), "walk")
    assert [(one.state, one.waiting_for) for one in asked] == [(PowerState.WAITING, ("curable",))]


def test_a_power_beside_a_gate_arises_when_it_opens() -> None:
    """A consultant would walk off before the papers that let him."""
    engagement = terms(f"{WALK}    requires: papers\n")
    asked = powers(planned(NOTICE, terms=engagement), "walk")
    assert [(one.state, one.waiting_for) for one in asked] == [(PowerState.WAITING, ("papers",))]
    held = powers(planned(NOTICE, happened("papers", "2025-03-09"), terms=engagement), "walk")
    assert [(one.state, str(one.arises_on)) for one in held] == [(PowerState.ARISEN, "2025-03-09")]


@pytest.mark.parametrize("on", ["2025-02-01", "2025-03-01"])
def test_a_power_that_ended_before_it_could_arise_does_not_arise(on: str) -> None:
    """A notice that arrives after the engagement would let somebody end it once more."""
    engagement = terms(f"{WALK}    until: ended\n")
    assert powers(planned(NOTICE, happened("ended", on), terms=engagement), "walk") == []


def test_an_end_that_can_come_again_ends_only_what_it_follows() -> None:
    """What settled the notice of last year would settle every later one."""
    engagement = terms(f"{WALK}    until: stopped\n")
    held = powers(planned(happened("stopped", "2024-03-01"), NOTICE, terms=engagement), "walk")
    assert [one.state for one in held] == [PowerState.ARISEN]


def test_a_power_waits_while_it_is_open_what_set_it_off() -> None:
    """A power would arise from an end that another may yet turn out to precede."""
    clause = WALK.replace("when: notice", "when: gone")
    made = planned(happened("left", "2025-03-05"), happened("ended", "2025-03-10"), terms=terms(clause))
    assert [(one.state, one.waiting_for) for one in powers(made, "walk")] == [(PowerState.WAITING, ("left.for_good",))]


# --- gates and rolls ------------------------------------------------------------------------------------------------

BONUS = """
  bonus:
    cite: "1"
    who: client owes consultant
    pay: 100
    when: notice
    exactly: 14 days after notice
"""


@pytest.mark.parametrize(
    ("roll", "papers", "adjusted"),
    [
        ("following", "2025-03-10", "2025-03-17"),
        ("following", "2025-03-16", "2025-03-17"),
        ("following", "2025-03-17", "2025-03-17"),
        ("following", "2025-03-22", "2025-03-24"),
        ("preceding", "2025-03-10", "2025-03-14"),
        ("preceding", "2025-03-15", "2025-03-17"),
        ("preceding", "2025-03-16", "2025-03-17"),
    ],
)
def test_a_payment_goes_on_an_open_day_and_never_before_its_gate(roll: str, papers: str, adjusted: str) -> None:
    """Severance would be paid on a Sunday, or before the release that it waits for."""
    engagement = terms(f"{BONUS}    requires: papers\n    roll: {roll}\n")
    bonus = only(planned(NOTICE, happened("papers", papers), terms=engagement), "bonus")
    assert str(bonus.adjusted_on) == adjusted


def test_a_gate_opens_what_came_before_it_and_nothing_later() -> None:
    """The release of one claim would let the next one be paid."""
    engagement = terms(f"{BONUS}    requires: papers\n")
    second = happened("notice", "2025-06-01")
    made = planned(NOTICE, happened("papers", "2025-03-05"), second, terms=engagement)
    assert [one.state for one in of(made, "bonus")] == [State.SCHEDULED, State.WAITING]
    made = planned(NOTICE, happened("papers", "2025-03-05"), second, happened("papers", "2025-06-30"), terms=engagement)
    assert [str(one.due_on) for one in of(made, "bonus")] == ["2025-03-15", "2025-06-30"]


def test_a_gate_that_happens_once_opens_for_every_later_instance() -> None:
    """What needs a signed contract would wait for a second signature that can never come."""
    engagement = terms(f"{BONUS}    requires: signed\n")
    made = planned(happened("signed", "2025-01-01"), NOTICE, terms=engagement)
    assert only(made, "bonus").state is State.SCHEDULED


def test_a_payday_on_a_closed_day_rolls_by_itself() -> None:
    """A salary would be instructed for Independence Day although the contract says how it moves."""
    clauses = """
  fee:
    cite: "1"
    who: client owes consultant
    pay: 26000
    during: started on
    series: {every: 14 days}
    roll: following
"""
    ninth = of(planned(happened("started", "2025-03-01"), as_of="2025-03-01", terms=terms(clauses)), "fee")[8]
    assert (str(ninth.to_on), str(ninth.due_on), str(ninth.adjusted_on)) == ("2025-07-04", "2025-07-04", "2025-07-07")


# --- answers --------------------------------------------------------------------------------------------------------


def test_what_was_done_is_no_longer_open_to_a_later_answer() -> None:
    """With one fault left, a person would be asked which of two was cured."""
    line = "closed_by: cured"
    reports = (happened("notice", "2025-03-05"), done(line, "2025-03-06"), happened("cured", "2025-03-10"))
    duties, held, made = cure(line, *reports, as_of="2025-04-20")
    assert [one.state for one in duties] == [State.DONE, State.DONE]
    assert held == []
    assert [one for one in made.questions if one.kind == "judgment"] == []


def test_what_never_applied_is_not_open_to_an_answer() -> None:
    """With one fault to cure and one that needs no cure, a person would be asked which of the two was cured."""
    reports = (
        happened("notice", "2025-03-05"),
        happened("need", "2025-03-01", value="no"),
        happened("need", "2025-03-05", value="yes"),
        happened("cured", "2025-03-10"),
    )
    duties, _, _ = cure("closed_by: cured\n    if: need", *reports, as_of="2025-04-20")
    assert {str(one.due_on): one.state for one in duties} == {
        "None": State.NOT_APPLICABLE,
        "2025-03-19": State.DONE,
    }


def test_an_answer_from_before_it_was_done_still_asks() -> None:
    """Of two faults open on the day of the cure, the plan would pick one by itself."""
    line = "closed_by: cured"
    reports = (happened("notice", "2025-03-05"), happened("cured", "2025-03-10"), done(line, "2025-03-12"))
    duties, _, _ = cure(line, *reports, as_of="2025-03-13")
    assert [one.state for one in duties] == [State.DONE, State.NEEDS_PERSON]


# --- what `check` says ----------------------------------------------------------------------------------------------


def test_an_end_beside_a_window_ends_its_periods() -> None:
    """Pay would run on past an end that the file states, and nobody would know."""
    clauses = """
  fee:
    cite: "1"
    who: client owes consultant
    pay: 26000
    during: started on
    series: {every: 14 days}
    until: ended
"""
    ended = happened("ended", "2025-01-20")
    made = of(planned(happened("started", "2025-01-01"), ended, terms=terms(clauses)), "fee")
    assert [(str(one.to_on), one.amount.shown() if one.amount else "") for one in made] == [
        ("2025-01-14", "1,000.00 USD"),
        ("2025-01-20", "428.57 USD"),
    ]
