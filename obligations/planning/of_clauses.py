"""What another clause comes to, or what was paid under it: the figure that a clawback or a make-whole goes by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.instances import answers_to
from obligations.planning.values import Instance, NotYet, PlanningError, united
from obligations.terms.values import Value
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World

_NOT_OWED = frozenset(
    {State.NOT_APPLICABLE, State.CANCELLED, State.TERMINATED, State.SUPERSEDED, State.DISCHARGED}
    | {State.CONDITION_FAILED, State.WAIVED}
)
_OPEN = frozenset({State.WAITING, State.NEEDS_PERSON})


def of_clause(world: World, field: str, clause_id: str, here: Instance, on: date | None) -> Reasoned[Value] | NotYet:
    """The money that a clause's instance comes to (`amount`), or that was paid under it by a day (`paid`)."""
    # Clauses are made of amounts, and only this amount is made of clauses.
    from obligations.planning.clauses import of_clause as made_of

    clause = world.terms.clauses[clause_id]
    made = tuple(made_of(world, clause_id, clause))
    if field == "paid":
        return _total([one for one in made if _paid_by(world, one, on)], f"paid under {clause_id}", world)
    made = tuple(one for one in made if one.instance == here.id) or made
    owed = [one for one in made if one.state not in _NOT_OWED]
    if not made:
        return world.instances(clause_id, clause)[1]
    if not owed:
        return NotYet(never=f"{clause_id.replace('_', ' ')} is not owed")
    if len({one.instance for one in owed}) > 1:
        return NotYet(judgment=(f"which {clause_id.replace('_', ' ')} is meant",))
    reasons = [NotYet(one.waiting_for, one.missing) for one in owed if one.amount is None or one.state in _OPEN]
    if reasons:
        return united(reasons)
    return _total(owed, f"amount of {clause_id}", world)


def _paid_by(world: World, one: Occurrence, on: date | None) -> bool:
    if one.state not in (State.DONE, State.DONE_LATE):
        return False
    instance = world.instance(one.clause, one.instance)
    said = answers_to(world, one.clause, world.terms.clauses[one.clause], instance, one.id) if instance else ()
    day = max((answer.occurred_on for answer in said), default=one.acts_on)
    return on is None or (day is not None and day <= on)


def _total(parts: Iterable[Occurrence], words: str, world: World) -> Reasoned[Value]:
    paid = [(one, one.amount) for one in parts if one.amount is not None]
    currencies = {amount.currency for _, amount in paid} or {world.terms.currency}
    if len(currencies) > 1:
        raise PlanningError(f"{words} is in {' and '.join(sorted(currencies))}; state both in one currency")
    total = Money(sum(amount.minor for _, amount in paid), currencies.pop())
    steps = tuple(one.derivation for one, _ in paid)
    return Reasoned(total, Derivation(words, total.shown(), steps))
