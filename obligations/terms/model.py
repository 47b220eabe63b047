"""The typed model of a terms file: what a template or a contract may say, clause by clause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    model_validator,
)

from obligations.terms.caps import Cap
from obligations.terms.fields import (
    Begins,
    Day,
    DayText,
    Event,
    Identifier,
    Label,
    Line,
    Moment,
    Name,
    Option,
    Pace,
    Portion,
    ReceiptRule,
    Roll,
    SpanText,
    StepUnits,
    Strict,
    WindowPhrase,
    YesNo,
    email_text,
    listed,
    slack_text,
)
from obligations.terms.formulas import Amount, ConditionPhrase, EventOrCondition
from obligations.terms.tables import Table
from schedules.spans import Span, Unit
from schedules.vesting import Step


def _given(value: Any) -> Any:
    return {"date": value} if isinstance(value, str) else value


def _expected(value: Any) -> Any:
    return [] if value == "none" else listed(value)


def _chosen(value: Any) -> Any:
    return {"use": value} if isinstance(value, str) else value


def _gate(value: Any) -> Any:
    return {"event": value} if isinstance(value, str) else value


def _consequence(value: Any) -> Any:
    kind = PowerOf if isinstance(value, Mapping) and "power" in value else Happens
    return kind.model_validate(value)


# --- the parts of a file --------------------------------------------------------------------------------------------

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


class Send(Strict):
    """An instruction to a system. `at` is the point of the occurrence it goes by, `lead` how long before."""

    send: Name
    kind: Name
    at: Literal["due", "start", "trigger"] = "due"
    lead: SpanText | None = None
    approve: list[Name] = Field(default_factory=list)


class Happens(Strict):
    """An event that follows from another."""

    event: Name
    fields: dict[Name, str] = Field(default_factory=dict, alias="with")
    on: Day | None = None
    unless: Event | None = None


class Gate(Strict):
    """What must have happened first. Where it can be taken back for some days, it counts from the day after them.

    `since` is the first day on which it counts, where that is not the day of the trigger.
    """

    event: Name
    since: Day | None = None
    stays: SpanText | None = None
    unless: Event | None = None
    by: Day | None = None
    opens_by: Day | None = None
    late: Literal["moves", "forfeits"] = "moves"


class PowerOf(Strict):
    """A power that somebody then holds, up to and including `until`, or until they use it."""

    power: Name
    holder: Name
    may: Line
    until: Day | None = None
    exerted_by: Event | None = None


class VestingStep(Strict):
    """One step of a vesting schedule: a tranche, or equal tranches one after another.

    It counts from the start of vesting, from another step, from a day, or from an event, and `after` that by a span.
    """

    portion: Portion | None = None
    units: StepUnits | None = None
    of: Literal["grant", "remainder"] = "grant"
    after: SpanText | None = None
    every: Pace | None = None
    times: Annotated[int, Field(ge=1, le=600)] = 1
    cliff: Annotated[int, Field(ge=1, le=600)] = 1
    from_: Label | None = Field(default=None, alias="from")
    exactly: Day | None = None
    on: Event | None = None
    vesting_day: Option | None = None
    name: Label | None = None
    says: str = ""
    then: list[Label] | None = None

    def step(self) -> Step:
        """The step as the arithmetic takes it."""
        return Step(self.portion or Fraction(0), self.times, self.every, self.after, self.cliff)

    @property
    def tranches(self) -> int:
        """How many tranches it comes to; none where it gives nothing and only leads on to other steps."""
        return 0 if self.units == 0 else self.times - self.cliff + 1

    @model_validator(mode="after")
    def _says_how_much_and_from_where(self) -> VestingStep:
        if (self.portion is None) == (self.units is None):
            raise ValueError("a step says how much vests: `portion` (25% or 1/4), or `units`")
        points = [word for word, given in (("from", self.from_), ("exactly", self.exactly), ("on", self.on)) if given]
        if len(points) > 1:
            raise ValueError(f"a step counts from one point; this one has {' and '.join(points)}")
        if self.cliff > self.times:
            raise ValueError(f"a cliff at part {self.cliff} lies beyond the {self.times} parts of its step")
        if self.times > 1 and self.every is None:
            raise ValueError("several parts need `every`, the span from one to the next")
        return self


class Suspended(Strict):
    """What suspends vesting: the state, and whether its clock stands still or only the release waits."""

    during: Name
    clock: Literal["tolls", "holds"]


class Takes(Strict):
    """How much of what has not vested an acceleration takes, and from which end of the schedule."""

    portion: Portion | None = None
    units: Amount | None = None
    through: Day | None = None
    current: Literal["pro rata"] | None = None
    order: Literal["earliest first", "latest first"] = "earliest first"

    @model_validator(mode="after")
    def _one_measure(self) -> Takes:
        words = ("portion", "units", "through", "current")
        given = [word for word in words if getattr(self, word) is not None]
        if len(given) != 1:
            said = f"this has {' and '.join(given)}" if given else "this has none"
            raise ValueError(f"`takes` says how much by one of {', '.join(words)}; {said}")
        return self


class Series(Strict):
    """Periods or dates one after another."""

    every: Pace | None = None
    on: Literal["paydays"] | None = None
    times: Annotated[int, Field(ge=1, le=1200)] | None = None
    over: WindowPhrase | None = None
    first: Day | None = None
    calendar: Option | None = None
    splits: YesNo = False
    remainder: Literal["last", "first", "spread"] | None = None
    direction: Literal["forward", "backward"] | None = None
    stub: Literal["short first", "long first", "short last", "long last"] | None = None


class Clause(Strict):
    """What one clause of the document asks for."""

    cite: Annotated[list[str], BeforeValidator(listed, json_schema_input_type=str | list[str])]
    who: str
    # what is owed: one of these
    task: Line | None = None
    pay: Amount | None = None
    grant: Amount | None = None
    vest: Amount | None = None
    accelerate: Annotated[list[Name], BeforeValidator(listed, json_schema_input_type=str | list[str])] | None = None
    accrue: Amount | None = None
    give: Line | None = None
    watch: Line | None = None
    power: PowerOf | None = None
    postpone: Annotated[list[Name], BeforeValidator(listed, json_schema_input_type=str | list[str])] | None = None
    # what sets it off, and on what conditions
    when: Event | None = None
    if_: ConditionPhrase | None = Field(default=None, alias="if")
    if_each: ConditionPhrase | None = None
    unless: EventOrCondition | None = None
    instead_of: Name | None = None
    requires: Annotated[Gate, BeforeValidator(_gate, json_schema_input_type=str | Gate)] | None = None
    # when
    by: Day | None = None
    exactly: Day | None = None
    not_before: Day | None = None
    to: Day | None = None
    during: WindowPhrase | None = None
    series: Series | None = None
    schedule: list[VestingStep] = Field(default_factory=list)
    starts: Day | None = None
    allocation: Option | None = None
    vesting_day: Option | None = None
    suspended: Suspended | None = None
    takes: Takes | None = None
    soft_by: Day | None = None
    roll: Roll | None = None
    per: Option | None = None
    unit: str = ""
    cap: Cap | None = None
    before_withholding: YesNo | None = None
    # how it ends
    closed_by: Name | None = None
    until: Event | None = None
    cancel_if: Event | None = None
    closes: Literal["by itself", "by a person"] | None = None
    if_missed: Annotated[PowerOf | Happens | None, BeforeValidator(_consequence)] = None
    then: Happens | None = None
    surviving: YesNo = False
    # what is done about it
    says: str = ""
    do: Annotated[list[Send], BeforeValidator(listed, json_schema_input_type=Send | list[Send])] = Field(
        default_factory=list
    )
    remind: dict[Name, list[Moment]] = Field(default_factory=dict)
    prove: list[str] = Field(default_factory=list)

    @cached_property
    def content(self) -> str:
        """Which kind of thing is owed: task, pay, grant, vest, accelerate, accrue, give, watch, power or postpone."""
        return next(word for word in CONTENT if getattr(self, word) is not None)

    @cached_property
    def is_fulfilled_at_once(self) -> bool:
        """Whether one report fulfils it: not part by part, and not by the mere passing of its day."""
        if self.series is not None or self.schedule or self.closes == "by itself":
            return False
        return self.task is not None or self.pay is not None or bool(self.closed_by) or self.closes == "by a person"

    @cached_property
    def debtor(self) -> str:
        """Who owes, holds or watches: the party or role that `who` begins with, or `both parties`."""
        for verb in (" owes ", " holds", " watches"):
            if verb in self.who:
                return self.who.partition(verb)[0]
        return self.who

    @cached_property
    def creditor(self) -> str:
        """To whom it is owed; empty where nobody in particular."""
        return self.who.partition(" owes ")[2]

    @cached_property
    def cites(self) -> str:
        """The clause numbers as one text."""
        return ", ".join(self.cite)

    @model_validator(mode="after")
    def _one_content(self) -> Clause:
        given = [word for word in CONTENT if getattr(self, word) is not None]
        if len(given) != 1:
            said = f"this one has {' and '.join(given)}" if given else "this one has none"
            raise ValueError(f"a clause says one of {', '.join(CONTENT)}; {said}")
        times = [word for word in ("by", "exactly", "during", "series", "schedule") if getattr(self, word)]
        if len(times) > 1 and set(times) != {"during", "series"}:
            raise ValueError(f"a clause has one time; this one has {' and '.join(times)}")
        if not times and self.not_before is None and not ({"accelerate", "power", "postpone"} & set(given)):
            raise ValueError(
                "a clause says when: by, exactly, not_before, during, series or schedule (`by: unstated` where none is)"
            )
        return self


CONTENT = ("task", "pay", "grant", "vest", "accelerate", "accrue", "give", "watch", "power", "postpone")


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


class TermsFile(Strict):
    """A whole definition: a template with parameters, or a contract with clauses of its own."""

    terms: Literal["1"]
    template: TemplateHead | None = None
    contract: ContractHead | None = None
    signed: Day | None = None
    parties: dict[Name, str] = Field(default_factory=dict)
    roles: dict[Name, str] = Field(default_factory=dict)
    people: People = Field(default_factory=dict)
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    facts: dict[Name, Fact] = Field(default_factory=dict)
    tables: dict[Name, Table] = Field(default_factory=dict)
    counting: CountingRules = CountingRules()
    readings: dict[Name, Reading] = Field(default_factory=dict)
    events: dict[Name, EventKind] = Field(default_factory=dict)
    notices: dict[Name, ReceiptRule] = Field(default_factory=dict)
    years: dict[Name, YearKind] = Field(default_factory=dict)
    windows: dict[Name, WindowPhrase] = Field(default_factory=dict)
    states: dict[Name, WindowPhrase] = Field(default_factory=dict)
    define: dict[Name, Event] = Field(default_factory=dict)
    clauses: dict[Name, Clause]
    compare: list[Comparison] = Field(default_factory=list)
    coverage: Coverage = Coverage()
    examples: list[Example] = Field(default_factory=list)

    @model_validator(mode="after")
    def _notices_state_their_channel(self) -> TermsFile:
        """Every notice gets the field `channel`, one of the channels the file knows."""
        self.events.update(with_channels(self.events, self.notices))
        return self

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


# No name has brackets, so that neither can be taken for a part of a place in the file.
STATED, DECLARED = "(stated)", "(new)"
_Value = Annotated[str, Tag(STATED)]
ParameterOrValue = Annotated[_Value | Annotated[Parameter, Tag(DECLARED)], Discriminator(_stated_or_new)]
FactOrValue = Annotated[_Value | Annotated[Fact, Tag(DECLARED)], Discriminator(_stated_or_new)]
ReadingOrOption = Annotated[_Value | Annotated[Reading, Tag(DECLARED)], Discriminator(_stated_or_new)]


class AmendmentFile(Strict):
    """An amendment of one contract: what it replaces, adds and ends from a day on.

    A parameter, a fact or a reading is given a value, or is stated whole where the terms have none of that name.
    """

    terms: Literal["1"]
    amends: Identifier
    from_: DayText = Field(alias="from")
    title: Line | None = None
    parties: dict[Name, str] = Field(default_factory=dict)
    roles: dict[Name, str] = Field(default_factory=dict)
    people: People = Field(default_factory=dict)
    parameters: dict[Name, ParameterOrValue] = Field(default_factory=dict)
    facts: dict[Name, FactOrValue] = Field(default_factory=dict)
    tables: dict[Name, Table] = Field(default_factory=dict)
    counting: CountingRules = CountingRules()
    readings: dict[Name, ReadingOrOption] = Field(default_factory=dict)
    events: dict[Name, EventKind] = Field(default_factory=dict)
    notices: dict[Name, ReceiptRule] = Field(default_factory=dict)
    years: dict[Name, YearKind] = Field(default_factory=dict)
    windows: dict[Name, WindowPhrase] = Field(default_factory=dict)
    states: dict[Name, WindowPhrase] = Field(default_factory=dict)
    define: dict[Name, Event] = Field(default_factory=dict)
    clauses: dict[Name, Clause] = Field(default_factory=dict)
    ends: list[Name] = Field(default_factory=list)
    running: Running | dict[Name, Running] = "continues"
    compare: list[Comparison] = Field(default_factory=list)
    coverage: Coverage = Coverage()
    examples: list[Example] = Field(default_factory=list)

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
