"""What follows where nothing was reported: the same in every plan, so it is worked out once and kept.

Most clauses of a running contract wait for events that never come. What they come to is asked of a world without
reports, which notes by the names of events what each answer rests on. An answer stands in any plan in which none of
those was reported; what rests on the clock, on a parameter, or on anything else that differs between two plans or two
contracts, is never kept. So answers hold for all contracts on one definition, but for the ids of their occurrences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from obligations.domain.occurrence import Occurrence
from obligations.planning.clauses import POSTPONE_OR_POWER, of_clause
from obligations.planning.in_common import InCommon
from obligations.planning.openings import Openings
from obligations.planning.values import Found, Instance, NotYet
from obligations.planning.world import World
from obligations.terms.clause import Clause
from obligations.terms.terms import Terms
from obligations.terms.values import Value

T = TypeVar("T")
Key = tuple[str, str]

KEPT = "quiet"
# Definitions that are planned once or twice, as under another reading, would not win back what it costs to work this
# out.
WORTH_KEEPING_FROM = 3
# So many combinations of reported events are told apart at a time.
COMBINATIONS = 256

ANSWERS = "an answer"
OTHERWISE = "something that differs between two plans"
# What a world is asked that follows from its terms alone, or holds what it worked out before.
_OF_THE_TERMS = frozenset({"terms", "chosen", "kinds", "pick", "latest", "waiting", "_news"})
_WORKED_OUT = frozenset({"_events", "_openings", "_instances"})
# What it worked out without noting for each answer what that rests on: worked out anew for each.
_UNNOTED = (
    *("_facts", "_figures", "_payrolls", "_closings", "_places", "_by_id", "_countings"),
    *("divided", "grants", "set_off", "expected_ends"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What stands while none of some events was reported, by name: happenings, openings, instances, and the occurrences
    of each clause in any contract."""

    events: Mapping[str, Found]
    openings: Mapping[str, Openings]
    instances: Mapping[str, tuple[tuple[Instance, ...], NotYet]]
    occurrences: Mapping[str, tuple[InCommon, ...]]

    def of_contract(self, terms: Terms) -> dict[str, tuple[Occurrence, ...]]:
        """The occurrences as those of one contract."""
        return {name: tuple(one.of_contract(terms) for one in made) for name, made in self.occurrences.items()}


@dataclass(slots=True)
class _Kept:
    """What is kept with a definition: how often it was planned, the answers, and those that stood in plans of late."""

    planned: int = 0
    answers: dict[Key, tuple[Any, frozenset[str]]] | None = None
    known: dict[frozenset[str], Known] = field(default_factory=dict)


def recall(world: World) -> None:
    """Tell a world what is known of it already, as far as its reports leave that as it is."""
    terms = world.terms
    if terms.amendment is not None or world.latest is not None or world.suppose is not None:
        return
    kept = world.chosen.kept.setdefault(KEPT, _Kept())
    kept.planned += 1
    if kept.planned < WORTH_KEEPING_FROM:
        return
    if kept.answers is None:
        kept.answers = _answers(terms)
    said = {report.event for report in world.reports}
    known = _known(kept, frozenset({*said, ANSWERS} if world.answered else said))
    own = terms.kept.get(KEPT)
    if own is None or own[0] is not known:
        own = terms.kept[KEPT] = known, known.of_contract(terms)
    world.known(known.events, known.openings, known.instances, own[1])


def _known(kept: _Kept, reported: frozenset[str]) -> Known:
    known = kept.known.get(reported)
    if known is None:
        if len(kept.known) >= COMBINATIONS:
            kept.known.clear()
        known = kept.known[reported] = _standing(kept.answers or {}, reported)
    return known


def _standing(answers: Mapping[Key, tuple[Any, frozenset[str]]], reported: frozenset[str]) -> Known:
    found: dict[str, dict[str, Any]] = {"event": {}, "openings": {}, "instances": {}, "occurrences": {}}
    for (what, name), (answer, needs) in answers.items():
        if needs.isdisjoint(reported):
            found[what][name] = tuple(map(InCommon, answer)) if what == "occurrences" else answer
    return Known(found["event"], found["openings"], found["instances"], found["occurrences"])


def _answers(terms: Terms) -> dict[Key, tuple[Any, frozenset[str]]]:
    """Every answer that rests on nothing but what was, or was not, reported, with the names of what it rests on."""
    parameters = _Parameters(terms.parameters)
    world = _Unreported(replace(terms, parameters=parameters), (), None, {}, {})
    parameters.rests = world.rests
    for clause_id, clause in terms.clauses.items():
        if clause.content not in POSTPONE_OR_POWER:
            world.occurrences(clause_id, clause)
    return {key: (world.answered_by[key], needs) for key, needs in world.needs.items() if OTHERWISE not in needs}


class _Parameters(Mapping[str, Value]):
    """The parameters of one contract, whose values are another's own affair; which there are is the definition's."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values
        self.rests: Callable[[str], None] | None = None

    def __getitem__(self, name: str) -> Value:
        value = self._values[name]
        if self.rests is not None:
            self.rests(OTHERWISE)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values


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
        if name in own.get("noted", ()):
            self.rests(ANSWERS if name in ("answers", "answered") else OTHERWISE)
        return object.__getattribute__(self, name)

    def rests(self, on: str) -> None:
        """Note what the answer that is being worked out rests on."""
        if self.asked:
            self.asked[-1].add(on)

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
            self._noting(("occurrences", clause_id), lambda: tuple(map(_explained, of_clause(self, clause_id, clause))))
        except ValueError:
            return  # a plan that comes to it says what cannot be planned

    def reports_of(self, name: str) -> tuple[Any, ...]:
        self.rests(name)
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


def _explained(one: Occurrence) -> Occurrence:
    """The occurrence with its explanation written, so that what that rests on is noted too."""
    for _ in one.derivation.walk():
        pass
    return one
