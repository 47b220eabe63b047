"""Vesting and acceleration: every unit ends in exactly one place, and together they are always the grant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from obligations.domain.occurrence import State
from obligations.planning.draft import Draft
from obligations.planning.grants import Grant, Tranche
from obligations.planning.takers import NONE, Fate, Settled, Taker, measure_of, settled, stands_for
from obligations.planning.values import NotYet, united
from obligations.planning.world import Instance, World
from obligations.terms.clause import Clause
from schedules.derivation import Derivation, Reasoned, later


def vesting(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """One draft a tranche: vests on its day, unless an acceleration took it or service ended before."""
    found = settled(world, clause_id, clause, instance)
    count = sum(step.tranches for step in clause.schedule)
    if isinstance(found, NotYet):
        for index in range(1, count + 1):
            draft = Draft(world, clause_id, clause, instance, index, count)
            draft.not_yet(found)
            yield draft
        return
    for tranche in found.grant.tranches:
        draft = Draft(world, clause_id, clause, instance, tranche.index, count)
        vests(draft, tranche, found)
        yield draft


def vests(draft: Draft, tranche: Tranche, found: Settled) -> None:
    """Give a draft the day and the units of a tranche, as its schedule has them, and the end it came to."""
    _scheduled(draft, tranche, found.grant)
    fate = found.ends.get(tranche.index)
    if fate is not None and tranche.units is not None:
        _settle(draft, fate)


def _scheduled(draft: Draft, tranche: Tranche, grant: Grant) -> None:
    if isinstance(tranche.day, NotYet):
        draft.not_yet(tranche.day)
        if tranche.units is not None:
            words = f"{tranche.units:,} of {grant.total:,} granted"
            draft.steps.append(Derivation(words, f"{tranche.units:,}", (grant.why,)))
    else:
        draft.due(tranche.day)
    draft.units = tranche.units
    if tranche.unsure is not None:
        draft.depends(tranche.unsure)


def _settle(draft: Draft, fate: Fate) -> None:
    """End the tranche where its fate says; while something may yet take it elsewhere, it waits for that."""
    final, doubts = fate.final, fate.doubts
    early = [(taker, units) for taker, units in fate.taken if taker.by is not None]
    lapses = final is not None and final.by is None
    if early and (lapses or final is None):
        whole = draft.units
        draft.units = fate.left + sum((units for taker, units in fate.taken if taker.by is None), NONE)
        for taker, units in early:
            words = f"{units:,} of {whole:,} vested early, by acceleration"
            draft.steps.append(Derivation(words, str(taker.on), (taker.why,)))
            draft.conditional = draft.conditional or taker.unless is not None
        whys = tuple(taker.why for taker, _ in early)
        draft.steps.append(Derivation(f"what is left of {whole:,}", f"{draft.units:,}", whys))
    if doubts is not None and (final is None or final.by is None):
        draft.depends(doubts)
    elif final is not None:
        draft.conditional = draft.conditional or doubts is not None or final.unless is not None
        words = "service ended before" if final.by is None else "vested early, by acceleration"
        draft.end(ending_of(final), Derivation(words, str(final.on), (final.why,)), final.on)


def ending_of(final: Taker) -> State:
    """The state in which what took all that was left of a tranche leaves it."""
    return State.TERMINATED if final.by is None else State.SUPERSEDED


@dataclass
class _Account:
    """What an acceleration comes to over all grants: what was granted, had vested, and what it takes."""

    total: Decimal = NONE
    vested: Decimal = NONE
    taken: list[Decimal] = field(default_factory=list)
    doubts: list[NotYet] = field(default_factory=list)
    days: list[Derivation] = field(default_factory=list)


def accelerated(world: World, clause_id: str, clause: Clause, instance: Instance) -> Draft:
    """What an acceleration vests of the units whose day comes after it and that nothing took before. A tranche due
    that day vests by schedule."""
    draft = Draft(world, clause_id, clause, instance)
    trigger = instance.trigger
    assert trigger is not None, "an acceleration is set off by an event"
    draft.due(Reasoned(trigger.occurred_on, trigger.why))
    measure = measure_of(world, clause, instance)
    if isinstance(measure, NotYet):
        draft.not_yet(measure)
        return draft
    account = _Account()
    waiting: list[NotYet] = []
    for source_id in clause.accelerate or ():
        grants, more = world.instances(source_id, world.terms.clauses[source_id])
        waiting += [] if grants else [more]
        for grant in grants:
            found = _account(world, source_id, grant, draft, account)
            if found is not None:
                draft.not_yet(found)
                return draft
    if len(waiting) == len(clause.accelerate or ()):
        draft.not_yet(united(waiting))
        return draft
    _give(draft, account)
    return draft


def _account(world: World, source_id: str, grant: Instance, draft: Draft, account: _Account) -> NotYet | None:
    """Add what the acceleration takes of one grant; why that is not known, or None."""
    world = world.home(source_id, grant)
    source = world.terms.clauses[source_id]
    trigger = draft.instance.trigger
    assert trigger is not None, "an acceleration is set off by an event"
    granted = stands_for(world, source_id, source, grant)
    if granted is False or (grant.trigger is not None and grant.trigger.occurred_on > trigger.occurred_on):
        return None
    found = settled(world, source_id, source, grant)
    if isinstance(found, NotYet):
        return found
    schedule, ends = found.grant, found.ends
    by = draft.clause_id, draft.instance.id
    account.doubts += [granted] if isinstance(granted, NotYet) else []
    account.total += schedule.total
    account.days.append(schedule.why)
    for tranche in (*schedule.tranches, Tranche(0, schedule.rest, NotYet())):
        fate = ends.get(tranche.index)
        vested = tranche.due_by(trigger.occurred_on)
        account.vested += tranche.units or NONE if vested else NONE
        account.days += [tranche.day.why] if isinstance(tranche.day, Reasoned) else []
        mine, open_points = _share(fate, by) if fate is not None else (NONE, [])
        account.taken += [mine] if mine else []
        account.doubts += open_points if not vested else []
    return None


def _share(fate: Fate, by: tuple[str, str]) -> tuple[Decimal, list[NotYet]]:
    """What the acceleration takes of the tranche, or would, and what is still open about that."""
    mine = fate.by(by)
    if any(taker.by == by for taker, _ in fate.taken):
        return mine, [one.unless for one, _ in fate.doubtful if one.unless is not None]
    if mine:
        return mine, []
    # Another took it; while that is only expected, this one may still come to.
    unless = fate.final.unless if fate.final is not None and fate.final.by is not None else None
    return mine, [unless] if unless is not None else []


def _give(draft: Draft, account: _Account) -> None:
    trigger = draft.instance.trigger
    assert trigger is not None, "an acceleration is set off by an event"
    total, vested, taken, doubts = account.total, account.vested, account.taken, account.doubts
    if doubts:
        draft.depends(united(doubts))
    elif not taken:
        words = "everything had vested already" if vested == total else "nothing was left that had not vested or lapsed"
        draft.end(State.NOT_APPLICABLE, Derivation(words, kind="assumption"))
    if not taken and doubts:
        return
    units = sum(taken, NONE)
    draft.units = units
    rule = f"{total:,} granted less {vested:,} vested by {trigger.occurred_on}"
    gone = total - vested - units
    if draft.clause.takes is None:
        rule += f" and {gone:,} taken or lapsed before" if gone else ""
    else:
        rule += f", of which {_measure(draft.clause)}"
    draft.steps.append(later(_reckoned, f"{rule}: {len(taken)} tranches vest at once", units, tuple(account.days)))


def _reckoned(rule: str, units: Decimal, days: tuple[Derivation, ...]) -> Derivation:
    """What an acceleration comes to, resting on all that the tranches do, each said once."""
    steps = (step for day in days for _, step in day.walk())
    inputs = dict.fromkeys(step for step in steps if step.kind in ("event", "fact", "reading"))
    return Derivation(rule, f"{units:,}", tuple(inputs))


def _measure(clause: Clause) -> str:
    """How much an acceleration takes, in words."""
    takes = clause.takes
    assert takes is not None, "a full acceleration takes everything"
    if takes.portion is not None:
        return f"{takes.portion.numerator}/{takes.portion.denominator}, {takes.order}"
    if takes.units is not None:
        return f"a number of units, {takes.order}"
    return (
        "what was due by a later day" if takes.through is not None else "the running tranche for its days, rounded down"
    )
