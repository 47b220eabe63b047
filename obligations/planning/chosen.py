"""What a contract's terms settle before anything has happened: how it counts, and which branch each choice takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache, partial
from typing import Any

from obligations.planning import replacing
from obligations.terms import expressions as e
from obligations.terms.model import TermsFile
from obligations.terms.policies import governed_by, governing, short_days
from obligations.terms.relations import chain
from obligations.terms.terms import Terms
from schedules.derivation import Derivation, later
from schedules.spans import Counting, EventDay, MonthEnd, Span, Unit

KEPT = "chosen"
# So many combinations of readings are kept with a definition. Most contracts stand on a few; a look at how far dates
# may reach goes through many, each of them once or twice.
COMBINATIONS = 16

Pairs = tuple[tuple[str, str], ...]


class Chosen:
    """The policies and branches that terms come to under the readings in use: the same in every plan, of all contracts
    that stand on one definition under the same readings."""

    def __init__(self, file: TermsFile, readings: Mapping[str, str], by: Mapping[str, str]) -> None:
        self._file, self._readings, self._by = file, readings, by
        # What planning worked out of these alone.
        self.kept: dict[str, Any] = {}
        self.kinds = file.kinds
        self.file_order = {name: number for number, name in enumerate(self.kinds)}
        self.titles: dict[str, str] = {}
        self._policies: dict[str, str | None] = {}
        self._countings: dict[Span, tuple[Counting, bool]] = {}
        self._picks: dict[int, tuple[e.Choice[Any], tuple[Any, tuple[Derivation, ...]]]] = {}
        self._steps: dict[str, Derivation] = {}

    @classmethod
    def of(cls, terms: Terms) -> Chosen:
        """What terms settle, kept with their definition."""
        kept = terms.kept.get(KEPT)
        if kept is None:
            kept = terms.kept[KEPT] = cls._of(terms)
        assert isinstance(kept, Chosen)
        return kept

    @classmethod
    def _of(cls, terms: Terms) -> Chosen:
        if not isinstance(terms.readings, dict):
            # Somebody looks on at which readings are asked for: each plan asks for its own.
            return cls(terms.file, terms.readings, terms.chosen_by)
        common = terms.file.common
        if KEPT not in common:
            common[KEPT] = lru_cache(COMBINATIONS)(partial(_chosen, terms.file))
        pairs = (tuple(sorted(named.items())) for named in (terms.readings, terms.chosen_by))
        kept: Chosen = common[KEPT](*pairs, terms.currency)
        return kept

    # --- counting policies ------------------------------------------------------------------------------------------

    def governing(self, slot: str, default: str) -> str:
        """The policy in use for something the whole file counts by: event_day, month_end, zone, calendar."""
        if slot not in self._policies:
            self._policies[slot] = governing(self._file, self._readings, slot)
        return self._policies[slot] or default

    def because(self, *policies: str) -> tuple[tuple[str, Derivation], ...]:
        """The readings that govern these policies, each as a step of an explanation; nothing where none does."""
        found = ((policy, governed_by(self._file, policy)) for policy in policies)
        return tuple((policy, self.reading_step(reading)) for policy, reading in found if reading is not None)

    @cached_property
    def counting(self) -> Counting:
        """How spans count, but for the calendar."""
        return Counting(
            EventDay(self.governing("event_day", EventDay.NOT_COUNTED)),
            MonthEnd(self.governing("month_end", MonthEnd.CLAMP)),
            chosen=self.because("event_day", "month_end"),
        )

    @cached_property
    def vesting_counting(self) -> Counting:
        """Counting for anniversaries and instalments, whose corresponding day is the anchor's own."""
        month_end = MonthEnd(self.governing("month_end", MonthEnd.CLAMP))
        return Counting(month_end=month_end, chosen=self.because("month_end"))

    def counting_for(self, span: Span) -> tuple[Counting, bool]:
        """Counting for a span, but for the calendar, and whether one is needed: only business days, and periods so
        short that closed days are left out, ask whose days those are."""
        kept = self._countings.get(span)
        if kept is None:
            kept = self._countings[span] = self._counting_for(span)
        return kept

    def _counting_for(self, span: Span) -> tuple[Counting, bool]:
        days = span.unit is Unit.DAY and span.then is None
        short = short_days(self.governing("short_periods", "none")) if days else 0
        by_calendar = span.counts_business_days() or (days and 0 < span.count <= short)
        if span.unit.months:
            return self.counting, by_calendar
        event_day = EventDay(self.governing("event_day", EventDay.NOT_COUNTED))
        chosen = self.because("event_day", "short_periods")
        return Counting(event_day, short_days=short if by_calendar else 0, chosen=chosen), by_calendar

    # --- readings ---------------------------------------------------------------------------------------------------

    def pick(self, value: Any) -> tuple[Any, tuple[Derivation, ...]]:
        """The branch of a choice under the readings in use, and the readings that led to it."""
        if not isinstance(value, e.Choice):
            return value, ()
        kept = self._picks.get(id(value))
        if kept is None:
            # The choice is kept with its branch, so that no other can come to have its id.
            kept = self._picks[id(value)] = value, self._picked(value)
        return kept[1]

    def _picked(self, value: Any) -> tuple[Any, tuple[Derivation, ...]]:
        steps: list[Derivation] = []
        while isinstance(value, e.Choice):
            steps.append(self.reading_step(value.reading))
            value = dict(value.options)[self._readings[value.reading]]
        return value, tuple(steps)

    def reading_step(self, name: str) -> Derivation:
        """The reading in use, as a step of an explanation."""
        if name not in self._steps:
            given = self._readings[name], self._by.get(name), self._file.readings[name].cite
            self._steps[name] = later(_reading_step, name, *given)
        return self._steps[name]

    # --- clauses that bear on one another ---------------------------------------------------------------------------

    @cached_property
    def _families(self) -> Mapping[str, tuple[str, ...]]:
        return replacing.families(self._file)

    @cached_property
    def replaceable(self) -> Mapping[str, str]:
        """The clauses that stand instead of another or are replaced, each with the one they come down to."""
        return {one: root for root, members in self._families.items() for one in members}

    def family(self, clause_id: str) -> tuple[str, ...]:
        """A clause that others may replace, and those that may; nothing for any other clause."""
        return self._families.get(clause_id, ())

    @cached_property
    def _postponers(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for holder_id, holder in self._file.clauses.items():
            for held in holder.postpone or ():
                found.setdefault(held, []).append(holder_id)
        return {held: tuple(holders) for held, holders in found.items()}

    def stands_alone(self, clause_id: str) -> bool:
        """Whether no other clause replaces this one, is replaced by it, or holds it back."""
        return clause_id not in self.replaceable and clause_id not in self._postponers

    def postponers(self, clause_id: str) -> tuple[str, ...]:
        """The clauses that hold a clause back, or what it stands instead of."""
        if not self._postponers:
            return ()
        return tuple(one for name in chain(self._file, clause_id) for one in self._postponers.get(name, ()))


def _chosen(file: TermsFile, readings: Pairs, by: Pairs, currency: str) -> Chosen:
    """What these settle, kept for each currency apart: what planning keeps with it may rest on that."""
    return Chosen(file, dict(readings), dict(by))


def _reading_step(name: str, option: str, by: str | None, cite: str) -> Derivation:
    words = f'reading {name}: "{option}", {f"chosen by {by}" if by else "by default"}'
    return Derivation(words, kind="reading", cite=cite)
