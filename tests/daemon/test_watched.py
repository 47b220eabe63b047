"""The product as installed, watched from outside: a full disk stops it before it sends and not for good, and its log,
at its most talkative, tells nobody's name, pay or secret."""

from __future__ import annotations

import http.client
import json
import os
import re
import resource
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from config.settings import read_settings
from obligations.app import open_service
from obligations.clocks import TimeLapse, monotonic
from obligations.domain.delivery import DeliveryState
from obligations.domain.event import Report
from obligations.testing.payroll import PayrollReceiver, raw, status
from obligations.testing.slack import SlackStandIn, error
from tests.service.office import LETTER

STARTED = datetime(2026, 1, 5, 12, tzinfo=UTC)
EXIT = datetime(2026, 3, 2, 12, tzinfo=UTC)
# Late enough for the lump sum to be due, and not so late that a person is asked first.
PAID_BY = EXIT + timedelta(days=5)
SECONDS = 60.0
NEWER = 78
TOKEN, HEARTBEAT, ASKED = "xoxb-1-stand-in", "c0ffee-heartbeat", "t0ken-of-the-monitor"
PEOPLE = ("hana@example.com", "finn@example.com")
PAID = "lump_sum act.payroll.one_time_earning 1 payroll"
EMPLOYEE = "  employee: {name: Zelda Quux, email: zelda.quux@example.com}\n"

CONFIG = """
database_url = "sqlite:///{folder}/db/obligations.sqlite3"
dangerous_clock = "{clock}"
ledger_key_file = "{folder}/ledger.key"
log = "debug"

[sending]
reminders = "slack"

[operations]
listen = "unix:{folder}/watch"
token = "{asked}"
heartbeat_url = "http://127.0.0.1:9/{heartbeat}"

[engine]
action_late_most_seconds = 8640000
retry_delays_seconds = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
throttled_seconds = 0.1
store_wait_most_seconds = 0.5
probe_seconds = 0.2

[connectors.slack]
token = "{token}"
base_url = "{slack}"

[connectors.http.destinations.hr_system]
url = "{url}"
secret = "{secret}"

[connectors.http.destinations.payroll]
url = "{url}"
secret = "{secret}"
"""


class Installation:
    """One configured installation, what it sends to, and its daemon's log."""

    def __init__(self, folder: Path, payroll: PayrollReceiver, slack: SlackStandIn) -> None:
        self.folder = folder
        self.payroll = payroll
        self.slack = slack
        self.clock = folder / "clock.json"
        self.database = folder / "db" / "obligations.sqlite3"
        self.log = folder / "daemon.log"
        self.today(STARTED)
        (folder / "obligations.toml").write_text(
            CONFIG.format(
                folder=folder, clock=self.clock, url=payroll.url, secret=payroll.secret, slack=slack.base_url,
                token=TOKEN, heartbeat=HEARTBEAT, asked=ASKED,
            ),
            encoding="utf-8",
        )  # fmt: skip

    def today(self, at: datetime) -> None:
        TimeLapse.write(self.clock, at, 0)

    def hire(self) -> None:
        """A letter whose lump sum is approved, and due when the clock comes to it."""
        letter = LETTER.replace("people:\n", f"people:\n{EMPLOYEE}").replace("125000.00", "125431.07")
        with open_service(read_settings()) as service:
            service.add_contract(letter, "letter.yaml", actor="clerk@example.com")
            service.record("letter", Report("hired", "employment_started", STARTED.date()), actor="clerk@example.com")
            self.today(EXIT)
            service.record("letter", Report("exit", "change_of_control", EXIT.date()), actor="clerk@example.com")
            for person in PEOPLE:
                service.decide("lump_sum", person=person, approve=True)
            self.today(STARTED)

    def states(self) -> dict[str, DeliveryState]:
        with open_service(read_settings()) as service:
            return {
                f"{one.push.clause} {one.push.name} {one.push.index} {one.push.destination}": one.state
                for one in service.deliveries("letter")
            }

    def attempts(self) -> int:
        with sqlite3.connect(self.database) as connection:
            (found,) = connection.execute("SELECT count(*) FROM attempt").fetchone()
        connection.close()
        return int(found)

    def asked(self, page: str) -> tuple[int, str]:
        """What the daemon answers over its socket; 0 while it does not listen."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(10)
            try:
                line.connect(str(self.folder / "watch"))
                line.sendall(f"GET {page} HTTP/1.1\r\nAuthorization: Bearer {ASKED}\r\n\r\n".encode())
                answer = http.client.HTTPResponse(line)
                answer.begin()
                return answer.status, answer.read().decode()
            except OSError:
                return 0, ""

    def until(self, there: Callable[[], bool]) -> None:
        """Return once it is so; looks again each time something arrives, and every fifth of a second."""
        give_up_at = monotonic() + SECONDS
        while not there():
            assert monotonic() < give_up_at, self.log.read_text(encoding="utf-8")[-4000:] + str(self.states())
            self.payroll.wait_for(len(self.payroll.received) + 1, seconds=0.2)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("OBLIGATIONS_CONFIG", str(tmp_path / "obligations.toml"))
    users = {f"{name}@example.com": f"U{name}" for name in ("mei", "hana", "lea", "finn", "pay", "zelda.quux")}
    with PayrollReceiver() as payroll, SlackStandIn(users=users) as slack:
        yield Installation(tmp_path, payroll, slack)


@contextmanager
def daemon(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The installed daemon; ended by its own process id if it still runs at the end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "obligations", "run"], env=dict(os.environ), stdout=output, stderr=output
        )
        try:
            yield process
            if process.poll() == NEWER:
                return
            process.terminate()
            # Not all of it can be read: /dev/full never ends.
            assert process.wait(SECONDS) == 0, log.read_text(encoding="utf-8")[-4000:] if log.is_file() else log
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(SECONDS)


def test_a_disk_that_fills_stops_payments_before_they_cannot_be_recorded_and_not_for_good(
    installed: Installation,
) -> None:
    """Limits on file sizes are set on the running process: from then on neither database nor log can grow."""
    installed.hire()
    with daemon(installed.log) as process:
        installed.until(lambda: installed.asked("/readyz")[0] == 200)
        installed.until(lambda: installed.asked("/livez")[0] == 200)
        before = installed.attempts()
        sent = len(installed.payroll.received)
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))
        installed.until(lambda: installed.asked("/readyz")[0] == 503)
        assert '"store": ' in installed.asked("/readyz")[1]

        installed.today(PAID_BY)
        seen = _ticked(installed)
        installed.until(lambda: _ticked(installed) > seen + 1)
        assert installed.asked("/livez")[0] == 200, "it lives, and says that it cannot work"
        assert (installed.attempts(), len(installed.payroll.received)) == (before, sent), (
            "it sent what it cannot record"
        )

        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        installed.until(lambda: installed.states().get(PAID) is DeliveryState.DELIVERED)
        installed.until(lambda: installed.asked("/readyz")[0] == 200)
    assert len(installed.payroll.effects) == len({arrival.key for arrival in installed.payroll.received})
    with sqlite3.connect(installed.database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_locked_database_is_waited_for_by_a_daemon_that_lives(installed: Installation) -> None:
    """Somebody's forgotten transaction must neither lose a payment nor have the supervisor kill what waits."""
    installed.hire()
    with daemon(installed.log):
        installed.until(lambda: installed.asked("/readyz")[0] == 200 and len(installed.payroll.received) == 1)
        with sqlite3.connect(installed.database, isolation_level=None) as holder:
            holder.execute("BEGIN IMMEDIATE")
            installed.today(PAID_BY)
            installed.until(lambda: installed.asked("/readyz")[0] == 503)
            for _ in range(2):
                seen = _ticked(installed)
                installed.until(partial(_later, installed, seen))
            sent = len(installed.payroll.received)
            holder.execute("ROLLBACK")
        holder.close()
        assert sent == 1, "only what was due before"
        installed.until(lambda: installed.states().get(PAID) is DeliveryState.DELIVERED)


def _later(installed: Installation, seen: float) -> bool:
    return _ticked(installed) > seen


def _ticked(installed: Installation) -> float:
    (found,) = re.findall(
        r"^obligations_last_tick_timestamp_seconds (\S+)$", installed.asked("/metrics")[1], re.MULTILINE
    )
    return float(found)


def test_the_log_tells_no_name_no_pay_and_no_secret(installed: Installation) -> None:
    """A salary in a log is read by everyone who may read logs, and kept for as long."""
    installed.payroll.script(
        status(500, body=b'{"error": "Zelda Quux 125431.07"}'),
        raw(b"HTTP/1.1 200 Zelda Quux\r\nX-Pay: 125431.07\r\n\r\n", effect=False),
        raw(b"\xff\xfe Zelda Quux 125431.07", effect=False),
        status(422, body=b'{"error": "no employee Zelda Quux with 125431.07"}'),
    )
    installed.slack.script("chat.postMessage", error("msg_blocks_too_long"), error("Zelda Quux 125431.07"))
    installed.hire()
    installed.today(PAID_BY)
    with daemon(installed.log) as process:
        installed.until(lambda: DeliveryState.SCHEDULED not in installed.states().values() and _quiet(installed))
        page = installed.asked("/metrics")[1] + installed.asked("/readyz")[1]
        assert process.poll() is None
    assert len(installed.payroll.received) >= 4
    log = installed.log.read_text(encoding="utf-8", errors="replace")
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert sum(line["event"] == "delivery" for line in lines) >= 6, log
    assert {"debug", "error"} <= {line["level"] for line in lines}
    for text in (log, page):
        for secret in (
            "Zelda", "Quux", "zelda", "Hana", "hana@", "Finn", "125431", "125,431", "12543107", "800.00", "lump sum",
            TOKEN, HEARTBEAT, ASKED, installed.payroll.secret, installed.payroll.secret.removeprefix("whsec_"),
        ):  # fmt: skip
            assert secret not in text, secret


def test_an_upgrade_under_a_running_daemon_ends_it_for_good(installed: Installation) -> None:
    """It would instruct payroll from tables that a newer program has made into something else, or be started again and
    again; and an alarm that only those see who ask is none."""
    installed.hire()
    with daemon(installed.log) as process:
        installed.until(lambda: installed.asked("/readyz")[0] == 200)
        with sqlite3.connect(installed.database) as raw:
            raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.close()
        assert process.wait(SECONDS) == NEWER
    lines = [json.loads(line) for line in installed.log.read_text(encoding="utf-8").splitlines()]
    (alarm,) = [line for line in lines if line["level"] == "error"]
    assert alarm["event"] == "a newer program has upgraded the database; this daemon ends"
    assert "install the newer version" in alarm["error"]


def _quiet(installed: Installation) -> bool:
    return not {DeliveryState.RETRYING, DeliveryState.SENDING} & set(installed.states().values())


def test_a_daemon_whose_log_cannot_be_written_pays_all_the_same_and_tells_its_supervisor(
    installed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk a line that cannot be written must not cost the payment it speaks of."""
    installed.hire()
    installed.today(PAID_BY)
    name = installed.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(name))
        supervisor.settimeout(SECONDS)
        monkeypatch.setenv("NOTIFY_SOCKET", str(name))
        with daemon(Path("/dev/full")) as process:
            words = [supervisor.recv(4096).decode() for _ in range(2)]
            supervisor.setblocking(False)
            installed.until(lambda: installed.states().get(PAID) is DeliveryState.DELIVERED)
            assert process.poll() is None
            with suppress(BlockingIOError):
                while supervisor.recv(4096):
                    pass
        with suppress(BlockingIOError):
            while True:
                words.append(supervisor.recv(4096).decode())
    assert words[:2] == ["READY=1", "WATCHDOG=1"]
    assert any(word.startswith("STOPPING=1\n") for word in words)
