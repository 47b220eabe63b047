"""Powers: what a party may do once an event happened or a duty was missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import Power, PowerState
from obligations.planning.world import Instance, World
from obligations.terms.model import Clause, PowerOf
from schedules.derivation import Derivation


def powers(world: World) -> Iterator[Power]:
    """Every power that has arisen or may still arise, in file order. A duty fulfilled in time leaves none."""
    for clause_id, clause in world.terms.clauses.items():
        if clause.power is not None:
            for instance in world.instances(clause_id, clause)[0]:
                assert instance.trigger is not None
                confirmed = instance.trigger.origin != "expected"
                state = PowerState.ARISEN if confirmed else PowerState.WAITING
                waiting = () if confirmed else (instance.trigger.event,)
                day, why = instance.trigger.occurred_on, (instance.trigger.why,)
                yield _power(world, clause_id, clause, clause.power, instance, day, state, waiting, why)
        if isinstance(clause.if_missed, PowerOf):
            yield from _after_misses(world, clause_id, clause, clause.if_missed)


def _after_misses(world: World, clause_id: str, clause: Clause, power: PowerOf) -> Iterator[Power]:
    instances, _ = world.instances(clause_id, clause)
    closings, _ = world.closings(clause, instances)
    for instance, due, missed in world.misses(clause_id, clause):
        if not missed and instance.id in closings:
            continue
        day = due.value + timedelta(days=1)
        state = PowerState.ARISEN if missed else PowerState.WAITING
        waiting = () if missed else (f"{clause_id} missed",)
        step = Derivation("arises on the day after the last day, if by then unfulfilled", day.isoformat(), (due.why,))
        yield _power(world, clause_id, clause, power, instance, day, state, waiting, (step,))


def _power(
    world: World,
    clause_id: str,
    clause: Clause,
    power: PowerOf,
    instance: Instance,
    day: date,
    state: PowerState,
    waiting: tuple[str, ...],
    inputs: tuple[Derivation, ...],
) -> Power:
    terms = world.terms
    words = f"the {power.holder} may {power.may}"
    return Power(
        id=occurrence_id(terms.tenant, terms.contract, clause_id, instance.id, f"power {power.power}"),
        contract=terms.contract,
        clause=clause_id,
        instance=instance.id,
        name=power.power,
        holder=power.holder,
        may=power.may,
        state=state,
        derivation=Derivation(words, day.isoformat(), inputs, kind="clause", cite=clause.cites),
        cite=clause.cites,
        arises_on=day,
        waiting_for=waiting,
    )
