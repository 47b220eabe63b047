"""The use cases about the record as a whole: check its chain, write down where it ends, take it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from obligations.domain.ledger_chain import Head, LedgerKeys, Line, Link, Walked, walk
from obligations.service.errors import Refused
from obligations.service.ground import Ground

EXPORT = "obligations.ledger-export/1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ledgers(Ground):
    """The record of everything decided or done, and the chain over it."""

    def verify_ledger(self, heads: Iterable[Head] = ()) -> Walked:
        """What a walk along the whole chain finds, held against heads that were kept elsewhere."""
        return self._store.verify_ledger(heads)

    def ledger_head(self, at: datetime) -> Head | None:
        """The end of the chain, to be kept elsewhere; None of an empty one."""
        with self._store.read() as view:
            return view.head(at)

    def export_ledger(self) -> Iterator[str]:
        """The whole record as JSON lines, in constant memory: a head, every link with its line, then what waits to be
        chained."""
        yield _as_text({"schema": EXPORT, "tenant": self._library.tenant})
        with self._store.read() as view:
            for link in view.chain():
                yield _as_text(
                    {
                        "seq": link.seq,
                        "n": link.line_number,
                        "prev_hash": link.prev_hash,
                        "hash": link.hash,
                        "key": link.key,
                        "line": None if link.line is None else _line_json(link.line),
                    }
                )
            for line in view.open_lines():
                yield _as_text({"seq": None, "n": line.number, "line": _line_json(line)})


def verify_export(lines: Iterable[str], keys: LedgerKeys, heads: Iterable[Head] = ()) -> tuple[str, Walked]:
    """Whose ledger an export holds, and what a walk along its chain finds; no database is needed.

    Raises `Refused` where it is no export, naming the line.
    """
    rest = iter(lines)
    first = _read(next(rest, ""), 1)
    tenant = first.get("tenant")
    if first.get("schema") != EXPORT or not isinstance(tenant, str):
        raise Refused("this is no export of a ledger: its first line does not say so (obligations ledger export)")
    mine = [head for head in heads if head.tenant == tenant]
    return tenant, walk(_links(rest, tenant), tenant=tenant, keys=keys, heads=mine)


def _links(lines: Iterable[str], tenant: str) -> Iterator[Link]:
    for number, text in enumerate(lines, 2):
        if not text.strip():
            continue
        found = _read(text, number)
        try:
            if found["seq"] is None:
                continue
            kept = found["line"]
            line = None if kept is None else _line_of(kept, int(found["n"]), tenant)
            yield Link(found["seq"], found["n"], found["prev_hash"], found["hash"], found["key"], line)
        except (KeyError, TypeError, ValueError):
            raise Refused(f"line {number} of the export is not a line of a ledger; it was cut or changed") from None


def _read(text: str, number: int) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refused(f"line {number} of the export cannot be read; it was cut or changed, or it is none")
    return found


def _line_json(line: Line) -> Mapping[str, str]:
    return {
        "at": (_EPOCH + timedelta(microseconds=line.at)).isoformat(),
        "actor": line.actor,
        "action": line.action,
        "contract": line.contract,
        "object": line.object,
        "before": line.before,
        "after": line.after,
        "reason": line.reason,
    }


def _line_of(kept: Mapping[str, str], number: int, tenant: str) -> Line:
    at = (datetime.fromisoformat(kept["at"]) - _EPOCH) // timedelta(microseconds=1)
    return Line(
        number, tenant, at, kept["actor"], kept["action"], kept["contract"], kept["object"], kept["before"],
        kept["after"], kept["reason"],
    )  # fmt: skip


def _as_text(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))
