"""Finding things by what people call them: a contract, an occurrence, a delivery, a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from obligations.domain.occurrence import Occurrence, Power, State
from obligations.ports import StoredContract, StoredDelivery, Transaction
from obligations.service.errors import NeedsPerson, NotFound
from obligations.terms.errors import did_you_mean
from obligations.terms.model import Person
from obligations.terms.terms import Terms

SHORTEST_ID = 6


def contract(view: Transaction, name: str, *, lock: bool = False) -> StoredContract:
    """The contract of that id; raises `NotFound` with the ids there are."""
    found = view.contract(name, lock=lock)
    if found is None:
        known = [one.id for one in view.contracts()]
        if not known:
            raise NotFound(
                f'there is no contract "{name}", nor any other yet: add one with `obligations contract add FILE`'
            )
        raise NotFound(f'there is no contract "{name}".{did_you_mean(name, known)}')
    return found


def occurrence(view: Transaction, reference: str) -> Occurrence:
    """The occurrence of a reference: an id or its beginning, `contract/clause/index`, `contract/clause` or `clause`.

    Raises `NotFound` when nothing or more than one fits, naming the candidates.
    """
    found = occurrences(view, reference)
    if len(found) == 1:
        return found[0]
    several = ", ".join(
        f"{one.contract}/{one.clause}/{one.index} ({one.acts_on or 'no day'}, {one.state}, {str(one.id)[:8]})"
        for one in found[:8]
    )
    more = f" and {len(found) - 8} more" if len(found) > 8 else ""
    raise NotFound(f'"{reference}" fits {len(found)} occurrences: {several}{more}; name one of them')


def occurrences(view: Transaction, reference: str) -> Sequence[Occurrence]:
    """Every occurrence that a reference fits, at least one; cancelled ones only where nothing else fits."""
    parts = reference.split("/")
    scope = parts.pop(0) if len(parts) > 1 and view.contract(parts[0]) is not None else None
    everything = view.occurrences(scope)
    by_id = [one for one in everything if len(reference) >= SHORTEST_ID and str(one.id).startswith(reference.lower())]
    if by_id:
        return by_id
    clause = parts[0]
    known = sorted({one.clause for one in everything})
    if scope is None and len(parts) > 1 and clause not in known:
        contract(view, clause)  # says that there is no such contract, and which there are
    index = parts[1] if len(parts) > 1 else None
    named = [one for one in everything if one.clause == clause] or [one for one in everything if _rules(clause, one)]
    fitting = [one for one in named if index is None or str(one.index) == index]
    if not fitting:
        raise NotFound(
            f'no occurrence fits "{reference}".{did_you_mean(clause, known)}'
            " Name one as contract/clause/index, or by the beginning of its id; `obligations next` lists them"
        )
    return [one for one in fitting if one.state is not State.CANCELLED] or fitting


def _rules(clause: str, one: Occurrence) -> bool:
    """Whether the clause stands in the place of the one that the occurrence is known by."""
    return any(step.kind == "clause" and step.ref == clause for step in one.derivation.inputs)


def delivery(found: Iterable[StoredDelivery], reference: str) -> list[StoredDelivery]:
    """The deliveries whose key begins with the reference."""
    text = reference.lower()
    return [one for one in found if len(text) >= SHORTEST_ID and str(one.push.key).startswith(text)]


def power(powers: Iterable[Power], reference: str) -> list[Power]:
    """The powers called so, by name or by the beginning of their id."""
    name = reference.rpartition("/")[2]
    return [one for one in powers if one.name == name or (len(name) >= SHORTEST_ID and str(one.id).startswith(name))]


def person(terms: Terms, name: str) -> tuple[Person, frozenset[str]]:
    """Who that is and which roles they play; raises `NeedsPerson` for somebody the contract does not name."""
    wanted = name.strip().casefold()
    found = [
        (role, one)
        for role, people in terms.people.items()
        for one in people
        if wanted in (one.name.casefold(), (one.email or "").casefold())
    ]
    if not found:
        # No suggestion here: it would invite acting in another's name.
        raise NeedsPerson(f'{terms.contract} names nobody "{name}"; people are listed under `people:` in the contract')
    meant = {identity(one): one for _, one in found}
    if len(meant) > 1:
        raise NeedsPerson(f'"{name}" is {len(meant)} people in {terms.contract}: {", ".join(sorted(meant))}; name one')
    return next(iter(meant.values())), frozenset(role for role, _ in found)


def identity(one: Person) -> str:
    """What a person is known by in the records: the e-mail where there is one."""
    return (one.email or one.name).casefold()
