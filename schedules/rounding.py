"""Rounding by a named rule: fractions stay exact until one of these is asked for, once, at the end."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction


class Rounding(StrEnum):
    """What happens to a part smaller than the smallest that counts."""

    HALF_UP = "half up"
    HALF_EVEN = "half even"
    UP = "up"
    DOWN = "down"


def rounded(exact: Fraction, smallest: Fraction = Fraction(1), rule: Rounding = Rounding.HALF_UP) -> Fraction:
    """The multiple of `smallest` that the rule leads to; `up` and `down` go away from zero and towards it.

    >>> [int(rounded(Fraction(5, 2), rule=rule)) for rule in Rounding]
    [3, 2, 3, 2]
    >>> int(rounded(Fraction(61_001), Fraction(1_000), Rounding.UP))
    62000
    """
    if (exact / smallest).denominator == 1:
        return exact
    sign = -1 if exact < 0 else 1
    parts = abs(exact) / smallest
    whole, rest = parts.numerator // parts.denominator, parts - parts.numerator // parts.denominator
    half = Fraction(1, 2)
    match rule:
        case Rounding.HALF_UP:
            up = rest >= half
        case Rounding.HALF_EVEN:
            up = rest > half or (rest == half and whole % 2 == 1)
        case Rounding.UP:
            up = rest > 0
        case Rounding.DOWN:
            up = False
    return sign * (whole + up) * smallest
