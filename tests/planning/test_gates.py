"""What a clause requires first: a release that can be revoked, that comes too late, or never."""

from __future__ import annotations

import pytest

from obligations.domain.delivery import PushKind
from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from tests.planning.engagement import ENDED, terms
from tests.planning.letter import happened, only, planned

SEVERANCE = """
  severance:
    cite: "3"
    who: client owes consultant
    pay: 9000
    when: ended
    exactly: 10 days after ended
    do: {send: payroll, kind: severance, approve: [hr]}
"""
RELEASE = "    requires: {event: released, stays: 7 days, unless: revoked, by: 21 days after ended%s}\n"
# The engagement ended on 2 June; the release was signed on the twentieth day after.
SIGNED = happened("released", "2025-06-22")


def severance(*reports: Report, as_of: str = "", more: str = "") -> tuple[Occurrence, Plan]:
    """The severance after the exit and these reports, and the whole plan."""
    made = planned(ENDED, *reports, as_of=as_of, terms=terms(SEVERANCE + RELEASE % more))
    return only(made, "severance"), made


def test_a_release_counts_from_the_eighth_day() -> None:
    """Severance would be paid while the release could still be revoked."""
    one, _ = severance(SIGNED, as_of="2025-06-30")
    assert (str(one.due_on), one.state, one.conditional) == ("2025-06-30", State.DUE, False)
    assert "the day after 7 calendar days" in str(one.derivation.as_json())


@pytest.mark.parametrize("as_of", ["2025-06-22", "2025-06-29"])
def test_money_waits_out_the_days_of_revocation(as_of: str) -> None:
    """Payroll would be told to pay what the consultant may still undo."""
    one, made = severance(SIGNED, as_of=as_of)
    assert (one.state, one.conditional, str(one.due_on)) == (State.WAITING, True, "2025-06-30")
    assert one.waiting_for == ("released to stand",)
    assert [push for push in made.pushes if push.kind is PushKind.ACTION] == []
    assert made.replan_at is not None
    assert made.replan_at.date().isoformat() <= "2025-06-30"


def test_a_revoked_release_opens_nothing_and_another_may() -> None:
    """Severance would be paid on a release that no longer holds, or the second one would not count."""
    revoked = happened("revoked", "2025-06-20")
    one, _ = severance(happened("released", "2025-06-15"), revoked, as_of="2025-06-22")
    assert (one.state, one.waiting_for) == (State.WAITING, ("released",))
    one, _ = severance(happened("released", "2025-06-15"), revoked, SIGNED, as_of="2025-07-01")
    assert (one.state, str(one.due_on)) == (State.MISSED, "2025-06-30")


def test_what_is_revoked_after_its_days_stays() -> None:
    """A revocation that came too late would take the severance away."""
    one, _ = severance(SIGNED, happened("revoked", "2025-06-30"), as_of="2025-06-30")
    assert one.state is State.DUE


def test_the_last_day_of_revocation_is_one_of_its_days() -> None:
    """A revocation in time, on the seventh day itself, would be ignored and the severance paid."""
    one, _ = severance(SIGNED, happened("revoked", "2025-06-29"), as_of="2025-06-30")
    assert one.state is State.CONDITION_FAILED


def test_the_last_day_for_signing_is_one_of_its_days() -> None:
    """A release signed on the twenty-first day would be refused, and the severance lost."""
    one, _ = severance(happened("released", "2025-06-23"), as_of="2025-07-01")
    assert (one.state, str(one.due_on)) == (State.DUE, "2025-07-01")


def test_a_release_signed_on_the_day_of_the_exit_counts() -> None:
    """Whoever signed at the table would have to sign once more."""
    one, _ = severance(happened("released", "2025-06-02"), as_of="2025-06-12")
    assert (one.state, str(one.due_on)) == (State.DUE, "2025-06-12")


def test_a_release_can_be_revoked_on_the_day_it_is_signed() -> None:
    """A release taken back within the hour would still open the severance."""
    one, _ = severance(SIGNED, happened("revoked", "2025-06-22"), as_of="2025-06-30")
    assert one.state is State.CONDITION_FAILED


def test_of_two_last_days_the_earlier_decides() -> None:
    """People would wait for a release that can no longer open anything."""
    for last, over in (("25 days", "2025-06-24"), ("10 days", "2025-06-13")):
        one, _ = severance(as_of=over, more=f", opens_by: {last} after ended")
        assert one.state is State.CONDITION_FAILED, last
    late = happened("released", "2025-06-08")
    one, _ = severance(late, as_of="2025-06-16", more=", opens_by: 25 days after ended, late: forfeits")
    assert one.state is State.CONDITION_FAILED


@pytest.mark.parametrize(("as_of", "state"), [("2025-06-23", State.WAITING), ("2025-06-24", State.CONDITION_FAILED)])
def test_no_release_by_its_last_day_fails_the_condition(as_of: str, state: State) -> None:
    """Severance would wait for ever, or be lost on a day on which the release can still be signed."""
    one, _ = severance(as_of=as_of)
    assert one.state is state


def test_a_release_signed_too_late_opens_nothing() -> None:
    """Severance would be paid to somebody who let the time pass."""
    one, made = severance(happened("released", "2025-06-24"), as_of="2025-06-24")
    assert one.state is State.CONDITION_FAILED
    assert made.pushes == ()


def test_what_was_paid_before_the_condition_failed_stays_paid() -> None:
    """A payment made by goodwill would vanish from the record."""
    first, _ = severance()
    done = happened("done", "2025-06-12", answers=str(first.id))
    one, _ = severance(done, as_of="2025-07-01")
    assert one.state is State.DONE


def test_a_gate_that_opens_late_forfeits_where_the_clause_says_so() -> None:
    """Somebody who had to sign before the payment day would be paid all the same."""
    one, _ = severance(SIGNED, as_of="2025-07-01", more=", late: forfeits")
    assert one.state is State.CONDITION_FAILED
    one, _ = severance(happened("released", "2025-06-04"), as_of="2025-06-12", more=", late: forfeits")
    assert (one.state, str(one.due_on)) == (State.DUE, "2025-06-12")


def test_a_last_day_is_forfeited_like_a_day() -> None:
    """A clause that is due by a day, and lost by a late release, could not be written down."""
    clause = SEVERANCE.replace("exactly:", "by:") + RELEASE % ", late: forfeits"
    for signed, state in ((SIGNED, State.CONDITION_FAILED), (happened("released", "2025-06-04"), State.DUE)):
        assert only(planned(ENDED, signed, as_of="2025-06-12", terms=terms(clause)), "severance").state is state


def test_a_release_may_have_to_count_by_a_day() -> None:
    """A release signed in time that is not yet irrevocable by the last day would open the payment."""
    one, _ = severance(SIGNED, as_of="2025-07-01", more=", opens_by: 25 days after ended")
    assert one.state is State.CONDITION_FAILED


def test_without_a_day_to_judge_by_nothing_has_failed() -> None:
    """A projection of a contract would tell people that they lost what they may still get."""
    one, _ = severance()
    assert (one.state, one.waiting_for) == (State.WAITING, ("released",))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("requires: relaesed", r':34|there is no event "relaesed".*Did you mean "released"'),
        ("requires: {event: relaesed}", 'Did you mean "released"'),
        ("requires: {event: released, unless: revoked}", "say how many with `stays`"),
        ("requires: {event: released, late: sometimes}", "moves"),
    ],
)
def test_a_gate_that_means_nothing_is_refused(line: str, said: str) -> None:
    """A slip would leave severance without its release."""
    with pytest.raises(TermsError, match=said):
        terms(f"{SEVERANCE}    {line}\n")
