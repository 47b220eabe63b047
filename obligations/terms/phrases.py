"""Reading the phrases inside a terms file: English to expressions, by the grammar in `phrases.lark`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from obligations.terms import expressions as e
from obligations.terms.hints import hint
from schedules.spans import Span, Unit, summed
from schedules.yearly import MONTHS, MonthDay

T = TypeVar("T")


class PhraseError(ValueError):
    """A phrase outside the grammar; `offset` is how many characters into the phrase the trouble starts."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


LONGEST_COUNT = 100_000
LONGEST_PHRASE = 1_000


def _count(token: Token) -> int:
    """The number of a span; nobody's contract counts further than centuries of days."""
    if len(token) > 6 or int(token) > LONGEST_COUNT:
        raise PhraseError(f"{token[:12]} is too large to count; write a number up to {LONGEST_COUNT:,}", _offset(token))
    return int(token)


def _span(token: Token, unit: Token, *, clear: bool = False) -> Span:
    counted = Span(_count(token), _unit(unit))
    if clear and counted.unit.months:
        raise PhraseError("clear excludes both ends of a count of days; write days", _offset(unit))
    return replace(counted, clear=clear)


def _repeat(token: Token, unit: Token) -> Span:
    span = _span(token, unit)
    if not span.count:
        raise PhraseError("every 0 of anything never moves on; write 1 or more", _offset(token))
    return span


def _ordinal(token: Token) -> int:
    """The number of an ordinal such as 3rd."""
    number = int(token[:-2])
    if not number:
        raise PhraseError(f"there is no {token}; count from 1st", _offset(token))
    return number


def _offset(token: Token) -> int:
    return token.start_pos or 0


class _Build(Transformer[Token, Any]):
    """Turns parse trees into expressions, bottom up."""

    def part(self, parts: list[Token]) -> tuple[Span, Token]:
        return _span(parts[0], parts[1]), parts[0]

    def span_plain(self, parts: list[tuple[Span, Token]]) -> Span:
        return parts[0][0]

    def span_compound(self, parts: list[tuple[Span, Token]]) -> Span:
        try:
            return summed([span for span, _ in parts])
        except ValueError as error:
            raise PhraseError(str(error), _offset(parts[0][1])) from None

    def span_computed(self, parts: list[Token]) -> e.SpanOf:
        return e.SpanOf(e.AmountNamed(str(parts[0])), _unit(parts[1]))

    def span_clear(self, parts: list[Token]) -> Span:
        return _span(parts[0], parts[2], clear=True)

    def span_named(self, parts: list[Token]) -> e.SpanNamed:
        return e.SpanNamed(str(parts[0]))

    def span_named_clear(self, parts: list[Token]) -> e.SpanNamed:
        return e.SpanNamed(str(parts[1]), clear=True)

    def literal(self, parts: list[Token]) -> e.DayLiteral:
        return e.DayLiteral(day_literal(str(parts[0]), parts[0].start_pos or 0))

    def day_of(self, parts: list[Token]) -> e.DayOf:
        return e.DayOf(str(parts[0]))

    def day_stated(self, parts: list[Token]) -> e.DayOf:
        return e.DayOf(str(parts[1]), field=str(parts[0]))

    def own_day(self, _: list[Token]) -> e.OwnDay:
        return e.OwnDay()

    def receipt(self, parts: list[Token]) -> e.DayOf:
        return e.DayOf(str(parts[0]), receipt=True)

    def edge(self, parts: list[Token]) -> e.EdgeOf:
        return e.EdgeOf("first" if parts[0] == "first" else "last", str(parts[1]))

    def edge_of_period(self, parts: list[Any]) -> e.PeriodEdge:
        return e.PeriodEdge(
            "first" if parts[0] == "first" else "last", str(parts[1]), parts[3], cast(Any, str(parts[2]))
        )

    def month_day(self, parts: list[Token]) -> MonthDay:
        try:
            return MonthDay(MONTHS.index(parts[0].lower()) + 1, int(parts[1]))
        except ValueError:
            raise PhraseError(f"{parts[0]} has no day {parts[1]}", _offset(parts[1])) from None

    def begins_yearly(self, parts: list[MonthDay]) -> MonthDay:
        return parts[0]

    def yearly(self, parts: list[Any]) -> e.Yearly:
        return e.Yearly(parts[0], _side(parts[-2]), parts[-1], same=len(parts) == 4)

    def date_in_period(self, parts: list[Any]) -> e.DateInPeriod:
        return e.DateInPeriod(parts[0], str(parts[1]), cast(Any, str(parts[2])), parts[3])

    def anniversary(self, parts: list[Any]) -> e.Anniversary:
        return e.Anniversary(parts[1], _side(parts[-2]), parts[-1], same=len(parts) == 5)

    def open_day(self, parts: list[Any]) -> e.OpenDay:
        return e.OpenDay(_side(parts[-2]), parts[-1])

    def period(self, parts: list[Any]) -> e.PeriodOf:
        return e.PeriodOf(str(parts[0]), cast(Any, str(parts[1])), parts[2])

    def if_any(self, parts: list[e.DayExpr]) -> e.IfAny:
        return e.IfAny(parts[0])

    def month_end(self, parts: list[e.DayExpr]) -> e.MonthEndOf:
        return e.MonthEndOf(parts[0])

    def pay_period_end(self, _: list[Token]) -> e.PayPeriodEnd:
        return e.PayPeriodEnd()

    def payday_called(self, parts: list[Token]) -> tuple[int, str]:
        found = {part.type: part for part in parts}
        return _ordinal(found["NTH"]) if "NTH" in found else 1, str(found.get("NAME", ""))

    def payday_from(self, parts: list[Any]) -> e.Payday:
        (ordinal, calendar), day = parts[0], parts[-1]
        return e.Payday(day, ordinal, included=True, calendar=calendar)

    def payday_after(self, parts: list[Any]) -> e.Payday:
        (ordinal, calendar), day = parts[0], parts[-1]
        return e.Payday(day, ordinal, calendar=calendar)

    def unstated(self, _: list[Token]) -> e.Unstated:
        return e.Unstated()

    def shifted(self, parts: list[Any]) -> e.Shifted:
        return e.Shifted(parts[0], "after" if parts[1] == "after" else "before", parts[2])

    def beginning(self, parts: list[Any]) -> e.SpanWindow:
        return e.SpanWindow(parts[0], "beginning on", parts[1])

    def following(self, parts: list[Any]) -> e.SpanWindow:
        return e.SpanWindow(parts[0], "following", parts[1])

    def ending(self, parts: list[Any]) -> e.SpanWindow:
        return e.SpanWindow(parts[0], "ending on", parts[1])

    def preceding(self, parts: list[Any]) -> e.SpanWindow:
        return e.SpanWindow(parts[0], "preceding", parts[1])

    def range(self, parts: list[e.DayExpr]) -> e.Range:
        return e.Range(parts[0], parts[1])

    def open_range(self, parts: list[e.DayExpr]) -> e.Range:
        return e.Range(parts[0], None)

    def window_named(self, parts: list[Token]) -> e.WindowNamed:
        return e.WindowNamed(str(parts[0]))

    def first(self, parts: list[e.EventExpr]) -> e.EventFirst:
        return e.EventFirst(parts[0])

    def during(self, parts: list[Any]) -> e.EventDuring:
        return e.EventDuring(parts[0], parts[1])

    def noticed_during(self, parts: list[Any]) -> e.EventDuring:
        return e.EventDuring(parts[0], parts[1], noticed=True)

    def never(self, _: list[Token]) -> e.EventNever:
        return e.EventNever()

    def event_named(self, parts: list[Token]) -> e.EventNamed:
        return e.EventNamed(str(parts[0]))

    def event_having(self, parts: list[Any]) -> e.EventNamed:
        return e.EventNamed(str(parts[0]), tuple(parts[1:]))

    def event_outcome(self, parts: list[Token]) -> e.EventOutcome:
        return e.EventOutcome(str(parts[0]), "missed" if parts[1] == "missed" else "fulfilled")

    def event_run(self, parts: list[Any]) -> e.EventLasted:
        return e.EventLasted(str(parts[0]), parts[1])

    def event_total(self, parts: list[Any]) -> e.EventLasted:
        return e.EventLasted(str(parts[0]), parts[1], parts[2])

    def event_total_of_period(self, parts: list[Any]) -> e.EventLasted:
        return e.EventLasted(str(parts[0]), parts[1], period=str(parts[2]))

    def event_bound(self, parts: list[Token]) -> e.EventBound:
        return e.EventBound("start" if parts[0] == "start" else "end", str(parts[1]))

    def having(self, parts: list[Token]) -> tuple[str, str]:
        return str(parts[0]), str(parts[1])

    def amount_literal(self, parts: list[Token]) -> e.AmountLiteral:
        return e.AmountLiteral(Decimal(parts[0]), str(parts[1]) if len(parts) > 1 else "")

    def amount_named(self, parts: list[Token]) -> e.AmountNamed:
        return e.AmountNamed(str(parts[0]))

    def percent(self, parts: list[Any]) -> e.Percent:
        return e.Percent(Fraction(Decimal(parts[0])), parts[1])

    def field_of(self, parts: list[Token]) -> e.FieldOf:
        return e.FieldOf(str(parts[0]), str(parts[1]))

    def fact_on(self, parts: list[Any]) -> e.FactAt:
        return e.FactAt(str(parts[0]), "on", parts[1])

    def fact_before(self, parts: list[Any]) -> e.FactAt:
        return e.FactAt(str(parts[0]), "before", parts[2])

    def fact_peak(self, parts: list[Any]) -> e.FactPeak | e.FactMean:
        if parts[0] == "average":
            return e.FactMean(str(parts[1]), parts[2])
        return e.FactPeak(str(parts[1]), parts[2], least=parts[0] == "lowest")

    def elapsed(self, parts: list[Any]) -> e.Elapsed:
        *whole, unit = parts[0].split()
        return e.Elapsed(unit, parts[1], parts[2], whole=bool(whole))

    def table_at(self, parts: list[Any]) -> e.TableAt:
        return e.TableAt(str(parts[0]), parts[1])

    def plus(self, parts: list[Any]) -> e.Sum:
        added, taken = _terms(parts[0])
        return e.Sum((*added, parts[1]), taken)

    def minus(self, parts: list[Any]) -> e.Sum:
        added, taken = _terms(parts[0])
        return e.Sum(added, (*taken, parts[1]))

    def times(self, parts: list[Any]) -> e.Product:
        left = e.AmountLiteral(Decimal(parts[0])) if isinstance(parts[0], Token) else parts[0]
        return e.Product(left, parts[1])

    def divided(self, parts: list[Any]) -> e.Quotient:
        return e.Quotient(parts[0], parts[1])

    def is_true(self, parts: list[Token]) -> e.IsTrue:
        return e.IsTrue(str(parts[0]))

    def negated(self, parts: list[Any]) -> e.Condition:
        return replace(parts[0], wanted=not parts[0].wanted) if isinstance(parts[0], e.IsTrue) else e.Not(parts[0])

    def compared(self, parts: list[Any]) -> e.Compared:
        return e.Compared(parts[0], cast(Any, _words(parts[1])), parts[2])

    def same(self, parts: list[Any]) -> e.Compared:
        return e.Compared(parts[0], "is", parts[1])

    def same_text(self, parts: list[Any]) -> e.TextIs:
        if not isinstance(parts[0], e.AmountNamed | e.FieldOf):
            raise PhraseError(f"only a fact or a detail of an event can be {parts[1]}", _offset(parts[1]))
        return e.TextIs(parts[0], str(parts[1]).strip("'"))

    def happened(self, parts: list[e.EventExpr]) -> e.Happened:
        return e.Happened(parts[0])

    def happened_by(self, parts: list[Any]) -> e.Happened:
        return e.Happened(parts[0], parts[1])

    def happened_during(self, parts: list[Any]) -> e.Happened:
        return e.Happened(e.EventDuring(parts[0], parts[1]), ever=True)

    def is_before(self, parts: list[Any]) -> e.DayIs:
        return e.DayIs(e.DayOf(str(parts[0])), _side(parts[1]), parts[2])

    def falls(self, parts: list[Any]) -> e.DayIs:
        how = " ".join(_words(token) for token in parts[1:-1])
        return e.DayIs(parts[0], cast(Any, how.removeprefix("falls ")), parts[-1])

    def shifted_plain(self, parts: list[Any]) -> e.Shifted:
        return e.Shifted(_span(parts[0], parts[1]), _side(parts[2]), parts[3])

    def shifted_named(self, parts: list[Any]) -> e.Shifted:
        return e.Shifted(e.SpanNamed(str(parts[0])), _side(parts[1]), parts[2])

    def at_once(self, _: list[Token]) -> e.Offset:
        return e.Offset("trigger")

    def on_the_day(self, _: list[Token]) -> e.Offset:
        return e.Offset("due")

    def at_start(self, _: list[Token]) -> e.Offset:
        return e.Offset("start")

    def on_last_day(self, _: list[Token]) -> e.Offset:
        return e.Offset("end")

    def offset_due(self, parts: list[Any]) -> e.Offset:
        return e.Offset("due", _side(parts[1]), parts[0])

    def offset_point(self, parts: list[Any]) -> e.Offset:
        point = {"start": "start", "end": "end", "trigger": "trigger"}[str(parts[2])]
        return e.Offset(cast(Any, point), _side(parts[1]), parts[0])

    def every(self, parts: list[Token]) -> e.Offset:
        return e.Offset("trigger", "every", _repeat(parts[0], parts[1]))


def day_phrase(text: str) -> e.DayExpr:
    """The day expression of a phrase such as '30 days after receipt of notice'; raises `PhraseError`.

    >>> day_phrase("3 days after employment_started").day.name
    'employment_started'
    >>> day_phrase("30 days from notice")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    obligations.terms.phrases.PhraseError: "30 days from notice": a bare "from" does not say whether ...
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


def day_literal(text: str, offset: int = 0) -> date:
    """The date of an ISO text; raises `PhraseError` for one that no calendar has.

    >>> day_literal("2024-02-30")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    obligations.terms.phrases.PhraseError: "2024-02-30" is not a date in the calendar; ...
    """
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise PhraseError(
            f'"{text}" is not a date in the calendar; write a day that exists, as YYYY-MM-DD', offset
        ) from None


@lru_cache(maxsize=4096)
def _parse(start: str, text: str, wanted: str) -> object:
    if len(text) > LONGEST_PHRASE:
        raise PhraseError(f'"{text[:40]} …" is longer than {LONGEST_PHRASE:,} characters; expected {wanted}')
    try:
        return _Build().transform(_grammar().parse(text, start=start))
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


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    text = (resources.files("obligations.terms") / "phrases.lark").read_text(encoding="utf-8")
    phrases = ("day", "member", "window", "event", "amount", "condition", "offset", "when", "begins")
    starts = [*(f"{one}_phrase" for one in phrases), "span"]
    return Lark(text, start=starts, parser="lalr", maybe_placeholders=False)


def _unit(token: Token) -> Unit:
    return Unit(str(token).removeprefix("calendar ").rstrip("s"))


def _words(token: Token) -> str:
    """The words of a token of several, one space between them."""
    return " ".join(token.split())


def _terms(left: e.AmountExpr) -> tuple[tuple[e.AmountExpr, ...], tuple[e.AmountExpr, ...]]:
    """What a row of pluses and minuses adds and takes so far."""
    return (left.added, left.taken) if isinstance(left, e.Sum) else ((left,), ())


def _side(token: Token) -> Any:
    return "after" if token == "after" else "before"
