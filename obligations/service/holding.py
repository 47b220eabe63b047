"""The use cases about stopping: keep sending back, see what keeps it back, and let it go on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from obligations.domain.hold import Hold, Scope, called, kept_back
from obligations.ports import LedgerEntry, Transaction
from obligations.service.errors import NotFound, Refused
from obligations.service.ground import Ground
from obligations.service.restoring import RESTORE, doubt_what_came_since
from obligations.terms.errors import TermsError, did_you_mean
from obligations.terms.terms import Terms


class Holding(Ground):
    """What stops sending, for money alone or for everything."""

    def holds(self) -> Sequence[Hold]:
        """The holds in force, oldest first."""
        with self._store.read() as view:
            return view.holds()

    def rests(self) -> Mapping[str, datetime]:
        """Where receivers asked to be left alone, and until when by the machine's clock; some may be over."""
        with self._store.read() as view:
            return view.rests()

    def pause(self, scope: Scope, *, reason: str, actor: str, destination: str = "") -> Hold:
        """Keep sending back from now on, or only what goes to one destination; what is on its way already gets its
        answer. Raises `Refused` without a reason, and `NotFound` for a destination that nothing goes to."""
        if not reason.strip():
            raise Refused("say why sending is paused, for whoever has to let it go on: --reason TEXT")
        if destination and scope is not Scope.EVERYTHING:
            raise Refused("give --to or --money, not both: a destination is paused for everything that goes there")
        now = self._clock.now()

        def write(view: Transaction) -> Hold:
            if destination:
                self._refuse_unknown(view, destination)
            made = view.hold(scope, reason.strip(), at=now, by=actor, destination=destination)
            view.note(LedgerEntry(now, actor, "sending paused", "", called(made), after=kept_back(made), reason=reason))
            return made

        return self._written(write)

    def _refuse_unknown(self, view: Transaction, destination: str) -> None:
        """A hold on a name that nothing goes to would keep nothing back, and look as if it did."""
        # The cheapest to know comes first: who stops money is in a hurry.
        known = set(self._library.destinations)
        if destination not in known:
            known.update(view.destinations())
        if destination not in known:
            for one in view.contracts():
                try:
                    known.update(_reached(self._kept(view, one.id).terms))
                except TermsError:
                    continue  # what cannot be planned sends nothing new
        if destination not in known:
            raise NotFound(
                f'nothing goes to "{destination}", so holding it would stop nothing.{did_you_mean(destination, known)}'
            )

    def resume(self, number: int | Collection[int] | None, *, actor: str) -> Sequence[Hold]:
        """Lift a hold, several, or all there are; returns those lifted. What was kept back goes, late and marked so.

        Raises `NotFound` where one of them is not in force; none is lifted then.
        """
        now = self._clock.now()
        numbers = {number} if isinstance(number, int) else None if number is None else set(number)

        def write(view: Transaction) -> Sequence[Hold]:
            held = view.holds()
            lifted = [one for one in held if numbers is None or one.number in numbers]
            gone = sorted(numbers - {one.number for one in lifted}) if numbers is not None else []
            if not lifted or gone:
                which = f"no hold {gone[0]} is" if gone else "nothing is"
                known = ", ".join(str(one.number) for one in held)
                raise NotFound(f"{which} in force{f'; in force: {known}' if known else ''}")
            for one in lifted:
                if one.held_by == RESTORE:
                    doubt_what_came_since(view, one)
                view.lift(one.number, at=now, by=actor)
                line = LedgerEntry(now, actor, "sending resumed", "", called(one), before=kept_back(one))
                view.note(line)
            return lifted

        return self._written(write)


def _reached(terms: Terms) -> Iterable[str]:
    """The roles and systems that the clauses remind and instruct, whether or not anything is planned for them yet."""
    for clause in (clause for version in terms.versions for clause in version.clauses.values()):
        yield from clause.remind
        yield from (act.send for act in clause.do)
