"""The check-up finds what is not well, says what to do, and changes nothing."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from obligations.app import trouble_with
from obligations.clocks import SystemMachineClock
from obligations.store import daemon_lock, open_store
from tests.cli.terminal import Terminal, is_one_message
from tests.engine.stage import Scripted


@pytest.fixture
def well(exited: Terminal) -> Terminal:
    """An installation in which nothing fails."""
    exited.env |= {"OBLIGATIONS_SENDING__REMINDERS": "console", "OBLIGATIONS_SENDING__ACTIONS": "console"}
    (exited.place / "obligations.toml").chmod(0o600)
    return exited


def found(terminal: Terminal, *words: str, **env: str) -> dict[str, dict[str, Any]]:
    """What was looked at, by name; of several lines of a name the worst."""
    said = terminal.run("doctor", "--json", *words, **env)
    assert said.json["schema"] == "obligations.doctor/1"
    assert said.json["well"] == (said.code == 0)
    order = ("ok", "warn", "fail")
    checks = sorted(said.json["checks"], key=lambda one: order.index(one["level"]))
    assert all(one["do"] for one in checks if one["level"] != "ok")
    return {one["name"]: one for one in checks}


def test_each_thing_is_looked_at_and_nothing_is_changed(well: Terminal) -> None:
    before = well.rows()
    said = well.run("doctor")
    assert (said.code, said.err) == (0, "")
    looked = found(well)
    assert set(looked) == {
        "program", "permissions", "disk", "file system", "integrity", "schema", "writing", "daemon", "clock", "ledger",
        "holds", "plans", "parked", "unknown", "interrupted", "overdue", "destinations", "connector console",
    }  # fmt: skip
    assert {name for name, one in looked.items() if one["level"] == "fail"} == set()
    assert set(looked) - set(found(well, "--quick")) == {"integrity", "ledger"}
    assert well.rows() == before
    assert all(len(line) <= 80 for line in said.out.splitlines())


def test_what_waits_for_people_is_counted(well: Terminal) -> None:
    """Somebody who looks once a week would see nothing amiss."""
    for person in ("Hana", "Finn"):
        assert well.run("approve", "letter/lump_sum", "--as", person, "--yes").code == 0
    assert well.run("pause", "--reason", "moving house").code == 0
    well.on(date(2026, 3, 20))
    looked = found(well)
    assert "everything waits" in looked["holds"]["says"]
    assert looked["overdue"]["level"] == "warn"
    assert looked["daemon"]["level"] == "warn"
    with daemon_lock(f"sqlite:///{well.database}"):
        assert found(well, "--quick")["daemon"]["level"] == "ok"
    assert well.run("restore", "--made-at", "2026-03-01T00:00:00+00:00", "--yes").code == 0
    assert found(well, "--quick")["parked"]["level"] == "warn"
    assert found(well, "--quick")["unknown"]["level"] == "warn"


def test_a_hold_of_one_destination_is_called_that(well: Terminal) -> None:
    """Somebody would believe that nothing is paid at all, and resume it in a hurry."""
    assert well.run("pause", "--to", "payroll", "--reason", "the books are closed").code == 0
    assert found(well, "--quick")["holds"]["says"].startswith("what goes to payroll waits since ")


def test_what_a_killed_daemon_was_sending_is_not_called_well(well: Terminal) -> None:
    """Four payments hung in the air with every line saying ok."""
    store = open_store(f"sqlite:///{well.database}")
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    claimed = store.claim(business_now=at, machine_now=at, worker="killed", limit=4, lease_seconds=1)
    store.close()
    said = found(well, "--quick")["interrupted"]
    assert (said["level"], said["says"].split(":")[0]) == ("warn", f"{len(claimed)} deliveries")
    assert claimed


def test_a_destination_nobody_set_up_is_named_before_something_is_parked_for_it(exited: Terminal) -> None:
    """On payday it would be too late."""
    table = '[connectors.http.destinations.other]\nurl = "http://127.0.0.1:9/"\nsecret = "whsec_{}"\n'
    exited.write("obligations.toml", table.format("c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgb3Igc28="))
    exited.env["OBLIGATIONS_SENDING__REMINDERS"] = "console"
    said = found(exited, "--quick")["destinations"]
    assert said["level"] == "warn"
    assert "payroll" in said["says"]
    assert "[connectors.http.destinations.payroll]" in said["do"]
    added = exited.run("contract", "add", "--change", exited.letter(), "--yes")
    assert "No address is set up for these" in added.out
    assert "payroll" in added.out


def test_a_file_that_others_may_read_fails(well: Terminal) -> None:
    well.database.chmod(0o644)
    said = found(well, "--quick")["permissions"]
    assert (said["level"], said["do"]) == ("fail", f"chmod 600 {well.database}")


def test_a_changed_line_of_the_ledger_fails(well: Terminal) -> None:
    with sqlite3.connect(well.database) as connection:
        connection.execute("DELETE FROM ledger_unsealed WHERE ledger_n = 2")
    connection.close()
    assert found(well)["ledger"]["level"] == "fail"


def test_a_damaged_file_fails(well: Terminal) -> None:
    with sqlite3.connect(well.database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ledger'").fetchone()
    connection.close()
    content = bytearray(well.database.read_bytes())
    begin = (page - 1) * 4096
    content[begin : begin + 100] = bytes(100)
    well.database.write_bytes(content)
    assert found(well)["integrity"]["level"] == "fail"


def test_an_older_schema_is_left_as_it_is(well: Terminal) -> None:
    """A check-up that upgrades would take away the way back."""
    with sqlite3.connect(well.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0006'")
    connection.close()
    before = well.rows()
    assert found(well)["schema"]["level"] == "warn"
    assert well.rows() == before
    with sqlite3.connect(well.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert found(well)["schema"]["level"] == "fail"


def test_a_contract_whose_plan_cannot_be_renewed_is_named(well: Terminal) -> None:
    """Its payments wait, and nothing but a line of the log would say why."""
    assert found(well, "--quick")["plans"]["level"] == "ok"
    with sqlite3.connect(well.database) as connection:
        connection.execute("UPDATE contract SET replan_at = 0")
    connection.close()
    waiting = found(well, "--quick")["plans"]
    assert (waiting["level"], waiting["do"]) == ("warn", "obligations run; or obligations contract replan letter")
    with sqlite3.connect(well.database) as connection:
        connection.execute("UPDATE contract SET source = 'clauses: [', replan_at = 0")
    connection.close()
    broken = found(well, "--quick")["plans"]
    assert broken["level"] == "fail"
    assert "letter cannot be planned again" in broken["says"]


def test_a_connector_that_cannot_work_fails(well: Terminal) -> None:
    assert found(well, "--quick", OBLIGATIONS_SENDING__REMINDERS="slack")["connectors"]["level"] == "fail"


class Odd(Scripted):
    """A connector of somebody else's, whose check does not keep to what was agreed."""

    async def check(self) -> str | None:
        if self.name == "raises":
            raise RuntimeError("the token is 125000")
        return await asyncio.Future()


@pytest.mark.parametrize(("name", "why"), [("raises", "could not be asked .*RuntimeError"), ("hangs", "within 0.01 s")])
async def test_a_check_that_fails_is_told_and_keeps_nobody(name: str, why: str) -> None:
    """One connector's mistake would end the check-up, and hide what is wrong with the others."""
    said = await trouble_with(Odd(name=name), within_seconds=0.01)
    assert re.search(f"the connector {name} .*{why}", said or "")
    assert "125000" not in (said or "")


def test_a_postgresql_is_looked_at_likewise(well: Terminal, postgres_url: str) -> None:
    looked = found(well, OBLIGATIONS_DATABASE_URL=postgres_url)
    assert {"schema", "writing", "clock", "ledger", "holds"} <= set(looked)
    assert not {"disk", "integrity", "file system"} & set(looked)
    assert {name for name, one in looked.items() if one["level"] == "fail"} == set()
    assert (looked["daemon"]["level"], looked["daemon"]["do"]) == ("warn", "obligations run")
    store = open_store(postgres_url)
    store.probe(SystemMachineClock().now() - timedelta(minutes=2))
    assert "the last sign of one" in found(well, "--quick", OBLIGATIONS_DATABASE_URL=postgres_url)["daemon"]["says"]
    store.probe(SystemMachineClock().now())
    store.close()
    assert found(well, "--quick", OBLIGATIONS_DATABASE_URL=postgres_url)["daemon"]["level"] == "ok"
    away = found(well, OBLIGATIONS_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert away["database"]["level"] == "fail"


def test_a_url_that_names_nothing_is_said(well: Terminal) -> None:
    assert is_one_message(well.run("doctor", OBLIGATIONS_DATABASE_URL="mysql://x/y"))
