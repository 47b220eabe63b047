"""Amendments: which version of a clause governs an instance, and how a running series goes on under a new one.

An instance is governed by the terms in force on the day that set it off, for life; what nothing sets off runs since the
beginning. Where an amendment says that what runs changes, positions due before its day, and those done before, keep
their number and amount, and the rest are the new clause's, numbered on. What no amendment touches keeps its identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from obligations.domain.identity import occurrence_id
from obligations.domain.money import Money
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.answers import PARTLY
from obligations.planning.instances import answers_to
from obligations.planning.values import Instance
from obligations.terms.terms import Amendment
from schedules.derivation import Derivation
from schedules.series import Remainder, parts

if TYPE_CHECKING:
    from obligations.planning.draft import Draft
    from obligations.planning.world import World

Drafting = Callable[["World", Instance], Iterator["Draft"]]


def governing(world: World, clause_id: str, instance: Instance) -> World | None:
    """The version in force on the day that set the instance off; None where nothing sets it off any more, or yet."""
    versions = world.versions
    if instance.trigger is None:
        return next(one for one in versions if clause_id in one.terms.clauses)
    day = instance.trigger.occurred_on
    begun = (one for one in reversed(versions) if one.amendment is None or one.amendment.since <= day)
    version = next(begun)
    if clause_id not in version.terms.clauses or clause_id in _ended(version):
        return None
    return version


def placeholder(world: World, clause_id: str) -> World | None:
    """The version that says what an empty slot waits for: the one in force, else the next; None where it ended."""
    versions, today = world.versions, world.as_of
    first = 0 if today is not None else len(versions) - 1
    for number, one in enumerate(versions):
        if today is not None and (one.amendment is None or one.amendment.since <= today):
            first = number
    later = versions[first:]
    return next((one for one in later if clause_id in one.terms.clauses and clause_id not in _ended(one)), None)


def version_of(world: World, one: Occurrence) -> World:
    """The version an occurrence was planned by."""
    return next((version for version in world.versions if one.id in version.planned), world)


def drafts(world: World, clause_id: str, instance: Instance, draft: Drafting) -> list[Draft]:
    """The parts of an instance: as its own version has them, and as later ones change what of it still runs."""
    made = list(draft(world, instance))
    versions = world.versions
    place = next(number for number, one in enumerate(versions) if one is world)
    for later in versions[place + 1 :]:
        if later.amendment is None or clause_id not in later.amendment.changes:
            continue
        if clause_id in later.amendment.ended:
            _end(made, later.amendment)
            continue
        there = later.instance(clause_id, instance.id)
        if there is not None:
            made = _continued(made, list(draft(later, there)), later.amendment)
    return made


def _continued(old: list[Draft], new: list[Draft], amendment: Amendment) -> list[Draft]:
    """What was due or done before the day as it was, and the rest as the amendment has it, numbered on."""
    kept = [one for one in old if _came_before(one, amendment)]
    rest = [one for one in new if one.due_on is None or one.due_on >= amendment.since]
    by_period = any(one.position != str(one.index) for one in (*old, *new))
    if by_period:
        # A period of a published calendar is known by its days, whichever version pays it.
        known = {one.position for one in kept}
        return [*kept, *(one for one in rest if one.position not in known)]
    taken = {one.index for one in kept}
    numbers = (number for number in count(1) if number not in taken)
    _share_what_is_left(kept, rest, new)
    for one, number in zip(rest, numbers, strict=False):
        one.index, one.position = number, str(number)
        one.of = None if one.of is None else len(kept) + len(rest)
        words = f"as amended from {amendment.since} on: {amendment.title}"
        one.steps.append(Derivation(words, kind="clause"))
    return [*kept, *rest]


def _share_what_is_left(kept: list[Draft], rest: list[Draft], new: list[Draft]) -> None:
    """Where the new clause splits a whole, what of it is still owed is split over the parts that are left."""
    series = rest[0].clause.series if rest else None
    if series is None or not series.splits or any(one.amount is None for one in (*new, *kept)):
        return
    whole = sum(one.amount.minor for one in new if one.amount is not None)
    left = max(whole - sum(one.amount.minor for one in kept if one.amount is not None), 0)
    for one, share in zip(rest, parts(left, len(rest), Remainder(series.remainder or "last")), strict=True):
        assert one.amount is not None, "every part has its amount"
        one.amount = Money(share, one.amount.currency)
        words = f"1/{len(rest)} of {Money(left, one.amount.currency).shown()}, what {len(kept)} parts left of the whole"
        one.steps.append(Derivation(words, one.amount.shown(), kind="rule"))


def _end(made: list[Draft], amendment: Amendment) -> None:
    """End what runs: what was not due or done before the day is owed no more."""
    for one in made:
        if not _came_before(one, amendment):
            words = f"ended by {amendment.title}"
            one.end(State.TERMINATED, Derivation(words, str(amendment.since), kind="clause"), amendment.since)


def _came_before(one: Draft, amendment: Amendment) -> bool:
    """Whether it was due before the amendment's day, or was reported done or waived before it."""
    if one.due_on is not None and one.due_on < amendment.since:
        return True
    terms = one.world.terms
    clause_id, instance_id = one.world.known_as(one.clause_id, one.instance)
    identity = occurrence_id(terms.tenant, terms.contract, clause_id, instance_id, one.position)
    said = answers_to(one.world, one.clause_id, one.clause, one.instance, identity)
    return any(answer.event != PARTLY and answer.occurred_on < amendment.since for answer in said)


def _ended(version: World) -> frozenset[str]:
    return version.amendment.ended if version.amendment is not None else frozenset()
