"""The same facts end in the same plan: in whatever order they are told, corrected, taken back and told again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.plan import Plan, seen
from obligations.planning.world import DONE
from obligations.service import Amends
from tests.service.office import CLERK, LETTER, Office

START = date(2026, 1, 5)
TODAY = date(2026, 4, 1)
EXIT = date(2026, 3, 2)
ACTION = "act.payroll.one_time_earning"
RICH = (
    LETTER.replace(
        "windows:",
        """  review_held: {says: a review was held, with: {late: yes_or_no}}
  minutes_sent: {says: the minutes went out}
facts:
  base_salary: {type: money, is: 100000.00, cite: "2"}
windows:""",
    )
    + """\
  minutes:
    cite: "9"
    who: company owes employee
    task: Send the minutes
    when: review_held
    by: 2 days after review_held
    closed_by: minutes_sent
    remind: {hr: [1 day before, on the day]}
  bonus:
    cite: "4"
    who: company owes employee
    says: a tenth of the salary
    pay: 10 percent of base_salary
    when: review_held
    by: 10 days after review_held
    do: {send: payroll, kind: bonus, approve: [finance]}
"""
)
# What happened, by the ids that the reports shall have. Two changes of control: only the first one in time pays.
FACTS = (
    Report("start", "employment_started", START),
    Report("late-exit", "change_of_control", date(2026, 3, 9)),
    Report("exit", "change_of_control", EXIT),
    Report("review", "review_held", date(2026, 2, 2)),
    Report("second-review", "review_held", date(2026, 3, 16)),
    Report("minutes", "minutes_sent", date(2026, 2, 3)),
    Report("raise", "base_salary", date(2026, 3, 1), fields={"value": "120000.00"}),
)
_names = count(1)


def tell(office: Office, steps: list[Callable[[str], None]]) -> tuple[object, ...]:
    """What a contract of its own comes to once the steps were taken in that order, but for its own names."""
    name = f"letter-{next(_names)}"
    office.add(RICH.replace("id: letter,", f"id: {name},"))
    for step in steps:
        step(name)
    return visible(office.service.overview(name).plan, name)


def visible(plan: Plan, name: str) -> tuple[object, ...]:
    """Everything of a plan that a person or a receiver sees, with its identities, but for the contract's own name."""
    occurrences = [
        (one.clause, one.instance.replace(f"{name}.", ""), one.position, one.conditional, *seen(one), one.waiting_for)
        for one in plan.occurrences
    ]
    pushes = [(one.clause, one.index, one.name, one.send_at, one.supersession) for one in plan.pushes]
    return occurrences, sorted(pushes), [(one.name, one.required) for one in plan.questions]


def reporting(office: Office, report: Report, day: date | None = None) -> Callable[[str], None]:
    """A step that records a report, on its day or on another."""

    def step(name: str) -> None:
        given = Report(f"{name}.{report.id}", report.event, day or report.occurred_on, fields=report.fields)
        office.service.record(name, given, actor=CLERK)

    return step


def correcting(office: Office, report: Report) -> Callable[[str], None]:
    """A step that puts a report right."""
    return lambda name: (
        office.service.correct(f"{name}.{report.id}", Amends(occurred_on=report.occurred_on), actor=CLERK),
        None,
    )[1]


def taking_back(office: Office, report: Report) -> Callable[[str], None]:
    """A step that withdraws a report."""
    return lambda name: (office.service.withdraw(f"{name}.{report.id}", actor=CLERK), None)[1]


def orders(of: int, many: int) -> Iterator[list[int]]:
    """So many different orders of a number of things, the same in every run."""
    drawn = random.Random(20_260_105)
    for _ in range(many):
        yield drawn.sample(range(of), of)


@pytest.fixture
def told(office: Office) -> Office:
    """An office in April, when everything has happened."""
    office.today(TODAY)
    return office


def test_facts_in_any_order_end_in_the_same_plan(told: Office) -> None:
    """Mail is delayed and systems retry: the day money is due must not depend on what reached us first."""
    expected = tell(told, [reporting(told, one) for one in FACTS])
    for order in orders(len(FACTS), 12):
        assert tell(told, [reporting(told, FACTS[number]) for number in order]) == expected, order


def test_wrong_days_put_right_in_any_order_end_in_the_plan_of_the_right_ones(told: Office) -> None:
    expected = tell(told, [reporting(told, one) for one in FACTS])
    for number, order in enumerate(orders(len(FACTS), 5)):
        wrong = [reporting(told, FACTS[at], FACTS[at].occurred_on - timedelta(days=number + at + 1)) for at in order]
        right = [correcting(told, FACTS[at]) for at in reversed(order)]
        assert tell(told, [*wrong, *right]) == expected, order


def test_what_is_taken_back_leaves_nothing(told: Office) -> None:
    """A report entered by mistake, in whatever order, leaves the plan as if nobody had ever entered it."""
    stray = Report("stray", "change_of_control", date(2026, 2, 20))
    expected = tell(told, [reporting(told, one) for one in FACTS])
    for order in orders(len(FACTS), 3):
        steps = [reporting(told, FACTS[number]) for number in order]
        steps.insert(order[0], reporting(told, stray))
        assert tell(told, [*steps, taking_back(told, stray)]) == expected, order


AMENDMENTS = (
    """terms: 1
amends: letter
from: 2026-03-05
title: Later
clauses:
  bonus:
    cite: "A2"
    who: company owes employee
    says: a fifth of the salary
    pay: 20 percent of base_salary
    when: review_held
    by: 20 days after review_held
    do: {send: payroll, kind: bonus, approve: [finance]}
windows: {protected: 2 months beginning on employment_started}
""",
    """terms: 1
amends: letter
from: 2026-02-15
title: Earlier
facts: {base_salary: 110000.00}
parameters: {premium: 900.00}
running: {cobra_premium: changes}
""",
    """terms: 1
amends: letter
from: 2026-02-15
title: In error
ends: [lump_sum]
""",
)


def amending(office: Office, text: str, *, withdraw: bool = False) -> Callable[[str], None]:
    """A step that records an amendment, or takes it back."""

    def step(name: str) -> None:
        use = office.service.withdraw_amendment if withdraw else office.service.amend
        use(text.replace("amends: letter", f"amends: {name}"), "a.yaml", actor=CLERK)

    return step


def test_facts_and_amendments_in_any_order_end_in_the_same_plan(told: Office) -> None:
    """Amendments are filed weeks after they were signed, and events arrive before and after them."""
    later, earlier, in_error = AMENDMENTS
    steps = [*(reporting(told, one) for one in FACTS), amending(told, later), amending(told, earlier)]
    expected = tell(told, steps)
    assert expected != tell(told, steps[: len(FACTS)])
    for order in orders(len(steps), 5):
        mixed = [steps[number] for number in order]
        mixed.insert(order[0], amending(told, in_error))
        assert tell(told, [*mixed, amending(told, in_error, withdraw=True)]) == expected, order


# --- money that went ------------------------------------------------------------------------------------------------


@pytest.fixture
def paid(office: Office) -> tuple[Office, str]:
    """The lump sum for the change of control of 2 March approved, sent and taken; it is 5 March."""
    office.add()
    office.tell("employment_started", START)
    office.today(EXIT)
    report = office.tell("change_of_control", EXIT)
    office.approve("lump_sum")
    office.today(date(2026, 3, 5))
    office.send()
    assert office.states("lump_sum", ACTION) == ["delivered"]
    return office, report


def test_a_trigger_taken_back_and_entered_again_pays_once(paid: tuple[Office, str]) -> None:
    """Another report of the same thing has another id; the payment it sets off is the same one."""
    office, report = paid
    before = office.occurrence("lump_sum")
    for _ in range(3):
        office.withdraw(report)
        report = office.tell("change_of_control", EXIT)
    assert office.occurrence("lump_sum").id == before.id
    assert [one for one in office.states("lump_sum", ACTION) if one != "cancelled"] == ["delivered"]
    office.today(date(2026, 4, 1))
    assert not [claim for claim in office.send() if claim.name == ACTION]
    taken = [owed for (_, name), owed in office.receiver.believes.items() if name == ACTION]
    assert [one is not None for one in taken] == [True]


def test_a_trigger_corrected_to_and_fro_pays_once(paid: tuple[Office, str]) -> None:
    office, report = paid
    for day in (date(2026, 2, 25), EXIT, date(2026, 2, 26), EXIT):
        office.service.correct(report, Amends(occurred_on=day), actor=CLERK)
    assert [one for one in office.states("lump_sum", ACTION) if one != "cancelled"] == ["delivered"]


def test_an_earlier_happening_comes_to_fill_the_slot_of_what_was_paid(paid: tuple[Office, str]) -> None:
    """An older change of control comes to light: the same lump sum was due earlier; a second one never is."""
    office, _ = paid
    before = office.occurrence("lump_sum")
    second = office.tell("change_of_control", date(2026, 2, 20))
    after = office.occurrence("lump_sum")
    assert (after.id, after.due_on) == (before.id, date(2026, 2, 25))
    assert office.states("lump_sum", ACTION) == ["delivered", "proposed"]
    office.service.correct(second, Amends(occurred_on=date(2026, 3, 4)), actor=CLERK)
    assert office.occurrence("lump_sum").due_on == before.due_on
    assert office.states("lump_sum", ACTION) == ["delivered", "cancelled"]


def test_a_correction_that_moves_a_later_happening_to_the_front_re_dates_and_pays_nothing_twice(
    paid: tuple[Office, str],
) -> None:
    office, _ = paid
    later = office.tell("change_of_control", date(2026, 3, 4))
    before = office.occurrence("lump_sum")
    office.service.correct(later, Amends(occurred_on=date(2026, 2, 16)), actor=CLERK)
    assert (office.occurrence("lump_sum").id, office.occurrence("lump_sum").due_on) == (before.id, date(2026, 2, 21))
    assert office.states("lump_sum", ACTION) == ["delivered", "proposed"]


def test_a_backdated_event_that_makes_a_sent_payment_wrong_asks_a_person(paid: tuple[Office, str]) -> None:
    """The employment began years earlier than was believed: the protected time was over, and the money was not owed."""
    office, _ = paid
    (started,) = (one.id for one in office.service.overview("letter").reports if one.event == "employment_started")
    shown = office.service.preview_correction(started, Amends(occurred_on=date(2024, 2, 1)))
    assert "lump_sum" in [one.push.clause for one in shown.touched]
    office.service.correct(started, Amends(occurred_on=date(2024, 2, 1)), actor=CLERK)
    assert office.occurrence("lump_sum").state in (State.NOT_APPLICABLE, State.WAITING)
    _, reversal = office.chain("lump_sum", ACTION)
    assert (str(reversal.state), reversal.push.payload["status"]) == ("proposed", "reverse")
    assert not [claim for claim in office.send() if claim.name == ACTION]


def test_what_was_done_by_hand_keeps_its_evidence_through_a_correction(paid: tuple[Office, str]) -> None:
    office, report = paid
    done = Report("done-1", DONE, date(2026, 3, 5), answers=str(office.occurrence("i9").id), evidence="form seen")
    office.service.record("letter", done, actor=CLERK)
    office.service.correct("done-1", Amends(occurred_on=date(2026, 1, 7)), actor=CLERK)
    assert office.occurrence("i9").state is State.DONE
    assert any("form seen" in step.rule for _, step in office.occurrence("i9").derivation.walk())
    office.service.correct(report, Amends(occurred_on=EXIT - timedelta(days=1)), actor=CLERK)
    assert office.occurrence("i9").state is State.DONE
