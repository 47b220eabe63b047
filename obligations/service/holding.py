"""The use cases about stopping: keep sending back, see what keeps it back, and let it go on."""

from __future__ import annotations

from collections.abc import Sequence

from obligations.domain.hold import Hold, Scope
from obligations.ports import LedgerEntry, Transaction
from obligations.service.errors import NotFound, Refused
from obligations.service.ground import Ground
from obligations.service.restoring import RESTORE, doubt_what_came_since


class Holding(Ground):
    """What stops sending, for money alone or for everything."""

    def holds(self) -> Sequence[Hold]:
        """The holds in force, oldest first."""
        with self._store.read() as view:
            return view.holds()

    def pause(self, scope: Scope, *, reason: str, actor: str) -> Hold:
        """Keep sending back from now on; what is on its way already gets its answer. Raises `Refused` without a
        reason."""
        if not reason.strip():
            raise Refused("say why sending is paused, for whoever has to let it go on: --reason TEXT")
        now = self._clock.now()

        def write(view: Transaction) -> Hold:
            made = view.hold(scope, reason.strip(), at=now, by=actor)
            view.note(LedgerEntry(now, actor, "sending paused", "", _called(made), after=scope.value, reason=reason))
            return made

        return self._written(write)

    def resume(self, number: int | None, *, actor: str) -> Sequence[Hold]:
        """Lift one hold, or all there are; returns those lifted. What was kept back goes, late and marked so.

        Raises `NotFound` where no such hold is in force.
        """
        now = self._clock.now()

        def write(view: Transaction) -> Sequence[Hold]:
            held = view.holds()
            lifted = [one for one in held if number is None or one.number == number]
            if not lifted:
                which = "nothing is" if number is None else f"no hold {number} is"
                known = ", ".join(str(one.number) for one in held)
                raise NotFound(f"{which} in force{f'; in force: {known}' if known else ''}")
            for one in lifted:
                if one.held_by == RESTORE:
                    doubt_what_came_since(view, one)
                view.lift(one.number, at=now, by=actor)
                line = LedgerEntry(now, actor, "sending resumed", "", _called(one), before=one.scope.value)
                view.note(line)
            return lifted

        return self._written(write)


def _called(one: Hold) -> str:
    return f"hold {one.number}"
