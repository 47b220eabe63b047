"""Values that do not change, made quickly: plans make them by the hundred thousand.

A frozen dataclass writes each field past its own guard, one call a field. Here an object is made while it is of a class
with the same fields and without the guard, and takes its own class when it is complete.
"""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields
from types import new_class
from typing import Any, TypeVar, cast

T = TypeVar("T")


def swift(cls: type[T]) -> type[T]:
    """The frozen, slotted dataclass itself, of which objects are made in about half the time.

    Nothing else about it differs: same arguments, defaults and errors, and what is made cannot be changed.

    >>> from dataclasses import dataclass
    >>> @swift
    ... @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(3) == Point(x=3, y=0), Point(1)
    (True, Point(x=1, y=0))
    >>> Point(3).x = 4
    Traceback (most recent call last):
    dataclasses.FrozenInstanceError: cannot assign to field 'x'
    """
    parts = fields(cast(Any, cls))
    if not all(part.init for part in parts):
        raise TypeError(f"{cls.__name__}: every field is an argument")
    slots = {"__slots__": cls.__dict__["__slots__"]}
    bases = cls.__dict__.get("__orig_bases__", cls.__bases__)
    open_class = new_class(f"Open{cls.__name__}", bases, {}, lambda made: made.update(slots))
    known: dict[str, Any] = {"frozen": cls, "opened": open_class, "take_class": object.__setattr__}
    arguments, body = ["self"], ['take_class(self, "__class__", opened)']
    for part in parts:
        name, value = part.name, part.name
        if part.default_factory is not MISSING:
            known[f"make_{name}"], known[f"default_{name}"] = part.default_factory, MISSING
            value = f"make_{name}() if {name} is default_{name} else {name}"
        elif part.default is not MISSING:
            known[f"default_{name}"] = part.default
        arguments.append(f"{name}=default_{name}" if f"default_{name}" in known else name)
        body.append(f"self.{name} = {value}")
    body.append("self.__class__ = frozen")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(arguments)}):\n    " + "\n    ".join(body), known)
    made = known["__init__"]
    made.__qualname__, made.__doc__ = f"{cls.__qualname__}.__init__", inspect.getdoc(cls.__init__)
    type.__setattr__(cls, "__init__", made)
    return cls
