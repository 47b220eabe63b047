"""Commands that only look: check a file, plan it, count a span."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from config.settings import read_settings
from obligations.app import make_library
from obligations.cli.amended import terms_of
from obligations.cli.failures import place_json
from obligations.cli.lines import wrapped
from obligations.cli.occurrence_text import derivation_text, legend
from obligations.cli.plan_text import plan_text
from obligations.cli.shell import (
    Exit,
    Json,
    complain,
    day,
    fail,
    fields,
    plain_errors,
    print_json,
    print_lines,
    service,
)
from obligations.domain.event import Report
from obligations.planning.as_json import plan_json
from obligations.planning.examples import named
from obligations.planning.plan import Plan
from obligations.service.contracts import Planner
from obligations.service.counting import count
from obligations.terms.coverage import coverage
from obligations.terms.errors import Finding, TermsError
from obligations.terms.model import json_schema
from obligations.terms.terms import Terms
from schedules.windows import Window

CheckedFile = Annotated[
    Path | None, typer.Argument(help="A terms file: a template, or a contract on one.", show_default=False)
]
Schema = Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of terms files instead, for editors.")]
GivenEvents = Annotated[
    list[str],
    typer.Option("--given", metavar="EVENT=DATE[,field=value]", help="An event that happened; may be repeated."),
]
On = Annotated[
    list[Path],
    typer.Option("--on", metavar="FILE", help="The contract an amendment amends, then earlier amendments of it."),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Judge what is due or missed as of this day.")
]


def check(file: CheckedFile = None, on: On = [], as_json: Json = False, schema: Schema = False) -> None:  # noqa: B006
    """Check a terms file and run its examples; an amendment is held against the contract it amends."""
    if schema:
        print_json(json_schema())
        return
    if file is None:
        fail("name a terms file: obligations check FILE")
    with plain_errors():
        planner = _planner(file)
        try:
            terms = terms_of(planner, file, on)
            findings = planner.findings(terms)
        except TermsError as error:
            if not as_json:
                raise
            findings = error.findings
            terms = None
    _report_check(file, terms, findings, as_json)


def _report_check(file: Path, terms: Terms | None, findings: tuple[Finding, ...], as_json: bool) -> None:
    if as_json:
        listed = [place_json(one) for one in findings]
        accounts = [
            {"clause": one.number, "terms": list(one.terms), "listed": one.listed or None}
            for one in (coverage(terms.own) if terms is not None else ())
        ]
        print_json({"schema": "obligations.check/1", "file": str(file), "findings": listed, "document": accounts})
    else:
        for one in findings:
            complain(str(one))
        if not findings and terms is not None:
            its = terms.own
            counts = f"{len(its.clauses)} clauses, {len(its.readings)} readings, {len(its.examples)} examples"
            typer.echo(f"{file}: in order ({counts} hold)")
            print_lines(_covered(terms))
            for role in terms.file.roles:
                if role not in terms.people and terms.people:
                    typer.echo(f"  nobody plays the role {role}: add them under people:")
    if findings:
        raise typer.Exit(Exit.FINDINGS)


def _covered(terms: Terms) -> Iterator[str]:
    """How the clauses of the document are accounted for, where the file lists them."""
    accounts = coverage(terms.own)
    if not accounts:
        return
    listed = Counter(one.listed.replace("_", " ") for one in accounts if not one.terms)
    parts = [f"{sum(1 for one in accounts if one.terms)} in terms", *(f"{n} {words}" for words, n in listed.items())]
    yield from wrapped(f"  clauses of the document: {len(accounts)}:", ", ".join(parts))


def plan(
    what: Annotated[str, typer.Argument(metavar="FILE|CONTRACT", help="A terms file, or the id of a kept contract.")],
    given: GivenEvents = [],  # noqa: B006
    on: On = [],  # noqa: B006
    as_of: AsOf = None,
    known_on: Annotated[
        str | None, typer.Option("--known-on", metavar="DATE", help="A kept contract, as it was believed on this day.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Plan a terms file or a kept contract: every obligation with its date, or what it waits for."""
    judged_by = day(as_of) if as_of else None
    if known_on is None and (Path(what).exists() or Path(what).suffix or os.sep in what):
        made = _plan_of_file(Path(what), on, given, judged_by, as_json)
    else:
        if on:
            fail("--on is for an amendment's file; a kept contract has its amendments with it")
        if given:
            fail("--given is for a terms file; record what happened to a kept contract with `obligations event`")
        made = _plan_of_kept(what, day(known_on) if known_on else None, judged_by, as_json)
    raise typer.Exit(_exit(made, what))


def _plan_of_file(file: Path, on: list[Path], given: list[str], as_of: date | None, as_json: bool) -> Plan:
    with plain_errors():
        planner = _planner(file)
        terms = terms_of(planner, file, on)
        twice = next((text for number, text in enumerate(given) if text in given[:number]), None)
        if twice is not None:
            fail(f'--given "{twice}" is given twice; one happening is given once')
        counted = _counted([_given(number, text) for number, text in enumerate(given, 1)])
        reports = named(counted, lambda told: planner.plan(terms, told, None, pushes=False))
        made = planner.bounded(terms, reports, as_of)
        if as_json:
            print_json(plan_json(made, planner.others(terms, reports, made)))
        else:
            _show_plan(made, None)
    return made


def _plan_of_kept(contract: str, known_on: date | None, as_of: date | None, as_json: bool) -> Plan:
    with service() as use:
        overview = use.overview(contract, as_of) if known_on is None else use.known_on(contract, known_on, as_of)
    if as_json:
        print_json(plan_json(overview.plan))
    else:
        _show_plan(overview.plan, overview.reports if known_on is None else None)
    return overview.plan


def _show_plan(made: Plan, reports: Sequence[Report] | None) -> None:
    print_lines(plan_text(made, reports))
    print_lines(legend(made.occurrences))


def _exit(made: Plan, what: str) -> Exit:
    if any(question.required for question in made.questions):
        names = ", ".join(question.name for question in made.questions if question.required)
        example = next(question.name for question in made.questions if question.required)
        kept = what == made.contract and not Path(what).exists()
        add = (
            f"obligations event {what} {example} 2026-01-31"
            if kept
            else f"add for example --given {example}=2026-01-31"
        )
        typer.echo(f"obligations: missing: {names}; {add}", err=True)
        return Exit.MISSING_INPUT
    if any(question.kind == "judgment" for question in made.questions):
        return Exit.NEEDS_PERSON
    return Exit.OK


def _given(number: int, text: str) -> Report:
    head, *rest = text.split(",")
    event, sign, when = head.partition("=")
    if not sign:
        fail(f'--given "{text}": write EVENT=DATE, for example employment_started=2026-01-31')
    details = fields(rest)
    received = details.pop("received", None)
    answers = details.pop("answers", "")
    received_on = day(received) if received else None
    return Report(f"given-{number}", event.strip(), day(when.strip()), received_on, details, answers=answers)


def _counted(reports: list[Report]) -> list[Report]:
    """The reports with ids of their own event's count, so that their order on the command line changes nothing."""
    ordered = sorted(reports, key=lambda one: (one.event, one.occurred_on, sorted(one.fields.items())))
    return [replace(one, id=f"given-{number}") for number, one in enumerate(ordered, 1)]


def when(
    phrase: Annotated[str, typer.Argument(help='For example "30 days after 2026-01-31".')], as_json: Json = False
) -> None:
    """Count one span: the day or the window a phrase comes to, and why."""
    with plain_errors():
        found = count(phrase, make_library(read_settings()))
    if isinstance(found.value, Window):
        window = found.value
        result = {"first_on": str(window.first_on), "last_on": str(window.last_on)}
        text = window.words()
    else:
        result = {"on": str(found.value), "weekday": f"{found.value:%A}"}
        text = f"{found.value} ({found.value:%A})"
    if as_json:
        print_json({"schema": "obligations.when/1", "phrase": phrase, **result, "derivation": found.why.as_json()})
        return
    typer.echo(text)
    print_lines(derivation_text(found.why))


def _planner(file: Path) -> Planner:
    return Planner(make_library(read_settings(), beside=file.parent))
