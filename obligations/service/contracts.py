"""One contract as it is kept, ready to be planned: its terms, its events in force, the plan for a day."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo
from typing import TypeVar
from uuid import UUID

from obligations.domain.event import Choice, LogEntry, Report, chosen, in_force
from obligations.domain.occurrence import Bounds, Occurrence
from obligations.planning.alternatives import Alternative, alternatives
from obligations.planning.bounds import bounds
from obligations.planning.comparisons import contradictions
from obligations.planning.examples import run_examples
from obligations.planning.plan import Plan, plan
from obligations.planning.shapes import ruling_clause
from obligations.planning.world import World, in_day_order
from obligations.ports import StoredContract
from obligations.service.installation import Library
from obligations.terms.amendment import amend
from obligations.terms.errors import Finding
from obligations.terms.lint import lint
from obligations.terms.loader import load
from obligations.terms.terms import Terms
from schedules.instants import local_day

# A daemon goes through all contracts there are, so only of so many is anything remembered between two looks, at some
# tens of kilobytes each. Terms are read anew in milliseconds; how far dates may reach can take seconds to work out.
TERMS_REMEMBERED = 1_000
BOUNDS_REMEMBERED = 10_000
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Kept:
    """A contract with its terms and its log, at one moment.

    Args:
        stored: the contract as it is kept.
        filed: its terms as its texts have them.
        terms: the same under the readings that people chose since.
        log: its event log.
    """

    stored: StoredContract
    filed: Terms
    terms: Terms
    log: tuple[LogEntry, ...]

    @property
    def reports(self) -> tuple[Report, ...]:
        """The reports in force."""
        return in_force(self.log)

    def with_entries(self, *entries: LogEntry) -> Kept:
        """The same contract, had these entries been recorded too."""
        log = (*self.log, *entries)
        chosen_anew = any(isinstance(entry, Choice) for entry in entries)
        return replace(self, log=log, terms=as_chosen(self.filed, log) if chosen_anew else self.terms)


def as_chosen(filed: Terms, log: Sequence[LogEntry]) -> Terms:
    """The terms under the readings people chose; a choice that the terms no longer offer has nothing to say."""
    terms = filed
    for name, choice in chosen(log).items():
        if name in terms.file.readings and choice.option in terms.file.readings[name].names:
            terms = terms.chosen(name, choice.option, choice.recorded_by)
    return terms


@dataclass
class Planner:
    """Plans kept contracts, remembering of the latest what does not change between two looks at the same facts."""

    installation: Library
    _terms: OrderedDict[tuple[object, ...], tuple[Terms, Terms]] = field(default_factory=OrderedDict)
    _bounds: OrderedDict[str, tuple[object, Mapping[UUID, Bounds | None]]] = field(default_factory=OrderedDict)

    def kept(self, stored: StoredContract, log: Sequence[LogEntry]) -> Kept:
        """The contract with its terms loaded."""
        # The text of a template is there once, however many contracts brought it along.
        stored = replace(stored, template=sys.intern(stored.template))
        choices = tuple((name, one.option, one.recorded_by) for name, one in chosen(log).items())
        key = (stored.id, stored.source, stored.template, stored.amendments, choices)
        known = self._terms.get(key)
        if known is None:
            filed = self.terms(stored.source, stored.id, stored.template, stored.amendments)
            known = filed, as_chosen(filed, log)
        _remember(self._terms, key, known, TERMS_REMEMBERED)
        return Kept(stored, *known, tuple(log))

    def terms(self, source: str, name: str, template: str = "", amendments: Sequence[str] = ()) -> Terms:
        """The terms of a text, as its amendments leave them; a stored template text is used instead of the shipped one,
        so that a later release of a template changes no contract that stands on an earlier one.

        It is called what the contract calls it: by another name for each contract, it would be read for each, and
        nothing would be shared.
        """
        found = load(source, name, (lambda wanted: (template, wanted)) if template else self.installation.templates)
        for number, text in enumerate(amendments, 1):
            found = amend(found, text, f"{name}, amendment {number}")
        return found.of_tenant(self.installation.tenant)

    def amended(self, before: Terms, text: str, name: str) -> Terms:
        """The terms as one more amendment leaves them; raises `TermsError`."""
        return amend(before, text, name).of_tenant(self.installation.tenant)

    def findings(self, terms: Terms) -> tuple[Finding, ...]:
        """What is wrong with terms that can be planned, or deserves a second look: examples that fail, values stated
        twice that differ, parts that do nothing, clauses of the document left out."""

        def make(reports: tuple[Report, ...]) -> World:
            return World(terms, reports, None, self.installation.calendars, self.installation.zones)

        return (*run_examples(terms, self.plan), *contradictions(terms, make), *lint(terms))

    def today(self, terms: Terms, now: datetime) -> date:
        """The day it is where the contract counts its days."""
        return local_day(now, self.zone(terms))

    def happening(self, terms: Terms, reports: Sequence[Report], report: Report) -> str:
        """The id of the happening that a report comes to: its own, or that of what was foreseen and it fills."""
        world = World(terms, in_day_order(reports), None, self.installation.calendars, self.installation.zones)
        return next((one.id for one in world.event(report.event).happenings if one.reports == (report.id,)), "")

    def clause_of(self, terms: Terms, reports: Sequence[Report], one: Occurrence, as_of: date) -> str:
        """The clause that makes an occurrence: the one it is known by, or one that stands instead of that."""
        world = World(terms, in_day_order(reports), as_of, self.installation.calendars, self.installation.zones)
        return ruling_clause(world, one)

    def zone(self, terms: Terms) -> tzinfo:
        """The zone the contract counts its days in."""
        return World(terms, (), None, self.installation.calendars, self.installation.zones).zone

    def plan(
        self,
        terms: Terms,
        reports: Sequence[Report],
        as_of: date | None,
        reach: Mapping[UUID, Bounds | None] | None = None,
        *,
        pushes: bool = True,
    ) -> Plan:
        """The plan under the readings in use; without `pushes` only what is owed, which is quicker."""
        library = self.installation
        return plan(
            terms,
            reports,
            as_of=as_of,
            calendars=library.calendars,
            zones=library.zones,
            sending=library.sending if pushes else None,
            bounds=reach,
        )

    def others(self, terms: Terms, reports: Sequence[Report], chosen: Plan) -> tuple[Alternative, ...]:
        """What would differ under the other readings."""
        return alternatives(terms, chosen, lambda other: self.plan(other, reports, chosen.as_of, pushes=False))

    def bounds(
        self, terms: Terms, reports: Sequence[Report], as_of: date | None, prevailing: Iterable[Occurrence]
    ) -> Mapping[UUID, Bounds]:
        """How far each occurrence of a plan reaches under every combination of readings that matters to it."""
        library, known = self.installation, tuple(reports)

        def make(other: Terms, suppose: Callable[[str], bool]) -> World:
            return World(other, known, as_of, library.calendars, library.zones, suppose)

        return bounds(terms, prevailing, make)

    def bounded(self, terms: Terms, reports: Sequence[Report], as_of: date | None) -> Plan:
        """The plan with the bounds of each occurrence, and with reminders counted from its earliest day."""
        chosen = self.plan(terms, reports, as_of, pushes=False)
        return self.plan(terms, reports, as_of, self.bounds(terms, reports, as_of, chosen.occurrences))

    def with_bounds(self, kept: Kept, as_of: date) -> Plan:
        """The plan of a kept contract with its bounds."""
        known = self._reached(kept)
        if known:
            plan = self.plan(kept.terms, kept.reports, as_of, known)
            if all(one.id in known for one in plan.occurrences):
                return plan
        return self.plan(kept.terms, kept.reports, as_of, self.reach(kept, as_of))

    def reach(self, kept: Kept, as_of: date) -> Mapping[UUID, Bounds | None]:
        """The bounds of each occurrence of a kept contract; None of one where nobody can say.

        The other readings are planned when the facts changed, and for what came to a series since: the clock alone
        moves no dates.
        """
        known = self._reached(kept)
        chosen = self.plan(kept.terms, kept.reports, as_of, pushes=False).occurrences
        if new := [one for one in chosen if one.id not in known]:
            # Of a clause that too many readings matter to, none of its further occurrences has bounds either.
            beyond = {one.clause for one in chosen if one.id in known and known[one.id] is None}
            asked = [one for one in new if one.clause not in beyond]
            found = self.bounds(kept.terms, kept.reports, as_of, asked)
            known = {**known, **{one.id: found.get(one.id) for one in new}}
        _remember(self._bounds, kept.stored.id, (_facts(kept), known), BOUNDS_REMEMBERED)
        return known

    def _reached(self, kept: Kept) -> Mapping[UUID, Bounds | None]:
        """The bounds that are known by the facts there are."""
        facts, known = self._bounds.get(kept.stored.id, (None, {}))
        if facts != _facts(kept):
            return {}
        self._bounds.move_to_end(kept.stored.id)
        return known


def _facts(kept: Kept) -> object:
    return kept.stored.source, kept.stored.template, kept.stored.amendments, kept.log


def _remember(known: OrderedDict[_K, _V], key: _K, value: _V, most: int) -> None:
    """Keep it as the latest of at most so many, and let go of what nobody asked for the longest."""
    known[key] = value
    known.move_to_end(key)
    if len(known) > most:
        known.popitem(last=False)
