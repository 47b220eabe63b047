"""The switch that makes a daemon die at a step counts to the step that was asked for and no further."""

from __future__ import annotations

import os
import signal

import pytest

from obligations.engine.steps import KillAt, Step


def test_a_process_dies_at_the_nth_passing_and_at_no_other_step(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    steps = KillAt.parse("claimed:2")
    steps.reach(Step.CLAIMED)
    steps.reach(Step.SENT)
    assert killed == []
    steps.reach(Step.CLAIMED)
    assert killed == [(os.getpid(), signal.SIGKILL)]


@pytest.mark.parametrize("text", ["lunch:1", "claimed:0", "claimed:x", "", "claimed:-1"])
def test_a_step_nobody_knows_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="dangerous_kill_at"):
        KillAt.parse(text)
