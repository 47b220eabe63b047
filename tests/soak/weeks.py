"""Weeks of the real service and the real pump, by a clock moved by hand: people, a bad network and crashes anywhere.

    python -m tests.soak.weeks --seeds 10000 --seed 1

A crash takes everything in memory and leaves what the store had committed. It comes at any point: a named step of
sending, before or after the receiver acts, before or after a commit. The daemon brings plans on itself, before it sends
or after, and now and then the machine's clock is set. What a week may never show is asserted as it runs; hypothesis
makes the shortest week that shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import cache
from math import inf
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import structlog
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Connection, event

from obligations.domain.content import hash_of, same_content
from obligations.domain.delivery import DeliveryState, Outcome, PushKind
from obligations.domain.hold import DAEMON, Scope
from obligations.engine.daemon import Daemon
from obligations.engine.housekeeping import Housekeeping
from obligations.engine.pump import Pump
from obligations.engine.settings import EngineSettings
from obligations.engine.steps import Step, Steps
from obligations.planning.content import owed
from obligations.ports import Claim, StoreUnavailable
from obligations.service import NeedsPerson, NotFound, Refused, Service
from obligations.store import SqlStore, open_store
from obligations.testing.clocks import FixedMachineClock
from tests.engine.stage import middle
from tests.service.office import DELIVERED, FAILED, LETTER, REJECTED, UNKNOWN, Office, library, office_on

T = TypeVar("T")

START = date(2026, 1, 5)
TERMS = LETTER.replace("people:\n", "people:\n  employee: {name: Ana, email: ana@example.com}\n")
PEOPLE = ("hana@example.com", "finn@example.com")
# What the receiver says, and whether it acted. What is known surely had its effect or surely none.
ANSWERS = ((DELIVERED, True), (FAILED, False), (UNKNOWN, True), (UNKNOWN, False), (REJECTED, False))
GOING = frozenset({DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.RETRYING})
HOUR = 3_600
# By how many hours the clock is set, now and then.
STEPS = (0, 0, 0, 0, 0, 0, 3, -3, 960)
SETTINGS = EngineSettings(retry_delays_seconds=(5, 300, 3600, 3600, 3600, 3600), action_late_most_seconds=inf)


class Crashed(BaseException):
    """The process is gone. Not an `Exception`: no code of ours may catch it and go on."""


class Fate(Steps):
    """Counts the points a process passes, and ends it at the one it was told of, or takes the store away there."""

    def __init__(self) -> None:
        self.dead = False
        self.dies_in = self.store_away_in = 0

    def reach(self, step: Step) -> None:
        self.passed()

    def passed(self) -> None:
        """One more point; raises `Crashed` at the last one, and at each after it."""
        self.dies_in -= 1
        if self.dead or self.dies_in == 0:
            self.dead = True
            raise Crashed

    def store_used(self) -> None:
        """The store is used once more; raises `StoreUnavailable` where it was to be away."""
        self.store_away_in -= 1
        if self.store_away_in == 0:
            raise StoreUnavailable("the disk is away for a moment")


class MortalStore(SqlStore):
    """The real store in a process that can die before it does what it is asked, before the commit, or after."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate

        @event.listens_for(self._engine, "commit")
        def _last_moment(_connection: Connection) -> None:
            fate.passed()

    def claim(self, **asked: Any) -> Any:
        return self._mortally(lambda: super(MortalStore, self).claim(**asked))

    def record(self, results: Any) -> Any:
        return self._mortally(lambda: super(MortalStore, self).record(results))

    def rescue(self, **asked: Any) -> Any:
        return self._mortally(lambda: super(MortalStore, self).rescue(**asked))

    def _mortally(self, work: Callable[[], T]) -> T:
        self._fate.passed()
        self._fate.store_used()
        done = work()
        self._fate.passed()
        return done


class Rough:
    """A connector whose receiver answers as it was told, and acts or not."""

    def __init__(self, name: str, week: Weeks) -> None:
        self.name = name
        self._week = week

    async def deliver(self, claim: Claim) -> Outcome:
        fate = self._week.fate
        fate.passed()
        answer, acted = DELIVERED, True
        if claim.kind is PushKind.ACTION and self._week.answers:
            answer, acted = self._week.answers.pop(0)
        try:
            self._week.about_to_send(claim)
            if acted:
                self._week.acted(claim)
        except Exception as broken:
            # The engine takes whatever a connector raises for an unknown outcome, so it is said again later.
            self._week.broken.append(broken)
            raise
        fate.passed()
        return answer

    async def check(self) -> str | None:
        return None

    async def close(self) -> None:
        return None


@cache
def _migrated(folder: str) -> Path:
    path = Path(folder) / "migrated.db"
    open_store(f"sqlite:///{path}").close()
    return path


class Weeks(RuleBasedStateMachine):
    """A letter in busy hands, a daemon that dies, a receiver on bad days."""

    folder: str

    @initialize()
    def hire(self) -> None:
        self._place = tempfile.TemporaryDirectory(dir=self.folder)
        path = Path(self._place.name) / "o.db"
        shutil.copy(_migrated(self.folder), path)
        self._url = f"sqlite:///{path}"
        self._opened = office_on(self._url, START)
        self.office: Office = self._opened.__enter__()
        self.loop = asyncio.new_event_loop()
        # What dies with its process has nobody left to be told.
        self.loop.set_exception_handler(lambda loop, context: None)
        # As in a daemon, business time is the machine's.
        self.machine = FixedMachineClock(self.office.clock.now())
        self.fate = Fate()
        self.store = MortalStore(self._url, self.fate)
        self.service = Service(self.store, clock=self.office.clock, library=library())
        self.pump: Pump | None = None
        self.housekeeping: Housekeeping | None = None
        # By how many seconds the clock was set since the daemon looked at it, and whether it must hold money for that.
        self.set_by, self.doubted = 0.0, False
        self.plans_first = True
        self.answers: list[tuple[Outcome, bool]] = []
        self.sent: dict[UUID, bytes] = {}
        self.broken: list[Exception] = []
        self.amounts = ["125000.00", "90000.00"]
        self.office.add(TERMS)
        self.office.tell("employment_started", START)
        self.exits = [self.office.tell("change_of_control", START)]
        # Instructions are due from the start, so that a short story has something to lose.
        self._approve(PEOPLE)
        self._pass_time(4 * 86_400)

    # --- what happens

    # Few rules with many faces: a fault needs time, a bad answer, a death and a person at the right moments.

    @rule(
        hours=st.sampled_from([0, 0.1, 2, 24, 72, None]),
        answers=st.lists(st.sampled_from(ANSWERS), min_size=3, max_size=5),
        dies_in=st.one_of(st.just(0), st.integers(1, 30)),
        store_away_in=st.sampled_from([0, 0, 0, 1, 2, 3]),
        plans_first=st.booleans(),
        set_hours=st.sampled_from(STEPS),
    )
    def time_passes_and_the_daemon_works(
        self, hours: float | None, answers: list[tuple[Outcome, bool]], dies_in: int, store_away_in: int,
        plans_first: bool, set_hours: int,
    ) -> None:  # fmt: skip
        """No `hours`: until a moment before the next thing is due. A daemon that died before is started again."""
        self._pass_time(self._almost_due() if hours is None else hours * HOUR)
        self._set_the_clock(set_hours * HOUR)
        self.plans_first = plans_first
        self.answers = list(answers)
        self.fate.dies_in, self.fate.store_away_in = dies_in, store_away_in
        self._run_the_daemon()

    @rule(
        what=st.sampled_from(
            ["both agree", "both agree", "one agrees", "one refuses", "another amount", "withdrawn or told again",
             "money pauses", "everything pauses", "go on", "parked is let go"]
        )
    )  # fmt: skip
    def people_act(self, what: str) -> None:
        service = self.office.service
        match what:
            case "both agree":
                self._approve(PEOPLE)
            case "one agrees":
                self._approve(PEOPLE[:1])
            case "one refuses":
                with suppress(Refused, NotFound):
                    service.decide("lump_sum", person=PEOPLE[0], approve=False, reason="no")
            case "another amount":
                self.amounts.reverse()
                self.office.add(TERMS.replace("125000.00", self.amounts[0]), change=True)
            case "withdrawn or told again":
                if self.exits:
                    self.office.withdraw(self.exits.pop())
                else:
                    self.exits.append(self.office.tell("change_of_control", START))
            case "money pauses" | "everything pauses":
                scope = Scope.MONEY if what == "money pauses" else Scope.EVERYTHING
                service.pause(scope, reason="an audit", actor="hana")
            case "go on":
                self._go_on()
            case _:
                self._let_go_of_what_is_parked()

    # --- what must hold whenever something is sent

    def about_to_send(self, claim: Claim) -> None:
        (stored,) = self.office.deliveries(keys=[claim.key])
        # What went once goes again although the clock was set back meanwhile.
        assert claim.attempt > 1 or stored.push.send_at <= self.office.clock.now(), "sent before its instant"
        assert not (self.doubted and stored.push.money), "sent, after the clock was set and before a person looked"
        push = stored.push
        goes = hash_of(claim.body, claim.connector, claim.destination, claim.address, push.send_at, push.approvals)
        assert same_content(stored.content_hash, goes), "not the content that is stored"
        given = [
            one for one in self.office.decisions(claim.key) if one.approve and one.content_hash == stored.content_hash
        ]
        assert {one.role for one in given} >= set(stored.push.approvals), "sent without the approvals it needs"
        assert len({one.person for one in given}) >= len(stored.push.approvals), "one person agreed twice"
        assert self.sent.setdefault(claim.key, claim.body) == claim.body == stored.body, "one key, one content"
        with self.office.store.read() as view:
            attempt = view.attempts(claim.key)[-1]
        assert (attempt.number, attempt.finished_at) == (claim.attempt, None), "sent before it was written down"
        assert stored.state is DeliveryState.SENDING
        for hold in self.office.service.holds():
            held = hold.scope is Scope.EVERYTHING and hold.destination in ("", claim.destination)
            held |= hold.scope is Scope.MONEY and stored.push.money
            assert not held, "sent although it was held"

    def acted(self, claim: Claim) -> None:
        """The receiver acts, once for each key."""
        if claim.kind is PushKind.ACTION:
            (stored,) = self.office.deliveries(keys=[claim.key])
            self.office.receiver.take(stored)

    # --- the machinery

    def _run_the_daemon(self) -> None:
        try:
            self.loop.run_until_complete(self._work())
        except Crashed:
            self._bury()
        except StoreUnavailable:
            pass  # what is in hand waits for the next pass
        if self.broken:
            raise self.broken[0]

    async def _work(self) -> None:
        pump, housekeeping = (
            self._begin() if self.pump is None or self.housekeeping is None else (self.pump, self.housekeeping)
        )
        if self.set_by:
            await pump.watch.look()
            self.doubted |= abs(self.set_by) > SETTINGS.clock_step_seconds
            self.set_by = 0.0
        await pump.watch.remember()
        if not self.plans_first:
            await pump.pass_once()
        await housekeeping.rescue()
        await housekeeping.replan()
        await pump.pass_once()

    def _begin(self) -> tuple[Pump, Housekeeping]:
        """As the daemon begins: what was in flight when the last one died goes again."""
        self.set_by = 0.0  # nobody saw it
        self.store.rescue(machine_now=self.machine.now(), everything=True)
        daemon = Daemon(
            self.store, {name: Rough(name, self) for name in ("http", "slack")},
            clock=self.office.clock, machine=self.machine, monotonic=self.machine.monotonic, exclusive=True,
            real_time=True, replan=self.service.bring_on, prepare=self.service.prepare, settings=SETTINGS,
            steps=self.fate, chance=middle,
        )  # fmt: skip
        self.pump, self.housekeeping = daemon.pump, daemon._housekeeping
        return self.pump, self.housekeeping

    def _bury(self) -> None:
        """Nothing of the process is left; its memory, and what it was waiting for, are gone."""
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        if left:
            self.loop.run_until_complete(asyncio.wait(left))
        if self.pump is not None:
            self.pump.thread.close()
        self.pump = self.housekeeping = None
        # One that died before it had written its hold leaves nobody who knows that the clock was set forward.
        self.doubted &= any(hold.held_by == DAEMON for hold in self.office.service.holds())
        self.fate.dead = False
        self.fate.dies_in = self.fate.store_away_in = 0

    def _pass_time(self, seconds: float) -> None:
        self.office.clock.advance(seconds=seconds)
        self.machine.advance(seconds=seconds)

    def _set_the_clock(self, seconds: float) -> None:
        self.office.clock.step(seconds=seconds)
        self.machine.step(seconds=seconds)
        self.set_by += seconds

    def _approve(self, everyone: tuple[str, ...]) -> None:
        for occurrence in sorted({
            one.push.occurrence_id for one in self.office.deliveries(states={DeliveryState.PROPOSED})
        }):  # fmt: skip
            for person in everyone:
                with suppress(Refused, NeedsPerson, NotFound):
                    self.office.service.decide(str(occurrence), person=person, approve=True)

    def _let_go_of_what_is_parked(self) -> None:
        for one in self.office.deliveries(states={DeliveryState.PARKED}):
            # The receiver of this story forgets no key, so that a person may always send again.
            with suppress(NotFound):
                self.office.service.retry(str(one.push.key), actor="hana", not_received=True)

    def _go_on(self) -> None:
        self.doubted = False
        if self.office.service.holds():
            self.office.service.resume(None, actor="hana")

    def _unsettled(self) -> bool:
        now, states = self.office.clock.now(), GOING | {DeliveryState.PARKED, DeliveryState.PROPOSED}
        return any(one.push.send_at <= now for one in self.office.deliveries(states=states))

    def _almost_due(self) -> float:
        """Seconds until a second before something is due."""
        business, _ = self.office.store.next_wake()
        return 0 if business is None else max(0, (business - self.office.clock.now()).total_seconds() - 1)

    # --- the end of the story

    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        try:
            self._come_to_rest()
        finally:
            if self.pump is not None:
                self.pump.thread.close()
            self.loop.close()
            self.store.close()
            self._opened.__exit__(None, None, None)
            self._place.cleanup()

    def _come_to_rest(self) -> None:
        self._go_on()
        self.answers.clear()
        self.fate.dies_in = self.fate.store_away_in = 0
        for _ in range(24):
            self._run_the_daemon()
            self._go_on()
            self._let_go_of_what_is_parked()
            self._approve(PEOPLE)
            self._pass_time(HOUR)
            if not self._unsettled():
                break
        now = self.office.clock.now()
        over = {DeliveryState.DELIVERED, DeliveryState.COLLAPSED, DeliveryState.CANCELLED, DeliveryState.PROPOSED,
                DeliveryState.REFUSED}  # fmt: skip
        deliveries = self.office.deliveries()
        lost = [one for one in deliveries if one.push.send_at <= now and one.state not in over]
        assert not lost, "something that was due never went"
        delivered = {one.push.key for one in deliveries
                     if one.state is DeliveryState.DELIVERED and one.push.kind is PushKind.ACTION}  # fmt: skip
        assert delivered <= self.office.receiver.keys, "called delivered, and the receiver never acted"
        kept = {one.push.key: one for one in deliveries}
        planned = [push for push in self.office.service.overview("letter").plan.pushes if push.send_at <= now]
        assert {push.key for push in planned} <= kept.keys(), "planned, and not kept"
        for_people = {(one.push.occurrence_id, one.push.name) for one in deliveries
                      if one.state in (DeliveryState.REFUSED, DeliveryState.PROPOSED)}  # fmt: skip
        for push in planned:
            about = (push.occurrence_id, push.name)
            if push.kind is not PushKind.ACTION:
                assert kept[push.key].state is not DeliveryState.CANCELLED, "planned, and called off by nobody"
            elif about not in for_people:
                assert self.office.receiver.believes.get(about) == owed(push), "planned, and not what the receiver owes"
        with self.office.store.read() as view:
            for key in kept:
                assert all(one.finished_at for one in view.attempts(key)), "an attempt that nobody ended"


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder whose files cost no disk, where the machine has one: a story commits a hundred times."""
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="obl-", dir=fast if fast.is_dir() else None) as folder:
        yield Path(folder)


def run(folder: Path, stories: int, steps: int, *, starting_at: int | None = None) -> None:
    """So many stories; raises what a promise that is broken raises, for the shortest story that breaks it."""
    machine: type[Weeks] = type("WeeksHere", (Weeks,), {"folder": str(folder)})
    if starting_at is not None:
        machine = seed(starting_at)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=stories, stateful_step_count=steps, deadline=None, derandomize=starting_at is None,
            database=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def main() -> None:
    """As many stories as asked for; one that breaks a promise is printed step by step, and the exit code is 1."""
    parser = argparse.ArgumentParser(description="Simulate weeks of people, bad networks and crashes.")
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first hundred; each hundred has the next")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with in_memory() as folder:
        for begun in range(0, given.seeds, 100):
            run(folder, min(100, given.seeds - begun), 12, starting_at=given.seed + begun // 100)
            sys.stderr.write(f"{min(begun + 100, given.seeds):,} of {given.seeds:,} stories\n")
    sys.stdout.write(f"{given.seeds:,} stories from seed {given.seed}: every promise was kept\n")


if __name__ == "__main__":
    main()
