"""Which steps of a vesting schedule come about, and from where each counts.

Steps stand by themselves unless the schedule says what may come `then`: such a schedule is a graph of which one path
is taken. From a step that came about, the earliest of what may come next is taken, the one named first where two fall
on one day; the others never come about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from obligations.planning.values import Happening, Instance, NotYet, united
from obligations.planning.world import World
from obligations.terms.clause import Clause, VestingStep
from schedules.derivation import Derivation, Reasoned
from schedules.frozen import swift
from schedules.spans import Counting
from schedules.vesting import Point, last_point, step_days

_PASSED = NotYet(never="another condition came about before it")


@swift
@dataclass(frozen=True, slots=True)
class Reached:
    """A step that comes about: the point its tranches count from, and its place in the order of a path.

    `since` is the day before which nothing of it vests; None where nothing holds it. `unsure` is what it rests on that
    is only expected.
    """

    point: Point
    order: int = 0
    since: Reasoned[date] | None = None
    unsure: NotYet | None = None


def path(world: World, clause: Clause, instance: Instance, start: Reasoned[date]) -> tuple[Reached | NotYet, ...]:
    """Every step of the schedule, in file order: where it counts from, or why it has not come about."""
    walk = _Walk(world, clause, instance, start)
    return walk.taken() if walk.is_graph else tuple(walk.reached(step) for step in walk.steps)


class _Walk:
    def __init__(self, world: World, clause: Clause, instance: Instance, start: Reasoned[date]) -> None:
        self.world, self.instance, self.start = world, instance, start
        self.steps = tuple(clause.schedule)
        self.named = {step.name: step for step in self.steps if step.name}
        self.is_graph = any(step.then is not None for step in self.steps)
        self.known: dict[int, Reached | NotYet] = {}

    def reached(self, step: VestingStep, since: Reasoned[date] | None = None) -> Reached | NotYet:
        """The point a step counts from, on its own or after what came about before it."""
        if step.on is not None:
            happening = self._event(step, since)
            if isinstance(happening, NotYet):
                return happening
            day = Reasoned(happening.occurred_on, happening.why)
            return Reached(Point(day), unsure=happening.unsettled)
        if step.exactly is not None:
            fixed = self.world.day(step.exactly, self.instance)
            return fixed if isinstance(fixed, NotYet) else Reached(Point(fixed))
        if step.from_ is None:
            return Reached(Point(self.start))
        origin = self.named[step.from_]
        before = self.known.get(self._number(origin), _PASSED) if self.is_graph else self.reached(origin)
        if isinstance(before, NotYet):
            return before
        point = last_point(origin.step(), before.point, counting_of(self.world, origin))
        return Reached(point, unsure=before.unsure)

    def _number(self, step: VestingStep) -> int:
        return next(number for number, one in enumerate(self.steps) if one is step)

    def _event(self, step: VestingStep, since: Reasoned[date] | None) -> Happening | NotYet:
        """The first happening from the start of vesting on, or from what came about before."""
        began = since.value if since is not None else self.start.value
        found = self.world.find(step.on)
        later = next((one for one in found.happenings if one.occurred_on >= began), None)
        return later if later is not None else found.reason

    # --- one path of several ----------------------------------------------------------------------------------------

    def taken(self) -> tuple[Reached | NotYet, ...]:
        """The path as far as it is known; what waits at its end, and what it has passed by."""
        follows = {name for step in self.steps for name in step.then or ()}
        options = [number for number, step in enumerate(self.steps) if step.name not in follows]
        since: Reasoned[date] | None = None
        unsure: NotYet | None = None
        order = 0
        waiting: list[NotYet] = []
        while options:
            chosen, waiting = self._choose(options, since)
            if chosen is None:
                break
            number, reached, day = chosen
            doubts = [one for one in (unsure, reached.unsure) if one is not None]
            unsure = united(doubts) if doubts else None
            self.known[number] = Reached(reached.point, order, since, unsure)
            order += 1
            since = day if since is None or day.value > since.value else since
            options = [self._number(self.named[name]) for name in self.steps[number].then or ()]
        ahead = self._ahead(options)
        more = united(waiting) if waiting else _PASSED
        return tuple(self.known.get(number, more if number in ahead else _PASSED) for number in range(len(self.steps)))

    def _choose(
        self, options: list[int], since: Reasoned[date] | None
    ) -> tuple[tuple[int, Reached, Reasoned[date]] | None, list[NotYet]]:
        """The earliest option, the first named where two fall on one day; and what the others wait for."""
        waiting: list[NotYet] = []
        best: tuple[int, Reached, Reasoned[date]] | None = None
        for number in options:
            step = self.steps[number]
            reached = self.reached(step, since)
            if isinstance(reached, NotYet):
                waiting.append(reached)
                continue
            day = step_days(step.step(), reached.point, counting_of(self.world, step))[0]
            if since is not None and day.value < since.value:
                day = since
            if best is None or day.value < best[2].value:
                best = number, reached, day
        if best is not None and waiting:
            assumed = united(waiting).why()
            number, reached, day = best
            point = Point(_assuming(reached.point.day, assumed), reached.point.months)
            best = number, Reached(point, unsure=reached.unsure), day
        return best, waiting

    def _ahead(self, options: list[int]) -> set[int]:
        """Everything that may still come about after what is open now."""
        found: set[int] = set()
        left = list(options)
        while left:
            number = left.pop()
            if number not in found:
                found.add(number)
                left += [self._number(self.named[name]) for name in self.steps[number].then or ()]
        return found - set(self.known)


def _assuming(day: Reasoned[date], assumed: Derivation) -> Reasoned[date]:
    why = day.why
    return Reasoned(day.value, Derivation(why.rule, why.result, (*why.inputs, assumed), why.kind, why.cite, why.ref))


def counting_of(world: World, step: VestingStep) -> Counting:
    """How the spans of a step count; a calendar is looked up only for one that counts business days."""
    spans = [span for span in (step.after, step.every) if span is not None]
    if not any(span.counts_business_days() for span in spans):
        return world.chosen.vesting_counting
    return replace(world.chosen.vesting_counting, calendar=world.business_calendar())
