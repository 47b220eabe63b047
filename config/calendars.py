"""Business calendars by name, from the `holidays` data, with the edition that made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version

import holidays

from schedules.calendars import BusinessCalendar, joined

# As far as anybody's contract reaches; each country's data may know fewer years.
FIRST_YEAR, LAST_YEAR = 1970, 2100


class Calendars(Mapping[str, BusinessCalendar]):
    """Every calendar by its name, made when first asked for.

    A name is a country (`US`), a country and a subdivision (`US-CA`), an exchange (`XNYS`), one of the installation's
    own, or several of these joined by `+`, open where all of them are. Holidays are those in force in each year: 19
    June is none in the United States of 2006.

    >>> us = Calendars()["US"]
    >>> us.is_open(date(2006, 6, 19)), us.is_open(date(2026, 6, 19)), us.is_open(date(2006, 7, 4))
    (True, False, False)
    """

    def __init__(self, own: Mapping[str, BusinessCalendar] | None = None) -> None:
        self._own = dict(own or {})

    @property
    def edition(self) -> str:
        """Which calendars these are; others may move dates. A list that was changed under its old version counts too.

        >>> Calendars().edition.split()[0]
        'holidays'
        """
        own = (f"{name} {one.version} {_mark(one)}" for name, one in sorted(self._own.items()))
        return "; ".join((f"holidays {version('holidays')}", *own))

    def __getitem__(self, name: str) -> BusinessCalendar:
        parts = name.split("+")
        if not all(self._is_one(part) for part in parts):
            raise KeyError(name)
        if name in self._own:
            return self._own[name]
        if any(part in self._own for part in parts):
            return joined(self[part] for part in parts)
        return _made(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and all(self._is_one(part) for part in name.split("+"))

    def __iter__(self) -> Iterator[str]:
        """The names that stand alone: the shipped ones, then the installation's own."""
        yield from shipped()
        yield from self._own

    def __len__(self) -> int:
        return len(shipped()) + len(self._own)

    def _is_one(self, name: str) -> bool:
        return name in self._own or name in shipped()


def _mark(one: BusinessCalendar) -> str:
    """A few letters that differ where the days do."""
    days = (sorted(one.holidays), sorted(one.opened), sorted(one.weekend), one.years)
    return sha256(repr(days).encode()).hexdigest()[:8]


@cache
def shipped() -> Mapping[str, tuple[str, str]]:
    """Every shipped calendar's name, and the place and subdivision it is made from; exchanges have none."""
    places = holidays.list_supported_countries(include_aliases=False).items()
    named = {country: (country, "") for country, _ in places}
    named |= {f"{country}-{part}": (country, part) for country, parts in places for part in parts}
    return named | {code: (code, "") for code in holidays.list_supported_financial(include_aliases=False)}


@cache
def _made(name: str) -> BusinessCalendar:
    if "+" in name:
        return joined(_made(part) for part in name.split("+"))
    place, part = shipped()[name]
    country = place in holidays.list_supported_countries(include_aliases=False)
    known = holidays.country_holidays(place) if country else holidays.financial_holidays(place)
    first, last = max(FIRST_YEAR, known.start_year), min(LAST_YEAR, known.end_year)
    years = range(first, last + 1)
    found = (
        holidays.country_holidays(place, subdiv=part or None, years=years)
        if country
        else holidays.financial_holidays(place, years=years)
    )
    weekend, sometimes = _weekends(found, first, last)
    return BusinessCalendar(
        name=name,
        version=f"holidays {version('holidays')}",
        holidays=frozenset(found) | sometimes,
        weekend=weekend,
        opened=frozenset(found.weekend_workdays),
        years=(first, last),
    )


def _weekends(found: holidays.HolidayBase, first: int, last: int) -> tuple[frozenset[int], frozenset[date]]:
    """The weekdays on which every year's weekends fall, and the days of the weekends that only some years had."""
    day = timedelta(days=1)
    each_year = [
        frozenset(one.weekday() for number in range(7) if found.is_weekend(one := date(year, 6, 1) + number * day))
        for year in range(first, last + 1)
    ]
    always = frozenset.intersection(*each_year)
    if all(one == always for one in each_year):
        return always, frozenset()
    days = (date(first, 1, 1) + number * day for number in range((date(last, 12, 31) - date(first, 1, 1)).days + 1))
    return always, frozenset(one for one in days if one.weekday() not in always and found.is_weekend(one))
