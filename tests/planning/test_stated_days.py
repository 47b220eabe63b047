"""Days that a report states, such as the day a notice of termination names for the end."""

from __future__ import annotations

import pytest

from obligations.terms.errors import TermsError
from tests.planning.letter import happened, only, planned
from tests.planning.small import HEAD, small

EVENTS = """\
  resigned: {says: notice, with: {leaves_on: date, by_mail: yes_or_no}}
  left: {says: gone, once: yes}
"""
TEXT = HEAD.replace("  released:", EVENTS + "  released:")
CLAUSES = """
  leave:
    cite: "1"
    who: employee owes company
    task: Work until the day the notice names, or thirty days at most
    when: resigned
    exactly:
      earliest of: [30 days after resigned, latest of: [resigned, leaves_on of resigned]]
    then: {event: left, on: leaves_on of resigned}
    closed_by: left
  last_pay:
    cite: "2"
    who: company owes employee
    pay: 100.00
    when: left
    by: 10 days after left
"""
TERMS = small(CLAUSES, TEXT)


def test_nobody_is_let_go_on_the_day_of_the_notice_while_it_names_another() -> None:
    plan = planned(happened("resigned", "2026-03-02", leaves_on="2026-03-20"), as_of="2026-03-10", terms=TERMS)
    assert str(only(plan, "leave").due_on) == "2026-03-20"
    assert "leaves_on of resigned" in only(plan, "leave").derivation.sentence()
    pay = only(plan, "last_pay")
    assert (str(pay.due_on), pay.conditional) == ("2026-03-30", True), "it is expected until somebody reports it"


def test_a_day_named_too_late_or_in_the_past_counts_as_the_document_says() -> None:
    late = planned(happened("resigned", "2026-03-02", leaves_on="2026-06-01"), as_of="2026-03-03", terms=TERMS)
    assert str(only(late, "leave").due_on) == "2026-04-01"
    past = planned(happened("resigned", "2026-03-02", leaves_on="2026-02-01"), as_of="2026-03-03", terms=TERMS)
    assert str(only(past, "leave").due_on) == "2026-03-02"


def test_a_day_that_the_report_leaves_out_is_asked_for() -> None:
    """The earliest of what is known would be taken for the end, although the notice names a day."""
    plan = planned(happened("resigned", "2026-03-02"), as_of="2026-03-03", terms=TERMS)
    assert [one.name for one in plan.questions] == ["resigned.leaves_on"]
    assert only(plan, "leave").conditional


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("by_mail of resigned", "by_mail of resigned is no day; give it `type: date`"),
        ("leave_on of resigned", 'there is no field of resigned "leave_on". Did you mean "leaves_on"?'),
        ("leaves_on of resined", 'there is no event "resined"'),
        ("leaves_on of signed_on", 'there is no event "signed_on"'),
    ],
)
def test_what_states_no_day_is_refused(phrase: str, words: str) -> None:
    with pytest.raises(TermsError, match=words.replace("?", r"\?")):
        small(CLAUSES.replace("leaves_on of resigned}", f"{phrase}}}"), TEXT)
