"""A plan as plain data, in the stable shape `obligations.plan/1` that programs read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from obligations.domain.delivery import Push
from obligations.domain.money import Money
from obligations.domain.occurrence import Bounds, Occurrence, Power
from obligations.planning.alternatives import Alternative
from obligations.planning.diff import Change
from obligations.planning.plan import Plan

SCHEMA = "obligations.plan/1"


def plan_json(plan: Plan, others: Iterable[Alternative] = ()) -> dict[str, Any]:
    """The plan: dates ISO, amounts and units decimal strings, absent values null."""
    return {
        "schema": SCHEMA,
        "contract": plan.contract,
        "as_of": _day(plan.as_of),
        "windows": [
            {"name": window.name, "first_on": _day(window.first_on), "last_on": _day(window.last_on)}
            for window in plan.windows
        ],
        "occurrences": [occurrence_json(one) for one in plan.occurrences],
        "powers": [power_json(one) for one in plan.powers],
        "pushes": [push_json(one) for one in plan.pushes],
        "under_other_readings": [alternative_json(one) for one in others],
        "missing": [
            {
                "name": question.name,
                "kind": question.kind,
                "required": question.required,
                "ask": question.ask,
                "cite": question.cite,
            }
            for question in plan.questions
        ],
        "dormant": [{"clause": clause, "waiting_for": list(waiting)} for clause, waiting in plan.dormant],
        "hash": plan.fingerprint,
    }


def occurrence_json(one: Occurrence) -> dict[str, Any]:
    """One occurrence with its derivation."""
    return {
        "clause": one.clause,
        "index": one.index,
        "of": one.of,
        "id": str(one.id),
        "instance": one.instance,
        "kind": str(one.kind),
        "title": one.title,
        "cite": one.cite,
        "debtor": one.debtor,
        "creditor": one.creditor,
        "state": str(one.state),
        "waiting_for": list(one.waiting_for),
        "missing": list(one.missing),
        "conditional": one.conditional,
        "due_on": _day(one.due_on),
        "adjusted_on": _day(one.adjusted_on),
        "soft_on": _day(one.soft_on),
        "from_on": _day(one.from_on),
        "to_on": _day(one.to_on),
        "amount": money_json(one.amount),
        "units": _number(one.units),
        "unit": one.unit or None,
        "bounds": bounds_json(one.bounds),
        "derivation": one.derivation.as_json(),
    }


def bounds_json(reach: Bounds | None) -> dict[str, Any] | None:
    """How far an occurrence reaches; null where nobody worked it out. Figures are strings as in the occurrence."""
    if reach is None:
        return None
    return {
        "earliest_on": _day(reach.earliest_on),
        "latest_on": _day(reach.latest_on),
        "least": _figure(reach.least),
        "most": _figure(reach.most),
        "may_not_be": reach.may_not_be,
        "over": list(reach.over),
        "tried": reach.tried,
    }


def power_json(one: Power) -> dict[str, Any]:
    """One power with its derivation."""
    return {
        "clause": one.clause,
        "name": one.name,
        "id": str(one.id),
        "instance": one.instance,
        "holder": one.holder,
        "may": one.may,
        "cite": one.cite,
        "state": str(one.state),
        "arises_on": _day(one.arises_on),
        "expires_on": _day(one.expires_on),
        "waiting_for": list(one.waiting_for),
        "derivation": one.derivation.as_json(),
    }


def push_json(one: Push) -> dict[str, Any]:
    """One push: what is sent, by what, when, and who must agree first."""
    return {
        "clause": one.clause,
        "index": one.index,
        "kind": str(one.kind),
        "name": one.name,
        "connector": one.connector,
        "destination": one.destination,
        "send_at": one.send_at.isoformat().replace("+00:00", "Z"),
        "key": str(one.key),
        "occurrence": str(one.occurrence_id),
        "approvals": list(one.approvals),
        "reaches": one.address.get("name"),
    }


def alternative_json(one: Alternative) -> dict[str, Any]:
    """One occurrence as it would be under another option of a reading; state is null where it would not exist."""
    subject, other = one.subject, one.other
    return {
        "reading": one.reading,
        "option": one.option,
        "clause": subject.clause,
        "index": subject.index,
        "id": str(subject.id),
        "instance": subject.instance,
        "exists_only_there": one.chosen is None,
        "state": str(other.state) if other else None,
        "due_on": _day(other.due_on) if other else None,
        "adjusted_on": _day(other.adjusted_on) if other else None,
        "from_on": _day(other.from_on) if other else None,
        "to_on": _day(other.to_on) if other else None,
        "amount": money_json(other.amount) if other else None,
        "units": _number(other.units) if other else None,
    }


def change_json(change: Change) -> dict[str, Any]:
    """One change with both of its sides."""
    return {"change": change.verb, "before": _side(change.before), "after": _side(change.after)}


def money_json(money: Money | None) -> dict[str, str] | None:
    """An amount as a decimal string with exactly the currency's digits."""
    return {"value": str(money.value), "currency": money.currency} if money else None


def _side(one: Occurrence | Power | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return power_json(one) if isinstance(one, Power) else occurrence_json(one)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _figure(figure: Money | Decimal | None) -> Any:
    return money_json(figure) if isinstance(figure, Money) else _number(figure)


def _number(units: Decimal | None) -> str | None:
    return str(units) if units is not None else None
