"""The clocks: business time that can be steered never runs backwards, and says truly how long to wait."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from obligations.clocks import LAST_INSTANT, NotAClock, SystemClock, SystemMachineClock, TimeLapse
from obligations.testing.clocks import FixedClock, FixedMachineClock

SIGNED = datetime(2005, 4, 11, 9, tzinfo=UTC)
REAL = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def machine() -> FixedMachineClock:
    return FixedMachineClock(REAL)


@pytest.fixture
def control(tmp_path: Path) -> Path:
    return tmp_path / "clock.json"


def test_a_day_passes_in_a_second_when_the_rate_says_so(control: Path, machine: FixedMachineClock) -> None:
    TimeLapse.write(control, SIGNED, 86_400, machine=machine)
    clock = TimeLapse(control, machine=machine)
    assert clock.now() == SIGNED
    machine.advance(seconds=3)
    assert clock.now() == SIGNED + timedelta(days=3)
    assert clock.seconds_until(SIGNED + timedelta(days=13)) == pytest.approx(10)
    assert clock.seconds_until(SIGNED) == pytest.approx(-3 * 86_400)


def test_a_paused_clock_stands_still_and_reaches_nothing(control: Path, machine: FixedMachineClock) -> None:
    TimeLapse.write(control, SIGNED, 0, machine=machine)
    clock = TimeLapse(control, machine=machine)
    machine.advance(days=30)
    assert clock.now() == SIGNED
    assert clock.seconds_until(SIGNED + timedelta(seconds=1)) == math.inf
    assert clock.seconds_until(SIGNED) <= 0


def test_a_rewritten_file_takes_effect_at_the_next_reading(control: Path, machine: FixedMachineClock) -> None:
    TimeLapse.write(control, SIGNED, 0, machine=machine)
    clock = TimeLapse(control, machine=machine)
    clock.now()
    TimeLapse.write(control, SIGNED + timedelta(days=100), 1, machine=machine)
    assert clock.now() == SIGNED + timedelta(days=100)


def test_an_earlier_instant_never_makes_a_day_happen_twice(control: Path, machine: FixedMachineClock) -> None:
    """What was due would be judged early again, and a reminder could be planned for a day that was already lived."""
    TimeLapse.write(control, SIGNED + timedelta(days=10), 86_400, machine=machine)
    clock = TimeLapse(control, machine=machine)
    shown = clock.now()
    TimeLapse.write(control, SIGNED, 86_400, machine=machine)
    assert clock.now() == shown
    # Ten days must catch up, at a day a second, before the eleventh comes.
    assert clock.seconds_until(shown + timedelta(days=1)) == pytest.approx(11)
    machine.advance(seconds=11)
    assert clock.now() == shown + timedelta(days=1)


def test_time_stands_still_where_it_was_told_to_stop(control: Path, machine: FixedMachineClock) -> None:
    """On a slow machine a simulation would run past the day on which a person was to act."""
    payday = SIGNED + timedelta(days=10)
    TimeLapse.write(control, SIGNED, 86_400, until=payday, machine=machine)
    clock = TimeLapse(control, machine=machine)
    machine.advance(seconds=9)
    assert clock.now() == SIGNED + timedelta(days=9)
    assert clock.seconds_until(payday) == pytest.approx(1)
    assert clock.seconds_until(payday + timedelta(seconds=1)) == math.inf
    machine.advance(days=30)
    assert clock.now() == payday
    TimeLapse.write(control, payday, 86_400, machine=machine)
    machine.advance(seconds=1)
    assert clock.now() == payday + timedelta(days=1)


def test_a_file_that_is_spoiled_or_gone_later_leaves_the_last_reading(
    control: Path, machine: FixedMachineClock
) -> None:
    TimeLapse.write(control, SIGNED, 1, machine=machine)
    clock = TimeLapse(control, machine=machine)
    control.write_text("{", encoding="utf-8")
    machine.advance(seconds=1)
    assert clock.now() == SIGNED + timedelta(seconds=1)
    control.unlink()
    machine.advance(seconds=1)
    assert clock.now() == SIGNED + timedelta(seconds=2)


def test_a_fast_clock_left_running_does_not_run_out_of_calendar(control: Path, machine: FixedMachineClock) -> None:
    TimeLapse.write(control, SIGNED, 1e12, machine=machine)
    clock = TimeLapse(control, machine=machine)
    machine.advance(days=365)
    assert clock.now() == LAST_INSTANT
    assert clock.seconds_until(SIGNED) <= 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("[]", "expected"),
        ("{", "cannot be read"),
        (json.dumps({"business": "2005-04-11", "machine": REAL.isoformat(), "rate": 1}), "business '2005-04-11'"),
        (json.dumps({"business": SIGNED.isoformat(), "machine": 7, "rate": 1}), "machine 7"),
        (json.dumps({"business": SIGNED.isoformat(), "machine": REAL.isoformat(), "rate": -1}), "rate -1"),
        (json.dumps({"business": SIGNED.isoformat(), "machine": REAL.isoformat(), "rate": True}), "rate True"),
        (
            json.dumps(
                {
                    "business": REAL.isoformat(),
                    "machine": REAL.isoformat(),
                    "rate": 1,
                    "until": SIGNED.isoformat(),
                }
            ),
            "cannot stop before",
        ),
    ],
)
def test_a_control_file_that_makes_no_sense_is_refused_at_the_start(control: Path, words: str, complaint: str) -> None:
    control.write_text(words, encoding="utf-8")
    with pytest.raises(NotAClock, match=str(control)) as refused:
        TimeLapse(control)
    assert complaint in str(refused.value)


def test_nothing_half_written_is_left_behind_when_a_write_is_refused(control: Path) -> None:
    with pytest.raises(NotAClock):
        TimeLapse.write(control, SIGNED.replace(tzinfo=None), 1)
    with pytest.raises(NotAClock):
        TimeLapse.write(control, SIGNED, math.nan)
    assert list(control.parent.iterdir()) == []


def test_the_real_clocks_show_aware_instants_that_agree() -> None:
    clock, machine = SystemClock(), SystemMachineClock()
    before, now, after = machine.now(), clock.now(), machine.now()
    assert before <= now <= after
    assert now.utcoffset() == timedelta(0)
    assert clock.seconds_until(before) <= 0 < clock.seconds_until(after + timedelta(hours=1))


def test_a_fixed_clock_moves_only_when_told(machine: FixedMachineClock) -> None:
    clock = FixedClock(SIGNED)
    clock.advance(days=1, seconds=1)
    assert clock.now() == SIGNED + timedelta(days=1, seconds=1)
    assert clock.seconds_until(SIGNED) == -86_401
    machine.advance(seconds=5)
    machine.set(REAL)
    assert (machine.now(), machine.monotonic()) == (REAL, 5)
