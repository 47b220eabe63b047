"""The use cases about what is sent: looking, agreeing, refusing, sending again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.domain.event import Correction, Withdrawal, in_force
from obligations.domain.occurrence import Occurrence, State
from obligations.planning.content import REVERSE, owed
from obligations.planning.plan import Plan
from obligations.planning.revisions import stands_in_the_way
from obligations.planning.world import PlanningError
from obligations.ports import Attempt, Decision, LedgerEntry, StoredDelivery, Transaction
from obligations.service import approvals, lookup
from obligations.service.contracts import Kept
from obligations.service.errors import NeedsPerson, NotFound, PlanMoved, Refused
from obligations.service.ground import Ground
from obligations.service.lookup import SHORTEST_ID
from obligations.terms.model import Person

# Lines of the record whose actors had a hand in everything that follows from the terms.
WROTE_TERMS = ("contract added", "terms changed", "terms amended", "amendment withdrawn", "reading chosen")

# What somebody can let go on. The states stand in the order in which a person is told of them.
_STOPPED = (DeliveryState.PARKED, DeliveryState.REFUSED, DeliveryState.RETRYING)


class Deliveries(Ground):
    """What is sent, was sent, or waits for a person."""

    def deliveries(
        self, contract: str | None = None, states: Collection[DeliveryState] | None = None, limit: int | None = None
    ) -> Sequence[StoredDelivery]:
        """Deliveries by instant; raises `NotFound` for a contract that is not there."""
        with self._store.read() as view:
            if contract is not None:
                lookup.contract(view, contract)
            return view.deliveries(contract, states=states, limit=limit)

    def attempts(self, key: UUID) -> Sequence[Attempt]:
        """Every try of one delivery."""
        with self._store.read() as view:
            return view.attempts(key)

    def needed(self, deliveries: Sequence[StoredDelivery]) -> dict[UUID, tuple[str, ...]]:
        """The roles that still have to agree, for each proposed delivery."""
        with self._store.read() as view:
            open_ones = [one for one in deliveries if one.state is DeliveryState.PROPOSED]
            held = {
                contract: approvals.holders(self._kept(view, contract).terms)
                for contract in {one.push.contract for one in open_ones}
            }
            return {
                one.push.key: approvals.still_needed(one, view.decisions(one.push.key), held[one.push.contract])
                for one in open_ones
            }

    def proposed(self, reference: str) -> Sequence[StoredDelivery]:
        """What is proposed under a delivery's key or an occurrence's name; raises `NotFound` where nothing is, and
        `Refused` where somebody refused it, saying who, when and why."""
        with self._store.read() as view:
            return _proposed(view, reference)

    def decide(
        self, reference: str, *, person: str, approve: bool, reason: str = "", contents: Collection[str] = ()
    ) -> Sequence[tuple[StoredDelivery, tuple[str, ...]]]:
        """Record a person's yes or no to what is proposed; returns each delivery with the roles still needed.

        `reference` names a delivery's key, or an occurrence whose proposed deliveries are all meant; those of them that
        this person may not decide on, or not yet, stay as they are. `contents` are the content hashes, or their
        beginnings, of what the person was shown. Raises `PlanMoved` where what is proposed is not that, `NeedsPerson`
        where that person may decide on nothing, `NotFound` where nothing is proposed, and `Refused` for a refusal
        without its reason, or where something must arrive first.
        """
        now = self._clock.now()
        if not approve and not reason.strip():
            raise Refused("say why it is refused, for whoever has to mend it: --reason TEXT")
        with self._store.read() as view:
            shown = _proposed(view, reference)
        _refuse_other_content(shown, contents)
        if approve:
            # A correction must not overtake what it corrects: what can be stopped of that is stopped first.
            for contract in sorted({one.push.contract for one in shown if one.push.supersedes is not None}):
                self.replan(contract)

        def write(view: Transaction) -> Sequence[tuple[StoredDelivery, tuple[str, ...]]]:
            contracts = sorted({one.push.contract for one in shown})
            kept = {contract: self._kept(view, contract, lock=True) for contract in contracts}
            proposed = view.deliveries(states={DeliveryState.PROPOSED}, keys=[one.push.key for one in shown])
            if {one.push.key: one.content_hash for one in proposed} != {
                one.push.key: one.content_hash for one in shown
            }:
                raise PlanMoved(
                    "what is proposed changed just now; look at it again: obligations deliveries --state proposed"
                )
            outcome = [
                self._decide(view, kept[one.push.contract], one, person, approve, reason, now) for one in proposed
            ]
            decided = [one for one in outcome if not isinstance(one, Refused)]
            if not decided:
                raise next(one for one in outcome if isinstance(one, Refused))
            return decided

        return self._written(write)

    def _decide(
        self,
        view: Transaction,
        kept: Kept,
        one: StoredDelivery,
        person: str,
        approve: bool,
        reason: str,
        now: datetime,
    ) -> tuple[StoredDelivery, tuple[str, ...]] | Refused:
        who, roles = lookup.person(kept.terms, person)
        decisions = view.decisions(one.push.key)
        held = approvals.holders(kept.terms)
        try:
            role = (
                approvals.role_to_approve(one, decisions, who, roles, self._authors(view, kept, one, who), held)
                if approve
                else approvals.role_to_refuse(one, who, roles)
            )
            if approve:
                known = view.occurrences(one.push.contract)
                gone = {it.id for it in known if it.state is State.CANCELLED}
                _let_no_payment_pass_a_reversal(one, view.deliveries(one.push.contract), gone)
                _let_nothing_be_paid_in_two_shapes(one, view.deliveries(one.push.contract), known)
            if approve and one.push.supersedes is not None:
                _let_no_correction_overtake(one, view.deliveries(one.push.contract))
        except Refused as error:
            return error
        name = lookup.identity(who)
        view.decide(Decision(one.push.key, one.content_hash, role, name, approve, now, reason))
        verb = "approved" if approve else "refused"
        object_ = f"{one.push.clause}/{one.push.index} {one.push.name} {one.push.key}"
        said = f"as {role}, over sha256 {one.content_hash}"
        view.note(LedgerEntry(now, name, f"delivery {verb}", one.push.contract, object_, after=said, reason=reason))
        left = tuple(role_ for role_ in approvals.still_needed(one, decisions, held) if role_ != role)
        if not approve:
            view.move(one.push.key, {DeliveryState.PROPOSED}, DeliveryState.REFUSED, f"refused by {name}: {reason}")
            return one, left
        if not left:
            view.move(one.push.key, {DeliveryState.PROPOSED}, DeliveryState.SCHEDULED, "approved by everyone asked")
        return one, left

    def _authors(self, view: Transaction, kept: Kept, one: StoredDelivery, who: Person) -> frozenset[str]:
        """Who had a hand in a delivery: by what it rests on, by the terms, or, for that person, by what it would be
        without them."""
        occurrence = next((it for it in view.occurrences(kept.stored.id) if it.id == one.push.occurrence_id), None)
        recorded = approvals.authors_of(occurrence, kept.log) if occurrence else frozenset()
        if one.push.supersedes is not None:
            recorded |= frozenset(self._took_back(kept, one.push.occurrence_id))
        if self._swayed(kept, one, who):
            recorded |= {lookup.identity(who)}
        return recorded | {line.actor.casefold() for line in view.ledger(kept.stored.id) if line.action in WROTE_TERMS}

    def _swayed(self, kept: Kept, one: StoredDelivery, who: Person) -> bool:
        """Whether something else, or nothing, would be owed had that person recorded and taken back nothing.

        What holds money back and no longer does is part of no explanation: a signature that was waited for, a breach
        that was withdrawn.
        """
        names = {lookup.identity(who), who.name.casefold()}
        without = tuple(it for it in kept.log if it.recorded_by.casefold() not in names)
        if len(without) == len(kept.log):
            return False
        today = self.planner.today(kept.terms, self._clock.now())
        try:
            before, now = (self.planner.plan(kept.terms, in_force(log), today) for log in (without, kept.log))
        except PlanningError:  # without what they recorded there is no plan
            return True
        return _instructed(before, one) != _instructed(now, one)

    def _took_back(self, kept: Kept, occurrence_id: UUID) -> Iterator[str]:
        """Who corrected or took back a report the occurrence rested on: correcting what was sent is their doing."""
        for number, entry in enumerate(kept.log):
            if not isinstance(entry, Withdrawal | Correction):
                continue
            before = next((one for one in in_force(kept.log[:number]) if one.id == entry.report_id), None)
            if before is None:
                continue
            as_it_was = (*(one for one in kept.reports if one.id != entry.report_id), before)
            try:
                rested = self.planner.plan(kept.terms, as_it_was, None, pushes=False).occurrence(occurrence_id)
            except PlanningError:  # another report stands in its place
                yield entry.recorded_by.casefold()
                continue
            if rested is not None and approvals.rests_on(rested, entry.report_id):
                yield entry.recorded_by.casefold()

    # --- sending again ----------------------------------------------------------------------------------------------

    def retry(self, reference: str, *, actor: str, not_received: bool = False) -> Sequence[StoredDelivery]:
        """Send parked deliveries again, those that wait for their next attempt too, and propose refused ones again;
        returns them as they then stand.

        `reference` names a delivery's key, or an occurrence whose deliveries in these states are all meant. What was
        refused is approved from the start, whatever was agreed to before. What was never tried
        is planned anew, so that it follows the people and connectors of today; what was tried goes again at once, under
        its key and with its bytes, or is proposed where not everyone asked had agreed. An action whose outcome stayed
        unknown goes again only when a person says that the receiver never took it (`not_received`), since a receiver
        may have forgotten the key by now.

        Raises `NotFound` where nothing is parked, refused or retrying, `NeedsPerson` where an outcome is unknown.
        """
        now = self._clock.now()
        with self._store.read() as view:
            stopped = _found(view, reference, *_STOPPED)
        for contract in sorted({one.push.contract for one in stopped}):
            self.replan(contract)

        def write(view: Transaction) -> Sequence[StoredDelivery]:
            keys = [one.push.key for one in stopped]
            for one in view.deliveries(states=_STOPPED, keys=keys):
                if one.state is DeliveryState.REFUSED:
                    self._propose_again(view, one, actor, now)
                elif one.state is DeliveryState.RETRYING:
                    self._hasten(view, one, actor, now)
                elif one.attempts:
                    self._send_again(view, one, actor, now, not_received)
            return view.deliveries(keys=keys)

        return self._written(write)

    def _propose_again(self, view: Transaction, one: StoredDelivery, actor: str, now: datetime) -> None:
        view.move(one.push.key, {DeliveryState.REFUSED}, DeliveryState.PROPOSED, f"proposed again by {actor}")
        object_ = f"{one.push.clause}/{one.push.index} {one.push.name} {one.push.key}"
        view.note(LedgerEntry(now, actor, "delivery proposed again", one.push.contract, object_, before=one.reason))

    def _hasten(self, view: Transaction, one: StoredDelivery, actor: str, now: datetime) -> None:
        # Under the same key and within the time that a receiver is trusted to remember it: what is older parks.
        view.hasten(one.push.key)
        object_ = f"{one.push.clause}/{one.push.index} {one.push.name} {one.push.key}"
        view.note(LedgerEntry(now, actor, "delivery hastened", one.push.contract, object_, before=one.reason))

    def _send_again(
        self, view: Transaction, one: StoredDelivery, actor: str, now: datetime, not_received: bool
    ) -> None:
        if one.push.kind is PushKind.ACTION and one.first_unknown_at is not None and not not_received:
            raise NeedsPerson(
                f"nobody knows whether {one.push.destination} took {one.push.clause}/{one.push.index}; ask there, then"
                " repeat with --not-received if it never did, or report it done"
            )
        if _agreed_to(one, view.decisions(one.push.key)):
            view.release(one.push.key, f"sent again by {actor}")
        else:
            view.release(one.push.key, f"proposed again by {actor}", propose=True)
        object_ = f"{one.push.clause}/{one.push.index} {one.push.name} {one.push.key}"
        said = "the receiver never took it" if not_received else ""
        view.note(
            LedgerEntry(now, actor, "delivery sent again", one.push.contract, object_, before=one.reason, reason=said)
        )


def _agreed_to(one: StoredDelivery, decisions: Sequence[Decision]) -> bool:
    """Whether everyone asked agreed once to what it says; whoever has left since need not again."""
    held = {role: frozenset(it.person for it in decisions if it.role == role) for role in one.push.approvals}
    return not approvals.still_needed(one, decisions, held)


def _instructed(plan: Plan, one: StoredDelivery) -> tuple[object, ...]:
    """What a plan has sent, and when, in the place of a delivery."""
    name = one.push.occurrence_id, one.push.name
    return tuple((owed(it), it.send_at) for it in plan.pushes if (it.occurrence_id, it.name) == name)


def _refuse_other_content(shown: Iterable[StoredDelivery], contents: Collection[str]) -> None:
    if any(len(content) < SHORTEST_ID for content in contents):
        raise Refused(f"name at least {SHORTEST_ID} characters of the content that was shown")
    for one in shown:
        if contents and not one.content_hash.startswith(tuple(contents)):
            raise PlanMoved(
                f"{one.push.clause}/{one.push.index} is not what was shown: its content is {one.content_hash[:12]};"
                " look at it again: obligations deliveries --state proposed"
            )


def _proposed(view: Transaction, reference: str) -> list[StoredDelivery]:
    """What is proposed under a reference; raises `Refused` where somebody refused it, saying who, when and why."""
    try:
        return _found(view, reference, DeliveryState.PROPOSED)
    except NotFound:
        for one in _fitting(view, reference, (DeliveryState.REFUSED,)):
            no = approvals.refusal(view.decisions(one.push.key))
            if no is not None:
                raise Refused(
                    f"{no.person} refused this on {no.decided_at:%Y-%m-%d}: {no.reason or 'no reason given'}."
                    f" To propose it again: obligations retry {reference}"
                ) from None
        raise


def _found(view: Transaction, reference: str, *states: DeliveryState) -> list[StoredDelivery]:
    """The deliveries in these states that a key's beginning or an occurrence's name means, at least one."""
    found = _fitting(view, reference, states)
    if not found:
        words = " or ".join(states)
        options = " ".join(f"--state {state}" for state in states)
        raise NotFound(f'nothing is {words} for "{reference}"; `obligations deliveries {options}` lists what is')
    return found


def _fitting(view: Transaction, reference: str, states: Collection[DeliveryState]) -> list[StoredDelivery]:
    candidates = view.deliveries(states=states)
    found = lookup.delivery(candidates, reference)
    if not found:
        wanted = {one.id for one in lookup.occurrences(view, reference)}
        found = [one for one in candidates if one.push.occurrence_id in wanted]
    return found


def _let_no_payment_pass_a_reversal(
    one: StoredDelivery, deliveries: Iterable[StoredDelivery], gone: Collection[UUID]
) -> None:
    """Money sent for what the terms no longer hold goes back before money goes for what took its place."""
    if not one.push.money or one.push.payload.get("status") == REVERSE:
        return
    going = (DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.RETRYING)
    for other in deliveries:
        if not other.push.money or other.push.payload.get("status") != REVERSE or other.push.occurrence_id not in gone:
            continue
        what = f"a reversal of {other.push.clause}/{other.push.index}"
        if other.state is DeliveryState.PROPOSED:
            raise Refused(
                f"{what} is still open; decide about that one first ({str(other.push.key)[:8]}), so that nothing is"
                " paid twice"
            )
        if other.state in going:
            raise Refused(f"{what} is still on its way ({other.state}); approve this once it arrived")


def _let_nothing_be_paid_in_two_shapes(
    one: StoredDelivery, deliveries: Sequence[StoredDelivery], known: Iterable[Occurrence]
) -> None:
    """Instalments that went are corrected before the lump sum goes that stands instead of them, and the other way
    round; while a refusal leaves them as they were sent, what is left to pay is for people to reckon."""
    if not one.push.money or one.push.payload.get("status") == REVERSE:
        return
    owed_for = {it.id: (it.clause, it.instance) for it in known}
    sent = {str(it.push.key): it.push for it in deliveries}
    for other in deliveries:
        told = sent.get(str(other.push.payload.get("supersedes")))
        if (
            told is None
            or not other.push.money
            or other.state in (DeliveryState.DELIVERED, DeliveryState.CANCELLED)
            or (told.occurrence_id, told.name) == (one.push.occurrence_id, one.push.name)
            or owed_for.get(told.occurrence_id) != owed_for.get(one.push.occurrence_id)
            or _is_in_parts(told) == _is_in_parts(one.push)
        ):
            continue
        key, what = str(other.push.key)[:8], f"{told.clause}/{told.index}"
        shape = "in parts" if _is_in_parts(told) else "at once"
        if other.state is DeliveryState.REFUSED:
            raise Refused(
                f"what was sent for {what}, when it was paid {shape}, stays as it is, since its correction was refused"
                f" ({key}); with this it would be paid twice. Refuse this one too and report what was paid with"
                f" `obligations done`, or let the correction go: obligations retry {key}"
            )
        raise Refused(
            f"something was sent for {what}, when it was paid {shape}, and its correction is still open ({key},"
            f" {other.state}); let that arrive first, so that nothing is paid twice"
        )


def _is_in_parts(push: Push) -> bool:
    position = push.payload.get("position")
    return isinstance(position, dict) and position.get("of") != 1


def _let_no_correction_overtake(one: StoredDelivery, deliveries: Iterable[StoredDelivery]) -> None:
    chain = [
        it for it in deliveries if (it.push.occurrence_id, it.push.name) == (one.push.occurrence_id, one.push.name)
    ]
    before = stands_in_the_way(one.push, chain)
    if before is not None and before.first_unknown_at is not None and before.state is not DeliveryState.SENDING:
        key = str(before.push.key)[:8]
        raise Refused(
            f"nobody knows yet whether {one.push.destination} took what this follows ({key}, {before.state}), and it"
            f" could be paid twice; it goes again by itself, or once it is approved, or after: obligations retry {key}"
        )
    if before is not None:
        raise Refused("what this corrects is being sent at this moment; approve the correction in a minute")
