"""Powers: what a party may do once an event happened or a duty was missed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import Power, PowerState
from obligations.planning.days import day_after
from obligations.planning.standing import standing, verdicts
from obligations.planning.values import Happening, Instance, NotYet
from obligations.planning.world import World
from obligations.terms.clause import Clause, PowerOf
from schedules.derivation import Derivation, Reasoned


def powers(world: World) -> Iterator[Power]:
    """Every power that has arisen or may still arise, in file order. A duty fulfilled in time leaves none."""
    for version in world.versions:
        for clause_id, clause in version.terms.clauses.items():
            if clause.power is not None:
                yield from _granted(version, clause_id, clause, clause.power)
            if isinstance(clause.if_missed, PowerOf):
                yield from _after_misses(version, clause_id, clause, clause.if_missed)


def _granted(world: World, clause_id: str, clause: Clause, power: PowerOf) -> Iterator[Power]:
    for instance in world.instances(clause_id, clause)[0]:
        trigger = instance.trigger
        assert trigger is not None, "check has seen what sets the power off"
        if not world.judges(clause_id, instance):
            continue
        stands = standing(world, clause_id, clause, instance)
        if stands.refused is not None:
            continue
        opened = trigger
        if stands.gate is not None and stands.gate.occurred_on > trigger.occurred_on:
            opened = stands.gate
        day, why = opened.occurred_on, opened.why
        earliest = world.day(clause.not_before, instance) if clause.not_before is not None else None
        if isinstance(earliest, Reasoned) and earliest.value > day:
            day, why = earliest.value, earliest.why
        yield from _power(world, clause_id, clause, power, instance, day, stands.waits_for, why)


def _after_misses(world: World, clause_id: str, clause: Clause, power: PowerOf) -> Iterator[Power]:
    for verdict in verdicts(world, clause_id, clause):
        if verdict.missed is False or not world.judges(clause_id, verdict.instance):
            continue
        day = day_after(verdict.last.value)
        waiting = () if verdict.missed else verdict.waits_for or (f"{clause_id} missed",)
        words = "arises on the day after the last day, if by then unfulfilled"
        why = Derivation(words, day.isoformat(), (verdict.last.why,))
        yield from _power(world, clause_id, clause, power, verdict.instance, day, waiting, why)


def _power(
    world: World,
    clause_id: str,
    clause: Clause,
    power: PowerOf,
    instance: Instance,
    day: date,
    waiting: tuple[str, ...],
    why: Derivation,
) -> Iterator[Power]:
    """The power, unless it was over before it could arise."""
    terms = world.terms
    until = world.day(power.until, instance) if power.until is not None else None
    expires_on = until.value if until is not None and not isinstance(until, NotYet) else None
    state, inputs = (PowerState.WAITING, [why]) if waiting else (PowerState.ARISEN, [why])
    used = _first_from(world, power.exerted_by, day, expires_on)
    ended = _over(world, clause, instance, expires_on)
    in_time = used is not None and (ended is None or used.occurred_on <= ended.occurred_on)
    too_late = (ended is not None and ended.occurred_on <= day) or (expires_on is not None and expires_on < day)
    if too_late and not in_time:
        return
    if not waiting and used is not None and in_time:
        state = PowerState.EXERTED
        inputs.append(Derivation("used", used.occurred_on.isoformat(), (used.why,)))
    elif ended is not None:
        state, expires_on, waiting = PowerState.EXPIRED, ended.occurred_on, ()
        inputs.append(Derivation("expired", ended.occurred_on.isoformat(), (ended.why,)))
    elif expires_on is not None and world.as_of is not None and world.as_of > expires_on:
        state, waiting = PowerState.EXPIRED, ()
        over = (until.why,) if isinstance(until, Reasoned) else ()
        inputs.append(Derivation("expired after its last day", expires_on.isoformat(), over))
    yield Power(
        id=occurrence_id(terms.tenant, terms.contract, *world.known_as(clause_id, instance), f"power {power.power}"),
        contract=terms.contract,
        clause=clause_id,
        instance=instance.id,
        name=power.power,
        holder=power.holder,
        may=power.may,
        state=state,
        derivation=Derivation(
            f"the {power.holder} may {power.may}", day.isoformat(), tuple(inputs), kind="clause", cite=clause.cites
        ),
        cite=clause.cites,
        arises_on=day,
        expires_on=expires_on,
        waiting_for=waiting,
    )


def _over(world: World, clause: Clause, instance: Instance, last: date | None) -> Happening | None:
    """The confirmed happening that ends the power: one from its trigger on, or what ended once for good before it."""
    trigger = instance.trigger
    once = bool(clause.until is not None and world.slot(clause.until))
    began = trigger.occurred_on if trigger is not None and not once else date.min
    return _first_from(world, clause.until, began, last)


def _first_from(world: World, event: object, day: date, last: date | None) -> Happening | None:
    """The first confirmed happening of an event on or after a day, up to a last day where there is one."""
    if event is None:
        return None
    found = (one for one in world.find(event).happenings if one.unsettled is None)
    return next((one for one in found if one.occurred_on >= day and (last is None or one.occurred_on <= last)), None)
