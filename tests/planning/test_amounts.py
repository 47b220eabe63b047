"""Amounts: formulas stay exact to the end, like is added to like, and what is not known is asked for."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obligations.domain.occurrence import State
from obligations.planning.quantities import Quantity, together
from obligations.planning.values import NOWHERE, NotYet, PlanningError
from obligations.planning.world import World
from obligations.terms import expressions as e
from obligations.terms.formulas import amount as parsed
from obligations.terms.loader import load
from schedules.derivation import Reasoned
from schedules.rounding import Rounding, rounded
from tests.planning.letter import CALENDARS, ZONES, happened, only, planned
from tests.planning.small import EXIT, HEAD, STARTED, amount, paid, small

CLAUSE = '  any: {cite: "1", who: company owes employee, task: Something, by: unstated}\n'
TERMS = load(HEAD + CLAUSE, "small.yaml", lambda wanted: (wanted, wanted))


def exact(pay: object) -> Fraction:
    """What an amount comes to before it is rounded."""
    found = World(TERMS, (), None, CALENDARS, ZONES).quantity(parsed(pay), NOWHERE, None)
    assert isinstance(found, Reasoned)
    return found.value.exact


# --- the unpleasant cases first -------------------------------------------------------------------------------------


def test_a_third_and_a_third_and_a_third_are_the_whole() -> None:
    """A figure of 100.01 paid by thirds would lose a cent on the way, since each third was rounded before the sum."""
    assert amount("third + third + third") == "100.01 USD"
    assert amount("bonus / 3 * 3") == "100.01 USD"
    assert amount("bonus / 3") == "33.34 USD"


def test_what_comes_to_less_than_nothing_is_nothing() -> None:
    """The employee would be sent an instruction over a negative amount."""
    owed = paid("bonus - monthly_base")
    assert owed.amount is not None
    assert owed.amount.minor == 0
    assert "100.01 USD − 10,000.00 USD, and not below zero" in owed.derivation.sentence()


def test_two_currencies_do_not_add_up() -> None:
    """Dollars and euros would be added as if they were the same, at a rate that nobody agreed."""
    with pytest.raises(PlanningError, match="state both in one currency"):
        amount("premium + bonus", STARTED, EXIT, happened("premium", "2026-02-01", value="5 EUR"))


def test_money_may_be_owed_in_another_currency() -> None:
    """An agreement in euros with a payment in dollars could not be written down."""
    assert amount("2 * retainer") == "1,800.00 EUR"
    assert amount("225000 EUR") == "225,000.00 EUR"
    assert amount("500 JPY") == "500 JPY"


def test_a_formula_with_something_missing_asks_for_it() -> None:
    """A missing premium would count as nothing."""
    owed = paid("{sum of: [premium, monthly_base]}")
    assert (owed.state, owed.missing, owed.amount) == (State.WAITING, ("premium",), None)


def test_nothing_is_divided_by_nothing() -> None:
    """A fact of 0 would bring the planning down instead of going to a person."""
    owed = paid("monthly_base * (bonus / premium)", STARTED, EXIT, happened("premium", "2026-01-20", value="0"))
    assert owed.state is State.NEEDS_PERSON
    assert "divided by 0" in owed.missing[0]


def test_a_formula_explains_itself() -> None:
    """A number would stand on a screen and nobody could say where it came from."""
    said = paid("{lesser of: [2 * monthly_base, 50 percent of base_salary]}").derivation.sentence()
    assert "the lesser of 20,000.00 USD and 60,000.00 USD" in said
    assert "2 × 10,000.00 USD" in said
    assert "50 percent of 120,000.00 USD" in said
    assert "monthly_base of the contract (clause 1): 10,000.00 USD" in said


@pytest.mark.parametrize(
    ("pay", "comes_to"),
    [
        ("2 * monthly_base", "20,000.00 USD"),
        ("monthly_base * multiple", "15,000.00 USD"),
        ("1.5 times monthly_base", "15,000.00 USD"),
        ("base_salary * 6/12", "60,000.00 USD"),
        ("base_salary / 52", "2,307.69 USD"),
        ("monthly_base + 500 - bonus", "10,399.99 USD"),
        ("50 percent of (monthly_base + 500)", "5,250.00 USD"),
        ("12.5 percent of monthly_base", "1,250.00 USD"),
        ("gain of exit * 2", "100.00 USD"),
        ("monthly_base * (options / 500 units)", "20,000.00 USD"),
        ("base_salary * (bonus / (2 * bonus))", "60,000.00 USD"),
        ("{greater of: [bonus, 50, 20 percent of bonus]}", "100.01 USD"),
        ("{rounded: base_salary / 52, to: 100, by: up}", "2,400.00 USD"),
        ("{rounded: base_salary / 52, by: up}", "2,307.70 USD"),
        ("{rounded: 0.125 * 1000 / 1000, by: half even}", "0.12 USD"),
        ("{sum of: [bonus, {lesser of: [bonus, 0.01]}]}", "100.02 USD"),
    ],
)
def test_formulas_come_to(pay: str, comes_to: str) -> None:
    """Somebody would be paid another amount than the document says."""
    assert amount(pay) == comes_to


def test_a_choice_may_stand_inside_a_list() -> None:
    """A clause whose cap can be read in two ways could not be written down."""
    readings = "readings:\n  cap: {use: low, options: [low, high]}\nclauses:\n"
    head = HEAD.replace("clauses:\n", readings)
    pay = "{lesser of: [base_salary, {reading: cap, low: monthly_base, high: 2 * monthly_base}]}"
    owed = paid(pay, head=head)
    assert owed.amount is not None
    assert owed.amount.shown() == "10,000.00 USD"
    assert 'reading cap: "low"' in owed.derivation.sentence()


def test_units_are_whole() -> None:
    """Part of an option would be granted."""
    clause = """
  given:
    cite: "9"
    who: company owes employee
    grant: options / 3
    when: exit
    exactly: exit
"""
    grant = only(planned(STARTED, EXIT, terms=small(clause)), "given")
    assert str(grant.units) == "333"
    assert "rounded to 1, halves up" in grant.derivation.sentence()


# --- laws -----------------------------------------------------------------------------------------------------------

FIGURES = st.decimals(0, 10**9, places=2).map(lambda number: f"{number:f}")
PERCENTS = st.decimals(0, 100, places=3).map(lambda number: f"{number:f}")
EACH = settings(max_examples=60, deadline=None)


@given(FIGURES, FIGURES)
@EACH
def test_the_greater_is_the_same_either_way_round(one: str, other: str) -> None:
    """The order of a list would change what is paid."""
    greater, lesser = exact({"greater of": [one, other]}), exact({"lesser of": [one, other]})
    assert greater == exact({"greater of": [other, one]})
    assert greater + lesser == exact({"sum of": [one, other]})


@given(PERCENTS, st.lists(FIGURES, min_size=2, max_size=5))
@EACH
def test_a_percentage_of_a_sum_is_the_sum_of_percentages(percent: str, parts: list[str]) -> None:
    """Rounding on the way would make a bonus depend on how the salary is written."""
    whole = exact(f"{percent} percent of ({' + '.join(parts)})")
    assert whole == exact({"sum of": [f"{percent} percent of {part}" for part in parts]})


@given(FIGURES, st.integers(1, 400), st.integers(1, 400))
@EACH
def test_a_part_times_its_number_is_the_whole(figure: str, times: int, parts: int) -> None:
    """Instalments of a formula would not add up to it."""
    assert exact(f"{figure} * {times}/{parts} * {parts}/{times}") == Fraction(figure)


@given(FIGURES, FIGURES)
@EACH
def test_a_difference_is_what_is_missing_to_the_greater(one: str, other: str) -> None:
    """A make-whole payment would not make whole."""
    assert exact(f"{one} - {other}") + Fraction(other) == exact({"greater of": [one, other]})


@given(st.fractions(-1000, 1000), st.fractions(Fraction(1, 100), 100), st.sampled_from(Rounding))
@EACH
def test_rounding_moves_less_than_one_step(number: Fraction, step: Fraction, rule: Rounding) -> None:
    """A rounded amount would be further off than its rule allows."""
    found = rounded(number, step, rule)
    assert (found / step).denominator == 1
    assert abs(found - number) < step
    assert rounded(found, step, rule) == found
    if rule in (Rounding.HALF_UP, Rounding.HALF_EVEN):
        assert abs(found - number) <= step / 2


def test_a_quantity_without_an_end_is_shown_as_a_fraction() -> None:
    """An explanation would show a figure that is not the one reckoned with."""
    assert Quantity(Fraction(100, 3), "USD").words() == "100/3 USD"
    assert Quantity(Fraction(1, 2), "").words() == "0.5"


def test_what_can_never_be_leaves_nothing_to_reckon_with() -> None:
    """A sum would go on waiting for a part that can never come."""
    never = NotYet(never="over")
    assert together([NotYet(waiting=("x",)), never]) == never
    assert isinstance(parsed("2 * bonus"), e.Product)


def test_hours_are_given_or_taken_at_once() -> None:
    """Vacation that lapses with the year could not be said in hours, which are no whole units."""
    lapsed = """
  lapse: {cite: "9", who: employee owes company, grant: 47.25 hours - 40 hours, unit: hours, when: exit, exactly: exit}
"""
    assert str(only(planned(STARTED, EXIT, terms=small(lapsed)), "lapse").units) == "7.25"
