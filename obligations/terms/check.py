"""What a definition must hold beyond its form: names resolve, choices cover their reading, nothing circles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from obligations.terms.circles import circle
from obligations.terms.clause import Clause, Gate, Happens, PowerOf, Suspended, Takes
from obligations.terms.document import Path
from obligations.terms.errors import Finding
from obligations.terms.fields import Strict
from obligations.terms.model import TermsFile
from obligations.terms.notices import SENT
from obligations.terms.parts import branches
from obligations.terms.payroll import payroll_names
from obligations.terms.relations import circling
from obligations.terms.resolving import Known
from obligations.terms.sense import sense
from obligations.terms.stories import Example
from obligations.terms.unfolding import too_large
from obligations.terms.unless import meant
from schedules.blocks import CALENDAR_PERIODS
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
        self.known = Known(terms.file, terms.document)

    def definition(self) -> Iterator[Finding]:
        """Findings in everything but the examples."""
        file = self.file
        yield from self._names_once()
        for section in ("windows", "states", "define"):
            for name, expression in getattr(file, section).items():
                yield from self.known.expression(expression, (section, name))
        yield from self.known.expression(file.signed, ("signed",))
        for name, fact in file.facts.items():
            yield from self.known.expression(fact.starts_as, ("facts", name, "is"))
            yield from self.known.one_of("event", fact.each, self.known.events, ("facts", name, "each"))
        for name, kind in file.events.items():
            yield from self.known.one_of("role", kind.reported_by, file.roles, ("events", name, "reported_by"))
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
                    yield from self.known.expression(expression, ("compare", number, word, place))
            if one.members is not None:
                of = ("compare", number, "members", "of")
                yield from self.known.one_of("clause", one.members.of, self.file.clauses, of)
            settled = ("compare", number, "settled_by")
            yield from self.known.one_of("reading", one.settled_by, self.file.readings, settled)

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
        in_hand = Known(self.file, self.document, [SENT])
        for name, rule in self.file.notices.items():
            yield from in_hand.expression(rule, ("notices", name))

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
        here = Known(self.file, self.source)
        for given, times in example.given.items():
            if given in ANSWERS:
                if any(not one.answers for one in times):
                    words = f"`{given}` says what it answers: {given}: {{date: 2027-02-15, answers: fee/1}}"
                    yield self.source.finding(words, (*path, "given", given), key=True)
            else:
                yield from here.one_of("event", given, reportable, (*path, "given", given), key=True)
        known = {*self.file.clauses, *self._powers()}
        for expected in example.expect:
            yield from here.one_of("clause or power", expected, known, (*path, "expect", expected), key=True)

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
                yield from self.known.expression(value.until, (*at, "until"))
                yield from self.known.expression(value.exerted_by, (*at, "exerted_by"))
            elif name == "remind":
                for role, moments in value.items():
                    yield from self.known.one_of("role", role, file.roles, (*at, role), key=True)
                    for number, moment in enumerate(moments):
                        yield from self.known.expression(moment, (*at, role, number))
            elif name == "unless":
                yield from self.known.event_or_condition(meant(value, file), at)
            elif name == "schedule":
                for number, step in enumerate(value):
                    yield from self._parts(step, (*at, number))
            elif isinstance(value, Takes | Suspended):
                yield from self._parts(value, at)
            elif name not in ("series", "do"):
                yield from self.known.expression(value, at)
        yield from self.known.one_of("event", clause.closed_by, self.known.events, (*path, "closed_by"))
        for number, held in enumerate(clause.postpone or ()):
            yield from self.known.one_of("clause", held, file.clauses, (*path, "postpone", number))
        if clause.requires is not None:
            yield from self._gate(clause.requires, (*path, "requires"))
        for number, source in enumerate(clause.accelerate or ()):
            yield from self.known.one_of("clause", source, file.clauses, (*path, "accelerate", number))
        if clause.suspended:
            during = (*path, "suspended", "during")
            yield from self.known.one_of("window or state", clause.suspended.during, self.known.windows, during)
        if clause.series:
            yield from self._parts(clause.series, (*path, "series"))
            if clause.series.on is not None and clause.series.calendar is None:
                yield from self.known.payroll("", (*path, "series", "on"))
            for calendar in branches(clause.series.calendar):
                if calendar != "none":
                    written = (*path, "series", "calendar")
                    yield from self.known.one_of("payroll calendar", str(calendar), payroll_names(file), written)
        for number, send in enumerate(clause.do):
            for place, role in enumerate(send.approve):
                yield from self.known.one_of("role", role, file.roles, (*path, "do", number, "approve", place))

    def _parts(self, part: Strict, at: Path) -> Iterator[Finding]:
        """The phrases of a part of a clause."""
        for name, info in type(part).model_fields.items():
            yield from self.known.expression(getattr(part, name), (*at, info.alias or name))

    def _gate(self, gate: Gate, at: Path) -> Iterator[Finding]:
        long_form = (*at, "event") in self.document.places
        yield from self.known.one_of("event", gate.event, self.known.events, (*at, "event") if long_form else at)
        for word in ("since", "unless", "by", "opens_by"):
            yield from self.known.expression(getattr(gate, word), (*at, word))

    def _happens(self, part: Happens, at: Path) -> Iterator[Finding]:
        if part.event not in self.file.events:
            yield self.known.unknown("event", part.event, self.file.events, (*at, "event"))
        else:
            yield from self.known.having(part.event, tuple(part.fields.items()), (*at, "with"))
        yield from self.known.expression(part.on, (*at, "on"))
        yield from self.known.expression(part.unless, (*at, "unless"))

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
            yield from self.known.expression(kind.begins, ("years", name, "begins"))
