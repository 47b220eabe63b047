"""Reminders in Slack, against a workspace on this machine that the official SDK talks to."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.slack import connector
from obligations.domain.delivery import PushKind, Verdict
from obligations.ports import Claim, Connector
from obligations.testing import slack as talking
from obligations.testing.clocks import FixedMachineClock
from obligations.testing.slack import Answer, SlackStandIn

V = Verdict
MakeClaim = Callable[..., Claim]
START = datetime(2006, 10, 16, 9, tzinfo=UTC)
POST = "chat.postMessage"


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn(
        users={"hr@example.com": "U1", "cfo@example.com": "U2"},
        channels={"C1": "hr", "C2": "elsewhere", "C3": "old"},
        not_in=["C2"],
        archived=["C3"],
    ) as workspace:
        yield workspace


@pytest.fixture
def clock() -> FixedMachineClock:
    return FixedMachineClock(START)


@pytest.fixture
async def bot(slack: SlackStandIn, clock: FixedMachineClock) -> AsyncIterator[Callable[..., Connector]]:
    built: list[Connector] = []

    def build(**changed: Any) -> Connector:
        made = connector({"token": slack.token, "base_url": slack.base_url, **changed}, machine=clock)
        built.append(made)
        return made

    yield build
    for made in built:
        await made.close()


Bot = Callable[..., Connector]


# --- what people see ------------------------------------------------------------------------------------------------


async def test_a_person_gets_a_direct_message_by_email(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A manager known by e-mail address would not be reminded."""
    outcome = await bot().deliver(reminder())
    (message,) = slack.messages
    assert outcome.verdict is V.DELIVERED
    assert outcome.receipt == {"channel": "DU1", "ts": message.ts}
    assert message.channel == "DU1"
    assert message.text == "Severance instalment 3 of 12 is due on 1 December 2006"
    assert message.blocks[0]["text"]["text"] == "Severance instalment 3 of 12"


@pytest.mark.parametrize("channel", ["C1", "#hr"])
async def test_a_channel_gets_the_message(slack: SlackStandIn, bot: Bot, reminder: MakeClaim, channel: str) -> None:
    """A team that shares a channel would not be reminded."""
    outcome = await bot().deliver(reminder(address={"channel": channel}))
    assert outcome.receipt["channel"] == "C1"
    assert slack.calls_of("users.lookupByEmail") == []


async def test_everything_the_reminder_says_is_shown(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A person would have to look elsewhere for the day, the amount or the clause."""
    await bot().deliver(reminder())
    shown = "\n".join(_texts(slack))
    for words in ("Due\n2006-12-01", "Employee\nAda Example", "Amount\n125000.00 USD", "Section 7(b)"):
        assert words in shown


async def test_hostile_names_are_only_text(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A contract with `<!channel>` in a name would wake everybody in the company, or show a false link."""
    hostile = "<!channel> *bold* & <https://evil.example|payroll> @here :boom: \u202etxt.exe\x1b[2J\x00"
    content = {"title": hostile, "text": hostile, "facts": [[hostile, hostile]], "note": hostile, "occurrence": hostile}
    assert (await bot().deliver(reminder(content=content))).verdict is V.DELIVERED
    (message,) = slack.messages
    assert {element["type"] for element in _elements(slack)} == {"plain_text"}
    assert not any(element["emoji"] for element in _elements(slack))
    assert message.text.startswith("&lt;!channel&gt; *bold* &amp; &lt;https://evil.example|payroll&gt;")
    for text in (message.text, *_texts(slack)):
        assert not {"\u202e", "\x1b", "\x00"} & set(text)
    (call,) = slack.calls_of(POST)
    assert call.arguments["unfurl_links"] is False
    assert call.arguments["unfurl_media"] is False
    assert "link_names" not in call.arguments
    assert "parse" not in call.arguments


@pytest.mark.parametrize(
    "content",
    [
        {"title": "t" * 5000},
        {"text": "&" * 50_000},
        {"note": "n" * 50_000},
        {"facts": [["label", "v" * 20_000]]},
        {"facts": [[str(number), "v"] for number in range(3000)]},
        {"facts": [["l" * 900, "v" * 900] for _ in range(30)]},
        {"title": "t" * 5000, "text": "<" * 5000, "note": "n" * 9000, "facts": [["l" * 300, "v" * 3000]] * 60},
        {"facts": [], "note": "", "occurrence": ""},
        {"facts": [["", ""], ["label", ""], ["", "value"]]},
        {"title": "", "text": "only a line"},
        {"title": "only a title", "text": ""},
        {"title": "two\nlines\r\nhere"},
    ],
)
async def test_any_length_fits_slacks_limits(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, content: dict[str, Any]
) -> None:
    """A long clause or a contract with many facts would make Slack refuse the reminder, and nobody would be told."""
    outcome = await bot().deliver(reminder(content=content))
    assert outcome.verdict is V.DELIVERED
    assert sum(map(len, _texts(slack))) + len(slack.messages[0].text) <= 10_000
    assert len(slack.messages[0].blocks) <= 50


async def test_what_was_cut_shows_that_it_was(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A reader would take half of a clause for all of it."""
    facts = [[str(number), "v" * 500] for number in range(30)]
    await bot().deliver(reminder(content={"title": "t" * 200, "note": "n" * 9000, "facts": facts}))
    texts = _texts(slack)
    assert texts[0].endswith("…")
    assert "… and 21 more" in texts
    assert any(text.startswith("n") and text.endswith("…") for text in texts)


def _elements(slack: SlackStandIn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for block in slack.messages[-1].blocks:
        found += [block["text"]] if "text" in block else []
        found += block.get("fields", []) + block.get("elements", [])
    return found


def _texts(slack: SlackStandIn) -> list[str]:
    return [element["text"] for element in _elements(slack)]


# --- identity -------------------------------------------------------------------------------------------------------


async def test_the_key_goes_along_and_nothing_private_with_it(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim
) -> None:
    """A repeat could not be recognised; or a name would stand in metadata, which every app can read."""
    claim = reminder()
    await bot().deliver(claim)
    (message,) = slack.messages
    assert message.client_msg_id == str(claim.key)
    assert message.metadata == {"event_type": "obligation_notice", "event_payload": {"delivery_id": str(claim.key)}}


@pytest.mark.parametrize(("drop", "posted"), [(talking.drop_before(), 0), (talking.drop_after(), 1)])
async def test_a_lost_connection_posts_once(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, drop: Answer, posted: int
) -> None:
    """The SDK's own retry would post a second time, and call it the first."""
    slack.script(POST, drop)
    outcome = await bot().deliver(reminder())
    assert outcome.verdict is V.UNKNOWN
    assert len(slack.calls_of(POST)) == 1
    assert len(slack.messages) == posted


async def test_a_message_that_had_arrived_is_found_in_the_channel(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim
) -> None:
    """A channel would read the same reminder twice because an answer was lost."""
    slack.script(POST, talking.drop_after())
    hr = bot()
    await hr.deliver(reminder(address={"channel": "C1"}))
    outcome = await hr.deliver(reminder(address={"channel": "C1"}, attempt=2, first_unknown_at=START))
    assert outcome.verdict is V.DELIVERED
    assert outcome.receipt == {"channel": "C1", "ts": slack.messages[0].ts}
    assert len(slack.messages) == 1


@pytest.mark.parametrize("fault", [talking.drop_before(), talking.error("missing_scope"), talking.status(500)])
async def test_when_the_channel_cannot_be_read_the_reminder_goes_again(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, fault: Answer
) -> None:
    """A reminder would be lost for fear of sending it twice."""
    slack.script("conversations.history", fault)
    outcome = await bot().deliver(reminder(address={"channel": "C1"}, attempt=2, first_unknown_at=START))
    assert outcome.verdict is V.DELIVERED
    assert len(slack.messages) == 1


async def test_a_person_is_looked_up_once_a_day(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, clock: FixedMachineClock
) -> None:
    """Every reminder would cost two calls of a limited budget; or a changed account would never be noticed."""
    hr = bot()
    await hr.deliver(reminder())
    clock.advance(seconds=24 * 3600 - 1)
    await hr.deliver(reminder())
    assert len(slack.calls_of("users.lookupByEmail")) == 1
    clock.advance(seconds=1)
    slack.users["hr@example.com"] = "U9"
    await hr.deliver(reminder())
    assert len(slack.calls_of("users.lookupByEmail")) == 2
    assert [message.channel for message in slack.messages] == ["DU1", "DU1", "DU9"]


async def test_a_refused_person_is_looked_up_again(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A role whose person changed account would stay unreachable for a day."""
    hr = bot()
    await hr.deliver(reminder())
    slack.users["hr@example.com"] = "U9"
    assert (await hr.deliver(reminder())).verdict is V.REJECTED
    assert (await hr.deliver(reminder())).verdict is V.DELIVERED


# --- edits ----------------------------------------------------------------------------------------------------------


async def test_an_edit_rewrites_the_earlier_message(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A reminder whose date moved would go on naming the old day."""
    hr = bot()
    first = await hr.deliver(reminder())
    content = {"title": "Now due on 8 December", "edits": dict(first.receipt)}
    outcome = await hr.deliver(reminder(kind=PushKind.EDIT, content=content))
    (message,) = slack.messages
    assert outcome.verdict is V.DELIVERED
    assert outcome.receipt == first.receipt
    assert message.blocks[0]["text"]["text"] == "Now due on 8 December"
    assert len(message.edits) == 1


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"channel": "C1", "ts": "1.1"}, "message_not_found"),
        ({"channel": "C9", "ts": "1.1"}, "channel_not_found"),
        ({"channel": "C1"}, "names no earlier message"),
    ],
)
async def test_an_edit_of_nothing_is_rejected(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, edits: dict[str, str], said: str
) -> None:
    """An edit of a deleted message would be tried for ever."""
    outcome = await bot().deliver(reminder(kind=PushKind.EDIT, content={"edits": edits}))
    assert outcome.verdict is V.REJECTED
    assert said in outcome.detail


async def test_a_lost_edit_is_unknown(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """An edit whose answer was lost would be called failed."""
    slack.script("chat.update", talking.drop_after())
    edits = {"channel": "C1", "ts": "1.1"}
    outcome = await bot().deliver(reminder(kind=PushKind.EDIT, content={"edits": edits}))
    assert outcome.verdict is V.UNKNOWN
    assert len(slack.calls_of("chat.update")) == 1


# --- what each answer means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "shared"),
    [("invalid_auth", True), ("token_revoked", True), ("channel_not_found", False), ("a_new_error", False)],
)
async def test_what_concerns_everybody_is_told_apart(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, code: str, shared: bool
) -> None:
    """One role's closed channel would stop everybody's reminders, or each role would try a dead token by itself."""
    slack.script(POST, talking.error(code))
    assert (await bot().deliver(reminder())).shared is shared


@pytest.mark.parametrize(
    ("answer", "verdict", "alarm", "said"),
    [
        (talking.error("invalid_auth"), V.RETRY, True, "token of [connectors.slack]"),
        (talking.error("not_authed"), V.RETRY, True, "not_authed"),
        (talking.error("account_inactive"), V.RETRY, True, "reinstall"),
        (talking.error("token_revoked"), V.RETRY, True, "reinstall"),
        (talking.error("token_expired"), V.RETRY, True, "reinstall"),
        (talking.error("channel_not_found"), V.REJECTED, False, "correct the channel"),
        (talking.error("not_in_channel"), V.REJECTED, False, "invite the app"),
        (talking.error("is_archived"), V.REJECTED, False, "unarchive"),
        (talking.error("missing_scope"), V.REJECTED, False, "chat:write"),
        (talking.error("invalid_blocks"), V.REJECTED, False, "invalid_blocks"),
        (talking.error("msg_too_long"), V.REJECTED, False, "shorten"),
        (talking.error("restricted_action"), V.REJECTED, False, "administrator"),
        (talking.error("message_not_found"), V.REJECTED, False, "deleted"),
        (talking.error("cant_update_message"), V.REJECTED, False, "another app"),
        (talking.error("internal_error"), V.UNKNOWN, False, "internal_error"),
        (talking.error("fatal_error"), V.UNKNOWN, False, "fatal_error"),
        (talking.error("service_unavailable"), V.UNKNOWN, False, "may or may not"),
        (talking.error("ratelimited"), V.RETRY, False, "asks to wait"),
        (talking.error("a_new_error"), V.RETRY, True, "a_new_error"),
        (talking.error("canary <b>not a code</b>"), V.UNKNOWN, False, "no clear answer"),
        (talking.status(500), V.UNKNOWN, False, "status 500"),
        (talking.status(503), V.UNKNOWN, False, "status 503"),
        (talking.status(200), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b"canary"), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b""), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b"[1]", "application/json"), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b"\xff\xfe", "application/json"), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b"[" * 100_000, "application/json"), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b"{}", "text/html; charset=no-such"), V.UNKNOWN, False, "no clear answer"),
        (talking.status(200, b"{}", "application/gzip"), V.UNKNOWN, False, "no clear answer"),
    ],
)
async def test_each_answer_has_one_meaning(
    slack: SlackStandIn,
    bot: Bot,
    reminder: MakeClaim,
    caplog: pytest.LogCaptureFixture,
    answer: Answer,
    verdict: Verdict,
    alarm: bool,
    said: str,
) -> None:
    """A reminder would be given up although it could still go, or tried for ever although it never will."""
    caplog.set_level(logging.DEBUG)
    slack.script(POST, answer)
    outcome = await bot().deliver(reminder())
    assert (outcome.verdict, outcome.alarm) == (verdict, alarm)
    assert said in outcome.detail
    assert "canary" not in outcome.detail + caplog.text
    assert "125000" not in outcome.detail + caplog.text
    assert slack.token not in outcome.detail + caplog.text
    assert len(slack.calls_of(POST)) == 1


@pytest.mark.parametrize("method", [POST, "users.lookupByEmail"])
async def test_slack_is_given_the_time_it_asks_for(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, method: str
) -> None:
    """Slack would cut off an app that goes on asking."""
    slack.script(method, talking.ratelimited(37))
    outcome = await bot().deliver(reminder())
    assert (outcome.verdict, outcome.retry_after_seconds, outcome.status) == (V.RETRY, 37, 429)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ({"channel": "C2"}, "not_in_channel"),
        ({"channel": "C3"}, "is_archived"),
        ({"channel": "#nowhere"}, "channel_not_found"),
        ({"email": "gone@example.com"}, "users_not_found"),
        ({}, "give this role an email or a channel"),
        ({"phone": "1"}, "give this role an email or a channel"),
    ],
)
async def test_an_address_that_cannot_work_is_rejected_with_what_to_do(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, address: dict[str, str], said: str
) -> None:
    """A reminder to nobody would be retried for ever, silently."""
    outcome = await bot().deliver(reminder(address=address))
    assert outcome.verdict is V.REJECTED
    assert said in outcome.detail
    assert "hr-manager" in outcome.detail


@pytest.mark.parametrize("fault", [talking.drop_after(), talking.status(500), talking.status(200)])
async def test_an_unclear_lookup_posted_nothing(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, fault: Answer
) -> None:
    """A question that had no effect would be called a message that may have arrived."""
    slack.script("users.lookupByEmail", fault)
    assert (await bot().deliver(reminder())).verdict is V.RETRY
    assert slack.calls_of(POST) == []


async def test_a_missing_scope_is_named(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """An administrator would have to guess which right the app lacks."""
    slack.scopes = ("chat:write",)
    outcome = await bot().deliver(reminder())
    assert outcome.verdict is V.REJECTED
    assert "users:read.email" in outcome.detail


@pytest.mark.parametrize("answer", [talking.slow(), talking.drip()], ids=["hangs", "drips"])
async def test_a_slow_slack_is_unknown_within_the_deadline(
    slack: SlackStandIn, bot: Bot, reminder: MakeClaim, answer: Answer
) -> None:
    """One stuck answer would hold the daemon, and a message that stands in Slack would be called failed."""
    slack.script(POST, answer)
    hr = bot(timeout_seconds=0.2)
    async with asyncio.timeout(5):
        outcome = await hr.deliver(reminder())
    assert outcome.verdict is V.UNKNOWN
    assert slack.wait_for(1)


async def test_nobody_listening_is_a_retry(bot: Bot, reminder: MakeClaim) -> None:
    """A network that is down would leave every reminder in doubt, although nothing was sent."""
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        port = bound.getsockname()[1]
    hr = bot(base_url=f"http://127.0.0.1:{port}/api/")
    assert (await hr.deliver(reminder(address={"channel": "C1"}))).verdict is V.RETRY
    assert (await hr.deliver(reminder())).verdict is V.RETRY


async def test_an_instruction_is_not_posted(slack: SlackStandIn, bot: Bot, action: MakeClaim) -> None:
    """What a person is paid would stand in a channel because a line of the configuration is wrong."""
    outcome = await bot().deliver(action(address={"channel": "C1"}))
    assert outcome.verdict is V.REJECTED
    assert slack.messages == []


# --- settings, check, close -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "connectors.slack.token: is missing"),
        ({"token": "xoxp-canary"}, "connectors.slack.token: is not a bot token"),
        ({"token": "xoxb-canary canary"}, "connectors.slack.token: is not a bot token"),
        ({"token": "xoxb-1", "colour": "canary"}, "connectors.slack.colour: there is no such setting"),
        ({"token": "xoxb-1", "base_url": "http://slack.example/api/"}, "connectors.slack.base_url: is http"),
        ({"token": "xoxb-1", "timeout_seconds": 60}, "connectors.slack.timeout_seconds"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(
    settings: dict[str, Any], said: str, clock: FixedMachineClock
) -> None:
    """A person would search for the line at fault, or find the token itself in the message."""
    with pytest.raises(ValueError, match=r"connectors\.slack") as refused:
        connector(settings, machine=clock)
    assert said in str(refused.value)
    assert "canary" not in str(refused.value)


async def test_check_says_why_slack_would_not_take_our_messages(slack: SlackStandIn, bot: Bot) -> None:
    """A wrong token would show on the first missed reminder."""
    assert await bot().check() is None
    slack.token_error = "token_revoked"
    said = await bot().check() or ""
    assert said.startswith("Slack refused the token (token_revoked): put a bot token with chat:write, users:read,")
    slack.token_error = None
    slack.scopes = ("chat:write",)
    said = await bot().check() or ""
    assert "users:read, users:read.email" in said
    assert slack.token not in said
    assert "(invalid_auth)" in (await bot(token="xoxb-wrong").check() or "")


async def test_a_closed_connector_posts_nothing(slack: SlackStandIn, bot: Bot, reminder: MakeClaim) -> None:
    """A delivery claimed during shutdown would be lost in an exception."""
    hr = bot()
    await hr.close()
    await hr.close()
    assert (await hr.deliver(reminder())).verdict is V.RETRY
    assert "closed" in (await hr.check() or "")
    assert slack.calls == []


def test_the_stand_in_is_as_strict_as_slack(slack: SlackStandIn) -> None:
    """The limits above would be tested against a workspace that takes anything."""
    too_much: list[tuple[list[dict[str, Any]], str]] = [
        ([_section("x")] * 51, "invalid_blocks"),
        ([_section("x" * 3001)], "invalid_blocks"),
        ([_section("")], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "section", "fields": [{"type": "plain_text", "text": "x" * 2001}]}], "invalid_blocks"),
        ([{"type": "section", "fields": [{"type": "plain_text", "text": "x"}] * 11}], "invalid_blocks"),
        ([_section("x" * 2900)] * 5, "msg_blocks_too_long"),
        ([_section("x" * 3000)], ""),
    ]
    for blocks, error in too_much:
        arguments = {"channel": "C1", "text": "x", "blocks": json.loads(json.dumps(blocks))}
        said = slack.perform(talking.Call(POST, arguments, slack.token))
        assert said.get("error", "") == error


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text}}
