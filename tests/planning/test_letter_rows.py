"""What the first letter owes, row by row: each has its clauses, its reminders and its actions."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.occurrence import State
from obligations.planning.plan import Plan
from tests.planning.letter import (
    BREACH,
    CARRIER_ALLOWS,
    CARRIER_REFUSES,
    CHANGE_OF_CONTROL,
    ELECTED,
    GOOD_REASON,
    HIRED,
    NEGLECT,
    PAYROLL,
    PREMIUM,
    day,
    happened,
    letter,
    only,
    planned,
)

# Each row: its clauses here, the reminders in days from the point it counts from, the systems told, who approves.
ROWS: dict[int, tuple[tuple[str, ...], dict[str, set[str]], set[str], set[str]]] = {
    1: (("acceptance",), {"employee": {"7-day-every-trigger"}}, set(), set()),
    2: (("i9",), {"employee": {"6-day-before", "3-day-before", "2-day-before", "1-day-before"}}, {"hr"}, set()),
    3: (
        ("confidentiality_agreement", "arbitration_agreement"),
        {"employee": {"7-day-before", "1-day-before", "on-due"}, "legal": {"7-day-before", "1-day-before", "on-due"}},
        set(),
        set(),
    ),
    4: (("salary",), {}, {"payroll"}, {"payroll"}),
    5: (("exit_pay_only",), {"payroll": {"2-day-before", "1-day-before", "on-due"}}, {"payroll"}, {"hr", "finance"}),
    6: (
        ("option_grant", "exercise_price_record"),
        {"equity": {"on-due", "on-trigger", "7-day-every-trigger"}},
        {"equity"},
        set(),
    ),
    7: (("options_vesting",), {"equity": {"30-day-before", "7-day-before", "on-due"}}, {"equity"}, set()),
    8: (("options_acceleration",), {"equity": {"on-due"}, "legal": {"on-due"}}, {"equity", "payroll"}, {"legal"}),
    9: (("vacation_accrual",), {}, {"leave_ledger"}, set()),
    10: (
        ("protection_window",),
        {"legal": {f"{days}-day-before-end" for days in (90, 61, 31, 7, 1)}},
        set(),
        set(),
    ),
    11: (
        ("lump_sum",),
        {"payroll": {"on-trigger", "3-day-before", "1-day-before", "on-due"}},
        {"payroll"},
        {"hr", "finance"},
    ),
    12: (
        ("health_continuation",),
        {
            "benefits": {"on-trigger", "30-day-before-end", "7-day-before-end"}
            | {f"{months}-month-after-start" for months in range(1, 6)}
        },
        {"benefits"},
        set(),
    ),
    13: (("cobra_premium",), {"benefits": {"7-day-before", "1-day-before"}}, {"payroll"}, {"hr", "finance"}),
    14: (
        ("neglect_cure",),
        {role: {"15-day-before", "7-day-before", "1-day-before", "1-day-after"} for role in ("manager", "hr", "legal")},
        set(),
        set(),
    ),
    15: (
        ("company_breach_cure",),
        {role: {"15-day-before", "7-day-before", "1-day-before", "1-day-after"} for role in ("manager", "legal")},
        set(),
        set(),
    ),
    16: (("good_reason_notice",), {"hr": {"on-trigger", "7-day-before", "1-day-before"}}, {"payroll"}, set()),
    17: (("salary_cut_watch",), {"legal": {"on-trigger"}}, set(), set()),
    18: (
        ("last_safe_notice", "last_safe_notice_with_cure"),
        {"legal": {"60-day-before", "14-day-before"}},
        set(),
        set(),
    ),
    19: (("expenses", "expense_reimbursement"), {"employee": {"7-day-before", "on-due"}}, {"payables"}, {"finance"}),
    20: (("indemnification", "surviving_confidentiality", "surviving_arbitration"), {}, set(), set()),
}


@pytest.fixture(scope="module")
def everything() -> list[Plan]:
    """Plans in which, together, every clause is dated and may be sent."""
    expense = happened("expense_incurred", "2006-01-05")
    submitted = happened("expense_submitted", "2006-01-10", amount="120.50")
    cut = happened("base_salary", "2006-02-01", value="200000")
    left = happened("terminated", "2006-12-05", good_cause="no")
    return [
        planned(HIRED, PAYROLL, CHANGE_OF_CONTROL, CARRIER_REFUSES, ELECTED, PREMIUM, left),
        planned(HIRED, PAYROLL, CHANGE_OF_CONTROL, CARRIER_ALLOWS, NEGLECT),
        planned(HIRED, expense, cut, BREACH, GOOD_REASON),
        planned(HIRED, expense, submitted),
    ]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_of_the_letter_has_its_clauses(row: int) -> None:
    assert set(ROWS[row][0]) <= set(letter().clauses)


def test_no_clause_is_outside_the_rows_but_the_power_they_lead_to_and_the_plans_of_clause_4() -> None:
    rows = {clause for clauses, *_ in ROWS.values() for clause in clauses}
    assert set(letter().clauses) - rows == {"good_reason_power", "benefits_participation"}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_reminds_and_acts_as_it_should(row: int, everything: list[Plan]) -> None:
    clauses, reminders, systems, approvals = ROWS[row]
    pushes = [push for plan in everything for push in plan.pushes if push.clause in clauses]
    for role, moments in reminders.items():
        names = {push.name.removeprefix(f"remind.{role}.") for push in pushes if push.destination == role}
        assert moments <= {name.rpartition(".")[0] if "-every-" in name else name for name in names}, role
    acts = [push for push in pushes if push.kind == "action"]
    assert {push.destination for push in acts} == systems
    assert {role for push in acts for role in push.approvals} == approvals


def test_5_1_a_the_lump_sum_goes_two_days_ahead_with_two_approvals(everything: list[Plan]) -> None:
    (act,) = [push for push in everything[1].pushes if push.clause == "lump_sum" and push.kind == "action"]
    assert act.approvals == ("hr", "finance")
    assert act.money
    assert act.send_at.isoformat() == "2006-10-19T01:00:00+00:00", "nine o'clock in Shanghai on 2006-10-19"
    assert act.payload["amount"] == {"value": "125000.00", "currency": "USD"}


def test_closing_the_weekly_reminder_keeps_its_number_and_its_key() -> None:
    """A repeat that was sent is recognised as sent, whenever the plan is made again."""

    def weekly(as_of: str) -> dict[str, tuple[object, date]]:
        plan = planned(as_of=as_of)
        return {p.name: (p.key, p.send_at.date()) for p in plan.pushes if p.name.startswith("remind.employee")}

    first, later = weekly("2005-04-02"), weekly("2005-06-01")
    assert first["remind.employee.7-day-every-trigger.1"][1] == day("2005-04-08")
    common = set(first) & set(later)
    assert len(common) > 40
    assert all(first[name] == later[name] for name in common)
    assert min(sent_on for _, sent_on in later.values()) == day("2005-05-27"), "the last one that is past, and then on"


def test_closing_a_signed_letter_is_reminded_of_no_more() -> None:
    plan = planned(happened("offer_accepted", "2005-04-04"), as_of="2005-04-20")
    assert only(plan, "acceptance").state is State.DONE
    assert not [push for push in plan.pushes if push.clause == "acceptance"]
