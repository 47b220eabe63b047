"""A whole file, typed: a template, a contract on one, an amendment; and the JSON Schema of them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter, model_validator

from obligations.terms.clause import Clause, Happens
from obligations.terms.declared import CountingRules, EventKind, Fact, FieldOfEvent, Parameter, Reading, YearKind
from obligations.terms.fields import DayText, Identifier, Line, Name, Strict, email_text, listed, slack_text
from obligations.terms.moments import Day, Event, ReceiptRule, WindowPhrase
from obligations.terms.stories import Comparison, Coverage, Example
from obligations.terms.tables import Table


def _chosen(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


class TemplateHead(Strict):
    """What a template is."""

    id: Identifier
    title: Line
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    says: str = ""


class ContractHead(Strict):
    """Which contract this is, and the template it stands on."""

    id: Identifier
    title: Line | None = None
    template: str | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    says: str = ""


class Person(Strict):
    """Somebody who plays a role: who they are and where they are reached."""

    name: Line
    email: Annotated[str, BeforeValidator(email_text)] | None = None
    slack: Annotated[str, BeforeValidator(slack_text)] | None = None


class Chosen(Strict):
    """A reading chosen for this contract, and by whom."""

    use: str
    chosen_by: str = ""


People = dict[Name, Annotated[list[Person], BeforeValidator(listed, json_schema_input_type=Person | list[Person])]]


def with_channels(
    events: Mapping[str, EventKind], notices: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, EventKind]:
    """The events, every notice with the field `channel`: one of the channels known now, where it had those known
    before or says nothing of its own."""
    found = dict(events)
    for name, kind in events.items():
        own = kind.fields.get("channel")
        if kind.notice and notices and (own is None or (before and own.options == list(before))):
            channel = FieldOfEvent(options=list(notices))
            found[name] = kind.model_copy(update={"fields": {**kind.fields, "channel": channel}})
    return found


class Definitions(Strict):
    """What a whole definition and an amendment of one say alike."""

    terms: Literal["1"]
    parties: dict[Name, str] = Field(default_factory=dict)
    roles: dict[Name, str] = Field(default_factory=dict)
    people: People = Field(default_factory=dict)
    tables: dict[Name, Table] = Field(default_factory=dict)
    counting: CountingRules = CountingRules()
    events: dict[Name, EventKind] = Field(default_factory=dict)
    notices: dict[Name, ReceiptRule] = Field(default_factory=dict)
    years: dict[Name, YearKind] = Field(default_factory=dict)
    windows: dict[Name, WindowPhrase] = Field(default_factory=dict)
    states: dict[Name, WindowPhrase] = Field(default_factory=dict)
    define: dict[Name, Event] = Field(default_factory=dict)
    compare: list[Comparison] = Field(default_factory=list)
    coverage: Coverage = Coverage()
    examples: list[Example] = Field(default_factory=list)


class TermsFile(Definitions):
    """A whole definition: a template with parameters, or a contract with clauses of its own."""

    template: TemplateHead | None = None
    contract: ContractHead | None = None
    signed: Day | None = None
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    facts: dict[Name, Fact] = Field(default_factory=dict)
    readings: dict[Name, Reading] = Field(default_factory=dict)
    clauses: dict[Name, Clause]

    @model_validator(mode="after")
    def _notices_state_their_channel(self) -> TermsFile:
        """Every notice gets the field `channel`, one of the channels the file knows."""
        self.events.update(with_channels(self.events, self.notices))
        return self

    @cached_property
    def common(self) -> dict[str, Any]:
        """What planning worked out of this definition, for all contracts that stand on it; no part of a copy."""
        return {}

    def as_agreed(self, parties: Mapping[str, str], examples: Sequence[Example]) -> TermsFile:
        """The definition in one contract that stands on it, with what is worked out of it in common."""
        agreed = self.model_copy(update={"parties": {**self.parties, **parties}, "examples": list(examples)})
        agreed.__dict__["common"] = self.common
        return agreed

    @cached_property
    def rounds(self) -> Mapping[str, frozenset[str]]:
        """For each event that goes round in a permitted circle, all events in it; every other name is absent."""
        from obligations.terms.circles import rounds

        return rounds(self)

    @cached_property
    def brings(self) -> Mapping[str, tuple[str, ...]]:
        """The clauses that bring an event about by `then` or `if_missed`, in file order, by the event's name."""
        found: dict[str, dict[str, None]] = {}
        for clause_id, clause in self.clauses.items():
            for consequence in (clause.then, clause.if_missed):
                if isinstance(consequence, Happens):
                    found.setdefault(consequence.event, {})[clause_id] = None
        return {event: tuple(clauses) for event, clauses in found.items()}

    @cached_property
    def kinds(self) -> Mapping[str, EventKind]:
        """The events that can be reported, facts included: a fact is restated by an event of its name."""
        facts = {
            name: EventKind.model_validate(
                {"says": f"{name} is stated", "cite": fact.cite, "with": {"value": fact.type}}
            )
            for name, fact in self.facts.items()
        }
        return {**self.events, **facts}


class ContractFile(Strict):
    """One contract on a template: its parameters, the readings chosen for it, and the people in its roles."""

    terms: Literal["1"]
    contract: ContractHead
    parties: dict[Name, str] = Field(default_factory=dict)
    people: People = Field(default_factory=dict)
    parameters: dict[Name, str] = Field(default_factory=dict)
    readings: dict[Name, Annotated[Chosen, BeforeValidator(_chosen, json_schema_input_type=str | Chosen)]] = Field(
        default_factory=dict
    )
    examples: list[Example] = Field(default_factory=list)


Running = Literal["continues", "changes"]


def _stated_or_new(value: Any) -> str:
    return STATED if isinstance(value, str) else DECLARED


STATED, DECLARED = "(stated)", "(new)"
_Value = Annotated[str, Tag(STATED)]
ParameterOrValue = Annotated[_Value | Annotated[Parameter, Tag(DECLARED)], Discriminator(_stated_or_new)]
FactOrValue = Annotated[_Value | Annotated[Fact, Tag(DECLARED)], Discriminator(_stated_or_new)]
ReadingOrOption = Annotated[_Value | Annotated[Reading, Tag(DECLARED)], Discriminator(_stated_or_new)]


class AmendmentFile(Definitions):
    """An amendment of one contract: what it replaces, adds and ends from a day on.

    A parameter, a fact or a reading is given a value, or is stated whole where the terms have none of that name.
    """

    amends: Identifier
    from_: DayText = Field(alias="from")
    title: Line | None = None
    parameters: dict[Name, ParameterOrValue] = Field(default_factory=dict)
    facts: dict[Name, FactOrValue] = Field(default_factory=dict)
    readings: dict[Name, ReadingOrOption] = Field(default_factory=dict)
    clauses: dict[Name, Clause] = Field(default_factory=dict)
    ends: list[Name] = Field(default_factory=list)
    running: Running | dict[Name, Running] = "continues"

    @property
    def since(self) -> date:
        """The first day it governs."""
        return date.fromisoformat(self.from_)

    @property
    def called(self) -> str:
        """What people call it."""
        return self.title or f"Amendment of {self.from_}"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of terms files, for editors that complete and check while typing."""
    schema = TypeAdapter(TermsFile | ContractFile | AmendmentFile).json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Obligations terms, version 1",
        **_as_editors_read(schema),
    }


def _as_editors_read(schema: Any) -> Any:
    """The schema for files as editors read them: to them `250000.00` is a number, `yes` may be a truth, and `1` is one.

    To us every scalar is text, and it is the model that types it.
    """
    if isinstance(schema, list):
        return [_as_editors_read(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    read = {key: _as_editors_read(part) for key, part in schema.items()}
    if read.get("const") == "1":
        return {"enum": ["1", 1]}
    if read.get("enum") == ["yes", "no"]:
        return {**read, "enum": ["yes", "no", True, False]}
    if read.get("type") in ("string", "integer") and "enum" not in read:
        return {**read, "type": ["string", "number", "boolean"]}
    return read
