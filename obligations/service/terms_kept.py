"""The use cases about contracts and the texts of their terms: keeping one, changing it, and what was known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from obligations.domain.event import Report, chosen, known_by
from obligations.planning.answers import ANSWERS
from obligations.planning.plan import Plan
from obligations.ports import LedgerEntry, StoredContract, TermsVersion, Transaction
from obligations.service.contracts import Kept, Planner
from obligations.service.errors import NotFound, Refused
from obligations.service.previews import Preview, Previews, confirm
from obligations.terms.amendment import amend, amendment_file
from obligations.terms.terms import Terms
from schedules.instants import end_of_day

OF_AMENDMENTS = ("amended", "withdrawn")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Overview:
    """One contract with its plan as of today."""

    stored: StoredContract
    plan: Plan
    reports: tuple[Report, ...]


class Contracts(Previews):
    """Contracts and their terms."""

    def preview_change(self, source: str, name: str) -> Preview:
        """What replacing the terms of a kept contract would change. Nothing is written.

        Raises `TermsError` for terms that are not right, `NotFound` where the contract is not kept.
        """
        terms = self.planner.terms(source, name)
        template = self._template_text(source, name)
        with self._store.read() as view:
            held = self._kept(view, terms.contract)
            deliveries = view.deliveries(terms.contract)
        return self._preview(held, self._changed(held, source, template), deliveries)

    def add_contract(
        self, source: str, name: str, *, actor: str, change: bool = False, confirmed: str | None = None
    ) -> Overview:
        """Keep a contract and plan it; with `change`, replace the text of one that is kept already.

        `confirmed` is the mark of the preview of a change that a person agreed to; raises `PlanMoved` when the plan is
        no longer that, `TermsError` for terms that are not right, `Refused` where the contract is there already (or not
        yet).
        """
        terms = self.planner.terms(source, name)
        template = self._template_text(source, name)
        now = self._clock.now()

        def asked(view: Transaction, lock: bool) -> tuple[Kept | None, Kept]:
            if change:
                held = self._kept(view, terms.contract, lock=lock)
                return held, self._changed(held, source, template)
            if view.contract(terms.contract, lock=lock) is not None:
                raise Refused(
                    f"contract {terms.contract} is kept already; `obligations contract add --change FILE` replaces"
                    " its terms"
                )
            tenant = self._library.tenant
            stored = StoredContract(terms.contract, terms.title, source, template, now, actor, None, tenant)
            return None, self.planner.kept(stored, view.log(terms.contract))

        def keep(view: Transaction, asked: tuple[Kept | None, Kept], plan: Plan) -> Overview:
            _, kept = asked
            view.put_contract(kept.stored)
            self._keep_version(view, kept.stored, "changed" if change else "added", now, actor)
            verb = "terms changed" if change else "contract added"
            view.note(LedgerEntry(now, actor, verb, terms.contract, terms.contract, after=terms.title))
            self._keep_plan(view, plan, now, actor)
            return Overview(kept.stored, plan, kept.reports)

        return self._worked_out(asked, lambda it: self._confirmed(it[0], it[1], confirmed), keep)

    def _confirmed(self, held: Kept | None, then: Kept, mark: str | None) -> Plan:
        """The plan to keep; raises `PlanMoved` where a person agreed to the preview of another change."""
        if held is not None and mark is not None:
            confirm(self._plan(held), self._plan(then), mark)
        return self.planner.with_bounds(then, self.planner.today(then.terms, self._clock.now()))

    def _changed(self, held: Kept, source: str, template: str) -> Kept:
        """The contract as kept, on other terms."""
        terms = self.planner.terms(source, held.stored.id, template)
        stored = replace(held.stored, title=terms.title, source=source, template=template, replan_at=None)
        _refuse_choices_lost(held, terms)
        return self.planner.kept(stored, held.log)

    def _template_text(self, source: str, name: str) -> str:
        """The text of the template a contract stands on; nothing for one with clauses of its own."""
        used: list[str] = []

        def seen(wanted: str) -> tuple[str, str]:
            text, label = self._library.templates(wanted)
            used.append(text)
            return text, label

        Planner(replace(self._library, templates=seen)).terms(source, name)
        return used[0] if used else ""

    def contracts(self) -> Sequence[StoredContract]:
        """Every contract, by id."""
        with self._store.read() as view:
            return view.contracts()

    def overview(self, contract: str, as_of: date | None = None) -> Overview:
        """One contract with its plan as of today, or as of another day."""
        with self._store.read() as view:
            kept = self._kept(view, contract)
            if as_of is None:
                return Overview(kept.stored, self._plan(kept, view), kept.reports)
        made = self.planner.bounded(kept.terms, kept.reports, as_of)
        return Overview(kept.stored, made, kept.reports)

    def preview_amendment(self, source: str, name: str) -> Preview:
        """What an amendment would change. Nothing is written.

        Raises `TermsError` for one that is not right or does not fit the contract, `NotFound` where that is not kept,
        and `Refused` where the amendment is kept already as it is.
        """
        with self._store.read() as view:
            held, then = self._amended(view, source, name, lock=False)
            deliveries = view.deliveries(held.stored.id)
        return self._preview(held, then, deliveries)

    def amend(self, source: str, name: str, *, actor: str, confirmed: str | None = None) -> Overview:
        """Keep an amendment of a contract and re-plan, in one transaction. It is known by its day and title: another
        text under the same replaces it."""
        now = self._clock.now()

        def keep(view: Transaction, amended: tuple[Kept, Kept], plan: Plan) -> Overview:
            _, then = amended
            amendment = _called(source, name)
            view.put_contract(then.stored)
            number = len(view.versions(then.stored.id)) + 1
            view.add_version(replace(amendment, number=number, recorded_at=now, recorded_by=actor))
            said = f"{amendment.title}, from {amendment.from_on}"
            view.note(LedgerEntry(now, actor, "terms amended", then.stored.id, then.stored.id, after=said))
            self._keep_plan(view, plan, now, actor)
            return Overview(then.stored, plan, then.reports)

        return self._worked_out(
            lambda view, lock: self._amended(view, source, name, lock=lock),
            lambda amended: self._confirmed(*amended, confirmed),
            keep,
        )

    def preview_amendment_withdrawn(self, source: str, name: str) -> Preview:
        """What withdrawing an amendment would change. Nothing is written.

        It is known by its day and title, whatever else the text says. Raises `NotFound` where the contract or the
        amendment is not kept, and `TermsError` where a later amendment builds on it.
        """
        with self._store.read() as view:
            held, then, _ = self._unamended(view, source, name, lock=False)
            deliveries = view.deliveries(held.stored.id)
        return self._preview(held, then, deliveries)

    def withdraw_amendment(self, source: str, name: str, *, actor: str, confirmed: str | None = None) -> Overview:
        """Withdraw an amendment that was recorded in error, and re-plan, in one transaction. Its text stays among the
        contract's versions, and what was believed on a day still knows it."""
        now = self._clock.now()

        def keep(view: Transaction, unamended: tuple[Kept, Kept, TermsVersion], plan: Plan) -> Overview:
            _, then, amendment = unamended
            view.put_contract(then.stored)
            number = len(view.versions(then.stored.id)) + 1
            view.add_version(replace(amendment, number=number, kind="withdrawn", recorded_at=now, recorded_by=actor))
            said = f"{amendment.title}, from {amendment.from_on}"
            view.note(LedgerEntry(now, actor, "amendment withdrawn", then.stored.id, then.stored.id, before=said))
            self._keep_plan(view, plan, now, actor)
            return Overview(then.stored, plan, then.reports)

        return self._worked_out(
            lambda view, lock: self._unamended(view, source, name, lock=lock),
            lambda unamended: self._confirmed(unamended[0], unamended[1], confirmed),
            keep,
        )

    def _unamended(self, view: Transaction, source: str, name: str, *, lock: bool) -> tuple[Kept, Kept, TermsVersion]:
        """The contract as it is kept, and without the amendment, and that amendment as it is kept."""
        asked = _called(source, name)
        held = self._kept(view, asked.contract, lock=lock)
        known = [one for one in view.versions(asked.contract) if one.kind in OF_AMENDMENTS]
        same = [one for one in _in_force(known) if (one.from_on, one.title) == (asked.from_on, asked.title)]
        if not same:
            there = "; ".join(f"{one.title}, from {one.from_on}" for one in _in_force(known)) or "none"
            raise NotFound(
                f"{asked.contract} has no amendment {asked.title}, from {asked.from_on}, in force; it has: {there}"
            )
        texts = _amendments([*known, replace(same[0], number=len(known) + 2, kind="withdrawn")])
        terms = self.planner.terms(held.stored.source, held.stored.id, held.stored.template, texts)
        _refuse_choices_lost(held, terms)
        _refuse_reports_lost(held, terms)
        stored = replace(held.stored, amendments=texts, replan_at=None)
        return held, self.planner.kept(stored, held.log), same[0]

    def _amended(self, view: Transaction, source: str, name: str, *, lock: bool) -> tuple[Kept, Kept]:
        """The contract as it is kept, and with the amendment."""
        amendment = _called(source, name)
        held = self._kept(view, amendment.contract, lock=lock)
        known = [one for one in view.versions(amendment.contract) if one.kind in OF_AMENDMENTS]
        if source in held.stored.amendments:
            raise Refused(f"{amendment.title} of {amendment.contract} is kept already, word for word")
        texts = _amendments([*known, replace(amendment, number=len(known) + 2)])
        stored = held.stored
        before = self.planner.terms(stored.source, stored.id, stored.template, texts[: texts.index(source)])
        amend(before, source, name)
        return held, self.planner.kept(replace(stored, amendments=texts, replan_at=None), held.log)

    def versions(self, contract: str) -> Sequence[TermsVersion]:
        """Every text the contract's terms came from, the first it was added with; raises `NotFound`."""
        with self._store.read() as view:
            return view.versions(self._kept(view, contract).stored.id)

    def known_on(self, contract: str, day: date, as_of: date | None = None) -> Overview:
        """One contract as it was believed at the end of a day: the events, readings and terms recorded by then.

        It is judged by that day too unless `as_of` says another. Raises `NotFound`, and `Refused` for a day before the
        contract was kept.
        """
        with self._store.read() as view:
            kept = self._kept(view, contract)
            versions = view.versions(kept.stored.id)
        until = end_of_day(day, self.planner.zone(kept.terms))
        then = [one for one in versions if one.recorded_at < until]
        texts = [one for one in then if one.kind not in OF_AMENDMENTS]
        if not texts:
            first = self.planner.today(kept.terms, kept.stored.added_at)
            raise Refused(f"nothing was known of {contract} on {day}; it was added on {first}")
        stored = replace(
            kept.stored,
            title=texts[-1].title,
            source=texts[-1].source,
            template=texts[-1].template,
            amendments=_amendments([one for one in then if one.kind in OF_AMENDMENTS]),
        )
        believed = self.planner.kept(stored, known_by(kept.log, until))
        return Overview(stored, self.planner.bounded(believed.terms, believed.reports, as_of or day), believed.reports)

    def _keep_version(
        self,
        view: Transaction,
        stored: StoredContract,
        kind: Literal["added", "changed"],
        now: datetime,
        actor: str,
    ) -> None:
        number = len(view.versions(stored.id)) + 1
        view.add_version(
            TermsVersion(stored.id, number, kind, stored.title, stored.source, stored.template, now, actor)
        )


def _called(source: str, name: str) -> TermsVersion:
    """An amendment's text with the contract it amends, its day and its title; raises `TermsError` for another text."""
    file = amendment_file(source, name)
    return TermsVersion(file.amends, 1, "amended", file.called, source, "", _NEVER, "", file.since)


def _amendments(versions: Sequence[TermsVersion]) -> tuple[str, ...]:
    """The texts of the amendments in force, by their days."""
    return tuple(one.source for one in _in_force(versions))


def _in_force(versions: Sequence[TermsVersion]) -> list[TermsVersion]:
    """The amendments in force, by their days: of two with one day and title the later one recorded, unless that is
    withdrawn."""
    latest = {(one.from_on or date.min, one.title): one for one in versions}
    first = {key: number for number, key in reversed([*enumerate((it.from_on, it.title) for it in versions)])}
    ordered = sorted(latest.items(), key=lambda item: (item[0][0], first[item[0]]))
    return [one for _, one in ordered if one.kind == "amended"]


def _refuse_reports_lost(held: Kept, terms: Terms) -> None:
    """Raises `Refused` where something was reported that the terms would know no more."""
    kinds = {*terms.event_kinds(), *ANSWERS}
    lost = next((one for one in held.reports if one.event not in kinds), None)
    if lost is not None:
        raise Refused(
            f"{lost.event} was reported for {lost.occurred_on}, which the terms without the amendment do not know;"
            f" withdraw that first: obligations withdraw {lost.id}"
        )


def _refuse_choices_lost(held: Kept, terms: Terms) -> None:
    """Raises `Refused` where a reading that a person chose would lose the option they chose."""
    for name, choice in chosen(held.log).items():
        reading = terms.file.readings.get(name)
        if reading is not None and choice.option not in reading.names:
            raise Refused(
                f'{choice.recorded_by} chose "{choice.option}" for {name}, which these terms no longer offer; choose'
                f" another first: obligations reading {terms.contract} {name} OPTION --as PERSON"
            )
