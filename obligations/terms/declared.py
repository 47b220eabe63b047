"""What a file declares before its clauses: parameters, facts, events, readings, and how it counts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from obligations.terms.fields import Name, Pace, Strict, YesNo
from obligations.terms.formulas import Amount
from obligations.terms.moments import Begins
from schedules.spans import Span, Unit

ValueType = Literal["date", "money", "units", "hours", "number", "span", "yes_or_no", "payroll_calendar", "text"]


class Parameter(Strict):
    """A figure fixed when the contract is signed; the default is the first contract's."""

    type: ValueType
    default: str | None = None
    cite: str = ""
    says: str = ""


class Fact(Strict):
    """Something true from a day on, restated by a report of the same name; `ask` where the document does not say it."""

    type: ValueType
    starts_as: Amount | None = Field(default=None, alias="is")
    ask: str = ""
    each: Name | None = None
    cite: str = ""


def _field_kind(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else {"options": value} if isinstance(value, list) else value


class FieldOfEvent(Strict):
    """A typed detail of an event: of a type, or one of a few words."""

    type: ValueType = "text"
    options: list[str] = Field(default_factory=list)


FieldKind = Annotated[
    FieldOfEvent, BeforeValidator(_field_kind, json_schema_input_type=ValueType | list[str] | FieldOfEvent)
]


class EventKind(Strict):
    """A kind of thing that happens and is reported. `is_receipt` says that the day it happens is a day of receipt.

    A `notice` happens when it is sent, through one of the channels that the file's `notices` name.
    """

    says: str = ""
    reported_by: Name | None = None
    cite: str = ""
    fields: dict[Name, FieldKind] = Field(default_factory=dict, alias="with")
    once: YesNo = False
    required: YesNo = False
    is_receipt: YesNo = False
    notice: YesNo = False
    prove: list[str] = Field(default_factory=list)


class Reading(Strict):
    """A named choice where the text is ambiguous. `governs` makes the options a counting policy of the whole file."""

    use: str
    options: dict[str, str] | list[str]
    cite: str = ""
    why: str = ""
    governs: Literal["event_day", "month_end", "zone", "calendar", "short_periods"] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The options, in file order."""
        return tuple(self.options)

    @model_validator(mode="after")
    def _use_is_an_option(self) -> Reading:
        if self.use not in self.options:
            raise ValueError(f'"{self.use}" is not among the options: {", ".join(self.names)}')
        if self.governs and isinstance(self.options, list):
            raise ValueError("a reading that governs counting gives each option its policy: `option: policy`")
        return self


class CountingRules(Strict):
    """How the whole file counts, where its text leaves no doubt."""

    event_day: str | None = None
    month_end: str | None = None
    zone: str | None = None
    calendar: str | None = None
    short_periods: str | None = None


class YearKind(Strict):
    """A year of its own: where it begins, and how long it is where it is no year but a part of one."""

    begins: Begins
    lasts: Pace = Span(12, Unit.MONTH)
    cite: str = ""
