"""Money: exact, never negative, and never shown by accident."""

from __future__ import annotations

import traceback
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obligations.domain.money import LARGEST_MINOR, Money, NotMoney, digits_of

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CNY"])


@given(st.integers(0, LARGEST_MINOR), CURRENCIES)
def test_an_amount_survives_being_written_and_read(minor: int, currency: str) -> None:
    """A cent lost between the store and payroll would be paid wrong."""
    money = Money(minor, currency)
    assert Money.of(str(money.value), currency) == money
    assert -money.value.as_tuple().exponent == digits_of(currency)  # type: ignore[operator]  # finite, so an int


NO_AMOUNTS = [
    ("-1", "USD"),
    ("1.005", "USD"),
    ("1.5", "JPY"),
    ("NaN", "USD"),
    ("Infinity", "USD"),
    ("1e30", "USD"),
    ("", "USD"),
    ("1", "usd"),
    ("1", "DOLLAR"),
]


@pytest.mark.parametrize(("text", "currency"), NO_AMOUNTS)
def test_what_is_no_payable_amount_is_refused(text: str, currency: str) -> None:
    """A negative, a fraction of a cent or a NaN in an instruction could not be undone."""
    with pytest.raises(NotMoney):
        Money.of(text, currency)


def test_an_amount_never_shows_in_a_log_or_a_traceback() -> None:
    """Pay in a log is pay in every backup of that log."""
    money = Money.of("125000.00", "USD")
    try:
        raise RuntimeError(f"{money} {money!r} {[money]}")
    except RuntimeError:
        said = traceback.format_exc()
    assert "125" not in said
    assert money.value == Decimal("125000.00")
    assert money.shown() == "125,000.00 USD"
