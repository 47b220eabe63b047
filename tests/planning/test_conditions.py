"""When a clause applies: what rules it out, what undoes it, what each occurrence is asked, and its earliest day."""

from __future__ import annotations

import pytest

from config.shipped import find_template
from obligations.domain.occurrence import PowerState, State
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.engagement import ENDED, HEAD, NOTICE, PAID, STARTED, terms
from tests.planning.letter import happened, of, only, planned, powers

CURE = """
  cure:
    cite: "1"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 14 days after notice
    if_missed: {power: stop, holder: client, may: stop at once}
"""
STANDBY = """
  standby:
    cite: "3"
    who: client owes consultant
    pay: monthly_fee
    when: started
    series: {every: 1 month, times: 4, first: started}
"""


# --- unless ---------------------------------------------------------------------------------------------------------


def test_unless_wins_over_a_condition_that_nobody_has_answered() -> None:
    """People would be asked whether a fault can be cured that the parties had settled before the notice came."""
    engagement = terms(f"{CURE}    if: curable\n    unless: settled\n")
    made = planned(happened("settled", "2025-02-20"), NOTICE, as_of="2025-03-20", terms=engagement)
    assert only(made, "cure").state is State.NOT_APPLICABLE
    assert made.questions == ()
    assert powers(made, "stop") == []


def test_unless_looks_no_further_than_the_day_of_the_trigger() -> None:
    """What the parties settled later would wipe out a duty that stood; `until` and `cancel_if` say that."""
    engagement = terms(f"{CURE}    unless: settled\n")
    made = planned(NOTICE, happened("settled", "2025-03-02"), as_of="2025-03-20", terms=engagement)
    assert only(made, "cure").state is State.MISSED
    assert "did not happen by 2025-03-01" in str(only(made, "cure").derivation.as_json())


def test_unless_takes_an_event_with_its_details_and_asks_for_one_that_nobody_gave() -> None:
    """Somebody let go for cause would be paid, or somebody else go unpaid because a form was left half empty."""
    engagement = terms(f"{PAID}    unless: ended with for_cause yes\n")
    fired = happened("ended", "2025-06-02", for_cause="yes")
    assert only(planned(fired, terms=engagement), "paid").state is State.NOT_APPLICABLE
    assert only(planned(ENDED, terms=engagement), "paid").state is State.SCHEDULED
    asked = only(planned(happened("ended", "2025-06-02"), terms=engagement), "paid")
    assert (asked.state, asked.missing) == (State.NEEDS_PERSON, ("ended.for_cause",))


@pytest.mark.parametrize(("on", "state"), [("2025-03-31", State.NEEDS_PERSON), ("2025-04-01", State.NOT_APPLICABLE)])
def test_what_happened_on_the_last_day_is_asked_about(on: str, state: State) -> None:
    """A notice of the last day, whose ground nobody gave, would be taken for none."""
    engagement = terms(f"{PAID}    if: notice with ground pay happened by 2025-03-31\n")
    made = planned(happened("notice", on), ENDED, as_of="2025-06-10", terms=engagement)
    assert only(made, "paid").state is state


def test_a_condition_of_what_runs_since_the_beginning_has_no_day() -> None:
    """A duty that nothing sets off could not be asked whether something happened, or the planning would fail on it."""
    clause = CURE.replace(
        "    when: notice\n    by: 14 days after notice\n", "    by: 2025-06-01\n    if: settled happened\n"
    )
    assert only(planned(STARTED, as_of="2025-03-01", terms=terms(clause)), "cure").state is State.WAITING
    settled = happened("settled", "2025-02-20")
    assert only(planned(settled, as_of="2025-03-01", terms=terms(clause)), "cure").state is State.SCHEDULED


def test_unless_takes_a_condition() -> None:
    """A fact that rules a clause out could not be written down."""
    engagement = terms(f"{CURE}    unless: curable\n")
    open_ = only(planned(NOTICE, terms=engagement), "cure")
    assert (open_.state, open_.missing) == (State.WAITING, ("curable",))
    ruled_out = planned(NOTICE, happened("curable", "2025-03-02", value="yes"), terms=engagement)
    assert only(ruled_out, "cure").state is State.NOT_APPLICABLE


def test_unless_takes_a_list_of_facts_and_events() -> None:
    """A fact in a list would count as soon as anybody had stated it, whether as yes or as no."""
    engagement = terms(f"{CURE}    unless: {{any of: [curable, settled]}}\n")
    no = happened("curable", "2025-02-02", value="no")
    open_ = only(planned(NOTICE, no, as_of="2025-03-02", terms=engagement), "cure")
    assert open_.state is State.SCHEDULED
    ruled_out = planned(NOTICE, no, happened("settled", "2025-02-20"), terms=engagement)
    assert only(ruled_out, "cure").state is State.NOT_APPLICABLE


@pytest.mark.parametrize(("use", "state"), [("both", State.WAITING), ("one", State.NOT_APPLICABLE)])
def test_unless_takes_conditions_under_one_reading_and_an_event_under_another(use: str, state: State) -> None:
    """An exception that a reading widens could not be written down."""
    options = "both: {all of: [curable, settled happened]}, one: settled"
    text = HEAD.replace("readings:\n", f"readings:\n  how_far: {{use: {use}, options: [both, one]}}\n")
    text += f"{CURE}    unless: {{reading: how_far, {options}}}\n"
    engagement = load(text, "engagement.yaml", find_template)
    assert only(planned(NOTICE, happened("settled", "2025-02-20"), terms=engagement), "cure").state is state


def test_an_expectation_rules_nothing_out_and_holds_money_back() -> None:
    """Somebody's plan would cancel a payment, or money would go that the planned event forbids."""
    engagement = terms(PAID + "    unless: {any of: [settled, revoked]}\n")
    made = planned(ENDED, happened("settled", "2025-05-01", expected=True), terms=engagement)
    assert (only(made, "paid").state, only(made, "paid").waiting_for) == (State.WAITING, ("settled",))
    assert [push for push in made.pushes if push.money] == []


# --- cancel_if ------------------------------------------------------------------------------------------------------


def test_what_cancels_undoes_even_what_fell_due_before() -> None:
    """A fee that was due and unpaid would still be chased after the settlement that wiped it out."""
    engagement = terms(f"{STANDBY}    cancel_if: settled\n")
    made = planned(STARTED, happened("settled", "2025-03-15"), as_of="2025-04-01", terms=engagement)
    assert {one.state for one in of(made, "standby")} == {State.CANCELLED}
    assert made.pushes == ()


def test_what_was_done_before_stays_done() -> None:
    """A payment that was made and reported would be shown as never owed."""
    engagement = terms(f"{STANDBY}    cancel_if: settled\n")
    first = of(planned(STARTED, terms=engagement), "standby")[0]
    paid = happened("done", "2025-01-31", answers=str(first.id))
    made = planned(STARTED, paid, happened("settled", "2025-03-15"), terms=engagement)
    assert [one.state for one in of(made, "standby")] == [State.DONE, *[State.CANCELLED] * 3]


def test_what_cancels_leaves_no_power_over_a_miss() -> None:
    """A client would stop the work over a fault that both had agreed to forget."""
    engagement = terms(f"{CURE}    cancel_if: settled\n")
    made = planned(NOTICE, happened("settled", "2025-03-30"), as_of="2025-04-01", terms=engagement)
    assert only(made, "cure").state is State.CANCELLED
    assert powers(made, "stop") == []


def test_what_cancels_before_the_trigger_cancels_nothing() -> None:
    """The settlement of last year would wipe out the fault of this one."""
    engagement = terms(f"{CURE}    cancel_if: settled\n")
    made = planned(happened("settled", "2025-02-01"), NOTICE, terms=engagement)
    assert only(made, "cure").state is State.SCHEDULED


# --- if_each --------------------------------------------------------------------------------------------------------


def test_each_occurrence_is_asked_on_its_own_day() -> None:
    """One month off would end the standby pay for good, or be paid like the others."""
    engagement = terms(f"{STANDBY}    if_each: on_call\n")
    made = planned(
        STARTED,
        happened("on_call", "2025-01-01", value="yes"),
        happened("on_call", "2025-02-28", value="no"),
        happened("on_call", "2025-03-30", value="yes"),
        terms=engagement,
    )
    assert [str(one.state) for one in of(made, "standby")] == ["scheduled", "not_applicable", "scheduled", "scheduled"]


def test_an_occurrence_waits_for_its_own_answer() -> None:
    """Money would go before anybody said that the consultant was on call."""
    made = planned(STARTED, terms=terms(f"{STANDBY}    if_each: on_call\n"))
    assert {(one.state, one.missing) for one in of(made, "standby")} == {(State.WAITING, ("on_call",))}


def test_a_miss_of_what_was_not_asked_gives_no_power() -> None:
    """A client would stop the work over a duty that its day did not bring."""
    engagement = terms(f"{CURE}    if_each: on_call\n")
    off = happened("on_call", "2025-03-10", value="no")
    made = planned(happened("on_call", "2025-01-01", value="yes"), NOTICE, off, as_of="2025-03-20", terms=engagement)
    assert only(made, "cure").state is State.NOT_APPLICABLE
    assert powers(made, "stop") == []


# --- not_before -----------------------------------------------------------------------------------------------------


def test_nothing_is_due_before_its_earliest_day_however_it_rolls() -> None:
    """Pay would go on the Friday before the Sunday from which it may."""
    engagement = terms(f"{PAID}    not_before: 2025-07-06\n    roll: preceding\n")
    paid = only(planned(ENDED, terms=engagement), "paid")
    assert (str(paid.due_on), str(paid.adjusted_on)) == ("2025-07-06", "2025-07-07")
    late = only(planned(happened("ended", "2025-06-20", for_cause="no"), terms=engagement), "paid")
    assert (str(late.due_on), str(late.adjusted_on)) == ("2025-07-20", "2025-07-18")


def test_an_earliest_day_holds_where_nothing_else_moves_the_day() -> None:
    """Pay would go early wherever the contract names no convention for closed days."""
    paid = only(planned(ENDED, terms=terms(f"{PAID}    not_before: 2025-07-06\n")), "paid")
    assert (str(paid.due_on), str(paid.adjusted_on)) == ("2025-07-06", "2025-07-06")


def test_only_what_would_come_before_the_earliest_day_moves_to_it() -> None:
    """A start of payments that was put off would put off all of them, or none."""
    made = planned(STARTED, terms=terms(f"{STANDBY}    not_before: open_from\n"))
    assert [str(one.due_on) for one in of(made, "standby")] == ["2025-03-20", "2025-03-20", "2025-03-31", "2025-04-30"]


def test_money_waits_for_an_earliest_day_that_nobody_knows_yet() -> None:
    """Pay would go although the papers it must follow never came."""
    made = planned(ENDED, terms=terms(f"{PAID}    not_before: 8 days after released\n"))
    assert (only(made, "paid").state, only(made, "paid").waiting_for) == (State.WAITING, ("released",))


def test_an_earliest_day_alone_dates_no_last_one() -> None:
    """A plan would invent a deadline that the document does not name."""
    clause = CURE.replace("by: 14", "not_before: 14").replace(
        "    if_missed: {power: stop, holder: client, may: stop at once}\n", ""
    )
    one = only(planned(NOTICE, as_of="2026-01-01", terms=terms(clause)), "cure")
    assert (one.due_on, str(one.from_on), one.state) == (None, "2025-03-15", State.SCHEDULED)


def test_a_power_arises_no_earlier_than_it_may() -> None:
    """A client would end the engagement before the day from which the contract lets it."""
    clause = """
  stop:
    cite: "1"
    who: client holds
    power: {power: stop, holder: client, may: stop}
    when: notice
    not_before: open_from
"""
    held = powers(planned(NOTICE, terms=terms(clause)), "stop")
    assert [(str(one.arises_on), one.state) for one in held] == [("2025-03-20", PowerState.ARISEN)]


# --- what `check` says ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clauses", "said"),
    [
        (f"{CURE}    unless: setled\n", 'no .*"setled".*Did you mean "settled"'),
        (f"{CURE}    unless: at any time\n", "neither an event nor a condition"),
        (f"{CURE}    unless: monthly_fee\n", "not a question of yes or no"),
        (f"{STANDBY}    if_each: startd\n", 'there is no parameter or fact "startd".*"started"'),
        (f"{CURE}    cancel_if: curd\n", 'Did you mean "cured"'),
    ],
)
def test_words_that_mean_nothing_are_refused_with_a_way_out(clauses: str, said: str) -> None:
    """A slip would silently leave a clause without its exception."""
    with pytest.raises(TermsError, match=said):
        terms(clauses)
