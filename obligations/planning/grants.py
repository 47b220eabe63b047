"""A grant as its schedule has it: every tranche with its units and its day, before anything ends or takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from obligations.planning.days import causes
from obligations.planning.suspensions import suspended
from obligations.planning.values import Instance, NotYet, united
from obligations.planning.vesting_path import Reached, counting_of, path
from obligations.planning.world import World
from obligations.terms.clause import Clause, VestingStep
from schedules.allocation import Allocation
from schedules.derivation import Derivation, Reasoned, later
from schedules.frozen import swift
from schedules.vesting import SAME_DAY, counting_for, on_vesting_day, shares_of, step_days, units_of


@swift
@dataclass(frozen=True, slots=True)
class Tranche:
    """One tranche by its schedule. `units` are None while it is open whether and how much of it will vest.

    `unsure` says what the day and the units still rest on; None where they stand.
    """

    index: int
    units: Decimal | None
    day: Reasoned[date] | NotYet
    unsure: NotYet | None = None

    def due_by(self, day: date) -> bool:
        """Whether it vests by its schedule on or before a day."""
        return isinstance(self.day, Reasoned) and self.day.value <= day


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant: its tranches in order, the day its vesting starts, and the units that no tranche has."""

    total: Decimal
    start: date
    tranches: tuple[Tranche, ...]
    rest: Decimal
    why: Derivation
    whole_units: bool = True


def grant_of(world: World, clause: Clause, instance: Instance) -> Grant | NotYet:
    """The grant that one instance of a vesting clause makes, or why it is not known yet."""
    trigger = instance.trigger
    if trigger is None:
        return NotYet(waiting=(instance.id,))
    found = world.figure(clause.vest, instance, trigger.occurred_on)
    if isinstance(found, NotYet):
        return found
    assert isinstance(found.value, Decimal), "the grant is typed in units"
    made = Reasoned(trigger.occurred_on, trigger.why)
    start = world.day(clause.starts, instance) if clause.starts is not None else made
    if isinstance(start, NotYet):
        return start
    began = [one.unsettled for one in causes(world, clause.starts, instance) if one.unsettled is not None]
    kind, readings = world.pick(clause.allocation) if clause.allocation is not None else (_ROUNDING, ())
    allocation = Allocation(kind)
    steps = path(world, clause, instance, start)
    amounts = _amounts(clause.schedule, steps, Fraction(found.value))
    order = [number for number in _in_order(clause.schedule, steps) if clause.schedule[number].tranches]
    parts = [(clause.schedule[number].step(), amounts[number] or Fraction(0)) for number in order]
    given = iter(units_of(allocation, parts))
    units = {number: [next(given) for _ in range(clause.schedule[number].tranches)] for number in order}
    count = sum(step.tranches for step in clause.schedule)
    tranches: list[Tranche] = []
    for number, step in enumerate(clause.schedule):
        at, shared = steps[number], units.get(number)
        if not step.tranches:
            continue
        if isinstance(at, NotYet):
            known = shared if shared is not None and not at.never else [None] * step.tranches
            tranches += [Tranche(len(tranches) + place, one, at) for place, one in enumerate(known, 1)]
            continue
        assert shared is not None, "a step that came about has its part of the grant"
        rule, asked = world.pick(step.vesting_day if step.vesting_day is not None else clause.vesting_day)
        days = step_days(step.step(), at.point, counting_for(rule or SAME_DAY, counting_of(world, step)))
        for place in range(step.tranches):
            share = Share(len(tranches) + 1, count, step, place, found.value, allocation, shared[place])
            why = later(_vests, share, days[place], (*asked, *readings))
            day = _placed(Reasoned(days[place].value, why), rule or SAME_DAY, start.value)
            moved = suspended(world, clause, start.value, day)
            held = moved if isinstance(moved, NotYet) else _held(moved, at, made)
            doubts = [*began, *([at.unsure] if at.unsure is not None else [])]
            tranches.append(Tranche(share.index, share.units, held, united(doubts) if doubts else None))
    rest = found.value - sum((one.units for one in tranches if one.units is not None), Decimal(0))
    whole = allocation is not Allocation.FRACTIONAL
    return Grant(found.value, start.value, tuple(tranches), rest, found.why, whole)


_ROUNDING = Allocation.CUMULATIVE_ROUNDING


def _in_order(steps: Sequence[VestingStep], reached: Sequence[Reached | NotYet]) -> list[int]:
    """The steps in the order in which they share the grant: file order, or the order in which a path takes them."""
    if not any(step.then is not None for step in steps):
        return list(range(len(steps)))
    taken = [(one.order, number) for number, one in enumerate(reached) if isinstance(one, Reached)]
    return [number for _, number in sorted(taken)]


def _amounts(
    steps: Sequence[VestingStep], reached: Sequence[Reached | NotYet], total: Fraction
) -> list[Fraction | None]:
    """The exact units of every step, never more together than the grant; None where no path leads to it yet."""
    amounts: list[Fraction | None] = [None] * len(steps)
    left = total
    for number in _in_order(steps, reached):
        step = steps[number]
        if step.units is not None:
            wanted = Fraction(step.units)
        else:
            wanted = (step.portion or Fraction(0)) * (left if step.of == "remainder" else total)
        amounts[number] = min(wanted, left)
        left -= min(wanted, left)
    return amounts


@swift
@dataclass(frozen=True, slots=True)
class Share:
    """What an explanation needs to say how many units a tranche has."""

    index: int
    of: int
    step: VestingStep
    place: int
    total: Decimal
    allocation: Allocation
    units: Decimal

    def words(self) -> str:
        """The tranche's part of the grant."""
        if self.step.units is not None:
            return f"{self.step.units:,} units" if self.step.tranches == 1 else f"of {self.step.units:,} units"
        share = shares_of(self.step.step())[self.place]
        whole = "what was left" if self.step.of == "remainder" else f"{self.total:,}"
        return f"{share.numerator}/{share.denominator} of {whole}"


def _vests(share: Share, day: Reasoned[date], readings: tuple[Derivation, ...]) -> Derivation:
    words = f"tranche {share.index} of {share.of}: {share.words()}, {share.allocation.rule}"
    return Derivation(words, f"{share.units:,} on {day.value}", (day.why, *readings))


def _placed(day: Reasoned[date], rule: str, start: date) -> Reasoned[date]:
    """The day of its month on which tranches vest."""
    placed = on_vesting_day(day.value, rule, start)
    if placed == day.value:
        return day
    return Reasoned(placed, Derivation(f"moved to the {rule}", placed.isoformat(), (day.why,)))


def _held(day: Reasoned[date], at: Reached, made: Reasoned[date]) -> Reasoned[date]:
    """What would vest before the grant was made, or before its condition came about, vests on that day."""
    for earliest, words in ((made, "held until the grant was made"), (at.since, "held until its condition came about")):
        if earliest is not None and day.value < earliest.value:
            why = Derivation(words, earliest.value.isoformat(), (day.why, earliest.why))
            day = Reasoned(earliest.value, why)
    return day
