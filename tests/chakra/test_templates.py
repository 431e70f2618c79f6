"""Listing, making and changing templates, in Meta's shapes."""

from __future__ import annotations

import json

import httpx
import pytest

from bot.chakra.meta_errors import AccountRateLimited, ParametersRejected, PolicyRejected
from bot.chakra.templates import MAX_PAGES, REQUESTED_FIELDS, NewTemplate, TemplatesApi
from bot.errors import (
    AuthenticationError,
    ChakraError,
    InvalidResponse,
    OutcomeUnknown,
    Rejected,
    ResourceNotFound,
    Unavailable,
)
from tests.chakra.upstream import BROKEN, DOWN, Upstream, after, example, reply, text
from tests.clock import ManualClock

WABA = "83784929738012"
PATH = f"/v1/ext/plugin/whatsapp/api/v24.0/{WABA}/message_templates"
NEXT = "https://graph.facebook.com/v24.0/83784929738012/message_templates?after=x"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def page(*ids: str, after: str = "", more: bool = True) -> httpx.Response:
    paging: dict[str, object] = {"next": NEXT} if more else {}
    if after:
        paging["cursors"] = {"before": "B", "after": after}
    data = [{"id": one, "name": f"t{one}", "language": "en"} for one in ids]
    return reply(200, {"data": data, "paging": paging})


async def listed(upstream: Upstream, clock: ManualClock) -> list[str]:
    async with upstream.http(clock) as http:
        return [template.id for template in await TemplatesApi(http, "v24.0").list(WABA)]


def queries(upstream: Upstream) -> list[dict[str, str]]:
    return [dict(request.url.params) for request in upstream.asked]


async def test_the_documented_list_ends_at_an_empty_page(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, example("list-message-templates.response")), page()])
    assert await listed(upstream, clock) == ["1667192013751005", "1667192013751006"]
    assert {request.url.path for request in upstream.asked} == {PATH}
    assert {request.method for request in upstream.asked} == {"GET"}
    assert queries(upstream) == [
        {"fields": REQUESTED_FIELDS, "limit": "100"},
        {"fields": REQUESTED_FIELDS, "limit": "100", "after": "MjQZD"},
    ]


async def test_three_pages_are_one_list_and_metas_own_address_is_never_asked(
    clock: ManualClock,
) -> None:
    upstream = Upstream(
        [page("1", "2", after="A"), page("3", after="B"), page("4", after="C", more=False)]
    )
    assert await listed(upstream, clock) == ["1", "2", "3", "4"]
    assert [query.get("after") for query in queries(upstream)] == [None, "A", "B"]
    assert {request.url.host for request in upstream.asked} == {"chakra.test"}


@pytest.mark.parametrize(
    "last",
    [
        page("1", after="A", more=False),  # a cursor on the last page, too
        page("1", more=True),  # a next page without a cursor
        reply(200, {"data": [{"id": "1", "name": "a"}]}),
        reply(200, {"data": [{"id": "1", "name": "a"}], "paging": None}),
        reply(200, {"data": [{"id": "1", "name": "a"}], "paging": {"next": NEXT, "cursors": 7}}),
    ],
)
async def test_the_last_page_is_the_last(clock: ManualClock, last: httpx.Response) -> None:
    upstream = Upstream([last])
    assert await listed(upstream, clock) == ["1"]
    assert len(upstream.asked) == 1


async def test_a_server_that_ignores_the_cursor_cannot_keep_us_going(clock: ManualClock) -> None:
    upstream = Upstream([page("1", after="A")])
    assert await listed(upstream, clock) == ["1"]
    assert len(upstream.asked) == 2


async def test_pages_without_end_have_an_end(clock: ManualClock) -> None:
    upstream = Upstream([page(str(number), after="A") for number in range(MAX_PAGES + 5)])
    assert len(await listed(upstream, clock)) == MAX_PAGES


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"id": "1", "name": "a"}]},
        {"_data": [{"id": "1", "name": "a"}]},
        {"_data": {"data": [{"id": "1", "name": "a"}]}},
        {"data": None, "_data": [{"id": "1", "name": "a"}]},
    ],
)
async def test_the_list_is_found_wherever_it_stands(
    clock: ManualClock, body: dict[str, object]
) -> None:
    assert await listed(Upstream([reply(200, body)]), clock) == ["1"]


async def test_the_cursor_is_found_in_an_envelope_too(clock: ManualClock) -> None:
    first = {
        "_data": {
            "data": [{"id": "1", "name": "a"}],
            "paging": {"next": NEXT, "cursors": {"after": "A"}},
        }
    }
    upstream = Upstream([reply(200, first), page("2", more=False)])
    assert await listed(upstream, clock) == ["1", "2"]


@pytest.mark.parametrize(
    "body",
    [
        {"_data": []},
        {"data": []},
        {"_data": {"data": []}},
    ],
)
async def test_no_templates_are_an_empty_list(clock: ManualClock, body: object) -> None:
    assert await listed(Upstream([reply(200, body)]), clock) == []


async def test_an_older_version_that_does_not_know_a_field_is_asked_without(
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
    upstream = Upstream([unknown, page("1", more=False)])
    assert await listed(upstream, clock) == ["1"]
    assert queries(upstream)[1] == {"limit": "100"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(401, example("error.chakra")), AuthenticationError),
        (reply(404, {"_errors": ["no such account"]}), ResourceNotFound),
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
        (text(200, "<html>", "text/html"), InvalidResponse),
        (DOWN, Unavailable),
    ],
)
async def test_a_failed_list_says_why(
    clock: ManualClock, answer: httpx.Response | Exception, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).http(clock) as http:
        with pytest.raises(error) as raised:
            await after(clock, 20, TemplatesApi(http, "v24.0").list(WABA))
    assert type(raised.value) is error
    assert WABA not in raised.value.endpoint


async def test_a_bad_template_is_named_by_its_place(clock: ManualClock) -> None:
    async with Upstream([reply(200, {"data": [{"id": "1"}]})]).http(clock) as http:
        with pytest.raises(InvalidResponse) as raised:
            await TemplatesApi(http, "v24.0").list(WABA)
    assert raised.value.field == "data[0].name"


def order_update() -> NewTemplate:
    wanted = example("create-message-template.request")
    return NewTemplate(
        name=wanted["name"],
        language="en_US",
        category="UTILITY",
        components=wanted["components"],
    )


async def test_a_new_template_is_sent_as_documented(clock: ManualClock) -> None:
    upstream = Upstream([reply(200, example("create-message-template.response"))])
    async with upstream.http(clock) as http:
        made = await TemplatesApi(http, "v24.0").create(WABA, order_update())
    assert (made.id, made.status, made.category) == ("1667192013751005", "PENDING", "UTILITY")
    (request,) = upstream.asked
    assert (request.method, request.url.path) == ("POST", PATH)
    assert json.loads(request.content) == example("create-message-template.request")


async def test_what_is_optional_is_sent_when_it_is_set(clock: ManualClock) -> None:
    new = NewTemplate("a", "en", "MARKETING", [], "NAMED", allow_category_change=False)
    assert new.body() == {
        "name": "a",
        "language": "en",
        "category": "MARKETING",
        "components": [],
        "parameter_format": "NAMED",
        "allow_category_change": False,
    }


async def test_an_enveloped_answer_will_do(clock: ManualClock) -> None:
    upstream = Upstream([reply(201, {"_data": {"id": 7}})])
    async with upstream.http(clock) as http:
        made = await TemplatesApi(http, "v24.0").create(WABA, order_update())
    assert (made.id, made.status) == ("7", "")


POLICY = {"error": {"message": "(#132007) Format character policy violated", "code": 132007}}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(400, POLICY), PolicyRejected),
        (reply(200, POLICY), PolicyRejected),
        (reply(400, {"_errors": ["no"]}), Rejected),
        (reply(200, {}), OutcomeUnknown),
        (reply(200, {"_data": None}), OutcomeUnknown),
        (httpx.Response(204), OutcomeUnknown),
        (reply(500), OutcomeUnknown),
        (text(200, "<html>", "text/html"), OutcomeUnknown),
        (BROKEN, OutcomeUnknown),
    ],
)
async def test_a_template_that_may_have_been_made_is_not_made_twice(
    clock: ManualClock, answer: httpx.Response | Exception, error: type[ChakraError]
) -> None:
    upstream = Upstream([answer])
    async with upstream.http(clock) as http:
        with pytest.raises(error) as raised:
            await TemplatesApi(http, "v24.0").create(WABA, order_update())
    assert type(raised.value) is error
    assert len(upstream.asked) == 1


async def test_a_change_is_sent_as_documented(clock: ManualClock) -> None:
    changes = example("update-message-template.request")
    upstream = Upstream([reply(200, example("update-message-template.response"))])
    async with upstream.http(clock) as http:
        await TemplatesApi(http, "v19.0").update("1667192013751005", changes)
    (request,) = upstream.asked
    assert request.method == "POST"
    assert request.url.path == "/v1/ext/plugin/whatsapp/api/v19.0/1667192013751005"
    assert json.loads(request.content) == changes


@pytest.mark.parametrize(
    "answer", [reply(200, {}), reply(200, {"_data": {"success": True}}), httpx.Response(204)]
)
async def test_a_change_counts_as_made_unless_it_was_refused(
    clock: ManualClock, answer: httpx.Response
) -> None:
    async with Upstream([answer]).http(clock) as http:
        await TemplatesApi(http, "v24.0").update("1", {"category": "UTILITY"})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(200, {"success": False}), Rejected),
        (reply(200, {"_data": {"success": False}}), Rejected),
        (reply(400, POLICY), PolicyRejected),
        (reply(502), OutcomeUnknown),
        (text(200, "<html>", "text/html"), OutcomeUnknown),
    ],
)
async def test_a_failed_change_says_whether_it_may_have_been_made(
    clock: ManualClock, answer: httpx.Response, error: type[ChakraError]
) -> None:
    async with Upstream([answer]).http(clock) as http:
        with pytest.raises(error):
            await TemplatesApi(http, "v24.0").update("1", {"category": "UTILITY"})
