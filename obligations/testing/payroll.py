"""A payroll system's receiver on this machine: checks signatures, takes each instruction once, fails when told to.

>>> with PayrollReceiver() as payroll:
...     payroll.script(status(503, {"retry-after": "120"}), drop_after())
...     payroll.url.startswith("http://127.0.0.1:")
True

As a process of its own, which outlives the daemon under test:

    python -m obligations.testing.payroll --port 8900 --secret whsec_… --log arrivals.jsonl
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from threading import Condition
from typing import Any

from standardwebhooks import Webhook

from obligations.clocks import SystemMachineClock
from obligations.ports import MachineClock
from obligations.testing.loopback import Handler, Loopback

SECRET = "whsec_c3RhbmQtaW4gcGF5cm9sbCByZWNlaXZlciBrZXk="
_TOLERANCE = timedelta(minutes=5)


class Way(Enum):
    """How an answer goes back."""

    WHOLE = "whole"
    HANG = "hang"  # only once released
    RESET_BEFORE = "reset before"  # cut before the instruction is read
    RESET_AFTER = "reset after"  # cut once it was read, and taken if `effect`
    DRIP = "drip"  # byte by byte
    RAW = "raw"  # `body` in place of an HTTP answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver does with one request. `effect`: whether it carries the instruction out."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    effect: bool = True
    way: Way = Way.WHOLE


def ok(body: bytes | None = None, headers: Mapping[str, str] | None = None, code: int = 200) -> Answer:
    """Take it and say so; without a body of your own the answer holds a reference."""
    return Answer(code, headers or {}, body)


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}", *, effect: bool = False) -> Answer:
    """Answer with that status; the instruction is not carried out unless `effect`."""
    return Answer(code, headers or {}, body, effect)


def hang(*, effect: bool = True) -> Answer:
    """Say nothing until released."""
    return Answer(effect=effect, way=Way.HANG)


def drop_before() -> Answer:
    """Reset the connection before reading the instruction: no effect."""
    return Answer(effect=False, way=Way.RESET_BEFORE)


def drop_after() -> Answer:
    """Carry the instruction out, then reset the connection: the sender cannot know."""
    return Answer(way=Way.RESET_AFTER)


def drip(body: bytes = b"x" * 10_000) -> Answer:
    """Carry it out, then answer 200 with a body that trickles."""
    return Answer(body=body, way=Way.DRIP)


def raw(data: bytes, *, effect: bool = True) -> Answer:
    """Send these bytes where an HTTP answer belongs."""
    return Answer(body=data, effect=effect, way=Way.RAW)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One verified request. `first`: it took effect; a repeat of one that did has it False."""

    key: str
    body: bytes
    at: datetime
    headers: Mapping[str, str]
    first: bool

    @property
    def json(self) -> Any:
        """The body's content."""
        return json.loads(self.body)


class PayrollReceiver(Loopback):
    """A receiver that honours keys: the first arrival takes effect, a repeat is answered and changes nothing.

    Attributes, each a list in order of arrival:
        received: every request whose signature was right.
        effects: those that took effect.
        duplicates: repeats of one that had taken effect, with the same bytes.
        bad: repeats of a key with other bytes, answered 422.
    `requests` counts everything that came to the door, `refused` what was answered 401.

    Args:
        secret: the `whsec_` secret shared with the sender.
        machine: the time signatures are held against; the real one unless given.
        on_effect: called in the receiver's thread once an instruction took effect and before it is answered.
        on_answered: called there once a verified request was answered.
        log: a file that gets one JSON line for each arrival, on the disk before the answer leaves. What it already
            holds is remembered, so that a restarted receiver still knows its keys.
    """

    def __init__(
        self,
        secret: str = SECRET,
        *,
        port: int = 0,
        machine: MachineClock | None = None,
        on_effect: Callable[[Arrival], None] | None = None,
        on_answered: Callable[[Arrival], None] | None = None,
        log: Path | None = None,
    ) -> None:
        super().__init__(_PayrollHandler, port)
        self.secret = secret
        self.url = f"http://127.0.0.1:{self.port}/instructions"
        self.received: list[Arrival] = []
        self.effects: list[Arrival] = []
        self.duplicates: list[Arrival] = []
        self.bad: list[Arrival] = []
        self.requests = 0
        self.refused = 0
        self.default = ok()
        self._script: deque[Answer] = deque()
        self._known: dict[str, bytes] = {}
        self._changed = Condition()
        self._webhook = Webhook(secret)
        self._simulated = machine
        self._machine = machine or SystemMachineClock()
        self._on_effect = on_effect
        self._on_answered = on_answered
        self._log = log
        if log is not None and log.exists():
            _mend(log)
            for arrival, kind in read_log(log):
                self._keep(arrival, kind)

    def script(self, *answers: Answer) -> None:
        """Queue what the next requests get, one each; after them `default` goes on."""
        with self._changed:
            self._script.extend(answers)

    def wait_for(self, count: int, *, seconds: float = 10.0) -> bool:
        """Whether at least that many requests had been received within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, seconds)

    def next_answer(self) -> Answer:
        """What the request that just came gets."""
        with self._changed:
            self.requests += 1
            return self._script.popleft() if self._script else self.default

    def verified_key(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The key of a request whose signature is right, else None, whatever junk it holds."""
        try:
            if self._simulated is None:
                self._webhook.verify(body, dict(headers), json_parse=False)
            else:
                self._verify_at(self._simulated.now(), headers, body)
            key = headers["webhook-id"]
        except Exception:  # noqa: BLE001 - the official verifier raises four different classes on junk
            with self._changed:
                self.refused += 1
            return None
        return key

    def _verify_at(self, now: datetime, headers: Mapping[str, str], body: bytes) -> None:
        # The library's own check reads the real clock; its signature can be compared at any time.
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        right = self._webhook.sign(headers["webhook-id"], at, body.decode())
        given = headers["webhook-signature"].split(" ")
        if abs(now - at) > _TOLERANCE or not any(hmac.compare_digest(right, one) for one in given):
            raise ValueError("not signed by us, or not lately")

    def take(self, key: str, headers: Mapping[str, str], body: bytes, effect: bool) -> tuple[str, Arrival]:
        """Record one verified request; says `effect`, `duplicate`, `bad` or, when told to do nothing, `none`."""
        with self._changed:
            known = self._known.get(key)
            if known is None:
                kind = "effect" if effect else "none"
            else:
                kind = "duplicate" if known == body else "bad"
            arrival = Arrival(key, body, self._machine.now(), dict(headers), kind == "effect")
            if self._log is not None:
                _write(self._log, arrival, kind)
            self._keep(arrival, kind)
        if kind == "effect" and self._on_effect is not None:
            self._on_effect(arrival)
        return kind, arrival

    def answered(self, arrival: Arrival) -> None:
        """The answer to this request has left."""
        if self._on_answered is not None:
            self._on_answered(arrival)

    def _keep(self, arrival: Arrival, kind: str) -> None:
        with self._changed:
            self.received.append(arrival)
            if kind == "effect":
                self._known[arrival.key] = arrival.body
                self.effects.append(arrival)
            elif kind == "duplicate":
                self.duplicates.append(arrival)
            elif kind == "bad":
                self.bad.append(arrival)
            self._changed.notify_all()


class _PayrollHandler(Handler):
    stand_in: PayrollReceiver

    def do_OPTIONS(self) -> None:  # noqa: N802 - named by http.server
        self.answer(204, b"", {"allow": "OPTIONS, POST"})

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        answer = self.stand_in.next_answer()
        if answer.way is Way.RESET_BEFORE:
            self.reset()
            return
        body = self.read_body()
        if body is None:
            self.answer(413, b'{"error": "no body of a known, moderate length"}', {})
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = self.stand_in.verified_key(headers, body)
        if key is None:
            self.answer(401, b'{"error": "signature"}', {})
            return
        if headers.get("idempotency-key") != f'"{key}"':
            self.answer(400, b'{"error": "idempotency-key must be the quoted webhook-id"}', {})
            return
        kind, arrival = self.stand_in.take(key, headers, body, answer.effect)
        if kind == "bad":
            self.answer(422, b'{"error": "this key came with other content before"}', {})
            return
        self._reply(answer, key)
        self.stand_in.answered(arrival)

    def _reply(self, answer: Answer, key: str) -> None:
        body = answer.body if answer.body is not None else json.dumps({"reference": f"pr-{key[:8]}"}).encode()
        match answer.way:
            case Way.RESET_AFTER:
                self.reset()
            case Way.RAW:
                self.raw(body)
            case Way.DRIP:
                self.drip(answer.status, body, answer.headers)
            case Way.HANG:
                self.released.wait()
                self.answer(answer.status, body, answer.headers)
            case _:
                self.answer(answer.status, body, answer.headers)


def read_log(path: Path) -> Sequence[tuple[Arrival, str]]:
    """What a receiver wrote down: each arrival with `effect`, `duplicate`, `bad` or `none`. A last line that was cut
    by a crash is left out."""
    kept: list[tuple[Arrival, str]] = []
    for line in path.read_bytes().split(b"\n")[:-1]:
        words = json.loads(line)
        at = datetime.fromisoformat(words["at"])
        body = words["body"].encode()
        kept.append((Arrival(words["key"], body, at, words["headers"], words["kind"] == "effect"), words["kind"]))
    return kept


def _mend(path: Path) -> None:
    """Take off a last line that a crash cut, so that the next one starts on its own."""
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(whole.rfind(b"\n") + 1)


def _write(path: Path, arrival: Arrival, kind: str) -> None:
    words = {
        "at": arrival.at.isoformat(),
        "key": arrival.key,
        "kind": kind,
        "sha256": hashlib.sha256(arrival.body).hexdigest(),
        "headers": dict(arrival.headers),
        "body": arrival.body.decode(),
    }
    with path.open("ab") as file:
        file.write(json.dumps(words).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def main(arguments: Sequence[str] | None = None) -> None:
    """Receive until the process is ended; the first line on standard output says where."""
    parser = argparse.ArgumentParser(prog="python -m obligations.testing.payroll", description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="the port to listen on; a free one unless given")
    parser.add_argument("--secret", default=SECRET, help="the whsec_ secret shared with the sender")
    parser.add_argument("--log", type=Path, help="a file that gets one JSON line for each arrival")
    chosen = parser.parse_args(arguments)
    with PayrollReceiver(chosen.secret, port=chosen.port, log=chosen.log) as receiver:
        sys.stdout.write(f"listening on {receiver.url}\n")
        sys.stdout.flush()
        try:
            receiver.wait_for(sys.maxsize, seconds=float(2**31))
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
