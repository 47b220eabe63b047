"""What people say of an obligation: done in time or late, done in part, waived; and what follows from that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.plan import Plan
from obligations.planning.values import PlanningError
from tests.planning.engagement import ENDED, NOTICE, PAID, terms
from tests.planning.letter import happened, only, planned, powers

CURE = """
  cure:
    cite: "1"
    who: consultant owes client
    task: Cure the fault
    when: notice
    by: 14 days after notice
    remind: {hr: [1 day after]}
"""
STOP = "    if_missed: {power: stop, holder: client, may: stop at once}\n"


def answer(clauses: str, event: str, on: str, **fields: str) -> Report:
    """An answer to the clauses' one occurrence."""
    (one,) = planned(NOTICE, ENDED, terms=terms(clauses)).occurrences
    return replace(happened(event, on, answers=str(one.id)), fields=fields)


def after(clauses: str, *answers: Report, as_of: str = "") -> tuple[Occurrence, Plan]:
    """The clauses' one occurrence after these answers, and the whole plan."""
    made = planned(NOTICE, ENDED, *answers, as_of=as_of, terms=terms(clauses))
    (one,) = made.occurrences
    return one, made


# --- late -----------------------------------------------------------------------------------------------------------


def test_what_is_done_after_its_last_day_is_done_late() -> None:
    """A violated duty would look as if it had been kept."""
    one, _ = after(CURE, answer(CURE, "done", "2025-03-15"))
    assert one.state is State.DONE
    one, made = after(CURE, answer(CURE, "done", "2025-03-16"), as_of="2025-03-20")
    assert one.state is State.DONE_LATE
    assert "after the last day" in str(one.derivation.as_json())
    assert made.pushes == ()


def test_what_does_not_survive_its_miss_stays_missed() -> None:
    """A cure that came too late would take the client's power away."""
    clauses = CURE + STOP
    one, made = after(clauses, answer(clauses, "done", "2025-03-16"), as_of="2025-03-20")
    assert one.state is State.MISSED
    assert len(powers(made, "stop")) == 1


# --- waived ---------------------------------------------------------------------------------------------------------


def test_what_is_waived_in_time_cannot_be_missed() -> None:
    """A client would stop the work over a duty it had let go."""
    clauses = CURE + STOP
    waived = answer(clauses, "waived", "2025-03-15", by="client")
    one, made = after(clauses, waived, as_of="2025-04-20")
    assert one.state is State.WAIVED
    assert powers(made, "stop") == []
    assert "waived by client" in str(one.derivation.as_json())


def test_what_followed_from_a_miss_stays_when_it_is_waived_later() -> None:
    """Letting go of a late cure would quietly take back a power that had arisen, and what was done under it."""
    clauses = CURE + STOP
    one, made = after(clauses, answer(clauses, "waived", "2025-03-30", by="client"), as_of="2025-04-20")
    assert one.state is State.WAIVED
    assert len(powers(made, "stop")) == 1


def test_waived_money_is_not_instructed() -> None:
    """Money that nobody wants any more would still be paid."""
    one, made = after(PAID, answer(PAID, "waived", "2025-06-10", by="consultant"), as_of="2025-06-11")
    assert one.state is State.WAIVED
    assert made.pushes == ()


def test_what_is_done_is_not_waived_afterwards_and_somebody_is_asked() -> None:
    """A payment that was made would be shown as let go, or the report of it would vanish without a word."""
    done, waived = answer(PAID, "done", "2025-06-10"), answer(PAID, "waived", "2025-06-11", by="consultant")
    one, made = after(PAID, waived, done, as_of="2025-06-12")
    assert one.state is State.DONE
    assert [question.name for question in made.questions] == [f"answer:{waived.id}"]


def test_nobody_cannot_waive() -> None:
    """A debtor could let himself go by a report that names no one."""
    with pytest.raises(PlanningError, match="say who did, as by="):
        after(PAID, answer(PAID, "waived", "2025-06-10"))


# --- in part --------------------------------------------------------------------------------------------------------


def test_a_part_leaves_the_rest_owed_and_out_of_the_machine_s_hands() -> None:
    """Payroll would be told to pay the whole again, or the rest would be forgotten."""
    one, made = after(PAID, answer(PAID, "partly", "2025-06-20", amount="300.00"), as_of="2025-07-10")
    assert (one.state, one.amount and one.amount.shown()) == (State.PARTLY, "600.00 USD")
    assert "what is left of 900.00 USD" in str(one.derivation.as_json())
    assert [push for push in made.pushes if push.money] == []


@pytest.mark.parametrize(("last", "state"), [("2025-07-02", State.DONE), ("2025-07-03", State.DONE_LATE)])
def test_parts_that_make_the_whole_fulfil_it_on_the_day_of_the_last(last: str, state: State) -> None:
    """What was paid in two halves would stay open for good, or in time although half of it came late."""
    first, second = (answer(PAID, "partly", on, amount="450.00") for on in ("2025-06-20", last))
    one, _ = after(PAID, second, first)
    assert (one.state, one.amount and one.amount.shown()) == (state, "900.00 USD")


def test_a_part_is_reminded_of_until_the_rest_is_done() -> None:
    """A duty half done would drop out of sight."""
    one, made = after(CURE, answer(CURE, "partly", "2025-03-10"), as_of="2025-03-15")
    assert one.state is State.PARTLY
    assert [push.name for push in made.pushes] == ["remind.hr.1-day-after"]
    one, _ = after(CURE, answer(CURE, "partly", "2025-03-10"), answer(CURE, "done", "2025-03-12"))
    assert one.state is State.DONE


def test_a_part_does_not_keep_a_duty_from_being_missed() -> None:
    """Half a cure would hold off the power that the whole one would."""
    clauses = CURE + STOP
    one, made = after(clauses, answer(clauses, "partly", "2025-03-10"), as_of="2025-03-16")
    assert (one.state, len(powers(made, "stop"))) == (State.MISSED, 1)


def test_parts_that_make_the_whole_in_time_leave_no_power() -> None:
    """Who paid in two halves in time would be stopped for not paying."""
    clauses = PAID + STOP
    halves = [answer(clauses, "partly", on, amount="450.00") for on in ("2025-06-20", "2025-07-02")]
    one, made = after(clauses, *halves, as_of="2025-07-03")
    assert (one.state, powers(made, "stop")) == (State.DONE, [])


def test_parts_that_made_the_whole_in_time_stand_though_it_is_said_again() -> None:
    """A last word that came late would turn what was paid in time into a miss."""
    clauses = PAID + STOP
    said = [answer(clauses, "partly", on, amount="450.00") for on in ("2025-06-20", "2025-07-02")]
    one, made = after(clauses, *said, answer(clauses, "done", "2025-07-10"), as_of="2025-07-12")
    assert (one.state, powers(made, "stop")) == (State.DONE, [])


@pytest.mark.parametrize("fields", [{"amount": "900.00 EUR"}, {"units": "900"}])
def test_a_part_in_another_measure_takes_nothing_off(fields: dict[str, str]) -> None:
    """Nine hundred euros, or hours, would be taken for the dollars that are owed."""
    one, _ = after(PAID, answer(PAID, "partly", "2025-06-20", **fields), as_of="2025-06-21")
    assert (one.state, one.amount and one.amount.shown()) == (State.PARTLY, "900.00 USD")


def test_a_grant_is_made_in_parts() -> None:
    """Units that were handed over would be owed again, or a part too many would be owed back."""
    grant = PAID.replace("pay: 900", "grant: grant_size").replace(
        "    do: {send: payroll, kind: pay, approve: [hr]}\n", ""
    )
    first, second = (answer(grant, "partly", on, units="700") for on in ("2025-06-20", "2025-06-22"))
    one, _ = after(grant, first)
    assert (one.state, one.units) == (State.PARTLY, Decimal(500))
    assert after(grant, first, second)[0].state is State.DONE


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "much"}, "partly.amount"),
        ({"sum": "5"}, 'has no detail "sum"'),
        ({"amount": "0.00"}, "partly.amount is nothing"),
        ({"units": "0"}, "partly.units is nothing"),
    ],
)
def test_details_that_mean_nothing_are_refused(fields: dict[str, str], said: str) -> None:
    """A slip in an amount would be taken for a part of nothing."""
    with pytest.raises(PlanningError, match=said):
        after(PAID, answer(PAID, "partly", "2025-06-20", **fields))


def test_an_answer_to_what_no_longer_applies_goes_to_a_person() -> None:
    """A payment reported for something that turned out not to be owed would never be looked at again."""
    clauses = f"{PAID}    unless: ended with for_cause yes\n"
    (one,) = planned(ENDED, terms=terms(clauses)).occurrences
    done = happened("done", "2025-07-01", answers=str(one.id))
    fired = happened("ended", "2025-06-02", for_cause="yes")
    made = planned(fired, done, terms=terms(clauses))
    assert only(made, "paid").state is State.NOT_APPLICABLE
    assert [question.name for question in made.questions] == [f"answer:{done.id}"]
