"""Caps at work: what an occurrence comes to after those before it, in day order; what exceeds is cut and said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from obligations.domain.money import Money, digits_of
from obligations.planning.calendar_days import period_of
from obligations.planning.quantities import Quantity
from obligations.planning.values import Instance, NotYet
from obligations.terms import expressions as e
from obligations.terms.model import Clause
from obligations.terms.values import typed
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.draft import Draft
    from obligations.planning.world import World


@dataclass
class Capping:
    """The running totals of one clause; occurrences are asked in day order, each once."""

    world: World
    clause: Clause
    used: dict[str, Fraction] = field(default_factory=dict)
    unknown: dict[str, NotYet] = field(default_factory=dict)
    taken_through: date = date.min

    def cut(self, draft: Draft) -> None:
        """Leave the occurrence what the cap still allows it."""
        cap, day = self.clause.cap, _day_of(draft)
        if cap is None or draft.ended is not None or day is None:
            return
        limit = self.world.quantity(cap.at if cap.at is not None else cap.balance, draft.instance, day)
        period = self._period(day)
        reason = next((one for one in (limit, period, self.unknown.get(str(period))) if isinstance(one, NotYet)), None)
        if reason is not None:
            draft.amount = draft.units = None
            draft.not_yet(reason)
        elif isinstance(limit, Reasoned) and isinstance(period, str):
            self._apply(draft, limit, period, day)

    def _apply(self, draft: Draft, limit: Reasoned[Quantity], period: str, day: date) -> None:
        exact = _exact(draft)
        if exact is None:
            # How much is left depends on what is not known yet.
            waiting, missing, judgment = tuple(draft.waiting), tuple(draft.missing), tuple(draft.judgment)
            self.unknown[period] = NotYet(waiting, missing, judgment)
            return
        used = self._used(period, draft.instance, day)
        left = max(Fraction(0), limit.value.exact - used)
        kept = min(exact, left)
        self.used[period] = used + kept
        if kept == exact:
            return
        unit = draft.amount.currency if draft.amount is not None else "hours"
        shown = [Quantity(figure, unit).words() for figure in (exact, kept, limit.value.exact, used)]
        _set(draft, kept)
        words = f"{shown[0]} cut to {shown[1]}: the cap of {shown[2]}{period} holds {shown[3]} already"
        draft.steps.append(Derivation(words, shown[1], (limit.why,)))

    def _period(self, day: date) -> str | NotYet:
        """The words for the stretch over which the cap counts."""
        cap = self.clause.cap
        if cap is None or cap.per in (None, "contract"):
            return ""
        found = period_of(self.world, str(cap.per), Reasoned(day, Derivation("that day", day.isoformat())), "of")
        return found if isinstance(found, NotYet) else f" from {found.value.first_on} to {found.value.last_on}"

    def _used(self, period: str, here: Instance, day: date) -> Fraction:
        """What earlier occurrences used up, less what was taken from a balance since."""
        used = self.used.get(period, Fraction(0))
        less = self.clause.cap.less if self.clause.cap is not None else None
        if isinstance(less, e.FieldOf):
            kind = self.world.kinds[less.event].fields[less.field].type
            for one in self.world.event(less.event).happenings:
                if one.unsettled is None and less.field in one.fields and self.taken_through < one.occurred_on <= day:
                    value = typed(one.fields[less.field], kind, self.world.terms.currency)
                    used = max(Fraction(0), used - Fraction(value)) if isinstance(value, Decimal) else used
            self.taken_through = max(self.taken_through, day)
        return used


def _day_of(draft: Draft) -> date | None:
    """The day a cap goes by: of a series the occurrence's own, else the day of what set it off."""
    trigger = draft.instance.trigger
    if draft.clause.series is not None or trigger is None:
        return draft.due_on
    return trigger.occurred_on


def _exact(draft: Draft) -> Fraction | None:
    if draft.amount is not None:
        return Fraction(draft.amount.minor, 10 ** digits_of(draft.amount.currency))
    return Fraction(draft.units) if draft.units is not None else None


def _set(draft: Draft, exact: Fraction) -> None:
    if draft.amount is not None:
        minor = exact * 10 ** digits_of(draft.amount.currency)
        draft.amount = Money(minor.numerator // minor.denominator, draft.amount.currency)
    else:
        value = Quantity(exact, "hours").value()
        draft.units = value if isinstance(value, Decimal) else None
