"""The composition root, where the parts are put together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from importlib import resources
from importlib.metadata import entry_points, version
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter, ValidationError

from config.calendars import Calendars
from config.ledger_key import KeyNotMade, key_file, ledger_key, made_ledger_key, new_ledger_key
from config.own_calendars import NoCalendar, own_calendars
from config.settings import BadSettings, Settings
from config.shipped import find_template
from config.zones import Zones
from obligations.clocks import NotAClock, SystemClock, SystemMachineClock, TimeLapse, monotonic
from obligations.domain.ledger_chain import NO_KEYS, LedgerKeys, NoKey
from obligations.engine.settings import EngineSettings
from obligations.engine.steps import KillAt, Steps
from obligations.ports import (
    Clock,
    Connector,
    ConnectorFactory,
    MachineClock,
    StoreRefuses,
    StoreUnavailable,
    StoreUnusable,
)
from obligations.terms.errors import did_you_mean

if TYPE_CHECKING:
    from obligations.engine.counters import Counters
    from obligations.engine.daemon import Daemon
    from obligations.engine.signs import Signs
    from obligations.operations.watch import Watch
    from obligations.service import Library, Service
    from obligations.service.restoring import Restored
    from obligations.store import SqlStore
    from obligations.store.backup import Manifest

CONNECTORS = "obligations.connectors"
# A daemon that waits for another writer must still come round and say that it lives, though its chores wait one after
# the other before it; it tries again by itself.
DAEMON_PATIENCE_SECONDS = 2.0
CHECK_SECONDS = 20.0


def make_clock(settings: Settings) -> Clock:
    """Business time: the machine's, or the control file's that a simulation steers."""
    if settings.dangerous_clock is None:
        return SystemClock()
    try:
        return TimeLapse(settings.dangerous_clock)
    except NotAClock as error:
        raise BadSettings(f"dangerous_clock: {error}") from None


def make_calendars(settings: Settings) -> Calendars:
    """The calendars of this installation: those that ship, and its own."""
    try:
        return Calendars(own_calendars(Path(settings.calendars)) if settings.calendars else {})
    except NoCalendar as error:
        raise BadSettings(f"calendars: {error}") from None


def make_library(settings: Settings, beside: Path | None = None) -> Library:
    """Templates, calendars, zones and sending habits; relative templates are found beside a file."""
    from obligations.planning.pushes import Sending
    from obligations.service import Library

    sending = settings.sending
    calendars, zones = make_calendars(settings), Zones()
    return Library(
        templates=lambda wanted: find_template(wanted, beside),
        calendars=calendars,
        zones=zones,
        sending=Sending(sending.reminders, sending.actions, sending.remind_at, sending.act_at),
        tenant=settings.tenant,
        destinations=_destinations(settings),
        edition=_edition(calendars, zones),
    )


def unset_destinations(settings: Settings, routes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of connectors and the destinations they are to send to, those that nobody set up, so that it parks at its date.

    Only of connectors that know destinations by name: http, and others whose table in the settings lists some.
    """
    named = {name: table["destinations"] for name, table in settings.connectors.items() if "destinations" in table}
    named.setdefault("http", {})
    return sorted((by, to) for by, to in set(routes) if by in named and to not in named[by])


def _destinations(settings: Settings) -> frozenset[str]:
    """The systems that connectors have a table for, by the names that contracts call them by."""
    tables = (table.get("destinations") for table in settings.connectors.values())
    return frozenset(name for table in tables if isinstance(table, Mapping) for name in table)


def _edition(calendars: Calendars, zones: Zones) -> str:
    """What plans are made with, by name: they are made again when it changes."""
    return f"{zones.edition}; {calendars.edition}"


def ledger_keys(settings: Settings, *, make: bool = False) -> LedgerKeys:
    """The keys that chain the ledger, none where there is none yet and none is to be made; raises `BadSettings`."""
    text = made_ledger_key(settings) if make else ledger_key(settings)
    try:
        return NO_KEYS if text is None else LedgerKeys.of(text)
    except NoKey as error:
        where = "OBLIGATIONS_LEDGER_KEY" if settings.ledger_key is not None else key_file(settings)
        raise BadSettings(f"the ledger's key ({where}) is none: {error}") from None


@contextmanager
def open_service(settings: Settings, beside: Path | None = None, *, keys: LedgerKeys = NO_KEYS) -> Iterator[Service]:
    """The use cases over the configured store, closed again at the end of the block; `keys` to check the ledger with.

    Raises `StoreUnavailable` or `BadSettings` with one clear sentence.
    """
    # The store and the use cases, and the engine below, are met here and not above: what needs neither starts faster.
    from obligations.service import Service
    from obligations.store import open_store

    try:
        store = open_store(settings.database(), tenant=settings.tenant, ledger_keys=keys, tell=_aside)
    except ValueError as error:
        raise BadSettings(f"database_url: {error}") from None
    try:
        yield Service(store, clock=make_clock(settings), library=make_library(settings, beside))
    finally:
        store.close()


def _aside(sentence: str) -> None:
    """Say on the side what a person may want to know, whatever the command prints."""
    sys.stderr.write(f"obligations: {sentence}\n")


def ledger_roles() -> str:
    """The SQL that gives the daemons' account on PostgreSQL what they need, and no way to change what is on record."""
    return (resources.files("obligations.store") / "roles.sql").read_text(encoding="utf-8")


def back_up(settings: Settings, file: Path) -> Manifest:
    """A whole copy of the SQLite database in a new file, with its manifest; daemons may work on it meanwhile."""
    from obligations.store.backup import back_up

    return back_up(_database(settings), file, at=SystemMachineClock().now())


def seen_back_up(file: Path) -> tuple[Manifest, tuple[datetime, str, str] | None]:
    """The manifest of a back-up, and the last line of its ledger: when, what, about which contract. Raises
    `StoreUnavailable` where it has no manifest."""
    from obligations.store.backup import last_line_of, manifest_beside

    return manifest_beside(file), last_line_of(file)


def restore(settings: Settings, file: Path, actor: str) -> tuple[Manifest, Path | None, Restored]:
    """Put a back-up in the SQLite database's place, with everything held; the second is where the database that was
    there is kept. Raises `StoreUnavailable` where a daemon works on it or the back-up is no good."""
    from obligations.store.backup import put_back

    machine = SystemMachineClock()
    with put_back(_database(settings), file, at=machine.now()) as (draft, manifest, before):
        restored = _made_ready(settings, draft, manifest.made_at, actor)
    return manifest, before, restored


def restored_otherwise(settings: Settings, made_at: datetime, actor: str) -> Restored:
    """Hold everything in a database that was restored by its own tools; no daemon may work on it yet."""
    from obligations.store import daemon_lock

    url = _database(settings)
    with daemon_lock(url):
        return _made_ready(settings, url, made_at, actor)


def _made_ready(settings: Settings, url: str, made_at: datetime, actor: str) -> Restored:
    from obligations.service import Service
    from obligations.store import open_store

    store = open_store(url, tenant=settings.tenant, keep_copy=False)
    try:
        service = Service(store, clock=make_clock(settings), library=make_library(settings))
        return service.after_restore(made_at, machine_now=SystemMachineClock().now(), actor=actor)
    finally:
        store.close()


def _database(settings: Settings) -> str:
    """The database's URL; raises `BadSettings` where it is none of ours."""
    from obligations.store import check_url

    try:
        check_url(settings.database())
    except ValueError as error:
        raise BadSettings(f"database_url: {error}") from None
    return settings.database()


def make_connectors(settings: Settings, machine: MachineClock) -> Mapping[str, Connector]:
    """The connectors this installation uses, met by their entry points; raises `BadSettings` for a wrong table.

    A connector with settings, or one that reminders or actions go by, is made; the console needs none.
    """
    found = {point.name: point for point in entry_points(group=CONNECTORS)}
    wanted = {"console", settings.sending.reminders, settings.sending.actions, *settings.connectors}
    if settings.slack_token is not None:
        wanted.add("slack")
    connectors: dict[str, Connector] = {}
    for name in sorted(wanted):
        if name not in found:
            known = ", ".join(sorted(found))
            raise BadSettings(f'there is no connector "{name}"; installed are {known}')
        try:
            make: ConnectorFactory = found[name].load()
            connectors[name] = make(settings.connector_settings(name), machine=machine)
        except ValueError as error:
            raise BadSettings(str(error)) from None
    return connectors


async def trouble_with(connector: Connector, *, within_seconds: float = CHECK_SECONDS) -> str | None:
    """Why a connector cannot work as configured, or None. Never raises: others are asked after it."""
    import asyncio

    try:
        async with asyncio.timeout(within_seconds):
            return await connector.check()
    except TimeoutError:
        return f"the connector {connector.name} did not say within {within_seconds:g} s whether it can work"
    except Exception as error:  # noqa: BLE001  # connectors are written elsewhere too
        return f"the connector {connector.name} could not be asked whether it can work ({type(error).__name__})"


def engine_settings(settings: Settings) -> EngineSettings:
    """The engine's numbers; raises `BadSettings` for one that cannot keep its promises.

    Numbers from the environment come as text and are read as numbers.
    """
    known = {one.name for one in fields(EngineSettings)}
    for name in settings.engine:
        if name not in known:
            raise BadSettings(f"[engine] {name}: there is no such setting.{did_you_mean(name, known)}")
    try:
        return TypeAdapter(EngineSettings).validate_python(settings.engine)
    except ValidationError as error:
        faults = [
            f"[engine] {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            if fault["loc"]
            else f"[engine] {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise BadSettings("\n".join(faults)) from None


def _steps(settings: Settings) -> Steps:
    if not settings.dangerous_kill_at:
        return Steps()
    try:
        return KillAt.parse(settings.dangerous_kill_at)
    except ValueError as error:
        raise BadSettings(str(error)) from None


def _daemon_keys(settings: Settings) -> LedgerKeys:
    """The keys that chain the ledger, made at the first start. Payments do not stop for a folder that cannot be
    written; a file that was named by its setting must be there."""
    import structlog

    try:
        return ledger_keys(settings, make=True)
    except KeyNotMade as error:
        if settings.ledger_key_file:
            raise
        structlog.get_logger().error("the ledger is chained without a key", error=str(error))
        return NO_KEYS


def _take_up_ledger_key(store: SqlStore, machine: MachineClock) -> None:
    """Chain with this installation's key from now on. Where the ledger was chained with one that is not here, payments
    go all the same, and its new lines wait."""
    import structlog

    other = store.take_up_ledger_key(at=machine.now(), actor="the service")
    if other:
        structlog.get_logger().error(
            "the ledger is not chained: its last link was made with another key", error=f"key {other} is not here"
        )


def renew_ledger_key(settings: Settings, reason: str, actor: str) -> str:
    """Make a new key for the ledger, and have the ledger say so under it; returns the key's name."""
    from obligations.store import open_store

    open_store(
        settings.database(), tenant=settings.tenant, tell=_aside
    ).close()  # before a key is made that nothing could use
    text = new_ledger_key(settings)
    keys = LedgerKeys.of(text)
    store = open_store(settings.database(), tenant=settings.tenant, ledger_keys=keys)
    try:
        store.take_up_ledger_key(at=SystemMachineClock().now(), actor=actor, lost=reason)
    finally:
        store.close()
    return keys.in_force


def _make_watch(
    settings: Settings, numbers: EngineSettings, counters: Counters, clock: Clock, connectors: Collection[str]
) -> Watch:
    """Whoever watches the daemon, as the settings have it."""
    from obligations.operations.figures import Figures
    from obligations.operations.health import Health
    from obligations.operations.heartbeat import Heartbeat, HttpPing
    from obligations.operations.inspection import Inspection
    from obligations.operations.listener import Listener
    from obligations.operations.systemd import Supervisor
    from obligations.operations.watch import Watch
    from obligations.store.migrate import HEAD
    from obligations.store.soundness import damage_in_use, file_of

    wanted = settings.operations
    listener, heartbeat, ping = None, None, None
    if wanted.listen:
        health = Health(counters, SystemMachineClock(), numbers, schema=HEAD)
        figures = Figures(counters, clock, connectors=connectors, version=version("obligations"))
        listener = Listener(wanted.listen, health, figures, token=wanted.token.get_secret_value())
    if beat := wanted.heartbeat_url.get_secret_value():
        ping = HttpPing(beat)
        heartbeat = Heartbeat(
            ping,
            every_seconds=wanted.heartbeat_seconds,
            overdue_most_seconds=wanted.overdue_most_seconds,
            clock=clock,
            monotonic=monotonic,
        )
    url = _database(settings)
    inspection = Inspection(lambda: damage_in_use(url), counters) if file_of(url) else None
    return Watch(Supervisor(os.environ, monotonic), listener, heartbeat, ping, inspection)


class _Planner:
    """Plans contracts again for the daemon. Planning is met when the first one is due: it is half of what there is to
    load, and nothing that is due waits for it at the start."""

    def __init__(self, store: SqlStore, clock: Clock, settings: Settings) -> None:
        self._store, self._clock, self._settings = store, clock, settings

    @cached_property
    def _service(self) -> Service:
        from obligations.service import Service

        return Service(self._store, clock=self._clock, library=make_library(self._settings))

    def prepare(self, contract: str) -> None:
        """Work out beside the sending what planning the contract will ask for."""
        self._service.prepare(contract)

    def bring_on(self, contract: str) -> None:
        """Bring one contract's plan on, by its id."""
        self._service.bring_on(contract)


class Running(NamedTuple):
    """The background service with its connectors and whoever watches it."""

    daemon: Daemon
    connectors: Mapping[str, Connector]
    watch: Watch


def _waited_for(
    settings: Settings, numbers: EngineSettings, machine: MachineClock, signs: Signs, wait: Callable[[float], object]
) -> tuple[SqlStore, bool]:
    """The store; and whether it had to be waited for, because its server was away or another program kept it locked.

    Raises `StoreRefuses` or `StoreUnusable` at once: a person has to act.
    """
    import structlog

    from obligations.engine.retry import Backoff
    from obligations.store import open_store

    log = structlog.get_logger()
    keys = _daemon_keys(settings)
    backoff = Backoff(numbers.store_wait_seconds, numbers.store_wait_most_seconds)
    waited = 0.0
    while True:
        try:
            store = open_store(
                settings.database(), tenant=settings.tenant, ledger_keys=keys, tell=_aside,
                patience_seconds=DAEMON_PATIENCE_SECONDS,
            )  # fmt: skip
            try:
                _take_up_ledger_key(store, machine)
            except BaseException:
                store.close()
                raise
        except (StoreRefuses, StoreUnusable):
            raise
        except StoreUnavailable as error:
            seconds = backoff.next()
            # Said once it is so, and once more when it lasts, as it is of a daemon that works already.
            if not waited or waited < numbers.store_wait_most_seconds <= waited + seconds:
                tell = log.error if waited else log.warning
                tell("the store is away; nothing is sent until it is back", error=str(error))
            signs.failed()
            wait(seconds)
            waited += seconds
        else:
            if waited:
                log.info("the store is back")
            return store, waited > 0


@contextmanager
def open_daemon(settings: Settings, *, wait: Callable[[float], object] | None = None) -> Iterator[Running]:
    """The background service, ready to run; it alone works on an SQLite file meanwhile. A database that is away, or
    locked by another program, is waited for."""
    from obligations.engine.counters import Counters
    from obligations.engine.daemon import Daemon
    from obligations.store import daemon_lock, open_hints, prove_usable

    url = settings.database()
    machine = SystemMachineClock()
    clock = make_clock(settings)
    numbers = engine_settings(settings)
    connectors = make_connectors(settings, machine)
    steps = _steps(settings)
    edition = _edition(make_calendars(settings), Zones())
    with daemon_lock(url):
        prove_usable(url, patience_seconds=DAEMON_PATIENCE_SECONDS)
        counters = Counters(monotonic)
        watch = _make_watch(settings, numbers, counters, clock, connectors)
        store, waited = _waited_for(settings, numbers, machine, watch, wait or Event().wait)
        planner = _Planner(store, clock, settings)
        yield Running(
            Daemon(
                store,
                connectors,
                clock=clock,
                machine=machine,
                monotonic=monotonic,
                prepare=planner.prepare,
                replan=planner.bring_on,
                exclusive=url.startswith("sqlite"),
                edition=edition,
                real_time=settings.dangerous_clock is None,
                database_clock=store.clock,
                settings=numbers,
                steps=steps,
                hints=open_hints(url, tenant=settings.tenant),
                counters=counters,
                signs=watch,
                store_was_away=waited,
            ),
            connectors,
            watch,
        )
