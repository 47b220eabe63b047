"""What the people of the letter do, and the command with which each of them does it.

Most acts go straight to the service that the command calls, because half a minute is short; those that show an answer
run the command itself.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date

from obligations.demo.letter import CONTRACT, PEOPLE
from obligations.demo.processes import Trouble
from obligations.demo.screen import Screen
from obligations.domain.delivery import DeliveryState
from obligations.domain.event import Report
from obligations.service import Refused, Service

COMMAND_SECONDS = 30.0


class People:
    """The letter's people at the keyboard. Each act is shown; one that is refused unexpectedly raises `Trouble`."""

    def __init__(self, service: Service, screen: Screen, today: Callable[[], date]) -> None:
        self._service = service
        self._screen = screen
        self._today = today
        self._events = 0

    def report(
        self,
        who: str,
        event: str,
        on: date,
        says: str,
        *,
        expected: bool = False,
        received_on: date | None = None,
        value: str = "",
    ) -> None:
        """Somebody records what happened, or a fact."""
        self._events += 1
        fields = {"value": value} if value else {}
        report = Report(f"demo-{self._events:02}", event, on, received_on, fields, expected=expected)
        try:
            preview = self._service.record(CONTRACT, report, actor=PEOPLE[who])
        except Refused as error:
            raise Trouble(f"{who} could not record {event} on {on}: {error}") from None
        options = "".join((
            f' --with value="{value}"' if value else "",
            f" --received {received_on}" if received_on else "",
            " --expected" if expected else "",
        ))  # fmt: skip
        self._tell(who, f"{says} ({_many(len(preview.changes), 'change')} to the plan)")
        self._screen.command(f"obligations event {CONTRACT} {event} {on}{options} --as {PEOPLE[who]} --yes")

    def done(self, who: str, clause: str, evidence: str, says: str) -> None:
        """Somebody reports a duty fulfilled."""
        self._events += 1
        try:
            self._service.done(
                f"{CONTRACT}/{clause}",
                evidence=evidence,
                on=None,
                actor=PEOPLE[who],
                report_id=f"demo-{self._events:02}",
            )
        except Refused as error:
            raise Trouble(f"{who} could not report {clause} done: {error}") from None
        self._tell(who, says)
        self._screen.command(f'obligations done {CONTRACT}/{clause} --evidence "{evidence}" --as {PEOPLE[who]}')

    def approve(self, who: str, clause: str, says: str) -> None:
        """Somebody agrees to everything that is proposed for a clause."""
        try:
            decided = self._service.decide(f"{CONTRACT}/{clause}", person=PEOPLE[who], approve=True)
        except Refused as error:
            raise Trouble(f"{who} could not approve {clause}: {error}") from None
        needs = list(dict.fromkeys(role for _, left in decided for role in left))
        after = f"; still needs {' and '.join(needs)}" if needs else ""
        self._tell(who, f"{says} ({_many(len(decided), 'instruction')}{after})")
        self._screen.command(f"obligations approve {CONTRACT}/{clause} --as {PEOPLE[who]}")

    def refused(self, who: str, clause: str, says: str) -> None:
        """Somebody tries to approve and is refused with exit code 4, or else it is `Trouble`."""
        self._tell(who, says)
        code, answer = self.command("approve", f"{CONTRACT}/{clause}", "--as", PEOPLE[who], expect=4)
        self._screen.said(f"{answer} (exit code {code})")

    def proposed(self, clause: str) -> int:
        """How much of a clause waits for approval."""
        waiting = self._service.deliveries(CONTRACT, {DeliveryState.PROPOSED})
        return sum(1 for one in waiting if one.push.clause == clause)

    def command(self, *words: str, expect: int = 0) -> tuple[int, str]:
        """Run a command of `obligations` as it stands; returns its exit code and what it said.

        Raises `Trouble` when it ends otherwise than expected.
        """
        self._screen.command(f"obligations {' '.join(words)}")
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "obligations", *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=COMMAND_SECONDS,
                process_group=0,
            )
        except subprocess.TimeoutExpired:
            raise Trouble(f"`obligations {' '.join(words)}` did not end within {COMMAND_SECONDS:g} s") from None
        said = (ended.stdout or ended.stderr).strip()
        if ended.returncode != expect:
            raise Trouble(f"`obligations {' '.join(words)}` ended with {ended.returncode}, not {expect}: {said}")
        return ended.returncode, said

    def _tell(self, who: str, what: str) -> None:
        self._screen.happened(self._today(), who.removeprefix("the "), what)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
