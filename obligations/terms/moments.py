"""Days, windows, events and moments as fields of a file: phrases, or maps where a list or several parts are needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from obligations.terms import expressions as e
from obligations.terms import phrases
from obligations.terms.forms import At, Shapes, expression, members, schema, typed, typed_phrase, wrong
from obligations.terms.notices import receipt_rule
from schedules.spans import Span, Unit


def _said(value: Any) -> str:
    """What the file says, by which one such event is told from another."""
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)


def _union(how: str, value: Any, at: At) -> e.EventUnion:
    listed = members(phrases.event_phrase, EVENT_SHAPES, "events", how, value, at)
    return e.EventUnion(listed, first=how == "first of")


def _all(how: str, value: Any, at: At) -> e.EventAll:
    return e.EventAll(members(phrases.event_phrase, EVENT_SHAPES, "events", how, value, at))


def _picked(parse: Callable[[str], Any], shapes: Shapes, how: str, value: Any, at: At) -> e.PickedDay:
    listed = members(parse, shapes, "days", how, value, at)
    return e.PickedDay("earliest" if how == "earliest of" else "latest", listed)


def _picked_day(how: str, value: Any, at: At) -> e.PickedDay:
    return _picked(phrases.member_phrase, DAY_SHAPES, how, value, at)


def _picked_receipt(how: str, value: Any, at: At) -> e.PickedDay:
    return _picked(receipt_rule, _RECEIPT_SHAPES, how, value, at)


def _reached(_: str, value: Any, at: At) -> e.EventReached:
    return e.EventReached(expression(phrases.day_phrase, value, at, DAY_SHAPES), _said(value))


def _becomes(_: str, value: Any, at: At) -> e.EventBecomes:
    return e.EventBecomes(expression(phrases.condition_phrase, value, at), _said(value))


def _stands(how: str, value: Any, at: At) -> e.EventStood:
    if not isinstance(value, Mapping) or not {"event", "for"} <= set(value) <= {"event", "for", "unless"}:
        raise wrong(f"`{how}` takes `event`, `for` how long it must stand, and perhaps `unless`", at=at)
    event = expression(phrases.event_phrase, value["event"], (*at, "event"), EVENT_SHAPES)
    unless = value.get("unless")
    taken_back = expression(phrases.event_phrase, unless, (*at, "unless"), EVENT_SHAPES) if unless is not None else None
    stays = expression(phrases.span_phrase, value["for"], (*at, "for"))
    return e.EventStood(event, stays, taken_back, _said(value))


EVENT_SHAPES: Shapes = {
    "any of": _union,
    "first of": _union,
    "all of": _all,
    "reached": _reached,
    "becomes": _becomes,
    "stands": _stands,
}
DAY_SHAPES: Shapes = {"earliest of": _picked_day, "latest of": _picked_day}
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
        raise wrong("a term that renews has `lasts`, a window, and `renews` with `by`, a span", at=at)
    unknown = next((word for word in renews if word not in ("by", "times", "unless", "notice")), None)
    if unknown is not None:
        words = f'the word "{unknown}" is not known here; `renews` has by, times, unless and notice'
        raise wrong(words, at=(*at, "renews"))
    lasts = expression(phrases.window_phrase, value["lasts"], (*at, "lasts"))
    ends = lasts.last is not None if isinstance(lasts, e.Range) else isinstance(lasts, e.SpanWindow)
    if not ends or (isinstance(lasts, e.SpanWindow) and lasts.counts_back):
        raise wrong("a term that renews has an end, such as `36 months beginning on started`", at=(*at, "lasts"))
    by = expression(phrases.span_phrase, renews["by"], (*at, "renews", "by"))
    if not by.count:
        raise wrong("a term that renews by 0 never moves on; write 1 or more", at=(*at, "renews", "by"))
    times = renews.get("times")
    if times is not None and not (str(times).isdecimal() and 1 <= int(str(times)[:5]) <= 1200):
        raise wrong("`times` is how often it renews at most: 1 to 1200", at=(*at, "renews", "times"))
    notice = None
    if "notice" in renews:
        offset = expression(phrases.offset_phrase, renews["notice"], (*at, "renews", "notice"))
        if not isinstance(offset, e.Offset) or (offset.point, offset.side) != ("end", "before"):
            words = "`notice` is the last day for it, such as `90 days before the end`"
            raise wrong(words, at=(*at, "renews", "notice"))
        notice = offset.span
    unless = renews.get("unless")
    if unless is not None:
        unless = expression(phrases.event_phrase, unless, (*at, "renews", "unless"), EVENT_SHAPES)
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
        return expression(phrases.window_phrase, value, at)
    if set(value) not in ({"from", "to"}, {"from", "before"}):
        raise wrong("a pair of days has `from` and either `to` (the last day) or `before` (the day after it)", at=at)
    last = "to" if "to" in value else "before"
    first, end = (expression(phrases.day_phrase, value[word], (*at, word), DAY_SHAPES) for word in ("from", last))
    return e.Range(first, end if last == "to" else e.Shifted(Span(1, Unit.DAY), "before", end))


Day = Annotated[
    Any, *typed_phrase(phrases.day_phrase, "a day, such as `5 days after terminated`, or `unstated`", DAY_SHAPES)
]
_BEGINS_WORDS = "a month and day, such as `july 1`, or a day whose anniversaries begin the years"
Begins = Annotated[Any, *typed_phrase(phrases.begins_phrase, _BEGINS_WORDS, DAY_SHAPES)]
_RECEIPT_WORDS = "when a notice counts as received, such as `on receipt` or `2 business days after sending`"
ReceiptRule = Annotated[Any, *typed_phrase(receipt_rule, _RECEIPT_WORDS, _RECEIPT_SHAPES)]
WindowPhrase = Annotated[
    Any, *typed(_window, schema("a window, such as `6 months following terminated`", _PAIR, _RENEWAL))
]
_EVENT_WORDS = "an event, such as `terminated with good_cause no` or `first good_exit during protected`"
Event = Annotated[Any, *typed_phrase(phrases.event_phrase, _EVENT_WORDS, EVENT_SHAPES)]
Moment = Annotated[Any, *typed_phrase(phrases.offset_phrase, "a moment, such as `7 days before` or `on the day`")]
