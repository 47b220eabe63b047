"""The life of an obligation: its arrows, and that what is over stays over."""

from __future__ import annotations

from datetime import date

import pytest

from obligations.domain.life import ARROWS, ENDINGS, Turn, lived
from obligations.domain.occurrence import OPEN_STATES, State

DAY = date(2025, 3, 1)
LATER = date(2025, 4, 1)


def test_every_state_has_its_arrows() -> None:
    """A state without an entry could be left for any other, or bring the planning down."""
    assert set(ARROWS) == set(State)
    assert set(State) == OPEN_STATES | ENDINGS
    assert not OPEN_STATES & ENDINGS


@pytest.mark.parametrize("ending", sorted(ENDINGS))
@pytest.mark.parametrize("then", sorted(State))
def test_what_is_over_accepts_nothing(ending: State, then: State) -> None:
    """What was waived would be paid, or what was paid would be called waived, because somebody said so later."""
    assert ARROWS[ending] == frozenset()
    life = lived([Turn(LATER, then, "late"), Turn(DAY, ending, "first")])
    assert (life.state, life.is_over, [turn.by for turn in life.refused]) == (ending, True, ["late"])


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_what_is_open_can_be_waived_and_be_done(state: State) -> None:
    """Who is owed something could not let it go, or who owes it could never be free of it."""
    assert State.WAIVED in ARROWS[state]
    assert ARROWS[state] & {State.DONE, State.DONE_LATE}


def test_after_a_miss_it_can_only_be_done_late() -> None:
    """A plan would hide that a duty was violated before it was fulfilled."""
    missed = Turn(DAY, State.MISSED)
    assert lived([missed, Turn(LATER, State.DONE)]).state is State.MISSED
    assert lived([missed, Turn(LATER, State.DONE_LATE)]).state is State.DONE_LATE


def test_what_is_suspended_can_go_on_or_end() -> None:
    """A duty held for a while would be lost, or go on past the end of everything."""
    held = Turn(DAY, State.SUSPENDED)
    assert lived([held, Turn(LATER, State.SCHEDULED)]).state is State.SCHEDULED
    assert lived([held, Turn(LATER, State.TERMINATED)]).state is State.TERMINATED


def test_days_decide_not_the_order_of_arrival() -> None:
    """The same facts would make another plan when they were reported in another order."""
    turns = [Turn(DAY, State.DONE), Turn(LATER, State.WAIVED)]
    assert lived(turns).state is lived(turns[::-1]).state is State.DONE
