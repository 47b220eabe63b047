"""Identity: the ids that re-planning, retries and restored backups all find again.

Everything is a UUIDv5 of what the thing *is* (tenant, contract, clause, happening or slot, position), never of
when it is due and never random, so the same obligation keeps its id when its date moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from uuid import UUID, SafeUUID

_NAMESPACE = UUID("7d0f5c7e-4d3a-5c8b-9a44-0b11ca7104e5")
# What every name is hashed after, hashed once; a plan makes hundreds of ids, and keeping them costs more than that.
_begun = hashlib.sha1(_NAMESPACE.bytes, usedforsecurity=False).copy
_CLEARED = ~((0xC000 << 48) | (0xF000 << 64))
_VERSION_5 = (0x8000 << 48) | (5 << 76)
# UUID() looks for the form its value is given in, which takes as long as all the rest of making an id.
_new, _set_int, _set_safe = object.__new__, UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown


def _id(*parts: str) -> UUID:
    """The UUIDv5 (RFC 9562) of the parts."""
    # The unit separator cannot stand in any part, so two different tuples never spell one name.
    return _named("\x1f".join(parts))


def _named(name: str) -> UUID:
    sha1 = _begun()
    sha1.update(name.encode())
    made = _new(UUID)
    _set_int(made, int.from_bytes(sha1.digest()[:16], "big") & _CLEARED | _VERSION_5)
    _set_safe(made, _UNKNOWN)
    return made


def occurrence_id(tenant: str, contract: str, clause: str, instance: str, position: str) -> UUID:
    """The identity of one occurrence; `position` is its ordinal or period, never its date."""
    return _id("occurrence", tenant, contract, clause, instance, position)


def occurrence_ids(tenant: str, contract: str, clause: str, instance: str) -> Callable[[str], UUID]:
    """The identity of each occurrence of one instance by its position.

    >>> ids = occurrence_ids("", "letter", "salary", "contract")
    >>> ids("7") == occurrence_id("", "letter", "salary", "contract", "7")
    True
    """
    begun = _begun()
    begun.update(f"occurrence\x1f{tenant}\x1f{contract}\x1f{clause}\x1f{instance}\x1f".encode())
    again = begun.copy

    def identify(position: str) -> UUID:
        sha1 = again()
        sha1.update(position.encode())
        made = _new(UUID)
        _set_int(made, int.from_bytes(sha1.digest()[:16], "big") & _CLEARED | _VERSION_5)
        _set_safe(made, _UNKNOWN)
        return made

    return identify


def push_key(
    tenant: str, contract: str, clause: str, instance: str, position: str, name: str, supersession: int = 0
) -> UUID:
    """The idempotency key of one push, the same for life; `supersession` counts the revisions of a sent one."""
    return _id("push", tenant, contract, clause, instance, position, name, str(supersession))
