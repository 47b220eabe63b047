"""Tables of the file: figures by steps, between which they jump or run evenly, and rates by tiers."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from obligations.terms.fields import Strict, YesNo
from schedules.periods import decimal_text

_FIGURE = re.compile(r"\d{1,15}(\.\d{1,8})?", re.ASCII)
_RATE = re.compile(r"(\d{1,4}(?:\.\d{1,8})?)%", re.ASCII)


class Table(Strict):
    """Figures by steps, or rates by tiers.

    A step holds from its figure on up to the next; with `interpolate` what lies between runs evenly. A tier's rate is
    taken of the part that lies in it. `below` the first step and `above` the last the table refuses to guess, unless it
    says what holds there.
    """

    says: str = ""
    of: Literal["number", "units", "hours", "money"] = "number"
    steps: dict[str, str] = Field(default_factory=dict)
    tiers: dict[str, str] = Field(default_factory=dict)
    below: str = "refuse"
    above: str = "last"
    interpolate: YesNo = False
    cite: str = ""

    @model_validator(mode="after")
    def _figures(self) -> Table:
        if bool(self.steps) == bool(self.tiers):
            raise ValueError("a table has either `steps` or `tiers`")
        for figure in (*self.steps, *self.steps.values(), *self.tiers):
            if not _FIGURE.fullmatch(figure):
                raise ValueError(f'"{figure[:20]}" is no figure; write digits, such as 2 or 7.5')
        for rate in self.tiers.values():
            if not _RATE.fullmatch(rate):
                raise ValueError(f'"{rate[:20]}" is no rate; write for example 5%')
        starts = [Fraction(figure) for figure in (self.steps or self.tiers)]
        if sorted(set(starts)) != starts:
            raise ValueError("the steps of a table rise, each once")
        if self.below != "refuse" and not _FIGURE.fullmatch(self.below):
            raise ValueError(f'`below` is refuse or a figure; not "{self.below[:20]}"')
        if self.above not in ("last", "refuse"):
            raise ValueError(f'`above` is last or refuse; not "{self.above[:20]}"')
        if self.tiers and (self.interpolate or {"of", "below", "above"} & self.model_fields_set):
            raise ValueError("tiers have rates and nothing else: leave out `of`, `below`, `above` and `interpolate`")
        return self

    @cached_property
    def points(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """The steps in order: from where on, and which figure."""
        return tuple((Fraction(start), Fraction(figure)) for start, figure in self.steps.items())

    @cached_property
    def rates(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """The tiers in order: from where on, and which share."""
        return tuple((Fraction(start), Fraction(rate[:-1]) / 100) for start, rate in self.tiers.items())


def value_at(name: str, table: Table, at: Fraction) -> tuple[Fraction, str] | None:
    """What a table says at a figure, and by which of its lines; None where it refuses.

    >>> weeks = Table(steps={"0": "4", "2": "8", "5": "12"})
    >>> str(value_at("weeks", weeks, Fraction(9, 2))[0]), value_at("weeks", weeks, Fraction(9))[1]
    ('8', 'from 5 on')
    >>> rates = Table(tiers={"0": "5%", "1000": "2%"})
    >>> value_at("rates", rates, Fraction(1500))
    (Fraction(60, 1), '5% of 1000 and 2% of 500')
    """
    return _by_tiers(table, at) if table.tiers else _by_steps(table, at)


def _by_tiers(table: Table, at: Fraction) -> tuple[Fraction, str]:
    total, said = Fraction(0), []
    ends = [start for start, _ in table.rates[1:]]
    for number, (start, share) in enumerate(table.rates):
        end = min(at, ends[number]) if number < len(ends) else at
        if end > start:
            total += (end - start) * share
            said.append(f"{decimal_text(share * 100)}% of {_text(end - start)}")
    return total, " and ".join(said) or "below its first tier"


def _by_steps(table: Table, at: Fraction) -> tuple[Fraction, str] | None:
    points = table.points
    if at < points[0][0]:
        return None if table.below == "refuse" else (Fraction(table.below), f"below {_text(points[0][0])}")
    number = max(place for place, (start, _) in enumerate(points) if start <= at)
    start, figure = points[number]
    if number == len(points) - 1:
        return None if table.above == "refuse" and at > start else (figure, f"from {_text(start)} on")
    end, other = points[number + 1]
    if not table.interpolate or at == start:
        return figure, f"from {_text(start)} on"
    share = (at - start) / (end - start)
    return figure + (other - figure) * share, f"evenly between {_text(figure)} and {_text(other)}"


def _text(figure: Fraction) -> str:
    try:
        return decimal_text(figure)
    except ValueError:
        return str(figure)
