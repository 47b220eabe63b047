"""The chain over the ledger: each link hashes a line together with the link before it.

Lines are chained in the background, so that daemons never queue behind one another to write them. The order of the
chain is the order in which lines were found committed. A changed, removed or inserted line breaks it; cutting off the
end of both does not, which is why the head is worth writing down somewhere else from time to time.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from obligations.store import tables
from obligations.store.instants import to_micros

GENESIS = "0" * 64
_AT_ONCE = 10_000


def seal(connection: Connection, tenant: str, limit: int) -> int:
    """Chain up to `limit` committed lines that are not chained yet, 10,000 at most; returns how many."""
    line, waiting, link_ = tables.ledger.c, tables.ledger_unsealed.c, tables.ledger_seal.c
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
    last = connection.execute(
        select(link_.seq, link_.hash).where(link_.tenant == tenant).order_by(link_.seq.desc()).limit(1)
    ).one_or_none()
    seq, head = (0, GENESIS) if last is None else (last.seq, last.hash)
    links = []
    for row in lines:
        seq, before = seq + 1, head
        head = link(before, row)
        links.append({"tenant": tenant, "seq": seq, "ledger_n": row.n, "prev_hash": before, "hash": head})
    connection.execute(insert(tables.ledger_seal), links)
    connection.execute(
        delete(tables.ledger_unsealed).where(waiting.tenant == tenant, waiting.ledger_n.in_([row.n for row in lines]))
    )
    return len(links)


def first_broken(connection: Connection, tenant: str) -> str | None:
    """A sentence naming the first line that is not as it was sealed, or None when the whole chain holds."""
    line, link_ = tables.ledger.c, tables.ledger_seal.c
    chain = (
        select(tables.ledger, link_.seq, link_.ledger_n, link_.prev_hash, link_.hash)
        .select_from(tables.ledger_seal)
        .outerjoin(tables.ledger, (line.n == link_.ledger_n) & (line.tenant == link_.tenant))
        .where(link_.tenant == tenant)
        .order_by(link_.seq)
        .execution_options(yield_per=1_000)
    )
    head = GENESIS
    with connection.execute(chain) as links:
        for seq, row in enumerate(links, 1):
            if fault := _fault(seq, head, row):
                return f"ledger line {row.ledger_n} (link {row.seq} of the chain): {fault}"
            head = row.hash
    sealed = select(link_.ledger_n).where(link_.tenant == tenant)
    waiting = select(tables.ledger_unsealed.c.ledger_n).where(tables.ledger_unsealed.c.tenant == tenant)
    slipped = connection.execute(
        select(line.n)
        .where(line.tenant == tenant, line.n.not_in(sealed), line.n.not_in(waiting))
        .order_by(line.n)
        .limit(1)
    ).scalar()
    return None if slipped is None else f"ledger line {slipped}: it is neither sealed nor waiting to be"


def _fault(seq: int, head: str, row: Row[Any]) -> str | None:
    if row.seq != seq:
        return f"link {seq} before it was removed"
    if row.prev_hash != head:
        return "the link does not continue the one before it"
    if row.n is None:
        return "the line was removed"
    if link(head, row) != row.hash:
        return "the line or its link was changed"
    return None


def link(before: str, row: Row[Any]) -> str:
    """The hash that binds the line to the one before it. Changing what goes in here breaks every chain in the world."""
    content = [
        row.tenant,
        row.n,
        to_micros(row.at),
        row.actor,
        row.action,
        row.contract,
        row.object,
        row.before,
        row.after,
        row.reason,
    ]
    return hashlib.sha256((before + json.dumps(content, separators=(",", ":"))).encode("ascii")).hexdigest()
