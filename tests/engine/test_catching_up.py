"""After a downtime what is owed goes late and marked so, what moves money and is too late is asked about, and people
are reminded once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from obligations.domain.delivery import DeliveryState, Push, PushKind
from tests.engine.stage import NOON, Scripted, Stage, push

S = DeliveryState
DAY = timedelta(days=1)


def money(name: str, **how: Any) -> Push:
    return replace(push(name, **how), money=True)


def plan(stage: Stage) -> None:
    """Each day of four months: a payment, a task for a system, and three reminders of each to two people."""
    days = range(120)
    stage.plan(
        *(money(f"pay {n}", at=NOON + n * DAY, occurrence=f"of {n}") for n in days),
        *(push(f"task {n}", "hr_system", at=NOON + n * DAY, occurrence=f"of {n}") for n in days),
        *(
            push(
                f"remind {who} {n} {before}",
                who,
                kind=PushKind.REMINDER,
                at=NOON + (n - before) * DAY,
                occurrence=f"of {n}",
            )
            for n in days
            for before in (2, 1, 0)
            for who in ("manager", "payroll lead")
        ),
    )


@pytest.mark.parametrize(("down", "days"), [(timedelta(minutes=50), 0), (3 * DAY, 3), (90 * DAY, 90)])
async def test_what_is_late_goes_and_what_is_too_late_asks(stage: Stage, down: timedelta, days: int) -> None:
    plan(stage)
    stage.clock.advance(seconds=down.total_seconds())
    with capture_logs() as lines:
        await stage.pump(receiver := Scripted()).pass_once()

    late = {claim.name: claim.late_seconds / 86_400 for claim in receiver.seen}
    states = stage.states()
    too_late = {f"pay {n}" for n in range(120) if days - n > 4}
    paid = {f"pay {n}" for n in range(days + 1)} - too_late
    assert {name for name, state in states.items() if state is S.PARKED} == too_late
    assert {name for name in late if name.startswith("pay")} == paid
    assert {name for name in late if name.startswith("task")} == {f"task {n}" for n in range(days + 1)}
    assert all(late[f"task {n}"] == pytest.approx(down / DAY - n) for n in range(days + 1))
    # One reminder of each occurrence to each person: the last that was due.
    reminded = sorted(name for name in late if name.startswith("remind"))
    assert len(reminded) == 2 * (days + 3)
    assert {f"remind manager {n} 0" for n in range(days + 1)} <= set(reminded)
    assert not any(state is S.SCHEDULED and name in late for name, state in states.items())
    alarms = [line for line in lines if line["log_level"] == "error"]
    assert {(line["event"], line["state"]) for line in alarms} == ({("delivery", "parked")} if too_late else set())
    assert len(alarms) == len(too_late)
    for name in too_late:
        assert "obligations retry" in stage.delivery(name).reason


async def test_what_a_person_lets_go_goes_late_and_is_not_asked_about_again(stage: Stage) -> None:
    stage.plan(money("pay"))
    stage.clock.advance(days=5)
    await stage.pump(receiver := Scripted()).pass_once()
    assert stage.delivery("pay").state is S.PARKED
    with stage.store.write() as view:
        view.release(stage.delivery("pay").push.key, "sent again by hana@example.com")
    stage.clock.advance(days=5)
    await stage.pump(receiver).pass_once()
    assert [claim.late_seconds for claim in receiver.seen] == [10 * 86_400]
    assert stage.delivery("pay").state is S.DELIVERED
