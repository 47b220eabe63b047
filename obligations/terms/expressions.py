"""What phrases mean: the small closed set of expressions that terms are made of.

Each is a plain value. A `Choice` stands wherever the text has two readings; the reading in use picks its branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Generic, Literal, TypeVar

from schedules.rounding import Rounding
from schedules.spans import Span, Unit
from schedules.yearly import MonthDay

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One value for each option of a named reading."""

    reading: str
    options: tuple[tuple[str, T | Choice[T]], ...]


# --- spans and days -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpanNamed:
    """A span given by a parameter, made clear where the phrase says so."""

    name: str
    clear: bool = False


@dataclass(frozen=True, slots=True)
class SpanOf:
    """As many of a unit as a figure says: a whole number."""

    amount: AmountExpr
    unit: Unit


SpanExpr = Span | SpanNamed | SpanOf


@dataclass(frozen=True, slots=True)
class DayLiteral:
    """A date written in the phrase."""

    day: date


@dataclass(frozen=True, slots=True)
class DayOf:
    """The day of an event, a date parameter, or a derived day.

    `receipt` asks for the day the notice arrived, `field` for the day that a detail of the event states.
    """

    name: str
    receipt: bool = False
    field: str = ""


@dataclass(frozen=True, slots=True)
class OwnDay:
    """The day of the one occurrence of a series that asks."""


@dataclass(frozen=True, slots=True)
class EdgeOf:
    """The first or the last day of a window."""

    edge: Literal["first", "last"]
    window: str


@dataclass(frozen=True, slots=True)
class Shifted:
    """A span after or before another day."""

    span: SpanExpr
    side: Literal["after", "before"]
    day: DayExpr


@dataclass(frozen=True, slots=True)
class MonthEndOf:
    """The last day of the month another day lies in."""

    day: DayExpr


@dataclass(frozen=True, slots=True)
class PeriodEdge:
    """The first or the last day of the calendar month, quarter or year, or of the named year, that another day lies in,
    or of the one after or before that."""

    edge: Literal["first", "last"]
    period: str
    day: DayExpr
    which: Literal["of", "after", "before"] = "of"


@dataclass(frozen=True, slots=True)
class Yearly:
    """The next or the last day of a name, such as 15 March, seen from another day; with `same`, that day itself."""

    of: MonthDay
    side: Literal["after", "before"]
    day: DayExpr
    same: bool = False


@dataclass(frozen=True, slots=True)
class DateInPeriod:
    """The day of a name in the year another day lies in, or in the year after or before that one."""

    of: MonthDay
    period: str
    which: Literal["of", "after", "before"]
    day: DayExpr


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The next or the last anniversary of a day, seen from another day; with `same`, that day itself may be one."""

    of: DayExpr
    side: Literal["after", "before"]
    day: DayExpr
    same: bool = False


@dataclass(frozen=True, slots=True)
class OpenDay:
    """The business day that another day is, or else the next or the last one."""

    side: Literal["after", "before"]
    day: DayExpr


@dataclass(frozen=True, slots=True)
class IfAny:
    """A member of a list of days that drops out where it never comes."""

    day: DayExpr | Choice[DayExpr]


@dataclass(frozen=True, slots=True)
class PickedDay:
    """The earliest of several days, or the latest of all."""

    which: Literal["earliest", "latest"]
    members: tuple[DayExpr | IfAny | Choice[DayExpr | IfAny], ...]


@dataclass(frozen=True, slots=True)
class Unstated:
    """The document names no day; none is invented."""


@dataclass(frozen=True, slots=True)
class PayPeriodEnd:
    """The last day of the pay period in which the clause's trigger falls."""


@dataclass(frozen=True, slots=True)
class Payday:
    """The payday so many from another day on; `included` where that day itself may be the first.

    `calendar` names the payroll calendar; empty where the file has one only.
    """

    day: DayExpr
    ordinal: int = 1
    included: bool = False
    calendar: str = ""


DayExpr = (
    DayLiteral
    | DayOf
    | OwnDay
    | EdgeOf
    | Shifted
    | MonthEndOf
    | PeriodEdge
    | Yearly
    | DateInPeriod
    | Anniversary
    | OpenDay
    | PickedDay
    | PayPeriodEnd
    | Payday
    | Unstated
)


# --- windows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WindowNamed:
    """A window of the file."""

    name: str


@dataclass(frozen=True, slots=True)
class SpanWindow:
    """So long, beginning or ending on a day (which counts), or following or preceding it (which does not)."""

    span: SpanExpr
    how: Literal["beginning on", "following", "ending on", "preceding"]
    day: DayExpr

    @property
    def counts_back(self) -> bool:
        """Whether it is counted back from its end."""
        return self.how in ("ending on", "preceding")


@dataclass(frozen=True, slots=True)
class Range:
    """From one day to another, both in; no last day where nothing ends it."""

    first: DayExpr
    last: DayExpr | None


@dataclass(frozen=True, slots=True)
class PeriodOf:
    """The calendar month, quarter or year, or the named year, a day lies in, or the one after or before it."""

    period: str
    which: Literal["of", "after", "before"]
    day: DayExpr


@dataclass(frozen=True, slots=True)
class Renewing:
    """A term that renews by so long each time, so many times at most, unless an event comes in time.

    `notice` is how long before the end of a term the event must come at the latest.
    """

    lasts: SpanWindow | Range
    by: Span
    times: int | None = None
    unless: EventExpr | Choice[EventExpr] | None = None
    notice: Span | None = None


WindowExpr = WindowNamed | SpanWindow | Range | PeriodOf | Renewing


# --- events ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EventNamed:
    """An event of the file, optionally only where its fields have these values."""

    name: str
    having: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EventUnion:
    """Any of several events; with `first`, only the earliest of all, which is then a slot."""

    members: tuple[EventExpr, ...]
    first: bool = False


@dataclass(frozen=True, slots=True)
class EventFirst:
    """The earliest happening of an event: a slot that another happening may come to fill."""

    event: EventExpr


@dataclass(frozen=True, slots=True)
class EventDuring:
    """The happenings of an event that lie inside a window, both of its ends in.

    `noticed` goes by the day of the notice that led to a happening, where a notice did, instead of its own day.
    """

    event: EventExpr
    window: WindowExpr
    noticed: bool = False


@dataclass(frozen=True, slots=True)
class EventAll:
    """All of several events: it happens once, when the last of them has happened."""

    members: tuple[EventExpr, ...]


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """A clause came out so: each of its instances that was fulfilled, or was missed by its last day."""

    clause: str
    outcome: Literal["missed", "fulfilled"]

    @property
    def name(self) -> str:
        """The outcome as a name of its own: 'cure missed'."""
        return f"{self.clause} {self.outcome}"


@dataclass(frozen=True, slots=True)
class EventBound:
    """The first or the last day of a window, as something that happens."""

    bound: Literal["start", "end"]
    window: str


@dataclass(frozen=True, slots=True)
class EventLasted:
    """A state has lasted so long: in a row, or so many days in all within a span that rolls on day by day, or within
    one `period`: a calendar month, quarter or year, or a named year."""

    window: str
    span: SpanExpr
    within: SpanExpr | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class EventReached:
    """A day comes; `said` is the phrase, which tells one such event from another."""

    day: DayExpr | Choice[DayExpr]
    said: str


@dataclass(frozen=True, slots=True)
class EventBecomes:
    """A condition comes true, on the day of the statement or event that makes it so; `said` is its phrase."""

    condition: Condition | Choice[Condition]
    said: str


@dataclass(frozen=True, slots=True)
class EventStood:
    """An event can no longer be taken back: on the day after it stood so long, unless that came which takes it back."""

    event: EventExpr | Choice[EventExpr]
    stays: Span
    unless: EventExpr | Choice[EventExpr] | None
    said: str


@dataclass(frozen=True, slots=True)
class EventNever:
    """No event: the clause does not apply under this reading."""


EventExpr = (
    EventNamed
    | EventUnion
    | EventAll
    | EventFirst
    | EventDuring
    | EventOutcome
    | EventBound
    | EventLasted
    | EventReached
    | EventBecomes
    | EventStood
    | EventNever
)


# --- amounts and conditions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AmountLiteral:
    """A figure written in the phrase; `unit` is a currency, `units` or `hours`.

    Without a unit it is what its place makes it: a plain number beside `*` and `/`, else like what it stands beside,
    money of the file's currency where it stands alone.
    """

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class AmountNamed:
    """The figure of a parameter or a fact."""

    name: str


@dataclass(frozen=True, slots=True)
class FieldOf:
    """A field of the event that triggered the clause."""

    field: str
    event: str


@dataclass(frozen=True, slots=True)
class FactAt:
    """The figure of a fact as it stood on a day, or before that day."""

    name: str
    how: Literal["on", "before"]
    day: DayExpr


@dataclass(frozen=True, slots=True)
class FactPeak:
    """The highest, or the lowest, figure that a fact had on any day of a window."""

    name: str
    window: WindowExpr
    least: bool = False


@dataclass(frozen=True, slots=True)
class FactMean:
    """The average of the figures that a fact had on the days of a window, each day counted once."""

    name: str
    window: WindowExpr


@dataclass(frozen=True, slots=True)
class Elapsed:
    """How many days, weeks, months or years lie between two days; with `whole` only complete ones."""

    unit: str
    first: DayExpr
    last: DayExpr
    whole: bool = False


@dataclass(frozen=True, slots=True)
class TableAt:
    """What a table of the file says at a figure."""

    table: str
    at: AmountExpr


@dataclass(frozen=True, slots=True)
class Sum:
    """Figures of one kind added up, less those taken away; never below zero."""

    added: tuple[AmountExpr, ...]
    taken: tuple[AmountExpr, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A figure times a plain number, in either order."""

    left: AmountExpr
    right: AmountExpr


@dataclass(frozen=True, slots=True)
class Quotient:
    """A figure divided by a plain number, or by one of its own kind, which gives a plain number."""

    whole: AmountExpr
    by: AmountExpr


@dataclass(frozen=True, slots=True)
class Percent:
    """So many hundredths of a figure."""

    percent: Fraction
    whole: AmountExpr


@dataclass(frozen=True, slots=True)
class ProRata:
    """The share of a figure that a stretch of days is of a window, of a year, or of a month, counted by `by`."""

    amount: AmountExpr
    part: WindowExpr | Choice[WindowExpr]
    whole: Literal["year", "month"] | WindowExpr | Choice[WindowExpr]
    by: str | Choice[str]


@dataclass(frozen=True, slots=True)
class Extreme:
    """The greater, or the lesser, of several figures of one kind."""

    members: tuple[AmountExpr, ...]
    least: bool = False


@dataclass(frozen=True, slots=True)
class Rounded:
    """A figure rounded by a rule to a multiple of `to`; to the smallest unit of its kind without one."""

    amount: AmountExpr
    rule: Rounding
    to: Decimal | None = None


AmountExpr = (
    AmountLiteral
    | AmountNamed
    | FieldOf
    | FactAt
    | FactPeak
    | FactMean
    | Elapsed
    | TableAt
    | Sum
    | Product
    | Quotient
    | Percent
    | ProRata
    | Extreme
    | Rounded
    | Choice["AmountExpr"]
)


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A yes-or-no fact, or an event, which is to have happened; or the opposite."""

    name: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure held against another of its kind; `is` compares words as well."""

    left: AmountExpr
    how: Literal["below", "above", "at least", "at most", "is"]
    right: AmountExpr


@dataclass(frozen=True, slots=True)
class TextIs:
    """A fact or a detail of the trigger is exactly this text."""

    left: AmountNamed | FieldOf
    text: str


@dataclass(frozen=True, slots=True)
class Happened:
    """An event happened: by the end of a day, the trigger's own where none is named; with `ever`, on any day."""

    event: EventExpr
    by: DayExpr | None = None
    ever: bool = False


@dataclass(frozen=True, slots=True)
class DayIs:
    """One day lies before, on or after another."""

    left: DayExpr
    how: Literal["before", "after", "on", "on or before", "on or after"]
    right: DayExpr


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition; unknown while it is unknown."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when all members hold; fails as soon as one fails, whatever is unknown of the others."""

    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds as soon as one member holds, whatever is unknown of the others; with `none`, the opposite of that."""

    members: tuple[Condition, ...]
    none: bool = False


Condition = IsTrue | Compared | TextIs | Happened | DayIs | Not | AllOf | AnyOf | Choice["Condition"]


# --- reminders ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offset:
    """When a reminder goes: so far before or after a point of the occurrence, or repeating until it is done.

    `point` is `trigger` (the day the clause was set off), `due`, `start` or `end` of a period.
    """

    point: Literal["trigger", "due", "start", "end"]
    side: Literal["on", "before", "after", "every"] = "on"
    span: Span | None = None
