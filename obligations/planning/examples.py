"""Examples in a terms file, run as tests: what a lawyer wrote down against what the plan says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from obligations.domain.event import Report
from obligations.domain.occurrence import Occurrence, Power, State
from obligations.planning.plan import Plan
from obligations.planning.world import PlanningError
from obligations.terms.errors import Finding
from obligations.terms.loader import Terms
from obligations.terms.model import Example, Expected
from obligations.terms.phrases import day_literal

ExamplePlanner = Callable[[Terms, tuple[Report, ...], date | None], Plan]
NOT_OWED = frozenset({State.NOT_APPLICABLE, State.CANCELLED, State.TERMINATED, State.SUPERSEDED})


def run_examples(terms: Terms, planner: ExamplePlanner) -> Iterator[Finding]:
    """One finding for each expectation that the plan does not meet; nothing when every example holds."""
    for number, example in enumerate(terms.file.examples):
        for clause, message in _failures(terms, example, planner):
            path = ("examples", number, "expect", clause) if clause else ("examples", number, "given")
            yield terms.document.finding(f'example "{example.name}": {message}', path, key=bool(clause))


def _failures(terms: Terms, example: Example, planner: ExamplePlanner) -> Iterator[tuple[str, str]]:
    try:
        reports = tuple(
            Report(
                f"example-{number}",
                event,
                day_literal(given.date),
                day_literal(given.received) if given.received else None,
                given.fields,
            )
            for number, (event, given) in enumerate(example.given.items())
        )
        plan = planner(terms, reports, day_literal(example.as_of) if example.as_of else None)
    except (PlanningError, ValueError) as error:
        yield "", str(error)
        return
    for name, expected in example.expect.items():
        found: list[Occurrence | Power] = [one for one in plan.powers if one.name == name]
        found += [one for one in plan.occurrences if one.clause == name]
        if not expected:
            owed = [one for one in found if _is_owed(one)]
            if owed:
                yield name, f"{name}: expected none, found {_words(owed[0])}"
        for wanted in expected:
            yield from ((name, message) for message in _missed(name, wanted, found))


def _is_owed(one: Occurrence | Power) -> bool:
    return isinstance(one, Power) or (one.state not in NOT_OWED and one.acts_on is not None)


def _missed(name: str, wanted: Expected, found: list[Occurrence | Power]) -> Iterator[str]:
    one = next((it for it in found if isinstance(it, Power) or it.index == wanted.index), None)
    if one is None:
        yield f"{name}: expected one, found none"
        return
    for field in ("due_on", "to_on", "amount", "units", "state", "arises_on"):
        expected = getattr(wanted, field)
        actual = _text(one, field)
        if expected is not None and expected != actual:
            yield f"{name}: expected {field} {expected}, found {actual or 'none'}"


def _text(one: Occurrence | Power, field: str) -> str:
    value = getattr(one, field, None)
    if field == "amount" and isinstance(one, Occurrence) and one.amount is not None:
        return str(one.amount.value)
    return str(value) if value is not None else ""


def _words(one: Occurrence | Power) -> str:
    day = one.arises_on if isinstance(one, Power) else one.acts_on
    return f"{one.state} on {day}"
