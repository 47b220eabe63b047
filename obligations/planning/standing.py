"""Where an instance of a clause stands before the clock is asked: whether it applies, what is still open, what ends it.

What is shown of a duty and what follows from missing it are read from here alone, so that no power can arise from a
duty that never applied, still waits, was moved to another day, or was discharged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from obligations.domain.money import Money
from obligations.domain.occurrence import State
from obligations.planning.answers import PARTLY, WAIVED, left_of
from obligations.planning.applying import applying, holds_on
from obligations.planning.days import unsettled, unsettled_beginning
from obligations.planning.gates import Shut
from obligations.planning.gates import gate as open_gate
from obligations.planning.instances import answers_to, ending
from obligations.planning.picked import open_members
from obligations.planning.postponing import Hold, held, holds
from obligations.planning.shapes import asked
from obligations.planning.signing import at_signature
from obligations.planning.suspensions import suspended
from obligations.planning.values import Happening, Instance, NotYet, united
from obligations.terms.clause import Clause
from schedules.conventions import Convention, adjust
from schedules.derivation import Derivation, Reasoned
from schedules.frozen import swift

if TYPE_CHECKING:
    from obligations.planning.world import World


@swift
@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for one instance of a clause, on whatever day it is judged.

    Args:
        refused: why the clause does not apply to the instance; None where it does or may.
        refused_as: the state it then has, and on which day it came to it where one matters (`refused_on`).
        grounds: the conditions that came out, as steps of an explanation.
        open: what must still happen, be stated or be judged before anything can be said for good.
        cause: what the happening that set it off, or what its day is counted from, still rests on; None where both
            stand.
        gate: the happening that opened what the clause requires.
        end: the happening that ends the instance, confirmed or expected.
        holds: what holds back the days on which it is acted on.
    """

    refused: Derivation | None = None
    refused_as: State = State.NOT_APPLICABLE
    refused_on: date | None = None
    grounds: tuple[Derivation, ...] = ()
    open: tuple[NotYet, ...] = ()
    cause: NotYet | None = None
    gate: Happening | None = None
    end: Happening | None = None
    holds: tuple[Hold, ...] = ()

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Everything that money and powers wait for, by name, each once: `open`, and what its trigger rests on."""
        reasons = (*([self.cause] if self.cause is not None else []), *self.open)
        return tuple(dict.fromkeys(name for one in reasons for name in (*one.waiting, *one.missing, *one.judgment)))


UNASKED = Standing()


@swift
@dataclass(frozen=True, slots=True)
class Deadline:
    """The contract's day, and the last day on which the act is still in time: another one where it is held back or
    rolled. `open` says what may yet hold it back."""

    due: Reasoned[date]
    last: Reasoned[date]
    steps: tuple[Derivation, ...] = ()
    open: tuple[NotYet, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a last day was missed: None while that is open, and what it waits for beside the clock."""

    instance: Instance
    last: Reasoned[date]
    missed: bool | None
    waits_for: tuple[str, ...] = ()


def standing(world: World, clause_id: str, clause: Clause, instance: Instance) -> Standing:
    """Whether the clause applies to the instance, what is open about it, and what opened or ends it."""
    if clause.is_unasked and world.chosen.stands_alone(clause_id):
        still_open, cause = open_members(world, clause.by or clause.exactly, instance), _cause(world, clause, instance)
        return Standing(open=still_open, cause=cause) if still_open or cause is not None else UNASKED
    applies = applying(world, clause, instance)
    refused, undone = applies.refused, applies.cancelled_by
    questions = list(applies.open)
    if clause.not_before is not None:
        earliest = world.day(clause.not_before, instance)
        if isinstance(earliest, NotYet) and not earliest.never:
            questions.append(earliest)
    gate: Happening | None = None
    shut: Shut | None = None
    if clause.requires is not None:
        found = open_gate(world, clause, clause.requires, instance)
        if isinstance(found, NotYet):
            questions.append(found)
        elif isinstance(found, Shut):
            shut = found
        else:
            gate = found
            questions += [found.unsettled] if found.unsettled is not None else []
    place = world.place(clause_id, instance)
    if place is not None and place.rules:
        questions += place.doubts
    elif place is not None and refused is None:
        refused = place.why
    questions += open_members(world, clause.by or clause.exactly, instance)
    if clause.closed_by is not None and instance.id in world.closings(clause_id, clause).unclear:
        questions.append(NotYet(judgment=(_which(clause_id, clause),)))
    never = next((one for one in questions if one.never), None)
    if refused is None and never is not None:
        refused = never.why()
    still_open = tuple(one for one in questions if not one.never)
    _, until = world.pick(clause.until)
    # Whether another clause stands instead may itself be a reading.
    rivals = (world.terms.clauses[one].when for one in world.chosen.family(clause_id)[1:])
    until += tuple(step for when in rivals for step in world.pick(when)[1])
    refused_as, refused_on = State.NOT_APPLICABLE, None
    if undone is not None:
        refused_as, refused_on = State.CANCELLED, undone.occurred_on
    elif refused is None and shut is not None:
        refused, refused_as, refused_on = shut.why, State.CONDITION_FAILED, shut.on
    return Standing(
        refused=refused,
        refused_as=refused_as,
        refused_on=refused_on,
        grounds=(*applies.grounds, *until, *([place.why] if place is not None and place.rules and place.why else [])),
        open=still_open,
        cause=_cause(world, clause, instance),
        gate=gate,
        end=ending(world, clause, instance),
        holds=tuple(holds(world, clause_id)),
    )


def _cause(world: World, clause: Clause, instance: Instance) -> NotYet | None:
    """What an instance hangs on that may yet not come: its trigger, and whatever its days are counted from."""
    if clause.counts_from_trigger:
        rests_on = instance.trigger.unsettled if instance.trigger is not None else None
        return united([rests_on]) if rests_on is not None else None
    days, windows = clause.counts_from
    reasons = [instance.trigger.unsettled] if instance.trigger is not None else []
    reasons += [unsettled(world, one, instance) for one in days]
    reasons += [unsettled_beginning(world, one, instance) for one in windows]
    found = [one for one in reasons if one is not None]
    return united(found) if found else None


def _which(clause_id: str, clause: Clause) -> str:
    return f"which {clause_id.replace('_', ' ')} the report {clause.closed_by} answers"


def deadline(world: World, clause: Clause, instance: Instance, standing: Standing, day: Reasoned[date]) -> Deadline:
    """The day as its earliest day, the gate and then the roll leave it: a gate that opens late moves it to its own
    day, and no roll moves it before the trigger, the earliest day or the gate."""
    due, waits = at_signature(world, clause, day)
    if clause.suspended is not None and clause.vest is None and clause.give is None:
        began = instance.trigger.occurred_on if instance.trigger is not None else date.min
        goes_on = suspended(world, clause, began, due)
        if isinstance(goes_on, NotYet):
            waits = (*waits, goes_on)
        else:
            due = goes_on
    gate = standing.gate
    earliest = world.day(clause.not_before, instance) if clause.not_before is not None else None
    if isinstance(earliest, Reasoned) and earliest.value > due.value:
        why = Derivation("moved to the earliest day there may be", earliest.value.isoformat(), (earliest.why,))
        due = Reasoned(earliest.value, why)
    if gate is not None and gate.occurred_on > due.value:
        why = Derivation("moved to the day its gate opened", gate.occurred_on.isoformat(), (gate.why,))
        due = Reasoned(gate.occurred_on, why)
    last, doubts = held(standing.holds, due.value)
    doubts = (*waits, *doubts)
    moved: tuple[Derivation, ...] = (last.why,) if last is not None else ()
    if clause.roll is None:
        return Deadline(due, last or due, moved, doubts)
    convention, steps = world.pick(clause.roll)
    steps = (*moved, *steps)
    if convention is Convention.UNADJUSTED:
        return Deadline(due, last or due, steps, doubts)
    causes = [one.occurred_on for one in (instance.trigger, gate) if one is not None]
    causes += [earliest.value] if isinstance(earliest, Reasoned) else []
    causes += [last.value] if last is not None else []
    day = last or due
    why = Derivation("due", day.value.isoformat(), kind="text")
    if last is not None:
        why = Derivation("held back to", day.value.isoformat(), (last.why,))
    named = Reasoned(day.value, why)
    rolled = adjust(named, convention, world.business_calendar(), not_before=max(causes, default=None))
    if rolled.value == day.value:
        return Deadline(due, day, steps, doubts)
    return Deadline(due, rolled, (*steps, rolled.why), doubts)


def discharged_by(clause: Clause, standing: Standing, due_on: date | None, last_on: date | None) -> Happening | None:
    """The confirmed happening that discharges what is still open; an end that is only expected discharges nothing.

    An act need not be done once its end happened on or before its last day. Anything else that fell due by that day,
    money above all, stays owed. A series ends position by position, and a vesting by tranches.
    """
    end = standing.end
    if end is None or end.unsettled is not None or clause.series is not None or clause.vest is not None:
        return None
    if due_on is None or last_on is None:
        return end
    open_on_its_day = end.occurred_on <= last_on if clause.task is not None else end.occurred_on < due_on
    return end if open_on_its_day else None


def answered(
    world: World, clause_id: str, clause: Clause, instance: Instance
) -> tuple[Happening | None, Happening | None]:
    """What fulfilled the instance, at once or in parts that make the whole, and what waived it."""
    said = answers_to(world, clause_id, clause, instance)
    parts = [one for one in said if one.event == PARTLY]
    done = next((one for one in said if one.event not in (PARTLY, WAIVED)), None)
    if parts and (clause.pay or clause.grant) is not None:
        on = instance.trigger.occurred_on if instance.trigger else None
        whole = world.figure(clause.pay or clause.grant, instance, on)
        if isinstance(whole, Reasoned) and isinstance(whole.value, Money | Decimal):
            last = left_of(world.terms, whole.value, parts)[1]
            done = min((one for one in (done, last) if one is not None), key=lambda it: it.occurred_on, default=None)
    return done, next((one for one in said if one.event == WAIVED), None)


def verdicts(world: World, clause_id: str, clause: Clause) -> Iterator[Verdict]:
    """For each instance with a last day: whether it was missed.

    Judged only by the clock, or by an answer that came too late, never by the mere absence of news; and only where
    nothing is open. An instance that does not apply, or was discharged in time, has no last day to miss.
    """
    for instance in world.instances(clause_id, clause)[0]:
        day = world.day(clause.by or clause.exactly, instance)
        if isinstance(day, NotYet):
            continue
        stands = standing(world, clause_id, clause, instance)
        each = holds_on(world, clause, instance, day.value)
        if isinstance(each, Reasoned) and not each.value:
            continue
        dates = deadline(world, clause, instance, stands, day)
        if stands.refused is not None or discharged_by(clause, stands, dates.due.value, dates.last.value):
            continue
        done, waived = answered(world, clause_id, clause, instance)
        unclear = asked(world, clause_id, instance, answers_to(world, clause_id, clause, instance))
        if waived is not None and waived.occurred_on <= dates.last.value:
            continue
        if done is not None and done.occurred_on <= dates.last.value:
            yield Verdict(instance, dates.last, False)
            continue
        waits_for = (*stands.waits_for, *([unclear] if unclear else []))
        for reason in (*([each] if isinstance(each, NotYet) else []), *dates.open):
            waits_for = tuple(dict.fromkeys((*waits_for, *reason.waiting, *reason.missing, *reason.judgment)))
        passed = done is not None or (world.as_of is not None and world.as_of > dates.last.value)
        answered_on = world.closings(clause_id, clause).unclear.get(instance.id) if clause.closed_by else None
        if answered_on is not None and answered_on > dates.last.value:
            # Whichever that late answer is for, this one had none by its last day.
            passed, waits_for = True, tuple(one for one in waits_for if one != _which(clause_id, clause))
        yield Verdict(instance, dates.last, True if passed and not waits_for else None, waits_for)
