"""Counts, spans, ordinals and dates as they are written out in phrases, and how large they may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from lark import Token

from obligations.terms.errors import PhraseError
from schedules.spans import Span, Unit

LONGEST_COUNT = 100_000


def count_of(token: Token) -> int:
    """The number of a span; nobody's contract counts further than centuries of days."""
    if len(token) > 6 or int(token) > LONGEST_COUNT:
        raise PhraseError(
            f"{token[:12]} is too large to count; write a number up to {LONGEST_COUNT:,}", offset_of(token)
        )
    return int(token)


def span_of(token: Token, unit: Token, *, clear: bool = False) -> Span:
    """A span of one unit; a clear one is of days."""
    counted = Span(count_of(token), unit_of(unit))
    if clear and counted.unit.months:
        raise PhraseError("clear excludes both ends of a count of days; write days", offset_of(unit))
    return replace(counted, clear=clear)


def repeat_of(token: Token, unit: Token) -> Span:
    """A span that something moves on by."""
    span = span_of(token, unit)
    if not span.count:
        raise PhraseError("every 0 of anything never moves on; write 1 or more", offset_of(token))
    return span


def ordinal_of(token: Token) -> int:
    """The number of an ordinal such as 3rd."""
    number = int(token[:-2])
    if not number:
        raise PhraseError(f"there is no {token}; count from 1st", offset_of(token))
    return number


def offset_of(token: Token) -> int:
    """How many characters into the phrase a token stands."""
    return token.start_pos or 0


def unit_of(token: Token) -> Unit:
    """The unit of a word for it, calendar days being days."""
    return Unit(str(token).removeprefix("calendar ").rstrip("s"))


def day_literal(text: str, offset: int = 0) -> date:
    """The date of an ISO text; raises `PhraseError` for one that no calendar has.

    >>> day_literal("2024-02-30")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    obligations.terms.errors.PhraseError: "2024-02-30" is not a date in the calendar; ...
    """
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise PhraseError(
            f'"{text}" is not a date in the calendar; write a day that exists, as YYYY-MM-DD', offset
        ) from None
