"""What a definition must hold beyond its form: names resolve, choices cover their reading, nothing circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from obligations.terms import expressions as e
from obligations.terms.circles import circle
from obligations.terms.clause import Clause, Gate, Happens, PowerOf, Suspended, Takes
from obligations.terms.document import Path
from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.fields import Strict
from obligations.terms.hints import hint
from obligations.terms.kinds import is_text
from obligations.terms.model import TermsFile
from obligations.terms.notices import SENT
from obligations.terms.payroll import payroll_names
from obligations.terms.relations import circling
from obligations.terms.sense import sense
from obligations.terms.stories import Example
from obligations.terms.unfolding import too_large
from obligations.terms.unless import meant
from schedules.blocks import CALENDAR_PERIODS
from schedules.spans import Span
from schedules.yearly import MonthDay

if TYPE_CHECKING:
    from obligations.terms.terms import Terms

# Answers to an occurrence are reported under these names, so no event may have one.
ANSWERS = frozenset({"done", "partly", "waived"})
RESERVED = ANSWERS | {"contract"}


def check(terms: Terms) -> list[Finding]:
    """Everything in the definition that a person should mend, in file order; empty when it can be planned."""
    checker = _Checker(terms)
    findings = [*checker.definition(), *checker.examples()]
    # What a clause makes of its words can only be judged once all of its words are known.
    return findings or list(sense(terms))


class _Checker:
    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.document = terms.document
        self.source = terms.source
        self.file: TermsFile = terms.file
        file = self.file
        self.events = {*file.events, *file.facts, *file.define}
        self.days = {*self.events, *(name for name, one in file.parameters.items() if one.type == "date")}
        self.windows = {*file.windows, *file.states}
        self.spans = {name for name, parameter in file.parameters.items() if parameter.type == "span"}
        self.amounts = {*file.parameters, *file.facts}
        lengths = {name: kind.lasts.count * kind.lasts.unit.months for name, kind in file.years.items()}
        self.periods = {**CALENDAR_PERIODS, **lengths}

    def definition(self) -> Iterator[Finding]:
        """Findings in everything but the examples."""
        file = self.file
        yield from self._names_once()
        for section in ("windows", "states", "define"):
            for name, expression in getattr(file, section).items():
                yield from self._expression(expression, (section, name))
        yield from self._expression(file.signed, ("signed",))
        for name, fact in file.facts.items():
            yield from self._expression(fact.starts_as, ("facts", name, "is"))
            if fact.each and fact.each not in self.events:
                yield self._unknown("event", fact.each, self.events, ("facts", name, "each"))
        for name, kind in file.events.items():
            if kind.reported_by and kind.reported_by not in file.roles:
                yield self._unknown("role", kind.reported_by, file.roles, ("events", name, "reported_by"))
        yield from self._notices()
        yield from self._years()
        for name, clause in file.clauses.items():
            yield from self._clause(clause, ("clauses", name))
        for name, message in circling(file):
            yield self.document.finding(message, ("clauses", name, "instead_of"))
        yield from self._comparisons()
        for place, message in too_large(file):
            yield self.document.finding(message, place)
        found = circle(file, self.terms.parameters)
        if found:
            words, place = found
            message = f"circular: {' needs '.join(words)}; a date must follow from something that happened, and each "
            message += "round come a day or more after the one before, counted from what sets it off"
            yield self.document.finding(message, place)

    def _comparisons(self) -> Iterator[Finding]:
        for number, one in enumerate(self.file.compare):
            for word in ("days", "amounts"):
                for place, expression in enumerate(getattr(one, word)):
                    yield from self._expression(expression, ("compare", number, word, place))
            if one.members is not None and one.members.of not in self.file.clauses:
                yield self._unknown("clause", one.members.of, self.file.clauses, ("compare", number, "members", "of"))
            if one.settled_by is not None and one.settled_by not in self.file.readings:
                yield self._unknown("reading", one.settled_by, self.file.readings, ("compare", number, "settled_by"))

    def _notices(self) -> Iterator[Finding]:
        for name, kind in self.file.events.items():
            options = kind.fields["channel"].options if "channel" in kind.fields else []
            if kind.notice and not self.file.notices:
                message = "the file does not say when notices count as received: add `notices:`, a rule a channel"
                yield self.document.finding(message, ("events", name, "notice"))
            elif kind.notice and options != list(self.file.notices):
                message = "the channels of a notice are those of `notices:`; leave out this field"
                yield self.document.finding(message, ("events", name, "with", "channel"), key=True)
            elif kind.notice and kind.is_receipt:
                message = "a notice happens when it is sent; one that happens when it arrives is no `notice`"
                yield self.document.finding(message, ("events", name, "is_receipt"))
        self.days.add(SENT)
        for name, rule in self.file.notices.items():
            yield from self._expression(rule, ("notices", name))
        self.days.discard(SENT)

    def _names_once(self) -> Iterator[Finding]:
        file = self.file
        sections = ("parameters", "facts", "tables", "events", "windows", "states", "define", "years")
        counted = Counter(name for section in sections for name in getattr(file, section))
        for section in sections:
            for name in getattr(file, section):
                if name in RESERVED:
                    yield self.document.finding(
                        f'"{name}" is a word of the language; choose another name', (section, name), key=True
                    )
                elif counted[name] > 1:
                    counted[name] = 1
                    yield self.document.finding(
                        f'"{name}" names two things; give one of them another name', (section, name), key=True
                    )

    def examples(self) -> Iterator[Finding]:
        """Findings in the examples, placed in the file that holds them."""
        for number, example in enumerate(self.file.examples):
            yield from self._example(example, ("examples", number))

    def _example(self, example: Example, path: Path) -> Iterator[Finding]:
        reportable = {*self.file.events, *self.file.facts}
        for given, times in example.given.items():
            if given in ANSWERS:
                if any(not one.answers for one in times):
                    words = f"`{given}` says what it answers: {given}: {{date: 2027-02-15, answers: fee/1}}"
                    yield self.source.finding(words, (*path, "given", given), key=True)
            elif given not in reportable:
                yield self._in_example("event", given, reportable, (*path, "given", given))
        known = {*self.file.clauses, *self._powers()}
        for expected in example.expect:
            if expected not in known:
                yield self._in_example("clause or power", expected, known, (*path, "expect", expected))

    def _in_example(self, what: str, word: str, known: Iterable[str], path: Path) -> Finding:
        return self.source.finding(f'there is no {what} "{word}".{did_you_mean(word, known)}', path, key=True)

    def _powers(self) -> set[str]:
        held = [part for clause in self.file.clauses.values() for part in (clause.power, clause.if_missed)]
        return {part.power for part in held if isinstance(part, PowerOf)}

    def _clause(self, clause: Clause, path: Path) -> Iterator[Finding]:
        file = self.file
        for name, info in Clause.model_fields.items():
            value = getattr(clause, name)
            at = (*path, info.alias or name)
            if isinstance(value, Happens):
                yield from self._happens(value, at)
            elif isinstance(value, PowerOf):
                yield from self._expression(value.until, (*at, "until"))
                yield from self._expression(value.exerted_by, (*at, "exerted_by"))
            elif name == "remind":
                for role, moments in value.items():
                    if role not in file.roles:
                        yield self._unknown("role", role, file.roles, (*at, role), key=True)
                    for number, moment in enumerate(moments):
                        yield from self._expression(moment, (*at, role, number))
            elif name == "unless":
                yield from self._event_or_condition(meant(value, file), at)
            elif name == "schedule":
                for number, step in enumerate(value):
                    yield from self._parts(step, (*at, number))
            elif isinstance(value, Takes | Suspended):
                yield from self._parts(value, at)
            elif name not in ("series", "do"):
                yield from self._expression(value, at)
        if clause.closed_by and clause.closed_by not in self.events:
            yield self._unknown("event", clause.closed_by, self.events, (*path, "closed_by"))
        for number, held in enumerate(clause.postpone or ()):
            if held not in file.clauses:
                yield self._unknown("clause", held, file.clauses, (*path, "postpone", number))
        if clause.requires is not None:
            yield from self._gate(clause.requires, (*path, "requires"))
        for number, source in enumerate(clause.accelerate or ()):
            if source not in file.clauses:
                yield self._unknown("clause", source, file.clauses, (*path, "accelerate", number))
        if clause.suspended and clause.suspended.during not in self.windows:
            during = (*path, "suspended", "during")
            yield self._unknown("window or state", clause.suspended.during, self.windows, during)
        if clause.series:
            yield from self._parts(clause.series, (*path, "series"))
            if clause.series.on is not None and clause.series.calendar is None:
                yield from self._payroll("", (*path, "series", "on"))
            for name in _options(clause.series.calendar):
                if name not in (known := payroll_names(file)) and name != "none":
                    yield self._unknown("payroll calendar", name, known, (*path, "series", "calendar"))
        for number, send in enumerate(clause.do):
            for place, role in enumerate(send.approve):
                if role not in file.roles:
                    yield self._unknown("role", role, file.roles, (*path, "do", number, "approve", place))

    def _parts(self, part: Strict, at: Path) -> Iterator[Finding]:
        """The phrases of a part of a clause."""
        for name, info in type(part).model_fields.items():
            yield from self._expression(getattr(part, name), (*at, info.alias or name))

    def _gate(self, gate: Gate, at: Path) -> Iterator[Finding]:
        if gate.event not in self.events:
            long_form = (*at, "event") in self.document.places
            yield self._unknown("event", gate.event, self.events, (*at, "event") if long_form else at)
        for word in ("since", "unless", "by", "opens_by"):
            yield from self._expression(getattr(gate, word), (*at, word))

    def _happens(self, part: Happens, at: Path) -> Iterator[Finding]:
        if part.event not in self.file.events:
            yield self._unknown("event", part.event, self.file.events, (*at, "event"))
        else:
            yield from self._having(part.event, tuple(part.fields.items()), (*at, "with"))
        yield from self._expression(part.on, (*at, "on"))
        yield from self._expression(part.unless, (*at, "unless"))

    def _expression(self, value: object, path: Path) -> Iterator[Finding]:
        """Every name in an expression, whatever its kind, held against what the file defines."""
        match value:
            case e.Choice():
                yield from self._choice(value, path)
            case e.DayOf(name=name, field=stated) if stated:
                yield from self._stated_day(name, stated, path)
            case e.DayOf(name=name):
                if name not in self.days:
                    yield self._unknown("event or day", name, self.days, path)
            case e.Payday(day=anchor, calendar=calendar):
                yield from self._payroll(calendar, path)
                yield from self._expression(anchor, path)
            case e.EventNamed(name=name, having=having):
                if name not in self.days:
                    yield self._unknown("event", name, self.days, path)
                else:
                    yield from self._having(name, having, path)
            case e.EventUnion(members=members, first=first):
                for number, member in enumerate(members):
                    yield from self._expression(member, (*path, "first of" if first else "any of", number))
            case e.EventAll(members=members):
                for number, member in enumerate(members):
                    yield from self._expression(member, (*path, "all of", number))
            case e.EventBecomes(condition=holds):
                yield from self._expression(holds, (*path, "becomes"))
            case e.EventStood(event=stands, unless=unless):
                yield from self._expression(stands, (*path, "stands", "event"))
                yield from self._expression(unless, (*path, "stands", "unless"))
            case e.EventReached(day=coming):
                yield from self._expression(coming, (*path, "reached"))
            case e.EventOutcome():
                yield from self._outcome(value, path)
            case (
                e.EventBound(window=name)
                | e.EdgeOf(window=name)
                | e.WindowNamed(name=name)
                | e.EventLasted(window=name)
            ):
                if name not in self.windows:
                    yield self._unknown("window", name, self.windows, path)
                if isinstance(value, e.EventLasted):
                    yield from self._lasted(value, path)
            case e.PickedDay(which=which, members=days):
                for number, day in enumerate(days):
                    yield from self._expression(day, (*path, f"{which} of", number))
            case e.PeriodEdge(period=name, day=inner) | e.PeriodOf(period=name, day=inner):
                yield from self._period(name, path)
                yield from self._expression(inner, path)
            case e.DateInPeriod(period=name, day=inner):
                yield from self._period(name, path, whole_year=True)
                yield from self._expression(inner, path)
            case e.SpanOf(amount=e.AmountNamed(name=name), unit=unit) if name not in self.amounts and hint(
                f"{name} {unit}s"
            ):
                message = f'"{name} {unit}s": {hint(f"{name} {unit}s")}'
                yield self.document.finding(message, path, offset=self.document.offset(path, name))
            case e.SpanOf(amount=e.AmountNamed(name=name), unit=unit):
                yield from self._expression(value.amount, path)
                holder = self.file.parameters.get(name) or self.file.facts.get(name)
                if holder is not None and holder.type != "units":
                    message = f'"{name}" is of type {holder.type}; so many {unit}s needs a whole number: type units'
                    yield self.document.finding(message, path, offset=self.document.offset(path, name))
            case e.SpanNamed(name=name):
                if name not in self.spans:
                    yield self._unknown("span", name, self.spans, path)
            case e.AmountNamed(name=name):
                if name not in self.amounts:
                    yield self._unknown("parameter or fact", name, self.amounts, path)
            case e.FactAt(name=name) | e.FactPeak(name=name) | e.FactMean(name=name):
                if name not in self.file.facts:
                    yield self._unknown("fact", name, self.file.facts, path)
                yield from self._expression(value.day if isinstance(value, e.FactAt) else value.window, path)
            case e.TableAt(table=name, at=at):
                if name not in self.file.tables:
                    yield self._unknown("table", name, self.file.tables, path)
                yield from self._expression(at, path)
            case e.IsTrue(name=name):
                if name not in self.amounts and name not in self.events:
                    yield self._unknown("parameter or fact", name, self.amounts | self.events, path)
            case e.Compared(left=left) if is_text(self.file, value):
                yield from self._expression(left, path)
                yield from self._words(value, path)
            case e.TextIs(left=left):
                yield from self._expression(left, path)
            case e.FieldOf(field="amount" | "paid", event=name) if name in self.file.clauses.keys() - self.file.events:
                if self.file.clauses[name].pay is None:
                    words = f"{name} pays nothing; name a clause with `pay`"
                    if self.file.clauses[name].accrue is not None:
                        words += f", or write `balance of {name}` for what has accrued"
                    yield self.document.finding(words, path, offset=self.document.offset(path, name))
            case e.FieldOf(field="balance", event=name) if name in self.file.clauses.keys() - self.file.events:
                if self.file.clauses[name].accrue is None:
                    words = f"{name} has no balance; name a clause with `accrue`"
                    yield self.document.finding(words, path, offset=self.document.offset(path, name))
            case e.FieldOf(field=field, event=name):
                kind = self.file.events.get(name)
                if kind is None:
                    yield self._unknown("event", name, self.file.events, path)
                elif field not in kind.fields:
                    yield self._unknown(f"field of {name}", field, kind.fields, path)
            case e.Sum() | e.Extreme() | e.AllOf() | e.AnyOf():
                listed = value.added if isinstance(value, e.Sum) else value.members
                for number, one in enumerate(listed):
                    yield from self._expression(one, self._member(path, number))
                for less in getattr(value, "taken", ()):
                    yield from self._expression(less, path)
            case e.Not(condition=whole):
                yield from self._expression(whole, self._below(path, "not"))
            case e.Rounded(amount=exact):
                yield from self._expression(exact, self._below(path, "rounded"))
            case e.ProRata(amount=exact, part=part_, whole=of, by=by):
                shares: tuple[tuple[str, object], ...] = (("pro rata", exact), ("for", part_), ("of", of), ("by", by))
                for word, share in shares:
                    yield from self._expression(share, self._below(path, word))
            case _ if is_dataclass(value) and type(value).__module__ == e.__name__:
                for part in fields(value):
                    yield from self._expression(getattr(value, part.name), path)
            case _:
                return

    def _event_or_condition(self, value: object, path: Path) -> Iterator[Finding]:
        known = {*self.days, *self.amounts}
        if isinstance(value, e.IsTrue) and value.name not in known:
            yield self._unknown("event, parameter or fact", value.name, known, path)
        else:
            yield from self._expression(value, path)

    def _stated_day(self, event: str, field: str, path: Path) -> Iterator[Finding]:
        """What keeps a detail of an event from being a day."""
        kind = self.file.events.get(event)
        if kind is None:
            yield self._unknown("event", event, self.file.events, path)
        elif field not in kind.fields:
            yield self._unknown(f"field of {event}", field, kind.fields, path)
        elif kind.fields[field].type != "date":
            message = f"{field} of {event} is no day; give it `type: date`, or name another detail"
            yield self.document.finding(message, path, offset=self.document.offset(path, field))

    def _lasted(self, value: e.EventLasted, path: Path) -> Iterator[Finding]:
        yield from self._expression(value.span, path)
        yield from self._expression(value.within, path)
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
            yield self._unknown("clause", value.clause, self.file.clauses, path)
        elif value.outcome == "missed" and not _has_last_day(clause):
            words = f"{value.clause} has no last day that can be missed; add `by:` to it"
            yield self.document.finding(words, path, offset=self.document.offset(path, value.clause))
        elif value.outcome == "fulfilled" and not clause.is_fulfilled_at_once:
            words = f"nobody reports {value.clause} as fulfilled once and for all; name another event or a day"
            yield self.document.finding(words, path, offset=self.document.offset(path, value.clause))

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
            yield from self._having(left.event, ((left.field, right.name),), path)

    def _period(self, name: str, path: Path, *, whole_year: bool = False) -> Iterator[Finding]:
        months = self.periods.get(name)
        if months is None:
            yield self._unknown("month, quarter or year", name, self.periods, path)
        elif whole_year and months != 12:
            message = f"not every {name} has such a day; name a year"
            yield self.document.finding(message, path, offset=self.document.offset(path, name))

    def _years(self) -> Iterator[Finding]:
        for name, kind in self.file.years.items():
            months = kind.lasts.count * kind.lasts.unit.months
            if name in CALENDAR_PERIODS:
                message = f'"{name}" is a word of the language; choose another name'
                yield self.document.finding(message, ("years", name), key=True)
            if not months:
                yield self.document.finding("a year is counted in months; write `12 months`", ("years", name, "lasts"))
            elif isinstance(kind.begins, MonthDay) and 12 % months:
                message = f"{months} months do not come round with the years; let it begin on a day instead"
                yield self.document.finding(message, ("years", name, "lasts"))
            yield from self._expression(kind.begins, ("years", name, "begins"))

    def _payroll(self, name: str, path: Path) -> Iterator[Finding]:
        """What keeps a payday from having one payroll calendar."""
        known = payroll_names(self.file)
        if name and name not in known:
            yield self._unknown("payroll calendar", name, known, path)
        elif not name and not known:
            words = "paydays need a payroll calendar: add a fact or parameter of type `payroll_calendar`"
            yield self.document.finding(words, path)
        elif not name and len(known) > 1:
            words = (
                f"there are several payroll calendars, {' and '.join(known)}; write `payday of {known[0]} after ...`"
            )
            yield self.document.finding(words, path)

    def _having(self, name: str, having: tuple[tuple[str, str], ...], path: Path) -> Iterator[Finding]:
        kind = self.file.events.get(name)
        known = kind.fields if kind else {}
        for field, wanted in having:
            if field not in known:
                yield self._unknown(f"field of {name}", field, known, path)
                continue
            options = known[field].options or (["yes", "no"] if known[field].type == "yes_or_no" else [])
            if options and wanted not in options:
                yield self._unknown(f"value of {field}", wanted, options, path)

    def _choice(self, choice: e.Choice[object], path: Path) -> Iterator[Finding]:
        reading = self.file.readings.get(choice.reading)
        if reading is None:
            yield self._unknown("reading", choice.reading, self.file.readings, (*path, "reading"))
            return
        given = [option for option, _ in choice.options]
        for option in given:
            if option not in reading.names:
                what = f"option of reading {choice.reading}"
                yield self._unknown(what, option, reading.names, (*path, option), key=True)
        for option in reading.names:
            if option not in given:
                message = f'the choice by {choice.reading} says nothing for its option "{option}"; add a line'
                yield self.document.finding(message, path)
        for option, value in choice.options:
            yield from self._expression(value, (*path, option))

    def _unknown(self, what: str, word: str, known: Iterable[str], path: Path, *, key: bool = False) -> Finding:
        message = f'there is no {what} "{word}".{did_you_mean(word, known)}'
        return self.document.finding(message, path, key=key, offset=0 if key else self.document.offset(path, word))


def _has_last_day(clause: Clause) -> bool:
    """Whether the clause has a last day that can be missed, under every reading."""
    return any(_can_be_missed(day) for day in (clause.by, clause.exactly))


def _can_be_missed(day: object) -> bool:
    if isinstance(day, e.Choice):
        return all(_can_be_missed(option) for _, option in day.options)
    return day is not None and not isinstance(day, e.PayPeriodEnd)


def _options(value: object) -> Iterator[str]:
    """The words of an option, under every reading."""
    if isinstance(value, e.Choice):
        for _, option in value.options:
            yield from _options(option)
    elif isinstance(value, str):
        yield value
