"""One attempt: one claim, one call of its connector, one result, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from obligations.domain.delivery import Outcome, Verdict
from obligations.engine.counters import Counters
from obligations.engine.outcomes import Policy, understood
from obligations.engine.settings import EngineSettings
from obligations.engine.steps import Step, Steps
from obligations.ports import Claim, Connector, MachineClock, Result


class Sender:
    """Makes attempts. `monotonic` gives seconds that never step; the end of a lease is told on it."""

    def __init__(
        self,
        connectors: Mapping[str, Connector],
        policy: Policy,
        settings: EngineSettings,
        machine: MachineClock,
        monotonic: Callable[[], float],
        steps: Steps,
        counters: Counters,
    ) -> None:
        self._connectors = connectors
        self._policy = policy
        self._timeout_seconds = settings.timeout_seconds
        self._machine = machine
        self._monotonic = monotonic
        self._steps = steps
        self._counters = counters

    async def attempt(self, claim: Claim, lease_ends: float) -> Result:
        """What became of the claim. Being cancelled while the receiver is silent counts as an unknown outcome."""
        connector = self._connectors.get(claim.connector)
        sent_at = self._machine.now()
        if connector is None:
            return self._policy.unsent(claim, self._no_such_connector(claim), sent_at)
        if reason := self._policy.objection(claim, sent_at):
            return self._policy.unsent(claim, reason, sent_at)
        if self._monotonic() + self._timeout_seconds > lease_ends:
            # Its answer could come when another daemon has taken over and sends it a second time.
            return self._policy.put_back(claim, "not sent: too little of the lease was left", sent_at)

        self._steps.reach(Step.BEFORE_SEND)
        deadline = asyncio.timeout(self._timeout_seconds)
        began = self._monotonic()
        try:
            async with deadline:
                answer: object = await connector.deliver(claim)
            outcome = understood(answer, claim.connector)
        except asyncio.CancelledError:
            outcome = Outcome(Verdict.UNKNOWN, detail="the daemon stopped before the answer came")
        except Exception as error:  # noqa: BLE001  # a connector's mistake is one unknown outcome, not the engine's end
            if deadline.expired():
                outcome = Outcome(Verdict.UNKNOWN, detail=f"no answer within {self._timeout_seconds:g} s")
            else:
                # Its words may quote what was sent; its kind cannot.
                outcome = Outcome(Verdict.UNKNOWN, detail=f"the connector raised {type(error).__name__}")
        self._counters.attempted(self._monotonic() - began)
        self._steps.reach(Step.SENT)
        return self._policy.result(
            claim, outcome, sent_at=sent_at, now=self._machine.now(), timed_out=deadline.expired()
        )

    def left(self, claim: Claim) -> Result:
        """What becomes of a claim that came when nothing is sent any more."""
        return self._policy.put_back(claim, "not sent: the daemon was told to end at once", self._machine.now())

    def _no_such_connector(self, claim: Claim) -> str:
        known = ", ".join(sorted(self._connectors)) or "none"
        return f"no connector is called {claim.connector!r} (configured: {known}); configure it, then send this again"
