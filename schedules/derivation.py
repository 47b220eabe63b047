"""Why a date or an amount is what it is: the tree built where the arithmetic happens, written out when it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeVar

from schedules.frozen import swift

T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")

Kind = Literal["rule", "event", "fact", "clause", "reading", "assumption", "calendar", "text"]
_FIELDS = ("rule", "result", "inputs", "kind", "cite", "ref")


class _WrittenLater:
    """What `later` gives: a step without its fields, which are filled in when one of them is first looked at."""

    __slots__ = ("_make",)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Asked only where a slot is empty, so a step that was written out costs nothing more.
            if name not in _FIELDS:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            if (make := self._make) is not None:
                write, args = make
                made = write(*args)
                for field in _FIELDS:
                    object.__setattr__(self, field, getattr(made, field))
                # What it was made of is let go only now: another thread that came here too writes the same.
                object.__setattr__(self, "_make", None)
            return object.__getattribute__(self, name)


@swift
@dataclass(frozen=True, slots=True)
class Derivation(_WrittenLater):
    """One step of an explanation: a rule in words, its result, and what it rests on.

    Args:
        rule: what was done, in words a reader of contracts recognises.
        result: the value it gave, as text (an ISO date, a decimal number); may be empty.
        inputs: the steps this one rests on, in reading order.
        kind: what sort of step it is; `rule` for arithmetic.
        cite: the clause or statute the step comes from; empty for plain arithmetic.
        ref: the id of the report a step of kind `event` rests on; empty elsewhere.

    >>> hired = Derivation("employment started", "2005-04-11", kind="event")
    >>> Derivation("3 calendar days after, the day itself not counted", "2005-04-14", (hired,)).sentence()
    '3 calendar days after, the day itself not counted: 2005-04-14; employment started: 2005-04-11'
    """

    rule: str
    result: str = ""
    inputs: tuple[Derivation, ...] = ()
    kind: Kind = "rule"
    cite: str = ""
    ref: str = ""

    def resting_on(self, *steps: Derivation) -> Derivation:
        """The same step, resting on these as well."""
        return Derivation(self.rule, self.result, (*self.inputs, *steps), self.kind, self.cite, self.ref)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Derivation]]:
        """Each step with its depth, this one first, inputs in order."""
        yield depth, self
        for step in self.inputs:
            yield from step.walk(depth + 1)

    def sentence(self) -> str:
        """The whole tree on one line: the conclusion, then what it rests on.

        No step is said twice, and one that comes to the same result as the step it explains does not repeat it.

        >>> gone = Derivation("change of control", "2006-10-16", kind="event", cite="5.3")
        >>> Derivation("inside the window", "2006-10-16", (gone, gone)).sentence()
        'inside the window: 2006-10-16; change of control (clause 5.3)'
        """
        said: dict[Derivation, str] = {}
        self._say(said, "")
        return "; ".join(dict.fromkeys(said.values()))

    def _say(self, said: dict[Derivation, str], known: str) -> None:
        if self in said:
            return
        cite = f" (clause {self.cite})" if self.cite else ""
        result = f": {self.result}" if self.result and self.result != known else ""
        said[self] = f"{self.rule}{cite}{result}"
        for step in self.inputs:
            step._say(said, self.result)

    def as_json(self) -> dict[str, Any]:
        """The tree as plain data: `kind`, `rule`, `result`, `cite`, `ref`, `inputs`."""
        return {
            "kind": self.kind,
            "rule": self.rule,
            "result": self.result,
            "cite": self.cite,
            "ref": self.ref,
            "inputs": [step.as_json() for step in self.inputs],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Derivation:
        """The tree that `as_json` wrote."""
        return cls(
            rule=data["rule"],
            result=data["result"],
            inputs=tuple(cls.from_json(step) for step in data["inputs"]),
            kind=data["kind"],
            cite=data["cite"],
            ref=data["ref"],
        )


def later(write: Callable[P, Derivation], *args: P.args, **_: P.kwargs) -> Derivation:
    """The step that `write` gives for these arguments, written out when it is first looked at.

    Most plans are made and few are read, so a step costs nothing but its arguments until then. `write` is pure and the
    arguments do not change afterwards: then nobody can tell the step from one that was written at once.

    >>> step = later(lambda days: Derivation(f"{days} days after", "2005-04-14"), 3)
    >>> step == Derivation("3 days after", "2005-04-14"), step.rule
    (True, '3 days after')
    """
    step = _new(Derivation)
    _keep(step, (write, args))
    return step


_new = object.__new__
_keep = _WrittenLater.__dict__["_make"].__set__


@swift
@dataclass(frozen=True, slots=True)
class Reasoned(Generic[T_co]):
    """A value together with the derivation that explains it."""

    value: T_co
    why: Derivation
