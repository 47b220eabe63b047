"""The database is away for longer than a lease: what a daemon knows is worth more than that its lease is over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text, update

from obligations.domain.delivery import DeliveryState, Outcome, Verdict
from obligations.engine.daemon import Daemon
from obligations.engine.settings import EngineSettings
from obligations.ports import Connector, StoreUnavailable
from obligations.store import SqlStore, tables
from obligations.store.connect import Database, make_engine
from tests.engine.stage import Hanging, Scripted, Stage, middle, push, until

S = DeliveryState
LASTS = 300.0
WAIT_MOST = 15.0


class Line(SqlStore):
    """The real store at the end of a line: while it is cut nothing passes, and what is in `lost` never does."""

    cut = False
    lost: frozenset[str] = frozenset()

    def _pass(self, name: str) -> None:
        if self.cut or name in self.lost:
            raise StoreUnavailable("no route to host")

    def claim(self, **asked: Any) -> Any:
        self._pass("claim")
        return super().claim(**asked)

    def record(self, results: Any) -> Any:
        self._pass("record")
        return super().record(results)

    def rescue(self, **asked: Any) -> Any:
        self._pass("rescue")
        return super().rescue(**asked)


class Town:
    """Daemons on one database that no line reaches for a while, and the leases that end meanwhile."""

    def __init__(self, stage: Stage, url: str) -> None:
        self.stage, self.url = stage, url
        self.lines: list[Line] = []

    def daemon(self, receiver: Connector) -> tuple[Daemon, Line]:
        """One that does only what it is asked to."""
        line, machine = Line(self.url), self.stage.machine
        self.lines.append(line)
        made = Daemon(
            line, {"scripted": receiver}, clock=self.stage.clock, machine=machine, monotonic=machine.monotonic,
            replan=lambda _: None, chance=middle,
            settings=EngineSettings(store_wait_most_seconds=WAIT_MOST, clock_step_seconds=LASTS),
        )  # fmt: skip
        return made, line

    def leases_end(self) -> None:
        """Also on PostgreSQL, which has a clock of its own."""
        self.stage.machine.advance(seconds=61)
        engine = make_engine(Database.of(self.url))
        with engine.begin() as connection:
            found = connection.execute(update(tables.delivery).values(lease_until=self.stage.machine.now()).where(
                text("state = 'sending'")
            ))  # fmt: skip
        assert found.rowcount
        engine.dispose()


@pytest.fixture
def town(stage: Stage, database_url: str) -> Iterator[Town]:
    made = Town(stage, database_url)
    yield made
    for line in made.lines:
        line.close()


async def test_a_yes_that_could_not_be_written_for_longer_than_its_lease_is_written_and_not_sent_again(
    town: Town, stage: Stage
) -> None:
    """People would get the message twice, and a receiver that forgot the key would pay twice."""
    receiver = Scripted()
    one, line = town.daemon(receiver)
    stage.plan(push("pay"))
    line.lost = frozenset({"record"})
    with pytest.raises(StoreUnavailable):
        await one.pump.pass_once()
    town.leases_end()
    line.cut = True
    with pytest.raises(StoreUnavailable):
        await one._housekeeping.rescue()
    line.cut, line.lost = False, frozenset()
    await one._housekeeping.rescue()
    assert stage.delivery("pay").state is S.DELIVERED
    assert [attempt.verdict for attempt in stage.attempts("pay")] == ["delivered"]
    stage.machine.advance(seconds=WAIT_MOST)
    await one._housekeeping.rescue()
    assert await one.pump.pass_once() == 0
    assert receiver.names == ["pay"]


async def test_what_is_still_on_its_way_when_its_lease_ends_is_not_sent_a_second_time(town: Town, stage: Stage) -> None:
    """A process that was stopped for a minute finds its leases over before it has read the answers."""
    receiver = Hanging("payroll")
    one, _ = town.daemon(receiver)
    stage.plan(push("pay"))
    sending = asyncio.create_task(one.pump.pass_once())
    await until(lambda: receiver.waiting == 1, receiver.told)
    town.leases_end()
    await one._housekeeping.rescue()
    assert stage.delivery("pay").state is S.SENDING
    receiver.released.set()
    assert await sending == 1
    assert stage.delivery("pay").state is S.DELIVERED
    assert receiver.names == ["pay"]


async def test_a_claim_that_the_daemon_never_heard_of_goes_again(town: Town, stage: Stage) -> None:
    """The answer to the claim was lost with the connection: nobody has it in hand."""
    receiver = Scripted()
    one, line = town.daemon(receiver)
    stage.plan(push("pay"))
    SqlStore.claim(
        line, business_now=stage.clock.now(), machine_now=stage.machine.now(), worker=one.pump.worker, limit=1,
        lease_seconds=60,
    )  # fmt: skip
    town.leases_end()
    await one._housekeeping.rescue()
    assert await one.pump.pass_once() == 1
    assert stage.delivery("pay").state is S.DELIVERED


async def test_after_an_outage_each_daemon_is_left_the_time_to_write_before_others_take_over(
    town: Town, stage: Stage
) -> None:
    """The first to find the database back would send again what the others know was delivered."""
    receiver = Scripted()
    (one, line), (other, its_line) = town.daemon(receiver), town.daemon(receiver)
    stage.plan(push("pay"))
    line.lost = frozenset({"record"})
    with pytest.raises(StoreUnavailable):
        await one.pump.pass_once()
    town.leases_end()
    its_line.cut = True
    with pytest.raises(StoreUnavailable):
        await other._housekeeping.rescue()
    its_line.cut = False
    stage.machine.advance(seconds=WAIT_MOST - 0.001)
    await other._housekeeping.rescue()
    assert stage.delivery("pay").state is S.SENDING
    # It died, or has not come back.
    stage.machine.advance(seconds=0.001)
    await other._housekeeping.rescue()
    assert stage.delivery("pay").state is S.RETRYING
    # Its word is in time while nobody has sent it again.
    line.lost = frozenset()
    await one.pump.write_results()
    assert stage.delivery("pay").state is S.DELIVERED
    assert await other.pump.pass_once() == 0
    assert receiver.names == ["pay"]


async def test_a_no_that_comes_after_a_takeover_changes_nothing(town: Town, stage: Stage) -> None:
    first = Scripted(Outcome(Verdict.RETRY, detail="busy"))
    one, line = town.daemon(first)
    other, _ = town.daemon(second := Scripted())
    stage.plan(push("pay"))
    line.lost = frozenset({"record"})
    with pytest.raises(StoreUnavailable):
        await one.pump.pass_once()
    town.leases_end()
    await other._housekeeping.rescue()
    line.lost = frozenset()
    await one.pump.write_results()
    assert stage.delivery("pay").state is S.RETRYING
    assert await other.pump.pass_once() == 1
    assert second.names == ["pay"]


async def test_sending_goes_on_once_any_writing_succeeds(town: Town, stage: Stage) -> None:
    """Results are written before their turn where the chores find the database back; nothing would be sent for good if
    only the recorder itself could tell."""
    one, line = town.daemon(Scripted())
    stage.plan(push("pay"))
    one.pump._recorder.failing = True
    line.lost = frozenset({"record"})
    assert await one.pump.pass_once() == 0
    line.lost = frozenset()
    await one._housekeeping.rescue()
    assert not one.pump._recorder.failing
    assert await one.pump.pass_once() == 1
