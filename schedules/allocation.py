"""Allocation: how a grant of whole units falls on tranches whose exact shares are fractions.

The seven types and their names are those of the Open Cap Format. Each type gives together what the exact shares come
to, so no unit appears or is lost by rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate
from math import floor, lcm

DIGITS = 10
"""How many digits after the point a fractional tranche has: as many as the Open Cap Format can say."""

Part = tuple[Fraction, int]
"""One step of a schedule: the exact units it comes to, and the number of equal tranches it falls into."""


class Allocation(StrEnum):
    """Where the units go that equal shares leave over."""

    CUMULATIVE_ROUNDING = "cumulative rounding"
    CUMULATIVE_ROUND_DOWN = "cumulative round down"
    FRONT_LOADED = "front loaded"
    BACK_LOADED = "back loaded"
    FRONT_LOADED_TO_SINGLE_TRANCHE = "front loaded to single tranche"
    BACK_LOADED_TO_SINGLE_TRANCHE = "back loaded to single tranche"
    FRACTIONAL = "fractional"

    @property
    def rule(self) -> str:
        """What the type does, in the words of an explanation."""
        return _RULES[self]


_RULES = {
    Allocation.CUMULATIVE_ROUNDING: "rounded on the running total",
    Allocation.CUMULATIVE_ROUND_DOWN: "the running total rounded down",
    Allocation.FRONT_LOADED: "what is left over goes to the first tranches, one unit each",
    Allocation.BACK_LOADED: "what is left over goes to the last tranches, one unit each",
    Allocation.FRONT_LOADED_TO_SINGLE_TRANCHE: "what is left over goes to the first tranche",
    Allocation.BACK_LOADED_TO_SINGLE_TRANCHE: "what is left over goes to the last tranche",
    Allocation.FRACTIONAL: f"not rounded, to {DIGITS} digits after the point",
}


def round_half_up(exact: Fraction) -> int:
    """The nearest whole number, halves up.

    >>> round_half_up(Fraction(5, 2)), round_half_up(Fraction(7, 3))
    (3, 2)
    """
    return _near(exact.numerator, exact.denominator)


def _near(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _down(numerator: int, denominator: int) -> int:
    return numerator // denominator


def given(exact: Fraction, *, whole: bool, down: bool = False) -> Decimal:
    """Units that can be given: whole ones, or as many digits as a fractional tranche has; halves up, or down.

    >>> given(Fraction(15, 2), whole=True), given(Fraction(15, 2), whole=False)
    (Decimal('8'), Decimal('7.5'))
    """
    scale = 1 if whole else 10**DIGITS
    grains = floor(exact * scale) if down else round_half_up(exact * scale)
    return Decimal(grains) if whole else _plain(Decimal(grains).scaleb(-DIGITS))


def allocate(kind: Allocation, parts: Sequence[Part]) -> tuple[Decimal, ...]:
    """The units of every tranche, in the order of the parts; together the whole units in the sum of the parts.

    The cumulative types run over the whole schedule. The loaded ones first give each part whole units by the same
    rule, then load its tranches, so that a tranche whose share is whole keeps it.

    >>> eighteen = [(Fraction(18), 4)]
    >>> for kind in Allocation:
    ...     print(kind, *allocate(kind, eighteen))
    cumulative rounding 5 4 5 4
    cumulative round down 4 5 4 5
    front loaded 5 5 4 4
    back loaded 4 4 5 5
    front loaded to single tranche 6 4 4 4
    back loaded to single tranche 4 4 4 6
    fractional 4.5 4.5 4.5 4.5
    """
    if kind is Allocation.FRACTIONAL:
        return _fractional(parts)
    if kind in (Allocation.CUMULATIVE_ROUNDING, Allocation.CUMULATIVE_ROUND_DOWN):
        cut = _near if kind is Allocation.CUMULATIVE_ROUNDING else _down
        shares = [share for exact, times in parts for share in (exact / times,) * times]
        return tuple(map(Decimal, _cut(shares, cut)))
    wholes = _wholes(kind, [exact for exact, _ in parts])
    return tuple(
        Decimal(one) for whole, (_, times) in zip(wholes, parts, strict=True) for one in _load(kind, whole, times)
    )


def _cut(shares: Sequence[Fraction], cut: Callable[[int, int], int]) -> list[int]:
    """Whole units for each share, as the running total grows by whole units."""
    # Over one denominator the running total is a whole number, which adds without being reduced each time.
    scale = lcm(*(share.denominator for share in shares))
    units, taken = [], 0
    for running in accumulate(share.numerator * (scale // share.denominator) for share in shares):
        upto = cut(running, scale)
        units.append(upto - taken)
        taken = upto
    return units


def _wholes(kind: Allocation, exact: Sequence[Fraction]) -> list[int]:
    """Whole units for each part of a schedule."""
    whole = floor(sum(exact, Fraction(0)))
    if kind is Allocation.BACK_LOADED:
        return _cut(exact, _down)
    if kind is Allocation.FRONT_LOADED:
        return _cut(exact, lambda running, scale: min(whole, -(-running // scale)))
    floors = [floor(one) for one in exact]
    if floors:
        floors[0 if kind is Allocation.FRONT_LOADED_TO_SINGLE_TRANCHE else -1] += whole - sum(floors)
    return floors


def _load(kind: Allocation, whole: int, times: int) -> list[int]:
    """One part's units over its tranches."""
    each, left = divmod(whole, times)
    match kind:
        case Allocation.FRONT_LOADED:
            return [each + 1] * left + [each] * (times - left)
        case Allocation.BACK_LOADED:
            return [each] * (times - left) + [each + 1] * left
        case Allocation.FRONT_LOADED_TO_SINGLE_TRANCHE:
            return [each + left] + [each] * (times - 1)
        case _:
            return [each] * (times - 1) + [each + left]


def _fractional(parts: Sequence[Part]) -> tuple[Decimal, ...]:
    """Exact shares; where one has no end as a decimal, the running total is cut, so that they add up."""
    scale = 10**DIGITS
    grains = _cut([exact * scale / times for exact, times in parts for _ in range(times)], _down)
    return tuple(_plain(Decimal(grain).scaleb(-DIGITS)) for grain in grains)


def _plain(units: Decimal) -> Decimal:
    """The number without the zeros that say nothing: 4.5, and 4 rather than 4.0000000000."""
    return units.quantize(Decimal(1)) if units == units.to_integral_value() else units.normalize()
