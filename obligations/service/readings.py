"""The use cases about readings: which there are, and choosing one where the document leaves two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from obligations.domain.event import Choice, chosen
from obligations.ports import LedgerEntry, Transaction
from obligations.service import lookup
from obligations.service.contracts import Kept
from obligations.service.errors import Refused
from obligations.service.previews import Entry, Preview, Previews
from obligations.terms.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class InUse:
    """A reading of a contract: its options, the one in use, who chose that and when; both empty for the file's own."""

    name: str
    options: tuple[str, ...]
    use: str
    chosen_by: str
    chosen_on: date | None
    cite: str
    why: str


class Readings(Previews):
    """Readings: the file's own choice is the base, a person's comes on top, and every choice stays in the log."""

    def readings(self, contract: str) -> Sequence[InUse]:
        """Every reading of a contract, in the order of its terms."""
        with self._store.read() as view:
            kept = self._kept(view, contract)
        choices = chosen(kept.log)
        return [
            InUse(
                name,
                reading.names,
                kept.terms.readings[name],
                kept.terms.chosen_by.get(name, ""),
                self.planner.today(kept.terms, choices[name].recorded_at) if name in choices else None,
                reading.cite,
                reading.why,
            )
            for name, reading in kept.terms.file.readings.items()
        ]

    def preview_reading(self, contract: str, name: str, option: str, *, person: str) -> Preview:
        """What choosing a reading would change. Nothing is written.

        Raises `NeedsPerson` for somebody the contract does not name, `Refused` for a reading or an option that is not
        there, or that this person chose already.
        """
        now = self._clock.now()
        return self._previewed(
            lambda view, lock: self._choosing(view, contract, name, option, person, now, "", "", lock=lock)
        )

    def choose(
        self,
        contract: str,
        name: str,
        option: str,
        *,
        person: str,
        choice_id: str,
        reason: str = "",
        confirmed: str | None = None,
    ) -> Preview:
        """Record that a person chose a reading, and re-plan under it, in one transaction."""
        now = self._clock.now()
        return self._recorded(
            lambda view, lock: self._choosing(view, contract, name, option, person, now, choice_id, reason, lock=lock),
            confirmed,
        )

    def _choosing(
        self,
        view: Transaction,
        contract: str,
        name: str,
        option: str,
        person: str,
        now: datetime,
        choice_id: str,
        reason: str,
        *,
        lock: bool,
    ) -> Entry:
        kept = self._kept(view, contract, lock=lock)
        _refuse_no_option(kept, name, option)
        who, _ = lookup.person(kept.terms, person)
        by, before = lookup.identity(who), chosen(kept.log).get(name)
        if before is not None and (before.option, before.recorded_by) == (option, by):
            raise Refused(f'{who.name} chose "{option}" for {name} already')
        entry = Choice(choice_id or "preview", name, option, now, by, reason)
        was = kept.terms.readings[name]
        line = LedgerEntry(
            now, by, "reading chosen", kept.stored.id, name, before=f'"{was}"', after=f'"{option}"', reason=reason
        )
        return Entry(kept, (entry,), line)


def _refuse_no_option(kept: Kept, name: str, option: str) -> None:
    readings = kept.terms.file.readings
    if not readings:
        raise Refused(f"the terms of {kept.stored.id} leave no reading open")
    if name not in readings:
        raise Refused(f'the terms of {kept.stored.id} have no reading "{name}".{did_you_mean(name, readings)}')
    names = readings[name].names
    if option not in names:
        raise Refused(f'reading {name} has no option "{option}".{did_you_mean(option, names)}')
