"""One view of the store: the reads and the guarded writes that the service makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from obligations.domain.delivery import DeliveryState
from obligations.domain.event import Choice, Correction, LogEntry, Report
from obligations.domain.hold import Hold, Scope
from obligations.domain.ledger_chain import Head, Line, Link
from obligations.domain.occurrence import Occurrence, State
from obligations.ports import (
    Attempt,
    Changes,
    Conflict,
    Decision,
    LedgerEntry,
    StoredContract,
    StoredDelivery,
    TermsVersion,
)
from obligations.store import guarded, queue, sealing, tables
from obligations.store.contract_rows import (
    contract_of,
    contract_row,
    event_of,
    event_row,
    ledger_of,
    ledger_row,
    version_of,
    version_row,
)
from obligations.store.delivery_rows import attempt_of, decision_of, decision_row, delivery_of, hold_of
from obligations.store.hints import HINT
from obligations.store.instants import EPOCH, to_micros
from obligations.store.occurrence_rows import occurrence_of, occurrence_row

# SQLite takes 32,766 parameters in one statement.
_KEYS_AT_ONCE = 10_000


class SqlTransaction:
    """One transaction on one connection. `SqlStore.read` and `SqlStore.write` make and end it."""

    def __init__(self, connection: Connection, tenant: str, *, writes: bool) -> None:
        self._connection = connection
        self._tenant = tenant
        self._writes = writes
        self._is_sqlite = connection.dialect.name == "sqlite"

    # --- contracts and their events -------------------------------------------------------------------------------

    def contracts(self) -> Sequence[StoredContract]:
        found = self._rows(select(tables.contract).where(self._mine(tables.contract)).order_by(tables.contract.c.id))
        return [contract_of(row) for row in found]

    def contract(self, contract_id: str, *, lock: bool = False) -> StoredContract | None:
        query = select(tables.contract).where(self._mine(tables.contract), tables.contract.c.id == contract_id)
        if lock:
            self._must_write()
            # SQLite has one writer at a time and leaves the clause out.
            query = query.with_for_update()
        row = self._connection.execute(query).one_or_none()
        return None if row is None else contract_of(row)

    def put_contract(self, contract: StoredContract) -> None:
        self._must_write()
        if contract.tenant != self._tenant:
            raise ValueError(
                f"contract {contract.id} belongs to tenant {contract.tenant!r}; this store serves {self._tenant!r}"
            )
        # When and by whom it was added stays what it was.
        self._upsert(
            tables.contract,
            ("tenant", "id"),
            ("title", "source", "template", "replan_at", "amendments_json"),
            [contract_row(contract)],
        )

    def versions(self, contract_id: str) -> Sequence[TermsVersion]:
        c = tables.terms_version.c
        query = select(tables.terms_version).where(self._mine(tables.terms_version), c.contract == contract_id)
        return [version_of(row) for row in self._rows(query.order_by(c.number))]

    def add_version(self, version: TermsVersion) -> None:
        self._must_write()
        self._insert(
            tables.terms_version,
            [version_row(self._tenant, version)],
            refused=f"there is a version {version.number} already, or no contract {version.contract}",
        )

    def log(self, contract_id: str) -> Sequence[LogEntry]:
        log = tables.event_log
        found = self._rows(select(log).where(self._mine(log), log.c.contract == contract_id).order_by(log.c.n))
        return [event_of(row) for row in found]

    def append(self, contract_id: str, entry: LogEntry) -> None:
        self._must_write()
        what = _called(entry)
        self._insert(
            tables.event_log,
            [event_row(self._tenant, contract_id, entry)],
            refused=f"{what} is in the event log already, or there is no contract {contract_id}",
        )

    def contract_of_report(self, report_id: str) -> str | None:
        log = tables.event_log
        found: str | None = self._connection.execute(
            select(log.c.contract).where(self._mine(log), log.c.report_id == report_id, log.c.kind == "report")
        ).scalar()
        return found

    # --- occurrences and deliveries -------------------------------------------------------------------------------

    def occurrences(
        self, contract_id: str | None = None, *, until: date | None = None, states: Collection[State] | None = None
    ) -> Sequence[Occurrence]:
        c = tables.occurrence.c
        query = select(tables.occurrence).where(self._mine(tables.occurrence))
        if contract_id is not None:
            query = query.where(c.contract == contract_id)
        if until is not None:
            query = query.where(c.acts_on <= until)
        if states is not None:
            query = query.where(c.state.in_([state.value for state in states]))
        query = query.order_by(c.acts_on.is_(None), c.acts_on, c.contract, c.clause, c.instance, c.ordinal, c.id)
        return [occurrence_of(row) for row in self._rows(query)]

    def deliveries(
        self,
        contract_id: str | None = None,
        *,
        states: Collection[DeliveryState] | None = None,
        keys: Collection[UUID] | None = None,
        limit: int | None = None,
    ) -> Sequence[StoredDelivery]:
        c = tables.delivery.c
        query = select(tables.delivery).where(self._mine(tables.delivery))
        if contract_id is not None:
            query = query.where(c.contract == contract_id)
        query = query.order_by(c.send_at, c.key).limit(limit)
        if contract_id is None and keys is None and states is not None:
            # State by state: what is not over has an index for each, taken only for a state that the planner can see.
            parts = [query.where(c.state == literal_column(f"'{state.value}'")) for state in sorted(set(states))]
        else:
            if states is not None:
                query = query.where(c.state.in_([state.value for state in states]))
            if keys is None:
                return [delivery_of(row) for row in self._rows(query)]
            parts = [query.where(c.key.in_(some)) for some in _in_parts(sorted(set(keys)), _KEYS_AT_ONCE)]
        found = [delivery_of(row) for part in parts for row in self._rows(part)]
        found.sort(key=lambda it: (it.push.send_at, it.push.key))
        return found[:limit]

    def destinations(self, *, due_by: str = "") -> Sequence[str]:
        c = tables.delivery.c
        every = select(c.destination).where(self._mine(tables.delivery)).distinct()
        if not due_by:
            return list(self._connection.execute(every.order_by(c.destination)).scalars())
        found: set[str] = set()
        for state in _TO_COME:
            # In the text, since a planner takes a partial index only for a constant that it can see.
            same = c.state == literal_column(f"'{state.value}'")
            found.update(self._connection.execute(every.where(same, c.connector == due_by)).scalars())
        return sorted(found)

    def apply(self, contract_id: str, changes: Changes) -> None:
        self._must_write()
        named = {it.contract for it in changes.occurrences} | {it.push.contract for it in changes.deliveries}
        if named - {contract_id}:
            raise ValueError(f"changes to contract {contract_id} name {', '.join(sorted(named - {contract_id}))}")
        # First the contract: its row makes two re-plannings of one contract wait for each other on PostgreSQL.
        kept = self._connection.execute(
            update(tables.contract)
            .where(self._mine(tables.contract), tables.contract.c.id == contract_id)
            .values(replan_at=changes.replan_at, **({} if changes.edition is None else {"edition": changes.edition}))
        )
        if kept.rowcount != 1:
            raise Conflict(f"there is no contract {contract_id}; it may have been removed")
        self._apply_occurrences(contract_id, changes)
        self._hint(it.push.send_at for it in changes.deliveries if it.state is DeliveryState.SCHEDULED)
        new = [it for it in changes.deliveries if it.seen_in is None]
        seen = [it for it in changes.deliveries if it.seen_in is not None]
        guarded.begin(self._connection, self._tenant, new)
        guarded.rewrite(self._connection, self._mine(tables.delivery), seen)
        guarded.halt(self._connection, self._mine(tables.delivery), changes.halts)
        self._insert(tables.ledger, [ledger_row(self._tenant, entry) for entry in changes.ledger])

    def _apply_occurrences(self, contract_id: str, changes: Changes) -> None:
        c = tables.occurrence.c
        for some in _in_parts(sorted(changes.gone), _KEYS_AT_ONCE):
            self._connection.execute(
                delete(tables.occurrence).where(
                    self._mine(tables.occurrence), c.contract == contract_id, c.id.in_(some)
                )
            )
        replaced = tuple(column.name for column in c if column.name not in ("tenant", "id"))
        self._upsert(
            tables.occurrence,
            ("tenant", "id"),
            replaced,
            [occurrence_row(self._tenant, it) for it in changes.occurrences],
        )

    def move(self, key: UUID, seen_in: Collection[DeliveryState], state: DeliveryState, reason: str = "") -> None:
        self._must_write()
        guarded.move(self._connection, self._mine(tables.delivery), key, seen_in, state, reason)
        if state in (DeliveryState.SCHEDULED, DeliveryState.RETRYING):
            self._hint([EPOCH])

    def release(self, key: UUID, reason: str, *, propose: bool = False) -> None:
        self.move(key, {DeliveryState.PARKED}, DeliveryState.PROPOSED if propose else DeliveryState.RETRYING, reason)
        c = tables.delivery.c
        self._connection.execute(
            update(tables.delivery)
            .where(self._mine(tables.delivery), c.key == key)
            .values(first_unknown_at=None, releases=c.releases + 1)
        )
        if not propose:
            self._rouse(key)

    def hasten(self, key: UUID) -> None:
        self._must_write()
        guarded.hasten(self._connection, self._mine(tables.delivery), key)
        self._rouse(key)
        self._hint([EPOCH])

    def doubt(self, key: UUID, *, since: datetime, reason: str) -> None:
        self._must_write()
        guarded.doubt(self._connection, self._tenant, key, since, reason)

    # --- decisions, attempts, the record ----------------------------------------------------------------------------

    def decisions(self, key: UUID) -> Sequence[Decision]:
        c = tables.decision.c
        found = self._rows(select(tables.decision).where(self._mine(tables.decision), c.key == key).order_by(c.n))
        return [decision_of(row) for row in found]

    def decide(self, decision: Decision) -> None:
        self._must_write()
        self._insert(
            tables.decision,
            [decision_row(self._tenant, decision)],
            refused=f"there is no delivery {decision.key} to decide on, or the decision names no person or content",
        )

    def attempts(self, key: UUID) -> Sequence[Attempt]:
        c = tables.attempt.c
        found = self._rows(select(tables.attempt).where(self._mine(tables.attempt), c.key == key).order_by(c.number))
        return [attempt_of(row) for row in found]

    def ledger(self, contract_id: str | None = None) -> Sequence[LedgerEntry]:
        c = tables.ledger.c
        query = select(tables.ledger).where(self._mine(tables.ledger)).order_by(c.n)
        if contract_id is not None:
            query = query.where(c.contract == contract_id)
        return [ledger_of(row) for row in self._rows(query)]

    def note(self, entry: LedgerEntry) -> None:
        self._must_write()
        self._insert(tables.ledger, [ledger_row(self._tenant, entry)])

    # --- holds ----------------------------------------------------------------------------------------------------

    def holds(self) -> Sequence[Hold]:
        c = tables.hold.c
        query = select(tables.hold).where(self._mine(tables.hold), c.lifted_at.is_(None)).order_by(c.n)
        return [hold_of(row) for row in self._rows(query)]

    def hold(self, scope: Scope, reason: str, *, at: datetime, by: str, destination: str = "") -> Hold:
        self._must_write()
        if destination and scope is not Scope.EVERYTHING:
            raise ValueError("a hold of one destination keeps back everything that goes there")
        if not self._is_sqlite:
            self._connection.exec_driver_sql(queue.before_a_hold(self._tenant))
        made = insert(tables.hold).values(
            tenant=self._tenant, scope=scope, reason=reason, held_at=at, held_by=by, destination=destination
        )
        number: int = self._connection.execute(made.returning(tables.hold.c.n)).scalar_one()
        return Hold(number, scope, reason, at, by, destination)

    def lift(self, number: int, *, at: datetime, by: str) -> None:
        self._must_write()
        c = tables.hold.c
        lifted = self._connection.execute(
            update(tables.hold)
            .where(self._mine(tables.hold), c.n == number, c.lifted_at.is_(None))
            .values(lifted_at=at, lifted_by=by)
        )
        if not lifted.rowcount:
            raise Conflict(f"no hold {number} is in force")
        self._hint([EPOCH])

    def rests(self) -> Mapping[str, datetime]:
        c = tables.rest.c
        found = self._rows(select(c.destination, c.until).where(self._mine(tables.rest)).order_by(c.destination))
        return {row.destination: row.until for row in found}

    def rest(self, destination: str, until: datetime) -> None:
        self._must_write()
        new: Any = sqlite.insert(tables.rest) if self._is_sqlite else postgresql.insert(tables.rest)
        longer = func.max if self._is_sqlite else func.greatest
        self._connection.execute(
            new.values(tenant=self._tenant, destination=destination, until=until).on_conflict_do_update(
                index_elements=["tenant", "destination"],
                set_={"until": longer(tables.rest.c.until, new.excluded.until)},
            )
        )

    def _rouse(self, key: UUID) -> None:
        """A person lets a delivery go: where it goes is not left alone any longer."""
        c = tables.delivery.c
        there = select(c.destination).where(self._mine(tables.delivery), c.key == key).scalar_subquery()
        self._connection.execute(delete(tables.rest).where(self._mine(tables.rest), tables.rest.c.destination == there))

    # --- the chain over the record ----------------------------------------------------------------------------------

    def head(self, at: datetime) -> Head | None:
        return sealing.head(self._connection, self._tenant, at)

    def chain(self) -> Iterator[Link]:
        return sealing.chain(self._connection, self._tenant)

    def open_lines(self) -> Iterator[Line]:
        return sealing.open_lines(self._connection, self._tenant)

    # --- common -----------------------------------------------------------------------------------------------------

    def _mine(self, table: Any) -> Any:
        return table.c.tenant == self._tenant

    # --- how far time has come ------------------------------------------------------------------------------------

    def seen_at(self) -> datetime | None:
        found: datetime | None = self._connection.execute(
            select(tables.installation.c.seen_at).where(self._mine(tables.installation))
        ).scalar()
        return found

    def saw(self, at: datetime) -> None:
        self._must_write()
        self._upsert(tables.installation, ("tenant",), ("seen_at",), [{"tenant": self._tenant, "seen_at": at}])

    def _hint(self, due: Iterable[datetime]) -> None:
        """Tell the daemons, with the commit, that something is due now or soon; what is due later they find anyway."""
        first = min(due, default=None)
        if first is not None and not self._is_sqlite:
            self._connection.execute(HINT, {"of_tenant": self._tenant, "first_due": to_micros(first)})

    def _must_write(self) -> None:
        if not self._writes:
            raise RuntimeError("this view of the store is for reading; open one with write()")

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(query).all()

    def _insert(self, table: Any, many: list[dict[str, Any]], refused: str = "") -> None:
        if not many:
            return
        try:
            self._connection.execute(insert(table), many)
        except IntegrityError:
            if not refused:
                raise
            raise Conflict(refused) from None

    def _upsert(self, table: Any, by: tuple[str, ...], replaced: tuple[str, ...], many: list[dict[str, Any]]) -> None:
        if not many:
            return
        new: Any = sqlite.insert(table) if self._is_sqlite else postgresql.insert(table)
        self._connection.execute(
            new.on_conflict_do_update(
                index_elements=list(by), set_={name: getattr(new.excluded, name) for name in replaced}
            ),
            many,
        )


# Where something is yet to go, or may have to go again.
_TO_COME = (DeliveryState.PROPOSED, DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.RETRYING)


def _called(entry: LogEntry) -> str:
    match entry:
        case Report():
            return f"report {entry.id}"
        case Choice():
            return f"choice {entry.id}"
        case Correction():
            return f"the correction of {entry.report_id}"
        case _:
            return f"the withdrawal of {entry.report_id}"


def _in_parts(many: Sequence[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(many)
    while part := list(islice(rest, size)):
        yield part
