"""Values that do not change, made quickly: plans make them by the hundred thousand.

A frozen dataclass writes each field past its own guard, one call a field. Here an object is made while it is of a class
with the same fields and without the guard, and takes its own class when it is complete.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from types import new_class
from typing import Any, TypeVar, cast

T = TypeVar("T")
# The class without a guard that each swift class is made by way of.
_OPENED: dict[type, type] = {}


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
    open_class = _OPENED[cls] = new_class(f"Open{cls.__name__}", bases, {}, lambda made: made.update(slots))
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


def swift_from(cls: type[T], *names: str) -> Callable[..., T]:
    """What makes objects of a swift class from these attributes alone, given in this order, in half the time again.

    Other fields have their defaults, and those without one stay empty: a base of the class fills them in when somebody
    looks. `__post_init__` is not run. Names may be slots of a base too.

    >>> from dataclasses import dataclass
    >>> @swift
    ... @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int
    ...     z: int = 0
    >>> on_the_line = swift_from(Point, "y", "x")
    >>> on_the_line(1, 2)
    Point(x=2, y=1, z=0)
    """
    known: dict[str, Any] = {"new": object.__new__, "opened": _OPENED[cls], "frozen": cls}
    body = ["made = new(opened)", *(f"made.{name} = {name}" for name in names)]
    for part in fields(cast(Any, cls)):
        if part.name not in names and part.default is not MISSING:
            known[f"default_{part.name}"] = part.default
            body.append(f"made.{part.name} = default_{part.name}")
    body += ["made.__class__ = frozen", "return made"]
    exec(f"def make({', '.join(names)}):\n    " + "\n    ".join(body), known)
    return cast(Callable[..., T], known["make"])
