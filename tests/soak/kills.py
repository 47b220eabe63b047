"""Daemons killed again and again while work falls due: nothing is lost, doubled, early or unapproved.

    python -m tests.soak.kills --kills 200 --seed 1 --database sqlite

Real daemons as installed, a receiver on the loopback that honours keys, one daemon on SQLite and three on PostgreSQL.
Each is killed with SIGKILL: at a random moment from its start on, at a named step of sending, when the receiver has
read its request, or when the answer has left. The table at the end is what it came to. The exit code is 1 when a
promise was broken, and 2 when seconds were too long on a machine that others kept busy: that shows nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any
from uuid import UUID

import psycopg

from obligations.clocks import SystemMachineClock, monotonic
from obligations.domain.delivery import DeliveryState
from obligations.engine.steps import Step
from obligations.ports import Store
from obligations.store import open_store
from tests.conftest import fresh_postgres, running_postgres
from tests.soak.audit import Audit, audit
from tests.soak.house import LEASE_SECONDS, House
from tests.soak.load import Load
from tests.soak.machine import Machine, resident_bytes
from tests.soak.receiver import RoughReceiver

DAEMONS = {"sqlite": ("one",), "postgresql": ("one", "two", "three")}
# What a daemon may need to come up on a busy machine, and how long one round of work lasts.
UP_SECONDS, ROUND_SECONDS, START_SECONDS = 30.0, 1.5, 1.0
EACH_ROUND, CALLED_OFF, EVERY_LETTER = 24, 2, 6
SETTLE_SECONDS = 120.0
CALM_SECONDS, CALM_EACH_SECOND = 15.0, 20


class Campaign:
    """One run on one database. The seed decides who dies when, as far as the machine's own timing lets it."""

    def __init__(self, store: Store, house: House, receiver: RoughReceiver, random: Random, beside: Machine) -> None:
        self._store = store
        self._house = house
        self._receiver = receiver
        self._random = random
        self._beside = beside
        self._load = Load(store)
        self._machine = SystemMachineClock()
        self._never = Event()
        self.parked = 0

    def run(self, kills: int, give_up_at: float, calm_seconds: float) -> Audit:
        """Kill so many times, let everything come to rest, and hold store and receiver against each other."""
        for name in self._house.names:
            self._house.start(name)
        victim, way = self._house.names[0], "moment"
        for number in range(kills):
            if monotonic() > give_up_at:
                _say(f"the time is up after {number} of {kills} kills")
                break
            if number % EVERY_LETTER == 0:
                self._load.letter()
            self._load.spread(EACH_ROUND, ROUND_SECONDS)
            self._load.call_off(CALLED_OFF, ROUND_SECONDS)
            killed = self._kill(victim, way)
            # A step has its death before it, so the last daemon is told of none.
            ways = ("start", "moment", "moment", "read", "answered", "step", "step")
            way = self._random.choice(ways if number + 1 < kills else ways[:-2])
            step = self._random.choice(list(Step))
            self._house.start(killed, f"{step}:{self._random.randint(1, 5)}" if way == "step" else "")
            # A step is reached only by the daemon that was told of it at its start.
            victim = killed if way == "step" else self._random.choice(self._house.names)
            if (number + 1) % 20 == 0:
                self.parked += self._load.retry_parked()
                _say(f"{number + 1} of {kills} kills, {len(self._receiver.effects):,} effects")
        if way == "step":
            # The last one still has its death before it.
            self._house.kill(victim)
            self._house.died_within(victim, UP_SECONDS)
            self._house.start(victim)
        self._receiver.disarm()
        self._settle()
        self._receiver.calm = True
        calm: set[UUID] = set()
        before: list[int] = []
        if calm_seconds:
            _say("all is delivered; now undisturbed")
            for name in self._house.names:
                self._house.wait_until_up(name, UP_SECONDS)
            calm = self._load.spread(int(calm_seconds * CALM_EACH_SECOND), calm_seconds, name="calm")
            self._never.wait(calm_seconds / 2)
            before = self._memory()
            self._never.wait(calm_seconds / 2 + 1)  # until the last of them is due as well
            self._settle()
        memory = tuple(zip(before, self._memory(), strict=False))
        codes = self._house.stop_all()
        came_to = audit(
            self._store, self._load.accepted, list(self._receiver.received), len(self._receiver.bad),
            self._house.lives, calm,
            self._machine.now(), lease=timedelta(seconds=LEASE_SECONDS if len(self._house.names) > 1 else 0),
        )  # fmt: skip
        return replace(came_to, parked=self.parked, tracebacks=self._house.tracebacks(), memory=memory,
                       beside=self._beside.others_share(), ended_badly=sum(code != 0 for code in codes))  # fmt: skip

    def _memory(self) -> list[int]:
        return [resident_bytes(self._house.pid(name)) for name in self._house.names]

    def _kill(self, victim: str, way: str) -> str:
        """Who died of it. Whoever does not die in time of what was laid for it is killed at the end of that time."""
        house = self._house
        if way == "start":
            self._never.wait(self._random.uniform(0, START_SECONDS))
        elif house.wait_until_up(victim, UP_SECONDS):
            if way == "moment":
                self._never.wait(self._random.uniform(0, ROUND_SECONDS))
            elif way == "step":
                house.died_within(victim, ROUND_SECONDS)
            else:
                victim = self._killed_by_the_receiver(way) or victim
        house.kill(victim)
        if not house.died_within(victim, UP_SECONDS):
            raise RuntimeError(f"the daemon {victim} does not die")
        return victim

    def _killed_by_the_receiver(self, moment: str) -> str | None:
        """Who sent the request that the receiver kills for; None when none came in time."""
        fell: list[str] = []
        fallen = Event()

        def kill(name: str) -> None:
            self._house.kill(name)
            fell.append(name)
            fallen.set()

        self._receiver.kill_sender(moment, self._random.randint(1, EACH_ROUND // 2), kill)
        fallen.wait(ROUND_SECONDS)
        self._receiver.disarm()
        return fell[0] if fell else None

    def _settle(self) -> None:
        """Until everything due is over, or the time for it is."""
        give_up_at = monotonic() + SETTLE_SECONDS
        while self._going() and monotonic() < give_up_at:
            self.parked += self._load.retry_parked()
            self._never.wait(0.5)

    def _going(self) -> bool:
        now = self._machine.now()
        going = {DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.RETRYING, DeliveryState.PARKED}
        with self._store.read() as view:
            return any(one.push.send_at <= now for one in view.deliveries(states=going))


def campaign(kind: str, *, kills: int, seed: int, minutes: float, calm_seconds: float = CALM_SECONDS) -> Audit:
    """One campaign on a database of that kind, which is gone afterwards."""
    random = Random(f"{kind} {seed}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="obl-", ignore_cleanup_errors=True)))
        url, *servers = stack.enter_context(_database(kind, folder))
        beside = Machine(*servers)
        receiver = stack.enter_context(RoughReceiver(Random(seed)))
        store = open_store(url)
        stack.callback(store.close)
        house = stack.enter_context(House(folder, url, DAEMONS[kind], receiver.url, receiver.secret))
        return Campaign(store, house, receiver, random, beside).run(kills, monotonic() + minutes * 60, calm_seconds)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[Any, ...]]:
    """Its address, and the process ids of its server if it has one."""
    if kind == "sqlite":
        yield (f"sqlite:///{folder}/store/obligations.db",)
        return
    with running_postgres() as server, fresh_postgres(server) as url:
        with psycopg.connect(url) as admin:
            (data,) = admin.execute("SHOW data_directory").fetchone() or ("",)
        yield url, int((Path(data) / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")


def main() -> None:
    """Both campaigns, or the one asked for, with a table of each."""
    parser = argparse.ArgumentParser(description="Kill daemons at random and at named points, and count what is lost.")
    parser.add_argument("--kills", type=int, default=200, help="on each database")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=sorted(DAEMONS), action="append", help="both unless one is named")
    parser.add_argument("--minutes", type=float, default=20, help="no kill later than that on each database")
    parser.add_argument("--calm", type=float, default=CALM_SECONDS, help="seconds of undisturbed work at the end")
    given = parser.parse_args()
    broken = not_shown = False
    for kind in given.database or sorted(DAEMONS, reverse=True):
        _say(f"{kind}: {given.kills} kills, seed {given.seed}, {len(DAEMONS[kind])} daemon(s)")
        found = campaign(kind, kills=given.kills, seed=given.seed, minutes=given.minutes, calm_seconds=given.calm)
        sys.stdout.write(f"{kind}, seed {given.seed}\n")
        sys.stdout.writelines(
            f"  {name:40} {figure:>24}  {verdict}".rstrip() + "\n" for name, figure, verdict in found.rows()
        )
        sys.stdout.flush()
        broken |= bool(found.broken)
        not_shown |= bool(found.not_shown)
    sys.exit(1 if broken else 2 if not_shown else 0)


if __name__ == "__main__":
    main()
