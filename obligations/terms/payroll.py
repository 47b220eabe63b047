"""Payroll calendars as a person states them: `14 days ending 2027-01-22`, `semi-monthly paid 15 and last`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from obligations.terms.errors import PhraseError, did_you_mean
from obligations.terms.literals import day_literal
from schedules.conventions import Convention
from schedules.payroll import LAST, EveryDays, MonthDays, PayCalendar, monthly, semi_monthly

if TYPE_CHECKING:
    from obligations.terms.model import TermsFile

_DATE = r"(\d{4}-\d{2}-\d{2})"
_DAY = r"(\d{1,2}|last)"
_LATER = r"(?: paid (\d{1,2}) days? later)?"
_ROLL = re.compile(r"(.*?) roll ([a-z -]+)", re.ASCII)
_DAYS = re.compile(rf"(weekly|biweekly|bi-weekly|\d{{1,2}} days) (?:ending {_DATE}{_LATER}|paid {_DATE})", re.ASCII)
_HALVES = re.compile(rf"semi-monthly (?:ending {_DAY} and {_DAY}{_LATER}|paid {_DAY} and {_DAY})", re.ASCII)
_MONTHS = re.compile(rf"monthly (?:ending {_DAY}{_LATER}|paid {_DAY}( of the next month)?)", re.ASCII)


def pay_calendar(text: str) -> PayCalendar:
    """The payroll calendar of a text; raises `PhraseError` for anything else.

    >>> pay_calendar("biweekly paid 2026-01-09").words()
    '14 days ending 2026-01-09'
    >>> pay_calendar("semi-monthly paid last and 15 roll preceding").words()
    'semi-monthly paid 15 and last roll preceding'
    """
    rolled = _ROLL.fullmatch(text)
    said, roll = (rolled[1], _convention(rolled[2])) if rolled else (text, Convention.UNADJUSTED)
    if match := _DAYS.fullmatch(said):
        often, ending, lag, paid = match.groups()
        days = {"weekly": 7, "biweekly": 14, "bi-weekly": 14}.get(often) or int(often.split()[0])
        if days:
            return PayCalendar(EveryDays(days, day_literal(ending or paid)), int(lag or 0), roll=roll)
    elif match := _HALVES.fullmatch(said):
        one, then, lag, paid, next_paid = match.groups()
        if one:
            ends = _two(one, then)
            return PayCalendar(MonthDays(ends), int(lag or 0), roll=roll)
        return semi_monthly(*_two(paid, next_paid), roll=roll)
    elif match := _MONTHS.fullmatch(said):
        ending, lag, paid, later = match.groups()
        if ending:
            return PayCalendar(MonthDays((_day(ending),)), int(lag or 0), roll=roll)
        return monthly(_day(paid), next_month=bool(later), roll=roll)
    raise PhraseError(
        f'"{text[:60]}" is no payroll calendar; write for example `14 days ending 2005-04-22`, `biweekly paid'
        " 2026-01-09`, `semi-monthly paid 15 and last` or `monthly paid 25`"
    )


def payroll_names(file: TermsFile) -> list[str]:
    """The facts and parameters of a file that are payroll calendars, facts first."""
    facts = [name for name, fact in file.facts.items() if fact.type == "payroll_calendar"]
    return facts + [name for name, one in file.parameters.items() if one.type == "payroll_calendar"]


def _two(one: str, then: str) -> tuple[int, ...]:
    """Two days of every month, in order."""
    days = tuple(sorted((_day(one), _day(then))))
    if days[0] == days[1] or days[0] > 27:
        raise PhraseError(f"{one} and {then} are one day in February; write two days of which one is before the 28th")
    return days


def _day(text: str) -> int:
    day = LAST if text == "last" else int(text)
    if not 1 <= day <= LAST:
        raise PhraseError(f"no month has a day {text}; write 1 to 31, or last")
    return day


def _convention(text: str) -> Convention:
    try:
        return Convention(text)
    except ValueError:
        raise PhraseError(f'"{text}" is no business-day convention.{did_you_mean(text, Convention)}') from None
