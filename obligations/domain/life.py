"""The life of an obligation: where it may stand, what may still happen to it there, and where it ends.

Whether it is due or missed the clock says; everything else is a turn its life took on a day. A final state accepts
nothing: what comes later changes it no more, only a correction of what led there does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from obligations.domain.occurrence import State

_S = State

# Where it ends, whoever ended it: the first of them that comes holds.
ENDINGS = frozenset(
    {
        _S.DONE,
        _S.DONE_LATE,
        _S.WAIVED,
        _S.DISCHARGED,
        _S.TERMINATED,
        _S.SUPERSEDED,
        _S.CONDITION_FAILED,
        _S.NOT_APPLICABLE,
        _S.CANCELLED,
    }
)
_IN_TIME = ENDINGS - {_S.DONE_LATE}
_TOO_LATE = ENDINGS - {_S.DONE}

# Every arrow there is. docs/plans.md explains the states.
ARROWS: Mapping[State, frozenset[State]] = {
    _S.WAITING: ENDINGS | {_S.SCHEDULED, _S.DUE, _S.MISSED, _S.NEEDS_PERSON, _S.PARTLY, _S.SUSPENDED},
    _S.NEEDS_PERSON: ENDINGS | {_S.WAITING, _S.SCHEDULED, _S.DUE, _S.MISSED, _S.PARTLY, _S.SUSPENDED},
    _S.SCHEDULED: ENDINGS | {_S.WAITING, _S.DUE, _S.MISSED, _S.NEEDS_PERSON, _S.PARTLY, _S.SUSPENDED},
    _S.DUE: _IN_TIME | {_S.MISSED, _S.NEEDS_PERSON, _S.PARTLY, _S.SUSPENDED},
    _S.MISSED: _TOO_LATE | {_S.NEEDS_PERSON, _S.PARTLY, _S.SUSPENDED},
    _S.PARTLY: ENDINGS | {_S.PARTLY, _S.NEEDS_PERSON, _S.SUSPENDED},
    _S.SUSPENDED: ENDINGS | {_S.WAITING, _S.SCHEDULED, _S.DUE, _S.MISSED, _S.NEEDS_PERSON, _S.PARTLY},
    **{ending: frozenset[State]() for ending in ENDINGS},
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn in the life of an obligation: the state it leads to, and the report or reason it rests on."""

    on: date
    to: State
    by: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """Where an obligation stands after everything that happened to it, and the turns that no longer could."""

    state: State
    taken: tuple[Turn, ...] = ()
    refused: tuple[Turn, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in ENDINGS


def lived(turns: Iterable[Turn], start: State = State.SCHEDULED) -> Life:
    """The life that the turns make, in day order and on one day in the order given; a final state takes no other.

    >>> lived([Turn(date(2025, 3, 9), State.WAIVED), Turn(date(2025, 3, 2), State.DONE)]).state
    <State.DONE: 'done'>
    """
    state = start
    taken: list[Turn] = []
    refused: list[Turn] = []
    for turn in sorted(turns, key=lambda one: one.on):
        if turn.to in ARROWS[state]:
            state = turn.to
            taken.append(turn)
        else:
            refused.append(turn)
    return Life(state, tuple(taken), tuple(refused))
