"""Vesting and acceleration: every tranche ends in exactly one place, and together they are always the grant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.values import Happening, NotYet
from obligations.planning.world import Instance, World
from obligations.terms.model import Clause
from schedules.derivation import Derivation, Reasoned
from schedules.spans import add_months
from schedules.vesting import Tranche, tranches


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
    taken = _acceleration_of(world, clause_id)
    ended = _service_end(world, clause)
    for tranche in schedule:
        draft = Draft(world, clause_id, clause, instance, tranche.value.index, count)
        draft.due(Reasoned(tranche.value.vests_on, tranche.why))
        draft.units = Decimal(tranche.value.units)
        if taken is not None and tranche.value.vests_on > taken.occurred_on:
            draft.conditional = draft.conditional or taken.origin == "expected"
            why = Derivation("vested early, by acceleration", str(taken.occurred_on), (taken.why,))
            draft.end(State.SUPERSEDED, why, taken.occurred_on)
        elif ended is not None and tranche.value.vests_on > ended.occurred_on:
            draft.conditional = draft.conditional or ended.origin == "expected"
            why = Derivation("service ended before", str(ended.occurred_on), (ended.why,))
            draft.end(State.TERMINATED, why, ended.occurred_on)
        yield draft


def accelerated(world: World, clause_id: str, clause: Clause, instance: Instance) -> Draft:
    """What an acceleration vests: every unit whose day comes after it. A tranche due that day vests by schedule."""
    draft = Draft(world, clause_id, clause, instance)
    trigger = instance.trigger
    assert trigger is not None, "an acceleration is set off by an event"
    draft.due(Reasoned(trigger.occurred_on, trigger.why))
    source = world.terms.clauses[str(clause.accelerate)]
    instances, more = world.instances(str(clause.accelerate), source)
    if not instances:
        draft.not_yet(more)
        return draft
    schedule = _schedule(world, source, instances[0])
    if isinstance(schedule, NotYet):
        draft.not_yet(schedule)
        return draft
    rest = [tranche.value.units for tranche in schedule if tranche.value.vests_on > trigger.occurred_on]
    total = sum(tranche.value.units for tranche in schedule)
    draft.units = Decimal(sum(rest))
    vested = f"{total - sum(rest):,} vested by {trigger.occurred_on}"
    rule = f"{total:,} granted less {vested}: {len(rest)} tranches vest at once"
    draft.steps.append(Derivation(rule, f"{sum(rest):,}", kind="rule"))
    if not rest:
        draft.end(State.NOT_APPLICABLE, Derivation("everything had vested already", kind="assumption"))
    return draft


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


def _acceleration_of(world: World, vesting_id: str) -> Happening | None:
    """The first happening that accelerates the grant."""
    taken: list[Happening] = []
    for clause_id, clause in world.terms.clauses.items():
        if clause.accelerate == vesting_id:
            taken += [instance.trigger for instance in world.instances(clause_id, clause)[0] if instance.trigger]
    return min(taken, key=lambda one: one.occurred_on, default=None)


def _service_end(world: World, clause: Clause) -> Happening | None:
    if clause.until is None:
        return None
    happenings = world.find(clause.until).happenings
    return min(happenings, key=lambda one: one.occurred_on, default=None)
