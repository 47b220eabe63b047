"""What people report of one occurrence: that it was done, done in part, or waived; and the life these make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from obligations.domain.event import Report
from obligations.domain.money import Money
from obligations.planning.values import Happening, PlanningError
from obligations.terms.errors import did_you_mean
from obligations.terms.terms import Terms
from obligations.terms.values import NotAValue, typed
from schedules.derivation import Derivation

DONE, PARTLY, WAIVED = "done", "partly", "waived"
# On one day a part comes before the whole, and what was done before what was waived.
ANSWERS = (PARTLY, DONE, WAIVED)
# For which clause an answer was meant, and which part of it where that is not the first.
CLAUSE, PART = "clause", "part"
_MEANT = {CLAUSE: "text", PART: "text"}
DETAILS = {DONE: _MEANT, PARTLY: {"amount": "money", "units": "hours", **_MEANT}, WAIVED: {"by": "text", **_MEANT}}


def refuse_wrong(terms: Terms, report: Report) -> None:
    """Raises `PlanningError` for an answer with details that mean nothing, or a waiver by nobody."""
    known = DETAILS[report.event]
    for name, text in report.fields.items():
        if name not in known:
            raise PlanningError(f'the answer {report.event} has no detail "{name}".{did_you_mean(name, known)}')
        try:
            value = typed(text, known[name], terms.currency)
        except NotAValue as error:
            raise PlanningError(f"{report.event}.{name}: {error}") from None
        if report.event == PARTLY and (not value or (isinstance(value, Money) and not value.minor)):
            raise PlanningError(f"{report.event}.{name} is nothing; a part that was done is more than that")
    if report.event == WAIVED and not report.fields.get("by", "").strip():
        raise PlanningError("only who is owed something can waive it: say who did, as by=...")


def meant_for(report: Report, clause_id: str, position: str) -> Report:
    """The answer, saying which clause it is for, as that rules when it is given; what it says by itself stays."""
    if CLAUSE in report.fields:
        return report
    part = {PART: position} if position != "1" else {}
    return replace(report, fields={**report.fields, CLAUSE: clause_id, **part})


def by_occurrence(terms: Terms, reports: Iterable[Report]) -> dict[str, tuple[Happening, ...]]:
    """Every answer by the occurrence it names, in the order in which they took effect."""
    found: dict[str, list[Report]] = {}
    for report in reports:
        if report.event in ANSWERS and not report.expected:
            found.setdefault(report.answers, []).append(report)
    return {
        answered: tuple(
            _answer(terms, one) for one in sorted(some, key=lambda it: (it.occurred_on, ANSWERS.index(it.event), it.id))
        )
        for answered, some in found.items()
    }


def part(terms: Terms, answer: Happening) -> Money | Decimal | None:
    """How much a partial answer is for; None where it does not say."""
    if "amount" in answer.fields:
        value = typed(answer.fields["amount"], "money", terms.currency)
    elif "units" in answer.fields:
        value = typed(answer.fields["units"], "hours", terms.currency)
    else:
        return None
    assert isinstance(value, Money | Decimal), "the detail was typed when it came in"
    return value


def left_of(
    terms: Terms, whole: Money | Decimal | None, parts: Iterable[Happening]
) -> tuple[Money | Decimal | None, Happening | None]:
    """What the parts leave of a whole, and the part that left nothing; the whole itself where no part says how much."""
    left = whole
    for one in parts:
        value = part(terms, one)
        if isinstance(left, Money) and isinstance(value, Money) and value.currency == left.currency:
            left = Money(max(left.minor - value.minor, 0), left.currency)
            if not left.minor:
                return left, one
        elif isinstance(left, Decimal) and isinstance(value, Decimal):
            left = max(left - value, Decimal(0))
            if not left:
                return left, one
    return left, None


def _answer(terms: Terms, report: Report) -> Happening:
    said = {
        DONE: "done, as reported",
        PARTLY: "done in part, as reported",
        WAIVED: f"waived by {report.fields.get('by', '')}",
    }[report.event]
    evidence = f"; evidence: {report.evidence}" if report.evidence else ""
    day = report.occurred_on
    why = Derivation(f"{said}{evidence}", day.isoformat(), kind="event", ref=report.id)
    return Happening(f"{report.event}:{report.id}", report.event, day, why, fields=report.fields, reports=(report.id,))
