"""People who work on one contract at the same moment, and a machine that dies in the middle."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from obligations.domain.event import Report
from obligations.domain.occurrence import Bounds, State
from obligations.ports import Claim
from obligations.service import PlanMoved, Refused
from obligations.service.contracts import Planner
from obligations.store import SqlStore
from tests.service.office import CLERK, LETTER, Office, library, office_on

START = date(2026, 1, 5)
EXIT = date(2026, 3, 2)
CHILD = Path(__file__).with_name("recording_process.py")


def consistent(office: Office) -> bool:
    """Whether what is stored is what its event log leads to, and every delivery belongs to an occurrence."""
    planned = {one.id: one for one in office.service.overview("letter").plan.occurrences}
    with office.store.read() as view:
        stored = {one.id: one for one in view.occurrences("letter")}
        deliveries = view.deliveries("letter")
    gone = {one.state for identity, one in stored.items() if identity not in planned}
    return (
        {identity: (one.state, one.due_on) for identity, one in stored.items() if identity in planned}
        == {identity: (one.state, one.due_on) for identity, one in planned.items()}
        and gone <= {State.CANCELLED}
        and {one.push.occurrence_id for one in deliveries} <= set(stored)
    )


def test_many_people_record_events_on_one_contract_at_once(database_url: str) -> None:
    """Each event is recorded, and the plan is that of all of them."""
    with office_on(database_url, EXIT) as office:
        office.add()
        office.tell("employment_started", START)
        gate = Barrier(4)

        def record(number: int) -> None:
            with office_on(database_url, EXIT) as mine:
                gate.wait()
                for day in range(1, 4):
                    report = Report(f"ev-{number}-{day}", "change_of_control", date(2026, 2, number * 3 + day))
                    mine.service.record("letter", report, actor=CLERK)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(record, range(4)))
        with office.store.read() as view:
            assert len({one.id for one in view.log("letter") if isinstance(one, Report)}) == 13
        assert office.occurrence("lump_sum").due_on == date(2026, 2, 6)
        assert consistent(office)


def test_what_happens_once_is_recorded_once_by_two_people_at_once(database_url: str) -> None:
    with office_on(database_url, EXIT) as office:
        office.add()
        gate = Barrier(2)

        def record(number: int) -> str:
            with office_on(database_url, EXIT) as mine:
                gate.wait()
                try:
                    mine.service.record("letter", Report(f"ev-{number}", "employment_started", START), actor=CLERK)
                except Refused as error:
                    return str(error)
                return ""

        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(record, range(2)))
        assert answers[0] == ""
        assert "happens once" in answers[1]
        assert consistent(office)


def test_two_approvals_at_once_are_both_counted(database_url: str) -> None:
    """A payment that two people approve in the same second goes; it does not wait for a third."""
    with office_on(database_url, EXIT) as office:
        office.add()
        office.tell("employment_started", START)
        office.tell("change_of_control", EXIT)
        gate = Barrier(2)

        def approve(person: str) -> None:
            with office_on(database_url, EXIT) as mine:
                gate.wait()
                mine.approve("lump_sum", person)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(approve, ["hana@example.com", "finn@example.com"]))
        assert office.states("lump_sum", "act.payroll.one_time_earning") == ["scheduled"]


def test_an_approval_never_lands_on_content_that_changed_at_that_moment(database_url: str) -> None:
    """Whoever comes first: what is scheduled was approved by both as it is now."""
    with office_on(database_url, EXIT) as office:
        office.add()
        office.tell("employment_started", START)
        report = office.tell("change_of_control", EXIT)
        office.approve("lump_sum", "hana@example.com")
        gate = Barrier(2)

        def approve() -> None:
            with office_on(database_url, EXIT) as mine:
                gate.wait()
                try:
                    mine.approve("lump_sum", "finn@example.com")
                except (PlanMoved, Refused):
                    return

        def change() -> None:
            with office_on(database_url, EXIT) as mine:
                gate.wait()
                mine.withdraw(report)
                mine.service.record("letter", Report("ev-b", "change_of_control", date(2026, 2, 27)), actor=CLERK)

        with ThreadPoolExecutor(2) as pool:
            for future in [pool.submit(approve), pool.submit(change)]:
                future.result()
        (payment,) = office.chain("lump_sum", "act.payroll.one_time_earning")
        given = {one.role for one in office.decisions(payment.push.key) if one.content_hash == payment.content_hash}
        assert str(payment.state) == "proposed"
        assert "hr" not in given


@dataclass
class Slow(Planner):
    """Planning that takes as long as `meanwhile` does, each time."""

    meanwhile: Callable[[], None] = lambda: None

    def bounds(self, *args: Any) -> Mapping[UUID, Bounds]:
        self.meanwhile()
        return super().bounds(*args)


@pytest.fixture
def slow(office: Office) -> Slow:
    """The office plans slowly from when its letter is there."""
    office.today(EXIT)
    office.add()
    office.tell("employment_started", START)
    made = office.service.planner = Slow(library())
    return made


def _tell(office: Office, slow: Slow, way: str) -> None:
    if way == "event":
        office.tell("change_of_control", EXIT)
    elif way == "terms":
        office.add(LETTER.replace("125000", "126000"), change=True)
    elif way == "amendment":
        text = "terms: 1\namends: letter\nfrom: 2026-01-09\ntitle: More\nparameters: {premium: 900.00}\n"
        office.service.amend(text, "more.yaml", actor=CLERK)
        office.service.withdraw_amendment(text, "more.yaml", actor=CLERK)
    elif way == "replan":
        office.service.replan("letter")
    else:
        office.service.add_contract(LETTER.replace("id: letter", "id: other"), "other.yaml", actor=CLERK)


@pytest.mark.parametrize("way", ["event", "terms", "amendment", "replan", "other"])
def test_what_is_due_goes_while_something_is_planned(office: Office, slow: Slow, database_url: str, way: str) -> None:
    """Planning takes seconds where a contract leaves much open; the daemon would send nothing meanwhile."""
    claims: list[Claim] = []

    def meanwhile() -> None:
        hasty = SqlStore(database_url, patience_seconds=0.1)
        with closing(hasty):
            now = office.clock.now()
            claims.extend(
                hasty.claim(business_now=now, machine_now=now, worker=f"w{len(claims)}", limit=1, lease_seconds=60)
            )

    slow.meanwhile = meanwhile
    _tell(office, slow, way)
    assert claims
    assert consistent(office)


def test_what_changed_while_it_was_planned_is_planned_with(office: Office, slow: Slow, database_url: str) -> None:
    """The later one would else write a plan that knows nothing of the earlier one."""
    days = [date(2026, 2, 20), date(2026, 2, 25)]

    def meanwhile() -> None:
        if days:
            with office_on(database_url, EXIT) as other:
                day = days.pop()
                other.service.record("letter", Report(f"other-{day}", "change_of_control", day), actor=CLERK)

    slow.meanwhile = meanwhile
    office.tell("change_of_control", EXIT)
    with office.store.read() as view:
        assert sum(isinstance(one, Report) and one.event == "change_of_control" for one in view.log("letter")) == 3
    assert office.occurrence("lump_sum").due_on == date(2026, 2, 25)
    assert consistent(office)


def test_what_a_person_agreed_to_is_not_written_once_something_else_was_recorded(
    office: Office, slow: Slow, database_url: str
) -> None:
    shown = office.service.preview("letter", Report("mine", "change_of_control", EXIT))

    def meanwhile() -> None:
        slow.meanwhile = lambda: None
        with office_on(database_url, EXIT) as other:
            report = Report("theirs", "change_of_control", date(2026, 2, 20))
            other.service.record("letter", report, actor=CLERK)

    slow.meanwhile = meanwhile
    with pytest.raises(PlanMoved):
        office.service.record("letter", Report("mine", "change_of_control", EXIT), actor=CLERK, confirmed=shown.mark)
    with office.store.read() as view:
        assert view.contract_of_report("mine") is None
    assert consistent(office)


def test_a_contract_that_never_rests_is_planned_in_the_end(office: Office, slow: Slow, database_url: str) -> None:
    """The clerk would wait as long as others record."""
    days = [date(2026, 2, day) for day in (16, 17, 18, 19)]

    def meanwhile() -> None:
        if days:
            with office_on(database_url, EXIT) as other:
                day = days.pop()
                other.service.record("letter", Report(f"other-{day}", "change_of_control", day), actor=CLERK)

    slow.meanwhile = meanwhile
    office.tell("change_of_control", EXIT)
    assert not days
    assert consistent(office)


@pytest.mark.parametrize("seed", range(3))
def test_a_process_killed_while_recording_leaves_all_or_nothing(database_url: str, seed: int) -> None:
    """The event, the plan, the deliveries and the ledger are there together or not at all."""
    with office_on(database_url, EXIT) as office:
        office.add()
        office.tell("employment_started", START)
        before = office.everything()
        statements = random.Random(f"{seed} {database_url[:6]}").randint(1, 14)
        child = subprocess.run(
            [sys.executable, str(CHILD), database_url, str(statements)],
            cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert child.returncode == -signal.SIGKILL, child.stderr
        assert office.everything() == before
        assert consistent(office)
        office.tell("change_of_control", EXIT)
        assert consistent(office)
