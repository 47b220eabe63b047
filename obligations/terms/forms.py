"""What may stand where a phrase may: its text, a map that begins with a known word, or a choice between these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from obligations.terms import expressions as e
from obligations.terms.errors import PhraseError

At = tuple[str | int, ...]


def wrong(message: str, offset: int = 0, at: At = ()) -> PydanticCustomError:
    """A finding in words; `at` leads from the field to the part of it that is meant, `offset` into its text."""
    return PydanticCustomError("phrase", "{message}", {"message": message, "offset": offset, "at": at})


Shapes = Mapping[str, Callable[[str, Any, At], Any]]
"""Maps of one word that may stand instead of a phrase, such as `earliest of`, and what makes expressions of them."""
NO_SHAPES: Shapes = MappingProxyType({})
Forms = Mapping[str, Callable[[Mapping[str, Any], At], Any]]
"""Maps that may hold several words, by the one that names them, such as `rounded`."""
NO_FORMS: Forms = MappingProxyType({})


def expression(
    parse: Callable[[str], Any], value: Any, at: At = (), shapes: Shapes = NO_SHAPES, forms: Forms = NO_FORMS
) -> Any:
    """An expression, a map of one of the shapes or forms, or a choice between these, from what the file says."""
    if isinstance(value, str):
        try:
            return parse(value)
        except PhraseError as error:
            raise wrong(str(error), error.offset, at) from None
    if isinstance(value, Mapping) and "reading" not in value and set(value) & set(shapes):
        how = next(word for word in value if word in shapes)
        if len(value) != 1:
            raise wrong(f"`{how}` stands alone", at=at)
        return shapes[how](how, value[how], (*at, how))
    if isinstance(value, Mapping):
        form = next((word for word in forms if word in value), None)
        if form is not None:
            return forms[form](value, at)
        if not isinstance(value.get("reading"), str):
            known = ", ".join(f"`{word}`" for word in (*shapes, *forms))
            other = f"; a map of another kind has one of {known}" if known else ""
            raise wrong(f"a choice names its reading first: `reading: NAME`, then an option a line{other}", at=at)
        options = tuple(
            (str(key), expression(parse, item, (*at, key), shapes, forms))
            for key, item in value.items()
            if key != "reading"
        )
        if len(options) < 2:
            raise wrong("a choice has at least two options", at=at)
        return e.Choice(value["reading"], options)
    raise wrong("a phrase is text, or a choice by `reading:`", at=at)


def members(parse: Callable[[str], Any], shapes: Shapes, what: str, how: str, value: Any, at: At) -> tuple[Any, ...]:
    """Each of a list of two or more, which may again be maps or choices."""
    if not isinstance(value, list) or len(value) < 2:
        raise wrong(f"`{how}` takes a list of two or more {what}", at=at)
    return tuple(expression(parse, member, (*at, number), shapes) for number, member in enumerate(value))


Typed = tuple[BeforeValidator, PlainSerializer, WithJsonSchema]


def typed(read: Callable[[Any], Any], described: WithJsonSchema) -> Typed:
    """How a field of expressions is read, shown and described."""
    return (BeforeValidator(read), PlainSerializer(repr), described)


def typed_phrase(parse: Callable[[str], Any], words: str, shapes: Shapes = NO_SHAPES) -> Typed:
    """The same for a field that takes a phrase, or a map of one of the shapes."""
    return typed(lambda value: expression(parse, value, shapes=shapes), schema(words, *shape_schemas(shapes)))


def schema(words: str, *more: dict[str, Any]) -> WithJsonSchema:
    """The JSON Schema of a phrase, of a choice by reading, and of the maps that may stand there."""
    by_reading = {"type": "object", "required": ["reading"], "description": f"{words}, by the reading in use"}
    return WithJsonSchema({"anyOf": [{"type": "string", "description": words}, by_reading, *more]})


def shape_schemas(shapes: Shapes) -> Iterator[dict[str, Any]]:
    """The JSON Schema of maps whose one word takes a list, where it ends with `of`, or a phrase."""
    for how in shapes:
        one = {"type": "array", "minItems": 2} if how.endswith(" of") else {"type": ["string", "object"]}
        yield {"type": "object", "required": [how], "additionalProperties": False, "properties": {how: one}}
