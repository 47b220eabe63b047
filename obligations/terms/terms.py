"""`Terms`: one contract as planning takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from obligations.domain.event import Report
from obligations.terms.clause import Clause
from obligations.terms.declared import EventKind
from obligations.terms.document import Document
from obligations.terms.model import Person, TermsFile
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
        amendment: what made these terms of the ones before; None for a contract that was never amended.
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
    amendment: Amendment | None = None
    # What planning worked out of these terms alone: it follows them, and none that are made of them.
    kept: dict[str, Any] = field(init=False, compare=False, repr=False, default_factory=dict)

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """The clauses by id, in file order."""
        return self.file.clauses

    @property
    def versions(self) -> tuple[Terms, ...]:
        """The terms as first agreed and as each amendment left them, oldest first; the last are these."""
        return (*self.amendment.before.versions, self) if self.amendment is not None else (self,)

    @property
    def own(self) -> TermsFile:
        """What the file itself says: of an amendment only what it states, adds or replaces."""
        return self.amendment.own if self.amendment is not None else self.file

    def under(self, reading: str, option: str) -> Terms:
        """The same contract with one reading chosen otherwise, wherever no amendment settles it."""
        settled = self.amendment is not None and reading in self.amendment.settled
        readings = self.readings if settled else {**self.readings, reading: option}
        return self._over(lambda before: before.under(reading, option), readings)

    def chosen(self, reading: str, option: str, by: str) -> Terms:
        """The same contract with one reading chosen by a person, wherever no amendment settles it."""
        if self.amendment is not None and reading in self.amendment.settled:
            return self._over(lambda before: before.chosen(reading, option, by), self.readings)
        made = self._over(lambda before: before.chosen(reading, option, by), {**self.readings, reading: option})
        return replace(made, chosen_by={**self.chosen_by, reading: by})

    def read_as(self, readings: Mapping[str, str]) -> Terms:
        """The same contract under other readings altogether, but for what an amendment settles."""
        settled = self.amendment.settled if self.amendment is not None else {}
        own = _Settled(readings, settled) if settled else readings
        return self._over(lambda before: before.read_as(readings), own)

    def of_tenant(self, tenant: str) -> Terms:
        """The same contract as one of a tenant's."""
        return replace(self._over(lambda before: before.of_tenant(tenant), self.readings), tenant=tenant)

    def _over(self, change: Callable[[Terms], Terms], readings: Mapping[str, str]) -> Terms:
        """The same terms with other readings, over changed terms before."""
        amendment = self.amendment
        if amendment is not None:
            amendment = replace(amendment, before=change(amendment.before))
        return replace(self, readings=readings, amendment=amendment)

    def event_kinds(self) -> Mapping[str, EventKind]:
        """The events that can be reported, facts included: a fact is restated by an event of its name."""
        return self.file.kinds


@dataclass(frozen=True, slots=True)
class Amendment:
    """What an amendment changed. It governs what is set off from its day on; what runs stays as it was agreed, but for
    the clauses in `changes`.

    Args:
        title: what people call it.
        since: the first day it governs.
        before: the terms it amends.
        own: what it says itself: the parts of the definition that it states, adds or replaces.
        ended: the clauses that nothing sets off any more from that day on, by this amendment or an earlier one.
        changes: the clauses whose running instances follow it too, as far as they were not due or done before.
        running: the clauses of which it says whether what runs changes or continues.
        settled: the readings it, or an earlier amendment, settles.
        stated: the facts it, or an earlier one, states.
    """

    title: str
    since: date
    before: Terms
    own: TermsFile
    ended: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    running: frozenset[str] = frozenset()
    settled: Mapping[str, str] = field(default_factory=dict)
    stated: tuple[Report, ...] = ()


class _Settled(Mapping[str, str]):
    """Readings, some of them settled; the others are asked of whoever knows them."""

    def __init__(self, readings: Mapping[str, str], settled: Mapping[str, str]) -> None:
        self._readings, self._settled = readings, settled

    def __getitem__(self, name: str) -> str:
        return self._settled[name] if name in self._settled else self._readings[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._readings), **self._settled})

    def __len__(self) -> int:
        return len({*self._readings, *self._settled})
