"""Vesting as tools around the Open Cap Format compute it: the same days, the same units (see README.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from config.shipped import find_template
from obligations.domain.event import Report
from obligations.domain.occurrence import State
from obligations.planning.plan import Plan
from obligations.terms.loader import load
from obligations.terms.ocf import VestingTerms, slug
from obligations.terms.ocf_import import terms_text
from obligations.terms.terms import Terms
from schedules.vesting import on_vesting_day
from tests.planning.letter import day, happened, of, planned

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "ocf_vesting.json").read_text(encoding="utf-8"))


@cache
def terms_of(schedule: str, allocation: str, day_of_month: str) -> Terms:
    """Our terms for one of the schedules the vectors are about."""
    conditions = json.dumps(VECTORS["conditions"][schedule]).replace('"DAY_OF_MONTH"', f'"{day_of_month}"')
    given = VestingTerms.model_validate(
        {
            "id": "vector",
            "object_type": "VESTING_TERMS",
            "name": schedule,
            "description": "a vector",
            "allocation_type": allocation,
            "vesting_conditions": json.loads(conditions),
        }
    )
    return load(terms_text(given), "vector.yaml", find_template)


@dataclass
class Vector:
    """One case: what was put in, and the days and units that came out."""

    said: dict[str, Any]

    def plan(self) -> Plan:
        said = self.said
        made = said.get("granted", said["start"])
        reports: list[Report] = [
            happened("granted", made, identity="grant"),
            happened("granted_units", made, answers="grant", value=str(said["grant"])),
            happened("vesting_start", said["start"]),
            *(happened(slug(event), on) for event, on in said.get("events", {}).items()),
        ]
        allocation = said.get("allocation", "CUMULATIVE_ROUND_DOWN" if "granted" in said else "CUMULATIVE_ROUNDING")
        terms = terms_of(said["schedule"], allocation, said.get("day_of_month", ""))
        return planned(*reports, terms=terms)

    def ours(self) -> dict[str, Decimal]:
        """Units by day; what vests on one day is one amount, and nothing is none."""
        days: dict[str, Decimal] = {}
        for one in of(self.plan(), "vesting"):
            if one.state is State.SCHEDULED and one.units:
                days[str(one.due_on)] = days.get(str(one.due_on), Decimal(0)) + one.units
        return days

    def theirs(self) -> dict[str, Decimal]:
        days: dict[str, Decimal] = {}
        for entry in self.said["vests"].split():
            on, _, units = entry.partition("=")
            if Decimal(units):
                days[on] = days.get(on, Decimal(0)) + Decimal(units)
        return days


def names(said: dict[str, Any]) -> str:
    return " ".join(str(part) for key, part in said.items() if key != "vests")


@pytest.mark.parametrize("said", VECTORS["generated"], ids=names)
def test_every_allocation_on_every_schedule(said: dict[str, Any]) -> None:
    vector = Vector(said)
    ours, theirs = vector.ours(), vector.theirs()
    assert list(ours) == list(theirs)
    # Fractions are told to six digits.
    assert all(abs(ours[on] - theirs[on]) <= Decimal("0.000001") for on in ours)


@pytest.mark.parametrize("said", VECTORS["paths"], ids=names)
def test_one_path_is_taken(said: dict[str, Any]) -> None:
    vector = Vector(said)
    assert vector.ours() == vector.theirs()


@pytest.mark.parametrize("said", VECTORS["compiled"], ids=names)
def test_chains_month_ends_and_what_is_held_until_the_grant(said: dict[str, Any]) -> None:
    vector = Vector(said)
    assert vector.ours() == vector.theirs()


@pytest.mark.parametrize("said", VECTORS["days"], ids=names)
def test_every_day_of_the_month(said: dict[str, Any]) -> None:
    number = said["day"]
    rule = f"{number:02}" if number <= 28 else f"{number} or last day"
    for entry in said["vests"].split():
        months, _, expected = entry.partition("=")
        whole = day(said["start"]).year * 12 + day(said["start"]).month - 1 + int(months)
        counted = day(f"{whole // 12}-{whole % 12 + 1:02}-01")
        assert str(on_vesting_day(counted, rule, counted)) == expected
