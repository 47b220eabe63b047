"""The letter: who plays which part, which systems it instructs, and what it says in figures.

The figures are read off the letter and written down here by hand. They come from no planning code, so that what
arrives at the receivers is held against the letter and not against ourselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

CONTRACT = "letter"

TEXT = """\
# The first letter. Parameters that are left out keep the template's figures, which are the letter's.
terms: 1
contract:
  id: letter
  title: Offer letter of our first executive
  template: offer-letter
people:
  employee: {name: the employee, email: employee@example.com}
  manager: {name: the manager, email: manager@example.com}
  hr: {name: the head of HR, email: hr@example.com}
  legal:
    - {name: counsel, email: counsel@example.com}
    - {name: the general counsel, email: general.counsel@example.com}
  payroll: {name: payroll, email: payroll@example.com}
  finance: {name: the controller, email: finance@example.com}
  benefits: {name: benefits, email: benefits@example.com}
  equity: {name: the equity desk, email: equity@example.com}
"""

PEOPLE = {
    "the employee": "employee@example.com",
    "the manager": "manager@example.com",
    "the head of HR": "hr@example.com",
    "counsel": "counsel@example.com",
    "the general counsel": "general.counsel@example.com",
    "payroll": "payroll@example.com",
    "the controller": "finance@example.com",
    "benefits": "benefits@example.com",
    "the equity desk": "equity@example.com",
}

# Every system that the template sends instructions to.
SYSTEMS = ("payroll", "equity", "benefits", "hr", "leave_ledger")
SLACK = "slack"


@dataclass(frozen=True, slots=True)
class Figure:
    """What the letter says that one system is to be told.

    `times`: how often within the demo; `total`: of the amounts or the units together, None where there is none.
    `first_on` and `last_on`: the days, both included, on which it may arrive there, where the letter counts.
    """

    cite: str
    says: str
    system: str
    kind: str
    times: int
    total: Decimal | None = None
    first_on: date | None = None
    last_on: date | None = None
    due_from: date | None = None  # only those due on these days, both included
    due_to: date | None = None


_YEAR_1 = (date(2005, 4, 11), date(2006, 4, 10))
_YEAR_2 = (date(2006, 4, 11), date(2007, 4, 10))
_YEAR_3 = (date(2007, 4, 11), date(2008, 4, 10))

FIGURES = (
    Figure("8", "Form I-9 is asked for on the first day", "hr", "hr_task", 1, None,
           date(2005, 4, 11), date(2005, 4, 11)),
    Figure("3", "the option on 250,000 shares", "equity", "option_grant", 1, Decimal(250_000), date(2005, 4, 11)),
    Figure("3", "a quarter vests after a year", "equity", "vesting", 1, Decimal(62_500), date(2006, 4, 11),
           None, date(2006, 4, 11), date(2006, 4, 11)),
    Figure("3", "then a sixteenth each quarter, twice", "equity", "vesting", 2, Decimal(31_250), date(2006, 7, 11),
           None, date(2006, 4, 12), date(2009, 4, 11)),
    Figure("3", "the rest vests on the change of control", "equity", "acceleration", 1, Decimal(156_250),
           date(2006, 10, 16), date(2006, 10, 16)),
    Figure("3", "and payroll hears of it for the taxes", "payroll", "tax_notice", 1, Decimal(156_250),
           date(2006, 10, 16), date(2006, 10, 16)),
    Figure("5.1(a)", "the lump sum, five days later", "payroll", "one_time_earning", 1, Decimal("125000.00"),
           date(2006, 10, 19), date(2006, 10, 19)),
    Figure("5.1(b)", "six months of health cover", "benefits", "benefit_start", 1, None, date(2006, 10, 16)),
    # The first pay period began two days before the first day: twelve fourteenths of 9,615.38.
    Figure("2", "salary of the first year, from day one", "payroll", "recurring_earning", 26, Decimal("248626.38"),
           None, None, *_YEAR_1),
    Figure("2", "salary of the second year", "payroll", "recurring_earning", 26, Decimal("250000.00"),
           None, None, *_YEAR_2),
    Figure("2", "and the first of the third", "payroll", "recurring_earning", 1, Decimal("9615.38"),
           None, None, *_YEAR_3),
    Figure("4", "four weeks of vacation in the first year", "leave_ledger", "leave_accrual", 26, Decimal("160.00"),
           None, None, *_YEAR_1),
    Figure("4", "and in the second", "leave_ledger", "leave_accrual", 26, Decimal("160.00"), None, None, *_YEAR_2),
    Figure("4", "and so on in the third", "leave_ledger", "leave_accrual", 1, Decimal("6.15"), None, None, *_YEAR_3),
)  # fmt: skip

COVER = (date(2006, 10, 17), date(2007, 4, 16))
LUMP_SUM_DUE_ON = date(2006, 10, 21)
