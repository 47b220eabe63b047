"""The table of faults in docs/reliability.md names tests that are there."""

from __future__ import annotations

import re

from tests.docs.pages import TOP, quoted, rows, section, text


def test_every_fault_names_tests_that_exist() -> None:
    """A page would say of a fault that it is tried, after the test of it had gone."""
    table = rows(section(text("docs/reliability.md"), "Faults"))
    assert len(table) > 20
    for fault, _, tests in table:
        named = quoted(tests)
        assert named, f"{fault}: no test is named"
        for one in named:
            path, _, name = one.partition("::")
            assert (TOP / path).is_file(), one
            source = (TOP / path).read_text(encoding="utf-8")
            assert not name or re.search(rf"^ *(async )?def {name}\(", source, re.MULTILINE), one


def test_every_test_of_a_fault_is_in_the_table() -> None:
    """A fault that is tried would be looked for in vain by whoever wants to know."""
    table = section(text("docs/reliability.md"), "Faults")
    for path in sorted((TOP / "tests" / "faults").glob("test_*.py")):
        if path.name == "test_matrix.py":
            continue
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert f"tests/faults/{path.name}::{name}`" in table, name
