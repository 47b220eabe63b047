"""Periods that follow one another, and what accrues or is paid for each: service years, bi-weekly accrual, pay.

A service year runs from one anniversary of the start to the day before the next. What a year is worth is split over the
periods that end in it, by exact fractions, so that 26 or 27 periods always add up to the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import count, groupby, takewhile

from schedules.allocation import round_half_up
from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned, later
from schedules.frozen import swift
from schedules.payroll import EveryDays, Rhythm
from schedules.spans import AmbiguousDate, MonthEnd, add_months

NONE = Fraction(0)
# Salary and leave of one contract have the same periods, and so has every later plan of it. So many years are kept:
# 2 MB of fortnights, 23 MB of days.
YEARS_KEPT = 256


@swift
@dataclass(frozen=True, slots=True)
class ServiceYear:
    """A year of service: its ordinal from 1 and its first and last day, both in."""

    ordinal: int
    first_on: date
    last_on: date


@swift
@dataclass(frozen=True, slots=True)
class Period:
    """One period: its ordinal from 1, its days (both in), the service year it ends in, its place in that year.

    `places` is how many of its kind end in the year. `rhythm` and `number` say which period of a payroll calendar it
    is, `full` how many days that has when nothing cuts it. `spread` is set where the payroll calendar changed.
    """

    ordinal: int
    first_on: date
    last_on: date
    year: ServiceYear
    place: int
    places: int
    rhythm: Rhythm
    number: int
    full: int
    spread: Spread | None = None

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.last_on.toordinal() - self.first_on.toordinal() + 1

    @property
    def share(self) -> Fraction:
        """Its part of what a year is worth."""
        if self.spread is None:
            return Fraction(1, self.places)
        reached, upto = self.spread.reached(self.days)
        return upto - reached


@dataclass(frozen=True, slots=True)
class Spread:
    """What is left of a year in which the payroll calendar changed, spread over the days of the periods left in it.

    Args:
        kept: how many periods ended before the change; each has one of `of` shares of a year.
        of: how many periods would have ended in the year without the change.
        before: days of the periods left that lie before this one.
        days: days of all the periods left, as the calendar in force would have them to the end of the year.
        earlier: days taken and days there were, for each earlier change in the same year.
        short: the share that a first period, begun after its calendar's, leaves unpaid; 0 for every other.
        years: 2 where the year before had no period left to take its rest, which is paid with this year; else 1.
    """

    kept: int
    of: int
    before: int
    days: int
    earlier: tuple[tuple[int, int], ...] = ()
    short: Fraction = NONE
    years: int = 1

    def reached(self, days: int) -> tuple[Fraction, Fraction]:
        """The share of a year reached before these days, and with them."""
        share = Fraction(self.kept, self.of)
        for taken, there_were in self.earlier:
            share += (self.years - share) * Fraction(taken, there_were)
        left = self.years - share
        return share + left * Fraction(self.before, self.days), share + left * Fraction(self.before + days, self.days)

    def minor(self, days: int, yearly: Fraction) -> int:
        """The minor units of these days of a yearly amount, rounded so that all that is left is paid."""
        left = self.years * int(yearly) - self.kept * int(yearly / self.of) - round_half_up(yearly * self.short)
        for taken, there_were in self.earlier:
            left -= left * taken // there_were
        return left * (self.before + days) // self.days - left * self.before // self.days


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
    return _year_of(start, ordinal)


def _year_of(start: date, ordinal: int) -> ServiceYear:
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
    rhythm = EveryDays(days, first_end or add_days(start, days - 1))
    return pay_periods(start, [(start, rhythm)], until)


def pay_periods(start: date, rhythms: Sequence[tuple[date, Rhythm]], until: date = date.max) -> Iterator[Period]:
    """Every period from the start whose last day is not after `until`, in order, by the rhythm in force on its days.

    Args:
        start: the first day of the first period, and of the first year of service.
        rhythms: which rhythm holds from which day on, in day order; the first holds from the start at least. A period
            that has begun when another rhythm takes over ends the day before, and a new one begins that day.
        until: the last day on which one of them may end; left out, they go on without an end.

    A year in which that happened is worth as much as any other: the periods that ended before keep their share, and
    what is left is spread by days over the periods that still end in the year.

    >>> from itertools import islice
    >>> from schedules.payroll import MonthDays
    >>> two_weeks, months = EveryDays(14, date(2026, 1, 9)), MonthDays((31,))
    >>> changed = pay_periods(date(2026, 1, 1), [(date(2026, 1, 1), two_weeks), (date(2026, 1, 20), months)])
    >>> [f"{p.first_on:%m-%d} to {p.last_on:%m-%d}" for p in islice(changed, 4)]
    ['01-01 to 01-09', '01-10 to 01-19', '01-20 to 01-31', '02-01 to 02-28']
    """
    if len(rhythms) == 1:
        return _regular(start, rhythms[0][1], until)
    return takewhile(lambda period: period.last_on <= until, _changing(start, rhythms))


def _changing(start: date, rhythms: Sequence[tuple[date, Rhythm]]) -> Iterator[Period]:
    """Periods of one rhythm after another, those of a year in which one took over from another as it leaves them."""
    running = _cut(start, _in_order(start, rhythms))
    ordinal = 0
    last: Period | None = None
    over: list[_Cut] = []
    for year, ended in groupby(running, key=lambda cut: service_year(start, cut.last_on)):
        made, over, begun = *_filled(year, [*over, *ended], begun=bool(over)), bool(over)
        rest = last if last is not None and last.spread is None and last.place < last.places else None
        for period in _of_year(year, made, start, rest, begun=begun):
            ordinal += 1
            last = replace(period, ordinal=ordinal)
            yield last


def _in_order(start: date, rhythms: Sequence[tuple[date, Rhythm]]) -> list[tuple[date, Rhythm]]:
    """The rhythms that hold on or after the start, each of them other than the one before it."""
    kept: list[tuple[date, Rhythm]] = []
    for since, rhythm in rhythms:
        if kept and since <= start:
            kept.clear()
        if not kept or kept[-1][1] != rhythm:
            kept.append((max(since, start), rhythm))
    return kept


@swift
@dataclass(frozen=True, slots=True)
class _Cut:
    """A period as the rhythms have it, before anybody asks what it is worth.

    `fresh` is the first after a change; `then` is the rhythm that takes over right after it and cuts it short.
    """

    first_on: date
    last_on: date
    rhythm: Rhythm
    number: int
    full: int
    fresh: bool
    then: Rhythm | None

    @property
    def days(self) -> int:
        return (self.last_on - self.first_on).days + 1


def _cut(start: date, rhythms: Sequence[tuple[date, Rhythm]]) -> Iterator[_Cut]:
    first = start
    for place, (_, rhythm) in enumerate(rhythms):
        taken_over, then = rhythms[place + 1] if place + 1 < len(rhythms) else (None, None)
        number = rhythm.number(first)
        fresh = place > 0
        before = rhythm.end(number - 1)
        while taken_over is None or first < taken_over:
            end = rhythm.end(number)
            full = (end - before).days
            if taken_over is not None and end >= taken_over:
                yield _Cut(first, add_days(taken_over, -1), rhythm, number, full, fresh, then)
                break
            yield _Cut(first, end, rhythm, number, full, fresh, None)
            first, number, fresh, before = add_days(end, 1), number + 1, False, end
        if taken_over is not None:
            first = taken_over


def _regular(start: date, rhythm: Rhythm, until: date) -> Iterator[Period]:
    """Periods of one rhythm, whose places in a year are counted rather than walked."""
    number = rhythm.number(start)
    for ordinal in count(1):
        if rhythm.end(number) > until:
            return
        for period in _of_one_rhythm(start, rhythm, ordinal):
            if period.last_on > until:
                return
            yield period
            number = period.number + 1


def _of_one_rhythm(start: date, rhythm: Rhythm, ordinal: int) -> Iterable[Period]:
    """The periods that end in a year of service."""
    try:
        return _kept(start, rhythm, ordinal)
    except AmbiguousDate:
        # One of its days is refused, but perhaps none that anybody comes to.
        return _in_year(start, rhythm, _year_of(start, ordinal))


@lru_cache(YEARS_KEPT)
def _kept(start: date, rhythm: Rhythm, ordinal: int) -> tuple[Period, ...]:
    return tuple(_in_year(start, rhythm, _year_of(start, ordinal)))


def _in_year(start: date, rhythm: Rhythm, year: ServiceYear) -> Iterator[Period]:
    """The periods of one rhythm that end in a year of service."""
    before_all = rhythm.number(start) - 1
    before = rhythm.number(year.first_on) - 1
    places = _ends_in(year, rhythm)
    ended = rhythm.end(before)
    for place in range(1, places + 1):
        number = before + place
        end = rhythm.end(number)
        first = max(start, add_days(ended, 1))
        yield Period(number - before_all, first, end, year, place, places, rhythm, number, (end - ended).days)
        ended = end


def _ends_in(year: ServiceYear, rhythm: Rhythm) -> int:
    """How many periods of a rhythm end in a year."""
    return rhythm.number(add_days(year.last_on, 1)) - rhythm.number(year.first_on)


def _filled(year: ServiceYear, made: list[_Cut], *, begun: bool) -> tuple[list[_Cut], list[_Cut]]:
    """The periods of a year, and those that count into the next because the year has all its periods already."""
    of = _ends_in(year, made[0].rhythm)
    regular = made[0].then is None and (not made[0].fresh or made[0].days == made[0].full) and not begun
    if regular and len(made) > of and all(cut.then is None and not cut.fresh for cut in made[1:of]):
        return made[:of], made[of:]
    return made, []


def _of_year(year: ServiceYear, made: list[_Cut], start: date, rest: Period | None, *, begun: bool) -> Iterator[Period]:
    """The periods of one year: regular ones up to a change in it, then those that share what is left.

    `rest` is the last period of the year before, where that year has something left that nobody was paid; `begun` says
    that the first periods here ended in the year before, which had all of its own.
    """
    of = _ends_in(year, made[0].rhythm)
    spread: Spread | None = None
    stub = False
    for place, cut in enumerate(made, 1):
        whole = place == 1 and cut.days == cut.full and rest is None and not begun
        if cut.then is not None or (cut.fresh and not stub and not whole):
            left = (_last_end(year, cut) - cut.first_on).days + 1
            if spread is not None:
                spread = replace(spread, before=0, days=left, earlier=(*spread.earlier, (spread.before, spread.days)))
            elif place == 1 and rest is not None:
                spread = Spread(rest.place, rest.places, 0, left, years=2)
            else:
                spread = Spread(place - 1, of, 0, left, short=_short(cut, start, of))
        stub = cut.then is not None
        places = of if spread is None else len(made)
        yield Period(0, cut.first_on, cut.last_on, year, place, places, cut.rhythm, cut.number, cut.full, spread)
        if spread is not None:
            spread = replace(spread, before=spread.before + cut.days)


def _last_end(year: ServiceYear, cut: _Cut) -> date:
    """The last day in the year on which a period ends, by the rhythm that holds after a change."""
    rhythm = cut.then or cut.rhythm
    return max(cut.last_on, rhythm.end(rhythm.number(add_days(year.last_on, 1)) - 1))


def _short(first: _Cut, start: date, of: int) -> Fraction:
    """The share of a year that the very first period leaves unpaid because it began late in its calendar's."""
    if first.first_on != start:
        return NONE
    whole = (first.rhythm.end(first.number) - start).days + 1
    return Fraction(first.full - whole, first.full * of)


def accrued(period: Period, yearly: Fraction, smallest: Fraction, unit: str) -> Reasoned[Fraction]:
    """What one period adds: the year's worth × place ÷ places, rounded on the running total to the smallest part.

    >>> first = next(periods(date(2005, 4, 11), 14, date(2006, 1, 1)))
    >>> float(accrued(first, Fraction(160), Fraction(1, 100), "hours").value)
    6.15
    """
    if period.spread is not None:
        reached, with_it = period.spread.reached(period.days)
        amount = _rounded(yearly * with_it, smallest) - _rounded(yearly * reached, smallest)
        return Reasoned(amount, later(_added, period, yearly, smallest, unit, amount))
    amount = Rate.of(yearly, smallest, period.places).at(period.place) * smallest
    return Reasoned(amount, later(_added, period, yearly, smallest, unit, amount))


@dataclass(frozen=True, slots=True)
class Rate:
    """How much of a year's worth accrues by each place of the year, in smallest parts, while no calendar changes.

    >>> Rate.of(Fraction(160), Fraction(1, 100), 26).at(1)
    615
    """

    numerator: int
    denominator: int

    @classmethod
    def of(cls, yearly: Fraction, smallest: Fraction, places: int) -> Rate:
        """The rate of a year of so many periods."""
        return cls(yearly.numerator * smallest.denominator, yearly.denominator * smallest.numerator * places)

    def at(self, place: int) -> int:
        """How many smallest parts the period at a place adds to the running total."""
        before = _halves_up(self.numerator * (place - 1), self.denominator)
        return _halves_up(self.numerator * place, self.denominator) - before


def _halves_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _rounded(exact: Fraction, smallest: Fraction) -> Fraction:
    return round_half_up(exact / smallest) * smallest


def _added(period: Period, yearly: Fraction, smallest: Fraction, unit: str, amount: Fraction) -> Derivation:
    exact = yearly * period.share
    words = f"{period.place}/{period.places} for the periods ended"
    if (spread := period.spread) is not None:
        words = f"{spread.before + period.days}/{spread.days} of the days left after the payroll calendar changed"
    rule = (
        f"{yearly} {unit} × {words} in service year"
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
    if period.spread is not None:
        return period.spread.minor(period.days, yearly_minor)
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
