"""What has to be asked before a plan is whole, and the commands that answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obligations.cli.lines import command_text, wrapped
from obligations.domain.event import Report
from obligations.planning.plan import Plan, Question


def questions(plan: Plan, reports: Sequence[Report] | None = None) -> Iterator[str]:
    """What to ask people, the required first; for a kept contract with the commands that answer."""
    if not plan.questions:
        return
    yield ""
    yield "To ask"
    for question in plan.questions:
        need = "required" if question.required else "makes dates conditional"
        yield from wrapped(f"  {question.name} ({need})", question.ask)
        for command in answering(plan.contract, question, reports) if reports is not None else ():
            yield from command_text(command)


def answering(contract: str, question: Question, reports: Sequence[Report]) -> Iterator[str]:
    """The commands that answer a question: a report that lacks a detail is corrected."""
    event, _, detail = question.name.partition(".")
    if question.name.startswith("answer:"):
        yield f"obligations correct {question.name.removeprefix('answer:')} --answers ID"
        yield f"obligations withdraw {question.name.removeprefix('answer:')}"
        return
    if detail:
        option = "--received YYYY-MM-DD" if detail == "received_on" else f"--with {detail}=..."
        lacking = [
            one
            for one in reports
            if one.event == event and not (one.received_on if detail == "received_on" else one.fields.get(detail))
        ]
        for report in lacking:
            yield f"obligations correct {report.id} {option}"
        if not lacking:
            yield f"obligations event {contract} {event} YYYY-MM-DD {option}"
    elif question.kind == "judgment":
        yield f"obligations why {contract}/CLAUSE"
    elif question.kind == "fact":
        yield f"obligations fact {contract} {event} VALUE --on YYYY-MM-DD"
    else:
        yield f"obligations event {contract} {event} YYYY-MM-DD"
