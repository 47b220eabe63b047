"""How what is owed becomes a row and comes back."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from obligations.domain.money import Money
from obligations.domain.occurrence import Bounds, Kind, Occurrence, State
from obligations.store.columns import Values, texts, to_json
from schedules.derivation import Derivation


def occurrence_row(tenant: str, it: Occurrence) -> Values:
    return {
        "tenant": tenant,
        "id": it.id,
        "contract": it.contract,
        "clause": it.clause,
        "instance": it.instance,
        "position": it.position,
        "ordinal": it.index,
        "ordinal_of": it.of,
        "kind": it.kind.value,
        "title": it.title,
        "debtor": it.debtor,
        "creditor": it.creditor,
        "state": it.state.value,
        "derivation_json": to_json(it.derivation.as_json()),
        "cite": it.cite,
        "waiting_for_json": to_json(it.waiting_for),
        "missing_json": to_json(it.missing),
        "due_on": it.due_on,
        "adjusted_on": it.adjusted_on,
        "soft_on": it.soft_on,
        "from_on": it.from_on,
        "to_on": it.to_on,
        "acts_on": it.acts_on,
        "amount_minor": None if it.amount is None else it.amount.minor,
        "currency": None if it.amount is None else it.amount.currency,
        "units": None if it.units is None else str(it.units),
        "unit": it.unit,
        "conditional": it.conditional,
        "bounds_json": _bounds_text(it.bounds),
    }


def occurrence_of(row: Row[Any]) -> Occurrence:
    return Occurrence(
        id=row.id,
        contract=row.contract,
        clause=row.clause,
        instance=row.instance,
        position=row.position,
        index=row.ordinal,
        of=row.ordinal_of,
        kind=Kind(row.kind),
        title=row.title,
        debtor=row.debtor,
        creditor=row.creditor,
        state=State(row.state),
        derivation=Derivation.from_json(json.loads(row.derivation_json)),
        cite=row.cite,
        waiting_for=texts(row.waiting_for_json),
        missing=texts(row.missing_json),
        due_on=row.due_on,
        adjusted_on=row.adjusted_on,
        soft_on=row.soft_on,
        from_on=row.from_on,
        to_on=row.to_on,
        amount=None if row.amount_minor is None else Money(row.amount_minor, row.currency),
        units=None if row.units is None else Decimal(row.units),
        unit=row.unit,
        conditional=row.conditional,
        bounds=None if row.bounds_json is None else _bounds(json.loads(row.bounds_json)),
    )


def _bounds_text(it: Bounds | None) -> str | None:
    if it is None:
        return None
    return to_json(
        {
            "earliest_on": str(it.earliest_on) if it.earliest_on is not None else None,
            "latest_on": str(it.latest_on) if it.latest_on is not None else None,
            "least": _figure(it.least),
            "most": _figure(it.most),
            "may_not_be": it.may_not_be,
            "over": it.over,
            "tried": it.tried,
        }
    )


def _figure(it: Money | Decimal | None) -> Values | None:
    if it is None:
        return None
    return {"minor": it.minor, "currency": it.currency} if isinstance(it, Money) else {"units": str(it)}


def _bounds(kept: Values) -> Bounds:
    return Bounds(
        earliest_on=date.fromisoformat(kept["earliest_on"]) if kept["earliest_on"] else None,
        latest_on=date.fromisoformat(kept["latest_on"]) if kept["latest_on"] else None,
        least=_figure_of(kept["least"]),
        most=_figure_of(kept["most"]),
        may_not_be=kept["may_not_be"],
        over=tuple(kept["over"]),
        tried=kept["tried"],
    )


def _figure_of(kept: Values | None) -> Money | Decimal | None:
    if kept is None:
        return None
    return Money(kept["minor"], kept["currency"]) if "minor" in kept else Decimal(kept["units"])
