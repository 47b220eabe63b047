"""A salary counts as paid when its day comes. Where its instruction did not arrive, a person says what became of it,
and what a person settled is never sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pytest

from obligations.domain.delivery import DeliveryState, Outcome
from obligations.domain.occurrence import State
from obligations.planning.answers import DONE, WAIVED
from obligations.ports import Clock
from obligations.service import Refused, Service
from obligations.service.restoring import DOUBT
from tests.service.office import LETTER, REJECTED, UNKNOWN, Office, library, noon

FINN = "finn@example.com"
ACTION = "act.payroll.recurring_earning"
SALARY = """
  salary:
    cite: "2"
    who: company owes employee
    pay: premium
    when: employment_started
    series: {every: 1 month, times: 3, first: 1 month after employment_started}
    closes: by itself
    do: {send: payroll, kind: recurring_earning, lead: 2 days, approve: [finance]}
"""


@pytest.fixture
def payday(office: Office) -> Office:
    """The first salary is approved, and its day is past."""
    office.add(LETTER + SALARY)
    office.tell("employment_started", date(2026, 1, 5))
    office.approve("letter/salary/1", FINN)
    office.today(date(2026, 2, 6))
    office.service.replan("letter")
    assert office.occurrence("salary").state is State.DONE
    return office


def restored(office: Office) -> None:
    """The database was put back from before the payday."""
    office.service.after_restore(noon(date(2026, 2, 1)), machine_now=office.clock.now(), actor=FINN)
    (parked,) = office.chain("salary", ACTION)
    assert (parked.state, parked.reason) == (DeliveryState.PARKED, DOUBT)


def settle(service: Service, word: str = DONE) -> None:
    details = {"by": "employee"} if word == WAIVED else {}
    service.answered(
        "letter/salary/1", word, details, evidence="bank statement 7", on=None, actor=FINN, report_id=f"said-{word}"
    )


def test_a_salary_parked_after_a_restore_is_settled_by_a_person_and_never_sent(payday: Office) -> None:
    """Only the false word that payroll never took it would be left, and that pays twice."""
    restored(payday)
    settle(payday.service)
    payday.service.resume(None, actor=FINN)
    for day in (date(2026, 2, 7), date(2026, 3, 20)):
        payday.today(day)
        payday.service.replan("letter")
        mine = {one.push.key for one in payday.chain("salary", ACTION)}
        assert not mine & {claim.key for claim in payday.send()}
    assert payday.states("salary", ACTION) == ["cancelled"]
    (said,) = (line for line in payday.ledger() if line.object == "said-done")
    assert (said.actor, said.action, said.reason) == (FINN, "event done", "evidence: bank statement 7")
    (stopped,) = (line for line in payday.ledger() if line.action == "delivery cancelled" and "salary/1" in line.object)
    assert (stopped.actor, stopped.before) == (FINN, "parked")


def test_what_is_settled_is_settled_once(payday: Office) -> None:
    """A second word would be one about nothing."""
    restored(payday)
    settle(payday.service)
    before = payday.everything()
    with pytest.raises(Refused, match="salary/1 is done; nothing is left to be done"):
        payday.service.done("letter/salary/1", evidence="again", on=None, actor=FINN, report_id="said-again")
    assert payday.everything() == before


@pytest.mark.parametrize(
    ("outcome", "word"),
    [(UNKNOWN, DONE), (REJECTED, DONE), (REJECTED, WAIVED)],
    ids=["unknown, paid", "rejected, paid", "rejected, waived"],
)
def test_a_salary_that_did_not_arrive_is_settled_by_a_person(payday: Office, outcome: Outcome, word: str) -> None:
    """Payroll was down, somebody paid by hand, and the instruction would pay once more when payroll is back."""
    payday.send(outcome, only="recurring_earning")
    settle(payday.service, word)
    payday.today(date(2026, 2, 9))
    payday.service.replan("letter")
    assert payday.send() == []
    assert payday.states("salary", ACTION) == ["cancelled"]


def test_a_salary_that_arrived_is_done_already(payday: Office) -> None:
    payday.send()
    with pytest.raises(Refused, match="nothing is left to be done"):
        settle(payday.service)
    assert payday.states("salary", ACTION) == ["delivered"]


def test_what_is_being_sent_is_not_settled_under_the_daemon(payday: Office) -> None:
    """It would be on record as paid by hand while the instruction arrives."""
    claims = payday.claim()
    before = payday.everything()
    with pytest.raises(Refused, match="is being sent at this moment"):
        settle(payday.service)
    assert payday.everything() == before
    payday.answer(claims, UNKNOWN)
    settle(payday.service)
    assert payday.states("salary", ACTION) == ["cancelled"]


@dataclass
class WhileAsked(Clock):
    """A clock during whose next reading a daemon claims all that is due."""

    office: Office
    claimed: int = 0

    def now(self) -> datetime:
        if not self.claimed:
            self.claimed = len(self.office.claim())
        return self.office.clock.now()

    def seconds_until(self, instant: datetime) -> float:
        return self.office.clock.seconds_until(instant)


def test_what_is_claimed_while_a_person_settles_it_is_not_settled(payday: Office) -> None:
    """Between the look and the record a daemon may take it: it is looked at again in the transaction that records."""
    clock = WhileAsked(payday)
    with pytest.raises(Refused, match="is being sent at this moment"):
        settle(Service(payday.store, clock=clock, library=library()))
    assert clock.claimed
    assert payday.states("salary", ACTION) == ["sending"]
    assert not [line for line in payday.ledger() if line.action == "event done"]


def test_a_settling_that_was_wrong_is_taken_back(payday: Office) -> None:
    """It was another month's statement: the salary is proposed again, under its key, and people agree anew."""
    restored(payday)
    (before,) = payday.chain("salary", ACTION)
    settle(payday.service)
    payday.withdraw("said-done")
    (after,) = payday.chain("salary", ACTION)
    assert (after.push.key, after.body, after.state) == (before.push.key, before.body, DeliveryState.PROPOSED)
