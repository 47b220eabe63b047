"""The named steps of sending: a process can be made to die at each, to prove that dying there does no harm."""

from __future__ import annotations

import os
import signal
from enum import StrEnum


class Step(StrEnum):
    """Where the sending of one delivery stands, in this order."""

    BEFORE_CLAIM = "before_claim"  # about to ask the store for work
    CLAIMED = "claimed"  # attempts are written; nothing is sent
    BEFORE_SEND = "before_send"  # the connector is called next
    SENT = "sent"  # the answer is in hand, and only there
    BEFORE_RECORD = "before_record"  # results are about to be written
    RECORDED = "recorded"  # results are written


class Steps:
    """What happens at each step: nothing."""

    def reach(self, step: Step) -> None:
        """Called by the engine on its way past the step."""


class KillAt(Steps):
    """Kills this very process, without a last word, when it passes a step for the nth time.

    >>> KillAt.parse("claimed:3").nth
    3
    >>> KillAt.parse("lunch:1")
    Traceback (most recent call last):
    ValueError: dangerous_kill_at: 'lunch:1' is not a step and a count such as claimed:3; the steps are before_claim, \
claimed, before_send, sent, before_record, recorded
    """

    def __init__(self, step: Step, nth: int = 1) -> None:
        self.step = step
        self.nth = nth
        self._seen = 0

    @classmethod
    def parse(cls, text: str) -> KillAt:
        """The hook that `step:nth` asks for; `step` alone means its first time. Raises `ValueError` otherwise."""
        step, _, count = text.partition(":")
        if step not in tuple(Step) or not (count or "1").isdecimal() or int(count or "1") < 1:
            raise ValueError(
                f"dangerous_kill_at: {text!r} is not a step and a count such as claimed:3; "
                f"the steps are {', '.join(Step)}"
            )
        return cls(Step(step), int(count or "1"))

    def reach(self, step: Step) -> None:
        if step is not self.step:
            return
        self._seen += 1
        if self._seen == self.nth:
            os.kill(os.getpid(), signal.SIGKILL)
