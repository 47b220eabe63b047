"""The tables: what the store keeps, and what the databases themselves refuse.

These classes state the schema. They are not validated by SQLModel when constructed, so every rule that matters is a
constraint of the database. Rows are read and written by Core statements over `<Model>.__table__`, never as objects.

Rows carry their tenant first in every key and index, so that the tables can be partitioned by it. Nothing cascades: a
row that others rest on cannot be deleted.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from obligations.domain.delivery import DeliveryState, PushKind, Verdict
from obligations.domain.hold import Scope
from obligations.domain.occurrence import Kind, State
from obligations.store.instants import Instant

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(constraint_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
# An INTEGER PRIMARY KEY is SQLite's 64-bit row id; PostgreSQL needs to be told.
Serial = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, values: Iterable[str], name: str) -> tuple[CheckConstraint, CheckConstraint]:
    """The same for each database: SQLite would build a list anew for every row that is written."""
    words = [f"'{value}'" for value in values]
    spelled = CheckConstraint(" OR ".join(f"{column} = {word}" for word in words), name=name)
    listed = CheckConstraint(f"{column} IN ({', '.join(words)})", name=name)
    return spelled.ddl_if(dialect="sqlite"), listed.ddl_if(dialect="postgresql")


def _of_contract() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "contract"], ["contract.tenant", "contract.id"])


def _of_delivery() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["tenant", "key"], ["delivery.tenant", "delivery.key"])


class Kept(SQLModel):
    """What every table has in common."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


class ContractRow(Kept, table=True):
    """A signed agreement with the texts it is planned from."""

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint("id <> ''", name="id"),
        Index(
            "ix_contract_replan",
            "tenant",
            "replan_at",
            postgresql_where=text("replan_at IS NOT NULL"),
            sqlite_where=text("replan_at IS NOT NULL"),
        ),
        Index("ix_contract_edition", "tenant", "edition"),
    )
    tenant: str = Field(sa_type=Text, primary_key=True)
    id: str = Field(sa_type=Text, primary_key=True)
    title: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    template: str = Field(sa_type=Text)
    added_at: datetime = Field(sa_type=Instant)
    added_by: str = Field(sa_type=Text)
    replan_at: datetime | None = Field(default=None, sa_type=Instant)
    amendments_json: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'[]'")))
    edition: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))


class VersionRow(Kept, table=True):
    """One text a contract's terms came from, whatever replaced it later. Append-only."""

    __tablename__ = "terms_version"
    __table_args__ = (
        _of_contract(),
        *_one_of("kind", ("added", "changed", "amended", "withdrawn"), "kind"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("(kind IN ('amended', 'withdrawn')) = (from_on IS NOT NULL)", name="from_on"),
    )
    tenant: str = Field(sa_type=Text, primary_key=True)
    contract: str = Field(sa_type=Text, primary_key=True)
    number: int = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    template: str = Field(sa_type=Text)
    from_on: date | None = None
    recorded_at: datetime = Field(sa_type=Instant)
    recorded_by: str = Field(sa_type=Text)


class EventRow(Kept, table=True):
    """One line of a contract's event log: a report, the correction or withdrawal of one, or a reading that a person
    chose (its name stands as `event`, its option among the fields). Append-only."""

    __tablename__ = "event_log"
    __table_args__ = (
        _of_contract(),
        *_one_of("kind", ("report", "withdrawal", "correction", "choice"), "kind"),
        CheckConstraint("report_id <> ''", name="report_id"),
        CheckConstraint("kind NOT IN ('report', 'choice') OR event <> ''", name="event"),
        CheckConstraint("kind NOT IN ('report', 'correction') OR occurred_on IS NOT NULL", name="occurred_on"),
        CheckConstraint("kind = 'report' OR recorded_at IS NOT NULL", name="recorded_at"),
        # A report is recorded once and taken back once, but corrected as often as it takes.
        Index(
            "ix_event_log_once",
            "tenant",
            "report_id",
            "kind",
            unique=True,
            sqlite_where=text("kind <> 'correction'"),
            postgresql_where=text("kind <> 'correction'"),
        ),
        Index("ix_event_log_contract", "tenant", "contract", "n"),
    )
    n: int | None = Field(default=None, sa_column=Column(Serial, primary_key=True))
    tenant: str = Field(sa_type=Text)
    contract: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    report_id: str = Field(sa_type=Text)
    event: str = Field(sa_type=Text)
    occurred_on: date | None = None
    received_on: date | None = None
    fields_json: str = Field(sa_type=Text)
    expected: bool
    answers: str = Field(sa_type=Text)
    evidence: str = Field(sa_type=Text)
    recorded_at: datetime | None = Field(default=None, sa_type=Instant)
    recorded_by: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class OccurrenceRow(Kept, table=True):
    """One dated instance of an obligation. `acts_on` is the day people act on, kept so that it can be searched.

    A re-planning replaces and deletes these rows: they follow from the terms and the events, which are kept.
    """

    __tablename__ = "occurrence"
    __table_args__ = (
        _of_contract(),
        *_one_of("state", State, "state"),
        *_one_of("kind", Kind, "kind"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("length(currency) = 3", name="currency"),
        CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="money"),
        Index("ix_occurrence_contract", "tenant", "contract", "acts_on"),
        Index("ix_occurrence_acts_on", "tenant", "acts_on"),
    )
    tenant: str = Field(sa_type=Text, primary_key=True)
    id: UUID = Field(primary_key=True)
    contract: str = Field(sa_type=Text)
    clause: str = Field(sa_type=Text)
    instance: str = Field(sa_type=Text)
    position: str = Field(sa_type=Text)
    ordinal: int
    ordinal_of: int | None = None
    kind: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    debtor: str = Field(sa_type=Text)
    creditor: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    derivation_json: str = Field(sa_type=Text)
    cite: str = Field(sa_type=Text)
    waiting_for_json: str = Field(sa_type=Text)
    missing_json: str = Field(sa_type=Text)
    due_on: date | None = None
    adjusted_on: date | None = None
    soft_on: date | None = None
    from_on: date | None = None
    to_on: date | None = None
    acts_on: date | None = None
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    currency: str | None = Field(default=None, sa_type=Text)
    units: str | None = Field(default=None, sa_type=Text)  # a decimal as text: SQLite's NUMERIC is a float
    unit: str = Field(sa_type=Text)
    conditional: bool
    bounds_json: str | None = Field(default=None, sa_type=Text)


class DeliveryRow(Kept, table=True):
    """One push and where its sending stands.

    The three partial indexes are what the daemon looks at: they hold the rows that may go and no others, in the order
    in which they go ('action' sorts before 'edit' and 'reminder'), with the destination beside so that a full lane is
    passed over without reading rows. The fourth finds the newer reminders of an occurrence, the fifth what is tried
    alone.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        _of_contract(),
        *_one_of("state", DeliveryState, "state"),
        *_one_of("kind", PushKind, "kind"),
        CheckConstraint("fence >= 0", name="fence"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("supersession >= 0", name="supersession"),
        # A row in one of these states without its instant would never be looked at again.
        CheckConstraint("state <> 'retrying' OR next_attempt_at IS NOT NULL", name="retrying"),
        CheckConstraint("state <> 'sending' OR lease_until IS NOT NULL", name="sending"),
        # So that a worker's name on a row is proof enough that the row is its own.
        CheckConstraint("(state = 'sending') = (worker <> '')", name="worker"),
        Index("ix_delivery_contract", "tenant", "contract"),
        Index(
            "ix_delivery_scheduled",
            "tenant",
            "send_at",
            "kind",
            "destination",
            sqlite_where=text("state = 'scheduled'"),
            postgresql_where=text("state = 'scheduled'"),
        ),
        Index(
            "ix_delivery_retrying",
            "tenant",
            "next_attempt_at",
            "kind",
            "destination",
            sqlite_where=text("state = 'retrying'"),
            postgresql_where=text("state = 'retrying'"),
        ),
        Index(
            "ix_delivery_sending",
            "tenant",
            "lease_until",
            sqlite_where=text("state = 'sending'"),
            postgresql_where=text("state = 'sending'"),
        ),
        Index(
            "ix_delivery_parked",
            "tenant",
            "first_unknown_at",
            sqlite_where=text("state = 'parked'"),
            postgresql_where=text("state = 'parked'"),
        ),
        Index(
            "ix_delivery_proposed",
            "tenant",
            "send_at",
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
        Index(
            "ix_delivery_reminders",
            "tenant",
            "occurrence_id",
            "send_at",
            sqlite_where=text("state = 'scheduled' AND kind = 'reminder'"),
            postgresql_where=text("state = 'scheduled' AND kind = 'reminder'"),
        ),
        # What may have killed its daemon twice; nearly always empty.
        Index(
            "ix_delivery_suspect",
            "tenant",
            "next_attempt_at",
            sqlite_where=text("state = 'retrying' AND unanswered >= 2"),
            postgresql_where=text("state = 'retrying' AND unanswered >= 2"),
        ),
        # Room on each page for the versions a row goes through, and a vacuum that does not wait for a fifth of it.
        {"postgresql_with": {"fillfactor": 80, "autovacuum_vacuum_scale_factor": 0.01}},
    )
    tenant: str = Field(sa_type=Text, primary_key=True)
    key: UUID = Field(primary_key=True)
    occurrence_id: UUID
    contract: str = Field(sa_type=Text)
    clause: str = Field(sa_type=Text)
    ordinal: int
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    connector: str = Field(sa_type=Text)
    destination: str = Field(sa_type=Text)
    address_json: str = Field(sa_type=Text)
    send_at: datetime = Field(sa_type=Instant)
    payload_json: str = Field(sa_type=Text)
    approvals_json: str = Field(sa_type=Text)
    supersession: int
    supersedes: UUID | None = None
    money: bool
    body: bytes = Field(sa_type=LargeBinary)
    content_hash: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    fence: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    worker: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    next_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    first_unknown_at: datetime | None = Field(default=None, sa_type=Instant)
    releases: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    receipt_json: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'{}'")))
    unanswered: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    halted: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=text("false")))


class AttemptRow(Kept, table=True):
    """One try of a delivery, written with its claim and completed once."""

    __tablename__ = "attempt"
    __table_args__ = (
        _of_delivery(),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("fence >= 1", name="fence"),
        CheckConstraint("worker <> ''", name="worker"),
        *_one_of("verdict", ("", *Verdict), "verdict"),
        CheckConstraint("(finished_at IS NULL) = (verdict = '')", name="finished"),
    )
    tenant: str = Field(sa_type=Text, primary_key=True)
    key: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    fence: int = Field(sa_type=BigInteger)
    worker: str = Field(sa_type=Text)
    started_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    verdict: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    status: int | None = None
    detail: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))


class DecisionRow(Kept, table=True):
    """One person's yes or no, over the exact content they saw. Append-only."""

    __tablename__ = "decision"
    __table_args__ = (
        _of_delivery(),
        CheckConstraint("content_hash <> ''", name="content_hash"),
        CheckConstraint("person <> ''", name="person"),
        Index("ix_decision_key", "tenant", "key", "n"),
    )
    n: int | None = Field(default=None, sa_column=Column(Serial, primary_key=True))
    tenant: str = Field(sa_type=Text)
    key: UUID
    content_hash: str = Field(sa_type=Text)
    role: str = Field(sa_type=Text)
    person: str = Field(sa_type=Text)
    approve: bool
    decided_at: datetime = Field(sa_type=Instant)
    reason: str = Field(sa_type=Text)


class InstallationRow(Kept, table=True):
    """What the service knows of its last run: the latest business time it saw."""

    __tablename__ = "installation"
    tenant: str = Field(sa_type=Text, primary_key=True)
    seen_at: datetime = Field(sa_type=Instant)


class HoldRow(Kept, table=True):
    """What keeps sending back, and who let it go on. A hold is lifted once and stays on record."""

    __tablename__ = "hold"
    __table_args__ = (
        *_one_of("scope", Scope, "scope"),
        CheckConstraint("reason <> '' AND held_by <> ''", name="said"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_by = '')", name="lifted"),
        Index(
            "ix_hold_in_force",
            "tenant",
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
        # Several daemons that see the same trouble make one hold of it.
        Index(
            "ix_hold_of_daemon",
            "tenant",
            "destination",
            unique=True,
            sqlite_where=text("lifted_at IS NULL AND destination <> '' AND held_by = 'the daemon'"),
            postgresql_where=text("lifted_at IS NULL AND destination <> '' AND held_by = 'the daemon'"),
        ),
        Index(
            "ix_hold_of_receiver",
            "tenant",
            "destination",
            unique=True,
            sqlite_where=text("lifted_at IS NULL AND destination <> '' AND held_by = 'the receiver'"),
            postgresql_where=text("lifted_at IS NULL AND destination <> '' AND held_by = 'the receiver'"),
        ),
    )
    n: int | None = Field(default=None, sa_column=Column(Serial, primary_key=True))
    tenant: str = Field(sa_type=Text)
    scope: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    held_at: datetime = Field(sa_type=Instant)
    held_by: str = Field(sa_type=Text)
    lifted_at: datetime | None = Field(default=None, sa_type=Instant)
    lifted_by: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    destination: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))


class RestRow(Kept, table=True):
    """Until when a receiver asked to be left alone, on the machine clock. Over by itself; a claim then deletes it."""

    __tablename__ = "rest"
    tenant: str = Field(sa_type=Text, primary_key=True)
    destination: str = Field(sa_type=Text, primary_key=True)
    until: datetime = Field(sa_type=Instant)


class ProbeRow(Kept, table=True):
    """Written from time to time, to see that the database can be written at all."""

    __tablename__ = "probe"
    tenant: str = Field(sa_type=Text, primary_key=True)
    at: datetime = Field(sa_type=Instant)


class LedgerRow(Kept, table=True):
    """One line of the record of everything decided or done. Append-only."""

    __tablename__ = "ledger"
    __table_args__ = (
        CheckConstraint("action <> ''", name="action"),
        Index("ix_ledger_contract", "tenant", "contract", "n"),
    )
    n: int | None = Field(default=None, sa_column=Column(Serial, primary_key=True))
    tenant: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    contract: str = Field(sa_type=Text)
    object: str = Field(sa_type=Text)
    before: str = Field(sa_type=Text)
    after: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class UnsealedRow(Kept, table=True):
    """Ledger lines that no seal covers yet, put here by a trigger.

    Numbers of lines are given out before their transactions commit, so "after the last one sealed" would miss a line
    that committed late; a list of what is open cannot.
    """

    __tablename__ = "ledger_unsealed"
    tenant: str = Field(sa_type=Text, primary_key=True)
    ledger_n: int = Field(sa_column=Column(BigInteger, primary_key=True))


class SealRow(Kept, table=True):
    """One link of the chain over the ledger: the hash of a line together with the hash before it. Append-only.

    `key_id` names the key it was made with; empty for the plain hash of before there were keys.
    """

    __tablename__ = "ledger_seal"
    __table_args__ = (
        CheckConstraint("seq >= 1", name="seq"),
        CheckConstraint("length(hash) = 64 AND length(prev_hash) = 64", name="hash"),
        UniqueConstraint("ledger_n", name="ledger_n"),
    )
    tenant: str = Field(sa_type=Text, primary_key=True)
    seq: int = Field(sa_column=Column(BigInteger, primary_key=True))
    ledger_n: int = Field(sa_type=BigInteger)
    prev_hash: str = Field(sa_type=Text)
    hash: str = Field(sa_type=Text)
    key_id: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))


def _table(row: type[Kept]) -> Table:
    made: Any = row
    table: Table = made.__table__
    return table


metadata = Kept.metadata
contract = _table(ContractRow)
terms_version = _table(VersionRow)
event_log = _table(EventRow)
occurrence = _table(OccurrenceRow)
delivery = _table(DeliveryRow)
attempt = _table(AttemptRow)
decision = _table(DecisionRow)
installation = _table(InstallationRow)
hold = _table(HoldRow)
rest = _table(RestRow)
probe = _table(ProbeRow)
ledger = _table(LedgerRow)
ledger_unsealed = _table(UnsealedRow)
ledger_seal = _table(SealRow)
