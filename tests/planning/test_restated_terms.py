"""An amendment that says again what stands changes nothing: not a day, an amount, a name, a power or a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest

from obligations.planning.examples import reports_of
from obligations.planning.plan import Plan
from obligations.service.contracts import Planner
from obligations.terms.amendment import amend
from obligations.terms.terms import Terms
from tests.docs.pages import library

TEMPLATES = sorted(Path("config/templates").glob("*.yaml"))
RESTATED = ("tables", "notices", "windows", "states", "define", "clauses")
KEEP = ("vest", "accelerate", "grant")


@cache
def planner() -> Planner:
    return Planner(library())


def restated(text: str, base: Terms, since: date, word: str) -> Terms:
    """The terms under an amendment that states every window, definition, table and clause as it stands."""
    parts = [re.search(rf"^{name}:\n(?:[ #].*\n|\n)+", text, re.MULTILINE) for name in RESTATED]
    assert parts[-1] is not None
    running = {name: "continues" if one.content in KEEP else word for name, one in base.clauses.items()}
    said = "".join(f"  {name}: {how}\n" for name, how in running.items())
    body = "".join(part[0] for part in parts if part is not None)
    head = f"terms: 1\namends: {base.contract}\nfrom: {since}\n"
    return amend(base, f"{head}{body}running:\n{said}", "restated.yaml")


def told(made: Plan) -> Mapping[UUID, object]:
    """What a plan comes to, by its names."""
    occurrences: dict[UUID, object] = {
        one.id: (one.state, one.due_on, one.adjusted_on, one.amount, one.units, one.of, one.from_on, one.to_on)
        for one in made.occurrences
    }
    assert len(occurrences) == len(made.occurrences), "one name, one occurrence"
    powers: dict[UUID, object] = {one.id: (one.state, one.arises_on, one.expires_on) for one in made.powers}
    pushes: dict[UUID, object] = {one.key: one.send_at for one in made.pushes}
    return {**occurrences, **powers, **pushes}


@pytest.mark.parametrize("word", ["continues", "changes"])
@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_terms_restated_half_way_come_to_the_same_plan(file: Path, word: str) -> None:
    """What was agreed again would be paid twice, renumbered, or lost."""
    text = file.read_text(encoding="utf-8")
    base = planner().terms(text, file.name)
    for example in (base.file.examples[0], base.file.examples[-1]):
        reports = tuple(reports_of(example))
        as_of = date.fromisoformat(example.as_of) if example.as_of else None
        days = sorted(one.occurred_on for one in reports)
        again = restated(text, base, days[len(days) // 2], word)
        assert told(planner().plan(again, reports, as_of)) == told(planner().plan(base, reports, as_of)), example.name
