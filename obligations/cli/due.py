"""Commands that answer: what is next, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from obligations.cli.holding import held_lines, holds_json
from obligations.cli.lines import command_text, cut, wrapped
from obligations.cli.occurrence_text import (
    alike,
    alternatives_text,
    derivation_text,
    legend,
    reach,
    same_text,
    sentence,
    table,
)
from obligations.cli.question_text import answering
from obligations.cli.shell import Json, print_json, print_lines, service
from obligations.domain.delivery import DeliveryState, PushKind
from obligations.domain.occurrence import Occurrence
from obligations.planning.as_json import alternative_json, occurrence_json, power_json
from obligations.planning.plan import Question
from obligations.service import Overview


def next_(
    days: Annotated[int, typer.Option("--days", min=0, max=3660, help="How far to look.")] = 30,
    as_json: Json = False,
) -> None:
    """What is due next, overdue first, and what waits for people."""
    with service() as use:
        today, found = use.due(days)
        proposed = use.deliveries(states={DeliveryState.PROPOSED})
        parked = use.deliveries(states={DeliveryState.PARKED})
        refused = use.deliveries(states={DeliveryState.REFUSED})
        judged = use.needing_people()
        needed = use.needed(proposed)
        asked = list(_asked(use.asking(), (*found, *judged)))
        held = use.holds()
    if as_json:
        print_json(
            {
                "schema": "obligations.next/1",
                "today": today.isoformat(),
                "occurrences": [{"contract": one.contract, **occurrence_json(one)} for one in found],
                "needs_person": [{"contract": one.contract, **occurrence_json(one)} for one in judged],
                "awaiting_approval": len(proposed),
                "parked": len(parked),
                "refused": len(refused),
                "questions": [
                    {
                        "contract": overview.stored.id,
                        "name": question.name,
                        "ask": question.ask,
                        "required": question.required,
                        "answer_with": list(answering(overview.stored.id, question, overview.reports)),
                    }
                    for overview, question in asked
                ],
                "holds": holds_json(held),
            }
        )
        return
    print_lines(held_lines(held))
    typer.echo(f"{today:%a} {today} UTC; each contract counts its days in its own zone")
    typer.echo(f"The next {days} days")
    if not found:
        typer.echo("  Nothing is due.")
    unsent = {one.push.occurrence_id for one in (*proposed, *parked, *refused) if one.push.kind is PushKind.ACTION}
    contract = ""
    for one in found:
        if one.contract != contract:
            contract = one.contract
            typer.echo(f"{contract}")
        for line in table([one]):
            typer.echo(cut(f"  {line}"))
        if one.id in unsent and one.acts_on is not None and one.acts_on <= today:
            typer.echo(f"{'':14}instruction not sent")
    print_lines(legend(found))
    print_lines(_for_people(asked, judged))
    if proposed:
        typer.echo(f"{len(proposed)} {_wait(proposed)} for approval: obligations deliveries --state proposed")
    for name, amount, group in alike([one.push for one in proposed]):
        first = min(push.send_at for push in group)
        roles = dict.fromkeys(role for push in group for role in needed[push.key])
        parts = [group[0].name, amount, f"needs {' and '.join(roles)}"]
        parts.append(f"{'the first ' if len(group) > 1 else ''}to go {first:%Y-%m-%d %H:%M}Z")
        print_lines(wrapped(f"  {name}", ", ".join(part for part in parts if part)))
    if parked:
        typer.echo(f"{len(parked)} {_are(parked)} parked: obligations deliveries --state parked")
    if refused:
        typer.echo(f"{len(refused)} {_were(refused)} refused: obligations deliveries --state refused")


def _asked(asking: Sequence[Overview], shown: Sequence[Occurrence]) -> Iterator[tuple[Overview, Question]]:
    """The questions that hold up a contract, take judgment, or hold up something that is shown."""
    missing = {(one.contract, name) for one in shown for name in (*one.missing, *one.waiting_for)}
    for overview in asking:
        for question in overview.plan.questions:
            if question.required or question.kind == "judgment" or (overview.stored.id, question.name) in missing:
                yield overview, question


def _for_people(asked: Sequence[tuple[Overview, Question]], judged: Sequence[Occurrence]) -> Iterator[str]:
    """What is missing and what takes judgment, with the commands that answer."""
    for overview, question in asked:
        commands = list(answering(overview.stored.id, question, overview.reports))
        if question.required:
            yield from wrapped(f"{overview.stored.id}: {question.name} is missing:", commands[0])
            continue
        what = "a person must judge" if question.kind == "judgment" else f"{question.name} is missing"
        yield from wrapped(f"{overview.stored.id}: {what}:", question.ask)
        for command in commands:
            yield from command_text(command)
    if judged:
        yield f"{len(judged)} {_wait(judged)} for a person's judgment:"
    for one in judged:
        yield from wrapped(f"  {one.contract}/{one.clause}/{one.index}", one.title)


def _wait(some: Sequence[object]) -> str:
    return "waits" if len(some) == 1 else "wait"


def _are(some: Sequence[object]) -> str:
    return "is" if len(some) == 1 else "are"


def _were(some: Sequence[object]) -> str:
    return "was" if len(some) == 1 else "were"


def why(
    occurrence: Annotated[
        str, typer.Argument(help="contract/clause/index, the beginning of an id, or a power's name.")
    ],
    as_json: Json = False,
) -> None:
    """Why a date is what it is: clause, events, rule, reading, and the date under the other readings."""
    with service() as use:
        found = use.why(occurrence)
    one, power = found.occurrence, found.power
    subject = one or power
    assert subject is not None, "the lookup raises where nothing is found"
    if as_json:
        body = occurrence_json(one) if one else power_json(power) if power else {}
        others = [alternative_json(other) for other in found.others]
        print_json(
            {
                "schema": "obligations.why/1",
                "contract": subject.contract,
                **body,
                "under_other_readings": others,
                "same_under": list(found.same),
            }
        )
        return
    if one is not None:
        print_lines(wrapped(f"{one.contract}/{one.clause}/{one.index}", one.title))
        print_lines((*sentence(one), *table([one])))
    elif power is not None:
        waits = f", waits for {' and '.join(power.waiting_for)}" if power.waiting_for else ""
        arises = f", arises on {power.arises_on}" if power.arises_on else ""
        print_lines(wrapped(f"{power.contract}/{power.name}:", f"{power.state}{arises}{waits}"))
    typer.echo("")
    typer.echo("Why")
    print_lines(derivation_text(subject.derivation))
    if found.others or found.same:
        typer.echo("")
        typer.echo("Under other readings")
        print_lines((*alternatives_text(found.others), *same_text(found.same)))
    if one is not None and (between := reach(one)):
        typer.echo("")
        print_lines(wrapped("Between all of them:", between))
    if found.deliveries:
        typer.echo("")
        typer.echo("Deliveries")
        for delivery in found.deliveries:
            typer.echo(f"  {delivery.push.send_at:%Y-%m-%d %H:%M}Z {delivery.state:10} {delivery.push.name}")
