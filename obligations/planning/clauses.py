"""From clauses to occurrences: each clause makes an instance per trigger, each instance one occurrence or a series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from operator import is_

from obligations.domain.occurrence import Occurrence, State
from obligations.planning import versions
from obligations.planning.alike import Finish, row
from obligations.planning.applying import holds_on
from obligations.planning.caps import cut
from obligations.planning.draft import Draft
from obligations.planning.in_common import InCommon
from obligations.planning.instalments import take
from obligations.planning.pay import pay_final, periods_of
from obligations.planning.series import Figures, counted_series
from obligations.planning.standing import UNASKED, Standing, deadline, discharged_by, standing
from obligations.planning.suspensions import suspended
from obligations.planning.tranches import accelerated, vesting
from obligations.planning.values import NotYet
from obligations.planning.world import Instance, World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from schedules.derivation import Derivation, Reasoned, later

POSTPONE_OR_POWER = ("power", "postpone")
# So many reasons to wait are kept of each clause.
REASONS = 32


def occurrences(world: World) -> list[Occurrence]:
    """Every occurrence of every clause, in file order."""
    made: list[Occurrence] = []
    for clause_id, clause in world.terms.clauses.items():
        if clause.content in POSTPONE_OR_POWER:
            continue
        waiting = world.waiting.get(clause_id)
        if waiting is not None and not any(str(one.id) in world.answered for one in waiting if world.answered):
            made += waiting
        else:
            made += of_clause(world, clause_id, clause)
    return made


def of_clause(world: World, clause_id: str, clause: Clause) -> Iterable[Occurrence]:
    """The occurrences of one clause, and of what stands in its place: a placeholder where its slot is still empty."""
    if clause.instead_of is not None:
        return ()  # it is known as what it replaces
    if len(world.versions) > 1:
        return _of_versions(world, clause_id)
    made: list[Occurrence] = []
    for member in world.chosen.family(clause_id)[1:]:
        made += _ruled(world, member, world.terms.clauses[member])
    instances, more = world.instances(clause_id, clause)
    if instances:
        made += _ruled(world, clause_id, clause)
        return made
    slot = world.slot_of(clause_id, clause)
    if slot or more.never or more.judgment:
        made += _waiting(world, clause_id, clause, Instance(slot or clause_id), more)
    return made


def _ruled(world: World, clause_id: str, clause: Clause) -> list[Occurrence]:
    """The occurrences of the instances that the clause rules."""
    finished: list[Occurrence] = []
    capped: list[Draft] = []
    for instance in world.instances(clause_id, clause)[0]:
        place = world.place(clause_id, instance)
        if place is not None and not place.rules:
            continue
        stands = standing(world, clause_id, clause, instance)
        made = row(world, clause_id, clause, instance, stands, _finishing(world, clause, stands))
        if made is not None:
            finished += made
            continue
        for dated in _dated(world, clause_id, clause, instance):
            draft = _as_it_stands(world, clause, dated, stands)
            if clause.cap is None:
                finished.append(_finished(draft))
            else:
                capped.append(draft)
    if capped:
        cut(capped)
        finished += map(_finished, capped)
    return finished


def _finishing(world: World, clause: Clause, stands: Standing) -> Finish:
    return lambda draft: _finished(_as_it_stands(world, clause, draft, stands))


def _finished(draft: Draft) -> Occurrence:
    clause = draft.clause
    if clause.before_withholding is not None:
        words = f"{'before' if clause.before_withholding else 'after'} withholding"
        draft.steps.append(Derivation(words, kind="text", cite=clause.cites))
    return draft.finish()


def _of_versions(world: World, clause_id: str) -> Iterator[Occurrence]:
    """The same for a contract that was amended: each instance by the version that governs it.

    Caps count through all versions, and a slot is filled once, whichever of them has what fills it.
    """
    made: dict[str, list[Draft]] = {}
    filled: set[str] = set()
    for version in world.versions:
        if clause_id not in version.terms.clauses:
            continue
        for member in (*version.chosen.family(clause_id)[1:], clause_id):
            for instance in version.instances(member, version.terms.clauses[member])[0]:
                place = version.place(member, instance)
                if not version.governs(member, instance):
                    continue
                filled.add(instance.id)
                if place is None or place.rules:
                    made.setdefault(member, []).extend(versions.drafts(version, member, instance, _drafting(member)))
    for drafts in made.values():
        cut(drafts)
        for draft in drafts:
            one = _finished(draft)
            draft.world.planned.add(one.id)
            yield one
    waits = versions.placeholder(world, clause_id)
    if waits is not None:
        clause = waits.terms.clauses[clause_id]
        instances, more = waits.instances(clause_id, clause)
        slot = waits.slot_of(clause_id, clause)
        if instances and slot and slot not in filled:
            # What would fill it came before the version that takes it for the first: the one of that day says why not.
            waits = waits.home(clause_id, instances[0])
            instances, more = waits.instances(clause_id, clause)
        empty = not instances and (slot or clause_id) not in filled
        if empty and (slot or more.never or more.judgment):
            yield from _placeholders(waits, clause_id, clause, Instance(slot or clause_id), more)


def _drafting(clause_id: str) -> Callable[[World, Instance], Iterator[Draft]]:
    return lambda version, instance: _drafts(version, clause_id, version.terms.clauses[clause_id], instance)


def _waiting(world: World, clause_id: str, clause: Clause, instance: Instance, why: NotYet) -> Iterable[Occurrence]:
    """The placeholders of an empty slot: as in any plan in which it waited for the same, unless somebody answered."""
    common = world.chosen.kept.setdefault("waiting", {}).setdefault(clause_id, {})
    before = common.get((instance.id, why))
    if before is not None and len(before[0]) == len(why.grounds) and all(map(is_, before[0], why.grounds)):
        made = tuple(one.of_contract(world.terms) for one in before[1])
        if not _answered(world, made):
            return made
    made = tuple(_placeholders(world, clause_id, clause, instance, why))
    alone = clause.suspended is None and clause_id not in world.chosen.replaceable
    if alone and not _answered(world, made):
        if len(common) >= REASONS:
            common.clear()
        common[instance.id, why] = why.grounds, tuple(map(InCommon, made))
    return made


def _answered(world: World, made: tuple[Occurrence, ...]) -> bool:
    return bool(world.answered) and any(str(one.id) in world.answered for one in made)


def _placeholders(
    world: World, clause_id: str, clause: Clause, instance: Instance, why: NotYet
) -> Iterator[Occurrence]:
    count = _count(clause)
    for index in range(1, (count or 1) + 1):
        draft = Draft(world, clause_id, clause, instance, index, count if clause.series or clause.schedule else 1)
        draft.not_yet(why)
        yield draft.finish()


def _count(clause: Clause) -> int | None:
    if clause.schedule:
        return sum(step.tranches for step in clause.schedule)
    return clause.series.times if clause.series else 1


def _drafts(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """Drafts as their instance stands: opened, moved off closed days, and ended."""
    stands = standing(world, clause_id, clause, instance)
    for draft in _dated(world, clause_id, clause, instance):
        yield _as_it_stands(world, clause, draft, stands)


def _as_it_stands(world: World, clause: Clause, draft: Draft, stands: Standing) -> Draft:
    if stands is not UNASKED:
        _say(draft, stands)
    if clause.if_each is not None:
        _ask_each(world, clause, draft)
    _settle(world, clause, draft, stands)
    if clause.soft_by is not None:
        _soften(world, clause, draft)
    if stands.end is not None:
        _end(clause, draft, stands)
    return draft


def _say(draft: Draft, stands: Standing) -> None:
    """What was asked of its clause, as far as it came out, is open or speaks against it."""
    draft.steps += stands.grounds
    if stands.cause is not None:
        draft.rests_on(stands.cause)
    for reason in stands.open:
        draft.depends(reason)
    if stands.refused is not None:
        draft.refuse(stands.refused_as, stands.refused, stands.refused_on)


def _ask_each(world: World, clause: Clause, draft: Draft) -> None:
    """What is asked of each occurrence on its own day."""
    holds = holds_on(world, clause, draft.instance, draft.due_on or draft.to_on)
    if isinstance(holds, NotYet):
        draft.depends(holds)
    elif holds is not None and holds.value:
        draft.steps.append(holds.why)
    elif holds is not None:
        draft.end(State.NOT_APPLICABLE, holds.why)


def _settle(world: World, clause: Clause, draft: Draft, stands: Standing) -> None:
    """Move the day as the gate and the roll ask; both days are kept."""
    if draft.due_on is None or (stands is UNASKED and not clause.moves and world.terms.file.signed is None):
        return
    day = Reasoned(draft.due_on, later(_due, draft.due_on))
    dates = deadline(world, clause, draft.instance, stands, day)
    for reason in dates.open:
        draft.depends(reason)
    if dates.last is day and not dates.steps:
        return
    if dates.due.value != draft.due_on:
        draft.due(dates.due)
    draft.steps += dates.steps
    draft.adjusted_on = dates.last.value
    if draft.paid_on is not None and clause.roll is None and dates.due.value == day.value:
        opened = [stands.gate.occurred_on] if stands.gate is not None else []
        opened += [dates.last.value] if dates.last is not dates.due else []
        draft.adjusted_on = max(draft.paid_on, *opened) if opened else draft.paid_on


def _due(day: date) -> Derivation:
    return Derivation("due", day.isoformat())


def _dated(world: World, clause_id: str, clause: Clause, instance: Instance) -> Iterator[Draft]:
    """Drafts with their days and figures, by the shape of the clause."""
    if clause.vest is not None:
        yield from vesting(world, clause_id, clause, instance)
    elif clause.accelerate is not None:
        yield accelerated(world, clause_id, clause, instance)
    elif clause.series is not None and clause.during is not None:
        yield from periods_of(world, clause_id, clause, instance)
    elif clause.series is not None:
        figures, end = Figures(world, clause_id, clause, instance), world.ending(clause, instance)
        for draft, part in counted_series(world, clause_id, clause, instance):
            figures.give(draft)
            take(draft, part, end)
            yield draft
    else:
        draft = Draft(world, clause_id, clause, instance)
        _single(world, clause, draft)
        yield draft


def _single(world: World, clause: Clause, draft: Draft) -> None:
    day_expression = clause.by or clause.exactly
    picked, _ = world.pick(day_expression)
    if clause.during is not None:
        _lasts(world, clause, draft)
    elif isinstance(picked, e.PayPeriodEnd) or (clause.pay is not None and clause.per is not None):
        pay_final(world, clause, draft)
        return
    elif day_expression is None:
        draft.opens(world.day(clause.not_before, draft.instance))
    else:
        draft.due(world.day(day_expression, draft.instance))
    if clause.pay is not None or clause.grant is not None:
        _figure(world, clause, draft)


def _lasts(world: World, clause: Clause, draft: Draft) -> None:
    """The days something is kept up: longer by those during which its clock stood still."""
    window = world.span_of(clause.during, draft.instance)
    draft.lasts(window)
    if isinstance(window, NotYet) or clause.suspended is None or window.value.last_on is None:
        return
    last = suspended(world, clause, window.value.first_on, Reasoned(window.value.last_on, window.why))
    if isinstance(last, NotYet):
        draft.depends(last)
    elif last.value != window.value.last_on:
        draft.due(last)
        draft.to_on = last.value


def _figure(world: World, clause: Clause, draft: Draft) -> None:
    on = draft.instance.trigger.occurred_on if draft.instance.trigger else draft.due_on
    found = world.figure(clause.pay or clause.grant, replace(draft.instance, own=draft.due_on), on)
    if isinstance(found, NotYet):
        draft.not_yet(found)
        return
    draft.figures(found)


def _end(clause: Clause, draft: Draft, stands: Standing) -> None:
    end = discharged_by(clause, stands, draft.due_on, draft.adjusted_on)
    if end is not None:
        why = Derivation("discharged by the event that ends it", end.occurred_on.isoformat(), (end.why,))
        draft.end(State.DISCHARGED, why, end.occurred_on)


def _soften(world: World, clause: Clause, draft: Draft) -> None:
    if clause.soft_by is None or draft.due_on is not None:
        return
    soft = world.day(clause.soft_by, draft.instance)
    if isinstance(soft, NotYet):
        return
    draft.soft_on = soft.value
    words = "soft date from policy, for reminders only; the document names no day"
    draft.steps.append(Derivation(words, soft.value.isoformat(), (soft.why,), kind="assumption"))
