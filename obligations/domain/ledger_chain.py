"""The chain over the ledger: each link binds a line to the link before it, with a key kept outside the database.

Whoever can write the database but has not the key cannot make links. Cutting off the end leaves a shorter chain that
holds: a head that was written down elsewhere shows it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64
# The rule of before there were keys: a plain hash, which anybody can make.
PLAIN = ""
KEY_BYTES = 32
_HEAD = re.compile(r"obligations-ledger/1 tenant=(\S*) seq=(\d{1,18}) key=(\S*) hash=([0-9a-f]{64}) at=([0-9T:.+Z-]+)")


class NoKey(ValueError):
    """What was given is no ledger key; the message never repeats it."""


class LedgerKeys:
    """The keys links are made and checked with: the first is in force, the others are of before.

    >>> keys = LedgerKeys.of("# made in March\\n" + "ab" * 32)
    >>> keys.in_force
    '862db0e8cc9e'
    >>> LedgerKeys.of("secret")
    Traceback (most recent call last):
    ...
    obligations.domain.ledger_chain.NoKey: line 1 is not 64 hexadecimal digits
    """

    def __init__(self, *keys: bytes) -> None:
        self._keys = {key_id(key): key for key in keys}
        self.in_force = key_id(keys[0]) if keys else PLAIN

    @classmethod
    def of(cls, text: str) -> LedgerKeys:
        """The keys of a key file: 64 hexadecimal digits each; a line that begins with # is for people."""
        keys = []
        for number, line in enumerate(text.splitlines(), 1):
            for said in () if line.lstrip().startswith("#") else line.split():
                if re.fullmatch(r"[0-9a-fA-F]{64}", said) is None:
                    raise NoKey(f"line {number} is not {2 * KEY_BYTES} hexadecimal digits")
                keys.append(bytes.fromhex(said))
        if not keys:
            raise NoKey("there is no key in it")
        return cls(*keys)

    def __contains__(self, name: object) -> bool:
        return name == PLAIN or name in self._keys

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __repr__(self) -> str:
        return f"LedgerKeys({', '.join(self._keys)})"

    def sealed(self, name: str, message: bytes) -> str:
        """The hash of a message under the key of that name; raises `KeyError` for one that is not here."""
        if name == PLAIN:
            return hashlib.sha256(message).hexdigest()
        return hmac.new(self._keys[name], message, hashlib.sha256).hexdigest()


def key_id(key: bytes) -> str:
    """The name of a key, which tells nothing of it."""
    return hashlib.sha256(b"the name of a ledger key of Obligations\0" + key).hexdigest()[:12]


NO_KEYS = LedgerKeys()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger as it is sealed; `at` in microseconds since 1970."""

    number: int
    tenant: str
    at: int
    actor: str
    action: str
    contract: str
    object: str
    before: str
    after: str
    reason: str

    def said(self) -> str:
        """The line as one text. Changing what goes in here breaks every chain in the world."""
        content = [
            self.tenant, self.number, self.at, self.actor, self.action, self.contract, self.object, self.before,
            self.after, self.reason,
        ]  # fmt: skip
        return json.dumps(content, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it is kept. `line` is None where the line it sealed is gone; `key` names the key it was made with."""

    seq: int
    line_number: int
    prev_hash: str
    hash: str
    key: str
    line: Line | None


def link_hash(keys: LedgerKeys, key: str, before: str, line: Line) -> str:
    """What binds the line to the link before it."""
    return keys.sealed(key, (before + line.said()).encode("ascii"))


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at an instant, on one line, to be kept where the database's keepers cannot change it.

    >>> head = Head("north", 7, "", "ab" * 32, datetime(2031, 3, 3, 12, tzinfo=UTC))
    >>> str(head)[:62]
    'obligations-ledger/1 tenant=north seq=7 key= hash=abababababab'
    >>> list(heads_in(f"a log says: {head}")) == [head]
    True
    >>> [one.tenant for one in heads_in(str(Head("Zürich & 5%", 1, "", "ab" * 32, head.at)))]
    ['Zürich & 5%']
    """

    tenant: str
    seq: int
    key: str
    hash: str
    at: datetime

    def __str__(self) -> str:
        words = {
            "tenant": _one_word(self.tenant),
            "seq": self.seq,
            "key": self.key,
            "hash": self.hash,
            "at": self.at.astimezone(UTC).isoformat(),
        }
        return " ".join(["obligations-ledger/1", *(f"{name}={word}" for name, word in words.items())])


def heads_in(text: str) -> Iterator[Head]:
    """Every head that a text holds, such as a log."""
    for tenant, seq, key, hash_, at in _HEAD.findall(text):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            continue
        if moment.tzinfo is not None:
            yield Head(_as_it_was(tenant), int(seq), key, hash_, moment)


def _one_word(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), text)


def _as_it_was(word: str) -> str:
    return re.sub(rb"%([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), word.encode()).decode(
        errors="replace"
    )


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk along the chain found.

    `fault` is a sentence naming the first thing that is not as it was sealed. `missing_key` names a key that links were
    made with and that is not here, so that those links could not be checked. `plain` counts links of before there was
    a key. `head` is the last link; None of an empty chain.
    """

    fault: str | None
    missing_key: str | None
    links: int
    plain: int
    head: Link | None

    @property
    def holds(self) -> bool:
        """Whether every line was checked and is as it was sealed."""
        return self.fault is None and self.missing_key is None


def walk(links: Iterable[Link], *, tenant: str, keys: LedgerKeys, heads: Iterable[Head] = ()) -> Walked:
    """Follow the chain from its beginning, in constant memory, and hold it against heads of it that were kept
    elsewhere."""
    at_seq: dict[int, list[Head]] = {}
    for head in heads:
        if head.tenant == tenant:
            at_seq.setdefault(head.seq, []).append(head)
    last: Link | None = None
    missing: str | None = None
    count = plain = 0
    for link in links:
        count += 1
        fault = _fault(count, last, link, keys)
        for head in at_seq.pop(link.seq, ()):
            if fault is None and head.hash != link.hash:
                fault = f"it is another one than at {head.at:%Y-%m-%d %H:%M}Z: the ledger was rewritten"
        if fault is not None:
            said = f"ledger line {link.line_number} (link {link.seq} of the chain): {fault}"
            return Walked(said, missing, count, plain, last)
        if link.key not in keys:
            missing = missing or link.key
        plain += link.key == PLAIN
        last = link
    fault = None
    if at_seq:
        seq = min(at_seq)
        fault = (
            f"the chain ends at link {count}, and it had {seq} links at {at_seq[seq][0].at:%Y-%m-%d %H:%M}Z: lines were"
            " cut off"
        )
    elif keys and count and plain == count:
        fault = (
            "no link was made with the ledger's key: the ledger was rewritten, or no daemon has run since the key came"
        )
    return Walked(fault, missing, count, plain, last)


def _fault(seq: int, last: Link | None, link: Link, keys: LedgerKeys) -> str | None:
    before = GENESIS if last is None else last.hash
    if link.seq != seq:
        return f"link {seq} before it was removed"
    if link.prev_hash != before:
        return "the link does not continue the one before it"
    if link.line is None:
        return "the line was removed"
    if link.key == PLAIN and last is not None and last.key != PLAIN:
        return "the link was made without the key that the links before it were made with"
    if link.key in keys and not hmac.compare_digest(link_hash(keys, link.key, before, link.line), link.hash):
        return "the line or its link was changed"
    return None
