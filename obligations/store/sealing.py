"""The chain over the ledger, as it is kept: lines are linked in the background, and walked from the beginning.

Lines are chained in the background, so that daemons never queue behind one another to write them. The order of the
chain is the order in which lines were found committed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select

from obligations.domain.ledger_chain import GENESIS, PLAIN, Head, LedgerKeys, Line, Link, Walked, link_hash, walk
from obligations.store import tables
from obligations.store.instants import to_micros

_AT_ONCE = 10_000
_STREAMED = 1_000


def seal(connection: Connection, tenant: str, limit: int, keys: LedgerKeys, *, whatever_was: bool = False) -> int:
    """Chain up to `limit` committed lines that are not chained yet, 10,000 at most; returns how many.

    None is chained where the last link was made with a key that is not here, unless `whatever_was`: the chain would go
    on under another key without a person having said so. The lines wait.
    """
    line, waiting = tables.ledger.c, tables.ledger_unsealed.c
    # A second sealer waits here for the first and then finds what that one left.
    lines = connection.execute(
        select(tables.ledger)
        .join(tables.ledger_unsealed, line.n == waiting.ledger_n)
        .where(waiting.tenant == tenant, line.tenant == tenant)
        .order_by(waiting.ledger_n)
        .limit(min(limit, _AT_ONCE))
        .with_for_update(of=tables.ledger_unsealed)
    ).all()
    if not lines:
        return 0
    last = last_link(connection, tenant)
    seq, head, made_with = (0, GENESIS, PLAIN) if last is None else (last.seq, last.hash, last.key_id)
    if made_with not in keys and not whatever_was:
        return 0
    links = []
    for row in lines:
        seq, before = seq + 1, head
        head = link_hash(keys, keys.in_force, before, line_of(row))
        links.append(
            {
                "tenant": tenant,
                "seq": seq,
                "ledger_n": row.n,
                "prev_hash": before,
                "hash": head,
                "key_id": keys.in_force,
            }
        )
    connection.execute(insert(tables.ledger_seal), links)
    connection.execute(
        delete(tables.ledger_unsealed).where(waiting.tenant == tenant, waiting.ledger_n.in_([row.n for row in lines]))
    )
    return len(links)


def take_up(connection: Connection, tenant: str, keys: LedgerKeys, at: datetime, actor: str, lost: str = "") -> str:
    """Begin to chain with the key in force, as a line of the ledger then says, where the last link was made otherwise.

    Returns the name of the key that the last link was made with where that is not here and nobody says why it is
    `lost`: nothing is chained then. Else returns nothing.
    """
    last = last_link(connection, tenant)
    made_with = PLAIN if last is None else last.key_id
    if made_with not in keys and not lost:
        return made_with
    if made_with != keys.in_force:
        connection.execute(
            insert(tables.ledger).values(
                tenant=tenant,
                at=at,
                actor=actor,
                action="ledger key taken up",
                contract="",
                object=f"ledger key {keys.in_force}",
                before=made_with,
                after=keys.in_force,
                reason=lost,
            )
        )
        while seal(connection, tenant, _AT_ONCE, keys, whatever_was=True) == _AT_ONCE:
            pass
    return ""


def last_link(connection: Connection, tenant: str) -> Any:
    """The end of the chain, or None."""
    c = tables.ledger_seal.c
    return connection.execute(
        select(c.seq, c.hash, c.key_id).where(c.tenant == tenant).order_by(c.seq.desc()).limit(1)
    ).one_or_none()


def head(connection: Connection, tenant: str, at: datetime) -> Head | None:
    """The end of the chain as it is to be kept elsewhere; None of an empty one."""
    last = last_link(connection, tenant)
    return None if last is None else Head(tenant, last.seq, last.key_id, last.hash, at)


def chain(connection: Connection, tenant: str) -> Iterator[Link]:
    """Every link with its line, from the first, in constant memory."""
    line, link_ = tables.ledger.c, tables.ledger_seal.c
    linked = (
        select(tables.ledger, link_.seq, link_.ledger_n, link_.prev_hash, link_.hash, link_.key_id)
        .select_from(tables.ledger_seal)
        .outerjoin(tables.ledger, (line.n == link_.ledger_n) & (line.tenant == link_.tenant))
        .where(link_.tenant == tenant)
        .order_by(link_.seq)
        .execution_options(yield_per=_STREAMED)
    )
    with connection.execute(linked) as found:
        for row in found:
            kept = None if row.n is None else line_of(row)
            yield Link(row.seq, row.ledger_n, row.prev_hash, row.hash, row.key_id, kept)


def open_lines(connection: Connection, tenant: str) -> Iterator[Line]:
    """The lines that wait to be chained, in the order of their numbers."""
    line, waiting = tables.ledger.c, tables.ledger_unsealed.c
    listed = (
        select(tables.ledger)
        .join(tables.ledger_unsealed, line.n == waiting.ledger_n)
        .where(waiting.tenant == tenant, line.tenant == tenant)
        .order_by(waiting.ledger_n)
        .execution_options(yield_per=_STREAMED)
    )
    with connection.execute(listed) as found:
        for row in found:
            yield line_of(row)


def walked(connection: Connection, tenant: str, keys: LedgerKeys, heads: Iterable[Head]) -> Walked:
    """What a walk along the whole chain finds; a line that is neither chained nor waits to be is a fault too."""
    found = walk(chain(connection, tenant), tenant=tenant, keys=keys, heads=heads)
    if found.fault is None and (missed := _slipped(connection, tenant)) is not None:
        return replace(found, fault=f"ledger line {missed}: it is neither sealed nor waiting to be")
    return found


def _slipped(connection: Connection, tenant: str) -> int | None:
    line, link_, waiting = tables.ledger.c, tables.ledger_seal.c, tables.ledger_unsealed.c
    found: int | None = connection.execute(
        select(line.n)
        .where(
            line.tenant == tenant,
            ~exists().where(link_.ledger_n == line.n, link_.tenant == tenant),
            ~exists().where(waiting.ledger_n == line.n, waiting.tenant == tenant),
        )
        .order_by(line.n)
        .limit(1)
    ).scalar()
    return found


def line_of(row: Row[Any]) -> Line:
    """A row of the ledger as it is sealed."""
    return Line(
        row.n, row.tenant, to_micros(row.at), row.actor, row.action, row.contract, row.object, row.before, row.after,
        row.reason,
    )  # fmt: skip
