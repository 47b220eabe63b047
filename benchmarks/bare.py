"""The least that keeps what it was told: claim under a lease, send signed, record in groups. What it reaches is what
this machine, its databases and the HTTP client allow.

    python -m benchmarks.bare store URL NAME COUNT FIRST_AT STEP        python -m benchmarks.bare serve URL PORT
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from benchmarks.work import LANES, SECRET, Wanted, in_parts

BATCH, FLUSH_SECONDS, LEASE_SECONDS, CONNECTIONS = 500, 0.02, 60.0, 4
TABLE = (
    "CREATE TABLE push (n {serial} PRIMARY KEY, key TEXT NOT NULL, lane INTEGER NOT NULL,"
    " due DOUBLE PRECISION NOT NULL, body {bytes} NOT NULL, state INTEGER NOT NULL DEFAULT 0, lease DOUBLE PRECISION)"
)
INDEX = "CREATE INDEX push_due ON push (due) WHERE state = 0"
CLAIM = (
    "UPDATE push SET state = 1, lease = {mark} WHERE n IN"
    " (SELECT n FROM push WHERE state = 0 AND due <= {mark} ORDER BY due LIMIT {limit}{skip})"
    " RETURNING n, key, lane, body"
)
NEXT = "SELECT min(due) FROM push WHERE state = 0"


class Sqlite:
    """One file, written as this project writes its own: WAL, and every commit on the disk."""

    def __init__(self, url: str) -> None:
        import sqlite3

        self._db = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16384"):
            self._db.execute(f"PRAGMA {pragma}")

    def make(self) -> None:
        self._db.execute(TABLE.format(serial="INTEGER", bytes="BLOB"))
        self._db.execute(INDEX)

    def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO push (key, lane, due, body) VALUES (?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def claim(self, limit: int) -> list[tuple[Any, ...]]:
        now = time.time()
        return self._db.execute(CLAIM.format(mark="?", skip="", limit=limit), (now + LEASE_SECONDS, now)).fetchall()

    def next(self) -> float | None:
        return self._db.execute(NEXT).fetchone()[0]

    def record(self, done: Sequence[int]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("UPDATE push SET state = 2, lease = NULL WHERE n = ?", [(n,) for n in done])
        self._db.execute("COMMIT")


class Postgres:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        import psycopg

        self._db = psycopg.connect(url, autocommit=True)

    def make(self) -> None:
        self._db.execute(TABLE.format(serial="BIGSERIAL", bytes="BYTEA"))
        self._db.execute(INDEX)

    def insert(self, rows: Sequence[tuple[Any, ...]]) -> None:
        with self._db.cursor().copy("COPY push (key, lane, due, body) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def claim(self, limit: int) -> list[tuple[Any, ...]]:
        now = time.time()
        asked = CLAIM.format(mark="%s", skip=" FOR UPDATE SKIP LOCKED", limit=limit)
        return self._db.execute(asked, (now + LEASE_SECONDS, now)).fetchall()

    def next(self) -> float | None:
        found = self._db.execute(NEXT).fetchone()
        return found[0] if found else None

    def record(self, done: Sequence[int]) -> None:
        self._db.execute("UPDATE push SET state = 2, lease = NULL WHERE n = ANY(%s)", (list(done),))


def opened(url: str) -> Sqlite | Postgres:
    """The database that the URL names."""
    return Sqlite(url) if url.startswith("sqlite") else Postgres(url)


def store(url: str, wanted: Wanted, at_once: int) -> dict[str, float]:
    """Stores pushes; the seconds are those of the database calls alone."""
    database = opened(url)
    try:
        database.make()
    except Exception as error:  # each driver has its own
        if "already exists" not in str(error):
            raise
    took = cpu = 0.0
    for part in in_parts(wanted.all(), at_once):
        rows = [(str(it.key), it.lane, it.at, it.body) for it in part]
        begun, worked = time.perf_counter(), time.process_time()
        database.insert(rows)
        took, cpu = took + time.perf_counter() - begun, cpu + time.process_time() - worked
    return {"seconds": took, "cpu_seconds": cpu}


async def serve(url: str, port: int) -> None:
    """Claims what is due and sends it, for ever."""
    database = opened(url)
    clients = [
        httpx.AsyncClient(limits=httpx.Limits(max_connections=CONNECTIONS), trust_env=False) for _ in range(LANES)
    ]
    signer, address = Webhook(SECRET), f"http://127.0.0.1:{port}/"
    claimed: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
    done: list[int] = []

    async def send(client: httpx.AsyncClient) -> None:
        while True:
            n, key, _, body = await claimed.get()
            at, body = datetime.now(UTC), bytes(body)
            headers = {
                "content-type": "application/json", "idempotency-key": key, "webhook-id": key,
                "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signer.sign(key, at, body.decode()),
            }  # fmt: skip
            answer = await client.post(address, content=body, headers=headers)
            if answer.status_code == 200:
                done.append(n)

    async def record() -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if done:
                written, done[:] = done[:], []
                database.record(written)

    beside = [asyncio.create_task(send(client)) for client in clients for _ in range(CONNECTIONS)]
    beside.append(asyncio.create_task(record()))
    while True:
        if claimed.qsize() < BATCH // 2 and (found := database.claim(BATCH)):
            for row in found:
                claimed.put_nowait(row)
            await asyncio.sleep(0)
        elif claimed.qsize():
            await asyncio.sleep(FLUSH_SECONDS)
        else:
            due = database.next()
            await asyncio.sleep(max(0.0, min(1.0, due - time.time() if due is not None else 1.0)))


if __name__ == "__main__":
    if sys.argv[1] == "store":
        os.write(1, json.dumps(store(sys.argv[2], Wanted.of(*sys.argv[4:8]), int(sys.argv[3]))).encode())
    else:
        asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
