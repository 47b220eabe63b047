"""What another clause comes to, or what was paid under it: the figure that a clawback or a make-whole goes by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.answers import PARTLY, part
from obligations.planning.figures import shown
from obligations.planning.instances import answers_to
from obligations.planning.shapes import asked
from obligations.planning.values import Happening, Instance, NotYet, PlanningError, united
from obligations.planning.versions import version_of
from obligations.terms import expressions as e
from obligations.terms.values import Value, typed
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
        return _paid(world, clause_id, made, on)
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
    sums = [(one.derivation, one.amount) for one in owed if one.amount is not None]
    return _total(sums, f"amount of {clause_id}", world)


def balance_of(world: World, clause_id: str, on: date | None) -> Reasoned[Value] | NotYet:
    """What has accrued under a clause by the end of a day, less what was taken by then; never below nothing."""
    from obligations.planning.clauses import of_clause as made_of

    clause = world.terms.clauses[clause_id]
    made = [one for one in made_of(world, clause_id, clause) if one.state not in _NOT_OWED]
    made = [one for one in made if one.due_on is None or on is None or one.due_on <= on]
    reasons = [NotYet(one.waiting_for, one.missing) for one in made if one.units is None or one.due_on is None]
    if reasons:
        return united(reasons)
    # On one day what is taken comes first, as where the cap is counted.
    turns = [(one.due_on, 1, one.units, one.derivation) for one in made if one.due_on is not None and one.units]
    less = clause.cap.less if clause.cap is not None else None
    if isinstance(less, e.FieldOf):
        kind = world.kinds[less.event].fields[less.field].type
        for one in world.event(less.event).happenings:
            if one.unsettled is None and less.field in one.fields and (on is None or one.occurred_on <= on):
                taken = typed(one.fields[less.field], kind, world.terms.currency)
                turns += [(one.occurred_on, 0, -taken, one.why)] if isinstance(taken, Decimal) else []
    turns.sort(key=lambda turn: turn[:2])
    balance = Decimal(0)
    for _, _, units, _ in turns:
        balance = max(Decimal(0), balance + units)
    words = f"balance of {clause_id}" + (f" on {on}" if on is not None else "")
    return Reasoned(balance, Derivation(words, shown(balance), tuple(why for *_, why in turns)))


def _paid(world: World, clause_id: str, made: Iterable[Occurrence], on: date | None) -> Reasoned[Value] | NotYet:
    """What was paid under a clause by a day: what was done as a whole by then, and the parts of everything else."""
    paid: list[tuple[Derivation, Money]] = []
    for one in made:
        unclear = _unclear(world, one)
        if unclear:
            return NotYet(judgment=(unclear,))
        said = [answer for answer in _said(world, one) if on is None or answer.occurred_on <= on]
        if _is_whole(world, one, on):
            paid += [(one.derivation, one.amount)] if one.amount is not None else []
            continue
        for answer in said:
            if answer.event != PARTLY:
                continue
            value = part(world.terms, answer)
            if not isinstance(value, Money):
                words = f"how much of {clause_id.replace('_', ' ')} was paid on {answer.occurred_on}"
                return NotYet(judgment=(words,))
            paid.append((answer.why, value))
    return _total(paid, f"paid under {clause_id}", world)


def _is_whole(world: World, one: Occurrence, on: date | None) -> bool:
    """Whether all of it was reported as paid by a day, or closed by its own."""
    if one.state not in (State.DONE, State.DONE_LATE):
        return False
    said = _said(world, one)
    if any(answer.event == PARTLY for answer in said):
        return any(answer.event != PARTLY and (on is None or answer.occurred_on <= on) for answer in said)
    day = max((answer.occurred_on for answer in said), default=one.acts_on)
    return on is None or (day is not None and day <= on)


def _said(world: World, one: Occurrence) -> tuple[Happening, ...]:
    """What was reported of an occurrence, by whichever clause rules it, as the version of it that made it has it."""
    world = version_of(world, one)
    clause_id, instance = world.ruling(one.clause, one.instance)
    return answers_to(world, clause_id, world.terms.clauses[clause_id], instance, one.id) if instance else ()


def _unclear(world: World, one: Occurrence) -> str:
    """What a person must say of an occurrence before anybody knows what was paid of it."""
    world = version_of(world, one)
    clause_id, instance = world.ruling(one.clause, one.instance)
    return asked(world, clause_id, instance, _said(world, one)) if instance is not None else ""


def _total(sums: Iterable[tuple[Derivation, Money]], words: str, world: World) -> Reasoned[Value]:
    added = tuple(sums)
    currencies = {amount.currency for _, amount in added} or {world.terms.currency}
    if len(currencies) > 1:
        raise PlanningError(f"{words} is in {' and '.join(sorted(currencies))}; state both in one currency")
    total = Money(sum(amount.minor for _, amount in added), currencies.pop())
    why = Derivation(words, total.shown(), tuple(why for why, _ in added), kind="rule" if added else "assumption")
    return Reasoned(total, why)
