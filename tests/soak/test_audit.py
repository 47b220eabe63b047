"""The audit of a campaign must find what it looks for: each fault here is one that it would otherwise call well."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from obligations.clocks import SystemMachineClock
from obligations.domain.delivery import DeliveryState, Outcome, PushKind, Verdict
from obligations.planning.content import body_of
from obligations.ports import Result
from obligations.store import SqlStore, open_store
from obligations.testing.payroll import Arrival
from tests.soak.audit import Audit, audit
from tests.soak.load import Accepted, Load, Yes, instruction

LATER = timedelta(days=1)


@dataclass
class Told:
    """A campaign in which nothing went wrong so far."""

    store: SqlStore
    accepted: dict[str, Accepted]
    arrivals: list[Arrival]
    now: datetime

    def audit(self) -> Audit:
        return audit(self.store, self.accepted, self.arrivals, 0, [], (), self.now, lease=timedelta(0))

    def one(self, *, due: bool = True, money: bool = False, may_go: bool = True, called_off: bool = False) -> Accepted:
        """An action of that kind."""
        return next(
            one
            for one in self.accepted.values()
            if one.push.kind is PushKind.ACTION
            and (one.push.send_at <= self.now, one.push.money, one.may_go, one.called_off)
            == (due, money, may_go, called_off)
        )

    def arrive(self, one: Accepted) -> None:
        self.arrivals.append(Arrival(str(one.push.key), body_of(one.push), self.now, {}, True))

    def change(self, one: Accepted, **what: object) -> None:
        """Something else came in its place."""
        (at,) = (n for n, arrival in enumerate(self.arrivals) if arrival.key == str(one.push.key))
        self.arrivals[at] = replace(self.arrivals[at], **what)  # type: ignore[arg-type]  # of any field

    def move(self, one: Accepted, state: DeliveryState) -> None:
        with self.store.write() as view:
            view.move(one.push.key, {DeliveryState.SCHEDULED, DeliveryState.PROPOSED}, state)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    folder = tmp_path_factory.mktemp("well")
    store = open_store(f"sqlite:///{folder}/o.db")
    load = Load(store)
    load.spread(3, 0.001)
    load.call_off(1, 1)
    load.spread(1, 1, first_in=LATER)
    for _ in range(3):
        load.letter()
    now = SystemMachineClock().now() + timedelta(seconds=10)
    told = Told(store, load.accepted, [], now)
    claims = store.claim(business_now=now, machine_now=now, worker="w", limit=1_000, lease_seconds=60)
    for claim in claims:
        if claim.kind is PushKind.ACTION:
            told.arrive(load.accepted[str(claim.key)])
    store.record([Result(claim, Outcome(Verdict.DELIVERED), DeliveryState.DELIVERED, now) for claim in claims])
    store.close()
    return folder, told


@pytest.fixture
def told(well: tuple[Path, Told], tmp_path: Path) -> Iterator[Told]:
    """It again for each test, which may change all of it."""
    folder, told = well
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    store = open_store(f"sqlite:///{tmp_path}/o.db")
    yield Told(store, deepcopy(told.accepted), list(told.arrivals), told.now)
    store.close()


def lost_before_it_was_sent(told: Told) -> None:
    push = instruction("never stored", "system-0", told.now - LATER)
    told.accepted[str(push.key)] = Accepted(push)


FAULTS: dict[str, tuple[Callable[[Told], None], str]] = {
    "its row is gone before it was sent": (lost_before_it_was_sent, "lost"),
    "called delivered, and never arrived": (lambda told: told.arrivals.clear(), "lost"),
    "called off by nobody": (lambda told: told.move(told.one(due=False), DeliveryState.CANCELLED), "lost"),
    "collapsed, which no action is": (lambda told: told.move(told.one(due=False), DeliveryState.COLLAPSED), "lost"),
    "asked about, and called off by nobody": (
        lambda told: told.move(told.one(money=True, may_go=False), DeliveryState.CANCELLED), "lost",
    ),
    "an approval is gone": (
        lambda told: told.one(money=True).agreed.append(Yes("finance", "eve@example.com", "", told.now)), "lost",
    ),
    "sent though nobody agreed": (
        lambda told: told.arrive(told.one(money=True, may_go=False)), "unapproved payments sent",
    ),
    "sent with another amount than was agreed to": (
        lambda told: told.change(told.one(money=True), body=b"{}"), "unapproved payments sent",
    ),
    "sent before it was agreed to": (
        lambda told: told.change(told.one(money=True), at=told.now - LATER), "unapproved payments sent",
    ),
    "other bytes": (lambda told: told.change(told.one(), body=b"{}"), "other content than was accepted"),
    "early": (lambda told: told.change(told.one(), at=told.now - LATER), "early"),
    "called off, and sent": (lambda told: told.arrive(told.one(called_off=True)), "called off, and sent all the same"),
    "sent, and asked for by nobody": (
        lambda told: told.arrive(Accepted(instruction("nobody's", "system-0", told.now))), "duplicate effects",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(told: Told, fault: str) -> None:
    """A campaign that cannot fail proves nothing."""
    assert not told.audit().broken
    seed, row = FAULTS[fault]
    seed(told)
    assert row in told.audit().broken


def test_what_took_too_long_is_broken_on_an_idle_machine_and_shows_nothing_on_a_busy_one(told: Told) -> None:
    """Another program's seconds are not ours to promise, and must not be taken for kept either."""
    slow = replace(told.audit(), lag=(0.0, 3.0, 3.0), taken_up=(0.0, 3.0, 3.0), others=(0.0, 6.0, 6.0))
    assert len(replace(slow, beside=0.01).broken) == 3
    for beside in (0.5, None):
        busy = replace(slow, beside=beside)
        assert (len(busy.broken), len(busy.not_shown)) == (0, 3)


def test_a_daemon_that_grows_is_found(told: Told) -> None:
    assert replace(told.audit(), memory=((100 * 2**20, 200 * 2**20),)).broken
