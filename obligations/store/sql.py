"""The store on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from obligations.domain.ledger_chain import NO_KEYS, Head, LedgerKeys, Walked
from obligations.ports import NO_ROOMS, Claim, Conflict, Rescued, Result, Standing, StoreUnavailable
from obligations.store import claims, sealing, tables
from obligations.store.connect import PATIENCE_SECONDS, Database, in_words, make_engine
from obligations.store.instants import database_now
from obligations.store.migrate import migrate, refuse_newer
from obligations.store.room import must_have_room
from obligations.store.standing import REVISION, standing
from obligations.store.transaction import SqlTransaction

T = TypeVar("T")
_TRIES = 5
_CLOCK = select(database_now())


def open_store(
    url: str,
    *,
    tenant: str = "",
    ledger_keys: LedgerKeys = NO_KEYS,
    keep_copy: bool = True,
    tell: Callable[[str], None] = lambda _: None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> SqlStore:
    """The store at the URL, brought up to this program's schema first. A missing SQLite file is made; one of an older
    schema is copied before it is changed, unless `keep_copy` is off, and `tell` hears where to.

    Raises:
        ValueError: the URL is none of ours.
        StoreUnavailable: the database cannot be reached or written, or a newer program wrote it.
    """
    migrate(url, keep_copy=keep_copy, tell=tell)
    return SqlStore(url, tenant=tenant, ledger_keys=ledger_keys, patience_seconds=patience_seconds)


class SqlStore:
    """`obligations.ports.Store` on SQLite (`sqlite:///path`) or PostgreSQL (`postgresql://...`).

    Safe to share between threads. On SQLite one writer is active at a time, in this process and in all others. On
    PostgreSQL writers run beside each other, leases are measured by the database's clock, and a claim passes over the
    rows that another daemon is claiming.

    Args:
        url: the database; its schema must be there already (`open_store` sees to that).
        tenant: whose rows this store reads and writes; it never sees another's.
        ledger_keys: what the ledger is chained with; without any it is chained by plain hashes.
        patience_seconds: how long a writer waits for another before it raises `StoreUnavailable`.
    """

    def __init__(
        self,
        url: str,
        *,
        tenant: str = "",
        ledger_keys: LedgerKeys = NO_KEYS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._database = Database.of(url)
        self._tenant = tenant
        self._ledger_keys = ledger_keys
        self._patience_seconds = patience_seconds
        self._engine = make_engine(self._database, patience_seconds=patience_seconds)
        # SQLite's own waiting sleeps longer and longer; within a process a lock hands over at once.
        self._writing = threading.Lock() if self._database.is_sqlite else None

    # --- views ------------------------------------------------------------------------------------------------------

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """A consistent view: what others commit while the block runs does not show in it."""
        with self._reading() as connection:
            yield SqlTransaction(connection, self._tenant, writes=False)

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        """A view whose writes are committed together when the block ends, and not at all when it raises."""
        with self._committing(ours=True) as connection:
            yield SqlTransaction(connection, self._tenant, writes=True)

    # --- the daemon's work ------------------------------------------------------------------------------------------

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
        """Lease up to `limit` due deliveries, oldest first, actions before reminders, and write their attempts.

        On SQLite raises `NoRoom` while there is room to write the attempts, but perhaps not what comes of them. On
        PostgreSQL raises `StoreNewer` where a newer program has upgraded the database; an SQLite file is not upgraded
        under a daemon.
        """
        self._must_have_room()
        return self._again(
            lambda connection: claims.claim(
                connection,
                self._tenant,
                business_now=business_now,
                machine_now=machine_now,
                worker=worker,
                limit=limit,
                lease_seconds=lease_seconds,
                full=full,
                only=only,
                planned_by=planned_by,
                edition=edition,
                each=each,
                rooms=rooms,
                money=money,
                money_alone=money_alone,
                refuse=lambda schema: refuse_newer(self._database, schema),
            )
        )

    def record(self, results: Iterable[Result]) -> Sequence[UUID]:
        """Write results in one transaction; returns the keys whose claim had been taken over, and nothing was written
        for."""
        kept = tuple(results)
        return self._again(lambda connection: claims.record(connection, self._tenant, kept))

    def rescue(
        self, *, machine_now: datetime, everything: bool = False, worker: str = "", in_hand: Collection[UUID] = ()
    ) -> Rescued:
        """Send back what a stopped daemon held, and park what was lost so three times in a row; `everything` also what
        is still leased, for a sole owner at start. What `worker` itself still has `in_hand` is left to it."""
        return self._again(
            lambda connection: claims.rescue(
                connection,
                self._tenant,
                machine_now=machine_now,
                everything=everything,
                worker=worker,
                in_hand=in_hand,
            ),
            ours=True,
        )

    def next_wake(
        self,
        full: Collection[str] = (),
        *,
        money: bool = True,
        planned_by: datetime | None = None,
        edition: str | None = None,
    ) -> tuple[datetime | None, datetime | None]:
        """The earliest scheduled instant (business time) and the earliest retry (machine time)."""
        with self._reading() as connection:
            return claims.next_wake(connection, self._tenant, full, money=money, planned_by=planned_by, edition=edition)

    def to_replan(self, now: datetime, limit: int = 100, *, edition: str | None = None) -> Sequence[str]:
        """Contracts whose plan the clock alone changes by that instant, the longest overdue first; then those planned
        with another edition of the calendars."""
        c = tables.contract.c
        mine = select(c.id).where(c.tenant == self._tenant)
        queries = [mine.where(c.replan_at <= now).order_by(c.replan_at, c.id)]
        if edition is not None:
            queries += [
                mine.where(other).order_by(c.edition, c.id) for other in (c.edition < edition, c.edition > edition)
            ]
        found: dict[str, None] = {}
        with self._reading() as connection:
            for query in queries:
                found.update(dict.fromkeys(connection.execute(query.limit(limit)).scalars()))
        return list(found)[:limit]

    def standing(self, business_now: datetime) -> Standing:
        """How the queue stands, each figure counted along an index and no further than `COUNTED_MOST`."""
        with self._reading() as connection:
            return standing(connection, self._tenant, business_now)

    def clock(self) -> datetime | None:
        """What PostgreSQL's own clock shows; None for SQLite, which has none."""
        if self._database.is_sqlite:
            return None
        with self._reading() as connection:
            return connection.execute(_CLOCK).scalar_one()

    def probe(self, at: datetime) -> None:
        """Write one row and commit it. On SQLite raises `NoRoom` also when the disk is nearly full.

        Raises `StoreNewer`, and writes nothing, where a newer program has upgraded the database meanwhile.
        """
        self._must_have_room()
        new: Any = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = new(tables.probe).values(tenant=self._tenant, at=at)
        with self._committing() as connection:
            refuse_newer(self._database, connection.execute(REVISION).scalar_one())
            connection.execute(row.on_conflict_do_update(index_elements=["tenant"], set_={"at": row.excluded.at}))

    # --- the record -------------------------------------------------------------------------------------------------

    def seal(self, limit: int = 10_000) -> int:
        """Chain committed ledger lines that are not chained yet; returns how many."""
        return self._again(
            lambda connection: sealing.seal(connection, self._tenant, limit, self._ledger_keys), ours=True
        )

    def verify_ledger(self, heads: Iterable[Head] = ()) -> Walked:
        """What a walk along the whole chain finds, in constant memory, held against heads that were kept elsewhere."""
        with self._reading() as connection:
            return sealing.walked(connection, self._tenant, self._ledger_keys, heads)

    def take_up_ledger_key(self, *, at: datetime, actor: str, lost: str = "") -> str:
        """Begin to chain with the key in force, which the ledger itself then says; nothing where it does so already.

        Returns the name of a key that the last link was made with and that is not here: nothing is chained then,
        unless `lost` says why that one is gone.
        """
        return self._again(
            lambda connection: sealing.take_up(connection, self._tenant, self._ledger_keys, at, actor, lost), ours=True
        )

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def _must_have_room(self) -> None:
        if self._database.is_sqlite:
            must_have_room(self._database.path)

    # --- transactions -----------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        options: dict[str, Any] = (
            {}
            if self._database.is_sqlite
            else {
                "isolation_level": "REPEATABLE READ",
                "postgresql_readonly": True,
            }
        )
        with (
            in_words(self._database),
            self._engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    @contextmanager
    def _committing(self, *, ours: bool = False) -> Iterator[Connection]:
        """A transaction that writes; `ours` only while the database is at a schema of this program, which it then stays
        at until the commit."""
        with (
            self._turn(),
            in_words(self._database),
            self._engine.connect() as connection,
            connection.execution_options(obligations_writes=True).begin(),
        ):
            if ours and not self._database.is_sqlite:
                refuse_newer(self._database, connection.execute(REVISION).scalar_one())
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writing is None:
            yield
            return
        if not self._writing.acquire(timeout=self._patience_seconds):
            raise StoreUnavailable(
                f"{self._database.shown} is busy: another thread of this process has been writing for"
                f" {self._patience_seconds:g} s; a write() block must be short and must not open another"
            )
        try:
            yield
        finally:
            self._writing.release()

    def _again(self, work: Callable[[Connection], T], *, ours: bool = False) -> T:
        """The work's result, repeated when PostgreSQL ended it in favour of another writer."""
        for _ in range(_TRIES - 1):
            try:
                with self._committing(ours=ours) as connection:
                    return work(connection)
            except Conflict:
                continue
        with self._committing(ours=ours) as connection:
            return work(connection)
