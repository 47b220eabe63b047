"""A Slack workspace on this machine: the Web API methods we use, with Slack's limits, failing when told to.

>>> with SlackStandIn(users={"hr@example.com": "U1"}) as slack:
...     slack.script("chat.postMessage", ratelimited(30), drop_after())
...     slack.base_url.endswith("/api/")
True
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from threading import Condition
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from obligations.testing.loopback import Handler, Loopback

TOKEN = "xoxb-1-stand-in"
SCOPES = ("chat:write", "users:read", "users:read.email", "channels:history", "im:history")


class Way(Enum):
    """How an answer goes back."""

    WHOLE = "whole"
    SLOW = "slow"  # done at once, answered only once released
    DRIP = "drip"  # done at once, answered byte by byte
    RESET_BEFORE = "reset before"  # cut before anything is done
    RESET_AFTER = "reset after"  # cut once it is done


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gets. Without a `body` the method does its work; with one it does nothing."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    way: Way = Way.WHOLE


def ok() -> Answer:
    """Do as asked."""
    return Answer()


def error(code: str, **more: str) -> Answer:
    """`ok: false` with that error, and nothing done."""
    return Answer(body=json.dumps({"ok": False, "error": code, **more}).encode())


def ratelimited(seconds: int) -> Answer:
    """Status 429 with Retry-After, and nothing done."""
    return Answer(429, {"Retry-After": str(seconds)}, b'{"ok": false, "error": "ratelimited"}')


def status(code: int, body: bytes = b"<html>fault</html>", content_type: str = "text/html") -> Answer:
    """That status with a body that is none of Slack's, and nothing done."""
    return Answer(code, {"content-type": content_type}, body)


def drop_before() -> Answer:
    """Reset the connection with nothing done."""
    return Answer(way=Way.RESET_BEFORE)


def drop_after() -> Answer:
    """Do as asked, then reset the connection: the caller cannot know."""
    return Answer(way=Way.RESET_AFTER)


def slow() -> Answer:
    """Do as asked and say so only once released."""
    return Answer(way=Way.SLOW)


def drip() -> Answer:
    """Do as asked and answer with a body that trickles."""
    return Answer(way=Way.DRIP)


@dataclass(slots=True)
class Message:
    """One message as it stands now; `edits` are its earlier versions, text and blocks, oldest first."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    client_msg_id: str
    metadata: Mapping[str, Any]
    edits: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came."""

    method: str
    arguments: Mapping[str, Any]
    token: str


class SlackStandIn(Loopback):
    """A workspace with one app installed.

    Args:
        users: ids by e-mail address; a message to an id opens a direct message.
        channels: names by id; the name with # in front works too.
        not_in, archived: ids of channels the app is not in, or that are archived.
        drops_repeats: whether a `client_msg_id` it knows posts nothing more. Slack does so and does not promise it, so
            a test of our promise leaves it off.

    `messages` are what people see, `calls` everything that was asked. `token_error` refuses the token from now on.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        channels: Mapping[str, str] | None = None,
        not_in: Sequence[str] = (),
        archived: Sequence[str] = (),
        scopes: Sequence[str] = SCOPES,
        token: str = TOKEN,
        port: int = 0,
        drops_repeats: bool = False,
    ) -> None:
        super().__init__(_SlackHandler, port)
        self.base_url = f"http://127.0.0.1:{self.port}/api/"
        self.token = token
        self.token_error: str | None = None
        self.users = dict(users or {})
        self.channels = dict(channels or {})
        self.not_in = set(not_in)
        self.archived = set(archived)
        self.scopes = tuple(scopes)
        self.messages: list[Message] = []
        self.calls: list[Call] = []
        self._drops_repeats = drops_repeats
        self._scripts: dict[str, deque[Answer]] = {}
        self._changed = Condition()
        self._ts = count(1)

    def script(self, method: str, *answers: Answer) -> None:
        """Queue what the next calls of the method get, one each; after them it does as asked."""
        with self._changed:
            self._scripts.setdefault(method, deque()).extend(answers)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method, oldest first."""
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def wait_for(self, messages: int, *, seconds: float = 10.0) -> bool:
        """Whether at least that many messages had been posted within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.messages) >= messages, seconds)

    def next_answer(self, call: Call) -> Answer:
        """What the call that just came gets."""
        with self._changed:
            self.calls.append(call)
            script = self._scripts.get(call.method)
            return script.popleft() if script else Answer()

    def perform(self, call: Call) -> dict[str, Any]:
        """Do what the call asks and return what Slack would say."""
        if not call.token:
            return _no("not_authed")
        if call.token != self.token:
            return _no("invalid_auth")
        if self.token_error is not None:
            return _no(self.token_error)
        method = _METHODS.get(call.method)
        if method is None:
            return _no("unknown_method")
        scope, work = method
        if scope and scope not in self.scopes:
            return {**_no("missing_scope"), "needed": scope, "provided": ",".join(self.scopes)}
        with self._changed:
            said = work(self, call.arguments)
            self._changed.notify_all()
        return said

    def _auth_test(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"ok": True, "team": "Stand-in", "team_id": "T1", "user": "obligations", "user_id": "U0", "bot_id": "B0"}

    def _lookup(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        user = self.users.get(arguments.get("email", ""))
        return {"ok": True, "user": {"id": user}} if user else _no("users_not_found")

    def _info(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        for email, user in self.users.items():
            if user == arguments.get("user"):
                return {"ok": True, "user": {"id": user, "profile": {"email": email}}}
        return _no("user_not_found")

    def _post(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = self._channel(arguments.get("channel"))
        if channel is None:
            return _no("channel_not_found")
        if channel in self.archived:
            return _no("is_archived")
        if channel in self.not_in:
            return _no("not_in_channel")
        if fault := _fault(arguments):
            return _no(fault)
        told = arguments.get("client_msg_id", "")
        for message in self.messages:
            if self._drops_repeats and told and message.client_msg_id == told:
                return _posted(message)
        message = Message(
            channel=channel,
            ts=f"{1_800_000_000 + next(self._ts)}.000100",
            text=arguments.get("text", ""),
            blocks=list(arguments.get("blocks") or ()),
            client_msg_id=told,
            metadata=arguments.get("metadata") or {},
        )
        self.messages.append(message)
        return _posted(message)

    def _update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        # As Slack does, an update wants the channel's id: neither a name nor a person will do.
        channel = arguments.get("channel")
        if channel not in self.channels and not any(message.channel == channel for message in self.messages):
            return _no("channel_not_found")
        if fault := _fault(arguments):
            return _no(fault)
        for message in self.messages:
            if (message.channel, message.ts) == (channel, arguments.get("ts")):
                message.edits.append((message.text, message.blocks))
                message.text = arguments.get("text", "")
                message.blocks = list(arguments.get("blocks") or ())
                message.metadata = arguments.get("metadata") or message.metadata
                return _posted(message)
        return _no("message_not_found")

    def _history(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = arguments.get("channel")
        if channel not in self.channels and not any(message.channel == channel for message in self.messages):
            return _no("channel_not_found")
        limit = int(arguments.get("limit") or 100)
        shown = [message for message in reversed(self.messages) if message.channel == channel]
        with_metadata = str(arguments.get("include_all_metadata", "")).lower() in ("1", "true")
        return {
            "ok": True,
            "has_more": len(shown) > limit,
            "messages": [
                {
                    "type": "message",
                    "ts": message.ts,
                    "text": message.text,
                    "blocks": message.blocks,
                    **({"metadata": message.metadata} if with_metadata and message.metadata else {}),
                }
                for message in shown[:limit]
            ],
        }

    def _channel(self, name: Any) -> str | None:
        if name in self.channels or any(message.channel == name for message in self.messages):
            return str(name)
        if name in self.users.values():
            return f"D{name}"
        for channel, called in self.channels.items():
            if name == f"#{called.lstrip('#')}":
                return channel
        return None


# The scope each method needs, and its work.
_METHODS: Mapping[str, tuple[str, Callable[[SlackStandIn, Mapping[str, Any]], dict[str, Any]]]] = {
    "auth.test": ("", SlackStandIn._auth_test),
    "users.lookupByEmail": ("users:read.email", SlackStandIn._lookup),
    "users.info": ("users:read", SlackStandIn._info),
    "chat.postMessage": ("chat:write", SlackStandIn._post),
    "chat.update": ("chat:write", SlackStandIn._update),
    "conversations.history": ("channels:history", SlackStandIn._history),
}


class _SlackHandler(Handler):
    stand_in: SlackStandIn

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        self._call(b"")

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        body = self.read_body() if self.headers.get("content-length") else b""
        if body is None:
            self.answer(413, b"", {})
            return
        self._call(body)

    def _call(self, body: bytes) -> None:
        address = urlsplit(self.path)
        token = self.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            arguments = {**dict(parse_qsl(address.query)), **self._arguments(body)}
        except (ValueError, TypeError):
            self._say(_no("invalid_json"))
            return
        call = Call(address.path.removeprefix("/api/"), arguments, token or str(arguments.get("token", "")))
        answer = self.stand_in.next_answer(call)
        if answer.way is Way.RESET_BEFORE:
            self.reset()
            return
        if answer.body is not None:
            self.answer(answer.status, answer.body, answer.headers)
            return
        said = self.stand_in.perform(call)
        if answer.way is Way.RESET_AFTER:
            self.reset()
            return
        if answer.way is Way.DRIP:
            self.drip(200, json.dumps(said).encode() + b" " * 10_000, {})
            return
        if answer.way is Way.SLOW:
            self.released.wait()
        self._say(said)

    def _arguments(self, body: bytes) -> dict[str, Any]:
        if not body:
            return {}
        if "json" in self.headers.get("content-type", ""):
            return dict(json.loads(body))
        return dict(parse_qsl(body.decode()))

    def _say(self, said: Mapping[str, Any]) -> None:
        self.answer(200, json.dumps(said).encode(), {"x-oauth-scopes": ",".join(self.stand_in.scopes)})


def _no(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


def _posted(message: Message) -> dict[str, Any]:
    return {"ok": True, "channel": message.channel, "ts": message.ts, "message": {"text": message.text}}


_TEXT_LIMITS = {"header": 150, "section": 3000}


def _fault(arguments: Mapping[str, Any]) -> str | None:
    """Why Slack would not take the content: its documented limits, and the sum it enforces without documenting."""
    text, blocks, metadata = arguments.get("text") or "", arguments.get("blocks") or [], arguments.get("metadata")
    if not (text or blocks):
        return "no_text"
    if len(text) > 40_000:
        return "msg_too_long"
    if metadata is not None and not ({"event_type", "event_payload"} <= set(metadata)):
        return "invalid_metadata_format"
    if not isinstance(blocks, list) or len(blocks) > 50 or any(_bad_block(block) for block in blocks):
        return "invalid_blocks"
    if sum(len(element["text"]) for block in blocks for element in _elements(block)) > 13_000:
        return "msg_blocks_too_long"
    return None


def _bad_block(block: Any) -> bool:
    if not isinstance(block, dict) or block.get("type") not in ("header", "section", "context", "divider"):
        return True
    elements = _elements(block)
    if block["type"] != "divider" and not elements:
        return True
    if any(element.get("type") not in ("plain_text", "mrkdwn") or not element.get("text") for element in elements):
        return True
    if block["type"] == "header" and block["text"]["type"] != "plain_text":
        return True
    own, fields = block.get("text"), block.get("fields") or []
    return (
        (own is not None and len(own["text"]) > _TEXT_LIMITS.get(block["type"], 0))
        or len(fields) > 10
        or any(len(entry["text"]) > 2000 for entry in fields)
        or len(block.get("elements") or ()) > 10
    )


def _elements(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    own = block.get("text")
    return [*([own] if own else []), *(block.get("fields") or ()), *(block.get("elements") or ())]
