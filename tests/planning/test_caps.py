"""What clauses come to together: clawbacks that mirror a payment, and caps over a year, a contract or a balance."""

from __future__ import annotations

from decimal import Decimal

from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.plan import Plan
from tests.planning.letter import happened, of, only, planned
from tests.planning.small import EXIT, HEAD, STARTED, small

RETENTION = HEAD.replace("windows:\n", "windows:\n  retention: 24 months beginning on started\n").replace(
    "  released:", "  course: {with: {fee: money}}\n  leave: {with: {hours: hours}}\n  released:"
)
SIGN_ON = """
  sign_on:
    cite: "5"
    who: company owes employee
    pay: 24000.00
    when: started
    exactly: 30 days after started
  clawback:
    cite: "5"
    who: employee owes company
    pay:
      pro rata: {word} of sign_on
      for: 1 day after exit to last day of retention
      of: retention
      by: begun months
    when: exit
    by: 30 days after exit
"""
COURSES = """
  courses:
    cite: "6"
    who: company owes employee
    pay: fee of course
    when: course
    by: 30 days after course
    cap: {at: 500.00, per: PERIOD}
"""
VACATION = """
  vacation:
    cite: "7"
    who: company owes employee
    accrue: 260 hours
    unit: hours
    during: started to exit
    series: {every: 14 days}
    cap: {balance: 25, less: hours of leave}
"""


def plan(clauses: str, *reports: Report, as_of: str = "") -> Plan:
    """The plan of the contract with these clauses."""
    return planned(*reports, as_of=as_of, terms=small(clauses, RETENTION))


def amounts(made: Plan, clause: str) -> list[str]:
    """What each occurrence comes to."""
    return [one.amount.shown() if one.amount else "" for one in of(made, clause)]


def test_a_clawback_is_the_unearned_part_of_what_was_owed() -> None:
    """An employee who leaves would pay back more, or less, of the bonus than the months that are left."""
    made = plan(SIGN_ON.replace("{word}", "amount"), STARTED, EXIT)
    back = only(made, "clawback")
    assert back.amount is not None
    assert (back.amount.shown(), back.debtor, back.creditor) == ("15,000.00 USD", "employee", "company")
    assert "amount of sign_on" in str(back.derivation.as_json())


def test_what_was_never_paid_is_not_paid_back() -> None:
    """Somebody would pay back a bonus that never came."""
    clauses = SIGN_ON.replace("{word}", "paid")
    made = plan(clauses, STARTED, EXIT, as_of="2026-12-01")
    assert amounts(made, "clawback") == ["0.00 USD"]
    paid = happened("done", "2026-02-14", answers=str(only(made, "sign_on").id))
    assert amounts(plan(clauses, STARTED, EXIT, paid, as_of="2026-12-01"), "clawback") == ["15,000.00 USD"]
    late = happened("done", "2026-11-20", answers=str(only(made, "sign_on").id))
    assert amounts(plan(clauses, STARTED, EXIT, late, as_of="2026-12-01"), "clawback") == ["0.00 USD"]


def test_a_clawback_of_what_is_not_owed_is_not_owed() -> None:
    """A bonus that was ruled out would still be claimed back."""
    clauses = SIGN_ON.replace("{word}", "amount").replace("    exactly: 30", "    if: agreed\n    exactly: 30")
    refused = happened("agreed", "2026-01-15", value="no")
    assert only(plan(clauses, STARTED, EXIT, refused), "clawback").state is State.NOT_APPLICABLE
    assert only(plan(clauses, STARTED, EXIT), "clawback").missing == ("agreed",)


FEES = [
    happened("course", "2026-03-01", fee="300.00"),
    happened("course", "2026-09-01", fee="300.00"),
    happened("course", "2026-10-01", fee="50.00"),
    happened("course", "2027-02-01", fee="450.00"),
]


def test_what_exceeds_the_cap_of_a_year_is_cut_in_day_order() -> None:
    """The yearly limit on courses would be paid twice, or depend on which bill came in first."""
    for reports in (FEES, FEES[::-1]):
        made = plan(COURSES.replace("PERIOD", "year"), STARTED, *reports)
        by_day = sorted(of(made, "courses"), key=lambda one: str(one.due_on))
        assert [one.amount.shown() if one.amount else "" for one in by_day] == [
            "300.00 USD",
            "200.00 USD",
            "0.00 USD",
            "450.00 USD",
        ]
        assert "300.00 USD cut to 200.00 USD: the cap of 500.00 USD from 2026-01-01" in by_day[1].derivation.sentence()
        assert "cut to" not in by_day[0].derivation.sentence()


def test_what_is_not_owed_uses_up_nothing() -> None:
    """A course that was refused would leave the next one open, or take from the year's limit."""
    clause = COURSES.replace("PERIOD", "year").replace(
        "    when: course\n", "    when: course\n    if: fee of course below 450.00\n"
    )
    made = plan(clause, STARTED, happened("course", "2026-02-01", fee="450.00"), FEES[0])
    assert sorted(amounts(made, "courses")) == ["", "300.00 USD"]


def test_a_cap_of_the_contract_never_starts_anew() -> None:
    """A limit once for the whole contract would be granted every year."""
    made = plan(COURSES.replace("PERIOD", "contract"), STARTED, *FEES)
    assert sorted(amounts(made, "courses")) == ["0.00 USD", "0.00 USD", "200.00 USD", "300.00 USD"]


def test_the_first_and_the_last_day_of_a_year_count_in_it() -> None:
    """A course on New Year's Day or on New Year's Eve would be paid beside the year's limit."""
    days = (("2026-01-01", "300.00"), ("2026-12-31", "100.00"), ("2026-12-31", "400.00"), ("2027-01-01", "450.00"))
    fees = [happened("course", on, fee=fee) for on, fee in days]
    made = plan(COURSES.replace("PERIOD", "year"), STARTED, *fees)
    in_days = sorted(of(made, "courses"), key=lambda one: (one.due_on, one.amount and one.amount.minor))
    assert [one.amount.shown() if one.amount else "" for one in in_days] == [
        "300.00 USD",
        "100.00 USD",
        "100.00 USD",
        "450.00 USD",
    ]


def test_instalments_of_two_happenings_share_a_cap_in_day_order() -> None:
    """What falls due in May would be paid, and what the second one brings in April not, once the year is used up."""
    clause = COURSES.replace("PERIOD", "year").replace("fee of course", "100.00")
    clause = clause.replace("by: 30 days after course", "series: {every: 1 month, times: 4, first: course}")
    made = plan(clause, STARTED, happened("course", "2026-02-01"), happened("course", "2026-03-01"))
    in_full = sorted(str(one.due_on) for one in of(made, "courses") if one.amount and one.amount.minor)
    assert in_full == ["2026-02-01", *["2026-03-01"] * 2, *["2026-04-01"] * 2]


def test_what_is_left_waits_for_what_came_before() -> None:
    """A later course would be paid in full although nobody knows yet what an earlier one used up."""
    made = plan(COURSES.replace("PERIOD", "year"), STARTED, happened("course", "2026-02-01"), FEES[0])
    assert {(one.state, one.missing) for one in of(made, "courses")} == {(State.WAITING, ("course.fee",))}


def test_a_balance_stops_at_its_cap_and_goes_on_once_leave_is_taken() -> None:
    """Leave would pile up beyond what the contract allows, or stop for good once it was full."""
    taken = happened("leave", "2026-03-20", hours="8")
    made = plan(VACATION, STARTED, EXIT, taken)
    accrued = [one.units for one in of(made, "vacation")][:7]
    assert accrued == [Decimal(10), Decimal(10), Decimal(5), Decimal(0), Decimal(8), Decimal(0), Decimal(0)]


def test_leave_on_the_day_of_accrual_counts_once() -> None:
    """A day of leave taken on the last day of a period would make no room, or make it twice."""
    taken = happened("leave", "2026-03-25", hours="13")
    accrued = [one.units for one in of(plan(VACATION, STARTED, EXIT, taken), "vacation")][:7]
    assert accrued == [Decimal(10), Decimal(10), Decimal(5), Decimal(0), Decimal(10), Decimal(3), Decimal(0)]


def test_withholding_is_told_where_the_document_says_so() -> None:
    """Payroll would take a net amount for a gross one."""
    pay = "    do: {send: payroll, kind: pay, approve: [hr]}\n"
    head = RETENTION.replace("parameters:\n", "roles: {hr: human resources}\nparameters:\n")
    for line, told in (("", None), ("    before_withholding: no\n", False), ("    before_withholding: yes\n", True)):
        clause = COURSES.replace("PERIOD", "year") + line + pay
        made = planned(STARTED, FEES[0], terms=small(clause, head))
        (action,) = made.pushes
        assert action.payload.get("before_withholding") is told
        said = str(only(made, "courses").derivation.as_json())
        assert ("withholding" in said) is (told is not None)
