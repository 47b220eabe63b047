"""Business calendars by name, from the `holidays` data, with the edition that made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.metadata import version

import holidays

from schedules.calendars import BusinessCalendar, joined

YEARS = range(1995, 2061)
JOINED = {"US+CN": ("US", "CN")}
NAMES = ("US", "CN", *JOINED)


class Calendars(Mapping[str, BusinessCalendar]):
    """Every shipped calendar by its name, made when first asked for.

    Holidays are those in force in each year: 19 June is none in the United States of 2006.

    >>> us = Calendars()["US"]
    >>> us.is_open(date(2006, 6, 19)), us.is_open(date(2026, 6, 19)), us.is_open(date(2006, 7, 4))
    (True, False, False)
    """

    def __getitem__(self, name: str) -> BusinessCalendar:
        if name not in NAMES:
            raise KeyError(name)
        return _made(name)

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


@cache
def _made(name: str) -> BusinessCalendar:
    if name in JOINED:
        return joined(_made(part) for part in JOINED[name])
    days: frozenset[date] = frozenset(holidays.country_holidays(name, years=YEARS))
    return BusinessCalendar(name, f"holidays {version('holidays')}", days)
