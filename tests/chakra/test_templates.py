"""Listing, making and changing templates, in Meta's shapes."""

from __future__ import annotations

import json

import httpx
import pytest

from bot.chakra.meta_errors import AccountRateLimited, ParametersRejected, PolicyRejected
from bot.chakra.templates import MAX_PAGES, REQUESTED_FIELDS, NewTemplate, TemplatesApi
from bot.errors import (
    AddressNotFound,
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from tests.chakra.upstream import (
    CONNECTION_REFUSED,
    CONNECTION_RESET,
    Upstream,
    await_within,
    read_example,
    reply,
    reply_text,
)
from tests.clock import ManualClock

WABA = "83784929738012"
PATH = f"/v1/ext/plugin/whatsapp/api/v24.0/{WABA}/message_templates"
NEXT = "https://graph.facebook.com/v24.0/83784929738012/message_templates?after=x"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def reply_page(*ids: str, after: str = "", more: bool = True) -> httpx.Response:
    paging: dict[str, object] = {"next": NEXT} if more else {}
    if after:
        paging["cursors"] = {"before": "B", "after": after}
    data = [{"id": template_id, "name": f"t{template_id}", "language": "en"} for template_id in ids]
    return reply(200, {"data": data, "paging": paging})


async def list_templates(upstream: Upstream, clock: ManualClock) -> list[str]:
    async with upstream.open_http(clock) as http:
        return [template.id for template in await TemplatesApi(http, "v24.0").list(WABA)]


def list_sent_queries(upstream: Upstream) -> list[dict[str, str]]:
    return [dict(request.url.params) for request in upstream.requests]


async def test_the_documented_list_ends_at_an_empty_page(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("list-message-templates.response")), reply_page()])
    assert await list_templates(upstream, clock) == ["1667192013751005", "1667192013751006"]
    assert {request.url.path for request in upstream.requests} == {PATH}
    assert {request.method for request in upstream.requests} == {"GET"}
    assert list_sent_queries(upstream) == [
        {"fields": REQUESTED_FIELDS, "limit": "100"},
        {"fields": REQUESTED_FIELDS, "limit": "100", "after": "MjQZD"},
    ]


async def test_pages_are_merged_and_metas_next_url_is_never_requested(
    clock: ManualClock,
) -> None:
    upstream = Upstream(
        [
            reply_page("1", "2", after="A"),
            reply_page("3", after="B"),
            reply_page("4", after="C", more=False),
        ]
    )
    assert await list_templates(upstream, clock) == ["1", "2", "3", "4"]
    assert [query.get("after") for query in list_sent_queries(upstream)] == [None, "A", "B"]
    assert {request.url.host for request in upstream.requests} == {"chakra.test"}


@pytest.mark.parametrize(
    "last",
    [
        reply_page("1", after="A", more=False),  # a cursor on the last page, too
        reply_page("1", more=True),  # a next page without a cursor
        reply(200, {"data": [{"id": "1", "name": "a"}]}),
        reply(200, {"data": [{"id": "1", "name": "a"}], "paging": None}),
        reply(200, {"data": [{"id": "1", "name": "a"}], "paging": {"next": NEXT, "cursors": 7}}),
    ],
)
async def test_listing_ends_without_a_next_page(clock: ManualClock, last: httpx.Response) -> None:
    upstream = Upstream([last])
    assert await list_templates(upstream, clock) == ["1"]
    assert len(upstream.requests) == 1


async def test_server_that_ignores_the_cursor_cannot_cause_endless_paging(
    clock: ManualClock,
) -> None:
    upstream = Upstream([reply_page("1", after="A")])
    assert await list_templates(upstream, clock) == ["1"]
    assert len(upstream.requests) == 2


async def test_endless_paging_is_bounded(clock: ManualClock) -> None:
    upstream = Upstream([reply_page(str(number), after="A") for number in range(MAX_PAGES + 5)])
    assert len(await list_templates(upstream, clock)) == MAX_PAGES


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": "1", "name": "a"}]},
        {"_data": [{"id": "1", "name": "a"}]},
        {"_data": {"data": [{"id": "1", "name": "a"}]}},
        {"data": None, "_data": [{"id": "1", "name": "a"}]},
    ],
)
async def test_template_list_is_found_in_every_envelope(
    clock: ManualClock, body: dict[str, object]
) -> None:
    assert await list_templates(Upstream([reply(200, body)]), clock) == ["1"]


async def test_the_cursor_is_found_in_an_envelope_too(clock: ManualClock) -> None:
    first = {
        "_data": {
            "data": [{"id": "1", "name": "a"}],
            "paging": {"next": NEXT, "cursors": {"after": "A"}},
        }
    }
    upstream = Upstream([reply(200, first), reply_page("2", more=False)])
    assert await list_templates(upstream, clock) == ["1", "2"]


@pytest.mark.parametrize(
    "body",
    [
        {"_data": []},
        {"data": []},
        {"_data": {"data": []}},
    ],
)
async def test_no_templates_are_an_empty_list(clock: ManualClock, body: object) -> None:
    assert await list_templates(Upstream([reply(200, body)]), clock) == []


async def test_unsupported_field_is_dropped_and_retried(
    clock: ManualClock,
) -> None:
    unknown = reply(
        400,
        {
            "error": {
                "message": "(#100) Tried accessing nonexisting field (quality_score)",
                "code": 100,
            }
        },
    )
    upstream = Upstream([unknown, reply_page("1", more=False)])
    assert await list_templates(upstream, clock) == ["1"]
    assert list_sent_queries(upstream)[1] == {"limit": "100"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(401, read_example("error.chakra")), AuthenticationError),
        (reply(404, {"_errors": ["no such account"]}), AddressNotFound),
        (
            reply(400, {"error": {"message": "(#80008) Too many", "code": 80008}}),
            AccountRateLimited,
        ),
        (reply(400, {"error": {"message": "(#100) no such id", "code": 100}}), ParametersRejected),
        (reply(200, {"_errors": ["no"]}), Rejected),
        (reply(200, {"data": "x"}), InvalidResponse),
        (reply(200, {}), InvalidResponse),
        (reply(200, {"_data": {}}), InvalidResponse),
        (reply(200, {"data": [7]}), InvalidResponse),
        (reply(200, {"data": [{"id": "1"}]}), InvalidResponse),
        (reply_text(200, "<html>", "text/html"), InvalidResponse),
        (CONNECTION_REFUSED, Unavailable),
    ],
)
async def test_failed_list_raises_the_reason(
    clock: ManualClock, answer: httpx.Response | Exception, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error) as raised:
            await await_within(clock, 20, TemplatesApi(http, "v24.0").list(WABA))
    assert type(raised.value) is error
    assert WABA not in raised.value.endpoint


async def test_invalid_template_is_identified_by_its_index(clock: ManualClock) -> None:
    async with Upstream([reply(200, {"data": [{"id": "1"}]})]).open_http(clock) as http:
        with pytest.raises(InvalidResponse) as raised:
            await TemplatesApi(http, "v24.0").list(WABA)
    assert raised.value.field == "data[0].name"


def build_order_update() -> NewTemplate:
    wanted = read_example("create-message-template.request")
    return NewTemplate(
        name=wanted["name"],
        language="en_US",
        category="UTILITY",
        components=wanted["components"],
    )


async def test_a_new_template_is_sent_as_documented(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, read_example("create-message-template.response"))])
    async with upstream.open_http(clock) as http:
        created = await TemplatesApi(http, "v24.0").create(WABA, build_order_update())
    assert (created.id, created.status, created.category) == (
        "1667192013751005",
        "PENDING",
        "UTILITY",
    )
    (request,) = upstream.requests
    assert (request.method, request.url.path) == ("POST", PATH)
    assert json.loads(request.content) == read_example("create-message-template.request")


async def test_optional_fields_are_sent_when_set(clock: ManualClock) -> None:
    new = NewTemplate("a", "en", "MARKETING", [], "NAMED", allow_category_change=False)
    assert new.to_body() == {
        "name": "a",
        "language": "en",
        "category": "MARKETING",
        "components": [],
        "parameter_format": "NAMED",
        "allow_category_change": False,
    }


async def test_enveloped_response_is_accepted(clock: ManualClock) -> None:
    upstream = Upstream([reply(201, {"_data": {"id": 7}})])
    async with upstream.open_http(clock) as http:
        created = await TemplatesApi(http, "v24.0").create(WABA, build_order_update())
    assert (created.id, created.status) == ("7", "")


POLICY_ERROR = {"error": {"message": "(#132007) Format character policy violated", "code": 132007}}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(400, POLICY_ERROR), PolicyRejected),
        (reply(200, POLICY_ERROR), PolicyRejected),
        (reply(400, {"_errors": ["no"]}), Rejected),
        (reply(200, {}), OutcomeUnknown),
        (reply(200, {"_data": None}), OutcomeUnknown),
        (httpx.Response(204), OutcomeUnknown),
        (reply(500), OutcomeUnknown),
        (reply_text(200, "<html>", "text/html"), OutcomeUnknown),
        (CONNECTION_RESET, OutcomeUnknown),
    ],
)
async def test_ambiguous_template_creation_is_not_retried(
    clock: ManualClock, answer: httpx.Response | Exception, error: type[ChakraError]
) -> None:
    upstream = Upstream([answer])
    async with upstream.open_http(clock) as http:
        with pytest.raises(error) as raised:
            await TemplatesApi(http, "v24.0").create(WABA, build_order_update())
    assert type(raised.value) is error
    assert len(upstream.requests) == 1


async def test_a_change_is_sent_as_documented(clock: ManualClock) -> None:
    changes = read_example("update-message-template.request")
    upstream = Upstream([reply(200, read_example("update-message-template.response"))])
    async with upstream.open_http(clock) as http:
        await TemplatesApi(http, "v19.0").update("1667192013751005", changes)
    (request,) = upstream.requests
    assert request.method == "POST"
    assert request.url.path == "/v1/ext/plugin/whatsapp/api/v19.0/1667192013751005"
    assert json.loads(request.content) == changes


@pytest.mark.parametrize(
    "answer", [reply(200, {}), reply(200, {"_data": {"success": True}}), httpx.Response(204)]
)
async def test_change_succeeds_unless_rejected(clock: ManualClock, answer: httpx.Response) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        await TemplatesApi(http, "v24.0").update("1", {"category": "UTILITY"})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, {"success": False}), Rejected),
        (reply(200, {"_data": {"success": False}}), Rejected),
        (reply(400, POLICY_ERROR), PolicyRejected),
        (reply(502), OutcomeUnknown),
        (reply_text(200, "<html>", "text/html"), OutcomeUnknown),
    ],
)
async def test_failed_change_distinguishes_rejected_from_unknown(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).open_http(clock) as http:
        with pytest.raises(error):
            await TemplatesApi(http, "v24.0").update("1", {"category": "UTILITY"})
