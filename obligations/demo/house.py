"""The demo's installation: a folder with a configuration and a database, the receivers, and the daemon."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from config.settings import Settings, read_settings
from obligations.demo.count import Heard
from obligations.demo.letter import PEOPLE, SYSTEMS, TEXT
from obligations.demo.processes import Child, Trouble
from obligations.demo.slack import SlackWorkspace
from obligations.demo.timelapse import Steering
from obligations.testing.payroll import read_log
from obligations.testing.slack import TOKEN

# Reminders go an hour before instructions do. The tick is short because a business day may pass in a few of them.
_CONFIGURATION = """\
database_url = {database}
dangerous_clock = {clock}
log = "info"

[sending]
remind_at = "09:00"
act_at = "10:00"

[engine]
# Business days pass in moments here, so that all is late.
action_late_most_seconds = inf
tick_seconds = 0.1

[connectors.slack]
token = "{token}"
base_url = "{slack}"
"""
_DESTINATION = """
[connectors.http.destinations.{name}]
url = "{url}"
secret = "{secret}"
"""


@dataclass
class Receiver:
    """One system's receiver: a process of its own that writes down each request before it answers."""

    system: str
    child: Child
    log: Path
    url: str
    secret: str

    def heard(self) -> list[Heard]:
        """Everything it wrote down so far."""
        if not self.log.exists():
            return []
        return [Heard(self.system, one.key, one.at, kind, one.body) for one, kind in read_log(self.log)]


@dataclass
class House:
    """Everything that runs. The daemon may be absent; the receivers stay."""

    folder: Path
    clock: Steering
    slack: SlackWorkspace
    receivers: Sequence[Receiver]
    settings: Settings
    daemon: Child | None = None
    started: list[Child] = field(default_factory=list)

    @property
    def contract_file(self) -> Path:
        return self.folder / "letter.yaml"

    def start_daemon(self, *, kill_at: str | None = None) -> None:
        """Start the background service; with `kill_at` it kills itself at that step of sending."""
        assert self.daemon is None, "one daemon works on a file"
        armed = {"OBLIGATIONS_DANGEROUS_KILL_AT": kill_at} if kill_at else {}
        self.daemon = Child("the daemon", ["obligations", "run"], self.folder / "daemon.log", environment=armed)
        self.started.append(self.daemon)

    def kill_daemon(self) -> None:
        """kill -9."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon = None

    def stop_daemon(self) -> None:
        """SIGTERM; raises `Trouble` unless it ends cleanly."""
        assert self.daemon is not None
        daemon, self.daemon = self.daemon, None
        code = daemon.stop()
        if code != 0:
            raise Trouble(f"the daemon was asked to stop and ended with {code}{daemon.last_words()}")

    def check(self) -> None:
        """Raise `Trouble` if something has ended that should run."""
        for child in (*(one.child for one in self.receivers), *([self.daemon] if self.daemon else [])):
            if child.code is not None:
                raise Trouble(f"{child.name} (process {child.pid}) ended with {child.code}{child.last_words()}")

    def heard(self) -> list[Heard]:
        """What all receivers wrote down, each in its order."""
        return [*(one for receiver in self.receivers for one in receiver.heard()), *self.slack.heard]


@contextmanager
def open_house(folder: Path, start: datetime) -> Iterator[House]:
    """Receivers, Slack and the configuration in a folder, with time standing at `start`; no daemon yet.

    At the end of the block every process that was started is gone.
    """
    _only_our_settings(folder / "obligations.toml")
    clock = Steering(folder / "clock.json", start)
    users = {email: f"U{number:03}" for number, email in enumerate(PEOPLE.values(), 1)}
    children: list[Child] = []
    with ExitStack() as stack:
        stack.callback(_end_all, children)
        receivers = _start_receivers(folder, children)
        slack = stack.enter_context(SlackWorkspace(users))
        # The daemon goes before the Slack it speaks to.
        stack.callback(_end_all, children)
        settings = _configure(folder, receivers, slack)
        (folder / "letter.yaml").write_text(TEXT, encoding="utf-8")
        yield House(folder, clock, slack, receivers, settings, started=children)


def _only_our_settings(configuration: Path) -> None:
    """No setting of the user's own installation reaches the demo or its children, and no proxy stands in between."""
    for name in list(os.environ):
        if name.upper().startswith("OBLIGATIONS_") or name.upper().endswith("_PROXY"):
            del os.environ[name]
    os.environ["OBLIGATIONS_CONFIG"] = str(configuration)


def _start_receivers(folder: Path, children: list[Child]) -> list[Receiver]:
    waiting: list[tuple[str, Child, Path, str]] = []
    for system in SYSTEMS:
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        log = folder / f"{system}.jsonl"
        arguments = ["obligations.testing.payroll", "--secret", secret, "--log", str(log)]
        child = Child(f"the receiver of {system}", arguments, folder / f"{system}.log", speaks=True)
        children.append(child)
        waiting.append((system, child, log, secret))
    return [
        Receiver(system, child, log, child.first_line().removeprefix("listening on "), secret)
        for system, child, log, secret in waiting
    ]


def _configure(folder: Path, receivers: Sequence[Receiver], slack: SlackWorkspace) -> Settings:
    text = _CONFIGURATION.format(
        database=json.dumps(f"sqlite:///{folder / 'obligations.sqlite3'}"),
        clock=json.dumps(str(folder / "clock.json")),
        token=TOKEN,
        slack=slack.base_url,
    )
    for one in receivers:
        text += _DESTINATION.format(name=one.system, url=one.url, secret=one.secret)
    path = folder / "obligations.toml"
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return read_settings(path)


def _end_all(children: Sequence[Child]) -> None:
    for child in children:
        child.end()
