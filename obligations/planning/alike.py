"""Positions that differ only in their period or tranche: what they share is worked out once, and each is made from it.

Most pay days of a contract are as ordinary as the one before. Such a row is made without a draft for each of them; its
explanations are still written by way of drafts, when somebody reads them. A position to which anything of its own
happened is drafted like any other, and a row of which that could be true throughout is not made here at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

from obligations.domain.identity import occurrence_ids
from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.draft import Draft, by_the_clock
from obligations.planning.grants import Tranche, grant_of
from obligations.planning.pay import HUNDREDTH, Run, exact_of, pays_per, run_of, worth
from obligations.planning.paydays import Payroll
from obligations.planning.standing import Standing
from obligations.planning.takers import takers_of
from obligations.planning.tranches import vests
from obligations.planning.values import NotYet
from obligations.planning.world import Instance, World
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from obligations.terms.values import Value
from schedules.derivation import Derivation, Reasoned, later
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
    if not _is_plain(world, clause, instance, stands):
        return None
    if clause.vest is not None:
        return _tranches(world, clause_id, clause, instance, finish)
    run = run_of(world, clause_id, clause, instance)
    if isinstance(run, Run) and run.end is None and run.planned_end is None:
        return _periods(run, finish)
    return None


def _is_plain(world: World, clause: Clause, instance: Instance, stands: Standing) -> bool:
    """Whether nothing is asked, held back, moved, opened or ended that would have to be looked at day by day."""
    trigger = instance.trigger
    asked = (clause.cap, clause.before_withholding, clause.if_each, clause.roll, clause.suspended, clause.not_before)
    if any(one is not None for one in asked) or clause.closed_by is not None or clause.requires is not None:
        return False
    if trigger is not None and (trigger.unsettled is not None or trigger.provided is not None):
        return False
    if stands.refused is not None or stands.end is not None or stands.cause is not None:
        return False
    if stands.open or stands.holds or stands.gate is not None:
        return False
    return world.terms.file.signed is None or clause.pay is None


class _Alike:
    """What the positions of one instance share, and how one of them is made of that."""

    def __init__(
        self, world: World, clause_id: str, clause: Clause, instance: Instance, of: int | None, *unknown: NotYet
    ) -> None:
        # A position that nothing else has: what is answered, and what is due, is no part of what they share.
        draft = Draft(world, clause_id, clause, instance, 0, of)
        for reason in unknown:
            draft.depends(reason)
        self.shared = draft.finish()
        self.is_open = self.shared.state in (State.SCHEDULED, State.WAITING, State.NEEDS_PERSON)
        self.by_itself = draft.closes_by_itself()
        self.as_of, self.answered = world.as_of, world.answered
        one = self.shared
        self.identity = occurrence_ids(world.terms.tenant, one.contract, one.clause, one.instance)

    def made(
        self,
        index: int,
        position: str,
        due_on: date,
        adjusted_on: date,
        period: Period | None,
        amount: Money | None,
        units: Decimal | None,
        why: Derivation,
    ) -> Occurrence | None:
        """One position; None where somebody said something of it."""
        shared, identity = self.shared, self.identity(position)
        if self.answered and str(identity) in self.answered:
            return None
        state = shared.state
        if state is State.SCHEDULED:
            state = by_the_clock(adjusted_on, self.as_of, by_itself=self.by_itself)
        return Occurrence(
            identity,
            shared.contract,
            shared.clause,
            shared.instance,
            position,
            index,
            shared.of,
            shared.kind,
            shared.title,
            shared.debtor,
            shared.creditor,
            state,
            why,
            shared.cite,
            shared.waiting_for,
            shared.missing,
            due_on,
            adjusted_on,
            None,
            period.first_on if period is not None else None,
            period.last_on if period is not None else None,
            amount,
            units,
            shared.unit,
            shared.conditional,
        )


# --- periods --------------------------------------------------------------------------------------------------------


def _periods(run: Run, finish: Finish) -> Iterator[Occurrence]:
    unknown = (run.payroll,) if isinstance(run.payroll, NotYet) else ()
    alike = _Alike(run.world, run.clause_id, run.clause, run.instance, None, *unknown)
    figures = _Figures(run)
    brings = _accrues(run) if run.clause.accrue is not None else _pays(run)
    for period, position in run.placed():
        one: Occurrence | None = None
        within = run.ends_on is None or period.last_on <= run.ends_on
        found = figures.on(period.last_on if run.clause.accrue is not None else period.first_on)
        if alike.is_open and within and period.spread is None and isinstance(found, Reasoned):
            amount, units = brings(period, found.value)
            due_on = adjusted_on = period.last_on
            if isinstance(run.payroll, Payroll):
                payday = run.payroll.pays(period)
                due_on, adjusted_on = payday.nominal_on, payday.paid_on
            why = later(_of_period, run, period, position, finish)
            one = alike.made(period.ordinal, position, due_on, adjusted_on, period, amount, units, why)
        yield one if one is not None else finish(run.draft(period, position))


def _of_period(run: Run, period: Period, position: str, finish: Finish) -> Derivation:
    return finish(run.draft(period, position)).derivation


class _Figures:
    """What the periods of a run are paid or accrue by the year; looked up again where something was stated since."""

    def __init__(self, run: Run) -> None:
        self.world, self.instance = run.world, run.instance
        self.expression = run.clause.accrue if run.clause.accrue is not None else run.clause.pay
        picked, steps = run.world.pick(self.expression)
        self.by_name = isinstance(picked, e.AmountNamed) and not steps
        self.epoch: int | None = None
        self.found: Reasoned[Value] | NotYet = NotYet()

    def on(self, day: date) -> Reasoned[Value] | NotYet:
        """The figure of a day."""
        epoch = self.world.epoch(day)
        if epoch != self.epoch or not self.by_name:
            self.epoch, self.found = epoch, self.world.figure(self.expression, self.instance, day)
        return self.found


Brings = Callable[[Period, Value], tuple[Money | None, Decimal | None]]


def _pays(run: Run) -> Brings:
    per, _ = pays_per(run.world, run.clause)
    known: dict[tuple[object, ...], Money] = {}
    rhythm: object = None

    def pays(period: Period, yearly: Value) -> tuple[Money | None, Decimal | None]:
        nonlocal rhythm
        assert isinstance(yearly, Money), "pay is typed as money"
        if period.rhythm is not rhythm:
            rhythm = period.rhythm
            known.clear()
        # Periods of one length in years of as many, but for the last of a year, are paid the same.
        key = (yearly.minor, yearly.currency, period.days, period.full, period.places, period.place == period.places)
        amount = known.get(key)
        if amount is None:
            amount = known[key] = Money(worth(per, period, yearly)[0], yearly.currency)
        return amount, None

    return pays


def _accrues(run: Run) -> Brings:
    known: dict[tuple[Decimal, int], Rate] = {}

    def accrues(period: Period, yearly: Value) -> tuple[Money | None, Decimal | None]:
        assert isinstance(yearly, Decimal), "what accrues is typed in hours or units"
        key = yearly, period.places
        if key not in known:
            known[key] = Rate.of(exact_of(yearly), HUNDREDTH, period.places)
        return None, Decimal(known[key].at(period.place)).scaleb(-2)

    return accrues


# --- tranches -------------------------------------------------------------------------------------------------------


def _tranches(
    world: World, clause_id: str, clause: Clause, instance: Instance, finish: Finish
) -> Iterator[Occurrence] | None:
    """The tranches of a grant that nothing took, or may yet take, before their day."""
    grant = grant_of(world, clause, instance)
    if isinstance(grant, NotYet) or takers_of(world, clause_id, clause, instance):
        return None
    count = sum(step.tranches for step in clause.schedule)
    alike = _Alike(world, clause_id, clause, instance, count)

    def draft(tranche: Tranche) -> Draft:
        made = Draft(world, clause_id, clause, instance, tranche.index, count)
        vests(made, tranche, grant)
        return made

    def made(tranche: Tranche) -> Occurrence:
        day, one = tranche.day, None
        if alike.is_open and isinstance(day, Reasoned) and tranche.units is not None and tranche.unsure is None:
            why = later(_of_tranche, draft, tranche, finish)
            position = str(tranche.index)
            one = alike.made(tranche.index, position, day.value, day.value, None, None, tranche.units, why)
        return one if one is not None else finish(draft(tranche))

    return (made(tranche) for tranche in grant.tranches)


def _of_tranche(draft: Callable[[Tranche], Draft], tranche: Tranche, finish: Finish) -> Derivation:
    return finish(draft(tranche)).derivation
