"""Pauses: a destination that refuses every call as such is left alone until a person or a probe finds it mended.

What makes it refuse (a credential, an address, a flow that was switched off) is common to all that goes there, and
each call would use up one more of a delivery's attempts. One that asked to be called no more is not probed either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog

from obligations.domain.delivery import Outcome, Verdict
from obligations.domain.hold import DAEMON, RECEIVER, Scope, called, kept_back
from obligations.engine.store_thread import StoreThread
from obligations.ports import Claim, Conflict, LedgerEntry, Store, StoreUnavailable

_log = structlog.get_logger()

IN_A_ROW = 3


class Pauses:
    """Counts refusals by destination, over all that goes there; holds what refused three times in a row, in the
    store, where every daemon and the next start find it; and lifts that hold when a probe is answered.

    Where what is refused is a connector's and no destination's, all that go by it are counted, held and lifted
    together. What said that it is gone is held at once, until a person lifts that.
    """

    def __init__(self, store: Store, thread: StoreThread, now: Callable[[], datetime]) -> None:
        self._store = store
        self._thread = thread
        self._now = now
        self._refused: Counter[str] = Counter()
        self._refused_by: Counter[str] = Counter()

    async def heard(self, claim: Claim, outcome: Outcome, *, probe: bool) -> bool:
        """Take note of an answer; returns whether a pause ended with it. Never raises."""
        destination = claim.destination
        if outcome.verdict is Verdict.GONE:
            await self._try(self._part, claim, outcome)
            return False
        if refuses(outcome) and outcome.shared:
            self._refused_by[claim.connector] += 1
            # Not counted anew then: it is refused until an answer shows otherwise, where more becomes due too.
            if self._refused_by[claim.connector] >= IN_A_ROW and not probe:
                await self._try(self._pause_all, claim, outcome)
            return False
        if refuses(outcome):
            self._refused[destination] += 1
            if self._refused[destination] >= IN_A_ROW and not probe and await self._try(self._pause, claim, outcome):
                del self._refused[destination]
            return False
        if outcome.status is not None or outcome.verdict is Verdict.DELIVERED:
            del self._refused[destination]
        if accepts(outcome):
            del self._refused_by[claim.connector]
        return probe and accepts(outcome) and await self._try(self._lift, claim, outcome)

    async def rest(self, destination: str, until: datetime) -> None:
        """Have every daemon leave a destination alone until an instant (machine time). Never raises."""
        try:
            await self._thread.call(self._rest, destination, until)
        except StoreUnavailable:
            return  # the next one that asks to be left alone is written
        except Exception as error:  # noqa: BLE001  # as above
            _log.error("pausing a destination failed", destination=destination, error=type(error).__name__)

    def _rest(self, destination: str, until: datetime) -> None:
        with self._store.write() as view:
            view.rest(destination, until)

    async def paused(self) -> list[str]:
        """The destinations that the daemons paused."""
        return await self._thread.call(self._paused)

    def _paused(self) -> list[str]:
        with self._store.read() as view:
            return [one.destination for one in view.holds() if one.destination and one.held_by == DAEMON]

    async def _try(self, work: Callable[[Claim, Outcome], None], claim: Claim, outcome: Outcome) -> bool:
        try:
            await self._thread.call(work, claim, outcome)
        except Conflict:
            return True  # another daemon was quicker
        except StoreUnavailable:
            return False  # the next answer tries again
        except Exception as error:  # noqa: BLE001  # the answer itself is written down whatever becomes of the pause
            _log.error("pausing a destination failed", destination=claim.destination, error=type(error).__name__)
            return False
        return True

    def _pause(self, claim: Claim, outcome: Outcome) -> None:
        reason = f"refused {IN_A_ROW} times in a row ({outcome.detail}); mend that, then resume it"
        if (number := self._hold(claim.destination, reason, by=DAEMON)) is not None:
            _log.error("a destination is paused: it refused several times in a row",
                       destination=claim.destination, status=outcome.status, hold=number)  # fmt: skip

    def _pause_all(self, claim: Claim, outcome: Outcome) -> None:
        reason = f"{_by(claim)} {IN_A_ROW} times in a row ({outcome.detail}); mend that, then resume it"
        with self._store.read() as view:
            due = {claim.destination, *view.destinations(due_by=claim.connector)}
        held = [one for one in sorted(due) if self._hold(one, reason, by=DAEMON) is not None]
        if held:
            _log.error("a connector is paused: it was refused several times in a row",
                       connector=claim.connector, status=outcome.status, destinations=held)  # fmt: skip

    def _part(self, claim: Claim, outcome: Outcome) -> None:
        reason = f"it asked not to be called again ({outcome.detail}); once it may be, resume it"
        if (number := self._hold(claim.destination, reason, by=RECEIVER)) is not None:
            _log.error("a destination is paused: it asked not to be called again",
                       destination=claim.destination, status=outcome.status, hold=number)  # fmt: skip

    def _hold(self, destination: str, reason: str, *, by: str) -> int | None:
        """The number of the hold, or None where that name holds it already."""
        now = self._now()
        with self._store.write() as view:
            if any(one.destination == destination and one.held_by == by for one in view.holds()):
                return None
            made = view.hold(Scope.EVERYTHING, reason, at=now, by=by, destination=destination)
            view.note(LedgerEntry(now, by, "sending paused", "", called(made), after=kept_back(made), reason=reason))
            return made.number

    def _lift(self, claim: Claim, outcome: Outcome) -> None:
        now = self._now()
        with self._store.write() as view:
            for one in view.holds():
                if one.held_by != DAEMON or not one.destination:
                    continue
                if one.destination == claim.destination or one.reason.startswith(_by(claim)):
                    view.lift(one.number, at=now, by=DAEMON)
                    view.note(
                        LedgerEntry(now, DAEMON, "sending resumed", "", called(one), before=kept_back(one),
                                    reason="a probe was answered")
                    )  # fmt: skip
        _log.info("a destination is resumed: a probe was answered", destination=claim.destination)


def _by(claim: Claim) -> str:
    """How the reason of each hold begins that was made because a connector was refused, and by which it is known."""
    return f"all that goes by {claim.connector} was refused"


def refuses(outcome: Outcome) -> bool:
    """Whether the receiver turned the call away as such, whatever it says: it will do so with the next one too."""
    return outcome.alarm and outcome.verdict is Verdict.RETRY


def accepts(outcome: Outcome) -> bool:
    """Whether the receiver looked at the content, which it does only for those it lets in."""
    return outcome.verdict in (Verdict.DELIVERED, Verdict.REJECTED)
