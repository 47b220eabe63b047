"""A check-up of an installation: can it keep its promises, and if not, what is to be done."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from config.ledger_key import key_file
from config.settings import BadSettings, Settings, config_path
from config.shipped import template_ids
from obligations.app import (
    ledger_keys,
    make_calendars,
    make_clock,
    make_connectors,
    make_library,
    trouble_with,
    unset_destinations,
)
from obligations.clocks import SystemMachineClock
from obligations.domain.delivery import Verdict
from obligations.domain.hold import Scope
from obligations.domain.ledger_chain import NO_KEYS
from obligations.ports import COUNTED_MOST, LedgerEntry, Standing, StoreUnavailable, Transaction
from obligations.store import SqlStore, daemon_lock, open_store
from obligations.store.file_system import network_kind
from obligations.store.soundness import Schema, Traces, clock_of, damage_of, file_of, schema_of, traces_of
from obligations.terms.errors import TermsError

Level = Literal["ok", "warn", "fail"]
_MIB = 1024 * 1024
_LEAST_ROOM = 100 * _MIB
_APART = timedelta(seconds=5)
_SILENT = timedelta(minutes=1)
# How many contracts of one trouble are named.
_SHOWN = 5
_SET_BACK = _LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and what to do where that is not well."""

    name: str
    level: Level
    says: str
    do: str = ""


def check_up(settings: Settings, *, quick: bool = False) -> Iterator[Finding]:
    """Every check in turn; `quick` leaves out those that read everything: the whole file and the whole ledger.

    Nothing is changed, no schema either. Raises `BadSettings` where the database's URL is none of ours.
    """
    try:
        url = settings.database()
        file = file_of(url)
    except ValueError as error:
        raise BadSettings(f"database_url: {error}") from None
    yield Finding("program", "ok", _versions(settings))
    yield from _files(settings, file)
    if file is not None:
        yield from _disk(file)
        if not quick:
            faults = damage_of(url)
            if faults:
                yield Finding("integrity", "fail", faults[0], "keep the file; obligations restore FILE")
                return
            yield Finding("integrity", "ok", "every page of the file is sound")
    try:
        schema = schema_of(url)
    except StoreUnavailable as error:
        yield Finding("database", "fail", str(error), "mend that first; the rest was not looked at")
        return
    yield _of_schema(schema)
    if schema.found == schema.ours:
        yield from _of_store(settings, url, quick)
    yield from _of_connectors(settings)


def _versions(settings: Settings) -> str:
    names = ", ".join(f"{name} {version(name)}" for name in ("obligations", "holidays", "tzdata"))
    return f"{names}; {len(template_ids())} templates, {len(make_calendars(settings))} calendars"


# --- files and the disk -----------------------------------------------------------------------------------------------


def _files(settings: Settings, file: Path | None) -> Iterator[Finding]:
    secret = {config_path(), key_file(settings)}
    if file is not None:
        secret |= {Path(f"{file}{suffix}") for suffix in ("", "-wal", "-shm")}
    seen = [path for path in sorted(secret) if path.exists()]
    open_to_others = [path for path in seen if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in open_to_others:
        yield Finding("permissions", "fail", f"others on this machine may read {path}", f"chmod 600 {path}")
    if not open_to_others:
        yield Finding("permissions", "ok", f"{len(seen)} files are their owner's alone")


def _disk(file: Path) -> Iterator[Finding]:
    folder = next(path for path in (file, *file.parents) if path.is_dir())
    free, size = shutil.disk_usage(folder).free, file.stat().st_size if file.exists() else 0
    says = f"{free // _MIB} MiB are free where the database is ({size // _MIB} MiB)"
    if free < _LEAST_ROOM:
        yield Finding("disk", "fail", says, "make room: without any, nothing can be recorded, so nothing is sent")
    elif free < size:
        yield Finding("disk", "warn", says, "make room for a back-up beside it, which an upgrade makes too")
    else:
        yield Finding("disk", "ok", says)
    kind = network_kind(file if file.exists() else folder)
    if kind:
        yield Finding("file system", "fail", f"{file} lies on a network disk ({kind}), whose locks are not to be"
                      " trusted", "move it to a local disk, or use PostgreSQL")  # fmt: skip
    elif kind is not None:
        yield Finding("file system", "ok", "the database lies on a local disk")


# --- the database -----------------------------------------------------------------------------------------------------


def _of_schema(schema: Schema) -> Finding:
    if schema.found is None:
        return Finding("schema", "warn", "the database is empty", "obligations contract add FILE makes it")
    if schema.newer:
        return Finding("schema", "fail", f"a newer version wrote it (schema {schema.found}, this program knows"
                       f" {schema.ours})", "install the newer version")  # fmt: skip
    if schema.found != schema.ours:
        return Finding("schema", "warn", f"it is at {schema.found} and becomes {schema.ours} when it is next opened",
                       "obligations backup FILE first; on SQLite a copy is made in any case")  # fmt: skip
    return Finding("schema", "ok", f"it is at {schema.found}, as this program")


def _of_store(settings: Settings, url: str, quick: bool) -> Iterator[Finding]:
    try:
        keys = ledger_keys(settings)
    except BadSettings as error:
        keys = NO_KEYS
        yield Finding("ledger key", "fail", str(error), "put the key back, from its copy")
    try:
        store = open_store(url, tenant=settings.tenant, ledger_keys=keys)
    except StoreUnavailable as error:
        yield Finding("database", "fail", str(error), "mend that first; the rest was not looked at")
        return
    try:
        now = make_clock(settings).now()
        yield _writable(store, now)
        traces = traces_of(url, settings.tenant, machine_now := SystemMachineClock().now())
        yield _daemon(url, traces, machine_now)
        yield from _of_clock(store, settings, url, now)
        if not quick:
            yield _of_ledger(store)
        with store.read() as view:
            yield from _of_holds(view)
        yield from _of_plans(store, settings, now)
        yield from _of_deliveries(store.standing(now), traces, now)
        yield _of_destinations(settings, traces)
    except StoreUnavailable as error:
        yield Finding("database", "fail", str(error), "mend that first; the rest was not looked at")
    finally:
        store.close()


class _Undone(Exception):
    """Ends a trial of writing."""


def _writable(store: SqlStore, now: datetime) -> Finding:
    with suppress(_Undone), store.write() as view:
        view.note(LedgerEntry(now, "doctor", "tried to write", "", "", reason="never kept"))
        raise _Undone
    return Finding("writing", "ok", "a line can be written to the ledger")


def _daemon(url: str, traces: Traces, machine_now: datetime) -> Finding:
    if file_of(url) is None:
        # They are elsewhere and hold no lock; but each writes a line every few seconds.
        if traces.written_at is None:
            return Finding("daemon", "warn", "none ever worked on the database: nothing is sent", "obligations run")
        if machine_now - traces.written_at > _SILENT:
            return Finding("daemon", "warn", f"the last sign of one is of {traces.written_at:%Y-%m-%d %H:%M:%S}Z:"
                           " nothing is sent", "obligations run; or see why it writes no more")  # fmt: skip
        return Finding("daemon", "ok", "at least one works on the database")
    try:
        with daemon_lock(url):
            return Finding("daemon", "warn", "none works on the database: nothing is sent", "obligations run")
    except StoreUnavailable:
        return Finding("daemon", "ok", "one works on the database")


def _of_clock(store: SqlStore, settings: Settings, url: str, now: datetime) -> Iterator[Finding]:
    theirs, ours = clock_of(url), SystemMachineClock().now()
    if theirs is not None and abs(theirs - ours) > _APART:
        yield Finding("clock", "warn", f"this machine and the database are {abs(theirs - ours).total_seconds():.0f} s"
                      " apart", "set both by the same time service; minutes apart, a daemon here sends no money",
                     )  # fmt: skip
        return
    with store.read() as view:
        seen = view.seen_at()
    if settings.dangerous_clock is not None:
        yield Finding("clock", "warn", "business time is steered by a file", "leave dangerous_clock out, but in trials")
    elif seen is not None and now < seen - _SET_BACK:
        yield Finding("clock", "fail", f"it is {now:%Y-%m-%d %H:%M}Z here, and was {seen:%Y-%m-%d %H:%M}Z before",
                      "set the clock of this machine")  # fmt: skip
    else:
        yield Finding("clock", "ok", "it stands where it was, or later")


def _of_ledger(store: SqlStore) -> Finding:
    found = store.verify_ledger()
    if found.fault is not None:
        return Finding("ledger", "fail", found.fault, "keep everything as it is; obligations ledger verify")
    if found.missing_key is not None:
        return Finding("ledger", "fail", f"links were made with key {found.missing_key}, which is not here",
                       "put it into the key file, from the machine that has it")  # fmt: skip
    if found.plain and found.plain == found.links:
        return Finding("ledger", "warn", f"{found.links} links hold, none of them made with a key",
                       "start the daemon once, which makes a key")  # fmt: skip
    return Finding("ledger", "ok", f"{found.links} links hold")


def _of_holds(view: Transaction) -> Iterator[Finding]:
    held = view.holds()
    for one in held:
        what = "payments and grants wait" if one.scope is Scope.MONEY else "everything waits"
        if one.destination:
            what = f"what goes to {one.destination} waits"
        says = f"{what} since {one.held_at:%Y-%m-%d %H:%M}Z, by {one.held_by}: {one.reason}"
        yield Finding("holds", "warn", says, f"obligations resume {one.number}, once that is settled")
    if not held:
        yield Finding("holds", "ok", "nothing is held back")


def _of_plans(store: SqlStore, settings: Settings, now: datetime) -> Iterator[Finding]:
    # A daemon plans within a minute what the clock changes.
    late = store.to_replan(now - _LATE, _SHOWN)
    if not late:
        yield Finding("plans", "ok", "no contract waits to be planned again")
        return
    from obligations.service import Service

    service = Service(store, clock=make_clock(settings), library=make_library(settings))
    for contract in late:
        try:
            service.prepare(contract)
        except TermsError as error:
            why = str(error).splitlines()[0]
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are looked at too
            why = type(error).__name__
        else:
            yield Finding("plans", "warn", f"{contract} waits to be planned again, and what it pays waits for that",
                          f"obligations run; or obligations contract replan {contract}")  # fmt: skip
            continue
        yield Finding("plans", "fail", f"{contract} cannot be planned again, and what it pays waits for that: {why}",
                      f"obligations contract replan {contract}, which tells more")  # fmt: skip


def _of_deliveries(found: Standing, traces: Traces, now: datetime) -> Iterator[Finding]:
    # What has just come due may be on its way.
    is_late = found.oldest_overdue_at is not None and found.oldest_overdue_at < now - _LATE
    yield _count("parked", found.parked, "stopped", "obligations deliveries --state parked says why, for each")
    yield _count(
        "unknown", found.unknown, f"of {Verdict.UNKNOWN} outcome", "ask the receivers of those that are parked"
    )
    yield _count("interrupted", traces.stranded, "being sent when their daemon stopped, and nobody knows whether they"
                 " took effect", "obligations run sends them again under their keys")  # fmt: skip
    yield _count("overdue", found.overdue if is_late else 0, "should have gone by now",
                 "see the holds above, obligations deliveries --state retrying, and the daemon's log")  # fmt: skip


def _count(name: str, number: int, says: str, do: str) -> Finding:
    many = f"{number}{' or more' if number >= COUNTED_MOST else ''}"
    return Finding(name, "warn", f"{many} deliveries: {says}", do) if number else Finding(name, "ok", "none")


def _of_destinations(settings: Settings, traces: Traces) -> Finding:
    unset = unset_destinations(settings, traces.routes)
    if not unset:
        return Finding("destinations", "ok", "nothing is to go where nobody said how")
    tables = ", ".join(f"[connectors.{by}.destinations.{to}]" for by, to in unset)
    return Finding("destinations", "warn", f"no address is set up for {', '.join(to for _, to in unset)}: what goes"
                   " there is parked at its date", f"add {tables} with url and secret; restart the daemon")  # fmt: skip


# --- what it sends by -------------------------------------------------------------------------------------------------


def _of_connectors(settings: Settings) -> Iterator[Finding]:
    try:
        connectors = make_connectors(settings, SystemMachineClock())
    except BadSettings as error:
        yield Finding("connectors", "fail", str(error), "mend the configuration file")
        return

    async def ask() -> list[Finding]:
        found = []
        for name, connector in connectors.items():
            trouble = await trouble_with(connector)
            await connector.close()
            if trouble:
                found.append(Finding(f"connector {name}", "fail", trouble, "see the connector's README"))
            else:
                found.append(Finding(f"connector {name}", "ok", "it can work as configured"))
        return found

    yield from asyncio.run(ask())
