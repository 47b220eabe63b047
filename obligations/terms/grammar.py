"""What each rule of `phrases.lark` means: from parse trees to expressions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from typing import Any, cast

from lark import Lark, Token, Transformer

from obligations.terms import expressions as e
from obligations.terms.errors import PhraseError
from obligations.terms.literals import day_literal, offset_of, ordinal_of, repeat_of, span_of, unit_of
from schedules.spans import Span, summed
from schedules.yearly import MONTHS, MonthDay


@lru_cache(maxsize=1)
def grammar() -> Lark:
    """The grammar with every kind of phrase as a start; read once."""
    text = (resources.files("obligations.terms") / "phrases.lark").read_text(encoding="utf-8")
    phrases = ("day", "member", "window", "event", "amount", "condition", "offset", "when", "begins")
    starts = [*(f"{one}_phrase" for one in phrases), "span"]
    return Lark(text, start=starts, parser="lalr", maybe_placeholders=False)


class Meaning(Transformer[Token, Any]):
    """Turns parse trees into expressions, bottom up."""

    def part(self, parts: list[Token]) -> tuple[Span, Token]:
        return span_of(parts[0], parts[1]), parts[0]

    def span_plain(self, parts: list[tuple[Span, Token]]) -> Span:
        return parts[0][0]

    def span_compound(self, parts: list[tuple[Span, Token]]) -> Span:
        try:
            return summed([span for span, _ in parts])
        except ValueError as error:
            raise PhraseError(str(error), offset_of(parts[0][1])) from None

    def span_computed(self, parts: list[Token]) -> e.SpanOf:
        return e.SpanOf(e.AmountNamed(str(parts[0])), unit_of(parts[1]))

    def span_clear(self, parts: list[Token]) -> Span:
        return span_of(parts[0], parts[2], clear=True)

    def span_named(self, parts: list[Token]) -> e.SpanNamed:
        return e.SpanNamed(str(parts[0]))

    def span_named_clear(self, parts: list[Token]) -> e.SpanNamed:
        return e.SpanNamed(str(parts[1]), clear=True)

    def literal(self, parts: list[Token]) -> e.DayLiteral:
        return e.DayLiteral(day_literal(str(parts[0]), offset_of(parts[0])))

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
            raise PhraseError(f"{parts[0]} has no day {parts[1]}", offset_of(parts[1])) from None

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
        return ordinal_of(found["NTH"]) if "NTH" in found else 1, str(found.get("NAME", ""))

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
            raise PhraseError(f"only a fact or a detail of an event can be {parts[1]}", offset_of(parts[1]))
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
        return e.Shifted(span_of(parts[0], parts[1]), _side(parts[2]), parts[3])

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
        return e.Offset("trigger", "every", repeat_of(parts[0], parts[1]))


def _words(token: Token) -> str:
    """The words of a token of several, one space between them."""
    return " ".join(token.split())


def _terms(left: e.AmountExpr) -> tuple[tuple[e.AmountExpr, ...], tuple[e.AmountExpr, ...]]:
    """What a row of pluses and minuses adds and takes so far."""
    return (left.added, left.taken) if isinstance(left, e.Sum) else ((left,), ())


def _side(token: Token) -> Any:
    return "after" if token == "after" else "before"
