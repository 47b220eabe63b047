"""Why a date or an amount is what it is: the tree built where the arithmetic happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

T_co = TypeVar("T_co", covariant=True)

Kind = Literal["rule", "event", "fact", "clause", "reading", "assumption", "calendar", "text"]


@dataclass(frozen=True, slots=True)
class Derivation:
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


@dataclass(frozen=True, slots=True)
class Reasoned(Generic[T_co]):
    """A value together with the derivation that explains it."""

    value: T_co
    why: Derivation
