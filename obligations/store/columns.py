"""Maps and lists as the text of one column, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

Values = dict[str, Any]
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def to_json(value: object) -> str:
    """The value as ASCII text: escapes keep any string exact, on both databases and in any encoding."""
    return _encode(value)


def plain(mapping: Mapping[str, Any]) -> str:
    """A map as text; an empty one, which is most of them, without asking the encoder."""
    return to_json(dict(mapping)) if mapping else "{}"


# The column of a list that is empty.
NO_TEXTS = "[]"


def texts(value: str) -> tuple[str, ...]:
    """A list of texts back from its column."""
    return tuple(json.loads(value)) if value != "[]" else ()


def texts_by_name(value: str) -> Mapping[str, str]:
    """A map of texts back from its column."""
    return cast(Mapping[str, str], json.loads(value)) if value != "{}" else {}
