"""Vesting and acceleration: every tranche ends in exactly one place, and together they are always the grant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.standing import deadline, discharged_by, standing
from obligations.planning.values import NotYet, united
from obligations.planning.world import Instance, World
from obligations.terms.model import Clause
from schedules.derivation import Derivation, Reasoned
from schedules.spans import add_months
from schedules.vesting import Tranche, tranches


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


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a tranche ends: with its taker, or on its own day without one; the doubtful may yet take it before."""

    taker: Taker | None
    doubtful: tuple[Taker, ...]

    @property
    def doubts(self) -> NotYet | None:
        """What is still open that would make it end otherwise."""
        other = [one for one in self.doubtful if self.taker is None or (one.by is None) != (self.taker.by is None)]
        return united(one.unless for one in other if one.unless is not None) if other else None


def vesting(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """One draft a tranche: vests on its day, unless an acceleration took it or service ended before."""
    schedule = _schedule(world, clause, instance)
    count = sum(step.times for step in clause.schedule)
    if isinstance(schedule, NotYet):
        for index in range(1, count + 1):
            draft = Draft(world, clause_id, clause, instance, index, count)
            draft.not_yet(schedule)
            yield draft
        return
    takers = _takers(world, clause_id, clause, instance)
    for tranche in schedule:
        draft = Draft(world, clause_id, clause, instance, tranche.value.index, count)
        draft.due(Reasoned(tranche.value.vests_on, tranche.why))
        draft.units = Decimal(tranche.value.units)
        _settle(draft, _fate(takers, tranche.value.vests_on))
        yield draft


def _settle(draft: Draft, fate: Fate) -> None:
    """End the tranche where its fate says; while something may yet take it elsewhere, it waits for that."""
    taker, doubts = fate.taker, fate.doubts
    if doubts is not None and (taker is None or taker.by is None):
        draft.depends(doubts)
    elif taker is not None:
        draft.conditional = draft.conditional or doubts is not None or taker.unless is not None
        words = "service ended before" if taker.by is None else "vested early, by acceleration"
        state = State.TERMINATED if taker.by is None else State.SUPERSEDED
        draft.end(state, Derivation(words, str(taker.on), (taker.why,)), taker.on)


def accelerated(world: World, clause_id: str, clause: Clause, instance: Instance) -> Draft:
    """What an acceleration vests: every unit whose day comes after it and that nothing took before. A tranche due that
    day vests by schedule."""
    draft = Draft(world, clause_id, clause, instance)
    trigger = instance.trigger
    assert trigger is not None, "an acceleration is set off by an event"
    draft.due(Reasoned(trigger.occurred_on, trigger.why))
    source_id = str(clause.accelerate)
    source = world.terms.clauses[source_id]
    grants, more = world.instances(source_id, source)
    if not grants:
        draft.not_yet(more)
        return draft
    taken: list[int] = []
    total = vested = 0
    doubts: list[NotYet] = []
    for grant in grants:
        granted = _stands(world, source_id, source, grant)
        if granted is False or (grant.trigger is not None and grant.trigger.occurred_on > trigger.occurred_on):
            continue
        schedule = _schedule(world, source, grant)
        if isinstance(schedule, NotYet):
            draft.not_yet(schedule)
            return draft
        doubts += [granted] if isinstance(granted, NotYet) else []
        takers = _takers(world, source_id, source, grant)
        total += sum(tranche.value.units for tranche in schedule)
        vested += sum(tranche.value.units for tranche in schedule if tranche.value.vests_on <= trigger.occurred_on)
        for tranche in schedule:
            mine, open_points = _share(_fate(takers, tranche.value.vests_on), (clause_id, instance.id))
            taken += [tranche.value.units] if mine else []
            doubts += open_points if tranche.value.vests_on > trigger.occurred_on else []
    _give(draft, taken, total, vested, doubts)
    return draft


def _share(fate: Fate, by: tuple[str, str]) -> tuple[bool, list[NotYet]]:
    """Whether the acceleration takes the tranche, or would, and what is still open about that."""
    if fate.taker is not None and fate.taker.by == by:
        return True, [one.unless for one in fate.doubtful if one.unless is not None]
    if any(one.by == by for one in fate.doubtful):
        return True, []
    # Another took it; while that is only expected, this one may still come to.
    unless = fate.taker.unless if fate.taker is not None and fate.taker.by is not None else None
    return False, [unless] if unless is not None else []


def _give(draft: Draft, taken: list[int], total: int, vested: int, doubts: list[NotYet]) -> None:
    assert draft.instance.trigger is not None
    if doubts:
        draft.depends(united(doubts))
    elif not taken:
        words = "everything had vested already" if vested == total else "nothing was left that had not vested or lapsed"
        draft.end(State.NOT_APPLICABLE, Derivation(words, kind="assumption"))
    if not taken and doubts:
        return
    draft.units = Decimal(sum(taken))
    rule = f"{total:,} granted less {vested:,} vested by {draft.instance.trigger.occurred_on}"
    gone = total - vested - sum(taken)
    rule += f" and {gone:,} taken or lapsed before" if gone else ""
    draft.steps.append(Derivation(f"{rule}: {len(taken)} tranches vest at once", f"{sum(taken):,}", kind="rule"))


def _schedule(world: World, clause: Clause, instance: Instance) -> tuple[Reasoned[Tranche], ...] | NotYet:
    trigger = instance.trigger
    if trigger is None:
        return NotYet(waiting=(instance.id,))
    grant = world.figure(clause.vest, instance, trigger.occurred_on)
    if isinstance(grant, NotYet):
        return grant
    assert isinstance(grant.value, Decimal), "the grant is typed in units"
    anchor = Reasoned(trigger.occurred_on, trigger.why)
    steps = [step.step() for step in clause.schedule]
    plan = tranches(int(grant.value), anchor, steps, world.vesting_counting)
    day, readings = world.pick(clause.vesting_day) if clause.vesting_day is not None else ("same day", ())
    return tuple(_on_vesting_day(tranche, day, readings) for tranche in plan)


def _on_vesting_day(tranche: Reasoned[Tranche], day: str, readings: tuple[Derivation, ...]) -> Reasoned[Tranche]:
    value, why = tranche.value, tranche.why
    moved = value.vests_on
    if day == "first of month":
        moved = moved.replace(day=1)
    elif day == "last of month":
        moved = add_months(moved.replace(day=1), 1) - timedelta(days=1)
    inputs = (*why.inputs, *readings)
    if moved == value.vests_on:
        return Reasoned(value, Derivation(why.rule, why.result, inputs, why.kind, why.cite))
    step = Derivation(f"moved to the {day}", moved.isoformat(), (Derivation(why.rule, why.result, inputs),))
    return Reasoned(Tranche(value.index, moved, value.units), step)


def _fate(takers: tuple[Taker, ...], day: date) -> Fate:
    """The first taker before the day that prevails, and the doubtful ones before it."""
    before = [one for one in takers if one.on < day]
    prevailing = next((number for number, one in enumerate(before) if one.prevails), None)
    if prevailing is None:
        return Fate(None, tuple(before))
    return Fate(before[prevailing], tuple(before[:prevailing]))


def _takers(world: World, clause_id: str, clause: Clause, grant: Instance) -> tuple[Taker, ...]:
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
    for clause_id, clause in world.terms.clauses.items():
        if clause.accelerate != vesting_id:
            continue
        for instance in world.instances(clause_id, clause)[0]:
            stands = _stands(world, clause_id, clause, instance)
            if instance.trigger is None or stands is False:
                continue
            on, why, by = instance.trigger.occurred_on, instance.trigger.why, (clause_id, instance.id)
            if isinstance(stands, NotYet):
                yield Taker(on, by, why, prevails=False, unless=stands)
            else:
                yield Taker(on, by, why, prevails=True, unless=instance.trigger.unsettled)
        for one, asked in world.find(clause.when).undecided:
            yield Taker(one.occurred_on, (clause_id, ""), one.why, prevails=False, unless=NotYet(judgment=asked))


def _ends(world: World, clause: Clause) -> Iterator[Taker]:
    if clause.until is None:
        return
    found = world.find(clause.until)
    for one in found.happenings:
        yield Taker(one.occurred_on, None, one.why, prevails=one.unsettled is None, unless=one.unsettled)
    for one, asked in found.undecided:
        yield Taker(one.occurred_on, None, one.why, prevails=False, unless=NotYet(judgment=asked))


def _stands(world: World, clause_id: str, clause: Clause, instance: Instance) -> bool | NotYet:
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
