"""What stands inside a part of a file: every expression down to its names, and what a choice may come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from obligations.terms import expressions as e
from obligations.terms.fields import Strict


def parts(value: object) -> Iterator[object]:
    """A value and everything in it, outermost first."""
    yield value
    if isinstance(value, tuple | list):
        for part in value:
            yield from parts(part)
    elif isinstance(value, Mapping):
        yield from parts(tuple(value.values()))
    elif isinstance(value, Strict):
        yield from parts(tuple(getattr(value, name) for name in type(value).model_fields))
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from parts(getattr(value, field.name))


def branches(value: object) -> Iterator[object]:
    """Every value a choice may come to, or the value itself; nothing for None."""
    if isinstance(value, e.Choice):
        for _, option in value.options:
            yield from branches(option)
    elif value is not None:
        yield value
