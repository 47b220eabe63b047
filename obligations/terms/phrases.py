"""Reading the phrases inside a terms file: English to expressions, by the grammar in `phrases.lark`."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from lark.exceptions import UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from obligations.terms import expressions as e
from obligations.terms.errors import PhraseError
from obligations.terms.grammar import Meaning, grammar
from obligations.terms.hints import hint
from schedules.spans import Span
from schedules.yearly import MonthDay

LONGEST_PHRASE = 1_000


def day_phrase(text: str) -> e.DayExpr:
    """The day expression of a phrase such as '30 days after receipt of notice'; raises `PhraseError`.

    >>> day_phrase("3 days after employment_started").day.name
    'employment_started'
    >>> day_phrase("30 days from notice")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    obligations.terms.errors.PhraseError: "30 days from notice": a bare "from" does not say whether ...
    """
    return cast(e.DayExpr, _parse("day_phrase", text, "a day such as `5 days after terminated`"))


def member_phrase(text: str) -> e.DayExpr | e.IfAny:
    """A day in a list of days: a day phrase, which may end with `if any`."""
    return cast(e.DayExpr | e.IfAny, _parse("member_phrase", text, "a day such as `5 days after terminated if any`"))


def begins_phrase(text: str) -> e.DayExpr | MonthDay:
    """What a named year begins with: a month and day such as `july 1`, or a day and its anniversaries."""
    return cast(e.DayExpr | MonthDay, _parse("begins_phrase", text, "a day such as `july 1` or `started`"))


def window_phrase(text: str) -> e.WindowExpr:
    """The window expression of a phrase such as '24 months beginning on employment_started'."""
    return cast(e.WindowExpr, _parse("window_phrase", text, "a window such as `6 months following terminated`"))


def event_phrase(text: str) -> e.EventExpr:
    """The event expression of a phrase such as 'first good_exit during protected'."""
    return cast(e.EventExpr, _parse("event_phrase", text, "an event such as `terminated with good_cause no`"))


def amount_phrase(text: str) -> e.AmountExpr:
    """The amount expression of a phrase such as '90 percent of base_salary'."""
    if text.strip().startswith("-"):
        raise PhraseError(f'"{text}": an amount owed is not negative; write who owes it in `who`')
    return cast(e.AmountExpr, _parse("amount_phrase", text, "an amount such as `125000` or a parameter's name"))


def condition_phrase(text: str) -> e.Condition:
    """The condition of a phrase such as 'not carrier_allows' or 'base_salary below 225000'."""
    return cast(e.Condition, _parse("condition_phrase", text, "a condition such as `not carrier_allows`"))


def event_or_condition_phrase(text: str) -> e.EventExpr | e.Condition:
    """An event or a condition; a bare name comes back as a condition, which the file's names decide."""
    try:
        found = condition_phrase(text)
        return found.event if isinstance(found, e.Happened) and found.ever else found
    except PhraseError as error:
        try:
            return event_phrase(text)
        except PhraseError as other:
            offset = max(error.offset, other.offset)
            raise PhraseError(f'"{text}" is neither an event nor a condition', offset) from None


def offset_phrase(text: str) -> e.Offset:
    """The moment of a reminder such as '7 days before' or 'on the day'."""
    return cast(e.Offset, _parse("offset_phrase", text, "a moment such as `7 days before` or `on the day`"))


def span_phrase(text: str) -> Span:
    """A span such as '30 days' or '24 months'."""
    span = _parse("span", text, "a span such as `30 days`")
    if not isinstance(span, Span):
        raise PhraseError(f'"{text}" is not a span such as `30 days`')
    return span


def when_phrase(text: str) -> e.DayExpr | e.WindowExpr:
    """A day or a window, for one-off questions; names are not known there, so only dates can anchor it."""
    return cast(e.DayExpr | e.WindowExpr, _parse("when_phrase", text, "a day such as `30 days after 2026-01-31`"))


@lru_cache(maxsize=4096)
def _parse(start: str, text: str, wanted: str) -> object:
    if len(text) > LONGEST_PHRASE:
        raise PhraseError(f'"{text[:40]} …" is longer than {LONGEST_PHRASE:,} characters; expected {wanted}')
    try:
        return Meaning().transform(grammar().parse(text, start=start))
    except VisitError as error:
        if isinstance(error.orig_exc, PhraseError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _explained(text, error, wanted) from None


def _explained(text: str, error: UnexpectedInput, wanted: str) -> PhraseError:
    if not text.strip():
        return PhraseError(f"nothing stands here; write {wanted}")
    at_end = isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END")
    offset = len(text) if at_end else max(0, getattr(error, "pos_in_stream", None) or 0)
    rest = text[offset:].split()
    if rest and rest[0] == "from":
        return PhraseError(
            f'"{text}": a bare "from" does not say whether the day itself counts; write "after" (it does not)'
            ' or "beginning on" (it does)',
            offset,
        )
    meant = hint(text)
    if meant:
        return PhraseError(f'"{text}": {meant}', offset)
    if at_end:
        return PhraseError(f'"{text}" stops too early; expected {wanted}', offset)
    return PhraseError(f'"{text}": "{rest[0] if rest else ""}" is not understood here; expected {wanted}', offset)
