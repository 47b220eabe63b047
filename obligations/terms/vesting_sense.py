"""What vesting and acceleration must make of their words: the whole grant shared out, steps that follow each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from obligations.terms import expressions as e
from obligations.terms import kinds
from obligations.terms.clause import Clause, Takes, VestingStep
from obligations.terms.errors import did_you_mean
from obligations.terms.model import TermsFile
from obligations.terms.parts import branches
from schedules.allocation import Allocation
from schedules.vesting import VESTING_DAYS

Complaint = tuple[str, tuple[str | int, ...]]


def vesting(file: TermsFile, clause: Clause) -> Iterator[Complaint]:
    """What keeps the vesting of a clause, or its acceleration, from being planned."""
    if clause.vest is not None and not clause.schedule:
        yield "`vest` needs `schedule:`, the portions and when they vest", ("vest",)
    if clause.schedule and clause.vest is None:
        yield "a schedule of portions belongs to `vest`", ("schedule",)
    for word in ("starts", "allocation", "vesting_day"):
        if getattr(clause, word) is not None and clause.vest is None:
            yield f"`{word}` belongs to `vest`", (word,)
    if clause.suspended is not None and clause.give is not None:
        if clause.suspended.clock != "tolls":
            yield "what is kept up goes on by as many days: its clock `tolls`", ("suspended", "clock")
    elif clause.suspended is not None and clause.vest is None and (clause.during or not (clause.task or clause.pay)):
        yield "`suspended` belongs to `vest`, to a `task`, to a `give`, or to a `pay` by days", ("suspended",)
    yield from _options(clause, ())
    for number, step in enumerate(clause.schedule):
        yield from _options(step, ("schedule", number))
    yield from _steps(clause.schedule)
    for source in clause.accelerate or ():
        if file.clauses[source].vest is None:
            yield f"{source} vests nothing; name the clause with `vest`", ("accelerate",)
    if clause.takes is not None:
        yield from _takes(file, clause, clause.takes)


def _options(part: Clause | VestingStep, at: tuple[str | int, ...]) -> Iterator[Complaint]:
    for day in branches(part.vesting_day):
        if day not in VESTING_DAYS:
            yield f'there is no vesting day "{day}".{did_you_mean(str(day), VESTING_DAYS)}', (*at, "vesting_day")
    for kind in branches(part.allocation) if isinstance(part, Clause) else ():
        if kind not in {*Allocation}:
            yield f'there is no allocation "{kind}".{did_you_mean(str(kind), [*Allocation])}', ("allocation",)


def _takes(file: TermsFile, clause: Clause, takes: Takes) -> Iterator[Complaint]:
    if clause.accelerate is None:
        yield "`takes` says how much an acceleration takes; it belongs to `accelerate`", ("takes",)
    for units in branches(takes.units):
        if isinstance(units, e.AmountLiteral) and units.unit in ("", "units"):
            if units.value != units.value.to_integral_value():
                yield "units that vest early are whole; write a number such as 2500", ("takes", "units")
            continue
        try:
            kind = kinds.kind_of(file, units)
        except kinds.Unlike as error:
            yield str(error), ("takes", "units")
            continue
        if kind != "units":
            yield f"`units` takes units; this is {kind}", ("takes", "units")


def _steps(steps: Sequence[VestingStep]) -> Iterator[Complaint]:
    """The steps together: names that exist, no step that counts from itself, and no more than the grant."""
    if not steps:
        return
    names = [step.name for step in steps if step.name]
    for number, step in enumerate(steps):
        if step.name and any(one.name == step.name for one in steps[:number]):
            yield f'two steps are called "{step.name}"; give one another name', ("schedule", number, "name")
        for word, wanted in [("from", step.from_), *(("then", name) for name in step.then or ())]:
            if wanted and wanted not in names:
                yield f'there is no step "{wanted}".{did_you_mean(wanted, names)}', ("schedule", number, word)
                return
    is_graph = any(step.then is not None for step in steps)
    named = {step.name: step for step in steps if step.name}
    if _circles(named, lambda step: [step.from_] if step.from_ else []):
        yield "a step counts from itself, over `from`; begin somewhere", ("schedule",)
    elif _circles(named, lambda step: step.then or []):
        yield "a step comes after itself, over `then`; a path of vesting never goes back", ("schedule",)
    elif is_graph:
        yield from _paths(steps, named)
    else:
        yield from _whole(steps)


def _circles(named: dict[str, VestingStep], next_of: Callable[[VestingStep], Iterable[str]]) -> bool:
    """Whether any step leads back to itself."""
    done: set[str] = set()

    def leads_back(name: str, trail: tuple[str, ...]) -> bool:
        if name in trail:
            return True
        if name in done:
            return False
        done.add(name)
        return any(leads_back(one, (*trail, name)) for one in next_of(named[name]))

    return any(leads_back(name, ()) for name in named)


def _whole(steps: Sequence[VestingStep]) -> Iterator[Complaint]:
    """Steps that stand by themselves share out the whole grant, by portions or with a last step for what is left."""
    if steps[-1].of == "remainder" and steps[-1].portion == 1:
        return
    if any(step.units is not None or step.of == "remainder" for step in steps):
        yield (
            "add a last step for what is left, `{portion: 100%, of: remainder}`: the steps share the grant",
            ("schedule",),
        )
        return
    total = sum((step.portion or Fraction(0) for step in steps), Fraction(0))
    if total != 1:
        yield f"the portions add up to {_percent(total)}, not 100%", ("schedule",)


def _paths(steps: Sequence[VestingStep], named: dict[str, VestingStep]) -> Iterator[Complaint]:
    """No path gives more than the grant; one that gives less leaves the rest unvested."""
    largest: dict[int, Fraction] = {}

    def along(step: VestingStep) -> Fraction:
        if id(step) not in largest:
            own = Fraction(0) if step.of == "remainder" else step.portion or Fraction(0)
            largest[id(step)] = own + max((along(named[name]) for name in step.then or ()), default=Fraction(0))
        return largest[id(step)]

    most = max(along(step) for step in steps)
    if most > 1:
        yield f"a path through these steps adds up to {_percent(most)}, more than the grant", ("schedule",)


def _percent(share: Fraction) -> str:
    number = Decimal(share.numerator * 100) / Decimal(share.denominator)
    return f"{number:.6g}%"
