"""Examples in a file, and what it says twice or leaves out: what `check` holds it to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from obligations.terms.fields import DayText, Line, Name, Strict, listed
from obligations.terms.formulas import Amount
from obligations.terms.moments import Day


def _given(value: Any) -> Any:
    return {"date": value} if isinstance(value, str) else value


def _expected(value: Any) -> Any:
    return [] if value == "none" else listed(value)


class Coverage(Strict):
    """What the file leaves out on purpose, so that nothing is silent; `document` lists every clause there is."""

    document: list[Line] = Field(default_factory=list)
    no_obligation: list[str] = Field(default_factory=list)
    needs_judgment: list[str] = Field(default_factory=list)
    no_date_stated: list[str] = Field(default_factory=list)
    form_only: list[str] = Field(default_factory=list)


class Members(Strict):
    """How many alternatives the document announces for a clause that takes the greater or the lesser of them."""

    of: Name
    said: Annotated[int, Field(ge=2, le=100)]


class Comparison(Strict):
    """Something the document states twice, each in its own way: `check` holds them against each other.

    Where they differ, `settled_by` names the reading that says which of them is meant.
    """

    says: Line
    cite: str = ""
    days: list[Day] = Field(default_factory=list)
    amounts: list[Amount] = Field(default_factory=list)
    members: Members | None = None
    settled_by: Name | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Comparison:
        given = [word for word in ("days", "amounts", "members") if getattr(self, word)]
        if len(given) != 1:
            raise ValueError("a comparison has one of days, amounts and members")
        if not self.members and len(self.days or self.amounts) < 2:
            raise ValueError(f"a comparison holds two or more {given[0]} against each other")
        return self


class GivenEvent(Strict):
    """An event of an example with its fields."""

    date: DayText
    received: DayText | None = None
    answers: str | None = None
    fields: dict[Name, str] = Field(default_factory=dict, alias="with")


class Expected(Strict):
    """What an example expects of one clause's occurrence, or of a power."""

    index: Annotated[int, Field(ge=1)] = 1
    due_on: DayText | None = None
    adjusted_on: DayText | None = None
    from_on: DayText | None = None
    to_on: DayText | None = None
    amount: str | None = None
    units: str | None = None
    state: str | None = None
    arises_on: DayText | None = None


_OneGiven = Annotated[GivenEvent, BeforeValidator(_given, json_schema_input_type=str | GivenEvent)]
Given = Annotated[
    list[_OneGiven], BeforeValidator(listed, json_schema_input_type=str | GivenEvent | list[str | GivenEvent])
]
Expectations = Annotated[
    list[Expected],
    BeforeValidator(_expected, json_schema_input_type=Literal["none"] | Expected | list[Expected]),
]


class Example(Strict):
    """A story with its outcome: a test a lawyer can read."""

    name: Line
    given: dict[Name, Given]
    as_of: DayText | None = None
    expect: dict[Name, Expectations]
