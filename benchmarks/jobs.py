"""APScheduler 3.11 with its SQLAlchemy job store, a job for each push, as its documentation has it; set up kindly: WAL,
no misfire window, twenty threads that share one client.

    python -m benchmarks.jobs store URL NAME COUNT FIRST_AT STEP        python -m benchmarks.jobs serve URL PORT
"""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import sys
import time
from datetime import UTC, datetime
from typing import Any

import httpx
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from sqlalchemy import event
from standardwebhooks import Webhook

from benchmarks.work import SECRET, Wanted, in_parts

# Stored one by one, as the library does it; more than that are written as rows such as it writes.
ONE_BY_ONE = 2_000
ROW = "INSERT INTO apscheduler_jobs (id, next_run_time, job_state) VALUES (?, ?, ?)"
_client = httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=20))
_signer = Webhook(SECRET)
_port = 0


def send(key: str, body: bytes) -> None:
    """The job."""
    at = datetime.now(UTC)
    headers = {
        "content-type": "application/json", "idempotency-key": key, "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": _signer.sign(key, at, body.decode()),
    }  # fmt: skip
    _client.post(f"http://127.0.0.1:{_port}/", content=body, headers=headers)


def scheduler(url: str) -> Any:
    """One over that file."""
    jobs = SQLAlchemyJobStore(url=url, engine_options={"connect_args": {"timeout": 30}})

    @event.listens_for(jobs.engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")

    return BackgroundScheduler(
        jobstores={"default": jobs}, executors={"default": ThreadPoolExecutor(20)},
        job_defaults={"misfire_grace_time": None}, timezone=UTC,
    )  # fmt: skip


def store(url: str, wanted: Wanted) -> dict[str, float]:
    """Stores pushes; the seconds are of those that were stored by the library's own call."""
    made = scheduler(url)
    made.start(paused=True)
    took, count = 0.0, 0
    state: dict[str, Any] = {}
    for part in in_parts(wanted.all()):
        rows = []
        for it in part:
            at = datetime.fromtimestamp(it.at, UTC)
            if count < ONE_BY_ONE:
                begun = time.perf_counter()
                job = made.add_job("benchmarks.jobs:send", DateTrigger(at), args=(str(it.key), it.body), id=str(it.key))
                took += time.perf_counter() - begun
                count += 1
                state = job.__getstate__()
                continue
            new = {**state, "id": str(it.key), "args": (str(it.key), it.body), "trigger": DateTrigger(at, UTC)}
            rows.append((str(it.key), it.at, pickle.dumps({**new, "next_run_time": at}, pickle.HIGHEST_PROTOCOL)))
        if rows:
            with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
                connection.executemany(ROW, rows)
            connection.close()
    return {"seconds": took * wanted.count / max(1, count), "cpu_seconds": 0.0}


def serve(url: str, port: int) -> None:
    """Runs the jobs, for ever."""
    global _port  # a job knows only what is pickled with it
    _port = port
    scheduler(url).start()
    while True:
        time.sleep(3_600)


if __name__ == "__main__":
    import benchmarks.jobs as this

    if sys.argv[1] == "store":
        os.write(1, json.dumps(this.store(sys.argv[2], Wanted.of(*sys.argv[4:8]))).encode())
    else:
        this.serve(sys.argv[2], int(sys.argv[3]))
