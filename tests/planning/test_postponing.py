"""What is held back: the six months after an exit, who it is for, and what releases it early."""

from __future__ import annotations

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan
from obligations.terms.errors import TermsError
from tests.planning.engagement import ENDED, terms
from tests.planning.letter import happened, of, planned

PAY = """
  parting_pay:
    cite: "5"
    who: client owes consultant
    pay: 3000
    when: ended
    series: {every: 1 month, times: 9, first: 1 month after ended}
    do: {send: payroll, kind: parting_pay, approve: [hr]}
"""
HOLD = """
  six_month_hold:
    cite: "16"
    who: client owes consultant
    postpone: parting_pay
    when: ended
    if: specified
    to: 1 day after 6 months after ended
    until: died
"""
FEE = """
  fee:
    cite: "5"
    who: client owes consultant
    pay: 900
    when: ended
    exactly: 10 days after ended
    if_missed: {event: revoked}
"""
# The engagement ended on 2 June 2025: six months are over on 2 December.
YES = happened("specified", "2025-05-01", value="yes")
NO = happened("specified", "2025-05-01", value="no")


def pay(*reports: Report, as_of: str = "", clauses: str = PAY + HOLD) -> tuple[list[Occurrence], Plan]:
    """The nine payments after the exit and these reports, and the whole plan."""
    made = planned(ENDED, *reports, as_of=as_of, terms=terms(clauses))
    return of(made, "parting_pay"), made


def test_what_falls_due_within_six_months_is_paid_on_the_day_after_them() -> None:
    """A specified employee would be paid too early, which costs him a fifth of it in tax."""
    found, made = pay(YES, as_of="2025-06-02")
    assert {str(one.adjusted_on) for one in found[:6]} == {"2025-12-03"}
    assert [str(one.adjusted_on) for one in found[6:]] == ["2026-01-02", "2026-02-02", "2026-03-02"]
    assert [push.send_at.date().isoformat() for push in made.pushes[:7]] == ["2025-12-03"] * 6 + ["2026-01-02"]
    assert of(made, "six_month_hold") == []


def test_what_falls_due_on_the_first_and_the_last_day_of_a_hold() -> None:
    """A sum due on the very day of the exit would go at once; one due on the day after the hold would be held anew."""
    at_once = PAY.replace("first: 1 month after ended", "first: ended")
    found, _ = pay(YES, clauses=at_once + HOLD)
    assert (str(found[0].due_on), str(found[0].adjusted_on)) == ("2025-06-02", "2025-12-03")
    on_its_day = PAY.replace("first: 1 month after ended", "first: 1 day after 6 months after ended")
    found, _ = pay(YES, clauses=on_its_day + HOLD)
    assert (str(found[0].due_on), str(found[0].adjusted_on)) == ("2025-12-03", "2025-12-03")
    assert "held back" not in str(found[0].derivation.as_json())


def test_the_original_days_and_the_keys_stay() -> None:
    """Whoever learns late that the hold applies would pay everything a second time."""
    held, there = pay(YES)
    free, here = pay(NO)
    assert [one.id for one in held] == [one.id for one in free]
    assert [one.due_on for one in held] == [one.due_on for one in free]
    assert {push.key for push in there.pushes} == {push.key for push in here.pushes}
    assert "held back by six month hold" in str(held[0].derivation.as_json())


def test_nothing_held_is_missed_before_its_day() -> None:
    """Payroll would be chased for six months over payments it must not make."""
    found, _ = pay(YES, as_of="2025-12-02")
    assert {one.state for one in found} == {State.SCHEDULED}
    found, _ = pay(YES, as_of="2025-12-04")
    assert [one.state for one in found] == [State.MISSED] * 6 + [State.SCHEDULED] * 3


def test_money_waits_while_nobody_has_said_whether_it_is_held() -> None:
    """A payment would go that the statute forbids, because nobody had been asked."""
    found, made = pay()
    assert [one.state for one in found] == [State.WAITING] * 6 + [State.SCHEDULED] * 3
    assert {one.missing for one in found[:6]} == {("specified",)}
    assert [question.name for question in made.questions] == ["specified"]


def test_what_is_held_until_something_happens_waits_for_it() -> None:
    """Payments would go while what they wait for has no day, or the plan would fail on it."""
    found, made = pay(YES, clauses=PAY + HOLD.replace("1 day after 6 months after ended", "10 days after released"))
    assert {(one.state, one.waiting_for) for one in found} == {(State.WAITING, ("released",))}
    assert [push for push in made.pushes if push.money] == []


def test_of_two_holds_the_longer_decides() -> None:
    """A payment that one hold sets free would go although another still holds it."""
    short = HOLD.replace("six_month_hold", "one_month_hold").replace("6 months", "1 month")
    for clauses in (PAY + HOLD + short, PAY + short + HOLD):
        found, _ = pay(YES, clauses=clauses)
        assert str(found[0].adjusted_on) == "2025-12-03"


def test_death_releases_on_its_own_day() -> None:
    """The heirs would wait for a day that the statute sets for the living."""
    found, _ = pay(YES, happened("died", "2025-09-15"))
    assert [str(one.adjusted_on) for one in found[:6]] == [
        *["2025-09-15"] * 3,
        "2025-10-02",
        "2025-11-02",
        "2025-12-02",
    ]
    planned_only, _ = pay(YES, happened("died", "2025-09-15", expected=True))
    assert str(planned_only[0].adjusted_on) == "2025-12-03"


def test_the_day_held_back_to_rolls_forward_only() -> None:
    """A hold that ends on a Sunday would be broken on the Friday before it."""
    clauses = PAY.replace("    do:", "    roll: preceding\n    do:") + HOLD.replace(
        "1 day after 6 months after ended", "2025-12-07"
    )
    found, _ = pay(YES, clauses=clauses)
    assert str(found[0].adjusted_on) == "2025-12-08"


@pytest.mark.parametrize(
    ("clauses", "said"),
    [
        (PAY + HOLD.replace("postpone: parting_pay", "postpone: parting"), 'Did you mean "parting_pay"'),
        (PAY + HOLD.replace("    to: 1 day after 6 months after ended\n", ""), "needs `to:`"),
        (PAY + HOLD.replace("until: died", "remind: {hr: [on the day]}"), "leave out `remind`|would never go"),
        (PAY + "    to: 2025-12-01\n", "`to` is the day that `postpone`"),
        (FEE + HOLD.replace("parting_pay", "fee").replace("specified", "revoked happened"), "circular"),
    ],
)
def test_a_hold_that_means_nothing_is_refused(clauses: str, said: str) -> None:
    """A slip would leave pay unprotected, or hold it for ever."""
    with pytest.raises(TermsError, match=said):
        terms(clauses)
