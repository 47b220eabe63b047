"""A grant as its schedule has it: every tranche with its units and its day, before anything ends or takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from obligations.planning.days import causes
from obligations.planning.suspensions import suspended
from obligations.planning.values import Instance, NotYet, united
from obligations.planning.vesting_path import Reached, counting_of, path
from obligations.planning.world import World
from obligations.terms.clause import Clause, VestingStep
from schedules.allocation import Allocation
from schedules.derivation import Derivation, Reasoned, later
from schedules.frozen import swift
from schedules.spans import Counting
from schedules.vesting import (
    SAME_DAY,
    Point,
    Step,
    bare_days,
    counting_for,
    on_vesting_day,
    shares_of,
    tranche_day,
    units_of,
)

REMAINDER = "remainder"


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
    shared = _shared(clause.schedule, steps, found.value, allocation)
    count = sum(step.tranches for step in clause.schedule)
    tranches: list[Tranche] = []
    for step, at, units in zip(clause.schedule, steps, shared, strict=True):
        if not step.tranches:
            continue
        if isinstance(at, NotYet):
            known = units if units is not None and not at.never else [None] * step.tranches
            tranches += [Tranche(len(tranches) + place, one, at) for place, one in enumerate(known, 1)]
            continue
        assert units is not None, "a step that came about has its part of the grant"
        rule, asked = world.pick(step.vesting_day if step.vesting_day is not None else clause.vesting_day)
        counting = counting_for(rule or SAME_DAY, counting_of(world, step))
        part = Part(step, len(tranches), count, found.value, allocation, units, at.point, counting, (*asked, *readings))
        doubts = [*began, *([at.unsure] if at.unsure is not None else [])]
        unsure = united(doubts) if doubts else None
        for index, day in enumerate(_days(world, clause, part, rule or SAME_DAY, start.value, made, at.since), 1):
            tranches.append(Tranche(part.before + index, units[index - 1], day, unsure))
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


def _shared(
    steps: Sequence[VestingStep], reached: Sequence[Reached | NotYet], total: Decimal, allocation: Allocation
) -> list[tuple[Decimal, ...] | None]:
    """The units of every tranche of every step; None where no path leads to the step yet."""
    order = _in_order(steps, reached)
    wanted = tuple(_wanted(steps[number]) for number in order)
    shared: list[tuple[Decimal, ...] | None] = [None] * len(steps)
    for number, units in zip(order, _units(allocation, total, wanted), strict=True):
        shared[number] = units
    return shared


_Wanted = tuple[Decimal | None, tuple[int, int], str, int, int]


def _wanted(step: VestingStep) -> _Wanted:
    # Two whole numbers are told apart sooner than two fractions.
    portion = step.portion.as_integer_ratio() if step.portion is not None else (0, 1)
    return step.units, portion, step.of, step.times, step.cliff


@lru_cache(256)
def _units(allocation: Allocation, total: Decimal, wanted: tuple[_Wanted, ...]) -> tuple[tuple[Decimal, ...], ...]:
    """The units of every tranche of steps, in the order in which they share a grant, never more together than it has.

    Args:
        wanted: of each step its units or its portion, of what that is, how many parts it has, and its cliff.
    """
    left = whole = Fraction(total)
    parts: list[tuple[Step, Fraction]] = []
    for units, portion, of, times, cliff in wanted:
        share = Fraction(*portion)
        exact = min(Fraction(units) if units is not None else share * (left if of == REMAINDER else whole), left)
        left -= exact
        if units != 0:
            parts.append((Step(share, times, cliff=cliff), exact))
    given = iter(units_of(allocation, parts))
    # A step of no units has no tranche: it only leads on to others.
    return tuple(tuple(islice(given, times - cliff + 1)) if units != 0 else () for units, _, _, times, cliff in wanted)


@swift
@dataclass(frozen=True, slots=True)
class Part:
    """A step that came about: what an explanation needs to say what its tranches have, and when.

    `before` is how many tranches stand before its own, `of` how many the grant has.
    """

    step: VestingStep
    before: int
    of: int
    total: Decimal
    allocation: Allocation
    units: tuple[Decimal, ...]
    point: Point
    counting: Counting
    readings: tuple[Derivation, ...]

    def why(self, place: int) -> Derivation:
        """Why the tranche at a place, counted from 0, has its units and its day."""
        day = tranche_day(self.step.step(), place, self.point, self.counting)
        words = f"tranche {self.before + place + 1} of {self.of}: {self._words(place)}, {self.allocation.rule}"
        return Derivation(words, f"{self.units[place]:,} on {day.value}", (day.why, *self.readings))

    def _words(self, place: int) -> str:
        """The tranche's part of the grant."""
        if self.step.units is not None:
            return f"{self.step.units:,} units" if self.step.tranches == 1 else f"of {self.step.units:,} units"
        share = shares_of(self.step.step())[place]
        whole = "what was left" if self.step.of == REMAINDER else f"{self.total:,}"
        return f"{share.numerator}/{share.denominator} of {whole}"


def _days(
    world: World,
    clause: Clause,
    part: Part,
    rule: str,
    start: date,
    made: Reasoned[date],
    since: Reasoned[date] | None,
) -> Iterator[Reasoned[date] | NotYet]:
    """The day of every tranche of a part: on its vesting day, moved by what suspends it, held until it may vest."""
    earliest = made.value if since is None else max(made.value, since.value)
    for place, bare in enumerate(bare_days(part.step.step(), part.point, part.counting)):
        day = Reasoned(bare, later(part.why, place))
        if rule != SAME_DAY:
            day = _placed(day, rule, start)
        moved = suspended(world, clause, start, day) if clause.suspended is not None else day
        yield _held(moved, made, since) if isinstance(moved, Reasoned) and moved.value < earliest else moved


def _placed(day: Reasoned[date], rule: str, start: date) -> Reasoned[date]:
    """The day of its month on which tranches vest."""
    placed = on_vesting_day(day.value, rule, start)
    if placed == day.value:
        return day
    return Reasoned(placed, Derivation(f"moved to the {rule}", placed.isoformat(), (day.why,)))


def _held(day: Reasoned[date], made: Reasoned[date], since: Reasoned[date] | None) -> Reasoned[date]:
    """What would vest before the grant was made, or before its condition came about, vests on that day."""
    for earliest, words in ((made, "held until the grant was made"), (since, "held until its condition came about")):
        if earliest is not None and day.value < earliest.value:
            why = Derivation(words, earliest.value.isoformat(), (day.why, earliest.why))
            day = Reasoned(earliest.value, why)
    return day
