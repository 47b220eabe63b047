"""One clause instead of another: which rules, what it is known as, and what happens while nobody can say."""

from __future__ import annotations

import pytest

from config.shipped import find_template
from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, PowerState, State
from obligations.terms.errors import TermsError
from obligations.terms.loader import load
from tests.planning.engagement import ENDED, HEAD, NOTICE, STARTED, terms
from tests.planning.letter import happened, of, only, planned, powers

CURE = """
  cure:
    cite: "3(a)"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 30 days after notice
    closed_by: cured
    remind: {hr: [7 days before]}
    if_missed: {power: stop, holder: client, may: stop at once}
  pay_cure:
    cite: "3(b)"
    who: consultant owes client
    task: Pay what is due
    instead_of: cure
    when: notice with ground pay
    by: 10 days after notice
    closed_by: cured
    remind: {hr: [2 days before]}
    if_missed: {power: stop, holder: client, may: stop at once}
"""
ROUND = """
  cure:
    cite: "3(a)"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 30 days after notice
    %s
  otherwise:
    cite: "3(b)"
    who: consultant owes client
    task: Cure it otherwise
    instead_of: cure
    when: notice
    if: revoked happened
    by: 40 days after notice
"""
PAY = happened("notice", "2025-03-01", identity="first", ground="pay")
OTHER = happened("notice", "2025-03-01", identity="first", ground="other")


def test_the_more_specific_rule_stands_in_the_place_of_the_other() -> None:
    """One fault would have to be cured twice, once by each rule."""
    made = planned(PAY, terms=terms(CURE))
    one = only(made, "cure")
    assert (one.title, one.cite, str(one.due_on)) == ("Pay what is due", "3(b)", "2025-03-11")
    assert [push.name for push in made.pushes] == ["remind.hr.2-day-before"]
    assert of(made, "pay_cure") == []


def test_it_keeps_the_identity_of_what_it_replaces() -> None:
    """A corrected ground would make a second duty, to be reminded of and done again."""
    paid, other = (planned(one, terms=terms(CURE)) for one in (PAY, OTHER))
    assert only(paid, "cure").id == only(other, "cure").id
    assert (str(only(other, "cure").due_on), only(other, "cure").cite) == ("2025-03-31", "3(a)")


def test_an_explanation_names_both_rules() -> None:
    """Nobody could see why a fault has to be cured in ten days where clause 3(a) gives thirty."""
    said = str(only(planned(PAY, terms=terms(CURE)), "cure").derivation.as_json())
    assert "pay cure (clause 3(b)) stands instead of cure (clause 3(a))" in said
    assert "instead of" not in str(only(planned(OTHER, terms=terms(CURE)), "cure").derivation.as_json())


def test_each_happening_has_its_own_rule() -> None:
    """One fault of the special kind would put all others under its rule."""
    made = planned(PAY, happened("notice", "2025-04-01", ground="other"), terms=terms(CURE))
    assert [str(one.due_on) for one in of(made, "cure")] == ["2025-03-11", "2025-05-01"]


def test_what_asks_for_more_beside_the_same_detail_rules() -> None:
    """A fault that can be cured would fall under the rule for any unpaid fee, which asks for less."""
    curable = CURE[CURE.index("  pay_cure:") :].replace("pay_cure", "late_cure").replace("3(b)", "3(c)")
    curable = curable.replace("    by: 10", "    if: curable\n    by: 20")
    stated = happened("curable", "2025-03-01", value="yes", answers="first")
    one = only(planned(PAY, stated, terms=terms(CURE + curable)), "cure")
    assert (one.cite, str(one.due_on)) == ("3(c)", "2025-03-21")


def test_only_the_rule_that_stands_can_be_missed_or_answered() -> None:
    """A fault cured in time by the one rule would count as missed by the other, and bring two powers."""
    made = planned(PAY, as_of="2025-03-12", terms=terms(CURE))
    assert [str(one.arises_on) for one in powers(made, "stop")] == ["2025-03-12"]
    made = planned(PAY, happened("cured", "2025-03-10"), as_of="2025-04-12", terms=terms(CURE))
    assert (only(made, "cure").state, powers(made, "stop"), made.questions) == (State.DONE, [], ())


def test_an_answer_that_names_it_holds_whichever_rule_stands() -> None:
    """A cure that was reported would be lost when the ground of the notice is corrected."""
    known = only(planned(OTHER, terms=terms(CURE)), "cure")
    done = happened("done", "2025-03-05", answers=str(known.id))
    assert only(planned(PAY, done, terms=terms(CURE)), "cure").state is State.DONE


BONUS = """
  bonus:
    cite: "4"
    who: client owes consultant
    pay: 500
    when: notice
    exactly: 30 days after notice
    do: {send: payroll, kind: bonus, approve: [hr]}
  legal_bonus:
    cite: "statute"
    who: client owes consultant
    pay: 800
    instead_of: bonus
    if: local_law
    exactly: 60 days after notice
    do: {send: payroll, kind: bonus, approve: [hr]}
"""


def test_without_a_trigger_it_has_that_of_what_it_replaces_and_stands_while_its_condition_holds() -> None:
    """A statute would replace the contract where it does not apply, or never."""
    law = [planned(NOTICE, happened("local_law", "2025-03-02", value=it), terms=terms(BONUS)) for it in ("yes", "no")]
    yes, no = (only(made, "bonus") for made in law)
    assert [one.amount and one.amount.shown() for one in (yes, no)] == ["800.00 USD", "500.00 USD"]
    assert (str(yes.due_on), str(no.due_on), yes.id) == ("2025-04-30", "2025-03-31", no.id)
    keys = [{push.key for push in made.pushes} for made in law]
    assert keys[0] == keys[1], "money keeps its key whichever rule stands"


def test_money_waits_while_nobody_can_say_which_rule_stands() -> None:
    """Payroll would be told to pay by the contract what the statute forbids."""
    made = planned(NOTICE, terms=terms(BONUS))
    one = only(made, "bonus")
    assert (one.state, one.missing, one.cite) == (State.WAITING, ("local_law",), "4")
    assert [push for push in made.pushes if push.money] == []


def test_of_two_that_fit_alike_a_person_chooses() -> None:
    """Which of two statutes applies would be decided by their place in the file."""
    twice = BONUS + BONUS[BONUS.index("  legal_bonus:") :].replace("legal_bonus:", "other_bonus:").replace("800", "900")
    one = only(planned(NOTICE, happened("local_law", "2025-03-02", value="yes"), terms=terms(twice)), "bonus")
    assert one.state is State.NEEDS_PERSON
    assert one.missing == ("which stands instead of bonus: legal_bonus or other_bonus",)


def test_one_that_replaces_a_replacement_wins_over_both() -> None:
    """The exception to the exception would lose against the exception."""
    third = """
  settled_bonus:
    cite: "5"
    who: client owes consultant
    pay: 100
    instead_of: legal_bonus
    unless: signed
    exactly: notice
"""
    law = happened("local_law", "2025-03-02", value="yes")
    one = only(planned(NOTICE, law, terms=terms(BONUS + third)), "bonus")
    assert (one.amount and one.amount.shown(), one.cite) == ("100.00 USD", "5")
    signed = happened("signed", "2025-02-01")
    one = only(planned(NOTICE, law, signed, terms=terms(BONUS + third)), "bonus")
    assert one.cite == "statute"


def test_what_ended_without_its_trigger_waits_as_one() -> None:
    """An obligation that has not come about would stand in the plan twice."""
    clauses = BONUS.replace("when: notice", "when: ended").replace("after notice", "after ended")
    made = planned(terms=terms(clauses))
    assert [(one.clause, one.state) for one in made.occurrences] == [("bonus", State.WAITING)]
    made = planned(ENDED, happened("local_law", "2025-06-02", value="yes"), terms=terms(clauses))
    assert str(only(made, "bonus").due_on) == "2025-08-01"


def test_what_follows_from_a_miss_is_the_same_whichever_rule_was_missed() -> None:
    """A corrected ground would make a second resignation of the one that followed from the first."""
    clauses = (
        CURE
        + """
  leave:
    cite: "3(c)"
    who: consultant holds
    task: Leave
    when: cure missed
    exactly: 45 days after notice
  leave_soon:
    cite: "3(d)"
    who: consultant holds
    task: Leave soon
    instead_of: leave
    when: pay_cure missed
    exactly: 20 days after notice
"""
    )
    soon, later = (only(planned(one, as_of="2025-05-01", terms=terms(clauses)), "leave") for one in (PAY, OTHER))
    assert [(str(one.due_on), one.cite) for one in (soon, later)] == [("2025-03-21", "3(d)"), ("2025-04-15", "3(c)")]
    assert soon.id == later.id


@pytest.mark.parametrize(
    ("clauses", "said"),
    [
        (CURE.replace("instead_of: cure", "instead_of: curre"), 'Did you mean "cure"'),
        (CURE.replace("instead_of: cure", "instead_of: pay_cure"), "instead of itself"),
        (CURE.replace("when: notice\n    by: 30", "when: notice\n    instead_of: pay_cure\n    by: 30"), "itself"),
        (ROUND % "if_missed: {event: revoked}", "circular: revoked"),
        (ROUND % "then: {event: revoked, on: 3 days after notice}", "circular: revoked"),
    ],
)
def test_what_replaces_nothing_is_refused(clauses: str, said: str) -> None:
    """A slip would put two rules in force side by side, or planning in a circle."""
    with pytest.raises(TermsError, match=said):
        terms(clauses)


PARTING = """
  severance:
    cite: "5"
    who: client owes consultant
    pay: 500
    when: ended
    exactly: 30 days after ended
    do: {send: payroll, kind: severance, approve: [hr]}
  more_severance:
    cite: "6"
    who: client owes consultant
    pay: 900
    instead_of: severance
    when: WHEN
    exactly: 10 days after DAY
    do: {send: payroll, kind: severance, approve: [hr]}
"""


@pytest.mark.parametrize("settled", ["2025-05-01", "2025-07-01"])
def test_what_needs_two_events_stands_instead_of_what_needs_one_of_them(settled: str) -> None:
    """Both severances would be paid, whichever event comes first."""
    defined = "define:\n  both: {all of: [ended, settled]}\nclauses:\n"
    clauses = PARTING.replace("WHEN", "both").replace("DAY", "both")
    text = HEAD.replace("clauses:\n", defined) + clauses
    terms_of_both = load(text, "engagement.yaml", find_template)
    before = only(planned(ENDED, terms=terms_of_both), "severance")
    made = planned(ENDED, happened("settled", settled), terms=terms_of_both)
    one = only(made, "severance")
    assert (one.amount and one.amount.shown(), one.id) == ("900.00 USD", before.id)
    assert len(made.pushes) == 1


def test_what_nothing_sets_off_is_replaced_by_what_something_does() -> None:
    """A payment that stands from the beginning would be owed beside the one that stands in its place."""
    clauses = PARTING.replace("    when: ended\n", "").replace("30 days after ended", "30 days after started")
    text = clauses.replace("WHEN", "settled").replace("DAY", "settled")
    made = planned(STARTED, happened("settled", "2025-02-10"), terms=terms(text))
    one = only(made, "severance")
    assert one.amount is not None
    assert one.amount.shown() == "900.00 USD"


@pytest.mark.parametrize("when", ["settled", "{any of: [ended, settled]}"])
def test_what_shares_no_event_with_what_it_replaces_is_refused(when: str) -> None:
    """Both clauses would be owed, and no word said of it."""
    with pytest.raises(TermsError, match="so that both would be owed"):
        terms(PARTING.replace("WHEN", when).replace("DAY", "settled"))


IN_PARTS = """
  parts:
    cite: "5"
    who: client owes consultant
    pay: 300
    when: ended
    series: {every: 1 month, times: 3, first: 1 month after ended}
  whole:
    cite: "6"
    who: client owes consultant
    pay: 900
    when: ended
    instead_of: parts
    if: notice happened
    by: 1 month after ended
    WHAT
"""
EARLY = happened("notice", "2025-05-20", ground="other")


def first_part(text: str = IN_PARTS) -> Occurrence:
    return of(planned(ENDED, terms=terms(text)), "parts")[0]


def test_what_was_paid_in_parts_is_asked_about_before_it_is_reckoned_with() -> None:
    """A settlement less what was paid would be paid as if nothing, or all of it, had been."""
    text = IN_PARTS.replace("    WHAT\n", "").replace("when: ended\n    instead_of", "instead_of")
    text += """
  rest:
    cite: "7"
    who: client owes consultant
    pay: 1000 - paid of parts
    when: settled
    by: 10 days after settled
"""
    settled = happened("settled", "2025-08-01")
    done = happened("done", "2025-07-02", answers=str(first_part(text).id), clause="parts")
    assert only(planned(ENDED, settled, done, terms=terms(text)), "rest").amount == Money(70000, "USD")
    asked = only(planned(EARLY, ENDED, settled, done, terms=terms(text)), "rest")
    assert (asked.state, asked.amount) == (State.NEEDS_PERSON, None)
    said = happened("partly", "2025-07-02", answers=str(first_part(text).id), clause="whole", amount="300.00")
    assert only(planned(EARLY, ENDED, settled, done, said, terms=terms(text)), "rest").amount == Money(70000, "USD")


def test_nobody_has_missed_what_a_person_is_asked_about() -> None:
    """A client who paid in parts, as was owed then, would be left for not having paid at once."""
    text = IN_PARTS.replace("WHAT", "if_missed: {power: leave, holder: consultant, may: leave at once}")
    done = happened("done", "2025-07-02", answers=str(first_part(text).id), clause="parts")
    made = planned(EARLY, ENDED, done, as_of="2025-07-20", terms=terms(text))
    assert [one.state for one in powers(made, "leave")] == [PowerState.WAITING]
    assert only(made, "parts").state is State.NEEDS_PERSON
    made = planned(EARLY, ENDED, as_of="2025-07-20", terms=terms(text))
    assert [one.state for one in powers(made, "leave")] == [PowerState.ARISEN]


@pytest.mark.parametrize(("series", "state"), [("times: 2", State.NEEDS_PERSON), ("times: 3", State.DONE)])
def test_a_part_of_a_series_is_a_part_of_another_only_at_the_same_pace(series: str, state: State) -> None:
    """One of three thirds would count as one of two halves."""
    text = IN_PARTS.replace("by: 1 month after ended", "series: {every: 1 month, SERIES, first: 2 months after ended}")
    text = text.replace("    WHAT\n", "").replace("SERIES", series)
    done = happened("done", "2025-07-02", answers=str(first_part(text).id), clause="parts")
    assert of(planned(EARLY, ENDED, done, terms=terms(text)), "parts")[0].state is state


def test_a_clause_that_the_terms_no_longer_have_says_nothing_of_an_answer() -> None:
    """A report could not be planned any more once a clause was renamed."""
    text = IN_PARTS.replace("    WHAT\n", "")
    done = happened("done", "2025-07-02", answers=str(first_part(text).id), clause="instalments")
    assert only(planned(EARLY, ENDED, done, terms=terms(text)), "parts").state is State.DONE
