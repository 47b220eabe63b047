"""What an occurrence is in every contract on the same definition: all of it but its id and its contract."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter

from obligations.domain.identity import occurrence_id
from obligations.domain.occurrence import Occurrence
from obligations.terms.terms import Terms

OWN = ("id", "contract")
_common = attrgetter(*(part.name for part in fields(Occurrence)[len(OWN) :]))


class InCommon:
    """An occurrence that rests on nothing of its contract alone, to be had for any other.

    It begins with the clause, the instance and the position, by which an occurrence is known in its contract.
    """

    __slots__ = ("_parts",)

    def __init__(self, one: Occurrence) -> None:
        self._parts = _common(one)

    def of_contract(self, terms: Terms) -> Occurrence:
        """The occurrence of that contract."""
        parts, contract = self._parts, terms.contract
        return Occurrence(occurrence_id(terms.tenant, contract, parts[0], parts[1], parts[2]), contract, *parts)
