"""Money goes only as it was planned and agreed to, whatever wrote to the database: asked again before it is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from obligations.domain.delivery import DeliveryState, Push
from obligations.ports import Changes, Decision, DeliveryChange
from obligations.store import open_store
from tests.engine.stage import CONTRACT, NOON, Scripted, Stage, contract, hash_of_push, push

S = DeliveryState
BODY = b'{"amount":"125000.00"}'
PAY: Push = replace(push("pay"), money=True, approvals=("hr", "finance"))
# What else may write to a database, in SQL.
TAMPERING = {
    "another amount": 'UPDATE delivery SET body = CAST(\'{"amount":"925000.00"}\' AS BLOB)',
    "another address": 'UPDATE delivery SET address_json = \'{"account":"mine"}\'',
    "another destination": "UPDATE delivery SET destination = 'elsewhere'",
    "nobody is to be asked": "UPDATE delivery SET approvals_json = '[]'",
    "one is not to be asked": "UPDATE delivery SET approvals_json = '[\"hr\"]'",
}
HR = Decision(PAY.key, hash_of_push(PAY, BODY), "hr", "hana@example.com", True, NOON)
FINANCE = replace(HR, role="finance", person="finn@example.com")
DECISIONS = {
    "nobody agreed": (),
    "one of two": (HR,),
    "one person in two roles": (HR, replace(FINANCE, person=HR.person)),
    "to other content": (HR, replace(FINANCE, content_hash="other")),
    "refused since": (HR, FINANCE, replace(HR, approve=False)),
}


async def sent(url: str, decisions: tuple[Decision, ...], sql: str = "") -> tuple[int, Stage]:
    """How often it was sent, when it is due and scheduled."""
    stage = Stage(open_store(url))
    with stage.store.write() as view:
        view.put_contract(contract())
        view.apply(CONTRACT, Changes(deliveries=(DeliveryChange(PAY, BODY, hash_of_push(PAY, BODY), S.SCHEDULED),)))
        for one in decisions:
            view.decide(one)
    if sql:
        engine = create_engine(url)
        with engine.begin() as connection:
            assert connection.execute(text(sql)).rowcount == 1
        engine.dispose()
    pump = stage.pump(receiver := Scripted())
    await pump.pass_once()
    pump.thread.close()
    return len(receiver.seen), stage


async def test_what_everybody_agreed_to_goes(sqlite_url: str) -> None:
    times, stage = await sent(sqlite_url, (HR, FINANCE))
    assert (times, stage.delivery("pay").state) == (1, S.DELIVERED)
    stage.store.close()


@pytest.mark.parametrize("how", TAMPERING)
async def test_a_row_that_something_else_wrote_to_is_not_sent(sqlite_url: str, how: str) -> None:
    """People agreed to an amount and a payee; a script, or a thief, has changed them in the database since."""
    times, stage = await sent(sqlite_url, (HR, FINANCE), TAMPERING[how])
    found = stage.delivery("pay")
    assert (times, found.state) == (0, S.PARKED)
    assert found.reason.startswith("not sent: ")
    assert "125000" not in found.reason
    stage.store.close()


@pytest.mark.parametrize("how", DECISIONS)
async def test_what_was_scheduled_without_everybody_s_yes_is_not_sent(sqlite_url: str, how: str) -> None:
    times, stage = await sent(sqlite_url, DECISIONS[how])
    found = stage.delivery("pay")
    assert (times, found.state) == (0, S.PARKED)
    assert found.reason.startswith("not sent: ")
    stage.store.close()


async def test_who_must_agree_being_unreadable_stops_that_payment_alone(sqlite_url: str) -> None:
    times, stage = await sent(sqlite_url, (HR, FINANCE), "UPDATE delivery SET approvals_json = '[\"hr'")
    stage.store.close()
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        (found,) = connection.execute(text("SELECT state, reason FROM delivery"))
    engine.dispose()
    assert (times, found.state) == (0, S.PARKED)
    assert "approvals_json" in found.reason
