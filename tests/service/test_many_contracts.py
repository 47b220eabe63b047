"""Many contracts on one template: it is read once for all of them, none has anything of another's, and a service that
goes through all of them does not hold all of them."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.event import Report
from obligations.planning.plan import Plan
from obligations.service import contracts
from obligations.service.contracts import Planner
from obligations.terms import loader
from tests.service.office import CLERK, OFFER_LETTER, Office, library

HIRED = date(2026, 1, 5)
# Each has something of its own: pay and days, a currency, somebody else who chose the same reading, a name.
CHOSEN = "readings: {{count_days: {{use: the day of the event is day 1, chosen_by: {}@example.com}}}}\n"
OWN = {
    "ana": "parameters: {annual_salary: 180000.00, option_count: 1000, offered_on: 2005-03-01}\n",
    "bo": CHOSEN.format("lea"),
    "cai": CHOSEN.format("hana"),
    "dee": "parties: {employee: Dee Doe}\n",
    "eli": "parameters: {annual_salary: 90000.00, i9_days_allowed: 1 day}\n",
}


def letter(name: str) -> str:
    """One person's letter, in a currency of its own for every other one."""
    text = (
        OFFER_LETTER.format(name=name).replace("{name: Ana, email: ana@", f"{{name: {name}, email: {name}@") + OWN[name]
    )
    if name == "dee":
        text = text.replace("  employee: {name: dee, email: dee@example.com}\n", "")
    return text.replace("template: offer-letter", "template: offer-letter, currency: EUR") if name == "eli" else text


def told(plan: Plan) -> list[object]:
    """Everything a plan owes and sends."""
    return [plan.occurrences, plan.powers, plan.pushes, plan.questions, plan.dormant, plan.replan_at]


def test_a_template_is_read_once_for_all_contracts_that_are_kept_on_it(desk: Office) -> None:
    """A daemon would read it again for each contract, and hold a megabyte of it for each."""
    for name in ("ana", "dee"):
        desk.add(letter(name))
    planner = Planner(library())
    with desk.store.read() as view:
        one, other = (planner.kept(stored, ()).terms for stored in view.contracts())
    assert one.contract != other.contract
    assert one.file.common is other.file.common
    assert one.document is other.document


def test_each_contract_keeps_its_own_pay_people_and_readings_beside_the_others(desk: Office) -> None:
    """One person would be paid by another's letter, or another's choice would stand in their explanations."""
    reports = {}
    for name in OWN:
        desk.add(letter(name))
        reports[name] = (
            Report(f"hired-{name}", "employment_started", HIRED),
            Report(f"raise-{name}", "base_salary", date(2026, 3, 2), fields={"value": "200000.00"}),
            Report(f"left-{name}", "change_of_control", date(2026, 6, 1)),
        )
    with desk.store.read() as view:
        kept = {stored.id: stored for stored in view.contracts()}
    together = Planner(library())
    beside_others = {name: together.kept(stored, ()).terms for name, stored in kept.items()}
    assert len({id(terms.file.common) for terms in beside_others.values()}) == 1
    for reported in (3, 1, 0, 2, 3):
        for name, stored in kept.items():
            loader._template.cache_clear()
            alone = Planner(library())
            by_itself, known = alone.kept(stored, ()).terms, reports[name][:reported]
            mine = together.plan(beside_others[name], known, date(2026, 6, 2))
            assert told(mine) == told(alone.plan(by_itself, known, date(2026, 6, 2)))


def test_going_through_all_contracts_does_not_hold_them_all(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon plans every contract of the house in the course of a year, and would end for want of memory."""
    monkeypatch.setattr(contracts, "TERMS_REMEMBERED", 2)
    monkeypatch.setattr(contracts, "BOUNDS_REMEMBERED", 3)
    for name in OWN:
        desk.add(letter(name))
        desk.service.record(name, Report(f"hired-{name}", "employment_started", HIRED), actor=CLERK)
    before = [desk.service.overview(name).plan for name in OWN]
    for name in OWN:
        desk.service.bring_on(name)
    assert len(desk.service.planner._terms) <= 2
    assert len(desk.service.planner._bounds) <= 3
    assert [desk.service.overview(name).plan for name in OWN] == before
