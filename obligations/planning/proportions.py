"""Pro rata: which share of a year, a month or a window a stretch of days is, and how it was counted."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from obligations.planning.days import settled_window
from obligations.planning.values import Instance, NotYet, united
from obligations.terms import expressions as e
from obligations.terms.payroll import payroll_names
from schedules.daycounts import DayCount, Months, days_of_thirty, of_calendar_months, of_months, of_years
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World

Days = tuple[date, date]


def share_of(world: World, pro_rata: e.ProRata, here: Instance) -> Reasoned[Fraction] | NotYet:
    """The share that the part is of the whole; of a part that reaches beyond the whole, what lies inside counts."""
    by, readings = world.pick(pro_rata.by)
    part = settled_window(world, pro_rata.part, here)
    if isinstance(part, NotYet):
        return part
    if pro_rata.whole in ("year", "month"):
        share, words = _of_unit(part.value, str(pro_rata.whole), by)
        return Reasoned(share, Derivation(_said(share, words, part.value, ""), "", (part.why, *readings)))
    whole = settled_window(world, pro_rata.whole, here)
    if isinstance(whole, NotYet):
        return whole
    inside = max(part.value[0], whole.value[0]), min(part.value[1], whole.value[1])
    counted = [_counted(world, days, by) for days in (inside, whole.value)]
    reasons = [one for one in counted if isinstance(one, NotYet)]
    if reasons:
        return united(reasons)
    some, all_ = (one for one in counted if isinstance(one, Fraction))
    if not all_:
        return NotYet(judgment=(f"which share it is, since there are no {by} from {_from(whole.value)}",))
    words = f"{some} of {all_} {by}"
    rule = _said(some / all_, words, inside, f", of those from {_from(whole.value)}")
    return Reasoned(some / all_, Derivation(rule, "", (part.why, whole.why, *readings)))


def _said(share: Fraction, words: str, days: Days, whole: str) -> str:
    when = f"from {_from(days)}, both days counted" if days[0] <= days[1] else "none of which lies in it"
    return f"{share}, {words} {when}{whole},"


def _from(days: Days) -> str:
    return f"{days[0]} to {days[1]}"


def _of_unit(days: Days, unit: str, by: str) -> tuple[Fraction, str]:
    """The share of years, or of months, and its count in words."""
    first, last = days
    if by in tuple(Months):
        months = of_months(first, last, Months(by))
        return (months / 12, f"{months} {by} of 12") if unit == "year" else (months, f"{months} {by}")
    if by == "days":
        return of_calendar_months(first, last), "the days of each month over the days it has,"
    count = DayCount(by)
    if unit == "month":
        thirty = days_of_thirty(first, last, count)
        return Fraction(thirty, 30), f"{thirty} days of thirty, by {by},"
    return of_years(first, last, count), f"of a year by {by},"


def _counted(world: World, days: Days, by: str) -> Fraction | NotYet:
    """How many days, months or paydays a stretch has; none where it ends before it begins."""
    first, last = days
    if last < first:
        return Fraction(0)
    if by == "days":
        return Fraction((last - first).days + 1)
    if by != "paydays":
        return of_months(first, last, Months(by))
    found: Any = world.payroll(payroll_names(world.terms.file)[0])
    if isinstance(found, NotYet):
        return found
    return Fraction(sum(1 for _ in takewhile(lambda payday: payday.paid_on <= last, found.paydays(first))))
