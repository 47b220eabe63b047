"""What the engine and the service need of the world: clocks, a store, connectors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Literal, Protocol
from uuid import UUID

from obligations.domain.delivery import DeliveryState, Outcome, Push, PushKind
from obligations.domain.event import LogEntry
from obligations.domain.hold import Hold, Scope
from obligations.domain.ledger_chain import Head, Line, Link, Walked
from obligations.domain.occurrence import Occurrence, State


class Clock(Protocol):
    """Business time: what is due, late or missed. May be virtual."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until business time reaches the instant; zero or less when it has."""
        ...


class MachineClock(Protocol):
    """Machine time: leases, time-outs, retries, signature timestamps. Always real outside tests."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


# --- what the store keeps -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredContract:
    """One contract as added: its own text, the template it stands on, and when it must be planned again.

    `source` and `template` are the YAML texts, kept whole so that planning later needs no file, and `amendments` those
    of its amendments, oldest first. `replan_at` is the first instant at which the clock alone changes the plan; None
    when nothing is due to change. `edition` names the calendars and zones it was last planned with.
    """

    id: str
    title: str
    source: str
    template: str
    added_at: datetime
    added_by: str
    replan_at: datetime | None = None
    tenant: str = ""
    amendments: tuple[str, ...] = ()
    edition: str = ""


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """One text a contract's terms came from: as it was added, a text that replaced that one, or an amendment.

    A `withdrawn` one says that the amendment of that day and title counts no more, with the text it had. `number`
    counts from 1 within the contract. `from_on` is the first day an amendment governs; None for the texts that govern
    from the beginning.
    """

    contract: str
    number: int
    kind: Literal["added", "changed", "amended", "withdrawn"]
    title: str
    source: str
    template: str
    recorded_at: datetime
    recorded_by: str
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A push with the state of its delivery. `body` is the bytes that every attempt sends.

    `halted`: the plan changed while it was being sent, so it does not go again before its contract was settled again.
    """

    push: Push
    state: DeliveryState
    body: bytes
    content_hash: str
    attempts: int = 0
    fence: int = 0
    next_attempt_at: datetime | None = None
    first_unknown_at: datetime | None = None
    delivered_at: datetime | None = None
    reason: str = ""
    receipt: Mapping[str, str] = field(default_factory=dict)
    halted: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's yes or no to one proposed push, over the exact content they saw."""

    key: UUID
    content_hash: str
    role: str
    person: str
    approve: bool
    decided_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: written before the send, completed after it. No `finished_at` means the outcome is unknown."""

    key: UUID
    number: int
    fence: int
    worker: str
    started_at: datetime
    finished_at: datetime | None = None
    verdict: str = ""
    status: int | None = None
    detail: str = ""


# Who re-plans without anybody having decided anything, by the name that is in the ledger.
THE_CLOCK, THE_CALENDARS = "the clock", "the calendars"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the append-only record. `before` and `after` hold no pay and no secret."""

    at: datetime
    actor: str
    action: str
    contract: str
    object: str
    before: str = ""
    after: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryChange:
    """One delivery to write: inserted when new, else changed only if it is still in one of `seen_in`, and no attempt
    was made since its `fence` was seen.

    `push`, `body` and `content_hash` replace the stored content.
    """

    push: Push
    body: bytes
    content_hash: str
    state: DeliveryState
    seen_in: frozenset[DeliveryState] | None = None  # None: it is new
    reason: str = ""
    fence: int | None = None  # None: whatever was attempted meanwhile


@dataclass(frozen=True, slots=True)
class Halt:
    """Whether one delivery may go again by itself; written only where it is in the state and under the fence it was
    seen in."""

    key: UUID
    seen_in: DeliveryState
    fence: int
    halted: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything one re-planning writes, in one transaction."""

    occurrences: tuple[Occurrence, ...] = ()  # inserted or replaced by id
    gone: tuple[UUID, ...] = ()  # occurrence ids the plan no longer holds: deleted
    deliveries: tuple[DeliveryChange, ...] = ()
    halts: tuple[Halt, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    replan_at: datetime | None = None
    edition: str | None = None  # of the calendars and zones it was planned with; None leaves it as it was


class Conflict(RuntimeError):
    """Another writer changed what this one was about to change; nothing was written. Read again and repeat."""


class StoreUnavailable(RuntimeError):
    """The database cannot be reached or written. The message says which one and what to do."""


class StoreRefuses(StoreUnavailable):
    """The server answers and says no: to this user or password, to a database of that name, to what the user wants to
    do. Waiting seldom helps; a person has to mend the URL or the rights."""


class StoreUnusable(StoreUnavailable):
    """The database is damaged, cannot be written, or is a newer program's: waiting does not help, a person has to."""


class StoreNewer(StoreUnusable):
    """A newer program brought the database to its own schema: this one must not work on it any more."""


class Transaction(Protocol):
    """One consistent view of the store. Writes are kept together or not at all."""

    def contracts(self) -> Sequence[StoredContract]:
        """Every contract, by id."""
        ...

    def contract(self, contract_id: str, *, lock: bool = False) -> StoredContract | None:
        """The contract, or None; with `lock`, no other writer changes it before this transaction ends."""
        ...

    def put_contract(self, contract: StoredContract) -> None:
        """Insert the contract or replace its text."""
        ...

    def versions(self, contract_id: str) -> Sequence[TermsVersion]:
        """Every text the contract's terms came from, by number."""
        ...

    def add_version(self, version: TermsVersion) -> None:
        """Keep one more text. A number that is taken raises `Conflict`."""
        ...

    def log(self, contract_id: str) -> Sequence[LogEntry]:
        """The contract's event log, oldest first."""
        ...

    def append(self, contract_id: str, entry: LogEntry) -> None:
        """Add one entry to the event log. A report's or choice's id that is already there raises `Conflict`."""
        ...

    def contract_of_report(self, report_id: str) -> str | None:
        """The contract whose log holds the report, or None."""
        ...

    def occurrences(
        self, contract_id: str | None = None, *, until: date | None = None, states: Collection[State] | None = None
    ) -> Sequence[Occurrence]:
        """Stored occurrences by the day they are acted on, the undated last; `until` keeps days up to it, itself in."""
        ...

    def deliveries(
        self,
        contract_id: str | None = None,
        *,
        states: Collection[DeliveryState] | None = None,
        keys: Collection[UUID] | None = None,
        limit: int | None = None,
    ) -> Sequence[StoredDelivery]:
        """Deliveries by instant, then key."""
        ...

    def destinations(self, *, due_by: str = "") -> Sequence[str]:
        """Where anything was or is to be sent, by name; with `due_by` only where something is yet to go by that
        connector."""
        ...

    def apply(self, contract_id: str, changes: Changes) -> None:
        """Write a re-planning; raises `Conflict` when a delivery is no longer as it was seen."""
        ...

    def move(self, key: UUID, seen_in: Collection[DeliveryState], state: DeliveryState, reason: str = "") -> None:
        """Change a delivery's state if it still is in one of `seen_in`; raises `Conflict` otherwise."""
        ...

    def release(self, key: UUID, reason: str, *, propose: bool = False) -> None:
        """Let a parked delivery that was tried go again at once, its earlier unknown outcomes settled by a person, or
        propose it again; raises `Conflict` where it is no longer parked."""
        ...

    def hasten(self, key: UUID) -> None:
        """Let a delivery that waits for its next attempt go at its next chance; raises `Conflict` where it does not
        wait for one any more."""
        ...

    def doubt(self, key: UUID, *, since: datetime, reason: str) -> None:
        """Park a delivery that may have been sent without this store knowing: an attempt of unknown outcome is written
        for it; raises `Conflict` where it was delivered or goes no more."""
        ...

    def decisions(self, key: UUID) -> Sequence[Decision]:
        """Approvals and refusals of one push, oldest first."""
        ...

    def decide(self, decision: Decision) -> None:
        """Record one approval or refusal."""
        ...

    def attempts(self, key: UUID) -> Sequence[Attempt]:
        """Every try of one delivery, oldest first."""
        ...

    def ledger(self, contract_id: str | None = None) -> Sequence[LedgerEntry]:
        """The record, oldest first."""
        ...

    def note(self, entry: LedgerEntry) -> None:
        """Append one line to the record."""
        ...

    def head(self, at: datetime) -> Head | None:
        """The end of the chain over the record, to be kept elsewhere under that instant; None of an empty chain."""
        ...

    def chain(self) -> Iterator[Link]:
        """The chain over the record from its first link, in constant memory; to be read within this view."""
        ...

    def open_lines(self) -> Iterator[Line]:
        """The lines of the record that wait to be chained, likewise."""
        ...

    def holds(self) -> Sequence[Hold]:
        """The holds in force, oldest first."""
        ...

    def hold(self, scope: Scope, reason: str, *, at: datetime, by: str, destination: str = "") -> Hold:
        """Keep back everything of the scope from the next claim on; with a `destination` and the scope everything, what
        goes there. Raises `Conflict` where the daemon holds that destination already and would once more."""
        ...

    def lift(self, number: int, *, at: datetime, by: str) -> None:
        """End a hold; raises `Conflict` where none of that number is in force."""
        ...

    def rests(self) -> Mapping[str, datetime]:
        """Where receivers asked to be left alone, and until when (machine time); what is over may still be among
        them."""
        ...

    def rest(self, destination: str, until: datetime) -> None:
        """Let nothing be claimed for the destination before the instant (machine time), or a later one that was asked
        for already. `hasten` and `release` of a delivery that goes there end it."""
        ...

    def seen_at(self) -> datetime | None:
        """The latest business time that was noted; None where none was."""
        ...

    def saw(self, at: datetime) -> None:
        """Note how far business time has come, also where it has gone back."""
        ...


# --- what the engine does with it -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """A daemon's lease on one delivery, with everything a connector needs. `attempt` counts from 1.

    `late_seconds` is business time between `send_at` and the claim, and `unasked_seconds` the part of it that people
    know nothing of: since the last of them agreed, and not while a hold kept it back. `lag_seconds` is, at the first
    claim, the part in which it could have gone: since people last did something about its contract, and since the last
    hold on it ended. `released`: it had stopped, and a person let it go on. `unreadable` says what of it the store
    could not read: it must not be sent, and a person must look.

    `content_hash` is the stored one. `approvals` are the roles that must agree, and `agreed` says by role who did, to
    content of exactly that hash and since it was last refused.
    """

    key: UUID
    contract: str
    occurrence_id: UUID
    name: str
    kind: PushKind
    connector: str
    destination: str
    address: Mapping[str, str]
    body: bytes
    send_at: datetime
    attempt: int
    fence: int
    worker: str
    late_seconds: float = 0.0
    first_unknown_at: datetime | None = None
    released: bool = False
    money: bool = False
    unasked_seconds: float = 0.0
    lag_seconds: float = 0.0
    unreadable: str = ""
    content_hash: str = ""
    approvals: tuple[str, ...] = ()
    agreed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claim: the outcome and, where it goes again, when (machine time)."""

    claim: Claim
    outcome: Outcome
    state: DeliveryState
    finished_at: datetime
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rescued:
    """What was in flight when its daemon went silent: how many go again, and the keys that are parked."""

    again: int
    parked: tuple[UUID, ...] = ()


# Figures of a standing go no further than this: it stands for itself and everything above.
COUNTED_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How the queue stands at an instant; each figure stops at `COUNTED_MOST`.

    `overdue`: their instant has come, and they are not delivered, parked or cancelled; what a hold keeps back is among
    them. `oldest_overdue_at` is the earliest of these instants. `unknown`: it was sent and nobody knows whether it took
    effect, whatever goes on with it. `schema` is the revision the database is at; empty where there is no such thing.
    """

    overdue: int = 0
    oldest_overdue_at: datetime | None = None
    unknown: int = 0
    parked: int = 0
    awaiting_approval: int = 0
    schema: str = ""


NO_ROOMS: Mapping[str, int] = MappingProxyType({})


class Store(Protocol):
    """Where contracts, events, plans, deliveries and the ledger are kept. SQLite and PostgreSQL both pass one suite."""

    def read(self) -> AbstractContextManager[Transaction]:
        """A consistent view for reading."""
        ...

    def write(self) -> AbstractContextManager[Transaction]:
        """A view whose writes are committed together when the block ends, and not at all when it raises."""
        ...

    def claim(
        self,
        *,
        business_now: datetime,
        machine_now: datetime,
        worker: str,
        limit: int,
        lease_seconds: float,
        full: Collection[str] = (),
        only: str | None = None,
        planned_by: datetime | None = None,
        edition: str | None = None,
        each: int | None = None,
        rooms: Mapping[str, int] = NO_ROOMS,
        money: bool = True,
        money_alone: bool = False,
    ) -> Sequence[Claim]:
        """Lease up to `limit` deliveries that are due, oldest first, and write an attempt for each, in one transaction.

        Due: scheduled with `send_at` reached on the business clock, or retrying, and not halted, with `next_attempt_at`
        reached on the machine clock. Destinations in `full` are passed over, and so are those to be left alone and what
        a hold in force keeps back. `only` asks for one destination, to try it, although the daemon holds it. Stale
        reminders of one occurrence to one destination collapse into the latest that is due. Without `money`, what moves
        money is passed over.

        With `planned_by`, what belongs to contracts that `to_replan` lists by that instant and for that `edition` is
        passed over as well; with `money_alone`, only what of it moves money.

        With `each`, no destination is given more than that, or than `rooms` says of it. What is due may then be left
        although its destination has room, where very many before it have none: ask again with those in `full`.

        A claim is counted when it is made. What was claimed twice and had no result either time may be what killed its
        daemon, so of all those one is in flight at a time.
        """
        ...

    def record(self, results: Iterable[Result]) -> Sequence[UUID]:
        """Write results in one transaction; returns the keys whose claim was lost: nothing was written for them.

        A claim is lost once it was sent back. A yes is written all the same while the delivery waits to go again and
        nobody has claimed it since.
        """
        ...

    def rescue(
        self, *, machine_now: datetime, everything: bool = False, worker: str = "", in_hand: Collection[UUID] = ()
    ) -> Rescued:
        """Send back deliveries whose lease ran out (or all in flight): their outcome is unknown and they go again at
        once under the same key. The third time in a row without a result they are parked instead.

        What `worker` claimed and still has `in_hand`, on its way or with a result that is not written yet, is no
        unknown outcome, and is left to it.
        """
        ...

    def next_wake(
        self,
        full: Collection[str] = (),
        *,
        money: bool = True,
        planned_by: datetime | None = None,
        edition: str | None = None,
    ) -> tuple[datetime | None, datetime | None]:
        """The earliest scheduled instant (business time) and the earliest retry (machine time), of what no hold in
        force keeps back, does not go to a destination in `full`, and without `money` does not move any; with
        `planned_by`, no money of contracts that `to_replan` lists by that instant and for that `edition`. Where
        receivers asked to be left alone, the first instant at which one of them may be called again counts as a
        retry."""
        ...

    def to_replan(self, now: datetime, limit: int = 100, *, edition: str | None = None) -> Sequence[str]:
        """Contracts whose plan the clock alone has changed by that instant; with an `edition`, then those that were
        planned with another."""
        ...

    def standing(self, business_now: datetime) -> Standing:
        """How the queue stands; costs little however much was delivered before."""
        ...

    def probe(self, at: datetime) -> None:
        """Write and commit something of no meaning; raises `StoreUnavailable` where the store cannot be written, and
        `StoreNewer` where a newer program has upgraded it meanwhile."""
        ...

    def seal(self, limit: int = 10_000) -> int:
        """Chain committed ledger lines that are not chained yet; returns how many. None are while the last link was
        made with a key that is not here."""
        ...

    def verify_ledger(self, heads: Iterable[Head] = ()) -> Walked:
        """What a walk along the whole chain finds, in constant memory, held against heads that were kept elsewhere."""
        ...

    def close(self) -> None:
        """Give back every connection."""
        ...


class Hints(Protocol):
    """Word from other processes that something may be due. May be lost: whoever hears it must look by itself too."""

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` once it is listening and at each hint, until cancelled; it must not block. Raises
        `StoreUnavailable` when nothing can be heard (any more)."""
        ...


class Connector(Protocol):
    """Turns a claim into one request and one outcome. Never retries, never raises for what the receiver did."""

    name: str

    async def deliver(self, claim: Claim) -> Outcome:
        """Send the claim's bytes once and say what came of it."""
        ...

    async def check(self) -> str | None:
        """A sentence saying why this connector cannot work as configured, or None. Contacts the service if it can."""
        ...

    async def close(self) -> None:
        """Release sockets and threads."""
        ...


class ConnectorFactory(Protocol):
    """What an `obligations.connectors` entry point names: builds a connector from its settings.

    `settings` is the connector's own table of the configuration file, secrets resolved; unknown keys are refused with
    `ValueError` whose message a person can act on.
    """

    def __call__(self, settings: Mapping[str, Any], *, machine: MachineClock) -> Connector: ...
