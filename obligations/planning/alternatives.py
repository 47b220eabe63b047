"""What a plan would be under the other readings: the same planning, run with one choice changed at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from obligations.domain.occurrence import Occurrence
from obligations.planning.plan import Plan, seen
from obligations.terms.terms import Terms

Planner = Callable[[Terms], Plan]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One occurrence that comes out differently under another option of one reading.

    `chosen` is None for an occurrence that exists only under the other option, `other` None for one that does not
    exist there.
    """

    reading: str
    option: str
    chosen: Occurrence | None
    other: Occurrence | None

    @property
    def subject(self) -> Occurrence:
        """The occurrence spoken of, under whichever option has it."""
        one = self.chosen or self.other
        assert one is not None, "an alternative speaks of an occurrence"
        return one


def alternatives(terms: Terms, chosen: Plan, planner: Planner) -> tuple[Alternative, ...]:
    """Everything that differs under each other option of each reading, in file order."""
    return tuple(_alternatives(terms, chosen, planner))


def _alternatives(terms: Terms, chosen: Plan, planner: Planner) -> Iterator[Alternative]:
    here = {one.id: one for one in chosen.occurrences}
    for name, reading in terms.file.readings.items():
        for option in reading.names:
            if option == terms.readings[name]:
                continue
            there = {one.id: one for one in planner(terms.under(name, option)).occurrences}
            for identity in {**here, **there}:
                before, after = here.get(identity), there.get(identity)
                if visible(before) != visible(after):
                    yield Alternative(name, option, before, after)


def visible(occurrence: Occurrence | None) -> tuple[object, ...] | None:
    """What a reader sees of an occurrence, None where it does not exist."""
    return seen(occurrence) if occurrence is not None else None
