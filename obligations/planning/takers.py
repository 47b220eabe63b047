"""What takes tranches before their day: accelerations and the end of service, and how much each of them takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from obligations.planning.applying import applying
from obligations.planning.grants import Grant, Tranche, grant_of
from obligations.planning.standing import deadline, discharged_by, standing
from obligations.planning.values import Instance, NotYet, united
from obligations.planning.world import World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause, Takes
from schedules.allocation import given
from schedules.derivation import Derivation, Reasoned
from schedules.frozen import swift

REST = 0
"""The index under which the units stand that no tranche has."""
NONE = Decimal(0)


@swift
@dataclass(frozen=True, slots=True)
class Measure:
    """How much of what has not vested is taken, as it comes to for one acceleration."""

    takes: Takes | None = None
    units: Decimal = NONE
    through: date = date.max

    def of(self, grant: Grant, left: Mapping[int, Decimal], on: date) -> dict[int, Decimal]:
        """The units of each tranche that go, of those left that have not vested by a day."""
        open_ones = [one for one in grant.tranches if left[one.index] and not one.due_by(on)]
        rest = [REST] if left[REST] else []
        if self.takes is None:
            return {index: left[index] for index in [*(one.index for one in open_ones), *rest]}
        if self.takes.through is not None:
            return {one.index: left[one.index] for one in open_ones if one.due_by(self.through)}
        if self.takes.current is not None:
            return _current(grant, open_ones, left, on)
        together = sum((left[one.index] for one in open_ones), NONE) + (left[REST] if rest else NONE)
        wanted = self.units
        if self.takes.portion is not None:
            wanted = given(Fraction(together) * self.takes.portion, whole=grant.whole_units)
        order = [*(one.index for one in open_ones), *rest]
        if self.takes.order == "latest first":
            order = [*rest, *(one.index for one in reversed(open_ones))]
        taken: dict[int, Decimal] = {}
        for index in order:
            part = min(wanted, left[index])
            if part:
                taken[index] = part
                wanted -= part
        return taken


def _current(grant: Grant, open_ones: list[Tranche], left: Mapping[int, Decimal], on: date) -> dict[int, Decimal]:
    """The tranche that is running, for the days that have passed of it; the rest of it vests on its day."""
    dated = [(one.day.value, one) for one in open_ones if isinstance(one.day, Reasoned)]
    if not dated:
        return {}
    due, tranche = min(dated, key=lambda pair: (pair[0], pair[1].index))
    before = [one.day.value for one in grant.tranches if isinstance(one.day, Reasoned) and one.day.value <= on]
    since = max([grant.start, *before])
    if on <= since:
        return {}
    share = Fraction((on - since).days, (due - since).days)
    passed = given(Fraction(tranche.units or NONE) * share, whole=grant.whole_units, down=True)
    part = min(passed, left[tranche.index])
    return {tranche.index: part} if part else {}


@swift
@dataclass(frozen=True, slots=True)
class Taker:
    """What takes the tranches due after a day: an acceleration, or the end of service.

    `by` names the acceleration's clause and instance, and is empty for an end of service. `prevails` says whether the
    plan runs on its taking them; `unless` is what is still open about it, None where nothing is.
    """

    on: date
    by: tuple[str, str] | None
    why: Derivation
    prevails: bool
    unless: NotYet | None
    measure: Measure = Measure()


@swift
@dataclass(frozen=True, slots=True)
class Fate:
    """Where a tranche ends: what each of its takers took of it in turn, and what vests on its own day.

    The doubtful may yet take some of it before. `final` is the taker that left nothing.
    """

    taken: tuple[tuple[Taker, Decimal], ...]
    left: Decimal
    final: Taker | None
    doubtful: tuple[tuple[Taker, Decimal], ...]

    @property
    def is_plain(self) -> bool:
        """Whether a single taker took all of it for good."""
        final = self.final
        return final is not None and final.unless is None and len(self.taken) == 1 and not self.doubtful

    @property
    def doubts(self) -> NotYet | None:
        """What is still open that would make it end otherwise."""
        final = self.final
        other = [one for one, _ in self.doubtful if final is None or (one.by is None) != (final.by is None)]
        return united(one.unless for one in other if one.unless is not None) if other else None

    def by(self, name: tuple[str, str]) -> Decimal:
        """What an acceleration takes of it, or would."""
        return sum((units for one, units in (*self.taken, *self.doubtful) if one.by == name), NONE)


def fates(grant: Grant, takers: tuple[Taker, ...]) -> dict[int, Fate]:
    """Where the tranches of a grant end of which something was taken or may be; under `REST`, what becomes of the units
    that no tranche has."""
    left = {REST: grant.rest, **{one.index: one.units or NONE for one in grant.tranches}}
    taken: dict[int, list[tuple[Taker, Decimal]]] = {}
    doubtful: dict[int, list[tuple[Taker, Decimal]]] = {}
    final: dict[int, Taker] = {}
    for taker in takers:
        share = taker.measure.of(grant, left, taker.on)
        for index, units in share.items():
            if not taker.prevails:
                doubtful.setdefault(index, []).append((taker, units))
                continue
            taken.setdefault(index, []).append((taker, units))
            left[index] -= units
            if not left[index]:
                final[index] = taker
    return {
        index: Fate(tuple(taken.get(index, ())), left[index], final.get(index), tuple(doubtful.get(index, ())))
        for index in {**taken, **doubtful}
    }


@swift
@dataclass(frozen=True, slots=True)
class Settled:
    """A grant, and where its tranches end; one that is not among the `ends` vests whole on its own day."""

    grant: Grant
    ends: Mapping[int, Fate]


def settled(world: World, clause_id: str, clause: Clause, instance: Instance) -> Settled | NotYet:
    """What becomes of the grant that one instance of a vesting clause makes, worked out once; or why it is not known
    yet."""
    key = clause_id, instance.id
    if key not in world.grants:
        grant = grant_of(world, clause, instance)
        if isinstance(grant, NotYet):
            return grant
        world.grants[key] = Settled(grant, fates(grant, takers_of(world, clause_id, clause, instance)))
    return world.grants[key]


def takers_of(world: World, clause_id: str, clause: Clause, grant: Instance) -> tuple[Taker, ...]:
    """What takes tranches of one grant, in day order; on one day an acceleration comes before the end of service."""
    start = grant.trigger.occurred_on if grant.trigger is not None else date.min
    found = [*_accelerations(world, clause_id), *_ends(world, clause)]
    # An end that comes only once counts even before the grant: it was never earned.
    once = clause.until is not None and bool(world.slot(clause.until))
    return tuple(
        sorted(
            (one for one in found if one.on >= start or (one.by is None and once)),
            key=lambda one: (one.on, one.by is None),
        )
    )


def _accelerations(world: World, vesting_id: str) -> Iterator[Taker]:
    for version in world.versions:
        yield from _accelerating(version, vesting_id)


def _accelerating(world: World, vesting_id: str) -> Iterator[Taker]:
    """The accelerations that one version of the terms governs."""
    for clause_id, clause in world.terms.clauses.items():
        if clause.accelerate is None or vesting_id not in clause.accelerate:
            continue
        for instance in world.instances(clause_id, clause)[0]:
            stands = stands_for(world, clause_id, clause, instance)
            if instance.trigger is None or stands is False or not world.governs(clause_id, instance):
                continue
            on, why, by = instance.trigger.occurred_on, instance.trigger.why, (clause_id, instance.id)
            grounds = applying(world, clause, instance).grounds if clause.if_ or clause.unless else ()
            why = why.resting_on(*grounds) if grounds else why
            measure = measure_of(world, clause, instance)
            open_points = [one for one in (stands, measure) if isinstance(one, NotYet)]
            if open_points:
                yield Taker(on, by, why, prevails=False, unless=united(open_points))
            elif isinstance(measure, Measure):
                yield Taker(on, by, why, prevails=True, unless=instance.trigger.unsettled, measure=measure)
        for one, asked in world.find(clause.when).undecided:
            yield Taker(one.occurred_on, (clause_id, ""), one.why, prevails=False, unless=NotYet(judgment=asked))


def measure_of(world: World, clause: Clause, instance: Instance) -> Measure | NotYet:
    """How much an acceleration takes, or why that is not known yet."""
    takes = clause.takes
    assert instance.trigger is not None, "an acceleration is set off by an event"
    if takes is not None and takes.through is not None:
        through = world.day(takes.through, instance)
        return through if isinstance(through, NotYet) else Measure(takes, through=through.value)
    if takes is not None and takes.units is not None:
        picked, _ = world.pick(takes.units)
        if isinstance(picked, e.AmountLiteral):
            return Measure(takes, units=picked.value)
        found = world.figure(picked, instance, instance.trigger.occurred_on)
        if isinstance(found, NotYet):
            return found
        assert isinstance(found.value, Decimal), "check has seen that these are units"
        return Measure(takes, units=found.value)
    return Measure(takes)


def _ends(world: World, clause: Clause) -> Iterator[Taker]:
    if clause.until is None:
        return
    found = world.find(clause.until)
    for one in found.happenings:
        yield Taker(one.occurred_on, None, one.why, prevails=one.unsettled is None, unless=one.unsettled)
    for one, asked in found.undecided:
        yield Taker(one.occurred_on, None, one.why, prevails=False, unless=NotYet(judgment=asked))


def stands_for(world: World, clause_id: str, clause: Clause, instance: Instance) -> bool | NotYet:
    """Whether the clause applies to the instance, or why nobody can say yet."""
    stands = standing(world, clause_id, clause, instance)
    if stands.refused is not None:
        return False
    if clause.accelerate is not None and instance.trigger is not None:
        day = Reasoned(instance.trigger.occurred_on, instance.trigger.why)
        dates = deadline(world, clause, instance, stands, day)
        if discharged_by(clause, stands, dates.due.value, dates.last.value) is not None:
            return False
    return united(stands.open) if stands.open else True
