"""What changes between two plans of one contract, for a person to see before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from obligations.domain.occurrence import Occurrence, Power
from obligations.planning.plan import Plan, seen

Verb = Literal["new", "moved", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class Change:
    """One occurrence or power before and after; None on the side where it is not."""

    verb: Verb
    before: Occurrence | Power | None
    after: Occurrence | Power | None

    @property
    def subject(self) -> Occurrence | Power:
        """The occurrence or power spoken of."""
        one = self.after or self.before
        assert one is not None, "a change has a side"
        return one


def diff(before: Plan, after: Plan) -> tuple[Change, ...]:
    """Every occurrence and power that is new, moved, changed or gone, in the later plan's order."""
    changes = [
        *_pairs(before.occurrences, after.occurrences),
        *_pairs(before.powers, after.powers),
    ]
    return tuple(changes)


def _pairs(
    before: Iterable[Occurrence] | Iterable[Power], after: Iterable[Occurrence] | Iterable[Power]
) -> Iterator[Change]:
    old: dict[object, Occurrence | Power] = {one.id: one for one in before}
    new: dict[object, Occurrence | Power] = {one.id: one for one in after}
    for identity in {**new, **old}:
        was, now = old.get(identity), new.get(identity)
        if was is None and now is not None:
            yield Change("new", None, now)
        elif was is not None and now is None:
            yield Change("gone", was, None)
        elif was is not None and now is not None and _seen(was) != _seen(now):
            yield Change("moved" if _day(was) != _day(now) else "changed", was, now)


def _seen(one: Occurrence | Power) -> object:
    return (one.state, one.arises_on, one.expires_on) if isinstance(one, Power) else (seen(one), one.conditional)


def _day(one: Occurrence | Power) -> object:
    return one.arises_on if isinstance(one, Power) else (one.adjusted_on, one.soft_on, one.from_on, one.to_on)
