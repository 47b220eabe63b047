"""How far a date or an amount may reach: the same planning under every combination of readings that matters to it.

A clause is planned again for each combination of the readings it really asks, and of the yes-or-no facts nobody has
stated. What a combination never asks cannot change its outcome, so nothing is tried twice and nothing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from obligations.domain.money import Money, NotMoney
from obligations.domain.occurrence import Bounds, Occurrence, State
from obligations.planning.clauses import of_clause
from obligations.planning.supposing import words_of
from obligations.planning.values import PlanningError
from obligations.planning.world import World
from obligations.terms.clause import Clause
from obligations.terms.terms import Terms
from schedules.bounds import BeyondCalendar
from schedules.calendars import NeverOpen
from schedules.spans import AmbiguousDate

MOST_COMBINATIONS = 2_000
_NOT_OWED = frozenset({State.NOT_APPLICABLE, State.CANCELLED, State.TERMINATED, State.SUPERSEDED, State.DISCHARGED})


Making = Callable[[Terms, Callable[[str], bool]], World]
"""A world for the terms, in which the second argument answers the yes-or-no facts that nobody has stated."""


def bounds(terms: Terms, prevailing: Iterable[Occurrence], make: Making) -> dict[UUID, Bounds]:
    """The reach of each occurrence of a plan, by its id.

    An occurrence is missing here where more than 2,000 combinations matter to its clause: then nobody can say how far
    it reaches, and people are reminded by its prevailing day.
    """
    wanted: dict[str, set[UUID]] = {}
    for one in prevailing:
        wanted.setdefault(one.clause, set()).add(one.id)
    found: dict[UUID, Bounds] = {}
    for clause_id, identities in wanted.items():
        found |= _of_clause(terms, clause_id, identities, make)
    return found


def _of_clause(terms: Terms, clause_id: str, wanted: set[UUID], make: Making) -> dict[UUID, Bounds]:
    outcomes: list[dict[UUID, Occurrence]] = []
    over: dict[str, None] = {}
    for made, asked in _combinations(terms, clause_id, make):
        if len(outcomes) == MOST_COMBINATIONS:
            return {}
        outcomes.append(made)
        over |= dict.fromkeys(words_of(name) for name in asked)
    ungated = _without_end(terms.clauses[clause_id])
    return {identity: _reach([made.get(identity) for made in outcomes], tuple(over), ungated) for identity in wanted}


def _without_end(clause: Clause) -> str:
    """The event without which nothing of the clause is ever due, and which may come as late as it likes."""
    return clause.requires.event if clause.requires is not None and clause.requires.late != "forfeits" else ""


def _combinations(
    terms: Terms, clause_id: str, make: Making
) -> Iterator[tuple[dict[UUID, Occurrence], tuple[str, ...]]]:
    """What the clause comes to under each combination, the prevailing one first.

    Each run tells which questions it asked, in order. Turning one of them, with those before it held, leads to runs
    that no other turn leads to: every path of answers is walked once.
    """
    todo: list[dict[str, str]] = [{}]
    while todo:
        held = todo.pop()
        asked = _Asked(terms, held)
        try:
            world = make(terms.read_as(_Noted(asked)), asked.fact)
            made = {one.id: one for one in of_clause(world, clause_id, terms.clauses[clause_id])}
        except (PlanningError, AmbiguousDate, BeyondCalendar, NeverOpen, NotMoney):
            made = {}  # this combination gives no dates at all, which the plan under it would say in words
        before: dict[str, str] = {}
        for name, answer in asked.answers.items():
            if name not in held:
                todo += [{**held, **before, name: other} for other in asked.options(name) if other != answer]
            before[name] = answer
        yield made, tuple(asked.answers)


@dataclass
class _Asked:
    """Answers to what a run asks, and which of them it asked."""

    terms: Terms
    held: Mapping[str, str]
    answers: dict[str, str] = field(default_factory=dict)

    def reading(self, name: str) -> str:
        """The option of a reading in this run."""
        return self.answers.setdefault(name, self.held.get(name, self.terms.readings[name]))

    def fact(self, name: str) -> bool:
        """The answer supposed for a yes-or-no fact that nobody has stated."""
        return self.answers.setdefault(f"{name}?", self.held.get(f"{name}?", "yes")) == "yes"

    def options(self, name: str) -> tuple[str, ...]:
        """Every answer there is to a question."""
        return ("yes", "no") if name.endswith("?") else self.terms.file.readings[name].names


class _Noted(Mapping[str, str]):
    """The readings in use, noting each that is looked up."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked

    def __getitem__(self, name: str) -> str:
        return self._asked.reading(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._asked.terms.readings)

    def __len__(self) -> int:
        return len(self._asked.terms.readings)


def _reach(outcomes: list[Occurrence | None], over: tuple[str, ...], gate: str) -> Bounds:
    owed = [one for one in outcomes if one is not None and one.state not in _NOT_OWED]
    days = [one.acts_on for one in owed if one.acts_on is not None]
    waits = any(gate in one.waiting_for for one in owed)
    least, most = _figures(owed)
    return Bounds(
        earliest_on=min(days, default=None),
        latest_on=max(days) if days and len(days) == len(owed) and not waits else None,
        least=least,
        most=most,
        may_not_be=waits or len(owed) < len(outcomes),
        over=over,
        tried=len(outcomes),
    )


def _figures(owed: list[Occurrence]) -> tuple[Money | Decimal | None, Money | Decimal | None]:
    """The smallest and the largest figure; no smallest or largest of two currencies."""
    figures = [one.amount if one.amount is not None else one.units for one in owed]
    sized = sorted(
        ((figure.exact if isinstance(figure, Money) else Fraction(figure)), number)
        for number, figure in enumerate(figures)
        if figure is not None
    )
    units = {figure.currency if isinstance(figure, Money) else "" for figure in figures if figure is not None}
    if len(units) != 1:
        return None, None
    least, most = (figures[number] for _, number in (sized[0], sized[-1]))
    return least, most if len(sized) == len(owed) else None
