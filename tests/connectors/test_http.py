"""Instructions over HTTP, against a real receiver on this machine: what is sent, and what each answer means."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from standardwebhooks import Webhook

from connectors.http import HttpConnector, connector
from obligations.clocks import SystemMachineClock
from obligations.domain.delivery import Outcome, Verdict
from obligations.ports import Claim, Connector
from obligations.testing import payroll as receiving
from obligations.testing.clocks import FixedMachineClock
from obligations.testing.loopback import Handler, Loopback
from obligations.testing.payroll import Answer, PayrollReceiver

V = Verdict
MakeClaim = Callable[..., Claim]
OTHER_SECRET = "whsec_" + base64.b64encode(b"another secret of thirty-two byt").decode()


@pytest.fixture
def payroll() -> Iterator[PayrollReceiver]:
    with PayrollReceiver() as receiver:
        yield receiver


@pytest.fixture
def trap() -> Iterator[PayrollReceiver]:
    """A second receiver that nothing should ever contact."""
    with PayrollReceiver() as receiver:
        yield receiver


class Senders:
    """Builds connectors and closes them."""

    def __init__(self) -> None:
        self.built: list[Connector] = []

    def __call__(self, receiver: PayrollReceiver, **changed: Any) -> Connector:
        settings = {"url": receiver.url, "secret": receiver.secret, **changed}
        return self.to(settings)

    def to(self, destination: dict[str, Any]) -> Connector:
        made = connector({"destinations": {"payroll": destination}}, machine=SystemMachineClock())
        self.built.append(made)
        return made


@pytest.fixture
async def sender() -> AsyncIterator[Senders]:
    senders = Senders()
    yield senders
    for made in senders.built:
        await made.close()


# --- what is sent ---------------------------------------------------------------------------------------------------


async def test_the_receiver_gets_exactly_the_stored_bytes(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """Were the body serialised again, two attempts of one instruction could differ and be refused as a forgery."""
    claim = action()
    outcome = await sender(payroll).deliver(claim)
    assert (outcome.verdict, outcome.status) == (V.DELIVERED, 200)
    (arrival,) = payroll.effects
    assert arrival.body == claim.body
    assert arrival.headers["content-type"] == "application/json"
    assert arrival.headers["content-length"] == str(len(claim.body))


async def test_the_official_verifier_accepts_the_signature(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """A receiver that follows the Standard Webhooks documents could not accept our instructions."""
    await sender(payroll).deliver(action())
    arrival = payroll.effects[0]
    assert Webhook(payroll.secret).verify(arrival.body, dict(arrival.headers)) == arrival.json
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(OTHER_SECRET).verify(arrival.body, dict(arrival.headers))


async def test_the_key_is_the_id_everywhere_and_quoted_where_the_header_is_structured(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """An unquoted key is no structured field: a strict receiver would ignore it and pay twice."""
    claim = action()
    await sender(payroll).deliver(claim)
    headers = payroll.effects[0].headers
    assert headers["idempotency-key"] == f'"{claim.key}"'
    assert headers["webhook-id"] == headers["ce-id"] == str(claim.key)


async def test_each_attempt_says_its_fence(payroll: PayrollReceiver, sender: Senders, action: MakeClaim) -> None:
    """A receiver could not tell the late word of a daemon that stood still from that of the one after it."""
    first = action(attempt=1, fence=1)
    await sender(payroll).deliver(first)
    await sender(payroll).deliver(replace(first, attempt=2, fence=3))
    assert [arrival.headers["obligations-fence"] for arrival in payroll.received] == ["1", "3"]
    assert len(payroll.effects) == 1


async def test_event_attributes_come_from_the_body(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """A host that routes on the headers would route the instruction wrongly."""
    claim = action(contract='exec 2006 "é"')
    await sender(payroll).deliver(claim)
    headers = payroll.effects[0].headers
    assert headers["ce-specversion"] == "1.0"
    assert headers["ce-type"] == "obligations.payroll_action.due.v1"
    assert headers["ce-time"] == "2006-10-16T09:00:00Z"
    assert headers["ce-subject"] == str(claim.occurrence_id)
    assert headers["ce-source"] == "/contracts/exec%25202006%2520%2522%25C3%25A9%2522"
    assert headers["user-agent"].startswith("obligations/")


@pytest.mark.parametrize(("late_seconds", "said"), [(0.0, None), (59.9, None), (60.0, "60"), (259_200.5, "259200")])
async def test_an_instruction_that_goes_late_says_how_late_and_keeps_its_bytes(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, late_seconds: float, said: str | None
) -> None:
    """Payroll could not tell an instruction that a pause kept back from one that is on time."""
    claim = action(late_seconds=late_seconds)
    await sender(payroll).deliver(claim)
    assert payroll.effects[0].headers.get("obligations-late-seconds") == said
    assert payroll.effects[0].body == claim.body


async def test_each_attempt_is_signed_at_its_own_machine_time_under_the_same_key(action: MakeClaim) -> None:
    """A retry days later with the first timestamp would be refused as a replay; with a new key it would pay twice."""
    clock = FixedMachineClock(datetime(2006, 10, 16, 9, tzinfo=UTC))
    with PayrollReceiver(machine=clock) as receiver:
        entry = {"url": receiver.url, "secret": receiver.secret}
        http = connector({"destinations": {"payroll": entry}}, machine=clock)
        await http.deliver(action())
        clock.advance(days=3)
        await http.deliver(action(attempt=2))
        await http.close()
    (first,), (repeat,) = receiver.effects, receiver.duplicates
    stamps = [int(arrival.headers["webhook-timestamp"]) for arrival in (first, repeat)]
    assert stamps[1] - stamps[0] == 3 * 86400
    assert first.key == repeat.key
    assert first.body == repeat.body


async def test_a_replaced_secret_still_signs_while_the_receiver_changes_over(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """Changing a secret would need both sides to switch in the same second."""
    http = sender(payroll, secret=OTHER_SECRET, previous_secrets=[payroll.secret])
    assert (await http.deliver(action())).verdict is V.DELIVERED


async def test_the_settings_headers_are_sent(payroll: PayrollReceiver, sender: Senders, action: MakeClaim) -> None:
    """A gateway that wants a bearer token in front of the receiver would turn everything away."""
    await sender(payroll, headers={"Authorization": "Bearer t0p"}).deliver(action())
    assert payroll.effects[0].headers["authorization"] == "Bearer t0p"


async def test_a_cookie_is_not_carried_from_one_instruction_to_the_next(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID]
) -> None:
    """State of one instruction would leak into the next one's request."""
    payroll.script(receiving.ok(headers={"set-cookie": "session=1; Path=/"}))
    http = sender(payroll)
    await http.deliver(action())
    await http.deliver(action(key=other_key("second")))
    assert "cookie" not in payroll.effects[1].headers


async def test_connections_are_kept(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID]
) -> None:
    """A handshake for every instruction would make a pay day several times slower."""
    http = sender(payroll)
    with _connections(payroll) as opened:
        for number in range(20):
            await http.deliver(action(key=other_key(str(number))))
    assert len(payroll.effects) == 20
    assert opened() == 1


class _connections:  # noqa: N801 - reads as a phrase
    def __init__(self, receiver: PayrollReceiver) -> None:
        self._server = receiver._server
        self._count = 0

    def __enter__(self) -> Callable[[], int]:
        accept = self._server.get_request

        def counted() -> Any:
            self._count += 1
            return accept()

        self._server.get_request = counted  # type: ignore[method-assign]  # counts, then does the same
        return lambda: self._count

    def __exit__(self, *error: object) -> None:
        del self._server.get_request


class SaysMore(Handler):
    """Answers once, and when it is told to goes on: with a second answer, with an end, with a reset. Its later
    connections refuse."""

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        self.read_body()
        if self.stand_in.served:
            self.answer(422, b"{}", {})
            return
        self.stand_in.served = True
        self.answer(200, b"{}", {})
        self.stand_in.go_on.wait(5)
        match self.stand_in.way:
            case "answers again":
                self.answer(200, b"{}", {})
            case "ends":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            case "resets":
                self.reset()
        self.stand_in.went_on.set()


class GoesOn(Loopback):
    def __init__(self, way: str) -> None:
        super().__init__(SaysMore)
        self.way = way
        self.served = False
        self.go_on, self.went_on = Event(), Event()


@pytest.mark.parametrize("way", ["answers again", "ends", "resets"])
async def test_a_connection_on_which_something_happened_meanwhile_is_not_used_again(
    way: str, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID]
) -> None:
    """A stray answer would be taken for the next instruction's, which would count as received and never be paid; and a
    kept connection that has ended would leave the next one in doubt."""
    with GoesOn(way) as receiver:
        http = sender.to({"url": f"http://127.0.0.1:{receiver.port}/", "secret": OTHER_SECRET})
        assert (await http.deliver(action())).verdict is V.DELIVERED
        receiver.go_on.set()
        # Once this thread is heard of, the loop has seen the receiver's bytes as well.
        assert await asyncio.to_thread(receiver.went_on.wait, 5)
        assert (await http.deliver(action(key=other_key("next")))).verdict is V.REJECTED


async def test_two_answers_in_one_breath_are_one(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID]
) -> None:
    """The second would be kept and taken for the next instruction's."""
    yes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    payroll.script(receiving.raw(yes + yes), receiving.status(422))
    http = sender(payroll)
    assert (await http.deliver(action())).verdict is V.DELIVERED
    assert (await http.deliver(action(key=other_key("next")))).verdict is V.REJECTED


@pytest.mark.parametrize(
    "head", [b"set-cookie: ticket=" + b"a" * 40_000 + b"\r\n", b"x-passed-by: gateway\r\n" * 100], ids=["long", "many"]
)
async def test_an_answer_with_a_long_head_is_an_answer(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, head: bytes
) -> None:
    """What was received would stay in doubt, go again for a day and end in front of a person."""
    payroll.script(receiving.raw(b"HTTP/1.1 200 OK\r\n" + head + b"content-length: 2\r\n\r\n{}"))
    assert (await sender(payroll).deliver(action())).verdict is V.DELIVERED


async def test_a_head_without_an_end_is_not_read_for_ever(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """A receiver could fill the memory before the first byte of its answer's body."""
    payroll.script(receiving.raw(b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * 200_000 + b"\r\ncontent-length: 2\r\n\r\n{}"))
    assert (await sender(payroll).deliver(action())).verdict is V.UNKNOWN


async def test_a_large_body_is_sent_whole(payroll: PayrollReceiver, sender: Senders, action: MakeClaim) -> None:
    """An instruction with a long list in it would be cut, or warned about in the log."""
    claim = action()
    large = json.dumps({**json.loads(claim.body), "data": "x" * 2_000_000}).encode()
    assert (await sender(payroll).deliver(action(body=large))).verdict is V.DELIVERED
    assert payroll.effects[0].body == large


async def test_many_at_once_have_a_connection_each(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID]
) -> None:
    """The width is the engine's to decide: a pool of the client's own would hold instructions back unseen."""
    payroll.script(*[receiving.hang()] * 40)
    http = sender(payroll)
    sent = [asyncio.create_task(http.deliver(action(key=other_key(str(number))))) for number in range(40)]
    assert await asyncio.to_thread(payroll.wait_for, 40)
    payroll.release()
    assert {outcome.verdict for outcome in await asyncio.gather(*sent)} == {V.DELIVERED}


# --- what each answer means -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "verdict", "alarm"),
    [
        (200, V.DELIVERED, False),
        (201, V.DELIVERED, False),
        (202, V.DELIVERED, False),
        (204, V.DELIVERED, False),
        (299, V.DELIVERED, False),
        (300, V.RETRY, True),
        (304, V.RETRY, True),
        (400, V.REJECTED, False),
        (401, V.RETRY, True),
        (402, V.RETRY, False),
        (403, V.RETRY, True),
        (404, V.RETRY, True),
        (405, V.REJECTED, False),
        (408, V.UNKNOWN, False),
        (409, V.RETRY, False),
        (410, V.GONE, False),
        (413, V.REJECTED, False),
        (415, V.REJECTED, False),
        (418, V.RETRY, False),
        (422, V.REJECTED, False),
        (425, V.RETRY, False),
        (500, V.UNKNOWN, False),
        (502, V.UNKNOWN, False),
        (503, V.UNKNOWN, False),
        (504, V.UNKNOWN, False),
        (599, V.UNKNOWN, False),
        (799, V.UNKNOWN, False),
    ],
)
async def test_each_status_has_one_meaning(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, code: int, verdict: Verdict, alarm: bool
) -> None:
    """An instruction would be given up too early, repeated for ever, or called done when it is not."""
    payroll.script(receiving.status(code, body=b"" if code in (204, 304) else b"{}"))
    outcome = await sender(payroll).deliver(action())
    assert (outcome.verdict, outcome.status, outcome.alarm) == (verdict, code, alarm)
    assert outcome.detail.startswith(f"payroll answered {code}")
    assert payroll.requests == 1


def test_a_name_that_is_looked_up_for_ever_holds_up_neither_the_deadline_nor_the_end(
    action: MakeClaim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that is told to stop would wait for a name server that is away, and be killed with answers in hand."""
    asked, released, ended = Event(), Event(), Event()

    def hangs(*_: Any, **__: Any) -> Any:
        asked.set()
        released.wait(30)
        ended.set()
        raise socket.gaierror("nobody knows that name")

    async def send() -> Outcome:
        settings = {"url": "https://nowhere.test/in", "secret": OTHER_SECRET, "timeout_seconds": 1}
        http = connector({"destinations": {"payroll": settings}}, machine=SystemMachineClock())
        monkeypatch.setattr(socket, "getaddrinfo", hangs)
        outcome = await http.deliver(action())
        await http.close()
        return outcome

    outcome = asyncio.run(send())
    assert asked.is_set()
    assert not ended.is_set(), "the end waited for the name"
    assert (outcome.verdict, "nothing was sent" in outcome.detail) == (V.RETRY, True)
    released.set()
    assert ended.wait(30)


async def test_a_receiver_that_spoils_each_connection_was_sent_nothing(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What never left would count as perhaps done."""

    class Spoilt:
        protocol = None

        def close(self) -> None:
            return None

    async def spoils(*_: Any, **__: Any) -> Spoilt:
        await asyncio.sleep(0)
        return Spoilt()

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", spoils)
    outcome = await sender(payroll, timeout_seconds=1).deliver(action())
    assert (outcome.verdict, "nothing was sent" in outcome.detail) == (V.RETRY, True)
    assert payroll.requests == 0


@pytest.mark.parametrize(
    "head",
    [b"content-length: 2\r\n", b"transfer-encoding: chunked\r\n", b""],
    ids=["with its length", "in chunks", "without a word"],
)
async def test_a_body_where_none_belongs_does_not_make_what_was_done_unknown(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID], head: bytes
) -> None:
    """Each retry would be answered the same way, until a person had to ask what 204 had said at once."""
    body = b"2\r\n{}\r\n0\r\n\r\n" if b"chunked" in head else b"{}"
    payroll.script(receiving.raw(b"HTTP/1.1 204 No Content\r\n" + head + b"\r\n" + body))
    http = sender(payroll)
    outcome = await http.deliver(action())
    assert (outcome.verdict, outcome.status) == (V.DELIVERED, 204)
    again = await http.deliver(action(key=other_key("next")))
    assert (again.verdict, again.status) == (V.DELIVERED, 200)
    assert payroll.requests == 2


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(
    payroll: PayrollReceiver, trap: PayrollReceiver, sender: Senders, action: MakeClaim, code: int
) -> None:
    """Whoever can make the receiver redirect would be sent what an employee is paid, with the signature."""
    payroll.script(receiving.status(code, {"location": trap.url}))
    outcome = await sender(payroll).deliver(action())
    assert (outcome.verdict, outcome.alarm) == (V.RETRY, True)
    assert trap.requests == 0


IN_TEN_MINUTES = "in ten minutes"


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        (None, 60, 60),
        ("0", 60, 60),
        ("5", 60, 60),
        ("120", 120, 120),
        (IN_TEN_MINUTES, 540, 600),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 60, 60),
        pytest.param("9" * 5000, 86400, 86400, id="thousands of digits"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400, 86400),
        ("soon", 60, 60),
        ("-5", 60, 60),
        ("1.5", 60, 60),
        ("²", 60, 60),
        ("Mon, 99 Jan 2030 00:00:00 GMT", 60, 60),
    ],
)
async def test_an_overloaded_receiver_is_given_the_time_it_asks_for(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, header: str | None, least: float, most: float
) -> None:
    """We would hammer a receiver that asked us to wait, or wait for years because of a broken header."""
    if header == IN_TEN_MINUTES:
        header = format_datetime(SystemMachineClock().now() + timedelta(minutes=10), usegmt=True)
    payroll.script(receiving.status(429, {"retry-after": header} if header is not None else {}))
    outcome = await sender(payroll).deliver(action())
    assert outcome.verdict is V.RETRY
    assert outcome.retry_after_seconds is not None
    assert least <= outcome.retry_after_seconds <= most


async def test_a_maintenance_page_may_name_its_end(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """A 503 with Retry-After would be asked again before the receiver is back."""
    payroll.script(receiving.status(503, {"retry-after": "300"}))
    outcome = await sender(payroll).deliver(action())
    assert (outcome.verdict, outcome.retry_after_seconds) == (V.UNKNOWN, 300)


# --- receivers that misbehave ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [receiving.hang(), receiving.drip()], ids=["hangs", "drips"])
async def test_one_deadline_bounds_the_whole_exchange(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, answer: Answer
) -> None:
    """A receiver that answers a byte at a time would hold a slot for hours, and its outcome would be guessed."""
    payroll.script(answer)
    http = sender(payroll, timeout_seconds=0.2)
    async with asyncio.timeout(5):
        outcome = await http.deliver(action())
    assert (outcome.verdict, outcome.retry_after_seconds) == (V.UNKNOWN, 60)
    assert "0.2 s" in outcome.detail
    assert len(payroll.effects) == 1


async def test_a_hanging_refusal_is_still_a_refusal(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """A status that says no would be called unknown because the page that explains it never ends."""
    payroll.script(Answer(422, body=b"x" * 10_000, effect=False, way=receiving.Way.DRIP))
    outcome = await sender(payroll, timeout_seconds=0.2).deliver(action())
    assert (outcome.verdict, outcome.status) == (V.REJECTED, 422)


@pytest.mark.parametrize(
    ("answer", "effects"),
    [
        (receiving.drop_before(), 0),
        (receiving.drop_after(), 1),
        (receiving.raw(b""), 1),
        (receiving.raw(b"\x16\x03\x01\x00junk\r\n\r\n"), 1),
        (receiving.raw(b"SSH-2.0-OpenSSH_9.2\r\n"), 1),
        (receiving.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut"), 1),
        (receiving.raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"), 1),
        (receiving.raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000), 1),
    ],
    ids=["reset before", "reset after", "closed", "garbage", "another protocol", "cut", "bad chunk", "endless header"],
)
async def test_a_broken_exchange_is_unknown_and_not_repeated(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, answer: Answer, effects: int
) -> None:
    """A payment that may have happened would be called failed, or sent again behind the engine's back."""
    payroll.script(answer)
    outcome = await sender(payroll).deliver(action())
    assert outcome.verdict is V.UNKNOWN
    assert len(payroll.effects) == effects
    assert payroll.requests == 1


async def test_after_an_unknown_outcome_the_same_claim_has_no_second_effect(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """An employee would be paid twice because an answer was lost."""
    payroll.script(receiving.drop_after())
    http = sender(payroll)
    assert (await http.deliver(action())).verdict is V.UNKNOWN
    assert (await http.deliver(action(attempt=2))).verdict is V.DELIVERED
    assert (len(payroll.effects), len(payroll.duplicates), len(payroll.bad)) == (1, 1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        receiving.ok(b"x" * 10_000_000),
        receiving.ok(gzip.compress(b"\0" * 50_000_000), {"content-encoding": "gzip"}),
        receiving.ok(b"not packed at all", {"content-encoding": "gzip"}),
        receiving.ok(b"\xff\xfe\xfd not text"),
        receiving.ok(b'{"reference": 7}'),
        receiving.ok(b"[" * 19_000),
        receiving.ok(b'["reference"]'),
    ],
    ids=["10 MB", "gzip bomb", "no gzip", "not UTF-8", "no text", "deep", "list"],
)
async def test_a_strange_body_after_success_is_success(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, answer: Answer
) -> None:
    """The receiver said yes; its talk afterwards would make us send again, or fill the memory."""
    payroll.script(answer)
    outcome = await sender(payroll).deliver(action())
    assert outcome.verdict is V.DELIVERED
    assert outcome.receipt == {}


async def test_no_more_than_64_kib_of_an_answer_is_read(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """An endless answer would be read until the deadline, and its length would decide the outcome."""
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n"
    payroll.script(receiving.raw(head + b" " * 3_000_000), receiving.ok())
    http = sender(payroll, timeout_seconds=5)
    assert (await http.deliver(action())).verdict is V.DELIVERED
    # The rest of the first answer must not be taken for the start of the second.
    assert (await http.deliver(action(attempt=2))).verdict is V.DELIVERED


@pytest.mark.parametrize(
    ("body", "reference"),
    [
        (b'{"reference": "pr-77"}', "pr-77"),
        (b'{"id": "run-5"}', "run-5"),
        (b'{"reference": "pr-77", "id": "run-5"}', "pr-77"),
        (b'{"reference": "' + b"r" * 900 + b'"}', "r" * 199 + "…"),
        (b'{"reference": "a\\u001b[2Jb"}', "a [2Jb"),
    ],
)
async def test_the_receivers_reference_is_kept(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, body: bytes, reference: str
) -> None:
    """Nobody could find our instruction in the payroll system again."""
    payroll.script(receiving.ok(body))
    assert (await sender(payroll).deliver(action())).receipt == {"reference": reference}


async def test_nobody_listening_is_a_retry(sender: Senders, action: MakeClaim, payroll: PayrollReceiver) -> None:
    """A receiver that is down for a minute would leave its outcome in doubt, although nothing was sent."""
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        port = bound.getsockname()[1]
    outcome = await sender(payroll, url=f"http://127.0.0.1:{port}/").deliver(action())
    assert (outcome.verdict, outcome.status) == (V.RETRY, None)
    assert "nothing was sent" in outcome.detail


async def test_an_unknown_name_is_a_retry(sender: Senders, action: MakeClaim, payroll: PayrollReceiver) -> None:
    """A hiccup of the name service would leave a payment in doubt."""
    outcome = await sender(payroll, url="https://payroll.invalid/").deliver(action())
    assert outcome.verdict is V.RETRY


async def test_a_connection_that_never_opens_is_a_retry(
    sender: Senders, action: MakeClaim, payroll: PayrollReceiver
) -> None:
    """A handshake that hangs would leave a payment in doubt, although no byte of it had left."""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        outcome = await sender(payroll, url=url, timeout_seconds=0.2).deliver(action())
    assert outcome.verdict is V.RETRY


async def test_a_receiver_without_tls_behind_https_gets_nothing(
    sender: Senders, action: MakeClaim, payroll: PayrollReceiver
) -> None:
    """An instruction would leave in the clear, or nobody would be told that the certificate is wrong."""
    with Loopback(SpeaksPlainly) as plain:
        outcome = await sender(payroll, url=f"https://127.0.0.1:{plain.port}/").deliver(action())
    assert (outcome.verdict, outcome.alarm) == (V.RETRY, True)
    assert "certificate" in outcome.detail


class SpeaksPlainly(Handler):
    """Answers in the clear whatever comes."""

    def handle(self) -> None:
        self.connection.recv(65536)
        self.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def test_proxy_variables_are_ignored(
    monkeypatch: pytest.MonkeyPatch,
    payroll: PayrollReceiver,
    trap: PayrollReceiver,
    action: MakeClaim,
    sender: Senders,
) -> None:
    """A variable in the service's environment would send every instruction through a stranger."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
    assert (await sender(payroll).deliver(action())).verdict is V.DELIVERED
    assert trap.requests == 0


# --- what never leaves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        receiving.ok(b"canary-in-body"),
        receiving.status(422, body=b"canary-in-body"),
        receiving.status(500, body=b"canary-in-body"),
        receiving.raw(b"canary-in-body"),
        receiving.drop_after(),
    ],
)
async def test_nothing_private_is_told_or_logged(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """Pay, secrets and credentials would stand in a log that many people read."""
    caplog.set_level(logging.DEBUG)
    payroll.script(answer)
    http = sender(payroll, url=payroll.url + "?token=canary-in-query", headers={"x-api-key": "canary-in-header"})
    outcome = await http.deliver(action())
    told = f"{outcome!r} {caplog.text} {http!r} {vars(http)!r}"
    assert "canary" not in told
    assert payroll.secret.removeprefix("whsec_") not in told
    assert "125000" not in told


async def test_a_destination_nobody_configured_is_rejected_with_the_missing_table(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim
) -> None:
    """A person would have to guess what is missing."""
    outcome = await sender(payroll).deliver(action(destination="brokerage"))
    assert outcome.verdict is V.REJECTED
    assert "[connectors.http.destinations.brokerage]" in outcome.detail


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"[]", b"{}", b'{"title": "x", "text": "y"}', b'{"id": "other", "type": "t", "timestamp": "s"}'],
)
async def test_a_body_that_is_no_instruction_under_its_key_is_not_sent(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, body: bytes
) -> None:
    """A reminder, or another push's content, would reach payroll under this key."""
    assert (await sender(payroll).deliver(action(body=body))).verdict is V.REJECTED
    assert payroll.requests == 0


# --- settings -------------------------------------------------------------------------------------------------------

GOOD = {"url": "https://payroll.example.com/in", "secret": OTHER_SECRET}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://payroll.example.com/in"}, "dangerous_allow_http"),
        ({"url": "http://127.0.0.1.evil.example/"}, "dangerous_allow_http"),
        ({"url": "ftp://payroll.example.com/in"}, "is not a URL"),
        ({"url": "https://payroll example.com/in"}, "is not a URL"),
        ({"url": "https://payroll.example.com:99999/"}, "is not a URL"),
        ({"url": "https://[::1/"}, "is not a URL"),
        ({"url": "https://user:canary@payroll.example.com/"}, "user name or password"),
        ({"url": "https://payroll.example.com/#part"}, "'#'"),
        ({"secret": "canary"}, "destinations.payroll.secret: a signing secret starts with whsec_"),
        ({"secret": "whsec_abc"}, "must hold 24 to 64"),
        ({"secret": "whsec_" + base64.b64encode(b"c" * 23).decode()}, "holds 23 bytes"),
        ({"secret": "whsec_" + base64.b64encode(b"c" * 65).decode()}, "holds 65 bytes"),
        ({"secret": "whsec_canary canary canary canary canary"}, "not base64"),
        ({"previous_secrets": ["whsec_abc"]}, "destinations.payroll.previous_secrets: the secret holds"),
        ({"timeout_seconds": 0}, "destinations.payroll.timeout_seconds"),
        ({"timeout_seconds": 30}, "destinations.payroll.timeout_seconds"),
        ({"headers": {"Content-Type": "canary"}}, "set by the connector itself"),
        ({"headers": {"webhook-id": "canary"}}, "set by the connector itself"),
        ({"headers": {"CE-id": "canary"}}, "set by the connector itself"),
        ({"headers": {"Obligations-Fence": "7"}}, "set by the connector itself"),
        ({"headers": {"x-key": "canary\r\nx-other: 1"}}, "printable ASCII"),
        ({"headers": {"x key": "canary"}}, "is not a header name"),
        ({"retries": 3}, "connectors.http.destinations.payroll.retries: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_do(changed: dict[str, Any], said: str) -> None:
    """A person would search for the line at fault, or find the secret itself in the message."""
    settings = {"destinations": {"payroll": {**GOOD, **changed}}}
    with pytest.raises(ValueError, match=r"connectors\.http\.destinations\.payroll") as refused:
        connector(settings, machine=SystemMachineClock())
    assert said in str(refused.value)
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_every_fault_is_named_at_once() -> None:
    """A person would mend one line after another, starting the service between."""
    settings = {"destinations": {"payroll": {"url": "x"}, "brokerage": {"secret": "x"}}, "retry": True}
    with pytest.raises(ValueError, match="retry") as refused:
        connector(settings, machine=SystemMachineClock())
    for key in ("payroll.secret: is missing", "brokerage.secret: a signing", "brokerage.url: is missing"):
        assert key in str(refused.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "http://localhost:8080/in"},
        {"url": "http://127.9.9.9/in"},
        {"url": "http://[::1]:8080/in"},
        {"url": "http://payroll.example.com/in", "dangerous_allow_http": True},
        {"secret": "whsec_" + base64.b64encode(b"c" * 25).decode().rstrip("=")},
    ],
)
async def test_what_is_safe_or_asked_for_is_allowed(changed: dict[str, Any]) -> None:
    """Nobody could try the service on their own machine."""
    await connector({"destinations": {"payroll": {**GOOD, **changed}}}, machine=SystemMachineClock()).close()


# --- check and close ------------------------------------------------------------------------------------------------


async def test_check_names_the_destination_that_cannot_be_reached(payroll: PayrollReceiver, sender: Senders) -> None:
    """A wrong port would show on the first pay day."""
    assert await sender(payroll).check() is None
    assert payroll.received == []
    with closing(socket.create_server(("127.0.0.1", 0))) as bound:
        port = bound.getsockname()[1]
    said = await sender(payroll, url=f"http://127.0.0.1:{port}/?token=canary").check()
    assert said is not None
    assert "payroll cannot be reached" in said
    assert "canary" not in said


async def test_check_says_that_nothing_is_configured() -> None:
    """A service with no destination would look healthy."""
    http = connector({}, machine=SystemMachineClock())
    assert "[connectors.http.destinations.NAME]" in (await http.check() or "")
    await http.close()


async def test_a_closed_connector_sends_nothing(payroll: PayrollReceiver, sender: Senders, action: MakeClaim) -> None:
    """A delivery claimed during shutdown would be lost in an exception."""
    http = sender(payroll)
    await http.close()
    await http.close()
    outcome: Outcome = await http.deliver(action())
    assert outcome.verdict is V.RETRY
    assert payroll.requests == 0


async def test_many_at_once_each_get_their_own_answer(
    payroll: PayrollReceiver, sender: Senders, action: MakeClaim, other_key: Callable[[str], UUID]
) -> None:
    """Answers of parallel instructions would be mixed up: one person's payment recorded under another's reference."""
    http = sender(payroll)
    keys = [other_key(str(number)) for number in range(200)]
    outcomes = await asyncio.gather(*(http.deliver(action(key=key)) for key in keys))
    assert [outcome.receipt["reference"] for outcome in outcomes] == [f"pr-{str(key)[:8]}" for key in keys]
    assert isinstance(http, HttpConnector)
