"""The page on plans: what it says of waiting, expecting, answering and keeping an identity is what happens."""

from __future__ import annotations

from datetime import date

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, PowerState, State
from obligations.planning.plan import Plan
from obligations.service.contracts import Planner
from tests.docs.pages import library, merged, terms_of, text, yaml_blocks

FIRST, *OTHERS = yaml_blocks(text("docs/terms.md"))
TERMS = terms_of(merged(FIRST, *(block for block in OTHERS if not block.startswith("terms:"))))
STARTED = Report("1", "started", date(2027, 1, 15))


def _plan(*reports: Report, as_of: date | None = None) -> Plan:
    return Planner(library()).plan(TERMS, reports, as_of)


def _of(plan: Plan, clause: str) -> list[Occurrence]:
    return [one for one in plan.occurrences if one.clause == clause]


def test_a_duty_that_may_come_again_is_not_there_before_it_is_set_off() -> None:
    """A reader would take the missing cure for a fault, or a duty nobody has for one."""
    assert _of(_plan(STARTED), "cure") == []
    twice = _plan(
        STARTED, Report("2", "breach_notice", date(2027, 3, 1)), Report("3", "breach_notice", date(2027, 4, 1))
    )
    assert [one.due_on for one in _of(twice, "cure")] == [date(2027, 3, 15), date(2027, 4, 15)]


def test_money_waits_for_what_is_only_expected() -> None:
    """Somebody's plan would move money, or the people to be reminded would hear nothing."""
    plan = _plan(Report("1", "started", date(2027, 1, 15), expected=True))
    (bonus,) = _of(plan, "bonus")
    (handbook,) = _of(plan, "handbook")
    assert (bonus.state, bonus.conditional, bonus.due_on) == (State.WAITING, True, date(2027, 7, 15))
    assert (handbook.state, handbook.conditional) == (State.SCHEDULED, True)
    assert {push.kind for push in plan.pushes if push.occurrence_id == bonus.id} == set()
    assert [push for push in plan.pushes if push.occurrence_id == handbook.id]


def test_an_answer_that_fits_several_asks_a_person() -> None:
    """The report of one cure would quietly close another."""
    notices = [Report("2", "breach_notice", date(2027, 3, 1)), Report("3", "breach_notice", date(2027, 3, 5))]
    cured = Report("4", "breach_cured", date(2027, 3, 10))
    assert {one.state for one in _of(_plan(STARTED, *notices, cured), "cure")} == {State.NEEDS_PERSON}
    named = Report("4", "breach_cured", date(2027, 3, 10), answers="3")
    assert [one.state for one in _of(_plan(STARTED, *notices, named), "cure")] == [State.SCHEDULED, State.DONE]


def test_a_moved_date_keeps_its_identity() -> None:
    """A corrected first day would make every fee a new one, to be paid again."""
    moved = Report("9", "started", date(2027, 1, 18))
    before, after = _of(_plan(STARTED), "fee"), _of(_plan(moved), "fee")
    assert [one.id for one in before] == [one.id for one in after]
    assert before[0].due_on != after[0].due_on


def test_what_requires_something_waits_for_it() -> None:
    """Cover would be taken for granted before anybody took out the insurance."""
    (insurance,) = _of(_plan(STARTED), "insurance")
    assert (insurance.state, insurance.waiting_for) == (State.WAITING, ("insured",))


def test_what_was_open_at_the_end_is_discharged() -> None:
    """The consultant would be chased for a cure after the agreement was over; fees due later would still be sent."""
    notice, ended = Report("2", "breach_notice", date(2027, 3, 1)), Report("3", "ended", date(2027, 3, 8))
    plan = _plan(STARTED, notice, ended, as_of=date(2027, 4, 1))
    assert [one.state for one in _of(plan, "cure")] == [State.DISCHARGED]
    assert [one.state for one in _of(plan, "fee")] == [State.MISSED, *[State.TERMINATED] * 5]
    assert [one for one in plan.powers if one.name == "end_at_once"] == []


def test_a_power_ends_with_its_last_day() -> None:
    """Somebody would rely on a power that is over."""
    notice = Report("2", "breach_notice", date(2027, 3, 1))
    states = [
        next(one.state for one in _plan(STARTED, notice, as_of=day).powers if one.name == "walk_away")
        for day in (date(2027, 5, 30), date(2027, 5, 31))
    ]
    assert states == [PowerState.ARISEN, PowerState.EXPIRED]
