"""Whether an amendment fits the terms it amends: what it adds is new, what it changes is there and can be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obligations.terms.declared import Fact, Parameter, Reading
from obligations.terms.document import Document, Path
from obligations.terms.errors import Finding, did_you_mean
from obligations.terms.fields import Strict
from obligations.terms.model import AmendmentFile
from obligations.terms.terms import Terms
from obligations.terms.values import NotAValue, typed

# Sections in which an amendment may name only what the terms do not have yet.
NEW = ("parties", "roles", "events", "years")
# Sections in which it may also replace what is there, for what is set off from its day on.
REPLACED = ("tables", "notices", "windows", "states", "define")
# What runs by a schedule of its own, which cannot be changed half-way without granting anew.
_FIXED = ("vest", "accelerate", "grant")
_VALUES: Mapping[str, type[Strict]] = {"parameters": Parameter, "facts": Fact, "readings": Reading}


def changing(before: Terms, file: AmendmentFile) -> Iterator[str]:
    """The clauses whose running instances the amendment changes."""
    if isinstance(file.running, dict):
        yield from (name for name, word in file.running.items() if word == "changes")
    elif file.running == "changes":
        yield from (name for name in (*file.clauses, *file.ends) if name in before.clauses)


def misfits(before: Terms, file: AmendmentFile, document: Document) -> list[Finding]:
    """Everything that keeps the amendment from standing on these terms."""
    return [
        *_not_for_this(before, file, document),
        *_not_new(before, file, document),
        *_not_there(before, file, document),
        *_not_of_its_type(before, file, document),
        *_not_counted_so(before, file, document),
        *_not_changing(before, file, document),
    ]


def _not_for_this(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    if file.amends != before.contract:
        yield document.finding(f"this amends {file.amends}, not {before.contract}", ("amends",))
    if before.amendment is not None and file.since < before.amendment.since:
        message = f"an amendment from {before.amendment.since} stands before this one; order them by their days"
        yield document.finding(message, ("from",))


def _not_new(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    for section in NEW:
        for name in getattr(file, section):
            if name in getattr(before.file, section):
                message = f'the terms have "{name}" already; give what the amendment adds another name'
                yield document.finding(message, (section, name), key=True)
    for section, kind in _VALUES.items():
        for name, value in getattr(file, section).items():
            if isinstance(value, kind) and name in getattr(before.file, section):
                ways = {"parameters": "9000.00", "facts": "9000.00", "readings": "OPTION"}
                message = f'the terms have "{name}" already; give it another value, as `{name}: {ways[section]}`'
                yield document.finding(f"{message}, or what you add another name", (section, name), key=True)


def _not_there(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    known: dict[str, tuple[str, Mapping[str, object]]] = {
        "parameters": ("parameter", before.file.parameters),
        "facts": ("fact", before.file.facts),
        "readings": ("reading", before.file.readings),
        "people": ("role", {**before.file.roles, **file.roles}),
    }
    for section, (word, names) in known.items():
        for name, value in getattr(file, section).items():
            declared = section in _VALUES and isinstance(value, _VALUES[section])
            if name not in names and not declared:
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
        if reading is not None and isinstance(option, str) and option not in reading.names:
            message = f'reading {name} has no option "{option}".{did_you_mean(option, reading.names)}'
            yield document.finding(message, ("readings", name))


def _not_of_its_type(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    """Values that are not of the type of what they are given to, and new parameters without one."""
    for section, word in (("parameters", "parameter"), ("facts", "fact")):
        held = getattr(before.file, section)
        for name, value in getattr(file, section).items():
            path: Path = (section, name)
            kind, text = held.get(name), value
            if isinstance(value, Parameter):
                kind, text, path = value, value.default, (section, name, "default")
                if text is None:
                    message = f"parameter {name} has no default: give it a value"
                    yield document.finding(message, (section, name), key=True)
            if kind is None or not isinstance(text, str):
                continue
            try:
                typed(text, kind.type, before.currency)
            except NotAValue as error:
                yield document.finding(f"{word} {name}: {error}", path)


def _not_counted_so(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    """Counting may change for what is set off from its day on, but a contract's days end in one zone for ever."""
    for slot in sorted(file.counting.model_fields_set):
        ruling = next((name for name, one in before.file.readings.items() if one.governs == slot), None)
        if slot == "zone" and before.file.counting.zone != file.counting.zone:
            message = "the days of a contract end in one time zone from first to last; leave out `zone`"
            yield document.finding(message, ("counting", slot), key=True)
        elif ruling is not None:
            message = f"the reading {ruling} governs {slot}; settle it by `readings: {{{ruling}: OPTION}}`"
            yield document.finding(message, ("counting", slot), key=True)
    for name, reading in file.readings.items():
        if isinstance(reading, Reading) and reading.governs == "zone":
            message = "the days of a contract end in one time zone from first to last; no amendment offers another"
            yield document.finding(message, ("readings", name, "governs"))


def _not_changing(before: Terms, file: AmendmentFile, document: Document) -> Iterator[Finding]:
    """What is said of running instances must be possible; and what has no trigger runs, so something must be said."""
    said = file.running if isinstance(file.running, dict) else {}
    for name in said:
        if name not in before.clauses:
            message = f'there is no clause "{name}" that runs.{did_you_mean(name, before.clauses)}'
            yield document.finding(message, ("running", name), key=True)
    changed = set(changing(before, file))
    for name in sorted(changed & set(before.clauses)):
        content = before.clauses[name].content
        if content in _FIXED:
            message = f"{name} is a {content}, and what was granted keeps its schedule; let it continue, and grant anew"
            yield document.finding(message, ("running", name))
    for name in (*file.clauses, *file.ends):
        if name in before.clauses and before.clauses[name].when is None and name not in changed | set(said):
            message = (
                f"nothing sets {name} off, so it runs since the beginning: say under `running` whether it"
                f" changes: `running: {{{name}: changes}}`"
            )
            yield document.finding(message, ("clauses" if name in file.clauses else "ends", name), key=True)
