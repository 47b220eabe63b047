"""One view of the store: the reads and the guarded writes that the service makes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from obligations.domain.delivery import ARROWS, UNSENT, DeliveryState
from obligations.domain.event import Choice, Correction, LogEntry, Report
from obligations.domain.occurrence import Occurrence, State
from obligations.ports import (
    Attempt,
    Changes,
    Conflict,
    Decision,
    DeliveryChange,
    LedgerEntry,
    StoredContract,
    StoredDelivery,
    TermsVersion,
)
from obligations.store import rows, tables
from obligations.store.bulk import insert_many
from obligations.store.instants import Instant

# SQLite takes 32,766 parameters in one statement.
_KEYS_AT_ONCE = 10_000
# A delivery sent back to `retrying` by a person goes at once; no clock is asked, every clock is past this.
AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
# States in which a delivery may be rewritten without leaving them, and in which a new one may begin.
_MAY_STAY = UNSENT | {DeliveryState.CANCELLED, DeliveryState.COLLAPSED}


class IllegalMove(ValueError):
    """The table of delivery states has no such arrow, or the bytes of an attempted push would change; nothing was
    written. This is a mistake of the caller: repeating it will not help."""


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
        return [rows.contract_of(row) for row in found]

    def contract(self, contract_id: str, *, lock: bool = False) -> StoredContract | None:
        query = select(tables.contract).where(self._mine(tables.contract), tables.contract.c.id == contract_id)
        if lock:
            self._must_write()
            # SQLite has one writer at a time and leaves the clause out.
            query = query.with_for_update()
        row = self._connection.execute(query).one_or_none()
        return None if row is None else rows.contract_of(row)

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
            [rows.contract_row(contract)],
        )

    def versions(self, contract_id: str) -> Sequence[TermsVersion]:
        c = tables.terms_version.c
        query = select(tables.terms_version).where(self._mine(tables.terms_version), c.contract == contract_id)
        return [rows.version_of(row) for row in self._rows(query.order_by(c.number))]

    def add_version(self, version: TermsVersion) -> None:
        self._must_write()
        self._insert(
            tables.terms_version,
            [rows.version_row(self._tenant, version)],
            refused=f"there is a version {version.number} already, or no contract {version.contract}",
        )

    def log(self, contract_id: str) -> Sequence[LogEntry]:
        log = tables.event_log
        found = self._rows(select(log).where(self._mine(log), log.c.contract == contract_id).order_by(log.c.n))
        return [rows.event_of(row) for row in found]

    def append(self, contract_id: str, entry: LogEntry) -> None:
        self._must_write()
        what = _called(entry)
        self._insert(
            tables.event_log,
            [rows.event_row(self._tenant, contract_id, entry)],
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
        return [rows.occurrence_of(row) for row in self._rows(query)]

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
        if states is not None:
            query = query.where(c.state.in_([state.value for state in states]))
        query = query.order_by(c.send_at, c.key).limit(limit)
        if keys is None:
            return [rows.delivery_of(row) for row in self._rows(query)]
        found = [
            rows.delivery_of(row)
            for some in _in_parts(sorted(set(keys)), _KEYS_AT_ONCE)
            for row in self._rows(query.where(c.key.in_(some)))
        ]
        found.sort(key=lambda it: (it.push.send_at, it.push.key))
        return found[:limit]

    def apply(self, contract_id: str, changes: Changes) -> None:
        self._must_write()
        named = {it.contract for it in changes.occurrences} | {it.push.contract for it in changes.deliveries}
        if named - {contract_id}:
            raise ValueError(f"changes to contract {contract_id} name {', '.join(sorted(named - {contract_id}))}")
        # First the contract: its row makes two re-plannings of one contract wait for each other on PostgreSQL.
        kept = self._connection.execute(
            update(tables.contract)
            .where(self._mine(tables.contract), tables.contract.c.id == contract_id)
            .values(replan_at=changes.replan_at)
        )
        if kept.rowcount != 1:
            raise Conflict(f"there is no contract {contract_id}; it may have been removed")
        self._apply_occurrences(contract_id, changes)
        self._insert_deliveries([it for it in changes.deliveries if it.seen_in is None])
        self._change_deliveries([it for it in changes.deliveries if it.seen_in is not None])
        self._insert(tables.ledger, [rows.ledger_row(self._tenant, entry) for entry in changes.ledger])

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
            [rows.occurrence_row(self._tenant, it) for it in changes.occurrences],
        )

    def _insert_deliveries(self, changes: Sequence[DeliveryChange]) -> None:
        for change in changes:
            if change.state not in _MAY_STAY:
                raise IllegalMove(
                    f"a new delivery cannot start as {change.state.value} ({change.push.name}, {change.push.key})"
                )
        try:
            insert_many(self._connection, tables.delivery, [rows.new_delivery_row(self._tenant, it) for it in changes])
        except IntegrityError as error:
            if "CHECK" in str(error.orig).upper():
                raise
            raise Conflict("a delivery that was to be new is there already") from None

    def _change_deliveries(self, changes: Sequence[DeliveryChange]) -> None:
        # In the order of keys, like results, so that two writers seldom wait for each other in a ring; where they do,
        # PostgreSQL ends one of them and it sees a `Conflict`.
        by_arrow: dict[tuple[DeliveryState, frozenset[DeliveryState]], list[DeliveryChange]] = {}
        for change in sorted(changes, key=lambda it: it.push.key):
            assert change.seen_in is not None
            by_arrow.setdefault((change.state, change.seen_in), []).append(change)
        for (state, seen_in), some in by_arrow.items():
            statement = _guarded_content(self._mine(tables.delivery), _may_become(state, seen_in), state)
            written = self._connection.execute(
                statement, [{"at_key": it.push.key, "same_body": it.body, **rows.content_row(it)} for it in some]
            )
            if written.rowcount != len(some):
                self._explain(some)

    def _explain(self, changes: Sequence[DeliveryChange]) -> None:
        """Raise for the first change that found its delivery otherwise."""
        c = tables.delivery.c
        for change in changes:
            row = self._connection.execute(
                select(c.state, c.attempts, c.body, c.content_hash).where(
                    self._mine(tables.delivery), c.key == change.push.key
                )
            ).one_or_none()
            assert change.seen_in is not None
            # What is in the new state by now may be so by this very write.
            if row is None or row.state != change.state.value or change.state in change.seen_in:
                self._raise_for(change.push.key, row, change.seen_in, change.state, change.body)
        raise Conflict("a delivery was changed by another writer; read again and repeat")

    def move(self, key: UUID, seen_in: Collection[DeliveryState], state: DeliveryState, reason: str = "") -> None:
        self._must_write()
        c = tables.delivery.c
        written = self._connection.execute(
            update(tables.delivery)
            .where(self._mine(tables.delivery), c.key == key, _in_state(_may_become(state, frozenset(seen_in))))
            .values(state=state.value, reason=reason, **_released(state))
        )
        if written.rowcount != 1:
            row = self._connection.execute(
                select(c.state, c.attempts, c.body).where(self._mine(tables.delivery), c.key == key)
            ).one_or_none()
            self._raise_for(key, row, seen_in, state, None)
            raise Conflict(f"delivery {key} was changed by another writer; read again and repeat")

    def release(self, key: UUID, reason: str) -> None:
        self.move(key, {DeliveryState.PARKED}, DeliveryState.RETRYING, reason)
        c = tables.delivery.c
        self._connection.execute(
            update(tables.delivery)
            .where(self._mine(tables.delivery), c.key == key)
            .values(first_unknown_at=None, releases=c.releases + 1)
        )

    def _raise_for(
        self,
        key: UUID,
        row: Any,
        seen_in: Collection[DeliveryState],
        state: DeliveryState,
        body: bytes | None,
    ) -> None:
        if row is None:
            raise Conflict(f"there is no delivery {key}")
        now_in = DeliveryState(row.state)
        if now_in not in seen_in:
            raise Conflict(f"delivery {key} is {now_in.value} by now; read again and repeat")
        if not _is_arrow(now_in, state):
            raise IllegalMove(f"delivery {key} is {now_in.value}; no arrow leads from there to {state.value}")
        if body is not None and row.attempts > 0 and bytes(row.body) != body:
            raise IllegalMove(
                f"delivery {key} has been attempted, so its bytes stay what they are; plan a push that supersedes it"
            )

    # --- decisions, attempts, the record ----------------------------------------------------------------------------

    def decisions(self, key: UUID) -> Sequence[Decision]:
        c = tables.decision.c
        found = self._rows(select(tables.decision).where(self._mine(tables.decision), c.key == key).order_by(c.n))
        return [rows.decision_of(row) for row in found]

    def decide(self, decision: Decision) -> None:
        self._must_write()
        self._insert(
            tables.decision,
            [rows.decision_row(self._tenant, decision)],
            refused=f"there is no delivery {decision.key} to decide on, or the decision names no person or content",
        )

    def attempts(self, key: UUID) -> Sequence[Attempt]:
        c = tables.attempt.c
        found = self._rows(select(tables.attempt).where(self._mine(tables.attempt), c.key == key).order_by(c.number))
        return [rows.attempt_of(row) for row in found]

    def ledger(self, contract_id: str | None = None) -> Sequence[LedgerEntry]:
        c = tables.ledger.c
        query = select(tables.ledger).where(self._mine(tables.ledger)).order_by(c.n)
        if contract_id is not None:
            query = query.where(c.contract == contract_id)
        return [rows.ledger_of(row) for row in self._rows(query)]

    def note(self, entry: LedgerEntry) -> None:
        self._must_write()
        self._insert(tables.ledger, [rows.ledger_row(self._tenant, entry)])

    # --- common -----------------------------------------------------------------------------------------------------

    def _mine(self, table: Any) -> Any:
        return table.c.tenant == self._tenant

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


def _may_become(state: DeliveryState, seen_in: frozenset[DeliveryState]) -> tuple[DeliveryState, ...]:
    """Those states a delivery was seen in from which it may go to `state`, or stay in it."""
    return tuple(sorted(it for it in seen_in if _is_arrow(it, state)))


def _is_arrow(before: DeliveryState, after: DeliveryState) -> bool:
    return before in _MAY_STAY if before is after else after in ARROWS[before]


def _in_state(states: Collection[DeliveryState]) -> ColumnElement[bool]:
    # Spelled out: a list that expands cannot be part of a statement that runs for many rows.
    return or_(false(), *(tables.delivery.c.state == it.value for it in states))


def _released(state: DeliveryState) -> dict[str, Any]:
    """What else a move to the state sets: nobody holds it any more, and a retry has its instant."""
    c = tables.delivery.c
    if state is DeliveryState.SENDING:
        raise IllegalMove("only a claim may send a delivery")
    again = func.coalesce(c.next_attempt_at, literal(AT_ONCE, Instant)) if state is DeliveryState.RETRYING else None
    return {"worker": "", "lease_until": None, "next_attempt_at": again}


def _guarded_content(mine: Any, seen_in: tuple[DeliveryState, ...], state: DeliveryState) -> Any:
    c = tables.delivery.c
    content = (
        "occurrence_id",
        "clause",
        "ordinal",
        "name",
        "kind",
        "connector",
        "destination",
        "address_json",
        "send_at",
        "payload_json",
        "approvals_json",
        "supersession",
        "supersedes",
        "money",
        "body",
        "content_hash",
        "state",
        "reason",
    )
    return (
        update(tables.delivery)
        .where(
            mine,
            c.key == bindparam("at_key"),
            _in_state(seen_in),
            or_(c.attempts == 0, c.body == bindparam("same_body")),
        )
        .values(**{name: bindparam(name) for name in content}, **_released(state))
    )


def _in_parts(many: Sequence[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(many)
    while part := list(islice(rest, size)):
        yield part
