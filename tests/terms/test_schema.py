"""The exported JSON Schema is one that an editor can hold the shipped files against."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from config.shipped import find_template, template_ids
from obligations.terms.model import json_schema
from tests.terms.test_contract_files import CONTRACT

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def faults(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> list[str]:
    """What does not fit: as much of JSON Schema as ours uses, and an error for what it does not know."""
    if "$ref" in schema:
        return faults(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "anyOf" in schema:
        tried = [faults(value, part, root, at) for part in schema["anyOf"]]
        return [] if not all(tried) else max(tried, key=lambda found: max(fault.count("/") for fault in found))
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r} is none of {schema['enum']}"]
    kinds = schema.get("type", list(TYPES))
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(isinstance(value, TYPES[kind]) for kind in kinds):
        return [f"{at}: {value!r} is no {kinds}"]
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return [f"{at}: {value!r} is not of the form {schema['pattern']}"]
    if isinstance(value, list):
        return [
            fault for n, part in enumerate(value) for fault in faults(part, schema.get("items", {}), root, f"{at}/{n}")
        ]
    if isinstance(value, dict):
        return [*(f"{at}: {name} is missing" for name in schema.get("required", ()) if name not in value)] + [
            fault for name, part in value.items() for fault in _property(name, part, schema, root, at)
        ]
    return []


def _property(name: str, value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    if name in schema.get("properties", {}):
        return faults(value, schema["properties"][name], root, f"{at}/{name}")
    for pattern, part in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            return faults(value, part, root, f"{at}/{name}")
    further = schema.get("additionalProperties", True)
    if further is False:
        return [f"{at}: {name} is not known"]
    return [] if further is True else faults(value, further, root, f"{at}/{name}")


def as_an_editor_reads(text: str) -> Any:
    """The file with scalars typed as YAML guesses them; dates stay text, as in JSON."""
    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(text), default=str))


SCHEMA = json_schema()
FILES = {**{name: find_template(name)[0] for name in template_ids()}, "a contract": CONTRACT}


@pytest.mark.parametrize("name", FILES)
def test_shipped_files_fit_the_schema(name: str) -> None:
    assert faults(as_an_editor_reads(FILES[name]), SCHEMA, SCHEMA) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clauses:", "clause:"),
        (
            "    who: employee owes company\n    task: Sign, date",
            "    whom: employee owes company\n    task: Sign, date",
        ),
        ("terms: 1", "terms: 2"),
        ("once: yes", "once: maybe"),
        ("type: span", "type: length"),
        ("first of: [terminated, resigned]", "first or: [terminated, resigned]"),
    ],
)
def test_a_file_with_a_fault_does_not(old: str, new: str) -> None:
    text = FILES["offer-letter"]
    assert old in text
    broken = text.replace(old, new, 1)
    assert faults(as_an_editor_reads(broken), SCHEMA, SCHEMA)


def test_the_schema_names_every_word_of_a_clause() -> None:
    words = SCHEMA["$defs"]["Clause"]["properties"]
    assert {"cite", "who", "task", "pay", "when", "if", "by", "exactly", "until", "remind", "do"} <= set(words)
    assert all("description" in one for one in (SCHEMA["$defs"]["Clause"], SCHEMA["$defs"]["Reading"]))
