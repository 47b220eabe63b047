"""What fell due before the contract was signed: it is due at signature, and until then it is not missed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from obligations.planning.values import NOWHERE, NotYet
from obligations.terms import expressions as e
from obligations.terms.clause import Clause
from schedules.derivation import Derivation, Reasoned

if TYPE_CHECKING:
    from obligations.planning.world import World


def at_signature(world: World, clause: Clause, due: Reasoned[date]) -> tuple[Reasoned[date], tuple[NotYet, ...]]:
    """The day, no earlier than the signature; and the signature itself where it is still waited for.

    Money waits for a signature that has not come; anything else does once its day has passed. What the signature
    itself fulfils is owed before it.
    """
    signed = world.terms.file.signed
    if signed is None or not (clause.task or clause.pay or clause.grant) or _is_signing(clause, signed):
        return due, ()
    day = world.day(signed, NOWHERE)
    if isinstance(day, Reasoned):
        if day.value <= due.value:
            return due, ()
        words = "fell due before the contract was signed, and is due at signature"
        return Reasoned(day.value, Derivation(words, day.value.isoformat(), (day.why,))), ()
    passed = world.as_of is not None and world.as_of > due.value
    return due, (day,) if not day.never and (passed or clause.task is None) else ()


def _is_signing(clause: Clause, signed: object) -> bool:
    return clause.closed_by is not None and isinstance(signed, e.DayOf) and signed.name == clause.closed_by
