"""Sending: how often a message goes out, and what is known of it afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chakra.messages import AcceptedMessage, MessagesApi, parse_send_response
from bot.chakra.meta_errors import (
    ParametersRejected,
    RecipientRejected,
    SenderRateLimited,
    TemplateRejected,
)
from bot.chakra.outgoing import MetaTemplate, SessionText, TemplateMessage, build_parameters
from bot.chakra.transport.exchange import ChakraRequest, ChakraResponse
from bot.errors import (
    AddressNotFound,
    AuthenticationError,
    ChakraError,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import (
    CONNECTION_REFUSED,
    CONNECTION_RESET,
    Hang,
    Reply,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

PLUGIN = "d83e1d23-50b8-4d87-8f92-842a0ac516f6"
SENDER = "775966265503012"
PHONE = "919999999999"
ID = "39718a7c-b747-446c-a2ee-ce977e608b49"
WAMID = "wamid.HBgMOTE5OTk5OTk5OTk5FQIAERgSREM5NDZGMjRFNzc1QUFDOEExAA=="
MESSAGE = TemplateMessage(
    whatsapp_phone_number_id=SENDER,
    template_name="christmas_promo_23",
    mapping=build_parameters({"1": "John"}),
)
BASE = f"/v1/ext/plugin/whatsapp/{PLUGIN}"

SendCall = Callable[[MessagesApi], Awaitable[AcceptedMessage]]
SENDS: dict[str, tuple[SendCall, str, str]] = {
    "send-template-phone": (
        lambda messages: messages.send_template(PLUGIN, PHONE, MESSAGE),
        f"{BASE}/phoneNumber/{PHONE}/send-template-message",
        "send-template-process",
    ),
    "send-template-process": (
        lambda messages: messages.send_template_for_process(PLUGIN, "lead", "LEAD-1", MESSAGE),
        f"{BASE}/process/lead/LEAD-1/send-template-message",
        "send-template-process",
    ),
    "send-template-meta": (
        lambda messages: messages.send_meta_message(
            PLUGIN, SENDER, MetaTemplate(PHONE, "hello_world", "en_US")
        ),
        f"{BASE}/api/v24.0/{SENDER}/messages",
        "send-template-meta",
    ),
    "send-session-message": (
        lambda messages: messages.send_meta_message(
            PLUGIN, SENDER, SessionText("912233223322", "This is a text message")
        ),
        f"{BASE}/api/v24.0/{SENDER}/messages",
        "send-session-message",
    ),
}
every_send = pytest.mark.parametrize("name", SENDS)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def run_send(
    name: str, upstream: Upstream, clock: ManualClock, seconds: float = 41
) -> AcceptedMessage:
    async with upstream.open_http(clock) as http:
        return await await_within(clock, seconds, SENDS[name][0](MessagesApi(http, "v24.0")))


@every_send
async def test_each_send_posts_the_documented_body(clock: ManualClock, name: str) -> None:
    _, path, body = SENDS[name]
    upstream = Upstream([reply(200, read_example(f"{name}.response"))])
    accepted = await run_send(name, upstream, clock)
    assert accepted.wamid == WAMID
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("POST", path)
    assert json.loads(request.content) == read_example(f"{body}.request")


async def test_documented_response_is_parsed_in_full(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("send-template-phone.response"))])
    accepted = await run_send("send-template-phone", upstream, clock)
    assert accepted == AcceptedMessage(ID, WAMID, "SENT", None, PHONE, "Merry Christmas John")
    assert PHONE not in repr(accepted)


async def test_meta_shaped_response_of_older_plugins_is_parsed(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("send-template-meta.legacy.response"))])
    accepted = await run_send("send-template-meta", upstream, clock)
    assert accepted == AcceptedMessage("", WAMID, "ACCEPTED")


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        ({"_data": {"id": ID}}, AcceptedMessage(ID, "")),
        (
            {"_data": {"id": ID, "externalId": None, "deliveryStatus": 7}},
            AcceptedMessage(ID, "", "7"),
        ),
        (
            {"_data": {"externalId": WAMID, "deliveryStatus": "queued"}},
            AcceptedMessage("", WAMID, "QUEUED"),
        ),
        ({"_data": {"whatsappMessageId": WAMID}}, AcceptedMessage("", WAMID)),
        ({"_data": {}, "messages": [{"id": WAMID}]}, AcceptedMessage("", WAMID)),
        ({"_data": {"messages": [{"id": WAMID}]}}, AcceptedMessage("", WAMID)),
        ({"_data": {"id": ID}, "_errors": []}, AcceptedMessage(ID, "")),
        (
            {"messages": [{"id": WAMID, "message_status": "held_for_quality_assessment"}]},
            AcceptedMessage("", WAMID, "HELD_FOR_QUALITY_ASSESSMENT"),
        ),
    ],
)
async def test_single_message_id_is_enough(
    clock: ManualClock, body: dict[str, object], accepted: AcceptedMessage
) -> None:
    assert await run_send("send-template-phone", Upstream([reply(200, body)]), clock) == accepted


async def test_immediate_failure_carries_its_reason(clock: ManualClock) -> None:
    body = {
        "_data": {
            "id": ID,
            "deliveryStatus": "FAILED",
            "errorContext": {"providerPayload": {"code": 131026, "title": "Undeliverable"}},
        }
    }
    accepted = await run_send("send-template-phone", Upstream([reply(200, body)]), clock)
    assert accepted.status == "FAILED"
    assert type(accepted.failure) is RecipientRejected


@every_send
@pytest.mark.parametrize(
    "answer",
    [
        reply(200, {}),
        reply(200, {"_data": None}),
        reply(200, {"_data": {}}),
        reply(200, {"_data": []}),
        reply(200, {"_data": {"id": "", "externalId": ""}}),
        reply(200, {"_data": {"id": None, "externalId": {}}}),
        reply(200, {"messages": []}),
        reply(200, {"messages": [None]}),
        reply(200, {"id": ID}),  # whose id, outside the envelope?
        reply(200, [1]),
        httpx.Response(200),
        httpx.Response(204),
        reply_text(200, "<html>Sign in</html>", "text/html"),
        reply(302, None, location="https://evil.test/"),
        reply(500),
        reply(502),
        reply_text(504, "<html>Gateway timeout</html>", "text/html"),
        reply(200, {"_data": {"id": ID, "externalId": WAMID}, "_errors": ["but"]}),
        reply(200, {"messages": [{"id": WAMID}], "error": {"message": "but"}}),
        CONNECTION_RESET,
        httpx.ReadError(""),
        httpx.WriteError(""),
        httpx.ReadTimeout(""),
    ],
)
async def test_ambiguous_failure_is_unknown_and_sent_at_most_once(
    clock: ManualClock, name: str, answer: Reply
) -> None:
    upstream = Upstream([answer])
    with pytest.raises(OutcomeUnknown):
        await run_send(name, upstream, clock)
    assert len(upstream.requests) == 1


def build_meta_error_body(code: int, message: str) -> dict[str, object]:
    return {"error": {"message": f"(#{code}) {message}", "code": code}}


@every_send
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(400, build_meta_error_body(132001, "No such template")), TemplateRejected),
        (reply(500, build_meta_error_body(132000, "Number of parameters")), ParametersRejected),
        (reply(200, {"_errors": ["(#131026) Message undeliverable"]}), RecipientRejected),
        (reply(200, {"_data": None, "_errors": ["phone is wrong"]}), Rejected),
        # Chakra keeps a message object of its own for what Meta refused.
        (
            reply(200, {"_data": {"id": ID, "externalId": None}, "_errors": ["(#132001) x"]}),
            TemplateRejected,
        ),
        (reply(200, build_meta_error_body(131026, "Message undeliverable")), RecipientRejected),
        (reply(400, {"message": "phone is wrong"}), Rejected),
        (reply(401, read_example("error.chakra")), AuthenticationError),
        (reply(404, {"_errors": ["no such plugin"]}), AddressNotFound),
        (reply(429, None, retry_after="60"), RateLimited),
    ],
)
async def test_rejection_is_raised_and_not_retried(
    clock: ManualClock, name: str, answer: httpx.Response, error: type[ChakraError]
) -> None:
    if error is AddressNotFound and name == "send-template-process":
        error = ResourceNotFound  # its address names a record
    upstream = Upstream([answer])
    with pytest.raises(error) as raised:
        await run_send(name, upstream, clock, 1)
    assert type(raised.value) is error
    assert len(upstream.requests) == 1
    assert PHONE not in repr(vars(raised.value))


@every_send
async def test_send_that_never_left_is_retried_and_arrives_once(
    clock: ManualClock, name: str
) -> None:
    upstream = Upstream(
        [CONNECTION_REFUSED, CONNECTION_REFUSED, reply(200, read_example(f"{name}.response"))]
    )
    assert (await run_send(name, upstream, clock)).wamid == WAMID


@every_send
async def test_send_that_never_left_raises_unavailable(clock: ManualClock, name: str) -> None:
    with pytest.raises(Unavailable):
        await run_send(name, Upstream([CONNECTION_REFUSED]), clock)


@pytest.mark.parametrize(
    "busy",
    [
        reply(429, read_example("error.chakra-rate-limit")),
        reply(400, read_example("error.chakra-rate-limit")),
        reply(400, read_example("error.meta")),
        reply(429),
    ],
)
async def test_rate_limited_send_waits_and_arrives_once(
    clock: ManualClock, busy: httpx.Response
) -> None:
    upstream = Upstream([busy, reply(200, read_example("send-template-phone.response"))])
    await run_send("send-template-phone", upstream, clock, 2)
    assert len({request.headers["x-request-id"] for request in upstream.requests}) == 1


async def test_rate_limit_wait_is_capped_at_ten_seconds(clock: ManualClock) -> None:
    upstream = Upstream([reply(429, read_example("error.meta"))])
    with pytest.raises(SenderRateLimited):
        await run_send("send-template-phone", upstream, clock, 10)


async def test_a_hung_send_is_unknown_within_forty_seconds(clock: ManualClock) -> None:
    upstream = Upstream([Hang])
    with pytest.raises(OutcomeUnknown):
        await run_send("send-template-phone", upstream, clock, 40)
    assert len(upstream.requests) == 1


async def test_response_timeout_starts_after_rate_limit_waits(clock: ManualClock) -> None:
    """Nine seconds of refusals leave the answer its thirty."""
    answered: list[float] = []

    async def answer_slowly(_: httpx.Request) -> httpx.Response:
        answered.append(clock.monotonic())
        if len(answered) == 1:
            return httpx.Response(429, headers={"Retry-After": "9"})
        woken = asyncio.Event()
        clock.call_later(29, woken.set)
        await woken.wait()
        return httpx.Response(200, json=read_example("send-template-phone.response"))

    class Slow(Upstream):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            return await answer_slowly(request)

    accepted = await run_send("send-template-phone", Slow([]), clock, 40)
    assert accepted.wamid == WAMID
    assert clock.monotonic() == pytest.approx(38, abs=0.1)


async def test_cancelled_send_is_not_retried(clock: ManualClock) -> None:
    upstream = Upstream([Hang])
    async with upstream.open_http(clock) as http:
        task = asyncio.ensure_future(SENDS["send-template-phone"][0](MessagesApi(http, "v24.0")))
        await clock.advance(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await clock.advance(60)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("phone", "path"), [("+91 99999-99999", "919999999999"), ("919999999999", "919999999999")]
)
async def test_phone_number_is_reduced_to_digits(clock: ManualClock, phone: str, path: str) -> None:
    upstream = Upstream([reply(200, read_example("send-template-phone.response"))])
    async with upstream.open_http(clock) as http:
        await MessagesApi(http, "v24.0").send_template(PLUGIN, phone, MESSAGE)
    assert upstream.requests[0].url.path.split("/")[7] == path


@pytest.mark.parametrize("phone", ["", "+", "abc", "../../x", "12"])
async def test_invalid_phone_number_sends_nothing(clock: ManualClock, phone: str) -> None:
    upstream = Upstream([reply(200, read_example("send-template-phone.response"))])
    async with upstream.open_http(clock) as http:
        with pytest.raises(ResourceNotFound):
            await MessagesApi(http, "v24.0").send_template(PLUGIN, phone, MESSAGE)
    assert upstream.requests == []


async def test_a_key_cannot_change_the_path(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("send-template-phone.response"))])
    async with upstream.open_http(clock) as http:
        await MessagesApi(http, "v24.0").send_template_for_process(
            PLUGIN, "lead", "a/../b", MESSAGE
        )
    assert (
        upstream.requests[0]
        .url.raw_path.decode()
        .endswith("/process/lead/a%2F..%2Fb/send-template-message")
    )


ENVELOPE = ["_data", "_errors", "error", "message", "code", "errorContext", "context", "text"]
IDS = ["id", "externalId", "whatsappMessageId", "messages", "deliveryStatus", "message_status"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ENVELOPE, *IDS]),
            children | st.sampled_from([WAMID, ID, "FAILED", "(#131026) x"]),
            max_size=6,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_2xx_is_accepted_with_an_id_or_is_one_error(body: object) -> None:
    answer = ChakraResponse(ChakraRequest("POST", "/x", "/x"), 200, {}, json.dumps(body).encode())
    try:
        accepted = parse_send_response(answer)
    except ChakraError:
        return
    assert accepted.id or accepted.wamid
    assert isinstance(body, dict)
    assert not body.get("_errors")
