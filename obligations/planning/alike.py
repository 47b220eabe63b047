"""Positions that differ only in their period or tranche: what they share is worked out once, and each is made from it.

Most pay days of a contract are as ordinary as the one before. Such a row is made without a draft for each of them; its
explanations are still written by way of drafts, when somebody reads them. A position to which anything of its own
happened is drafted like any other, and a row of which that could be true throughout is not made here at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache

from obligations.domain.identity import occurrence_ids
from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.draft import Draft, by_the_clock
from obligations.planning.grants import Tranche
from obligations.planning.pay import HUNDREDTH, Run, exact_of, pays_per, run_of, worth
from obligations.planning.paydays import Payroll
from obligations.planning.shapes import in_another
from obligations.planning.standing import Standing
from obligations.planning.steady import is_steady
from obligations.planning.takers import settled
from obligations.planning.tranches import ending_of, vests
from obligations.planning.values import NOWHERE, NotYet
from obligations.planning.world import Instance, World
from obligations.terms.clause import Clause
from obligations.terms.values import Value
from schedules.derivation import Derivation, Reasoned, later
from schedules.payroll import Rhythm
from schedules.periods import Period, Rate

Finish = Callable[[Draft], Occurrence]


def row(
    world: World, clause_id: str, clause: Clause, instance: Instance, stands: Standing, finish: Finish
) -> Iterator[Occurrence] | None:
    """The positions of one instance of a series; None where they have to be drafted one by one.

    `finish` is what becomes of a draft.
    """
    if clause.vest is None and (clause.series is None or clause.during is None):
        return None
    if not _is_plain(world, clause, instance, stands) or in_another(world, clause_id, instance):
        return None
    if clause.vest is not None:
        return _tranches(world, clause_id, clause, instance, finish)
    run = run_of(world, clause_id, clause, instance)
    return _periods(run, finish) if isinstance(run, Run) else None


def _is_plain(world: World, clause: Clause, instance: Instance, stands: Standing) -> bool:
    """Whether nothing is asked, held back, moved or opened that would have to be looked at day by day."""
    trigger = instance.trigger
    # What suspends vesting moves the tranches of its grant before anybody looks at them here.
    suspended = clause.suspended if clause.vest is None else None
    asked = (clause.cap, clause.if_each, clause.roll, suspended, clause.not_before)
    if any(one is not None for one in asked) or clause.closed_by is not None or clause.requires is not None:
        return False
    if trigger is not None and (trigger.unsettled is not None or trigger.provided is not None):
        return False
    if stands.refused is not None or stands.cause is not None:
        return False
    return not stands.open and not stands.holds and stands.gate is None


Made = Callable[
    [int, str, date, date, date | None, date | None, Money | None, Decimal | None, Derivation, State | None],
    Occurrence | None,
]


def _making(
    world: World, clause_id: str, clause: Clause, instance: Instance, of: int | None, *unknown: NotYet
) -> Made | None:
    """How one position is made of what those of an instance share; None where none of them is open.

    What makes it gives None for a position of which somebody said something.
    """
    # A position that nothing else has: what is answered, and what is due, is no part of what they share.
    draft = Draft(world, clause_id, clause, instance, 0, of)
    for reason in unknown:
        draft.depends(reason)
    shared = draft.finish()
    if shared.state not in (State.SCHEDULED, State.WAITING, State.NEEDS_PERSON):
        return None
    by_itself, as_of, answered = draft.closes_by_itself(), world.as_of, world.answered
    timed = as_of is not None and shared.state is State.SCHEDULED
    contract, clause_name, instance_id = shared.contract, shared.clause, shared.instance
    kind, title, debtor, creditor = shared.kind, shared.title, shared.debtor, shared.creditor
    stands, cite, waiting_for, missing = shared.state, shared.cite, shared.waiting_for, shared.missing
    unit, conditional = shared.unit, shared.conditional
    identify = occurrence_ids(world.terms.tenant, contract, clause_name, instance_id)

    # What is looked up here is looked up for each of hundreds of positions, so it is all at hand by now.
    def made(
        index: int,
        position: str,
        due_on: date,
        adjusted_on: date,
        first_on: date | None,
        last_on: date | None,
        amount: Money | None,
        units: Decimal | None,
        why: Derivation,
        ended: State | None,
    ) -> Occurrence | None:
        identity = identify(position)
        if answered and str(identity) in answered:
            return None
        state = ended or (by_the_clock(adjusted_on, as_of, by_itself=by_itself) if timed else stands)
        return Occurrence(
            identity,
            contract,
            clause_name,
            instance_id,
            position,
            index,
            of,
            kind,
            title,
            debtor,
            creditor,
            state,
            why,
            cite,
            waiting_for,
            missing,
            due_on,
            adjusted_on,
            None,
            first_on,
            last_on,
            amount,
            units,
            unit,
            conditional,
        )

    return made


# --- periods --------------------------------------------------------------------------------------------------------


def _periods(run: Run, finish: Finish) -> Iterator[Occurrence]:
    unknown = (run.payroll,) if isinstance(run.payroll, NotYet) else ()
    made = _making(run.world, run.clause_id, run.clause, run.instance, None, *unknown)
    figures = _Figures(run)
    accrues = run.clause.accrue is not None
    brings = _accrues() if accrues else _pays(run)
    payroll = run.payroll if isinstance(run.payroll, Payroll) else None
    signed_on = _signed_on(run.world, run.clause)
    # Up to here nothing that ends the run, or is expected to, changes what a period brings.
    ends = (run.ends_on, run.planned_end[0] if run.planned_end is not None else None)
    ends_on = min((day for day in ends if day is not None), default=date.max)
    for period, position in run.placed():
        one: Occurrence | None = None
        first_on, last_on = period.first_on, period.last_on
        day = last_on if accrues else first_on
        figure = figures.found if day < figures.until else figures.on(day)
        # A regular one has its share of a year by its place in it.
        regular = period.spread is None and period.place <= period.places
        if regular and made is not None and figure is not None and last_on <= ends_on:
            amount, units = brings(period, figure)
            due_on = adjusted_on = last_on
            if payroll is not None:
                payday = payroll.pays(period)
                due_on, adjusted_on = payday.nominal_on, payday.paid_on
            if signed_on <= due_on:
                why = later(_of_period, run, period, position, finish)
                one = made(period.ordinal, position, due_on, adjusted_on, first_on, last_on, amount, units, why, None)
        yield one if one is not None else finish(run.draft(period, position))


def _signed_on(world: World, clause: Clause) -> date:
    """The day from which on pay falls due on its own days; none before the signature of a contract that asks for it."""
    signed = world.terms.file.signed
    if signed is None or clause.pay is None:
        return date.min
    day = world.day(signed, NOWHERE)
    return day.value if isinstance(day, Reasoned) else date.max


def _of_period(run: Run, period: Period, position: str, finish: Finish) -> Derivation:
    return finish(run.draft(period, position)).derivation


class _Figures:
    """What the periods of a run are paid or accrue by the year; looked up again where something was stated since."""

    def __init__(self, run: Run) -> None:
        self.world, self.instance = run.world, run.instance
        self.expression = run.clause.accrue if run.clause.accrue is not None else run.clause.pay
        self.steady = is_steady(run.world, self.expression)
        self.until = date.min
        self.found: Value | None = None

    def on(self, day: date) -> Value | None:
        """The figure of a day, which is none before the day asked for last; None where it is not known yet.

        What was `found` is the same `until` a day, that day not in.
        """
        found = self.world.figure(self.expression, self.instance, day)
        self.found = found.value if isinstance(found, Reasoned) else None
        if self.steady:
            self.until = self.world.epoch_ends(day)
        return self.found


Brings = Callable[[Period, Value], tuple[Money | None, Decimal | None]]


def _pays(run: Run) -> Brings:
    per, _ = pays_per(run.world, run.clause)
    of_whole: dict[bool, Money] = {}
    known_for: tuple[Value | None, Rhythm | None, int] = None, None, 0

    def pays(period: Period, yearly: Value) -> tuple[Money | None, Decimal | None]:
        nonlocal known_for
        if known_for[0] is not yearly or known_for[1] is not period.rhythm or known_for[2] != period.places:
            known_for = yearly, period.rhythm, period.places
            of_whole.clear()
        # Whole periods of a year are paid the same, but for the last of them.
        is_last, is_cut = period.place == period.places, period.days < period.full
        amount = of_whole.get(is_last)
        if amount is None or is_cut:
            assert isinstance(yearly, Money), "pay is typed as money"
            amount = Money(worth(per, period, yearly)[0], yearly.currency)
            if not is_cut:
                of_whole[is_last] = amount
        return amount, None

    return pays


def _accrues() -> Brings:
    of_each: tuple[Decimal, ...] = ()
    known_for: tuple[Value | None, int] = None, 0

    def accrues(period: Period, yearly: Value) -> tuple[Money | None, Decimal | None]:
        nonlocal known_for, of_each
        if known_for[0] is not yearly or known_for[1] != period.places:
            assert isinstance(yearly, Decimal), "what accrues is typed in hours or units"
            known_for, of_each = (yearly, period.places), _of_each_place(yearly, period.places)
        return None, of_each[period.place - 1]

    return accrues


@lru_cache(256)
def _of_each_place(yearly: Decimal, places: int) -> tuple[Decimal, ...]:
    """What accrues by each period of a year of so many, which is the same in every contract."""
    rate = Rate.of(exact_of(yearly), HUNDREDTH, places)
    return tuple(Decimal(rate.at(place)).scaleb(-2) for place in range(1, places + 1))


# --- tranches -------------------------------------------------------------------------------------------------------


def _tranches(
    world: World, clause_id: str, clause: Clause, instance: Instance, finish: Finish
) -> Iterator[Occurrence] | None:
    """The tranches of a grant: those that nothing took, and those of which all is gone for good."""
    found = settled(world, clause_id, clause, instance)
    if isinstance(found, NotYet):
        return None
    count = sum(step.tranches for step in clause.schedule)
    make = _making(world, clause_id, clause, instance, count)

    def draft(tranche: Tranche) -> Draft:
        made = Draft(world, clause_id, clause, instance, tranche.index, count)
        vests(made, tranche, found)
        return made

    def made(tranche: Tranche) -> Occurrence:
        day, index, units, fate = tranche.day, tranche.index, tranche.units, found.ends.get(tranche.index)
        one: Occurrence | None = None
        stands = tranche.unsure is None and (fate is None or fate.is_plain)
        if make is not None and stands and units is not None and isinstance(day, Reasoned):
            why = later(_of_tranche, draft, tranche, finish)
            ended = ending_of(fate.final) if fate is not None and fate.final is not None else None
            one = make(index, str(index), day.value, day.value, None, None, None, units, why, ended)
        return one if one is not None else finish(draft(tranche))

    return map(made, found.grant.tranches)


def _of_tranche(draft: Callable[[Tranche], Draft], tranche: Tranche, finish: Finish) -> Derivation:
    return finish(draft(tranche)).derivation
