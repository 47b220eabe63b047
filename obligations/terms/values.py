"""Typed values of parameters, facts and event fields, read from the text a file or a person gives."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from obligations.domain.money import Money, NotMoney
from obligations.terms.errors import PhraseError
from obligations.terms.literals import day_literal
from obligations.terms.payroll import pay_calendar
from obligations.terms.phrases import span_phrase
from schedules.payroll import PayCalendar
from schedules.spans import Span

Value = date | Money | Decimal | Span | bool | PayCalendar | str

_FIGURE = re.compile(r"(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,8})?", re.ASCII)

_CURRENCY = re.compile(r"[A-Z]{3}")


class NotAValue(ValueError):
    """The text is not a value of the type asked for; the message says what one looks like."""


def typed(text: str, kind: str, currency: str) -> Value:
    """The value of a text under one of the types of the terms language; raises `NotAValue`.

    >>> typed("125000", "money", "USD").shown(), typed("yes", "yes_or_no", "USD")
    ('125,000.00 USD', True)
    >>> typed("-5", "money", "USD")
    Traceback (most recent call last):
    obligations.terms.values.NotAValue: -5 is below zero: an amount owed is not negative
    """
    try:
        return _typed(text.strip(), kind, currency)
    except (NotMoney, PhraseError) as error:
        raise NotAValue(str(error)) from None


def _typed(text: str, kind: str, currency: str) -> Value:
    match kind:
        case "date":
            return day_literal(text)
        case "money":
            if text.startswith("-"):
                raise NotAValue(f"{text} is below zero: an amount owed is not negative")
            figure, _, stated = text.partition(" ")
            if stated and not _CURRENCY.fullmatch(stated):
                raise NotAValue(f'"{stated[:20]}" is no currency; write three letters, such as 225000 EUR')
            return Money.of(_plain(figure), stated or currency)
        case "units" | "hours" | "number":
            return _number(text, whole=kind == "units")
        case "span":
            return span_phrase(text)
        case "yes_or_no":
            if text not in ("yes", "no"):
                raise NotAValue(f'"{text}" is neither yes nor no')
            return text == "yes"
        case "payroll_calendar":
            return pay_calendar(text)
        case _:
            return text


def _plain(text: str) -> str:
    """The digits of a figure, written as contracts write them: 250,000.00; no exponent, no sign."""
    if not _FIGURE.fullmatch(text):
        raise NotAValue(f'"{text[:40]}" is no figure; write digits, such as 250,000.00')
    return text.replace(",", "")


def _number(text: str, *, whole: bool) -> Decimal:
    number = Decimal(_plain(text))
    if whole and number != number.to_integral_value():
        raise NotAValue(f"{text}: options and shares come in whole units")
    return number
