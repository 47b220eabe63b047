"""An occurrence in the making: gathers dates, figures and reasons, then states where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from obligations.domain.identity import occurrence_id
from obligations.domain.life import ENDINGS, Turn, lived
from obligations.domain.money import Money
from obligations.domain.occurrence import Kind, Occurrence, State
from obligations.planning.answers import CLAUSE, PARTLY, WAIVED, left_of
from obligations.planning.days import day_after
from obligations.planning.instances import answers_to
from obligations.planning.shapes import asked, in_another
from obligations.planning.suspensions import is_suspended
from obligations.planning.values import Happening, Instance, NotYet
from obligations.planning.world import World
from obligations.terms.clause import Clause
from obligations.terms.values import Value
from schedules.derivation import Derivation, Reasoned, later
from schedules.payroll import Payday
from schedules.windows import Window

KINDS = {
    "task": Kind.TASK,
    "pay": Kind.PAYMENT,
    "grant": Kind.GRANT,
    "vest": Kind.VESTING,
    "accelerate": Kind.VESTING,
    "accrue": Kind.ACCRUAL,
    "give": Kind.COVER,
    "watch": Kind.WATCH,
}
# What moves money or rights waits until an expected event is confirmed; what reminds people does not.
WAITS_FOR_CONFIRMATION = frozenset({Kind.PAYMENT, Kind.VESTING, Kind.GRANT, Kind.ACCRUAL})
CLOSES_BY_ITSELF = frozenset({Kind.VESTING, Kind.GRANT, Kind.ACCRUAL, Kind.WATCH, Kind.COVER, Kind.DUTY})


@dataclass(slots=True)
class Draft:
    """One occurrence of a clause for one instance, at one position."""

    world: World
    clause_id: str
    clause: Clause
    instance: Instance
    index: int = 1
    of: int | None = 1
    position: str = ""
    steps: list[Derivation] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    judgment: list[str] = field(default_factory=list)
    unconfirmed: tuple[str, ...] = ()
    conditional: bool = False
    ended: State | None = None
    ended_on: date | None = None
    due_on: date | None = None
    adjusted_on: date | None = None
    paid_on: date | None = None
    soft_on: date | None = None
    from_on: date | None = None
    to_on: date | None = None
    amount: Money | None = None
    units: Decimal | None = None
    kind: Kind = field(init=False)

    def __post_init__(self) -> None:
        self.position = self.position or str(self.index)
        self.kind = KINDS[self.clause.content]
        if self.clause.surviving and self.kind in (Kind.COVER, Kind.WATCH):
            self.kind = Kind.DUTY  # what is paid or done once is paid or done, however long it survives
        trigger = self.instance.trigger
        unsettled = trigger.unsettled if trigger is not None else None
        if unsettled is not None:
            self.rests_on(unsettled)
        if trigger is not None and trigger.provided is not None:
            self.steps.append(trigger.provided.why())

    def not_yet(self, reason: NotYet) -> None:
        """Take over why something is not known: it waits, misses, needs a person, or does not apply."""
        if reason.never:
            self.end(State.NOT_APPLICABLE, reason.why())
            return
        self.waiting += [name for name in reason.waiting if name not in self.waiting]
        self.missing += [name for name in reason.missing if name not in self.missing]
        self.judgment += [name for name in reason.judgment if name not in self.judgment]
        self.steps.append(reason.why())

    def depends(self, reason: NotYet) -> None:
        """Like `not_yet`, for a condition: the dates stand, but only if it comes out so."""
        self.conditional = True
        self.not_yet(reason)

    def rests_on(self, reason: NotYet) -> None:
        """What its trigger or its day hangs on may yet not come: people are reminded, money and rights wait."""
        self.conditional = True
        self.unconfirmed = tuple(dict.fromkeys((*self.unconfirmed, *reason.waiting)))
        self.judgment += [name for name in reason.judgment if name not in self.judgment]
        if self.kind in WAITS_FOR_CONFIRMATION:
            self.waiting += [name for name in reason.waiting if name not in self.waiting]
            self.missing += [name for name in reason.missing if name not in self.missing]

    def end(self, state: State, why: Derivation, on: date | None = None) -> None:
        """Close the occurrence for a reason of the plan itself, on a day where one matters."""
        if self.ended is None:
            self.ended, self.ended_on = state, on
            self.steps.append(why)

    def refuse(self, state: State, why: Derivation, on: date | None) -> None:
        """Close the occurrence because its clause does not apply to it, whatever else would have ended it."""
        self.ended = None
        self.end(state, why, on)

    def due(self, day: Reasoned[date] | NotYet) -> None:
        """Set the day it is due, or say why there is none; a day the document leaves unstated is no reason to wait."""
        if isinstance(day, NotYet):
            if day.never:
                self.steps.append(Derivation(f"{day.never}; none is invented", kind="text"))
            else:
                self.not_yet(day)
            return
        self.due_on = self.adjusted_on = day.value
        self.steps.append(day.why)

    def figures(self, amount: Reasoned[Value]) -> None:
        """Set what it comes to."""
        if isinstance(amount.value, Money):
            self.amount = amount.value
        elif isinstance(amount.value, Decimal):
            self.units = amount.value
        self.steps.append(amount.why)

    def shares(self, words: str, result: str) -> None:
        """Say that its figure, the last step so far, is taken in part only."""
        self.steps.append(Derivation(words, result, (self.steps.pop(),)))

    def opens(self, day: Reasoned[date] | NotYet) -> None:
        """Set the first day on which it may be done; the document names no last one."""
        if isinstance(day, NotYet):
            self.not_yet(day)
            return
        self.from_on = day.value
        self.steps.append(Derivation("may be done from this day on", day.value.isoformat(), (day.why,)))

    def pays_on(self, payday: Payday, why: Derivation) -> None:
        """Set the payday it is due on; where that is closed, the day the calendar moves it to."""
        self.due(Reasoned(payday.nominal_on, why))
        if payday.paid_on != payday.nominal_on:
            self.paid_on = self.adjusted_on = payday.paid_on
            self.steps.append(payday.paid.why)

    def lasts(self, window: Reasoned[Window] | NotYet) -> None:
        """Set the days it is maintained; it is due on the last of them."""
        if isinstance(window, NotYet):
            self.not_yet(window)
            return
        self.from_on, self.to_on = window.value.first_on, window.value.last_on
        self.due_on = self.adjusted_on = self.to_on
        self.steps.append(window.why)

    def finish(self) -> Occurrence:
        """The occurrence with its state as the clock and the answers have it."""
        terms = self.world.terms
        known_clause, known_instance = self.world.known_as(self.clause_id, self.instance)
        identity = occurrence_id(terms.tenant, terms.contract, known_clause, known_instance, self.position)
        answers = answers_to(self.world, self.clause_id, self.clause, self.instance, identity)
        if answers and self.instance.trigger is None and self.clause.when is not None:
            # What it rested on was taken back: whether it stays paid is a question, and no answer to it.
            said = {WAIVED: "waived", PARTLY: "partly done"}.get(answers[0].event, "done")
            self.judgment.append(f"{self.clause_id} was reported {said}, but nothing sets it off; is it to be undone")
            answers = ()
        if self.world.answers:
            self._tell_apart(answers)
        if self.ended is State.SUPERSEDED:
            answers = ()  # its units vested early, by acceleration: whoever reported them before is asked about it
        lived_to = self._lived(answers) if answers else self.ended
        state = self._state(lived_to)
        if state is State.PARTLY:
            self._leave(answers)
        waiting = state in (State.WAITING, State.NEEDS_PERSON)
        applies = state is not State.NOT_APPLICABLE
        return Occurrence(
            id=identity,
            contract=terms.contract,
            clause=known_clause,
            instance=known_instance,
            position=self.position,
            index=self.index,
            of=self.of,
            kind=self.kind,
            title=self._title(),
            debtor=self.clause.debtor,
            creditor=self.clause.creditor,
            state=state,
            derivation=self._derivation(state),
            cite=self.clause.cites,
            waiting_for=(tuple(self.waiting) or self.unconfirmed) if waiting else (),
            missing=(*self.missing, *self.judgment) if applies and (waiting or self.conditional) else (),
            due_on=self.due_on if applies else None,
            adjusted_on=self.adjusted_on if applies else None,
            soft_on=self.soft_on if applies else None,
            from_on=self.from_on if applies else None,
            to_on=self.to_on if applies else None,
            amount=self.amount if applies else None,
            units=self.units if applies else None,
            unit=self.clause.unit,
            conditional=self.conditional and applies,
        )

    def _tell_apart(self, answers: tuple[Happening, ...]) -> None:
        """Ask a person about what was reported under a clause of another shape; what was said since settles it."""
        for one in in_another(self.world, self.clause_id, self.instance):
            words = f"reported of {one.fields[CLAUSE].replace('_', ' ')}, and so not counted here"
            self.steps.append(Derivation(words, inputs=(one.why,), kind="event", ref=one.reports[0]))
        question = asked(self.world, self.clause_id, self.instance, answers)
        if question:
            self.judgment.append(question)
            self.steps.append(NotYet(judgment=(question,)).why())

    def _lived(self, answers: tuple[Happening, ...]) -> State | None:
        """Where its life came to: its answers and the plan's own end in day order, on one day the answers first.

        None where nothing came of them. What it refused, since it was over by then, is no part of its explanation.
        """
        last = self.adjusted_on
        judged = not (self.judgment or self.waiting or self.missing or self.closes_by_itself())
        turns: list[Turn] = []
        if judged and last is not None and any(one.occurred_on > last for one in answers):
            turns.append(Turn(day_after(last), State.MISSED))
        parts: list[Happening] = []
        for one in answers:
            late = judged and last is not None and one.occurred_on > last
            done = State.DONE_LATE if late else State.DONE
            to = {PARTLY: State.PARTLY, WAIVED: State.WAIVED}.get(one.event, done)
            if one.event == PARTLY:
                parts.append(one)
                to = done if left_of(self.world.terms, self._whole(), parts)[1] is one else to
            if to is State.DONE_LATE and self.clause.if_missed:
                to = State.MISSED  # it does not survive its miss, from which something else follows
            turns.append(Turn(one.occurred_on, to, one.id))
        if self.ended is not None:
            turns.append(Turn(self.ended_on or date.min, self.ended))
        life = lived(turns)
        refused = {turn.by for turn in life.refused if turn.to is not State.MISSED}
        self.steps += [one.why for one in answers if one.id not in refused]
        late_ones = [one for one in answers if one.event not in (PARTLY, WAIVED) and one.id not in refused]
        if life.state in (State.MISSED, State.DONE_LATE) and late_ones:
            late_one = late_ones[0]
            why = Derivation("the answer came after the last day", late_one.occurred_on.isoformat(), (late_one.why,))
            self.steps.append(why)
        return life.state if life.taken else None

    def _whole(self) -> Money | Decimal | None:
        return self.amount if self.amount is not None else self.units

    def _leave(self, answers: tuple[Happening, ...]) -> None:
        """What is still owed after the parts."""
        whole = self._whole()
        left, _ = left_of(self.world.terms, whole, [one for one in answers if one.event == PARTLY])
        if whole is None or left is None or left == whole:
            return
        shown = [part.shown() if isinstance(part, Money) else f"{part:,}" for part in (whole, left)]
        self.steps.append(Derivation(f"what is left of {shown[0]}", shown[1]))
        if isinstance(left, Money):
            self.amount = left
        else:
            self.units = left

    def _state(self, lived_to: State | None) -> State:
        if lived_to is not None and (lived_to in ENDINGS or lived_to is State.MISSED):
            return lived_to
        if self.judgment:
            return State.NEEDS_PERSON
        trigger = self.instance.trigger
        if is_suspended(self.world, self.clause, trigger.occurred_on if trigger is not None else None):
            return State.SUSPENDED
        if lived_to is State.PARTLY:
            return State.MISSED if self.clause.if_missed and self._is_past() else lived_to
        if self.waiting or self.missing:
            return State.WAITING
        if self.unconfirmed and self._is_past():
            return State.WAITING  # nobody is late with what hangs on an event that has not been reported
        return by_the_clock(self.adjusted_on, self.world.as_of, by_itself=self.closes_by_itself())

    def _is_past(self) -> bool:
        day, as_of = self.adjusted_on, self.world.as_of
        return day is not None and as_of is not None and as_of > day

    def closes_by_itself(self) -> bool:
        """Whether it is done once its day has passed, without anybody saying so."""
        if self.clause.closes is not None:
            return self.clause.closes == "by itself"
        return self.kind in CLOSES_BY_ITSELF

    def _title(self) -> str:
        kept = self.world.chosen.titles.get(self.clause_id)
        if kept is None:
            kept = self.world.chosen.titles[self.clause_id] = title(self.clause_id, self.clause)
        return kept

    def _derivation(self, state: State) -> Derivation:
        day = (self.adjusted_on or self.soft_on or self.to_on) if state is not State.NOT_APPLICABLE else None
        inputs = self.steps
        if self.conditional:
            inputs.append(_CONDITIONAL)
        part = (self.index, self.of) if self.of is None or self.of > 1 else None
        return later(_written, self.clause_id, part, day, tuple(inputs), self.clause.cites)


def by_the_clock(day: date | None, as_of: date | None, *, by_itself: bool) -> State:
    """Where what nothing happened to stands on a day."""
    if as_of is None or day is None or as_of < day:
        return State.SCHEDULED
    if as_of == day:
        return State.DUE
    return State.DONE if by_itself else State.MISSED


_CONDITIONAL = Derivation("conditional: holds once what is missing or expected is confirmed", kind="assumption")


def _written(
    clause_id: str, part: tuple[int, int | None] | None, day: date | None, inputs: tuple[Derivation, ...], cites: str
) -> Derivation:
    words = clause_id.replace("_", " ")
    if part is not None:
        index, of = part
        words += f" {index}" + (f" of {of}" if of else "")
    result = day.isoformat() if day else ""
    return Derivation(words, result, tuple(dict.fromkeys(inputs)), kind="clause", cite=cites)


def title(clause_id: str, clause: Clause) -> str:
    """What is owed, in one line."""
    content = clause.content
    if content in ("task", "give", "watch"):
        return str(getattr(clause, content))
    return clause.says or clause_id.replace("_", " ").capitalize()
