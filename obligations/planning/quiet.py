"""What follows where nothing was reported: the same in every plan of the terms, so it is worked out once and kept.

Most clauses of a running contract wait for events that never come. What they come to is asked of a world without
reports, which notes by the names of events what each answer rests on. An answer stands in any plan in which none of
those was reported; what rests on the clock, or on anything else that differs between two plans, is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from obligations.domain.occurrence import Occurrence
from obligations.planning.clauses import POSTPONE_OR_POWER, of_clause
from obligations.planning.openings import Openings
from obligations.planning.values import Found, Instance, NotYet
from obligations.planning.world import World
from obligations.terms.clause import Clause
from obligations.terms.terms import Terms

T = TypeVar("T")
Key = tuple[str, str]

KEPT = "quiet"
# Terms that are planned once or twice, as under another reading, would not win back what it costs to work this out.
WORTH_KEEPING_FROM = 3

ANSWERS = "an answer"
OTHERWISE = "something that differs between two plans"
# What a world is asked that follows from its terms alone, or holds what it worked out before.
_OF_THE_TERMS = frozenset({"terms", "chosen", "kinds", "pick", "latest", "waiting", "_news"})
_WORKED_OUT = frozenset({"_events", "_openings", "_instances"})
# What it worked out without noting for each answer what that rests on: worked out anew for each.
_UNNOTED = ("_facts", "_figures", "_payrolls", "_closings", "_places", "_by_id", "_countings", "divided", "grants")


@dataclass(frozen=True, slots=True)
class Known:
    """What stands while none of some events was reported, by name: happenings, openings, instances, occurrences."""

    events: Mapping[str, Found]
    openings: Mapping[str, Openings]
    instances: Mapping[str, tuple[tuple[Instance, ...], NotYet]]
    occurrences: Mapping[str, tuple[Occurrence, ...]]


@dataclass(slots=True)
class _Kept:
    """What is kept with terms: how often they were planned, the answers, and those that stood in the latest plan."""

    planned: int = 0
    answers: dict[Key, tuple[Any, frozenset[str]]] | None = None
    latest: tuple[frozenset[str], Known] | None = field(default=None)


def recall(world: World) -> None:
    """Tell a world what is known of it already, as far as its reports leave that as it is."""
    terms = world.terms
    if terms.amendment is not None or world.latest is not None or world.suppose is not None:
        return
    kept = terms.kept.setdefault(KEPT, _Kept())
    kept.planned += 1
    if kept.planned < WORTH_KEEPING_FROM:
        return
    if kept.answers is None:
        kept.answers = _answers(terms)
    said = {report.event for report in world.reports}
    reported = frozenset({*said, ANSWERS} if world.answered else said)
    latest = kept.latest
    if latest is None or latest[0] != reported:
        latest = kept.latest = reported, _standing(kept.answers, reported)
    known = latest[1]
    world.known(known.events, known.openings, known.instances, known.occurrences)


def _standing(answers: Mapping[Key, tuple[Any, frozenset[str]]], reported: frozenset[str]) -> Known:
    found: dict[str, dict[str, Any]] = {"event": {}, "openings": {}, "instances": {}, "occurrences": {}}
    for (what, name), (answer, needs) in answers.items():
        if needs.isdisjoint(reported):
            found[what][name] = answer
    return Known(found["event"], found["openings"], found["instances"], found["occurrences"])


def _answers(terms: Terms) -> dict[Key, tuple[Any, frozenset[str]]]:
    """Every answer that rests on nothing but what was, or was not, reported, with the names of what it rests on."""
    world = _Unreported(terms, (), None, {}, {})
    for clause_id, clause in terms.clauses.items():
        if clause.content not in POSTPONE_OR_POWER:
            world.occurrences(clause_id, clause)
    return {key: (world.answered_by[key], needs) for key, needs in world.needs.items() if OTHERWISE not in needs}


class _Unreported(World):
    """A world in which nothing was reported, and which notes what every answer rests on."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: list[set[str]] = []
        self.needs: dict[Key, frozenset[str]] = {}
        self.answered_by: dict[Key, Any] = {}
        self.noted = {*vars(self), "zone"} - _OF_THE_TERMS - _WORKED_OUT - {*_UNNOTED, "asked", "needs", "answered_by"}

    def __getattribute__(self, name: str) -> Any:
        own = object.__getattribute__(self, "__dict__")
        if name in own.get("noted", ()) and own["asked"]:
            own["asked"][-1].add(ANSWERS if name in ("answers", "answered") else OTHERWISE)
        return object.__getattribute__(self, name)

    def event(self, name: str) -> Found:
        # Rounds suppose what was not reported.
        more = {name, OTHERWISE} if name in self.terms.file.rounds else {name}
        return self._noting(("event", name), lambda: World.event(self, name), more)

    def openings(self, name: str) -> Openings:
        return self._noting(("openings", name), lambda: World.openings(self, name))

    def instances(self, clause_id: str, clause: Clause) -> tuple[tuple[Instance, ...], NotYet]:
        return self._noting(("instances", clause_id), lambda: World.instances(self, clause_id, clause))

    def occurrences(self, clause_id: str, clause: Clause) -> None:
        """Work out what a clause comes to, as far as that can be said of terms alone."""
        try:
            self._noting(("occurrences", clause_id), lambda: tuple(of_clause(self, clause_id, clause)))
        except ValueError:
            return  # a plan that comes to it says what cannot be planned

    def reports_of(self, name: str) -> tuple[Any, ...]:
        if self.asked:
            self.asked[-1].add(name)
        return ()

    def _noting(self, key: Key, work: Callable[[], T], more: set[str] | None = None) -> T:
        if key not in self.needs:
            for name in _UNNOTED:
                getattr(self, name).clear()
            self.asked.append(set(more or ()))
            try:
                self.answered_by[key] = work()
            finally:
                rests_on = self.asked.pop()
            self.needs[key] = frozenset(rests_on)
        if self.asked:
            self.asked[-1] |= self.needs[key]
        answer: T = self.answered_by[key]
        return answer
