"""What an expression comes to: a value with its derivation, or the reasons why not yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from uuid import NAMESPACE_OID, uuid5

from obligations.domain.event import NOTHING
from schedules.derivation import Derivation, later
from schedules.frozen import swift


class PlanningError(ValueError):
    """The events contradict the terms; the message says which and what to do."""


@swift
@dataclass(frozen=True, slots=True)
class NotYet:
    """Why there is no value: events waited for, facts missing, judgments needed, or `never` with its reason.

    `grounds` are the steps that led there, such as the reading by which a window ended before it: they explain the
    reason and are no part of it.
    """

    waiting: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    judgment: tuple[str, ...] = ()
    never: str = ""
    grounds: tuple[Derivation, ...] = field(default=(), compare=False, repr=False)

    def on_grounds(self, *steps: Derivation) -> NotYet:
        """The same reason, resting on these steps as well."""
        if not steps:
            return self
        return NotYet(self.waiting, self.missing, self.judgment, self.never, (*self.grounds, *steps))

    def why(self) -> Derivation:
        """The reasons as one step of an explanation."""
        return later(self._written)

    def _written(self) -> Derivation:
        if self.never:
            return Derivation(f"does not apply: {self.never}", "", self.grounds, kind="assumption")
        said = [
            f"waiting for {' or '.join(self.waiting)}, assumed not to have happened" if self.waiting else "",
            f"missing: {', '.join(self.missing)}" if self.missing else "",
            f"a person must say: {', '.join(self.judgment)}" if self.judgment else "",
        ]
        return Derivation("; ".join(part for part in said if part), "", self.grounds, kind="assumption")


def united(reasons: Iterable[NotYet]) -> NotYet:
    """All reasons together; `never` only where every one of them says so.

    >>> united([NotYet(waiting=("a",)), NotYet(never="over")])
    NotYet(waiting=('a',), missing=(), judgment=(), never='')
    """
    parts = tuple(reasons)
    open_parts = [part for part in parts if not part.never]
    if parts and not open_parts:
        return NotYet(never="; ".join(dict.fromkeys(part.never for part in parts)), grounds=_grounds(parts))
    return NotYet(
        waiting=_once(word for part in open_parts for word in part.waiting),
        missing=_once(word for part in open_parts for word in part.missing),
        judgment=_once(word for part in open_parts for word in part.judgment),
        grounds=_grounds(open_parts),
    )


def _grounds(parts: Iterable[NotYet]) -> tuple[Derivation, ...]:
    """What reasons rest on, each step once; told apart by themselves, so that none is written out for it."""
    return tuple({id(step): step for part in parts for step in part.grounds}.values())


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


LONGEST_CAUSE = 160
Origin = Literal["reported", "expected", "derived"]


@swift
@dataclass(frozen=True, slots=True)
class Happening:
    """One time an event happened: reported, expected to happen, or derived from the terms.

    `id` names the instance it makes: the event itself where it happens once, a slot's name where it was selected, the
    report or the causes otherwise. `reports` are the ids of the reports it rests on. `noticed_on` is the day of the
    notice that led to it, where one did. `provided` says what is still open on which it depends that it counts.
    `because` are the instances that brought it about: what set them off can be named where this one is spoken of.
    `at` is the local time, HH:MM, where somebody stated one.
    """

    id: str
    event: str
    occurred_on: date
    why: Derivation
    received_on: date | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    origin: Origin = "reported"
    reports: tuple[str, ...] = ()
    answers: str = ""
    noticed_on: date | None = None
    provided: NotYet | None = None
    because: tuple[Instance, ...] = ()
    at: str = ""

    @property
    def unsettled(self) -> NotYet | None:
        """Why it may yet not count: it is only expected, or rests on something still open. None where it stands."""
        if self.origin != "expected" and self.provided is None:
            return None
        reasons = [NotYet(waiting=(self.event,))] if self.origin == "expected" else []
        reasons += [self.provided] if self.provided is not None else []
        return united(reasons)

    def if_only(self, reason: NotYet) -> Happening:
        """The same happening, counting only once that comes out so."""
        return replace(self, provided=united([*([self.provided] if self.provided else []), reason]))


def derived_id(what: str, cause: str) -> str:
    """The id of what a cause brought about: in words, or by a number of its own where rounds would make it too long."""
    return f"{what}:{cause}" if len(cause) <= LONGEST_CAUSE else f"{what}:{uuid5(NAMESPACE_OID, cause)}"


@swift
@dataclass(frozen=True, slots=True)
class Found:
    """The happenings of an event in day order, and what could still bring another.

    `undecided` are those of which nobody has said yet whether they count, each with what must be said.
    """

    happenings: tuple[Happening, ...]
    more: NotYet
    undecided: tuple[tuple[Happening, tuple[str, ...]], ...] = ()

    @property
    def reason(self) -> NotYet:
        """Why there is none, or no other: what is undecided asks a person even where nothing more can come."""
        if not self.undecided:
            return self.more
        asked = _once(name for _, names in self.undecided for name in names)
        judgment = _once((*self.more.judgment, *asked))
        return NotYet(self.more.waiting, self.more.missing, judgment, grounds=self.more.grounds)


@swift
@dataclass(frozen=True, slots=True)
class Instance:
    """One time a clause was set off: its trigger, and the names by which phrases call it.

    Other events that can happen again are meant as they come from `since` on, where that is given. `own` is the day of
    the one occurrence of a series that asks.
    """

    id: str
    trigger: Happening | None = None
    names: frozenset[str] = frozenset()
    since: date | None = None
    own: date | None = None

    def since_day(self, day: date) -> Instance:
        """The same instance, to which what can happen again counts from that day on."""
        return Instance(self.id, self.trigger, self.names, day, self.own)

    def calls(self, name: str) -> Happening | None:
        """The happening of that name that set this off, by itself or through what came of it; None where none did."""
        if self.trigger is None:
            return None
        if name in self.names:
            return self.trigger
        return next((found for one in self.trigger.because if (found := one.calls(name)) is not None), None)


NOWHERE = Instance("contract")
