"""Amounts and conditions as fields of a file: phrases, or maps where a list or several parts are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic_core import PydanticCustomError

from obligations.terms import expressions as e
from obligations.terms import phrases
from obligations.terms.errors import PhraseError
from obligations.terms.forms import At, Forms, expression, schema, shape_schemas, typed, wrong
from obligations.terms.moments import EVENT_SHAPES
from schedules.daycounts import DayCount, Months
from schedules.rounding import Rounding


def amount(value: Any, at: At = ()) -> Any:
    """The amount expression of a phrase, of a map such as `greater of: [a, b]`, or of a choice by reading."""
    return expression(phrases.amount_phrase, value, at, forms=_AMOUNTS)


def condition(value: Any, at: At = ()) -> Any:
    """The condition of a phrase, of a map such as `all of: [a, b]`, or of a choice by reading."""
    return expression(phrases.condition_phrase, value, at, forms=_CONDITIONS)


def event_or_condition(value: Any, at: At = ()) -> Any:
    """An event, or a condition; a list of events is a union of them, any other list one of conditions.

    A choice by reading may have events under one option and conditions under another.
    """
    if isinstance(value, Mapping) and isinstance(value.get("reading"), str) and len(value) > 2:
        options = ((str(key), event_or_condition(part, (*at, key))) for key, part in value.items() if key != "reading")
        return e.Choice(value["reading"], tuple(options))
    try:
        return expression(phrases.event_or_condition_phrase, value, at, EVENT_SHAPES)
    except PydanticCustomError:
        if not isinstance(value, Mapping) or "reading" in value:
            raise
        return condition(value, at)


def _listed(
    word: str, parse: Callable[[Any, At], Any], make: Callable[[tuple[Any, ...]], Any]
) -> Callable[[Mapping[str, Any], At], Any]:
    """A map of one word over a list of two or more members."""

    def form(value: Mapping[str, Any], at: At) -> Any:
        _only(value, (word,), at)
        members = value[word]
        if not isinstance(members, list) or len(members) < 2:
            raise wrong(f"`{word}` takes a list of two or more", at=(*at, word))
        return make(tuple(parse(member, (*at, word, number)) for number, member in enumerate(members)))

    return form


def _only(value: Mapping[str, Any], words: Iterable[str], at: At) -> None:
    """Refuse words that have no meaning in a map of this form."""
    known = tuple(words)
    for word in value:
        if word not in known:
            raise wrong(f'"{word}" has no meaning beside `{known[0]}`; known here: {", ".join(known)}', at=(*at, word))


def _not(value: Mapping[str, Any], at: At) -> Any:
    _only(value, ("not",), at)
    return e.Not(condition(value["not"], (*at, "not")))


def _rounded(value: Mapping[str, Any], at: At) -> Any:
    _only(value, ("rounded", "by", "to"), at)
    to = value.get("to")
    if to is not None and (not isinstance(to, str) or not _is_step(to)):
        raise wrong(f'"{to}" is no figure to round to; write for example 100 or 0.01', at=(*at, "to"))
    rule = rounding(value.get("by", Rounding.HALF_UP), (*at, "by"))
    return e.Rounded(amount(value["rounded"], (*at, "rounded")), rule, Decimal(to) if to else None)


def _pro_rata(value: Mapping[str, Any], at: At) -> Any:
    _only(value, ("pro rata", "for", "of", "by", "round"), at)
    for word in ("for", "of"):
        if word not in value:
            raise wrong(f"`pro rata` needs `{word}:`, {_NEEDED[word]}", at=at)
    of = value["of"]
    size = of if of in ("year", "month") else "window"
    if "by" not in value and size != "window":
        raise wrong(f"`pro rata` of a {of} needs `by:`, one of: {', '.join(BY[size])}", at=at)
    share = e.ProRata(
        amount(value["pro rata"], (*at, "pro rata")),
        expression(phrases.window_phrase, value["for"], (*at, "for")),
        of if size != "window" else expression(phrases.window_phrase, of, (*at, "of")),
        expression(lambda text: _counted_by(text, size), value.get("by", "days"), (*at, "by")),
    )
    return e.Rounded(share, rounding(value["round"], (*at, "round"))) if "round" in value else share


def _counted_by(text: str, size: str) -> str:
    if text not in BY[size]:
        raise PhraseError(f'"{text}" is no way to count a share of a {size}; choose one of: {", ".join(BY[size])}')
    return text


_NEEDED = {"for": "the window whose share it is", "of": "what it is a share of: a window, year or month"}
BY = {
    "year": (*DayCount, *Months),
    "month": ("days", DayCount.THIRTY_360, DayCount.THIRTY_E_360, *Months),
    "window": ("days", *Months, "paydays"),
}


def rounding(value: Any, at: At) -> Rounding:
    """The rule of rounding that a word names."""
    try:
        return Rounding(str(value))
    except ValueError:
        known = ", ".join(Rounding)
        raise wrong(f'"{value}" is no rule of rounding; choose one of: {known}', at=at) from None


def _is_step(text: str) -> bool:
    return len(text) <= 20 and text.replace(".", "", 1).isdecimal() and text.isascii() and Decimal(text) > 0


_AMOUNTS: Forms = {
    "greater of": _listed("greater of", amount, e.Extreme),
    "lesser of": _listed("lesser of", amount, lambda members: e.Extreme(members, least=True)),
    "sum of": _listed("sum of", amount, e.Sum),
    "rounded": _rounded,
    "pro rata": _pro_rata,
}
_CONDITIONS: Forms = {
    "all of": _listed("all of", condition, e.AllOf),
    "any of": _listed("any of", condition, e.AnyOf),
    "none of": _listed("none of", condition, lambda members: e.AnyOf(members, none=True)),
    "not": _not,
}


def _forms(maps: Iterable[str], more: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, Any], ...]:
    """How an editor knows the maps: by their words."""
    return tuple(
        {
            "type": "object",
            "required": [word],
            "additionalProperties": False,
            "properties": {
                word: {"type": "array"} if word.endswith(" of") else {},
                **{other: {} for other in more.get(word, ())},
            },
        }
        for word in maps
    )


_SCHEMA_WORDS = {"rounded": ("by", "to"), "pro rata": ("for", "of", "by", "round")}


Amount = Annotated[
    Any,
    *typed(amount, schema("an amount: a figure, a parameter, a fact, `2 * fee`", *_forms(_AMOUNTS, _SCHEMA_WORDS))),
]
ConditionPhrase = Annotated[
    Any, *typed(condition, schema("a condition, such as `not carrier_allows`", *_forms(_CONDITIONS, {})))
]
_EITHER_WORDS = "an event or a condition, such as `terminated with good_cause yes` or `not carrier_allows`"
EventOrCondition = Annotated[
    Any, *typed(event_or_condition, schema(_EITHER_WORDS, *shape_schemas(EVENT_SHAPES), *_forms(_CONDITIONS, {})))
]
