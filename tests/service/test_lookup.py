"""Finding an obligation by what people call it."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.service.errors import NotFound
from tests.service.office import LETTER, Office

START = date(2026, 1, 5)
STATUTE = """
  lump_sum_by_law:
    cite: "statute"
    who: company owes employee
    pay: 150000.00
    instead_of: lump_sum
    if: large
    exactly: 5 days after protected_exit
"""
LARGE = 'parameters:\n  large: {type: yes_or_no, default: yes, cite: "statute"}'


def test_a_rule_that_stands_instead_of_another_is_found_by_either_name(desk: Office) -> None:
    """Somebody who reads the statute asks why it is owed, and is not told that there is no such thing."""
    desk.add(LETTER.replace("parameters:", LARGE) + STATUTE)
    desk.tell("employment_started", START)
    desk.tell("change_of_control", START)
    by_law = desk.service.why("letter/lump_sum_by_law").occurrence
    assert by_law is not None
    assert by_law == desk.service.why("letter/lump_sum").occurrence
    assert by_law.amount is not None
    assert by_law.amount.shown() == "150,000.00 USD"


def test_one_that_does_not_stand_is_not_found(desk: Office) -> None:
    desk.add(LETTER.replace("parameters:", LARGE.replace("yes, cite", "no, cite")) + STATUTE)
    desk.tell("employment_started", START)
    desk.tell("change_of_control", START)
    with pytest.raises(NotFound):
        desk.service.why("letter/lump_sum_by_law")
