"""Periods that follow one another, and what accrues or is paid for each: service years, bi-weekly accrual, pay.

A service year runs from one anniversary of the start to the day before the next. What a year is worth is split over the
periods that end in it, by exact fractions, so that 26 or 27 periods always add up to the year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned, later
from schedules.spans import MonthEnd, add_months


@dataclass(frozen=True, slots=True)
class ServiceYear:
    """A year of service: its ordinal from 1 and its first and last day, both in."""

    ordinal: int
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Period:
    """One period: its ordinal from 1, its days (both in), the service year it ends in, its place in that year."""

    ordinal: int
    first_on: date
    last_on: date
    year: ServiceYear
    place: int
    places: int


def service_year(start: date, day: date) -> ServiceYear:
    """The year of service a day falls in; raises `ValueError` before the start.

    >>> start = date(2005, 4, 11)
    >>> service_year(start, date(2006, 4, 10)).ordinal, service_year(start, date(2006, 4, 11)).ordinal
    (1, 2)
    """
    if day < start:
        raise ValueError(f"{day} is before the first day of service {start}")
    ordinal = day.year - start.year + 1
    if day < add_months(start, 12 * (ordinal - 1), MonthEnd.CLAMP):
        ordinal -= 1
    first = add_months(start, 12 * (ordinal - 1), MonthEnd.CLAMP)
    return ServiceYear(ordinal, first, add_days(add_months(start, 12 * ordinal, MonthEnd.CLAMP), -1))


def periods(start: date, days: int, until: date, *, first_end: date | None = None) -> Iterator[Period]:
    """Every period of so many days from the start whose last day is not after `until`, in order.

    Periods run back to back. `first_end` anchors them to a published calendar: the first period is then the stub from
    the start to the first end of the calendar's on or after it. Raises `ValueError` for periods shorter than a day.

    >>> two = list(periods(date(2005, 4, 11), 14, date(2005, 5, 8)))
    >>> [(p.last_on.isoformat(), p.place, p.places) for p in two]
    [('2005-04-24', 1, 26), ('2005-05-08', 2, 26)]
    """
    if days < 1:
        raise ValueError(f"periods of {days} days never end; write a day or more")
    if first_end is None:
        end = add_days(start, days - 1)
    else:
        end = add_days(first_end, -((first_end - start).days // days) * days)
    first_end_on, first, ordinal = end, start, 1
    year: ServiceYear | None = None
    places = before = 0
    while end <= until:
        if year is None or end > year.last_on:
            year = service_year(start, end)
            before = _ends_before(first_end_on, days, year.first_on)
            places = _ends_before(first_end_on, days, add_days(year.last_on, 1)) - before
        yield Period(ordinal, first, end, year, ordinal - before, places)
        if (until - end).days < days:
            return
        first, ordinal, end = add_days(end, 1), ordinal + 1, add_days(end, days)


def _ends_before(first_end: date, days: int, day: date) -> int:
    """How many periods end before the day."""
    return max(0, -(-(day - first_end).days // days))


def accrued(period: Period, yearly: Fraction, smallest: Fraction, unit: str) -> Reasoned[Fraction]:
    """What one period adds: the year's worth × place ÷ places, rounded on the running total to the smallest part.

    >>> first = next(periods(date(2005, 4, 11), 14, date(2006, 1, 1)))
    >>> float(accrued(first, Fraction(160), Fraction(1, 100), "hours").value)
    6.15
    """
    # How many of the smallest part there are in one place of the year, as a whole number over another.
    numerator = yearly.numerator * smallest.denominator
    denominator = yearly.denominator * smallest.numerator * period.places
    upto = _halves_up(numerator * period.place, denominator)
    before = _halves_up(numerator * (period.place - 1), denominator)
    amount = Fraction((upto - before) * smallest.numerator, smallest.denominator)
    return Reasoned(amount, later(_added, period, yearly, smallest, unit, amount))


def _halves_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _added(period: Period, yearly: Fraction, smallest: Fraction, unit: str, amount: Fraction) -> Derivation:
    exact = yearly * Fraction(1, period.places)
    rule = (
        f"{yearly} {unit} × {period.place}/{period.places} for the periods ended in service year"
        f" {period.year.ordinal}, less what accrued before; running total rounded to {decimal_text(smallest)};"
        f" exact share {exact.numerator}/{exact.denominator}"
    )
    return Derivation(rule, f"{decimal_text(amount)} {unit}")


def instalment(period: Period, yearly_minor: Fraction) -> int:
    """The minor units one period pays of a yearly amount: shares rounded down, the remainder in the year's last period.

    >>> year = list(periods(date(2005, 4, 11), 14, date(2006, 4, 10)))
    >>> parts = [instalment(p, Fraction(25_000_000)) for p in year]
    >>> parts[0], parts[-1], sum(parts)
    (961538, 961550, 25000000)
    """
    share = yearly_minor.numerator // (yearly_minor.denominator * period.places)
    return share if period.place < period.places else int(yearly_minor) - (period.places - 1) * share


def decimal_text(number: Fraction) -> str:
    """An exact decimal such as 6.15; raises `ValueError` for a fraction that has none."""
    digits = 0
    scaled = number
    while scaled.denominator != 1:
        scaled *= 10
        digits += 1
        if digits > 30:
            raise ValueError(f"{number} has no exact decimal form")
    text = str(abs(scaled.numerator)).rjust(digits + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else f"{sign}{text}"
