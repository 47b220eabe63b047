"""This project as it is measured: its store takes the pushes as planned ones, and its daemon runs as for everybody."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from benchmarks.work import LANES, SECRET, Due, Wanted, in_parts
from config.settings import Settings
from obligations.app import make_library
from obligations.domain.delivery import DeliveryState, Push, PushKind
from obligations.ports import Changes, DeliveryChange, StoredContract
from obligations.store import open_store

# As many connections as the bare loop has.
SETTINGS = """
database_url = "{url}"
ledger_key_file = ""
log = "warning"
[sending]
reminders = "console"
[engine]
total_concurrency = 32
destination_concurrency = 4
"""
DESTINATION = """
[connectors.http.destinations.payroll-{lane}]
url = "http://127.0.0.1:{port}/"
secret = "{secret}"
dangerous_allow_http = true
"""


def settings(folder: Path, url: str, port: int) -> dict[str, str]:
    """The environment of a daemon on that database which sends to that port."""
    path = folder / "obligations.toml"
    lanes = (DESTINATION.format(lane=lane, port=port, secret=SECRET) for lane in range(LANES))
    path.write_text(SETTINGS.format(url=url) + "".join(lanes), encoding="utf-8")
    path.chmod(0o600)
    return {"OBLIGATIONS_CONFIG": str(path)}


def planned(due: Due, contract: str, index: int) -> DeliveryChange:
    """A push as the planner hands it to the store."""
    push = Push(
        key=due.key, occurrence_id=UUID(int=due.key.int ^ 1), contract=contract, clause="salary", index=index,
        name="pay", kind=PushKind.ACTION, connector="http", destination=f"payroll-{due.lane}",
        send_at=datetime.fromtimestamp(due.at, UTC), payload=json.loads(due.body)["data"],
    )  # fmt: skip
    return DeliveryChange(push, due.body, sha256(due.body).hexdigest(), DeliveryState.SCHEDULED)


def store(url: str, wanted: Wanted, at_once: int) -> dict[str, float]:
    """Stores pushes, so many a transaction, each the plan of one contract; the seconds are those of the store alone."""
    opened = open_store(url)
    # As if planned today, or the daemon would plan all of them again.
    edition = make_library(Settings()).edition
    took = cpu = 0.0
    try:
        for number, part in enumerate(in_parts(wanted.all(), at_once)):
            contract = f"{wanted.name}-{number}"
            changes = Changes(
                deliveries=tuple(planned(due, contract, i) for i, due in enumerate(part)), edition=edition
            )
            now = datetime.now(UTC)
            with _stopped() as seconds, opened.write() as view:
                view.put_contract(StoredContract(contract, "Salary", "", "", now, "benchmark"))
                view.apply(contract, changes)
            took, cpu = took + seconds[0], cpu + seconds[1]
    finally:
        opened.close()
    return {"seconds": took, "cpu_seconds": cpu}


@contextmanager
def _stopped() -> Iterator[list[float]]:
    seconds: list[float] = []
    begun, worked = time.perf_counter(), time.process_time()
    yield seconds
    seconds += [time.perf_counter() - begun, time.process_time() - worked]


if __name__ == "__main__":
    print(json.dumps(store(sys.argv[1], Wanted.of(*sys.argv[3:7]), int(sys.argv[2]))))
