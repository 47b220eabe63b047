"""Windows: spans of days with a first and a last day, both in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from schedules.bounds import add_days
from schedules.derivation import Derivation, Reasoned, later
from schedules.frozen import swift
from schedules.spans import PLAIN, Counting, EventDay, Span, after, asked_of, before


@swift
@dataclass(frozen=True, slots=True)
class Window:
    """The days from `first_on` to `last_on`, both in; `last_on` is None where nothing ends it."""

    first_on: date
    last_on: date | None

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first_on <= day and (self.last_on is None or day <= self.last_on)

    def words(self) -> str:
        """The window for a reader: '2005-04-11 to 2007-04-10'."""
        return f"{self.first_on} to {self.last_on}" if self.last_on else f"{self.first_on} on, without an end"


def beginning_on(span: Span, anchor: Reasoned[date], counting: Counting = PLAIN) -> Reasoned[Window]:
    """The window whose first day is the anchor's: it is day 1, so N months end the day before the corresponding date.

    Where the last month has no corresponding date the window ends with that month.
    Source: Nesbit v. State (Tex. Crim. App. 2007); UK SI 2018/1082 r 1.4; BGB 187(2), 188.

    >>> from schedules.spans import Unit
    >>> hired = Reasoned(date(2005, 4, 11), Derivation("employment started", "2005-04-11", kind="event"))
    >>> beginning_on(Span(24, Unit.MONTH), hired).value.words()
    '2005-04-11 to 2007-04-10'
    >>> beginning_on(Span(1, Unit.MONTH), Reasoned(date(2026, 1, 31), hired.why)).value.words()
    '2026-01-31 to 2026-02-28'
    """
    policy = counting.settling(EventDay.COUNTED)
    last = after(span, anchor, policy)
    words = "{} beginning on {}, that day counted as day 1"
    return _window(anchor.value, last.value, words, _inputs(span, anchor, policy, last), span, anchor.value)


def following(span: Span, anchor: Reasoned[date], counting: Counting = PLAIN) -> Reasoned[Window]:
    """The window that starts the day after the anchor and ends with the last day of the span after it.

    >>> from schedules.spans import Unit
    >>> left = Reasoned(date(2006, 10, 16), Derivation("change of control", "2006-10-16", kind="event"))
    >>> following(Span(6, Unit.MONTH), left).value.words()
    '2006-10-17 to 2007-04-16'
    """
    last = after(span, anchor, counting)
    first = anchor.value if counting.event_day is EventDay.COUNTED else add_days(anchor.value, 1)
    day_words = "that day counted" if counting.event_day is EventDay.COUNTED else "that day not counted"
    inputs = _inputs(span, anchor, counting, last)
    return _window(first, last.value, "{} following {}, " + day_words, inputs, span, anchor.value)


def ending_on(span: Span, anchor: Reasoned[date], counting: Counting = PLAIN) -> Reasoned[Window]:
    """The window whose last day is the anchor's: N months that end with a month begin with one.

    >>> from schedules.spans import Unit
    >>> month_end = Reasoned(date(2016, 2, 29), Derivation("last day of the month before", "2016-02-29"))
    >>> ending_on(Span(12, Unit.MONTH), month_end).value.words()
    '2015-03-01 to 2016-02-29'
    """
    # The words settle that the last day counts: the window is counted back from the day after it, whole.
    policy = replace(counting.settling(EventDay.COUNTED), event_day=EventDay.NOT_COUNTED)
    first = before(span, Reasoned(add_days(anchor.value, 1), anchor.why), policy)
    inputs = _inputs(span, anchor, policy, first)
    return _window(first.value, anchor.value, "{} ending on {}, that day counted", inputs, span, anchor.value)


def preceding(span: Span, anchor: Reasoned[date], counting: Counting = PLAIN) -> Reasoned[Window]:
    """The window that ends the day before the anchor.

    >>> from schedules.spans import Unit
    >>> left = Reasoned(date(2006, 10, 16), Derivation("change of control", "2006-10-16", kind="event"))
    >>> preceding(Span(6, Unit.MONTH), left).value.words(), preceding(Span(30, Unit.DAY), left).value.words()
    ('2006-04-16 to 2006-10-15', '2006-09-16 to 2006-10-15')
    """
    if counting.event_day is EventDay.COUNTED:
        found = ending_on(span, anchor, counting)
        inputs = tuple(dict.fromkeys((*found.why.inputs, *counting.because("event_day"))))
        words = "{} preceding {}, that day counted"
        return _window(found.value.first_on, anchor.value, words, inputs, span, anchor.value)
    first = before(span, anchor, counting)
    inputs = tuple(dict.fromkeys((*_inputs(span, anchor, counting, first), *counting.because("event_day"))))
    last = add_days(anchor.value, -1)
    return _window(first.value, last, "{} preceding {}, that day not counted", inputs, span, anchor.value)


def _inputs(span: Span, anchor: Reasoned[date], counting: Counting, last: Reasoned[date]) -> tuple[Derivation, ...]:
    """What a window rests on: its day, the calendar it counts by, and the policies somebody chose."""
    if span.then is not None:
        return last.why.inputs
    by_calendar = counting.calendar is not None and counting.counts_open_days(span)
    calendar = (counting.calendar.why(anchor.value, last.value),) if by_calendar and counting.calendar else ()
    return (anchor.why, *calendar, *asked_of(span, anchor.value, counting))


def between(first: Reasoned[date], last: Reasoned[date] | None) -> Reasoned[Window]:
    """The window from one day to another, both in, or without an end where `last` is None."""
    inputs = (first.why,) if last is None else (first.why, last.why)
    words = "from the first day on" if last is None else "from the first day to the last, both in"
    return _window(first.value, last.value if last else None, words, inputs)


def _window(
    first: date, last: date | None, words: str, inputs: tuple[Derivation, ...], *of: Span | date
) -> Reasoned[Window]:
    window = Window(first, last)
    return Reasoned(window, later(_written, words, of, window, inputs))


def _written(words: str, of: tuple[Span | date, ...], window: Window, inputs: tuple[Derivation, ...]) -> Derivation:
    said = (one.words() if isinstance(one, Span) else str(one) for one in of)
    return Derivation(words.format(*said), window.words(), inputs)
