"""Examples in a terms file, run as tests: what a lawyer wrote down against what the plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import count

from obligations.domain.event import Report
from obligations.domain.life import ENDINGS
from obligations.domain.occurrence import Occurrence, Power, State
from obligations.planning.answers import ANSWERS
from obligations.planning.plan import Plan
from obligations.planning.values import PlanningError
from obligations.terms.document import Path
from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.stories import Example, Expected
from obligations.terms.terms import Terms
from obligations.terms.values import NotAValue, typed

ExamplePlanner = Callable[[Terms, tuple[Report, ...], date | None], Plan]
# What is dated in the plan and yet owed by nobody.
NOT_OWED = ENDINGS - {State.DONE, State.DONE_LATE}
OF_OCCURRENCES = ("due_on", "adjusted_on", "from_on", "to_on", "amount", "units", "state")
OF_POWERS = ("arises_on", "state")


def run_examples(terms: Terms, planner: ExamplePlanner) -> tuple[Finding, ...]:
    """One finding for each expectation that the plan does not meet; empty when every example holds.

    A clause or a power that is expected `none` has no power, and no occurrence that is dated and owed. Findings name
    the example, the clause, what was expected and what was found, at the place of the expectation in its file.
    """
    return tuple(
        terms.source.finding(f'example "{example.name}": {message}', path, key=True)
        for number, example in enumerate(terms.file.examples)
        for path, message in _failures(terms, example, planner, ("examples", number))
    )


def _failures(terms: Terms, example: Example, planner: ExamplePlanner, at: Path) -> Iterator[tuple[Path, str]]:
    try:
        as_of = date.fromisoformat(example.as_of) if example.as_of else None
        reports = named(reports_of(example), lambda told: planner(terms, told, None))
        plan = planner(terms, reports, as_of)
    except PlanningError as error:
        yield (*at, "given"), str(error)
        return
    for name, expectations in example.expect.items():
        place = (*at, "expect", name)
        found: list[Occurrence | Power] = [one for one in plan.powers if one.name == name]
        found += [one for one in plan.occurrences if one.clause == name or _stands_for(terms, one, name)]
        if not expectations:
            yield from ((place, f"{name}: expected none, found {_words(one)}") for one in found if _is_owed(one))
        for wanted in expectations:
            yield from ((place, f"{name}: {message}") for message in _differences(wanted, found, terms.currency))


def _stands_for(terms: Terms, one: Occurrence, name: str) -> bool:
    """Whether the occurrence was made by that clause, although it is known as the one that clause replaces."""
    clause = terms.clauses.get(name)
    replaces = clause is not None and clause.instead_of is not None
    return replaces and any(step.kind == "clause" and step.ref == name for _, step in one.derivation.walk())


def reports_of(example: Example) -> Iterator[Report]:
    numbers = count(1)
    for event, times in example.given.items():
        for one in times:
            received_on = date.fromisoformat(one.received) if one.received else None
            identity = f"example-{next(numbers)}"
            yield Report(
                identity,
                event,
                date.fromisoformat(one.date),
                received_on,
                one.fields,
                answers=one.answers or "",
            )


def named(reports: Iterable[Report], plan: Callable[[tuple[Report, ...]], Plan]) -> tuple[Report, ...]:
    """The reports, those that answer `clause` or `clause/2` with the id of that occurrence.

    Found by the plan that follows from everything else, and from the answers before: the number is the one shown there.
    Raises `PlanningError` where there is no such occurrence.
    """
    told = tuple(sorted(reports, key=lambda one: one.event in ANSWERS))
    known = [one for one in told if one.event not in ANSWERS]
    for one in sorted((it for it in told if it.event in ANSWERS), key=lambda it: it.occurred_on):
        known.append(replace(one, answers=_occurrence(one, plan(_until(known, one.occurred_on)))))
    return tuple(known)


def _until(reports: Iterable[Report], day: date) -> tuple[Report, ...]:
    """What had happened by a day: an answer means what it named then."""
    return tuple(one for one in reports if one.occurred_on <= day)


def _occurrence(answer: Report, made: Plan) -> str:
    clause, _, number = answer.answers.partition("/")
    found = [one for one in made.occurrences if one.clause == clause and str(one.index) == (number or "1")]
    if len(found) != 1:
        seen = "no occurrence" if not found else "several occurrences"
        raise PlanningError(
            f'{answer.event} on {answer.occurred_on} answers "{answer.answers}", of which the plan of that day has'
            f" {seen}; name a clause, and its number after a slash where it has several, such as fee/3"
        )
    return str(found[0].id)


def _is_owed(one: Occurrence | Power) -> bool:
    return isinstance(one, Power) or (one.state not in NOT_OWED and one.acts_on is not None)


def _differences(wanted: Expected, found: list[Occurrence | Power], currency: str) -> Iterator[str]:
    one = next((it for it in found if isinstance(it, Power) or it.index == wanted.index), None)
    if one is None:
        yield f"expected {'one' if wanted.index == 1 else f'number {wanted.index}'}, found none"
        return
    known = OF_POWERS if isinstance(one, Power) else OF_OCCURRENCES
    for field in wanted.model_fields_set - {"index"}:
        if field not in known:
            yield f"{field} cannot be expected of it.{did_you_mean(field, known)}"
    for field in known:
        expected = getattr(wanted, field)
        if expected is None:
            continue
        shown, same = _compared(one, field, str(expected), currency)
        if not same:
            yield f"expected {field} {expected}, found {shown or 'none'}"


def _compared(one: Occurrence | Power, field: str, expected: str, currency: str) -> tuple[str, bool]:
    """What the plan has, and whether it is what was expected; figures compare as figures, however they are written."""
    if field == "amount" and isinstance(one, Occurrence):
        shown = one.amount.shown() if one.amount else ""
        return shown, _same(expected, "money", currency, one.amount)
    if field == "units" and isinstance(one, Occurrence):
        shown = f"{one.units:,}" if one.units is not None else ""
        return shown, _same(expected, "hours", currency, one.units)
    value = getattr(one, field)
    shown = str(value) if value is not None else ""
    return shown, shown == expected


def _same(expected: str, kind: str, currency: str, actual: object) -> bool:
    try:
        return typed(expected, kind, currency) == actual
    except NotAValue:
        return False


def _words(one: Occurrence | Power) -> str:
    day = one.arises_on if isinstance(one, Power) else one.acts_on
    return f"it {str(one.state).replace('_', ' ')} on {day}"
