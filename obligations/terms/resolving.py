"""Every name in an expression, held against what the file defines: events, days, windows, figures, readings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import get_args

from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from obligations.terms.document import Document, Path
from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.hints import hint
from obligations.terms.kinds import is_text
from obligations.terms.model import TermsFile
from obligations.terms.payroll import payroll_names
from schedules.blocks import CALENDAR_PERIODS
from schedules.spans import Span

_EVENTS: tuple[type, ...] = get_args(e.EventExpr)
_FIGURES: tuple[type, ...] = tuple(one for one in get_args(e.AmountExpr) if isinstance(one, type))
_CONDITIONS: tuple[type, ...] = tuple(one for one in get_args(e.Condition) if isinstance(one, type))


class Known:
    """What a file defines, by the kind of name that a phrase may use; `more` are days that only its place knows."""

    def __init__(self, file: TermsFile, document: Document, more: Iterable[str] = ()) -> None:
        self.file = file
        self.document = document
        self.events = {*file.events, *file.facts, *file.define}
        self.days = {*self.events, *(name for name, one in file.parameters.items() if one.type == "date"), *more}
        self.windows = {*file.windows, *file.states}
        self._spans = {name for name, parameter in file.parameters.items() if parameter.type == "span"}
        self._amounts = {*file.parameters, *file.facts}
        lengths = {name: kind.lasts.count * kind.lasts.unit.months for name, kind in file.years.items()}
        self._periods = {**CALENDAR_PERIODS, **lengths}

    def expression(self, value: object, path: Path) -> Iterator[Finding]:
        """What is wrong with the names in an expression, whatever its kind; each with its place under `path`."""
        if isinstance(value, e.Choice):
            yield from self._choice(value, path)
        elif isinstance(value, _EVENTS):
            yield from self._event(value, path)
        elif isinstance(value, _FIGURES):
            yield from self._figure(value, path)
        elif isinstance(value, _CONDITIONS):
            yield from self._condition(value, path)
        else:
            yield from self._day(value, path)

    def _each(self, parts: Iterable[object], path: Path) -> Iterator[Finding]:
        for number, part in enumerate(parts):
            yield from self.expression(part, (*path, number))

    def _parts(self, value: object, path: Path) -> Iterator[Finding]:
        """The parts of an expression that has no names of its own, all where it stands itself."""
        if is_dataclass(value) and type(value).__module__ == e.__name__:
            for part in fields(value):
                yield from self.expression(getattr(value, part.name), path)

    # --- days, spans and windows --------------------------------------------------------------------------------------

    def _day(self, value: object, path: Path) -> Iterator[Finding]:
        match value:
            case e.DayOf(name=name, field=stated) if stated:
                yield from self._stated_day(name, stated, path)
            case e.DayOf(name=name):
                yield from self.one_of("event or day", name, self.days, path)
            case e.Payday(day=anchor, calendar=calendar):
                yield from self.payroll(calendar, path)
                yield from self.expression(anchor, path)
            case e.EdgeOf(window=name) | e.WindowNamed(name=name):
                yield from self.one_of("window", name, self.windows, path)
            case e.PickedDay(which=which, members=days):
                yield from self._each(days, (*path, f"{which} of"))
            case e.PeriodEdge(period=name, day=inner) | e.PeriodOf(period=name, day=inner):
                yield from self._period(name, path)
                yield from self.expression(inner, path)
            case e.DateInPeriod(period=name, day=inner):
                yield from self._period(name, path, whole_year=True)
                yield from self.expression(inner, path)
            case e.SpanOf(amount=e.AmountNamed(name=name), unit=unit):
                yield from self._computed_span(value, name, f"{unit}s", path)
            case e.SpanNamed(name=name):
                yield from self.one_of("span", name, self._spans, path)
            case _:
                yield from self._parts(value, path)

    def _computed_span(self, value: e.SpanOf, name: str, units: str, path: Path) -> Iterator[Finding]:
        """What keeps so many units, by a name, from being a span."""
        told = hint(f"{name} {units}")
        if name not in self._amounts and told:
            yield self.document.finding(f'"{name} {units}": {told}', path, offset=self.document.offset(path, name))
            return
        yield from self.expression(value.amount, path)
        holder = self.file.parameters.get(name) or self.file.facts.get(name)
        if holder is not None and holder.type != "units":
            message = f'"{name}" is of type {holder.type}; so many {units} needs a whole number: type units'
            yield self.document.finding(message, path, offset=self.document.offset(path, name))

    def _stated_day(self, event: str, field: str, path: Path) -> Iterator[Finding]:
        """What keeps a detail of an event from being a day."""
        kind = self.file.events.get(event)
        if kind is not None and field in kind.fields and kind.fields[field].type != "date":
            message = f"{field} of {event} is no day; give it `type: date`, or name another detail"
            yield self.document.finding(message, path, offset=self.document.offset(path, field))
        else:
            yield from self._detail(event, field, path)

    def _period(self, name: str, path: Path, *, whole_year: bool = False) -> Iterator[Finding]:
        months = self._periods.get(name)
        if months is None:
            yield self.unknown("month, quarter or year", name, self._periods, path)
        elif whole_year and months != 12:
            message = f"not every {name} has such a day; name a year"
            yield self.document.finding(message, path, offset=self.document.offset(path, name))

    def payroll(self, name: str, path: Path) -> Iterator[Finding]:
        """What keeps a payday from having one payroll calendar."""
        known = payroll_names(self.file)
        if name and name not in known:
            yield self.unknown("payroll calendar", name, known, path)
        elif not name and not known:
            words = "paydays need a payroll calendar: add a fact or parameter of type `payroll_calendar`"
            yield self.document.finding(words, path)
        elif not name and len(known) > 1:
            words = (
                f"there are several payroll calendars, {' and '.join(known)}; write `payday of {known[0]} after ...`"
            )
            yield self.document.finding(words, path)

    # --- events -------------------------------------------------------------------------------------------------------

    def _event(self, value: object, path: Path) -> Iterator[Finding]:
        match value:
            case e.EventNamed(name=name, having=having):
                if name not in self.days:
                    yield self.unknown("event", name, self.days, path)
                else:
                    yield from self.having(name, having, path)
            case e.EventUnion(members=members, first=first):
                yield from self._each(members, (*path, "first of" if first else "any of"))
            case e.EventAll(members=members):
                yield from self._each(members, (*path, "all of"))
            case e.EventBecomes(condition=holds):
                yield from self.expression(holds, (*path, "becomes"))
            case e.EventStood(event=stands, unless=unless):
                yield from self.expression(stands, (*path, "stands", "event"))
                yield from self.expression(unless, (*path, "stands", "unless"))
            case e.EventReached(day=coming):
                yield from self.expression(coming, (*path, "reached"))
            case e.EventOutcome():
                yield from self._outcome(value, path)
            case e.EventBound(window=name):
                yield from self.one_of("window", name, self.windows, path)
            case e.EventLasted(window=name):
                yield from self.one_of("window", name, self.windows, path)
                yield from self._lasted(value, path)
            case _:
                yield from self._parts(value, path)

    def _lasted(self, value: e.EventLasted, path: Path) -> Iterator[Finding]:
        yield from self.expression(value.span, path)
        yield from self.expression(value.within, path)
        if value.period:
            yield from self._period(value.period, path)
        elif value.within is None:
            return
        if not isinstance(value.span, Span) or value.span.unit.months or value.span.then or not value.span.count:
            rolls = "within a span that rolls on is a number of days, such as `120 days in any 12 months`"
            words = f"a total {'is a number of days, such as `30 days in one year`' if value.period else rolls}"
            yield self.document.finding(words, path)
        within = value.within
        if value.period:
            return
        if not isinstance(within, Span) or within.then or not within.count or within.counts_business_days():
            words = "what rolls on is a span of days, weeks, months or years, such as `any 12 months`"
            yield self.document.finding(words, path)

    def _outcome(self, value: e.EventOutcome, path: Path) -> Iterator[Finding]:
        clause = self.file.clauses.get(value.clause)
        if clause is None:
            yield self.unknown("clause", value.clause, self.file.clauses, path)
        elif value.outcome == "missed" and not _has_last_day(clause):
            words = f"{value.clause} has no last day that can be missed; add `by:` to it"
            yield self.document.finding(words, path, offset=self.document.offset(path, value.clause))
        elif value.outcome == "fulfilled" and not clause.is_fulfilled_at_once:
            words = f"nobody reports {value.clause} as fulfilled once and for all; name another event or a day"
            yield self.document.finding(words, path, offset=self.document.offset(path, value.clause))

    # --- amounts and conditions ---------------------------------------------------------------------------------------

    def _figure(self, value: object, path: Path) -> Iterator[Finding]:
        match value:
            case e.AmountNamed(name=name):
                yield from self.one_of("parameter or fact", name, self._amounts, path)
            case e.FactAt(name=name) | e.FactPeak(name=name) | e.FactMean(name=name):
                yield from self.one_of("fact", name, self.file.facts, path)
                yield from self.expression(value.day if isinstance(value, e.FactAt) else value.window, path)
            case e.TableAt(table=name, at=at):
                yield from self.one_of("table", name, self.file.tables, path)
                yield from self.expression(at, path)
            case e.FieldOf():
                yield from self._field(value, path)
            case e.Sum(added=added, taken=taken):
                yield from self._members(added, path)
                for less in taken:
                    yield from self.expression(less, path)
            case e.Extreme(members=members):
                yield from self._members(members, path)
            case e.Rounded(amount=exact):
                yield from self.expression(exact, self._below(path, "rounded"))
            case e.ProRata(amount=exact, part=part, whole=of, by=by):
                shares: tuple[tuple[str, object], ...] = (("pro rata", exact), ("for", part), ("of", of), ("by", by))
                for word, share in shares:
                    yield from self.expression(share, self._below(path, word))
            case _:
                yield from self._parts(value, path)

    def _field(self, value: e.FieldOf, path: Path) -> Iterator[Finding]:
        """What keeps a detail of an event, or what a clause comes to, from being a figure."""
        clause = self.file.clauses.get(value.event) if value.event not in self.file.events else None
        words = ""
        if clause is not None and value.field in ("amount", "paid"):
            if clause.pay is None:
                words = f"{value.event} pays nothing; name a clause with `pay`"
                if clause.accrue is not None:
                    words += f", or write `balance of {value.event}` for what has accrued"
        elif clause is not None and value.field == "balance":
            if clause.accrue is None:
                words = f"{value.event} has no balance; name a clause with `accrue`"
        else:
            yield from self._detail(value.event, value.field, path)
        if words:
            yield self.document.finding(words, path, offset=self.document.offset(path, value.event))

    def _detail(self, event: str, field: str, path: Path) -> Iterator[Finding]:
        """What keeps a name from being that of a detail of an event."""
        kind = self.file.events.get(event)
        if kind is None:
            yield self.unknown("event", event, self.file.events, path)
        elif field not in kind.fields:
            yield self.unknown(f"field of {event}", field, kind.fields, path)

    def _condition(self, value: object, path: Path) -> Iterator[Finding]:
        match value:
            case e.IsTrue(name=name):
                if name not in self._amounts and name not in self.events:
                    yield self.unknown("parameter or fact", name, self._amounts | self.events, path)
            case e.Compared(left=left) if is_text(self.file, value):
                yield from self.expression(left, path)
                yield from self._words(value, path)
            case e.TextIs(left=left):
                yield from self.expression(left, path)
            case e.AllOf(members=members) | e.AnyOf(members=members):
                yield from self._members(members, path)
            case e.Not(condition=whole):
                yield from self.expression(whole, self._below(path, "not"))
            case _:
                yield from self._parts(value, path)

    def _members(self, members: Iterable[object], path: Path) -> Iterator[Finding]:
        for number, one in enumerate(members):
            yield from self.expression(one, self._member(path, number))

    def event_or_condition(self, value: object, path: Path) -> Iterator[Finding]:
        """The same for an expression of either kind, where a bare name may be of any."""
        known = {*self.days, *self._amounts}
        if isinstance(value, e.IsTrue) and value.name not in known:
            yield self.unknown("event, parameter or fact", value.name, known, path)
        else:
            yield from self.expression(value, path)

    def _member(self, path: Path, number: int) -> Path:
        """Where a member of a list stands: in the map the list is written in, or in the phrase itself."""
        lists = ("sum of", "greater of", "lesser of", "all of", "any of", "none of")
        return next((at for word in lists if (at := (*path, word, number)) in self.document.places), path)

    def _below(self, path: Path, word: str) -> Path:
        return (*path, word) if (*path, word) in self.document.places else path

    def _words(self, value: e.Compared, path: Path) -> Iterator[Finding]:
        """The word that a fact or a detail is held against, where only some are possible."""
        left, right = value.left, value.right
        if not isinstance(right, e.AmountNamed):
            yield self.document.finding("words are compared with a word, or with several in single quotes", path)
        elif isinstance(left, e.FieldOf):
            yield from self.having(left.event, ((left.field, right.name),), path)

    def having(self, name: str, having: tuple[tuple[str, str], ...], path: Path) -> Iterator[Finding]:
        """What is wrong with the details by which happenings of an event are told apart, and with their values."""
        kind = self.file.events.get(name)
        known = kind.fields if kind else {}
        for field, wanted in having:
            if field not in known:
                yield self.unknown(f"field of {name}", field, known, path)
                continue
            options = known[field].options or (["yes", "no"] if known[field].type == "yes_or_no" else [])
            if options:
                yield from self.one_of(f"value of {field}", wanted, options, path)

    # --- choices, and names that are not known ------------------------------------------------------------------------

    def _choice(self, choice: e.Choice[object], path: Path) -> Iterator[Finding]:
        reading = self.file.readings.get(choice.reading)
        if reading is None:
            yield self.unknown("reading", choice.reading, self.file.readings, (*path, "reading"))
            return
        given = [option for option, _ in choice.options]
        for option in given:
            what = f"option of reading {choice.reading}"
            yield from self.one_of(what, option, reading.names, (*path, option), key=True)
        for option in reading.names:
            if option not in given:
                message = f'the choice by {choice.reading} says nothing for its option "{option}"; add a line'
                yield self.document.finding(message, path)
        for option, value in choice.options:
            yield from self.expression(value, (*path, option))

    def one_of(
        self, what: str, word: str | None, known: Collection[str], path: Path, *, key: bool = False
    ) -> Iterator[Finding]:
        """That a word is none of the known; nothing where it is one, or where none is written."""
        if word is not None and word not in known:
            yield self.unknown(what, word, known, path, key=key)

    def unknown(self, what: str, word: str, known: Iterable[str], path: Path, *, key: bool = False) -> Finding:
        """That a word is not known, with the nearest one that is."""
        message = f'there is no {what} "{word}".{did_you_mean(word, known)}'
        return self.document.finding(message, path, key=key, offset=0 if key else self.document.offset(path, word))


def _has_last_day(clause: Clause) -> bool:
    """Whether the clause has a last day that can be missed, under every reading."""
    return any(_can_be_missed(day) for day in (clause.by, clause.exactly))


def _can_be_missed(day: object) -> bool:
    if isinstance(day, e.Choice):
        return all(_can_be_missed(option) for _, option in day.options)
    return day is not None and not isinstance(day, e.PayPeriodEnd)
