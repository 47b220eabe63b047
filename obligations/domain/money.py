"""Money: whole minor units with their currency, exact, and masked wherever it is not shown on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from schedules.frozen import swift

# ISO 4217 currencies whose minor unit is not a hundredth.
_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
LARGEST_MINOR = 10**15


class NotMoney(ValueError):
    """The text is not an amount in that currency."""


def digits_of(currency: str) -> int:
    """How many decimal places the currency has: 2 for USD, 0 for JPY, 3 for KWD."""
    return _DIGITS.get(currency, 2)


@swift
@dataclass(frozen=True, slots=True, repr=False)
class Money:
    """An amount in whole minor units of a currency; never negative, never a float.

    `repr` and `str` hide the amount, so that a log line or a traceback cannot leak pay; `value` and
    `shown` are the two deliberate ways to read it.

    >>> Money.of("125000", "USD").shown()
    '125,000.00 USD'
    >>> Money.of("1.5", "JPY")
    Traceback (most recent call last):
    obligations.domain.money.NotMoney: 1.5 has more decimal places than JPY allows (0)
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise NotMoney(f"{self.currency!r} is not a currency code such as USD")
        if self.minor < 0:
            raise NotMoney("an amount owed is not negative")
        if self.minor > LARGEST_MINOR:
            raise NotMoney("the amount is too large to be pay")

    @classmethod
    def of(cls, text: str | Decimal, currency: str) -> Money:
        """The amount written as a decimal number; raises `NotMoney` when it is not exact in the currency."""
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise NotMoney(f"{text!r} is not an amount") from None
        if not number.is_finite():
            raise NotMoney(f"{text!r} is not an amount")
        minor = number.scaleb(digits_of(currency)) if abs(number) <= LARGEST_MINOR else Decimal(LARGEST_MINOR + 1)
        if minor != minor.to_integral_value():
            raise NotMoney(f"{text} has more decimal places than {currency} allows ({digits_of(currency)})")
        return cls(int(minor), currency)

    @property
    def value(self) -> Decimal:
        """The amount with exactly the currency's decimal places: Decimal('125000.00')."""
        return Decimal(self.minor).scaleb(-digits_of(self.currency))

    @property
    def exact(self) -> Fraction:
        """The minor units as a fraction, for arithmetic that must not round early."""
        return Fraction(self.minor)

    def shown(self) -> str:
        """The amount for a reader who may see it."""
        return f"{self.value:,} {self.currency}"

    def __repr__(self) -> str:
        return f"Money(*** {self.currency})"

    __str__ = __repr__
