"""What one clause of the document asks for, word by word."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from obligations.terms import expressions as e
from obligations.terms.caps import Cap
from obligations.terms.fields import (
    Label,
    Line,
    Name,
    Option,
    Pace,
    Portion,
    Roll,
    SpanText,
    StepUnits,
    Strict,
    YesNo,
    listed,
)
from obligations.terms.formulas import Amount, ConditionPhrase, EventOrCondition
from obligations.terms.moments import Day, Event, Moment, WindowPhrase
from obligations.terms.naming import called
from schedules.vesting import Step


def _gate(value: Any) -> Any:
    return {"event": value} if isinstance(value, str) else value


def _consequence(value: Any) -> Any:
    kind = PowerOf if isinstance(value, Mapping) and "power" in value else Happens
    return kind.model_validate(value)


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

    @property
    def is_salary(self) -> bool:
        """Whether it pays by the period while something lasts, so that an exit may leave part of a period to pay."""
        return self.pay is not None and self.during is not None and self.series is not None

    @cached_property
    def is_unasked(self) -> bool:
        """Whether it applies to whatever sets it off: no condition, gate, earliest day, answer or end stands in it."""
        asked = (self.if_, self.unless, self.cancel_if, self.requires, self.not_before, self.closed_by, self.until)
        return all(one is None for one in asked)

    @cached_property
    def names_of_trigger(self) -> frozenset[str]:
        """The names by which its phrases may call what set it off."""
        return frozenset(called(self.when))

    @property
    def moves(self) -> bool:
        """Whether its own words may move the day it is done from the day it counts to."""
        return self.roll is not None or self.suspended is not None

    @cached_property
    def counts_from(self) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The days it rests on, and the windows whose first day it does."""
        first, over = (self.series.first, self.series.over) if self.series is not None else (None, None)
        days, windows = (self.by or self.exactly, self.not_before, first), (self.during, over)
        return tuple(one for one in days if one is not None), tuple(one for one in windows if one is not None)

    @cached_property
    def counts_from_trigger(self) -> bool:
        """Whether the days it rests on are all told from what set it off, under any reading."""
        days, windows = self.counts_from
        return not windows and all(_is_told_from(self.names_of_trigger, day) for day in days)

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


def _is_told_from(names: frozenset[str], day: object) -> bool:
    match day:
        case e.Choice(options=options):
            return all(_is_told_from(names, option) for _, option in options)
        case e.Shifted(day=anchor) | e.MonthEndOf(day=anchor) | e.OpenDay(day=anchor) | e.IfAny(day=anchor):
            return _is_told_from(names, anchor)
        case e.DayOf(name=name):
            return name in names
        case _:
            return isinstance(day, e.Unstated)


CONTENT = ("task", "pay", "grant", "vest", "accelerate", "accrue", "give", "watch", "power", "postpone")
