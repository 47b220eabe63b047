"""How the text of a field becomes what it means: names, phrases, shares, days, and choices by reading."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
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
from obligations.terms.notices import receipt_rule
from obligations.terms.phrases import PhraseError
from schedules.conventions import Convention
from schedules.spans import Span, Unit

T = TypeVar("T")
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


# --- phrases as field types -----------------------------------------------------------------------------------------

At = tuple[str | int, ...]


def _wrong(message: str, offset: int = 0, at: At = ()) -> PydanticCustomError:
    """A finding in words; `at` leads from the field to the part of it that is meant, `offset` into its text."""
    return PydanticCustomError("phrase", "{message}", {"message": message, "offset": offset, "at": at})


Shapes = Mapping[str, Callable[[str, Any, At], Any]]
"""Maps of one word that may stand instead of a phrase, such as `earliest of`, and what makes expressions of them."""
_OF_ONE = frozenset({"reached", "becomes", "stands"})
NO_SHAPES: Shapes = MappingProxyType({})
Forms = Mapping[str, Callable[[Mapping[str, Any], At], Any]]
"""Maps that may hold several words, by the one that names them, such as `rounded`."""
NO_FORMS: Forms = MappingProxyType({})


def _phrase(
    parse: Callable[[str], Any], value: Any, at: At = (), shapes: Shapes = NO_SHAPES, forms: Forms = NO_FORMS
) -> Any:
    """An expression, a map of one of the shapes or forms, or a choice between these, from what the file says."""
    if isinstance(value, str):
        try:
            return parse(value)
        except PhraseError as error:
            raise _wrong(str(error), error.offset, at) from None
    if isinstance(value, Mapping) and "reading" not in value and set(value) & set(shapes):
        how = next(word for word in value if word in shapes)
        if len(value) != 1:
            raise _wrong(f"`{how}` stands alone", at=at)
        return shapes[how](how, value[how], (*at, how))
    if isinstance(value, Mapping):
        form = next((word for word in forms if word in value), None)
        if form is not None:
            return forms[form](value, at)
        if not isinstance(value.get("reading"), str):
            known = ", ".join(f"`{word}`" for word in (*shapes, *forms))
            other = f"; a map of another kind has one of {known}" if known else ""
            raise _wrong(f"a choice names its reading first: `reading: NAME`, then an option a line{other}", at=at)
        options = tuple(
            (str(key), _phrase(parse, item, (*at, key), shapes, forms))
            for key, item in value.items()
            if key != "reading"
        )
        if len(options) < 2:
            raise _wrong("a choice has at least two options", at=at)
        return e.Choice(value["reading"], options)
    raise _wrong("a phrase is text, or a choice by `reading:`", at=at)


def _schema(words: str, *more: dict[str, Any]) -> WithJsonSchema:
    by_reading = {"type": "object", "required": ["reading"], "description": f"{words}, by the reading in use"}
    return WithJsonSchema({"anyOf": [{"type": "string", "description": words}, by_reading, *more]})


def _lists(shapes: Shapes) -> Iterator[dict[str, Any]]:
    """The JSON Schema of maps whose one word takes a list, or a phrase."""
    for how in shapes:
        one = {"type": "array", "minItems": 2} if how not in _OF_ONE else {"type": ["string", "object"]}
        yield {"type": "object", "required": [how], "additionalProperties": False, "properties": {how: one}}


def _typed(
    parse: Callable[[str], Any], words: str, shapes: Shapes = NO_SHAPES
) -> tuple[BeforeValidator, PlainSerializer, WithJsonSchema]:
    made = BeforeValidator(lambda value: _phrase(parse, value, shapes=shapes))
    return (made, PlainSerializer(repr), _schema(words, *_lists(shapes)))


def _members(parse: Callable[[str], Any], shapes: Shapes, what: str, how: str, value: Any, at: At) -> tuple[Any, ...]:
    """Each of a list of two or more, which may again be maps or choices."""
    if not isinstance(value, list) or len(value) < 2:
        raise _wrong(f"`{how}` takes a list of two or more {what}", at=at)
    return tuple(_phrase(parse, member, (*at, number), shapes) for number, member in enumerate(value))


def _union(how: str, value: Any, at: At) -> e.EventUnion:
    members = _members(phrases.event_phrase, _EVENT_SHAPES, "events", how, value, at)
    return e.EventUnion(members, first=how == "first of")


def _picked_day(how: str, value: Any, at: At) -> e.PickedDay:
    members = _members(phrases.member_phrase, _DAY_SHAPES, "days", how, value, at)
    return e.PickedDay("earliest" if how == "earliest of" else "latest", members)


def _all(how: str, value: Any, at: At) -> e.EventAll:
    return e.EventAll(_members(phrases.event_phrase, _EVENT_SHAPES, "events", how, value, at))


def _reached(_: str, value: Any, at: At) -> e.EventReached:
    day = _phrase(phrases.day_phrase, value, at, _DAY_SHAPES)
    return e.EventReached(day, " ".join(value.split()) if isinstance(value, str) else json.dumps(value))


def _picked_receipt(how: str, value: Any, at: At) -> e.PickedDay:
    members = _members(receipt_rule, _RECEIPT_SHAPES, "days", how, value, at)
    return e.PickedDay("earliest" if how == "earliest of" else "latest", members)


def _becomes(_: str, value: Any, at: At) -> e.EventBecomes:
    holds = _phrase(phrases.condition_phrase, value, at)
    return e.EventBecomes(holds, " ".join(value.split()) if isinstance(value, str) else json.dumps(value))


def _stands(how: str, value: Any, at: At) -> e.EventStood:
    if not isinstance(value, Mapping) or not {"event", "for"} <= set(value) <= {"event", "for", "unless"}:
        raise _wrong(f"`{how}` takes `event`, `for` how long it must stand, and perhaps `unless`", at=at)
    event = _phrase(phrases.event_phrase, value["event"], (*at, "event"), _EVENT_SHAPES)
    unless = value.get("unless")
    taken_back = _phrase(phrases.event_phrase, unless, (*at, "unless"), _EVENT_SHAPES) if unless is not None else None
    return e.EventStood(event, _phrase(phrases.span_phrase, value["for"], (*at, "for")), taken_back, json.dumps(value))


_EVENT_SHAPES: Shapes = {
    "any of": _union,
    "first of": _union,
    "all of": _all,
    "reached": _reached,
    "becomes": _becomes,
    "stands": _stands,
}
_DAY_SHAPES: Shapes = {"earliest of": _picked_day, "latest of": _picked_day}
_RECEIPT_SHAPES: Shapes = {"earliest of": _picked_receipt, "latest of": _picked_receipt}


_RENEWAL: dict[str, Any] = {
    "type": "object",
    "required": ["lasts", "renews"],
    "additionalProperties": False,
    "properties": {
        "lasts": {"type": "string"},
        "renews": {
            "type": "object",
            "required": ["by"],
            "additionalProperties": False,
            "properties": {
                "by": {"type": "string"},
                "times": {"type": ["string", "number"]},
                "unless": {"type": ["string", "object"]},
                "notice": {"type": "string"},
            },
        },
    },
}


def _renewing(value: Mapping[str, Any], at: At) -> e.Renewing:
    """A term that `lasts` for a window and then `renews`."""
    renews = value.get("renews")
    if set(value) != {"lasts", "renews"} or not isinstance(renews, Mapping) or "by" not in renews:
        raise _wrong("a term that renews has `lasts`, a window, and `renews` with `by`, a span", at=at)
    unknown = next((word for word in renews if word not in ("by", "times", "unless", "notice")), None)
    if unknown is not None:
        words = f'the word "{unknown}" is not known here; `renews` has by, times, unless and notice'
        raise _wrong(words, at=(*at, "renews"))
    lasts = _phrase(phrases.window_phrase, value["lasts"], (*at, "lasts"))
    ends = lasts.last is not None if isinstance(lasts, e.Range) else isinstance(lasts, e.SpanWindow)
    if not ends or (isinstance(lasts, e.SpanWindow) and lasts.counts_back):
        raise _wrong("a term that renews has an end, such as `36 months beginning on started`", at=(*at, "lasts"))
    by = _phrase(phrases.span_phrase, renews["by"], (*at, "renews", "by"))
    if not by.count:
        raise _wrong("a term that renews by 0 never moves on; write 1 or more", at=(*at, "renews", "by"))
    times = renews.get("times")
    if times is not None and not (str(times).isdecimal() and 1 <= int(str(times)[:5]) <= 1200):
        raise _wrong("`times` is how often it renews at most: 1 to 1200", at=(*at, "renews", "times"))
    notice = None
    if "notice" in renews:
        offset = _phrase(phrases.offset_phrase, renews["notice"], (*at, "renews", "notice"))
        if not isinstance(offset, e.Offset) or (offset.point, offset.side) != ("end", "before"):
            words = "`notice` is the last day for it, such as `90 days before the end`"
            raise _wrong(words, at=(*at, "renews", "notice"))
        notice = offset.span
    unless = renews.get("unless")
    if unless is not None:
        unless = _phrase(phrases.event_phrase, unless, (*at, "renews", "unless"), _EVENT_SHAPES)
    return e.Renewing(lasts, by, int(str(times)) if times is not None else None, unless, notice)


_PAIR = {
    "type": "object",
    "required": ["from"],
    "additionalProperties": False,
    "properties": {name: {"type": ["string", "object"]} for name in ("from", "to", "before")},
}


def _window(value: Any, at: At = ()) -> Any:
    """A window phrase, a choice, a term that renews, or a pair of days: `from` one `to` or `before` another."""
    if isinstance(value, Mapping) and isinstance(value.get("reading"), str) and len(value) > 2:
        options = tuple((str(key), _window(part, (*at, key))) for key, part in value.items() if key != "reading")
        return e.Choice(value["reading"], options)
    if isinstance(value, Mapping) and {"lasts", "renews"} & set(value):
        return _renewing(value, at)
    if not isinstance(value, Mapping) or "from" not in value:
        return _phrase(phrases.window_phrase, value, at)
    if set(value) not in ({"from", "to"}, {"from", "before"}):
        raise _wrong("a pair of days has `from` and either `to` (the last day) or `before` (the day after it)", at=at)
    last = "to" if "to" in value else "before"
    first, end = (_phrase(phrases.day_phrase, value[word], (*at, word), _DAY_SHAPES) for word in ("from", last))
    return e.Range(first, end if last == "to" else e.Shifted(Span(1, Unit.DAY), "before", end))


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


def _step_units(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    text = str(value)
    if not _UNITS.fullmatch(text):
        raise _wrong(f'"{text[:40]}" is no number of units; write digits, such as 2500')
    return Decimal(text)


def _span(value: Any) -> Any:
    return value if isinstance(value, Span) else _phrase(phrases.span_phrase, value)


def _steps_on(value: Any) -> Any:
    """A span that a series moves on by."""
    span = _span(value)
    if isinstance(span, Span) and not span.count:
        raise _wrong("a series that moves on by 0 never ends; write 1 or more")
    if isinstance(span, Span) and span.then is not None:
        raise _wrong(f"a series moves on by one unit, not by {span.words()}")
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
_UNITS = re.compile(r"\d{1,15}(\.\d{1,10})?", re.ASCII)
_RATIO = re.compile(r"(\d{1,15})/([1-9]\d{0,14})", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_SLACK = re.compile(r"[#@]?[\w.-]{1,80}", re.ASCII)

Day = Annotated[
    Any, *_typed(phrases.day_phrase, "a day, such as `5 days after terminated`, or `unstated`", _DAY_SHAPES)
]
_BEGINS_WORDS = "a month and day, such as `july 1`, or a day whose anniversaries begin the years"
Begins = Annotated[Any, *_typed(phrases.begins_phrase, _BEGINS_WORDS, _DAY_SHAPES)]
_RECEIPT_WORDS = "when a notice counts as received, such as `on receipt` or `2 business days after sending`"
ReceiptRule = Annotated[Any, *_typed(receipt_rule, _RECEIPT_WORDS, _RECEIPT_SHAPES)]
WindowPhrase = Annotated[
    Any,
    BeforeValidator(lambda value: _window(value)),
    PlainSerializer(repr),
    _schema("a window, such as `6 months following terminated`", _PAIR, _RENEWAL),
]
_EVENT_WORDS = "an event, such as `terminated with good_cause no` or `first good_exit during protected`"
Event = Annotated[Any, *_typed(phrases.event_phrase, _EVENT_WORDS, _EVENT_SHAPES)]
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
StepUnits = Annotated[
    Any,
    BeforeValidator(_step_units),
    PlainSerializer(str),
    WithJsonSchema({"type": "string", "description": "a number of units"}),
]


def _choice_of_text(value: Any) -> Any:
    return _phrase(lambda text: text, value)


def listed(value: Any) -> Any:
    """One thing or a list of things, as a list."""
    return value if isinstance(value, list) else [value]


Option = Annotated[
    Any, BeforeValidator(_choice_of_text), PlainSerializer(repr), _schema("a word, or a choice by reading")
]
