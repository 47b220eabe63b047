"""`Terms`: one contract as planning takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from obligations.terms.document import Document
from obligations.terms.model import Clause, EventKind, Person, TermsFile
from obligations.terms.values import Value


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract ready to be planned: its definition with parameters, chosen readings and people filled in.

    Args:
        contract: the contract's id; the template's own id for a bare template.
        file: the definition.
        parameters: every parameter's typed value.
        readings: the option in use of every reading.
        chosen_by: who chose a reading; absent for defaults.
        people: who plays which role; a role nobody plays is absent.
        document: the file of the definition, where findings in its clauses are placed.
        source: the contract's own file, which holds its examples; the same as `document` without a template.
    """

    contract: str
    title: str
    currency: str
    file: TermsFile
    parameters: Mapping[str, Value]
    readings: Mapping[str, str]
    chosen_by: Mapping[str, str]
    people: Mapping[str, tuple[Person, ...]]
    document: Document
    source: Document
    tenant: str = ""

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses by id, in file order."""
        return self.file.clauses

    def under(self, reading: str, option: str) -> Terms:
        """The same contract with one reading chosen otherwise."""
        return replace(self, readings={**self.readings, reading: option})

    def chosen(self, reading: str, option: str, by: str) -> Terms:
        """The same contract with one reading chosen by a person."""
        return replace(self.under(reading, option), chosen_by={**self.chosen_by, reading: by})

    def event_kinds(self) -> Mapping[str, EventKind]:
        """The events that can be reported, facts included: a fact is restated by an event of its name."""
        return self.file.kinds
