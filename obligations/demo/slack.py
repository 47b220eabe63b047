"""Slack's Web API on this machine, noting when each reminder came."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from threading import Lock
from typing import Any

from obligations.clocks import SystemMachineClock
from obligations.demo.count import Heard
from obligations.demo.letter import SLACK
from obligations.testing.slack import Call, SlackStandIn


class SlackWorkspace(SlackStandIn):
    """A workspace in which the letter's people are; it drops repeats of a message, as Slack does.

    `heard` holds every post and every rewriting, in order.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        super().__init__(users=users, drops_repeats=True)
        self.heard: list[Heard] = []
        self._machine = SystemMachineClock()
        self._taking = Lock()

    def perform(self, call: Call) -> dict[str, Any]:
        if call.method not in ("chat.postMessage", "chat.update"):
            return super().perform(call)
        with self._taking:
            at = self._machine.now()
            messages = len(self.messages)
            said = super().perform(call)
            edits = call.method == "chat.update"
            took = bool(said.get("ok")) and (edits or len(self.messages) > messages)
            kind = "effect" if took else "duplicate" if said.get("ok") else "none"
            self.heard.append(Heard(SLACK, _key(call.arguments), at, kind, _text(call.arguments), edits))
        return said


def _key(arguments: Mapping[str, Any]) -> str:
    metadata = arguments.get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    return str(metadata.get("event_payload", {}).get("delivery_id", ""))


def _text(arguments: Mapping[str, Any]) -> bytes:
    return html.unescape(str(arguments.get("text", ""))).encode()
