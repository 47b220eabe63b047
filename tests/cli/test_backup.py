"""A database is copied while it is worked on, and one that was put back pays nobody by itself."""

from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from obligations.domain.delivery import PushKind
from obligations.engine.pump import Pump
from obligations.engine.settings import EngineSettings
from obligations.ports import Claim
from obligations.store import daemon_lock, open_store
from obligations.testing.clocks import FixedClock, FixedMachineClock
from tests.cli.terminal import Terminal, is_one_message
from tests.engine.stage import REAL_NOON, Scripted, middle
from tests.service.office import LETTER, noon


@pytest.fixture
def approved(exited: Terminal) -> Terminal:
    """A lump sum and a premium are approved, further premiums are not."""
    for what, person in (("lump_sum", "Hana"), ("lump_sum", "Finn"), ("cobra_premium/1", "Finn")):
        said = exited.run("approve", f"letter/{what}", "--as", person, "--yes")
        assert said.code == 0, said.err
    exited.on(date(2026, 2, 28))
    return exited


@pytest.fixture
def file(approved: Terminal) -> Path:
    """A back-up made before anything was paid."""
    path = approved.place / "backup.db"
    said = approved.run("backup", path)
    assert said.code == 0, said.err
    approved.on(date(2026, 4, 10))
    return path


async def sent(terminal: Terminal, today: date) -> list[Claim]:
    """What a daemon sends of all that is due on the day."""
    receiver = Scripted()
    store = open_store(f"sqlite:///{terminal.database}")
    machine = FixedMachineClock(REAL_NOON)
    connectors = dict.fromkeys(("http", "slack", "console"), receiver)
    pump = Pump(
        store, connectors,
        clock=FixedClock(noon(today)), machine=machine, monotonic=machine.monotonic,
        settings=EngineSettings(action_late_most_seconds=1e9),  # however late: only the restoring is to hold it back
        chance=middle,
    )  # fmt: skip
    while await pump.pass_once():
        pass
    pump.thread.close()
    store.close()
    return receiver.seen


def paid(claims: list[Claim]) -> list[str]:
    return sorted(str(one.key) for one in claims if one.name.startswith("act.payroll"))


async def test_what_was_paid_after_the_back_up_is_not_paid_again_by_itself(approved: Terminal, file: Path) -> None:
    """A restored database believes that nothing was paid since; receivers may have forgotten the keys by now."""
    first = paid(await sent(approved, date(2026, 4, 10)))
    assert len(first) == 2
    restored = approved.run("restore", file, "--yes", "--as", "Hana", "--json")
    assert restored.code == 0, restored.err
    # The second premium was never approved in the back-up, and may have been since.
    assert len(restored.json["parked"]) == 3
    assert set(first) <= set(restored.json["parked"])
    assert await sent(approved, date(2026, 4, 10)) == []

    assert approved.run("resume", "--as", "Hana").code == 0
    after = await sent(approved, date(2026, 4, 10))
    assert paid(after) == []
    assert {one.kind for one in after} >= {PushKind.REMINDER}

    # One by one, once somebody has asked: under the same key, and what nobody had agreed to is proposed first.
    assert approved.run("retry", "letter/lump_sum").code == 4
    assert approved.run("retry", "letter/lump_sum", "--not-received").code == 0
    again = paid(await sent(approved, date(2026, 4, 10)))
    assert len(again) == 1
    assert set(again) < set(first)
    proposed = approved.run("retry", "letter/cobra_premium/2", "--not-received", "--json").json["deliveries"]
    assert [one["state"] for one in proposed] == ["proposed"]
    assert paid(await sent(approved, date(2026, 4, 10))) == []
    assert approved.run("approve", "letter/cobra_premium/2", "--as", "Finn", "--yes").code == 0
    assert len(paid(await sent(approved, date(2026, 4, 10)))) == 1

    # What was still to come goes as it would have.
    assert approved.run("approve", "letter/cobra_premium/3", "--as", "Finn", "--yes").code == 0
    assert paid(await sent(approved, date(2026, 4, 10))) == []
    assert len(paid(await sent(approved, date(2026, 5, 20)))) == 1


async def test_what_is_recorded_again_after_the_restoring_is_not_paid_again_by_itself(kept: Terminal) -> None:
    """The event that a payment follows from may be younger than the back-up."""
    early = kept.place / "early.db"
    assert kept.run("backup", early).code == 0
    kept.on(date(2026, 4, 10))
    assert kept.run("restore", early, "--yes").code == 0
    said = kept.run("event", "letter", "change_of_control", "2026-03-02", "--yes", "--as", "clerk@example.com")
    assert said.code == 0, said.err
    assert kept.run("resume").code == 0
    assert paid(await sent(kept, date(2026, 4, 10))) == []
    refused = kept.run("approve", "letter/lump_sum", "--as", "Hana", "--yes")
    assert refused.code == 2
    assert "ask the receiver" in kept.run("deliveries", "--state", "parked").out
    assert kept.run("retry", "letter/lump_sum", "--not-received").code == 0
    for person in ("Hana", "Finn"):
        assert kept.run("approve", "letter/lump_sum", "--as", person, "--yes").code == 0
    assert len(paid(await sent(kept, date(2026, 4, 10)))) == 1


def test_both_files_are_their_owner_s_alone_and_say_what_they_hold(approved: Terminal, file: Path) -> None:
    """A back-up that anybody can read shows them everyone's pay."""
    beside = file.with_name("backup.db.manifest.json")
    assert {stat.S_IMODE(one.stat().st_mode) for one in (file, beside)} == {0o600}
    manifest = json.loads(beside.read_text(encoding="utf-8"))
    rows = approved.rows()
    assert manifest["rows"] == {name: len(kept) for name, kept in rows.items() if not name.startswith("sqlite_")}
    assert manifest["revision"] == rows["alembic_version"][0][0]
    assert sorted(one.name for one in file.parent.iterdir() if "backup" in one.name) == [file.name, beside.name]


def test_a_file_that_is_there_stays(approved: Terminal, file: Path) -> None:
    before = file.read_bytes()
    again = approved.run("backup", file)
    assert is_one_message(again)
    assert "is there already" in again.err
    assert file.read_bytes() == before


def test_a_back_up_that_is_no_good_changes_nothing(approved: Terminal, file: Path) -> None:
    """A database that was worn out would be replaced by one that is worse."""
    manifest = file.with_name("backup.db.manifest.json")
    whole, said = file.read_bytes(), manifest.read_text(encoding="utf-8")
    before = approved.rows()
    for wrong in (
        [(file, whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])],
        [(file, whole[:-4096])],
        [(file, None)],
        [(manifest, None)],
        [(manifest, b"{}")],
        [(manifest, said.replace('"revision": "0', '"revision": "9').encode())],
        [(manifest, said.replace('"contract": 1', '"contract": 7').encode())],
    ):
        file.write_bytes(whole)
        manifest.write_text(said, encoding="utf-8")
        for path, content in wrong:
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content)
        refused = approved.run("restore", file, "--yes")
        assert is_one_message(refused), wrong
        assert approved.rows() == before
        kept = {one.name for one in approved.database.parent.iterdir()}
        assert kept <= {"o.db", "o.db-wal", "o.db-shm", "o.db.daemon"}


def test_nothing_is_put_under_a_daemon_or_another_program(approved: Terminal, file: Path) -> None:
    """The daemon would go on in a file that nobody sees any more."""
    url = f"sqlite:///{approved.database}"
    with daemon_lock(url):
        refused = approved.run("restore", file, "--yes")
    assert is_one_message(refused)
    assert "another daemon" in refused.err
    store = open_store(url)
    with store.read() as view:
        before = view.contracts()
        refused = approved.run("restore", file, "--yes")
    store.close()
    assert is_one_message(refused)
    assert "another program has" in refused.err
    assert before


def test_the_database_that_was_there_is_kept(approved: Terminal, file: Path) -> None:
    """What was recorded since the back-up has to be recorded again, from somewhere."""
    assert approved.run("pause", "--reason", "the disk sounds odd").code == 0
    before = approved.rows()
    kept = Path(approved.run("restore", file, "--yes", "--json").json["replaced"])
    assert kept.parent == approved.database.parent
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (approved.place / "o.db").write_bytes(kept.read_bytes())
    approved.database.unlink()
    (approved.place / "o.db").rename(approved.database)
    assert approved.rows() == before


def test_a_broken_database_can_be_replaced(approved: Terminal, file: Path) -> None:
    """The day it is needed is the day the database cannot be read."""
    approved.database.write_bytes(b"not a database, and no header of one either" * 500)
    said = approved.run("restore", file, "--yes")
    assert said.code == 0, said.err
    assert approved.run("contract", "list").code == 0


def test_on_postgresql_its_own_tools_are_named(kept: Terminal, postgres_url: str) -> None:
    said = kept.run("backup", "dump", OBLIGATIONS_DATABASE_URL=postgres_url)
    assert is_one_message(said)
    assert "pg_dump" in said.err


def test_a_database_that_other_tools_restored_is_held_as_well(kept: Terminal, postgres_url: str) -> None:
    env = {"OBLIGATIONS_DATABASE_URL": postgres_url}
    assert kept.run("contract", "add", kept.letter(), "--as", "clerk@example.com", **env).code == 0
    for event, day in (("employment_started", "2026-01-05"), ("change_of_control", "2026-03-02")):
        assert kept.run("event", "letter", event, day, "--yes", "--as", "clerk@example.com", **env).code == 0
    for person in ("Hana", "Finn"):
        assert kept.run("approve", "letter/lump_sum", "--as", person, "--yes", **env).code == 0
    kept.on(date(2026, 3, 9))
    said = kept.run("restore", "--made-at", "2026-03-01T02:00:00+00:00", "--yes", "--json", **env)
    assert said.code == 0, said.err
    assert len(said.json["parked"]) >= 2
    assert "hold" in kept.run("deliveries", **env).out
    assert is_one_message(kept.run("restore", "--made-at", "yesterday", "--yes", **env))
    assert is_one_message(kept.run("restore", "--yes", **env))


async def test_a_salary_that_was_paid_after_the_back_up_is_reported_paid(terminal: Terminal) -> None:
    """What the page on operations says to do after a restore works for what counts as done when its day comes."""
    salary = """
  salary:
    cite: "2"
    who: company owes employee
    pay: premium
    when: employment_started
    series: {every: 1 month, times: 3, first: 1 month after employment_started}
    closes: by itself
    do: {send: payroll, kind: recurring_earning, approve: [finance]}
"""
    terminal.on(date(2026, 1, 5))
    assert terminal.run("contract", "add", terminal.write("letter.yaml", LETTER + salary), "--as", "clerk").code == 0
    started = ("event", "letter", "employment_started", "2026-01-05", "--yes", "--as", "clerk")
    assert terminal.run(*started).code == 0
    assert terminal.run("approve", "letter/salary/1", "--as", "Finn", "--yes").code == 0
    file = terminal.place / "before-payday.db"
    assert terminal.run("backup", file).code == 0
    terminal.on(date(2026, 2, 9))
    assert len(paid(await sent(terminal, date(2026, 2, 9)))) == 1
    assert terminal.run("restore", file, "--yes").code == 0
    said = terminal.run("done", "letter/salary/1", "--evidence", "payroll's list", "--as", "Finn")
    assert said.code == 0, said.err
    assert "act.payroll.recurring_earning of salary/1" in said.out
    assert "no longer goes" in said.out
    assert terminal.run("resume").code == 0
    assert paid(await sent(terminal, date(2026, 2, 9))) == []
    assert terminal.run("deliveries", "--state", "parked").out.count("salary/1") == 0


def test_before_it_asks_it_says_what_the_back_up_has(approved: Terminal, file: Path) -> None:
    """Somebody would put last year's file in the place of everything since, by its name alone."""
    before = approved.rows()
    said = approved.run("restore", file)
    assert (said.code, approved.rows()) == (2, before)
    shown = " ".join(said.out.split())
    assert f"{file}: made " in shown
    assert "1 contracts" in shown
    assert "The last line of its ledger: 2026-03-02 12:00Z delivery approved (letter)" in shown
    assert "repeat with --yes" in said.err
    assert "above" not in approved.run("restore", "--made-at", "2026-03-01T02:00:00+00:00").err
