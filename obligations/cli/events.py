"""Commands that record what happened: an event, a fact, a correction, a withdrawal."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from obligations.cli.change_text import preview_text
from obligations.cli.shell import As, Json, Yes, actor, confirmed, day, fields, print_json, print_lines, service
from obligations.domain.event import Report
from obligations.planning.as_json import change_json
from obligations.service import Amends, Preview, Service

Details = Annotated[list[str], typer.Option("--with", metavar="field=value", help="A detail; may be repeated.")]
Answers = Annotated[str, typer.Option("--answers", help="Which notice or instance it answers, where several are open.")]
OwnId = Annotated[str | None, typer.Option("--id", help="Your own id of the event, so that it counts once.")]


def event(
    contract: Annotated[str, typer.Argument(help="A contract's id.")],
    name: Annotated[str, typer.Argument(metavar="EVENT", help="An event of its terms, or a fact.")],
    date: Annotated[str, typer.Argument(help="The day it happened, YYYY-MM-DD.")],
    details: Details = [],  # noqa: B006
    received: Annotated[
        str | None, typer.Option("--received", metavar="DATE", help="The day a notice arrived.")
    ] = None,
    evidence: Annotated[str, typer.Option("--evidence", help="What proves it.")] = "",
    expected: Annotated[bool, typer.Option("--expected", help="It has not happened yet; plan on it.")] = False,
    answers: Answers = "",
    identifier: OwnId = None,
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Record an event: shows what changes first, then asks."""
    report = Report(
        id=identifier or f"ev-{secrets.token_hex(5)}",
        event=name,
        occurred_on=day(date),
        received_on=day(received) if received else None,
        fields=fields(details),
        expected=expected,
        answers=answers,
        evidence=evidence,
    )
    with service() as use:
        _record(use, contract, report, f"Record {name} on {date}?", person, yes=yes, as_json=as_json)


def fact(
    contract: Annotated[str, typer.Argument(help="A contract's id.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="A fact of its terms.")],
    value: Annotated[str, typer.Argument(help="What it is from that day on.")],
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day from which it holds.", show_default=False)],
    evidence: Annotated[str, typer.Option("--evidence", help="What proves it.")] = "",
    answers: Answers = "",
    identifier: OwnId = None,
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """State a fact from a day on: shows what changes first, then asks."""
    report = Report(
        id=identifier or f"ev-{secrets.token_hex(5)}",
        event=name,
        occurred_on=day(on),
        fields={"value": value},
        answers=answers,
        evidence=evidence,
    )
    with service() as use:
        use.stated(contract, report)
        _record(use, contract, report, f"State {name} from {on} on?", person, yes=yes, as_json=as_json)


def _record(
    use: Service, contract: str, report: Report, question: str, person: str | None, *, yes: bool, as_json: bool
) -> None:
    """Record a report that somebody agreed to: what it changes is shown first, unless they agreed beforehand."""
    mark = None
    if not yes:
        shown = use.preview(contract, report)
        if not agreed(shown, question, as_json):
            typer.echo("Nothing was recorded.")
            return
        mark = shown.mark
    preview = use.record(contract, report, actor=actor(person), confirmed=mark)
    # What was agreed to beforehand is recorded before it is shown, whoever stops reading in between.
    if yes and not as_json:
        show_preview(preview)
    _said(preview, report.id, f"Recorded as {report.id}.", as_json)


def correct(
    event_id: Annotated[str, typer.Argument(help="The id of the event; `obligations contract show` lists them.")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day it really happened.")] = None,
    details: Annotated[
        list[str],
        typer.Option("--with", metavar="field=value", help="A detail as it should be; no value takes it out."),
    ] = [],  # noqa: B006
    received: Annotated[
        str | None, typer.Option("--received", metavar="DATE", help="The day a notice arrived; `never` takes it out.")
    ] = None,
    evidence: Annotated[str | None, typer.Option("--evidence", help="What proves it.")] = None,
    answers: Annotated[
        str | None, typer.Option("--answers", help="Which notice or instance it answers, where several are open.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why it is corrected.")] = "",
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Correct an event under its id: shows what changes first, then asks. What was sent goes to a person."""
    never = received == "never"
    amends = Amends(
        occurred_on=day(on) if on else None,
        received_on=day(received) if received and not never else None,
        never_received=never,
        fields=tuple(fields(details).items()),
        answers=answers,
        evidence=evidence,
    )
    with service() as use:
        mark = None
        if not yes:
            shown = use.preview_correction(event_id, amends)
            if not agreed(shown, f"Correct {event_id}?", as_json):
                typer.echo("Nothing was corrected.")
                return
            mark = shown.mark
        preview = use.correct(event_id, amends, actor=actor(person), reason=reason, confirmed=mark)
    if yes and not as_json:
        show_preview(preview)
    _said(preview, event_id, f"Corrected {event_id}.", as_json)


def withdraw(
    event_id: Annotated[str, typer.Argument(help="The id of the event; `obligations contract show` lists them.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it is taken back.")] = "",
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Take an event back: what was not sent is undone, what was sent goes to a person."""
    with service() as use:
        mark = None
        if not yes:
            shown = use.preview_withdrawal(event_id)
            if not agreed(shown, f"Withdraw {event_id}?", as_json):
                typer.echo("Nothing was withdrawn.")
                return
            mark = shown.mark
        preview = use.withdraw(event_id, actor=actor(person), reason=reason, confirmed=mark)
    if yes and not as_json:
        show_preview(preview)
    _said(preview, event_id, f"Withdrawn {event_id}.", as_json)


def agreed(preview: Preview, question: str, as_json: bool) -> bool:
    """Whether a person agrees to what the preview shows."""
    if not as_json:
        show_preview(preview)
    return confirmed(question, yes=False)


def show_preview(preview: Preview) -> None:
    """What changes, for a person."""
    print_lines(preview_text(preview))


def _said(preview: Preview, event_id: str, words: str, as_json: bool) -> None:
    if as_json:
        changes = [change_json(change) for change in preview.changes]
        print_json(
            {
                "schema": "obligations.event/1",
                "id": event_id,
                "contract": preview.contract,
                "changes": changes,
                "approvals_lapsed": [str(one.push.key) for one in preview.lapsed],
            }
        )
        return
    typer.echo(words)
