"""From the text of an amendment and the terms it amends to the terms as amended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from obligations.domain.event import Report
from obligations.terms.check import check
from obligations.terms.circles import circle, rounds
from obligations.terms.document import Document, Tree, read
from obligations.terms.errors import Finding, TermsError, did_you_mean
from obligations.terms.loader import validated
from obligations.terms.model import AmendmentFile, Clause, TermsFile
from obligations.terms.relations import inheriting
from obligations.terms.terms import Amendment, Terms
from obligations.terms.values import NotAValue, Value, typed

# Sections in which an amendment may name only what the terms do not have yet.
NEW = ("roles", "events", "windows", "define")
# What runs by a schedule of its own, which cannot be changed half-way without granting anew.
_FIXED = ("vest", "accelerate", "grant")


def is_amendment(document: Document) -> bool:
    """Whether a file amends a contract."""
    return "amends" in document.tree


def amendment_file(text: str, name: str) -> AmendmentFile:
    """An amendment by itself, not yet held against the contract it amends; raises `TermsError` for any other text."""
    document = read(text, name)
    if not is_amendment(document):
        message = "this amends nothing: an amendment says `amends: CONTRACT` and `from: DATE`"
        raise TermsError([document.finding(message, ())])
    return validated(AmendmentFile, document)


def amend(before: Terms, text: str, name: str) -> Terms:
    """The terms as the amendment leaves them; raises `TermsError` naming file, line and column.

    `before` are the terms that it amends: those of the contract with every earlier amendment.
    """
    document = read(text, name)
    file = validated(AmendmentFile, document)
    since = file.since
    parameters, findings = _parameters(before, file, document)
    findings += _findings(before, file, document, since)
    if findings:
        raise TermsError(findings)
    terms = _merged(before, file, since, parameters, document)
    findings = check(terms) or list(_circling(terms, document))
    if findings:
        raise TermsError(findings)
    return terms


def _circling(terms: Terms, document: Document) -> Iterator[Finding]:
    """Events that would go round through clauses of different versions, which no version alone lets them."""
    held: dict[str, Clause] = {}
    alone: set[str] = set()
    for number, version in enumerate(terms.versions):
        held |= {f"{name}, version {number}": clause for name, clause in version.clauses.items()}
        alone |= set(rounds(version.file))
    together = terms.file.model_copy(update={"clauses": {**held, **terms.clauses}})
    found = circle(together, terms.parameters)
    round_ = found[0] if found else sorted(set(rounds(together)) - alone)
    if round_:
        words = " and ".join(dict.fromkeys(round_))
        message = f"{words} would bring one another about, by clauses from before the amendment and by its own"
        yield document.finding(message, ("clauses",))


def _merged(
    before: Terms, file: AmendmentFile, since: date, parameters: Mapping[str, Value], document: Document
) -> Terms:
    base, earlier = before.file, before.amendment
    sections = {section: {**getattr(base, section), **getattr(file, section)} for section in (*NEW, "clauses")}
    definition = inheriting(base.model_copy(update={**sections, "examples": []}))
    title = file.called
    stated = tuple(
        Report(f"amendment {since}: {name}", name, since, fields={"value": value}, evidence=title)
        for name, value in file.facts.items()
    )
    # A clause that is stated again is in force again.
    ended = (earlier.ended if earlier else frozenset()) - set(file.clauses) | set(file.ends)
    return Terms(
        contract=before.contract,
        title=before.title,
        currency=before.currency,
        file=definition,
        parameters={**before.parameters, **parameters},
        readings={**before.readings, **file.readings},
        chosen_by={name: by for name, by in before.chosen_by.items() if name not in file.readings}
        | dict.fromkeys(file.readings, title),
        people={**before.people, **{role: tuple(people) for role, people in file.people.items()}},
        document=Document(_placed(document, definition), document.name, document.places, document.key_places),
        source=document,
        tenant=before.tenant,
        amendment=Amendment(
            title=title,
            since=since,
            before=before,
            ended=frozenset(ended),
            changes=frozenset(_changing(before, file)),
            settled={**(earlier.settled if earlier else {}), **file.readings},
            stated=(*(earlier.stated if earlier else ()), *stated),
        ),
    )


def _placed(document: Document, definition: TermsFile) -> dict[str, Tree]:
    """The amendment's own tree; what it does not hold was checked when it was first read."""
    clauses = document.tree.get("clauses", {})
    assert isinstance(clauses, dict)
    return {**document.tree, "clauses": {name: clauses.get(name, {}) for name in definition.clauses}}


def _changing(before: Terms, file: AmendmentFile) -> Iterator[str]:
    """The clauses whose running instances the amendment changes."""
    if isinstance(file.running, dict):
        yield from (name for name, word in file.running.items() if word == "changes")
    elif file.running == "changes":
        yield from (name for name in (*file.clauses, *file.ends) if name in before.clauses)


def _findings(before: Terms, file: AmendmentFile, document: Document, since: date) -> list[Finding]:
    return [
        *_not_for_this(before, file, document, since),
        *_not_new(before, file, document),
        *_not_there(before, file, document),
        *_not_changing(before, file, document),
    ]


def _not_for_this(before: Terms, file: AmendmentFile, document: Document, since: date) -> Iterator[Finding]:
    if file.amends != before.contract:
        yield document.finding(f"this amends {file.amends}, not {before.contract}", ("amends",))
    if before.amendment is not None and since < before.amendment.since:
        message = f"an amendment from {before.amendment.since} stands before this one; order them by their days"
        yield document.finding(message, ("from",))


def _not_new(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    for section in NEW:
        for name in getattr(file, section):
            if name in getattr(before.file, section):
                message = f'the terms have "{name}" already; give what the amendment adds another name'
                yield document.finding(message, (section, name), key=True)


def _not_there(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    known: dict[str, tuple[str, Mapping[str, object]]] = {
        "parameters": ("parameter", before.file.parameters),
        "facts": ("fact", before.file.facts),
        "readings": ("reading", before.file.readings),
        "people": ("role", {**before.file.roles, **file.roles}),
    }
    for section, (word, names) in known.items():
        for name in getattr(file, section):
            if name not in names:
                message = f'the terms have no {word} "{name}".{did_you_mean(name, names)}'
                yield document.finding(message, (section, name), key=True)
    for number, name in enumerate(file.ends):
        if name not in before.clauses:
            message = f'there is no clause "{name}" to end.{did_you_mean(name, before.clauses)}'
            yield document.finding(message, ("ends", number))
        elif name in file.clauses:
            yield document.finding(f"{name} is ended and replaced; keep one of the two", ("ends", number))
    for name, option in file.readings.items():
        reading = before.file.readings.get(name)
        if reading is not None and option not in reading.names:
            message = f'reading {name} has no option "{option}".{did_you_mean(option, reading.names)}'
            yield document.finding(message, ("readings", name))
    for name, value in file.facts.items():
        if name in before.file.facts:
            try:
                typed(value, before.file.facts[name].type, before.currency)
            except NotAValue as error:
                yield document.finding(f"fact {name}: {error}", ("facts", name))


def _not_changing(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    """What is said of running instances must be possible; and what has no trigger runs, so something must be said."""
    said = file.running if isinstance(file.running, dict) else {}
    for name in said:
        if name not in before.clauses:
            message = f'there is no clause "{name}" that runs.{did_you_mean(name, before.clauses)}'
            yield document.finding(message, ("running", name), key=True)
    changing = set(_changing(before, file))
    for name in sorted(changing & set(before.clauses)):
        content = before.clauses[name].content
        if content in _FIXED:
            message = f"{name} is a {content}, and what was granted keeps its schedule; let it continue, and grant anew"
            yield document.finding(message, ("running", name))
    for name in (*file.clauses, *file.ends):
        if name in before.clauses and before.clauses[name].when is None and name not in changing | set(said):
            message = (
                f"nothing sets {name} off, so it runs since the beginning: say under `running` whether it"
                f" changes: `running: {{{name}: changes}}`"
            )
            yield document.finding(message, ("clauses" if name in file.clauses else "ends", name), key=True)


def _parameters(before: Terms, file: AmendmentFile, document: Document) -> tuple[dict[str, Value], list[Finding]]:
    values: dict[str, Value] = {}
    findings: list[Finding] = []
    for name, text in file.parameters.items():
        if name not in before.file.parameters:
            continue
        try:
            values[name] = typed(text, before.file.parameters[name].type, before.currency)
        except NotAValue as error:
            findings.append(document.finding(f"parameter {name}: {error}", ("parameters", name)))
    return values, findings
