"""One instruction, one POST, one outcome."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from importlib.metadata import version
from urllib.parse import quote

from connectors.http.answers import outcome_of, outcome_unanswered, outcome_unsent
from connectors.http.client import HttpClient, NoAnswer, NotSent
from connectors.http.settings import Destination, HttpSettings
from connectors.http.signing import Signer
from obligations.domain.delivery import Outcome, Verdict
from obligations.ports import Claim, MachineClock

# CloudEvents' HTTP binding: printable ASCII stands for itself, except the blank, the quote and the percent sign.
_CE_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')

# What takes less is on its way as it should be.
LATE_SECONDS = 60


class HttpConnector:
    """Posts each claim's bytes to its destination, signed, under one deadline. Never retries, never raises for what
    the receiver did."""

    name = "http"

    def __init__(self, settings: HttpSettings, machine: MachineClock, client: HttpClient | None = None) -> None:
        self._destinations = settings.destinations
        self._machine = machine
        self._client = client or HttpClient(user_agent=f"obligations/{version('obligations')}")
        self._signers = {
            name: Signer(secret.get_secret_value() for secret in (entry.secret, *entry.previous_secrets))
            for name, entry in settings.destinations.items()
        }

    async def deliver(self, claim: Claim) -> Outcome:
        """Send the claim's bytes once and say what came of it."""
        destination = self._destinations.get(claim.destination)
        if destination is None:
            return Outcome(
                Verdict.REJECTED,
                f"nobody said where {claim.destination} listens: "
                f"add the table [connectors.http.destinations.{claim.destination}] with its url and secret",
            )
        try:
            headers = self._headers(claim, destination)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Outcome(
                Verdict.REJECTED,
                f"the stored body of {claim.name} is not an instruction (id, type, timestamp, data) under its own "
                "key; http carries actions, reminders go through slack or console",
            )
        try:
            answer = await self._client.post(
                destination.url, body=claim.body, headers=headers, timeout_seconds=destination.timeout_seconds
            )
        except NotSent as reason:
            return outcome_unsent(reason, claim.destination)
        except NoAnswer as reason:
            return outcome_unanswered(reason, claim.destination)
        return outcome_of(answer, claim.destination, self._machine.now())

    def _headers(self, claim: Claim, destination: Destination) -> dict[str, str]:
        key = str(claim.key)
        event = json.loads(claim.body)
        if event["id"] != key:
            raise ValueError("the body carries another key")
        return {
            **{name: value.get_secret_value() for name, value in destination.headers.items()},
            "content-type": "application/json",
            # Event attributes as headers, for hosts that route on them. The signature does not cover headers, so
            # receivers trust the body, which repeats what matters.
            "ce-specversion": "1.0",
            "ce-id": key,
            "ce-source": _source(claim.contract),
            "ce-type": _ce(event["type"]),
            "ce-time": _ce(event["timestamp"]),
            "ce-subject": str(claim.occurrence_id),
            # A lease keeps no paused process from sending; who keeps the highest can tell that one was taken over.
            "obligations-fence": str(claim.fence),
            **_lateness(claim),
            "idempotency-key": f'"{key}"',  # a structured field: the quotes belong to it
            **self._signers[claim.destination].headers(key, self._machine.now(), claim.body),
        }

    async def check(self) -> str | None:
        """Which destinations cannot be connected to. Sends them an OPTIONS request, which instructs nothing."""
        if not self._destinations:
            return "no destination is configured: add a table [connectors.http.destinations.NAME] with url and secret"
        found = await asyncio.gather(*(self._reach(name) for name in self._destinations))
        return "; ".join(sentence for sentence in found if sentence) or None

    async def _reach(self, name: str) -> str | None:
        destination = self._destinations[name]
        try:
            await self._client.greet(destination.url, timeout_seconds=destination.timeout_seconds)
        except NotSent as reason:
            return f"{name} cannot be reached: {reason}; check url in [connectors.http.destinations.{name}]"
        except NoAnswer:
            return None  # it was reached; not every receiver answers OPTIONS
        return None

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()


def _lateness(claim: Claim) -> dict[str, str]:
    """How late this attempt is, where it is: the body was written for the instant it was to go, and stays so."""
    late = int(claim.late_seconds)
    return {"obligations-late-seconds": str(late)} if late >= LATE_SECONDS else {}


@lru_cache(maxsize=1_000)
def _source(contract: str) -> str:
    return _ce(f"/contracts/{quote(contract, safe='')}")


@lru_cache(maxsize=1_000)
def _ce(value: str) -> str:
    return quote(value, safe=_CE_SAFE)
