"""From the text of an amendment and the terms it amends to the terms as amended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from obligations.domain.event import Report
from obligations.terms.amendment_fit import NEW, REPLACED, changing, misfits
from obligations.terms.check import check
from obligations.terms.circles import circle, rounds
from obligations.terms.clause import Clause
from obligations.terms.declared import Fact, Parameter, Reading
from obligations.terms.document import Document, Tree, read
from obligations.terms.errors import Finding, TermsError
from obligations.terms.loader import validated
from obligations.terms.model import AmendmentFile, TermsFile, with_channels
from obligations.terms.relations import inheriting
from obligations.terms.terms import Amendment, Terms
from obligations.terms.values import Value, typed

_OWN = (*NEW, *REPLACED, "parameters", "facts", "readings", "clauses")


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
    findings = misfits(before, file, document)
    if findings:
        raise TermsError(findings)
    terms = _merged(before, file, file.since, document)
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
    for version in terms.versions:
        # A window or a definition that was replaced is held against the clauses of all versions as each has it.
        defined = {name: getattr(version.file, name) for name in ("windows", "states", "define")}
        if version is not terms and all(defined[name] == getattr(terms.file, name) for name in defined):
            continue
        defined = {name: {**getattr(terms.file, name), **defined[name]} for name in defined}
        together = terms.file.model_copy(update={**defined, "clauses": {**held, **terms.clauses}})
        found = circle(together, terms.parameters)
        round_ = found[0] if found else sorted(set(rounds(together)) - alone)
        if round_:
            words = " and ".join(dict.fromkeys(round_))
            message = f"{words} would bring one another about, by clauses from before the amendment and by its own"
            yield document.finding(message, ("clauses",))
            return


def _merged(before: Terms, file: AmendmentFile, since: date, document: Document) -> Terms:
    base, earlier = before.file, before.amendment
    definition = inheriting(_definition(base, file))
    parameters: dict[str, Value] = {}
    for name, value in file.parameters.items():
        text = value.default if isinstance(value, Parameter) else value
        assert text is not None, "a parameter without a value was found before"
        parameters[name] = typed(text, definition.parameters[name].type, before.currency)
    title = file.called
    stated = tuple(
        Report(f"amendment {since}: {name}", name, since, fields={"value": value}, evidence=title)
        for name, value in file.facts.items()
        if isinstance(value, str)
    )
    settled = {name: option for name, option in file.readings.items() if isinstance(option, str)}
    offered = {name: reading.use for name, reading in file.readings.items() if isinstance(reading, Reading)}
    # A clause that is stated again is in force again.
    ended = (earlier.ended if earlier else frozenset()) - set(file.clauses) | set(file.ends)
    return Terms(
        contract=before.contract,
        title=before.title,
        currency=before.currency,
        file=definition,
        parameters={**before.parameters, **parameters},
        readings={**before.readings, **settled, **offered},
        chosen_by={name: by for name, by in before.chosen_by.items() if name not in settled}
        | dict.fromkeys(settled, title),
        people={**before.people, **{role: tuple(people) for role, people in file.people.items()}},
        document=Document(_placed(document, definition), document.name, document.places, document.key_places),
        source=document,
        tenant=before.tenant,
        amendment=Amendment(
            title=title,
            since=since,
            before=before,
            own=_own(definition, file),
            ended=frozenset(ended),
            changes=frozenset(changing(before, file)),
            running=frozenset(file.running) if isinstance(file.running, dict) else frozenset(),
            settled={**(earlier.settled if earlier else {}), **settled},
            stated=(*(earlier.stated if earlier else ()), *stated),
        ),
    )


def _definition(base: TermsFile, file: AmendmentFile) -> TermsFile:
    """The base with what the amendment adds and replaces; what accounts for and tests it is the amendment's own."""
    sections = {name: {**getattr(base, name), **getattr(file, name)} for name in (*NEW, *REPLACED, "clauses")}
    for name, kind in (("parameters", Parameter), ("facts", Fact), ("readings", Reading)):
        declared = {key: value for key, value in getattr(file, name).items() if isinstance(value, kind)}
        sections[name] = {**getattr(base, name), **declared}
    sections["events"] = with_channels(sections["events"], sections["notices"], base.notices)
    counting = {slot: getattr(file.counting, slot) for slot in file.counting.model_fields_set}
    return base.model_copy(
        update={
            **sections,
            "counting": base.counting.model_copy(update=counting),
            "compare": file.compare,
            "coverage": file.coverage,
            "examples": file.examples,
        }
    )


def _own(definition: TermsFile, file: AmendmentFile) -> TermsFile:
    """What of the definition the amendment itself says."""
    said = {
        name: {key: value for key, value in getattr(definition, name).items() if key in getattr(file, name)}
        for name in _OWN
    }
    return definition.model_copy(update=said)


def _placed(document: Document, definition: TermsFile) -> dict[str, Tree]:
    """The amendment's own tree; what it does not hold was checked when it was first read."""
    clauses = document.tree.get("clauses", {})
    assert isinstance(clauses, dict)
    return {**document.tree, "clauses": {name: clauses.get(name, {}) for name in definition.clauses}}
