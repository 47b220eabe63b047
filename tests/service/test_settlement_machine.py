"""Whatever people enter, withdraw and approve, and whatever the network does, payroll ends up believing the plan."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from obligations.domain.delivery import DeliveryState, Outcome, PushKind
from obligations.domain.event import LogEntry
from obligations.domain.occurrence import State
from obligations.planning.content import owed
from obligations.ports import Claim, LedgerEntry
from obligations.service import Refused
from obligations.store import open_store
from tests.service.office import DELIVERED, FAILED, LETTER, REJECTED, UNKNOWN, Office, office_on

START = date(2026, 1, 5)
PEOPLE = ("hana@example.com", "finn@example.com")
AMOUNTS = ("125000.00", "130000.00", "90000.00")
OUTCOMES = st.sampled_from([(DELIVERED, True), (FAILED, False), (UNKNOWN, True), (UNKNOWN, False), (REJECTED, False)])


@cache
def _migrated(folder: str) -> Path:
    path = Path(folder) / "migrated.db"
    open_store(f"sqlite:///{path}").close()
    with_contract = Path(folder) / "letter.db"
    shutil.copy(path, with_contract)
    return with_contract


class Years(RuleBasedStateMachine):
    """A letter in the hands of busy people, over an unreliable network."""

    folder: str

    @initialize(first=st.one_of(st.none(), OUTCOMES))
    def hire(self, first: tuple[Outcome, bool] | None) -> None:
        """Hired, exited, the lump sum approved and on its way, with one answer or none yet."""
        self._place = tempfile.TemporaryDirectory(dir=self.folder)
        path = Path(self._place.name) / "o.db"
        shutil.copy(_migrated(self.folder), path)
        self._opened = office_on(f"sqlite:///{path}", START)
        self.office: Office = self._opened.__enter__()
        self.office.add()
        self.started = self.office.tell("employment_started", START)
        self.reports: list[str] = []
        self.dones: list[str] = []
        self.flying: list[Claim] = []
        self.log: list[LogEntry] = []
        self.ledger: list[LedgerEntry] = []
        self.by_hand: set[object] = set()
        self.numbers = count(1)

        self.reports.append(self.office.tell("change_of_control", START))
        self._approve_everything()
        self.office.clock.advance(days=4)
        self._claim()
        if first is not None:
            self._answered([first])

    # Few rules with many faces: what goes wrong needs a person, a fact and the network at the right moments.

    @rule(
        what=st.sampled_from(["withdraw", "withdraw", "re-enter", "another day", "another amount"]), n=st.integers(0, 2)
    )
    def facts_change(self, what: str, n: int) -> None:
        if what == "another amount":
            self.office.add(LETTER.replace("125000.00", AMOUNTS[n]), change=True)
        elif what == "re-enter" and len(self.reports) < 2:
            self.reports.append(self.office.tell("change_of_control", START))
        else:
            for report in self.reports:
                self.office.withdraw(report)
            self.reports.clear()
            if what == "another day":
                self.reports.append(self.office.tell("change_of_control", START + timedelta(days=n)))
        self._grew()

    @rule(what=st.sampled_from(["all agree", "all agree", "one agrees", "one refuses", "by hand", "look again"]))
    def people_act(self, what: str) -> None:
        match what:
            case "all agree":
                self._approve_everything()
            case "one agrees":
                self._approve_everything(PEOPLE[:1])
            case "one refuses":
                with suppress(Refused):
                    self.office.service.decide("lump_sum", person=PEOPLE[0], approve=False, reason="no")
            case "by hand":
                self._by_hand_or_not()
            case _:
                self.office.service.replan("letter")
        self._grew()

    def _by_hand_or_not(self) -> None:
        if self.dones:
            self.office.withdraw(self.dones.pop())
        elif self.office.occurrence("lump_sum").state in (State.SCHEDULED, State.DUE, State.MISSED):
            identifier = f"done-{next(self.numbers)}"
            said = self.office.service.done("lump_sum", evidence="wire", on=None, actor="finn", report_id=identifier)
            one = said.occurrence
            self.by_hand.add(one.id)
            self.dones.append(identifier)
            self._settled_by_hand(one.id)

    @rule(outcomes=st.lists(OUTCOMES, min_size=1, max_size=3), then_claim=st.booleans())
    def the_network_answers(self, outcomes: list[tuple[Outcome, bool]], then_claim: bool) -> None:
        self._answered(outcomes)
        if then_claim:
            self.office.clock.advance(seconds=600)
            self._claim()

    def _answered(self, outcomes: list[tuple[Outcome, bool]]) -> None:
        actions = 0
        for claim in sorted(self.flying, key=lambda one: (one.name != "act.payroll.one_time_earning", one.key)):
            outcome, arrived = DELIVERED, True
            if claim.kind is PushKind.ACTION:
                outcome, arrived = outcomes[actions % len(outcomes)]
                actions += 1
            self.office.answer([claim], outcome, arrived=arrived)
        self.flying.clear()

    # --- what must hold

    def _claim(self, limit: int = 1000) -> None:
        before = {one.push.key: one for one in self.office.deliveries()}
        for claim in self.office.claim(limit):
            stored = before[claim.key]
            assert stored.push.send_at <= self.office.clock.now(), "sent before its instant"
            given = [
                one
                for one in self.office.decisions(claim.key)
                if one.approve and one.content_hash == stored.content_hash
            ]
            assert {one.role for one in given} >= set(stored.push.approvals), "sent without the approvals it needs"
            assert len({one.person for one in given}) >= len(stored.push.approvals), "one person agreed twice"
            self.flying.append(claim)

    def _settled_by_hand(self, occurrence: object) -> None:
        """Nothing more goes for what a person did, but for what is in the air already."""
        going = (DeliveryState.PROPOSED, DeliveryState.SCHEDULED, DeliveryState.RETRYING)
        for one in self.office.deliveries(states=set(going)):
            assert one.push.kind is not PushKind.ACTION or one.push.occurrence_id != occurrence

    def _grew(self) -> None:
        with self.office.store.read() as view:
            log, ledger = list(view.log("letter")), list(view.ledger())
        assert log[: len(self.log)] == self.log
        assert ledger[: len(self.ledger)] == self.ledger
        self.log, self.ledger = log, ledger
        self._in_step()

    def _in_step(self) -> None:
        """The store holds the plan, and what the plan no longer holds is cancelled."""
        planned = {one.id: one for one in self.office.service.overview("letter").plan.occurrences}
        with self.office.store.read() as view:
            stored = {one.id: one for one in view.occurrences("letter")}
        assert {key: stored[key].due_on for key in planned} == {key: one.due_on for key, one in planned.items()}
        assert {one.state for key, one in stored.items() if key not in planned} <= {State.CANCELLED}

    def _approve_everything(self, everyone: tuple[str, ...] = PEOPLE) -> None:
        proposed = {one.push.occurrence_id for one in self.office.deliveries(states={DeliveryState.PROPOSED})}
        for occurrence in sorted(proposed):
            for person in everyone:
                try:
                    self.office.service.decide(str(occurrence), person=person, approve=True)
                except Refused:
                    continue

    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        try:
            self._come_to_rest()
            self._believed_is_planned()
        finally:
            self._opened.__exit__(None, None, None)
            self._place.cleanup()

    def _come_to_rest(self) -> None:
        for _ in range(12):
            for claim in self.flying:
                self.office.answer([claim], DELIVERED)
            self.flying.clear()
            self.office.service.replan("letter")
            self._approve_everything()
            self.office.clock.advance(days=30)
            self._claim()
            if not self.flying and not self.office.deliveries(states={DeliveryState.PROPOSED, DeliveryState.RETRYING}):
                break
        self._grew()

    def _believed_is_planned(self) -> None:
        wanted = {
            (push.occurrence_id, push.name): owed(push)
            for push in self.office.service.overview("letter").plan.pushes
            if push.kind is PushKind.ACTION
        }
        for_people = {
            (one.push.occurrence_id, one.push.name)
            for one in self.office.deliveries(states={DeliveryState.PARKED, DeliveryState.REFUSED})
        }
        for about in {**wanted, **self.office.receiver.believes}:
            if about not in for_people and about[0] not in self.by_hand:
                assert self.office.receiver.believes.get(about) == wanted.get(about), "payroll believes another thing"
        leftovers = self.office.deliveries(
            states={DeliveryState.PROPOSED, DeliveryState.SENDING, DeliveryState.RETRYING}
        )
        assert not leftovers, "something never comes to rest"


def test_payroll_ends_up_believing_the_plan(tmp_path: Path) -> None:
    """Through corrections, failures and approvals, nothing is paid twice, early, unapproved, or forgotten."""
    machine = type("YearsHere", (Years,), {"folder": str(tmp_path)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60, stateful_step_count=5, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
