"""What is exported: the names that dashboards rest on, and nothing about anybody."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from obligations.clocks import monotonic
from obligations.domain.delivery import Outcome, PushKind, Verdict
from obligations.engine.counters import Counters
from obligations.ports import Claim
from tests.engine.stage import NOON, Scripted, Stage, push, until
from tests.operations.asking import Passes, ask, listening, running

NAMES = {
    "obligations_due_lag_seconds", "obligations_overdue", "obligations_oldest_overdue_seconds",
    "obligations_deliveries", "obligations_attempt_duration_seconds", "obligations_unknown", "obligations_parked",
    "obligations_awaiting_approval", "obligations_last_tick_timestamp_seconds", "obligations_lease_takeovers",
    "obligations_clock_step_seconds", "obligations_build_info", "obligations_unplanned",
}  # fmt: skip
LABELS = {"le", "channel", "outcome", "version", "python"}
CANARY = "jane-doe-125000"


class Late(Scripted):
    """Says yes to the first, and leaves the second unknown, with words about the person."""

    async def deliver(self, claim: Claim) -> Outcome:
        await super().deliver(claim)
        if claim.name.endswith("yes"):
            return Outcome(Verdict.DELIVERED, detail=CANARY, receipt={"reference": CANARY})
        return Outcome(Verdict.UNKNOWN, detail=CANARY, status=500)


async def test_every_figure_is_exported_by_its_name_and_says_nothing_about_anybody(
    stage: Stage, sqlite_url: str
) -> None:
    """A label with a name or an amount is a salary on every dashboard, for years."""
    counters, passes = Counters(monotonic), Passes()
    stage.plan(
        push(f"{CANARY} yes", CANARY, at=NOON - timedelta(seconds=90)),
        push(f"{CANARY} no", CANARY),
        push(f"{CANARY} lost", CANARY, connector=CANARY, kind=PushKind.REMINDER),
    )
    store = stage.store
    store.claim(business_now=NOON, machine_now=stage.machine.now(), worker="dead", limit=1, lease_seconds=-1)
    stage.machine.advance(seconds=1)
    async with (
        running(stage, sqlite_url, Late(), passes, counters=counters),
        listening(stage, counters) as listener,
    ):
        await until(lambda: sum(counters.deliveries.values()) == 3, passes.told)
        made = passes.made
        await until(lambda: passes.made > made + 1, passes.told)
        stage.clock.advance(seconds=30)
        _, page = await ask(listener.port, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(page)}
    assert set(families) == NAMES
    assert {label for family in families.values() for sample in family.samples for label in sample.labels} <= LABELS
    for secret in ("jane", "125000", "offer-letter", str(push(f"{CANARY} yes").key), "dead"):
        assert secret not in page

    def value(name: str, **labels: str) -> float:
        (found,) = [
            sample.value
            for family in families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return found

    assert value("obligations_deliveries_total", channel="scripted", outcome="delivered") == 1
    assert value("obligations_deliveries_total", channel="scripted", outcome="unknown") == 1
    assert value("obligations_deliveries_total", channel="other", outcome="retry") == 1
    assert value("obligations_due_lag_seconds_count") == 2  # the first was claimed by another daemon before
    assert value("obligations_attempt_duration_seconds_count") == 2
    assert value("obligations_lease_takeovers_total") == 1
    assert (value("obligations_overdue"), value("obligations_parked"), value("obligations_unknown")) == (1, 1, 1)
    assert value("obligations_oldest_overdue_seconds") == 30
    assert value("obligations_last_tick_timestamp_seconds") == stage.machine.now().timestamp()
    assert value("obligations_build_info", version="1.2.3") == 1


async def test_what_was_not_looked_at_is_not_called_zero(stage: Stage) -> None:
    """A daemon that never reached its database would look like one with nothing to do."""
    async with listening(stage, Counters(monotonic)) as listener:
        _, page = await ask(listener.port, "/metrics")
    assert "obligations_overdue " not in page
    assert "obligations_last_tick" not in page


async def test_the_first_rejection_is_a_growth(stage: Stage) -> None:
    """An alarm on what grows would miss the one that a figure begins with."""
    async with listening(stage, Counters(monotonic)) as listener:
        _, page = await ask(listener.port, "/metrics")
    for verdict in Verdict:
        assert f'obligations_deliveries_total{{channel="scripted",outcome="{verdict.value}"}} 0.0' in page
