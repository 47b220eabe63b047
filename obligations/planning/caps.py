"""Caps at work: what an occurrence comes to after those before it, in day order; what exceeds is cut and said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from obligations.domain.money import Money, digits_of
from obligations.planning.calendar_days import period_of
from obligations.planning.quantities import Quantity
from obligations.planning.steady import is_steady
from obligations.planning.values import NotYet, united
from obligations.terms import expressions as e
from obligations.terms.values import typed
from schedules.derivation import Derivation, Reasoned, later

if TYPE_CHECKING:
    from obligations.planning.draft import Draft
    from obligations.terms.caps import Cap


def cut(drafts: Iterable[Draft]) -> None:
    """Leave each occurrence of one clause, whichever version governs it, what the cap still allows it."""
    capping = Capping()
    for draft in sorted(drafts, key=lambda one: _day_of(one) or date.max):
        capping.cut(draft)


@dataclass
class Capping:
    """The running totals of one clause through all its versions; occurrences are asked in day order, each once.

    What an occurrence may come to is up to the version that governs it; what came before counts, whichever did.
    """

    periods: dict[str, tuple[date, date]] = field(default_factory=dict)
    used: dict[str, Fraction] = field(default_factory=dict)
    unknown: dict[str, NotYet] = field(default_factory=dict)
    spent: list[tuple[date, Fraction | NotYet]] = field(default_factory=list)
    taken_through: date = date.min
    limits: dict[tuple[int, str, int], Reasoned[Quantity] | NotYet] = field(default_factory=dict)

    def cut(self, draft: Draft) -> None:
        """Leave the occurrence what the cap still allows it."""
        cap, day = draft.clause.cap, _day_of(draft)
        if draft.ended is not None or day is None:
            return
        if cap is None:
            # A cap that a later version brings counts what was owed without one.
            self._spend(day, _known(draft))
            return
        limit = self._limit(draft, cap, day)
        period = _period(draft, day)
        if isinstance(period, Reasoned):
            self._begin(period)
            key = period.why.rule
            reason = limit if isinstance(limit, NotYet) else self.unknown.get(key)
            if reason is None and isinstance(limit, Reasoned):
                self._apply(draft, limit, key, day)
        else:
            reason = limit if isinstance(limit, NotYet) else period
        if reason is not None:
            draft.amount = draft.units = None
            draft.not_yet(reason)

    def _limit(self, draft: Draft, cap: Cap, day: date) -> Reasoned[Quantity] | NotYet:
        """What the cap allows on a day; reckoned anew only where it may have become another."""
        world, instance = draft.world, draft.instance
        amount = cap.at if cap.at is not None else cap.balance
        if not is_steady(world, amount):
            return world.quantity(amount, instance, day)
        key = id(world), instance.id, world.epoch(day)
        if key not in self.limits:
            self.limits[key] = world.quantity(amount, instance, day)
        return self.limits[key]

    def _begin(self, period: Reasoned[tuple[date, date]]) -> None:
        """Count what fell into a period before anybody asked for it: another version may have counted otherwise."""
        key = period.why.rule
        if key in self.periods:
            return
        self.periods[key], self.used[key] = period.value, Fraction(0)
        for day, figure in self.spent:
            self._count(key, day, figure)

    def _spend(self, day: date, figure: Fraction | NotYet) -> None:
        """Count what an occurrence comes to in every period that it lies in, whichever version counts by it."""
        self.spent.append((day, figure))
        for key in self.periods:
            self._count(key, day, figure)

    def _count(self, key: str, day: date, figure: Fraction | NotYet) -> None:
        first, last = self.periods[key]
        if not first <= day <= last:
            return
        if isinstance(figure, Fraction):
            self.used[key] += figure
        else:
            before = self.unknown.get(key)
            self.unknown[key] = figure if before is None else united([before, figure])

    def _apply(self, draft: Draft, limit: Reasoned[Quantity], period: str, day: date) -> None:
        exact = _known(draft)
        if isinstance(exact, NotYet):
            # How much is left depends on what is not known yet.
            self._spend(day, exact)
            return
        used = self._used(draft, period, day)
        left = max(Fraction(0), limit.value.exact - used)
        kept = min(exact, left)
        self.used[period] = used
        self._spend(day, kept)
        if kept == exact:
            return
        unit = draft.amount.currency if draft.amount is not None else "hours"
        _set(draft, kept)
        draft.steps.append(later(_cut, (exact, kept, limit.value.exact, used), unit, period, limit.why))

    def _used(self, draft: Draft, period: str, day: date) -> Fraction:
        """What earlier occurrences used up, less what was taken from a balance since."""
        used = self.used[period]
        world, less = draft.world, draft.clause.cap.less if draft.clause.cap is not None else None
        if isinstance(less, e.FieldOf):
            kind = world.kinds[less.event].fields[less.field].type
            for one in world.event(less.event).happenings:
                if one.unsettled is None and less.field in one.fields and self.taken_through < one.occurred_on <= day:
                    value = typed(one.fields[less.field], kind, world.terms.currency)
                    used = max(Fraction(0), used - Fraction(value)) if isinstance(value, Decimal) else used
            self.taken_through = max(self.taken_through, day)
        return used


def _cut(figures: tuple[Fraction, ...], unit: str, period: str, limit: Derivation) -> Derivation:
    exact, kept, most, used = (Quantity(figure, unit).words() for figure in figures)
    return Derivation(f"{exact} cut to {kept}: the cap of {most}{period} holds {used} already", kept, (limit,))


_ALWAYS = Reasoned((date.min, date.max), Derivation(""))


def _period(draft: Draft, day: date) -> Reasoned[tuple[date, date]] | NotYet:
    """The stretch over which the cap counts; its rule are the words for it."""
    cap = draft.clause.cap
    if cap is None or cap.per in (None, "contract"):
        return _ALWAYS
    found = period_of(draft.world, str(cap.per), Reasoned(day, Derivation("that day", day.isoformat())), "of")
    if isinstance(found, NotYet):
        return found
    first, last = found.value.first_on, found.value.last_on
    return Reasoned((first, last), Derivation(f" from {first} to {last}"))


def _day_of(draft: Draft) -> date | None:
    """The day a cap goes by: of a series the occurrence's own, else the day of what set it off."""
    trigger = draft.instance.trigger
    if draft.clause.series is not None or trigger is None:
        return draft.due_on
    return trigger.occurred_on


def _known(draft: Draft) -> Fraction | NotYet:
    """What the occurrence comes to, or what that waits for."""
    if draft.amount is not None:
        return Fraction(draft.amount.minor, 10 ** digits_of(draft.amount.currency))
    if draft.units is not None:
        return Fraction(draft.units)
    return NotYet(tuple(draft.waiting), tuple(draft.missing), tuple(draft.judgment))


def _set(draft: Draft, exact: Fraction) -> None:
    if draft.amount is not None:
        minor = exact * 10 ** digits_of(draft.amount.currency)
        draft.amount = Money(minor.numerator // minor.denominator, draft.amount.currency)
    else:
        value = Quantity(exact, "hours").value()
        draft.units = value if isinstance(value, Decimal) else None
