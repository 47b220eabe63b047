"""How the text of a field becomes what it means: names, phrases, shares, days, and choices by reading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from obligations.terms import expressions as e
from obligations.terms import phrases
from obligations.terms.phrases import PhraseError
from schedules.conventions import Convention
from schedules.spans import Span

T = TypeVar("T")
NAME = r"^[a-z][a-z0-9_]*$"
ID = r"^[a-z0-9][a-z0-9._-]*$"

Name = Annotated[str, Field(pattern=NAME, max_length=60)]
Identifier = Annotated[str, Field(pattern=ID, max_length=80)]
Line = Annotated[str, Field(min_length=1, max_length=400)]


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


# --- phrases as field types -----------------------------------------------------------------------------------------


def _wrong(message: str, offset: int = 0, at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A finding in words; `at` leads from the field to the part of it that is meant, `offset` into its text."""
    return PydanticCustomError("phrase", "{message}", {"message": message, "offset": offset, "at": at})


def _phrase(parse: Callable[[str], Any], value: Any, at: tuple[str | int, ...] = ()) -> Any:
    """An expression, or a choice of expressions by reading, from what the file says."""
    if isinstance(value, str):
        try:
            return parse(value)
        except PhraseError as error:
            raise _wrong(str(error), error.offset, at) from None
    if isinstance(value, Mapping):
        if not isinstance(value.get("reading"), str):
            raise _wrong("a choice names its reading first: `reading: NAME`, then an option a line", at=at)
        options = tuple((str(key), _phrase(parse, item, (*at, key))) for key, item in value.items() if key != "reading")
        if len(options) < 2:
            raise _wrong("a choice has at least two options", at=at)
        return e.Choice(value["reading"], options)
    raise _wrong("a phrase is text, or a choice by `reading:`", at=at)


def _schema(words: str, *more: dict[str, Any]) -> WithJsonSchema:
    by_reading = {"type": "object", "required": ["reading"], "description": f"{words}, by the reading in use"}
    return WithJsonSchema({"anyOf": [{"type": "string", "description": words}, by_reading, *more]})


_UNIONS: tuple[dict[str, Any], ...] = tuple(
    {"type": "object", "required": [how], "additionalProperties": False, "properties": {how: {"type": "array"}}}
    for how in ("any of", "first of")
)


def _typed(parse: Callable[[str], Any], words: str) -> tuple[BeforeValidator, PlainSerializer, WithJsonSchema]:
    return (BeforeValidator(lambda value: _phrase(parse, value)), PlainSerializer(repr), _schema(words))


def _event_or_union(value: Any) -> Any:
    """An event phrase, a choice, or a union written as a list under `any of` or `first of`."""
    if isinstance(value, Mapping) and set(value) & {"any of", "first of"}:
        if len(value) != 1:
            raise _wrong("`any of` stands alone, with a list of events")
        ((how, members),) = value.items()
        if not isinstance(members, list) or len(members) < 2:
            raise _wrong(f"`{how}` takes a list of two or more events", at=(how,))
        parts = (_phrase(phrases.event_phrase, member, (how, number)) for number, member in enumerate(members))
        return e.EventUnion(tuple(parts), first=how == "first of")
    return _phrase(phrases.event_phrase, value)


def _event_or_condition(value: Any) -> Any:
    """What `unless` takes: an event, a list of events under `any of` or `first of`, or a condition."""
    if isinstance(value, Mapping) and set(value) & {"any of", "first of"}:
        return _event_or_union(value)
    return _phrase(phrases.event_or_condition_phrase, value)


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
    raise _wrong(f'"{value}" is neither yes nor no')


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
        raise _wrong(f'"{text[:40]}" is no share; write 25% or 1/4')
    return share


def _span(value: Any) -> Any:
    return value if isinstance(value, Span) else _phrase(phrases.span_phrase, value)


def _steps_on(value: Any) -> Any:
    """A span that a series moves on by."""
    span = _span(value)
    if isinstance(span, Span) and not span.count:
        raise _wrong("a series that moves on by 0 never ends; write 1 or more")
    return span


def _day_text(value: Any) -> Any:
    try:
        phrases.day_literal(str(value))
    except PhraseError as error:
        raise _wrong(str(error)) from None
    return str(value)


def email_text(value: Any) -> Any:
    if not isinstance(value, str) or len(value) > 254 or not _EMAIL.fullmatch(value):
        raise _wrong(f'"{str(value)[:60]}" is no e-mail address; write it as name@example.com')
    return value


def slack_text(value: Any) -> Any:
    if not isinstance(value, str) or not _SLACK.fullmatch(value):
        raise _wrong(f'"{str(value)[:60]}" is no Slack member or channel; write its id, @name or #channel')
    return value


_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,12})?)%", re.ASCII)
_RATIO = re.compile(r"(\d{1,6})/([1-9]\d{0,5})", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_SLACK = re.compile(r"[#@]?[\w.-]{1,80}", re.ASCII)

Day = Annotated[Any, *_typed(phrases.day_phrase, "a day, such as `5 days after terminated`, or `unstated`")]
WindowPhrase = Annotated[Any, *_typed(phrases.window_phrase, "a window, such as `6 months following terminated`")]
Event = Annotated[
    Any,
    BeforeValidator(_event_or_union),
    PlainSerializer(repr),
    _schema("an event, such as `terminated with good_cause no` or `first good_exit during protected`", *_UNIONS),
]
Amount = Annotated[Any, *_typed(phrases.amount_phrase, "an amount: a figure, a parameter, a fact")]
EventOrCondition = Annotated[
    Any,
    BeforeValidator(_event_or_condition),
    PlainSerializer(repr),
    _schema("an event or a condition, such as `terminated with good_cause yes` or `not carrier_allows`", *_UNIONS),
]
ConditionPhrase = Annotated[Any, *_typed(phrases.condition_phrase, "a condition, such as `not carrier_allows`")]
Roll = Annotated[Any, *_typed(_convention, "a business-day convention, such as `following`")]
Moment = Annotated[Any, *_typed(phrases.offset_phrase, "a moment, such as `7 days before` or `on the day`")]
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


def _choice_of_text(value: Any) -> Any:
    return _phrase(lambda text: text, value)


def listed(value: Any) -> Any:
    """One thing or a list of things, as a list."""
    return value if isinstance(value, list) else [value]


Option = Annotated[
    Any, BeforeValidator(_choice_of_text), PlainSerializer(repr), _schema("a word, or a choice by reading")
]
