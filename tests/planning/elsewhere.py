"""Rules that tests of other files hold: an index that cannot point at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]


def missing(index: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The rules whose test is not there any more: by file, the name of the test of each rule."""
    found = []
    for file, rules in index.items():
        text = (TESTS / f"{file}.py").read_text(encoding="utf-8")
        found += [f"{rule}: {file} {name}" for rule, name in rules.items() if f"def {name}(" not in text]
    return found
