"""Four eyes: who may agree to a proposed push, and when enough people have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from obligations.domain.event import Choice, Correction, LogEntry, Report, Withdrawal
from obligations.domain.occurrence import Occurrence
from obligations.ports import Decision, StoredDelivery
from obligations.service.errors import NeedsPerson
from obligations.service.lookup import identity
from obligations.terms.model import Person
from obligations.terms.terms import Terms
from schedules.derivation import Derivation

Holders = Mapping[str, frozenset[str]]


def holders(terms: Terms) -> Holders:
    """Who plays each role today, by what they are known by."""
    return {role: frozenset(identity(one) for one in people) for role, people in terms.people.items()}


def standing(delivery: StoredDelivery, decisions: Iterable[Decision], held: Holders) -> dict[str, Decision]:
    """The approvals that count, by role: over exactly the content as it is now, since it was last refused, and by
    somebody who still plays the role."""
    counting: dict[str, Decision] = {}
    for one in decisions:
        if not one.approve:
            counting = {}
        elif one.content_hash == delivery.content_hash and one.person in held.get(one.role, frozenset()):
            counting[one.role] = one
    return counting


def refusal(decisions: Iterable[Decision]) -> Decision | None:
    """The latest no."""
    return next((one for one in reversed(tuple(decisions)) if not one.approve), None)


def role_to_refuse(delivery: StoredDelivery, who: Person, roles: frozenset[str]) -> str:
    """The role in which a person may say no: any that is asked, also for who recorded it or has agreed to it.

    Raises `NeedsPerson` for somebody who plays none of them.
    """
    for role in delivery.push.approvals:
        if role in roles:
            return role
    raise _not_asked(delivery.push.approvals, who, roles)


def still_needed(delivery: StoredDelivery, decisions: Iterable[Decision], held: Holders) -> tuple[str, ...]:
    """The roles that have not agreed to the content as it is now, in the contract's order."""
    given = standing(delivery, decisions, held)
    return tuple(role for role in delivery.push.approvals if role not in given)


def role_to_approve(
    delivery: StoredDelivery,
    decisions: Sequence[Decision],
    who: Person,
    roles: frozenset[str],
    authors: frozenset[str],
    held: Holders,
) -> str:
    """The role in which a person may agree; raises `NeedsPerson` saying why they may not and who can.

    Nobody agrees to what they recorded themselves, and nobody counts twice.
    """
    name = identity(who)
    if {name, who.name.casefold()} & authors:
        raise NeedsPerson(
            f"{who.name} recorded something this rests on (an event, or the terms), and nobody approves what they"
            " recorded; ask somebody else"
        )
    given = standing(delivery, decisions, held)
    if any(one.person == name for one in given.values()):
        raise NeedsPerson(
            f"{who.name} has agreed to this already; it needs {_words(still_needed(delivery, decisions, held))}"
        )
    for role in still_needed(delivery, decisions, held):
        if role in roles:
            return role
    raise _not_asked(still_needed(delivery, decisions, held), who, roles)


def _not_asked(asked: tuple[str, ...], who: Person, roles: frozenset[str]) -> NeedsPerson:
    held = ", ".join(sorted(roles)) or "no role"
    return NeedsPerson(f"this needs approval by {_words(asked)}; {who.name} is {held} in this contract")


def authors_of(occurrence: Occurrence, log: Iterable[LogEntry]) -> frozenset[str]:
    """Who recorded events and facts that an occurrence rests on, however indirectly, or corrected or withdrew one."""
    refs = frozenset(_refs(occurrence.derivation))
    recorded = (one for one in log if not isinstance(one, Choice) and _report_of(one) in refs)
    return frozenset(one.recorded_by.casefold() for one in recorded if one.recorded_by)


def _report_of(entry: Report | Withdrawal | Correction) -> str:
    return entry.id if isinstance(entry, Report) else entry.report_id


def rests_on(occurrence: Occurrence, report_id: str) -> bool:
    """Whether the report is among what the occurrence follows from."""
    return report_id in _refs(occurrence.derivation)


def _refs(derivation: Derivation) -> Iterable[str]:
    return (step.ref for _, step in derivation.walk() if step.ref)


def _words(roles: tuple[str, ...]) -> str:
    return " and ".join(roles) if roles else "nobody else"
