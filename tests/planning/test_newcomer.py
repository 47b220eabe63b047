"""An executive's agreement as somebody wrote it down who had only the documents of the language, and what it taught."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.examples import run_examples
from obligations.planning.plan import Plan
from obligations.terms.amendment import amend
from obligations.terms.errors import TermsError
from obligations.terms.hints import hint
from obligations.terms.lint import lint
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from tests.planning import engagement
from tests.planning.letter import happened, of, planned

HERE = Path(__file__).parent
FILE = HERE / "newcomer.yaml"
AMENDMENT = HERE / "newcomer-amendment.yaml"
STARTED = happened("started", "2024-03-01")
EXIT = happened("exit", "2024-08-30", ground="no_cause")
RELEASED = (
    STARTED,
    EXIT,
    happened("release_received", "2024-09-05"),
    happened("release_signed", "2024-09-20"),
    happened("specified", "2024-08-30", value="no"),
)


@cache
def agreement() -> Terms:
    return load(FILE.read_text(encoding="utf-8"), FILE.name, find_template)


def story(terms: Terms, told: tuple[Report, ...], as_of: date | None) -> Plan:
    return planned(*told, as_of=str(as_of or ""), terms=terms)


def test_every_example_worked_out_by_hand_holds() -> None:
    """What the agreement's words say and what is planned would differ."""
    assert agreement().file.examples
    assert (
        run_examples(agreement(), lambda terms, told, as_of: planned(*told, as_of=str(as_of or ""), terms=terms)) == ()
    )


def test_the_amendment_adds_instalments_to_those_that_run() -> None:
    """Thirty-six half months from the same first payday; numbers that were due keep their day."""
    amended = amend(agreement(), AMENDMENT.read_text(encoding="utf-8"), AMENDMENT.name)
    found = of(planned(*RELEASED, as_of="2025-02-01", terms=amended), "severance")
    assert [one.index for one in found] == list(range(1, 37))
    assert [one.adjusted_on for one in found if one.index in (1, 9, 10, 24, 36)] == [
        date(2024, 9, 30),
        date(2025, 1, 31),
        date(2025, 2, 14),
        date(2025, 9, 15),
        date(2026, 3, 13),
    ]
    assert {one.amount.shown() for one in found if one.amount} == {"15,000.00 USD"}


def test_nothing_in_it_is_hardly_meant() -> None:
    assert lint(agreement()) == (), "every name has its use"


# --- what it taught -------------------------------------------------------------------------------------------------

PARTS = """
  parts:
    cite: "1"
    who: client owes consultant
    pay: 100.00
    when: ended
    series: {every: 1 month, times: 3, first: 1 month after ended}
    do: {send: payroll, kind: parts, approve: [hr]}
  whole:
    cite: "2"
    who: client owes consultant
    pay: WHOLE
    instead_of: parts
    when: ended during 3 months before settled to settled
    by: 10 days after settled
    do: {send: payroll, kind: whole, approve: [hr]}
"""


def test_a_whole_is_not_done_because_one_of_the_parts_it_replaces_was() -> None:
    """A lump sum of a million would count as paid, since the first small instalment was, before anybody knew of it."""
    terms = engagement.terms(PARTS.replace("WHOLE", "5000.00"))
    first = of(planned(engagement.ENDED, terms=terms), "parts")[0]
    paid = happened("done", "2025-07-02", answers=str(first.id))
    (one,) = of(planned(engagement.ENDED, paid, terms=terms), "parts")[:1]
    assert one.state is State.DONE
    settled = happened("settled", "2025-08-01")
    (one,) = of(planned(engagement.ENDED, paid, settled, terms=terms), "parts")
    assert one.amount is not None
    assert (one.state, one.amount.shown()) == (State.SCHEDULED, "5,000.00 USD")
    later = happened("done", "2025-08-05", answers=str(one.id))
    (one,) = of(planned(engagement.ENDED, paid, settled, later, terms=terms), "parts")
    assert one.state is State.DONE


@pytest.mark.parametrize("field", ["paid", "amount"])
def test_what_stands_instead_of_a_clause_cannot_be_reckoned_from_it(field: str) -> None:
    """The planner would go round in a circle until it falls over."""
    with pytest.raises(TermsError, match="circular: amount of parts needs amount of whole"):
        engagement.terms(PARTS.replace("WHOLE", f"5000.00 - {field} of parts"))


def test_a_covenant_in_breach_binds_meanwhile() -> None:
    """It would be shown as suspended, or as over, while it is being broken."""
    begun = happened("breach_began", "2024-12-01")
    made = planned(*RELEASED, begun, as_of="2024-12-10", terms=agreement())
    (one,) = of(made, "non_compete")
    assert (one.state, one.waiting_for) == (State.WAITING, ("end of in_breach",))
    (one,) = of(
        planned(*RELEASED, begun, happened("breach_ended", "2024-12-20"), as_of="2025-09-01", terms=agreement()),
        "non_compete",
    )
    assert (one.state, one.due_on, one.adjusted_on) == (State.SCHEDULED, date(2025, 9, 19), date(2025, 9, 19))


def test_a_release_that_was_taken_back_and_signed_again_counts_from_the_second_signature() -> None:
    """Severance would begin by a release that was revoked."""
    signed = [happened("release_signed", on) for on in ("2024-09-10", "2024-10-07")]
    asked = happened("specified", "2024-08-30", value="no")
    revoked = happened("release_revoked", "2024-09-14")
    made = planned(STARTED, EXIT, asked, signed[0], as_of="2024-09-12", terms=agreement())
    (one,) = of(made, "severance")[:1]
    assert (one.state, one.due_on, one.conditional) == (State.WAITING, date(2024, 9, 30), True)
    made = planned(STARTED, EXIT, asked, signed[0], revoked, as_of="2024-09-20", terms=agreement())
    assert [(one.state, one.due_on) for one in of(made, "severance")] == [(State.WAITING, None)]
    made = planned(STARTED, EXIT, asked, *signed, revoked, as_of="2024-10-20", terms=agreement())
    assert [one.due_on for one in of(made, "severance")[:2]] == [date(2024, 10, 31), date(2024, 11, 15)]
    late = happened("release_signed", "2024-10-22")
    made = planned(STARTED, EXIT, asked, late, as_of="2024-11-20", terms=agreement())
    assert {one.state for one in of(made, "severance")} == {State.CONDITION_FAILED}


def test_what_has_accrued_waits_for_no_later_month() -> None:
    """Vacation is paid out with what has accrued by the exit, less what was taken by then, and never below nothing."""
    taken = happened("vacation_taken", "2024-03-15", days="40")
    again = happened("vacation_taken", "2024-09-01", days="5")
    (one,) = of(planned(STARTED, EXIT, taken, again, terms=agreement()), "vacation_paid_out")
    assert one.amount is not None
    assert one.amount.shown() == "12,115.38 USD"


def test_a_state_that_nobody_reported_is_no_reason_to_fall_over() -> None:
    clauses = """
  away:
    cite: "1"
    who: client owes consultant
    task: Ask how it goes
    when: gone for 10 days in any 2 months
    by: 5 days after ended
"""
    head = engagement.HEAD.replace("clauses:", "states: {gone: notice to cured}\nclauses:")
    assert planned(terms=load(head + clauses, "engagement.yaml", find_template)).occurrences == ()


@pytest.mark.parametrize(
    "phrase",
    [
        "2.5 months after started",
        "first business day after started",
        "two weeks after started",
        "within 10 days after started",
        "5 banking days after started",
        "90 days prior to started",
        "at least 30 days after started",
        "3rd anniversary of started",
        "15th of the month after started",
        "march 15 following started",
    ],
)
def test_words_of_documents_that_phrases_lack_are_answered_with_what_to_write(phrase: str) -> None:
    assert "`" in hint(phrase) or "figures" in hint(phrase)
    clause = f"""
  one:
    cite: "1"
    who: client owes consultant
    task: Do it
    when: started
    by: {phrase}
"""
    with pytest.raises(TermsError) as refused:
        engagement.terms(clause)
    assert hint(phrase) in str(refused.value)


def test_an_example_says_which_occurrence_was_done() -> None:
    text = FILE.read_text(encoding="utf-8").replace("answers: severance/4", "answers: severance/40")
    found = run_examples(
        load(text, FILE.name, find_template),
        lambda terms, told, as_of: planned(*told, as_of=str(as_of or ""), terms=terms),
    )
    assert ['answers "severance/40", of which the plan of that day has no occurrence' in str(one) for one in found] == [
        True
    ]
    with pytest.raises(TermsError, match="says what it answers"):
        load(text.replace("answers: relocation}", "received: 2024-04-05}"), FILE.name, find_template)


def test_a_duty_that_comes_back_every_year_is_told_how_to_be_said() -> None:
    """Each of two messages would send to the other word, which is refused too."""
    task = """
  review:
    cite: "1"
    who: client owes consultant
    task: Review the fee
    series: {every: 1 year}
    AT
"""
    for at in ("when: started", "during: started to ended"):
        with pytest.raises(TermsError, match="`when: start of` a window that renews"):
            engagement.terms(task.replace("AT", at))


def test_a_map_of_an_unknown_word_is_told_those_there_are() -> None:
    clause = """
  review:
    cite: "1"
    who: client owes consultant
    pay:
      difference: [monthly_fee, 100.00]
    when: started
    exactly: started
"""
    with pytest.raises(TermsError, match="another kind has one of `greater of`, `lesser of`, `sum of`"):
        engagement.terms(clause)
