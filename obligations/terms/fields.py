"""Fields of a file that are read the same wherever they stand: names, shares, spans, days, yes and no, addresses."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from obligations.terms import phrases
from obligations.terms.errors import PhraseError
from obligations.terms.forms import expression, schema, typed, typed_phrase, wrong
from obligations.terms.literals import day_literal
from schedules.conventions import Convention
from schedules.spans import Span

NAME = r"^[a-z][a-z0-9_]*$"
ID = r"^[a-z0-9][a-z0-9._-]*$"

Name = Annotated[str, Field(pattern=NAME, max_length=60)]
Identifier = Annotated[str, Field(pattern=ID, max_length=80)]
Line = Annotated[str, Field(min_length=1, max_length=400)]
Label = Annotated[str, Field(min_length=1, max_length=100)]


class Strict(BaseModel):
    """A part of the file: unknown words are errors, values never change.

    What follows from a part alone is worked out once, as a `cached_property`; a copy works it out again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    def __copy__(self) -> Self:
        copied = super().__copy__()
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def _convention(text: str) -> Convention:
    try:
        return Convention(text)
    except ValueError:
        known = ", ".join(Convention)
        raise PhraseError(f'"{text}" is no business-day convention; choose one of: {known}') from None


def _yes(value: Any) -> Any:
    if value in ("yes", "no"):
        return value == "yes"
    if isinstance(value, bool):
        return value
    raise wrong(f'"{value}" is neither yes nor no')


def _portion(value: Any) -> Any:
    if isinstance(value, Fraction):
        return value
    text = str(value)
    share = Fraction(0)
    if match := _PERCENT.fullmatch(text):
        share = Fraction(match[1]) / 100
    elif match := _RATIO.fullmatch(text):
        share = Fraction(int(match[1]), int(match[2]))
    if not 0 < share <= 1:
        raise wrong(f'"{text[:40]}" is no share; write 25% or 1/4')
    return share


def _step_units(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    text = str(value)
    if not _UNITS.fullmatch(text):
        raise wrong(f'"{text[:40]}" is no number of units; write digits, such as 2500')
    return Decimal(text)


def _span(value: Any) -> Any:
    return value if isinstance(value, Span) else expression(phrases.span_phrase, value)


def _steps_on(value: Any) -> Any:
    """A span that a series moves on by."""
    span = _span(value)
    if isinstance(span, Span) and not span.count:
        raise wrong("a series that moves on by 0 never ends; write 1 or more")
    if isinstance(span, Span) and span.then is not None:
        raise wrong(f"a series moves on by one unit, not by {span.words()}")
    return span


def _day_text(value: Any) -> Any:
    try:
        day_literal(str(value))
    except PhraseError as error:
        raise wrong(str(error)) from None
    return str(value)


def email_text(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
        raise wrong(f'"{str(value)[:60]}" is no e-mail address; write it as name@example.com')
    return value


def slack_text(value: Any) -> Any:
    if not isinstance(value, str) or not _SLACK.fullmatch(value):
        raise wrong(f'"{str(value)[:60]}" is no Slack member or channel; write its id, @name or #channel')
    return value


_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,12})?)%", re.ASCII)
_UNITS = re.compile(r"\d{1,15}(\.\d{1,10})?", re.ASCII)
_RATIO = re.compile(r"(\d{1,15})/([1-9]\d{0,14})", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_SLACK = re.compile(r"[#@]?[\w.-]{1,80}", re.ASCII)

Roll = Annotated[Any, *typed_phrase(_convention, "a business-day convention, such as `following`")]
_SPAN_SCHEMA = WithJsonSchema({"type": "string", "description": "a span: `3 months`"})
SpanText = Annotated[Any, BeforeValidator(_span), PlainSerializer(repr), _SPAN_SCHEMA]
Pace = Annotated[Any, BeforeValidator(_steps_on), PlainSerializer(repr), _SPAN_SCHEMA]
DayText = Annotated[str, BeforeValidator(_day_text)]
YesNo = Annotated[bool, BeforeValidator(_yes), WithJsonSchema({"enum": ["yes", "no"]})]
Portion = Annotated[
    Any,
    BeforeValidator(_portion),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "description": "25% or 1/4"}),
]
StepUnits = Annotated[
    Any,
    BeforeValidator(_step_units),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "description": "a number of units"}),
]


def _choice_of_text(value: Any) -> Any:
    return expression(lambda text: text, value)


def listed(value: Any) -> Any:
    """One thing or a list of things, as a list."""
    return value if isinstance(value, list) else [value]


Option = Annotated[Any, *typed(_choice_of_text, schema("a word, or a choice by reading"))]
