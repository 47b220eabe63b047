"""Commands about contracts: add, amend, list, show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from config.settings import read_settings
from obligations.app import unset_destinations
from obligations.cli.events import agreed, show_preview
from obligations.cli.lines import wrapped
from obligations.cli.occurrence_text import legend
from obligations.cli.plan_text import plan_text
from obligations.cli.question_text import questions
from obligations.cli.shell import As, Json, Yes, actor, confirmed, fail, print_json, print_lines, read_text, service
from obligations.planning.as_json import change_json, plan_json
from obligations.ports import TermsVersion

contract_app = typer.Typer(no_args_is_help=True, help="Add, list and show contracts.")


@contract_app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="The contract's terms file.", show_default=False)],
    change: Annotated[
        bool, typer.Option("--change", help="Replace the terms of a contract that is kept already.")
    ] = False,
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Keep a contract and plan it; a change of terms is shown first, then asked for."""
    text = read_text(file)
    with service(beside=file.parent) as use:
        mark = None
        if change:
            preview = use.preview_change(text, str(file))
            if not as_json:
                show_preview(preview)
            if not confirmed(f"Replace the terms of {preview.contract}?", yes):
                typer.echo("Nothing was changed.")
                return
            mark = preview.mark
        overview = use.add_contract(text, str(file), actor=actor(person), change=change, confirmed=mark)
    if as_json:
        print_json(plan_json(overview.plan))
        return
    plan = overview.plan
    dated = sum(1 for one in plan.occurrences if one.acts_on is not None)
    typer.echo(
        f"{overview.stored.id}: {'changed' if change else 'added'},"
        f" {len(plan.occurrences)} occurrences, {dated} of them dated"
    )
    unfilled = sorted({push.destination for push in plan.pushes if push.kind == "reminder" and not push.address})
    if unfilled:
        print_lines(wrapped("  Nobody plays these roles yet, so their reminders are parked:", ", ".join(unfilled)))
    routes = [(push.connector, push.destination) for push in plan.pushes if push.kind == "action"]
    if unset := unset_destinations(read_settings(), routes):
        names = ", ".join(to for _, to in unset)
        print_lines(wrapped("  No address is set up for these, so what goes there is parked at its date:", names))
    print_lines(questions(plan, overview.reports))
    required = next((question.name for question in plan.questions if question.required), None)
    if required:
        typer.echo("")
        typer.echo(f"Next: obligations event {overview.stored.id} {required} YYYY-MM-DD")


@contract_app.command("amend")
def amend(
    file: Annotated[Path, typer.Argument(help="The amendment's file.", show_default=False)],
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Withdraw the amendment of that day and title instead.")
    ] = False,
    yes: Yes = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """Amend a kept contract from a day on, or withdraw an amendment: shows what changes first, then asks."""
    text = read_text(file)
    with service() as use:
        show_first, record = use.preview_amendment, use.amend
        if withdraw:
            show_first, record = use.preview_amendment_withdrawn, use.withdraw_amendment
        preview = show_first(text, str(file))
        question = f"Withdraw the amendment of {preview.contract}?" if withdraw else f"Amend {preview.contract}?"
        if not yes and not agreed(preview, question, as_json):
            typer.echo("Nothing was changed.")
            return
        overview = record(text, str(file), actor=actor(person), confirmed=preview.mark)
    if as_json:
        changes = [change_json(change) for change in preview.changes]
        print_json({"schema": "obligations.amendment/1", "contract": overview.stored.id, "changes": changes})
        return
    if yes:
        show_preview(preview)
    typer.echo(f"{overview.stored.id}: {'amendment withdrawn' if withdraw else 'amended'}.")


@contract_app.command("versions")
def versions(
    contract: Annotated[str, typer.Argument(help="A contract's id.")],
    number: Annotated[int | None, typer.Option("--text", metavar="N", help="Print the text of this version.")] = None,
    as_json: Json = False,
) -> None:
    """Every text that a contract's terms came from: as added, as changed, its amendments, and which were withdrawn."""
    with service() as use:
        kept = use.versions(contract)
    if number is not None:
        found = next((one for one in kept if one.number == number), None)
        if found is None:
            fail(f"{contract} has no version {number}; it has {len(kept)}")
        typer.echo(found.source, nl=False)
        return
    if as_json:
        print_json({"schema": "obligations.versions/1", "versions": [_version_json(one) for one in kept]})
        return
    for one in kept:
        print_lines(_version_text(one))


def _version_text(version: TermsVersion) -> Iterator[str]:
    """One text of a contract's terms: what it was, from which day it governs, who recorded it and when."""
    since = f", from {version.from_on} on" if version.from_on else ""
    by = f" by {version.recorded_by}" if version.recorded_by else ""
    said = f"{version.title}{since}; recorded on {version.recorded_at:%Y-%m-%d}{by}"
    yield from wrapped(f"  version {version.number}, {version.kind}:", said)


def _version_json(one: TermsVersion) -> dict[str, object]:
    return {
        "number": one.number,
        "kind": one.kind,
        "title": one.title,
        "from": one.from_on.isoformat() if one.from_on else None,
        "recorded_at": one.recorded_at.isoformat(),
        "recorded_by": one.recorded_by,
        "text": one.source,
    }


@contract_app.command("replan")
def replan(
    contract: Annotated[str | None, typer.Argument(help="A contract's id; every contract unless given.")] = None,
    as_json: Json = False,
) -> None:
    """Plan again, so that what was not sent follows changed settings (the daemon does this for every other reason)."""
    with service() as use:
        names = [contract] if contract is not None else [one.id for one in use.contracts()]
        for name in names:
            use.replan(name)
            if not as_json:
                typer.echo(f"{name}: planned again")
    if as_json:
        print_json({"schema": "obligations.replan/1", "contracts": names})


@contract_app.command("list")
def list_(as_json: Json = False) -> None:
    """Every contract that is kept."""
    with service() as use:
        contracts = use.contracts()
    if as_json:
        listed = [
            {"id": one.id, "title": one.title, "added_at": one.added_at.isoformat(), "added_by": one.added_by}
            for one in contracts
        ]
        print_json({"schema": "obligations.contracts/1", "contracts": listed})
        return
    if not contracts:
        typer.echo("No contract is kept yet. Add one: obligations contract add FILE")
    for one in contracts:
        print_lines(wrapped(f"{one.id:24}", one.title))


@contract_app.command("show")
def show_(contract: Annotated[str, typer.Argument(help="A contract's id.")], as_json: Json = False) -> None:
    """One contract as of today: events, occurrences, powers, what to ask."""
    with service() as use:
        overview, kept = use.overview(contract), use.versions(contract)
    events = [
        {
            "id": one.id,
            "event": one.event,
            "occurred_on": one.occurred_on.isoformat(),
            "received_on": one.received_on.isoformat() if one.received_on else None,
            "with": dict(one.fields),
            "expected": one.expected,
            "evidence": one.evidence,
            "answers": one.answers or None,
            "recorded_by": one.recorded_by,
        }
        for one in overview.reports
    ]
    if as_json:
        print_json(
            {
                "schema": "obligations.contract/1",
                "id": overview.stored.id,
                "title": overview.stored.title,
                "versions": [
                    {key: value for key, value in _version_json(one).items() if key != "text"} for one in kept
                ],
                "events": events,
                "plan": plan_json(overview.plan),
            }
        )
        return
    typer.echo(overview.stored.title)
    for version in kept[1:]:
        print_lines(_version_text(version))
    for one in overview.reports:
        details = "".join(f" {key}={value}" for key, value in one.fields.items() if key != "value")
        state = " (expected)" if one.expected else ""
        typer.echo(f"  {one.occurred_on} {one.event}{details}{state}  [{one.id}]")
    print_lines(plan_text(overview.plan, overview.reports))
    print_lines(legend(overview.plan.occurrences))
