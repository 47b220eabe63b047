"""From the text of a terms file to `Terms`: read, typed, merged with its template, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from obligations.terms.check import check
from obligations.terms.document import Document, Path, read
from obligations.terms.errors import Finding, TermsError, did_you_mean
from obligations.terms.fields import Strict
from obligations.terms.model import DECLARED, STATED, Chosen, ContractFile, TermsFile
from obligations.terms.relations import inheriting
from obligations.terms.terms import Terms
from obligations.terms.values import NotAValue, Value, typed

Model = TypeVar("Model", bound=Strict)

Templates = Callable[[str], tuple[str, str]]
"""Finds a template by its id or path: gives its text and a name for messages; raises `LookupError` with words."""


def load(text: str, name: str, templates: Templates) -> Terms:
    """The terms in a text, ready to plan; raises `TermsError` naming file, line, column and clause.

    `name` is what messages call the file. A contract on a template gets the template's text from `templates`.
    """
    document = read(text, name)
    if "amends" in document.tree:
        message = (
            "this amends a contract: `obligations contract amend FILE` holds it against that one and shows what changes"
        )
        raise TermsError([document.finding(message, ("amends",))])
    head = document.tree.get("contract")
    if isinstance(head, dict) and isinstance(head.get("template"), str) and "clauses" not in document.tree:
        terms = _contract(document, templates)
    else:
        terms = _definition(document)
    findings = check(terms)
    if findings:
        raise TermsError(findings)
    return terms


def _definition(document: Document) -> Terms:
    file = inheriting(validated(TermsFile, document))
    head = file.contract or file.template
    if head is None:
        raise TermsError([document.finding("say what this is: `template:` or `contract:` with an id", ())])
    currency = head.currency or "USD"
    parameters, findings = _parameters(file, {}, currency, document, document)
    if findings:
        raise TermsError(findings)
    return Terms(
        contract=head.id,
        title=head.title or head.id,
        currency=currency,
        file=file,
        parameters=parameters,
        readings={name: reading.use for name, reading in file.readings.items()},
        chosen_by={},
        people={role: tuple(people) for role, people in file.people.items()},
        document=document,
        source=document,
    )


# Contracts stand on a few templates, which are read once for all of them.
@lru_cache(32)
def _template(text: str, name: str) -> Terms:
    return _definition(read(text, name))


def _contract(document: Document, templates: Templates) -> Terms:
    contract = validated(ContractFile, document)
    wanted = contract.contract.template or ""
    try:
        text, name = templates(wanted)
    except LookupError as error:
        raise TermsError([document.finding(str(error.args[0]), ("contract", "template"))]) from None
    base = _template(text, name)
    currency = contract.contract.currency or base.currency
    parameters, findings = _parameters(base.file, contract.parameters, currency, base.document, document)
    findings += _unknown(contract.parameters, base.file.parameters, "parameters", "parameter", document)
    findings += _unknown(contract.people, base.file.roles, "people", "role", document)
    findings += _unknown(contract.readings, base.file.readings, "readings", "reading", document)
    findings += _wrong_options(contract.readings, base.file, document)
    if findings:
        raise TermsError(findings)
    chosen = contract.readings
    return Terms(
        contract=contract.contract.id,
        title=contract.contract.title or base.title,
        currency=currency,
        file=base.file.as_agreed(contract.parties, contract.examples),
        parameters=parameters,
        readings={**base.readings, **{name: choice.use for name, choice in chosen.items()}},
        chosen_by={name: choice.chosen_by for name, choice in chosen.items() if choice.chosen_by},
        people={**base.people, **{role: tuple(people) for role, people in contract.people.items()}},
        document=base.document,
        source=document,
    )


def _wrong_options(chosen: Mapping[str, Chosen], file: TermsFile, document: Document) -> list[Finding]:
    return [
        document.finding(
            f'reading {name} has no option "{choice.use}".{did_you_mean(choice.use, file.readings[name].names)}',
            ("readings", name),
        )
        for name, choice in chosen.items()
        if name in file.readings and choice.use not in file.readings[name].names
    ]


def _unknown(
    given: Mapping[str, object], known: Mapping[str, object], section: str, word: str, document: Document
) -> list[Finding]:
    return [
        document.finding(f'the template has no {word} "{name}".{did_you_mean(name, known)}', (section, name), key=True)
        for name in given
        if name not in known
    ]


def _parameters(
    file: TermsFile, given: Mapping[str, str], currency: str, base: Document, document: Document
) -> tuple[dict[str, Value], list[Finding]]:
    values: dict[str, Value] = {}
    findings: list[Finding] = []
    for name, parameter in file.parameters.items():
        text = given.get(name, parameter.default)
        if text is None:
            path: Path = ("parameters", name)
            findings.append(document.finding(f"parameter {name} has no default: give it a value", path))
            continue
        try:
            values[name] = typed(text, parameter.type, currency)
        except NotAValue as error:
            where = (document, ("parameters", name)) if name in given else (base, ("parameters", name, "default"))
            findings.append(where[0].finding(f"parameter {name}: {error}", where[1]))
    return values, findings


# --- pydantic's findings, with places -------------------------------------------------------------------------------


def validated(model: type[Model], document: Document) -> Model:
    """The file as the model has it; raises `TermsError` with a place for everything that does not fit."""
    try:
        return model.model_validate(document.tree)
    except ValidationError as error:
        raise TermsError([_finding(model, detail, document) for detail in error.errors()]) from None


def _finding(model: type[Strict], detail: ErrorDetails, document: Document) -> Finding:
    path: Path = tuple(step for step in detail["loc"] if step not in (STATED, DECLARED))
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            known = _known_words(model, path[:-1])
            message = f'the word "{path[-1]}" is not known here.{did_you_mean(str(path[-1]), known)}'
            return document.finding(message, path, key=True)
        case "missing":
            return document.finding(f'"{path[-1]}" is missing here; add it', path[:-1])
        case "phrase":
            return document.finding(str(context["message"]), (*path, *context["at"]), offset=int(context["offset"]))
        case "value_error":
            return document.finding(str(context["error"]), path)
        case "string_pattern_mismatch" if path and path[-1] == "[key]":
            return document.finding(f'"{path[-2]}" is no name: use small letters, digits and _', path[:-1], key=True)
        case "string_pattern_mismatch":
            return document.finding(f'"{detail["input"]}" is not of the form {context.get("pattern")}', path)
        case _:
            said = detail["msg"][:1].lower() + detail["msg"][1:]
            return document.finding(f"{said}; found {str(detail['input'])[:40]!r}", path)


def _known_words(model: type[Strict], path: Path) -> list[str]:
    """The words that may stand at a path of the model."""
    current: object = model
    for step in path:
        fields = _fields(current)
        current = _inner(fields[str(step)]) if str(step) in fields else _inner(current)
    return list(_fields(current))


def _fields(annotation: object) -> dict[str, object]:
    if isinstance(annotation, type) and issubclass(annotation, Strict):
        return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
    return {}


def _inner(annotation: object) -> object:
    """The model inside a dict, list, optional or annotated type."""
    for part in reversed(getattr(annotation, "__args__", ())):
        if isinstance(part, type) and issubclass(part, Strict):
            return part
        inner = _inner(part)
        if inner is not part:
            return inner
    return annotation
